"""What the figures were measured on, without anything that tells one machine of its kind from another."""

import os
import platform
import re
import shutil
import sqlite3
import subprocess
from importlib import metadata
from pathlib import Path

from bench.cores import Cores
from tacet import __version__
from tests.programs import POSTGRESQL, REDIS, named_versions

PACKAGES = ("starlette", "uvicorn", "uvloop", "httptools", "msgspec", "asyncpg", "hiredis")
"""Whose version a figure depends on."""


def description(cores: Cores) -> dict[str, str]:
    """Names and values, in the order in which they are shown."""
    named = named_versions()
    placed = cores.note or f"server on core {cores.server}, load on core {cores.load}"
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release().split('-')[0]}, {platform.machine()}",
        "placed": placed,
        "Python": platform.python_version(),
        "tacet": __version__,
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL": named.get(POSTGRESQL) or version_of("pgbench"),
        "Redis": named.get(REDIS) or version_of("redis-server"),
        **{package: metadata.version(package) for package in PACKAGES},
        "load average before": f"{os.getloadavg()[0]:.2f}",
    }


def version_of(program: str) -> str:
    """The first number that a program tells of itself; `none` where it is not installed."""
    path = shutil.which(program)
    if path is None:
        return "none"
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+(\.\d+)+", said)
    return found[0] if found else "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
