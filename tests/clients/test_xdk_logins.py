"""The login of X's own Python SDK. Its OAuth 2.0 is told of the sandbox, its OAuth 1.0a has X's host built in."""

import pytest
from oauthlib.oauth2 import OAuth2Error
from requests import HTTPError
from xdk import Client
from xdk.oauth1_auth import OAuth1
from xdk.users.models import MuteUserRequest

from tests.clients.logins import BAD_TOKEN, CALLBACK, REUSED_CODE, SCOPES, SandboxApp, User, status_of
from tests.clients.person import Person
from tests.pages.browsing import query_of
from tests.sandboxes import Sandbox

pytestmark = pytest.mark.usefixtures("plain_http")


def client_of(server: Sandbox, app: SandboxApp) -> Client:
    return Client(
        base_url=server.url,
        authorization_base_url=f"{server.url}/i",
        client_id=app.client_id,
        client_secret=app.client_secret,
        redirect_uri=CALLBACK,
        scope=SCOPES,
    )


def use(client: Client, user: User) -> None:
    """Mute, list and unmute; leaves everything as it was."""
    assert client.users.get_me().data.username == user.username
    assert client.users.mute_user(user.id, MuteUserRequest(target_user_id="1001")).data.muting is True
    assert [each.id for each in next(client.users.get_muting(user.id)).data] == ["1001"]
    assert client.users.unmute_user(user.id, "1001").data.muting is False
    assert next(client.users.get_muting(user.id)).meta.result_count == 0


def test_logs_in_mutes_lists_and_unmutes(server: Sandbox, app: SandboxApp, person: Person, user: User) -> None:
    client = client_of(server, app)
    response = query_of(person.allow(client.get_authorization_url(state="of this login")))
    assert response["state"] == "of this login"
    token = client.exchange_code(response["code"])
    assert (token["token_type"], token["expires_in"], token["scope"]) == ("bearer", 7200, " ".join(SCOPES))
    assert not client.is_token_expired()
    use(client, user)


def test_takes_the_whole_address_it_was_called_back_at(
    server: Sandbox, app: SandboxApp, person: Person, user: User
) -> None:
    client = client_of(server, app)
    client.fetch_token(person.allow(client.get_authorization_url()))
    use(client, user)


def test_refreshes_with_the_newest_refresh_token(
    server: Sandbox, main_app: SandboxApp, person: Person, user: User
) -> None:
    """Of a confidential client: the SDK refreshes for no other."""
    client = client_of(server, main_app)
    first = dict(client.fetch_token(person.allow(client.get_authorization_url())))
    second = dict(client.refresh_token())
    third = client.refresh_token()
    assert len({token["refresh_token"] for token in (first, second, third)}) == 3
    assert client.access_token == third["access_token"]
    use(client, user)


def test_goes_on_from_a_token_that_was_kept(server: Sandbox, main_app: SandboxApp, person: Person, user: User) -> None:
    before = client_of(server, main_app)
    token = dict(before.fetch_token(person.allow(before.get_authorization_url())))
    client = Client(
        base_url=server.url, client_id=main_app.client_id, client_secret=main_app.client_secret, token=token
    )
    use(client, user)
    client.refresh_token()
    use(client, user)


def test_an_old_refresh_token_ends_what_the_login_gave(
    server: Sandbox, main_app: SandboxApp, person: Person, user: User
) -> None:
    client = client_of(server, main_app)
    first = dict(client.fetch_token(person.allow(client.get_authorization_url())))
    client.refresh_token()
    client.oauth2_session.token = first
    with pytest.raises(OAuth2Error, match=BAD_TOKEN):
        client.refresh_token()
    with pytest.raises(HTTPError, match="401"):
        use(client, user)


def test_a_code_that_is_used_again_ends_what_it_gave(server: Sandbox, app: SandboxApp, person: Person) -> None:
    client = client_of(server, app)
    code = query_of(person.allow(client.get_authorization_url()))["code"]
    token = client.exchange_code(code)
    with pytest.raises(ValueError, match=f"status: 400.*{REUSED_CODE}"):
        client.exchange_code(code)
    assert status_of(server, token["access_token"]) == 401


def test_a_wrong_verifier_gets_nothing(server: Sandbox, app: SandboxApp, person: Person) -> None:
    client = client_of(server, app)
    code = query_of(person.allow(client.get_authorization_url()))["code"]
    with pytest.raises(ValueError, match=r"status: 400.*code verifier did not match"):
        client.exchange_code(code, code_verifier="x" * 43)


def test_a_wrong_secret_gets_nothing(server: Sandbox, main_app: SandboxApp, person: Person) -> None:
    client = client_of(server, main_app)
    code = query_of(person.allow(client.get_authorization_url()))["code"]
    client.oauth2_auth.client_secret = "wrong"
    with pytest.raises(ValueError, match=r"status: 401.*unauthorized_client"):
        client.exchange_code(code)


def test_a_denial_has_no_code(server: Sandbox, app: SandboxApp, person: Person) -> None:
    client = client_of(server, app)
    response = person.cancel(client.get_authorization_url(state="s"))
    assert query_of(response) == {"error": "access_denied", "state": "s"}
    with pytest.raises(ValueError, match="No authorization code"):
        client.fetch_token(response)


def logged_in(server: Sandbox, app: SandboxApp, login: OAuth1) -> Client:
    """With the token of a login. A new object: the one that logged in goes on signing as for the request token."""
    token = login.access_token
    keys = (app.consumer_key, app.consumer_secret, "oob", token.access_token, token.access_token_secret)
    return Client(base_url=server.url, auth=OAuth1(*keys))


@pytest.mark.usefixtures("x_is_here")
class TestOAuth1:
    @pytest.mark.parametrize("login_with_x", [False, True], ids=["authorize", "authenticate"])
    def test_logs_in_mutes_lists_and_unmutes(
        self, login_with_x: bool, server: Sandbox, app: SandboxApp, person: Person, user: User
    ) -> None:
        login = OAuth1(app.consumer_key, app.consumer_secret, CALLBACK)
        response = query_of(person.allow(login.start_oauth_flow(login_with_x)))
        assert response["oauth_token"] == login.request_token.oauth_token
        login.get_access_token(response["oauth_verifier"])
        use(logged_in(server, app, login), user)

    def test_logs_in_with_a_pin(self, server: Sandbox, app: SandboxApp, person: Person, user: User) -> None:
        login = OAuth1(app.consumer_key, app.consumer_secret, "oob")
        login.get_access_token(person.pin(login.start_oauth_flow()))
        use(logged_in(server, app, login), user)

    def test_a_wrong_pin_gets_nothing(self, server: Sandbox, app: SandboxApp, person: Person) -> None:
        login = OAuth1(app.consumer_key, app.consumer_secret, "oob")
        person.pin(login.start_oauth_flow())
        with pytest.raises(ValueError, match="Failed to get access token: 401"):
            login.get_access_token("0000000")

    def test_an_unknown_key_gets_nothing(self, server: Sandbox) -> None:
        with pytest.raises(ValueError, match="Failed to get request token: 401"):
            OAuth1("no-such-key", "secret", CALLBACK).start_oauth_flow()
