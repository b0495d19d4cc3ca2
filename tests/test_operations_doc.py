"""docs/operations.md is complete and true: what can be logged, alerted, answered or exited with is in it, and nothing
else."""

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from tacet import sharing
from tacet.cli import root
from tacet.cli.exits import Exit
from tacet.observing.metrics import METRICS, PREFIX
from tacet.settings import all_settings
from tacet.store.postgres.dialect import _SAID
from tacet.wire import health
from tests.deploy.test_monitoring import OF_PROCESSES, RULES
from tests.documents import ROOT, section

SOURCE = ROOT / "src" / "tacet"
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

LEVELS = {"info", "warning", "error", "exception"}
"""Of what is logged without being asked for."""

ANYTHING = "…"

_PLACEHOLDER = re.compile(r"%(?:\.\d+)?[sdf]")
_ANCHOR = re.compile(r"\]\(#([\w-]+)\)")
_HEADING = re.compile(r"^#{2,3} (.+)$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@cache
def modules() -> dict[str, ast.Module]:
    return {
        path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(SOURCE.rglob("*.py"))
    }


def shape(node: ast.AST) -> str:
    """A text with `…` for everything that is only known when it is written."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _PLACEHOLDER.sub(ANYTHING, node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(shape(part) if isinstance(part, ast.Constant) else ANYTHING for part in node.values)
    return ANYTHING if isinstance(node, ast.expr) else ""


def calls_in(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def assigned(tree: ast.Module, name: str) -> Iterator[str]:
    """Every text that a variable of this name is given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets):
            yield shape(node.value)


def logged() -> Iterator[tuple[str, str]]:
    """Every line that the source can log, with its module."""
    for name, tree in modules().items():
        for called, call in calls_in(tree):
            if called in {f"_log.{level}" for level in LEVELS} | {"self.logger.warning"}:
                line, *filled = call.args
                variables = [each.id for each in filled if isinstance(each, ast.Name)]
                texts_of = [shape(line)] if shape(line) != ANYTHING else [*assigned(tree, *variables)]
                yield from ((name, text) for text in texts_of)
            elif called.endswith("complaints.tell"):
                line = call.args[1]
                texts_of = [*assigned(tree, line.id)] if isinstance(line, ast.Name) else [shape(line)]
                yield from ((name, text) for text in texts_of)
            # What these are given is a part of what they log.
            elif (name, called) == ("app.py", "_attempt"):
                yield name, f"{shape(call.args[1])}: {ANYTHING}"
            elif (name, called) == ("pages/journal.py", "self._write"):
                yield name, shape(call.args[2])


def told_lines() -> list[str]:
    """The lines of the page's table."""
    rows = re.findall(r"^\| (`.+?`) \|", section(PAGE, "What the log says"), re.MULTILINE)
    return [text for row in rows for text in _CODE.findall(row)]


def matches(shaped: str, other: str) -> bool:
    """Whether one line is the other, where `…` stands for anything."""
    return re.fullmatch(re.escape(shaped).replace(re.escape(ANYTHING), ".*"), other) is not None


LOGGED = sorted({(name, line) for name, line in logged() if re.search(r"[a-z]{3}", line)})


@pytest.mark.parametrize(("module", "line"), LOGGED, ids=[f"{name}: {line[:40]}" for name, line in LOGGED])
def test_every_line_of_the_log_is_explained(module: str, line: str) -> None:
    assert [told for told in told_lines() if matches(told, line) or matches(line, told)], module


def test_lines_are_found_in_the_source() -> None:
    found = {line for _, line in LOGGED}
    assert {"the database is away: …", "… failed, transaction …", "person … signed in"} <= found
    assert {"a batch of … writes was not committed: …", "process … was not ready within … s"} <= found
    assert "ended mutes and logins take up space for now: …" in found


@cache
def texts() -> set[str]:
    """Every text of the source."""
    return {text for tree in modules().values() for node in ast.walk(tree) if (text := shape(node))}


@pytest.mark.parametrize("told", told_lines())
def test_every_line_that_is_explained_can_be_logged(told: str) -> None:
    # What is put together from several texts is found by the longest of its parts.
    longest = max(told.split(ANYTHING), key=len).strip(" :,;")
    assert any(longest in text for text in texts())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_has_a_section_with_its_urgency(rule: dict[str, dict[str, str]]) -> None:
    alerts = section(PAGE, "Alerts")
    found = re.search(rf"^### {rule['alert']}\n\n`(\w+)`\. ", alerts, re.MULTILINE)
    assert found
    assert found[1] == rule["labels"]["severity"]


