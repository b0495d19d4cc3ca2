"""Every metric by name: what it is and what it says. What is not listed here is not exposed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from types import MappingProxyType

PREFIX = "tacet_"


class Kind(StrEnum):
    """Prometheus's kinds, as far as they are used."""

    COUNTER = auto()
    GAUGE = auto()
    HISTOGRAM = auto()


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        help: a sentence for whoever reads the exposition.
        labels: names of its labels, in order.
    """

    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


def _counter(help_: str, *labels: str) -> Metric:
    return Metric(Kind.COUNTER, help_, labels)


def _gauge(help_: str, *labels: str) -> Metric:
    return Metric(Kind.GAUGE, help_, labels)


def _histogram(help_: str, *labels: str) -> Metric:
    return Metric(Kind.HISTOGRAM, help_, labels)


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "build_info": _gauge("Always 1; the version and the kind of database are labels.", "version", "database"),
        "requests_total": _counter("Requests answered, by route template.", "method", "route", "status"),
        "request_duration_seconds": _histogram(
            "From the first look at a request until its answer is ready.", "method", "route"
        ),
        "rate_limit_refusals_total": _counter("Requests answered 429, by route template.", "method", "route"),
        "rate_limits_failed_open_total": _counter("Requests let through uncounted because Redis was away or refused."),
        "redis_up": _gauge("1 while Redis answers; missing where there is none."),
        "redis_failures_total": _counter("Calls of Redis that failed or were not made because it was away."),
        "redis_call_duration_seconds": _histogram("Time of calls of Redis that were answered."),
        "store_up": _gauge("1 while PostgreSQL can be reached; missing for SQLite, which is a file."),
        "store_operation_duration_seconds": _histogram(
            "Time of the store's operations, waiting for a turn included.", "operation"
        ),
        "store_failures_total": _counter(
            "Operations of the store that failed: busy, where too many wait; away, where it is out of reach; or error.",
            "operation",
            "reason",
        ),
        "write_queue_length": _gauge("Writes that wait for their batch."),
        "write_queue_limit": _gauge("Writes that may wait; one more is answered 503."),
        "write_batch_size": _histogram("Writes that became durable with one commit."),
        "write_log_bytes": _gauge("Size of SQLite's write-ahead log."),
        "database_connections": _gauge("Connections to PostgreSQL that are open, used or idle.", "state"),
        "database_connections_limit": _gauge("Connections to PostgreSQL that this process may open."),
        "database_waiting": _gauge("Operations that wait for a connection to PostgreSQL."),
        "cache_hits_total": _counter("What was found in a cache.", "cache"),
        "cache_misses_total": _counter("What had to be read or made because no cache had it.", "cache"),
        "cache_entries": _gauge("What a cache keeps.", "cache"),
        "homes": _gauge("Viewers whose home timelines are kept."),
        "homes_bytes": _gauge("Memory of the home timelines that are kept, about."),
        "requests_in_flight": _gauge("Requests that are being answered."),
        "requests_limit": _gauge("Requests answered at once, past which further ones are answered 503."),
        "connections": _gauge("Connections of clients that are open."),
        "connections_limit": _gauge("Connections of clients past which requests are answered 503."),
        "file_shortages_total": _counter(
            "Tenths of a second in which nobody was accepted: too few files were left to open."
        ),
        "event_loop_delay_seconds": _histogram("How late the event loop came back to something that was due."),
        "request_log_dropped_total": _counter("Lines of the log not written because nobody read fast enough."),
    }
)
"""By name without `PREFIX`. Names and units follow Prometheus's conventions."""
