"""What caches count of themselves, and what a service shows of them."""

import pytest

from tacet.clock import ManualClock
from tacet.observing.meters import Meters
from tests.cast import ALICE, BOB
from tests.service import Service


@pytest.fixture
def meters(service: Service) -> Meters:
    made = Meters(ManualClock(0))
    service.tacet.observe(made)
    return made


def read(meters: Meters) -> dict[tuple[str, ...], float]:
    return {(each.name, *each.labels): each.read() for each in meters.readings}


async def test_what_was_rendered_before_is_found(service: Service, meters: Meters) -> None:
    await service.mute(ALICE, BOB.id)
    await service.page(ALICE)
    before = read(meters)
    await service.page(ALICE)
    after = read(meters)
    assert after["cache_hits_total", "rendered users"] == before["cache_hits_total", "rendered users"] + 1
    assert after["cache_misses_total", "rendered users"] == before["cache_misses_total", "rendered users"]


async def test_a_bearer_is_read_once(service: Service, meters: Meters) -> None:
    for _ in range(3):
        await service.get("/2/users/me")
    found = read(meters)
    assert found["cache_misses_total", "bearers"] == 1
    assert found["cache_hits_total", "bearers"] == 2
    assert found["cache_entries", "bearers"] == 1


async def test_people_are_counted_each(service: Service, meters: Meters) -> None:
    before = read(meters)
    await service.tacet.people.by_ids([ALICE.id, BOB.id])
    await service.tacet.people.by_ids([ALICE.id, BOB.id, 999])
    after = read(meters)
    assert after["cache_misses_total", "people"] - before["cache_misses_total", "people"] == 3
    assert after["cache_hits_total", "people"] - before["cache_hits_total", "people"] == 2
    assert after["cache_entries", "people"] == 2


async def test_a_home_is_kept_and_found(service: Service, meters: Meters) -> None:
    for _ in range(2):
        await service.get(f"/2/users/{ALICE.id}/timelines/reverse_chronological")
    found = read(meters)
    assert found["cache_misses_total", "homes"] == found["cache_hits_total", "homes"] == 1
    assert found["homes",] == 1
    assert found["homes_bytes",] > 0


async def test_what_is_forgotten_is_kept_no_more(service: Service, meters: Meters) -> None:
    await service.get("/2/users/me")
    service.tacet.people.forget()
    service.tacet.authenticator.forget()
    found = read(meters)
    assert found["cache_entries", "people"] == found["cache_entries", "bearers"] == 0


async def test_without_redis_nothing_is_told_of_it(meters: Meters) -> None:
    assert not [each.name for each in meters.readings if "redis" in each.name]
