"""The first page: what this server is, and where to go."""

from collections.abc import Sequence

from starlette.responses import Response

from tacet.pages.forms import read_query
from tacet.pages.residents import Residents
from tacet.pages.routing import Page
from tacet.pages.visit import Visit


class Home:
    """`/`.

    Args:
        residents: who lives here, of a sandbox; None where that is nobody's business.
    """

    def __init__(self, residents: Residents | None) -> None:
        self._residents = residents

    def pages(self) -> Sequence[Page]:
        return [Page("/", get=self._get, open=True)]

    async def _get(self, visit: Visit) -> Response:
        signed_out = "signed-out" in read_query(visit.request).get("done", ())
        residents = await self._residents.all() if self._residents is not None and visit.person is None else []
        return visit.page("home.html", signed_out=signed_out, residents=residents)
