import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.wire.bodies import MAX_REPORTED, TARGET_USER, json_type, read_object, read_target_user_id
from tacet.wire.problems import Refusal
from tests.service import JSON

CONTENT_TYPE = "Requests with bodies must have content-type of application/json."
NOT_JSON = "The request body is not valid JSON."
PATTERN = "$.target_user_id: does not match the regex pattern ^[0-9]{1,19}$"
MISSING = "$.target_user_id: is missing but it is required"


def extra(key: str) -> str:
    return f"$.{key}: is not defined in the schema and the schema does not allow additional properties"


def messages(body: bytes, content_type: str = JSON, schema: Mapping[str, Any] = TARGET_USER) -> list[str]:
    """What is wrong with a body that is refused."""
    with pytest.raises(Refusal) as refused:
        read_object(content_type, body, schema)
    problem = refused.value.problem
    answered = json.loads(problem.body)
    assert problem.status == 400
    assert all(list(error) == ["message"] for error in answered["errors"])
    return [error["message"] for error in answered["errors"]]


GOOD = {
    "plain": b'{"target_user_id":"1002"}',
    "spaces": b' {\n"target_user_id" : "1002" } ',
    "escapes": b'{"target\\u005fuser_id":"\\u0031002"}',
    "said-twice": b'{"target_user_id":"7","target_user_id":"1002"}',
}


@pytest.mark.parametrize("body", GOOD.values(), ids=GOOD.keys())
def test_a_good_body_names_its_target(body: bytes) -> None:
    assert read_target_user_id(JSON, body) == "1002"


TYPES = {
    "exact": JSON,
    "charset": "application/json; charset=utf-8",
    "upper-case": "Application/JSON",
    "spaces": " application/json ;charset=UTF-8",
}


@pytest.mark.parametrize("content_type", TYPES.values(), ids=TYPES.keys())
def test_the_content_type_is_json_however_it_is_spelt(content_type: str) -> None:
    assert read_target_user_id(content_type, GOOD["plain"]) == "1002"


OTHER_TYPES = {
    "none": "",
    "text": "text/plain",
    "form": "application/x-www-form-urlencoded",
    "longer": "application/jsonp",
    "problem": "application/problem+json",
    "list": "text/plain, application/json",
}


@pytest.mark.parametrize("content_type", OTHER_TYPES.values(), ids=OTHER_TYPES.keys())
def test_another_content_type_is_refused_whatever_the_body(content_type: str) -> None:
    assert messages(GOOD["plain"], content_type) == [CONTENT_TYPE]
    assert messages(b"// comment", content_type) == [CONTENT_TYPE]


BAD = {
    "empty": (b"", [NOT_JSON]),
    "half": (b'{"target_user_id":', [NOT_JSON]),
    "two-values": (b'{"target_user_id":"1"}{}', [NOT_JSON]),
    "comment": (b'// 1\n{"target_user_id":"1"}', [NOT_JSON]),
    "single-quotes": (b"{'target_user_id':'1'}", [NOT_JSON]),
    "byte-order-mark": (b'\xef\xbb\xbf{"target_user_id":"1"}', [NOT_JSON]),
    "utf-16": ('{"target_user_id":"1"}'.encode("utf-16"), [NOT_JSON]),
    "not-utf-8": (b'{"target_user_id":"\xff"}', [NOT_JSON]),
    "lone-surrogate": (b'{"\\ud800":"1"}', [NOT_JSON]),
    "not-a-number": (b'{"target_user_id":NaN}', [NOT_JSON]),
    "deep": (b"[" * 65_536, [NOT_JSON]),
    "array": (b'["1002"]', ["$: array found, object expected"]),
    "string": (b'"1002"', ["$: string found, object expected"]),
    "integer": (b"1002", ["$: integer found, object expected"]),
    "number": (b"1.5", ["$: number found, object expected"]),
    "boolean": (b"true", ["$: boolean found, object expected"]),
    "null": (b"null", ["$: null found, object expected"]),
    "missing": (b"{}", [MISSING]),
    "target-integer": (b'{"target_user_id":1002}', ["$.target_user_id: integer found, string expected"]),
    "target-huge-integer": (
        b'{"target_user_id":' + b"9" * 40 + b"}",
        ["$.target_user_id: integer found, string expected"],
    ),
    "target-number": (b'{"target_user_id":1e3}', ["$.target_user_id: number found, string expected"]),
    "target-boolean": (b'{"target_user_id":false}', ["$.target_user_id: boolean found, string expected"]),
    "target-null": (b'{"target_user_id":null}', ["$.target_user_id: null found, string expected"]),
    "target-array": (b'{"target_user_id":["1"]}', ["$.target_user_id: array found, string expected"]),
    "target-object": (b'{"target_user_id":{}}', ["$.target_user_id: object found, string expected"]),
    "target-empty": (b'{"target_user_id":""}', [PATTERN]),
    "target-letters": (b'{"target_user_id":"bob"}', [PATTERN]),
    "target-20-digits": (b'{"target_user_id":"12345678901234567890"}', [PATTERN]),
    "target-line-break": (b'{"target_user_id":"1\\n"}', [PATTERN]),
    "target-space": (b'{"target_user_id":" 1"}', [PATTERN]),
    "target-sign": (b'{"target_user_id":"-1"}', [PATTERN]),
    "target-other-digits": ('{"target_user_id":"١٢٣"}'.encode(), [PATTERN]),
    "extra": (b'{"foo":1,"target_user_id":"1"}', [extra("foo")]),
    "extra-and-missing": (b'{"foo":1,"bar":2}', [extra("foo"), extra("bar"), MISSING]),
    "extra-and-wrong": (b'{"target_user_id":"x","foo":1}', [extra("foo"), PATTERN]),
}


