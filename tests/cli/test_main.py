import re
import shlex
import subprocess
import sys

import click
import pytest

from scripts.reference import commands
from tacet import __version__
from tacet.cli import apps, root
from tacet.cli.exits import MEANINGS, Exit
from tests.cli.conftest import Tacet

COMMANDS = dict(commands())
GROUPS = ["tacet", "tacet people", "tacet app", "tacet token", "tacet secrets", "tacet database"]


def examples(command: click.Command) -> list[str]:
    """The example command lines of a command's help."""
    return re.findall(r"^  (?=.*\btacet )(.+)$", (command.epilog or "").split("One object a line")[0], re.MULTILINE)


def test_the_version_is_the_packages(tacet: Tacet) -> None:
    assert tacet("--version").out == f"tacet, version {__version__}\n"


def test_all_commands_are_there() -> None:
    assert set(COMMANDS) == {
        "tacet sandbox",
        "tacet serve",
        "tacet people import",
        "tacet people password",
        "tacet app create",
        "tacet app list",
        "tacet token create",
        "tacet token revoke",
        "tacet secrets new",
        "tacet secrets rotate",
        "tacet secrets forget",
        "tacet database migrate",
        "tacet database copy",
        "tacet database distribute",
        "tacet database backup",
    }


@pytest.mark.parametrize("path", [*COMMANDS, *GROUPS])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_is_everywhere(tacet: Tacet, path: str, option: str) -> None:
    ended = tacet(*path.split()[1:], option)
    assert ended.code == Exit.OK
    assert ended.out.startswith(f"Usage: {path} ")
    assert ended.err == ""


@pytest.mark.parametrize("path", COMMANDS)
def test_help_has_examples_of_the_command(tacet: Tacet, path: str) -> None:
    found = examples(COMMANDS[path])
    assert any(path in line for line in found)
    shown = tacet(*path.split()[1:], "--help").out
    assert all(line in shown for line in found)


EXAMPLES = [line for command in [root, *COMMANDS.values()] for line in examples(command) if "COMMAND" not in line]


@pytest.mark.parametrize("line", EXAMPLES)
def test_examples_are_commands_that_exist(line: str) -> None:
    for call in re.findall(r"\btacet [^;)>|<]+", line):
        command: click.Command = root
        words = shlex.split(call.replace("$TOKEN", "token"))[1:]
        while isinstance(command, click.Group):
            command = command.commands[words.pop(0)]
        command.make_context(command.name, words)


@pytest.mark.parametrize("path", GROUPS)
def test_a_group_alone_shows_its_help_as_a_mistake(tacet: Tacet, path: str) -> None:
    ended = tacet(*path.split()[1:])
    assert ended.code == Exit.USAGE
    assert ended.out == ""
    assert ended.err.startswith(f"Usage: {path} ")


MISTAKES = {
    "unknown command": ("sandbx", "No such command 'sandbx'"),
    "unknown inner command": ("token steal", "No such command 'steal'"),
    "unknown option": ("serve --prot 1", "No such option '--prot'"),
    "option without value": ("serve --port", "requires an argument"),
    "missing option": ("app create", "Missing option '--name'"),
    "missing argument": ("people import", "Missing argument 'FILE'"),
    "no choice": ("app create --name X --access all", "'all' is not one of"),
    "no number": ("token create --app x", "Invalid value for '--app': 'x' is no id: give a whole number"),
    "nothing's number": ("app create --name X --project 0", "'--project': '0' is no id"),
    "a number too long": (f"token create --app {10**19} --app-only", "is no id"),
    "too much": ("secrets new more", "unexpected extra argument"),
}


@pytest.mark.parametrize(("line", "complaint"), MISTAKES.values(), ids=MISTAKES)
def test_a_wrong_command_line_is_one_line_that_says_where_help_is(tacet: Tacet, line: str, complaint: str) -> None:
    ended = tacet(line)
    assert ended.code == Exit.USAGE
    assert ended.complaint.startswith("tacet: ")
    assert complaint in ended.complaint
    assert re.search(r"\(see `tacet[a-z ]* --help`\)$", ended.complaint)


def test_a_bug_is_one_line_without_what_the_error_says(tacet: Tacet, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("somebody's secret")

    monkeypatch.setattr(apps, "load", broken)
    ended = tacet("app create --name X")
    assert ended.code == Exit.BUG
    assert re.fullmatch(r"tacet: internal error: KeyError in \w+\.py:\d+; please report it", ended.complaint)
    assert "secret" not in ended.err


def test_debugging_shows_where_a_bug_is(tacet: Tacet, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(apps, "load", broken)
    monkeypatch.setenv("TACET_LOG_LEVEL", "debug")
    assert "Traceback" in tacet("app create --name X").err


def test_an_interrupt_has_its_own_code(tacet: Tacet, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(apps, "load", interrupted)
    ended = tacet("app create --name X")
    assert ended.code == Exit.INTERRUPTED
    assert ended.err.strip() == "tacet: interrupted"


def test_every_exit_code_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Exit)


def test_the_process_ends_with_the_code() -> None:
    done = subprocess.run([sys.executable, "-m", "tacet.cli", "nothing"], capture_output=True, text=True, check=False)
    assert done.returncode == Exit.USAGE
    assert done.stderr.startswith("tacet: No such command 'nothing'")


HEAVY = ["uvicorn", "starlette", "rich", "cryptography", "msgspec", "asyncio", "uvloop", "sqlite3"]


def test_nothing_heavy_is_loaded_before_a_command_needs_it() -> None:
    code = f"import sys, tacet.cli; print([name for name in {HEAVY} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
