"""Posts of one person, and posts that mention one. Muting hides nothing here: whoever asks for somebody sees them."""

from collections.abc import Awaitable, Callable

import msgspec

from tacet.clock import Clock
from tacet.ids import snowflake_at
from tacet.posts.cutting import cut, to_read
from tacet.posts.reading import of_authors
from tacet.posts.visibility import Visibility
from tacet.records.people import PostHead, Stretch
from tacet.store.posts import PostStore


class TimelinePage(msgspec.Struct, frozen=True):
    """A page of a timeline, newest post first.

    Attributes:
        older_than, newer_than: as in `tacet.posts.cutting.Cut`.
    """

    heads: list[PostHead]
    older_than: int | None
    newer_than: int | None

    @property
    def post_ids(self) -> list[int]:
        """The posts' ids."""
        return [head.id for head in self.heads]


class Timelines:
    """The timelines that belong to a person and are read by others."""

    def __init__(self, posts: PostStore, visibility: Visibility, clock: Clock) -> None:
        self._posts = posts
        self._visibility = visibility
        self._clock = clock

    async def of_person(self, person_id: int, viewer_id: int | None, stretch: Stretch, limit: int) -> TimelinePage:
        """At most `limit` posts and reposts by somebody; none where the viewer may not see them."""

        def read(count: int) -> Awaitable[list[PostHead]]:
            newest_id = snowflake_at(self._clock.now_ms(), 0)
            return of_authors(self._posts, [person_id], stretch, count, newest_id)

        return await self._page(read, viewer_id, stretch, limit)

    async def mentions(self, person_id: int, viewer_id: int | None, stretch: Stretch, limit: int) -> TimelinePage:
        """At most `limit` posts that mention somebody, of those that the viewer may see."""

        def read(count: int) -> Awaitable[list[PostHead]]:
            return self._posts.mentioning(person_id, stretch, count)

        return await self._page(read, viewer_id, stretch, limit)

    async def _page(
        self,
        read: Callable[[int], Awaitable[list[PostHead]]],
        viewer_id: int | None,
        stretch: Stretch,
        limit: int,
    ) -> TimelinePage:
        count = to_read(limit)
        found = await read(count + 1)
        heads = found[:count]
        kept = await self._visibility.visible_places(heads, viewer_id)
        page = cut(stretch, [head.id for head in heads], kept, len(found) > count, limit)
        return TimelinePage([heads[place] for place in page.shown], page.older_than, page.newer_than)
