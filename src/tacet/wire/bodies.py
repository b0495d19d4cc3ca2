"""Reading JSON bodies, with the sentences of the schema validator that X's answers show."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from tacet.wire.credentials import BLANKS
from tacet.wire.kinds import ID_PATTERN
from tacet.wire.problems import Refusal, Violation, invalid_request

_decode = msgspec.json.Decoder().decode

MAX_REPORTED = 20
"""Unknown members, and bad items of one array, named in one answer: else it would be many times the body's size."""

TARGET_USER: Mapping[str, Any] = {
    "type": "object",
    "properties": {"target_user_id": {"type": "string", "pattern": ID_PATTERN}},
    "required": ["target_user_id"],
    "additionalProperties": False,
}
"""JSON Schema of what `read_target_user_id` accepts."""


def read_target_user_id(content_type: str, body: bytes) -> str:
    """The one member of `{"target_user_id": "<1 to 19 digits>"}`.

    Raises:
        Refusal: 400, with everything that is wrong with the body.
    """
    target: str = read_object(content_type, body, TARGET_USER)["target_user_id"]
    return target


def read_object(content_type: str, body: bytes, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The object in a body.

    Args:
        schema: JSON Schema of it. Of the language this knows: `type` (but for `number` and `null`), `properties`,
            `required`, `anyOf` of nothing but `required`, `additionalProperties: false`, `items`, `minItems`,
            `maxItems`, `uniqueItems`, `const` of booleans, and of texts `enum`, `pattern`, `minLength`, `maxLength`.

    Raises:
        Refusal: 400, with everything that is wrong with the body.
    """
    if content_type.partition(";")[0].strip(BLANKS).lower() != "application/json":
        raise _invalid(["Requests with bodies must have content-type of application/json."])
    try:
        value = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _invalid(["The request body is not valid JSON."]) from None
    messages = list(_complaints("$", value, schema))
    if messages:
        raise _invalid(messages)
    read: dict[str, Any] = value
    return read


def json_type(value: Any) -> str:
    """The JSON Schema name of a decoded value's type."""
    if value is None:
        return "null"
    names: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return names.get(type(value), "object")


def _complaints(path: str, value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    """Everything that is wrong with a value: unknown members first, then what is described, in its order."""
    found = json_type(value)
    if found != schema["type"]:
        yield f"{path}: {found} found, {schema['type']} expected"
    elif found == "object":
        yield from _of_object(path, value, schema)
    elif found == "array":
        yield from _of_array(path, value, schema)
    elif found == "string":
        yield from _of_string(path, value, schema)
    elif schema.get("const", value) != value:
        yield f"{path}: must be a constant value {str(schema['const']).lower()}"


def _of_object(path: str, value: dict[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    members = schema["properties"]
    if schema.get("additionalProperties") is False:
        unknown = (name for name in value if name not in members)
        for name in islice(unknown, MAX_REPORTED):
            yield f"{path}.{name}: is not defined in the schema and the schema does not allow additional properties"
    choices = [choice["required"] for choice in schema.get("anyOf", ())]
    chosen = any(value.keys() >= set(names) for names in choices)
    required = [*schema.get("required", ()), *(choices[0] if choices and not chosen else ())]
    for name, member in members.items():
        if name in value:
            yield from _complaints(f"{path}.{name}", value[name], member)
        elif name in required:
            yield f"{path}.{name}: is missing but it is required"


def _of_array(path: str, value: list[Any], schema: Mapping[str, Any]) -> Iterator[str]:
    low, high = schema.get("minItems", 0), schema.get("maxItems", len(value))
    if len(value) < low:
        yield f"{path}: there must be a minimum of {low} items in the array"
    elif len(value) > high:
        yield f"{path}: there must be a maximum of {high} items in the array"
    if schema.get("uniqueItems") and len({msgspec.json.encode(item) for item in value}) < len(value):
        yield f"{path}: the items in the array must be unique"
    bad = (bad for n, item in enumerate(value) for bad in _complaints(f"{path}[{n}]", item, schema["items"]))
    yield from islice(bad, MAX_REPORTED)


def _of_string(path: str, value: str, schema: Mapping[str, Any]) -> Iterator[str]:
    low, high = schema.get("minLength", 0), schema.get("maxLength", len(value))
    if len(value) < low:
        yield f"{path}: must be at least {low} characters long"
    elif len(value) > high:
        yield f"{path}: may only be {high} characters long"
    # Not `match`: a "$" also matches before a line break at the end.
    if "pattern" in schema and not re.compile(schema["pattern"], re.ASCII).fullmatch(value):
        yield f"{path}: does not match the regex pattern {schema['pattern']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: does not have a value in the enumeration [{', '.join(schema['enum'])}]"


def _invalid(messages: list[str]) -> Refusal:
    return Refusal(invalid_request([Violation(message) for message in messages]))
