import asyncio
from collections.abc import AsyncIterator
from itertools import chain
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tacet.posts import home as home_module
from tacet.posts.candidates import MAX_CANDIDATES, SPARE_CANDIDATES
from tacet.records.people import Post, Shape, State, Stretch
from tacet.records.relations import Kind, Relation
from tests.posts.homestead import ALICE, BOB, CAROL, DAVE, ERIN, NOW, PEOPLE, Homestead, settled


@pytest.fixture(params=[True, False], ids=["homes are kept", "nothing is kept"])
def keeps(request: pytest.FixtureRequest) -> bool:
    """Whether homes are kept, as where one process serves a database."""
    kept: bool = request.param
    return kept


only_kept = pytest.mark.parametrize("keeps", [True], indirect=True, ids=["homes are kept"])
"""About how homes are kept."""


@pytest.fixture
async def homestead(keeps: bool) -> AsyncIterator[Homestead]:
    """Alice follows Bob and Carol."""
    async with settled(keeps=keeps) as settled_homestead:
        await settled_homestead.follow(ALICE, BOB)
        await settled_homestead.follow(ALICE, CAROL)
        yield settled_homestead


async def test_a_home_is_made_of_ones_own_posts_and_those_of_followed_accounts(homestead: Homestead) -> None:
    posts = [await homestead.post(author) for author in (BOB, DAVE, ALICE, CAROL)]
    assert await homestead.home(ALICE) == [posts[3], posts[2], posts[0]]


async def test_a_mute_shows_on_the_next_page_and_so_does_its_end(homestead: Homestead) -> None:
    bobs, carols = await homestead.post(BOB), await homestead.post(CAROL)
    assert await homestead.home(ALICE) == [carols, bobs]
    await homestead.mutes.mute(ALICE, BOB)
    assert await homestead.home(ALICE) == [carols]
    await homestead.mutes.unmute(ALICE, BOB)
    assert await homestead.home(ALICE) == [carols, bobs]


async def test_a_mute_ends_by_itself(homestead: Homestead) -> None:
    bobs = await homestead.post(BOB)
    await homestead.mutes.mute(ALICE, BOB, NOW + 1_000)
    assert await homestead.home(ALICE) == []
    homestead.clock.advance(1_000)
    assert await homestead.home(ALICE) == [bobs]


async def test_what_others_repeat_of_a_muted_account_is_hidden(homestead: Homestead) -> None:
    original = await homestead.post(DAVE)
    repost = await homestead.repost(BOB, original)
    assert await homestead.home(ALICE) == [repost]
    await homestead.mutes.mute(ALICE, DAVE)
    assert await homestead.home(ALICE) == []


async def test_what_a_muted_account_repeats_is_hidden(homestead: Homestead) -> None:
    original = await homestead.post(DAVE)
    await homestead.repost(BOB, original)
    await homestead.mutes.mute(ALICE, BOB)
    assert await homestead.home(ALICE) == []


async def test_ones_own_posts_are_never_hidden(homestead: Homestead) -> None:
    original = await homestead.post(BOB)
    own, own_repost = await homestead.post(ALICE), await homestead.repost(ALICE, original)
    await homestead.mutes.mute(ALICE, BOB)
    assert await homestead.home(ALICE) == [own_repost, own]


async def test_answers_and_quotes_of_followed_accounts_stay_whomever_they_concern(homestead: Homestead) -> None:
    original = await homestead.post(DAVE)
    answer, quote = await homestead.post(BOB, reply_to=original), await homestead.post(CAROL, quoting=original)
    await homestead.mutes.mute(ALICE, DAVE)
    assert await homestead.home(ALICE) == [quote, answer]


