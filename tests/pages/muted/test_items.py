from collections.abc import Iterable, Sequence

import pytest

from tacet.records.people import Person, Post, PostDetails, Reference, State
from tacet.records.relations import Kind, Relation
from tests.cast import ALICE, BOB, CAROL, FULL, HIDDEN, LATEST, NOW_MS, OWN, PROTECTED, SUSPENDED
from tests.pages.browsing import Browser, Screen
from tests.pages.muted.scenes import TIMELINE, folded, follow, post, repost
from tests.service import Service

MINUTE_MS = 60_000

CAROLS = Post(6002, CAROL.id, "Carol's own words", NOW_MS)


def referring(id_: int, author: Person, *to: tuple[str, int], answered_id: int = 0) -> Post:
    references = tuple(Reference(type_, id_) for type_, id_ in to)
    return Post(
        id_, author.id, f"Words of {id_}", NOW_MS, PostDetails(references=references, in_reply_to_user_id=answered_id)
    )


@pytest.fixture
async def followed(sandbox: Service) -> Service:
    """Alice follows Bob, who is all that she reads beside herself."""
    await follow(sandbox, ALICE, BOB)
    await sandbox.store.posts.put([CAROLS])
    return sandbox


async def reading(service: Service, browser: Browser, *posts: Post) -> Screen:
    await service.store.posts.put(posts)
    return await browser.get(TIMELINE)


class TestReposts:
    async def test_it_is_said_when_it_was_repeated_and_when_it_was_written(
        self, followed: Service, alice: Browser
    ) -> None:
        repeated = repost(6003, BOB, CAROLS)
        later = Post(repeated.id, repeated.author_id, repeated.text, NOW_MS + 5 * MINUTE_MS, repeated.details)
        text = (await reading(followed, alice, later)).text
        assert "Bob @Bob_B reposted · 7 May 2022, 13:25 UTC Mute @Bob_B" in text
        assert "Carol ☕ 🚀/<3 @carol · 7 May 2022, 13:20 UTC Mute @carol" in text

    async def test_of_another_post_a_button_needs_no_name_to_be_seen(self, followed: Service, alice: Browser) -> None:
        html = (await reading(followed, alice, post(6003, BOB, "Words"))).html
        assert 'Mute<span class="unseen"> @Bob_B</span>' in html

    async def test_of_a_repost_each_button_says_whom(self, followed: Service, alice: Browser) -> None:
        html = (await reading(followed, alice, repost(6003, BOB, CAROLS))).html
        for person in (BOB, CAROL):
            assert f"Mute<span> @{person.username}</span>" in html

    async def test_whoever_repeats_themselves_has_one_button(self, followed: Service, alice: Browser) -> None:
        words = post(6003, BOB, "Words")
        screen = await reading(followed, alice, words, repost(6004, BOB, words))
        assert [form.buttons for form in screen.forms if form.action == "/muted/mute"] == [
            [("username", BOB.username)],
            [("username", BOB.username)],
            [],
        ]


class TestAnswers:
    @pytest.mark.parametrize("tells", [True, False], ids=["in-the-post", "by-the-answered-post-alone"])
    async def test_it_is_said_whom_a_post_answers(self, followed: Service, alice: Browser, tells: bool) -> None:
        answer = referring(6003, BOB, ("replied_to", CAROLS.id), answered_id=CAROL.id if tells else 0)
        assert "Answers @carol Words of 6003" in (await reading(followed, alice, answer)).text

    async def test_what_is_repeated_says_so_as_well(self, followed: Service, alice: Browser) -> None:
        answer = referring(6003, CAROL, ("replied_to", OWN.id), answered_id=ALICE.id)
        assert (
            "Answers @alice Words of 6003" in (await reading(followed, alice, answer, repost(6004, BOB, answer))).text
        )

    @pytest.mark.parametrize("answered_id", [0, 77, SUSPENDED.id], ids=["gone", "nobody", "suspended"])
    async def test_whoever_cannot_be_known_is_not_named(
        self, followed: Service, alice: Browser, answered_id: int
    ) -> None:
        answer = referring(6003, BOB, ("replied_to", 99), answered_id=answered_id)
        screen = await reading(followed, alice, answer)
        assert "Answers a post that you cannot see Words of 6003" in screen.text
        assert SUSPENDED.username not in screen.text

    async def test_any_other_post_answers_nobody(self, followed: Service, alice: Browser) -> None:
        assert "Answers" not in (await reading(followed, alice, post(6003, BOB, "Words"))).text


