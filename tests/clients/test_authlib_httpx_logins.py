"""Authlib's clients over httpx, those that wait and those that are awaited, as they come from the registry."""

import warnings
from typing import Any

import pytest
from authlib.common.security import generate_token
from authlib.deprecate import AuthlibDeprecationWarning
from authlib.integrations.base_client import OAuthError

from tests.clients.logins import BAD_TOKEN, CALLBACK, REUSED_CODE, SandboxApp, User, status_of, use, use_async
from tests.clients.person import Person
from tests.clients.test_authlib_logins import STATE, VERIFIER_LENGTH, everywhere, oauth2_options
from tests.pages.browsing import query_of
from tests.sandboxes import Sandbox

with warnings.catch_warnings():
    # Authlib would rather run over a successor of httpx, and says so when it is imported.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.httpx_client import AsyncOAuth1Client, AsyncOAuth2Client, OAuth1Client, OAuth2Client


class Addresses:
    """Where a login goes, step by step."""

    def __init__(self, server: Sandbox) -> None:
        self.authorize = f"{server.url}/i/oauth2/authorize"
        self.revoke = f"{server.url}/2/oauth2/revoke"
        self.request_token = f"{server.url}/oauth/request_token"
        self.old_authorize = f"{server.url}/oauth/authorize"
        self.access_token = f"{server.url}/oauth/access_token"


@pytest.fixture
def at(server: Sandbox) -> Addresses:
    return Addresses(server)


@pytest.fixture
def verifier() -> str:
    text: str = generate_token(VERIFIER_LENGTH)
    return text


def consent_url(client: OAuth2Client | AsyncOAuth2Client, at: Addresses, verifier: str) -> str:
    url, _ = client.create_authorization_url(at.authorize, state=STATE, code_verifier=verifier)
    return str(url)


class TestOAuth2:
    def test_logs_in_refreshes_and_revokes(
        self, server: Sandbox, app: SandboxApp, at: Addresses, verifier: str, person: Person, user: User
    ) -> None:
        with OAuth2Client(**oauth2_options(server, app)) as client:
            response = person.allow(consent_url(client, at, verifier))
            first = dict(client.fetch_token(authorization_response=response, code_verifier=verifier))
            use(client, server, user)
            second = dict(client.refresh_token())
            assert second["refresh_token"] != first["refresh_token"]
            use(client, server, user)
            assert client.revoke_token(at.revoke).json() == {"revoked": True}
        assert [status_of(server, token["access_token"]) for token in (first, second)] == [401, 401]

    def test_refreshes_on_its_own_when_a_token_has_expired(
        self, server: Sandbox, app: SandboxApp, at: Addresses, verifier: str, person: Person, user: User
    ) -> None:
        with OAuth2Client(**oauth2_options(server, app)) as client:
            response = person.allow(consent_url(client, at, verifier))
            first = dict(client.fetch_token(authorization_response=response, code_verifier=verifier))
            client.token = {**first, "expires_at": 1}
            use(client, server, user)
            assert client.token["refresh_token"] != first["refresh_token"]

    def test_what_is_used_twice_ends_the_login(
        self, server: Sandbox, app: SandboxApp, at: Addresses, verifier: str, person: Person
    ) -> None:
        with OAuth2Client(**oauth2_options(server, app)) as client:
            response = person.allow(consent_url(client, at, verifier))
            token = dict(client.fetch_token(authorization_response=response, code_verifier=verifier))
            with pytest.raises(OAuthError, match=REUSED_CODE):
                client.fetch_token(authorization_response=response, code_verifier=verifier)
            with pytest.raises(OAuthError, match=BAD_TOKEN):
                client.refresh_token(refresh_token=token["refresh_token"])
        assert status_of(server, token["access_token"]) == 401


