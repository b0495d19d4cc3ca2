"""Everything one can do with blocks."""

from collections.abc import Awaitable

from tacet.graph.errors import CannotBlockSelf
from tacet.graph.social import SocialGraph
from tacet.mutes.paging import Page
from tacet.mutes.positions import Cursor
from tacet.records.people import MAX_ID
from tacet.records.relations import Edge, Kind


class Blocks:
    """Block, unblock, page. Of every change both are told: neither sees the same posts as before."""

    def __init__(self, graph: SocialGraph) -> None:
        self._graph = graph

    async def block(self, source_id: int, target_id: int) -> bool:
        """Block durably, and end follows both ways with it; return True if it did not hold before.

        Source: X's help centre, "About blocking": blocked accounts are made to unfollow, and are unfollowed.

        Raises:
            CannotBlockSelf, TargetMissing, TargetUnavailable: nothing was written.
            StoreBusy: too many writes are waiting; nothing was written.
        """
        if source_id == target_id:
            raise CannotBlockSelf
        graph = self._graph
        await graph.available(target_id)
        block = graph.new(Kind.BLOCK, source_id, target_id)
        ended = (*_between(source_id, target_id), *_between(target_id, source_id))
        held_not_before, *_ = await graph.change([block, *ended], (source_id, target_id))
        return held_not_before

    async def unblock(self, source_id: int, target_id: int) -> bool:
        """Unblock durably; return True if the block held until now. What it ended stays ended."""
        if target_id > MAX_ID:
            return False
        [held] = await self._graph.change([Edge(Kind.BLOCK, source_id, target_id)], (source_id, target_id))
        return held

    def page(self, source_id: int, cursor: Cursor, limit: int) -> Awaitable[Page]:
        """At most `limit` blocked accounts from the cursor on, newest block first."""
        return self._graph.lists.page(Kind.BLOCK, source_id, cursor, limit)


def _between(source_id: int, target_id: int) -> tuple[Edge, ...]:
    """What makes the source a follower of the target, or would."""
    return (
        Edge(Kind.FOLLOW, source_id, target_id),
        Edge(Kind.FOLLOWED_BY, target_id, source_id),
        Edge(Kind.REQUEST, source_id, target_id),
    )
