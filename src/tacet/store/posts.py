"""Posts, by id and by author."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from tacet.records.people import Post, PostHead, Stretch


class PostStore(ABC):
    """Posts. Ids grow with time, so their order is the order of a timeline."""

    @abstractmethod
    async def by_ids(self, ids: Iterable[int]) -> list[Post]:
        """The posts with these ids, in no order; unknown ones are left out."""

    @abstractmethod
    async def latest(self, author_ids: Iterable[int]) -> dict[int, int]:
        """Id of each author's most recent post; authors without one are left out."""

    @abstractmethod
    async def newest_id(self, below: int) -> int:
        """The largest id of a post that is less than `below`; 0 where there is none."""

    @abstractmethod
    async def put(self, posts: Sequence[Post]) -> int:
        """Insert or replace posts, and whom they mention, in one transaction; return how many rows changed.

        For imports and seeding: a repost may come before what it repeats, whose author is then known from both. One
        that repeats what its author repeats already, under another id, is left out.

        Only this changes a revision: what is added or deleted one by one is done by the server that would look.
        """

    @abstractmethod
    async def add(self, post: Post) -> bool:
        """Record one new post, and whom it mentions, durably.

        False, and nothing is written, where it repeats a post that its author repeats already, or that is gone.

        Raises:
            Conflict: a post has this id.
            StoreBusy: the write queue is full.
        """

    @abstractmethod
    async def delete(self, post_id: int) -> bool:
        """Delete a post, its mentions and all reposts of it; return True if it was there.

        Raises:
            StoreBusy: the write queue is full.
        """

    @abstractmethod
    async def of_authors(self, author_ids: Sequence[int], stretch: Stretch, limit: int) -> list[PostHead]:
        """At most `limit` posts of these authors in the order in which the stretch is walked."""

    @abstractmethod
    async def mentioning(self, person_id: int, stretch: Stretch, limit: int) -> list[PostHead]:
        """At most `limit` posts that mention somebody, in the order in which the stretch is walked."""

    @abstractmethod
    async def repost_of(self, author_id: int, post_id: int) -> int | None:
        """The id of the post with which an author repeats another post; None where there is none."""
