"""Signing in and out. However somebody proves who they are, they get a new session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.responses import Response

from tacet.directory.lookup import People, is_shown
from tacet.identity.signin.sessions import Sessions
from tacet.pages.browsers import begin_session, end_session
from tacet.pages.destinations import Destinations
from tacet.pages.forms import read_query
from tacet.pages.journal import Journal
from tacet.pages.onward import FORCE, HOME, NEXT, SCREEN_NAME, SIGN_IN_PATH, local_path, to_sign_in
from tacet.pages.proving import Attempts, Unproven
from tacet.pages.residents import Residents
from tacet.pages.routing import Page
from tacet.pages.visit import INVALID, Visit
from tacet.records.accounts import Password
from tacet.records.people import Person

MAX_USERNAME_LENGTH = 50
"""Characters of a username that are looked at: more than any has."""


@dataclass(frozen=True, slots=True)
class Proven:
    """Who somebody is, and the password that showed it; None where there are none."""

    person: Person
    password: Password | None = None


class Proof(Protocol):
    """How people show who they are.

    Attributes:
        template: the page that asks them.
    """

    template: str

    async def ask(self, expected: str) -> Mapping[str, Any]:
        """What its template needs. `expected`: the username that somebody was said to have; may be empty."""
        ...

    async def prove(self, visit: Visit) -> Proven:
        """Whoever sent this form.

        Raises:
            Unproven: it shows nobody.
            PageError: 429, too often in vain.
        """
        ...

    async def confirm(self, visit: Visit, proven: Proven) -> None:
        """See, once the session is there, that it was not begun with what shows nothing any more.

        Raises:
            Unproven: it was.
        """
        ...


class SignIn:
    """`/sign-in` and `/sign-out`."""

    def __init__(self, sessions: Sessions, proof: Proof, destinations: Destinations, journal: Journal) -> None:
        self._sessions = sessions
        self._proof = proof
        self._destinations = destinations
        self._journal = journal

    def pages(self) -> Sequence[Page]:
        return [
            Page(SIGN_IN_PATH, get=self._ask, post=self._sign_in, open=True),
            Page("/sign-out", get=self._leave, post=self._sign_out, open=True, resumes=True),
        ]

    async def _ask(self, visit: Visit) -> Response:
        query = read_query(visit.request)
        onward = local_path(query.get(NEXT, [HOME])[-1])
        if visit.person is not None and FORCE not in query:
            return visit.go(onward)
        return await self._page(visit, onward, query.get(SCREEN_NAME, [""])[-1])

    async def _sign_in(self, visit: Visit) -> Response:
        onward = local_path(visit.raw(NEXT))
        try:
            proven = await self._proof.prove(visit)
            response = visit.go(onward)
            text = await begin_session(visit, self._sessions, proven.person.id, response)
            await self._confirm(visit, proven, text)
        except Unproven as unproven:
            return await self._page(visit, onward, visit.value("username"), unproven.errors)
        self._journal.signed_in(visit, proven.person.id)
        return response

    async def _confirm(self, visit: Visit, proven: Proven, text: str) -> None:
        try:
            await self._proof.confirm(visit, proven)
        except Unproven:
            await self._sessions.end(text)
            raise

    async def _page(
        self, visit: Visit, onward: str, expected: str, errors: Mapping[str, str] | None = None
    ) -> Response:
        name = username(expected)
        return visit.page(
            self._proof.template,
            status=INVALID if errors else 200,
            next=onward,
            app_name=await self._destinations.app_name(onward),
            expected=name,
            errors=errors or {},
            **await self._proof.ask(name),
        )

    async def _leave(self, visit: Visit) -> Response:
        return visit.go(HOME) if visit.person is None else visit.page("sign-in/out.html")

    async def _sign_out(self, visit: Visit) -> Response:
        response = visit.go(f"{HOME}?done=signed-out")
        await end_session(visit, self._sessions, response)
        self._journal.signed_out(visit)
        return response


class ByPassword:
    """A username and a password."""

    template = "sign-in/password.html"

    def __init__(self, people: People, attempts: Attempts) -> None:
        self._people = people
        self._attempts = attempts

    async def ask(self, expected: str) -> Mapping[str, Any]:
        return {}

    async def prove(self, visit: Visit) -> Proven:
        """The same answer after the same work, whether there is no such person, no password, or another one."""
        name = username(visit.value("username"))
        back = to_sign_in(local_path(visit.raw(NEXT)))
        await self._attempts.begin(visit, name, ("Back to sign-in", back))
        person = await find(self._people, name)
        password = await self._attempts.matching(visit, name, person, visit.raw("password"))
        if person is None or password is None:
            raise _mismatch()
        return Proven(person, password)

    async def confirm(self, visit: Visit, proven: Proven) -> None:
        if proven.password is None or not await self._attempts.stands(visit, proven.password):
            raise _mismatch()


class ByChoice:
    """Whoever one likes to be: for sandboxes, where everybody knows everybody's keys."""

    template = "sign-in/choose.html"

    def __init__(self, people: People, residents: Residents, journal: Journal) -> None:
        self._people = people
        self._residents = residents
        self._journal = journal

    async def ask(self, expected: str) -> Mapping[str, Any]:
        residents = await self._residents.all()
        # Whoever is expected comes first, so that one key press is enough.
        residents.sort(key=lambda person: person.username.lower() != expected.lower())
        return {"residents": residents}

    async def prove(self, visit: Visit) -> Proven:
        name = username(visit.value("username"))
        person = await find(self._people, name)
        if person is None or not is_shown(person):
            self._journal.failed(visit, None if person is None else person.id)
            raise Unproven({"username": f"Nobody here is called @{name}." if name else "Say who you want to be."})
        return Proven(person)

    async def confirm(self, visit: Visit, proven: Proven) -> None:
        """Nothing can change."""


def _mismatch() -> Unproven:
    return Unproven({"password": "This username and password do not belong together."})


def username(text: str) -> str:
    """A username as people write it: with or without the @."""
    return text.strip().removeprefix("@")[:MAX_USERNAME_LENGTH]


async def find(people: People, name: str) -> Person | None:
    """The person with this username, in whatever case and state."""
    return (await people.by_usernames([name.lower()])).get(name.lower())
