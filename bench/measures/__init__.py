"""What can be measured, in the order in which it is."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bench.figures import Figure
from bench.measures import depth, disk, home, logins, mutes, pages, postgres, sharing, signed, start, store, v1
from bench.stage import Stage

MEASURES: Mapping[str, Callable[[Stage], list[Figure]]] = MappingProxyType(
    {
        "page-100": pages.of_hundred,
        "page-1000": pages.of_thousand,
        "page-cold": pages.of_strangers,
        "depth": depth.measure,
        "home": home.measure,
        "signed": signed.measure,
        "v1": v1.measure,
        "mute": mutes.measure,
        "login": logins.measure,
        "postgres": postgres.measure,
        "sharing": sharing.measure,
        "start": start.measure,
        "disk": disk.measure,
        "store": store.measure,
    }
)
"""By name. Those that write come after those that read the same database."""
