from dataclasses import replace

import pytest

from tacet.identity.developers.errors import Refused
from tacet.identity.vault import Vault
from tacet.records.credentials import Access, UserAuthentication
from tests.identity.developers.workshop import Workshop

CALLBACK = "https://example.com/callback"


async def test_all_settings_are_changed_at_once(workshop: Workshop) -> None:
    app = (await workshop.app()).app
    before = workshop.forgotten
    made = await workshop.authenticate(
        app.id,
        oauth1=True,
        oauth2=True,
        access="read-write-directmessages",
        callbacks=f"{CALLBACK}\r\nmyapp://back",
        website="https://example.com",
    )
    settings = UserAuthentication(True, True, False, (CALLBACK, "myapp://back"), "https://example.com")
    assert made.app == replace(app, access=Access.READ_WRITE_MESSAGES, authentication=settings)
    assert await workshop.stored(app.id) == made.app
    assert workshop.forgotten == before + 1


async def test_becoming_confidential_makes_a_client_secret_once(workshop: Workshop) -> None:
    app = (await workshop.app()).app
    made = await workshop.authenticate(app.id, client_type="confidential")
    assert made.client_secret
    assert (await workshop.stored(app.id)).client_secret_digest == Vault.digest(made.client_secret)
    assert made.client_secret not in repr(made)
    again = await workshop.authenticate(app.id, client_type="confidential", oauth1=True)
    assert again.client_secret == ""
    assert (await workshop.stored(app.id)).client_secret_digest == Vault.digest(made.client_secret)


async def test_becoming_public_drops_the_client_secret(workshop: Workshop) -> None:
    app = (await workshop.app()).app
    first = await workshop.authenticate(app.id, client_type="confidential")
    await workshop.authenticate(app.id, client_type="public")
    assert (await workshop.stored(app.id)).client_secret_digest == b""
    second = await workshop.authenticate(app.id, client_type="confidential")
    assert second.client_secret not in {"", first.client_secret}


async def test_the_client_id_stays_through_all_of_it(workshop: Workshop) -> None:
    app = (await workshop.app()).app
    for client_type in ("confidential", "public", "confidential"):
        made = await workshop.authenticate(app.id, client_type=client_type, oauth2=True, callbacks=CALLBACK)
        assert made.app.client_id == app.client_id


async def test_oauth1_does_without_a_callback_because_of_pins(workshop: Workshop) -> None:
    app = (await workshop.app()).app
    made = await workshop.authenticate(app.id, oauth1=True)
    assert made.app.authentication == UserAuthentication(oauth1=True)


WRONG = {
    "oauth2 without a callback": ({"oauth2": True}, {"callbacks"}),
    "a callback that is no good": ({"callbacks": "http://example.com"}, {"callbacks"}),
    "oauth2 with one that is no good": ({"oauth2": True, "callbacks": "javascript:alert(1)"}, {"callbacks"}),
    "a website that is no good": ({"website": "javascript:alert(1)"}, {"website"}),
    "no permission": ({"access": ""}, {"access"}),
    "an unknown permission": ({"access": "admin"}, {"access"}),
    "no type": ({"client_type": ""}, {"client_type"}),
    "an unknown type": ({"client_type": "secret"}, {"client_type"}),
    "everything": (
        {"oauth2": True, "access": "x", "client_type": "x", "website": "x"},
        {"access", "client_type", "callbacks", "website"},
    ),
}


@pytest.mark.parametrize(("wanted", "fields"), WRONG.values(), ids=WRONG)
async def test_wrong_settings_change_nothing(
    workshop: Workshop, wanted: dict[str, str | bool], fields: set[str]
) -> None:
    app = (await workshop.app()).app
    with pytest.raises(Refused) as refused:
        await workshop.authenticate(app.id, **wanted)
    assert set(refused.value.problems) == fields
    assert await workshop.stored(app.id) == app
