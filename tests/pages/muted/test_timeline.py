import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

import pytest

from tacet.pages.muted.timeline import POSTS_A_PAGE
from tacet.records.people import Person, Post
from tests.cast import ALICE, BOB, CAROL, FULL, HIDDEN, LATEST, OWN, PINNED, PROTECTED
from tests.pages.browsing import Browser, Screen, query_of
from tests.pages.muted.scenes import TIMELINE, folded, follow, mute, muted, post, press, repost, undo
from tests.service import Service

BOBS = post(6001, BOB, "Bob's own words")
CAROLS = post(6002, CAROL, "Carol's own words")
BY_BOB = repost(6003, BOB, CAROLS)
BY_CAROL = repost(6004, CAROL, BOBS)
BY_ALICE = repost(6005, ALICE, BOBS)


@pytest.fixture
async def followed(sandbox: Service) -> Service:
    """Alice follows Bob and Carol, who post and repeat each other."""
    await follow(sandbox, ALICE, BOB, CAROL)
    await sandbox.store.posts.put([BOBS, CAROLS, BY_BOB, BY_CAROL])
    return sandbox


def posts(screen: Screen) -> int:
    return sum(tag == "article" for tag, _ in screen.tags)


class TestReading:
    async def test_whoever_is_signed_out_is_asked_to_sign_in(self, browser: Browser) -> None:
        assert (await browser.get("/timeline?older=5")).location == "/sign-in?next=%2Ftimeline%3Folder%3D5"

    async def test_a_post_has_author_time_and_text(self, followed: Service, alice: Browser) -> None:
        screen = await alice.get(TIMELINE)
        assert screen.heading == "Timeline"
        for words in (BOB.name, "@Bob_B", "7 May 2022, 13:21 UTC", BOBS.text, OWN.text):
            assert words in screen.text

    async def test_it_is_newest_first(self, followed: Service, alice: Browser) -> None:
        text = (await alice.get(TIMELINE)).text
        places = [text.index(words) for words in ("Carol ☕ 🚀/<3 @carol reposted", "Bob @Bob_B reposted", OWN.text)]
        assert places == sorted(places)

    async def test_a_repost_says_whose_and_who_repeated_it(self, followed: Service, alice: Browser) -> None:
        screen = await alice.get(TIMELINE)
        assert "Bob @Bob_B reposted" in screen.text
        assert BY_BOB.text not in screen.text
        assert screen.text.count(CAROLS.text) == 2

    async def test_somebody_whom_one_does_not_follow_is_not_there(self, followed: Service, alice: Browser) -> None:
        text = (await alice.get(TIMELINE)).text
        for other in (PINNED, LATEST, HIDDEN):
            assert other.text not in text

    async def test_an_empty_one_says_so(self, sandbox: Service, bob: Browser) -> None:
        assert "Nothing yet" in (await bob.get(TIMELINE)).text

    async def test_a_hostile_text_is_text(self, sandbox: Service, alice: Browser) -> None:
        await follow(sandbox, ALICE, BOB)
        await sandbox.store.posts.put([post(6001, BOB, "<script>alert(1)</script>")])
        screen = await alice.get(TIMELINE)
        assert "<script>alert(1)</script>" in screen.text
        assert "script" not in {tag for tag, _ in screen.tags}

    @pytest.mark.parametrize("query", ["older=x", "newer=-1", "older=99999999999999999999"])
    async def test_a_place_that_is_none_is_a_broken_address(self, alice: Browser, query: str) -> None:
        screen = await alice.get(f"/timeline?{query}")
        assert (screen.status, screen.heading) == (400, "A broken address")

    async def test_a_walk_there_and_back_shows_every_post_once_each_way(self, sandbox: Service, alice: Browser) -> None:
        await follow(sandbox, ALICE, BOB)
        await sandbox.store.posts.put([post(7_000 + nth, BOB, f"Words {nth}.") for nth in range(2 * POSTS_A_PAGE)])
        screens = [await alice.get(TIMELINE)]
        while ">Older<" in screens[-1].html:
            screens.append(await alice.get([url for url in screens[-1].links if "older" in query_of(url)][-1]))
        assert [posts(screen) for screen in screens] == [POSTS_A_PAGE, POSTS_A_PAGE, 1]
        assert ">Newer<" not in screens[0].html
        back = [screens[-1]]
        for _ in range(2):
            back.append(await alice.get([url for url in back[-1].links if "newer" in query_of(url)][-1]))
        assert [posts(screen) for screen in back] == [1, POSTS_A_PAGE, POSTS_A_PAGE]
        assert "Words 49." in back[-1].text

    async def test_past_the_end_it_says_so(self, followed: Service, alice: Browser) -> None:
        assert "That was everything" in (await alice.get("/timeline?older=1")).text


