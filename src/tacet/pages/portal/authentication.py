"""The page "User authentication settings"."""

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from tacet.identity.developers import Developers
from tacet.identity.developers.authentication import CONFIDENTIAL, PUBLIC, WantedAuthentication
from tacet.identity.developers.errors import Refused
from tacet.identity.developers.urls import MAX_CALLBACKS
from tacet.pages.portal.entry import Entry, app_url, done, done_words, path_id
from tacet.pages.portal.secrets import client_secrets, secrets_page
from tacet.pages.portal.words import ACCESS_WORDS
from tacet.pages.routing import Page
from tacet.pages.visit import INVALID, Visit
from tacet.records.credentials import App


class AuthenticationPages:
    """Show and change how people sign in through an App."""

    def __init__(self, developers: Developers, entry: Entry) -> None:
        self._apps = developers.apps
        self._authentication = developers.authentication
        self._entry = entry

    def pages(self) -> Sequence[Page]:
        return [self._entry.page("/portal/apps/{app_id:int}/authentication", self._show, self._change)]

    async def _show(self, visit: Visit) -> Response:
        app = await self._apps.one(visit.user_id, path_id(visit, "app_id"))
        return _page(visit, app, _current(app), {})

    async def _change(self, visit: Visit) -> Response:
        app_id, wanted = path_id(visit, "app_id"), _wanted(visit)
        try:
            made = await self._authentication.change(visit.user_id, app_id, wanted)
        except Refused as refused:
            app = await self._apps.one(visit.user_id, app_id)
            return _page(visit, app, wanted, refused.problems)
        if made.client_secret:
            note = "The settings are saved. A confidential client has a secret, and this is it."
            return secrets_page(visit, made.app, "Your client secret", client_secrets(made), note)
        return done(visit, app_url(app_id, "/authentication"), "saved")


def _wanted(visit: Visit) -> WantedAuthentication:
    return WantedAuthentication(
        oauth1=visit.value("oauth1") == "on",
        oauth2=visit.value("oauth2") == "on",
        access=visit.value("access"),
        client_type=visit.value("client_type"),
        callbacks=visit.value("callbacks"),
        website=visit.value("website"),
    )


def _current(app: App) -> WantedAuthentication:
    settings = app.authentication
    return WantedAuthentication(
        oauth1=settings.oauth1,
        oauth2=settings.oauth2,
        access=app.access,
        client_type=CONFIDENTIAL if settings.confidential else PUBLIC,
        callbacks="\n".join(settings.callbacks),
        website=settings.website,
    )


def _page(visit: Visit, app: App, wanted: WantedAuthentication, problems: Mapping[str, str]) -> Response:
    return visit.page(
        "portal/authentication.html",
        status=INVALID if problems else 200,
        app=app,
        wanted=wanted,
        problems=problems,
        accesses=[(access.value, words) for access, words in ACCESS_WORDS.items()],
        max_callbacks=MAX_CALLBACKS,
        done=done_words(visit),
    )
