"""The meters in Prometheus's text format, made when somebody asks for them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from tacet.observing.meters import Histogram, Meters
from tacet.observing.metrics import METRICS, PREFIX, Kind

CONTENT_TYPE = CONTENT_TYPE_LATEST.encode()

TOO_MANY_REQUESTS = 429
BUG = 500

_NS = 10**9


class Exposition:
    """Writes the meters of one process, and what the system knows of it: memory, processor time, open files."""

    def __init__(self, meters: Meters) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Collected(meters))
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """All metrics as they are now. Takes milliseconds: not for the event loop's thread."""
        return generate_latest(self._registry)


class _Collected(Collector):
    """What a registry asks for metrics."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters

    def describe(self) -> Iterable[Metric]:
        """None in advance: a registry asks for names only to find two collectors that share one."""
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from self._routes()
        yield from self._operations()
        for shown in list(self._meters.histograms):
            family = _histogram(shown.name)
            _add(family, (), shown.histogram, shown.unit)
            yield family
        yield from self._readings()

    def _routes(self) -> Iterator[Metric]:
        requests, refusals = _numbers("requests_total"), _numbers("rate_limit_refusals_total")
        times = _histogram("request_duration_seconds")
        # Copied at once: the loop's thread may add a route or a status meanwhile.
        for (method, template), route in list(self._meters.routes.items()):
            # What there was none of yet is told too: a series that begins with its first bug shows no increase.
            statuses = {BUG: 0, **route.statuses}
            for status, count in statuses.items():
                requests.add_metric((method, template, str(status)), count)
            refusals.add_metric((method, template), statuses.get(TOO_MANY_REQUESTS, 0))
            if any(route.times.counts):
                _add(times, (method, template), route.times, _NS)
        yield from (requests, refusals, times)

    def _operations(self) -> Iterator[Metric]:
        times, failures = _histogram("store_operation_duration_seconds"), _numbers("store_failures_total")
        for name, operation in list(self._meters.operations.items()):
            if any(operation.times.counts):
                _add(times, (name,), operation.times, _NS)
            for reason, count in dict(operation.failures).items():
                failures.add_metric((name, reason), count)
        yield from (times, failures)

    def _readings(self) -> Iterator[Metric]:
        families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for reading in list(self._meters.readings):
            family = families.get(reading.name)
            if family is None:
                family = families[reading.name] = _numbers(reading.name)
            family.add_metric(reading.labels, reading.read())
        yield from families.values()


def _numbers(name: str) -> CounterMetricFamily | GaugeMetricFamily:
    metric = METRICS[name]
    if metric.kind is Kind.COUNTER:
        return CounterMetricFamily(PREFIX + name, metric.help, labels=metric.labels)
    return GaugeMetricFamily(PREFIX + name, metric.help, labels=metric.labels)


def _histogram(name: str) -> HistogramMetricFamily:
    metric = METRICS[name]
    return HistogramMetricFamily(PREFIX + name, metric.help, labels=metric.labels)


def _add(family: HistogramMetricFamily, labels: Sequence[str], histogram: Histogram, unit: int) -> None:
    """One histogram, whose ranges Prometheus wants cumulative."""
    ends = [*(f"{bound / unit:g}" for bound in histogram.bounds), "+Inf"]
    reached = accumulate(list(histogram.counts))
    family.add_metric(labels, list(zip(ends, reached, strict=True)), histogram.total / unit)
