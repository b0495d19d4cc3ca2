"""Where everything is built, once, from one frozen `Settings`, and handed down."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.types import ASGIApp

from tacet.actions import Actions
from tacet.clock import Clock, SystemClock
from tacet.directory.lookup import People
from tacet.identity.authenticator import Authenticator
from tacet.identity.oauth1 import Nonces, Verifier
from tacet.identity.vault import Vault
from tacet.ids import Randomness, SystemRandomness
from tacet.limits.failures import Failures
from tacet.limits.usage import UsageCounter
from tacet.limits.windows import InProcessWindows
from tacet.settings import Settings
from tacet.store.base import Part, Store, StoreError
from tacet.wire import problems
from tacet.wire.addresses import Addresses
from tacet.wire.endpoint import Services
from tacet.wire.headers import HeaderWriter
from tacet.wire.openapi import document_route
from tacet.wire.routing import Later, answering, by_route, router
from tacet.wire.v2.families import operations as all_operations

WATCH_INTERVAL_S = 1.0
"""How often a server looks whether an admin command changed its database: a revoked token works this long at most."""

SWEEP_INTERVAL_S = 60.0
"""How often ended mutes and logins are tidied away; reads never show them, so nobody waits for this."""

SWEEP_LIMIT = 1_000
"""Ended mutes, and of each kind logins, removed at once: a short transaction that delays no request."""

USAGE_FLUSH_INTERVAL_S = 5.0
"""How often usage is written: what a crash may lose of it, for a commit that nobody waits for."""

_log = logging.getLogger(__name__)


class Tacet:
    """A running service without its server: an ASGI application over an open store.

    Args:
        store: open; closed by whoever opened it.
        vault: opens the store's sealed secrets.
        residents: ids of the people whom a sandbox offers to be; empty for its first.

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
        residents: Sequence[int] = (),
    ) -> None:
        self._store = store
        self._residents = residents
        self._clock = clock or SystemClock()
        self._randomness = randomness or SystemRandomness()
        self._revisions: Mapping[Part, int] = {}
        self._next_sweep_ns = 0
        self._next_flush_ns = 0
        self.usage = UsageCounter(store.accounts, self._clock)
        self.people = People(store.directory, settings.person_cache_entries)
        origins = (*settings.api_origins, settings.public_url) if settings.public_url else settings.api_origins
        self._verifier = Verifier(self._clock, Nonces(), origins)
        self.authenticator = Authenticator(store.credentials, self.people, vault, self._clock, self._verifier)
        limits = settings.limits if settings.rate_limits else {}
        services = Services(
            self.authenticator,
            InProcessWindows(limits, self._clock),
            HeaderWriter(self._clock, self._randomness),
            self._clock,
            self.usage,
            settings.max_body_bytes,
        )
        self.actions = Actions(store, self.people, self._clock, self._randomness)
        operations = all_operations(self.actions, settings)
        logins_and_pages = Later(lambda: self._logins_and_pages(settings, services, vault))
        rest = Later(lambda: self._older_api(services, logins_and_pages))
        self.application = router(services, operations, [document_route(services, operations)], rest)
        self.busy = answering(services, problems.service_unavailable(problems.RETRY_AFTER_S))

    async def watch(self) -> None:
        """Notice what admin commands change beside the server, and tidy; runs until it is cancelled."""
        while True:
            await _attempt(self._look, "changes beside the server may go unnoticed for now")
            await _attempt(self._sweep, "ended mutes and logins take up space for now")
            if self._clock.ticks_ns() >= self._next_flush_ns:
                await self.flush()
            await asyncio.sleep(WATCH_INTERVAL_S)

    async def flush(self) -> None:
        """Write what is only in memory, the usage of Apps: now and then, and once more when no requests come."""
        self._next_flush_ns = self._clock.ticks_ns() + int(USAGE_FLUSH_INTERVAL_S * 1e9)
        await _attempt(self.usage.flush, "usage is not up to date for now")

    def _older_api(self, services: Services, otherwise: ASGIApp) -> ASGIApp:
        # Imported with the first request that is none of v2's.
        from tacet.wire.v1.routes import v1_application

        return v1_application(services, self.actions, otherwise)

    def _logins_and_pages(self, settings: Settings, services: Services, vault: Vault) -> ASGIApp:
        # Imported with the first of them: most servers are asked for mutes a long time before somebody logs in.
        from tacet.identity.parts import Identity
        from tacet.pages.site import site
        from tacet.wire.oauth_routes import oauth_routes

        clock, randomness = self._clock, self._randomness
        identity = Identity(self._store, self.people, vault, clock, randomness, self._verifier, self.authenticator)
        failures, addresses = Failures(clock, identity.password_set_at_ms), Addresses(settings.trusted_proxies)
        lost = answering(services, problems.NOT_FOUND)
        pages = site(
            settings,
            identity,
            self.actions,
            services.windows,
            self.usage,
            failures,
            addresses,
            clock,
            randomness,
            self._residents,
            lost,
        )
        return by_route(oauth_routes(services, identity, failures, addresses), pages)

    async def _look(self) -> None:
        revisions = await self._store.revisions()
        if revisions.get(Part.DIRECTORY) != self._revisions.get(Part.DIRECTORY):
            self.people.forget()
            self.authenticator.forget()
        if revisions.get(Part.POSTS) != self._revisions.get(Part.POSTS):
            self.actions.forget_posts()
        if revisions.get(Part.CREDENTIALS) != self._revisions.get(Part.CREDENTIALS):
            self.authenticator.forget()
        self._revisions = revisions

    async def _sweep(self) -> None:
        """In small bites: an end that many mutes or tokens share must not hold up everybody's writes."""
        if self._clock.ticks_ns() < self._next_sweep_ns:
            return
        for sweep in (self._store.relations.sweep, self._store.consents.sweep_logins):
            while await sweep(self._clock.now_ms(), SWEEP_LIMIT) >= SWEEP_LIMIT:
                pass
        self._next_sweep_ns = self._clock.ticks_ns() + int(SWEEP_INTERVAL_S * 1e9)


async def _attempt(step: Callable[[], Awaitable[None]], consequence: str) -> None:
    try:
        await step()
    except StoreError as error:
        _log.warning("%s: %s", consequence, error)
    except Exception:  # noqa: BLE001 - whatever went wrong, a watch that ends keeps revoked tokens working
        _log.exception("%s", consequence)
