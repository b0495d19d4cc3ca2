"""`tacet serve` with two people, one of whom has a password, set up by the commands that an operator types."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tacet.identity.vault import new_secret_key
from tests.sandboxes import STOP_TIMEOUT_S, TACET, clean_environment

USERNAME, PASSWORD = "mira", "seven quiet herons at dawn"

LONG_NAME, LONG_USERNAME = "W" * 200, "W" * 15
"""As long as they may be, and nowhere to break them."""

PEOPLE = (("12", USERNAME, "Mira Quill"), ("13", LONG_USERNAME, LONG_NAME))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The base URL of a running server, on a free port."""
    environment = clean_environment() | {"TACET_SECRET_KEY": new_secret_key()}

    def tacet(*words: str, given: bytes | None = None) -> None:
        subprocess.run(
            [*TACET, *words], cwd=folder, env=environment, input=given, stdout=subprocess.DEVNULL, check=True
        )

    lines = [json.dumps({"id": id_, "username": username, "name": name}) for id_, username, name in PEOPLE]
    (folder / "people.jsonl").write_text("\n".join(lines))
    tacet("people", "import", "people.jsonl")
    tacet("people", "password", f"@{USERNAME}", given=f"{PASSWORD}\n".encode())
    command = [*TACET, "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()
            process.wait(STOP_TIMEOUT_S)
