"""`tacet serve` with one person who has a password, set up by the commands that an operator types."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tacet.identity.vault import new_secret_key
from tests.sandboxes import STOP_TIMEOUT_S, TACET, clean_environment

USERNAME, PASSWORD = "mira", "seven quiet herons at dawn"

PERSON = b'{"id": "12", "username": "mira", "name": "Mira Quill"}\n'


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The base URL of a running server, on a free port."""
    environment = clean_environment() | {"TACET_SECRET_KEY": new_secret_key()}

    def tacet(*words: str, given: bytes | None = None) -> None:
        subprocess.run(
            [*TACET, *words], cwd=folder, env=environment, input=given, stdout=subprocess.DEVNULL, check=True
        )

    (folder / "people.jsonl").write_bytes(PERSON)
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
