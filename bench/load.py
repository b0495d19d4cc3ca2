"""Load by wrk, and what came of it."""

import shutil
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.cores import Cores
from bench.errors import BenchError
from bench.plan import CONNECTIONS
from bench.processes import Server, started, why

SCRIPTS = Path(__file__).resolve().parent / "lua"

REQUEST_TIMEOUT_S = 10
"""How long wrk waits for an answer; a server that needs longer has failed."""

GRACE_S = 60
"""How much longer than told wrk may take, for reading its files above all."""

RESULT = "bench: "
"""How the line begins in which a script tells what it counted."""


class Counted(msgspec.Struct, frozen=True):
    """What a script counted.

    Attributes:
        refused: answers with a status of 400 or more.
        broken: connections that failed, and answers that did not come.
    """

    requests: int
    duration_us: int
    bytes: int
    p50_us: int
    p99_us: int
    refused: int
    broken: int


@dataclass(frozen=True, slots=True)
class Load:
    """One run of a load.

    Attributes:
        rate: requests answered in a second.
        cpu_us: processor time of the server for each of them, in microseconds.
        busy: share of one core that the server had meanwhile; 1 is all of it.
        p50_us, p99_us: within which half, and 99 in 100, of the answers came, in microseconds.
        answer_bytes: size of an answer, headers included.
    """

    requests: int
    rate: float
    cpu_us: float
    busy: float
    p50_us: int
    p99_us: int
    answer_bytes: int


def generator() -> str:
    """The path of wrk.

    Raises:
        BenchError: it is not installed.
    """
    path = shutil.which("wrk")
    if path is None:
        raise BenchError(
            "the load generator wrk is missing: `make bench` installs it; "
            "or install it yourself (apt-get install wrk, brew install wrk)"
        )
    return path


def apply(
    server: Server,
    script: str,
    arguments: Sequence[str],
    seconds: int,
    cores: Cores,
    log: Path,
    connections: int = CONNECTIONS,
) -> Load:
    """Run one script of `lua/` against a server.

    Raises:
        BenchError: wrk failed, or any request was answered with an error: nothing is measured then.
    """
    command = _command(server, script, arguments, seconds, connections)
    before_s = server.cpu_s()
    with started(command, cores.load, log) as process:
        try:
            output, _ = process.communicate(timeout=seconds + GRACE_S)
        except subprocess.TimeoutExpired:
            raise BenchError(f"wrk did not end with {script}.lua") from None
    return judged(output, server.cpu_s() - before_s, script, log)


def judged(output: str, cpu_s: float, script: str, log: Path) -> Load:
    """What wrk printed, as a load.

    Raises:
        BenchError: it counted nothing, or errors.
    """
    lines = [line.removeprefix(RESULT) for line in output.splitlines() if line.startswith(RESULT)]
    if not lines:
        raise BenchError(f"wrk failed with {script}.lua: {why(log)}")
    counted = msgspec.json.decode(lines[-1], type=Counted)
    if counted.refused or counted.broken or not counted.requests:
        raise BenchError(
            f"{script}.lua: of {counted.requests} requests {counted.refused} were answered with an error "
            f"and {counted.broken} not at all; this measures nothing"
        )
    seconds = counted.duration_us / 1e6
    return Load(
        requests=counted.requests,
        rate=counted.requests / seconds,
        cpu_us=cpu_s * 1e6 / counted.requests,
        busy=cpu_s / seconds,
        p50_us=counted.p50_us,
        p99_us=counted.p99_us,
        answer_bytes=counted.bytes // counted.requests,
    )


def rounds(count: int, loads: Mapping[str, Callable[[int], Load]]) -> dict[str, list[Load]]:
    """Run all loads in turn, `count` times, so that what disturbs the machine disturbs neighbours alike.

    Args:
        loads: by name; each is told the number of the round, from 1.
    """
    results: dict[str, list[Load]] = {name: [] for name in loads}
    for number in range(1, count + 1):
        for name, load in loads.items():
            results[name].append(load(number))
    return results


def ratios(ours: Sequence[Load], theirs: Sequence[Load]) -> list[float]:
    """Our rate over theirs, round by round."""
    return [one.rate / other.rate for one, other in zip(ours, theirs, strict=True)]


def median_rate(loads: Sequence[Load]) -> float:
    """The median of the rates."""
    return statistics.median(load.rate for load in loads)


def _command(server: Server, script: str, arguments: Sequence[str], seconds: int, connections: int) -> list[str]:
    options = [f"-c{connections}", f"-d{seconds}s", f"--timeout={REQUEST_TIMEOUT_S}s"]
    return [generator(), "-t1", *options, f"-s{SCRIPTS / script}.lua", server.url, "--", *arguments]
