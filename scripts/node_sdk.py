"""Installs the npm clients of tests/clients/js by the hashes of its lock file; prints which node runs them.

Takes the machine's Node where there is one that is new enough, else installs one into .venv from a Python
package. Does nothing, in milliseconds, when all of it is there already. Tests call this too, so that they
fail with the reason when a part cannot be had.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = ROOT / "tests" / "clients" / "js"
ENVIRONMENT_BIN = ROOT / ".venv" / "bin"

LOWEST_NODE = 18
"""The first version with a ``fetch`` of its own, which the npm SDK calls."""

INSTALL_SECONDS = 600
"""Longer than npm's own retries on a slow line, so that its message is seen and not ours."""


def main() -> None:
    node = find_node()
    if node is None:
        subprocess.run([ROOT / "scripts" / "environment.sh", "node"], check=True, timeout=INSTALL_SECONDS)
        node = find_node()
    if node is None:
        sys.exit(f"error: no Node {LOWEST_NODE} or later with npm, and none could be installed into .venv")
    install_clients(node)
    print(node)


def find_node() -> Path | None:
    """The first ``node`` of PATH, then of .venv, that is new enough and has an npm beside it."""
    for folder in (*os.get_exec_path(), str(ENVIRONMENT_BIN)):
        node = shutil.which("node", path=folder)
        if node and shutil.which("npm", path=folder) and major_version(node) >= LOWEST_NODE:
            return Path(node)
    return None


def major_version(node: str) -> int:
    """22 for a node that says ``v22.3.0``; 0 for one that does not run."""
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = told.strip().removeprefix("v").split(".")[0]
    return int(major) if major.isdecimal() else 0


def install_clients(node: Path) -> None:
    """Runs ``npm ci``, which refuses what does not match the lock, unless this lock was installed already."""
    locked = hashlib.sha256((CLIENTS / "package-lock.json").read_bytes()).hexdigest()
    stamp = CLIENTS / "node_modules" / ".installed-lock"
    if stamp.is_file() and stamp.read_text() == locked:
        return
    # npm starts the `node` it finds on PATH, which has to be the one chosen here.
    surroundings = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(
        command, cwd=CLIENTS, env=surroundings, stdout=sys.stderr, check=False, timeout=INSTALL_SECONDS
    )
    if done.returncode:
        sys.exit(f"error: npm could not install the clients of {CLIENTS.relative_to(ROOT)}, see above")
    stamp.write_text(locked)


if __name__ == "__main__":
    main()
