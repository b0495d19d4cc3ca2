import io
import re
import sys

import click
import pytest

from tacet.cli.exits import Exit
from tacet.clock import SystemClock
from tacet.identity.signin.passwords import Passwords
from tacet.records.accounts import Session
from tacet.records.people import Person
from tests.cli.conftest import Ended, Stored, Tacet

GOOD, OTHER = "correct horse battery staple", "frog window lamp cactus"
ID = 1001


@pytest.fixture(autouse=True)
def _alice(stored: Stored) -> None:
    stored(lambda store: store.directory.put_people([Person(ID, "Alice", "Alice")]))


@pytest.fixture
def piped(tacet: Tacet, monkeypatch: pytest.MonkeyPatch) -> "Piped":
    return Piped(tacet, monkeypatch)


class Piped:
    """Runs `tacet people password` with octets on standard input."""

    def __init__(self, tacet: Tacet, monkeypatch: pytest.MonkeyPatch) -> None:
        self._tacet = tacet
        self._monkeypatch = monkeypatch

    def __call__(self, sent: bytes, options: str = "@Alice") -> Ended:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(sent)))
        return self._tacet(f"people password {options}")


def is_password(stored: Stored, plain: str) -> bool:
    return stored(lambda store: Passwords(store.accounts, SystemClock()).check(ID, plain))


def has_password(stored: Stored) -> bool:
    return stored(lambda store: Passwords(store.accounts, SystemClock()).exists(ID))


class TestFromStandardInput:
    @pytest.mark.parametrize(
        "sent",
        [
            pytest.param(f"{GOOD}\n", id="a-line"),
            pytest.param(f"{GOOD}\r\n", id="a-line-of-windows"),
            pytest.param(GOOD, id="no-line-end"),
            pytest.param(f"{GOOD}\nsomething else\n", id="two-lines"),
        ],
    )
    def test_one_line_is_the_password(self, piped: Piped, stored: Stored, sent: str) -> None:
        ended = piped(sent.encode())
        assert (ended.code, ended.err) == (Exit.OK, "")
        assert ended.out == "set: @Alice signs in with it from now on, and is signed out everywhere\n"
        assert is_password(stored, GOOD)

    def test_blanks_at_its_ends_belong_to_it(self, piped: Piped, stored: Stored) -> None:
        assert piped(f"  {GOOD} \n".encode()).code == Exit.OK
        assert is_password(stored, f"  {GOOD} ")
        assert not is_password(stored, GOOD)

    @pytest.mark.parametrize("name", ["@alice", "@ALICE", str(ID)])
    def test_a_person_is_named_by_id_or_username(self, piped: Piped, stored: Stored, name: str) -> None:
        assert piped(GOOD.encode(), name).code == Exit.OK
        assert is_password(stored, GOOD)

    @pytest.mark.parametrize(
        ("sent", "complaint"),
        [
            pytest.param(b"", "no password came", id="nothing"),
            pytest.param(b"\n", "no password came", id="an-empty-line"),
            pytest.param(b"short\n", "too short", id="too-short"),
            pytest.param(b"x" * 200, "too long", id="too-long"),
            pytest.param(b"x" * 4_096, "too long", id="the-longest-line"),
            pytest.param(b"x" * 10_000_000, "give one line of UTF-8", id="some-other-file"),
            pytest.param(b"correct horse \xff battery", "give one line of UTF-8", id="no-utf8"),
            pytest.param(b"alice in wonderland", "cannot contain the username", id="the-username"),
        ],
    )
    def test_what_is_refused_changes_nothing(self, piped: Piped, stored: Stored, sent: bytes, complaint: str) -> None:
        ended = piped(sent)
        assert ended.code == Exit.FAILED
        assert complaint in ended.complaint
        assert ended.out == ""
        assert not has_password(stored)


