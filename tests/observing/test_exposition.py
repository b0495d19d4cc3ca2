from collections.abc import Mapping

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tacet.clock import ManualClock
from tacet.observing.exposition import CONTENT_TYPE, Exposition
from tacet.observing.meters import BATCH_BOUNDS, Meters
from tacet.observing.metrics import METRICS, PREFIX
from tacet.observing.requests import Requests

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def meters() -> Meters:
    return Meters(ManualClock(0))


def samples(meters: Meters) -> Samples:
    """Every value by its name and labels, as Prometheus's own parser reads them."""
    families = text_string_to_metric_families(Exposition(meters).text().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def labelled(**labels: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))


def test_requests_by_route_and_status(meters: Meters) -> None:
    requests = Requests(meters.clock, meters)
    for status in (200, 200, 429):
        requests.of("GET", "/2/users/{id}/muting")(status, (b"", 0), 0)
    found = samples(meters)
    route = {"method": "GET", "route": "/2/users/{id}/muting"}
    assert found["tacet_requests_total", labelled(**route, status="200")] == 2
    assert found["tacet_requests_total", labelled(**route, status="429")] == 1
    assert found["tacet_rate_limit_refusals_total", labelled(**route)] == 1
    assert found["tacet_request_duration_seconds_count", labelled(**route)] == 3


def test_ranges_are_cumulative_and_in_seconds(meters: Meters) -> None:
    delays = meters.histogram("event_loop_delay_seconds")
    for ms in (0, 2, 2, 20_000):
        delays.note(ms * 1_000_000)
    found = samples(meters)
    name = "tacet_event_loop_delay_seconds"
    assert found[f"{name}_bucket", labelled(le="0.0001")] == 1
    assert found[f"{name}_bucket", labelled(le="0.0025")] == 3
    assert found[f"{name}_bucket", labelled(le="10")] == 3
    assert found[f"{name}_bucket", labelled(le="+Inf")] == found[f"{name}_count", ()] == 4
    assert found[f"{name}_sum", ()] == pytest.approx(20.004)


def test_batches_are_counted_in_writes(meters: Meters) -> None:
    batches = meters.histogram("write_batch_size", BATCH_BOUNDS, unit=1)
    for size in (1, 30, 256):
        batches.note(size)
    found = samples(meters)
    assert found["tacet_write_batch_size_bucket", labelled(le="32")] == 2
    assert found["tacet_write_batch_size_sum", ()] == 287


def test_readings_are_read_when_asked(meters: Meters) -> None:
    kept = {"people": 0}
    meters.watch("cache_entries", lambda: kept["people"], "people")
    meters.watch("cache_entries", lambda: 7, "bearers")
    meters.watch("cache_hits_total", lambda: 5, "people")
    kept["people"] = 3
    found = samples(meters)
    assert found["tacet_cache_entries", labelled(cache="people")] == 3
    assert found["tacet_cache_entries", labelled(cache="bearers")] == 7
    assert found["tacet_cache_hits_total", labelled(cache="people")] == 5


def test_operations_of_the_store_and_their_failures(meters: Meters) -> None:
    operation = meters.operation("relations.add")
    operation.times.note(1_000_000)
    operation.failed("busy")
    found = samples(meters)
    assert found["tacet_store_operation_duration_seconds_count", labelled(operation="relations.add")] == 1
    assert found["tacet_store_failures_total", labelled(operation="relations.add", reason="busy")] == 1


def test_bugs_and_refusals_that_did_not_happen_yet_are_none(meters: Meters) -> None:
    Requests(meters.clock, meters).of("GET", "/2/users/me")
    meters.operation("relations.add")
    route = {"method": "GET", "route": "/2/users/me"}
    assert {key: value for key, value in samples(meters).items() if key[0].startswith(PREFIX)} == {
        ("tacet_requests_total", labelled(**route, status="500")): 0,
        ("tacet_rate_limit_refusals_total", labelled(**route)): 0,
    }


def test_the_process_itself_is_there(meters: Meters) -> None:
    found = samples(meters)
    # Where the system tells nothing of its processes, it is left out.
    names = {name for name, _ in found if not name.startswith(PREFIX)}
    assert names <= {
        "process_cpu_seconds_total",
        "process_max_fds",
        "process_open_fds",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_virtual_memory_bytes",
    }


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_that_is_named_can_be_written(meters: Meters, name: str) -> None:
    metric = METRICS[name]
    values: Mapping[str, str] = dict.fromkeys(metric.labels, "x")
    match name:
        case "requests_total" | "rate_limit_refusals_total" | "request_duration_seconds":
            Requests(meters.clock, meters).of("GET", "x")(200, (b"", 0), 0)
        case "store_operation_duration_seconds" | "store_failures_total":
            operation = meters.operation("x")
            operation.times.note(1)
            operation.failed("x")
        case _ if metric.kind == "histogram":
            meters.histogram(name).note(1)
        case _:
            meters.watch(name, lambda: 1, *values.values())
    assert any(found.startswith(PREFIX + name) for found, _ in samples(meters))


def test_it_is_prometheus_text_format() -> None:
    assert CONTENT_TYPE.startswith(b"text/plain; version=")
