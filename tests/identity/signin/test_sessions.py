from collections.abc import AsyncIterator

import pytest

from tacet.clock import ManualClock
from tacet.identity.signin.sessions import IDLE_MS, SESSION_MS, SESSION_TEXT_LENGTH, TOUCH_EVERY_MS, Sessions
from tacet.identity.vault import Vault
from tacet.ids import SeededRandomness
from tacet.records.accounts import Session
from tacet.store.base import Store
from tests import worlds

NOW_MS = 1_651_929_656_789
ALICE, BOB = 1001, 1002


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with worlds.empty_store() as opened:
        yield opened


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS)


@pytest.fixture
def sessions(store: Store, clock: ManualClock) -> Sessions:
    return Sessions(store.accounts, clock, SeededRandomness(1))


@pytest.fixture
def touched(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """When the last use of a session was written."""
    moments: list[int] = []
    touch = store.accounts.touch_session

    async def noting(digest: bytes, seen_at_ms: int) -> None:
        moments.append(seen_at_ms)
        await touch(digest, seen_at_ms)

    monkeypatch.setattr(store.accounts, "touch_session", noting)
    return moments


async def is_signed_in(sessions: Sessions, text: str) -> bool:
    return await sessions.find(text) is not None


def test_lengths_are_those_of_the_standard() -> None:
    """OWASP ASVS 4.0.3, 3.3.2, level 2: 12 hours, or 30 minutes of inactivity."""
    assert (SESSION_MS, IDLE_MS) == (43_200_000, 1_800_000)


async def test_a_session_is_found_by_its_cookie(sessions: Sessions) -> None:
    text = await sessions.start(ALICE)
    assert await sessions.find(text) == Session(Vault.digest(text), ALICE, NOW_MS, NOW_MS, NOW_MS + SESSION_MS)


async def test_the_database_does_not_know_the_cookie(sessions: Sessions, store: Store) -> None:
    text = await sessions.start(ALICE)
    session = await store.accounts.session(Vault.digest(text))
    assert session is not None
    assert session.digest != text.encode()
    assert await store.accounts.session(text.encode()) is None


async def test_every_sign_in_is_a_session_of_its_own(sessions: Sessions) -> None:
    texts = [await sessions.start(ALICE) for _ in range(50)]
    assert len(set(texts)) == 50
    assert {len(text) for text in texts} == {SESSION_TEXT_LENGTH}
    assert all([await is_signed_in(sessions, text) for text in texts])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("x" * SESSION_TEXT_LENGTH, id="made-up"),
        pytest.param("x" * 1_000_000, id="endless"),
        pytest.param("é" * SESSION_TEXT_LENGTH, id="no-ascii"),
    ],
)
async def test_what_was_never_given_out_is_nobodys(sessions: Sessions, text: str) -> None:
    await sessions.start(ALICE)
    assert await sessions.find(text) is None


async def test_unused_it_ends_after_half_an_hour_to_the_millisecond(sessions: Sessions, clock: ManualClock) -> None:
    text = await sessions.start(ALICE)
    clock.advance(IDLE_MS)
    assert not await is_signed_in(sessions, text)
    clock.advance(-1)
    assert await is_signed_in(sessions, text)


async def test_each_use_gives_it_another_half_hour(sessions: Sessions, clock: ManualClock) -> None:
    text = await sessions.start(ALICE)
    for _ in range(5):
        clock.advance(IDLE_MS - 1)
        assert await is_signed_in(sessions, text)
    clock.advance(IDLE_MS)
    assert not await is_signed_in(sessions, text)


async def test_in_use_it_ends_after_twelve_hours_to_the_millisecond(sessions: Sessions, clock: ManualClock) -> None:
    text = await sessions.start(ALICE)
    for _ in range(SESSION_MS // TOUCH_EVERY_MS - 1):
        clock.advance(TOUCH_EVERY_MS)
        assert await is_signed_in(sessions, text)
    clock.advance(TOUCH_EVERY_MS - 1)
    assert await is_signed_in(sessions, text)
    clock.advance(1)
    assert not await is_signed_in(sessions, text)


async def test_what_has_ended_does_not_come_back_by_being_asked_for(
    sessions: Sessions, clock: ManualClock, touched: list[int]
) -> None:
    text = await sessions.start(ALICE)
    clock.advance(IDLE_MS)
    for _ in range(3):
        assert not await is_signed_in(sessions, text)
    assert touched == []


async def test_its_last_use_is_written_once_a_minute_at_most(
    sessions: Sessions, clock: ManualClock, touched: list[int]
) -> None:
    text = await sessions.start(ALICE)
    for moment_ms in (0, 1, 59_999, 60_000, 60_001, 119_999, 120_000, 300_000, 300_000):
        clock.set(NOW_MS + moment_ms)
        assert await is_signed_in(sessions, text)
    assert [moment - NOW_MS for moment in touched] == [60_000, 120_000, 300_000]


async def test_a_use_that_is_not_written_shortens_the_half_hour_by_less_than_a_minute(
    sessions: Sessions, clock: ManualClock
) -> None:
    text = await sessions.start(ALICE)
    clock.advance(TOUCH_EVERY_MS - 1)
    assert await is_signed_in(sessions, text)
    clock.advance(IDLE_MS - TOUCH_EVERY_MS)
    assert await is_signed_in(sessions, text)


async def test_signing_out_ends_this_browsers_session_only(sessions: Sessions) -> None:
    here, there = await sessions.start(ALICE), await sessions.start(ALICE)
    await sessions.end(here)
    assert not await is_signed_in(sessions, here)
    assert await is_signed_in(sessions, there)


async def test_signing_out_twice_is_signing_out(sessions: Sessions) -> None:
    text = await sessions.start(ALICE)
    await sessions.end(text)
    await sessions.end(text)
    assert not await is_signed_in(sessions, text)


async def test_all_sessions_of_a_person_end_together_and_nobody_elses(sessions: Sessions) -> None:
    texts = [await sessions.start(ALICE) for _ in range(3)]
    other = await sessions.start(BOB)
    assert await sessions.end_all(ALICE) == 3
    assert not any([await is_signed_in(sessions, text) for text in texts])
    assert await is_signed_in(sessions, other)
    assert await sessions.end_all(ALICE) == 0
