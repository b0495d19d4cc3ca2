"""scripts/databases.sh is content with the databases that are named, and says in one line what is wrong with a name."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "databases.sh"

POSTGRESQL, REDIS = "TEST_POSTGRESQL", "TEST_REDIS"


def put(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


def run(path: Path, **named: str) -> "subprocess.CompletedProcess[str]":
    """Runs it where only what is in `path` can be found."""
    environment = {"PATH": str(path), **named}
    return subprocess.run(["/bin/sh", str(SCRIPT)], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("client", ["its-own", "the-machines"])
def test_those_that_are_named_are_enough(client: str, tmp_path: Path) -> None:
    is_own = client == "its-own"
    named = put(tmp_path / "named", "initdb", "postgres", "redis", *["psql"] * is_own)
    path = put(tmp_path / "path", *["psql"] * (not is_own), "id")
    done = run(path, TEST_POSTGRESQL=str(named), TEST_REDIS=str(named / "redis"))
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize("names", [(), ("initdb",), ("postgres",)], ids=["empty", "no-postgres", "no-initdb"])
def test_a_folder_without_a_server_is_refused(names: tuple[str, ...], tmp_path: Path) -> None:
    named = put(tmp_path / "named", *names)
    done = run(put(tmp_path / "path", "initdb", "postgres", "psql", "redis-server"), TEST_POSTGRESQL=str(named))
    message = f"error: {POSTGRESQL}={named} has no initdb and postgres: give the folder of both, or unset it\n"
    assert (done.stdout, done.stderr, done.returncode) == ("", message, 1)


@pytest.mark.parametrize("name", ["missing", "path"], ids=["missing", "a-folder"])
def test_a_redis_that_is_no_program_is_refused(name: str, tmp_path: Path) -> None:
    named = tmp_path / name
    done = run(put(tmp_path / "path", "initdb", "postgres", "psql", "redis-server"), TEST_REDIS=str(named))
    message = f"error: {REDIS}={named} is no program: give the path of a redis-server, or unset it\n"
    assert (done.stdout, done.stderr, done.returncode) == ("", message, 1)
