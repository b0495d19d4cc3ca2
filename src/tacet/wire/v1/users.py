"""`/1.1/users`: show one, look many up.

Source: X's documentation of `users/show` and `users/lookup`.
"""

from tacet.wire.problems import Refusal
from tacet.wire.v1 import problems
from tacet.wire.v1.calls import V1Call, V1Operation
from tacet.wire.v1.encoding import encode_v1
from tacet.wire.v1.people import PeopleGiven, mistake
from tacet.wire.v1.render_user import UserObjects


class Users:
    """The look-ups over one directory."""

    def __init__(self, given: PeopleGiven, users: UserObjects) -> None:
        self._given = given
        self._users = users

    def operations(self) -> list[V1Operation]:
        """All operations of this family."""
        return [
            V1Operation("users/show", "GET", self.show, app_only=True),
            V1Operation("users/lookup", "GET", self.lookup, app_only=True, by_post=True),
        ]

    async def show(self, call: V1Call) -> bytes:
        """One user object."""
        person = await self._given.one(call)
        return encode_v1(await self._users.one(person.id, call))

    async def lookup(self, call: V1Call) -> bytes:
        """A list of user objects in the order asked; whoever is not there is left out."""
        people = await self._given.many(call)
        if not people:
            raise Refusal(problems.NO_USER_MATCHES, mistake(call))
        return encode_v1(await self._users.asked([person.id for person in people], call))
