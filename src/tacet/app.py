"""Where everything is built, once, from one frozen `Settings`, and handed down."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.routing import Route
from starlette.types import ASGIApp

from tacet.clock import Clock, SystemClock
from tacet.directory.lookup import Acquaintance, People, Posts
from tacet.identity.app_only import AppOnly
from tacet.identity.authenticator import Authenticator
from tacet.identity.connections import Connections
from tacet.identity.developers import Developers
from tacet.identity.developers.making import Maker
from tacet.identity.oauth1 import Nonces, Verifier
from tacet.identity.oauth1.app_signatures import AppSignatures
from tacet.identity.oauth1.invalidation import OAuth1Invalidation
from tacet.identity.oauth1.logins import OAuth1Logins
from tacet.identity.oauth2.authorization import Authorizations
from tacet.identity.oauth2.tokens import OAuth2Tokens
from tacet.identity.signin.passwords import Passwords
from tacet.identity.signin.sessions import Sessions
from tacet.identity.vault import Vault
from tacet.ids import Randomness, Snowflakes, SystemRandomness
from tacet.limits.failures import Failures
from tacet.limits.usage import UsageCounter
from tacet.limits.windows import InProcessWindows
from tacet.mutes.actions import Mutes
from tacet.mutes.positions import Positions
from tacet.pages.account import Account, PasswordChange
from tacet.pages.assets import Assets
from tacet.pages.consent import Consent
from tacet.pages.home import Home
from tacet.pages.oauth1 import OAuth1Consent
from tacet.pages.portal import Portal
from tacet.pages.portal.usage import DailyUsage
from tacet.pages.residents import Residents
from tacet.pages.responses import reached_at
from tacet.pages.routing import Family, Guard, page_routes
from tacet.pages.signin import ByChoice, ByPassword, SignIn
from tacet.pages.templating import Templates
from tacet.settings import SANDBOX, Settings
from tacet.store.base import Part, Store, StoreError
from tacet.wire import problems
from tacet.wire.addresses import Addresses
from tacet.wire.endpoint import RETRY_AFTER_S, Services
from tacet.wire.headers import HeaderWriter
from tacet.wire.oauth1.invalidation import InvalidationEndpoint
from tacet.wire.oauth1.logins import LoginEndpoints
from tacet.wire.oauth1.requests import SignedRequests
from tacet.wire.oauth2.app_only import AppOnlyEndpoints
from tacet.wire.oauth2.requests import ClientRequests
from tacet.wire.oauth2.revoke import RevokeEndpoint
from tacet.wire.oauth2.token import TokenEndpoint
from tacet.wire.openapi import document_route
from tacet.wire.operations import Operation
from tacet.wire.routing import answering, router
from tacet.wire.v2.answers import Answers
from tacet.wire.v2.muting import Muting
from tacet.wire.v2.users import Users

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
        self.usage = UsageCounter(self._clock)
        self._failures = Failures(self._clock)
        self._passwords = Passwords(store.accounts, self._clock)
        self._addresses = Addresses(settings.trusted_proxies)
        self.people = People(store.directory, settings.person_cache_entries)
        origins = (*settings.api_origins, settings.public_url) if settings.public_url else settings.api_origins
        verifier = Verifier(self._clock, Nonces(), origins)
        self.authenticator = Authenticator(store.credentials, vault, self._clock, verifier)
        signatures = AppSignatures(self.authenticator, verifier, vault)
        self._logins = OAuth1Logins(store, self.people, vault, signatures, self._clock, self._randomness)
        self._maker = Maker(vault, self._clock, self._randomness, Snowflakes(self._clock, self._randomness))
        self._app_only = AppOnly(store.credentials, self.authenticator, vault, self._clock, self._randomness)
        limits = settings.limits if settings.rate_limits else {}
        services = Services(
            self.authenticator,
            InProcessWindows(limits, self._clock),
            HeaderWriter(self._clock, self._randomness),
            self._clock,
            self.usage,
            settings.max_body_bytes,
        )
        operations = self._operations(settings)
        others = [
            document_route(services, operations),
            *self._oauth1(services),
            *self._oauth2(services),
            *self._pages(settings),
        ]
        self.application = router(services, operations, others)
        self.busy = answering(services, problems.service_unavailable(RETRY_AFTER_S))

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
        await _attempt(lambda: self.usage.flush(self._store.accounts), "usage is not up to date for now")

    def _operations(self, settings: Settings) -> list[Operation]:
        posts = Posts(self._store.directory)
        acquaintance = Acquaintance(self._store.relations, self._clock)
        answers = Answers(self.people, posts, acquaintance, settings.person_cache_entries, settings.person_cache_bytes)
        positions = Positions(self._clock, self._randomness)
        mutes = Mutes(self._store.relations, self.people, self._clock, positions)
        # The routes with the most traffic are matched first.
        return [*Muting(mutes, answers).operations(), *Users(self.people, answers).operations()]

    def _oauth1(self, services: Services) -> list[Route]:
        requests = SignedRequests(self._failures, self._addresses)
        invalidation = OAuth1Invalidation(self.authenticator, self._store.credentials, self._clock)
        return [
            *LoginEndpoints(self._logins, requests).routes(services),
            InvalidationEndpoint(invalidation, self.authenticator, requests).route(services),
            *AppOnlyEndpoints(self._app_only, self._failures, self._addresses).routes(services),
        ]

    def _oauth2(self, services: Services) -> list[Route]:
        store = self._store
        tokens = OAuth2Tokens(
            store.credentials, store.consents, self._clock, self._randomness, self.authenticator.forget
        )
        requests = ClientRequests(self._failures, self._addresses)
        return [TokenEndpoint(tokens, requests).route(services), RevokeEndpoint(tokens, requests).route(services)]

    def _pages(self, settings: Settings) -> list[Route]:
        assets = Assets()
        templates = Templates(sandbox=settings.mode == SANDBOX, asset=assets.url)
        security = reached_at(settings.public_url)
        sessions = Sessions(self._store.accounts, self._clock, self._randomness)
        guard = Guard(sessions, self.people, self._randomness, templates, security, settings.max_body_bytes)
        families: list[Family] = [assets, *self._people_pages(settings, sessions)]
        return page_routes(guard, [page for family in families for page in family.pages()])

    def _people_pages(self, settings: Settings, sessions: Sessions) -> list[Family]:
        store, sandbox = self._store, settings.mode == SANDBOX
        failures, addresses = self._failures, self._addresses
        authorizations = Authorizations(store.credentials, store.consents, self._clock, self._randomness)
        connections = Connections(store.credentials, store.consents, self._clock, self.authenticator.forget)
        residents = Residents(self.people, self._residents)
        by_password = ByPassword(self.people, self._passwords, failures, addresses)
        change = None if sandbox else PasswordChange(self._passwords, failures, addresses)
        return [
            Home(residents if sandbox else None),
            SignIn(sessions, ByChoice(self.people, residents) if sandbox else by_password),
            Consent(authorizations, self.people),
            OAuth1Consent(self._logins, self.people),
            Account(connections, self.people, sessions, change),
            self._portal(connections),
        ]

    def _portal(self, connections: Connections) -> Portal:
        store = self._store
        forget = self.authenticator.forget
        developers = Developers(store.credentials, store.consents, store.accounts, self._maker, forget)
        usage = DailyUsage(self.usage, store.accounts, self._clock)
        return Portal(developers, connections, usage, self.people)

    async def _look(self) -> None:
        revisions = await self._store.revisions()
        if revisions.get(Part.DIRECTORY) != self._revisions.get(Part.DIRECTORY):
            self.people.forget()
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
