from collections import Counter
from urllib.parse import urlencode

import pytest

from tacet.mutes.paging import Lists
from tacet.mutes.positions import TIE_BITS
from tacet.mutes.search import MAX_LOOKED_THROUGH
from tacet.pages.muted.listing import MUTES_A_PAGE
from tacet.records.people import Person, State
from tacet.records.relations import Kind, Relation
from tests.cast import ALICE, BOB, CAROL, DEACTIVATED, NOW_MS, SUSPENDED
from tests.mutes.lists import Counted
from tests.pages.browsing import Browser, Screen, query_of
from tests.pages.muted.scenes import MUTED, crowd, mute
from tests.service import Service


def listed(screen: Screen) -> list[int]:
    """Ids of those who can be unmuted, in order."""
    return [int(value) for form in screen.forms if form.action == "/muted/unmute" for _, value in form.buttons]


def link(screen: Screen, parameter: str) -> str:
    """The last link that has this parameter: the one that leads on."""
    return [url for url in screen.links if parameter in query_of(url)][-1]


class TestList:
    async def test_whoever_is_signed_out_is_asked_to_sign_in(self, browser: Browser) -> None:
        screen = await browser.get("/muted?q=bob")
        assert screen.location == "/sign-in?next=%2Fmuted%3Fq%3Dbob"

    async def test_whoever_mutes_nobody_is_told_so(self, alice: Browser) -> None:
        screen = await alice.get(MUTED)
        assert (screen.status, screen.heading) == (200, "Muted accounts")
        assert "You mute nobody" in screen.text
        assert listed(screen) == []

    async def test_each_has_a_name_a_username_and_since_when_newest_first(
        self, sandbox: Service, alice: Browser
    ) -> None:
        for target, at_ms in ((BOB, NOW_MS - 86_400_000), (CAROL, NOW_MS)):
            await sandbox.store.relations.add(Relation(Kind.MUTE, ALICE.id, target.id, at_ms << TIE_BITS), NOW_MS)
        screen = await alice.get(MUTED)
        assert listed(screen) == [CAROL.id, BOB.id]
        for words in (CAROL.name, "@carol", "Since 7 May 2022", BOB.name, "@Bob_B", "Since 6 May 2022"):
            assert words in screen.text

    async def test_suspended_ones_are_there_and_say_so(self, sandbox: Service, alice: Browser) -> None:
        """The API leaves them out, and they are still muted: here nothing is lost, and all can be unmuted."""
        for nth, target_id in enumerate((SUSPENDED.id, DEACTIVATED.id, 77)):
            await sandbox.store.relations.add(Relation(Kind.MUTE, ALICE.id, target_id, (nth + 1) << 20), NOW_MS)
        assert (await sandbox.page(ALICE)).ids == []
        screen = await alice.get(MUTED)
        assert listed(screen) == [77, DEACTIVATED.id, SUSPENDED.id]
        for words in ("@gone", "is suspended", "@left", "is deactivated", "no longer here", "It stays muted."):
            assert words in screen.text

    async def test_somebody_who_is_there_is_called_neither(self, sandbox: Service, alice: Browser) -> None:
        await sandbox.mute(ALICE, BOB.id)
        assert "It stays muted." not in (await alice.get(MUTED)).text

    async def test_nobody_sees_those_of_others(self, sandbox: Service, alice: Browser, bob: Browser) -> None:
        await sandbox.mute(ALICE, CAROL.id)
        assert "You mute nobody" in (await bob.get(MUTED)).text
        found = await bob.get(f"/muted?q=carol&muted={CAROL.id}")
        assert "Nobody found" in found.text
        assert "You mute @carol" not in found.text

    async def test_a_hostile_name_is_text(self, sandbox: Service, alice: Browser) -> None:
        await sandbox.put(Person(70, "evil", "<script>alert(1)</script>"))
        await sandbox.mute(ALICE, 70)
        for path in (MUTED, "/muted?q=%3Cscript%3E"):
            screen = await alice.get(path)
            assert "<script>alert(1)</script>" in screen.text
            assert "script" not in {tag for tag, _ in screen.tags}

    @pytest.mark.parametrize("token", ["x", "-1", "1" * 20, "٣", "1.5"])
    async def test_a_place_that_is_none_is_a_broken_address(self, alice: Browser, token: str) -> None:
        screen = await alice.get(f"/muted?from={token}")
        assert (screen.status, screen.heading) == (400, "A broken address")
        assert MUTED in screen.links


