import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tacet.ids import SeededRandomness, snowflake_moment_ms
from tacet.posts.changes import Deleted
from tacet.posts.errors import (
    AlreadyReposted,
    NotTheAuthor,
    PostMissing,
    PostRefused,
    QuoteTargetMissing,
    ReplyTargetMissing,
    RepostForbidden,
    TextEmpty,
    TextTooLong,
)
from tacet.posts.repeating import MAX_REPOST_CHARACTERS
from tacet.posts.writing import Draft, Writing
from tacet.records.people import MAX_ID, Post, PostDetails, PostHead, Reference, Shape, State, Stretch
from tacet.stored_ids import StoredSnowflakes
from tests.posts.homestead import ALICE, BOB, CAROL, NOW, Homestead, settled

UNKNOWN = 4_242


@pytest.fixture
async def homestead() -> AsyncIterator[Homestead]:
    async with settled() as settled_homestead:
        yield settled_homestead


@pytest.fixture
def writing(homestead: Homestead) -> Writing:
    return started(homestead)


def started(homestead: Homestead) -> Writing:
    """As after a start of the server."""
    store = homestead.store.posts
    ids = StoredSnowflakes(homestead.clock, SeededRandomness(9), store.newest_id)
    return Writing(store, homestead.people, homestead.visibility, homestead.clock, ids, homestead.changes)


async def stored(homestead: Homestead, post_id: int) -> Post | None:
    found = await homestead.store.posts.by_ids([post_id])
    return found[0] if found else None


async def ids_of(homestead: Homestead, author_id: int) -> list[int]:
    heads = await homestead.store.posts.of_authors([author_id], Stretch(), 100)
    return [head.id for head in heads]


