"""What clients see when time passes between the steps of a login, against a sandbox whose clock can be set ahead."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import OAuth2Error
from requests import HTTPError

from tests.clients.logins import BAD_TOKEN, CALLBACK, REUSED_CODE, SandboxApp, User, status_of, use
from tests.clients.person import Person
from tests.clients.test_authlib_logins import Login as AuthlibLogin
from tests.clients.test_authlib_logins import oauth2_options
from tests.clients.test_requests_oauthlib_logins import Login, OldLogin
from tests.clients.test_xdk_logins import client_of
from tests.pages.browsing import query_of
from tests.sandboxes import Sandbox, sandbox

pytestmark = pytest.mark.usefixtures("plain_http")

AHEAD = Path(__file__).resolve().parent / "ahead.py"

CODE_S, ACCESS_S, REFRESH_S, REQUEST_TOKEN_S = 30, 7_200, 180 * 86_400, 900


@dataclass
class Hourglass:
    """How far ahead the sandbox's clock is."""

    file: Path
    seconds: int = 0

    def turn(self, seconds: int) -> None:
        self.seconds += seconds
        self.file.write_text(str(self.seconds))


@pytest.fixture(scope="module")
def _hourglass(tmp_path_factory: pytest.TempPathFactory) -> Hourglass:
    return Hourglass(tmp_path_factory.mktemp("ahead") / "seconds")


@pytest.fixture(scope="module")
def server(_hourglass: Hourglass, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The same as every other test's, but for its clock."""
    _hourglass.turn(0)
    tacet = (sys.executable, str(AHEAD), str(_hourglass.file))
    with sandbox(tmp_path_factory.mktemp("server"), "--no-rate-limits", "--people", "200", tacet=tacet) as running:
        yield running


@pytest.fixture
def hourglass(_hourglass: Hourglass) -> Iterator[Hourglass]:
    yield _hourglass
    _hourglass.turn(-_hourglass.seconds)


class TestCodes:
    def test_requests_oauthlib_is_told_of_one_that_is_too_old(
        self, hourglass: Hourglass, server: Sandbox, app: SandboxApp, person: Person
    ) -> None:
        login = Login(server, app)
        response = person.allow(login.url)
        hourglass.turn(CODE_S)
        with pytest.raises(OAuth2Error, match=REUSED_CODE):
            login.finish(response)

    def test_authlib_is_told_of_one_that_is_too_old(
        self, hourglass: Hourglass, server: Sandbox, app: SandboxApp, person: Person
    ) -> None:
        with AuthlibSession(**oauth2_options(server, app)) as session:
            login = AuthlibLogin(session, server)
            response = person.allow(login.url)
            hourglass.turn(CODE_S)
            with pytest.raises(OAuthError, match=REUSED_CODE):
                login.finish(response)

    def test_xdk_is_told_of_one_that_is_too_old(
        self, hourglass: Hourglass, server: Sandbox, app: SandboxApp, person: Person
    ) -> None:
        client = client_of(server, app)
        code = query_of(person.allow(client.get_authorization_url()))["code"]
        hourglass.turn(CODE_S)
        with pytest.raises(ValueError, match=f"status: 400.*{REUSED_CODE}"):
            client.exchange_code(code)

    def test_one_lives_as_long_as_it_takes_to_exchange_it(
        self, hourglass: Hourglass, server: Sandbox, app: SandboxApp, person: Person, user: User
    ) -> None:
        login = Login(server, app)
        response = person.allow(login.url)
        # The clock itself goes on meanwhile.
        hourglass.turn(CODE_S - 5)
        login.finish(response)
        use(login.session, server, user)


class TestTokens:
    def test_xdk_refreshes_after_two_hours(
        self, hourglass: Hourglass, server: Sandbox, main_app: SandboxApp, person: Person
    ) -> None:
        client = client_of(server, main_app)
        client.fetch_token(person.allow(client.get_authorization_url()))
        hourglass.turn(ACCESS_S)
        with pytest.raises(HTTPError, match="401"):
            client.users.get_me()
        client.refresh_token()
        assert client.users.get_me().data.id

    def test_requests_oauthlib_refreshes_after_two_hours(
        self, hourglass: Hourglass, server: Sandbox, app: SandboxApp, person: Person, user: User
    ) -> None:
        login = Login(server, app)
        token = login.finish(person.allow(login.url))
        hourglass.turn(ACCESS_S)
        assert status_of(server, token["access_token"]) == 401
        login.refresh(token["refresh_token"])
        use(login.session, server, user)

    def test_a_refresh_token_that_nobody_used_for_half_a_year_is_too_old(
        self, hourglass: Hourglass, server: Sandbox, app: SandboxApp, person: Person
    ) -> None:
        login = Login(server, app)
        token = login.finish(person.allow(login.url))
        hourglass.turn(REFRESH_S)
        with pytest.raises(OAuth2Error, match=BAD_TOKEN):
            login.refresh(token["refresh_token"])


def test_a_link_to_an_old_login_is_good_for_a_quarter_of_an_hour(
    hourglass: Hourglass, server: Sandbox, app: SandboxApp, person: Person
) -> None:
    login = OldLogin(server, app, CALLBACK)
    hourglass.turn(REQUEST_TOKEN_S)
    screen = person.sees(login.url)
    assert screen.status >= 400
    assert "older than 15 minutes" in screen.text


def test_an_old_logins_token_does_not_expire(
    hourglass: Hourglass, server: Sandbox, app: SandboxApp, person: Person, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = OldLogin(server, app, "oob")
    session = login.logged_in(login.finish(person.pin(login.url)))
    hourglass.turn(REFRESH_S)
    # A client whose clock is right signs with the time that it is by then.
    monkeypatch.setattr("oauthlib.oauth1.rfc5849.generate_timestamp", lambda: str(int(time.time()) + hourglass.seconds))
    use(session, server, user)
