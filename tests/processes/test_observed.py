import asyncio
import os
import urllib.request
from pathlib import Path

import pytest

from tacet.clock import SystemClock
from tacet.processes import observed as module
from tacet.processes.observed import observed
from tests.documents import free_port
from tests.redis.waiting import until
from tests.service import settings


def fetched(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        return str(answer.read().decode())


async def test_without_settings_nobody_measures_and_nothing_listens() -> None:
    async with observed(settings(), SystemClock()) as seen:
        assert seen.meters is None
        assert seen.requests.of("GET", "/2/users/me") is seen.requests.of("GET", "/2/users/{id}")


@pytest.mark.parametrize("process", [0, 2])
async def test_a_process_answers_on_its_port(process: int) -> None:
    port = free_port()
    async with observed(settings(metrics=f"127.0.0.1:{port}"), SystemClock(), process) as seen:
        seen.requests.of("GET", "/2/users/me")(200, (b"", 0), 0)
        text = await asyncio.to_thread(fetched, port + process)
    assert 'tacet_requests_total{method="GET",route="/2/users/me",status="200"} 1.0' in text


async def test_the_loops_delay_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DELAY_INTERVAL_S", 0.01)
    async with observed(settings(metrics=f"127.0.0.1:{free_port()}"), SystemClock()) as seen:
        assert seen.meters is not None
        (delays,) = [shown.histogram for shown in seen.meters.histograms if shown.name == "event_loop_delay_seconds"]
        await until(lambda: sum(delays.counts) >= 1)


async def test_requests_are_logged_beside_and_dropped_lines_are_a_metric(tmp_path: Path) -> None:
    port = free_port()
    kept = os.dup(2)
    with (tmp_path / "log").open("wb") as file:
        os.dup2(file.fileno(), 2)
        try:
            wanted = settings(metrics=f"127.0.0.1:{port}", log_requests=True, log_format="json")
            async with observed(wanted, SystemClock()) as seen:
                seen.requests.of("GET", "/2/users/me")(200, (b"00000000000000ff", 0), 0)
                text = await asyncio.to_thread(fetched, port)
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    assert "tacet_request_log_dropped_total 0.0" in text


async def test_a_port_that_is_taken_is_an_error() -> None:
    wanted = settings(metrics=f"127.0.0.1:{free_port()}")
    async with observed(wanted, SystemClock()):
        with pytest.raises(OSError, match="address"):
            async with observed(wanted, SystemClock()):
                raise AssertionError("two listen on one port")
