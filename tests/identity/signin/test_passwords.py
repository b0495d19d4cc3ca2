import asyncio
import logging
import subprocess
import sys
import threading
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher, extract_parameters

from tacet.clock import ManualClock
from tacet.identity.signin import passwords as module
from tacet.identity.signin.passwords import MAX_HASHING, PasswordChanged, Passwords, PasswordsBusy, WeakPassword
from tacet.records.accounts import Password, Session
from tacet.store.base import Store
from tests import worlds

NOW_MS = 1_651_929_656_789
ALICE, BOB = 1001, 1002
GOOD, OTHER = "correct horse battery staple", "frog window lamp cactus"


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with worlds.empty_store() as opened:
        yield opened


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS)


@pytest.fixture
def passwords(store: Store, clock: ManualClock) -> Passwords:
    return Passwords(store.accounts, clock)


@pytest.fixture
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least that argon2 does, where its strength is not the point."""
    monkeypatch.setattr(module, "MEMORY_KIB", 8)


async def encoded(store: Store, person_id: int = ALICE) -> str:
    password = await store.accounts.password(person_id)
    assert password is not None
    return password.encoded


async def test_the_right_one_is_right_and_no_other(passwords: Passwords) -> None:
    await passwords.set(ALICE, GOOD, username="alice")
    assert await passwords.check(ALICE, GOOD)
    assert not await passwords.check(ALICE, OTHER)
    assert not await passwords.check(BOB, GOOD)
    assert not await passwords.check(None, GOOD)


async def test_it_is_kept_as_argon2id_with_the_parameters_that_owasp_names(passwords: Passwords, store: Store) -> None:
    """Password Storage Cheat Sheet: m=47104 (46 MiB), t=1, p=1."""
    await passwords.set(ALICE, GOOD, username="alice")
    stored = await encoded(store)
    assert stored.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert (extract_parameters(stored).salt_len, extract_parameters(stored).hash_len) == (16, 32)
    assert await store.accounts.password(ALICE) == Password(ALICE, stored, NOW_MS)


@pytest.mark.usefixtures("_cheap")
class TestSetting:
    async def test_two_people_with_the_same_one_cannot_be_told(self, passwords: Passwords, store: Store) -> None:
        await passwords.set(ALICE, GOOD, username="alice")
        await passwords.set(BOB, GOOD, username="bob")
        assert await encoded(store, ALICE) != await encoded(store, BOB)

    async def test_a_new_one_replaces_the_old_and_ends_their_sessions(
        self, passwords: Passwords, store: Store, clock: ManualClock
    ) -> None:
        await passwords.set(ALICE, GOOD, username="alice")
        await store.accounts.put_session(Session(b"a", ALICE, NOW_MS, NOW_MS, NOW_MS + 1))
        await store.accounts.put_session(Session(b"b", BOB, NOW_MS, NOW_MS, NOW_MS + 1))
        clock.advance(5)
        await passwords.set(ALICE, OTHER, username="alice")
        assert not await passwords.check(ALICE, GOOD)
        assert await passwords.check(ALICE, OTHER)
        assert await store.accounts.password(ALICE) == Password(ALICE, await encoded(store), NOW_MS + 5)
        assert await store.accounts.session(b"a") is None
        assert await store.accounts.session(b"b") is not None

    @pytest.mark.parametrize(
        "plain", ["brief one", "x" * 129, "alice in wonderland", "passwordpassword", "lamp\tcactus frog"]
    )
    async def test_a_weak_one_is_refused_and_the_old_one_stays(self, passwords: Passwords, plain: str) -> None:
        await passwords.set(ALICE, GOOD, username="alice")
        with pytest.raises(WeakPassword) as refused:
            await passwords.set(ALICE, plain, username="alice")
        assert plain not in str(refused.value)
        assert await passwords.check(ALICE, GOOD)

    async def test_one_that_was_changed_meanwhile_stays_changed(self, passwords: Passwords, clock: ManualClock) -> None:
        first = await passwords.set(ALICE, GOOD, username="alice")
        assert await passwords.matching(ALICE, GOOD) == first
        assert await passwords.stands(first)
        clock.advance(1)
        second = await passwords.set(ALICE, OTHER, username="alice", replacing=first)
        assert (await passwords.stands(first), await passwords.stands(second)) == (False, True)
        with pytest.raises(PasswordChanged):
            await passwords.set(ALICE, "lamp cactus frog seven", username="alice", replacing=first)
        assert await passwords.check(ALICE, OTHER)

    async def test_one_that_was_removed_stands_no_more(self, passwords: Passwords, store: Store) -> None:
        first = await passwords.set(ALICE, GOOD, username="alice")
        await store.accounts.drop_password(ALICE)
        assert not await passwords.stands(first)
        with pytest.raises(PasswordChanged):
            await passwords.set(ALICE, OTHER, username="alice", replacing=first)

    async def test_nothing_is_cut_off(self, passwords: Passwords) -> None:
        longest = "0123456789abcdefghijklmnopqrstuv" * 4
        await passwords.set(ALICE, longest, username="alice")
        assert await passwords.check(ALICE, longest)
        assert not await passwords.check(ALICE, longest[:-1])
        assert not await passwords.check(ALICE, f"{longest}x")

    async def test_every_keyboard_that_writes_it_writes_the_same(self, passwords: Passwords) -> None:
        await passwords.set(ALICE, "Zoë's hüte sind weg", username="alice")
        assert await passwords.check(ALICE, "Zoe\u0308's hu\u0308te\u00a0sind weg")

    async def test_blanks_at_its_ends_belong_to_it(self, passwords: Passwords) -> None:
        await passwords.set(ALICE, f" {GOOD} ", username="alice")
        assert await passwords.check(ALICE, f" {GOOD} ")
        assert not await passwords.check(ALICE, GOOD)

    async def test_who_has_none_is_known(self, passwords: Passwords, store: Store) -> None:
        assert not await passwords.exists(ALICE)
        await passwords.set(ALICE, GOOD, username="alice")
        assert await passwords.exists(ALICE)
        await store.accounts.drop_password(ALICE)
        assert not await passwords.exists(ALICE)
        assert not await passwords.check(ALICE, GOOD)


class Work:
    """Notes what argon2 is asked to check and to hash, and does it cheaply."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.checked: list[tuple[str, str]] = []
        self.hashed = 0
        self.threads: set[int] = set()
        self.running = self.most = 0
        self._lock = threading.Lock()
        verify, hash_ = PasswordHasher.verify, PasswordHasher.hash

        def noting_verify(hasher: PasswordHasher, encoded: str, text: str) -> bool:
            self.checked.append((encoded, text))
            with self._busy():
                return verify(hasher, encoded, text)

        def noting_hash(hasher: PasswordHasher, text: str) -> str:
            self.hashed += 1
            with self._busy():
                return hash_(hasher, text)

        monkeypatch.setattr(PasswordHasher, "verify", noting_verify)
        monkeypatch.setattr(PasswordHasher, "hash", noting_hash)

    def _busy(self) -> "Work":
        return self

    def __enter__(self) -> None:
        with self._lock:
            self.threads.add(threading.get_ident())
            self.running += 1
            self.most = max(self.most, self.running)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.running -= 1


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    return Work(monkeypatch)


