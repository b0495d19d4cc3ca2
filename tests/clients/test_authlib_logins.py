"""Authlib's clients over requests, as they come from the registry; their callers give them every address."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth1Session, OAuth2Session
from authlib.oauth1 import SIGNATURE_TYPE_BODY, SIGNATURE_TYPE_HEADER, SIGNATURE_TYPE_QUERY

from tests.clients.logins import BAD_TOKEN, CALLBACK, REUSED_CODE, SCOPES, SandboxApp, User, status_of, use
from tests.clients.person import Person
from tests.pages.browsing import query_of
from tests.sandboxes import Sandbox

STATE = "of this login"
VERIFIER_LENGTH = 48


def oauth2_options(server: Sandbox, app: SandboxApp) -> dict[str, Any]:
    """What Authlib's clients of OAuth 2.0 are made with, whatever they run over."""
    return {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "token_endpoint_auth_method": "client_secret_basic" if app.client_secret else "none",
        "token_endpoint": f"{server.url}/2/oauth2/token",
        "scope": " ".join(SCOPES),
        "redirect_uri": CALLBACK,
        "code_challenge_method": "S256",
        "state": STATE,
    }


@contextmanager
def session_of(server: Sandbox, app: SandboxApp) -> Iterator[OAuth2Session]:
    with OAuth2Session(**oauth2_options(server, app)) as session:
        yield session


class Login:
    """A login by OAuth 2.0, as the library's documentation writes it."""

    def __init__(self, session: OAuth2Session, server: Sandbox) -> None:
        self.session = session
        self.verifier = generate_token(VERIFIER_LENGTH)
        authorize = f"{server.url}/i/oauth2/authorize"
        self.url, _ = session.create_authorization_url(authorize, state=STATE, code_verifier=self.verifier)

    def finish(self, response: str) -> dict[str, Any]:
        return dict(self.session.fetch_token(authorization_response=response, code_verifier=self.verifier))


def test_logs_in_mutes_lists_and_unmutes(server: Sandbox, app: SandboxApp, person: Person, user: User) -> None:
    with session_of(server, app) as session:
        login = Login(session, server)
        token = login.finish(person.allow(login.url))
        assert (token["token_type"], token["expires_in"], token["scope"]) == ("bearer", 7200, " ".join(SCOPES))
        use(session, server, user)


def test_refreshes_with_the_newest_refresh_token(server: Sandbox, app: SandboxApp, person: Person, user: User) -> None:
    with session_of(server, app) as session:
        login = Login(session, server)
        first = login.finish(person.allow(login.url))
        second, third = dict(session.refresh_token()), dict(session.refresh_token())
        assert len({token["refresh_token"] for token in (first, second, third)}) == 3
        use(session, server, user)


def test_refreshes_on_its_own_when_a_token_has_expired(
    server: Sandbox, app: SandboxApp, person: Person, user: User
) -> None:
    with session_of(server, app) as session:
        login = Login(session, server)
        first = login.finish(person.allow(login.url))
        session.token = {**first, "expires_at": 1}
        use(session, server, user)
        assert session.token["refresh_token"] != first["refresh_token"]


def test_an_old_refresh_token_ends_what_the_login_gave(server: Sandbox, app: SandboxApp, person: Person) -> None:
    with session_of(server, app) as session:
        login = Login(session, server)
        first = login.finish(person.allow(login.url))
        second = dict(session.refresh_token())
        with pytest.raises(OAuthError, match=BAD_TOKEN):
            session.refresh_token(refresh_token=first["refresh_token"])
        assert [status_of(server, token["access_token"]) for token in (first, second)] == [401, 401]


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_the_login(kind: str, server: Sandbox, app: SandboxApp, person: Person) -> None:
    with session_of(server, app) as session:
        login = Login(session, server)
        token = login.finish(person.allow(login.url))
        revoke = f"{server.url}/2/oauth2/revoke"
        answer = session.revoke_token(revoke, token=token[kind], token_type_hint=kind)
        assert (answer.status_code, answer.json()) == (200, {"revoked": True})
        assert status_of(server, token["access_token"]) == 401
        with pytest.raises(OAuthError, match=BAD_TOKEN):
            session.refresh_token()


def test_a_code_that_is_used_again_ends_what_it_gave(server: Sandbox, app: SandboxApp, person: Person) -> None:
    with session_of(server, app) as session:
        login = Login(session, server)
        response = person.allow(login.url)
        token = login.finish(response)
        with pytest.raises(OAuthError, match=REUSED_CODE):
            login.finish(response)
        assert status_of(server, token["access_token"]) == 401


def test_a_denial_gets_no_token(server: Sandbox, app: SandboxApp, person: Person) -> None:
    with session_of(server, app) as session:
        login = Login(session, server)
        response = person.cancel(login.url)
        assert query_of(response) == {"error": "access_denied", "state": STATE}
        # Authlib does not look for it, and asks for a token without a code.
        with pytest.raises(OAuthError, match="unsupported_grant_type"):
            login.finish(response)


PLACES = {"header": SIGNATURE_TYPE_HEADER, "query": SIGNATURE_TYPE_QUERY, "body": SIGNATURE_TYPE_BODY}
everywhere = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())


def logged_in(app: SandboxApp, token: dict[str, str]) -> OAuth1Session:
    return OAuth1Session(
        app.consumer_key, app.consumer_secret, token=token["oauth_token"], token_secret=token["oauth_token_secret"]
    )


@everywhere
def test_an_old_login_signs_wherever_it_likes(
    place: str, server: Sandbox, app: SandboxApp, person: Person, user: User
) -> None:
    keys = (app.consumer_key, app.consumer_secret)
    with OAuth1Session(*keys, redirect_uri=CALLBACK, signature_type=place) as session:
        session.fetch_request_token(f"{server.url}/oauth/request_token")
        url = session.create_authorization_url(f"{server.url}/oauth/authorize")
        session.parse_authorization_response(person.allow(url))
        token = session.fetch_access_token(f"{server.url}/oauth/access_token")
    assert (token["user_id"], token["screen_name"]) == (user.id, user.username)
    with logged_in(app, token) as session:
        use(session, server, user)


def test_logs_in_with_a_pin(server: Sandbox, app: SandboxApp, person: Person, user: User) -> None:
    with OAuth1Session(app.consumer_key, app.consumer_secret, redirect_uri="oob") as session:
        session.fetch_request_token(f"{server.url}/oauth/request_token")
        pin = person.pin(session.create_authorization_url(f"{server.url}/oauth/authorize"))
        token = session.fetch_access_token(f"{server.url}/oauth/access_token", verifier=pin)
    with logged_in(app, token) as session:
        use(session, server, user)


def test_an_old_logins_denial_has_no_verifier(server: Sandbox, app: SandboxApp, person: Person) -> None:
    with OAuth1Session(app.consumer_key, app.consumer_secret, redirect_uri=CALLBACK) as session:
        asked = session.fetch_request_token(f"{server.url}/oauth/request_token")
        response = person.cancel(session.create_authorization_url(f"{server.url}/oauth/authorize"))
        assert query_of(response) == {"denied": asked["oauth_token"]}
        with pytest.raises(OAuthError, match="oauth_token is missing"):
            session.parse_authorization_response(response)