class TestQuotes:
    async def test_the_quoted_words_stand_below_with_whose_they_are(self, followed: Service, alice: Browser) -> None:
        screen = await reading(followed, alice, referring(6003, BOB, ("quoted", CAROLS.id)))
        assert f"Words of 6003 Quotes @carol · 7 May 2022, 13:20 UTC {CAROLS.text}" in screen.text
        assert folded(screen) == []

    async def test_what_is_repeated_quotes_as_well(self, followed: Service, alice: Browser) -> None:
        quoting = referring(6003, FULL, ("quoted", CAROLS.id), ("replied_to", LATEST.id), answered_id=FULL.id)
        screen = await reading(followed, alice, quoting, repost(6004, BOB, quoting))
        assert "Answers @full Words of 6003 Quotes @carol" in screen.text
        assert CAROLS.text in screen.text

    async def test_words_of_somebody_muted_are_folded_and_say_so(self, followed: Service, alice: Browser) -> None:
        await followed.mute(ALICE, CAROL.id)
        screen = await reading(followed, alice, referring(6003, BOB, ("quoted", CAROLS.id)))
        assert folded(screen) == [f"Quotes @carol, hidden as you mute @carol Show Fold {CAROLS.text}"]

    async def test_so_are_words_that_somebody_else_repeated(self, followed: Service, alice: Browser) -> None:
        await followed.mute(ALICE, CAROL.id)
        repeated = repost(6003, FULL, CAROLS)
        screen = await reading(followed, alice, repeated, referring(6004, BOB, ("quoted", repeated.id)))
        assert folded(screen) == [f"Quotes @full, hidden as you mute @carol Show Fold {repeated.text}"]

    @pytest.mark.parametrize("why", ["gone", "protected", "suspended", "blocking", "blocked"])
    async def test_what_one_may_not_see_is_not_shown_and_looks_as_if_gone(
        self, followed: Service, alice: Browser, why: str
    ) -> None:
        relations = followed.store.relations
        if why == "blocking":
            await relations.add(Relation(Kind.BLOCK, CAROL.id, ALICE.id, 2), NOW_MS)
        elif why == "blocked":
            await relations.add(Relation(Kind.BLOCK, ALICE.id, CAROL.id, 2), NOW_MS)
        elif why == "suspended":
            await followed.put(Person(CAROL.id, CAROL.username, CAROL.name, State.SUSPENDED))
        quoted_id = {"gone": 99, "protected": HIDDEN.id}.get(why, CAROLS.id)
        screen = await reading(followed, alice, referring(6003, BOB, ("quoted", quoted_id)))
        assert "Words of 6003 Quotes a post that you cannot see" in screen.text
        for words in (CAROLS.text, HIDDEN.text, CAROL.username, PROTECTED.username):
            assert words not in screen.text

    async def test_hostile_words_are_text(self, followed: Service, alice: Browser) -> None:
        quoting = referring(6004, BOB, ("quoted", 6003))
        screen = await reading(followed, alice, post(6003, CAROL, "</blockquote><script>"), quoting)
        assert "</blockquote><script>" in screen.text
        assert "script" not in {tag for tag, _ in screen.tags}


async def test_a_long_page_takes_as_many_queries_as_a_short_one(
    followed: Service, alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids of posts that are looked up, for a page on which everything refers to something else."""
    asked: list[int] = []
    inner = followed.store.posts.by_ids

    async def by_ids(ids: Iterable[int]) -> Sequence[Post]:
        wanted = list(ids)
        asked.append(len(wanted))
        return await inner(wanted)

    def block(nth: int) -> list[Post]:
        first, quoted, quoting, answer = range(10_000 + 10 * nth, 10_004 + 10 * nth)
        original = referring(quoting, FULL, ("quoted", quoted))
        return [
            post(first, CAROL, "First"),
            post(quoted, CAROL, "Quoted"),
            original,
            referring(answer, BOB, ("replied_to", first), ("quoted", first)),
            repost(answer + 1, BOB, original),
        ]

    counts = []
    for blocks in (1, 9):
        await followed.store.posts.put([each for nth in range(blocks) for each in block(nth)])
        followed.tacet.actions.homes.forget(ALICE.id)
        await alice.get(TIMELINE)
        monkeypatch.setattr(followed.store.posts, "by_ids", by_ids)
        asked.clear()
        screen = await alice.get(TIMELINE)
        assert screen.text.count("Quotes @carol") == 2 * blocks
        counts.append(len(asked))
        monkeypatch.undo()
    assert counts == [3, 3]
