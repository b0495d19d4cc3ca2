from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.identity.oauth1 import Nonces, OAuth1Error, Reason
from tacet.identity.oauth1.nonces import TIMESTAMP_WINDOW_S
from tests.identity.oauth1.signing import finished

NOW_S = 1_795_311_129


def remember(
    nonces: Nonces,
    nonce: str,
    timestamp_s: int = NOW_S,
    now_s: int = NOW_S,
    *,
    consumer_key: str = "ck",
    token: str = "1001-t",
) -> Reason | None:
    try:
        finished(nonces.remember(consumer_key, token, nonce, timestamp_s, now_s))
    except OAuth1Error as error:
        return error.reason
    return None


def test_a_nonce_is_good_once() -> None:
    nonces = Nonces()
    assert remember(nonces, "a") is None
    assert remember(nonces, "a") is Reason.NONCE_REPLAYED
    assert remember(nonces, "b") is None
    assert nonces.held == 2


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"consumer_key": "ck2"}, id="consumer key"),
        pytest.param({"token": "1002-t"}, id="token"),
        pytest.param({"token": ""}, id="no token"),
        pytest.param({"timestamp_s": NOW_S - 1}, id="timestamp"),
        pytest.param({"consumer_key": "ck1", "token": "001-t"}, id="the same characters, divided otherwise"),
    ],
)
def test_a_nonce_counts_for_one_consumer_token_and_second(other: dict[str, Any]) -> None:
    nonces = Nonces()
    assert remember(nonces, "a") is None
    assert remember(nonces, "a", **other) is None


def test_a_nonce_is_remembered_as_long_as_its_timestamp_is_acceptable() -> None:
    nonces = Nonces()
    future_s = NOW_S + TIMESTAMP_WINDOW_S
    assert remember(nonces, "a", future_s) is None
    last_moment_s = future_s + TIMESTAMP_WINDOW_S
    assert remember(nonces, "a", future_s, last_moment_s) is Reason.NONCE_REPLAYED
    assert nonces.held == 1
    assert remember(nonces, "b", last_moment_s + 1, last_moment_s + 1) is None
    assert nonces.held == 1


def test_when_full_the_oldest_second_is_forgotten_and_refused() -> None:
    nonces = Nonces(max_nonces=3)
    for nonce, timestamp_s in (("a", NOW_S - 2), ("b", NOW_S - 2), ("c", NOW_S)):
        assert remember(nonces, nonce, timestamp_s) is None
    assert remember(nonces, "d", NOW_S - 1) is None
    assert nonces.held == 2
    assert remember(nonces, "a", NOW_S - 2) is Reason.TIMESTAMP_OUT_OF_BOUNDS
    assert remember(nonces, "new", NOW_S - 3) is Reason.TIMESTAMP_OUT_OF_BOUNDS
    assert remember(nonces, "c") is Reason.NONCE_REPLAYED
    assert remember(nonces, "d", NOW_S - 1) is Reason.NONCE_REPLAYED


def test_a_request_of_the_second_that_is_forgotten_for_it_is_refused_itself() -> None:
    nonces = Nonces(max_nonces=1)
    assert remember(nonces, "a") is None
    assert remember(nonces, "b") is Reason.TIMESTAMP_OUT_OF_BOUNDS
    assert remember(nonces, "a") is Reason.TIMESTAMP_OUT_OF_BOUNDS
    assert remember(nonces, "c", NOW_S + 1, NOW_S + 1) is None


def test_a_replay_is_refused_as_such_when_memory_is_full() -> None:
    nonces = Nonces(max_nonces=1)
    assert remember(nonces, "a") is None
    assert remember(nonces, "a") is Reason.NONCE_REPLAYED
    assert nonces.held == 1


def test_a_clock_that_steps_back_a_little_lets_nothing_in_again() -> None:
    nonces = Nonces()
    assert remember(nonces, "a", NOW_S - TIMESTAMP_WINDOW_S, NOW_S) is None
    assert remember(nonces, "b", NOW_S + 10, NOW_S + 10) is None
    assert remember(nonces, "a", NOW_S - TIMESTAMP_WINDOW_S, NOW_S) is Reason.TIMESTAMP_OUT_OF_BOUNDS


def test_seconds_that_expire_together_are_all_refused_whatever_their_order() -> None:
    nonces, later_s = Nonces(), NOW_S + 2 * TIMESTAMP_WINDOW_S
    for nonce, timestamp_s in (("a", NOW_S + 1), ("b", NOW_S)):
        assert remember(nonces, nonce, timestamp_s, NOW_S + 1) is None
    assert remember(nonces, "c", later_s, later_s) is None
    assert remember(nonces, "a", NOW_S + 1, later_s - TIMESTAMP_WINDOW_S) is Reason.TIMESTAMP_OUT_OF_BOUNDS


def test_a_clock_that_is_set_back_far_refuses_nobody_for_what_was_in_the_future() -> None:
    nonces = Nonces()
    later_s = NOW_S + 10 * TIMESTAMP_WINDOW_S
    assert remember(nonces, "a", later_s, later_s) is None
    assert remember(nonces, "b", later_s + 1_000, later_s + 1_000) is None
    assert remember(nonces, "c", NOW_S, NOW_S) is None
    assert remember(nonces, "c", NOW_S, NOW_S) is Reason.NONCE_REPLAYED
    assert remember(nonces, "b", later_s + 1_000, later_s + 1_000) is Reason.NONCE_REPLAYED


requests = st.tuples(
    st.integers(0, 40),  # seconds since the request before
    st.integers(-TIMESTAMP_WINDOW_S, TIMESTAMP_WINDOW_S),  # of the timestamp, from now
    st.sampled_from("abc"),
)


@given(st.integers(1, 8), st.lists(requests, max_size=60))
def test_whatever_the_bound_nothing_passes_twice(max_nonces: int, sequence: list[tuple[int, int, str]]) -> None:
    nonces, now_s = Nonces(max_nonces), NOW_S
    passed: set[tuple[int, str]] = set()
    for wait_s, offset_s, nonce in sequence:
        now_s += wait_s
        # A coarse grid of timestamps, so that the same pair comes again.
        timestamp_s = (now_s + offset_s) // 60 * 60
        if abs(timestamp_s - now_s) > TIMESTAMP_WINDOW_S:
            continue
        if remember(nonces, nonce, timestamp_s, now_s) is None:
            assert (timestamp_s, nonce) not in passed
            passed.add((timestamp_s, nonce))
        assert nonces.held <= max_nonces


@given(st.lists(requests, max_size=60))
def test_with_room_enough_only_replays_are_refused(sequence: list[tuple[int, int, str]]) -> None:
    nonces, now_s = Nonces(), NOW_S
    passed: set[tuple[int, str]] = set()
    for wait_s, offset_s, nonce in sequence:
        now_s += wait_s
        pair = (now_s + offset_s, nonce)
        expected = Reason.NONCE_REPLAYED if pair in passed else None
        assert remember(nonces, nonce, pair[0], now_s) is expected
        passed.add(pair)
