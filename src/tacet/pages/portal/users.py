"""The page of people who let an App in."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from tacet.directory.lookup import People
from tacet.identity.connections import Connections
from tacet.identity.developers import Developers
from tacet.pages.portal.entry import Entry, app_url, asked, done, done_words, path_id, read_id
from tacet.pages.portal.words import ACCESS_WORDS
from tacet.pages.routing import Page
from tacet.pages.visit import Visit
from tacet.records.consents import Connection
from tacet.records.credentials import App
from tacet.records.people import Person

USERS_A_PAGE = 25
"""People on a page: what one looks through, on a phone about eight screens."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who let the App in.

    Attributes:
        person: None where the directory no longer knows them.
        oauth1: what OAuth 1.0a lets it do for them, in words; empty where they agreed by OAuth 2.0 alone.
    """

    connection: Connection
    person: Person | None
    oauth1: str


class UserPages:
    """List and revoke."""

    def __init__(self, developers: Developers, connections: Connections, people: People, entry: Entry) -> None:
        self._apps = developers.apps
        self._connections = connections
        self._people = people
        self._entry = entry

    def pages(self) -> Sequence[Page]:
        return [self._entry.page("/portal/apps/{app_id:int}/users", self._show, self._revoke)]

    async def _show(self, visit: Visit) -> Response:
        app = await self._apps.one(visit.user_id, path_id(visit, "app_id"))
        after = read_id(asked(visit, "after") or "0")
        # One more than is shown tells whether there is another page.
        found = await self._connections.of_app(app.id, after, USERS_A_PAGE + 1)
        shown = found[:USERS_A_PAGE]
        people = await self._people.by_ids([connection.user_id for connection in shown])
        return visit.page(
            "portal/users.html",
            app=app,
            users=[_user(app, connection, people.get(connection.user_id)) for connection in shown],
            first=after == 0,
            next_after=shown[-1].user_id if len(found) > len(shown) else None,
            done=done_words(visit),
        )

    async def _revoke(self, visit: Visit) -> Response:
        app = await self._apps.one(visit.user_id, path_id(visit, "app_id"))
        await self._connections.revoke(app.id, read_id(visit.value("user_id")))
        return done(visit, app_url(app.id, "/users"), "user-revoked")


def _user(app: App, connection: Connection, person: Person | None) -> User:
    access = connection.access_now(app)
    return User(connection, person, "" if access is None else ACCESS_WORDS[access])
