import pytest

from tests.cast import ALICE, BOB, CAROL
from tests.pages.browsing import Browser, query_of
from tests.pages.muted.scenes import MUTED, mute, muted, undo, unmute
from tests.service import Service


async def test_what_was_said_is_not_said_any_more_when_it_no_longer_holds(sandbox: Service, alice: Browser) -> None:
    done = await mute(alice, "carol")
    undone = await undo(alice, done)
    assert "You mute @carol now." not in (await alice.get(done.path)).text
    await mute(alice, "carol")
    assert "You no longer mute @carol." not in (await alice.get(undone.path)).text


@pytest.mark.parametrize("query", ["muted=1003", "muted=x", "muted=1004", "muted=999999", f"muted={'9' * 30}"])
async def test_an_address_cannot_say_that_somebody_is_muted_who_is_not(alice: Browser, query: str) -> None:
    screen = await alice.get(f"{MUTED}?{query}")
    assert screen.status == 200
    assert "You mute @" not in screen.text


async def test_another_s_link_cannot_offer_to_mute_somebody(sandbox: Service, alice: Browser, bob: Browser) -> None:
    """Bob sends Alice the address that he saw himself, and others that he thought of."""
    await mute(bob, "carol")
    own = query_of((await unmute(bob, CAROL)).path)
    for changed in ({}, {"proof": "0" * 64}, {"proof": ""}, {"at": "2"}, {"unmuted": str(BOB.id)}):
        query = "&".join(f"{name}={value}" for name, value in {**own, **changed}.items())
        for path in (MUTED, "/timeline"):
            screen = await alice.get(f"{path}?{query}")
            assert "no longer mute" not in screen.text
            assert "/muted/undo" not in [form.action for form in screen.forms]
    assert await muted(sandbox, ALICE) == []


async def test_a_changed_place_is_not_offered(alice: Browser) -> None:
    await mute(alice, "carol")
    path = (await unmute(alice, CAROL)).path
    assert "/muted/undo" in [form.action for form in (await alice.get(path)).forms]
    other = path.replace(query_of(path)["at"], "2")
    assert "/muted/undo" not in [form.action for form in (await alice.get(other)).forms]
