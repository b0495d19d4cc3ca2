"""The one place that makes identifiers, and the one source of randomness."""

import base64
import contextlib
import random
import secrets
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from tacet.clock import Clock
from tacet.store.base import Conflict

X_EPOCH_MS = 1_288_834_974_657
"""Milliseconds at which X's own ids start counting, so that ours sort and look alike."""

SEQUENCE_BITS = 22
"""Bits below the milliseconds of an id: X's machine and sequence bits."""

MAX_SET_BACK_MS = 366 * 24 * 60 * 60 * 1000
"""How far a clock is believed to have been set back, a year: stored ids beyond it were made elsewhere, and imported."""

MAX_ID_ATTEMPTS = 16
"""Ids tried for one thing that is stored. Two processes make the same one in one of 4,096 milliseconds that they share,
and more often only while a clock is behind what is stored."""

APP_ONLY_START = "A" * 22
"""How X's app-only bearers begin."""

ALPHANUMERICS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


T = TypeVar("T")


class Randomness(Protocol):
    """Random bits, injected so that a seeded world is the same world every time."""

    def bits(self, count: int) -> int:
        """A non-negative integer of at most `count` random bits."""
        ...

    def text(self, length: int) -> str:
        """`length` random ASCII letters and digits."""
        ...


class SystemRandomness:
    """The operating system's generator: unguessable, for keys, tokens and nonces."""

    def bits(self, count: int) -> int:
        return secrets.randbits(count)

    def text(self, length: int) -> str:
        return "".join(secrets.choice(ALPHANUMERICS) for _ in range(length))


class SeededRandomness:
    """The same bits for the same seed: for fixtures and the sandbox's world, never for secrets of `serve`."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def bits(self, count: int) -> int:
        return self._random.getrandbits(count)

    def text(self, length: int) -> str:
        return "".join(self._random.choices(ALPHANUMERICS, k=length))


class Snowflakes:
    """Ids for people, posts and apps: 64-bit, in order of creation, like X's own."""

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness
        self._last = 0

    def next_id(self) -> int:
        """A new id, larger than every id given before by this object."""
        stamp = (self._clock.now_ms() - X_EPOCH_MS) << SEQUENCE_BITS
        self._last = max(stamp | self._randomness.bits(12), self._last + 1)
        return self._last

    def start_above(self, id_: int) -> None:
        """Let every id from now on be larger than `id_`."""
        self._last = max(self._last, id_)

    def skip(self) -> None:
        """Leave out some ids, at random: whoever makes the same ones leaves out others."""
        self._last += self._randomness.bits(12)


class StoredSnowflakes:
    """Ids for what is stored in their order: larger than those stored before, whatever became of the clock since.

    Args:
        newest_id: asks for the largest stored id below another; for the first id that is made, and for the first one
            after `ask_again`.
        shared: others store as well, whose clocks are not this one: it is asked for every id.
    """

    def __init__(
        self,
        clock: Clock,
        randomness: Randomness,
        newest_id: Callable[[int], Awaitable[int]],
        shared: bool = False,
    ) -> None:
        self._clock = clock
        self._ids = Snowflakes(clock, randomness)
        self._newest_id = newest_id
        self._shared = shared
        self._told = 0
        self._is_current = False

    def ask_again(self) -> None:
        """Something was stored that has no id from here."""
        self._told += 1
        self._is_current = False

    async def next_id(self) -> int:
        """A new id.

        Raises:
            StoreError: it could not be made, because the database cannot be read.
        """
        if not self._is_current:
            told = self._told
            believed = snowflake_at(self._clock.now_ms() + MAX_SET_BACK_MS, 0)
            self._ids.start_above(await self._newest_id(believed))
            # What was stored while it was asked for may not be in the answer.
            self._is_current = not self._shared and told == self._told
        return self._ids.next_id()

    async def stored(self, store: Callable[[int], Awaitable[T]]) -> T:
        """What `store` makes of a new id; it is called again with another where somebody else has just used that one.

        Raises:
            StoreError: as `next_id`, and whatever `store` raises.
        """

        async def attempt() -> T:
            try:
                return await store(await self.next_id())
            except Conflict:
                self._ids.skip()
                raise

        return await until_free(attempt)


async def until_free(attempt: Callable[[], Awaitable[T]]) -> T:
    """What `attempt` returns, which makes an id and stores something new by it, and does so again where it is taken.

    Raises:
        StoreError: whatever the attempts raise; a Conflict only after `MAX_ID_ATTEMPTS`.
    """
    for _ in range(MAX_ID_ATTEMPTS - 1):
        with contextlib.suppress(Conflict):
            return await attempt()
    return await attempt()


def snowflake_at(created_at_ms: int, sequence: int) -> int:
    """The id of something made at `created_at_ms` (Unix milliseconds), with `sequence` to tell equals apart."""
    return ((created_at_ms - X_EPOCH_MS) << SEQUENCE_BITS) | sequence


def snowflake_moment_ms(snowflake: int) -> int:
    """When an id was made, in Unix milliseconds."""
    return (snowflake >> SEQUENCE_BITS) + X_EPOCH_MS


def grant_number(randomness: Randomness) -> int:
    """The id of a grant: random, because many servers make them at the same time, and nothing goes by their order."""
    return randomness.bits(62)


def bearer_text(randomness: Randomness, now_ms: int, suffix: str) -> str:
    """An OAuth 2.0 token or code as X writes it: base64url of `<random>:<epoch ms>:1:1:<suffix>:1`, unpadded.

    Args:
        suffix: `at` for an access token, `rt` for a refresh token, `ac` for an authorization code.
    """
    plain = f"{randomness.text(45)}:{now_ms}:1:1:{suffix}:1"
    return base64.urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()


def client_id_text(randomness: Randomness) -> str:
    """An OAuth 2.0 client id as X writes it: base64url of `<20 random>:1:ci`, unpadded."""
    return base64.urlsafe_b64encode(f"{randomness.text(20)}:1:ci".encode()).rstrip(b"=").decode()


def app_only_text(randomness: Randomness) -> str:
    """An app-only bearer as X writes it: a run of `A`s, then random characters."""
    return APP_ONLY_START + randomness.text(80)


def oauth1_token_text(randomness: Randomness, user_id: int) -> str:
    """An OAuth 1.0a access token: `<user id>-<alphanumerics>`; clients take the user id from it."""
    return f"{user_id}-{randomness.text(40)}"
