"""The machine's clock steps back and forth: positions stay unique, and lists consistent."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tacet.clock import ManualClock
from tacet.records.people import Person
from tacet.records.relations import MAX_POSITION, Kind
from tests.cast import ALICE, BOB, NOW_MS, move_in
from tests.service import Service, opened

HOUR_MS = 3_600_000

STEPS_MS = (-HOUR_MS, -60_000, -1_000, -1, 0, 0, 1, 1_000, 60_000, HOUR_MS)

ROUNDS = 120
AT_ONCE = 6
PAGE = 7
SOURCES = (ALICE, BOB)
TARGET_IDS = range(10_000, 10_040)

FAR_MS = 10 * 365 * 24 * HOUR_MS
"""Ten years: a clock that was never set, or set wrongly."""


async def write(service: Service, chance: random.Random, muted: set[tuple[int, int]]) -> None:
    """Some mutes and unmutes at once, and what must hold after them."""
    chosen = chance.sample([(source, target_id) for source in SOURCES for target_id in TARGET_IDS], AT_ONCE)
    muting = [chance.random() < 0.7 for _ in chosen]
    calls = [
        (service.mute if mute else service.unmute)(source, target_id)
        for (source, target_id), mute in zip(chosen, muting, strict=True)
    ]
    for answer in await asyncio.gather(*calls):
        assert answer.status == 200
    for (source, target_id), mute in zip(chosen, muting, strict=True):
        (muted.add if mute else muted.discard)((source.id, target_id))


async def walk(service: Service, source: Person) -> list[int]:
    """A whole list, forwards and backwards."""
    pages = [(await service.page(source, f"max_results={PAGE}")).json]
    while "next_token" in pages[-1]["meta"]:
        token = pages[-1]["meta"]["next_token"]
        pages.append((await service.page(source, f"max_results={PAGE}&pagination_token={token}")).json)
    back = pages[-1:]
    while "previous_token" in back[0]["meta"]:
        token = back[0]["meta"]["previous_token"]
        back.insert(0, (await service.page(source, f"max_results={PAGE}&pagination_token={token}")).json)
    listed = [[int(user["id"]) for page in way for user in page.get("data", ())] for way in (pages, back)]
    assert listed[0] == listed[1]
    return listed[0]


async def check(service: Service, muted: set[tuple[int, int]]) -> None:
    for source in SOURCES:
        rows = await service.store.relations.older(Kind.MUTE, source.id, MAX_POSITION, 1_000, NOW_MS)
        positions = [position for _, position in rows]
        assert positions == sorted(set(positions), reverse=True)
        assert await walk(service, source) == [target_id for target_id, _ in rows]
        assert {target_id for target_id, _ in rows} == {target_id for id_, target_id in muted if id_ == source.id}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An address with Tacet's tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'tacet.db'}"
    address: str = request.getfixturevalue("migrated_address")
    return address


@asynccontextmanager
async def inhabited(database: str, clock: ManualClock) -> AsyncIterator[Service]:
    async with opened(clock=clock, database=database, rate_limits=False) as service:
        await move_in(service.store, service.vault)
        await service.put(*(Person(id_, f"user_{id_}", f"User {id_}") for id_ in TARGET_IDS))
        yield service


async def test_under_a_clock_that_jumps_every_list_has_everybody_once_and_in_order(database: str) -> None:
    chance, clock, muted = random.Random(3), ManualClock(NOW_MS), set[tuple[int, int]]()
    async with inhabited(database, clock) as service:
        for number in range(ROUNDS):
            clock.advance(chance.choice(STEPS_MS))
            await write(service, chance, muted)
            if number % 20 == 0:
                await check(service, muted)
        await check(service, muted)


async def test_a_server_that_starts_with_its_clock_far_back_adds_to_what_is_there(database: str) -> None:
    chance, muted = random.Random(4), set[tuple[int, int]]()
    for number, now_ms in enumerate((NOW_MS, NOW_MS - FAR_MS, NOW_MS + FAR_MS, NOW_MS - HOUR_MS, NOW_MS)):
        # Randomness begins anew as well: the same positions are drawn again where the clock is the same.
        async with inhabited(database, ManualClock(now_ms)) as service:
            for _ in range(10):
                await write(service, chance, muted)
            await check(service, muted)
        assert muted, number


async def test_two_servers_whose_clocks_disagree_share_one_order(migrated_address: str) -> None:
    chance, muted = random.Random(5), set[tuple[int, int]]()
    clocks = [ManualClock(NOW_MS), ManualClock(NOW_MS)]
    async with AsyncExitStack() as open_:
        # Both draw the same random bits: every position of one may be the other's too.
        services = [await open_.enter_async_context(inhabited(migrated_address, clock)) for clock in clocks]
        for number in range(ROUNDS):
            chance.choice(clocks).set(NOW_MS + chance.choice(STEPS_MS))
            mine, others = chance.sample(services, 2)
            await write(mine, chance, muted)
            if number % 20 == 0:
                await check(others, muted)
        for service in services:
            await check(service, muted)


async def test_two_servers_that_mute_the_same_people_at_the_same_moment_give_each_a_position(
    migrated_address: str,
) -> None:
    async with AsyncExitStack() as open_:
        services = [await open_.enter_async_context(inhabited(migrated_address, ManualClock(NOW_MS))) for _ in range(2)]
        halves = [[id_ for id_ in TARGET_IDS if id_ % 2 == number] for number in range(2)]
        calls = [service.mute(ALICE, id_) for service, half in zip(services, halves, strict=True) for id_ in half]
        assert {answer.status for answer in await asyncio.gather(*calls)} == {200}
        for service in services:
            await check(service, {(ALICE.id, id_) for id_ in TARGET_IDS})
