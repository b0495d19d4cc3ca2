"""Everything that hands out secrets, done once on a whole service, by a browser and by clients: with mistakes."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from oauthlib.oauth1 import Client

from tacet.identity.signin.passwords import Passwords
from tacet.ids import Randomness, SeededRandomness
from tests.cast import ALICE, BOB
from tests.pages.browsing import Browser, Screen, query_of
from tests.service import Answer, Method, Service, exchange

PASSWORD, NEW_PASSWORD, WRONG_PASSWORD = (
    "walnut ferry hollow nine",
    "seven quiet lanterns by",
    "not her password at all",
)
VERIFIER = "the-verifier-of-a-login-that-nobody-else-may-know"
CALLBACK = "https://client.example/callback"
SCOPES = "tweet.read users.read mute.read mute.write offline.access"
FORM = "application/x-www-form-urlencoded"

MIN_SECRET_LENGTH = 40
"""Characters of random text from which on it is a secret; consumer keys and client ids are shorter, and public."""

_SHOWN_TEXT = re.compile(r"[A-Za-z0-9_-]{40,}")


class Recording:
    """Randomness that remembers every text it gave."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self.texts: list[str] = []

    def bits(self, count: int) -> int:
        return self._randomness.bits(count)

    def text(self, length: int) -> str:
        text = self._randomness.text(length)
        self.texts.append(text)
        return text


@dataclass
class Seen:
    """What came by.

    Attributes:
        secrets: by what they are; what only a query may carry is in `carried`.
        carried: codes, request tokens and verifiers, which the protocols put into addresses.
        addresses: every address that the service sent a browser to or put into a page.
        recorded: every text that was drawn at random.
    """

    secrets: dict[str, str] = field(default_factory=dict)
    carried: dict[str, str] = field(default_factory=dict)
    addresses: list[str] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)

    def forms(self) -> dict[str, set[str]]:
        """Every secret with the ways in which it could be written somewhere."""
        drawn = {f"random text {n}": text for n, text in enumerate(self.recorded) if len(text) >= MIN_SECRET_LENGTH}
        everything = {**drawn, **self.secrets, **self.carried}
        return {name: _written(text) for name, text in everything.items()}


