"""What whoever runs the server reads about sign-ins (OWASP ASVS 4.0.3, 7.1.3 and 7.1.4): who, from where, and how it
ended. Never what was typed, not even a name: people type passwords into that field."""

import logging

from tacet.pages.visit import Visit
from tacet.wire.addresses import Addresses

_log = logging.getLogger(__name__)


class Journal:
    """Writes a line for each sign-in, sign-out and change of a password.

    Args:
        quiet: write them for debugging only: in a sandbox, where everybody may be anybody, they say nothing.
    """

    def __init__(self, addresses: Addresses, *, quiet: bool) -> None:
        self._addresses = addresses
        self._news = logging.DEBUG if quiet else logging.INFO
        self._alarm = logging.DEBUG if quiet else logging.WARNING

    def signed_in(self, visit: Visit, person_id: int) -> None:
        self._write(self._news, visit, f"person {person_id} signed in")

    def signed_out(self, visit: Visit) -> None:
        """Whoever is signed in will not be any more."""
        if visit.person is not None:
            self._write(self._news, visit, f"person {visit.person.id} signed out")

    def password_changed(self, visit: Visit) -> None:
        self._write(self._news, visit, f"person {visit.user_id} has a new password")

    def failed(self, visit: Visit, person_id: int | None) -> None:
        """Somebody did not show that they are this person, or named nobody (None)."""
        self._write(
            self._alarm, visit, f"sign-in failed for {'nobody' if person_id is None else f'person {person_id}'}"
        )

    def refused(self, visit: Visit) -> None:
        """Somebody may not even try, after too many failures."""
        self._write(self._alarm, visit, "sign-in refused after too many failures")

    def _write(self, level: int, visit: Visit, what: str) -> None:
        address = self._addresses.of(visit.request.scope) or "an unknown address"
        # Not `request.url`, of which `Host` is a part.
        _log.log(level, "%s: %s, from %s", visit.request.scope["path"], what, address)
