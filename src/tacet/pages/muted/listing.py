"""The list of muted accounts, and the search in it."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from tacet.mutes.positions import FIRST_PAGE, Cursor, newer_token, older_token
from tacet.mutes.roster import Roster
from tacet.mutes.search import MAX_LOOKED_THROUGH, MuteSearch
from tacet.pages.muted.notices import Notices
from tacet.pages.muted.places import Place, cursor_of, here
from tacet.pages.visit import Visit

MUTES_A_PAGE = 50
"""What one looks through: on a phone about six screens."""


class Listing:
    """`/muted`."""

    def __init__(self, roster: Roster, search: MuteSearch, notices: Notices) -> None:
        self._roster = roster
        self._search = search
        self._notices = notices

    async def get(self, visit: Visit) -> Response:
        """The page as its address says."""
        return await self.show(visit, here(visit))

    async def show(
        self, visit: Visit, place: Place, *, status: int = 200, typed: str = "", error: str = ""
    ) -> Response:
        """The page.

        Args:
            typed: what stands in the field for whom to mute.
            error: what is wrong with it.
        """
        cursor = cursor_of(place)
        wanted = place.given("q")
        # An "@" alone is the beginning of a name, and asks for nothing yet.
        read = self._found if wanted.lstrip("@") else self._listed
        return visit.page(
            "muted/list.html",
            status=status,
            typed=typed,
            error=error,
            wanted=wanted,
            first=cursor == FIRST_PAGE,
            notice=await self._notices.of(visit),
            back=place.url(),
            **await read(visit.user_id, place, cursor),
        )

    async def _listed(self, user_id: int, place: Place, cursor: Cursor) -> Mapping[str, Any]:
        page = await self._roster.page(user_id, cursor, MUTES_A_PAGE)
        return {
            "entries": page.entries,
            "older": place.url(**{"from": older_token(page.older_than)}) if page.older_than is not None else "",
            "newer": place.url(**{"from": newer_token(page.newer_than)}) if page.newer_than is not None else "",
            "searched": False,
        }

    async def _found(self, user_id: int, place: Place, cursor: Cursor) -> Mapping[str, Any]:
        found = await self._search.find(user_id, place.given("q"), MUTES_A_PAGE, cursor.position)
        return {
            "entries": found.entries,
            "older": place.url(**{"from": older_token(found.further)}) if found.further is not None else "",
            "newer": "",
            "searched": True,
            "looked_through": MAX_LOOKED_THROUGH,
        }
