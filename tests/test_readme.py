"""README.md and docs/quickstart.md are true: what they say to type is typed, and what they show comes out."""

import contextlib
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from requests_oauthlib import OAuth1

from tests.documents import DOCUMENTED, ROOT, Block, blocks, compare, free_port, reader, section
from tests.sandboxes import Sandbox, sandbox
from tests.wire.calls import OPERATIONS

README = (ROOT / "README.md").read_text(encoding="utf-8")
QUICKSTART = (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8")

_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([\w-]+))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


MOVING = "When one file is not enough"
POSTGRESQL, REDIS, METRICS = "postgresql://tacet@127.0.0.1:5432/tacet", "redis://127.0.0.1:6379", "127.0.0.1:9464"
"""As they are documented."""


def free_metrics_port() -> int:
    """A port that is free, and the next one as well: each of two processes takes one."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            with contextlib.suppress(OSError):
                second.bind(("127.0.0.1", port + 1))
                return port
    raise AssertionError("no two ports in a row are free")


def before_sections(text: str) -> str:
    return re.split(r"^## ", text, maxsplit=1, flags=re.MULTILINE)[0]


def follow(text: str, folder: Path) -> None:
    """Everything in a text, in order, as one reader."""
    with reader(folder) as someone:
        for block in blocks(text):
            someone.follow(block)


class TestReadme:
    def test_begins_with_the_two_commands(self) -> None:
        first, *_ = blocks(README)
        assert (first.language, first.content) == ("sh", "make sandbox\n")
        assert README.index("make sandbox") < README.index("make test") < README.index("## ")

    def test_shows_what_the_sandbox_prints(self, tmp_path: Path) -> None:
        [start] = blocks(before_sections(README))
        assert start.shown is not None
        with sandbox(tmp_path) as server:
            compare(server.welcome.replace(server.url.removeprefix("http://"), DOCUMENTED), start.shown)

    @pytest.mark.parametrize(
        "headings",
        [("Watch a post vanish",), ("Use it", "Watch a post vanish"), ("Watch a post vanish",) * 2],
        ids=["the mute alone", "from the start", "twice"],
    )
    def test_examples_work_against_the_sandbox(self, headings: tuple[str, ...], tmp_path: Path) -> None:
        text = "\n".join(section(README, heading) for heading in headings)
        follow(f"```sh\ntacet sandbox --quiet &\n```\n{text}", tmp_path)

    def test_a_server_of_ones_own_is_run_as_told(self, tmp_path: Path) -> None:
        follow(section(README, "Run it for real"), tmp_path)

    def test_a_file_moves_to_a_database_that_processes_share(
        self, tmp_path: Path, postgres_address: str, redis_address: str
    ) -> None:
        text = section(README, "Run it for real") + section(README, MOVING)
        addresses = {POSTGRESQL: postgres_address, REDIS: redis_address, METRICS: f"127.0.0.1:{free_metrics_port()}"}
        for documented, ours in addresses.items():
            assert documented in text
            text = text.replace(documented, ours)
        follow(text, tmp_path)

    def test_a_post_vanishes_and_comes_back(self) -> None:
        steps = [block.shown.content for block in blocks(section(README, "Watch a post vanish")) if block.shown]
        text = "Does anybody read this?"
        assert [text in shown for shown in steps] == [False, False, True, False, False, True]
        assert steps[4] == "0\n"

    def test_has_an_example_in_each_language(self) -> None:
        languages = {block.language for block in blocks(section(README, "Use it"))}
        assert languages == {"sh", "python", "javascript"}
        assert [block.line for block in blocks(section(README, "Use it")) if block.shown is None] == []


HEADINGS = re.findall(r"^## (.+)$", QUICKSTART, re.MULTILINE)

IN_A_BROWSER = ("Log in with OAuth 2.0 (PKCE)", "Log in with a PIN (OAuth 1.0a)", "An App of your own")
"""What needs somebody at a browser: `browser/test_quickstart.py` does as these say."""


class TestQuickstart:
    @pytest.mark.parametrize("heading", [heading for heading in HEADINGS if heading not in IN_A_BROWSER])
    def test_what_a_section_says_to_do_works(self, heading: str, tmp_path: Path) -> None:
        follow(section(QUICKSTART, heading), tmp_path)

    def test_has_something_to_do_in_every_section_but_the_tables(self) -> None:
        assert set(IN_A_BROWSER) < set(HEADINGS)
        idle = [title for title in HEADINGS if not blocks(section(QUICKSTART, title))]
        assert idle == ["Who lives there", "Tokens"]


def rows(text: str) -> list[list[str]]:
    """The cells of a table's rows, without its heading."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


TOKENS = {row[0]: row for row in rows(section(QUICKSTART, "Tokens"))}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with sandbox(tmp_path_factory.mktemp("tokens"), "--no-rate-limits") as running:
        yield running


def test_the_scopes_that_it_names_are_those_that_are_asked_for() -> None:
    listed = section(QUICKSTART, "Log in with OAuth 2.0 (PKCE)").partition("The scopes that something here asks for")[2]
    entries = [line for line in listed.partition("The sandbox's Apps")[0].splitlines() if line.startswith("- ")]
    named = {scope for entry in entries for scope in re.findall(r"`([\w.]+)`", entry.partition(",")[0])}
    asked = {scope for operation in OPERATIONS for scope in operation.scopes}
    assert named == asked | {"users.email", "offline.access"}


