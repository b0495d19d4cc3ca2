"""Does what a document tells its reader to do, block after block, and compares what comes out with what it shows.

A block of `sh`, `python` or `javascript` is run; a `text` or `json` block right after one is its output. `jsonl` and
`toml` are shown to be read. A Python block whose first line names a file is written to that file instead. Blocks of
`sh` share one shell. A shown line that ends in "…" goes on. Only ports are changed, because the documented ones may be
taken.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.databases import free_ports

ROOT = Path(__file__).resolve().parent.parent
NODE_MODULES = ROOT / "tests" / "clients" / "js" / "node_modules"

DOCUMENTED = "127.0.0.1:8080"
"""Where a sandbox listens that is told nothing else."""

CALLBACK_PORTS = (3000, 5000, 8000)
"""Where the sandbox's Apps may send people back to; the first is the documented one."""

RUN = ("sh", "python", "javascript")
SHOWN = ("text", "json")
READ = ("jsonl", "toml")

TIMEOUT_S = 60
"""Far more than any block takes, so that one that hangs says so."""

END = "end of this block:"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w.]+\.py)\n")


@dataclass(frozen=True)
class Block:
    """A fenced block; `shown` is the output that the document promises, if it does."""

    language: str
    content: str
    line: int
    shown: "Block | None" = None


def blocks(text: str) -> list[Block]:
    """Every block that is to be run, with its output."""
    found: list[Block] = []
    for match in _FENCE.finditer(text):
        block = Block(match[1], match[2], text.count("\n", 0, match.start()) + 1)
        if block.language in SHOWN:
            assert found, f"line {block.line}: output of nothing"
            assert found[-1].shown is None, f"line {block.line}: output of what already has one"
            found[-1] = Block(found[-1].language, found[-1].content, found[-1].line, block)
        elif block.language in RUN:
            found.append(block)
        else:
            assert block.language in READ, f"line {block.line}: a block has to say what it is"
    return found


