"""Which App somebody signs in for: the sign-in page stands between it and its question."""

from urllib.parse import parse_qs

from tacet.identity.oauth1.logins import OAuth1Logins
from tacet.identity.oauth1.refusals import LoginOver
from tacet.identity.oauth2.authorization import Authorizations
from tacet.pages import consent, oauth1
from tacet.pages.forms import MAX_FIELDS


class Destinations:
    """Looks at where a browser goes on to."""

    def __init__(self, authorizations: Authorizations, logins: OAuth1Logins) -> None:
        self._authorizations = authorizations
        self._logins = logins

    async def app_name(self, path: str) -> str:
        """The name of the App that asks at this path of ours, with its query; empty where none does."""
        where, _, query = path.partition("?")
        try:
            fields = parse_qs(query, max_num_fields=MAX_FIELDS, errors="strict")
        except ValueError:
            return ""
        if where in consent.PATHS:
            app = await self._authorizations.app(fields.get("client_id", [""])[0])
            return app.name if app is not None else ""
        if where in (oauth1.ALWAYS_ASKS, *oauth1.ASKS_ONCE):
            return await self._asking_by_token(fields.get(oauth1.TOKEN, [""])[-1])
        return ""

    async def _asking_by_token(self, token: str) -> str:
        try:
            return (await self._logins.pending(token)).app.name
        except LoginOver:
            return ""