async def test_reposts_of_whom_one_blocks_or_is_blocked_by_are_hidden(homestead: Homestead) -> None:
    daves, erins = await homestead.post(DAVE), await homestead.post(ERIN)
    reposts = [await homestead.repost(BOB, daves), await homestead.repost(BOB, erins)]
    assert await homestead.home(ALICE) == reposts[::-1]
    await homestead.block(ALICE, DAVE)
    assert await homestead.home(ALICE) == reposts[1:]
    await homestead.block(ERIN, ALICE)
    assert await homestead.home(ALICE) == []
    await homestead.unblock(ALICE, DAVE)
    assert await homestead.home(ALICE) == reposts[:1]


@pytest.mark.parametrize("recent", [True, False], ids=["recent", "older"])
async def test_ones_own_repost_of_whom_one_may_not_see_is_hidden_too(homestead: Homestead, recent: bool) -> None:
    """What it shows is another's text; a mute does not hide it."""
    repost = await homestead.repost(ALICE, await homestead.post(DAVE))
    stretch = {} if recent else {"older_than": repost + 1}
    if not recent:
        for _ in range(MAX_CANDIDATES + 5):
            await homestead.post(CAROL)
    await homestead.mutes.mute(ALICE, DAVE)
    assert repost in await homestead.home(ALICE, **stretch)
    await homestead.block(DAVE, ALICE)
    assert repost not in await homestead.home(ALICE, **stretch)
    await homestead.unblock(DAVE, ALICE)
    assert repost in await homestead.home(ALICE, **stretch)


async def test_reposts_of_a_protected_account_are_for_its_followers(homestead: Homestead) -> None:
    repost = await homestead.repost(BOB, await homestead.post(DAVE))
    await homestead.move(DAVE, protected=True)
    assert await homestead.home(ALICE) == []
    await homestead.follow(ALICE, DAVE)
    assert repost in await homestead.home(ALICE)


async def test_a_suspended_account_leaves_the_home_and_returns(homestead: Homestead) -> None:
    bobs = await homestead.post(BOB)
    await homestead.move(BOB, State.SUSPENDED)
    assert await homestead.home(ALICE) == []
    await homestead.move(BOB)
    assert await homestead.home(ALICE) == [bobs]


async def test_a_follow_and_its_end_show_at_once(homestead: Homestead) -> None:
    daves = await homestead.post(DAVE)
    assert await homestead.home(ALICE) == []
    await homestead.follow(ALICE, DAVE)
    assert await homestead.home(ALICE) == [daves]
    await homestead.unfollow(ALICE, DAVE)
    assert await homestead.home(ALICE) == []


async def test_a_deleted_post_leaves_with_its_reposts(homestead: Homestead) -> None:
    original, other = await homestead.post(CAROL), await homestead.post(CAROL)
    repost = await homestead.repost(BOB, original)
    assert await homestead.home(ALICE) == [repost, other, original]
    await homestead.delete(original)
    assert await homestead.home(ALICE) == [other]


@pytest.mark.parametrize("before", [True, False], ids=["read before", "read at the end"])
@pytest.mark.parametrize(
    ("without", "shown"),
    [
        pytest.param(Shape.PLAIN, [0, 1, 2, 3], id="nothing"),
        pytest.param(Shape.REPLY, [0, 2, 3], id="replies"),
        pytest.param(Shape.REPOST, [0, 1, 3], id="reposts"),
        pytest.param(Shape.REPLY | Shape.REPOST, [0, 3], id="both"),
    ],
)
async def test_replies_and_reposts_can_be_left_out(
    homestead: Homestead, without: Shape, shown: list[int], before: bool
) -> None:
    if before:
        assert await homestead.home(ALICE, without=without) == []
    original = await homestead.post(BOB)
    posts = [
        original,
        await homestead.post(CAROL, reply_to=original),
        await homestead.repost(CAROL, original),
        await homestead.post(CAROL, quoting=original),
    ]
    assert await homestead.home(ALICE, without=without) == [posts[place] for place in shown[::-1]]


