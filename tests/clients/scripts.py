"""How the clients for JavaScript are run: a script is told of some calls and says what came of each."""

import json
import subprocess
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "js"

TIMEOUT_S = 60
"""Far more than a list of calls takes, so that a test that hangs says so."""


def outcomes_of(node: str, script: str, told: dict[str, Any]) -> list[dict[str, Any]]:
    """What came of each of `told["calls"]`: `{"value"}`, or `{"error"}` with what the client says of it."""
    done = subprocess.run(
        [node, FOLDER / script],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert (done.returncode, done.stderr) == (0, "")
    outcomes: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(outcomes) == len(told["calls"])
    return outcomes
