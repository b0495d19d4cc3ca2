"""`tacet` over a database that is wrong in a known way, to see that the other tests would notice.

python -m tests.faults.faulty FAULT COMMAND...
"""

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from tacet.cli import main
from tacet.store.sqlite.relations import SqliteRelations

RATE = 0.03
"""Of writes, how many are wrong."""

STALE = 0.2
"""Of answers, how many are old; most of these are still right."""

LATE_S = 0.05
"""How much later than it was acknowledged a write is made that is late."""

Method = Callable[..., Awaitable[Any]]

_late: set["asyncio.Task[None]"] = set()


def losing_mutes(chance: random.Random) -> None:
    """Says that somebody is muted who is not."""
    SqliteRelations.add = _sometimes(chance, _nothing, SqliteRelations.add)  # type: ignore[method-assign]  # on purpose


def losing_unmutes(chance: random.Random) -> None:
    """Says that somebody is not muted who is."""
    SqliteRelations.remove = _sometimes(chance, _nothing, SqliteRelations.remove)  # type: ignore[method-assign]  # as above


def acknowledging_early(chance: random.Random) -> None:
    """Acknowledges a write that is made only later, maybe after another one."""
    add = SqliteRelations.add

    async def late(self: SqliteRelations, *arguments: Any) -> bool:
        async def write() -> None:
            await asyncio.sleep(LATE_S)
            await add(self, *arguments)

        task = asyncio.ensure_future(write())
        _late.add(task)
        task.add_done_callback(_late.discard)
        return True

    SqliteRelations.add = _sometimes(chance, late, add)  # type: ignore[method-assign]  # as above


def showing_what_was(chance: random.Random) -> None:
    """Answers with what it answered the last time, as a cache does that is not kept up to date."""
    which = SqliteRelations.which
    kept: dict[Any, Any] = {}

    async def old(self: SqliteRelations, kind: Any, source_id: int, target_ids: Any, now_ms: int) -> Any:
        key = (kind, source_id, tuple(target_ids))
        now = await which(self, kind, source_id, target_ids, now_ms)
        before, kept[key] = kept.get(key, now), now
        return before if chance.random() < STALE else now

    SqliteRelations.which = old  # type: ignore[method-assign]  # as above


FAULTS = {each.__name__: each for each in (losing_mutes, losing_unmutes, acknowledging_early, showing_what_was)}


def _sometimes(chance: random.Random, wrong: Method, right: Method) -> Any:
    async def either(*arguments: Any) -> Any:
        return await (wrong if chance.random() < RATE else right)(*arguments)

    return either


async def _nothing(*_: Any) -> bool:
    return True


if __name__ == "__main__":
    FAULTS[sys.argv.pop(1)](random.Random(7))
    sys.exit(main())
