"""A real server in a process of its own, with the cast of the tests, for what only HTTP/1.1 itself can show."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tacet.identity.vault import Vault
from tacet.processes.server import run
from tacet.store.base import Store
from tests.cast import move_in
from tests.service import SECRET_KEY, settings

STOP_TIMEOUT_S = 60
"""More than a server takes to stop, however busy the machine is."""


@contextmanager
def serving(**chosen: Any) -> Iterator[str]:
    """The base URL of a running server with these settings."""
    command = [sys.executable, "-m", "tests.serving", json.dumps(chosen)]
    repository = Path(__file__).resolve().parent.parent
    with subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        try:
            assert url, "the server did not start"
            yield url
        finally:
            process.terminate()
            assert process.wait(STOP_TIMEOUT_S) == 0


async def _prepare(store: Store) -> None:
    await move_in(store, Vault(SECRET_KEY))


def _announce(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(run(settings(port=0, **json.loads(sys.argv[1])), _announce, _prepare))
