from typing import Any

import pytest

from tacet.identity.caller import Caller, Method
from tacet.records.credentials import Access
from tacet.wire.v1.calls import V1Call, V1Operation

CALLER = Caller(Method.OAUTH1_USER, 1, 1001, frozenset(), Access.READ, False)


def call(**given: str) -> V1Call:
    return V1Call(CALLER, CALLER.user_id, given, "1001-public")


async def nothing(_call: V1Call) -> bytes:
    return b""


@pytest.mark.parametrize("value", ["true", "True", "TRUE", "t", "T", "1"])
def test_what_says_yes(value: str) -> None:
    assert call(x=value).flag("x", False) is True


@pytest.mark.parametrize("value", ["false", "False", "f", "0", "no", "2", "yes", "tru", " true", "\0"])
def test_whatever_does_not_say_yes_says_no(value: str) -> None:
    assert call(x=value).flag("x", True) is False


@pytest.mark.parametrize("default", [True, False])
@pytest.mark.parametrize("given", [{}, {"x": ""}], ids=["absent", "empty"])
def test_a_flag_that_is_not_there_is_its_default(given: dict[str, str], default: bool) -> None:
    assert call(**given).flag("x", default) is default


NUMBERS = {
    "absent": (None, 20),
    "empty": ("", 20),
    "small": ("1", 1),
    "most": ("200", 200),
    "too-many": ("201", 200),
    "largest-of-64-bits": ("9223372036854775807", 200),
    "too-long": ("1" * 20, 20),
    "zero": ("0", 20),
    "negative": ("-1", 20),
    "no-number": ("ten", 20),
    "digits-of-another-script": ("٣", 20),
    "line-break-at-the-end": ("3\n", 20),
}


@pytest.mark.parametrize(("value", "expected"), NUMBERS.values(), ids=NUMBERS)
def test_a_number_is_kept_between_one_and_the_most(value: str | None, expected: int) -> None:
    assert call(**({} if value is None else {"x": value})).number("x", 20, 200) == expected


def test_a_text_that_is_not_there_is_empty() -> None:
    assert call().text("x") == ""


def test_neither_what_was_given_nor_the_token_is_in_what_a_call_looks_like() -> None:
    looks = repr(call(screen_name="somebody"))
    assert "somebody" not in looks
    assert "1001-public" not in looks


def test_an_app_on_its_own_has_nobodys_id() -> None:
    alone = Caller(Method.APP_ONLY, 1, None, frozenset(), Access.READ, False)
    assert V1Call(alone, None, {}).own_id == 0
    assert call().own_id == 1001


@pytest.mark.parametrize(
    ("more", "writes", "app_only"),
    [({}, False, False), ({"writes": True}, True, False), ({"app_only": True}, False, True)],
    ids=["reads", "writes", "app-only"],
)
def test_an_operation_is_found_by_its_id(more: dict[str, Any], writes: bool, app_only: bool) -> None:
    operation = V1Operation("users/show", "GET", nothing, **more)
    assert operation.path == "/1.1/users/show.json"
    assert (operation.writes, operation.app_only) == (writes, app_only)
