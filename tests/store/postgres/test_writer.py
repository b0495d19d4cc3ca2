"""Writes that share a round trip and a commit."""

import asyncio
from collections.abc import Sequence
from contextvars import Context
from typing import Any

import pytest

from tacet.began import BEGAN_S
from tacet.store.base import Conflict, StoreAway, StoreBusy, StoreClosed
from tacet.store.postgres import aside
from tacet.store.postgres.aside import Key
from tacet.store.postgres.database import TOO_LONG, Database
from tacet.store.postgres.dialect import Held, Unstorable
from tacet.store.postgres.writer import MAX_BATCH, MAX_UNDER_WAY, GroupWriter
from tests.redis.waiting import until

SQL = "INSERT"


class Slow(Database):
    """Takes a while for every batch, and refuses those with a bad row."""

    def __init__(self) -> None:
        self.timeout_s = 1.0
        self.batches: list[list[Key]] = []
        self.bad: dict[Key, Exception] = {}
        self.under_way = self.most_under_way = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.alone: list[Key] = []
        self.is_held = True
        self.free = asyncio.Event()
        self.free.set()

    async def write(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        assert sql == SQL
        key: Key = parameters[0]
        self.alone.append(key)
        await self.free.wait()
        if self.is_held:
            raise Held("held")
        return [(*key, 10 * key[2])]

    async def write_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[Any]:
        assert sql == SQL
        keys: list[Key] = [row[0] for row in rows]
        self.batches.append(keys)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.sleep(0.001)
        await self.gate.wait()
        self.under_way -= 1
        for key in keys:
            if key in self.bad:
                raise self.bad[key]
        # Nothing comes back for what changes nothing.
        return [(*key, 10 * key[2]) for key in reversed(keys) if key[2] % 2]


def key(target_id: int, source_id: int = 1) -> Key:
    return source_id, 1, target_id


@pytest.fixture
def database() -> Slow:
    return Slow()


def writer_on(database: Slow, queue_length: int = 1_000) -> GroupWriter:
    return GroupWriter(database, SQL, queue_length)


async def submitted(writer: GroupWriter, keys: Sequence[Key]) -> list[Any]:
    return [*await asyncio.gather(*(writer.submit(each, (each,)) for each in keys), return_exceptions=True)]


async def test_everybody_gets_what_their_own_write_returned(database: Slow) -> None:
    answers = await submitted(writer_on(database), [key(n) for n in (5, 2, 3, 1, 4)])
    assert answers == [[50], [], [30], [10], []]


async def test_what_arrives_together_goes_together_in_the_order_of_its_keys(database: Slow) -> None:
    await submitted(writer_on(database), [key(2, 9), key(1, 9), key(3, 4)])
    assert database.batches == [[key(3, 4), key(1, 9), key(2, 9)]]


async def test_what_arrives_while_the_disk_works_is_gathered(database: Slow) -> None:
    writer = writer_on(database)
    database.gate.clear()
    first = asyncio.create_task(submitted(writer, [key(1)]))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(submitted(writer, [key(2)]))
    await asyncio.sleep(0.01)
    rest = [asyncio.create_task(submitted(writer, [key(n)])) for n in range(3, 40)]
    await asyncio.sleep(0.01)
    assert len(database.batches) == MAX_UNDER_WAY
    database.gate.set()
    await asyncio.gather(first, second, *rest)
    assert [len(batch) for batch in database.batches] == [1, 1, 37]


async def test_a_batch_names_no_key_twice(database: Slow) -> None:
    answers = await submitted(writer_on(database), [key(1), key(1), key(3), key(1)])
    assert answers == [[10], [10], [30], [10]]
    assert all(len({*batch}) == len(batch) for batch in database.batches)
    assert sum(map(len, database.batches)) == 4


async def test_batches_are_bounded_and_so_is_how_many_are_under_way(database: Slow) -> None:
    await submitted(writer_on(database, 10_000), [key(n) for n in range(5 * MAX_BATCH)])
    assert max(map(len, database.batches)) == MAX_BATCH
    assert database.most_under_way == MAX_UNDER_WAY


@pytest.mark.parametrize("error", [Conflict("taken"), Unstorable("too large")], ids=repr)
@pytest.mark.parametrize("bad", [{3}, {0}, {63}, {5, 6, 40}, {*range(64)}], ids=str)
async def test_a_row_at_fault_is_refused_and_no_other(database: Slow, bad: set[int], error: Exception) -> None:
    database.bad = {key(n): error for n in bad}
    answers = await submitted(writer_on(database), [key(n) for n in range(64)])
    assert {n for n, answer in enumerate(answers) if isinstance(answer, type(error))} == bad
    assert [answers[n] for n in range(64) if n not in bad] == [
        [10 * n] if n % 2 else [] for n in range(64) if n not in bad
    ]


async def test_one_conflict_does_not_cost_a_commit_for_each(database: Slow) -> None:
    database.bad = {key(77): Conflict("taken")}
    await submitted(writer_on(database), [key(n) for n in range(MAX_BATCH)])
    assert len(database.batches) <= 20


@pytest.mark.parametrize("error", [StoreAway("gone"), StoreBusy("slow"), ValueError("odd")], ids=repr)
async def test_any_other_failure_is_everybodys(database: Slow, error: Exception) -> None:
    database.bad = {key(3): error}
    answers = await submitted(writer_on(database), [key(n) for n in range(5)])
    assert [(type(answer), str(answer)) for answer in answers] == [(type(error), str(error))] * 5


async def test_a_row_that_somebody_holds_is_waited_for_apart_from_all_others(database: Slow) -> None:
    database.bad = {key(5): Held("held")}
    database.is_held = False
    answers = await submitted(writer_on(database), [key(n) for n in range(8)])
    assert answers == [[10 * n] if n % 2 else [] for n in range(8)]
    assert database.alone == [key(5)]


async def test_a_row_that_is_held_for_too_long_is_refused_and_left_out_of_batches_for_a_while(database: Slow) -> None:
    writer = writer_on(database)
    database.bad = {key(5): Held("held")}
    answers = await submitted(writer, [key(n) for n in range(8)])
    assert [n for n, answer in enumerate(answers) if isinstance(answer, StoreBusy)] == [5]
    database.batches.clear()
    answers = await submitted(writer, [key(n) for n in range(8)])
    assert [n for n, answer in enumerate(answers) if isinstance(answer, StoreBusy)] == [5]
    assert database.batches == [[key(n) for n in range(8) if n != 5]]
    assert database.alone == [key(5)]


async def test_rows_that_are_held_are_asked_for_one_at_a_time_and_few_wait(
    database: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "MAX_WAITING", 3)
    database.bad = {key(n): Held("held") for n in range(8)}
    database.is_held = False
    database.free.clear()
    writer = writer_on(database)
    writing = [asyncio.create_task(writer.submit(key(n), (key(n),))) for n in range(8)]
    await until(lambda: sum(each.done() for each in writing) == 5)
    assert len(database.alone) == 1
    database.free.set()
    answers = await asyncio.gather(*writing, return_exceptions=True)
    assert sum(isinstance(answer, Held) for answer in answers) == 5
    assert len(database.alone) == 3


async def test_who_is_called_off_takes_nobody_along(database: Slow) -> None:
    writer = writer_on(database)
    database.gate.clear()
    tasks = [asyncio.create_task(writer.submit(key(n), (key(n),))) for n in (1, 3, 5)]
    await asyncio.sleep(0.01)
    tasks[1].cancel()
    await asyncio.wait([tasks[1]])
    database.gate.set()
    assert [await tasks[0], await tasks[2]] == [[10], [50]]
    assert database.batches == [[key(1), key(3), key(5)]]


async def test_a_full_queue_refuses_at_once(database: Slow) -> None:
    writer = writer_on(database, queue_length=3)
    answers = await submitted(writer, [key(n) for n in range(5)])
    assert [isinstance(answer, StoreBusy) for answer in answers] == [False] * 3 + [True] * 2
    assert writer.waiting == 0
    assert await writer.submit(key(7), (key(7),)) == [70]


async def test_closing_finishes_what_was_accepted_and_refuses_what_comes(database: Slow) -> None:
    writer = writer_on(database)
    accepted = [asyncio.create_task(writer.submit(key(n), (key(n),))) for n in range(600)]
    await asyncio.sleep(0)
    await writer.close()
    assert sum(map(len, await asyncio.gather(*accepted))) == 300
    with pytest.raises(StoreClosed):
        await writer.submit(key(1), (key(1),))


async def test_an_idle_one_is_closed_at_once(database: Slow) -> None:
    async with asyncio.timeout(30):
        await writer_on(database).close()


async def test_a_write_whose_request_has_had_its_time_is_not_begun(database: Slow) -> None:
    writer = writer_on(database)
    late = Context()
    late.run(BEGAN_S.set, asyncio.get_running_loop().time() - 3_600)
    too_late = asyncio.get_running_loop().create_task(writer.submit(key(1), (key(1),)), context=late)
    in_time = asyncio.create_task(writer.submit(key(3), (key(3),)))
    assert await in_time == [30]
    with pytest.raises(StoreBusy, match=TOO_LONG):
        await too_late
    assert database.batches == [[key(3)]]
    await writer.close()


async def test_a_request_that_has_written_gets_as_much_time_again(database: Slow) -> None:
    writer = writer_on(database)

    async def request() -> float:
        began_s = asyncio.get_running_loop().time()
        BEGAN_S.set(began_s)
        await writer.submit(key(1), (key(1),))
        return BEGAN_S.get() - began_s

    assert await asyncio.get_running_loop().create_task(request(), context=Context()) > 0
    await writer.close()


async def test_where_all_are_too_late_there_is_no_batch_and_it_goes_on(database: Slow) -> None:
    writer = writer_on(database)
    late = Context()
    late.run(BEGAN_S.set, asyncio.get_running_loop().time() - 3_600)
    with pytest.raises(StoreBusy, match=TOO_LONG):
        await asyncio.get_running_loop().create_task(writer.submit(key(1), (key(1),)), context=late)
    assert database.batches == []
    assert await writer.submit(key(3), (key(3),)) == [30]
    await writer.close()


@pytest.mark.parametrize("odd", [None, (key(1), [1], [2])], ids=["no row", "no key"])
async def test_an_answer_of_a_shape_that_nobody_knows_leaves_nobody_waiting(
    database: Slow, monkeypatch: pytest.MonkeyPatch, odd: object
) -> None:
    async def answered(_sql: str, _rows: Sequence[Sequence[Any]]) -> list[Any]:
        return [odd]

    monkeypatch.setattr(database, "write_many", answered)
    writer = writer_on(database)
    answers = await asyncio.wait_for(submitted(writer, [key(n) for n in range(3)]), 30)
    assert [type(answer) for answer in answers] == [TypeError] * 3
    await writer.close()