@pytest.mark.usefixtures("_cheap")
class TestTime:
    """Whether somebody exists, or has a password, must not be seen from how long the answer takes."""

    @pytest.mark.parametrize(
        ("person_id", "plain"),
        [
            pytest.param(None, GOOD, id="nobody"),
            pytest.param(BOB, GOOD, id="somebody-without-a-password"),
            pytest.param(ALICE, OTHER, id="a-wrong-one"),
            pytest.param(ALICE, "x" * 100_000, id="one-that-is-too-long"),
            pytest.param(None, "x" * 100_000, id="nobodys-that-is-too-long"),
            pytest.param(ALICE, "", id="an-empty-one"),
            pytest.param(None, "", id="nobodys-empty-one"),
            pytest.param(ALICE, "\ud800", id="half-a-character"),
        ],
    )
    async def test_every_refusal_is_the_same_work(
        self, passwords: Passwords, work: Work, person_id: int | None, plain: str
    ) -> None:
        await passwords.set(ALICE, GOOD, username="alice")
        work.hashed = 0
        assert not await passwords.check(person_id, plain)
        assert (len(work.checked), work.hashed) == (1, 0)
        ((encoded, text),) = work.checked
        parameters = extract_parameters(encoded)
        assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (8, 1, 1)
        assert (parameters.salt_len, parameters.hash_len) == (16, 32)
        assert len(text) <= 128

    async def test_what_nobody_has_cannot_be_found(self, passwords: Passwords) -> None:
        for plain in ("", "\0" * 12, "0" * 32, GOOD):
            assert not await passwords.check(None, plain)


@pytest.mark.usefixtures("_cheap")
async def test_hashing_leaves_the_loop_alone_and_is_bounded(passwords: Passwords, work: Work) -> None:
    await passwords.set(ALICE, GOOD, username="alice")
    answers = await asyncio.gather(*[passwords.check(ALICE, GOOD if n % 2 else OTHER) for n in range(40)])
    assert answers == [False, True] * 20
    assert threading.get_ident() not in work.threads
    assert 1 <= work.most <= MAX_HASHING


