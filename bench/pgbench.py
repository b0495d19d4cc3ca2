"""PostgreSQL's own load generator: what the database gives to somebody who asks it directly, in C."""

import re
import shutil
import subprocess
from pathlib import Path

from bench.cores import Cores
from bench.errors import BenchError
from bench.load import GRACE_S, Load
from bench.pgworld import Crowd, person_id_sql
from bench.plan import CONNECTIONS
from bench.processes import started, why
from tacet.mutes.positions import NEWEST
from tacet.records.relations import Kind
from tacet.store.postgres.dialect import adapt
from tacet.store.queries.directory import PEOPLE
from tacet.store.queries.relations import PACKED

PAGE_SIZE = 100
"""People on a page."""

NOW_MS = 1_900_000_000_000
"""Later than everything in the world."""

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
    """The two statements of a page, the people of the page among them, as the store asks them."""
    page = _with(PACKED, ":source", f"{Kind.MUTE:d}", f"{NEWEST}", f"{NOW_MS}", f"{PAGE_SIZE}")
    people = _with(PEOPLE, ":targets")
    return f"{_draw_source(crowd)}\nSELECT page[1] AS targets FROM (SELECT ARRAY[packed::text] AS page FROM " + (
        f"({page}) AS found (packed, oldest)) AS first \\gset\n{people};\n"
    )


def insert_script(crowd: Crowd) -> str:
    """A mute as one row, put in directly."""
    return "\n".join(
        [
            _draw_source(crowd),
            f"\\set nth random(0, {crowd.asked - 1})",
            f"\\set other :nth * {crowd.step}",
            f"\\set target {person_id_sql(':other')}".replace("::bigint", ""),
            f"\\set position {NOW_MS << 20} + 2 * random(0, 1000000000000)",
            "INSERT INTO relation (source_id, kind, position, target_id)",
            f"VALUES (:source, {Kind.MUTE:d}, :position, :target) ON CONFLICT DO NOTHING;",
            "",
        ]
    )


def apply(address: str, script: str, seconds: int, cores: Cores, scratch: Path) -> Load:
    """One run of a script; its processor time is not known.

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
    found, failed = _RATE.search(output), _FAILED.search(output)
    if process.returncode != 0 or found is None:
        raise BenchError(f"pgbench failed: {why(log)}")
    if failed is not None and int(failed[1]):
        raise BenchError(f"pgbench: {failed[1]} transactions failed; this measures nothing")
    transactions = float(found[1])
    return Load(round(transactions * seconds), transactions, 0.0, 0.0, 0, 0, 0)


def _draw_source(crowd: Crowd) -> str:
    source = person_id_sql(":index").replace("::bigint", "")
    return f"\\set index random(0, {crowd.asked - 1}) * {crowd.step}\n\\set source {source}"


def _with(query: str, *values: str) -> str:
    """A statement of the store with values in place of its parameters."""
    adapted = adapt(query)
    for number, value in enumerate(values, 1):
        adapted = adapted.replace(f"${number}", value)
    return adapted
