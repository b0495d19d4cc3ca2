from collections.abc import AsyncIterator

import pytest

from tacet.clock import ManualClock
from tacet.observing.meters import Meters
from tacet.records.relations import Kind, Relation
from tacet.store.base import Conflict, Store, StoreAway, StoreBusy, StoreError
from tacet.store.measured import measure
from tacet.store.opening import MEMORY, open_store
from tests.cast import ALICE, BOB

NOW_MS = 1_000


@pytest.fixture
def meters() -> Meters:
    return Meters(ManualClock(NOW_MS))


@pytest.fixture
async def store(meters: Meters) -> AsyncIterator[Store]:
    opened = open_store(MEMORY, 100)
    await opened.open()
    measure(opened, meters)
    yield opened
    await opened.close()


async def test_every_operation_counts_under_its_own_name(store: Store, meters: Meters) -> None:
    await store.directory.put_people([ALICE, BOB])
    await store.relations.add(Relation(Kind.MUTE, ALICE.id, BOB.id, 2), NOW_MS)
    assert await store.relations.which(Kind.MUTE, ALICE.id, [BOB.id], NOW_MS) == {BOB.id}
    counted = {name: sum(operation.times.counts) for name, operation in meters.operations.items()}
    assert {name: count for name, count in counted.items() if count} == {
        "directory.put_people": 1,
        "relations.add": 1,
        "relations.which": 1,
    }


async def test_every_part_of_the_store_is_measured(store: Store, meters: Meters) -> None:
    parts = {name.partition(".")[0] for name in meters.operations}
    assert parts >= {"relations", "directory", "posts", "messages", "credentials", "consents", "accounts", "nonces"}
    assert len(meters.operations) > 70


@pytest.mark.parametrize(
    ("error", "reasons"),
    [
        pytest.param(StoreBusy("too many"), {"busy": 1}, id="busy"),
        pytest.param(StoreAway("gone"), {"away": 1}, id="away"),
        pytest.param(StoreError("disk full"), {"error": 1}, id="error"),
        pytest.param(Conflict("taken"), {}, id="a-conflict-is-an-answer"),
    ],
)
async def test_failures_count_by_reason(
    meters: Meters, monkeypatch: pytest.MonkeyPatch, error: StoreError, reasons: dict[str, int]
) -> None:
    async def fails(*_arguments: object) -> None:
        raise error

    store = open_store(MEMORY, 100)
    await store.open()
    monkeypatch.setattr(type(store.relations), "remove", fails)
    measure(store, meters)
    with pytest.raises(type(error)) as raised:
        await store.relations.remove(Kind.MUTE, 1, 2, NOW_MS)
    await store.close()
    assert raised.value is error
    operation = meters.operations["relations.remove"]
    assert operation.failures == reasons
    assert sum(operation.times.counts) == 1
