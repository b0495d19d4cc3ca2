"""What an operation of the API is, as data; `tacet.wire.endpoint` serves it and `tacet.wire.openapi` describes it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tacet.identity.caller import Caller
from tacet.wire.parameters import Parameters
from tacet.wire.selection import PostSelection, Selection


class Call(msgspec.Struct, frozen=True):
    """A request that may be carried out.

    Attributes:
        path: the path's parameters, valid.
        values: the endpoint's own query parameters, read.
        selection: None where the operation shows no users.
        post_selection: None where it shows no posts.
        body: as received; empty for operations that take none.
    """

    caller: Caller
    path: Mapping[str, str]
    values: Mapping[str, Any]
    selection: Selection | None
    post_selection: PostSelection | None
    body: bytes
    content_type: str


Handler = Callable[[Call], Awaitable[bytes]]
"""Carries out a call and returns the body of its answer; raises `Refusal` for anything else."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    Attributes:
        id: X's operation id, which also names its rate window.
        scopes: OAuth 2.0 scopes that are all required.
        app_only: whether an App may call it on its own.
        writes: whether OAuth 1.0a needs write permission.
        messages: whether it needs the permission for direct messages.
        own: the path parameter that must be the caller's own id.
        body: JSON Schema of the body that must come; None where none is read.
        answer: name of the schema of its answer, in the API's own document.
        summary: one line for that document.
        status: of its answer.
        refusals: names of the schemas of what only it refuses, by status.
    """

    id: str
    method: str
    path: str
    summary: str
    scopes: frozenset[str]
    handle: Handler
    answer: str
    parameters: Parameters = field(default_factory=Parameters)
    app_only: bool = False
    writes: bool = False
    messages: bool = False
    own: str = ""
    body: Mapping[str, Any] | None = None
    status: int = 200
    refusals: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