async def test_a_page_says_what_muting_would_hide_where_it_hides_nothing(homestead: Homestead) -> None:
    daves = await homestead.post(DAVE)
    repost, carols = await homestead.repost(BOB, daves), await homestead.post(CAROL)
    await homestead.mutes.mute(ALICE, DAVE)
    page = await homestead.homes.page(ALICE, Stretch(), 10, hide=False)
    assert [(head.id, head.author_id, head.reposted_author_id) for head in page.heads] == [
        (carols, CAROL, 0),
        (repost, BOB, DAVE),
    ]
    assert page.muted_author_ids == {DAVE}


async def test_a_page_on_which_muting_hides_nothing_is_full_though_other_posts_are_hidden(homestead: Homestead) -> None:
    original = await homestead.post(DAVE)
    posts = [await homestead.post(BOB) for _ in range(10)]
    await homestead.repost(BOB, original)
    # They are older than what is kept, and so read with the reposts that nobody may see.
    for _ in range(MAX_CANDIDATES + 5):
        await homestead.post(CAROL)
    await homestead.block(DAVE, ALICE)
    older = await homestead.page(ALICE, MAX_CANDIDATES + 5)
    page = await homestead.homes.page(ALICE, Stretch(older_than=older.older_than or 0), 10, hide=False)
    assert page.post_ids == posts[::-1]


