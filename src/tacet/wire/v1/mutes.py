"""`/1.1/mutes/users`: ids, list, create, destroy.

Source: X's documentation of these four, and answers recorded of their siblings for blocks.
"""

from tacet.directory.shown import Shown
from tacet.mutes.actions import Mutes as Actions
from tacet.mutes.errors import CannotMuteSelf, TargetMissing, TargetUnavailable
from tacet.wire.problems import Refusal
from tacet.wire.v1 import problems
from tacet.wire.v1.calls import V1Call, V1Operation
from tacet.wire.v1.cursors import read_cursor, with_cursors
from tacet.wire.v1.encoding import encode_ids, encode_v1
from tacet.wire.v1.people import PeopleGiven
from tacet.wire.v1.render_user import UserObjects

IDS_PAGE = 5_000
"""Ids on a page, as documented; there is no parameter for it."""

LIST_PAGE = 20
"""Users on a page that does not ask for a number; not documented here, and what X's other lists of users have."""

MAX_LIST_PAGE = 200
"""The most that `count` may ask for, as in X's other lists of users."""


class Mutes:
    """The four mutes operations over the same actions as v2's."""

    def __init__(self, mutes: Actions, given: PeopleGiven, users: UserObjects, shown: Shown) -> None:
        self._mutes = mutes
        self._given = given
        self._users = users
        self._shown = shown

    def operations(self) -> list[V1Operation]:
        """All operations of this family."""
        return [
            V1Operation("mutes/users/list", "GET", self.list),
            V1Operation("mutes/users/ids", "GET", self.ids),
            V1Operation("mutes/users/create", "POST", self.create, writes=True),
            V1Operation("mutes/users/destroy", "POST", self.destroy, writes=True),
        ]

    async def ids(self, call: V1Call) -> bytes:
        """One page of ids, newest mute first; fewer where some of them are suspended."""
        page = await self._mutes.page(call.own_id, read_cursor(call.text("cursor")), IDS_PAGE)
        shown = await self._shown.of(page.target_ids)
        return with_cursors(b"ids", encode_ids(shown, call.flag("stringify_ids", False)), page)

    async def list(self, call: V1Call) -> bytes:
        """One page of users, newest mute first."""
        limit = call.number("count", LIST_PAGE, MAX_LIST_PAGE)
        page = await self._mutes.page(call.own_id, read_cursor(call.text("cursor")), limit)
        return with_cursors(b"users", encode_v1(await self._users.asked(page.target_ids, call)), page)

    async def create(self, call: V1Call) -> bytes:
        """Mute durably; muting again changes nothing. The user object is that of the moment before, as recorded."""
        target = await self._given.target(call)
        before = encode_v1(await self._users.one(target.id, call))
        try:
            await self._mutes.mute(call.own_id, target.id)
        except CannotMuteSelf:
            raise Refusal(problems.CANNOT_MUTE_SELF) from None
        except (TargetMissing, TargetUnavailable):
            raise Refusal(problems.USER_NOT_FOUND) from None
        return before

    async def destroy(self, call: V1Call) -> bytes:
        """Unmute durably; unlike in v2, somebody who is not muted cannot be unmuted."""
        target = await self._given.target(call)
        before = encode_v1(await self._users.one(target.id, call))
        if not await self._mutes.unmute(call.own_id, target.id):
            raise Refusal(problems.NOT_MUTING)
        return before
