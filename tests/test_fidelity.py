"""docs/fidelity.md is complete and true: its tests exist, what was recorded and what was chosen has a row."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.documents import ROOT
from tests.service import Service, in_memory
from tests.wire.calls import LIST

TESTS = ROOT / "tests"
KNOWN = {"documented", "recorded", "simulator", "inferred", "chosen"}

CODES = "I"
"""The section of recorded errors that is a table of v1.1's codes; each of them has a row."""

NEVER = "never answered"
"""What the row of a code says that nothing here is refused with."""

COLUMNS = ["behaviour", "X", "known", "Tacet", "held by"]

_CELL = re.compile(r"(?<!\\)\|")
NAMED_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
_CODE_IN_SOURCE = re.compile(r'code\\?"(?:: |=\\")(\d+)')
_CODE_IN_TABLE = re.compile(r"(?:^|\| )(\d{2,3}) ", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    behaviour: str
    x: str
    known: str
    tacet: str
    held_by: str

    def marks(self, kind: str) -> list[str]:
        """What the row's comments of this kind say; nobody sees them."""
        return re.findall(rf"<!-- {kind}: (.+?) -->", f"{self.behaviour} {self.x}")

    @property
    def tests(self) -> list[tuple[str, str]]:
        return NAMED_TEST.findall(self.held_by)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in _CELL.split(line)[1:-1]]


def table_rows(text: str, columns: list[str]) -> list[list[str]]:
    """The rows of every table that has these columns."""
    rows: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        if not line.startswith("|"):
            inside = False
        elif cells(line) == columns:
            inside = True
        elif inside and not set(line) <= set("|- "):
            rows.append(cells(line))
    return rows


ROWS = [Row(*row) for row in table_rows((ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8"), COLUMNS)]
NAMES = [re.sub(r" <!--.*?-->", "", row.behaviour) for row in ROWS]


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {node.name for node in functions if node.name.startswith("test_")}


class TestTable:
    @pytest.mark.parametrize("row", ROWS, ids=NAMES)
    def test_a_row_says_everything(self, row: Row) -> None:
        assert all((row.behaviour, row.x, row.tacet))
        assert row.known in KNOWN

    @pytest.mark.parametrize("row", ROWS, ids=NAMES)
    def test_a_row_is_held_by_tests_that_exist(self, row: Row) -> None:
        assert row.tests
        assert NAMED_TEST.sub("", row.held_by).strip(", ") == ""
        for name, function in row.tests:
            assert (TESTS / name).is_file(), name
            assert function in functions_of(TESTS / name), f"{name}::{function}"

    def test_there_is_one_row_for_each_behaviour(self) -> None:
        assert len(set(NAMES)) == len(NAMES) > 400

    def test_what_is_chosen_is_written_down_or_ours(self) -> None:
        marked = {row.behaviour for row in ROWS if row.marks("choice") or "<!-- ours -->" in row.behaviour}
        assert marked == {row.behaviour for row in ROWS if row.known == "chosen"}


class TestSources:
    @pytest.fixture
    def choices(self, shared_wire: Path) -> list[str]:
        rows = table_rows((shared_wire / "choices.md").read_text(encoding="utf-8"), ["case", "answer"])
        return [case for case, _ in rows]

    def test_every_decision_has_a_row(self, choices: list[str]) -> None:
        marks = [mark for row in ROWS for mark in row.marks("choice")]
        assert len(choices) > 15
        assert [case for case in choices if not any(mark in case for mark in marks)] == []

    def test_every_row_of_a_decision_is_about_one(self, choices: list[str]) -> None:
        marks = [mark for row in ROWS for mark in row.marks("choice")]
        assert [mark for mark in marks if sum(mark in case for case in choices) != 1] == []

    def test_every_recorded_error_has_a_row(self, shared_wire: Path) -> None:
        text = (shared_wire / "errors.md").read_text(encoding="utf-8")
        # Of a section with numbered entries each entry counts, of the others the section.
        entries = re.findall(r"^([A-Z]\d+)\b", text, re.MULTILINE)
        sections = re.findall(r"^## ([A-Z])\. ", text, re.MULTILINE)
        recorded = {*entries, *(each for each in sections if not any(entry[0] == each for entry in entries))}
        assert len(recorded) > 20
        assert {mark for row in ROWS for mark in row.marks("errors")} == recorded - {CODES}

    @pytest.fixture
    def answered(self) -> set[int]:
        """The codes of v1.1 that stand in the source."""
        sources = (ROOT / "src" / "tacet" / "wire").rglob("*.py")
        text = "".join(path.read_text(encoding="utf-8") for path in sources)
        return {int(code) for code in _CODE_IN_SOURCE.findall(text)}

    def test_every_code_of_v1_has_a_row(self, shared_wire: Path, answered: set[int]) -> None:
        text = (shared_wire / "errors.md").read_text(encoding="utf-8").partition(f"## {CODES}. ")[2]
        table = {int(code) for code in _CODE_IN_TABLE.findall(text.partition("\nbody always")[0])}
        assert {17, 272, 453} <= table
        assert {17, 86, 272, 415} <= answered
        assert {int(mark) for row in ROWS for mark in row.marks("code")} == table | answered

    @pytest.mark.parametrize("path", sorted(TESTS.glob("meaning/test_*.py")), ids=lambda path: path.stem)
    def test_every_rule_of_what_a_mute_means_has_a_row(self, path: Path) -> None:
        held = {function for row in ROWS for name, function in row.tests if name == f"meaning/{path.name}"}
        assert held == functions_of(path)

    def test_a_code_that_is_never_answered_is_said_to_be(self, answered: set[int]) -> None:
        rows = {int(mark): row for row in ROWS for mark in row.marks("code")}
        assert {code for code, row in rows.items() if NEVER in row.tacet} == rows.keys() - answered


class TestReading:
    def test_a_bar_in_a_cell_is_no_border(self) -> None:
        assert cells(r"| a \| b | c |") == [r"a \| b", "c"]

    def test_only_tables_with_the_columns_count(self) -> None:
        text = "| a | b |\n|---|---|\n| 1 | 2 |\n\n| c |\n|---|\n| 3 |\n"
        assert table_rows(text, ["a", "b"]) == [["1", "2"]]


EVERYWHERE = {"200": (LIST, "alice"), "400": (f"{LIST}?a=1", "alice"), "401": (LIST, None), "404": ("/2", "alice")}
everywhere = pytest.mark.parametrize(("target", "token"), EVERYWHERE.values(), ids=EVERYWHERE.keys())


@everywhere
async def test_the_server_gives_its_own_name(service: Service, target: str, token: str | None) -> None:
    assert (await service.get(target, token)).headers["server"] == "tacet"


@everywhere
async def test_no_answer_sets_a_cookie(service: Service, target: str, token: str | None) -> None:
    assert "set-cookie" not in (await service.get(target, token)).headers


@everywhere
async def test_no_answer_tells_of_daily_limits(service: Service, target: str, token: str | None) -> None:
    assert [name for name in (await service.get(target, token)).headers if "24hour" in name] == []


async def test_the_connection_hash_is_one_for_the_life_of_a_server(service: Service) -> None:
    hashes = {(await service.get(target, token)).headers["x-connection-hash"] for target, token in EVERYWHERE.values()}
    assert len(hashes) == 1
    assert re.fullmatch(r"[0-9a-f]{64}", hashes.pop())


async def test_the_version_is_that_of_the_default_vocabulary() -> None:
    async with in_memory() as service:
        assert (await service.get(LIST)).headers["api-version"] == "2.166"
