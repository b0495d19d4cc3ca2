"""How long a start takes until the first answer, and how much memory the sandbox then holds."""

import itertools
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from subprocess import Popen

import msgspec

from bench import world
from bench.client import Client
from bench.errors import BenchError
from bench.figures import Figure, Goal, Sense, figure
from bench.processes import START_TIMEOUT_S, Server, started, why
from bench.stage import Stage

MAX_START_S = 0.6
"""From starting the program to its first answer, nothing stored yet."""

MAX_RESIDENT_MB = 80.0
"""Of an idle sandbox."""

PEOPLE = 200
"""Who live in that sandbox."""

POLL_S = 0.001
"""How often a port that does not answer yet is tried."""

REQUESTS = 20
"""Enough that everything a request needs is loaded."""

IDLE_S = 1.0
"""How long it is left alone before its memory is read."""

ANSWERS = {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED}
"""Of a server that is ready: 401 is right where no key was sent."""


class _Resident(msgspec.Struct):
    id: str
    oauth2_token: str


class _Ready(msgspec.Struct):
    people: list[_Resident]


@dataclass(frozen=True, slots=True)
class Start:
    """One start: seconds to the first answer, and resident bytes where they were asked for."""

    took_s: float
    resident_bytes: int = 0


def measure(stage: Stage) -> list[Figure]:
    """Starts of the installed program, one after the other; the first of each kind does not count."""
    serves = [_serve(stage, number) for number in range(stage.plan.starts + 1)][1:]
    sandboxes = [_sandbox(stage, number) for number in range(stage.plan.starts + 1)][1:]
    soon = Goal(Sense.BELOW, MAX_START_S, " s")
    small = Goal(Sense.BELOW, MAX_RESIDENT_MB, " MB")
    took_s, sandbox_took_s = [start.took_s for start in serves], [start.took_s for start in sandboxes]
    resident_mb = [start.resident_bytes / 1e6 for start in sandboxes]
    return [
        figure("start", "start to first answer, `tacet serve`, new file", took_s, " s", soon),
        figure("start", f"start to first answer, `tacet sandbox`, {PEOPLE} people", sandbox_took_s, " s"),
        figure("start", f"memory of that sandbox, idle after {REQUESTS} requests", resident_mb, " MB", small),
    ]


def _serve(stage: Stage, number: int) -> Start:
    stage.say(f"start {number}: tacet serve")
    database = stage.scratch / f"empty-{number}.db"
    port = free_port()
    command = [_program(stage), "serve", "--port", str(port), "--database", f"sqlite:///{database}"]
    log = stage.scratch / "start.log"
    began_s = time.perf_counter()
    with started(command, stage.cores.server, log, {"TACET_SECRET_KEY": world.secret_key()}) as process:
        return Start(_first_answer_s(process, port, log) - began_s)


def _sandbox(stage: Stage, number: int) -> Start:
    stage.say(f"start {number}: tacet sandbox")
    ready = stage.scratch / f"ready-{number}.json"
    port = free_port()
    options = ["--port", str(port), "--people", str(PEOPLE), "--ready-file", str(ready), "--quiet"]
    log = stage.scratch / "start.log"
    began_s = time.perf_counter()
    with started([_program(stage), "sandbox", *options], stage.cores.server, log) as process:
        took_s = _first_answer_s(process, port, log) - began_s
        server = Server(process.pid, f"http://127.0.0.1:{port}")
        _ask(server, ready)
        time.sleep(IDLE_S)
        return Start(took_s, server.resident_bytes())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _program(stage: Stage) -> str:
    """The installed console script, beside the interpreter that runs this."""
    path = Path(stage.command("")[0]).with_name("tacet")
    if not path.exists():
        raise BenchError(f"the program {path.name} is not installed: `make bench` does that")
    return str(path)


def _first_answer_s(process: Popen[str], port: int, log: Path) -> float:
    """When the first answer was complete, by `time.perf_counter`.

    Raises:
        BenchError: the program ended, answered something else, or took too long.
    """
    deadline_s = time.perf_counter() + START_TIMEOUT_S
    while time.perf_counter() < deadline_s:
        try:
            status = _status(port)
        except OSError:
            if process.poll() is not None:
                raise BenchError(f"a server did not start: {why(log)}") from None
            time.sleep(POLL_S)
            continue
        if status not in ANSWERS:
            raise BenchError(f"the first answer had the status {status}")
        return time.perf_counter()
    raise BenchError(f"no answer within {START_TIMEOUT_S:g} s: {why(log)}")


def _status(port: int) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=START_TIMEOUT_S) as connection:
        connection.sendall(b"GET /2/users/me HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
        parts: Sequence[bytes] = connection.makefile("rb").read().split(b" ", 2)
        return int(parts[1]) if len(parts) > 1 else 0


def _ask(server: Server, ready: Path) -> None:
    """Some pages with the keys that the sandbox tells."""
    people = msgspec.json.decode(ready.read_bytes(), type=_Ready).people
    asking = itertools.islice(itertools.cycle(people), REQUESTS)
    with Client(server) as client:
        client.walk((f"/2/users/{person.id}/muting", f"Bearer {person.oauth2_token}") for person in asking)
