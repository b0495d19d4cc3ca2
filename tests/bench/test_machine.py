from pathlib import Path

import pytest

from bench.cores import Cores
from bench.machine import PACKAGES, description, version_of
from tests.programs import POSTGRESQL, REDIS


def test_everything_that_a_figure_depends_on_is_named_with_its_version() -> None:
    shown = description(Cores(0, 1))
    assert {"Python", "SQLite", "PostgreSQL", "Redis", *PACKAGES} <= shown.keys()
    assert shown["placed"] == "server on core 0, load on core 1"
    assert shown["PostgreSQL"][0].isdecimal()


def test_databases_that_the_environment_names_are_told_with_their_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {
        "initdb": "",
        "postgres": "postgres (PostgreSQL) 18.4",
        "redis-server": "Redis server v=5.0.6 sha=0",
    }
    for name, words in said.items():
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{words}'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv(POSTGRESQL, str(tmp_path))
    monkeypatch.setenv(REDIS, str(tmp_path / "redis-server"))
    shown = description(Cores(0, 1))
    assert (shown["PostgreSQL"], shown["Redis"]) == ("18.4", "5.0.6")


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("pgbench (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "15.18"),
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", "7.0.15"),
        ("no number", "unknown"),
    ],
)
def test_a_program_is_asked_for_its_version(
    said: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert version_of("program") == version
    assert version_of("another") == "none"