class TestHiding:
    async def test_what_muting_hides_is_folded_and_says_why(self, followed: Service, alice: Browser) -> None:
        await followed.mute(ALICE, BOB.id)
        screen = await alice.get(TIMELINE)
        [reposts, post] = folded(screen)
        assert reposts.startswith("2 posts hidden: you mute @Bob_B Show")
        assert post.startswith("Hidden: you mute @Bob_B Show")
        assert posts(screen) == 5
        assert ["Carol ☕ 🚀/<3 @carol reposted" in reposts, BOBS.text in reposts, BOBS.text in post] == [True] * 3
        assert "Bob @Bob_B reposted" in reposts

    async def test_whom_one_repeated_oneself_is_not_hidden(self, followed: Service, alice: Browser) -> None:
        await followed.store.posts.put([BY_ALICE])
        await followed.mute(ALICE, BOB.id)
        screen = await alice.get(TIMELINE)
        assert "Alice @alice reposted" in screen.text
        assert not [fold for fold in folded(screen) if "Alice @alice reposted" in fold]

    async def test_left_out_it_is_what_apps_see(self, followed: Service, alice: Browser) -> None:
        await followed.mute(ALICE, BOB.id)
        screen = await alice.get(TIMELINE)
        [url] = [url for url in screen.links if query_of(url).get("hidden") == "out"]
        out = await alice.get(url)
        assert folded(out) == []
        assert posts(out) == 2
        assert BOBS.text not in out.text
        assert TIMELINE in out.links

    async def test_a_page_of_nothing_but_hidden_posts_leads_on(self, sandbox: Service, alice: Browser) -> None:
        await follow(sandbox, ALICE, BOB)
        await sandbox.store.posts.put([post(7_000 + nth, BOB, "Words.") for nth in range(4 * POSTS_A_PAGE)])
        await sandbox.mute(ALICE, BOB.id)
        screen = await alice.get("/timeline?hidden=out")
        assert "Quiet here" in screen.text
        pages = 1
        while OWN.text not in screen.text:
            screen = await alice.get([url for url in screen.links if "older" in query_of(url)][-1])
            assert query_of(screen.path)["hidden"] == "out"
            pages += 1
        assert pages < 5

    async def test_unmuting_there_brings_the_posts_back_at_once(self, followed: Service, alice: Browser) -> None:
        await followed.mute(ALICE, BOB.id)
        screen = await alice.get("/timeline?hidden=folded")
        done = await press(alice, screen, "/muted/unmute", ("target_id", str(BOB.id)))
        assert "You no longer mute @Bob_B." in done.text
        assert done.heading == "Timeline"
        assert folded(done) == []
        assert folded(await undo(alice, done)) != []

    async def test_muting_an_author_there_hides_them_at_once(self, followed: Service, alice: Browser) -> None:
        screen = await alice.get(TIMELINE)
        done = await press(alice, screen, "/muted/mute", ("username", BOB.username))
        assert "You mute @Bob_B now." in done.text
        assert len(folded(done)) == 2
        assert await muted(followed) == [BOB.id]

    async def test_one_is_not_offered_to_mute_oneself_or_twice(self, followed: Service, alice: Browser) -> None:
        await followed.mute(ALICE, BOB.id)
        screen = await alice.get(TIMELINE)
        offered = {value for form in screen.forms if form.action == "/muted/mute" for _, value in form.buttons}
        assert offered == {CAROL.username}

    async def test_a_button_older_than_the_mute_is_no_mistake(self, followed: Service, alice: Browser) -> None:
        screen = await alice.get(TIMELINE)
        await mute(alice, BOB.username)
        done = await press(alice, screen, "/muted/mute", ("username", BOB.username))
        assert (done.status, done.heading) == (200, "Timeline")

    async def test_somebody_who_is_gone_since_is_said_on_the_list(self, followed: Service, alice: Browser) -> None:
        screen = await alice.get(TIMELINE)
        form = next(form for form in screen.forms if ("username", BOB.username) in form.buttons)
        await followed.put(Person(BOB.id, "renamed", BOB.name))
        done = await alice.submit(screen, form, press=("username", BOB.username), follow=True)
        assert done.status == 422
        assert "Nobody here is called @Bob_B." in done.text

    async def test_protected_authors_one_follows_are_hidden_as_well(self, sandbox: Service, alice: Browser) -> None:
        await follow(sandbox, ALICE, PROTECTED)
        assert HIDDEN.text in (await alice.get(TIMELINE)).text
        await sandbox.mute(ALICE, PROTECTED.id)
        sandbox.tacet.actions.homes.forget(ALICE.id)
        assert [HIDDEN.text in fold for fold in folded(await alice.get(TIMELINE))] == [True]

    async def test_a_post_deleted_meanwhile_is_left_out(
        self, followed: Service, alice: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert posts(await alice.get(TIMELINE)) == 5
        await followed.store.posts.delete(BOBS.id)
        assert posts(await alice.get(TIMELINE)) == 3


class TestRows:
    """Hidden posts that follow each other are one row."""

    async def test_a_row_names_everybody_muted_in_it_and_each_can_be_unmuted(
        self, followed: Service, alice: Browser
    ) -> None:
        await followed.mute(ALICE, BOB.id)
        await followed.mute(ALICE, CAROL.id)
        screen = await alice.get(TIMELINE)
        [fold] = folded(screen)
        assert fold.startswith("4 posts hidden: you mute @carol and @Bob_B Show")
        assert posts(screen) == 5
        [form] = [form for form in screen.forms if form.action == "/muted/unmute" and "target_id" not in form.names]
        assert form.buttons == [("target_id", str(CAROL.id)), ("target_id", str(BOB.id))]
        done = await press(alice, screen, "/muted/unmute", ("target_id", str(CAROL.id)))
        assert await muted(followed) == [BOB.id]
        assert len(folded(done)) == 2

    async def test_a_post_that_is_shown_parts_them(self, sandbox: Service, alice: Browser) -> None:
        await follow(sandbox, ALICE, BOB, CAROL, FULL)
        authors = [BOB, BOB, FULL, CAROL, BOB, BOB, FULL]
        await sandbox.store.posts.put([post(7_000 + nth, each, f"Words {nth}.") for nth, each in enumerate(authors)])
        await sandbox.mute(ALICE, BOB.id)
        await sandbox.mute(ALICE, CAROL.id)
        folds = [fold.partition(" Show")[0] for fold in folded(await alice.get(TIMELINE))]
        assert folds == ["3 posts hidden: you mute @Bob_B and @carol", "2 posts hidden: you mute @Bob_B"]


class TestKeepingOnesPlace:
    """What is done beside a post comes back to it, and says there what was done."""

    async def test_after_muting_one_is_at_the_post_and_so_after_undoing_it(
        self, followed: Service, alice: Browser
    ) -> None:
        screen = await alice.get("/timeline?older=6003")
        done = await press(alice, screen, "/muted/mute", ("username", BOB.username))
        assert (query_of(done.path)["older"], address(done)) == ("6003", "post-6001")
        assert "You mute @Bob_B now." in row_at(done)
        undone = await undo(alice, done)
        assert address(undone) == "post-6001"
        assert "You no longer mute @Bob_B." in row_at(undone)
        again = await undo(alice, undone)
        assert address(again) == "post-6001"
        assert "You mute @Bob_B now." in row_at(again)
        assert again.text.count("You mute @Bob_B now.") == 1

    async def test_after_unmuting_one_is_at_the_first_of_what_was_hidden(
        self, followed: Service, alice: Browser
    ) -> None:
        await followed.mute(ALICE, BOB.id)
        done = await press(alice, await alice.get(TIMELINE), "/muted/unmute", ("target_id", str(BOB.id)))
        assert address(done) == f"post-{BY_CAROL.id}"
        assert "You no longer mute @Bob_B." in row_at(done)

    async def test_of_a_repost_one_is_at_the_repost(self, followed: Service, alice: Browser) -> None:
        screen = await alice.get(TIMELINE)
        form = next(form for form in screen.forms if len(form.buttons) == 2)
        done = await alice.submit(screen, form, press=("username", CAROL.username), follow=True)
        assert address(done) == f"post-{BY_CAROL.id}"

    async def test_beside_what_is_left_out_now_one_is_at_the_next_post(self, sandbox: Service, alice: Browser) -> None:
        await follow(sandbox, ALICE, BOB, CAROL)
        await sandbox.store.posts.put([post(7_000 + nth, BOB if nth % 2 else CAROL, "Words.") for nth in range(6)])
        screen = await alice.get("/timeline?hidden=out")
        form = [form for form in screen.forms if ("username", BOB.username) in form.buttons][1]
        done = await alice.submit(screen, form, press=("username", BOB.username), follow=True)
        assert address(done) == "post-7003"
        assert 'id="post-7002"' in row_at(done)
        assert "You mute @Bob_B now." in row_at(done)

    @pytest.mark.parametrize("post_id", ["1", "x", str(1 << 62)])
    async def test_a_post_that_is_not_there_leads_nowhere_bad(
        self, followed: Service, alice: Browser, post_id: str
    ) -> None:
        await followed.mute(ALICE, BOB.id)
        screen = await alice.get(f"/timeline?muted={BOB.id}&post={post_id}")
        assert (screen.status, screen.text.count("You mute @Bob_B now.")) == (200, 1)

    async def test_where_nothing_is_left_it_is_said_at_the_top(self, followed: Service, alice: Browser) -> None:
        await followed.mute(ALICE, BOB.id)
        assert "You mute @Bob_B now." in (await alice.get(f"/timeline?older=1&muted={BOB.id}&post=1")).text

    async def test_pages_and_tabs_lead_to_no_post(self, followed: Service, alice: Browser) -> None:
        screen = await alice.get("/timeline?older=6003&post=6001")
        assert [url for url in screen.links if "post" in url] == []

    async def test_every_post_has_an_address_of_its_own_that_nothing_folds_away(
        self, followed: Service, alice: Browser
    ) -> None:
        await followed.mute(ALICE, BOB.id)
        screen = await alice.get(TIMELINE)
        ids = re.findall(r'id="post-(\d+)"', screen.html)
        assert ids == [str(each.id) for each in (BY_CAROL, BY_BOB, CAROLS, BOBS, OWN)]
        for fold in re.findall("<details>.*?</details>", screen.html, re.DOTALL):
            assert 'id="post' not in fold


def address(screen: Screen) -> str:
    """What in the page the address leads to."""
    return urlsplit(screen.path).fragment


def row_at(screen: Screen) -> str:
    """The HTML of the row that the address leads to, up to the first post in it."""
    return screen.html.partition(f'id="{address(screen)}"')[2].partition("<article")[0]


async def test_a_page_takes_few_queries_whatever_is_on_it(
    followed: Service, alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alice.get(TIMELINE)
    asked = 0
    inner = followed.store.posts.by_ids

    async def by_ids(ids: Iterable[int]) -> Sequence[Post]:
        nonlocal asked
        asked += 1
        return await inner(ids)

    monkeypatch.setattr(followed.store.posts, "by_ids", by_ids)
    assert posts(await alice.get(TIMELINE)) == 5
    assert asked == 2
    assert FULL.name not in (await alice.get(TIMELINE)).text
