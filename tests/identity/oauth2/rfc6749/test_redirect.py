from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.identity.oauth2.rfc6749.redirect import with_query

PAIRS = [("state", "s"), ("code", "c")]

URIS = {
    "plain": ("https://a.example/cb", "https://a.example/cb?state=s&code=c"),
    "a-host-alone-gets-its-slash": ("https://a.example", "https://a.example/?state=s&code=c"),
    "a-host-and-a-port": ("http://127.0.0.1:3000", "http://127.0.0.1:3000/?state=s&code=c"),
    "a-host-and-a-query": ("https://a.example?x=1", "https://a.example/?x=1&state=s&code=c"),
    "a-slash-already": ("https://a.example/", "https://a.example/?state=s&code=c"),
    "a-query-is-kept": ("https://a.example/cb?x=%41+1", "https://a.example/cb?x=%41+1&state=s&code=c"),
    "an-open-query": ("https://a.example/cb?", "https://a.example/cb?state=s&code=c"),
    "an-open-ampersand": ("https://a.example/cb?x&", "https://a.example/cb?x&state=s&code=c"),
    "two-question-marks": ("https://a.example/cb?x=a?b", "https://a.example/cb?x=a?b&state=s&code=c"),
    "an-apps-own-scheme": ("my.app://cb", "my.app://cb?state=s&code=c"),
    "a-scheme-alone": ("my.app://", "my.app://?state=s&code=c"),
    "a-scheme-and-a-path": ("my.app:/cb", "my.app:/cb?state=s&code=c"),
}


@pytest.mark.parametrize(("uri", "wanted"), URIS.values(), ids=URIS.keys())
def test_the_answer_is_added_to_the_query(uri: str, wanted: str) -> None:
    assert with_query(uri, PAIRS) == wanted


def test_the_order_is_the_recorded_one(shared_wire: Path) -> None:
    line = next(
        line
        for line in (shared_wire / "oauth.md").read_text().splitlines()
        if "-> https://www.example.com/?state" in line
    )
    recorded = line.split()[1]
    pairs = parse_qsl(urlsplit(recorded).query)
    assert [name for name, _ in pairs] == ["state", "code"]
    assert with_query("https://www.example.com", pairs) == recorded


@given(st.text(st.characters(codec="utf-8")))
def test_any_state_comes_back_as_it_came(state: str) -> None:
    url = with_query("https://a.example/cb?x=1", [("state", state)])
    assert url.isascii()
    assert parse_qsl(urlsplit(url).query, keep_blank_values=True) == [("x", "1"), ("state", state)]
    assert "+" not in url