class Tour:
    """A tour of one service, in which Alice has a password and is about to become a developer."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.seen = Seen()
        self._browser = _Watched(service, self.seen)
        self._client: dict[str, str] = {}
        self.password, self._other_password = PASSWORD, NEW_PASSWORD

    async def whole(self) -> Seen:
        """All of it."""
        await Passwords(self.service.store.accounts, self.service.clock).set(ALICE.id, PASSWORD, username="alice")
        await self.sign_in()
        await self.make_an_app()
        await self.log_in_by_oauth2()
        await self.log_in_by_oauth1("oob")
        await self.log_in_by_oauth1(CALLBACK)
        await self.speak_for_the_app()
        await self.change_the_password()
        return self.seen

    async def sign_in(self) -> None:
        await self._browser.sign_in(ALICE.username, WRONG_PASSWORD)
        screen = await self._browser.sign_in(ALICE.username, self.password, path="/sign-in?next=/portal")
        assert (screen.status, screen.location) == (303, "/portal")
        self.seen.secrets |= {"password": PASSWORD, "wrong password": WRONG_PASSWORD}

    async def make_an_app(self) -> None:
        await self._send("/portal/sign-up", use_case="Trying out what is handed out", agreed="on")
        await self._send("/portal/projects/new", name="Evenings", description="")
        project_id = (await self.service.store.accounts.projects(ALICE.id))[0].id
        shown = await self._send("/portal/apps/new", name="Lantern", description="", project=str(project_id))
        app_id = (await self.service.store.accounts.apps(ALICE.id))[0].id
        self._client["consumer_secret"] = self._take(shown, "consumer secret")
        how = {"access": "read-write", "client_type": "confidential", "callbacks": CALLBACK, "website": ""}
        page = f"/portal/apps/{app_id}/authentication"
        self._client["client_secret"] = self._take(
            await self._send(page, oauth1="on", oauth2="on", **how), "client secret"
        )
        for action, name in (("renew-bearer", "bearer"), ("renew-own-token", "own token")):
            self._take(await self._send(f"/portal/apps/{app_id}/keys", action=action), name)
        await self._send(f"/portal/apps/{app_id}/keys", action="no such action")
        app = await self.service.store.credentials.app(app_id)
        assert app is not None
        self._client |= {"client_id": app.client_id, "consumer_key": app.consumer_key}

    async def log_in_by_oauth2(self) -> None:
        for turn in ("first", "second"):
            code = await self._code(turn)
            given = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
            await self._post("/2/oauth2/token", {**given, "code": "no-such-code-but-long-enough-to-be-a-secret"}, 400)
            issued = (await self._post("/2/oauth2/token", {**given, "code": code})).json
            await self._post("/2/oauth2/token", {**given, "code": code, "grant_type": "unknown"}, 400)
            await self._use(issued["access_token"], 200)
            self._keep(issued, turn)
            fresh = {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}
            issued = (await self._post("/2/oauth2/token", fresh)).json
            self._keep(issued, f"{turn}, refreshed")
            if turn == "first":
                await self._post("/2/oauth2/revoke", {"token": issued["access_token"]})
                await self._use(issued["access_token"], 401)
            await self._post("/2/oauth2/token", fresh, 400)
        self.seen.secrets["verifier"] = VERIFIER

    async def log_in_by_oauth1(self, callback: str) -> None:
        asked = await self._signed("/oauth/request_token", keys={"callback_uri": callback})
        request = dict(parse_qsl(asked.body.decode()))
        self.seen.carried[f"request token, {callback}"] = request["oauth_token"]
        self.seen.secrets[f"request token secret, {callback}"] = request["oauth_token_secret"]
        consent = await self._browser.get(f"/oauth/authorize?oauth_token={request['oauth_token']}")
        shown = await self._browser.submit(consent, consent.form("/oauth/authorize"), press=("decision", "allow"))
        if callback == "oob":
            found = re.search(r'id="pin">(\d{7})<', shown.html)
            assert found is not None
            verifier = found[1]
        else:
            verifier = query_of(shown.location)["oauth_verifier"]
        self.seen.carried[f"oauth_verifier, {callback}"] = verifier
        pair = {"resource_owner_key": request["oauth_token"], "resource_owner_secret": request["oauth_token_secret"]}
        await self._signed("/oauth/access_token", 401, keys=pair | {"verifier": "0000001"})
        exchanged = await self._signed("/oauth/access_token", keys=pair | {"verifier": verifier})
        given = dict(parse_qsl(exchanged.body.decode()))
        self.seen.secrets[f"access token, {callback}"] = given["oauth_token"]
        self.seen.secrets[f"access token secret, {callback}"] = given["oauth_token_secret"]
        pair = {"resource_owner_key": given["oauth_token"], "resource_owner_secret": given["oauth_token_secret"]}
        await self._signed(f"/2/users/{ALICE.id}/muting", method="GET", keys=pair)
        await self._signed("/1.1/oauth/invalidate_token.json", keys=pair)
        await self._signed(f"/2/users/{ALICE.id}/muting", 401, method="GET", keys=pair)

    async def speak_for_the_app(self) -> None:
        key, secret = self._client["consumer_key"], self._client["consumer_secret"]
        given = {"grant_type": "client_credentials"}
        answer = await self._post("/oauth2/token", given, basic=(key, secret))
        bearer = answer.json["access_token"]
        self.seen.secrets["app-only bearer"] = bearer
        await self._post("/oauth2/token", given, 403, basic=(key, "not-the-secret-of-this-app-at-all"))
        await self._use(bearer, 200, f"/2/users/{BOB.id}")
        await self._post("/oauth2/invalidate_token", {"access_token": bearer}, basic=(key, secret))
        await self._use(bearer, 401, f"/2/users/{BOB.id}")

    async def change_the_password(self) -> None:
        fields = {"current": self.password, "new": self._other_password, "again": self._other_password}
        await self._send("/account/password", **{**fields, "current": WRONG_PASSWORD})
        shown = await self._send("/account/password", **fields)
        assert shown.status == 303
        self.password, self._other_password = self._other_password, self.password
        await self._browser.get("/account")
        self.seen.secrets["new password"] = NEW_PASSWORD
        out = await self._browser.get("/sign-out")
        await self._browser.submit(out, out.form("/sign-out"))

    async def consent(self) -> Screen:
        """The consent page of the App, as Alice sees it."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._client["client_id"],
            "redirect_uri": CALLBACK,
            "scope": SCOPES,
            "state": "a-state",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return await self._browser.get(f"/i/oauth2/authorize?{urlencode(asked, quote_via=quote)}")

    async def _code(self, turn: str) -> str:
        consent = await self.consent()
        form = consent.form("/i/oauth2/authorize")
        denied = await self._browser.submit(consent, form, press=("decision", "deny"))
        assert "code" not in query_of(denied.location)
        allowed = await self._browser.submit(consent, form, press=("decision", "allow"))
        code = query_of(allowed.location)["code"]
        self.seen.carried[f"code, {turn}"] = code
        return code

    async def _send(self, page: str, **typed: str) -> Screen:
        """Fill in a page's form, with fields that it shows for later as well."""
        csrf = (await self._browser.get(page)).csrf
        self.seen.secrets[f"csrf of {page}"] = csrf
        return await self._browser.post(page, {**typed, "csrf": csrf})

    def _take(self, shown: Screen, name: str) -> str:
        """The last secret that a page of keys shows."""
        assert shown.status == 200, shown.text
        drawn = [text for text in self.seen.recorded if len(text) >= MIN_SECRET_LENGTH]
        found: list[str] = [
            text for text in _SHOWN_TEXT.findall(shown.html) if any(text.endswith(each) for each in drawn)
        ]
        for number, text in enumerate(found):
            self.seen.secrets[f"{name}, {number}"] = text
        return found[-1]

    def _keep(self, issued: Mapping[str, Any], turn: str) -> None:
        for name in ("access_token", "refresh_token"):
            self.seen.secrets[f"{name}, {turn}"] = issued[name]

    async def _post(
        self, target: str, fields: Mapping[str, str], status: int = 200, basic: tuple[str, str] | None = None
    ) -> Answer:
        pair = ":".join(basic or (self._client["client_id"], self._client["client_secret"]))
        sent = {"content-type": FORM, "authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        answer = await exchange(self.service.tacet, "POST", target, {"host": "x", **sent}, [urlencode(fields).encode()])
        assert answer.status == status, answer.body
        return answer

    async def _use(self, bearer: str, status: int, target: str = f"/2/users/{ALICE.id}/muting") -> None:
        for text, expected in ((bearer, status), (f"{bearer}x", 401)):
            assert (await self.service.get(target, unquote(text))).status == expected

    async def _signed(
        self, target: str, status: int = 200, *, method: Method = "POST", keys: Mapping[str, str]
    ) -> Answer:
        client = Client(
            self._client["consumer_key"],
            client_secret=self._client["consumer_secret"],
            timestamp=str(self.service.clock.now_ms() // 1000),
            **keys,
        )
        _, headers, _ = client.sign(f"https://api.x.com{target}", method)
        answer = await self.service.call(
            method, target, token=None, headers={"authorization": headers["Authorization"]}
        )
        assert answer.status == status, (target, answer.body)
        return answer


class _Watched(Browser):
    """Notes cookies and addresses."""

    def __init__(self, service: Service, seen: Seen) -> None:
        super().__init__(service)
        self._seen = seen

    async def get(self, path: str, **named: Any) -> Screen:
        return self._note(await super().get(path, **named))

    async def post(self, *arguments: Any, **named: Any) -> Screen:
        return self._note(await super().post(*arguments, **named))

    def _note(self, screen: Screen) -> Screen:
        for name, value in self.cookies.items():
            self._seen.secrets[f"cookie {name} {value[:4]}"] = value
        if "location" in screen.headers:
            self._seen.addresses.append(screen.location)
        if screen.headers.get("content-type", "").startswith("text/html"):
            self._seen.addresses += screen.links
            self._seen.addresses += [form.action for form in screen.forms]
            self._seen.addresses += [
                attrs[name] for _, attrs in screen.tags for name in ("src", "href") if name in attrs
            ]
        return screen


def _written(text: str) -> set[str]:
    """A secret as it is, escaped, and within the base64url of a token."""
    # Three bytes are four characters, so that a text whose length is divisible by three can be found inside.
    whole = text[: len(text) // 3 * 3]
    return {text, quote(text, safe=""), base64.urlsafe_b64encode(whole.encode()).decode()}


def parameters_of(address: str) -> dict[str, str]:
    """The parameters of an address, and of one that it carries."""
    found = dict(parse_qsl(urlsplit(address).query))
    inner = [value for value in found.values() if value.startswith("/") and "?" in value]
    return {name: value for each in inner for name, value in parameters_of(each).items()} | found


def recording(service_seed: int = 5) -> Recording:
    """Randomness for a service whose secrets are to be known."""
    return Recording(SeededRandomness(service_seed))
