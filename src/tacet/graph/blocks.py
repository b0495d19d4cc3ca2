"""Everything one can do with blocks."""

from collections.abc import Awaitable, Callable

from tacet.clock import Clock
from tacet.directory.lookup import People
from tacet.graph.errors import CannotBlockSelf
from tacet.graph.targets import available
from tacet.mutes.paging import Lists, Page
from tacet.mutes.positions import Cursor, Positions
from tacet.records.people import MAX_ID
from tacet.records.relations import Edge, Kind, Relation
from tacet.store.base import RelationStore


class Blocks:
    """Block, unblock, page.

    Args:
        changed: told the ids of both, whenever a block or what it ends changed: neither sees the same posts as before.
    """

    def __init__(
        self,
        relations: RelationStore,
        people: People,
        clock: Clock,
        positions: Positions,
        lists: Lists,
        changed: Callable[[int], None],
    ) -> None:
        self._relations = relations
        self._people = people
        self._clock = clock
        self._positions = positions
        self._lists = lists
        self._changed = changed

    async def block(self, source_id: int, target_id: int) -> bool:
        """Block durably, and end follows both ways with it; return True if it did not hold before.

        Source: X's help centre, "About blocking": blocked accounts are made to unfollow, and are unfollowed.

        Raises:
            CannotBlockSelf, TargetMissing, TargetUnavailable: nothing was written.
            StoreBusy: too many writes are waiting; nothing was written.
        """
        if source_id == target_id:
            raise CannotBlockSelf
        await available(self._people, target_id)
        relation = Relation(Kind.BLOCK, source_id, target_id, self._positions.next_position())
        ended = (*_between(source_id, target_id), *_between(target_id, source_id))
        changed = await self._relations.change([relation, *ended], self._clock.now_ms()) or [False]
        if any(changed):
            self._tell(source_id, target_id)
        return changed[0]

    async def unblock(self, source_id: int, target_id: int) -> bool:
        """Unblock durably; return True if the block held until now. What it ended stays ended."""
        if target_id > MAX_ID:
            return False
        held = await self._relations.remove(Kind.BLOCK, source_id, target_id, self._clock.now_ms())
        if held:
            self._tell(source_id, target_id)
        return held

    def page(self, source_id: int, cursor: Cursor, limit: int) -> Awaitable[Page]:
        """At most `limit` blocked accounts from the cursor on, newest block first."""
        return self._lists.page(Kind.BLOCK, source_id, cursor, limit)

    def _tell(self, source_id: int, target_id: int) -> None:
        self._changed(source_id)
        self._changed(target_id)


def _between(source_id: int, target_id: int) -> tuple[Edge, ...]:
    """What makes the source a follower of the target, or would."""
    return (
        Edge(Kind.FOLLOW, source_id, target_id),
        Edge(Kind.FOLLOWED_BY, target_id, source_id),
        Edge(Kind.REQUEST, source_id, target_id),
    )
