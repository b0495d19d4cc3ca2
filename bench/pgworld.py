"""A measured world in PostgreSQL: lists of equal length, many or very many of them, made by the database itself."""

import asyncio
from dataclasses import dataclass

import asyncpg

from bench import world
from bench.building import QUEUE_LENGTH, TOKENS_AT_ONCE, Meter, batches
from tacet.identity.vault import Vault
from tacet.mutes.positions import TIE_BITS
from tacet.records.relations import Kind
from tacet.store.base import Store
from tacet.store.opening import open_store

MUTES_EACH = 100
"""Length of every list: a default page."""

SOURCES_AT_ONCE = 5_000
"""Whose lists are made in one statement: half a million rows, a few seconds."""

CHECKPOINT_TIMEOUT_S = 120.0
"""For the whole of the large world, on a slow disk."""

STRIDE = 197
"""Between the targets of one list; it has no divisor in common with the number of targets, so none comes twice."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many lists there are.

    Attributes:
        sources: people with a list of their own. Their indexes, as all in `bench.world`, begin at 0.
        asked: as many of them, evenly spread, have bearers and are asked for.
        targets: people who are muted; their indexes follow those of the sources that are asked for.
    """

    sources: int
    asked: int
    targets: int

    @property
    def relations(self) -> int:
        """How many mutes there are."""
        return self.sources * MUTES_EACH

    @property
    def step(self) -> int:
        """From one source that is asked for to the next."""
        return self.sources // self.asked

    @property
    def asked_indexes(self) -> range:
        """The indexes of those who are asked for."""
        return range(0, self.sources, self.step)

    @property
    def target_indexes(self) -> range:
        """The indexes of those who are muted."""
        return range(self.sources, self.sources + self.targets)


async def fill(address: str, crowd: Crowd, meter: Meter) -> None:
    """Fill a migrated, empty database."""
    store = open_store(address, QUEUE_LENGTH)
    await store.open()
    try:
        await _put_people(store, crowd, meter)
    finally:
        await store.close()
    await _put_mutes(address, crowd, meter)


async def mutes(address: str) -> int:
    """How many there are now."""
    connection = await asyncpg.connect(address)
    try:
        return int(await connection.fetchval("SELECT COUNT(*) FROM relation"))
    finally:
        await connection.close()


async def checkpoint(address: str) -> None:
    """Have everything written that was changed, so that the next change of each page is its first."""
    connection = await asyncpg.connect(address)
    try:
        await connection.execute("CHECKPOINT", timeout=CHECKPOINT_TIMEOUT_S)
    finally:
        await connection.close()


async def _put_people(store: Store, crowd: Crowd, meter: Meter) -> None:
    everybody = [*crowd.asked_indexes, *crowd.target_indexes]
    for done, indexes in batches(everybody, TOKENS_AT_ONCE):
        await store.directory.put_people([world.person(index) for index in indexes])
        meter("people", done, len(everybody))
    await store.credentials.put_app(world.app(Vault(world.secret_key())))
    for done, indexes in batches(crowd.asked_indexes, TOKENS_AT_ONCE):
        await asyncio.gather(*(store.credentials.put_token(world.bearer(index)) for index in indexes))
        meter("tokens", done, crowd.asked)


def person_id_sql(index: str) -> str:
    """`bench.world.person_id` as an expression of SQL."""
    old = f"{world.FIRST_OLD_ID}::bigint + {index} * {world.OLD_ID_STEP}"
    new = f"{world.FIRST_NEW_ID}::bigint + {index} * {world.NEW_ID_STEP}::bigint"
    return f"CASE WHEN {index} % 2 = 0 THEN {old} ELSE {new} END"


MUTES = f"""
INSERT INTO relation (source_id, kind, position, target_id)
SELECT {person_id_sql("s")}, {Kind.MUTE:d}, ({world.FIRST_MUTE_MS}::bigint + nth * 1000) << {TIE_BITS},
    {person_id_sql("($3 + (s * 31 + nth * " + str(STRIDE) + ") % $4)")}
FROM generate_series($1::bigint, $2::bigint - 1) AS s CROSS JOIN generate_series(0, {MUTES_EACH - 1}) AS nth
"""
"""The lists of the sources from $1 up to $2, of targets drawn from $4 people from the index $3 on."""


INDEXES = """
SELECT format('ALTER TABLE relation DROP CONSTRAINT %I', conname),
    format('ALTER TABLE relation ADD CONSTRAINT %I %s', conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE conrelid = 'relation'::regclass AND contype = 'p'
UNION ALL
SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
FROM pg_index WHERE indrelid = 'relation'::regclass AND NOT indisprimary
"""
"""Statements that drop and make each index: they slow down every row that is put in, and rows can be sorted later."""


async def _put_mutes(address: str, crowd: Crowd, meter: Meter) -> None:
    connection = await asyncpg.connect(address)
    try:
        indexes = await connection.fetch(INDEXES)
        for drop, _ in indexes:
            await connection.execute(drop)
        for first in range(0, crowd.sources, SOURCES_AT_ONCE):
            after = min(first + SOURCES_AT_ONCE, crowd.sources)
            await connection.execute(MUTES, first, after, crowd.sources, crowd.targets)
            meter("mutes", after * MUTES_EACH, crowd.relations)
        for _, make in indexes:
            await connection.execute(make)
        # What autovacuum does to a table that has been there for a while.
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