class TestAsyncOAuth2:
    async def test_logs_in_refreshes_and_revokes(
        self, server: Sandbox, app: SandboxApp, at: Addresses, verifier: str, person: Person, user: User
    ) -> None:
        async with AsyncOAuth2Client(**oauth2_options(server, app)) as client:
            response = person.allow(consent_url(client, at, verifier))
            first = dict(await client.fetch_token(authorization_response=response, code_verifier=verifier))
            await use_async(client, server, user)
            second = dict(await client.refresh_token())
            assert second["refresh_token"] != first["refresh_token"]
            await use_async(client, server, user)
            assert (await client.revoke_token(at.revoke)).json() == {"revoked": True}
        assert [status_of(server, token["access_token"]) for token in (first, second)] == [401, 401]

    async def test_an_old_refresh_token_ends_what_the_login_gave(
        self, server: Sandbox, app: SandboxApp, at: Addresses, verifier: str, person: Person
    ) -> None:
        async with AsyncOAuth2Client(**oauth2_options(server, app)) as client:
            response = person.allow(consent_url(client, at, verifier))
            first = dict(await client.fetch_token(authorization_response=response, code_verifier=verifier))
            second = dict(await client.refresh_token())
            with pytest.raises(OAuthError, match=BAD_TOKEN):
                await client.refresh_token(refresh_token=first["refresh_token"])
        assert status_of(server, second["access_token"]) == 401

    async def test_a_wrong_verifier_gets_nothing(
        self, server: Sandbox, app: SandboxApp, at: Addresses, verifier: str, person: Person
    ) -> None:
        async with AsyncOAuth2Client(**oauth2_options(server, app)) as client:
            response = person.allow(consent_url(client, at, verifier))
            with pytest.raises(OAuthError, match="code verifier did not match"):
                await client.fetch_token(authorization_response=response, code_verifier=verifier[::-1])


def oauth1_options(app: SandboxApp, token: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """What Authlib's clients of OAuth 1.0a are made with; with a token of a login, to use it."""
    held = {"token": token["oauth_token"], "token_secret": token["oauth_token_secret"]} if token else {}
    # Over httpx, Authlib drops a body that is no form unless it is told to keep it.
    return {
        "client_id": app.consumer_key,
        "client_secret": app.consumer_secret,
        "force_include_body": True,
        **held,
        **more,
    }


class TestOAuth1:
    @everywhere
    def test_logs_in_wherever_it_signs(
        self, place: str, server: Sandbox, app: SandboxApp, at: Addresses, person: Person, user: User
    ) -> None:
        with OAuth1Client(**oauth1_options(app, redirect_uri=CALLBACK, signature_type=place)) as client:
            client.fetch_request_token(at.request_token)
            client.parse_authorization_response(person.allow(client.create_authorization_url(at.old_authorize)))
            token = client.fetch_access_token(at.access_token)
        assert (token["user_id"], token["screen_name"]) == (user.id, user.username)
        with OAuth1Client(**oauth1_options(app, token)) as client:
            use(client, server, user)

    def test_a_denial_has_no_verifier(self, app: SandboxApp, at: Addresses, person: Person) -> None:
        with OAuth1Client(**oauth1_options(app, redirect_uri=CALLBACK)) as client:
            asked = client.fetch_request_token(at.request_token)
            response = person.cancel(client.create_authorization_url(at.old_authorize))
            assert query_of(response) == {"denied": asked["oauth_token"]}
            with pytest.raises(OAuthError, match='Missing "verifier"'):
                client.fetch_access_token(at.access_token)


class TestAsyncOAuth1:
    @everywhere
    async def test_logs_in_with_a_pin_wherever_it_signs(
        self, place: str, server: Sandbox, app: SandboxApp, at: Addresses, person: Person, user: User
    ) -> None:
        async with AsyncOAuth1Client(**oauth1_options(app, redirect_uri="oob", signature_type=place)) as client:
            await client.fetch_request_token(at.request_token)
            pin = person.pin(client.create_authorization_url(at.old_authorize))
            token = await client.fetch_access_token(at.access_token, verifier=pin)
        assert (token["user_id"], token["screen_name"]) == (user.id, user.username)
        async with AsyncOAuth1Client(**oauth1_options(app, token)) as client:
            await use_async(client, server, user)
