"""The one place that makes identifiers, and the one source of randomness."""

import base64
import random
import secrets
from typing import Protocol

from tacet.clock import Clock

X_EPOCH_MS = 1_288_834_974_657
"""Milliseconds at which X's own ids start counting, so that ours sort and look alike."""

SEQUENCE_BITS = 22
"""Bits below the milliseconds of an id: X's machine and sequence bits."""

APP_ONLY_START = "A" * 22
"""How X's app-only bearers begin."""

ALPHANUMERICS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


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
