"""The programs of docs/migrating.md are run, and show what they are said to show."""

from pathlib import Path

from tests.documents import ROOT, blocks, reader, section
from tests.test_readme import before_sections

TEXT = (ROOT / "docs" / "migrating.md").read_text(encoding="utf-8")

SAME = blocks(section(TEXT, "Before and after"))


def test_every_program_works(tmp_path: Path) -> None:
    assert not blocks(before_sections(TEXT))
    with reader(tmp_path) as someone:
        for block in blocks(TEXT):
            someone.follow(block)


def test_before_and_after_show_the_same_people() -> None:
    _, before, after = SAME
    assert before.shown is not None
    assert after.shown is not None
    assert before.shown.content == after.shown.content


def test_before_and_after_each_speak_one_api() -> None:
    _, before, after = SAME
    assert ("import API, " in before.content, "Client" in before.content) == (True, False)
    assert ("import Client, " in after.content, "API" in after.content) == (True, False)