class TestCreate:
    async def test_a_post_is_kept_as_it_was_answered(self, homestead: Homestead, writing: Writing) -> None:
        post = await writing.create(ALICE, Draft("Hello", reply_settings="following"))
        assert await stored(homestead, post.id) == post
        assert (post.author_id, post.text, post.created_at_ms) == (ALICE, "Hello", NOW)
        assert (post.shape, post.details.reply_settings) == (Shape.PLAIN, "following")

    async def test_ids_grow_and_tell_the_moment(self, homestead: Homestead, writing: Writing) -> None:
        first = await writing.create(ALICE, Draft("one"))
        second = await writing.create(BOB, Draft("two"))
        homestead.clock.advance(1)
        third = await writing.create(ALICE, Draft("three"))
        assert first.id < second.id < third.id
        assert [snowflake_moment_ms(post.id) - NOW for post in (first, second, third)] == [0, 0, 1]

    async def test_a_new_post_is_the_newest_though_the_clock_was_set_back_before_a_start(
        self, homestead: Homestead, writing: Writing
    ) -> None:
        before = await writing.create(ALICE, Draft("before"))
        homestead.clock.advance(-86_400_000)
        after = await started(homestead).create(ALICE, Draft("after"))
        repeated = await started(homestead).repost(BOB, after.id)
        assert await ids_of(homestead, ALICE) == [after.id, before.id]
        assert repeated.id == after.id
        assert (await ids_of(homestead, BOB))[0] > after.id

    async def test_the_same_may_be_said_again(self, homestead: Homestead, writing: Writing) -> None:
        posts = [await writing.create(ALICE, Draft("again")) for _ in range(2)]
        assert await ids_of(homestead, ALICE) == [post.id for post in reversed(posts)]

    async def test_whoever_is_named_is_mentioned(self, homestead: Homestead, writing: Writing) -> None:
        post = await writing.create(ALICE, Draft("@user_3 and @user_2"))
        assert post.details.mentioned_ids == (CAROL, BOB)
        heads = await homestead.store.posts.mentioning(BOB, Stretch(), 10)
        assert [head.id for head in heads] == [post.id]

    async def test_a_reply_names_whom_it_answers_and_stays_in_the_conversation(self, writing: Writing) -> None:
        start = await writing.create(ALICE, Draft("start"))
        reply = await writing.create(BOB, Draft("answer", reply_to=start.id))
        answer = await writing.create(ALICE, Draft("@user_2 answer", reply_to=reply.id))
        assert reply.details.references == (Reference("replied_to", start.id),)
        assert [each.details.conversation_id for each in (reply, answer)] == [start.id, start.id]
        assert [each.details.in_reply_to_user_id for each in (reply, answer)] == [ALICE, BOB]
        # Only what stands in the text is a mention.
        assert [each.details.mentioned_ids for each in (reply, answer)] == [(), (BOB,)]

    async def test_a_quote_refers_to_what_it_quotes(self, writing: Writing) -> None:
        quoted = await writing.create(BOB, Draft("wise words"))
        quote = await writing.create(ALICE, Draft("see", quoting=quoted.id))
        assert quote.details.references == (Reference("quoted", quoted.id),)
        assert (quote.shape, quote.details.conversation_id) == (Shape.QUOTE, 0)

    async def test_a_post_may_answer_one_and_quote_another(self, writing: Writing) -> None:
        one, other = [await writing.create(BOB, Draft(text)) for text in ("one", "other")]
        both = await writing.create(ALICE, Draft("both", reply_to=one.id, quoting=other.id))
        assert both.shape == Shape.REPLY | Shape.QUOTE

    async def test_to_answer_a_repost_answers_what_it_repeats(self, homestead: Homestead, writing: Writing) -> None:
        start = await writing.create(BOB, Draft("start"))
        repost_id = await homestead.repost(CAROL, start.id)
        reply = await writing.create(ALICE, Draft("answer", reply_to=repost_id))
        assert reply.details.references == (Reference("replied_to", start.id),)
        assert reply.details.in_reply_to_user_id == BOB

    @pytest.mark.parametrize(
        ("text", "kept"),
        [(" a ", "a"), ("a\r\nb", "a\nb"), ("a\x00\x07b", "ab"), ("a\tb", "a\tb"), ("\x1b[31m", "[31m")],
        ids=["space-around", "line-break", "controls", "tab", "escape-sequence"],
    )
    async def test_what_no_text_holds_is_left_out(self, writing: Writing, text: str, kept: str) -> None:
        assert (await writing.create(ALICE, Draft(text))).text == kept

    @pytest.mark.parametrize("text", ["", " \n ", "\x00"], ids=["nothing", "space", "controls"])
    async def test_an_empty_text_is_refused(self, homestead: Homestead, writing: Writing, text: str) -> None:
        with pytest.raises(TextEmpty):
            await writing.create(ALICE, Draft(text))
        assert await ids_of(homestead, ALICE) == []

    async def test_the_longest_text_is_taken_and_a_longer_one_refused(self, writing: Writing) -> None:
        assert (await writing.create(ALICE, Draft("漢" * 140))).text == "漢" * 140
        for text in ("a" * 281, "漢" * 141, "🚀" * 141):
            with pytest.raises(TextTooLong):
                await writing.create(ALICE, Draft(text))


class TestWhatMayNotBeSeen:
    """A post that the author may not see is answered, quoted or repeated as little as one that is not there."""

    @pytest.fixture(params=["unknown", "too-large", "deleted", "protected", "blocking", "blocked", "suspended"])
    async def hidden(self, request: pytest.FixtureRequest, homestead: Homestead) -> int:
        if request.param in {"unknown", "too-large"}:
            return UNKNOWN if request.param == "unknown" else MAX_ID + 1
        post_id = await homestead.post(BOB)
        if request.param == "deleted":
            await homestead.delete(post_id)
        elif request.param == "blocking":
            await homestead.block(BOB, ALICE)
        elif request.param == "blocked":
            await homestead.block(ALICE, BOB)
        else:
            state = State.SUSPENDED if request.param == "suspended" else State.ACTIVE
            await homestead.move(BOB, state, protected=request.param == "protected")
        return post_id

    async def test_is_not_answered(self, homestead: Homestead, writing: Writing, hidden: int) -> None:
        with pytest.raises(ReplyTargetMissing):
            await writing.create(ALICE, Draft("answer", reply_to=hidden))
        assert await ids_of(homestead, ALICE) == []

    async def test_is_not_quoted(self, homestead: Homestead, writing: Writing, hidden: int) -> None:
        with pytest.raises(QuoteTargetMissing):
            await writing.create(ALICE, Draft("quote", quoting=hidden))
        assert await ids_of(homestead, ALICE) == []

    async def test_is_not_repeated(self, homestead: Homestead, writing: Writing, hidden: int) -> None:
        with pytest.raises(PostMissing):
            await writing.repost(ALICE, hidden)
        assert await ids_of(homestead, ALICE) == []


