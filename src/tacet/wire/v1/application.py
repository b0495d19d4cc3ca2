"""`application/rate_limit_status`: what is left of every window of an operation that reads.

Source: X's documentation of it, and recorded answers; operations that write are not in them.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from tacet.identity.authenticator import Authenticator
from tacet.limits.windows import Windows
from tacet.wire.endpoint import subject_of
from tacet.wire.v1.calls import V1Call, V1Operation
from tacet.wire.v1.encoding import encode_v1

_SHOWN_AS = {"users/show": "/users/show/:id"}
"""Paths that X lists with a parameter which they do not have here."""


class Application:
    """What an App may still ask for.

    Args:
        authenticator: knows what an App on its own is called.
        others: all operations of v1.1 but the one of this family.
    """

    def __init__(self, windows: Windows, authenticator: Authenticator, others: Sequence[V1Operation]) -> None:
        self._windows = windows
        self._authenticator = authenticator
        own = V1Operation("application/rate_limit_status", "GET", self.rate_limit_status, app_only=True)
        self._all = (*others, own)

    def operations(self) -> list[V1Operation]:
        """All operations of this family."""
        return [self._all[-1]]

    async def rate_limit_status(self, call: V1Call) -> bytes:
        """Limits by family and path. `resources` names the families that are wanted; unknown ones are left out."""
        wanted = {family.strip() for family in call.text("resources").split(",")} - {""}
        asked = [each for each in self._offered(call) if not wanted or _family(each) in wanted]
        subject = subject_of(call.caller)
        # Together: where windows are shared, each is a question to another machine.
        windows = await asyncio.gather(*(self._windows.peek(each.id, subject) for each in asked))
        resources: dict[str, dict[str, Any]] = defaultdict(dict)
        for operation, left in zip(asked, windows, strict=True):
            if left is not None:
                path = _SHOWN_AS.get(operation.id, f"/{operation.id}")
                limit = {"limit": left.limit, "remaining": left.remaining, "reset": left.resets_at_s}
                resources[_family(operation)][path] = limit
        return encode_v1({"rate_limit_context": await self._context(call), "resources": resources})

    def _offered(self, call: V1Call) -> list[V1Operation]:
        """What reads, and is for this caller."""
        for_all = call.user_id is not None
        return [each for each in self._all if each.method == "GET" and (for_all or each.app_only)]

    async def _context(self, call: V1Call) -> dict[str, str]:
        """Whose limits they are, as recorded: the token, or the App's consumer key; of both not the secret part."""
        if call.user_id is None:
            return {"application": await self._authenticator.consumer_key(call.caller)}
        return {"access_token": call.access_token}


def _family(operation: V1Operation) -> str:
    return operation.id.partition("/")[0]
