"""Relations and people spread over many tables of one database, as they are over many machines where there are some."""

import asyncpg

PARTS = 8

SPREAD = {"relation": "source_id", "person": "id"}
"""Tables, and what decides in which part a row lies."""


async def partition(address: str) -> None:
    """Spread the tables of an empty database that has the current schema; their keys and indexes stay as they are.

    Raises:
        asyncpg.PostgresError: a key does not hold the column that decides, so that it could not be kept.
    """
    connection = await asyncpg.connect(address)
    try:
        async with connection.transaction():
            for table, column in SPREAD.items():
                assert not await connection.fetch(f"SELECT 1 FROM {table} LIMIT 1")
                await connection.execute(_replacement(table, column))
    finally:
        await connection.close()


def _replacement(table: str, column: str) -> str:
    parts = [
        f"CREATE TABLE {table}_{n} PARTITION OF {table} FOR VALUES WITH (MODULUS {PARTS}, REMAINDER {n})"
        for n in range(PARTS)
    ]
    return ";".join(
        [
            f"ALTER TABLE {table} RENAME TO whole",
            f"CREATE TABLE {table} (LIKE whole INCLUDING ALL) PARTITION BY HASH ({column})",
            "DROP TABLE whole",
            *parts,
        ]
    )
