"""PostgreSQL's own load generator: what the database gives to somebody who asks it directly, in C."""

import re
import shutil
import subprocess
from pathlib import Path

from bench.cores import Cores
from bench.errors import BenchError
from bench.load import GRACE_S, Load
from bench.pgworld import MUTES_EACH, Crowd, person_id_sql
from bench.plan import CONNECTIONS
from bench.processes import started, why
from tacet.mutes.positions import NEWEST, TIE_BITS
from tacet.records.relations import Kind
from tacet.store.postgres.dialect import adapt
from tacet.store.queries.directory import DirectoryQueries
from tacet.store.queries.relations import ADD_RELATION_QUIETLY, PACKED

NOW_MS = 1_900_000_000_000
"""Later than everything in the world."""

_COUNT = re.compile(r"^number of transactions actually processed: (\d+)", re.MULTILINE)
_RATE = re.compile(r"^tps = ([0-9.]+) \(without initial connection time\)$", re.MULTILINE)
_FAILED = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)


def program() -> str:
    """The path of pgbench.

    Raises:
        BenchError: it is not installed.
    """
    path = shutil.which("pgbench")
    if path is None:
        raise BenchError("pgbench is missing: `make bench` installs it; or install it (apt-get install postgresql)")
    return path


def page_script(crowd: Crowd) -> str:
    """The two statements of a page: who is on it, and the people themselves."""
    # Named, so that pgbench can keep them.
    page = f"SELECT * FROM (\n{_page()}\n) AS found (targets, oldest, more) \\gset"
    return f"{_draw_source(crowd)}{page}\n{_with(DirectoryQueries.PEOPLE, ':targets')};\n"


def known_script(crowd: Crowd) -> str:
    """The one statement of a page whose people the server knows."""
    return f"{_draw_source(crowd)}{_page()};\n"


def insert_script(crowd: Crowd) -> str:
    """A mute as one row, put in directly."""
    first, last = crowd.target_indexes[0], crowd.target_indexes[-1]
    insert = _with(ADD_RELATION_QUIETLY, ":source", f"{Kind.MUTE:d}", ":position", ":target", "NULL")
    return (
        f"{_draw_source(crowd)}\\set other random({first}, {last})\n\\set target {_person_id(':other')}\n"
        f"\\set position {NOW_MS << TIE_BITS} + 2 * random(0, 1000000000000)\n{insert};\n"
    )


def apply(address: str, script: str, seconds: int, cores: Cores, scratch: Path) -> Load:
    """One run of a script; its processor time and the times of its answers are not known.

    Raises:
        BenchError: pgbench failed, or a transaction did.
    """
    file, log = scratch / "pgbench.sql", scratch / "pgbench.log"
    file.write_text(script, encoding="ascii")
    options = ["--no-vacuum", "--protocol=prepared", f"--client={CONNECTIONS}", "--jobs=1", f"--time={seconds}"]
    with started([program(), *options, f"--file={file}", address], cores.load, log) as process:
        try:
            output, _ = process.communicate(timeout=seconds + GRACE_S)
        except subprocess.TimeoutExpired:
            raise BenchError("pgbench did not end") from None
    if process.returncode != 0:
        # Its last line only says that it gave up.
        raise BenchError(f"pgbench failed: {why(log, 0)}")
    return judged(output)


def judged(output: str) -> Load:
    """What pgbench printed, as a load.

    Raises:
        BenchError: it counted nothing, or failures.
    """
    count, rate, failed = (pattern.search(output) for pattern in (_COUNT, _RATE, _FAILED))
    if count is None or rate is None or failed is None or not int(count[1]):
        raise BenchError("pgbench counted nothing")
    if int(failed[1]):
        raise BenchError(f"pgbench: {failed[1]} transactions failed; this measures nothing")
    return Load(int(count[1]), float(rate[1]), 0.0, 0.0, 0, 0, 0)


def _page() -> str:
    return _with(PACKED, ":source", f"{Kind.MUTE:d}", f"{NEWEST}", f"{NOW_MS}", f"{MUTES_EACH}")


def _draw_source(crowd: Crowd) -> str:
    return f"\\set index random(0, {crowd.asked - 1}) * {crowd.step}\n\\set source {_person_id(':index')}\n"


def _person_id(index: str) -> str:
    """In pgbench's own expressions every number has 64 bits, and no type is said."""
    return person_id_sql(index).replace("::bigint", "")


def _with(query: str, *values: str) -> str:
    """A statement of the store with values in place of its parameters."""
    adapted = adapt(query)
    for number, value in enumerate(values, 1):
        adapted = adapted.replace(f"${number}", value)
    return adapted
