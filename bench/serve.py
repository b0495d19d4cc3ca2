"""Serves a database as `tacet serve --no-rate-limits` does; its address is the first line it prints.

A program of its own, so that a figure is of the server and not of its command line: `python -m bench.serve ADDRESS`.
"""

import logging
import sys

from bench.world import secret_key
from tacet.server import run
from tacet.settings import SERVE, Settings


def announce(url: str) -> None:
    """Tell whoever started this where it listens."""
    print(url, flush=True)


if __name__ == "__main__":
    logging.basicConfig(level="WARNING")
    settings = Settings(
        mode=SERVE, port=0, database=sys.argv[1], secret_key=secret_key(), rate_limits=False
    )
    sys.exit(run(settings, announce))
