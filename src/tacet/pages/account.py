"""One's own account: connected apps, the password, and the browsers that are signed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from starlette.responses import Response

from tacet.directory.lookup import People
from tacet.identity.connections import ConnectedApp, Connections
from tacet.identity.signin.passwords import PasswordChanged, Passwords, WeakPassword
from tacet.identity.signin.sessions import Sessions
from tacet.pages.asking import maker
from tacet.pages.browsers import begin_session, end_session
from tacet.pages.forms import read_query
from tacet.pages.journal import Journal
from tacet.pages.proving import Attempts, Unproven
from tacet.pages.routing import Page
from tacet.pages.scope_words import STAYS, access_can, scopes_can
from tacet.pages.visit import INVALID, Visit, not_found
from tacet.records.accounts import Password

ACCOUNT_PATH = "/account"

DONE: Mapping[str, str] = MappingProxyType(
    {
        "revoked": "The App was disconnected. Its keys to your account no longer work.",
        "password": "Your password was changed. All other browsers were signed out.",
    }
)
"""What is said after something was done, by the word in the address."""


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """What changing a password takes; a sandbox has no passwords."""

    passwords: Passwords
    attempts: Attempts


class Account:
    """`/account` and what is below it."""

    def __init__(
        self,
        connections: Connections,
        people: People,
        sessions: Sessions,
        journal: Journal,
        change: PasswordChange | None,
    ) -> None:
        self._connections = connections
        self._people = people
        self._sessions = sessions
        self._journal = journal
        self._change = change

    def pages(self) -> Sequence[Page]:
        pages = [
            Page(ACCOUNT_PATH, get=self._show),
            Page(f"{ACCOUNT_PATH}/apps/{{app_id:int}}/revoke", get=self._ask_to_revoke, post=self._revoke),
            Page(f"{ACCOUNT_PATH}/sign-out-everywhere", get=self._ask_to_sign_out, post=self._sign_out_everywhere),
        ]
        if self._change is not None:
            pages.append(PasswordPage(self._change, self._sessions, self._journal).page())
        return pages

    async def _show(self, visit: Visit) -> Response:
        done = DONE.get(read_query(visit.request).get("done", [""])[-1], "")
        shown = [await self._shown(each) for each in await self._connections.of_user(visit.user_id)]
        return visit.page("account/account.html", done=done, connected=shown, passwords=self._change is not None)

    async def _ask_to_revoke(self, visit: Visit) -> Response:
        return visit.page("account/revoke.html", each=await self._shown(await self._one(visit)), stays=STAYS)

    async def _revoke(self, visit: Visit) -> Response:
        # Whoever sends the form twice has what they wanted, so nothing is said about the second time.
        await self._connections.revoke(visit.request.path_params["app_id"], visit.user_id)
        return visit.go(f"{ACCOUNT_PATH}?done=revoked")

    async def _ask_to_sign_out(self, visit: Visit) -> Response:
        return visit.page("account/sign-out-everywhere.html")

    async def _sign_out_everywhere(self, visit: Visit) -> Response:
        response = visit.go("/?done=signed-out")
        await self._sessions.end_all(visit.user_id)
        await end_session(visit, self._sessions, response)
        self._journal.signed_out(visit)
        return response

    async def _one(self, visit: Visit) -> ConnectedApp:
        found = await self._connections.between(visit.request.path_params["app_id"], visit.user_id)
        if found is None:
            raise not_found()
        return found

    async def _shown(self, each: ConnectedApp) -> Mapping[str, object]:
        can = scopes_can(each.connection.scopes)
        access = each.connection.access_now(each.app)
        if access is not None:
            can += [words for words in access_can(access) if words not in can]
        maker_name = await maker(self._people, each.app)
        return {"app": each.app, "maker": maker_name, "since_ms": each.connection.since_ms, "can": can}


class PasswordPage:
    """`/account/password`."""

    def __init__(self, change: PasswordChange, sessions: Sessions, journal: Journal) -> None:
        self._passwords = change.passwords
        self._attempts = change.attempts
        self._sessions = sessions
        self._journal = journal

    def page(self) -> Page:
        return Page(f"{ACCOUNT_PATH}/password", get=self._ask, post=self._change)

    async def _ask(self, visit: Visit) -> Response:
        return visit.page("account/password.html", errors={})

    async def _change(self, visit: Visit) -> Response:
        try:
            password = await self._changed(visit)
            response = visit.go(f"{ACCOUNT_PATH}?done=password")
            text = await begin_session(visit, self._sessions, visit.user_id, response)
            if not await self._attempts.stands(visit, password):
                await self._sessions.end(text)
                raise _not_yours()
        except Unproven as unproven:
            return visit.page("account/password.html", status=INVALID, errors=unproven.errors)
        self._journal.password_changed(visit)
        return response

    async def _changed(self, visit: Visit) -> Password:
        """Change the password.

        Raises:
            Unproven: with what stands against it, by field.
        """
        person = visit.person
        if person is None:
            raise not_found()
        if visit.raw("new") != visit.raw("again"):
            raise Unproven({"again": "This is not the same as the new password."})
        # Somebody at a browser that was left open must not be able to guess on.
        await self._attempts.begin(visit, person.username, ("Back", f"{ACCOUNT_PATH}/password"))
        current = await self._attempts.matching(visit, person.username, person, visit.raw("current"))
        if current is None:
            raise _not_yours()
        try:
            return await self._passwords.set(person.id, visit.raw("new"), username=person.username, replacing=current)
        except WeakPassword as weak:
            raise Unproven({"new": str(weak)}) from None
        except PasswordChanged:
            raise _not_yours() from None


def _not_yours() -> Unproven:
    return Unproven({"current": "This is not your password."})
