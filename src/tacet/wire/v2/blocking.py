"""`/2/users/:id/blocking`: whom one blocks. Blocking and unblocking went away from v2, and are v1.1's.

Source: X's OpenAPI operation getUsersBlocking.
"""

from tacet.graph.blocks import Blocks
from tacet.mutes.positions import FIRST_PAGE
from tacet.wire.kinds import ID, integer_between
from tacet.wire.operations import Call, Operation
from tacet.wire.parameters import Parameters
from tacet.wire.selection import select
from tacet.wire.v2.answers import Answers
from tacet.wire.v2.tokens import POSITION_TOKEN, position_meta

DEFAULT_PAGE = 100
"""Blocks on a page that does not ask for a number."""

MAX_PAGE = 1_000
"""The most that may be asked for."""

_DEFAULT_SELECTION = select({})


class Blocking:
    """The list over one set of actions."""

    def __init__(self, blocks: Blocks, answers: Answers) -> None:
        self._blocks = blocks
        self._answers = answers

    def operations(self) -> list[Operation]:
        """All operations of this family."""
        return [
            Operation(
                id="getUsersBlocking",
                method="GET",
                path="/2/users/{id}/blocking",
                summary="The accounts that the authenticating user blocks, newest block first",
                scopes=frozenset(("block.read", "tweet.read", "users.read")),
                handle=self.list,
                answer="ListPage",
                parameters=Parameters(
                    path={"id": ID},
                    query={
                        "max_results": integer_between(1, MAX_PAGE, DEFAULT_PAGE),
                        "pagination_token": POSITION_TOKEN,
                    },
                    selects="users",
                ),
                own="id",
            )
        ]

    async def list(self, call: Call) -> bytes:
        """One page: `data`, `includes`, `errors`, `meta`."""
        selection = call.selection or _DEFAULT_SELECTION
        limit = call.values.get("max_results", DEFAULT_PAGE)
        page = await self._blocks.page(int(call.path["id"]), call.values.get("pagination_token", FIRST_PAGE), limit)
        users = await self._answers.users(page.target_ids, selection, call.caller)
        meta = position_meta(page, len(users))
        return await self._answers.body(users, page.target_ids, selection, call.caller, meta=meta)
