"""The API's own document, given to schemathesis with a real server: every check it has, over every phase."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.cast import ALICE, BOB, FULL, SUSPENDED, UNKNOWN_ID
from tests.serving import serving
from tests.wire.calls import OPERATIONS

EXAMPLES = 60
"""Per operation and phase; all phases of the run together take about fifteen seconds."""

TIMEOUT_S = 900
"""Many times what the run takes on a busy machine with two cores."""

BODIES = (
    ("/2/users/{id}/muting", "target_user_id", str(BOB.id)),
    ("/2/users/{id}/following", "target_user_id", str(BOB.id)),
    ("/2/dm_conversations/with/{participant_id}/messages", "text", "Hello"),
)
"""Examples of bodies, by path and member. One cannot mute or follow oneself, which no schema says."""

MOMENTS = {"start_time": "2022-05-01T00:00:00Z", "end_time": "2022-05-02T00:00:00Z"}
"""X knows no moment before November 2010, and a time ends after it starts, which no schema says either."""

TEXTS = ("/2/tweets", "/2/dm_conversations/with/{participant_id}/messages")
"""Where a text is sent. One without anything to read is refused, and so is one that X counts as too long; schemas can
say neither."""

COUNT = len(OPERATIONS) + 1
"""All operations, and the document itself."""

CONFIGURATION = """
[checks]
enabled = true

# Links are guessed from the names of members, so the ids of others end up where only one's own is good.
[phases.stateful.checks]
positive_data_acceptance.enabled = false
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(rate_limits=False) as base:
        yield base


def document_for_alice(url: str) -> dict[str, Any]:
    """The document as it is, made exact for one caller: which ids are her own, and which are somebody's."""
    with urlopen(f"{url}/2/openapi.json") as answer:
        document: dict[str, Any] = json.load(answer)
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                if "own id" in parameter.get("description", ""):
                    parameter["schema"] = {"type": "string", "enum": [str(ALICE.id)]}
                if parameter.get("name") in MOMENTS:
                    parameter["schema"] = {"type": "string", "enum": [MOMENTS[parameter["name"]]]}
                if parameter.get("name") == "participant_id":
                    parameter["example"] = str(FULL.id)
    for path, name, example in BODIES:
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        body["example"] = {name: example}
        if name == "target_user_id":
            target = body["schema"]["properties"][name]
            body["schema"]["properties"][name] = {**target, "not": {"const": str(ALICE.id)}}
    for path in TEXTS:
        text = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
        text["text"] = {"type": "string", "pattern": "^[!-~]{1,140}$"}
    ids = [str(BOB.id), str(SUSPENDED.id), str(UNKNOWN_ID)]
    document["paths"]["/2/users"]["get"]["parameters"][0]["example"] = ids
    return document


def run(url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "openapi.json").write_text(json.dumps(document_for_alice(url)))
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    program = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    options = [
        *("--url", url),
        *("--header", f"Authorization: Bearer {ALICE.username}"),
        *("--phases", "examples,coverage,fuzzing,stateful"),
        *("--max-examples", str(EXAMPLES)),
        "--generation-deterministic",
        "--continue-on-failure",
        "--no-color",
    ]
    command = [*program, "--config-file", "schemathesis.toml", "run", "openapi.json", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S)


def test_schemathesis_finds_no_failure(url: str, tmp_path: Path) -> None:
    finished = run(url, tmp_path)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert f"Selected: {COUNT}/{COUNT}" in finished.stdout
    assert f"Tested: {COUNT}" in finished.stdout
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"✅ {phase}" in finished.stdout
    [generated] = re.findall(r"([\d,]+) generated", finished.stdout)
    assert int(generated.replace(",", "")) > 1_000
