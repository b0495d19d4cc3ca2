import gzip
import json
import re
from pathlib import Path

import click
import pytest

from scripts.reference import DOCS, MADE, PARTS, commands, own_options, renewed
from tacet.cli.exits import MEANINGS, Exit
from tacet.directory.importing.entries import COLUMNS
from tacet.directory.importing.rows import PersonRow, PostRow
from tests.cli.conftest import Tacet

PAGE = (DOCS / "commands.md").read_text(encoding="utf-8")

COMMANDS = dict(commands())


def section(path: str) -> str:
    found = re.search(rf"^## `{path}`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_is_documented_with_its_options(path: str) -> None:
    for parameter in own_options(COMMANDS[path]):
        name = parameter.opts[-1] if isinstance(parameter, click.Option) else parameter.human_readable_name
        assert f"`{name}" in section(path)


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_is_documented_with_the_settings_it_takes(path: str) -> None:
    own = {parameter.name for parameter in own_options(COMMANDS[path])}
    for parameter in COMMANDS[path].params:
        if parameter.name not in own:
            assert f"`{parameter.opts[0]}`" in section(path)


@pytest.mark.parametrize("code", Exit, ids=lambda code: code.name)
def test_every_exit_code_is_documented(code: Exit) -> None:
    assert f"| {int(code)} | {MEANINGS[code]} |" in PAGE


def test_generated_parts_are_up_to_date() -> None:
    assert {name for _, name, _ in MADE.findall(PAGE)} == {"exits", "commands"}
    assert renewed(PAGE) == PAGE, "run `python scripts/reference.py`"


def test_every_generated_part_has_a_place() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in DOCS.glob("*.md"))
    assert {name for _, name, _ in MADE.findall(pages)} == set(PARTS)


def test_renewing_changes_generated_parts_only() -> None:
    page = "before\n<!-- made by scripts/reference.py: exits -->\nold\n<!-- end -->\nafter\n"
    fresh = renewed(page)
    assert fresh.startswith("before\n<!-- made")
    assert fresh.endswith("<!-- end -->\nafter\n")
    assert "old" not in fresh


@pytest.mark.parametrize("name", sorted(COLUMNS | set(PersonRow.__struct_fields__) | set(PostRow.__struct_fields__)))
def test_every_name_of_a_file_to_import_is_documented(name: str) -> None:
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize(("language", "ending"), [("json", "jsonl"), ("csv", "csv")])
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_the_example_files_can_be_imported(tacet: Tacet, language: str, ending: str, compressed: bool) -> None:
    (example,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    content = example.encode()
    Path(f"example.{ending}").write_bytes(gzip.compress(content) if compressed else content)
    ended = tacet(f"people import example.{ending}")
    assert (ended.code, ended.err) == (Exit.OK, "")
    assert "2 changed, 0 unchanged; 0 rejected" in ended.out


def test_the_example_rows_in_the_help_can_be_imported(tacet: Tacet) -> None:
    shown = tacet("people import --help").out
    rows = [line for line in shown.splitlines() if line.strip().startswith("{")]
    assert all(json.loads(row) for row in rows)
    Path("example.jsonl").write_text("\n".join(rows))
    assert "1 person and 1 post; 2 changed" in tacet("people import example.jsonl").out
