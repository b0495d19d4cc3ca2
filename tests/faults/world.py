"""A service whose whole database can be looked at, and requests to it that are bounded in time."""

import asyncio
import contextlib
import gc
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, urlencode

from tacet.posts.errors import AlreadyReposted
from tests.cast import ALICE, BOB, CAROL, LATEST, OWN, PINNED, UNKNOWN_ID, move_in
from tests.faults.described import QUIET, Described
from tests.service import HOST, JSON, Answer, Service, exchange, opened

MAX_WAIT_S = 60
"""Longer than any answer takes, however busy the machine is."""

MAX_CPU_S = 0.5
"""Processor time of one request: some hundred times what a page takes, and the server does nothing else meanwhile."""


@dataclass(frozen=True)
class Request:
    """A good request of an operation, as Alice; tests spoil it in one place or several.

    Attributes:
        path: values of the path's parameters, percent-encoded.
        query: as it stands in the target.
    """

    operation: Described
    path: Mapping[str, str]
    query: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def target(self) -> str:
        path = self.operation.path
        for name, value in self.path.items():
            path = path.replace(f"{{{name}}}", value)
        return f"{path}?{self.query}" if self.query else path

    def with_path(self, name: str, value: str) -> "Request":
        return replace(self, path={**self.path, name: value})

    def with_query(self, name: str, *values: str) -> "Request":
        """The same with these values for a parameter, in front of the good ones of the others."""
        kept = [each for each in self.query.split("&") if each and not each.startswith(f"{name}=")]
        return replace(self, query="&".join([*(f"{name}={value}" for value in values), *kept]))

    def with_header(self, name: str, value: str | bytes) -> "Request":
        text = value if isinstance(value, str) else value.decode("latin-1")
        return replace(self, headers={**self.headers, name: text})

    def without_header(self, name: str) -> "Request":
        return replace(self, headers={key: value for key, value in self.headers.items() if key != name})


@dataclass(frozen=True)
class Aim:
    """What a writing operation is aimed at.

    Attributes:
        name: of the path's parameter or of the body's member.
        changing, unchanging: a value with which it writes, and one with which it does not, where there is one.
    """

    name: str
    changing: str
    unchanging: str = ""


AIMS = {
    "muteUser": Aim("target_user_id", str(BOB.id), str(CAROL.id)),
    "unmuteUser": Aim("target_user_id", str(CAROL.id), str(BOB.id)),
    "followUser": Aim("target_user_id", str(BOB.id), str(CAROL.id)),
    "unfollowUser": Aim("target_user_id", str(CAROL.id), str(BOB.id)),
    "createPosts": Aim("text", "Hello"),
    "deletePosts": Aim("id", str(OWN.id), str(UNKNOWN_ID)),
    "repostPost": Aim("tweet_id", str(PINNED.id)),
    "unrepostPost": Aim("source_tweet_id", str(LATEST.id), str(PINNED.id)),
    "createDirectMessagesByParticipantId": Aim("text", "Hello"),
}


def changing(operation: Described) -> Request:
    """A request that, where the operation writes, writes: for garbage that must be refused."""
    aim = AIMS.get(operation.id)
    return _request(operation, aim, aim.changing if aim else "")


def unchanging(operation: Described) -> Request:
    """A request that succeeds and changes nothing: for garbage in places that nobody reads."""
    assert operation in QUIET
    aim = AIMS.get(operation.id)
    return _request(operation, aim, aim.unchanging if aim else "")


def _request(operation: Described, aim: Aim | None, aimed_at: str) -> Request:
    path = {each.name: aimed_at if aim and each.name == aim.name else each.good for each in operation.in_path}
    needed = {each.name: each.good for each in operation.in_query if each.name in {"ids", "usernames"}}
    headers = {"host": HOST, "authorization": f"Bearer {ALICE.username}"}
    if operation.body is None:
        return Request(operation, path, urlencode(needed), headers)
    assert aim is not None
    headers |= {"content-type": JSON}
    return Request(operation, path, urlencode(needed), headers, f'{{"{aim.name}":"{aimed_at}"}}'.encode())


def encoded(text: bytes) -> str:
    """A text as it stands in a request target."""
    return quote(text, safe="")


def read(text: bytes) -> str:
    """A text of a request target as the server understands it."""
    return text.decode(errors="replace")


class World:
    """A service on a file, in which `AIMS` are right: Alice mutes and follows Carol, and has reposted one post."""

    def __init__(self, service: Service, path: Path) -> None:
        self.service = service
        self._path = path

    def rows(self) -> str:
        """Every row of every table."""
        return rows(self._path)

    @asynccontextmanager
    async def untouched(self) -> AsyncIterator[None]:
        """Nothing is written meanwhile; if it is, it is put right for the next test."""
        before = self.rows()
        try:
            yield
        finally:
            after = self.rows()
            if after != before:
                await self.prepare()
        assert after == before, "something was written"

    async def prepare(self) -> None:
        """Alice mutes and follows Carol and not Bob, and has a post of her own and one repost."""
        assert (await self.service.mute(ALICE, CAROL.id)).status == 200
        assert (await self.service.unmute(ALICE, BOB.id)).status == 200
        actions = self.service.tacet.actions
        await actions.follows.follow(ALICE.id, CAROL.id)
        await actions.follows.unfollow(ALICE.id, BOB.id)
        await self.service.store.posts.put([OWN])
        await actions.writing.undo_repost(ALICE.id, PINNED.id)
        with contextlib.suppress(AlreadyReposted):
            await actions.writing.repost(ALICE.id, LATEST.id)

    async def send(self, request: Request) -> Answer:
        """The answer, which is in the document and comes in time."""
        method, target = request.operation.method, request.target
        with quick(str(request)):
            async with asyncio.timeout(MAX_WAIT_S):
                answer = await exchange(self.service.tacet, method, target, request.headers, [request.body])
        request.operation.judge(answer)
        return answer


@contextmanager
def quick(request: str) -> Iterator[None]:
    """Something takes little processor time; the tests' own garbage is collected before or after it."""
    gc.disable()
    started_s = time.process_time()
    try:
        yield
        cpu_s = time.process_time() - started_s
    finally:
        gc.enable()
    assert cpu_s <= MAX_CPU_S, f"took {cpu_s:.2f} s: {request}"[:500]


@asynccontextmanager
async def inhabited(path: Path) -> AsyncIterator[World]:
    """A world with the cast of the tests, in a new file."""
    async with opened(path, rate_limits=False) as service:
        await move_in(service.store, service.vault)
        world = World(service, path)
        await world.prepare()
        # What is imported at first use is no request's fault.
        assert (await service.signed("GET", "/2/users/me")).status == 200
        yield world


def rows(path: Path) -> str:
    """Every row of every table of a database that is being served."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return "\n".join(connection.iterdump())
