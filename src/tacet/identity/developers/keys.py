"""An App's "Keys and tokens". What is made is readable in the answer, and never again."""

from dataclasses import dataclass

from tacet.identity.developers.errors import NotConfidential, NotThere
from tacet.identity.developers.tools import Tools
from tacet.identity.making import MadeApp, MadeToken
from tacet.records.credentials import App, Token


@dataclass(frozen=True, slots=True)
class Ring:
    """Which keys an App has beside its API key; no secret among them.

    Attributes:
        own: the OAuth 1.0a access token for the developer's own account; its `access` is what it may do.
        bearer: the App's own bearer.
    """

    app: App
    own: Token | None
    bearer: Token | None


class Keys:
    """Make, replace and revoke. What is replaced stops working at once.

    Raises in every method:
        NotThere
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def ring(self, owner_id: int, app_id: int) -> Ring:
        """Which keys there are."""
        app = await self._tools.own_app(owner_id, app_id)
        own = await self._tools.consents.own_token(app.id, owner_id)
        return Ring(app, own, await self._tools.credentials.app_only_token(app.id))

    async def renew_consumer_key(self, owner_id: int, app_id: int) -> MadeApp:
        """Another API key and secret. Access tokens stay good: they are signed with the new key from now on.

        The App's bearer is revoked: whoever had the old key could have asked for it.
        """
        async with self._tools.changing(owner_id):
            app = await self._tools.own_app(owner_id, app_id)
            made = self._tools.maker.consumer_key(app)
            await self._tools.change_app(made.app, app)
            await self._revoke_bearer(made.app)
        return made

    async def renew_client_secret(self, owner_id: int, app_id: int) -> MadeApp:
        """Another OAuth 2.0 client secret.

        Raises:
            NotConfidential: this App has none.
        """
        async with self._tools.changing(owner_id):
            app = await self._tools.own_app(owner_id, app_id)
            if not app.authentication.confidential:
                raise NotConfidential
            made = self._tools.maker.client_secret(app)
            await self._tools.change_app(made.app, app)
        return made

    async def renew_own_token(self, owner_id: int, app_id: int) -> MadeToken:
        """An access token for the developer's own account; the one before is revoked."""
        async with self._tools.changing(owner_id):
            app = await self._tools.own_app(owner_id, app_id)
            await self._revoke_own(app, owner_id)
            grant, made = self._tools.maker.own_token(app, owner_id)
            if not await self._tools.consents.add_grant(grant, [made.token]):
                raise NotThere
        return made

    async def revoke_own_token(self, owner_id: int, app_id: int) -> bool:
        """Revoke it; True if there was one."""
        async with self._tools.changing(owner_id):
            return await self._revoke_own(await self._tools.own_app(owner_id, app_id), owner_id)

    async def renew_bearer(self, owner_id: int, app_id: int) -> MadeToken:
        """A bearer for the App alone; the one before is revoked."""
        async with self._tools.changing(owner_id):
            app = await self._tools.own_app(owner_id, app_id)
            await self._revoke_bearer(app)
            made = self._tools.maker.bearer(app)
            if not await self._tools.credentials.put_token(made.token):
                raise NotThere
        return made

    async def revoke_bearer(self, owner_id: int, app_id: int) -> bool:
        """Revoke it; True if there was one."""
        async with self._tools.changing(owner_id):
            return await self._revoke_bearer(await self._tools.own_app(owner_id, app_id))

    async def _revoke_own(self, app: App, owner_id: int) -> bool:
        token = await self._tools.consents.own_token(app.id, owner_id)
        if token is None or token.grant_id is None:
            return False
        await self._tools.consents.revoke_grant(token.grant_id, self._tools.now_ms)
        await self._tools.forget()
        return True

    async def _revoke_bearer(self, app: App) -> bool:
        tools, revoked = self._tools, False
        # There may be more than one where the App asked for its bearer twice at the same moment.
        while (token := await tools.credentials.app_only_token(app.id)) is not None:
            if not await tools.credentials.revoke_token(token.digest, tools.now_ms):
                break
            revoked = True
            await tools.forget()
        return revoked
