"""The home timeline: what the viewer and those they follow posted, less what the viewer mutes.

Everything but muting changes seldom, so the newest posts of a home are kept and brought up to date, where this process
alone changes them. Elsewhere each page is read anew. Mutes are asked for on each page, "which of these authors", in one
question: a mute shows on the very next page, and no list of mutes is ever read.
"""

from collections.abc import Iterable, Sequence

import msgspec

from tacet.cache import Hits
from tacet.clock import Clock
from tacet.directory.lookup import People
from tacet.ids import snowflake_at
from tacet.mutes.actions import Mutes
from tacet.mutes.positions import NEWEST
from tacet.posts.candidates import MAX_CANDIDATES, Candidates, Read, columns
from tacet.posts.changes import Deleted, PostChanges
from tacet.posts.cutting import cut, to_read
from tacet.posts.reading import of_authors
from tacet.posts.visibility import Visibility
from tacet.records.people import PostHead, Shape, Stretch
from tacet.records.relations import Kind
from tacet.store.base import RelationStore
from tacet.store.posts import PostStore

MAX_FOLLOWED = 5_000
"""Followed accounts of which a home is made, the newest follows: as many as X lets everybody follow."""

MAX_HOMES = 2_000
"""Viewers whose homes are kept: more than look at one within minutes of each other on one process."""

MAX_HOME_BYTES = 48 * 1024 * 1024
"""Memory for kept homes, about a thousand of those who follow 500: most may then be asked for a few times a minute."""


class HomePage(msgspec.Struct, frozen=True):
    """A page of a home, newest post first.

    Attributes:
        muted_author_ids: those of the authors, and reposted authors, whom the viewer mutes.
        older_than, newer_than: as in `tacet.posts.cutting.Cut`.
    """

    read: Read
    shown: Sequence[int]
    muted_author_ids: set[int]
    older_than: int | None
    newer_than: int | None

    @property
    def post_ids(self) -> list[int]:
        """The posts' ids."""
        return [self.read.ids[place] for place in self.shown]

    @property
    def heads(self) -> list[PostHead]:
        """The posts, with their authors and reposted authors."""
        read = self.read
        return [
            PostHead(read.ids[place], read.author_ids[place], read.reposted_author_ids[place]) for place in self.shown
        ]


