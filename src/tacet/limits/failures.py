"""Failed attempts: how many there may be before whoever makes them has to wait.

These are no settings: switching rate limits off must not let anybody guess passwords.
"""

import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum, auto
from types import MappingProxyType

from tacet.clock import Clock
from tacet.limits.rates import RateLimit
from tacet.limits.windows import InProcessWindows, Windows


class Kind(StrEnum):
    """What was attempted, and which texts tell who did."""

    SIGN_IN = auto()
    """(address, username)"""
    SIGN_IN_ADDRESS = auto()
    """(address)"""
    SIGN_IN_ACCOUNT = auto()
    """(username)"""
    TOKEN = auto()
    """(address, client): the client's id or key as it was sent"""


FAILURES: Mapping[Kind, RateLimit] = MappingProxyType(
    {
        # Somebody who mistypes finds out within ten; a guesser gets a thousand a day.
        Kind.SIGN_IN: RateLimit(10, 900),
        # An office shares an address; one password tried on everybody comes from one as well.
        Kind.SIGN_IN_ADDRESS: RateLimit(100, 900),
        # OWASP ASVS 4.0.3, 2.2.1: at most 100 an hour for an account, wherever they come from.
        Kind.SIGN_IN_ACCOUNT: RateLimit(100, 3600),
        # A client with an old secret retries for every user it has; its secrets are too long to guess anyway.
        Kind.TOKEN: RateLimit(100, 900),
    }
)
"""Failed attempts that are let through in a window, which starts with the first of them."""

MAX_FAILURE_WINDOWS = 100_000
"""Windows of a kind kept at once, about 20 MB. To push out one of a sign-in somebody needs a thousand addresses, each
of which may open only a hundred before it has to wait."""

OF_A_PERSON = (Kind.SIGN_IN, Kind.SIGN_IN_ACCOUNT)
"""What is counted of guesses at one password; the rest says something of the address, whoever's it was."""

SIGN_INS = (Kind.SIGN_IN, Kind.SIGN_IN_ADDRESS, Kind.SIGN_IN_ACCOUNT)
"""What processes count together. Of attempts at secrets that nobody can guess each counts its own: whoever makes up
clients would fill the memory that they share."""

SUBJECT_BYTES = 16
"""Of the digest that stands for texts of any length: nobody finds two that share one."""

Together = Callable[[InProcessWindows, Mapping[str, RateLimit]], Windows]
"""Windows in which all processes count, from one's own and their limits: as strict as either."""

PasswordSetAt = Callable[[str], Awaitable[int | None]]
"""When the password was set that somebody with this username has, in Unix milliseconds; None where there is none."""

_log = logging.getLogger(__name__)


async def _unknown(_username: str) -> None:
    """Nobody's password is known to be new."""


def by_itself(own: InProcessWindows, _limits: Mapping[str, RateLimit]) -> Windows:
    """Where there is one process."""
    return own


