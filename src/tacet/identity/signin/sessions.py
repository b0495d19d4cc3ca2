"""Signed-in browsers. The cookie's text is known to the browser alone; the database keeps its digest."""

from tacet.clock import Clock
from tacet.identity.vault import Vault
from tacet.ids import Randomness
from tacet.records.accounts import Session
from tacet.store.accounts import AccountStore

SESSION_MS = 12 * 3600 * 1000
"""A session ends after so long even when in use (OWASP ASVS 4.0.3, 3.3.2, level 2)."""

IDLE_MS = 30 * 60 * 1000
"""And after so long unused (the same item)."""

TOUCH_EVERY_MS = 60 * 1000
"""Its last use is written at most so often: a page must not cost a commit."""

SESSION_TEXT_LENGTH = 43
"""Letters and digits in a cookie: 256 random bits."""


class Sessions:
    """Starts, finds and ends sessions.

    Args:
        randomness: must be unguessable.
    """

    def __init__(self, accounts: AccountStore, clock: Clock, randomness: Randomness) -> None:
        self._accounts = accounts
        self._clock = clock
        self._randomness = randomness

    async def start(self, user_id: int) -> str:
        """A new session of somebody who has just proved who they are; return the cookie's text."""
        text = self._randomness.text(SESSION_TEXT_LENGTH)
        now_ms = self._clock.now_ms()
        await self._accounts.put_session(Session(Vault.digest(text), user_id, now_ms, now_ms, now_ms + SESSION_MS))
        return text

    async def find(self, text: str) -> Session | None:
        """The session of a cookie; None where there is none or it has ended."""
        if len(text) != SESSION_TEXT_LENGTH:
            return None
        session = await self._accounts.session(Vault.digest(text))
        now_ms = self._clock.now_ms()
        if session is None or session.expires_at_ms <= now_ms or session.seen_at_ms + IDLE_MS <= now_ms:
            return None
        if session.seen_at_ms + TOUCH_EVERY_MS <= now_ms:
            await self._accounts.touch_session(session.digest, now_ms)
        return session

    async def end(self, text: str) -> None:
        """Sign this browser out."""
        await self._accounts.end_session(Vault.digest(text))

    async def end_all(self, user_id: int) -> int:
        """Sign every browser of a person out; return how many there were."""
        return await self._accounts.end_sessions(user_id)
