"""Promises of the repository as a whole: pins, commands, versions, and what must never be in a file."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tacet import __version__

ROOT = Path(__file__).resolve().parent.parent

# Made by tools, as is every hidden folder but those of OURS.
NOT_OURS = {"node_modules", "__pycache__", "build", "dist"}
OURS = {".ci"}

# Joined here, so that this file does not hold what it forbids.
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("crates", "io"),
    ]
]

PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<marker>.+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
SECTION = re.compile(r"^# section: (\w+)$")

# A suppression that stops at the rule's name leaves the reader to guess.
BARE_SUPPRESSION = re.compile(r"# (?:noqa(?:: ?[A-Z0-9, ]+)?|type: ignore(?:\[[\w, -]+\])?)\s*$")

# Chosen by uvicorn when they are installed, imported by name or not.
FOUND_BY_UVICORN = {"httptools", "uvloop"}

# Packages that are imported by another name than the one they are installed by.
IMPORTED_AS = {"argon2_cffi": "argon2", "argon2_cffi_bindings": "argon2", "python_twitter": "twitter", "pyyaml": "yaml"}

OWN_NAMES = {"bench", "scripts", "tacet", "tests"}


def project_files() -> list[Path]:
    """What a clone holds, as git tells it, or by walking the tree where there is no repository."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and not is_made(path.relative_to(ROOT).parts[:-1])]


def is_made(folders: tuple[str, ...]) -> bool:
    return any(name in NOT_OURS or (name.startswith(".") and name not in OURS) for name in folders)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def pins() -> Iterator[tuple[str, str, str]]:
    """Section, name and version of every pin of constraints.txt."""
    section = ""
    for line in text_of(ROOT / "constraints.txt").splitlines():
        if heading := SECTION.match(line):
            section = heading[1]
        elif pin := PIN.match(line):
            yield section, pin["name"], pin["version"]


def test_files_of_the_project_are_found() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in project_files()}
    assert {"Makefile", "pyproject.toml", ".ci/run", "src/tacet/__init__.py"} <= names


def test_no_file_names_a_package_registry() -> None:
    texts = {path.relative_to(ROOT).as_posix(): text_of(path).lower() for path in project_files()}
    assert [(name, host) for name, text in texts.items() for host in REGISTRY_HOSTS if host in text] == []


def test_every_suppressed_warning_says_why() -> None:
    sources = [path for path in project_files() if path.suffix == ".py" and path != Path(__file__).resolve()]
    assert [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if BARE_SUPPRESSION.search(line)
    ] == []


@pytest.mark.parametrize(
    "name", [".ci/run", *(f"scripts/{name}.sh" for name in ("browser", "databases", "environment", "load_generator"))]
)
def test_scripts_can_be_run(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)


class TestConstraints:
    def test_every_line_is_a_pin_a_hash_or_a_comment(self) -> None:
        lines = text_of(ROOT / "constraints.txt").splitlines()
        known = (PIN, HASH, re.compile(r"^#|^$"))
        assert [line for line in lines if not any(form.match(line) for form in known)] == []

    def test_every_pin_is_followed_by_a_hash(self) -> None:
        lines = text_of(ROOT / "constraints.txt").splitlines()
        followed = zip(lines, [*lines[1:], ""], strict=True)
        assert [pin for pin, after in followed if PIN.match(pin) and not HASH.match(after)] == []

    def test_every_requirement_is_pinned_within_its_range_in_its_section(self) -> None:
        project = tomllib.loads(text_of(ROOT / "pyproject.toml"))
        wanted = {"run": project["project"]["dependencies"] + project["build-system"]["requires"]}
        wanted |= project["dependency-groups"]
        pinned = list(pins())
        missing = [
            requirement
            for section, requirements in wanted.items()
            for requirement in requirements
            if not any(satisfies(pin, section, Requirement(requirement)) for pin in pinned)
        ]
        assert missing == [], "run `make pins`"


def satisfies(pin: tuple[str, str, str], section: str, wanted: Requirement) -> bool:
    """True if ``pin`` gives ``wanted``; the test section builds on run, so a pin may stand there already."""
    pin_section, name, version = pin
    order = ["run", "test", "node"]
    reachable = order.index(pin_section) <= order.index(section)
    return reachable and name == canonicalize_name(wanted.name) and wanted.specifier.contains(version)


class TestDependencies:
    """pyproject.toml asks for what is imported: src/tacet for no less and no more, the tests for no less."""

    def test_every_import_of_the_package_is_declared(self) -> None:
        assert imports_of("src") - declared() == set()

    def test_every_declared_package_is_imported(self) -> None:
        assert declared() - imports_of("src") - FOUND_BY_UVICORN == set()

    def test_every_import_of_tests_and_tools_is_declared(self) -> None:
        assert imports_of("tests", "bench", "scripts") - declared("test") == set()


def declared(*groups: str) -> set[str]:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    lines = [
        *project["project"]["dependencies"],
        *chain(*(project["dependency-groups"][group] for group in groups)),
    ]
    names = {canonicalize_name(Requirement(line).name) for line in lines}
    modules = {name.replace("-", "_") for name in names}
    return {IMPORTED_AS.get(module, module) for module in modules}


def imports_of(*folders: str) -> set[str]:
    """The top-level names of everything imported there that neither Python nor the project itself brings."""
    found = set()
    for path in chain(*((ROOT / folder).rglob("*.py") for folder in folders)):
        for node in ast.walk(ast.parse(text_of(path))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return found - sys.stdlib_module_names - OWN_NAMES


class TestNpmLock:
    @pytest.fixture
    def packages(self) -> dict[str, dict[str, object]]:
        lock = json.loads(text_of(ROOT / "tests" / "clients" / "js" / "package-lock.json"))
        packages: dict[str, dict[str, object]] = lock["packages"]
        return {name: package for name, package in packages.items() if name}

    def test_every_package_has_a_hash(self, packages: dict[str, dict[str, object]]) -> None:
        assert packages
        assert [name for name, package in packages.items() if "integrity" not in package] == []

    def test_no_package_has_an_address(self, packages: dict[str, dict[str, object]]) -> None:
        assert [name for name, package in packages.items() if "resolved" in package] == []


class TestMakefile:
    @pytest.fixture
    def targets(self) -> list[str]:
        return re.findall(r"^([a-z][a-z-]*):", text_of(ROOT / "Makefile"), re.MULTILINE)

    def test_help_lists_every_target(self, targets: list[str]) -> None:
        # The outer make's flags would change what the inner one prints.
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        shown = subprocess.run(["make", "help"], cwd=ROOT, env=surroundings, capture_output=True, text=True, check=True)
        assert re.findall(r"^  ([a-z-]+) ", shown.stdout, re.MULTILINE) == targets

    @pytest.mark.parametrize("target", ["sandbox", "test", "check", "bench", "format", "clean", "help"])
    def test_promised_targets_are_there(self, target: str, targets: list[str]) -> None:
        assert target in targets


def test_changelog_starts_with_the_version_of_the_package() -> None:
    versions = re.findall(r"^## \[(\d[^\]]*)\]", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert versions[0] == __version__
