import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import pgbench, world
from bench.cluster import World
from bench.cores import Cores
from bench.errors import BenchError
from bench.pgbench import apply, insert_script, judged, known_script, page_script, program
from bench.pgworld import MUTES_EACH, Crowd, mutes
from tacet.app import Tacet
from tacet.mutes.positions import TIE_BITS
from tacet.store.postgres.dialect import adapt
from tacet.store.queries.directory import DirectoryQueries
from tests.bench.small import CROWD
from tests.bench.test_pgworld import ids, rows
from tests.service import exchange

ANYWHERE = Cores(None, None)
OUTPUT = """pgbench (15.1)
number of transactions actually processed: {count}
number of failed transactions: {failed} (0.000%)
tps = {rate} (without initial connection time)
"""


@pytest.mark.parametrize("script", [page_script, known_script], ids=lambda script: script.__name__)
def test_pages_are_read_and_nothing_changes(in_postgres: World, script: Callable[[Crowd], str], tmp_path: Path) -> None:
    before = asyncio.run(mutes(in_postgres.address))
    load = apply(in_postgres.address, script(CROWD), 1, ANYWHERE, tmp_path)
    assert min(load.requests, load.rate) > 10
    assert asyncio.run(mutes(in_postgres.address)) == before


def test_rows_that_are_put_in_are_mutes_of_people_who_exist(in_postgres: World, tmp_path: Path) -> None:
    before = asyncio.run(mutes(in_postgres.address))
    load = apply(in_postgres.address, insert_script(CROWD), 1, ANYWHERE, tmp_path)
    assert asyncio.run(mutes(in_postgres.address)) - before > 0.9 * load.requests > 9
    sql = "SELECT source_id, target_id, position % 2 FROM relation WHERE position >= $1"
    put = asyncio.run(rows(in_postgres.address, sql, pgbench.NOW_MS << TIE_BITS))
    assert {source_id for source_id, *_ in put} <= ids(CROWD.asked_indexes)
    assert {target_id for _, target_id, _ in put} <= ids(CROWD.target_indexes)
    assert {odd for *_, odd in put} == {0}


def has(script: str, statement: str) -> bool:
    """Whether it has this statement of the store, as a whole, with something in place of each parameter."""
    given = re.sub(r"\\\$\d", r":?\\w+", re.escape(statement))
    return re.search(rf"^({given};|SELECT \* FROM \(\n{given}\n\) AS .* \\gset)$", script, re.MULTILINE) is not None


@pytest.mark.parametrize(("known", "script"), [(True, known_script), (False, page_script)], ids=["known", "strangers"])
async def test_pgbench_is_given_what_the_server_asks_for_such_a_page(
    served_from_postgres: Tacet, statements: list[str], known: bool, script: Callable[[Crowd], str]
) -> None:
    index = CROWD.asked_indexes[1]
    path, headers = f"/2/users/{world.person_id(index)}/muting", {"authorization": f"Bearer {world.bearer_text(index)}"}
    assert (await exchange(served_from_postgres, "GET", path, headers, [b""])).status == 200
    if not known:
        served_from_postgres.people.forget()
    statements.clear()
    assert len((await exchange(served_from_postgres, "GET", path, headers, [b""])).ids) == MUTES_EACH
    text = script(CROWD)
    assert [statement for statement in statements if not has(text, statement)] == []
    assert len(statements) == len(re.findall(r"(\\gset|;)$", text, re.MULTILINE))


def test_another_statement_is_noticed() -> None:
    assert not has(page_script(CROWD), adapt("SELECT target_id FROM relation WHERE source_id = $1"))
    assert not has(known_script(CROWD), adapt(DirectoryQueries.PEOPLE))


def test_what_pgbench_printed_is_a_load() -> None:
    load = judged(OUTPUT.format(count=2_000, failed=0, rate=1234.5))
    assert (load.requests, load.rate) == (2_000, 1234.5)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("", "counted nothing"),
        (OUTPUT.format(count=0, failed=0, rate="0.000"), "counted nothing"),
        (OUTPUT.format(count=9, failed=3, rate=100.0), "3 transactions failed; this measures nothing"),
    ],
    ids=["nothing", "none", "failures"],
)
def test_what_measures_nothing_is_an_error(output: str, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        judged(output)


def test_a_statement_that_is_wrong_is_quoted(in_postgres: World, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"pgbench failed: .*relation \"nowhere\" does not exist"):
        apply(in_postgres.address, "SELECT nothing FROM nowhere;\n", 1, ANYWHERE, tmp_path)


def test_a_missing_pgbench_is_an_error_that_helps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchError, match="pgbench is missing: `make bench` installs it"):
        program()
