import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench import pgworld
from bench.cluster import ON_DISK, Cluster, begun, worlds
from bench.cores import pin
from bench.errors import BenchError
from tacet.store.base import StoreError
from tests.bench.small import CROWD, Heard
from tests.programs import MissingDatabase


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    own = cores_of(0)
    pin(0, min(own))
    try:
        server = begun(lambda: Cluster.started(tmp_path_factory.mktemp("cluster"), durable=True))
    finally:
        if sys.platform == "linux":
            os.sched_setaffinity(0, own)
    with server:
        yield server


def cores_of(pid: int) -> set[int]:
    """Where a process may run; anywhere, where nobody can say."""
    return set(os.sched_getaffinity(pid) if sys.platform == "linux" else range(os.cpu_count() or 1))


@pytest.mark.parametrize(
    ("name", "value"),
    [("fsync", "on"), ("synchronous_commit", "on"), ("autovacuum", "off"), ("shared_buffers", "2GB")],
)
def test_it_is_set_for_measuring(cluster: Cluster, name: str, value: str) -> None:
    assert cluster.run(f"SHOW {name}") == f"{value}\n"


def test_its_data_is_on_a_disk(cluster: Cluster) -> None:
    assert cluster.data.parent == ON_DISK


def test_none_of_its_processes_is_bound_to_the_core_of_whoever_started_it(cluster: Cluster) -> None:
    first = psutil.Process(cluster.pid)
    assert all(cores_of(each.pid) >= cores_of(0) for each in (first, *first.children()))


def test_a_server_that_is_missing_or_does_not_start_spoils_its_measures_alone() -> None:
    def missing() -> Cluster:
        raise MissingDatabase("install it")

    with pytest.raises(BenchError, match="did not start: install it"):
        begun(missing)


def test_a_world_that_cannot_be_made_spoils_its_measures_alone_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise StoreError("the disk of the database is full")

    monkeypatch.setattr(pgworld, "_put_mutes", full)
    before = set(ON_DISK.iterdir())
    with (
        pytest.raises(BenchError, match=r"18,000 mutes cannot be made .*full"),
        worlds(tmp_path, [CROWD], Heard().meter),
    ):
        pytest.fail("it was made")
    assert set(ON_DISK.iterdir()) <= before
