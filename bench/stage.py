"""What measures work on: the world, two servers on one core, and the load from another; all made when first needed."""

import contextlib
import http.client
import json
import shutil
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench import bare, world
from bench.building import kept_world
from bench.cores import Cores
from bench.errors import BenchError
from bench.load import Load, apply, generator
from bench.narrator import Narrator
from bench.plan import Plan
from bench.processes import Server, serving
from bench.world import Group

WALK_S = 120
"""How long asking everybody once may take; it ends when that is done."""


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
        return self._serve("bare")

    @cached_property
    def tacet(self) -> Server:
        """The server under test, on a copy of the world."""
        return self._serve("serve", str(self.copied_world("served")))

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
        self.say(f"round {number}: pages of {name}")
        return self.load(self.tacet, "page", str(self.people(name)), query, str(number))

    def warm_up(self, name: str, query: str) -> None:
        """Ask for the page of everybody in a group once, after making sure that it is what is meant to be measured."""
        self.say(f"warming up: pages of {name}")
        self.expect_page(self.groups[name], query)
        self.load(self.tacet, "page", str(self.people(name)), query, "0", seconds=WALK_S)

    def load(self, server: Server, script: str, *arguments: str, seconds: int | None = None) -> Load:
        """One run of a script; it lasts as long as the plan says unless told otherwise."""
        log = self.scratch / "wrk.log"
        return apply(server, script, arguments, seconds or self.plan.seconds, self.cores, log)

    def expect_page(self, group: Group, query: str) -> None:
        """See that a page of this group has as many people as it should have.

        Raises:
            BenchError: it has not.
        """
        wanted = 1_000 if "max_results=1000" in query else 100
        authorization = {"authorization": f"Bearer {world.bearer_text(group.first)}"}
        answer = fetch(self.tacet, f"/2/users/{world.person_id(group.first)}/muting{query}", authorization)
        found = answer.get("meta", {}).get("result_count")
        if found != min(wanted, group.mutes):
            raise BenchError(f"a page of {wanted} came with {found} people; this measures nothing")

    def command(self, module: str, *arguments: str) -> Sequence[str]:
        """How a program of this package is started."""
        return [sys.executable, "-m", f"bench.{module}", *arguments]

    def _serve(self, module: str, *arguments: str) -> Server:
        generator()
        log = self.scratch / f"{module}.log"
        return self._open.enter_context(serving(self.command(module, *arguments), self.cores.server, log))


def fetch(server: Server, path: str, headers: dict[str, str]) -> dict[str, Any]:
    """A JSON answer, whatever its status."""
    connection = http.client.HTTPConnection(server.host, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path, headers=headers)
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
    return answer
