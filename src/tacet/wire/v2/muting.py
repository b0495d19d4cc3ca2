"""`/2/users/:id/muting`: list, mute, unmute.

Source: X's OpenAPI operations getUsersMuting, muteUser and unmuteUser.
"""

from tacet.mutes.actions import Mutes
from tacet.mutes.errors import CannotMuteSelf, TargetMissing, TargetUnavailable
from tacet.mutes.paging import Page
from tacet.mutes.positions import FIRST_PAGE, TOKEN_PATTERN, Cursor, newer_token, older_token, parse_token
from tacet.wire import problems
from tacet.wire.bodies import TARGET_USER, read_target_user_id
from tacet.wire.kinds import ID, Parameter, integer_between, not_valid
from tacet.wire.operations import Call, Operation
from tacet.wire.parameters import Parameters
from tacet.wire.problems import Refusal
from tacet.wire.selection import select
from tacet.wire.v2.answers import Answers

DEFAULT_PAGE = 100
"""Mutes on a page that does not ask for a number."""

MAX_PAGE = 1_000
"""The most that may be asked for."""

MUTING = b'{"data":{"muting":true}}'
NOT_MUTING = b'{"data":{"muting":false}}'

_READ = frozenset(("mute.read", "tweet.read", "users.read"))
_WRITE = frozenset(("mute.write", "tweet.read", "users.read"))
_DEFAULT_SELECTION = select({})


def _read_token(name: str, value: str) -> Cursor:
    cursor = parse_token(value)
    if cursor is None:
        raise not_valid(name, value)
    return cursor


_TOKEN = Parameter(_read_token, {"type": "string", "pattern": TOKEN_PATTERN})


class Muting:
    """The three mutes operations over one set of actions."""

    def __init__(self, mutes: Mutes, answers: Answers) -> None:
        self._mutes = mutes
        self._answers = answers

    def operations(self) -> list[Operation]:
        """All operations of this family."""
        return [
            Operation(
                id="getUsersMuting",
                method="GET",
                path="/2/users/{id}/muting",
                summary="The accounts that the authenticating user mutes, newest mute first",
                scopes=_READ,
                handle=self.list,
                answer="UsersPage",
                parameters=Parameters(
                    path={"id": ID},
                    query={
                        "max_results": integer_between(1, MAX_PAGE, DEFAULT_PAGE),
                        "pagination_token": _TOKEN,
                    },
                    selects="users",
                ),
                own="id",
            ),
            Operation(
                id="muteUser",
                method="POST",
                path="/2/users/{id}/muting",
                summary="Mute an account",
                scopes=_WRITE,
                handle=self.mute,
                answer="Muting",
                parameters=Parameters(path={"id": ID}),
                writes=True,
                own="id",
                body=TARGET_USER,
                refusals={403: ("SuspendedTarget",), 404: ("MissingTarget",)},
            ),
            Operation(
                id="unmuteUser",
                method="DELETE",
                path="/2/users/{source_user_id}/muting/{target_user_id}",
                summary="Unmute an account",
                scopes=_WRITE,
                handle=self.unmute,
                answer="Muting",
                parameters=Parameters(path={"source_user_id": ID, "target_user_id": ID}),
                writes=True,
                own="source_user_id",
            ),
        ]

    async def list(self, call: Call) -> bytes:
        """One page: `data`, `includes`, `errors`, `meta`."""
        source_id = int(call.path["id"])
        selection = call.selection or _DEFAULT_SELECTION
        limit = call.values.get("max_results", DEFAULT_PAGE)
        page = await self._mutes.page(source_id, call.values.get("pagination_token", FIRST_PAGE), limit)
        users = await self._answers.users(page.target_ids, selection, call.caller)
        meta = _meta(page, len(users))
        return await self._answers.body(users, page.target_ids, selection, call.caller, meta=meta)

    async def mute(self, call: Call) -> bytes:
        """Mute durably; muting again changes nothing."""
        target = read_target_user_id(call.content_type, call.body)
        try:
            await self._mutes.mute(int(call.path["id"]), int(target))
        except CannotMuteSelf:
            raise Refusal(problems.refused("You cannot mute yourself.")) from None
        except TargetMissing:
            raise Refusal(problems.missing_target(target)) from None
        except TargetUnavailable:
            raise Refusal(problems.suspended_target(target)) from None
        return MUTING

    async def unmute(self, call: Call) -> bytes:
        """Unmute durably; unmuting somebody who is not muted, or does not exist, changes nothing."""
        await self._mutes.unmute(int(call.path["source_user_id"]), int(call.path["target_user_id"]))
        return NOT_MUTING


def _meta(page: Page, result_count: int) -> bytes:
    """`result_count` counts what is shown, which may be fewer than the page holds."""
    meta = b'{"result_count":%d' % result_count
    if page.older_than is not None:
        meta += b',"next_token":"%b"' % older_token(page.older_than).encode()
    if page.newer_than is not None:
        meta += b',"previous_token":"%b"' % newer_token(page.newer_than).encode()
    return meta + b"}"
