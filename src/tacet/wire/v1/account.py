"""`/1.1/account`: whom the credentials belong to.

Source: X's documentation of `account/verify_credentials`.
"""

from tacet.directory.lookup import People
from tacet.identity.caller import Method
from tacet.wire.v1.calls import V1Call, V1Operation
from tacet.wire.v1.encoding import encode_v1
from tacet.wire.v1.render_user import UserObjects


class Account:
    """The caller's own account."""

    def __init__(self, people: People, users: UserObjects) -> None:
        self._people = people
        self._users = users

    def operations(self) -> list[V1Operation]:
        """All operations of this family."""
        return [V1Operation("account/verify_credentials", "GET", self.verify_credentials)]

    async def verify_credentials(self, call: V1Call) -> bytes:
        """The caller as a user object; with `include_email` also their address, null where none is confirmed."""
        user = await self._users.one(call.own_id, call)
        # X gives addresses to nobody else: an OAuth 2.0 token would need a scope that v1.1 knows nothing of.
        if call.flag("include_email", False) and call.caller.method is Method.OAUTH1_USER:
            person = await self._people.one(call.own_id)
            user["email"] = (person and person.profile.confirmed_email) or None
        return encode_v1(user)