class Homes:
    """Everybody's home.

    Args:
        changes: what became of posts since a home was kept; None keeps none, where others change posts and relations.
    """

    def __init__(
        self,
        posts: PostStore,
        relations: RelationStore,
        people: People,
        visibility: Visibility,
        mutes: Mutes,
        clock: Clock,
        changes: PostChanges | None,
    ) -> None:
        self._posts = posts
        self._relations = relations
        self._people = people
        self._visibility = visibility
        self._mutes = mutes
        self._clock = clock
        self._changes = changes
        self._generation = people.generation
        self._bytes = 0
        self.hits = Hits()
        self._homes: dict[int, dict[Shape, Candidates]] = {}

    async def page(self, viewer_id: int, stretch: Stretch, limit: int, hide: bool = True) -> HomePage:
        """At most `limit` posts of a viewer's home.

        A page may be short, even empty, though there is more: what is hidden is left out after reading.

        Args:
            hide: False keeps what muting hides; `muted_author_ids` then tells what that is.
        """
        read, unseen = await self._read(viewer_id, stretch, to_read(limit))
        muted = await self._mutes.which(viewer_id, read.named) if read.named else set()
        kept = _kept(read, muted if hide else set(), unseen, viewer_id)
        page = cut(stretch, read.ids, kept, read.more, limit)
        return HomePage(read, page.shown, muted, page.older_than, page.newer_than)

    @property
    def kept(self) -> int:
        """How many viewers' homes are kept."""
        return len(self._homes)

    @property
    def kept_bytes(self) -> int:
        """The memory they take, about."""
        return self._bytes

    def forget(self, viewer_id: int) -> None:
        """Whom they follow, block or are blocked by has changed."""
        self._bytes -= sum(each.size_bytes for each in self._homes.pop(viewer_id, {}).values())

    async def _read(self, viewer_id: int, stretch: Stretch, count: int) -> tuple[Read, set[int]]:
        """Posts of a home, and those of the reposted authors among them whom the viewer may not see."""
        if self._changes is None:
            authors = await self._authors(viewer_id)
        else:
            candidates = await self._current(viewer_id, stretch.without, self._changes)
            kept = candidates.read(stretch, count)
            if kept is not None:
                return kept, set()
            authors = candidates.authors()
        found = await self._of_authors(authors, stretch, count + 1)
        heads = found[:count]
        read = columns(
            [head.id for head in heads],
            [head.author_id for head in heads],
            [head.reposted_author_id for head in heads],
            len(found) > count,
        )
        return read, await self._unseen(viewer_id, heads)

    async def _current(self, viewer_id: int, without: Shape, changes: PostChanges) -> Candidates:
        """The newest candidates, as they are now."""
        if self._generation != self._people.generation:
            self._generation = self._people.generation
            self._homes.clear()
            self._bytes = 0
        # Taken out and put back: the first ones are those that were not asked for the longest.
        kept = self._homes[viewer_id] = self._homes.pop(viewer_id, {})
        candidates = kept.get(without)
        if candidates is not None and await self._catch_up(viewer_id, candidates, without, changes):
            self.hits.found += 1
            return candidates
        self.hits.missed += 1
        candidates = await self._load(viewer_id, without, changes.sequence)
        # What was forgotten while it was read may be out of date, and is used this once.
        if self._homes.get(viewer_id) is kept:
            self._keep(kept, without, candidates)
        return candidates

    def _keep(self, kept: dict[Shape, Candidates], without: Shape, candidates: Candidates) -> None:
        """Keep a home, and let go of those that were not asked for lately where all together are too many."""
        replaced = kept.get(without)
        self._bytes += candidates.size_bytes - (replaced.size_bytes if replaced else 0)
        kept[without] = candidates
        while len(self._homes) > MAX_HOMES or self._bytes > MAX_HOME_BYTES:
            self.forget(next(iter(self._homes)))

    async def _load(self, viewer_id: int, without: Shape, sequence: int) -> Candidates:
        authors = await self._authors(viewer_id)
        found = await self._of_authors(authors, Stretch(without=without), MAX_CANDIDATES + 1)
        heads = found[:MAX_CANDIDATES]
        floor = heads[-1].id if len(found) > MAX_CANDIDATES else 0
        unseen = await self._unseen(viewer_id, heads)
        shown = [head for head in heads if head.reposted_author_id not in unseen]
        return Candidates(authors, shown, floor, sequence)

    async def _authors(self, viewer_id: int) -> list[int]:
        """Whose posts a home is made of, in order."""
        now_ms = self._clock.now_ms()
        followed = await self._relations.packed(Kind.FOLLOW, viewer_id, NEWEST, MAX_FOLLOWED, now_ms)
        seen = await self._visibility.visible_authors(followed.target_ids, viewer_id)
        return sorted({*seen, viewer_id})

    async def _of_authors(self, author_ids: list[int], stretch: Stretch, limit: int) -> list[PostHead]:
        return await of_authors(self._posts, author_ids, stretch, limit, snowflake_at(self._clock.now_ms(), 0))

    async def _catch_up(self, viewer_id: int, candidates: Candidates, without: Shape, changes: PostChanges) -> bool:
        """Take in what changed; False where that cannot be told, and they must be loaded anew."""
        sequence = changes.sequence
        if candidates.sequence == sequence:
            return True
        since = changes.since(candidates.sequence)
        if since is None:
            return False
        new: dict[int, PostHead] = {}
        gone: list[Deleted] = []
        for change in since:
            if isinstance(change, Deleted):
                gone.append(change)
            elif candidates.is_by(change.author_id):
                new[change.id] = change
        heads = await self._wanted(viewer_id, list(new.values()), without) if new else []
        for head in heads:
            candidates.add(head)
        # The new first: of them, too, some may be gone again.
        if not all(candidates.remove(each.post_id, each.author_id) for each in gone):
            return False
        candidates.sequence = sequence
        return True

    async def _wanted(self, viewer_id: int, heads: list[PostHead], without: Shape) -> list[PostHead]:
        """Those of some new posts that belong into a home."""
        if without:
            posts = await self._posts.by_ids([head.id for head in heads])
            fitting = {post.id for post in posts if not post.shape & without}
            heads = [head for head in heads if head.id in fitting]
        unseen = await self._unseen(viewer_id, heads)
        return [head for head in heads if head.reposted_author_id not in unseen]

    async def _unseen(self, viewer_id: int, heads: Iterable[PostHead]) -> set[int]:
        """Those of the reposted authors whom the viewer may not see."""
        reposted = {head.reposted_author_id for head in heads} - {0, viewer_id}
        return reposted - await self._visibility.visible_authors(reposted, viewer_id) if reposted else set()


def _kept(read: Read, muted: set[int], unseen: set[int], viewer_id: int) -> Sequence[int]:
    """The places of the posts that are neither by, nor repeated from, somebody muted, but for one's own.

    What is repeated from somebody unseen is not kept even then.
    """
    if not (muted or unseen):
        return range(len(read.ids))
    whose = enumerate(zip(read.author_ids, read.reposted_author_ids, strict=True))
    return [
        place
        for place, (author_id, reposted_id) in whose
        if reposted_id not in unseen
        and (author_id == viewer_id or (author_id not in muted and reposted_id not in muted))
    ]
