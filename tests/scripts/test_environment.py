"""scripts/environment.sh refuses in one line that names the remedy, before it touches anything."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "environment.sh"
EVERY_NAME = ("python3.13", "python3.12", "python3.11", "python3")

TOO_OLD = """#!/bin/sh
case "$2" in *print*) echo 3.9 ;; *) exit 1 ;; esac
"""
WITHOUT_VENV = """#!/bin/sh
case "$2" in *ensurepip*) exit 1 ;; *print*) echo 3.12 ;; esac
"""

REMEDY = "on Debian or Ubuntu: apt-get install python3.12-venv"


@dataclass(frozen=True)
class Refusal:
    interpreters: dict[str, str]
    python: str
    message: str


REFUSALS = {
    "the-named-python-is-unknown": Refusal({}, "python9", "error: PYTHON=python9 is not a command here"),
    "the-named-python-is-too-old": Refusal(
        {"python3": TOO_OLD}, "python3", "error: Python 3.11 or later is needed, and python3 is 3.9"
    ),
    "the-named-python-cannot-make-environments": Refusal(
        {"python3": WITHOUT_VENV},
        "python3",
        "error: python3 cannot make virtual environments; " + REMEDY,
    ),
    "every-python-is-too-old": Refusal(
        dict.fromkeys(EVERY_NAME, TOO_OLD),
        "",
        "error: no Python 3.11 or later among python3.13 python3.12 python3.11 python3: "
        "install one, or name it with PYTHON=/path/to/python",
    ),
    "the-only-python-cannot-make-environments": Refusal(
        dict.fromkeys(EVERY_NAME, TOO_OLD) | {"python3.12": WITHOUT_VENV},
        "",
        "error: python3.12 cannot make virtual environments; " + REMEDY,
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS.keys())
def test_refuses_in_one_line(refusal: Refusal, tmp_path: Path) -> None:
    interpreters = tmp_path / "bin"
    interpreters.mkdir()
    for name, body in refusal.interpreters.items():
        (interpreters / name).write_text(body)
        (interpreters / name).chmod(0o755)
    done = run(tmp_path, PATH=f"{interpreters}:{os.environ['PATH']}", PYTHON=refusal.python)
    assert done.stderr.splitlines() == [refusal.message]
    assert done.returncode == 1
    assert not (tmp_path / "project" / ".venv").exists()


def run(folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Runs a copy of the script in a project of its own, so that no environment in use is in reach."""
    scripts = folder / "project" / "scripts"
    scripts.mkdir(parents=True)
    shutil.copy(SCRIPT, scripts)
    command = ["sh", str(scripts / SCRIPT.name), "run"]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
