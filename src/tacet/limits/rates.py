"""How much a route allows: what settings say and windows count."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`count` requests per `window_s` seconds."""

    count: int
    window_s: int