class TestTokens:
    @pytest.mark.parametrize("row", TOKENS.values(), ids=[cell.strip("`").partition("`")[0] for cell in TOKENS])
    def test_each_does_what_the_table_says(self, row: list[str], server: Sandbox) -> None:
        session = self.session_with(row[0].replace("`", "").split(), server)
        v2, v1 = f"{server.url}/2/users/1001/muting", f"{server.url}/1.1/mutes/users"
        answers = [
            session.get(v2),
            session.post(v2, json={"target_user_id": "1002"}),
            session.get(f"{v1}/ids.json"),
            session.post(f"{v1}/create.json", params={"user_id": "1003"}),
        ]
        for answer, told in zip(answers, row[2:], strict=True):
            assert str(answer.status_code) == told[:3]
            for code in re.findall(r"code (\d+)", told):
                assert [error["code"] for error in answer.json()["errors"]] == [int(code)]

    def test_the_table_has_all_that_get_refused(self, server: Sandbox) -> None:
        refused = {token["token"] for app in server.ready["apps"] for token in app["tokens"]}
        assert refused <= {text for cell in TOKENS for text in re.findall(r"`([^`]+)`", cell)}

    def test_the_table_of_apps_is_what_is_there(self, server: Sandbox) -> None:
        text = section(QUICKSTART, "Log in with OAuth 2.0 (PKCE)")
        apps = server.ready["apps"]
        secrets = {app["name"]: f"`{app['client_secret']}`" if app["client_secret"] else "none" for app in apps}
        assert [row[:3] for row in rows(text)] == [
            [app["name"], f"`{app['client_id']}`", secrets[app["name"]]] for app in apps
        ]
        assert [row[3].partition(" client")[0] for row in rows(text)][::3] == [
            app["client_type"] for app in (apps[0], apps[3])
        ]

    @staticmethod
    def session_with(words: list[str], server: Sandbox) -> requests.Session:
        """`words` are a bearer, or a token and its secret."""
        session = requests.Session()
        if len(words) == 1:
            session.headers["authorization"] = f"Bearer {words[0]}"
            return session
        token, secret = words
        ending = token.rpartition("SandboxToken")[2]
        app = server.ready["apps"][{"": 0, "ReadOnly": 1, "Standalone": 2}[ending]]
        session.auth = OAuth1(app["consumer_key"], app["consumer_secret"], token, secret)
        return session


@pytest.mark.parametrize(
    "name", ["README.md", *(f"docs/{page}.md" for page in ("quickstart", "migrating", "fidelity", "operations"))]
)
def test_every_link_leads_somewhere(name: str) -> None:
    path = ROOT / name
    for target, anchor in _LINK.findall(path.read_text(encoding="utf-8")):
        linked = path.parent / target if target else path
        assert linked.is_file(), f"{name} links to {target}"
        if anchor:
            titles = [slug(title) for title in _HEADING.findall(linked.read_text(encoding="utf-8"))]
            assert anchor in titles, f"{name} links to {target}#{anchor}"


def slug(title: str) -> str:
    """A heading's anchor, as it is made on the sites where people read this."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


class TestReader:
    """What reads the documents notices when they are wrong."""

    def test_output_that_is_not_shown_so_is_noticed(self, tmp_path: Path) -> None:
        with pytest.raises(AssertionError, match="shows something else"):
            follow("```sh\necho 1\n```\n\n```text\n2\n```\n", tmp_path)

    @pytest.mark.parametrize(
        "block", [Block("sh", "false\n", 1), Block("python", "raise SystemExit(1)\n", 1)], ids=["sh", "python"]
    )
    def test_a_failing_block_is_noticed(self, block: Block, tmp_path: Path) -> None:
        with reader(tmp_path) as someone, pytest.raises(AssertionError):
            someone.follow(block)

    def test_a_line_that_is_shown_in_part_has_to_begin_so(self, tmp_path: Path) -> None:
        follow("```sh\necho 12; echo 3\n```\n\n```text\n1…\n3\n```\n", tmp_path)
        for shown in ("2…\n3", "1…\n3…\n4…", "1…"):
            with pytest.raises(AssertionError, match="shows something else"):
                compare("12\n3\n", Block("text", f"{shown}\n", 1))

    def test_a_program_that_asks_is_answered(self, tmp_path: Path) -> None:
        asking = Block("sh", "echo hello; echo -n 'PIN: '; read pin; echo got $pin; exit 3\n", 1)
        with reader(tmp_path) as someone, someone.converse(asking) as terminal:
            assert terminal.wait_for("\n") == "hello"
            terminal.wait_for("PIN: ")
            terminal.type("42")
            assert (terminal.finish(), terminal.screen) == (3, "hello\nPIN: 42\ngot 42\n")

    def test_a_block_without_a_language_is_noticed(self) -> None:
        with pytest.raises(AssertionError, match="line 3: a block has to say what it is"):
            blocks("\n\n```\nwhat\n```\n")

    def test_a_port_is_free(self) -> None:
        assert 1024 <= free_port() <= 65535

    def test_everything_that_was_started_is_ended(self, tmp_path: Path) -> None:
        follow("```sh\nsleep 1000 & echo $! > pid; true\n```\n", tmp_path)
        pid = (tmp_path / "pid").read_text().strip()
        assert subprocess.run(["kill", "-0", pid], capture_output=True).returncode != 0
