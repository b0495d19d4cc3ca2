"""Where everything is built, once, from one frozen `Settings`, and handed down."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from starlette.types import ASGIApp

from tacet.actions import Actions
from tacet.cache import Hits
from tacet.clock import Clock, SystemClock
from tacet.directory.lookup import People
from tacet.identity.authenticator import Authenticator
from tacet.identity.oauth1 import Verifier
from tacet.identity.vault import Vault
from tacet.ids import Randomness, SystemRandomness
from tacet.limits.failures import Failures
from tacet.limits.usage import UsageCounter
from tacet.observing.complaints import Complaints
from tacet.observing.meters import Meters
from tacet.observing.requests import OVERLOAD, Requests
from tacet.settings import Settings
from tacet.sharing import Shared, alone
from tacet.store.base import Part, Store, StoreAway, StoreBusy, StoreError
from tacet.wire import problems
from tacet.wire.addresses import Addresses
from tacet.wire.endpoint import Services
from tacet.wire.headers import HeaderWriter
from tacet.wire.health import Health, endpoints
from tacet.wire.openapi import document_route
from tacet.wire.routing import Later, Paths, answering, by_route, router
from tacet.wire.v2.families import operations as all_operations

WATCH_INTERVAL_S = 1.0
"""How often a server looks whether an admin command changed its database: a revoked token works this long at most."""

SWEEP_INTERVAL_S = 60.0
"""How often ended mutes and logins are tidied away; reads never show them, so nobody waits for this."""

SWEEP_LIMIT = 1_000
"""Ended mutes, nonces, and of each kind logins, removed at once: a short transaction that delays no request."""

USAGE_FLUSH_INTERVAL_S = 5.0
"""How often usage is written: what a crash may lose of it, for a commit that nobody waits for."""

_log = logging.getLogger(__name__)


class Tacet:
    """A running service without its server: an ASGI application over an open store.

    Args:
        store: open; closed by whoever opened it.
        vault: opens the store's sealed secrets.
        residents: ids of the people whom a sandbox offers to be; empty for its first.
        requests: take note of each request; None where nobody wants to know.
        shared: what it has in common with other processes; None where there are none.

    Attributes:
        application: what an ASGI server runs.
        busy: what it runs for connections and requests that are too many.
        health: what balancers are told.
    """

    application: ASGIApp
    busy: ASGIApp
    health: Health

    def __init__(
        self,
        settings: Settings,
        store: Store,
        vault: Vault,
        clock: Clock | None = None,
        randomness: Randomness | None = None,
        residents: Sequence[int] = (),
        requests: Requests | None = None,
        shared: Shared | None = None,
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
        self._shared = shared = shared or alone(settings, self._clock)
        self._verifier = Verifier(self._clock, shared.nonces, origins)
        self.authenticator = Authenticator(
            store.credentials, self.people, vault, self._clock, self._verifier, shared.news
        )
        self.health = Health(store, self._clock, shared.lacking)
        services = Services(
            self.authenticator,
            shared.windows,
            HeaderWriter(self._clock, self._randomness),
            self._clock,
            self.usage,
            requests or Requests(self._clock),
            Complaints(lambda: self._clock.ticks_ns() / 1e9),
            settings.max_body_bytes,
            self.health.request_failed,
        )
        self.actions = Actions(store, self.people, self._clock, self._randomness)
        shared.news.listen(self._forget)
        self._user_hits, self._post_hits = Hits(), Hits()
        operations = all_operations(self.actions, settings, self._user_hits, self._post_hits)
        logins_and_pages = Later(lambda: self._logins_and_pages(settings, services, vault))
        rest = Later(lambda: self._older_api(services, logins_and_pages))
        healthy = endpoints(self.health, self._clock, services.requests)
        documents = [document_route(services, operations)]
        self.application = router(services, operations, documents, Paths(healthy, rest))
        overload = problems.service_unavailable(problems.RETRY_AFTER_S)
        # A server that has too much to do is not to be restarted, so it has to be found alive.
        self.busy = Paths(healthy, answering(services, overload, OVERLOAD))

    def observe(self, meters: Meters) -> None:
        """Have counted what is kept in memory, how often it is there when it is asked for, and how Redis is doing."""
        kept = {
            "people": self.people.hits,
            "bearers": self.authenticator.hits,
            "rendered users": self._user_hits,
            "rendered posts": self._post_hits,
            "homes": self.actions.homes.hits,
        }
        for name, hits in kept.items():
            meters.watch("cache_hits_total", partial(getattr, hits, "found"), name)
            meters.watch("cache_misses_total", partial(getattr, hits, "missed"), name)
        meters.watch("cache_entries", lambda: self.people.kept, "people")
        meters.watch("cache_entries", lambda: self.authenticator.kept, "bearers")
        meters.watch("homes", lambda: self.actions.homes.kept)
        meters.watch("homes_bytes", lambda: self.actions.homes.kept_bytes)
        self._shared.observe(meters)

    async def watch(self) -> None:
        """Notice what admin commands change beside the server, and tidy; runs until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            # Each by itself: a revoked token must not work for as long as there is something to tidy.
            for step in (self._watch_revisions, self._watch_ends, self._watch_usage):
                group.create_task(_again_and_again(step))

    async def _watch_revisions(self) -> None:
        await _attempt(self._look, "changes beside the server may go unnoticed for now")

    async def _watch_ends(self) -> None:
        await _attempt(self._sweep, "ended mutes and logins take up space for now")

    async def _watch_usage(self) -> None:
        if self._clock.ticks_ns() >= self._next_flush_ns:
            await self.flush()

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
        failures = Failures(clock, identity.password_set_at_ms, together=self._shared.failures)
        addresses = Addresses(settings.trusted_proxies)
        lost = answering(services, problems.NOT_FOUND)
        pages = site(
            settings,
            identity,
            self.actions,
            services,
            failures,
            addresses,
            clock,
            randomness,
            self._residents,
            lost,
        )
        return by_route(oauth_routes(services, identity, failures, addresses), pages)

    async def _look(self) -> None:
        try:
            revisions = await self._store.revisions()
        except StoreError as error:
            self.health.database_failed(error)
            raise
        self.health.database_answered()
        for part in Part:
            if revisions.get(part) != self._revisions.get(part):
                self._forget(part)
        self._revisions = revisions

    def _forget(self, part: Part) -> None:
        """Drop what was kept of a part that somebody else changed."""
        if part is Part.NONCES:
            self._shared.nonces.ask_store()
            return
        if part is Part.DIRECTORY:
            self.people.forget()
        if part is Part.POSTS:
            self.actions.forget_posts()
        else:
            # What speaks for somebody who is suspended is no credential any more.
            self.authenticator.forget()

    async def _sweep(self) -> None:
        """In small bites: an end that many mutes or tokens share must not hold up everybody's writes."""
        if self._clock.ticks_ns() < self._next_sweep_ns:
            return
        store = self._store
        try:
            for sweep in (store.relations.sweep, store.consents.sweep_logins, store.nonces.sweep):
                while await sweep(self._clock.now_ms(), SWEEP_LIMIT) >= SWEEP_LIMIT:
                    pass
        except StoreError as error:
            # What is wrong with the tables is told though nobody asks for anything; that others sweep too is fine.
            if not isinstance(error, StoreBusy):
                self.health.request_failed(error)
            raise
        self._next_sweep_ns = self._clock.ticks_ns() + int(SWEEP_INTERVAL_S * 1e9)


async def _again_and_again(step: Callable[[], Awaitable[None]]) -> None:
    while True:
        await step()
        await asyncio.sleep(WATCH_INTERVAL_S)


async def _attempt(step: Callable[[], Awaitable[None]], consequence: str) -> None:
    try:
        await step()
    except StoreAway as error:
        # Its pool has told it once; this would tell it every second.
        _log.debug("%s: %s", consequence, error)
    except StoreError as error:
        _log.warning("%s: %s", consequence, error)
    except Exception:  # noqa: BLE001 - whatever went wrong, a watch that ends keeps revoked tokens working
        _log.exception("%s", consequence)
