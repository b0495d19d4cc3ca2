import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tacet.app import Tacet as Application
from tacet.cli import main
from tacet.cli.exits import Exit
from tacet.cli.secrets import _forget
from tacet.clock import ManualClock
from tacet.identity.vault import FORM, UNNAMED_FORM, Vault, VaultError, new_secret_key
from tacet.ids import SeededRandomness
from tacet.records.consents import RequestToken
from tacet.records.credentials import Access, Token, TokenKind
from tacet.store.base import Store
from tacet.store.opening import open_store
from tests.cast import ALICE, APP_ID, CONSUMER_SECRET, NOW_MS, TOKEN_SECRET, access_token, app
from tests.cli.conftest import Stored, Tacet
from tests.service import Service, in_memory, settings
from tests.wire.calls import LIST

OLD, NEW, OTHER = (new_secret_key(SeededRandomness(n)) for n in (1, 2, 3))

APPS = 40
KEPT_SECRETS = APPS + 3
"""Each App's, and of the first a bearer, an access token and a request token."""


async def fill(store: Store) -> None:
    """What the old key sealed."""
    vault = Vault(OLD)
    await store.directory.put_people([ALICE])
    for n in range(APPS):
        await store.credentials.put_app(app(vault, APP_ID + n, Access.READ_WRITE, 77))
    bearer = Token(b"1", TokenKind.APP_ONLY, APP_ID, None, secret_sealed=vault.seal("bearer"))
    await store.credentials.put_token(bearer)
    await store.credentials.put_token(access_token(vault, ALICE, APP_ID))
    await store.consents.put_request_token(RequestToken(b"2", APP_ID, vault.seal("request"), "oob", None, 1, 9))


async def plain(store: Store, vault: Vault) -> list[str]:
    """What a vault reads of it."""
    found: list[str] = []

    def look(sealed: bytes) -> bytes:
        found.append(vault.open(sealed))
        return sealed

    await store.credentials.reseal(look)
    return found


async def lengths(store: Store) -> list[int]:
    """Of everything sealed that is left."""
    found: list[int] = []

    def look(sealed: bytes) -> bytes:
        found.append(len(sealed))
        return sealed

    await store.credentials.reseal(look)
    return found


EVERYTHING = sorted(["bearer", "request", TOKEN_SECRET, *[CONSUMER_SECRET] * APPS])


