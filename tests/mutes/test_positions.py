import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.clock import ManualClock
from tacet.ids import Randomness, SeededRandomness
from tacet.mutes.positions import (
    FIRST_PAGE,
    NEWEST,
    TIE_BITS,
    TOKEN_PATTERN,
    Cursor,
    Positions,
    moment_ms,
    newer_token,
    older_token,
    parse_token,
)
from tacet.records.relations import MAX_POSITION

NOW = 1_795_311_129_000
# The largest even position is left out: its "newer" token is the largest number, which reads as the first page.
EVEN = st.integers(0, (MAX_POSITION - 1) // 2 - 1).map(lambda half: half * 2)


class Fixed:
    """Bits that are always the same: all ones, or all zeros."""

    def __init__(self, ones: bool) -> None:
        self._ones = ones

    def bits(self, count: int) -> int:
        return (1 << count) - 1 if self._ones else 0

    def text(self, length: int) -> str:
        return "A" * length


RANDOMNESS = pytest.mark.parametrize(
    "randomness", [SeededRandomness(7), Fixed(ones=True), Fixed(ones=False)], ids=["seeded", "ones", "zeros"]
)


class TestMaking:
    @RANDOMNESS
    def test_a_position_is_its_millisecond_and_even_bits_below(self, randomness: Randomness) -> None:
        position = Positions(ManualClock(NOW), randomness).next_position()
        assert moment_ms(position) == NOW
        assert position % 2 == 0
        assert 0 < position < MAX_POSITION

    @RANDOMNESS
    def test_positions_of_one_millisecond_are_in_order_even_and_of_that_millisecond(
        self, randomness: Randomness
    ) -> None:
        positions = Positions(ManualClock(NOW), randomness)
        made = [positions.next_position() for _ in range(1_000)]
        assert made == list(range(made[0], made[0] + 2_000, 2))
        assert made[0] % 2 == 0

    @RANDOMNESS
    def test_they_go_on_upwards_when_the_clock_steps_back(self, randomness: Randomness) -> None:
        clock = ManualClock(NOW)
        positions = Positions(clock, randomness)
        made = [positions.next_position()]
        for step in (-3_600_000, 1, 0, 3_599_998, 1, 1, 5, -5, 10):
            clock.advance(step)
            made.append(positions.next_position())
        assert made == sorted(set(made))
        assert moment_ms(made[-1]) == clock.now_ms()

    @RANDOMNESS
    def test_a_clock_that_moves_gives_each_position_its_moment(self, randomness: Randomness) -> None:
        clock = ManualClock(NOW)
        positions = Positions(clock, randomness)
        for _ in range(100):
            assert moment_ms(positions.next_position()) == clock.now_ms()
            clock.advance(3)

    @given(steps=st.lists(st.integers(-5, 5), max_size=200))
    def test_they_are_unique_and_in_order_whatever_the_clock_does(self, steps: list[int]) -> None:
        clock = ManualClock(NOW)
        positions = Positions(clock, Fixed(ones=True))
        made = []
        for step in steps:
            clock.advance(step)
            made.append(positions.next_position())
        assert made == sorted(set(made))
        assert all(position % 2 == 0 for position in made)

    def test_more_than_fit_into_a_millisecond_run_over_into_the_next(self) -> None:
        clock = ManualClock(NOW)
        positions = Positions(clock, Fixed(ones=True))
        made = [positions.next_position() for _ in range((1 << (TIE_BITS - 2)) + 10)]
        clock.advance(1)
        made.append(positions.next_position())
        assert made == sorted(set(made))

    def test_two_processes_in_one_millisecond_hardly_collide(self) -> None:
        clock = ManualClock(NOW)
        made = {Positions(clock, SeededRandomness(seed)).next_position() for seed in range(100)}
        assert len(made) > 95


class TestTokens:
    @pytest.mark.parametrize(
        ("token", "cursor"),
        [
            pytest.param("0", Cursor(0), id="zero"),
            pytest.param("1", Cursor(1, newer=True), id="one"),
            pytest.param("100", Cursor(100), id="even-is-older"),
            pytest.param("101", Cursor(101, newer=True), id="odd-is-newer"),
            pytest.param("0000000000000000100", Cursor(100), id="leading-zeros"),
            pytest.param("9223372036854775805", Cursor(MAX_POSITION - 2, newer=True), id="largest-newer"),
            pytest.param("9223372036854775806", Cursor(MAX_POSITION - 1), id="largest-older"),
            pytest.param("9223372036854775807", FIRST_PAGE, id="largest-position"),
            pytest.param("9223372036854775808", FIRST_PAGE, id="past-64-bits"),
            pytest.param("9999999999999999999", FIRST_PAGE, id="nineteen-nines"),
        ],
    )
    def test_digits_are_a_cursor(self, token: str, cursor: Cursor) -> None:
        assert re.fullmatch(TOKEN_PATTERN, token)
        assert parse_token(token) == cursor

    @pytest.mark.parametrize(
        "token",
        [
            "",
            "-1",
            "+1",
            " 1",
            "1 ",
            "1\n",
            "1_0",
            "1.0",
            "1e3",
            "0x1",
            "a",
            "1a",
            "１",
            "٣",
            "²",
            "1" * 20,
            "1" * 10_000,
        ],
        ids=lambda token: ascii(token)[:20],
    )
    def test_anything_else_is_none(self, token: str) -> None:
        assert parse_token(token) is None

    @given(position=EVEN)
    def test_a_token_says_which_way_to_walk_from_a_position(self, position: int) -> None:
        assert parse_token(older_token(position)) == Cursor(position)
        assert parse_token(newer_token(position)) == Cursor(position + 1, newer=True)

    @given(position=EVEN)
    def test_a_token_is_of_nineteen_digits_at_most(self, position: int) -> None:
        for token in (older_token(position), newer_token(position)):
            assert re.fullmatch(TOKEN_PATTERN, token)

    def test_a_first_page_starts_above_every_position(self) -> None:
        assert Cursor(NEWEST) == FIRST_PAGE
        assert NEWEST > MAX_POSITION - 1


class TestRecordedSamples:
    """X's own tokens and cursors lie at the moments that were found for them."""

    @pytest.fixture
    def samples(self, shared_wire: Path) -> str:
        text = (shared_wire / "WIRE.md").read_text("utf-8")
        return text.partition("## 4.")[2].partition("## 5.")[0]

    def test_the_documented_token_is_of_the_documented_moment(self, samples: str) -> None:
        token = quoted_number(samples)
        found = re.search(r"\((\d{13}) → (\S+)Z\)", samples)
        assert found is not None
        assert moment_ms(int(token)) == int(found[1])
        assert moment(int(token)).isoformat(timespec="milliseconds").removesuffix("+00:00") == found[2]
        assert parse_token(token) is not None

    def test_the_documented_cursor_is_of_the_documented_day(self, samples: str) -> None:
        found = re.search(r"next_cursor (\d+) → (\d{4}-\d\d-\d\d)", samples)
        assert found is not None
        assert moment(int(found[1])).date().isoformat() == found[2]

    def test_all_samples_are_moments_of_xs_lifetime(self, samples: str) -> None:
        tokens = [int(each) for each in re.findall(r"\b\d{19}\b", samples)]
        assert len(tokens) >= 4
        assert all(2006 <= moment(token).year <= 2027 for token in tokens)


def quoted_number(text: str) -> str:
    found = re.search(r'"(\d{19})"', text)
    assert found is not None
    return found[1]


def moment(position: int) -> datetime:
    return datetime.fromtimestamp(moment_ms(position) / 1000, UTC)
