"""Reading JSON bodies, with the sentences of the schema validator that X's answers show."""

import re
from typing import Any

import msgspec

from tacet.wire.credentials import BLANKS
from tacet.wire.parameters import ID_PATTERN
from tacet.wire.problems import Refusal, Violation, invalid_request

_decode = msgspec.json.Decoder().decode

MAX_REPORTED = 20
"""Unknown keys named in one answer: a body of nothing else would be echoed many times its size."""

_TARGET = re.compile(r"[0-9]{1,19}", re.ASCII)

TARGET_USER = {
    "type": "object",
    "properties": {"target_user_id": {"type": "string", "pattern": ID_PATTERN}},
    "required": ["target_user_id"],
    "additionalProperties": False,
}
"""JSON Schema of what `read_target_user_id` accepts."""


def read_target_user_id(content_type: str, body: bytes) -> str:
    """The one member of a mute request's body, `{"target_user_id": "<1 to 19 digits>"}`.

    Raises:
        Refusal: 400, with everything that is wrong with the body.
    """
    if content_type.partition(";")[0].strip(BLANKS).lower() != "application/json":
        raise _invalid("Requests with bodies must have content-type of application/json.")
    try:
        value = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _invalid("The request body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise _invalid(f"$: {json_type(value)} found, object expected")
    messages = [
        f"$.{key}: is not defined in the schema and the schema does not allow additional properties"
        for key in value
        if key != "target_user_id"
    ][:MAX_REPORTED]
    messages += _target_messages(value)
    if messages:
        raise _invalid(*messages)
    target: str = value["target_user_id"]
    return target


def json_type(value: Any) -> str:
    """The JSON Schema name of a decoded value's type."""
    if value is None:
        return "null"
    names: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return names.get(type(value), "object")


def _target_messages(value: dict[str, Any]) -> list[str]:
    if "target_user_id" not in value:
        return ["$.target_user_id: is missing but it is required"]
    target = value["target_user_id"]
    if not isinstance(target, str):
        return [f"$.target_user_id: {json_type(target)} found, string expected"]
    if not _TARGET.fullmatch(target):
        return [f"$.target_user_id: does not match the regex pattern {ID_PATTERN}"]
    return []


def _invalid(*messages: str) -> Refusal:
    return Refusal(invalid_request([Violation(message) for message in messages]))
