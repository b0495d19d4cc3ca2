"""`/2/users/:id/timelines/reverse_chronological`, `/tweets` and `/mentions`.

Source: X's OpenAPI operations getUsersTimeline, getUsersPosts and getUsersMentions.
"""

from collections.abc import Awaitable, Callable, Sequence

from tacet.directory.lookup import People
from tacet.posts.home import HomePage, Homes
from tacet.posts.timelines import TimelinePage, Timelines
from tacet.posts.visibility import Visibility
from tacet.records.people import Stretch
from tacet.wire.kinds import ID, integer_between
from tacet.wire.operations import Call, Handler, Operation
from tacet.wire.parameters import Parameters
from tacet.wire.selection import select_posts
from tacet.wire.v2.post_answers import PostAnswers
from tacet.wire.v2.stretches import stretch_of, stretch_parameters
from tacet.wire.v2.tokens import write_base36
from tacet.wire.v2.whose import of_anybody, why_unseen

MAX_PAGE = 100
"""The most posts that may be asked for, and a home's when it is not asked for a number."""

LEAST_OF_PERSON, DEFAULT_OF_PERSON = 5, 10
"""Posts on the smallest page of somebody's posts or mentions, and on one that does not ask for a number."""

_READ = frozenset(("tweet.read", "users.read"))
_DEFAULT_SELECTION = select_posts({})

ReadPage = Callable[[int, int | None, Stretch, int], Awaitable[TimelinePage]]
"""Reads a page of somebody's posts or mentions, as `Timelines` does."""


class TimelineRoutes:
    """The three timelines."""

    def __init__(
        self, homes: Homes, timelines: Timelines, people: People, visibility: Visibility, answers: PostAnswers
    ) -> None:
        self._homes = homes
        self._timelines = timelines
        self._people = people
        self._visibility = visibility
        self._answers = answers

    def operations(self) -> list[Operation]:
        """All operations of this family."""
        return [
            Operation(
                id="getUsersTimeline",
                method="GET",
                path="/2/users/{id}/timelines/reverse_chronological",
                summary="The authenticating user's home, newest post first, without what they mute",
                scopes=_READ,
                handle=self.home,
                answer="PostsPage",
                parameters=Parameters(
                    path={"id": ID},
                    query=stretch_parameters(integer_between(1, MAX_PAGE, MAX_PAGE), excludes=True),
                    selects="posts",
                ),
                own="id",
            ),
            _of_person("getUsersPosts", "tweets", "A user's posts", self.posts, excludes=True),
            _of_person("getUsersMentions", "mentions", "Posts that mention a user", self.mentions, excludes=False),
        ]

    async def home(self, call: Call) -> bytes:
        """One page of the caller's own home."""
        limit = call.values.get("max_results", MAX_PAGE)
        page = await self._homes.page(int(call.path["id"]), stretch_of(call.values), limit)
        return await self._answer(call, page)

    async def posts(self, call: Call) -> bytes:
        """One page of somebody's posts."""
        return await self._page(call, self._timelines.of_person)

    async def mentions(self, call: Call) -> bytes:
        """One page of the posts that mention somebody."""
        return await self._page(call, self._timelines.mentions)

    async def _page(self, call: Call, read: ReadPage) -> bytes:
        stretch = stretch_of(call.values)
        unseen = await why_unseen(self._people, self._visibility, call)
        if unseen is not None:
            return await self._answers.body((), (), _DEFAULT_SELECTION, call.caller, errors=[unseen])
        limit = call.values.get("max_results", DEFAULT_OF_PERSON)
        return await self._answer(call, await read(int(call.path["id"]), call.caller.user_id, stretch, limit))

    async def _answer(self, call: Call, page: HomePage | TimelinePage) -> bytes:
        selection = call.post_selection or _DEFAULT_SELECTION
        ids, posts = await self._answers.posts(page.post_ids, selection, call.caller)
        # A page that begins where the timeline does has nothing before it.
        newer_than = page.newer_than if "pagination_token" in call.values else None
        meta = _meta(ids, page.older_than, newer_than)
        return await self._answers.body(posts, ids, selection, call.caller, meta=meta)


def _meta(ids: Sequence[int], older_than: int | None, newer_than: int | None) -> bytes:
    """`newest_id` and `oldest_id` are there where posts are."""
    meta = b'{"result_count":%d' % len(ids)
    if ids:
        meta += b',"newest_id":"%d","oldest_id":"%d"' % (ids[0], ids[-1])
    if older_than is not None:
        meta += b',"next_token":"%b"' % write_base36(older_than, newer=False).encode()
    if newer_than is not None:
        meta += b',"previous_token":"%b"' % write_base36(newer_than, newer=True).encode()
    return meta + b"}"


def _of_person(id_: str, name: str, summary: str, handle: Handler, excludes: bool) -> Operation:
    query = stretch_parameters(integer_between(LEAST_OF_PERSON, MAX_PAGE, DEFAULT_OF_PERSON), excludes)
    return of_anybody(id_, name, f"{summary}, newest first", handle, _READ, "PostsPage", query, "posts")
