import pytest

from tacet.pages.onward import HOME, MAX_NEXT_LENGTH, local_path, to_sign_in, with_query
from tests.pages.browsing import query_of

OURS = {
    "first-page": "/",
    "page": "/account",
    "with-a-query": "/i/oauth2/authorize?client_id=a&redirect_uri=https%3A%2F%2Fclient.example%2F&scope=a%20b",
    "address-in-the-query": "/oauth/authorize?next=https://elsewhere.example//x",
    "slashes-further-on": "/a//b",
}

NOT_OURS = {
    "nothing": "",
    "address": "https://elsewhere.example/",
    "address-in-capitals": "HTTPS://elsewhere.example/",
    "no-scheme": "//elsewhere.example/",
    "three-slashes": "///elsewhere.example/",
    "backslash-after-slash": "/\\elsewhere.example/",
    "backslashes": "\\\\elsewhere.example/",
    "backslash-later": "/x\\y",
    "tab-that-browsers-drop": "/\t/elsewhere.example/",
    "line-feed-that-browsers-drop": "/\n/elsewhere.example/",
    "line-feed-at-the-end": "/account\n",
    "return": "/\r/elsewhere.example/",
    "nul": "/\0",
    "delete": "/\x7f",
    "blank-first": " //elsewhere.example/",
    "blank-within": "/a b",
    "script": "javascript:alert(1)",
    "data": "data:text/html,x",
    "mail": "mailto:a@elsewhere.example",
    "relative": "account",
    "dots": "../account",
    "user-and-host": "@elsewhere.example/",
    "slash-of-another-script": "/\u2215/elsewhere.example/",
    "next-line": "/\u0085/elsewhere.example/",
    "too-long": "/" + "a" * MAX_NEXT_LENGTH,
}


@pytest.mark.parametrize("path", OURS.values(), ids=OURS.keys())
def test_paths_of_this_server_stay_as_they_are(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize("text", NOT_OURS.values(), ids=NOT_OURS.keys())
def test_everything_else_becomes_the_first_page(text: str) -> None:
    assert local_path(text) == HOME


def test_a_path_comes_back_from_the_address_of_the_sign_in() -> None:
    back = "/i/oauth2/authorize?a=1&b=%26&c=%E2%98%95"
    assert query_of(to_sign_in(back)) == {"next": back}
    assert query_of(to_sign_in(back, force=True)) == {"force": "1", "next": back}


def test_fields_become_a_query() -> None:
    assert with_query("/x", {}) == "/x"
    assert query_of(with_query("/x", {"a": ["1 &"], "b": "☕"})) == {"a": "1 &", "b": "☕"}


def test_a_query_that_would_be_too_long_is_left_out() -> None:
    assert with_query("/x", {"a": ["y" * MAX_NEXT_LENGTH]}) == "/x"