def section(text: str, heading: str) -> str:
    """What stands below a heading of the second level, up to the next one."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[heading]


def free_port() -> int:
    """One that nobody listens on, and that no outgoing connection gets meanwhile."""
    return next(free_ports())


def free_callback_port() -> int:
    """The first of `CALLBACK_PORTS` that nobody listens on."""
    for port in CALLBACK_PORTS:
        with socket.socket() as listening:
            # As servers do: a port that was just left counts as free.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listening.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"one of the ports {CALLBACK_PORTS} has to be free")


class Conversation:
    """A program at a terminal that waits for somebody before it ends.

    Attributes:
        screen: what stands on the terminal by now.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.screen = ""

    def wait_for(self, ending: str) -> str:
        """Read on until the screen ends so; return the last line."""
        assert self._process.stdout is not None
        while not self.screen.endswith(ending):
            character = self._process.stdout.read(1)
            assert character, f"it ended with {self.screen!r}"
            self.screen += character
        return self.screen.rstrip("\n").rpartition("\n")[2]

    def type(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        self.screen += f"{line}\n"

    def finish(self) -> int:
        """Read the rest; the exit status."""
        self.screen += self._process.communicate(timeout=TIMEOUT_S)[0]
        return self._process.returncode


class Reader:
    """Somebody at a terminal in `folder`, who has the commands and the SDKs that the document speaks of.

    Attributes:
        address: where their servers listen, in place of the documented one.
        callback_port: where their clients listen.
    """

    def __init__(
        self, folder: Path, surroundings: Mapping[str, str], shell: subprocess.Popen[str], address: str, node: str
    ) -> None:
        self.folder = folder
        self.address = address
        self.callback_port = CALLBACK_PORTS[0]
        self._surroundings = surroundings
        self._shell = shell
        self._node = node

    def follow(self, block: Block) -> None:
        """Do it, and see that the output is what is shown."""
        content = self.adapted(block.content)
        output = {"sh": self._sh, "python": self._python, "javascript": self._javascript}[block.language](content)
        if block.shown is not None:
            self.check(output, block.shown)

    @contextmanager
    def converse(self, block: Block) -> Iterator[Conversation]:
        """Start what a block of `sh` says, which needs somebody to go on."""
        assert block.language == "sh"
        with subprocess.Popen(
            ["bash", "-c", self.adapted(block.content)],
            cwd=self.folder,
            env={**self._surroundings, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield Conversation(process)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    def adapted(self, content: str) -> str:
        """The same with the ports that are free here."""
        return content.replace(DOCUMENTED, self.address).replace(str(CALLBACK_PORTS[0]), str(self.callback_port))

    def check(self, output: str, shown: Block) -> None:
        compare(output.replace(self.address, DOCUMENTED), shown)

    def _sh(self, content: str) -> str:
        output = self._typed(content)
        if content.rstrip().endswith("&"):
            self._wait_for_server()
            output += self._typed("")
        return output

    def _typed(self, content: str) -> str:
        """What comes out up to the next prompt."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(f"{content}\nstatus=$?; echo; echo '{END}' $status\n")
        self._shell.stdin.flush()
        lines: list[str] = []
        for line in self._shell.stdout:
            if line.startswith(END):
                assert line.split()[-1] == "0", "".join(lines)
                return "".join(lines)
            lines.append(line)
        raise AssertionError(f"the shell ended: {''.join(lines)}")

    def _wait_for_server(self) -> None:
        """As long as it takes a person to type the next command."""
        for _ in range(TIMEOUT_S * 20):
            try:
                urllib.request.urlopen(f"http://{self.address}/2/openapi.json").close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the server did not start")

    def _python(self, content: str) -> str:
        if name := _FILE.match(content):
            (self.folder / name[1]).write_text(content)
            return ""
        (self.folder / "example.py").write_text(content)
        return self._run(sys.executable, "example.py")

    def _javascript(self, content: str) -> str:
        (self.folder / "example.mjs").write_text(content)
        return self._run(self._node, "example.mjs")

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=TIMEOUT_S)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout


@contextmanager
def reader(folder: Path) -> Iterator[Reader]:
    """Somebody who has done nothing yet; everything they started is ended."""
    installed = subprocess.run(
        [sys.executable, ROOT / "scripts" / "node_sdk.py"], stdout=subprocess.PIPE, text=True, check=True
    )
    port = free_port()
    (folder / "node_modules").symlink_to(NODE_MODULES)
    # At a terminal curl shows no meter when it prints an answer; into a pipe it does.
    (folder / ".curlrc").write_text("silent\nshow-error\n")
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("TACET_")}
    surroundings |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CURL_HOME": str(folder),
        "TACET_PORT": str(port),
    }
    with subprocess.Popen(
        ["bash"],
        cwd=folder,
        env=surroundings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A session of its own: what a document kills must not be the tests.
        start_new_session=True,
    ) as shell:
        try:
            yield Reader(folder, surroundings, shell, f"127.0.0.1:{port}", installed.stdout.strip())
        finally:
            assert shell.stdin is not None
            shell.stdin.write("\nkill $(jobs -p) 2>/dev/null\nwait\n")
            shell.stdin.close()
            shell.wait(TIMEOUT_S)


def compare(output: str, shown: Block) -> None:
    """JSON may be laid out for reading; anything else has to be as it is."""
    if shown.language == "json":
        assert json.loads(output) == json.loads(shown.content), f"line {shown.line} shows something else"
    else:
        # Headers end in CR LF, which nobody sees at a terminal.
        lines, wanted = output.replace("\r", "").strip().splitlines(), shown.content.strip().splitlines()
        fits = len(lines) == len(wanted) and all(map(_is_as_shown, lines, wanted))
        assert fits, f"line {shown.line} shows something else: {output}"


def _is_as_shown(line: str, shown: str) -> bool:
    return line.startswith(shown[:-1]) if shown.endswith("…") else line == shown
