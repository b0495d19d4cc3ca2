"""tweepy's logins, as they come from the registry. Its hosts are fixed, so only where connections go is changed."""

from typing import Any

import pytest
import requests
from oauthlib.oauth2 import AccessDeniedError, OAuth2Error
from tweepy import Client, OAuth1UserHandler, OAuth2AppHandler, OAuth2UserHandler, TweepyException, Unauthorized

from tests.clients.logins import BAD_TOKEN, CALLBACK, REUSED_CODE, SCOPES, SandboxApp, User
from tests.clients.person import Person
from tests.pages.browsing import query_of
from tests.sandboxes import Sandbox

pytestmark = pytest.mark.usefixtures("plain_http", "x_is_here")

TOKEN_URL = "https://api.twitter.com/2/oauth2/token"


def oauth2(app: SandboxApp) -> OAuth2UserHandler:
    return OAuth2UserHandler(
        client_id=app.client_id, client_secret=app.client_secret, redirect_uri=CALLBACK, scope=SCOPES
    )


def refresh(handler: OAuth2UserHandler, app: SandboxApp, refresh_token: str) -> dict[str, Any]:
    """tweepy has no refresh of its own; its users call the one of the session that it is."""
    named = {} if app.client_secret else {"client_id": app.client_id}
    token: dict[str, Any] = handler.refresh_token(TOKEN_URL, refresh_token, auth=handler.auth, **named)
    return token


def use(client: Client, user: User, *, user_auth: bool) -> None:
    """Mute, list and unmute; leaves everything as it was."""
    assert client.get_me(user_auth=user_auth).data.username == user.username
    assert client.mute("1001", user_auth=user_auth).data == {"muting": True}
    assert [each.id for each in client.get_muted(user_auth=user_auth).data] == [1001]
    assert client.unmute("1001", user_auth=user_auth).data == {"muting": False}
    assert client.get_muted(user_auth=user_auth).meta == {"result_count": 0}


def test_logs_in_mutes_lists_and_unmutes(app: SandboxApp, person: Person, user: User) -> None:
    handler = oauth2(app)
    token = handler.fetch_token(person.allow(handler.get_authorization_url()))
    assert (token["token_type"], token["expires_in"], token["scope"]) == ("bearer", 7200, SCOPES)
    use(Client(token["access_token"]), user, user_auth=False)


def test_refreshes_with_the_newest_refresh_token(app: SandboxApp, person: Person, user: User) -> None:
    handler = oauth2(app)
    first = handler.fetch_token(person.allow(handler.get_authorization_url()))
    second = refresh(handler, app, first["refresh_token"])
    third = refresh(handler, app, second["refresh_token"])
    assert len({token["refresh_token"] for token in (first, second, third)}) == 3
    use(Client(third["access_token"]), user, user_auth=False)


def test_an_old_refresh_token_ends_what_the_login_gave(app: SandboxApp, person: Person, user: User) -> None:
    handler = oauth2(app)
    first = handler.fetch_token(person.allow(handler.get_authorization_url()))
    second = refresh(handler, app, first["refresh_token"])
    with pytest.raises(OAuth2Error, match=BAD_TOKEN):
        refresh(handler, app, first["refresh_token"])
    with pytest.raises(Unauthorized):
        use(Client(second["access_token"]), user, user_auth=False)


def test_a_code_that_is_used_again_ends_what_it_gave(app: SandboxApp, person: Person, user: User) -> None:
    handler = oauth2(app)
    response = person.allow(handler.get_authorization_url())
    token = handler.fetch_token(response)
    with pytest.raises(OAuth2Error, match=REUSED_CODE):
        handler.fetch_token(response)
    with pytest.raises(Unauthorized):
        use(Client(token["access_token"]), user, user_auth=False)


def test_a_denial_is_an_error_of_its_own(app: SandboxApp, person: Person) -> None:
    handler = oauth2(app)
    with pytest.raises(AccessDeniedError):
        handler.fetch_token(person.cancel(handler.get_authorization_url()))


def logged_in(app: SandboxApp, handler: OAuth1UserHandler) -> Client:
    return Client(
        consumer_key=app.consumer_key,
        consumer_secret=app.consumer_secret,
        access_token=handler.access_token,
        access_token_secret=handler.access_token_secret,
    )