@pytest.fixture
def _filled(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator who has both keys, and has not rotated yet."""
    stored(fill)
    monkeypatch.setenv("TACET_SECRET_KEY", NEW)
    monkeypatch.setenv("TACET_OLD_SECRET_KEY", OLD)


def opens(stored: Stored, key: str) -> bool:
    """Whether everything opens with this key alone."""
    try:
        return sorted(stored(lambda store: plain(store, Vault(key)))) == EVERYTHING
    except VaultError:
        return False


def test_a_new_secret_key_is_one_that_serves(tacet: Tacet, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tacet("secrets new").out, tacet("secrets new").out
    assert first != second
    monkeypatch.setenv("TACET_SECRET_KEY", first.strip())
    assert tacet("app create --name X").code == Exit.OK


@pytest.mark.usefixtures("_filled")
class TestRotate:
    def test_everything_opens_with_the_new_key_alone(self, tacet: Tacet, stored: Stored) -> None:
        assert (opens(stored, OLD), opens(stored, NEW)) == (True, False)
        ended = tacet("secrets rotate")
        assert (ended.code, ended.err) == (Exit.OK, "")
        assert ended.out.startswith(f"{KEPT_SECRETS} secrets sealed anew; 0 were sealed with the current secret key")
        assert (opens(stored, OLD), opens(stored, NEW)) == (False, True)

    def test_it_says_what_to_do_next(self, tacet: Tacet) -> None:
        lines = tacet("secrets rotate").out.splitlines()
        assert lines[1:] == [
            "Next: start the server without the old secret key, run this without it as well, and if that finds "
            "nothing, destroy the old key."
        ]

    def test_again_it_changes_nothing(self, tacet: Tacet, stored: Stored) -> None:
        tacet("secrets rotate")
        ended = tacet("secrets rotate")
        assert ended.code == Exit.OK
        assert ended.out.startswith(f"0 secrets sealed anew; {KEPT_SECRETS} were sealed")
        assert opens(stored, NEW)

    def test_without_the_old_key_it_confirms_that_nothing_needs_it(
        self, tacet: Tacet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tacet("secrets rotate")
        monkeypatch.delenv("TACET_OLD_SECRET_KEY")
        ended = tacet("secrets rotate")
        assert ended.code == Exit.OK
        assert ended.out == f"0 secrets sealed anew; {KEPT_SECRETS} were sealed with the current secret key before\n"

    def test_without_the_old_key_it_finds_what_still_needs_it(
        self, tacet: Tacet, stored: Stored, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tacet("secrets rotate")
        stored(lambda store: store.credentials.put_app(app(Vault(OLD), APP_ID + 7, Access.READ, 77)))
        monkeypatch.delenv("TACET_OLD_SECRET_KEY")
        ended = tacet("secrets rotate")
        assert ended.code == Exit.CONFIGURATION
        assert "does not open with this secret key" in ended.complaint

    def test_what_names_no_key_gets_one(self, tacet: Tacet, stored: Stored) -> None:
        def unnamed(sealed: bytes) -> bytes:
            # Nothing else seals in the first form any more.
            cipher = Vault(OLD)._current.cipher
            return UNNAMED_FORM + bytes(12) + cipher.encrypt(bytes(12), Vault(OLD).open(sealed).encode(), UNNAMED_FORM)

        stored(lambda store: store.credentials.reseal(unnamed))
        assert opens(stored, OLD)
        assert tacet("secrets rotate").code == Exit.OK
        assert opens(stored, NEW)

    @pytest.mark.parametrize("old", [None, OTHER], ids=["no old key", "another old key"])
    def test_with_the_wrong_keys_nothing_is_written(
        self, tacet: Tacet, stored: Stored, monkeypatch: pytest.MonkeyPatch, old: str | None
    ) -> None:
        monkeypatch.delenv("TACET_OLD_SECRET_KEY")
        if old is not None:
            monkeypatch.setenv("TACET_OLD_SECRET_KEY", old)
        ended = tacet("secrets rotate")
        assert (ended.code, ended.out) == (Exit.CONFIGURATION, "")
        assert ended.complaint == (
            "tacet: a stored secret does not open with this secret key: start with the one it was sealed with, "
            "or give that one as the old secret key; nothing was changed"
        )
        assert opens(stored, OLD)

    def test_where_one_secret_is_damaged_nothing_is_written(self, tacet: Tacet, stored: Stored) -> None:
        sealed = Vault(OLD).seal("last")
        damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
        last = Token(b"9", TokenKind.APP_ONLY, APP_ID, None, secret_sealed=damaged)
        stored(lambda store: store.credentials.put_token(last))
        ended = tacet("secrets rotate")
        assert (ended.code, ended.out) == (Exit.CONFIGURATION, "")
        assert "damaged" in ended.complaint
        assert "nothing was changed" in ended.complaint
        first = stored(lambda store: store.credentials.any_app())
        assert first is not None
        assert Vault(OLD).open(first.consumer_secret_sealed) == CONSUMER_SECRET

    def test_one_key_given_twice_is_refused(self, tacet: Tacet, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TACET_OLD_SECRET_KEY", NEW)
        ended = tacet("secrets rotate")
        assert ended.code == Exit.CONFIGURATION
        assert "the old secret key is the current one" in ended.complaint

    def test_keys_come_from_files_too(
        self, tacet: Tacet, stored: Stored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, key in (("TACET_SECRET_KEY", NEW), ("TACET_OLD_SECRET_KEY", OLD)):
            monkeypatch.delenv(name)
            (tmp_path / name).write_text(key)
        ended = tacet("secrets rotate --secret-key-file TACET_SECRET_KEY --old-secret-key-file TACET_OLD_SECRET_KEY")
        assert ended.code == Exit.OK
        assert opens(stored, NEW)

    def test_no_key_is_ever_shown(self, tacet: Tacet) -> None:
        ended = [tacet("secrets rotate"), tacet("secrets rotate")]
        assert not any(key in each.out + each.err for each in ended for key in (OLD, NEW))

    def test_other_commands_work_with_both_keys(self, tacet: Tacet) -> None:
        assert tacet("app create --name X").code == Exit.OK
        assert tacet(f"token create --app {APP_ID} --user 1001 --oauth1").code == Exit.OK
        tacet("secrets rotate")
        assert tacet("app create --name Y").code == Exit.OK

    def test_on_a_terminal_it_shows_how_many_it_has_done(self, tacet: Tacet, monkeypatch: pytest.MonkeyPatch) -> None:
        # By its name the command is found, which hides the module.
        monkeypatch.setattr(sys.modules["tacet.cli.secrets"], "METER_EVERY", 20)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        ended = tacet("secrets rotate")
        assert "40 rows" in ended.err
        assert tacet("secrets rotate --quiet").err == ""

    def test_it_runs_beside_a_server(self, tacet: Tacet, stored: Stored) -> None:
        assert stored.beside_a_server(lambda: tacet("secrets rotate")).code == Exit.OK
        assert opens(stored, NEW)


STOPS_HALFWAY = f"""
import sys
from tacet.cli import main
from tacet.cli.secrets import Rotation
from tacet.identity.vault import Vault

reseal, run, seen = Vault.reseal, Rotation.run, []

def halting(self, sealed):
    seen.append(sealed)
    if len(seen) == {APPS // 2}:
        print("halfway", flush=True)
        sys.stdin.read()
    return reseal(self, sealed)

async def telling(self, store):
    try:
        await run(self, store)
    finally:
        print("ending", flush=True)

Vault.reseal, Rotation.run = halting, telling
sys.exit(main(["secrets", "rotate"]))
"""


@pytest.mark.usefixtures("_filled")
class TestInterrupted:
    @pytest.fixture
    def halted(self) -> Iterator["subprocess.Popen[str]"]:
        """A run that has renewed half of the secrets and waits there."""
        command = [sys.executable, "-c", STOPS_HALFWAY]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "halfway\n"
            yield process
            process.kill()

    def test_after_kill_9_nothing_is_changed_and_the_next_run_does_it(
        self, tacet: Tacet, stored: Stored, halted: "subprocess.Popen[str]"
    ) -> None:
        halted.kill()
        assert halted.wait(20) == -9
        assert (opens(stored, OLD), opens(stored, NEW)) == (True, False)
        assert tacet("secrets rotate").out.startswith(f"{KEPT_SECRETS} secrets sealed anew")
        assert (opens(stored, OLD), opens(stored, NEW)) == (False, True)

    def test_ctrl_c_takes_everything_back(self, stored: Stored, halted: "subprocess.Popen[str]") -> None:
        halted.send_signal(signal.SIGINT)
        assert halted.stdout is not None
        assert halted.stdout.readline() == "ending\n"
        _, err = halted.communicate(timeout=60)
        assert (halted.returncode, err.strip()) == (Exit.INTERRUPTED, "tacet: interrupted")
        assert opens(stored, OLD)


@asynccontextmanager
async def serving(path: Path, key: str, old: str = "") -> AsyncIterator[Service]:
    """The application as a server runs it with these keys."""
    setting = settings(database=f"sqlite:///{path}", secret_key=key, old_secret_key=old)
    store, clock = open_store(setting.database, 100), ManualClock(NOW_MS)
    vault = Vault(key, old_secret_key=old)
    await store.open()
    try:
        await vault.check_opens(store.credentials)
        yield Service(Application(setting, store, vault, clock, SeededRandomness(1)), store, vault, clock)
    finally:
        await store.close()


@pytest.mark.usefixtures("_filled")
async def test_in_the_documented_order_no_signed_request_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tacet.db"
    statuses: list[int] = []
    async with serving(path, OLD) as service:
        statuses.append((await service.signed("GET", LIST)).status)
    async with serving(path, NEW, OLD) as service:
        statuses.append((await service.signed("GET", LIST)).status)
        assert await asyncio.to_thread(main, ["secrets", "rotate"]) == Exit.OK
        statuses.append((await service.signed("GET", f"{LIST}?max_results=1")).status)
        service.tacet.authenticator.forget()
        statuses.append((await service.signed("GET", f"{LIST}?max_results=2")).status)
    async with serving(path, NEW) as service:
        statuses.append((await service.signed("GET", LIST)).status)
    assert statuses == [200] * 5
    with pytest.raises(VaultError):
        async with serving(path, OLD):
            pass


def test_new_secrets_begin_with_the_form_that_names_keys() -> None:
    assert Vault(NEW).seal("secret").startswith(FORM)


class TestForget:
    @pytest.fixture(autouse=True)
    def _lost(self, stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
        """An operator who has lost the old key, and made a new one."""
        stored(fill)
        monkeypatch.setenv("TACET_SECRET_KEY", NEW)

    def test_without_a_yes_it_only_counts(self, tacet: Tacet, stored: Stored) -> None:
        ended = tacet("secrets forget")
        assert (ended.code, ended.err) == (Exit.OK, "")
        assert ended.out == f"{KEPT_SECRETS} secrets do not open, and are kept: give --yes to forget them for good\n"
        assert opens(stored, OLD)

    def test_what_does_not_open_is_forgotten_and_the_server_starts(
        self, tacet: Tacet, stored: Stored, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert tacet("app create --name X").code == Exit.CONFIGURATION
        assert tacet("secrets forget --yes").out == f"{KEPT_SECRETS} secrets forgotten\n"
        assert stored(lengths) == []
        assert tacet("app create --name X").code == Exit.OK
        monkeypatch.setenv("TACET_SECRET_KEY", OTHER)
        assert tacet("app create --name Y").code == Exit.CONFIGURATION

    def test_nothing_that_opens_is_forgotten(
        self, tacet: Tacet, stored: Stored, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TACET_OLD_SECRET_KEY", OLD)
        assert tacet("secrets forget").out == "every secret opens: there is nothing to forget\n"
        assert tacet("secrets forget --yes").out == "0 secrets forgotten\n"
        assert opens(stored, OLD)

    async def test_bearers_work_on_and_signatures_never_again(self) -> None:
        async with in_memory() as before:
            assert (await before.signed("GET", LIST)).status == 200
            assert await _forget(before.store, Vault(NEW), really=True) > 0
            application = Application(settings(), before.store, Vault(NEW), before.clock)
            after = Service(application, before.store, before.vault, before.clock)
            assert (await after.get(LIST, "alice")).status == 200
            assert (await after.signed("GET", LIST)).status == 401
