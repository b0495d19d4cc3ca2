"""Which part of a timeline a request asks for: bounds by id and by moment, what to leave out, and a page token.

Source: the parameters of X's OpenAPI operations getUsersTimeline, getUsersPosts and getUsersMentions. A bound by id
takes precedence over the one by moment on the same side.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tacet.ids import snowflake_at
from tacet.records.people import MAX_ID, Shape, Stretch
from tacet.wire import problems
from tacet.wire.kinds import ID, Invalid, Parameter, not_valid
from tacet.wire.problems import Refusal, Violation
from tacet.wire.v2.tokens import TIMELINE_TOKEN, TimelineCursor

FIRST_MOMENT = "2010-11-06T00:00Z"
"""The earliest moment that may be asked for, as X writes it: ids count time from two days before."""

EXCLUDABLE = {"replies": Shape.REPLY, "retweets": Shape.REPOST}
"""What can be left out, by the words of X's documents."""

_FIRST_MOMENT_MS = 1_289_001_600_000
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)


def _read_bound(name: str, value: str) -> int:
    return min(int(ID.read(name, value)), MAX_ID)


def _read_moment(name: str, value: str) -> int:
    if not _RFC_3339.fullmatch(value):
        raise not_valid(name, value)
    try:
        # Whole milliseconds, never rounded: floats would lose the last of them.
        moment = datetime.fromisoformat(value.upper())
        moment_ms = int(moment.replace(microsecond=0).timestamp()) * 1000 + moment.microsecond // 1000
    except (ValueError, OverflowError):
        raise not_valid(name, value) from None
    if moment_ms < _FIRST_MOMENT_MS:
        raise Invalid(f"Invalid '{name}':'{value}'. '{name}' must be on or after {FIRST_MOMENT}")
    return moment_ms


def _read_exclude(name: str, value: str) -> Shape:
    without = Shape.PLAIN
    for each in value.split(","):
        if each not in EXCLUDABLE:
            raise Invalid(f"The `{name}` query parameter value [{each}] is not one of [{','.join(EXCLUDABLE)}]")
        without |= EXCLUDABLE[each]
    return without


_BOUND = Parameter(_read_bound, ID.schema)
_MOMENT = Parameter(_read_moment, {"type": "string", "format": "date-time"})
_EXCLUDE = Parameter(
    _read_exclude, {"type": "array", "minItems": 1, "items": {"type": "string", "enum": list(EXCLUDABLE)}}
)


def stretch_parameters(max_results: Parameter, excludes: bool) -> dict[str, Parameter]:
    """Parameters in the order of X's document 2.166."""
    return {
        "since_id": _BOUND,
        "until_id": _BOUND,
        "max_results": max_results,
        "pagination_token": TIMELINE_TOKEN,
        **({"exclude": _EXCLUDE} if excludes else {}),
        "start_time": _MOMENT,
        "end_time": _MOMENT,
    }


def stretch_of(values: Mapping[str, Any]) -> Stretch:
    """The part that values of `stretch_parameters` ask for.

    `since_id`, `until_id` and `end_time` are themselves left out, and what was made at `start_time` is there.

    Raises:
        Refusal: it ends before it begins.
    """
    start_ms, end_ms = values.get("start_time"), values.get("end_time")
    if start_ms is not None and end_ms is not None and start_ms >= end_ms:
        message = "The `start_time` query parameter value must be before the `end_time` query parameter value"
        raise Refusal(problems.invalid_request([Violation(message)]))
    low = values.get("since_id", 0 if start_ms is None else _first_id(start_ms) - 1)
    high = values.get("until_id", MAX_ID if end_ms is None else _first_id(end_ms))
    without = values.get("exclude", Shape.PLAIN)
    cursor: TimelineCursor | None = values.get("pagination_token")
    if cursor is None:
        return Stretch(low, high, without)
    if cursor.newer:
        return Stretch(max(low, cursor.post_id), high, without, upwards=True)
    return Stretch(low, min(high, cursor.post_id), without)


def _first_id(moment_ms: int) -> int:
    """No post made at this moment, or later, has a smaller id."""
    return min(snowflake_at(moment_ms, 0), MAX_ID)