class Failures:
    """Counts failed attempts.

    `allowed` and `note` are for secrets that nobody can guess, where it does not matter that attempts made at the same
    time are all let through. For passwords it does: `begin_sign_in` counts before the work.

    Args:
        password_set_at: asked only when a sign-in would be refused. Guesses at a password that was replaced since do
            not hold against the new one, or whoever guesses could keep out somebody who asked for help.
        together: counts sign-ins with the other processes.
    """

    def __init__(
        self,
        clock: Clock,
        password_set_at: PasswordSetAt = _unknown,
        max_windows: int = MAX_FAILURE_WINDOWS,
        together: Together = by_itself,
    ) -> None:
        self._clock = clock
        self._password_set_at = password_set_at
        # Apart, because one address may open any number of windows at the token endpoints: a new one for every client
        # that it makes up. These must not push out those that stop it from guessing passwords.
        self._windows: dict[Kind, Windows] = {}
        for kind, limit in FAILURES.items():
            limits = {kind.value: limit}
            own = InProcessWindows(limits, clock, max_windows)
            self._windows[kind] = together(own, limits) if kind in SIGN_INS else own
        # One line for an address and a window: whoever makes up clients could fill the disk with more.
        lines = {Kind.TOKEN.value: RateLimit(1, FAILURES[Kind.TOKEN].window_s)}
        self._lines = InProcessWindows(lines, clock, max_windows)

    async def allowed(self, kind: Kind, *who: str) -> bool:
        """Whether one more attempt may be made; asked before its work is done."""
        spent = await self._windows[kind].peek(kind, _subject(who))
        if spent is None or spent.allowed:
            return True
        await self._tell(kind, who[0])
        return False

    async def note(self, kind: Kind, *who: str) -> None:
        """Count an attempt that failed."""
        await self._windows[kind].spend(kind, _subject(who))

    async def begin_sign_in(self, address: str, username: str) -> bool:
        """Count a sign-in as failed until `signed_in` says otherwise; False, and nothing is counted, past a limit.

        Counted before the password is looked at, so that a thousand guesses sent at once are not a thousand tries.
        """
        places = _sign_in_places(address, username)
        if await self._count(places):
            return True
        return await self._forgive(places, username) and await self._count(places)

    async def sign_in_waits_s(self, address: str, username: str) -> int:
        """In how many seconds, to the second and at least one, somebody may try again whom `begin_sign_in` refused."""
        ends_s = 0
        for kind, who in _sign_in_places(address, username):
            spent = await self._windows[kind].peek(kind, _subject(who))
            if spent is not None and not spent.allowed:
                ends_s = max(ends_s, spent.resets_at_s)
        return max(1, ends_s - self._clock.now_ms() // 1000)

    async def signed_in(self, address: str, username: str) -> None:
        """Take back what `begin_sign_in` counted: the password was right."""
        await self._give_back(_sign_in_places(address, username))

    async def _count(self, places: Sequence[tuple[Kind, tuple[str, ...]]]) -> bool:
        """Count in all of these, or in none where one is full."""
        for counted, (kind, who) in enumerate(places):
            spent = await self._windows[kind].spend(kind, _subject(who))
            if spent is not None and not spent.allowed:
                await self._give_back(places[:counted])
                return False
        return True

    async def _forgive(self, places: Sequence[tuple[Kind, tuple[str, ...]]], username: str) -> bool:
        """Forget the guesses that began before the person's password was set; True if there were any.

        Only somebody who can set the password is helped by that, and once for each time it is set: what is counted
        from now on began later. How many guesses an address may make, at whomever, stays as it is.
        """
        set_at_ms = await self._password_set_at(username)
        # One that another clock set in the future would forgive every guess until then.
        if set_at_ms is None or set_at_ms > self._clock.now_ms():
            return False
        forgiven = [
            await self._windows[kind].forget_before(kind, _subject(who), set_at_ms)
            for kind, who in places
            if kind in OF_A_PERSON
        ]
        return any(forgiven)

    async def _tell(self, kind: Kind, address: str) -> None:
        """Log that a limit refuses; never who was named, for people type passwords and keys there."""
        told = await self._lines.spend(kind, _subject((address,)))
        if told is not None and told.allowed:
            minutes = FAILURES[kind].window_s // 60
            _log.warning(
                "too many failed requests for tokens from %s: a client is refused there for up to %d minutes",
                address or "an unknown address",
                minutes,
            )

    async def _give_back(self, places: Sequence[tuple[Kind, tuple[str, ...]]]) -> None:
        for kind, who in places:
            await self._windows[kind].give_back(kind, _subject(who))


def _sign_in_places(address: str, username: str) -> list[tuple[Kind, tuple[str, ...]]]:
    return [
        (Kind.SIGN_IN_ADDRESS, (address,)),
        (Kind.SIGN_IN, (address, username)),
        (Kind.SIGN_IN_ACCOUNT, (username,)),
    ]


def _subject(who: Sequence[str]) -> int:
    """A number for these texts, in whatever case: `Alice` and `alice` are one account, with one window.

    The digest has no key: it never leaves the process as it is, and is too long for two texts that share one to be
    found.
    """
    digest = hashlib.blake2b(digest_size=SUBJECT_BYTES)
    for text in who:
        part = text.casefold().encode("utf-8", "surrogatepass")
        # The length keeps ("ab", "c") and ("a", "bc") apart.
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return int.from_bytes(digest.digest())
