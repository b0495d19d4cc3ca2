"""Nonces in PostgreSQL."""

from tacet.store.base import Part
from tacet.store.nonces import NonceStore
from tacet.store.postgres.database import Database, Transaction
from tacet.store.postgres.dialect import adapt
from tacet.store.postgres.locks import NONCES
from tacet.store.queries import nonces as queries
from tacet.store.queries import upkeep

_BUMP = adapt(upkeep.BUMP)
_REMEMBER = adapt(queries.REMEMBER)
_SWEEP_NONCES = adapt(queries.SWEEP_NONCES)


class PostgresNonces(NonceStore):
    """Nonces of one PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remember(self, digest: bytes, expires_at_ms: int) -> bool:
        return bool(await self._database.write(_REMEMBER, (digest, expires_at_ms)))

    async def announce(self) -> None:
        await self._database.write(_BUMP, (Part.NONCES.value,))

    async def sweep(self, now_ms: int, limit: int) -> int:
        async def write(transaction: Transaction) -> int:
            await transaction.lock(NONCES)
            return len(await transaction.rows(_SWEEP_NONCES, (now_ms, limit)))

        return await self._database.transaction(write)
