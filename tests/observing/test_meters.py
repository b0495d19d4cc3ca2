import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.clock import ManualClock
from tacet.observing.meters import BATCH_BOUNDS, TIME_BOUNDS_NS, Histogram, Meters
from tacet.observing.metrics import METRICS, Kind


@pytest.fixture
def meters() -> Meters:
    return Meters(ManualClock(0))


def test_a_value_counts_in_the_first_range_that_holds_it() -> None:
    histogram = Histogram((10, 20))
    for value in (0, 10, 11, 20, 21, 1_000):
        histogram.note(value)
    assert histogram.counts == [2, 2, 2]
    assert histogram.total == 1_062


@given(st.lists(st.integers(0, 10**12)))
def test_every_value_is_in_one_range(values: list[int]) -> None:
    histogram = Histogram(TIME_BOUNDS_NS)
    for value in values:
        histogram.note(value)
    assert sum(histogram.counts) == len(values)
    assert histogram.total == sum(values)


@pytest.mark.parametrize("bounds", [TIME_BOUNDS_NS, BATCH_BOUNDS], ids=["times", "batches"])
def test_ranges_ascend(bounds: tuple[int, ...]) -> None:
    assert list(bounds) == sorted(set(bounds))


def test_a_route_is_the_same_each_time(meters: Meters) -> None:
    assert meters.route("GET", "/2/users/me") is meters.route("GET", "/2/users/me")
    assert meters.route("POST", "/2/users/me") is not meters.route("GET", "/2/users/me")


def test_failures_count_by_reason(meters: Meters) -> None:
    for reason in ("busy", "away", "busy"):
        meters.operation("relations.add").failed(reason)
    assert meters.operation("relations.add").failures == {"busy": 2, "away": 1}


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        pytest.param("nothing", (), id="no-such-metric"),
        pytest.param("cache_entries", (), id="too-few-labels"),
        pytest.param("homes", ("alice",), id="too-many-labels"),
    ],
)
def test_what_is_no_metric_cannot_be_watched(meters: Meters, name: str, labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=name):
        meters.watch(name, lambda: 1, *labels)
    assert meters.readings == []


def test_a_histogram_of_its_own_has_no_labels(meters: Meters) -> None:
    with pytest.raises(ValueError, match="request_duration_seconds"):
        meters.histogram("request_duration_seconds")
    meters.histogram("event_loop_delay_seconds")
    assert [shown.name for shown in meters.histograms] == ["event_loop_delay_seconds"]


class TestNames:
    """Prometheus's own conventions for names and units."""

    @pytest.mark.parametrize("name", METRICS)
    def test_a_counter_and_nothing_else_ends_in_total(self, name: str) -> None:
        assert name.endswith("_total") == (METRICS[name].kind is Kind.COUNTER)

    @pytest.mark.parametrize("name", METRICS)
    def test_units_are_whole_words_of_the_base_unit(self, name: str) -> None:
        assert not {"ms", "ns", "us", "millis", "milliseconds", "kb", "mb", "percent"} & set(name.split("_"))
        assert name == name.lower()

    @pytest.mark.parametrize("name", METRICS)
    def test_each_is_explained_in_a_sentence(self, name: str) -> None:
        assert METRICS[name].help.endswith(".")

    @pytest.mark.parametrize("name", METRICS)
    def test_no_label_can_hold_an_account(self, name: str) -> None:
        """The values of these are ours, not a client's: templates, statuses, names of operations and caches."""
        assert set(METRICS[name].labels) <= {
            *("method", "route", "status", "operation", "reason", "state", "cache", "version", "database")
        }
