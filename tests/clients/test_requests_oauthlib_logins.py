"""requests-oauthlib, as it comes from the registry; its callers give it every address."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from oauthlib.oauth1 import SIGNATURE_TYPE_AUTH_HEADER, SIGNATURE_TYPE_BODY, SIGNATURE_TYPE_QUERY
from oauthlib.oauth2 import AccessDeniedError, MismatchingStateError, OAuth2Error, UnauthorizedClientError
from requests_oauthlib import OAuth1Session, OAuth2Session
from requests_oauthlib.oauth1_session import TokenMissing, TokenRequestDenied

from tests.clients.logins import BAD_TOKEN, CALLBACK, REUSED_CODE, SCOPES, SandboxApp, User, status_of, use
from tests.clients.person import Person
from tests.pages.browsing import query_of
from tests.sandboxes import Sandbox

pytestmark = pytest.mark.usefixtures("plain_http")


class Login:
    """A login by OAuth 2.0, as the library's documentation writes it."""

    def __init__(self, server: Sandbox, app: SandboxApp, **options: Any) -> None:
        self.token_url = f"{server.url}/2/oauth2/token"
        self.session = OAuth2Session(app.client_id, redirect_uri=CALLBACK, scope=SCOPES, pkce="S256", **options)
        self.url, self.state = self.session.authorization_url(f"{server.url}/i/oauth2/authorize")
        # A public client names itself in the body, a confidential one by Basic alone.
        self.proof = {"client_secret": app.client_secret} if app.client_secret else {"include_client_id": True}
        self.refreshing = {"auth": app.basic} if app.basic else {"client_id": app.client_id}

    def finish(self, response: str) -> dict[str, Any]:
        token: dict[str, Any] = self.session.fetch_token(self.token_url, authorization_response=response, **self.proof)
        return token

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        token: dict[str, Any] = self.session.refresh_token(self.token_url, refresh_token, **self.refreshing)
        return token


def test_logs_in_mutes_lists_and_unmutes(server: Sandbox, app: SandboxApp, person: Person, user: User) -> None:
    login = Login(server, app)
    token = login.finish(person.allow(login.url))
    assert (token["token_type"], token["expires_in"], token["scope"]) == ("bearer", 7200, SCOPES)
    use(login.session, server, user)


def test_refreshes_with_the_newest_refresh_token(server: Sandbox, app: SandboxApp, person: Person, user: User) -> None:
    login = Login(server, app)
    first = login.finish(person.allow(login.url))
    second = login.refresh(first["refresh_token"])
    third = login.refresh(second["refresh_token"])
    assert len({token[kind] for token in (first, second, third) for kind in ("access_token", "refresh_token")}) == 6
    use(login.session, server, user)


def test_refreshes_on_its_own_when_a_token_has_expired(
    server: Sandbox, app: SandboxApp, person: Person, user: User
) -> None:
    kept: list[dict[str, Any]] = []
    options = {"auto_refresh_url": f"{server.url}/2/oauth2/token", "token_updater": kept.append}
    if app.client_secret is None:
        options["auto_refresh_kwargs"] = {"client_id": app.client_id}
    login = Login(server, app, **options)
    first = login.finish(person.allow(login.url))
    login.session.token = {**first, "expires_in": -1, "expires_at": 1}
    told = {"client_id": app.client_id, "client_secret": app.client_secret} if app.client_secret else {}
    assert login.session.get(f"{server.url}/2/users/me", **told).json()["data"]["id"] == user.id
    [second] = kept
    assert second["refresh_token"] != first["refresh_token"]
    use(login.session, server, user)


def test_an_old_refresh_token_ends_what_the_login_gave(server: Sandbox, app: SandboxApp, person: Person) -> None:
    login = Login(server, app)
    first = login.finish(person.allow(login.url))
    second = login.refresh(first["refresh_token"])
    assert status_of(server, second["access_token"]) == 200
    with pytest.raises(OAuth2Error, match=BAD_TOKEN):
        login.refresh(first["refresh_token"])
    assert [status_of(server, token["access_token"]) for token in (first, second)] == [401, 401]
    with pytest.raises(OAuth2Error, match=BAD_TOKEN):
        login.refresh(second["refresh_token"])


def test_a_code_that_is_used_again_ends_what_it_gave(server: Sandbox, app: SandboxApp, person: Person) -> None:
    login = Login(server, app)
    response = person.allow(login.url)
    token = login.finish(response)
    with pytest.raises(OAuth2Error, match=REUSED_CODE):
        login.finish(response)
    assert status_of(server, token["access_token"]) == 401


def test_a_denial_is_an_error_of_its_own(server: Sandbox, app: SandboxApp, person: Person) -> None:
    login = Login(server, app)
    response = person.cancel(login.url)
    assert query_of(response) == {"error": "access_denied", "state": login.state}
    with pytest.raises(AccessDeniedError):
        login.finish(response)


def test_an_answer_to_another_login_is_noticed(server: Sandbox, app: SandboxApp, person: Person) -> None:
    login, other = Login(server, app), Login(server, app)
    with pytest.raises(MismatchingStateError):
        login.finish(person.allow(other.url))


