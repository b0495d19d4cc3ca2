"""Who is meant by `user_id` and `screen_name`, alone or in lists.

Where both name somebody, `user_id` decides: ids are never given to somebody else, names are.
"""

import re
from collections.abc import Iterable, Sequence

from tacet.directory.lookup import People, is_shown
from tacet.records.people import MAX_ID, Person, State
from tacet.wire.kinds import ID_PATTERN, USERNAME_PATTERN
from tacet.wire.problems import Problem, Refusal
from tacet.wire.v1 import problems
from tacet.wire.v1.calls import V1Call

MAX_LOOKED_UP = 100
"""X's limit of ids and names in one look-up, both together."""

JSON_IGNORED = "v1.1 takes a form or the query; this body is JSON"

_ID = re.compile(ID_PATTERN, re.ASCII)
_USERNAME = re.compile(USERNAME_PATTERN, re.ASCII)


class PeopleGiven:
    """Reads calls over one directory."""

    def __init__(self, people: People) -> None:
        self._people = people

    async def one(self, call: V1Call) -> Person:
        """Whom a reading call is about.

        Raises:
            Refusal: code 38 where it names nobody, 50 or 63 where they are not there.
        """
        missing = problems.parameter_missing("user_id")
        person = await self.named(call, "user_id", "screen_name", missing)
        return self.shown(person, call)

    async def target(self, call: V1Call) -> Person:
        """Whom a writing call is about.

        Raises:
            Refusal: code 108 where it names nobody, 50 or 63 where they are not there.
        """
        person = await self.named(call, "user_id", "screen_name", problems.CANNOT_FIND_USER)
        return self.shown(person, call)

    async def named(
        self, call: V1Call, id_name: str, username_name: str, missing: Problem, otherwise_id: int | None = None
    ) -> Person | None:
        """Whoever has the id or the username that a call gives, whatever their state; None for nobody.

        Args:
            otherwise_id: who is meant where it gives neither.

        Raises:
            Refusal: with `missing` where nobody is meant at all.
        """
        id_, username = call.text(id_name), call.text(username_name)
        if id_:
            return await self._people.one(int(id_)) if _is_id(id_) else None
        if username:
            return (await self._by_username([username])).get(username.lower())
        if otherwise_id is None:
            raise Refusal(missing, JSON_IGNORED if call.is_json else "")
        return await self._people.one(otherwise_id)

    def shown(
        self, person: Person | None, call: V1Call, id_name: str = "user_id", username_name: str = "screen_name"
    ) -> Person:
        """The same person, whom a call names in one of two parameters.

        Raises:
            Refusal: code 63 for somebody who is suspended; 50 for nobody, and for whoever left, who looks the same.
        """
        if person is not None and person.state is State.SUSPENDED:
            raise Refusal(problems.USER_SUSPENDED)
        if person is None:
            raise Refusal(problems.USER_NOT_FOUND, mistake(call, id_name, username_name))
        if not is_shown(person):
            raise Refusal(problems.USER_NOT_FOUND)
        return person

    async def many(self, call: V1Call) -> list[Person]:
        """Everybody in the lists of ids and of usernames who is there, in the order given, ids first, each once.

        Raises:
            Refusal: code 38 for empty lists, 18 for more than `MAX_LOOKED_UP` entries.
        """
        ids, usernames = _listed(call.text("user_id")), _listed(call.text("screen_name"))
        if not ids and not usernames:
            raise Refusal(problems.parameter_missing("user_id"), JSON_IGNORED if call.is_json else "")
        if len(ids) + len(usernames) > MAX_LOOKED_UP:
            raise Refusal(problems.TOO_MANY_TERMS)
        by_id = await self._people.by_ids([int(text) for text in ids if _is_id(text)])
        by_username = await self._by_username(usernames)
        found = [
            *(by_id.get(int(text)) for text in ids if _is_id(text)),
            *(by_username.get(name.lower()) for name in usernames),
        ]
        return list({person.id: person for person in found if person is not None and is_shown(person)}.values())

    async def _by_username(self, usernames: Iterable[str]) -> dict[str, Person]:
        possible = [username for username in usernames if _USERNAME.fullmatch(username)]
        return await self._people.by_usernames(possible) if possible else {}


def mistake(call: V1Call, id_name: str = "user_id", username_name: str = "screen_name") -> str:
    """What is wrong with how somebody was named, for the log; empty where nothing is seen to be.

    Args:
        id_name, username_name: parameters of one value or of a list.
    """
    if not all(map(_is_id, _listed(call.text(id_name)))):
        return f"{id_name} is a number; for names there is {username_name}"
    if any(text.startswith("@") for text in _listed(call.text(username_name))):
        return f"{username_name} has no @"
    return ""


def _listed(text: str) -> Sequence[str]:
    """The entries of a list separated by commas. Clients also send blanks after these, and a comma at the end."""
    return [entry for part in text.split(",") if (entry := part.strip(" "))]


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None and int(text) <= MAX_ID
