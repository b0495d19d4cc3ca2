"""deploy/Containerfile: what it copies is enough, what it runs works, and what it starts is a command of Tacet's."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from tacet.cli import root
from tacet.settings import SERVE, settings_of
from tests.deploy.scraped import Scraped
from tests.documents import ROOT, free_port

CONTAINERFILE = ROOT / "deploy" / "Containerfile"
KNOWN = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT"}
KNOWN |= {"CMD"}


@dataclass(frozen=True)
class Instruction:
    stage: int
    name: str
    rest: str


def read(text: str) -> Iterator[Instruction]:
    stage = -1
    whole = re.sub(r"\\\n\s*", "", text)
    for line in whole.splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            stage += name == "FROM"
            yield Instruction(stage, name, rest)


INSTRUCTIONS = list(read(CONTAINERFILE.read_text()))


def those(name: str, stage: int | None = None) -> list[str]:
    return [each.rest for each in INSTRUCTIONS if each.name == name and stage in {None, each.stage}]


def words_of(name: str) -> list[str]:
    """The program and its arguments, where an instruction has them as JSON."""
    words: list[str] = json.loads(those(name)[0])
    return words


@pytest.fixture(scope="module")
def variables() -> dict[str, str]:
    (line,) = those("ENV", 1)
    return dict(part.partition("=")[::2] for part in shlex.split(line))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """What the building stage has: everything that it copies from the checkout, and nothing else."""
    for rest in those("COPY", 0):
        *sources, target = rest.split()
        folder = tmp_path / target.removeprefix("/build").strip("/")
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, folder, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, folder)
    return tmp_path


def test_every_instruction_is_one() -> None:
    assert {each.name for each in INSTRUCTIONS} == KNOWN


def test_both_stages_are_built_on_pythons_official_image_by_name() -> None:
    images = [rest.split()[0] for rest in those("FROM")]
    assert images == ["python:3.13-slim"] * 2


def test_its_python_is_one_that_tacet_is_made_for() -> None:
    version = those("FROM")[0].partition(":")[2].partition("-")[0]
    assert f'"Programming Language :: Python :: {version}"' in (ROOT / "pyproject.toml").read_text()


def test_what_is_installed_is_what_the_pins_say(copied: Path) -> None:
    making, *_, installing, tacet = those("RUN", 0)
    subprocess.run(["sh", "-c", making], cwd=copied, check=True, timeout=60)
    pins = (copied / "pins.txt").read_text()
    whole = (ROOT / "constraints.txt").read_text()
    assert pins == whole[: whole.index("# section: test")]
    assert "uvicorn==" in pins
    assert "pytest==" not in pins
    assert {"--require-hashes", "--only-binary", "pins.txt"} <= set(installing.split())
    assert {"--no-deps", "--no-build-isolation", "/build"} <= set(tacet.split())


def test_what_is_copied_is_enough_to_build_tacet(copied: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    wheels = tmp_path_factory.mktemp("wheels")
    (installing,) = [rest for rest in those("RUN", 0) if rest.endswith("/build")]
    options = [option for option in shlex.split(installing) if option in {"--no-deps", "--no-build-isolation"}]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-index", *options]
    subprocess.run([*pip, "--wheel-dir", str(wheels), str(copied)], check=True, timeout=120)
    assert [path.name.partition("-")[0] for path in wheels.iterdir()] == ["tacet"]


def test_it_runs_as_nobody_in_particular() -> None:
    (user,) = those("USER", 1)
    (made,) = those("RUN", 1)
    uid = user.partition(":")[0]
    assert uid.isdigit()
    assert int(uid) >= 10_000
    assert f"--uid {uid} " in made
    order = [each.name for each in INSTRUCTIONS if each.stage == 1]
    assert order.index("USER") < order.index("ENTRYPOINT")


def test_its_data_is_in_a_volume_that_its_user_owns() -> None:
    (folder,) = those("WORKDIR", 1)
    assert json.loads(those("VOLUME", 1)[0]) == [folder]
    assert f"--home-dir {folder} --create-home" in those("RUN", 1)[0]


def test_its_command_is_the_one_that_knows_of_secrets(variables: dict[str, str]) -> None:
    (copied,) = [rest for rest in those("COPY", 1) if "--from" not in rest]
    mode, source, target = copied.split()
    assert mode == "--chmod=0755"
    assert (ROOT / source).is_file()
    assert variables["PATH"].split(":")[0] == str(Path(target).parent)
    assert Path(target).name == "tacet"


def test_what_it_starts_is_a_command() -> None:
    program, *words = words_of("ENTRYPOINT") + words_of("CMD")
    assert program == "tacet"
    command = root.commands[words[0]]
    with click.Context(command) as context:
        command.parse_args(context, words[1:])


def test_its_variables_are_settings(variables: dict[str, str]) -> None:
    known = {named.variable for named in settings_of(SERVE)}
    ours = {name for name in variables if name.startswith("TACET_")}
    assert ours
    assert ours <= known
    assert variables["TACET_PORT"] in those("EXPOSE", 1)[0].split()


class TestHealth:
    @pytest.fixture
    def check(self) -> list[str]:
        (rest,) = those("HEALTHCHECK", 1)
        command: list[str] = json.loads(rest[rest.index("[") :])
        assert command[0] == "python"
        return [sys.executable, *command[1:]]

    def test_a_server_that_runs_is_healthy(self, check: list[str], sqlite_server: Scraped) -> None:
        port = urllib.parse.urlsplit(sqlite_server.url).port
        done = subprocess.run(check, env={**os.environ, "TACET_PORT": str(port)}, capture_output=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, b"")

    def test_one_that_does_not_is_not(self, check: list[str]) -> None:
        done = subprocess.run(
            check, env={**os.environ, "TACET_PORT": str(free_port())}, capture_output=True, timeout=30
        )
        assert done.returncode == 1

    def test_it_says_how_long_it_waits(self) -> None:
        (rest,) = those("HEALTHCHECK", 1)
        assert {part.partition("=")[0] for part in rest.split() if part.startswith("--")} == {
            *("--interval", "--timeout", "--start-period", "--retries")
        }