def test_without_offline_access_there_is_no_refresh_token(server: Sandbox, app: SandboxApp, person: Person) -> None:
    login = Login(server, app)
    login.session.scope = SCOPES[:-1]
    login.url, _ = login.session.authorization_url(f"{server.url}/2/oauth2/authorize")
    token = login.finish(person.allow(login.url))
    assert token["scope"] == SCOPES[:-1]
    assert "refresh_token" not in token


def test_a_confidential_client_without_its_secret_gets_nothing(
    server: Sandbox, main_app: SandboxApp, person: Person
) -> None:
    login = Login(server, main_app)
    login.proof = {"include_client_id": True}
    with pytest.raises(UnauthorizedClientError, match="Missing valid authorization header"):
        login.finish(person.allow(login.url))


def test_a_scope_that_does_not_exist_is_told_to_the_person(server: Sandbox, app: SandboxApp, person: Person) -> None:
    session = OAuth2Session(app.client_id, redirect_uri=CALLBACK, scope=["mute.everybody"], pkce="S256")
    url, _ = session.authorization_url(f"{server.url}/i/oauth2/authorize")
    screen = person.sees(url)
    assert screen.status == 400
    assert "mute.everybody" in screen.text


PLACES = {
    "header": SIGNATURE_TYPE_AUTH_HEADER,
    "query": SIGNATURE_TYPE_QUERY,
    "body": SIGNATURE_TYPE_BODY,
}
everywhere = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())


class OldLogin:
    """A login by OAuth 1.0a, as the library's documentation writes it."""

    def __init__(self, server: Sandbox, app: SandboxApp, callback: str, place: str = "AUTH_HEADER") -> None:
        self._server = server
        self._keys = (app.consumer_key, app.consumer_secret)
        self.session = OAuth1Session(*self._keys, callback_uri=callback, signature_type=place)
        self.asked = self.session.fetch_request_token(f"{server.url}/oauth/request_token")
        self.url = self.session.authorization_url(f"{server.url}/oauth/authorize")

    def finish(self, verifier: str | None = None) -> dict[str, str]:
        token: dict[str, str] = self.session.fetch_access_token(
            f"{self._server.url}/oauth/access_token", verifier=verifier
        )
        return token

    def logged_in(self, token: dict[str, str]) -> OAuth1Session:
        return OAuth1Session(*self._keys, token["oauth_token"], token["oauth_token_secret"])


@everywhere
def test_an_old_login_signs_wherever_it_likes(
    place: str, server: Sandbox, app: SandboxApp, person: Person, user: User
) -> None:
    login = OldLogin(server, app, CALLBACK, place)
    assert login.asked["oauth_callback_confirmed"] == "true"
    response = person.allow(login.url)
    assert urlsplit(response)._replace(query="").geturl() == CALLBACK
    login.session.parse_authorization_response(response)
    token = login.finish()
    assert (token["user_id"], token["screen_name"]) == (user.id, user.username)
    # A body that is JSON has no room for a signature, so requests to the API are signed in the header.
    use(login.logged_in(token), server, user)


@everywhere
def test_a_pin_login_signs_wherever_it_likes(
    place: str, server: Sandbox, app: SandboxApp, person: Person, user: User
) -> None:
    login = OldLogin(server, app, "oob", place)
    token = login.finish(person.pin(login.url))
    assert token["oauth_token"].startswith(f"{user.id}-")
    use(login.logged_in(token), server, user)


def test_an_old_logins_denial_has_no_token(server: Sandbox, app: SandboxApp, person: Person) -> None:
    login = OldLogin(server, app, CALLBACK)
    response = person.cancel(login.url)
    assert query_of(response) == {"denied": login.asked["oauth_token"]}
    with pytest.raises(TokenMissing):
        login.session.parse_authorization_response(response)


def test_a_wrong_pin_gets_nothing_and_the_right_one_still_works(
    server: Sandbox, app: SandboxApp, person: Person, user: User
) -> None:
    login = OldLogin(server, app, "oob")
    pin = person.pin(login.url)
    with pytest.raises(TokenRequestDenied, match="code 401"):
        login.finish(str(9_999_999 - int(pin) + 1_000_000))
    assert login.finish(pin)["user_id"] == user.id


def test_a_pin_that_is_used_again_gets_nothing(server: Sandbox, app: SandboxApp, person: Person, user: User) -> None:
    login = OldLogin(server, app, "oob")
    pin = person.pin(login.url)
    request_token = dict(login.session.token)
    token = login.finish(pin)
    login.session.token = request_token
    with pytest.raises(TokenRequestDenied, match="code 401"):
        login.finish(pin)
    use(login.logged_in(token), server, user)


def test_a_callback_that_is_not_approved_is_told_to_the_client(server: Sandbox, app: SandboxApp) -> None:
    with pytest.raises(TokenRequestDenied, match=r"code 403.*415.*Callback URL not approved"):
        OldLogin(server, app, "http://127.0.0.1:3000/elsewhere")
