from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.identity.oauth1.callbacks import approved, denied

ADDED = "oauth_token=t&oauth_verifier=v"


@pytest.mark.parametrize(
    ("callback", "url"),
    [
        pytest.param("https://a.example/cb", f"https://a.example/cb?{ADDED}", id="plain"),
        pytest.param("https://a.example", f"https://a.example/?{ADDED}", id="without-a-path"),
        pytest.param("https://a.example/cb?x=1", f"https://a.example/cb?x=1&{ADDED}", id="with-a-query"),
        pytest.param("https://a.example/cb?x=%20&x=+", f"https://a.example/cb?x=%20&x=+&{ADDED}", id="query-as-it-is"),
        pytest.param("https://a.example/cb?", f"https://a.example/cb?{ADDED}", id="empty-query"),
        pytest.param("https://a.example/cb?x=1&", f"https://a.example/cb?x=1&{ADDED}", id="query-left-open"),
        pytest.param("https://a.example/cb#f", f"https://a.example/cb?{ADDED}#f", id="fragment"),
        pytest.param("https://a.example/cb#f?g", f"https://a.example/cb?{ADDED}#f?g", id="question-in-a-fragment"),
        pytest.param("app.example://cb", f"app.example://cb?{ADDED}", id="scheme-of-an-app"),
        pytest.param("app.example:cb", f"app.example:cb?{ADDED}", id="scheme-without-a-host"),
    ],
)
def test_an_answer_is_added_to_the_callbacks_own_query(callback: str, url: str) -> None:
    assert approved("t", "v", callback) == url
    assert denied("t", callback) == url.replace(ADDED, "denied=t")


@given(st.text("ab?&=#/%20+", max_size=20))
def test_nothing_of_the_callback_is_lost_or_moved(rest: str) -> None:
    callback = f"https://a.example/{rest}"
    before, after = urlsplit(callback), urlsplit(approved("t", "v", callback))
    assert (after.scheme, after.netloc, after.path) == (before.scheme, before.netloc, before.path)
    assert after.fragment == before.fragment
    pairs = parse_qsl(after.query, keep_blank_values=True)
    assert pairs[-2:] == [("oauth_token", "t"), ("oauth_verifier", "v")]
    assert pairs[:-2] == parse_qsl(before.query, keep_blank_values=True)
