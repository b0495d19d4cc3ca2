"""oauthlib's own token endpoint over facts in memory: a second opinion on every token request.

Where X is known to differ, or to have to, the `Difference` has a name; without any one of them the two disagree.
"""

import base64
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from oauthlib.oauth2 import RequestValidator, WebApplicationServer

from tacet.clock import ManualClock
from tests.wire.oauth2.clients import FORM

OFFLINE = "offline.access"


class Difference(StrEnum):
    """What X does otherwise than oauthlib."""

    OTHER_NAMES = "oauthlib's invalid_grant is X's invalid_request, its invalid_client X's unauthorized_client"
    EVERYTHING_FIRST = "a request that lacks a parameter leaves its code alone, in whatever order they are looked at"
    SPENT_BY_A_WRONG_PROOF = "a wrong verifier or redirect URI spends the code"
    ONLY_OFFLINE = "a refresh token comes with offline.access only; oauthlib makes one every time"


DIFFERENCES = frozenset(Difference)

X_NAMES = {
    "invalid_grant": {"invalid_request"},
    "invalid_client": {"unauthorized_client"},
    "unauthorized_client": {"unauthorized_client"},
    "invalid_scope": {"invalid_scope"},
    "invalid_request": {"invalid_request", "unauthorized_client"},
    "unsupported_grant_type": {"unsupported_grant_type", "invalid_request"},
}
"""What X may call each of oauthlib's errors. Of two things that are wrong, each may have found another first."""


@dataclass
class Client:
    client_id: str
    secret: str
    confidential: bool
    oauth2: bool = True


@dataclass
class Family:
    """A grant and all that comes of it."""

    ended: bool = False


@dataclass
class CodeFact:
    client_id: str
    scopes: list[str]
    redirect_uri: str
    challenge: str
    method: str
    end_ms: int
    spent: bool = False
    family: Family = field(default_factory=Family)


@dataclass
class RefreshFact:
    client_id: str
    scopes: list[str]
    end_ms: int
    family: Family
    used: bool = False


@dataclass(frozen=True)
class Verdict:
    """What oauthlib answers. `error` is empty where it gives tokens."""

    error: str
    scopes: frozenset[str] = frozenset()
    refresh_token: str = ""
    family: Family | None = None


@dataclass
class _Seen:
    """What oauthlib asked about during one request."""

    good_code: CodeFact | None = None
    family: Family | None = None


class Judge(RequestValidator):
    """Answers what oauthlib asks about clients, codes and tokens."""

    def __init__(self, clock: ManualClock, refresh_ms: int, differences: Collection[Difference] = DIFFERENCES) -> None:
        self.clock = clock
        self.refresh_ms = refresh_ms
        self.differences = differences
        self.clients: dict[str, Client] = {}
        self.codes: dict[str, CodeFact] = {}
        self.refreshes: dict[str, RefreshFact] = {}
        self._server = WebApplicationServer(self, token_expires_in=7_200)
        self._seen = _Seen()

    def judge(self, fields: Mapping[str, str], authorization: str | None) -> Verdict:
        self._seen = _Seen()
        headers = FORM if authorization is None else {**FORM, "Authorization": authorization}
        uri = "https://api.x.com/2/oauth2/token"
        body: dict[str, Any] = json.loads(
            self._server.create_token_response(uri, "POST", urlencode(fields), headers)[1]
        )
        if "error" in body:
            if self._seen.good_code is not None and Difference.SPENT_BY_A_WRONG_PROOF in self.differences:
                self._seen.good_code.spent = True
            return Verdict(body["error"])
        return Verdict("", frozenset(body["scope"].split()), body["refresh_token"], self._seen.family)

    def called_so(self, error: str, by_oauthlib: str) -> bool:
        """Whether `error` is a name for what oauthlib calls `by_oauthlib`."""
        return error in (X_NAMES[by_oauthlib] if Difference.OTHER_NAMES in self.differences else {by_oauthlib})

    # Clients

    def client_authentication_required(self, request: Any, *_: Any, **__: Any) -> bool:
        client = self.clients.get(request.client_id or "")
        return "Authorization" in request.headers or client is None or client.confidential

    def authenticate_client(self, request: Any, *_: Any, **__: Any) -> bool:
        shown = request.headers.get("Authorization", "")
        if not shown.startswith("Basic "):
            return False
        client_id, secret = base64.b64decode(shown[6:]).decode().split(":", 1)
        client = self.clients.get(client_id)
        if client is None or request.client_id not in {None, client_id}:
            return False
        request.client = client
        return secret == client.secret or (not client.confidential and secret == "")

    def authenticate_client_id(self, client_id: str, request: Any, *_: Any, **__: Any) -> bool:
        client = self.clients.get(client_id)
        request.client = client
        return client is not None and not client.confidential

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *_: Any, **__: Any
    ) -> bool:
        oauth2: bool = client.oauth2
        return oauth2 and grant_type in {"authorization_code", "refresh_token"}

    # Codes

    def validate_code(self, client_id: str, code: str, client: Any, request: Any, *_: Any, **__: Any) -> bool:
        known = self.codes.get(code)
        if known is None or known.client_id != client_id:
            return False
        whole = request.code_verifier is not None and request.redirect_uri is not None
        if not whole and Difference.EVERYTHING_FIRST in self.differences:
            return False
        if known.spent:
            known.family.ended = True
            return False
        if known.end_ms <= self.clock.now_ms():
            return False
        self._seen.good_code = known
        request.scopes, request.user = known.scopes, "alice"
        return True

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        return True

    def get_code_challenge(self, code: str, request: Any) -> str:
        return self.codes[code].challenge

    def get_code_challenge_method(self, code: str, request: Any) -> str:
        return self.codes[code].method

    def get_default_redirect_uri(self, client_id: str, request: Any, *_: Any, **__: Any) -> str:
        return ""

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Any, request: Any, *_: Any, **__: Any
    ) -> bool:
        return self.codes[code].redirect_uri == redirect_uri

    def invalidate_authorization_code(self, client_id: str, code: str, request: Any, *_: Any, **__: Any) -> None:
        self.codes[code].spent = True

    # Tokens

    def validate_refresh_token(self, refresh_token: str, client: Any, request: Any, *_: Any, **__: Any) -> bool:
        known = self.refreshes.get(refresh_token)
        if known is None or known.client_id != client.client_id:
            return False
        if known.used:
            known.family.ended = True
        return not known.used and not known.family.ended and known.end_ms > self.clock.now_ms()

    def get_original_scopes(self, refresh_token: str, request: Any, *_: Any, **__: Any) -> list[str]:
        return self.refreshes[refresh_token].scopes

    def save_bearer_token(self, token: Mapping[str, Any], request: Any, *_: Any, **__: Any) -> None:
        if request.grant_type == "refresh_token":
            before = self.refreshes[request.refresh_token]
            before.used = True
            granted, family = before.scopes, before.family
        else:
            granted, family = self.codes[request.code].scopes, self.codes[request.code].family
        self._seen.family = family
        if OFFLINE in granted or Difference.ONLY_OFFLINE not in self.differences:
            end_ms = self.clock.now_ms() + self.refresh_ms
            client_id = request.client.client_id
            self.refreshes[token["refresh_token"]] = RefreshFact(client_id, granted, end_ms, family)
