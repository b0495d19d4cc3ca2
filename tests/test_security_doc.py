"""docs/security.md is complete and true: what is met is shown by tests that exist, what is not says what to do."""

import re
from dataclasses import dataclass

import pytest

from tests.documents import ROOT
from tests.test_fidelity import NAMED_TEST, functions_of, table_rows

TESTS = ROOT / "tests"
SOURCE = ROOT / "src" / "tacet"
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")

COLUMNS = ["item", "asks for", "state", "how", "in", "shown by"]

MET, NOT_MET, NOT_APPLICABLE = "met", "not met", "not applicable"

REMEDY = "Operators: "
"""After this a line says what can be done about what is not met."""

ITEM = re.compile(r"\d+(\.\d+)+( [a-e])?|2\.6 to 2\.9|13\.3, 13\.4|own \d+")

_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Line:
    item: str
    asks: str
    state: str
    how: str
    where: str
    shown_by: str

    @property
    def modules(self) -> list[str]:
        return _CODE.findall(self.where)

    @property
    def tests(self) -> list[tuple[str, str]]:
        return NAMED_TEST.findall(self.shown_by)


def sections() -> dict[str, list[Line]]:
    """The lines of each table, by its heading."""
    parts = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)[1:]
    return {
        title: [Line(*row) for row in table_rows(text, COLUMNS)]
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    }


SECTIONS = sections()
LINES = {f"{title.partition(':')[0]} {line.item}": line for title, lines in SECTIONS.items() for line in lines}
lines = pytest.mark.parametrize("line", LINES.values(), ids=LINES)


@lines
def test_a_line_says_everything(line: Line) -> None:
    assert ITEM.fullmatch(line.item)
    assert line.asks
    assert line.how
    assert line.state in {MET, NOT_MET, NOT_APPLICABLE}


@lines
def test_its_tests_exist(line: Line) -> None:
    assert NAMED_TEST.sub("", line.shown_by).strip(", ") == ""
    for name, function in line.tests:
        assert (TESTS / name).is_file(), name
        assert function in functions_of(TESTS / name), f"{name}::{function}"


@lines
def test_no_test_is_named_twice(line: Line) -> None:
    assert len(set(line.tests)) == len(line.tests)


@lines
def test_its_modules_exist(line: Line) -> None:
    assert _CODE.sub("", line.where).strip(", ") == ""
    for module in line.modules:
        assert (SOURCE / module).is_file(), module


@lines
def test_what_is_met_has_a_place_and_a_test(line: Line) -> None:
    if line.state == MET:
        assert line.modules
        assert line.tests
        assert REMEDY not in line.how


@lines
def test_what_is_not_met_says_what_an_operator_can_do(line: Line) -> None:
    if line.state == NOT_MET:
        assert len(line.how.partition(REMEDY)[2]) > 20


@lines
def test_what_is_not_applicable_names_nothing_that_would_show_it(line: Line) -> None:
    if line.state == NOT_APPLICABLE:
        assert (line.modules, line.tests) == ([], [])


def test_every_item_has_one_line() -> None:
    for title, listed in SECTIONS.items():
        items = [line.item for line in listed]
        assert items, title
        assert len(set(items)) == len(items), title
    assert len(LINES) == sum(len(listed) for listed in SECTIONS.values()) > 120


def test_the_document_tells_of_what_is_missing() -> None:
    """A checklist on which everything is met has not been read."""
    states = [line.state for line in LINES.values()]
    assert states.count(MET) > 70
    assert states.count(NOT_MET) > 20
