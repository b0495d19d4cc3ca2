import math
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from bench import world
from bench.cluster import World
from bench.pgworld import INDEXES, MUTES_EACH, STRIDE, Crowd, checkpoint, mutes, person_id_sql
from bench.plan import FULL, QUICK
from tacet.app import Tacet
from tacet.mutes.positions import TIE_BITS, older_token
from tacet.records.relations import Kind
from tacet.wire.v2.muting import DEFAULT_PAGE
from tests.bench.small import CROWD, NOW_MS, PLAN, Heard
from tests.service import exchange

CROWDS = {f"{plan.kind}-{crowd.relations}": crowd for plan in (FULL, QUICK, PLAN) for crowd in plan.crowds}


async def rows(address: str, sql: str, *parameters: object) -> Sequence[tuple[Any, ...]]:
    connection = await asyncpg.connect(address)
    try:
        return [tuple(row) for row in await connection.fetch(sql, *parameters)]
    finally:
        await connection.close()


def ids(indexes: Sequence[int]) -> set[int]:
    return {world.person_id(index) for index in indexes}


def listed(crowd: Crowd, source: int) -> list[str]:
    """Whom somebody mutes, newest mute first."""
    targets = [(source * 31 + nth * STRIDE) % crowd.targets for nth in reversed(range(MUTES_EACH))]
    return [str(world.person_id(crowd.sources + target)) for target in targets]


def test_the_measured_worlds_have_the_size_that_the_claims_are_about() -> None:
    assert [crowd.relations for crowd in FULL.crowds] == [100_000, 10_000_000]
    assert MUTES_EACH == DEFAULT_PAGE


@pytest.mark.parametrize("crowd", CROWDS.values(), ids=CROWDS.keys())
def test_as_many_are_asked_for_as_it_says_and_nobody_else_is_muted(crowd: Crowd) -> None:
    assert len(crowd.asked_indexes) == crowd.asked
    assert set(crowd.asked_indexes) <= set(range(crowd.sources))
    assert crowd.target_indexes == range(crowd.sources, crowd.sources + crowd.targets)


@pytest.mark.parametrize("crowd", CROWDS.values(), ids=CROWDS.keys())
def test_a_list_goes_round_all_targets_before_one_comes_again(crowd: Crowd) -> None:
    assert math.gcd(STRIDE, crowd.targets) == 1
    assert crowd.targets >= MUTES_EACH


async def test_ids_made_by_the_database_are_everybodys_own(in_postgres: World) -> None:
    indexes = [*range(2_000), *range(119_000, 120_001), 999_999, 1_000_000, 10_000_001]
    found = await rows(
        in_postgres.address, f"SELECT at, {person_id_sql('at')} FROM unnest($1::bigint[]) AS at", indexes
    )
    assert found == [(index, world.person_id(index)) for index in indexes]


async def test_everybody_mutes_a_hundred_others_each_once(in_postgres: World) -> None:
    sql = """
    SELECT source_id, COUNT(*), COUNT(DISTINCT target_id), COUNT(DISTINCT position) FROM relation
    WHERE kind = $1 AND position < $2 GROUP BY source_id
    """
    found = await rows(in_postgres.address, sql, int(Kind.MUTE), NOW_MS << TIE_BITS)
    assert {source_id for source_id, *_ in found} == ids(range(CROWD.sources))
    assert {tuple(counts) for _, *counts in found} == {(MUTES_EACH, MUTES_EACH, MUTES_EACH)}
    targets = await rows(in_postgres.address, "SELECT DISTINCT target_id FROM relation")
    assert {target_id for (target_id,) in targets} <= ids(CROWD.target_indexes)
    assert await mutes(in_postgres.address) >= CROWD.relations


async def test_the_indexes_are_those_of_the_schema(in_postgres: World, migrated_address: str) -> None:
    made, meant = [sorted(await rows(address, INDEXES)) for address in (in_postgres.address, migrated_address)]
    assert made == meant
    assert len(made) > 1


@pytest.mark.parametrize("index", [*CROWD.asked_indexes[:2], CROWD.asked_indexes[-1]])
async def test_who_is_asked_for_gets_the_page_that_is_meant(served_from_postgres: Tacet, index: int) -> None:
    path = f"/2/users/{world.person_id(index)}/muting?pagination_token={older_token(NOW_MS << TIE_BITS)}"
    answer = await exchange(
        served_from_postgres, "GET", path, {"authorization": f"Bearer {world.bearer_text(index)}"}, [b""]
    )
    assert (answer.status, answer.ids) == (200, listed(CROWD, index))
    assert "next_token" not in answer.json["meta"]


async def test_whose_ids_are_in_the_files_can_ask_and_be_muted(in_postgres: World) -> None:
    people = [line.split("\t") for line in in_postgres.people.read_text().splitlines()]
    assert [id_ for id_, _ in people] == [str(world.person_id(index)) for index in CROWD.asked_indexes]
    assert [bearer for _, bearer in people] == [world.bearer_text(index) for index in CROWD.asked_indexes]
    targets = in_postgres.targets.read_text().split()
    known = await rows(in_postgres.address, "SELECT id FROM person WHERE id = ANY ($1::bigint[])", [*map(int, targets)])
    assert {id_ for (id_,) in known} == ids(CROWD.target_indexes)


async def test_a_checkpoint_can_be_had(in_postgres: World) -> None:
    sql = "SELECT checkpoint_lsn FROM pg_control_checkpoint()"
    before = await rows(in_postgres.address, sql)
    await checkpoint(in_postgres.address)
    assert await rows(in_postgres.address, sql) != before


@pytest.mark.usefixtures("in_postgres")
def test_making_it_says_how_far_it_is(heard: Heard) -> None:
    people = CROWD.asked + CROWD.targets
    assert {what: (done, total) for what, done, total in heard.metered} == {
        "people": (people, people),
        "tokens": (CROWD.asked, CROWD.asked),
        "mutes": (CROWD.relations, CROWD.relations),
    }