class TestRepost:
    async def test_a_repost_says_whose_it_is_and_mentions_nobody(self, homestead: Homestead, writing: Writing) -> None:
        post = await writing.create(BOB, Draft("for @user_3"))
        assert await writing.repost(ALICE, post.id) == post
        [repost_id] = await ids_of(homestead, ALICE)
        repost = await stored(homestead, repost_id)
        assert repost is not None
        assert (repost.text, repost.shape) == ("RT @user_2: for @user_3", Shape.REPOST)
        assert (repost.reposted_id, repost.details.reposted_author_id) == (post.id, BOB)
        assert repost.details.mentioned_ids == ()

    async def test_its_text_is_cut_to_the_old_limit(self, homestead: Homestead, writing: Writing) -> None:
        post = await writing.create(BOB, Draft("a" * 280))
        await writing.repost(ALICE, post.id)
        repost = await stored(homestead, (await ids_of(homestead, ALICE))[0])
        assert repost is not None
        assert (len(repost.text), repost.text[-2:]) == (MAX_REPOST_CHARACTERS, "a\u2026")

    async def test_one_repeats_a_post_once(self, homestead: Homestead, writing: Writing) -> None:
        post = await writing.create(BOB, Draft("again"))
        await writing.repost(ALICE, post.id)
        with pytest.raises(AlreadyReposted):
            await writing.repost(ALICE, post.id)
        await writing.repost(CAROL, post.id)
        assert len(await ids_of(homestead, ALICE)) == 1

    async def test_to_repeat_a_repost_repeats_what_it_repeats(self, homestead: Homestead, writing: Writing) -> None:
        post = await writing.create(BOB, Draft("again"))
        repost_id = await homestead.repost(CAROL, post.id)
        assert (await writing.repost(ALICE, repost_id)).id == post.id
        with pytest.raises(AlreadyReposted):
            await writing.repost(ALICE, post.id)

    async def test_a_protected_account_is_repeated_by_itself_only(self, homestead: Homestead, writing: Writing) -> None:
        post = await writing.create(BOB, Draft("for friends"))
        await homestead.move(BOB, protected=True)
        await homestead.follow(ALICE, BOB)
        with pytest.raises(RepostForbidden):
            await writing.repost(ALICE, post.id)
        assert (await writing.repost(BOB, post.id)).id == post.id

    async def test_a_repost_taken_back_is_gone_and_may_be_made_again(
        self, homestead: Homestead, writing: Writing
    ) -> None:
        post = await writing.create(BOB, Draft("again"))
        await writing.repost(ALICE, post.id)
        assert await writing.undo_repost(ALICE, post.id) is True
        assert await ids_of(homestead, ALICE) == []
        assert await writing.undo_repost(ALICE, post.id) is False
        await writing.repost(ALICE, post.id)
        assert len(await ids_of(homestead, ALICE)) == 1

    async def test_any_repost_of_it_says_which_one_to_take_back(self, homestead: Homestead, writing: Writing) -> None:
        post = await writing.create(BOB, Draft("again"))
        others = await homestead.repost(CAROL, post.id)
        await writing.repost(ALICE, post.id)
        assert await writing.undo_repost(ALICE, others) is True
        assert (await ids_of(homestead, ALICE), await ids_of(homestead, CAROL)) == ([], [others])

    @pytest.mark.parametrize("post_id", [UNKNOWN, MAX_ID + 1])
    async def test_a_repost_of_nothing_is_not_taken_back(self, writing: Writing, post_id: int) -> None:
        assert await writing.undo_repost(ALICE, post_id) is False

    async def test_a_repost_of_what_is_not_there_is_taken_back_like_any_other(
        self, homestead: Homestead, writing: Writing
    ) -> None:
        details = PostDetails(references=(Reference("retweeted", UNKNOWN),))
        imported = [Post(person_id, person_id, "RT @user_3: hi", NOW, details) for person_id in (ALICE, BOB, CAROL)]
        await homestead.store.posts.put(imported)
        assert await writing.undo_repost(ALICE, UNKNOWN) is True
        assert await writing.undo_repost(ALICE, UNKNOWN) is False
        # Any other repost of it tells which one is meant.
        assert await writing.undo_repost(BOB, CAROL) is True
        assert [await ids_of(homestead, person_id) for person_id in (ALICE, BOB, CAROL)] == [[], [], [CAROL]]


