"""Where everything is built, once, from one frozen `Settings`, and handed down."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from starlette.types import ASGIApp

from tacet.clock import Clock, SystemClock
from tacet.directory.lookup import Acquaintance, People, Posts
from tacet.identity.authenticator import Authenticator
from tacet.identity.oauth1 import Nonces, Verifier
from tacet.identity.vault import Vault
from tacet.ids import Randomness, SystemRandomness
from tacet.limits.windows import InProcessWindows
from tacet.mutes.actions import Mutes
from tacet.mutes.positions import Positions
from tacet.settings import Settings
from tacet.store.base import Part, Store, StoreError
from tacet.wire import problems
from tacet.wire.endpoint import RETRY_AFTER_S, Services
from tacet.wire.headers import HeaderWriter
from tacet.wire.openapi import document_route
from tacet.wire.operations import Operation
from tacet.wire.routing import answering, router
from tacet.wire.v2.answers import Answers
from tacet.wire.v2.muting import Muting
from tacet.wire.v2.users import Users

WATCH_INTERVAL_S = 1.0
"""How often a server looks whether an admin command changed its database: a revoked token works this long at most."""

MUTE_SWEEP_INTERVAL_S = 60.0
"""How often ended mutes are tidied away; reads never show them, so nobody waits for this."""

SWEEP_LIMIT = 1_000
"""Ended mutes removed at once: a short transaction that delays no request."""

_log = logging.getLogger(__name__)


class Tacet:
    """A running service without its server: an ASGI application over an open store.

    Args:
        store: open; closed by whoever opened it.
        vault: opens the store's sealed secrets.

    Attributes:
        application: what an ASGI server runs.
        busy: what it runs for connections that are too many.
    """

    application: ASGIApp
    busy: ASGIApp

    def __init__(
        self,
        settings: Settings,
        store: Store,
        vault: Vault,
        clock: Clock | None = None,
        randomness: Randomness | None = None,
    ) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self._randomness = randomness or SystemRandomness()
        self._revisions: Mapping[Part, int] = {}
        self._next_sweep_ns = 0
        self.people = People(store.directory, settings.person_cache_entries)
        verifier = Verifier(self._clock, Nonces(), settings.api_origins)
        self.authenticator = Authenticator(store.credentials, vault, self._clock, verifier)
        limits = settings.limits if settings.rate_limits else {}
        services = Services(
            self.authenticator,
            InProcessWindows(limits, self._clock),
            HeaderWriter(self._clock, self._randomness),
            self._clock,
            settings.max_body_bytes,
        )
        operations = self._operations(settings)
        self.application = router(services, operations, [document_route(services, operations)])
        self.busy = answering(services, problems.service_unavailable(RETRY_AFTER_S))

    async def watch(self) -> None:
        """Notice what admin commands change beside the server, and tidy; runs until it is cancelled."""
        while True:
            await _attempt(self._look, "changes beside the server may go unnoticed for now")
            await _attempt(self._sweep, "ended mutes take up space for now")
            await asyncio.sleep(WATCH_INTERVAL_S)

    def _operations(self, settings: Settings) -> list[Operation]:
        posts = Posts(self._store.directory)
        acquaintance = Acquaintance(self._store.relations, self._clock)
        answers = Answers(self.people, posts, acquaintance, settings.person_cache_entries, settings.person_cache_bytes)
        positions = Positions(self._clock, self._randomness)
        mutes = Mutes(self._store.relations, self.people, self._clock, positions)
        # The routes with the most traffic are matched first.
        return [*Muting(mutes, answers).operations(), *Users(self.people, answers).operations()]

    async def _look(self) -> None:
        revisions = await self._store.revisions()
        if revisions.get(Part.DIRECTORY) != self._revisions.get(Part.DIRECTORY):
            self.people.forget()
        if revisions.get(Part.CREDENTIALS) != self._revisions.get(Part.CREDENTIALS):
            self.authenticator.forget()
        self._revisions = revisions

    async def _sweep(self) -> None:
        """In small bites: an end that many mutes share must not hold up everybody's writes."""
        if self._clock.ticks_ns() < self._next_sweep_ns:
            return
        while await self._store.relations.sweep(self._clock.now_ms(), SWEEP_LIMIT) >= SWEEP_LIMIT:
            pass
        self._next_sweep_ns = self._clock.ticks_ns() + int(MUTE_SWEEP_INTERVAL_S * 1e9)


async def _attempt(step: Callable[[], Awaitable[None]], consequence: str) -> None:
    try:
        await step()
    except StoreError as error:
        _log.warning("%s: %s", consequence, error)
    except Exception:  # noqa: BLE001 - whatever went wrong, a watch that ends keeps revoked tokens working
        _log.exception("%s", consequence)
