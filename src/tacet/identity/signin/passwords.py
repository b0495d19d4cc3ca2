"""Passwords: set, checked, and kept as argon2id's own text form (RFC 9106)."""

import asyncio
import base64
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tacet.clock import Clock
from tacet.identity.signin.password_rules import WeakPassword, prepared, refuse_easy
from tacet.records.accounts import Password
from tacet.store.accounts import AccountStore

if TYPE_CHECKING:
    from argon2 import PasswordHasher

__all__ = ["PasswordChanged", "Passwords", "PasswordsBusy", "WeakPassword"]

MEMORY_KIB = 46 * 1024
"""With the two below, the first of the equally strong choices of OWASP's Password Storage Cheat Sheet.

More than 32 MiB go back to the system at once; the choice with 19 stays with every thread that has ever hashed.
"""

TIME_COST = 1
"""Passes over that memory."""

PARALLELISM = 1
"""Lanes, each of which would want a processor."""

MAX_HASHING = 2
"""Passwords hashed at once: each takes `MEMORY_KIB`, and a processor that requests need too."""

MAX_WAITING = 64
"""Further ones that wait for their turn: each takes some 50 ms, so the last of them waits less than `WAITING_S`.
Whoever comes later is turned away: nobody gains by a queue that grows faster than it is served."""

WAITING_S = 2
"""How long a full queue takes."""

SALT_BYTES = 16
"""RFC 9106 section 4."""

HASH_BYTES = 32
"""RFC 9106 section 4."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class PasswordChanged(Exception):
    """Somebody else changed or removed the password meanwhile."""


class PasswordsBusy(Exception):
    """Too many passwords are waiting to be hashed; nothing was done."""

    def __init__(self) -> None:
        super().__init__("too many passwords are waiting to be hashed")


class Passwords:
    """People's passwords.

    Raises in every method that hashes:
        PasswordsBusy: `MAX_WAITING` wait already.
    """

    def __init__(self, accounts: AccountStore, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock
        self._places = asyncio.Semaphore(MAX_HASHING)
        self._under_way = 0

    async def set(self, person_id: int, plain: str, *, username: str, replacing: Password | None = None) -> Password:
        """Give a person a password, which ends all their sessions; return it as it is stored.

        Args:
            replacing: the one that they showed to be allowed to. Without it somebody who knows the old password could
                undo a change that was made while theirs was under way.

        Raises:
            WeakPassword: it is too short, too long or too easy; the message is for the person.
            PasswordChanged: `replacing` is not their password any more.
            StoreError: the database failed.
        """
        text = prepared(plain)
        refuse_easy(text, username)
        encoded = await self._on_thread(lambda: _hasher().hash(text))
        password = Password(person_id, encoded, self._clock.now_ms())
        if not await self._accounts.put_password(password, replacing):
            raise PasswordChanged
        return password

    async def check(self, person_id: int | None, plain: str) -> bool:
        """Whether this is the person's password; see `matching`."""
        return await self.matching(person_id, plain) is not None

    async def matching(self, person_id: int | None, plain: str) -> Password | None:
        """The person's password as it is stored, where it is this one.

        For nobody (None), and for people without a password, the same work is done in vain, so that the time of an
        answer does not tell who exists.

        Raises:
            StoreError: the database failed.
        """
        stored = None if person_id is None else await self._accounts.password(person_id)
        try:
            text = prepared(plain)
        except WeakPassword:
            # Nobody's, but who has a password must not be seen from this answer either.
            stored, text = None, ""
        encoded = _nobodys() if stored is None else stored.encoded
        if not await self._on_thread(lambda: _is_of(encoded, text)) or stored is None:
            return None
        await self._renew(stored, text)
        return stored

    async def stands(self, password: Password) -> bool:
        """Whether this is still the person's password, in whatever form.

        Looking takes a while, and a change ends only the sessions that are there: what was begun with a password must
        ask this once it is there.

        Raises:
            StoreError: the database failed.
        """
        stored = await self._accounts.password(password.person_id)
        return stored is not None and stored.changed_at_ms == password.changed_at_ms

    async def exists(self, person_id: int) -> bool:
        """Whether the person can sign in by a password."""
        return await self._accounts.password(person_id) is not None

    async def set_at_ms(self, person_id: int) -> int | None:
        """When the person's password was set, in Unix milliseconds; None where they have none."""
        stored = await self._accounts.password(person_id)
        return None if stored is None else stored.changed_at_ms

    async def _renew(self, stored: Password, text: str) -> None:
        """Hash with today's parameters what was hashed with others."""
        if not _hasher().check_needs_rehash(stored.encoded):
            return
        try:
            encoded = await self._on_thread(lambda: _hasher().hash(text))
        except PasswordsBusy:
            # The next sign-in does it: this one has succeeded.
            return
        await self._accounts.recode_password(stored, encoded)

    async def _on_thread(self, work: Callable[[], T]) -> T:
        if self._under_way >= MAX_HASHING + MAX_WAITING:
            raise PasswordsBusy
        self._under_way += 1
        try:
            async with self._places:
                return await asyncio.to_thread(work)
        finally:
            self._under_way -= 1


def _hasher() -> "PasswordHasher":
    # Imported with the first password: a server whose people never sign in need not hold it.
    from argon2 import PasswordHasher

    return PasswordHasher(TIME_COST, MEMORY_KIB, PARALLELISM, HASH_BYTES, SALT_BYTES)


def _is_of(encoded: str, text: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

    try:
        return _hasher().verify(encoded, text)
    except VerifyMismatchError:
        return False
    except (InvalidHashError, VerificationError):
        _log.error("a stored password cannot be read: set it anew with `tacet people password`")
        return False


def _nobodys() -> str:
    """What a password is checked against where there is none: as costly as any, and the hash of nothing known."""
    salt, tag = (base64.b64encode(bytes(size)).rstrip(b"=").decode() for size in (SALT_BYTES, HASH_BYTES))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={TIME_COST},p={PARALLELISM}${salt}${tag}"
