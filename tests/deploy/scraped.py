"""What a running server exposes, and a server that has done something of everything."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.cast import ALICE, BOB
from tests.documents import free_port
from tests.serving import serving

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Scraped:
    """A server and where it tells of itself."""

    url: str
    port: int

    def text(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=60) as answer:
            return str(answer.read().decode())

    def samples(self) -> list[Sample]:
        return [sample for family in text_string_to_metric_families(self.text()) for sample in family.samples]

    def total(self, name: str, **labels: str) -> float:
        """The sum of all samples with this name and these labels; -1 where there are none."""
        found = [each.value for each in self.samples() if each.name == name and labels.items() <= each.labels.items()]
        return sum(found) if found else -1

    def ask(self, method: str, path: str, body: object = None, token: str = "alice") -> tuple[int, str]:
        """A request's status and its transaction's id."""
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers["x-transaction-id"]
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["x-transaction-id"]


@contextmanager
def watched(**chosen: Any) -> Iterator[Scraped]:
    """A running server with the cast of the tests, and metrics."""
    port = free_port()
    with serving(metrics=f"127.0.0.1:{port}", **chosen) as url:
        yield Scraped(url, port)


@contextmanager
def on_sqlite(folder: Path, **chosen: Any) -> Iterator[Scraped]:
    with watched(database=f"sqlite:///{folder / 'tacet.db'}", **chosen) as server:
        yield server


def use(server: Scraped) -> None:
    """Do something of everything."""
    assert server.ask("POST", f"/2/users/{ALICE.id}/muting", {"target_user_id": str(BOB.id)})[0] == 200
    for _ in range(2):
        assert server.ask("GET", f"/2/users/{ALICE.id}/muting")[0] == 200
        assert server.ask("GET", f"/2/users/{ALICE.id}/timelines/reverse_chronological")[0] == 200
    assert server.ask("GET", "/2/users/me", token="nobody's")[0] == 401
    assert server.ask("GET", f"/made/up/by/{BOB.id}")[0] == 404


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds that takes a moment."""
    until_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until_s
        time.sleep(0.1)
