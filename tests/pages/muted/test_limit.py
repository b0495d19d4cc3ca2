import pytest

from tacet.limits.defaults import DEFAULT_LIMITS
from tacet.pages.muted.limit import ROUTE
from tacet.store.base import StoreBusy
from tests.cast import ALICE, BOB, CAROL
from tests.pages.browsing import Browser, Screen
from tests.pages.muted.scenes import MUTED, mute, muted, undo, unmute
from tests.service import Service

LIMIT = DEFAULT_LIMITS[ROUTE]


async def mute_often(browser: Browser, times: int) -> None:
    screen = await browser.get(MUTED)
    form = screen.form("/muted/mute")
    for _ in range(times):
        assert (await browser.submit(screen, form, {"username": "nobody_at_all"})).status == 422


async def test_two_hundred_mutes_fit_and_one_more_has_to_wait(sandbox: Service, alice: Browser) -> None:
    await mute_often(alice, LIMIT.count - 1)
    sandbox.clock.advance(60_000)
    assert "You mute @carol now." in (await mute(alice, "carol")).text
    screen = await mute(alice, "bob_b")
    assert (screen.status, screen.heading) == (429, "Enough for now")
    assert "in 14 minutes, at 13:35 UTC" in screen.text
    assert screen.headers["retry-after"] == "840"
    assert MUTED in screen.links
    assert await muted(sandbox) == [CAROL.id]


async def test_when_the_window_is_over_one_goes_on(sandbox: Service, alice: Browser) -> None:
    await mute_often(alice, LIMIT.count)
    assert (await mute(alice, "carol")).status == 429
    sandbox.clock.advance(LIMIT.window_s * 1000 - 1_000)
    assert "You can go on in a minute" in (await mute(alice, "carol")).text
    sandbox.clock.advance(1_000)
    await mute(alice, "carol")
    assert await muted(sandbox) == [CAROL.id]


async def test_each_has_a_count_of_their_own(sandbox: Service, alice: Browser, bob: Browser) -> None:
    await mute_often(alice, LIMIT.count)
    await mute(bob, "carol")
    assert await muted(sandbox, BOB) == [CAROL.id]


async def test_mutes_of_apps_are_counted_apart(sandbox: Service, alice: Browser) -> None:
    await mute_often(alice, LIMIT.count)
    assert (await sandbox.mute(ALICE, CAROL.id)).status == 200


async def test_unmuting_never_has_to_wait(sandbox: Service, alice: Browser) -> None:
    await mute(alice, "carol")
    await mute_often(alice, LIMIT.count - 1)
    assert (await mute(alice, "bob_b")).status == 429
    done = await unmute(alice, CAROL)
    assert "You no longer mute @carol." in done.text
    assert await muted(sandbox) == []


async def test_an_undo_is_a_mute_and_leads_back_to_where_it_can_be_done_later(sandbox: Service, alice: Browser) -> None:
    await mute(alice, "carol")
    await mute(alice, "bob_b")
    position = await sandbox.tacet.actions.mutes.position(ALICE.id, CAROL.id)
    await mute_often(alice, LIMIT.count - 2)
    late = await undo(alice, await unmute(alice, CAROL))
    assert late.status == 429
    sandbox.clock.advance(LIMIT.window_s * 1000)
    [back] = [link for link in late.links if "unmuted=" in link]
    await undo(alice, await alice.get(back))
    assert await sandbox.tacet.actions.mutes.position(ALICE.id, CAROL.id) == position


@pytest.mark.parametrize("path", ["/timeline?older=99", "/muted?q=bob"])
async def test_whoever_has_to_wait_goes_back_to_where_they_were(alice: Browser, path: str) -> None:
    await mute_often(alice, LIMIT.count)
    sent: Screen = await alice.post(
        "/muted/mute", {"csrf": (await alice.get(MUTED)).csrf, "username": "carol", "back": path}
    )
    assert sent.status == 429
    assert path in sent.links


async def test_mutes_that_the_database_fails_at_do_not_count(
    sandbox: Service, alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> bool:
        raise StoreBusy("full")

    await mute_often(alice, LIMIT.count - 1)
    with monkeypatch.context() as failing:
        failing.setattr(sandbox.store.relations, "add", full)
        assert [(await mute(alice, "carol")).status for _ in range(3)] == [503] * 3
    assert "You mute @carol now." in (await mute(alice, "carol")).text
    assert (await mute(alice, "bob_b")).status == 429
