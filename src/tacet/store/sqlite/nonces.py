"""Nonces in SQLite."""

from tacet.store.base import Part
from tacet.store.nonces import NonceStore
from tacet.store.queries import nonces as queries
from tacet.store.queries import upkeep
from tacet.store.sqlite.dialect import adapt
from tacet.store.sqlite.writer import GroupWriter, Size

_BUMP = adapt(upkeep.BUMP)
_REMEMBER = adapt(queries.REMEMBER)
_SWEEP_NONCES = adapt(queries.SWEEP_NONCES)


class SqliteNonces(NonceStore):
    """Nonces of one SQLite database.

    Args:
        writer: the one writer of this database.
    """

    def __init__(self, writer: GroupWriter) -> None:
        self._writer = writer

    async def remember(self, digest: bytes, expires_at_ms: int) -> bool:
        row = (digest, expires_at_ms)
        return bool(await self._writer.submit(lambda connection: connection.execute(_REMEMBER, row).fetchall()))

    async def announce(self) -> None:
        await self._writer.submit(lambda connection: connection.execute(_BUMP, (Part.NONCES.value,)))

    async def sweep(self, now_ms: int, limit: int) -> int:
        return await self._writer.submit(
            lambda connection: len(connection.execute(_SWEEP_NONCES, (now_ms, limit)).fetchall()), Size.LONG
        )