@pytest.mark.usefixtures("_cheap")
async def test_whoever_finds_the_queue_full_is_turned_away_at_once(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    done, verify = threading.Event(), PasswordHasher.verify

    def verify_late(hasher: PasswordHasher, encoded: str, text: str) -> bool:
        done.wait(timeout=60)
        return verify(hasher, encoded, text)

    monkeypatch.setattr(PasswordHasher, "verify", verify_late)
    waiting = [asyncio.create_task(passwords.check(None, GOOD)) for _ in range(MAX_HASHING + 3)]
    await asyncio.sleep(0)
    for _ in range(2):
        with pytest.raises(PasswordsBusy):
            await passwords.check(None, GOOD)
    done.set()
    assert await asyncio.gather(*waiting) == [False] * len(waiting)
    assert not await passwords.check(None, GOOD)


class TestOtherParameters:
    @pytest.fixture
    async def old(self, store: Store) -> Password:
        """What was stored when less was enough."""
        old = Password(ALICE, PasswordHasher(1, 8, 1).hash(GOOD), NOW_MS - 1)
        await store.accounts.put_password(old)
        return old

    async def test_the_right_one_is_stored_anew_and_nobody_is_signed_out(
        self, passwords: Passwords, store: Store, old: Password
    ) -> None:
        await store.accounts.put_session(Session(b"a", ALICE, NOW_MS, NOW_MS, NOW_MS + 1))
        assert await passwords.check(ALICE, GOOD)
        stored = await encoded(store)
        assert extract_parameters(stored).memory_cost == 46 * 1024
        assert await store.accounts.password(ALICE) == Password(ALICE, stored, old.changed_at_ms)
        assert await store.accounts.session(b"a") is not None
        assert await passwords.check(ALICE, GOOD)
        assert await encoded(store) == stored

    async def test_where_there_is_no_place_to_store_it_anew_the_right_one_is_right_all_the_same(
        self, passwords: Passwords, store: Store, old: Password, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        verify = PasswordHasher.verify

        def verify_and_fill_up(hasher: PasswordHasher, encoded: str, text: str) -> bool:
            monkeypatch.setattr(module, "MAX_WAITING", -MAX_HASHING)
            return verify(hasher, encoded, text)

        monkeypatch.setattr(PasswordHasher, "verify", verify_and_fill_up)
        assert await passwords.check(ALICE, GOOD)
        assert await store.accounts.password(ALICE) == old

    async def test_a_wrong_one_changes_nothing(self, passwords: Passwords, store: Store, old: Password) -> None:
        assert not await passwords.check(ALICE, OTHER)
        assert await store.accounts.password(ALICE) == old

    async def test_a_change_meanwhile_is_not_undone(
        self, passwords: Passwords, store: Store, old: Password, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        changed = Password(ALICE, PasswordHasher(1, 8, 1).hash(OTHER), NOW_MS)
        recode = store.accounts.recode_password

        async def recode_late(password: Password, encoded: str) -> bool:
            await store.accounts.put_password(changed)
            return await recode(password, encoded)

        monkeypatch.setattr(store.accounts, "recode_password", recode_late)
        assert await passwords.check(ALICE, GOOD)
        assert await store.accounts.password(ALICE) == changed


@pytest.mark.parametrize("damaged", ["", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=8,t=1"])
async def test_what_is_stored_but_no_hash_lets_nobody_in_and_is_logged(
    passwords: Passwords, store: Store, caplog: pytest.LogCaptureFixture, damaged: str
) -> None:
    await store.accounts.put_password(Password(ALICE, damaged, NOW_MS))
    with caplog.at_level(logging.DEBUG):
        assert not await passwords.check(ALICE, GOOD)
    (record,) = [record for record in caplog.records if record.name == module.__name__]
    assert record.levelno == logging.ERROR
    assert GOOD not in record.getMessage()
    assert record.exc_info is None


@pytest.mark.usefixtures("_cheap")
async def test_passwords_are_in_no_log(passwords: Passwords, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await passwords.set(ALICE, GOOD, username="alice")
        await passwords.check(ALICE, GOOD)
        await passwords.check(ALICE, OTHER)
    assert GOOD not in caplog.text
    assert OTHER not in caplog.text


def test_argon2_is_not_loaded_before_somebody_has_a_password() -> None:
    code = "import sys, tacet.app; print([name for name in sys.modules if name.startswith('argon2')])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
