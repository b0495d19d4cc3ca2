"""The page "Keys and tokens"."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.responses import Response

from tacet.identity.developers import Developers
from tacet.identity.developers.errors import NotConfidential
from tacet.pages.portal.entry import Entry, app_url, done, done_words, path_id
from tacet.pages.portal.secrets import (
    bearer_secrets,
    client_secrets,
    consumer_secrets,
    own_token_secrets,
    secrets_page,
)
from tacet.pages.portal.words import ACCESS_WORDS
from tacet.pages.routing import Page
from tacet.pages.visit import PageError, Visit

Action = Callable[[Visit, int], Awaitable[Response]]
"""Does what a form on this page asks for with the App of this id."""


class KeyPages:
    """Make, replace and revoke keys."""

    def __init__(self, developers: Developers, entry: Entry) -> None:
        self._keys = developers.keys
        self._apps = developers.apps
        self._entry = entry
        self._actions: dict[str, Action] = {
            "renew-api-key": self._renew_api_key,
            "renew-own-token": self._renew_own_token,
            "revoke-own-token": self._revoke_own_token,
            "renew-bearer": self._renew_bearer,
            "revoke-bearer": self._revoke_bearer,
            "renew-client-secret": self._renew_client_secret,
        }

    def pages(self) -> Sequence[Page]:
        return [self._entry.page("/portal/apps/{app_id:int}/keys", self._show, self._change)]

    async def _show(self, visit: Visit) -> Response:
        ring = await self._keys.ring(visit.user_id, path_id(visit, "app_id"))
        return visit.page(
            "portal/keys.html",
            app=ring.app,
            own=ring.own,
            own_access=ACCESS_WORDS[ring.app.allowed(ring.own.access)] if ring.own is not None else "",
            access=ACCESS_WORDS[ring.app.access],
            bearer=ring.bearer,
            done=done_words(visit),
        )

    async def _change(self, visit: Visit) -> Response:
        action = self._actions.get(visit.value("action"))
        if action is None:
            raise PageError(400, "Nothing to do", "This form did not say what it is for.", "Reload the page.")
        return await action(visit, path_id(visit, "app_id"))

    async def _renew_api_key(self, visit: Visit, app_id: int) -> Response:
        made = await self._keys.renew_consumer_key(visit.user_id, app_id)
        return secrets_page(
            visit,
            made.app,
            "New API key and secret",
            consumer_secrets(made),
            "The old ones and the bearer token no longer work.",
        )

    async def _renew_client_secret(self, visit: Visit, app_id: int) -> Response:
        try:
            made = await self._keys.renew_client_secret(visit.user_id, app_id)
        except NotConfidential:
            cause = "This App is a public client, and those have no client secret."
            remedy = "Make it a confidential one under “User authentication settings” first."
            raise PageError(409, "No client secret", cause, remedy) from None
        return secrets_page(visit, made.app, "New client secret", client_secrets(made), "The old one no longer works.")

    async def _renew_own_token(self, visit: Visit, app_id: int) -> Response:
        made = await self._keys.renew_own_token(visit.user_id, app_id)
        app = await self._apps.one(visit.user_id, app_id)
        note = f"They are for your own account, with the permission “{ACCESS_WORDS[app.allowed(made.token.access)]}”."
        return secrets_page(visit, app, "Your access token and secret", own_token_secrets(made), note)

    async def _revoke_own_token(self, visit: Visit, app_id: int) -> Response:
        await self._keys.revoke_own_token(visit.user_id, app_id)
        return done(visit, app_url(app_id, "/keys"), "own-revoked")

    async def _renew_bearer(self, visit: Visit, app_id: int) -> Response:
        made = await self._keys.renew_bearer(visit.user_id, app_id)
        app = await self._apps.one(visit.user_id, app_id)
        return secrets_page(
            visit, app, "Bearer token", bearer_secrets(made), "A bearer token from before no longer works."
        )

    async def _revoke_bearer(self, visit: Visit, app_id: int) -> Response:
        await self._keys.revoke_bearer(visit.user_id, app_id)
        return done(visit, app_url(app_id, "/keys"), "bearer-revoked")
