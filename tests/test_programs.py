"""Tests start the programs that the environment names, and say what is wrong with a name instead of taking others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import programs
from tests.programs import MissingDatabase, postgres_folder, postgres_search_path, psql, redis_server

SERVER = ("initdb", "postgres")

REPOSITORY = Path(__file__).resolve().parent.parent


def put(folder: Path, *names: str, mode: int = 0o755) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(mode)
    return folder


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with nothing on its path, and with what is put into `debian`."""
    for variable in (programs.POSTGRESQL, programs.REDIS):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(put(tmp_path / "path")))
    monkeypatch.setattr(programs, "DEBIAN", tmp_path / "debian")
    return tmp_path


def test_the_newest_of_the_machines_versions_is_taken(machine: Path) -> None:
    put(machine / "debian" / "9" / "bin", *SERVER)
    newest = put(machine / "debian" / "15" / "bin", *SERVER)
    put(machine / "debian" / "17" / "bin", "psql")
    put(machine / "debian" / "common" / "bin", *SERVER)
    put(machine / "path", *SERVER)
    assert postgres_folder() == newest


def test_elsewhere_it_is_found_on_the_path_even_by_a_link(machine: Path) -> None:
    there = put(machine / "elsewhere", *SERVER)
    (machine / "path" / "postgres").symlink_to(there / "postgres")
    assert postgres_folder() == there


def test_the_one_that_is_named_comes_before_those_of_the_machine(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(machine / "debian" / "15" / "bin", *SERVER)
    put(machine / "path", "redis-server")
    monkeypatch.setenv(programs.POSTGRESQL, str(put(machine / "named", *SERVER)))
    monkeypatch.setenv(programs.REDIS, str(put(machine / "redis", "server") / "server"))
    assert (postgres_folder(), redis_server()) == (machine / "named", machine / "redis" / "server")


def test_a_relative_name_holds_wherever_a_program_is_started(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(machine / "named", *SERVER, "redis-server")
    monkeypatch.chdir(machine)
    monkeypatch.setenv(programs.POSTGRESQL, "named")
    monkeypatch.setenv(programs.REDIS, "named/redis-server")
    assert (postgres_folder(), redis_server()) == (machine / "named", machine / "named" / "redis-server")


def test_an_empty_name_is_none(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(machine / "path", *SERVER, "redis-server")
    monkeypatch.setenv(programs.POSTGRESQL, "")
    monkeypatch.setenv(programs.REDIS, "")
    assert (postgres_folder(), redis_server()) == (machine / "path", machine / "path" / "redis-server")


class TestClients:
    @pytest.fixture
    def named(self, machine: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        folder = put(machine / "named", *SERVER)
        monkeypatch.setenv(programs.POSTGRESQL, str(folder))
        return folder

    def test_are_the_servers_own_where_it_has_them(self, machine: Path, named: Path) -> None:
        put(machine / "debian" / "15" / "bin", "psql")
        put(named, "psql")
        assert psql() == named / "psql"

    def test_are_the_machines_where_the_server_came_without(self, machine: Path, named: Path) -> None:
        put(machine / "path", "psql", "pg_dump")
        newest = put(machine / "debian" / "15" / "bin", "psql")
        assert psql() == newest / "psql"
        assert postgres_search_path().split(":") == [str(named), str(newest), str(machine / "path")]


@pytest.mark.parametrize("find", [postgres_folder, psql, redis_server], ids=lambda each: each.__name__)
def test_what_is_not_installed_is_an_error_that_helps(find: object, machine: Path) -> None:
    assert callable(find)
    with pytest.raises(MissingDatabase, match=r"run scripts/databases\.sh"):
        find()


@pytest.mark.parametrize(
    ("names", "mode"),
    [((), 0o755), (("postgres",), 0o755), (("initdb",), 0o755), (SERVER, 0o644)],
    ids=["empty", "no-initdb", "no-postgres", "not-executable"],
)
def test_a_folder_without_a_server_is_refused_though_the_machine_has_one(
    names: tuple[str, ...], mode: int, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(machine / "path", *SERVER)
    monkeypatch.setenv(programs.POSTGRESQL, str(put(machine / "named", *names, mode=mode)))
    with pytest.raises(MissingDatabase, match=rf"^TEST_POSTGRESQL={machine}/named has no initdb and postgres: "):
        postgres_folder()


@pytest.mark.parametrize("name", ["missing", "path", "plain"])
def test_a_redis_that_is_no_program_is_refused_though_the_machine_has_one(
    name: str, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(machine / "path", "redis-server")
    put(machine, "plain", mode=0o644)
    monkeypatch.setenv(programs.REDIS, str(machine / name))
    with pytest.raises(MissingDatabase, match=rf"^TEST_REDIS={machine}/{name} is no program: "):
        redis_server()


class TestARun:
    """Of pytest, over a few tests of which one is about users, which Redis has since version 6."""

    NEWS = "tests/redis/test_news.py"
    ABOUT_USERS = f"{NEWS}::test_a_user_who_may_not_listen_is_told_of_and_everything_else_works"

    def collected(self, tmp_path: Path, said: str) -> "subprocess.CompletedProcess[str]":
        """With a Redis that says this of itself."""
        program = tmp_path / "redis"
        program.write_text(f"#!/bin/sh\necho '{said}'\n")
        program.chmod(0o755)
        return self.run(str(program))

    def run(self, named: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", self.NEWS]
        environment = {**os.environ, programs.REDIS: named}
        return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)

    @pytest.mark.parametrize("version", ["5.0.6", "6.0.9"])
    def test_leaves_out_what_an_older_redis_has_not_and_says_so(self, version: str, tmp_path: Path) -> None:
        done = self.collected(tmp_path, f"Redis server v={version} sha=00000000:0 malloc=libc bits=64")
        assert done.returncode == 0
        assert self.ABOUT_USERS not in done.stdout
        assert "1 deselected" in done.stdout

    @pytest.mark.parametrize("version", ["6.2.14", "10.0.0"])
    def test_leaves_out_nothing_else(self, version: str, tmp_path: Path) -> None:
        done = self.collected(tmp_path, f"Redis server v={version} sha=00000000:0 malloc=libc bits=64")
        assert done.returncode == 0
        assert self.ABOUT_USERS in done.stdout
        assert "deselected" not in done.stdout

    def test_says_what_is_wrong_with_a_name_before_any_test(self, tmp_path: Path) -> None:
        done = self.run(str(tmp_path / "missing"))
        assert done.returncode == pytest.ExitCode.USAGE_ERROR
        assert done.stderr == (
            f"ERROR: TEST_REDIS={tmp_path}/missing is no program: give the path of a redis-server, or unset it\n\n"
        )

    def test_takes_no_program_that_does_not_tell_what_it_is(self, tmp_path: Path) -> None:
        done = self.collected(tmp_path, "hello")
        assert (done.returncode, done.stderr) == (
            pytest.ExitCode.USAGE_ERROR, f"ERROR: {tmp_path}/redis does not tell its version\n\n",
        )  # fmt: skip
