"""Everything one can do with follows, and with asking to be let in where an account is protected."""

from collections.abc import Awaitable
from dataclasses import dataclass

from tacet.graph.errors import BlockedByTarget, CannotFollowSelf, TargetBlocked
from tacet.graph.social import SocialGraph
from tacet.mutes.paging import Page
from tacet.mutes.positions import Cursor
from tacet.records.people import MAX_ID
from tacet.records.relations import Change, Edge, Kind
from tacet.store.base import Prevented


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
    """Follow, unfollow, and both lists of anybody."""

    def __init__(self, graph: SocialGraph) -> None:
        self._graph = graph

    async def follow(self, source_id: int, target_id: int) -> Followed:
        """Follow durably, or ask a protected account durably; doing it again changes nothing.

        Source: X's reference of `POST /2/users/:id/following`, "will send a follow request".

        Raises:
            CannotFollowSelf, TargetMissing, TargetUnavailable, BlockedByTarget, TargetBlocked: nothing was written.
            StoreBusy: too many writes are waiting; nothing was written.
        """
        if source_id == target_id:
            raise CannotFollowSelf
        target = await self._graph.available(target_id)
        own, theirs = Edge(Kind.BLOCK, source_id, target_id), Edge(Kind.BLOCK, target_id, source_id)
        write = self._ask if target.profile.protected else self._let_in
        try:
            return await write(source_id, target_id, (own, theirs))
        except Prevented as prevented:
            raise (TargetBlocked if prevented.edge == own else BlockedByTarget) from None

    async def unfollow(self, source_id: int, target_id: int) -> bool:
        """Unfollow durably, or take the asking back; True if either held until now. Neither is no error."""
        if target_id > MAX_ID:
            return False
        gone = [
            Edge(Kind.FOLLOW, source_id, target_id),
            Edge(Kind.FOLLOWED_BY, target_id, source_id),
            Edge(Kind.REQUEST, source_id, target_id),
        ]
        followed, _, asked = await self._graph.change(gone, (source_id,))
        return followed or asked

    def following(self, person_id: int, cursor: Cursor, limit: int) -> Awaitable[Page]:
        """At most `limit` accounts that somebody follows, newest follow first."""
        return self._graph.lists.page(Kind.FOLLOW, person_id, cursor, limit)

    def followers(self, person_id: int, cursor: Cursor, limit: int) -> Awaitable[Page]:
        """At most `limit` accounts that follow somebody, newest follow first."""
        return self._graph.lists.page(Kind.FOLLOWED_BY, person_id, cursor, limit)

    async def _ask(self, source_id: int, target_id: int, unless: tuple[Edge, ...]) -> Followed:
        """Whoever is let in already stays so, and need not ask."""
        graph, follow = self._graph, Edge(Kind.FOLLOW, source_id, target_id)
        request = graph.new(Kind.REQUEST, source_id, target_id)
        try:
            await graph.change([request], (), (*unless, follow))
        except Prevented as prevented:
            if prevented.edge != follow:
                raise
            return Followed(following=True, pending=False)
        return Followed(following=False, pending=True)

    async def _let_in(self, source_id: int, target_id: int, unless: tuple[Edge, ...]) -> Followed:
        """Both sides of a follow, and the end of asking for it: the target may have been protected until now."""
        graph = self._graph
        changes: list[Change] = [
            graph.new(Kind.FOLLOW, source_id, target_id),
            graph.new(Kind.FOLLOWED_BY, target_id, source_id),
            Edge(Kind.REQUEST, source_id, target_id),
        ]
        await graph.change(changes, (source_id,), unless)
        return Followed(following=True, pending=False)