class TestOnATerminal:
    @pytest.fixture
    def typed(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """What is typed, line by line, while nothing is shown."""
        lines: list[str] = []

        def hidden(prompt: str) -> str:
            if not lines:
                raise KeyboardInterrupt
            return lines.pop(0)

        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        monkeypatch.setattr(click.termui, "hidden_prompt_func", hidden)
        return lines

    def test_it_is_asked_for_twice(self, tacet: Tacet, stored: Stored, typed: list[str]) -> None:
        typed += [GOOD, GOOD]
        assert tacet("people password @alice").code == Exit.OK
        assert typed == []
        assert is_password(stored, GOOD)

    def test_it_is_asked_for_again_when_the_two_differ(self, tacet: Tacet, stored: Stored, typed: list[str]) -> None:
        typed += [GOOD, OTHER, OTHER, OTHER]
        assert tacet("people password @alice").code == Exit.OK
        assert is_password(stored, OTHER)

    def test_ctrl_c_ends_it_with_nothing_changed(self, tacet: Tacet, stored: Stored, typed: list[str]) -> None:
        typed += [GOOD]
        assert tacet("people password @alice").code == Exit.INTERRUPTED
        assert not has_password(stored)

    def test_who_is_nobody_is_said_before_anything_is_typed(self, tacet: Tacet, typed: list[str]) -> None:
        typed += [GOOD, GOOD]
        assert tacet("people password @bob").code == Exit.FAILED
        assert typed == [GOOD, GOOD]


def test_a_random_one_is_printed_alone_and_works(tacet: Tacet, stored: Stored) -> None:
    first, second = tacet("people password --random @alice"), tacet("people password @alice --random")
    assert first.code == second.code == Exit.OK
    assert re.fullmatch(r"[A-Za-z0-9]{5}(-[A-Za-z0-9]{5}){3}\n", second.out)
    assert first.out != second.out
    assert second.out.strip() not in second.err
    assert is_password(stored, second.out.strip())
    assert not is_password(stored, first.out.strip())


def test_a_new_one_signs_out_everywhere(piped: Piped, stored: Stored) -> None:
    now_ms = SystemClock().now_ms()
    stored(lambda store: store.accounts.put_session(Session(b"a", ID, now_ms, now_ms, now_ms + 60_000)))
    piped(GOOD.encode())
    assert stored(lambda store: store.accounts.session(b"a")) is None


def test_it_can_be_taken_away_once(piped: Piped, tacet: Tacet, stored: Stored) -> None:
    piped(GOOD.encode())
    ended = tacet("people password --remove @alice")
    assert (ended.code, ended.out) == (Exit.OK, "removed: @Alice cannot sign in by a password any more\n")
    assert not has_password(stored)
    again = tacet("people password --remove @alice")
    assert again.code == Exit.FAILED
    assert "@Alice has no password" in again.complaint


@pytest.mark.parametrize(
    ("line", "code", "complaint"),
    [
        pytest.param("@nobody", Exit.FAILED, "nobody here is @nobody: `tacet people import`", id="nobody"),
        pytest.param("1002", Exit.FAILED, "nobody here is 1002", id="no-such-id"),
        pytest.param("9999999999999999999", Exit.FAILED, "nobody here is", id="an-id-that-fits-nowhere"),
        pytest.param("alice", Exit.USAGE, "PERSON: 'alice' is neither an id nor @ and a username", id="no-at"),
        pytest.param("", Exit.USAGE, "Missing argument", id="no-one"),
        pytest.param("--random --remove @alice", Exit.USAGE, "one of --random and --remove", id="both"),
    ],
)
def test_mistakes_are_one_line_with_a_code(piped: Piped, line: str, code: Exit, complaint: str) -> None:
    ended = piped(GOOD.encode(), line)
    assert ended.code == code
    assert complaint in ended.complaint


def test_it_works_beside_a_server(piped: Piped, stored: Stored) -> None:
    assert stored.beside_a_server(lambda: piped(GOOD.encode())).code == Exit.OK
    assert is_password(stored, GOOD)


def test_no_secret_key_is_needed(piped: Piped) -> None:
    assert piped(GOOD.encode()).code == Exit.OK