class TestPages:
    async def test_a_walk_there_and_back_shows_everybody_once_each_way(self, sandbox: Service, alice: Browser) -> None:
        people = await crowd(sandbox, ALICE, 2 * MUTES_A_PAGE + 7)
        screens = [await alice.get(MUTED)]
        while ">Older<" in screens[-1].html:
            screens.append(await alice.get(link(screens[-1], "from")))
        assert [len(listed(screen)) for screen in screens] == [MUTES_A_PAGE, MUTES_A_PAGE, 7]
        assert [id_ for screen in screens for id_ in listed(screen)] == [each.id for each in reversed(people)]
        newer = [url for url in screens[-1].links if "from" in query_of(url)]
        back = await alice.get(newer[0])
        assert listed(back) == listed(screens[1])
        newer = [url for url in back.links if "from" in query_of(url)]
        assert listed(await alice.get(newer[0])) == listed(screens[0])

    async def test_past_the_end_it_says_so_and_leads_back(self, sandbox: Service, alice: Browser) -> None:
        await crowd(sandbox, ALICE, 3)
        screen = await alice.get("/muted?from=2")
        assert "That was everybody" in screen.text
        assert len(listed(await alice.get(link(screen, "from")))) == 3

    async def test_the_first_page_leads_nowhere_when_it_is_all(self, sandbox: Service, alice: Browser) -> None:
        await crowd(sandbox, ALICE, MUTES_A_PAGE)
        assert not [url for url in (await alice.get(MUTED)).links if "from" in query_of(url)]

    async def test_a_deep_page_asks_as_little_of_the_store_as_the_second(
        self, sandbox: Service, alice: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        people = await crowd(sandbox, ALICE, 100_000)
        asked: Counter[str] = Counter()
        roster, store = sandbox.tacet.actions.roster, sandbox.store
        monkeypatch.setattr(roster, "_relations", Counted(store.relations, asked))
        monkeypatch.setattr(roster, "_directory", Counted(store.directory, asked))
        monkeypatch.setattr(sandbox.tacet.actions.mutes, "_lists", Lists(roster._relations, sandbox.clock))
        counts = []
        for place in (99_900, 60):
            asked.clear()
            position = (NOW_MS - 10_000_000 + people[place].id) << TIE_BITS
            screen = await alice.get(f"/muted?from={position}")
            assert len(listed(screen)) == MUTES_A_PAGE
            counts.append(dict(asked))
        assert counts[0] == counts[1]
        assert sum(counts[0].values()) <= 6


class TestSearch:
    async def search(self, browser: Browser, text: str) -> Screen:
        screen = await browser.get(MUTED)
        form = screen.form(MUTED, "q")
        assert form.method == "get"
        return await browser.get(f"{form.action}?{urlencode({'q': text})}")

    async def test_it_finds_by_a_part_of_a_name_and_keeps_what_was_typed(
        self, sandbox: Service, alice: Browser
    ) -> None:
        await sandbox.mute(ALICE, BOB.id)
        await sandbox.mute(ALICE, CAROL.id)
        screen = await self.search(alice, " CAR ")
        assert listed(screen) == [CAROL.id]
        assert screen.form(MUTED, "q").fields == [("q", "CAR")]
        assert MUTED in screen.links

    async def test_accents_and_the_order_of_words_do_not_matter(self, sandbox: Service, alice: Browser) -> None:
        await sandbox.put(Person(BOB.id, BOB.username, "Wren Peña"))
        await sandbox.mute(ALICE, BOB.id)
        await sandbox.mute(ALICE, CAROL.id)
        assert [listed(await self.search(alice, text)) for text in ("pena", "PEÑA wren")] == [[BOB.id], [BOB.id]]

    async def test_suspended_ones_are_found(self, sandbox: Service, alice: Browser) -> None:
        await sandbox.mute(ALICE, BOB.id)
        await sandbox.put(Person(BOB.id, BOB.username, BOB.name, State.SUSPENDED))
        screen = await self.search(alice, "bob")
        assert listed(screen) == [BOB.id]
        assert "is suspended" in screen.text

    async def test_nobody_found(self, sandbox: Service, alice: Browser) -> None:
        await sandbox.mute(ALICE, BOB.id)
        screen = await self.search(alice, "carol")
        assert "Nobody found" in screen.text
        assert listed(screen) == []

    @pytest.mark.parametrize("text", ["", "  ", "@", "@@"])
    async def test_nothing_to_search_for_shows_the_list(self, sandbox: Service, alice: Browser, text: str) -> None:
        await sandbox.mute(ALICE, BOB.id)
        assert listed(await self.search(alice, text)) == [BOB.id]

    async def test_more_than_a_page_leads_on(self, sandbox: Service, alice: Browser) -> None:
        people = await crowd(sandbox, ALICE, MUTES_A_PAGE + 5)
        screen = await self.search(alice, "number")
        found = listed(screen)
        assert len(found) == MUTES_A_PAGE
        further = await alice.get(link(screen, "from"))
        assert query_of(further.path)["q"] == "number"
        assert found + listed(further) == [each.id for each in reversed(people)]

    async def test_of_a_long_list_so_much_at_a_time(self, sandbox: Service, alice: Browser) -> None:
        [oldest, *_] = await crowd(sandbox, ALICE, MAX_LOOKED_THROUGH + 10)
        await sandbox.put(Person(oldest.id, oldest.username, "Odd One Out"))
        screen = await self.search(alice, "odd one")
        assert listed(screen) == []
        assert "Nobody so far" in screen.text
        assert f"{MAX_LOOKED_THROUGH:,}" in screen.text
        assert listed(await alice.get(link(screen, "from"))) == [oldest.id]
        assert listed(await self.search(alice, f"@{oldest.username}")) == [oldest.id]

    async def test_unmuting_somebody_who_was_found_comes_back_to_the_search(
        self, sandbox: Service, alice: Browser
    ) -> None:
        await mute(alice, "bob_b")
        await mute(alice, "carol")
        screen = await self.search(alice, "bob")
        form = screen.form("/muted/unmute")
        done = await alice.submit(screen, form, press=("target_id", str(BOB.id)), follow=True)
        assert query_of(done.path)["q"] == "bob"
        assert "You no longer mute @Bob_B." in done.text
        assert "Nobody found" in done.text
