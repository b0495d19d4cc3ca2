"""What measures work on: the world, two servers on one core, and the load from another; all made when first needed."""

import contextlib
import itertools
import shutil
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from bench import bare, pgbench, world
from bench.building import kept_world
from bench.client import Client
from bench.cluster import World, begun, worlds
from bench.cores import Cores, enough_for_two
from bench.errors import BenchError
from bench.load import Load, apply
from bench.narrator import Narrator
from bench.plan import CONNECTIONS, Plan
from bench.processes import Server, serving
from tests.databases import Redis

DEFAULT_PAGE, LARGEST_PAGE = 100, 1_000
"""People on a page, unless asked otherwise and at most."""

MUTES_TO_WARM_UP = 6
"""Of each list. A session of PostgreSQL is slower where it comes for the first time, for its memory has to be mapped;
among ten million the first seconds of mutes were a third slower. After so many that is rare."""

WARM_UP_NUMBERS = 1_000
"""Where the numbers of such loads begin: each draws other pairs, and those of rounds begin at 1."""


class Stage:
    """One invocation's processes and files; everything is ended and removed with the context.

    Args:
        folder: for the kept world and for what is thrown away.
    """

    def __init__(self, plan: Plan, folder: Path, cores: Cores, narrator: Narrator) -> None:
        self.plan = plan
        self.cores = cores
        self.groups = plan.shape.groups()
        self.scratch = folder / "run"
        self._folder = folder
        self._narrator = narrator
        self._open = contextlib.ExitStack()
        self._world_servers: dict[str, Server] = {}
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        self._open.callback(shutil.rmtree, self.scratch, ignore_errors=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def say(self, text: str) -> None:
        """Tell whoever watches what is being done."""
        self._narrator.say(text)

    @cached_property
    def world(self) -> Path:
        """The database as it was built; nothing writes to it."""
        return kept_world(self._folder, self.plan.kind, self.plan.shape, self._narrator.meter)

    def copied_world(self, name: str) -> Path:
        """A copy that may be written to."""
        return Path(shutil.copyfile(self.world, self.scratch / f"{name}.db"))

    @cached_property
    def bare(self) -> Server:
        """The Starlette route that says hello."""
        return self._serve("bare", core=self.cores.server)

    @cached_property
    def tacet(self) -> Server:
        """The server under test, on a copy of the world."""
        return self._serve("serve", f"sqlite:///{self.copied_world('served')}", core=self.cores.server)

    @cached_property
    def postgres_worlds(self) -> tuple[World, World]:
        """The two worlds in PostgreSQL, the small one first."""
        self.say("starting PostgreSQL")
        small, large = self._open.enter_context(worlds(self.scratch, self.plan.crowds, self._narrator.meter))
        return small, large

    def world_server(self, of: World) -> Server:
        """The server under test, on one of these."""
        if of.address not in self._world_servers:
            # With a Redis, for servers without one have a database to themselves.
            self._world_servers[of.address] = self._serve(
                "serve", of.address, self.redis_address, core=self.cores.server
            )
        return self._world_servers[of.address]

    @cached_property
    def redis_address(self) -> str:
        """Of a Redis of our own."""
        return self._open.enter_context(begun(lambda: Redis.started(self.scratch))).address

    def sharing_server(self, of: World, processes: int, limits: str) -> Server:
        """A server with a Redis, as processes that have a core each where there are enough.

        Args:
            limits: `COUNTED` or `UNCOUNTED`.
        """
        core = None if processes > 1 and enough_for_two() else self.cores.server
        return self._serve("serve", of.address, self.redis_address, str(processes), limits, core=core)

    def warm_up_world(self, of: World, server: Server | None = None) -> None:
        """Ask for everybody's page once."""
        self.say(f"warming up: {of.crowd.relations:,} mutes in PostgreSQL")
        with Client(server or self.world_server(of)) as client:
            client.walk(
                (f"/2/users/{world.person_id(index)}/muting", f"Bearer {world.bearer_text(index)}")
                for index in of.crowd.asked_indexes
            )

    def warm_up_mutes(self, of: World) -> None:
        """Let everybody who is asked for mute `MUTES_TO_WARM_UP` others, more or less."""
        self.say(f"warming up: mutes, {of.crowd.relations:,} mutes in PostgreSQL")
        server, log = self.world_server(of), self.scratch / "wrk.log"
        missing = of.crowd.asked * MUTES_TO_WARM_UP
        for number in itertools.count(WARM_UP_NUMBERS):
            arguments = (str(of.people), str(number), str(of.targets))
            missing -= apply(server, "mute", arguments, 1, self.cores, log).requests
            if missing <= 0:
                break

    def world_load(
        self,
        of: World,
        script: str,
        number: int,
        server: Server | None = None,
        connections: int | None = None,
    ) -> Load:
        """One run of `page` or `mute`, of random people of such a world."""
        self.say(f"round {number}: {script}s, {of.crowd.relations:,} mutes in PostgreSQL")
        arguments = ("/muting", str(number)) if script == "page" else (str(number), str(of.targets))
        return self.load(server or self.world_server(of), script, str(of.people), *arguments, connections=connections)

    def pgbench_load(self, of: World, statements: str, number: int) -> Load:
        """One run of statements, asked by PostgreSQL's own load generator."""
        self.say(f"round {number}: pgbench")
        return pgbench.apply(of.address, statements, self.plan.seconds, self.cores, self.scratch)

    def people(self, name: str) -> Path:
        """A file of the people of a group, for `lua/page.lua`: id and bearer, separated by a tab."""
        path = self.scratch / f"{name}.people"
        if not path.exists():
            lines = (f"{world.person_id(index)}\t{world.bearer_text(index)}\n" for index in self.groups[name].indexes)
            path.write_text("".join(lines), encoding="ascii")
        return path

    def bare_load(self, number: int) -> Load:
        """One run against the bare route."""
        self.say(f"round {number}: bare route")
        return self.load(self.bare, "bare", bare.PATH)

    def page_load(self, name: str, query: str, number: int) -> Load:
        """One run of pages of random people of a group."""
        return self.path_load(name, f"/muting{query}", number)

    def path_load(self, name: str, path: str, number: int) -> Load:
        """One run of what lies below the ids of random people of a group."""
        self.say(f"round {number}: pages of {name}")
        return self.load(self.tacet, "page", str(self.people(name)), path, str(number))

    def warm_up(self, name: str, query: str) -> None:
        """Ask for the page of everybody in a group once, after seeing that it is what is meant to be measured.

        Raises:
            BenchError: the page has more or fewer people than it should have.
        """
        self.say(f"warming up: pages of {name}")
        group = self.groups[name]
        requests = [
            (f"/2/users/{world.person_id(index)}/muting{query}", f"Bearer {world.bearer_text(index)}")
            for index in group.indexes
        ]
        limit = LARGEST_PAGE if f"max_results={LARGEST_PAGE}" in query else DEFAULT_PAGE
        with Client(self.tacet) as client:
            found = client.get_json(*requests[0])["meta"]["result_count"]
            if found != min(limit, group.mutes):
                raise BenchError(f"a page of {limit} came with {found} people: this measures nothing")
            client.walk(requests)

    def load(self, server: Server, script: str, *arguments: str, connections: int | None = None) -> Load:
        """One run of a script."""
        log = self.scratch / "wrk.log"
        return apply(server, script, arguments, self.plan.seconds, self.cores, log, connections or CONNECTIONS)

    def command(self, module: str, *arguments: str) -> Sequence[str]:
        """How a program of this package is started."""
        return [sys.executable, "-m", f"bench.{module}", *arguments]

    def _serve(self, module: str, *arguments: str, core: int | None) -> Server:
        log = self.scratch / f"{module}-{next(self._numbers)}.log"
        return self._open.enter_context(serving(self.command(module, *arguments), core, log))
