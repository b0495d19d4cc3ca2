"""Keys on the one page that shows them. It answers the form itself: a redirect would have to carry them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.responses import Response

from tacet.identity.making import MadeApp, MadeToken
from tacet.pages.visit import Visit
from tacet.records.credentials import App


@dataclass(frozen=True, slots=True)
class Shown:
    """One value to copy; `once` where it cannot be read again."""

    label: str
    text: str = field(repr=False)
    hint: str
    once: bool = True


def app_secrets(made: MadeApp) -> list[Shown]:
    """What a new App has."""
    return [*consumer_secrets(made), client_id(made.app)]


def consumer_secrets(made: MadeApp) -> list[Shown]:
    """An API key and its secret."""
    return [
        Shown("API key", made.app.consumer_key, "Also called consumer key. It stays readable here.", once=False),
        Shown("API key secret", made.consumer_secret, "Also called consumer secret."),
    ]


def client_secrets(made: MadeApp) -> list[Shown]:
    """An OAuth 2.0 client id and its secret."""
    return [client_id(made.app), Shown("Client secret", made.client_secret, "Sent together with the client ID.")]


def client_id(app: App) -> Shown:
    """What names an App in an OAuth 2.0 login."""
    return Shown("Client ID", app.client_id, "For OAuth 2.0. It is no secret.", once=False)


def own_token_secrets(made: MadeToken) -> list[Shown]:
    """An OAuth 1.0a access token and its secret."""
    return [
        Shown("Access token", made.text, "It begins with your account's ID."),
        Shown("Access token secret", made.secret, "Signs requests together with the API key secret."),
    ]


def bearer_secrets(made: MadeToken) -> list[Shown]:
    """An app-only bearer."""
    return [Shown("Bearer token", made.text, "Sent as “Authorization: Bearer …”; it speaks for the App alone.")]


def secrets_page(visit: Visit, app: App, title: str, shown: Sequence[Shown], note: str = "") -> Response:
    """The page. It is never kept by a browser or a proxy, as no page of ours is."""
    return visit.page("portal/secrets.html", app=app, title=title, shown=shown, note=note)
