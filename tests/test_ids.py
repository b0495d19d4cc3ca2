import asyncio
import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tacet.clock import ManualClock
from tacet.ids import (
    ALPHANUMERICS,
    Randomness,
    SeededRandomness,
    Snowflakes,
    SystemRandomness,
    app_only_text,
    bearer_text,
    client_id_text,
    oauth1_token_text,
    snowflake_at,
    snowflake_moment_ms,
)
from tacet.store.base import Conflict
from tacet.stored_ids import MAX_ID_ATTEMPTS, MAX_SET_BACK_MS, StoredSnowflakes

NOW = 1_795_311_129_000

SOURCES = pytest.mark.parametrize("randomness", [SystemRandomness(), SeededRandomness(7)], ids=["system", "seeded"])


class TestRandomness:
    @SOURCES
    def test_bits_are_as_many_as_asked_for(self, randomness: Randomness) -> None:
        drawn = {randomness.bits(3) for _ in range(500)}
        assert drawn == set(range(8))

    @SOURCES
    def test_text_is_letters_and_digits_of_the_length_asked_for(self, randomness: Randomness) -> None:
        text = randomness.text(5_000)
        assert len(text) == 5_000
        assert set(text) == set(ALPHANUMERICS)
        assert randomness.text(0) == ""

    def test_the_same_seed_draws_the_same(self) -> None:
        one, other, third = SeededRandomness(7), SeededRandomness(7), SeededRandomness(8)
        drawn = [(each.bits(64), each.text(20), each.bits(1)) for each in (one, other, third)]
        assert drawn[0] == drawn[1] != drawn[2]

    def test_the_systems_draws_differ(self) -> None:
        assert len({SystemRandomness().bits(64) for _ in range(100)}) == 100


class TestSnowflakes:
    def test_an_id_says_when_it_was_made(self) -> None:
        clock = ManualClock(NOW)
        ids = Snowflakes(clock, SeededRandomness(7))
        assert snowflake_moment_ms(ids.next_id()) == NOW
        clock.advance(86_400_000)
        assert snowflake_moment_ms(ids.next_id()) == NOW + 86_400_000

    def test_ids_are_in_order_whatever_the_clock_does(self) -> None:
        clock = ManualClock(NOW)
        ids = Snowflakes(clock, SeededRandomness(7))
        made = []
        for step in [0] * 50 + [-1_000, 1, 0, 2_000, -5, 1] * 20:
            clock.advance(step)
            made.append(ids.next_id())
        assert made == sorted(set(made))

    def test_ids_are_64_bit_integers(self) -> None:
        assert 1 << 60 < Snowflakes(ManualClock(NOW), SeededRandomness(7)).next_id() < 1 << 63

    def test_an_id_can_be_made_for_a_moment(self) -> None:
        assert snowflake_moment_ms(snowflake_at(NOW, 4_194_303)) == NOW
        assert snowflake_at(NOW, 1) < snowflake_at(NOW, 2) < snowflake_at(NOW + 1, 0)

    def test_ids_count_from_the_moment_that_xs_count_from(self) -> None:
        epoch = datetime(2010, 11, 4, 1, 42, 54, 657_000, UTC)
        assert snowflake_moment_ms(0) == epoch.timestamp() * 1000


class Stored:
    """Ids that were stored before, and how often they were asked for."""

    def __init__(self, *ids: int) -> None:
        self.ids = ids
        self.asked = 0

    async def newest_id(self, below: int) -> int:
        self.asked += 1
        return max((id_ for id_ in self.ids if id_ < below), default=0)


class TestStoredSnowflakes:
    @pytest.mark.parametrize("set_back_ms", [1, 3_600_000, MAX_SET_BACK_MS - 1], ids=["moment", "hour", "year"])
    async def test_ids_lie_above_the_stored_ones_though_the_clock_was_set_back(self, set_back_ms: int) -> None:
        newest = snowflake_at(NOW, 4_000_000)
        ids = StoredSnowflakes(ManualClock(NOW - set_back_ms), SeededRandomness(7), Stored(1, newest).newest_id)
        assert [await ids.next_id() for _ in range(3)] == [newest + 1, newest + 2, newest + 3]

    async def test_where_the_clock_is_right_an_id_says_when_it_was_made(self) -> None:
        stored = Stored(1, snowflake_at(NOW - 1, 0))
        ids = StoredSnowflakes(ManualClock(NOW), SeededRandomness(7), stored.newest_id)
        assert snowflake_moment_ms(await ids.next_id()) == NOW

    async def test_ids_that_no_clock_of_ours_made_are_not_followed(self) -> None:
        stored = Stored(snowflake_at(NOW + MAX_SET_BACK_MS, 0), (1 << 63) - 1)
        ids = StoredSnowflakes(ManualClock(NOW), SeededRandomness(7), stored.newest_id)
        assert snowflake_moment_ms(await ids.next_id()) == NOW

    async def test_the_store_is_asked_once_and_only_for_an_id(self) -> None:
        stored = Stored(5)
        ids = StoredSnowflakes(ManualClock(NOW), SeededRandomness(7), stored.newest_id)
        assert stored.asked == 0
        made = [await ids.next_id() for _ in range(20)]
        assert made == sorted(set(made))
        assert stored.asked == 1

    async def test_what_others_stored_since_is_noticed_when_told(self) -> None:
        stored = Stored(5)
        ids = StoredSnowflakes(ManualClock(NOW), SeededRandomness(7), stored.newest_id)
        await ids.next_id()
        imported = snowflake_at(NOW + 86_400_000, 0)
        stored.ids = (imported,)
        ids.ask_again()
        assert await ids.next_id() == imported + 1

    async def test_a_store_that_cannot_be_asked_is_asked_again(self) -> None:
        newest, failures = snowflake_at(NOW + 1, 0), [OSError("gone")]

        async def newest_id(below: int) -> int:
            if failures:
                raise failures.pop()
            return newest

        ids = StoredSnowflakes(ManualClock(NOW), SeededRandomness(7), newest_id)
        with pytest.raises(OSError, match="gone"):
            await ids.next_id()
        assert await ids.next_id() == newest + 1


