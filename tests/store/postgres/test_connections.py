"""What becomes of a session whose answers cannot be read."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tacet.store.base import StoreAway
from tacet.store.postgres.dialect import DRIVERS, translated
from tacet.store.postgres.session import Connection


class Stumbling:
    """A driver's session, and its own statement, that meets octets which it does not expect."""

    def __init__(self, last: bool) -> None:
        self.ended = False
        self._prepares = last

    async def prepare(self, *_: Any, **__: Any) -> Any:
        return self if self._prepares else self._stumble()

    async def _fail(self, *_: Any, **__: Any) -> Any:
        self._stumble()

    fetch = fetchmany = executemany = execute = copy_records_to_table = _fail

    def _stumble(self) -> None:
        raise IndexError("deque index out of range")

    def terminate(self) -> None:
        self.ended = True


CALLS: dict[str, Callable[[Connection], Awaitable[Any]]] = {
    "fetch": lambda connection: connection.fetch("SELECT 1", ()),
    "run": lambda connection: connection.run("DELETE", ()),
    "fetch-many": lambda connection: connection.fetch_many("SELECT $1", [(1,)]),
    "run-many": lambda connection: connection.run_many("DELETE", [(1,)]),
    "copy": lambda connection: connection.copy("person", ["id"], [(1,)]),
    "begin": lambda connection: connection.begin(),
}


@pytest.mark.parametrize("prepares", [True, False], ids=["when-asked", "when-preparing"])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
async def test_an_answer_that_cannot_be_read_is_a_session_lost(
    call: Callable[[Connection], Awaitable[Any]], prepares: bool
) -> None:
    raw = Stumbling(prepares)
    with pytest.raises(DRIVERS) as raised:
        await call(Connection(raw, 1.0))
    assert isinstance(translated(raised.value), StoreAway)
    assert raw.ended