@pytest.mark.parametrize(("body", "expected"), BAD.values(), ids=BAD.keys())
def test_a_bad_body_is_told_everything_that_is_wrong_with_it(body: bytes, expected: list[str]) -> None:
    assert messages(body) == expected


def test_only_so_many_members_too_many_are_named() -> None:
    body = json.dumps({f"key{n}": 0 for n in range(5_000)}).encode()
    assert messages(body) == [*(extra(f"key{n}") for n in range(MAX_REPORTED)), MISSING]


VALUES: dict[str, object] = {
    "null": None,
    "boolean": True,
    "integer": 1,
    "number": 1.5,
    "string": "1",
    "array": [],
    "object": {},
}


@pytest.mark.parametrize(("expected", "value"), VALUES.items(), ids=VALUES.keys())
def test_types_have_the_names_of_json_schema(expected: str, value: object) -> None:
    assert json_type(value) == expected


@given(st.binary(max_size=200))
def test_rubbish_is_refused_and_never_a_defect(body: bytes) -> None:
    assert messages(body)


@given(st.from_regex(r"[0-9]{1,19}", fullmatch=True, alphabet="0123456789"))
def test_every_id_is_read(target: str) -> None:
    assert read_target_user_id(JSON, json.dumps({"target_user_id": target}).encode()) == target


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "minLength": 2, "maxLength": 5},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "never": {"type": "boolean", "const": False},
        "count": {"type": "integer"},
        "ids": {
            "type": "array",
            "minItems": 1,
            "maxItems": 3,
            "uniqueItems": True,
            "items": {"type": "string", "pattern": "^[0-9]{1,3}$"},
        },
        "inner": {
            "type": "object",
            "properties": {"this": {"type": "string"}, "that": {"type": "string"}},
            "anyOf": [{"required": ["this"]}, {"required": ["that"]}],
            "additionalProperties": False,
        },
        "open": {"type": "object", "properties": {}},
    },
    "required": ["text"],
    "additionalProperties": False,
}

DESCRIBED: dict[str, dict[str, Any]] = {
    "least": {"text": "ab"},
    "longest": {"text": "abcde"},
    "code-points": {"text": "🚀" * 5},
    "everything": {
        "text": "abc",
        "kind": "b",
        "never": False,
        "count": -1,
        "ids": ["1", "2", "003"],
        "inner": {"that": ""},
        "open": {"anything": [None]},
    },
    "both-of-a-choice": {"text": "abc", "inner": {"this": "", "that": ""}},
}


@pytest.mark.parametrize("value", DESCRIBED.values(), ids=DESCRIBED.keys())
def test_an_object_as_described_is_read(value: dict[str, Any]) -> None:
    assert read_object(JSON, json.dumps(value).encode(), SCHEMA) == value


AGAINST: dict[str, tuple[dict[str, Any], str]] = {
    "too-short": ({"text": "a"}, "$.text: must be at least 2 characters long"),
    "too-long": ({"text": "abcdef"}, "$.text: may only be 5 characters long"),
    "not-in-an-enumeration": ({"kind": "c"}, "$.kind: does not have a value in the enumeration [a, b]"),
    "not-the-constant": ({"never": True}, "$.never: must be a constant value false"),
    "a-number-for-a-flag": ({"never": 0}, "$.never: integer found, boolean expected"),
    "a-flag-for-a-number": ({"count": True}, "$.count: boolean found, integer expected"),
    "no-items": ({"ids": []}, "$.ids: there must be a minimum of 1 items in the array"),
    "too-many-items": ({"ids": ["1", "2", "3", "4"]}, "$.ids: there must be a maximum of 3 items in the array"),
    "the-same-item-twice": ({"ids": ["1", "1"]}, "$.ids: the items in the array must be unique"),
    "a-bad-item": ({"ids": ["1", "x"]}, "$.ids[1]: does not match the regex pattern ^[0-9]{1,3}$"),
    "an-item-of-another-type": ({"ids": [["1"]]}, "$.ids[0]: array found, string expected"),
    "no-list": ({"ids": "1"}, "$.ids: string found, array expected"),
    "none-of-a-choice": ({"inner": {}}, "$.inner.this: is missing but it is required"),
    "unknown-inside": ({"inner": {"this": "", "x": 1}}, extra("inner.x")),
    "unknown": ({"x": 1}, extra("x")),
}


@pytest.mark.parametrize(("members", "expected"), AGAINST.values(), ids=AGAINST.keys())
def test_what_is_against_the_description_is_told_in_the_validators_words(
    members: dict[str, Any], expected: str
) -> None:
    body = json.dumps({"text": "abc", **members}).encode()
    assert messages(body, schema=SCHEMA) == [expected]


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_the_description() -> None:
    body = json.dumps({"inner": {"this": 1}, "x": 1, "ids": ["a", "a", 1, 2], "kind": 1}).encode()
    assert messages(body, schema=SCHEMA) == [
        extra("x"),
        "$.text: is missing but it is required",
        "$.kind: integer found, string expected",
        "$.ids: there must be a maximum of 3 items in the array",
        "$.ids: the items in the array must be unique",
        "$.ids[0]: does not match the regex pattern ^[0-9]{1,3}$",
        "$.ids[1]: does not match the regex pattern ^[0-9]{1,3}$",
        "$.ids[2]: integer found, string expected",
        "$.ids[3]: integer found, string expected",
        "$.inner.this: integer found, string expected",
    ]


def test_only_so_many_bad_items_are_named() -> None:
    body = json.dumps({"text": "abc", "ids": ["x"] * 5_000}).encode()
    assert len(messages(body, schema=SCHEMA)) == 2 + MAX_REPORTED
