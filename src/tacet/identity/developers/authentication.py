"""An App's "User authentication settings": how people may sign in through it."""

from dataclasses import dataclass, replace

from tacet.identity.developers.errors import Unacceptable
from tacet.identity.developers.texts import Form, website_of
from tacet.identity.developers.tools import Tools
from tacet.identity.developers.urls import read_callbacks
from tacet.identity.making import MadeApp
from tacet.records.credentials import Access, UserAuthentication


@dataclass(frozen=True, slots=True)
class WantedAuthentication:
    """The settings as they were typed in.

    Attributes:
        access: one of `Access`'s values.
        client_type: `public` or `confidential`.
        callbacks: one a line.
    """

    oauth1: bool
    oauth2: bool
    access: str
    client_type: str
    callbacks: str
    website: str


PUBLIC, CONFIDENTIAL = "public", "confidential"


class AuthenticationSettings:
    """Change how people sign in."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def change(self, owner_id: int, app_id: int, wanted: WantedAuthentication) -> MadeApp:
        """Change all of them at once.

        A public App that becomes a confidential one gets a client secret, which is in the answer this once; a
        confidential one that becomes public loses its own. Tokens that people granted keep working.

        Raises:
            NotThere
            Refused: fields as in `WantedAuthentication`.
        """
        async with self._tools.changing(owner_id):
            app = await self._tools.own_app(owner_id, app_id)
            access, authentication = read_authentication(wanted)
            made = MadeApp(replace(app, access=access, authentication=authentication))
            if not authentication.confidential:
                made = MadeApp(replace(made.app, client_secret_digest=b""))
            elif not app.client_secret_digest:
                made = self._tools.maker.client_secret(made.app)
            await self._tools.change_app(made.app, app)
        return made


def read_authentication(wanted: WantedAuthentication) -> tuple[Access, UserAuthentication]:
    """The settings, checked. OAuth 2.0 needs a callback URL; OAuth 1.0a does without one, by PIN.

    Raises:
        Refused: fields as in `WantedAuthentication`.
    """
    form = Form()
    access = form.read("access", _access, wanted.access)
    client_type = form.read("client_type", _client_type, wanted.client_type)
    callbacks = form.read("callbacks", read_callbacks, wanted.callbacks)
    website = form.read("website", website_of, wanted.website)
    if wanted.oauth2 and callbacks == ():
        form.problems["callbacks"] = "OAuth 2.0 needs at least one: it is where people come back to."
    form.check()
    confidential = client_type == CONFIDENTIAL
    settings = UserAuthentication(wanted.oauth1, wanted.oauth2, confidential, callbacks or (), website or "")
    return access or Access.READ, settings


def _access(text: str) -> Access:
    try:
        return Access(text)
    except ValueError:
        raise Unacceptable("Choose one of these.") from None


def _client_type(text: str) -> str:
    if text not in {PUBLIC, CONFIDENTIAL}:
        raise Unacceptable("Choose one of these.")
    return text
