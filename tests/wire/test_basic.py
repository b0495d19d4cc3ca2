import base64

import pytest

from tacet.wire.basic import MAX_BASIC_CHARS, basic_credentials


def read(authorization: str | None) -> tuple[str, str] | None:
    headers = [] if authorization is None else [(b"authorization", authorization.encode("latin-1"))]
    return basic_credentials({"type": "http", "headers": headers})


def basic(plain: str) -> str:
    return "Basic " + base64.b64encode(plain.encode()).decode()


GOOD = {
    "plain": (basic("id:secret"), ("id", "secret")),
    "scheme-in-small-letters": ("basic aWQ6c2VjcmV0", ("id", "secret")),
    "more-blanks": ("Basic   aWQ6c2VjcmV0\t", ("id", "secret")),
    "without-padding": ("Basic aWQ6c2U", ("id", "se")),
    "with-padding": ("Basic aWQ6c2U=", ("id", "se")),
    "no-secret": (basic("id:"), ("id", "")),
    "no-name": (basic(":secret"), ("", "secret")),
    "colons-in-the-secret": (basic("id:a:b"), ("id", "a:b")),
    "percent-encoded": (basic("i%2Dd:%73ecret"), ("i-d", "secret")),
    "a-percent-sign-that-encodes-nothing": (basic("id:100%"), ("id", "100%")),
    "a-plus-stays": (basic("id:a+b"), ("id", "a+b")),
    "beyond-ascii": (basic("id:é"), ("id", "é")),
}


@pytest.mark.parametrize(("authorization", "wanted"), GOOD.values(), ids=GOOD.keys())
def test_name_and_secret_are_read(authorization: str, wanted: tuple[str, str]) -> None:
    assert read(authorization) == wanted


BAD = {
    "none": None,
    "empty": "",
    "bearer": "Bearer aWQ6c2VjcmV0",
    "scheme-alone": "Basic",
    "no-colon": basic("id"),
    "not-base64": "Basic id:secret",
    "base64url": "Basic aWQ6_-8",
    "half-a-character": "Basic aWQ6/w==",
    "one-character": "Basic a",
    "too-long": basic("id:" + "s" * MAX_BASIC_CHARS),
    "another-scheme-that-begins-so": "Basics aWQ6c2VjcmV0",
}


@pytest.mark.parametrize("authorization", BAD.values(), ids=BAD.keys())
def test_anything_else_is_nothing(authorization: str | None) -> None:
    assert read(authorization) is None


@pytest.mark.parametrize(
    "value", [b"\xff" * 10, b"Basic \xff", b"Basic " + b"=" * 20], ids=["latin", "scheme", "padding"]
)
def test_any_bytes_are_read_without_harm(value: bytes) -> None:
    assert basic_credentials({"type": "http", "headers": [(b"authorization", value)]}) is None
