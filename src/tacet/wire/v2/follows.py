"""`/2/users/:id/following` and `/followers`: both lists of anybody, follow, unfollow.

Source: X's OpenAPI operations getUsersFollowing, getUsersFollowers, followUser and unfollowUser.
"""

from collections.abc import Awaitable, Callable

from tacet.directory.lookup import People
from tacet.graph.errors import BlockedByTarget, CannotFollowSelf, TargetBlocked, TargetMissing, TargetUnavailable
from tacet.graph.follows import Follows
from tacet.mutes.paging import Page
from tacet.mutes.positions import FIRST_PAGE, Cursor
from tacet.posts.visibility import Visibility
from tacet.wire import problems
from tacet.wire.bodies import TARGET_USER, read_target_user_id
from tacet.wire.kinds import ID, integer_between
from tacet.wire.operations import Call, Handler, Operation
from tacet.wire.parameters import Parameters
from tacet.wire.problems import Refusal
from tacet.wire.selection import select
from tacet.wire.v2.answers import Answers
from tacet.wire.v2.tokens import POSITION_TOKEN, position_meta
from tacet.wire.v2.whose import of_anybody, why_unseen

DEFAULT_PAGE = 100
"""Accounts on a page that does not ask for a number."""

MAX_PAGE = 1_000
"""The most that may be asked for."""

FOLLOWING = b'{"data":{"following":true,"pending_follow":false}}'
PENDING = b'{"data":{"following":false,"pending_follow":true}}'
NOT_FOLLOWING = b'{"data":{"following":false}}'

BLOCKED_BY_TARGET = "You have been blocked from following this account at the request of the user."
"""X's own words, from its v1.1 error 162 and its pages."""

TARGET_BLOCKED = "You have blocked this account: unblock it before you follow it."

_READ = frozenset(("follows.read", "tweet.read", "users.read"))
_WRITE = frozenset(("follows.write", "tweet.read", "users.read"))
_DEFAULT_SELECTION = select({})

List = Callable[[int, Cursor, int], Awaitable[Page]]
"""Reads a page of somebody's list."""


class Following:
    """The four operations over one set of actions."""

    def __init__(self, follows: Follows, people: People, visibility: Visibility, answers: Answers) -> None:
        self._follows = follows
        self._people = people
        self._visibility = visibility
        self._answers = answers

    def operations(self) -> list[Operation]:
        """All operations of this family."""
        return [
            _list("getUsersFollowing", "following", "The accounts that a user follows", self.following),
            _list("getUsersFollowers", "followers", "The accounts that follow a user", self.followers),
            Operation(
                id="followUser",
                method="POST",
                path="/2/users/{id}/following",
                summary="Follow an account, or ask to, where it is protected",
                scopes=_WRITE,
                handle=self.follow,
                answer="Following",
                parameters=Parameters(path={"id": ID}),
                writes=True,
                own="id",
                body=TARGET_USER,
                refusals={403: ("SuspendedTarget", "NotPermitted"), 404: ("MissingTarget",)},
            ),
            Operation(
                id="unfollowUser",
                method="DELETE",
                path="/2/users/{source_user_id}/following/{target_user_id}",
                summary="Unfollow an account, or stop asking to follow it",
                scopes=_WRITE,
                handle=self.unfollow,
                answer="NotFollowing",
                parameters=Parameters(path={"source_user_id": ID, "target_user_id": ID}),
                writes=True,
                own="source_user_id",
            ),
        ]

    async def following(self, call: Call) -> bytes:
        """One page of those whom somebody follows."""
        return await self._page(call, self._follows.following)

    async def followers(self, call: Call) -> bytes:
        """One page of those who follow somebody."""
        return await self._page(call, self._follows.followers)

    async def follow(self, call: Call) -> bytes:
        """Follow durably; following again changes nothing."""
        target = read_target_user_id(call.content_type, call.body)
        try:
            followed = await self._follows.follow(int(call.path["id"]), int(target))
        except CannotFollowSelf:
            raise Refusal(problems.refused("You cannot follow yourself.")) from None
        except TargetMissing:
            raise Refusal(problems.missing_target(target)) from None
        except TargetUnavailable:
            raise Refusal(problems.suspended_target(target)) from None
        except BlockedByTarget:
            raise Refusal(problems.not_permitted(BLOCKED_BY_TARGET)) from None
        except TargetBlocked:
            raise Refusal(problems.not_permitted(TARGET_BLOCKED)) from None
        return FOLLOWING if followed.following else PENDING

    async def unfollow(self, call: Call) -> bytes:
        """Unfollow durably; unfollowing somebody who is not followed, or does not exist, changes nothing."""
        await self._follows.unfollow(int(call.path["source_user_id"]), int(call.path["target_user_id"]))
        return NOT_FOLLOWING

    async def _page(self, call: Call, read: List) -> bytes:
        selection = call.selection or _DEFAULT_SELECTION
        unseen = await why_unseen(self._people, self._visibility, call)
        if unseen is not None:
            return await self._answers.body((), (), selection, call.caller, errors=[unseen])
        limit = call.values.get("max_results", DEFAULT_PAGE)
        page = await read(int(call.path["id"]), call.values.get("pagination_token", FIRST_PAGE), limit)
        users = await self._answers.users(page.target_ids, selection, call.caller)
        meta = position_meta(page, len(users))
        return await self._answers.body(users, page.target_ids, selection, call.caller, meta=meta)


def _list(id_: str, name: str, summary: str, handle: Handler) -> Operation:
    query = {"max_results": integer_between(1, MAX_PAGE, DEFAULT_PAGE), "pagination_token": POSITION_TOKEN}
    return of_anybody(id_, name, f"{summary}, newest follow first", handle, _READ, "ListPage", query, "users")
