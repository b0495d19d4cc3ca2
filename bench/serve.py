"""Serves a database as `tacet serve --no-rate-limits` does; its address is the first line it prints.

A program of its own, so that a figure is of the server and not of its command line:
`python -m bench.serve DATABASE [REDIS PROCESSES LIMITS]`. With `counted` there are rate limits, so wide that nobody
meets them.
"""

import logging
import sys
from collections.abc import Sequence

from bench.world import secret_key
from tacet.limits.defaults import DEFAULT_LIMITS
from tacet.limits.rates import RateLimit
from tacet.processes.server import run
from tacet.processes.supervisor import supervise
from tacet.setting_rules import MAX_COUNT
from tacet.settings import SERVE, Settings

COUNTED, UNCOUNTED = "counted", "uncounted"
"""Whether requests are counted: with a Redis each then asks it."""


def announce(url: str) -> None:
    """Tell whoever started this where it listens."""
    print(url, flush=True)


def chosen(database: str, redis: str = "", processes: str = "1", limits: str = UNCOUNTED) -> Settings:
    """What is served."""
    return Settings(
        mode=SERVE,
        port=0,
        database=database,
        secret_key=secret_key(),
        rate_limits=limits == COUNTED,
        limits={route: RateLimit(MAX_COUNT, limit.window_s) for route, limit in DEFAULT_LIMITS.items()},
        redis=redis,
        processes=int(processes),
    )


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop; return the exit code."""
    logging.basicConfig(level="WARNING")
    settings = chosen(*arguments)
    return supervise(settings, announce) if settings.processes > 1 else run(settings, announce)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
