"""Kinds of parameters: how the text of one is read, and what the API's own document says of it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ID_PATTERN = "^[0-9]{1,19}$"
USERNAME_PATTERN = "^[A-Za-z0-9_]{1,15}$"

MAX_LISTED = 100
"""Ids or usernames in one look-up: X's own limit."""

Read = Callable[[str, str], Any]
"""Reads a value of a named parameter; raises `Invalid` with the sentence to answer."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an endpoint: how it is read, and what the API's own document says about it.

    Attributes:
        schema: JSON Schema of the values that `read` accepts; a list is one text separated by commas.
    """

    read: Read
    schema: Mapping[str, Any]


class Invalid(ValueError):
    """A value that cannot be used; its text is the sentence for the caller."""


def not_valid(name: str, value: str) -> Invalid:
    return Invalid(f"The `{name}` query parameter value [{value}] is not valid")


def integer_between(low: int, high: int, default: int) -> Parameter:
    """A whole number from `low` to `high`; the endpoint uses `default` where it is not given."""

    def read(name: str, value: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,19}", value, re.ASCII):
            raise not_valid(name, value)
        number = int(value)
        if not low <= number <= high:
            raise Invalid(f"The `{name}` query parameter value [{value}] is not between {low} and {high}")
        return number

    schema = {"type": "integer", "format": "int32", "minimum": low, "maximum": high, "default": default}
    return Parameter(read, schema)


def list_matching(pattern: str) -> Parameter:
    """1 to `MAX_LISTED` values, separated by commas, that all match."""
    compiled = re.compile(pattern, re.ASCII)

    def read(name: str, value: str) -> tuple[str, ...]:
        listed = tuple(value.split(","))
        for each in listed:
            # Not `match`: a "$" also matches before a line break at the end, which is no part of an id.
            if not compiled.fullmatch(each):
                raise Invalid(f"The `{name}` query parameter value [{each}] does not match {pattern}")
        if len(listed) > MAX_LISTED:
            raise Invalid(
                f"The number of values in the `{name}` query parameter list [{len(listed)}]"
                f" is not between 1 and {MAX_LISTED}"
            )
        return listed

    items = {"type": "string", "pattern": pattern}
    return Parameter(read, {"type": "array", "minItems": 1, "maxItems": MAX_LISTED, "items": items})


def _read_id(name: str, value: str) -> str:
    if not re.fullmatch(r"[0-9]{1,19}", value, re.ASCII):
        raise not_valid(name, value)
    return value


def _read_username(name: str, value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_]{1,15}", value, re.ASCII):
        raise Invalid(f"The `{name}` query parameter value [{value}] does not match {USERNAME_PATTERN}")
    return value


ID = Parameter(_read_id, {"type": "string", "pattern": ID_PATTERN})
"""An id in the path."""

USERNAME = Parameter(_read_username, {"type": "string", "pattern": USERNAME_PATTERN})
"""A username in the path."""
