"""scripts/browser.sh prints a Chromium, installs one where it may, and says in one line what to do where it cannot."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "browser.sh"

REMEDY = (
    "error: the browser tests need Chromium and could not install it; install it (apt-get install chromium), "
    "or name one with CHROMIUM=/path/to/chromium, and run this again"
)

INSTALLS = """#!/bin/sh
echo "$@" >>"$0.log"
{first}
printf '' >"${{0%/*}}/chromium"
/bin/chmod +x "${{0%/*}}/chromium"
"""
AT_ONCE, AFTER_AN_UPDATE = (
    "",
    'case "$(/bin/cat "$0.log")" in *update*install*) ;; *update*) exit 0 ;; *) exit 1 ;; esac',
)


def put(folder: Path, name: str, content: str = "#!/bin/sh\n") -> Path:
    (folder / name).write_text(content)
    (folder / name).chmod(0o755)
    return folder / name


def run(folder: Path, chromium: str = "") -> "subprocess.CompletedProcess[str]":
    """Runs it where only what is in `folder` can be found."""
    environment = {"PATH": str(folder), "CHROMIUM": chromium}
    return subprocess.run(["/bin/sh", str(SCRIPT)], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_prints_the_one_that_is_there(name: str, tmp_path: Path) -> None:
    there = put(tmp_path, name)
    done = run(tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == (f"{there}\n", "", 0)


def test_prints_the_one_that_was_named_before_any_other(tmp_path: Path) -> None:
    put(tmp_path, "chromium")
    named = put(tmp_path, "My Chromium")
    assert run(tmp_path, str(named)).stdout == f"{named}\n"


def test_refuses_a_name_that_is_no_command(tmp_path: Path) -> None:
    done = run(tmp_path, str(tmp_path / "missing"))
    message = f"error: CHROMIUM={tmp_path / 'missing'} is not a command here; give the path of a Chromium or Chrome\n"
    assert (done.stdout, done.stderr, done.returncode) == ("", message, 1)


@pytest.mark.parametrize(
    ("first", "asked"),
    [(AT_ONCE, ["install"]), (AFTER_AN_UPDATE, ["install", "update", "install"])],
    ids=["at-once", "after-an-update-of-the-list"],
)
def test_installs_debians_package_as_root(first: str, asked: list[str], tmp_path: Path) -> None:
    put(tmp_path, "id", "#!/bin/sh\necho 0\n")
    log = put(tmp_path, "apt-get", INSTALLS.format(first=first)).with_name("apt-get.log")
    done = run(tmp_path)
    assert (done.stdout, done.returncode) == (f"{tmp_path / 'chromium'}\n", 0)
    assert [line.split()[0] for line in log.read_text().splitlines()] == asked


def test_installs_without_a_question_as_somebody_else(tmp_path: Path) -> None:
    put(tmp_path, "id", "#!/bin/sh\necho 1000\n")
    put(tmp_path, "sudo", '#!/bin/sh\n[ "$1" = -n ] && shift && exec "$@"\n')
    put(tmp_path, "apt-get", INSTALLS.format(first=AT_ONCE))
    assert run(tmp_path).stdout == f"{tmp_path / 'chromium'}\n"


@pytest.mark.parametrize("manager", [True, False], ids=["apt-get-fails", "no-package-manager"])
def test_says_what_to_do_where_it_cannot_install(manager: bool, tmp_path: Path) -> None:
    put(tmp_path, "id", "#!/bin/sh\necho 0\n")
    if manager:
        put(tmp_path, "apt-get", "#!/bin/sh\nexit 100\n")
    done = run(tmp_path)
    assert (done.stdout, done.stderr.splitlines()[-1], done.returncode) == ("", REMEDY, 1)
