"""`/1.1/blocks`: block and unblock. v2 has no such operations any more.

Source: X's documentation of `blocks/create` and `blocks/destroy`, and answers recorded in 2014 and 2021.
"""

from tacet.graph.blocks import Blocks as Actions
from tacet.graph.errors import CannotBlockSelf, TargetMissing, TargetUnavailable
from tacet.wire.problems import Refusal
from tacet.wire.v1 import problems
from tacet.wire.v1.calls import V1Call, V1Operation
from tacet.wire.v1.encoding import encode_v1
from tacet.wire.v1.people import PeopleGiven
from tacet.wire.v1.render_user import UserObjects


class Blocks:
    """Both answer the other's user object as it was before: X is recorded to say `following` of whom it unfollows."""

    def __init__(self, given: PeopleGiven, users: UserObjects, blocks: Actions) -> None:
        self._given = given
        self._users = users
        self._blocks = blocks

    def operations(self) -> list[V1Operation]:
        """All operations of this family."""
        return [
            V1Operation("blocks/create", "POST", self.create, writes=True),
            V1Operation("blocks/destroy", "POST", self.destroy, writes=True),
        ]

    async def create(self, call: V1Call) -> bytes:
        """Block durably; blocking again changes nothing."""
        target = await self._given.target(call)
        before = await self._users.one(target.id, call)
        try:
            await self._blocks.block(call.own_id, target.id)
        except CannotBlockSelf:
            raise Refusal(problems.CANNOT_FIND_USER) from None
        except TargetMissing:
            raise Refusal(problems.USER_NOT_FOUND) from None
        except TargetUnavailable:
            raise Refusal(problems.USER_SUSPENDED) from None
        return encode_v1(before)

    async def destroy(self, call: V1Call) -> bytes:
        """Unblock durably; unblocking somebody who is not blocked changes nothing."""
        target = await self._given.target(call)
        before = await self._users.one(target.id, call)
        await self._blocks.unblock(call.own_id, target.id)
        return encode_v1(before)