class TestOAuth1:
    @pytest.mark.parametrize("signin_with_twitter", [False, True], ids=["authorize", "authenticate"])
    def test_logs_in_mutes_lists_and_unmutes(
        self, signin_with_twitter: bool, app: SandboxApp, person: Person, user: User
    ) -> None:
        handler = OAuth1UserHandler(app.consumer_key, app.consumer_secret, callback=CALLBACK)
        response = query_of(person.allow(handler.get_authorization_url(signin_with_twitter=signin_with_twitter)))
        assert response["oauth_token"] == handler.request_token["oauth_token"]
        handler.get_access_token(response["oauth_verifier"])
        assert handler.access_token.startswith(f"{user.id}-")
        use(logged_in(app, handler), user, user_auth=True)

    @pytest.mark.parametrize("callback", ["oob", None], ids=["oob", "no-callback"])
    def test_logs_in_with_a_pin(self, callback: str | None, app: SandboxApp, person: Person, user: User) -> None:
        handler = OAuth1UserHandler(app.consumer_key, app.consumer_secret, callback=callback)
        handler.get_access_token(person.pin(handler.get_authorization_url()))
        use(logged_in(app, handler), user, user_auth=True)

    def test_asks_for_less_than_the_app_may(self, server: Sandbox, app: SandboxApp, person: Person) -> None:
        handler = OAuth1UserHandler(app.consumer_key, app.consumer_secret, callback="oob")
        handler.get_access_token(person.pin(handler.get_authorization_url(access_type="read")))
        answer = requests.post(
            f"{server.url}/2/users/{handler.access_token.partition('-')[0]}/muting",
            json={"target_user_id": "1001"},
            auth=handler.apply_auth(),
        )
        assert (answer.status_code, answer.headers["x-access-level"]) == (403, "read")

    def test_whoever_let_the_app_in_before_is_not_asked_again(
        self, app: SandboxApp, person: Person, user: User
    ) -> None:
        handler = OAuth1UserHandler(app.consumer_key, app.consumer_secret, callback=CALLBACK)
        response = person.allow(handler.get_authorization_url(signin_with_twitter=True))
        handler.get_access_token(query_of(response)["oauth_verifier"])
        again = OAuth1UserHandler(app.consumer_key, app.consumer_secret, callback=CALLBACK)
        response = person.sees(again.get_authorization_url(signin_with_twitter=True)).location
        again.get_access_token(query_of(response)["oauth_verifier"])
        assert again.access_token != handler.access_token
        use(logged_in(app, handler), user, user_auth=True)
        use(logged_in(app, again), user, user_auth=True)

    def test_a_denial_names_the_request_token(self, app: SandboxApp, person: Person) -> None:
        handler = OAuth1UserHandler(app.consumer_key, app.consumer_secret, callback=CALLBACK)
        response = person.cancel(handler.get_authorization_url())
        assert query_of(response) == {"denied": handler.request_token["oauth_token"]}
        with pytest.raises(TweepyException, match="code 401"):
            handler.get_access_token("anything")

    def test_a_pin_that_is_used_again_gets_nothing(self, app: SandboxApp, person: Person) -> None:
        handler = OAuth1UserHandler(app.consumer_key, app.consumer_secret, callback="oob")
        pin = person.pin(handler.get_authorization_url())
        handler.get_access_token(pin)
        with pytest.raises(TweepyException, match="code 401"):
            handler.get_access_token(pin)

    def test_a_callback_that_is_not_approved_is_told(self, app: SandboxApp) -> None:
        handler = OAuth1UserHandler(app.consumer_key, app.consumer_secret, callback="http://127.0.0.1:1/")
        with pytest.raises(TweepyException, match=r"code 403.*Callback URL not approved"):
            handler.get_authorization_url()


class TestAppOnly:
    def test_an_app_gets_the_same_bearer_each_time(self, server: Sandbox, app: SandboxApp) -> None:
        first, second = (OAuth2AppHandler(app.consumer_key, app.consumer_secret).apply_auth() for _ in range(2))
        assert first.bearer_token == second.bearer_token
        found = Client(first.bearer_token).get_users(usernames=["bob"]).data
        assert [user.id for user in found] == [1002]

    def test_a_wrong_secret_gets_nothing(self, app: SandboxApp) -> None:
        with pytest.raises(TweepyException, match="token_type"):
            OAuth2AppHandler(app.consumer_key, "wrong")
