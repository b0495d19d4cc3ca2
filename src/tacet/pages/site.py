"""All pages as one application."""

from collections.abc import Sequence

from starlette.types import ASGIApp

from tacet.actions import Actions
from tacet.clock import Clock
from tacet.identity.parts import Identity
from tacet.ids import Randomness
from tacet.limits.failures import Failures
from tacet.pages.assets import Assets
from tacet.pages.families import families
from tacet.pages.muted import MuteLimit
from tacet.pages.nowhere import nowhere
from tacet.pages.origins import Origins
from tacet.pages.portal.usage import DailyUsage
from tacet.pages.responses import reached_at
from tacet.pages.routing import Guard, page_routes
from tacet.pages.templating import Templates
from tacet.settings import SANDBOX, Settings
from tacet.wire.addresses import Addresses
from tacet.wire.endpoint import Services
from tacet.wire.routing import by_route


def site(
    settings: Settings,
    identity: Identity,
    actions: Actions,
    services: Services,
    failures: Failures,
    addresses: Addresses,
    clock: Clock,
    randomness: Randomness,
    residents: Sequence[int],
    for_programs: ASGIApp,
) -> ASGIApp:
    """The pages.

    Args:
        services: count mutes made here, and show what Apps asked for.
        residents: see `families`; left out of account where it is no sandbox.
        for_programs: answers paths that have no page, for whoever does not ask for HTML.
    """
    assets, sandbox = Assets(), settings.mode == SANDBOX
    guard = Guard(
        identity.sessions,
        actions.people,
        clock,
        randomness,
        Templates(sandbox=sandbox, asset=assets.url),
        reached_at(settings.public_url),
        Origins(clock),
        services.requests,
        services.complaints,
        services.headers.transaction_id,
        settings.max_body_bytes,
        services.database_failed,
    )
    offered = residents if sandbox else None
    drawn, mute_limit = DailyUsage(services.usage, clock), MuteLimit(services.windows, clock)
    others = families(identity, actions, drawn, mute_limit, failures, addresses, offered)
    routes = page_routes(guard, [page for family in (assets, *others) for page in family.pages()])
    return by_route(routes, nowhere(guard, for_programs))
