"""What running servers expose: all that is promised, and nothing of anybody."""

import asyncio
import re
from pathlib import Path

import pytest

from tacet.observing.metrics import METRICS, PREFIX, Kind
from tacet.store.postgres.migrating import migrate
from tests.cast import ALICE, BOB, PEOPLE
from tests.databases import Postgres
from tests.deploy.scraped import Scraped, eventually, on_sqlite, use, watched

ONLY_IN_TROUBLE = {"store_failures_total"}
"""Has no samples while nothing fails."""


@pytest.mark.parametrize("name", sorted(METRICS.keys() - ONLY_IN_TROUBLE))
def test_every_metric_is_exposed_by_some_server(exposed: dict[str, set[str]], name: str) -> None:
    sample = f"{PREFIX}{name}_count" if METRICS[name].kind is Kind.HISTOGRAM else f"{PREFIX}{name}"
    assert exposed[sample] == set(METRICS[name].labels)


def test_what_a_request_did_is_counted(sqlite_server: Scraped) -> None:
    route = "/2/users/{id}/muting"
    assert sqlite_server.total("tacet_requests_total", method="POST", route=route, status="200") == 1
    assert sqlite_server.total("tacet_requests_total", method="GET", route=route, status="200") == 2
    assert sqlite_server.total("tacet_requests_total", route="/2/users/me", status="401") == 1
    assert sqlite_server.total("tacet_request_duration_seconds_count", method="GET", route=route) == 2
    assert sqlite_server.total("tacet_store_operation_duration_seconds_count", operation="relations.add") == 1
    assert sqlite_server.total("tacet_write_batch_size_count") > 0
    assert sqlite_server.total("tacet_cache_hits_total", cache="bearers") > 0


def test_paths_that_lead_nowhere_are_one_label(sqlite_server: Scraped) -> None:
    assert sqlite_server.total("tacet_requests_total", route="unknown", status="404") == 1
    assert "/made" not in sqlite_server.text()


def test_nothing_names_anybody(sqlite_server: Scraped, postgres_server: Scraped) -> None:
    """Whoever reads the metrics learns that somebody was muted, and not who, and not by whom."""
    for server in (sqlite_server, postgres_server):
        values = {value for sample in server.samples() for value in sample.labels.values()}
        for person in PEOPLE:
            assert not [value for value in values if re.search(rf"\b({person.id}|{person.username})\b", value)]


def test_labels_do_not_grow_with_what_is_asked(tmp_path: Path) -> None:
    with on_sqlite(tmp_path, rate_limits=False) as server:
        use(server)
        before = {(sample.name, *sorted(sample.labels.items())) for sample in server.samples()}
        for n in range(20):
            server.ask("GET", f"/2/users/{n + 1}")
            server.ask("GET", f"/nowhere/{n}")
            server.ask(f"BREW{n}", "/2/users/me")
            server.ask("POST", f"/2/users/{ALICE.id}/muting", {"target_user_id": str(n + 1)})
        after = {(sample.name, *sorted(sample.labels.items())) for sample in server.samples()}
        routes = {value for _, *labels in after - before for name, value in labels if name == "route"}
    assert routes <= {"/2/users/{id}", "/2/users/{id}/muting", "/2/users/me", "unknown"}


def test_an_answers_id_is_in_its_line_of_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with on_sqlite(tmp_path, log_requests=True) as server:
        status, request_id = server.ask("POST", f"/2/users/{ALICE.id}/muting", {"target_user_id": str(BOB.id)})
        server.ask("GET", "/_health/live")
    logged = [line for line in capfd.readouterr().err.splitlines() if "tacet.requests" in line]
    assert status == 200
    assert len(logged) == 1
    assert re.search(rf": POST /2/users/{{id}}/muting 200 \d+\.\d ms App \d+ \[{request_id}\]$", logged[0])
    assert str(ALICE.id) not in logged[0]
    assert str(BOB.id) not in logged[0]


def test_a_database_that_goes_away_is_seen_and_so_is_its_return(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Postgres.started(tmp_path) as postgres:
        address = postgres.database()
        asyncio.run(migrate(address))
        with watched(database=address) as server:
            use(server)
            assert server.total("tacet_store_up") == 1
            postgres.stop()
            eventually(lambda: server.total("tacet_store_up") == 0)
            statuses = {
                server.ask("POST", f"/2/users/{ALICE.id}/muting", {"target_user_id": "1"})[0] for _ in range(20)
            }
            assert statuses == {503}
            assert server.total("tacet_store_failures_total", reason="away") > 0
            postgres.start()
            eventually(lambda: server.total("tacet_store_up") == 1)
            assert server.ask("GET", "/2/users/me")[0] == 200
    logged = capfd.readouterr().err
    # Not a line for each request that was refused.
    assert logged.count("the database is away") == 1
    assert logged.count("the database is back after") == 1
    assert len(logged.splitlines()) < 10
