"""The developer portal: developer account, Projects, Apps, keys and tokens."""

from collections.abc import Sequence

from tacet.directory.lookup import People
from tacet.identity.connections import Connections
from tacet.identity.developers import Developers
from tacet.pages.portal.apps import AppPages
from tacet.pages.portal.authentication import AuthenticationPages
from tacet.pages.portal.entry import Entry
from tacet.pages.portal.home import HomePages
from tacet.pages.portal.keys import KeyPages
from tacet.pages.portal.projects import ProjectPages
from tacet.pages.portal.usage import DailyUsage
from tacet.pages.portal.users import UserPages
from tacet.pages.routing import Page

__all__ = ["Portal"]


class Portal:
    """Every page under `/portal`."""

    def __init__(self, developers: Developers, connections: Connections, usage: DailyUsage, people: People) -> None:
        entry = Entry(developers.accounts)
        self._families = (
            HomePages(developers, entry),
            ProjectPages(developers, entry),
            AppPages(developers, usage, entry),
            KeyPages(developers, entry),
            AuthenticationPages(developers, entry),
            UserPages(developers, connections, people, entry),
        )

    def pages(self) -> Sequence[Page]:
        return [page for family in self._families for page in family.pages()]
