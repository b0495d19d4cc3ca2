"""Showing by a password who one is: what signing in and changing the password have in common."""

from collections.abc import Mapping

from tacet.directory.lookup import is_shown
from tacet.identity.signin.passwords import Passwords, PasswordsBusy
from tacet.limits.failures import Failures
from tacet.pages.journal import Journal
from tacet.pages.visit import PageError, Visit
from tacet.records.accounts import Password
from tacet.records.people import Person
from tacet.wire.addresses import Addresses


class Unproven(Exception):
    """Nobody was signed in, or nothing changed.

    Args:
        errors: what to say, by field.
    """

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("nobody has shown who they are")
        self.errors = errors


class Attempts:
    """Looks at passwords that people type, for as long as not too many were wrong."""

    def __init__(self, passwords: Passwords, failures: Failures, addresses: Addresses, journal: Journal) -> None:
        self._passwords = passwords
        self._failures = failures
        self._addresses = addresses
        self._journal = journal

    async def begin(self, visit: Visit, username: str, back: tuple[str, str]) -> None:
        """Count an attempt to be whoever has this username, before anything is looked at.

        Args:
            back: where somebody comes back to who has to wait, as a label and a path.

        Raises:
            PageError: 429, too many were in vain.
        """
        address = self._addresses.of(visit.request.scope)
        if not await self._failures.begin_sign_in(address, username):
            self._journal.refused(visit)
            raise _too_many(await self._failures.sign_in_waits_s(address, username), back)

    async def matching(self, visit: Visit, username: str, person: Person | None, typed: str) -> Password | None:
        """The person's password where it is this one and they may sign in; after `begin` with the same username.

        Raises:
            PasswordsBusy: nothing was looked at, and the attempt does not count.
        """
        address = self._addresses.of(visit.request.scope)
        try:
            password = await self._passwords.matching(None if person is None else person.id, typed)
        except PasswordsBusy:
            await self._failures.signed_in(address, username)
            raise
        if person is None or password is None or not is_shown(person):
            self._journal.failed(visit, None if person is None else person.id)
            return None
        await self._failures.signed_in(address, username)
        return password

    async def stands(self, visit: Visit, password: Password) -> bool:
        """Whether it is still their password; see `Passwords.stands`."""
        stands = await self._passwords.stands(password)
        if not stands:
            self._journal.failed(visit, password.person_id)
        return stands


def _too_many(wait_s: int, back: tuple[str, str]) -> PageError:
    minutes = -(-wait_s // 60)
    cause = "The password was wrong too often, for this account or from your network."
    remedy = f"Try again in {minutes} minutes." if minutes > 1 else "Try again in a minute."
    return PageError(429, "Too many attempts", cause, remedy, {"retry-after": str(wait_s)}, back)
