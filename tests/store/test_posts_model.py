"""Random sequences of posting, importing and deleting, compared with a dictionary that does the same."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from tacet.records.people import Post, PostDetails, PostHead, Reference, Shape, Stretch
from tacet.store.base import Conflict, Store
from tests.store.building import NOW
from tests.store.conftest import Fresh

# So few that they collide.
IDS = st.integers(1, 12)
AUTHORS = st.integers(50, 53)
MENTIONED = st.lists(st.integers(50, 53), max_size=2, unique=True).map(tuple)
LIMITS = st.integers(0, 6)


@dataclass
class Model:
    """Every post by id, as it should be read."""

    posts: dict[int, Post] = field(default_factory=dict)

    def author_of(self, id_: int, otherwise: int) -> int:
        return self.posts[id_].author_id if id_ in self.posts else otherwise

    def repost_of(self, author_id: int, post_id: int) -> int | None:
        found = [p.id for p in self.posts.values() if p.author_id == author_id and p.reposted_id == post_id]
        assert len(found) <= 1
        return found[0] if found else None

    def read(self, post: Post) -> Post:
        """A post with the author of what it repeats, where that is there."""
        author_id = self.author_of(post.reposted_id, post.details.reposted_author_id)
        return _made(post.id, post.author_id, post.details.references, post.details.mentioned_ids, author_id)

    def heads(self, stretch: Stretch, among: set[int]) -> list[PostHead]:
        inside = [
            PostHead(p.id, p.author_id, self.read(p).details.reposted_author_id)
            for p in self.posts.values()
            if p.id in among and stretch.newer_than < p.id < stretch.older_than and not p.shape & stretch.without
        ]
        return sorted(inside, key=lambda head: head.id, reverse=not stretch.upwards)


def _made(
    id_: int, author_id: int, references: tuple[Reference, ...], mentioned: tuple[int, ...], of_author: int = 0
) -> Post:
    details = PostDetails(references=references, mentioned_ids=mentioned, reposted_author_id=of_author)
    return Post(id_, author_id, f"{id_}", NOW, details)


REFERENCES = st.lists(
    st.builds(Reference, st.sampled_from(["retweeted", "replied_to", "quoted"]), IDS),
    max_size=2,
    unique_by=lambda each: each.type,
).map(tuple)
POSTS = st.builds(_made, IDS, AUTHORS, REFERENCES, MENTIONED)
STRETCHES = st.builds(
    Stretch,
    newer_than=st.integers(0, 12),
    older_than=st.integers(1, 13),
    without=st.sampled_from([Shape.PLAIN, Shape.REPLY, Shape.REPOST, Shape.REPLY | Shape.REPOST, Shape.QUOTE]),
    upwards=st.booleans(),
)


@dataclass(frozen=True)
class Add:
    post: Post

    async def apply(self, store: Store, model: Model) -> None:
        repeated = self.post.reposted_id
        refused = repeated and (
            repeated not in model.posts or model.repost_of(self.post.author_id, repeated) is not None
        )
        if not refused and self.post.id in model.posts:
            try:
                await store.posts.add(self.post)
            except Conflict:
                return
            raise AssertionError("one id was given twice")
        if refused and self.post.id in model.posts:
            return  # Either reason will do.
        assert await store.posts.add(self.post) is not bool(refused)
        if not refused:
            model.posts[self.post.id] = self.post


@dataclass(frozen=True)
class Put:
    posts: tuple[Post, ...]

    async def apply(self, store: Store, model: Model) -> None:
        await store.posts.put(self.posts)
        for post in self.posts:
            other = model.repost_of(post.author_id, post.reposted_id) if post.reposted_id else None
            if other in (None, post.id):
                model.posts[post.id] = post


@dataclass(frozen=True)
class Delete:
    id: int

    async def apply(self, store: Store, model: Model) -> None:
        there = self.id in model.posts
        assert await store.posts.delete(self.id) is there
        if there:
            model.posts = {id_: post for id_, post in model.posts.items() if self.id not in (id_, post.reposted_id)}


@dataclass(frozen=True)
class Look:
    author_ids: tuple[int, ...]
    stretch: Stretch
    limit: int

    async def apply(self, store: Store, model: Model) -> None:
        theirs = {p.id for p in model.posts.values() if p.author_id in self.author_ids}
        expected = model.heads(self.stretch, theirs)[: self.limit]
        assert await store.posts.of_authors(self.author_ids, self.stretch, self.limit) == expected
        for person_id in self.author_ids:
            mentions = {p.id for p in model.posts.values() if person_id in p.details.mentioned_ids}
            expected = model.heads(self.stretch, mentions)[: self.limit]
            assert await store.posts.mentioning(person_id, self.stretch, self.limit) == expected


STEPS = st.one_of(
    st.builds(Add, POSTS),
    st.builds(Put, st.lists(POSTS, max_size=3).map(tuple)),
    st.builds(Delete, IDS),
    st.builds(Look, st.lists(AUTHORS, max_size=4).map(tuple), STRETCHES, LIMITS),
)


async def compare(store: Store, model: Model) -> None:
    found = {post.id: post for post in await store.posts.by_ids(range(20))}
    assert found == {id_: model.read(post) for id_, post in model.posts.items()}
    for author_id in range(50, 54):
        newest = max((p.id for p in model.posts.values() if p.author_id == author_id), default=0)
        assert await store.posts.latest([author_id]) == ({author_id: newest} if newest else {})
        for post_id in range(1, 13):
            assert await store.posts.repost_of(author_id, post_id) == model.repost_of(author_id, post_id)


@given(steps=st.lists(STEPS, max_size=25))
@settings(max_examples=80, deadline=None)
async def test_a_store_does_what_its_documentation_says(fresh: Fresh, steps: list[Add | Put | Delete | Look]) -> None:
    async with fresh() as store:
        model = Model()
        for step in steps:
            await step.apply(store, model)
        await compare(store, model)
