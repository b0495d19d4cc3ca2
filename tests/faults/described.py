"""The operations of the API's own document: a new route is covered as soon as it is described."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from jsonschema import Draft202012Validator

from tests.cast import ALICE, BOB, CAROL, FULL, PINNED
from tests.service import Answer, Method, opened

MAX_ANSWER_BYTES = 256 * 1024
"""Of an answer to 16 KB of rubbish: 16 times as much, and no more."""

MOMENT = "2022-05-01T00:00:00Z"

TOKENS = ("1732069219319840768", "02RK8C1DG0000ZZZ", "abc123")
"""One of each kind of page token."""

GOOD = {
    "id": str(ALICE.id),
    "source_user_id": str(ALICE.id),
    "username": "alice",
    "ids": f"{BOB.id},{CAROL.id}",
    "usernames": "bob_b,carol",
    "participant_id": str(FULL.id),
    "max_results": "5",
    "since_id": str(PINNED.id),
    "until_id": str(PINNED.id),
    "start_time": MOMENT,
    "end_time": MOMENT,
}
"""A good value of each parameter but the target's; page tokens and those that are a choice of words need none here."""

ALWAYS_WRITING = frozenset(("createPosts", "repostPost", "createDirectMessagesByParticipantId"))
"""Operations of which every good request writes something."""

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Parameter:
    """One place of an operation that takes a text."""

    name: str
    where: str
    schema: Schema
    is_own: bool

    @property
    def good(self) -> str:
        choices = self.schema.get("items", self.schema).get("enum")
        if self.name == "pagination_token":
            choices = [token for token in TOKENS if _takes(self.schema, token)]
        return choices[0] if choices else GOOD[self.name]

    def takes(self, text: str) -> bool:
        """Whether the document allows this value, and the caller may give it."""
        return text == self.good if self.is_own else _takes(self.schema, text)


@dataclass(frozen=True, repr=False, eq=False)
class Described:
    """One operation as the document has it."""

    id: str
    method: Method
    path: str
    parameters: tuple[Parameter, ...]
    responses: Schema
    body: Schema | None
    is_public: bool
    _judged: set[tuple[int, str, bytes]] = field(default_factory=set)
    """Answers that were found good: most are the same, and judging them is slower than the service."""

    def __repr__(self) -> str:
        return f"<{self.id}>"

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def success(self) -> int:
        """The status of what succeeds."""
        return 201 if "201" in self.responses else 200

    @property
    def in_path(self) -> list[Parameter]:
        return [each for each in self.parameters if each.where == "path"]

    @property
    def in_query(self) -> list[Parameter]:
        return [each for each in self.parameters if each.where == "query"]

    @cached_property
    def reads_query(self) -> bool:
        """Whether anything can be wrong with a query."""
        return "400" in self.responses

    def judge(self, answer: Answer) -> None:
        """Fail unless the document has this answer, and it is of a decent size."""
        assert len(answer.body) <= MAX_ANSWER_BYTES
        assert int(answer.headers["content-length"]) == len(answer.body)
        assert "x-injected" not in answer.headers
        assert not re.search(r"[\r\n\x00]", "".join(answer.headers.values()))
        documented = self.responses.get(str(answer.status))
        assert documented is not None, f"{answer.status} is not documented: {answer.body[:200]!r}"
        media_type = answer.headers["content-type"].partition(";")[0]
        if (known := (answer.status, media_type, answer.body)) in self._judged:
            return
        assert media_type in documented["content"], f"{answer.status} as {media_type} is not documented"
        validator: Draft202012Validator = documented["content"][media_type]
        assert [each.message[:200] for each in validator.iter_errors(answer.json)] == []
        self._judged.add(known)


def _takes(schema: Schema, text: str) -> bool:
    if schema["type"] == "array":
        listed = text.split(",")
        return len(listed) <= schema.get("maxItems", len(listed)) and all(
            _takes(schema["items"], each) for each in listed
        )
    if schema["type"] == "integer":
        is_number = re.fullmatch(r"[+-]?[0-9]{1,19}", text, re.ASCII)
        return bool(is_number) and schema["minimum"] <= int(text) <= schema["maximum"]
    if "enum" in schema:
        return text in schema["enum"]
    if schema.get("format") == "date-time":
        return text == MOMENT
    return bool(re.fullmatch(schema["pattern"].removeprefix("^").removesuffix("$"), text, re.ASCII))


async def _document() -> dict[str, Any]:
    async with opened() as service:
        found: dict[str, Any] = (await service.get("/2/openapi.json", None)).json
        return found


def _described(document: Mapping[str, Any], path: str, method: str, operation: Schema) -> Described:
    def resolved(value: Schema) -> Schema:
        return document["components"]["parameters"][value["$ref"].rpartition("/")[2]] if "$ref" in value else value

    listed = [resolved(each) for each in operation.get("parameters", ())]
    components = {"components": document["components"]}
    responses = {
        status: {
            "content": {
                media_type: Draft202012Validator({**each["schema"], **components})
                for media_type, each in response["content"].items()
            }
        }
        for status, response in operation["responses"].items()
    }
    body = operation.get("requestBody")
    return Described(
        operation["operationId"],
        cast("Method", method.upper()),
        path,
        tuple(
            Parameter(each["name"], each["in"], each["schema"], "own id" in each.get("description", ""))
            for each in listed
        ),
        responses,
        body and body["content"]["application/json"]["schema"],
        is_public=operation["security"] == [],
    )


def _operations() -> list[Described]:
    document = asyncio.run(_document())
    return [
        _described(document, path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


OPERATIONS = _operations()
CLOSED = [operation for operation in OPERATIONS if not operation.is_public]
"""Those that ask who is calling."""

QUIET = [operation for operation in OPERATIONS if operation.id not in ALWAYS_WRITING]
"""Those that can succeed and change nothing."""

WITH_BODY = [operation for operation in OPERATIONS if operation.body is not None]
WITHOUT_BODY = [operation for operation in OPERATIONS if operation.body is None]


def name(operation: Described) -> str:
    """For `ids` of a parametrised test."""
    return operation.id
