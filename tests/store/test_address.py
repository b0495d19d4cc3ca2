from pathlib import Path

import pytest

from tacet.store.address import sqlite_path

PATHS = {
    "relative": ("sqlite:///tacet.db", Path("tacet.db")),
    "absolute": ("sqlite:////var/lib/tacet.db", Path("/var/lib/tacet.db")),
    "in a folder": ("sqlite:///data/tacet.db", Path("data/tacet.db")),
}


@pytest.mark.parametrize(("database", "path"), PATHS.values(), ids=PATHS)
def test_sqlite_addresses_name_a_file(database: str, path: Path) -> None:
    assert sqlite_path(database) == path


NO_PATHS = {
    "PostgreSQL": ("postgresql://host/db", "not supported by this version"),
    "PostgreSQL's short name": ("postgres://host/db", "not supported by this version"),
    "no file": ("sqlite:///", "no database address"),
    "two slashes": ("sqlite://tacet.db", "no database address"),
    "a path": ("tacet.db", "no database address"),
    "something else": ("mysql://host/db", "no database address"),
}


@pytest.mark.parametrize(("database", "reason"), NO_PATHS.values(), ids=NO_PATHS)
def test_other_addresses_are_refused(database: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        sqlite_path(database)
