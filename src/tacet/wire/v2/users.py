"""`/2/users…`: me, by id, by ids, by username, by usernames.

Source: X's OpenAPI operations getUsersMe, getUsersById, getUsersByIds, getUsersByUsername and getUsersByUsernames.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tacet.directory.lookup import People
from tacet.records.people import Person, State
from tacet.wire import problems
from tacet.wire.kinds import ID, ID_PATTERN, USERNAME, USERNAME_PATTERN, list_matching
from tacet.wire.operations import Call, Handler, Operation
from tacet.wire.parameters import Parameters
from tacet.wire.selection import select
from tacet.wire.v2.answers import Answers

_READ = frozenset(("tweet.read", "users.read"))
_DEFAULT_SELECTION = select({})


class Users:
    """The look-ups over one directory."""

    def __init__(self, people: People, answers: Answers) -> None:
        self._people = people
        self._answers = answers

    def operations(self) -> list[Operation]:
        """All operations of this family; fixed paths stand before those with parameters."""
        me = Parameters(selects="users")
        ids = Parameters(query={"ids": list_matching(ID_PATTERN)}, required=frozenset({"ids"}), selects="users")
        names = Parameters(
            query={"usernames": list_matching(USERNAME_PATTERN)},
            required=frozenset({"usernames"}),
            selects="users",
        )
        name = Parameters(path={"username": USERNAME}, selects="users")
        by_id = Parameters(path={"id": ID}, selects="users")
        return [
            _look_up("getUsersMe", "/2/users/me", "The authenticating user", self.me, me, app_only=False),
            _look_up("getUsersByIds", "/2/users", "Users by their ids", self.by_ids, ids, "Users"),
            _look_up(
                "getUsersByUsernames",
                "/2/users/by",
                "Users by their usernames",
                self.by_usernames,
                names,
                "Users",
            ),
            _look_up(
                "getUsersByUsername",
                "/2/users/by/username/{username}",
                "One user by username",
                self.by_username,
                name,
            ),
            _look_up("getUsersById", "/2/users/{id}", "One user by id", self.by_id, by_id),
        ]

    async def me(self, call: Call) -> bytes:
        own_id = call.caller.user_id or 0
        return await self._answer(call, "id", [str(own_id)], await self._by_id([str(own_id)]), one=True)

    async def by_id(self, call: Call) -> bytes:
        wanted = [call.path["id"]]
        return await self._answer(call, "id", wanted, await self._by_id(wanted), one=True)

    async def by_ids(self, call: Call) -> bytes:
        wanted = list(dict.fromkeys(call.values["ids"]))
        return await self._answer(call, "ids", wanted, await self._by_id(wanted))

    async def by_username(self, call: Call) -> bytes:
        wanted = [call.path["username"]]
        return await self._answer(call, "username", wanted, await self._by_name(wanted), one=True)

    async def by_usernames(self, call: Call) -> bytes:
        wanted = list(dict.fromkeys(call.values["usernames"]))
        return await self._answer(call, "usernames", wanted, await self._by_name(wanted))

    async def _by_id(self, wanted: Sequence[str]) -> dict[str, Person]:
        people = await self._people.by_ids([int(text) for text in wanted])
        return {text: people[int(text)] for text in wanted if int(text) in people}

    async def _by_name(self, wanted: Sequence[str]) -> dict[str, Person]:
        people = await self._people.by_usernames(wanted)
        return {name: people[name.lower()] for name in wanted if name.lower() in people}

    async def _answer(
        self,
        call: Call,
        parameter: str,
        wanted: Sequence[str],
        found: Mapping[str, Person],
        one: bool = False,
    ) -> bytes:
        """Who was found, and an entry of `errors[]` for everybody who was not."""
        selection = call.selection or _DEFAULT_SELECTION
        ids = list(dict.fromkeys(person.id for person in found.values() if person.state is State.ACTIVE))
        users = await self._answers.users(ids, selection, call.caller)
        errors = [_missing(parameter, text, found.get(text)) for text in wanted]
        return await self._answers.body(
            users,
            ids,
            selection,
            call.caller,
            one=one,
            errors=[error for error in errors if error is not None],
        )


def _look_up(
    id_: str,
    path: str,
    summary: str,
    handle: Handler,
    parameters: Parameters,
    answer: str = "OneUser",
    *,
    app_only: bool = True,
) -> Operation:
    return Operation(id_, "GET", path, summary, _READ, handle, answer, parameters, app_only)


def _missing(parameter: str, text: str, person: Person | None) -> dict[str, Any] | None:
    """Why this one is not in `data`; a deactivated account looks as if it never was."""
    if person is None or person.state is State.DEACTIVATED:
        return problems.missing_user(parameter, text)
    if person.state is State.SUSPENDED:
        return problems.suspended_user(parameter, text)
    return None