async def test_a_page_asks_once_whom_of_its_authors_the_viewer_mutes_and_reads_no_mutes(
    homestead: Homestead, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many mutes there are: the question names only authors, and nothing else is asked about mutes."""
    relations = homestead.store.relations
    await relations.add_many([Relation(Kind.MUTE, ALICE, 1_000 + n, 2 * n) for n in range(2_000)])
    daves = await homestead.post(DAVE)
    for _ in range(30):
        await homestead.post(BOB)
    await homestead.repost(CAROL, daves)
    asked: list[tuple[str, Any]] = []

    def spy(name: str) -> None:
        real = getattr(relations, name)

        async def spied(kind: Kind, *arguments: Any) -> Any:
            if kind is Kind.MUTE:
                asked.append((name, arguments))
            return await real(kind, *arguments)

        monkeypatch.setattr(relations, name, spied)

    for name in ("which", "who", "older", "newer", "packed", "position"):
        spy(name)
    for stretch in (Stretch(), Stretch(upwards=True)):
        asked.clear()
        assert len((await homestead.homes.page(ALICE, stretch, 100)).post_ids) == 31
        ((name, (viewer_id, author_ids, _)),) = asked
        assert (name, viewer_id, sorted(author_ids)) == ("which", ALICE, [BOB, CAROL, DAVE])


async def test_pages_are_full_though_a_fifth_is_hidden(homestead: Homestead) -> None:
    for n in range(200):
        await homestead.post(BOB if n % 5 == 0 else CAROL)
    await homestead.mutes.mute(ALICE, BOB)
    assert [len(page) for page in await homestead.walk(ALICE, 50)] == [50, 50, 50, 10]


async def test_a_page_of_nothing_but_hidden_posts_leads_on(homestead: Homestead) -> None:
    carols = await homestead.post(CAROL)
    for _ in range(100):
        await homestead.post(BOB)
    await homestead.mutes.mute(ALICE, BOB)
    pages = await homestead.walk(ALICE, 10)
    assert pages[0] == []
    assert list(chain(*pages)) == [carols]


async def test_a_walk_goes_on_below_what_is_kept(homestead: Homestead) -> None:
    count = 2 * MAX_CANDIDATES + 10
    await homestead.store.posts.put([Post(n, BOB, "hi", NOW) for n in range(1, count + 1)])
    pages = await homestead.walk(ALICE, 100)
    assert list(chain(*pages)) == list(range(count, 0, -1))
    assert [len(page) for page in pages] == [100] * 16 + [10]
    upwards = await homestead.climb(ALICE, 100)
    assert list(chain(*(page[::-1] for page in upwards))) == list(range(1, count + 1))


async def test_hidden_reposts_below_what_is_kept_are_hidden_as_well(homestead: Homestead) -> None:
    daves = await homestead.post(DAVE)
    await homestead.repost(BOB, daves)
    deep = await homestead.post(BOB)
    for _ in range(MAX_CANDIDATES + 5):
        await homestead.post(CAROL)
    await homestead.block(DAVE, ALICE)
    assert list(chain(*await homestead.walk(ALICE, 100)))[-1] == deep


@only_kept
async def test_a_home_that_grows_stays_whole(homestead: Homestead) -> None:
    assert await homestead.home(ALICE) == []
    posts = []
    for _ in range(MAX_CANDIDATES + SPARE_CANDIDATES + 50):
        posts.append(await homestead.post(BOB))
        if len(posts) % 100 == 0:
            assert await homestead.home(ALICE, 3) == posts[:-4:-1]
    assert list(chain(*await homestead.walk(ALICE, 100))) == posts[::-1]


async def test_a_page_within_bounds(homestead: Homestead) -> None:
    posts = [await homestead.post(BOB) for _ in range(10)]
    assert await homestead.home(ALICE, newer_than=posts[2], older_than=posts[7]) == posts[6:2:-1]
    page = await homestead.page(ALICE, 2, newer_than=posts[2], older_than=posts[7], upwards=True)
    assert page.post_ids == [posts[4], posts[3]]
    assert (page.newer_than, page.older_than) == (posts[4], posts[2] + 1)


@only_kept
async def test_after_more_changes_than_are_remembered_a_home_is_read_anew(
    homestead: Homestead, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await homestead.home(ALICE) == []
    monkeypatch.setattr(homestead.changes, "since", lambda _: None)
    bobs = await homestead.post(BOB)
    assert await homestead.home(ALICE) == [bobs]


@only_kept
async def test_a_change_is_taken_in_once(homestead: Homestead, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    real = homestead.changes.since

    def since(sequence: int) -> Any:
        changes = real(sequence)
        told.append(len(changes or ()))
        return changes

    monkeypatch.setattr(homestead.changes, "since", since)
    for _ in range(3):
        await homestead.home(ALICE)
        await homestead.post(BOB)
    for _ in range(3):
        await homestead.home(ALICE)
    assert told == [1, 1, 1]


async def test_only_the_newest_follows_make_a_home(homestead: Homestead, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home_module, "MAX_FOLLOWED", 1)
    await homestead.post(BOB)
    carols = await homestead.post(CAROL)
    assert await homestead.home(ALICE) == [carols]


@only_kept
@pytest.mark.parametrize(
    ("limit", "value"), [("MAX_HOMES", 2), ("MAX_HOME_BYTES", 100_000)], ids=["of homes", "of memory"]
)
async def test_homes_are_kept_within_bounds(
    homestead: Homestead, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(home_module, limit, value)
    loads: list[int] = []
    real = homestead.homes._load

    async def load(viewer_id: int, *how: Any) -> Any:
        loads.append(viewer_id)
        return await real(viewer_id, *how)

    monkeypatch.setattr(homestead.homes, "_load", load)
    for viewer in (ALICE, BOB, ALICE, CAROL, DAVE, ERIN, ERIN):
        await homestead.home(viewer)
    assert loads[0] == ALICE
    loads.clear()
    await homestead.home(ERIN)
    await homestead.home(ALICE)
    assert loads == [ALICE]


async def test_a_home_forgotten_while_it_is_read_is_not_kept(
    homestead: Homestead, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is unfollowed between the reading of the follows and of the posts."""
    bobs = await homestead.post(BOB)
    real = homestead.visibility.visible_authors
    left = False

    async def visible_authors(author_ids: Any, viewer_id: int | None) -> set[int]:
        nonlocal left
        if not left:
            left = True
            await homestead.unfollow(ALICE, BOB)
        return await real(author_ids, viewer_id)

    monkeypatch.setattr(homestead.visibility, "visible_authors", visible_authors)
    assert await homestead.home(ALICE) == [bobs]
    assert await homestead.home(ALICE) == []


class Model:
    """The plain definition of a home, over plain sets."""

    def __init__(self) -> None:
        self.posts: dict[int, tuple[int, int, int, Shape]] = {}
        self.follows: set[tuple[int, int]] = set()
        self.mutes: set[tuple[int, int]] = set()
        self.blocks: set[tuple[int, int]] = set()
        self.gone: set[int] = set()
        self.protected: set[int] = set()

    def sees(self, viewer: int, author: int) -> bool:
        if viewer == author:
            return True
        apart = {(viewer, author), (author, viewer)} & self.blocks
        locked = author in self.protected and (viewer, author) not in self.follows
        return author not in self.gone and not apart and not locked

    def shows(self, viewer: int, post: tuple[int, int, int, Shape], without: Shape) -> bool:
        author, _, reposted_author, shape = post
        if shape & without or (reposted_author and not self.sees(viewer, reposted_author)):
            return False
        if author == viewer:
            return True
        if (viewer, author) not in self.follows or not self.sees(viewer, author) or (viewer, author) in self.mutes:
            return False
        return (viewer, reposted_author) not in self.mutes

    def home(self, viewer: int, without: Shape) -> list[int]:
        return [id_ for id_ in sorted(self.posts, reverse=True) if self.shows(viewer, self.posts[id_], without)]

    def delete(self, post_id: int) -> None:
        del self.posts[post_id]
        self.posts = {id_: post for id_, post in self.posts.items() if post[1] != post_id}


people = st.sampled_from(PEOPLE)
pairs = st.tuples(people, people).filter(lambda pair: pair[0] != pair[1])
places = st.integers(0, 1_000)
shapes = st.sampled_from([Shape.PLAIN, Shape.REPLY, Shape.REPOST, Shape.REPLY | Shape.REPOST])


class Days(RuleBasedStateMachine):
    """Whatever happens, homes are those that the definition gives."""

    keeps = True

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._context = settled(keeps=self.keeps)
        self._world = self._run(self._context.__aenter__())
        self._model = Model()

    def _run(self, work: Any) -> Any:
        return self._runner.run(_awaited(work))

    @rule(pair=pairs)
    def follow(self, pair: tuple[int, int]) -> None:
        if not {pair, pair[::-1]} & self._model.blocks:
            self._run(self._world.follow(*pair))
            self._model.follows.add(pair)

    @rule(pair=pairs)
    def unfollow(self, pair: tuple[int, int]) -> None:
        self._run(self._world.unfollow(*pair))
        self._model.follows.discard(pair)

    @rule(pair=pairs)
    def block(self, pair: tuple[int, int]) -> None:
        self._run(self._world.block(*pair))
        self._model.blocks.add(pair)
        self._model.follows -= {pair, pair[::-1]}

    @rule(pair=pairs)
    def unblock(self, pair: tuple[int, int]) -> None:
        self._run(self._world.unblock(*pair))
        self._model.blocks.discard(pair)

    @rule(pair=pairs)
    def mute(self, pair: tuple[int, int]) -> None:
        if pair[1] not in self._model.gone:
            self._run(self._world.mutes.mute(*pair))
            self._model.mutes.add(pair)

    @rule(pair=pairs)
    def unmute(self, pair: tuple[int, int]) -> None:
        self._run(self._world.mutes.unmute(*pair))
        self._model.mutes.discard(pair)

    @rule(author=people, count=st.integers(1, 12), ms=st.sampled_from([0, 1, 86_400_000]))
    def post(self, author: int, count: int, ms: int) -> None:
        for _ in range(count):
            self._world.clock.advance(ms)
            self._model.posts[self._run(self._world.post(author))] = (author, 0, 0, Shape.PLAIN)

    @precondition(lambda self: self._model.posts)
    @rule(author=people, place=places)
    def answer(self, author: int, place: int) -> None:
        id_ = self._run(self._world.post(author, reply_to=self._pick(place)))
        self._model.posts[id_] = (author, 0, 0, Shape.REPLY)

    @precondition(lambda self: self._model.posts)
    @rule(author=people, place=places)
    def repost(self, author: int, place: int) -> None:
        original = self._pick(place)
        original_author, repeated, *_ = self._model.posts[original]
        again = any(post[:2] == (author, original) for post in self._model.posts.values())
        if not repeated and not again:
            id_ = self._run(self._world.repost(author, original))
            self._model.posts[id_] = (author, original, original_author, Shape.REPOST)

    @precondition(lambda self: self._model.posts)
    @rule(place=places)
    def delete(self, place: int) -> None:
        post_id = self._pick(place)
        self._run(self._world.delete(post_id))
        self._model.delete(post_id)

    @rule(person=people, state=st.sampled_from(State), protected=st.booleans())
    def move(self, person: int, state: State, protected: bool) -> None:
        self._run(self._world.move(person, state, protected))
        (self._model.gone.discard if state is State.ACTIVE else self._model.gone.add)(person)
        (self._model.protected.add if protected else self._model.protected.discard)(person)

    @rule(viewer=people, limit=st.integers(1, 9), without=shapes)
    def walk(self, viewer: int, limit: int, without: Shape) -> None:
        pages = self._run(self._world.walk(viewer, limit, without))
        assert list(chain(*pages)) == self._model.home(viewer, without)
        assert all(len(page) <= limit for page in pages)

    @rule(viewer=people, limit=st.integers(1, 9))
    def climb(self, viewer: int, limit: int) -> None:
        pages = self._run(self._world.climb(viewer, limit))
        assert list(chain(*(page[::-1] for page in pages))) == self._model.home(viewer, Shape.PLAIN)[::-1]

    @precondition(lambda self: self._model.posts)
    @rule(viewer=people, low=places, high=places, upwards=st.booleans())
    def read_between(self, viewer: int, low: int, high: int, upwards: bool) -> None:
        since, until = sorted((self._pick(low), self._pick(high)))
        found = self._run(self._world.home(viewer, newer_than=since, older_than=until, upwards=upwards))
        assert found == [id_ for id_ in self._model.home(viewer, Shape.PLAIN) if since < id_ < until]

    @invariant()
    def homes_are_as_defined(self) -> None:
        for viewer in PEOPLE:
            assert self._run(self._world.home(viewer, 1_000)) == self._model.home(viewer, Shape.PLAIN)

    def teardown(self) -> None:
        self._run(self._context.__aexit__(None, None, None))
        self._runner.close()

    def _pick(self, place: int) -> int:
        ids = sorted(self._model.posts)
        return ids[place % len(ids)]


class DaysBesideOthers(Days):
    """The same where nothing is kept."""

    keeps = False


async def _awaited(work: Any) -> Any:
    return await work


@pytest.fixture
def short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """So little is kept of a home that most of it comes from the store."""
    monkeypatch.setattr(home_module, "MAX_CANDIDATES", 5)
    monkeypatch.setattr("tacet.posts.candidates.MAX_CANDIDATES", 5)
    monkeypatch.setattr("tacet.posts.candidates.SPARE_CANDIDATES", 3)


def test_homes_are_as_defined_whatever_happens() -> None:
    run_state_machine_as_test(Days, settings=settings(max_examples=40, stateful_step_count=40))


@pytest.mark.usefixtures("short_memory")
def test_homes_are_as_defined_where_little_of_them_is_kept() -> None:
    run_state_machine_as_test(Days, settings=settings(max_examples=40, stateful_step_count=40))


def test_homes_are_as_defined_where_nothing_is_kept() -> None:
    run_state_machine_as_test(DaysBesideOthers, settings=settings(max_examples=40, stateful_step_count=40))
