"""Writes constraints.txt anew from pyproject.toml: exact versions, hashes of every wheel, no addresses.

Versions already pinned stay where pyproject.toml still allows them; ``--upgrade`` takes the newest.
The file has a section for each use (see ``SECTIONS``), and each section needs those above it.
"""

import argparse
import re
import subprocess
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
LOWEST_PYTHON = "3.11"

SECTIONS: dict[str, tuple[str, ...]] = {"run": (), "test": ("test",), "node": ("test", "node")}
"""Section of constraints.txt -> the dependency groups it needs beside what runs and builds Tacet."""

HEADER = """\
# Exactly what gets installed, on every system and every Python from 3.11 on; written by `make pins`.
# Each section needs those above it: run (and build) Tacet, test it, test it where there is no Node.
"""
PIN = re.compile(r"^([A-Za-z0-9._-]+)==.*?(?:\n    .*)*$", re.MULTILINE)


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes constraints.txt anew from pyproject.toml.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that are allowed")
    upgrade: bool = parser.parse_args().upgrade
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        uv = install_uv(folder / "uv")
        everything = resolve(uv, folder / "all.txt", SECTIONS["node"], known=None if upgrade else CONSTRAINTS)
        settled = folder / "settled.txt"
        settled.write_text("\n".join(everything.values()) + "\n")
        names = {
            section: set(resolve(uv, folder / f"{section}.txt", groups, known=settled))
            for section, groups in SECTIONS.items()
        }
    CONSTRAINTS.write_text(HEADER + "".join(render_sections(everything, names)))


def install_uv(folder: Path) -> Path:
    """Puts the resolver into an environment of its own: it is needed here only, and nobody else gets it."""
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", "uv"], check=True)
    return folder / "bin" / "uv"


def resolve(uv: Path, output: Path, groups: tuple[str, ...], known: Path | None) -> dict[str, str]:
    """Resolves Tacet, its build backend and ``groups``; gives each package's name with its pins."""
    if known is not None and known.exists():
        output.write_text(known.read_text())
    build = output.with_suffix(".build.in")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    build.write_text("\n".join(project["build-system"]["requires"]) + "\n")
    options = ["--quiet", "--universal", "--generate-hashes", "--python-version", LOWEST_PYTHON]
    options += ["--no-header", "--no-annotate", "--no-emit-index-url"]
    options += [f"--group={group}" for group in groups]
    command = [uv, "pip", "compile", "pyproject.toml", build, "--output-file", output, *options]
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT)
    pins: dict[str, str] = {}
    for match in PIN.finditer(output.read_text()):
        # A package has more than one pin where systems need different versions of it.
        pins[match[1]] = "\n".join(filter(None, (pins.get(match[1]), match[0])))
    return pins


def render_sections(everything: dict[str, str], names: dict[str, set[str]]) -> list[str]:
    written: set[str] = set()
    blocks = []
    for section, wanted in names.items():
        pins = [pin for name, pin in everything.items() if name in wanted - written]
        blocks.append(f"\n# section: {section}\n" + "\n".join(pins) + "\n")
        written |= wanted
    return blocks


if __name__ == "__main__":
    main()
