"""The programs of PostgreSQL and Redis that tests start: those that the environment names, or the machine's own."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

POSTGRESQL, REDIS = "TEST_POSTGRESQL", "TEST_REDIS"
"""Name others than the machine's. No `TACET_…`: servers refuse a variable of that kind which they do not know."""

DEBIAN = Path("/usr/lib/postgresql")
"""Here Debian keeps the programs of each version apart."""

INSTALL = "the tests need PostgreSQL 15 or later and Redis 5 or later: run scripts/databases.sh, or install them\
 (apt-get install postgresql redis-server)"


class MissingDatabase(AssertionError):
    """A program is not here; the message names the remedy."""


def postgres_folder() -> Path:
    """The folder with `initdb` and `postgres`: the one that is named, or the newest version's of this machine.

    Raises:
        MissingDatabase: there is none, or the one that is named is another.
    """
    if named := os.environ.get(POSTGRESQL):
        return _folder_named(Path(named))
    on_path = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    for folder in (*_debian_folders(), *on_path):
        if _has_server(folder):
            return folder
    raise MissingDatabase(INSTALL)


def postgres_search_path() -> str:
    """Where to look for `psql`, `pg_dump` and the like, as PATH says it: some builds have the server alone."""
    return os.pathsep.join([str(postgres_folder()), *map(str, _debian_folders()), os.environ.get("PATH", "")])


def psql() -> Path:
    """PostgreSQL's client; one of another version will do.

    Raises:
        MissingDatabase: there is none.
    """
    return _found("psql", postgres_search_path())


def redis_server() -> Path:
    """The program that is named, or this machine's.

    Raises:
        MissingDatabase: there is none, or what is named is no program.
    """
    if not (named := os.environ.get(REDIS)):
        return _found("redis-server", os.environ.get("PATH", ""))
    if not _is_program(Path(named)):
        raise MissingDatabase(f"{REDIS}={named} is no program: give the path of a redis-server, or unset it")
    return Path(named).resolve()


def version_of(program: Path) -> str:
    """The first number that it tells of itself."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+(\.\d+)+", said)
    if found is None:
        raise MissingDatabase(f"{program} does not tell its version")
    return found[0]


def named_versions() -> Mapping[str, str]:
    """What the environment names, by its variable; programs of the machine's own are none of it.

    Raises:
        MissingDatabase: what it names is not there, or not what it should be.
    """
    programs = {POSTGRESQL: lambda: postgres_folder() / "postgres", REDIS: redis_server}
    return {name: version_of(find()) for name, find in programs.items() if os.environ.get(name)}


def _folder_named(folder: Path) -> Path:
    if not _has_server(folder):
        raise MissingDatabase(
            f"{POSTGRESQL}={folder} has no initdb and postgres: give the folder with both, or unset it"
        )
    return folder.resolve()


def _debian_folders() -> Iterator[Path]:
    """The newest version's first."""
    folders = [folder for folder in DEBIAN.glob("*/bin") if folder.parent.name.isdecimal()]
    yield from sorted(folders, key=lambda folder: int(folder.parent.name), reverse=True)


def _has_server(folder: Path) -> bool:
    return all(_is_program(folder / name) for name in ("initdb", "postgres"))


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _found(name: str, search_path: str) -> Path:
    found = shutil.which(name, path=search_path)
    if found is None:
        raise MissingDatabase(INSTALL)
    return Path(found)
