"""What an operation of v1.1 is, as data, and what it is called with."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tacet.identity.caller import Caller

PREFIX = "/1.1/"
"""Below this are all paths of v1.1."""

MAX_NUMBER_DIGITS = 19
"""Of what `V1Call.number` reads: as many as the largest 64-bit integer has."""

_TRUE = frozenset(("true", "t", "1"))
"""What X's documentation says, in any case: the most used of its clients sends `True`."""

_NUMBER = re.compile(rf"[0-9]{{1,{MAX_NUMBER_DIGITS}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class V1Call:
    """A request that may be carried out.

    Attributes:
        user_id: the person in whose name it comes; None for an App on its own.
        given: the parameters of query and form, of each name the last one; those of OAuth are left out.
        access_token: which OAuth 1.0a token it came with, which is no secret without its other half; else empty.
        is_json: whether it came with a JSON body, of which v1.1 reads nothing.
    """

    caller: Caller
    user_id: int | None
    given: Mapping[str, str] = field(repr=False)
    access_token: str = field(default="", repr=False)
    is_json: bool = False

    @property
    def own_id(self) -> int:
        """Who calls an operation that is for people only; 0, whom nobody has as an id, for an App on its own."""
        return self.user_id or 0

    def text(self, name: str) -> str:
        """A parameter as it was sent; empty where it was not, which v1.1 takes for the same."""
        return self.given.get(name, "")

    def flag(self, name: str, default: bool) -> bool:
        """Whether a parameter is switched on; whatever does not say yes says no, and only its absence nothing."""
        value = self.given.get(name, "")
        return value.lower() in _TRUE if value else default

    def number(self, name: str, default: int, most: int) -> int:
        """A count between 1 and `most`; larger ones mean `most`, and what is none, or 0, means `default`."""
        value = self.given.get(name, "")
        wanted = int(value) if _NUMBER.fullmatch(value) else 0
        return min(wanted, most) if wanted else default


V1Handler = Callable[[V1Call], Awaitable[bytes]]
"""Carries out a call and returns the body of its answer; raises `Refusal` with a problem of v1.1 for anything else."""


@dataclass(frozen=True, slots=True)
class V1Operation:
    """One method of one path.

    Attributes:
        id: its path between `/1.1/` and `.json`, which also names its rate window.
        method: GET or POST.
        writes: whether it needs write permission.
        app_only: whether an App may call it on its own.
        by_post: whether it may also come as POST, for lists that do not fit into an address.
    """

    id: str
    method: str
    handle: V1Handler
    writes: bool = False
    app_only: bool = False
    by_post: bool = False

    @property
    def path(self) -> str:
        return f"{PREFIX}{self.id}.json"