TEXTS: dict[str, tuple[Callable[[Randomness], str], str]] = {
    "bearer": (lambda randomness: bearer_text(randomness, NOW, "at"), r"[A-Za-z0-9_-]{91}"),
    "client-id": (client_id_text, r"[A-Za-z0-9_-]{34}"),
    "app-only": (app_only_text, r"A{22}[A-Za-z0-9]{80}"),
    "oauth1-token": (lambda randomness: oauth1_token_text(randomness, 1001), r"1001-[A-Za-z0-9]{40}"),
}


class TestTexts:
    @pytest.mark.parametrize(("make", "pattern"), TEXTS.values(), ids=list(TEXTS))
    def test_a_text_looks_like_xs_and_is_new_each_time(self, make: Callable[[Randomness], str], pattern: str) -> None:
        randomness = SeededRandomness(7)
        made = [make(randomness) for _ in range(20)]
        assert [text for text in made if not re.fullmatch(pattern, text)] == []
        assert len(set(made)) == 20

    def test_a_bearer_holds_its_moment_and_its_use(self) -> None:
        text = bearer_text(SeededRandomness(7), NOW, "at")
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        assert re.fullmatch(rf"[A-Za-z0-9]{{45}}:{NOW}:1:1:at:1", plain)

    def test_a_client_id_ends_as_xs_do(self) -> None:
        text = client_id_text(SeededRandomness(7))
        assert base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).endswith(b":1:ci")

    async def test_what_is_stored_while_the_store_is_asked_is_noticed(self) -> None:
        stored, imported = Stored(5), snowflake_at(NOW + 86_400_000, 0)
        answer = stored.newest_id

        async def slowly(below: int) -> int:
            newest = await answer(below)
            stored.ids = (imported,)
            ids.ask_again()
            return newest

        ids = StoredSnowflakes(ManualClock(NOW), SeededRandomness(7), slowly)
        await ids.next_id()
        assert await ids.next_id() > imported

    async def test_nobody_gets_an_id_before_the_first_answer_is_there(self) -> None:
        newest, free = snowflake_at(NOW + 1, 0), asyncio.Event()

        async def newest_id(below: int) -> int:
            await free.wait()
            return newest

        ids = StoredSnowflakes(ManualClock(NOW), SeededRandomness(7), newest_id)
        asking = [asyncio.create_task(ids.next_id()) for _ in range(3)]
        await asyncio.sleep(0)
        free.set()
        assert sorted(await asyncio.gather(*asking)) == [newest + 1, newest + 2, newest + 3]

    async def test_where_others_store_too_the_store_is_asked_for_every_id(self) -> None:
        stored = Stored(5)
        ids = StoredSnowflakes(ManualClock(NOW), SeededRandomness(7), stored.newest_id, shared=True)
        for ahead_ms in (10, 20, 30):
            theirs = snowflake_at(NOW + ahead_ms, 7)
            stored.ids = (*stored.ids, theirs)
            assert await ids.next_id() == theirs + 1

    async def test_an_id_that_was_just_taken_is_left_to_whoever_has_it(self) -> None:
        """Two that make the same ids: what one has stored the other does not see before it stores the same."""
        taken: set[int] = set()

        async def store(id_: int) -> int:
            if id_ in taken:
                raise Conflict("taken")
            taken.add(id_)
            return id_

        async def nothing_yet(below: int) -> int:
            return 0

        here, there = (
            StoredSnowflakes(ManualClock(NOW), SeededRandomness(7), nothing_yet, shared=True) for _ in range(2)
        )
        made = [await ids.stored(store) for _ in range(50) for ids in (here, there)]
        assert len(set(made)) == len(made)

    async def test_a_conflict_that_does_not_go_away_is_told(self) -> None:
        tries: list[int] = []

        async def store(id_: int) -> int:
            tries.append(id_)
            raise Conflict("taken")

        ids = StoredSnowflakes(ManualClock(NOW), SeededRandomness(7), Stored(1).newest_id)
        with pytest.raises(Conflict):
            await ids.stored(store)
        assert len(set(tries)) == MAX_ID_ATTEMPTS
