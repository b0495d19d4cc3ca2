"""Everything one can do with follows, and with asking to be let in where an account is protected."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tacet.clock import Clock
from tacet.directory.lookup import People
from tacet.graph.errors import BlockedByTarget, CannotFollowSelf, TargetBlocked
from tacet.graph.targets import available
from tacet.mutes.paging import Lists, Page
from tacet.mutes.positions import Cursor, Positions
from tacet.records.people import MAX_ID, Person
from tacet.records.relations import Change, Edge, Kind, Relation
from tacet.store.base import RelationStore


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of a follow.

    Attributes:
        following: whether it holds now.
        pending: whether the target must let the source in first.
    """

    following: bool
    pending: bool


class Follows:
    """Follow, unfollow, and both lists of anybody.

    Args:
        changed: told the id of whoever follows somebody more, or fewer, than before.
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

    async def follow(self, source_id: int, target_id: int) -> Followed:
        """Follow durably, or ask a protected account durably; doing it again changes nothing.

        Source: X's reference of `POST /2/users/:id/following`, "will send a follow request".

        Raises:
            CannotFollowSelf, TargetMissing, TargetUnavailable, BlockedByTarget, TargetBlocked: nothing was written.
            StoreBusy: too many writes are waiting; nothing was written.
        """
        if source_id == target_id:
            raise CannotFollowSelf
        target = await available(self._people, target_id)
        if await self._holds(Kind.BLOCK, source_id, target_id):
            raise TargetBlocked
        followed = await self._follow(source_id, target)
        # A block of their own that was still on its way to the disk came first.
        if await self._holds(Kind.BLOCK, source_id, target_id):
            await self.unfollow(source_id, target_id)
            raise TargetBlocked
        return followed

    async def unfollow(self, source_id: int, target_id: int) -> bool:
        """Unfollow durably, or take the asking back; True if either held until now. Neither is no error."""
        if target_id > MAX_ID:
            return False
        gone = [
            Edge(Kind.FOLLOW, source_id, target_id),
            Edge(Kind.FOLLOWED_BY, target_id, source_id),
            Edge(Kind.REQUEST, source_id, target_id),
        ]
        followed, _, asked = await self._relations.change(gone, self._clock.now_ms()) or (False, False, False)
        if followed:
            self._changed(source_id)
        return followed or asked

    def following(self, person_id: int, cursor: Cursor, limit: int) -> Awaitable[Page]:
        """At most `limit` accounts that somebody follows, newest follow first."""
        return self._lists.page(Kind.FOLLOW, person_id, cursor, limit)

    def followers(self, person_id: int, cursor: Cursor, limit: int) -> Awaitable[Page]:
        """At most `limit` accounts that follow somebody, newest follow first."""
        return self._lists.page(Kind.FOLLOWED_BY, person_id, cursor, limit)

    async def _follow(self, source_id: int, target: Person) -> Followed:
        if not target.profile.protected:
            await self._let_in(source_id, target.id)
        elif not await self._holds(Kind.FOLLOW, source_id, target.id):
            await self._write([self._new(Kind.REQUEST, source_id, target.id)], source_id, target.id)
            return Followed(following=False, pending=True)
        return Followed(following=True, pending=False)

    async def _let_in(self, source_id: int, target_id: int) -> None:
        """Both sides of a follow, and the end of asking for it: the target may have been protected until now."""
        changes: list[Change] = [
            self._new(Kind.FOLLOW, source_id, target_id),
            self._new(Kind.FOLLOWED_BY, target_id, source_id),
            Edge(Kind.REQUEST, source_id, target_id),
        ]
        is_new, *_ = await self._write(changes, source_id, target_id)
        if is_new:
            self._changed(source_id)

    async def _write(self, changes: Sequence[Change], source_id: int, target_id: int) -> list[bool]:
        blocked = Edge(Kind.BLOCK, target_id, source_id)
        changed = await self._relations.change(changes, self._clock.now_ms(), unless=blocked)
        if changed is None:
            raise BlockedByTarget
        return changed

    def _new(self, kind: Kind, source_id: int, target_id: int) -> Relation:
        return Relation(kind, source_id, target_id, self._positions.next_position())

    async def _holds(self, kind: Kind, source_id: int, target_id: int) -> bool:
        return bool(await self._relations.which(kind, source_id, (target_id,), self._clock.now_ms()))
