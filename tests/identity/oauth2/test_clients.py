"""Which App a client is, and how much of a proof that takes."""

from dataclasses import replace

import pytest

from tacet.identity.oauth2.clients import MAX_CLIENT_ID_CHARS, MAX_CLIENT_SECRET_CHARS, ClientCredentials, Clients
from tacet.identity.oauth2.errors import OAuth2Error
from tacet.identity.vault import Vault
from tests.cast import CLIENT_SECRET
from tests.identity.oauth2.logins import BAD_CLIENT, Logins, told

# A client id stands here for the one that the App has.
ID, OTHER = "the client id", "the other App's"

CONFIDENTIAL_ACCEPTED = {
    "basic": ClientCredentials("", (ID, CLIENT_SECRET)),
    "basic-and-the-same-client-id": ClientCredentials(ID, (ID, CLIENT_SECRET)),
}
CONFIDENTIAL_REFUSED = {
    "nothing": ClientCredentials(),
    "client-id-alone": ClientCredentials(ID),
    "wrong-secret": ClientCredentials("", (ID, "wrong")),
    "secret-in-other-case": ClientCredentials("", (ID, CLIENT_SECRET.upper())),
    "no-secret": ClientCredentials("", (ID, "")),
    "secret-and-more": ClientCredentials("", (ID, CLIENT_SECRET + " ")),
    "long-secret": ClientCredentials("", (ID, "s" * (MAX_CLIENT_SECRET_CHARS + 1))),
    "another-client-id-beside-it": ClientCredentials(OTHER, (ID, CLIENT_SECRET)),
    "unknown-client-id": ClientCredentials("", ("unknown", CLIENT_SECRET)),
    "no-client-id": ClientCredentials("", ("", CLIENT_SECRET)),
    "client-id-in-the-wrong-place": ClientCredentials(ID, ("", CLIENT_SECRET)),
    "long-client-id": ClientCredentials("", ("i" * (MAX_CLIENT_ID_CHARS + 1), CLIENT_SECRET)),
    "client-id-of-half-a-character": ClientCredentials("\ud800", None),
    "secret-of-half-a-character": ClientCredentials("", (ID, "\ud800")),
}
PUBLIC_ACCEPTED = {
    "client-id-alone": ClientCredentials(ID),
    "basic-without-a-secret": ClientCredentials("", (ID, "")),
    "basic-without-a-secret-and-the-same-client-id": ClientCredentials(ID, (ID, "")),
    "basic-with-the-secret-it-had-before": ClientCredentials("", (ID, CLIENT_SECRET)),
}
PUBLIC_REFUSED = {
    "nothing": ClientCredentials(),
    "wrong-secret": ClientCredentials(ID, (ID, "wrong")),
    "another-client-id-beside-it": ClientCredentials(ID, (OTHER, "")),
    "unknown-client-id": ClientCredentials("unknown"),
}


async def authenticate(logins: Logins, client: ClientCredentials, *, confidential: bool) -> int:
    """The id of the App that a client turns out to be."""
    app = logins.app if confidential else logins.public
    named = {ID: app.client_id, OTHER: logins.other.client_id}
    basic = None if client.basic is None else (named.get(client.basic[0], client.basic[0]), client.basic[1])
    meant = ClientCredentials(named.get(client.client_id, client.client_id), basic)
    return (await Clients(logins.service.store.credentials).authenticate(meant)).id


@pytest.mark.parametrize("client", CONFIDENTIAL_ACCEPTED.values(), ids=CONFIDENTIAL_ACCEPTED.keys())
async def test_a_confidential_app_shows_its_secret(logins: Logins, client: ClientCredentials) -> None:
    assert await authenticate(logins, client, confidential=True) == logins.app.id


@pytest.mark.parametrize("client", CONFIDENTIAL_REFUSED.values(), ids=CONFIDENTIAL_REFUSED.keys())
async def test_a_confidential_app_is_known_by_nothing_less(logins: Logins, client: ClientCredentials) -> None:
    with pytest.raises(OAuth2Error) as refused:
        await authenticate(logins, client, confidential=True)
    assert told(refused.value) == BAD_CLIENT
    assert refused.value.guessing


@pytest.mark.parametrize("client", PUBLIC_ACCEPTED.values(), ids=PUBLIC_ACCEPTED.keys())
async def test_a_public_app_says_who_it_is(logins: Logins, client: ClientCredentials) -> None:
    assert await authenticate(logins, client, confidential=False) == logins.public.id


@pytest.mark.parametrize("client", PUBLIC_REFUSED.values(), ids=PUBLIC_REFUSED.keys())
async def test_a_public_app_is_not_taken_for_another(logins: Logins, client: ClientCredentials) -> None:
    with pytest.raises(OAuth2Error) as refused:
        await authenticate(logins, client, confidential=False)
    assert told(refused.value) == BAD_CLIENT


@pytest.mark.parametrize("secret", ["", "anything", "\x00" * 32])
async def test_a_confidential_app_without_a_secret_is_nobody(logins: Logins, secret: str) -> None:
    await logins.put(replace(logins.app, client_secret_digest=b""))
    with pytest.raises(OAuth2Error):
        await authenticate(logins, ClientCredentials("", (ID, secret)), confidential=True)


async def test_a_public_app_that_never_had_a_secret_shows_none(logins: Logins) -> None:
    await logins.put(replace(logins.public, client_secret_digest=b""))
    assert await authenticate(logins, ClientCredentials("", (ID, "")), confidential=False) == logins.public.id
    with pytest.raises(OAuth2Error):
        await authenticate(logins, ClientCredentials("", (ID, "anything")), confidential=False)


async def test_an_empty_secret_is_none_even_where_its_digest_is_stored(logins: Logins) -> None:
    await logins.put(replace(logins.app, client_secret_digest=Vault.digest("")))
    with pytest.raises(OAuth2Error):
        await authenticate(logins, ClientCredentials("", (ID, "\ud800")), confidential=True)