class TestDelete:
    async def test_a_deleted_post_is_gone_with_its_reposts(self, homestead: Homestead, writing: Writing) -> None:
        post = await writing.create(ALICE, Draft("oops"))
        await writing.repost(BOB, post.id)
        assert await writing.delete(ALICE, post.id) is True
        assert (await ids_of(homestead, ALICE), await ids_of(homestead, BOB)) == ([], [])

    async def test_replies_and_quotes_stay(self, homestead: Homestead, writing: Writing) -> None:
        post = await writing.create(ALICE, Draft("oops"))
        replies = [await writing.create(BOB, Draft("what?", reply_to=post.id))]
        replies += [await writing.create(BOB, Draft("ha", quoting=post.id))]
        await writing.delete(ALICE, post.id)
        assert await ids_of(homestead, BOB) == [reply.id for reply in reversed(replies)]

    async def test_nobody_deletes_anothers_post(self, homestead: Homestead, writing: Writing) -> None:
        post = await writing.create(BOB, Draft("mine"))
        with pytest.raises(NotTheAuthor):
            await writing.delete(ALICE, post.id)
        assert await ids_of(homestead, BOB) == [post.id]

    @pytest.mark.parametrize("post_id", [UNKNOWN, MAX_ID + 1])
    async def test_what_is_not_there_is_not_deleted(self, writing: Writing, post_id: int) -> None:
        assert await writing.delete(ALICE, post_id) is False

    async def test_ones_repost_is_deleted_like_a_post(self, homestead: Homestead, writing: Writing) -> None:
        post = await writing.create(BOB, Draft("again"))
        await writing.repost(ALICE, post.id)
        [repost_id] = await ids_of(homestead, ALICE)
        assert await writing.delete(ALICE, repost_id) is True
        assert await ids_of(homestead, BOB) == [post.id]


@pytest.mark.parametrize("change", ["create", "delete", "repost", "undo_repost"])
async def test_whoever_keeps_posts_is_told_of_a_change_though_nobody_waits_for_it(
    homestead: Homestead, writing: Writing, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request is given up between the change in the store and the telling."""
    post = await writing.create(BOB, Draft("hello"))
    if change == "undo_repost":
        await writing.repost(ALICE, post.id)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "create": lambda: writing.create(BOB, Draft("again")),
        "delete": lambda: writing.delete(BOB, post.id),
        "repost": lambda: writing.repost(ALICE, post.id),
        "undo_repost": lambda: writing.undo_repost(ALICE, post.id),
    }
    before = homestead.changes.sequence
    written, released = asyncio.Event(), asyncio.Event()
    name = "delete" if change in {"delete", "undo_repost"} else "add"
    real = getattr(homestead.store.posts, name)

    async def slow(what: object) -> object:
        result = await real(what)
        written.set()
        await released.wait()
        return result

    monkeypatch.setattr(homestead.store.posts, name, slow)
    request = asyncio.ensure_future(calls[change]())
    await asyncio.wait_for(written.wait(), 30)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    released.set()
    for _ in range(10):
        await asyncio.sleep(0)
    assert homestead.changes.sequence == before + 1


async def test_every_change_is_told_and_nothing_else(homestead: Homestead, writing: Writing) -> None:
    post = await writing.create(BOB, Draft("hello"))
    await writing.repost(ALICE, post.id)
    [repost_id] = await ids_of(homestead, ALICE)
    for refused in (writing.create(ALICE, Draft("")), writing.repost(ALICE, post.id), writing.delete(ALICE, post.id)):
        with pytest.raises(PostRefused):
            await refused
    await writing.delete(ALICE, UNKNOWN)
    await writing.undo_repost(ALICE, post.id)
    await writing.undo_repost(ALICE, post.id)
    await writing.delete(BOB, post.id)
    assert homestead.changes.since(0) == [
        PostHead(post.id, BOB),
        PostHead(repost_id, ALICE, BOB),
        Deleted(repost_id, ALICE),
        Deleted(post.id, BOB),
    ]
