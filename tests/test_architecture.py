"""What DESIGN promises about who may import what, checked on the syntax trees of src/tacet."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src" / "tacet"

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

SQL = re.compile(r"\b(SELECT |INSERT INTO |UPDATE \w+ SET |DELETE FROM |CREATE (TABLE|INDEX) |PRAGMA )")
WALL_CLOCKS = {
    "date.today",
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.now",
    "datetime.utcnow",
    "time.time",
    "time.time_ns",
}
RANDOM_SOURCES = {"random", "secrets", "uuid", "os.urandom"}

LOGIC = ("directory", "graph", "identity", "limits", "messages", "mutes", "observing", "posts", "store")
HTTP = ("app", "cli", "pages", "processes", "wire")


@dataclass(frozen=True)
class Module:
    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(SOURCE).as_posix()

    @property
    def room(self) -> str:
        """The folder or module directly below tacet/ that this belongs to: ``store``, ``clock``."""
        return self.path.relative_to(SOURCE).parts[0].removesuffix(".py")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @cached_property
    def imports(self) -> set[str]:
        """Every imported name in full: ``from tacet import wire`` is ``tacet`` and ``tacet.wire``."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        return found

    @cached_property
    def texts(self) -> list[str]:
        """Every string but the docstrings."""
        documentation = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Expr)}
        return [
            node.value
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
        ]

    @cached_property
    def calls(self) -> set[str]:
        return {ast.unparse(node.func) for node in ast.walk(self.tree) if isinstance(node, ast.Call)}

    def imports_any_of(self, *prefixes: str) -> bool:
        return any(name == prefix or name.startswith(f"{prefix}.") for name in self.imports for prefix in prefixes)


MODULES = [Module(path) for path in sorted(SOURCE.rglob("*.py"))]


@dataclass(frozen=True)
class Rule:
    """No module for which ``where`` holds may do ``what``."""

    where: Callable[[Module], bool]
    what: Callable[[Module], bool]


RULES = {
    "logic-and-store-never-import-http-or-the-command-line": Rule(
        where=lambda module: module.room in LOGIC,
        what=lambda module: module.imports_any_of("tacet.wire", "tacet.pages", "tacet.cli", "tacet.app"),
    ),
    "mutes-know-nothing-of-what-is-built-beside-them": Rule(
        where=lambda module: module.room == "mutes",
        what=lambda module: module.imports_any_of("tacet.graph", "tacet.messages", "tacet.posts"),
    ),
    "only-http-and-start-up-know-the-web-framework": Rule(
        where=lambda module: module.room not in HTTP,
        what=lambda module: module.imports_any_of("starlette", "uvicorn"),
    ),
    "only-observing-knows-prometheus": Rule(
        where=lambda module: module.room != "observing",
        what=lambda module: module.imports_any_of("prometheus_client"),
    ),
    "only-the-store-knows-its-database": Rule(
        where=lambda module: module.room != "store",
        what=lambda module: module.imports_any_of("sqlite3"),
    ),
    "only-the-store-speaks-sql": Rule(
        where=lambda module: module.room != "store",
        what=lambda module: any(SQL.search(text) for text in module.texts),
    ),
    "only-the-clock-reads-the-time": Rule(
        where=lambda module: module.room != "clock",
        what=lambda module: bool(module.calls & WALL_CLOCKS) or module.imports_any_of("time.time", "time.time_ns"),
    ),
    "only-ids-draws-random-numbers": Rule(
        where=lambda module: module.room != "ids",
        what=lambda module: module.imports_any_of(*RANDOM_SOURCES) or "os.urandom" in module.calls,
    ),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_modules_keep_to_their_rooms(rule: Rule) -> None:
    assert [module.name for module in MODULES if rule.where(module) and rule.what(module)] == []


BROKEN = {
    "logic-and-store-never-import-http-or-the-command-line": ("mutes/x.py", "from tacet import wire"),
    "mutes-know-nothing-of-what-is-built-beside-them": ("mutes/x.py", "from tacet.graph.follows import Follows"),
    "only-http-and-start-up-know-the-web-framework": (
        "mutes/x.py",
        "from starlette.responses import Response",
    ),
    "only-observing-knows-prometheus": ("wire/x.py", "from prometheus_client import Counter"),
    "only-the-store-knows-its-database": ("mutes/x.py", "import sqlite3"),
    "only-the-store-speaks-sql": ("mutes/x.py", "QUERY = f'SELECT {1}'"),
    "only-the-clock-reads-the-time": ("mutes/x.py", "import time\nnow = time.time()"),
    "only-ids-draws-random-numbers": ("mutes/x.py", "import os\nkey = os.urandom(16)"),
}


@pytest.mark.parametrize(("name", "broken"), BROKEN.items(), ids=BROKEN.keys())
def test_rules_notice_a_module_that_breaks_them(name: str, broken: tuple[str, str], tmp_path: Path) -> None:
    path, code = broken
    (tmp_path / "x.py").write_text(code)
    module = ModuleElsewhere(SOURCE / path, tmp_path / "x.py")
    assert RULES[name].where(module)
    assert RULES[name].what(module)


@dataclass(frozen=True)
class ModuleElsewhere(Module):
    """A module that stands at ``path`` for the rules and has its code in ``code``."""

    code: Path

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.code.read_text(encoding="utf-8"))


def test_files_stay_short_enough_to_read_in_one_go() -> None:
    lengths = {module.name: len(module.path.read_text(encoding="utf-8").splitlines()) for module in MODULES}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_functions_stay_short_enough_to_see_at_once() -> None:
    lengths = {f"{module.name}:{name}": lines for module in MODULES for name, lines in function_lengths(module)}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION_LINES} == {}


def function_lengths(module: Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.name, node.end_lineno - node.lineno + 1
