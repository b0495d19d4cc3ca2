"""All paths of v1.1 as one application."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from tacet.actions import Actions
from tacet.wire.endpoint import Services
from tacet.wire.oauth1.invalidation import PATH as INVALIDATION_PATH
from tacet.wire.problems import Refusal
from tacet.wire.refusals import is_heard, tell
from tacet.wire.v1.account import Account
from tacet.wire.v1.application import Application
from tacet.wire.v1.blocks import Blocks
from tacet.wire.v1.calls import PREFIX, V1Operation
from tacet.wire.v1.endpoint import V1Endpoint, send_no_such_page
from tacet.wire.v1.friendships import Friendships
from tacet.wire.v1.mutes import Mutes
from tacet.wire.v1.nowhere import guessed
from tacet.wire.v1.people import PeopleGiven
from tacet.wire.v1.problems import NO_SUCH_PAGE
from tacet.wire.v1.render_user import UserObjects
from tacet.wire.v1.users import Users


def operations(services: Services, actions: Actions) -> list[V1Operation]:
    """Every operation of v1.1."""
    given = PeopleGiven(actions.people)
    users = UserObjects(actions.people, actions.posts, actions.acquaintance, actions.visibility)
    others = [
        *Mutes(actions.mutes, given, users, actions.shown).operations(),
        *Account(actions.people, users).operations(),
        *Users(given, users).operations(),
        *Friendships(given, actions.acquaintance).operations(),
        *Blocks(given, users, actions.blocks).operations(),
    ]
    return [*others, *Application(services.windows, services.authenticator, others).operations()]


def v1_application(services: Services, actions: Actions, otherwise: ASGIApp) -> ASGIApp:
    """The application for v1.1.

    Args:
        otherwise: answers everything that does not lie below `/1.1/`, and the one path there that belongs to logins.
    """
    return _V1Application(services, operations(services, actions), otherwise)


class _V1Application:
    def __init__(self, services: Services, listed: Sequence[V1Operation], otherwise: ASGIApp) -> None:
        self._services = services
        self._endpoints = {operation.path: V1Endpoint(services, operation) for operation in listed}
        self._ids = [operation.id for operation in listed]
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        endpoint = self._endpoints.get(path)
        if endpoint is not None:
            await endpoint(scope, receive, send)
        elif path.startswith(PREFIX) and path != INVALIDATION_PATH:
            if is_heard():
                shown, reason = guessed(path, self._ids)
                tell(scope["method"], shown, Refusal(NO_SUCH_PAGE, reason))
            await send_no_such_page(self._services, scope["method"], send)
        else:
            await self._otherwise(scope, receive, send)
