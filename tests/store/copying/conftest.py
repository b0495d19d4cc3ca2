"""Databases to copy, and to copy into."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tacet.store import copying
from tacet.store.address import sqlite_path
from tests.databases import Postgres
from tests.store.copying.copies import PAIRS, SMALL_STRETCH, THERE_AND_BACK, Databases, Pair, Templates
from tests.store.filled import filled


@pytest.fixture(scope="module")
def templates(postgres: Postgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Templates:
    file = f"sqlite:///{tmp_path_factory.mktemp('copying') / 'filled.db'}"
    made = {"sqlite": file, "postgresql": postgres.database(migrated_template)}
    for address in made.values():
        asyncio.run(filled(address))
    return made


@pytest.fixture
def database(postgres: Postgres, templates: Templates, tmp_path: Path) -> Iterator[Databases]:
    made: list[str] = []

    def make(kind: str, full: bool) -> str:
        if kind == "postgresql":
            made.append(postgres.database(templates[kind] if full else None))
            return made[-1]
        path = tmp_path / ("full.db" if full else "empty.db")
        if full:
            shutil.copy(sqlite_path(templates[kind]), path)
        return f"sqlite:///{path}"

    yield make
    for address in made:
        postgres.drop(address)


@pytest.fixture(params=THERE_AND_BACK, ids=[" to ".join(pair) for pair in THERE_AND_BACK])
def pair(request: pytest.FixtureRequest, database: Databases) -> Pair:
    source, destination = request.param
    return Pair(database(source, full=True), database(destination, full=False))


@pytest.fixture(params=PAIRS, ids=[" to ".join(pair) for pair in PAIRS])
def any_pair(request: pytest.FixtureRequest, database: Databases) -> Pair:
    """For what is worth its time with each of them."""
    source, destination = request.param
    return Pair(database(source, full=True), database(destination, full=False))


@pytest.fixture
def files(database: Databases) -> Pair:
    """For what is the same whatever kind a database is."""
    return Pair(database("sqlite", full=True), database("sqlite", full=False))


@pytest.fixture(autouse=True)
def _short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "STRETCH_ROWS", SMALL_STRETCH)