def test_every_alert_that_has_a_section_exists() -> None:
    assert set(re.findall(r"^### (\w+)$", section(PAGE, "Alerts"), re.MULTILINE)) == {
        str(rule["alert"]) for rule in RULES
    }


@pytest.mark.parametrize(
    "answer",
    [
        health.STOPPING,
        health.AWAY.format(ANYTHING),
        health.BUSY.format(ANYTHING),
        health.FAILING.format(ANYTHING),
        health.SILENT,
        health.BROKEN,
        sharing.NOT_SHARED,
        sharing.REFUSES.format(ANYTHING),
        sharing.REFUSES_SOME.format(ANYTHING),
    ],
)
def test_every_answer_of_health_is_explained(answer: str) -> None:
    assert f"| `{answer}` |" in section(PAGE, "What health answers")


@pytest.mark.parametrize("code", Exit, ids=lambda code: code.name)
def test_every_exit_code_is_explained(code: Exit) -> None:
    assert f"\n| {int(code)} | " in section(PAGE, "How a command ends")


def test_every_metric_that_is_named_exists() -> None:
    named = set(re.findall(r"\b(?:tacet|process)_[a-z_]+\b", PAGE))
    ours = {PREFIX + name for name in METRICS}
    assert ours <= named
    in_patterns = {f"{PREFIX}{name}" for name in ("store_up", "redis_up", "connections", "write_queue_length")}
    assert in_patterns <= ours
    assert named - ours - OF_PROCESSES == set()


def test_every_setting_that_is_named_exists() -> None:
    known = {named.field_name for named in all_settings()} | {named.key for named in all_settings()}
    words = {text for text in _CODE.findall(PAGE) if re.fullmatch(r"[a-z]+(?:_[a-z]+)+", text)}
    ours = {word for word in words if not word.startswith((PREFIX, "process_", "request_id"))}
    assert ours - known <= {*ELSEWHERE}
    flags = {flag.partition("=")[0] for text in _CODE.findall(PAGE) for flag in re.findall(r"--[a-z-]+", text)}
    assert flags <= {named.flag for named in all_settings()} | {"--check", "--random", "--pid"}


ELSEWHERE = (
    "log_statement",
    "log_min_duration_statement",
    "log_parameter_max_length",
    "log_parameter_max_length_on_error",
    "max_connections",
    "default_transaction_read_only",
    "archive_mode",
    "archive_command",
    "restore_command",
    "recovery_target_time",
    "pg_stat_activity",
    "pg_basebackup",
    "pg_dump",
    "pg_isready",
    "pool_mode",
    "duration_ms",
    "app_id",
)
"""Settings of other programs, and what else is written like one."""


def commands() -> Iterator[list[str]]:
    for block in _CONSOLE.findall(PAGE):
        for line in re.findall(r"^\$ (.+)$", block, re.MULTILINE):
            words = shlex.split(line, comments=True)
            if words[0] == "tacet":
                yield words[1:]
    for text in _CODE.findall(PAGE):
        if text.startswith("tacet ") and text[-1] != ANYTHING:
            yield shlex.split(text)[1:]


@pytest.mark.parametrize("words", [*commands()], ids=" ".join)
def test_every_command_is_one(words: list[str]) -> None:
    command: click.Command = root
    left = list(words)
    while left and isinstance(command, click.Group):
        command = command.commands[left.pop(0)]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in left if word.startswith("--")} <= known


@pytest.mark.parametrize("reason", [_SAID[state][1] for state in ("53100", "25006")])
def test_reasons_that_are_quoted_are_the_ones_given(reason: str) -> None:
    assert reason.partition(":")[0] in PAGE


def test_every_place_that_is_pointed_at_is_there() -> None:
    anchors = {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in _HEADING.findall(PAGE)}
    assert set(_ANCHOR.findall(PAGE)) <= anchors


def test_every_file_that_is_named_is_there() -> None:
    named = {text for text in _CODE.findall(PAGE) if text.startswith("deploy/")}
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "deploy").rglob("*") if path.is_file()}
    ignored = {path for path in there if path.startswith("deploy/secrets/")}
    assert named == there - ignored


def test_it_is_found_from_the_page_of_settings_or_the_readme() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    assert [page.name for page in pages if "operations.md" in page.read_text(encoding="utf-8")]
    assert Path("docs/operations.md").name == "operations.md"
