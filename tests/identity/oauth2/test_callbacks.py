import pytest

from tacet.identity.oauth2.callbacks import Near, nearest

HERE = "http://localhost:3000/callback"


@pytest.mark.parametrize(
    ("given", "difference"),
    [
        pytest.param("http://127.0.0.1:3000/callback", "its host is localhost, not 127.0.0.1", id="host"),
        pytest.param("http://localhost:8000/callback", "its port is 3000, not 8000", id="port"),
        pytest.param("http://localhost/callback", "its port is 3000, not left out", id="no-port"),
        pytest.param("https://localhost:3000/callback", "its scheme is http, not https", id="scheme"),
        pytest.param("http://localhost:3000/callback/", "its path is /callback, not /callback/", id="slash"),
        pytest.param("http://localhost:3000/callback?a=1", "its query is left out, not a=1", id="query"),
        pytest.param(
            "https://localhost:3000/", "its scheme is http, not https, and its path is /callback, not /", id="two"
        ),
    ],
)
def test_the_difference_is_named(given: str, difference: str) -> None:
    assert nearest(given, [HERE]) == Near(HERE, difference)


def test_what_differs_in_signs_alone_is_near() -> None:
    assert nearest("HTTP://localhost:3000/callback", [HERE]) == Near(
        HERE, "small and capital letters count, and so does every sign at its end"
    )


def test_the_nearest_of_several_is_taken() -> None:
    others = ["https://example.com/callback", "http://127.0.0.1:3000/callback", "http://localhost:3000/back"]
    near = nearest("http://127.0.0.1:5000/callback", [*others, HERE])
    assert near is not None
    assert near.url == "http://127.0.0.1:3000/callback"


@pytest.mark.parametrize(
    "given", ["https://example.com/elsewhere", "com.example:/", "", "http://[::1", "x" * 2_000, "http://a:b:c@[/"]
)
def test_another_address_altogether_is_near_nothing(given: str) -> None:
    assert nearest(given, [HERE]) is None
    assert nearest(given, []) is None


WEB = "https://staging.client.example/callback"


@pytest.mark.parametrize(
    ("given", "registered"),
    [
        pytest.param("https://client.example/callback", WEB, id="subdomain"),
        pytest.param("https://guess.example/callback", WEB, id="same-path"),
        pytest.param("https://guess.example/", WEB, id="another-path"),
        pytest.param("http://localhost:3000/callback", WEB, id="from-this-machine"),
        pytest.param(WEB, HERE, id="to-this-machine"),
        pytest.param("guess:/callback", "com.example.app:/callback", id="scheme"),
        pytest.param("guess:/", "com.example.app:/callback", id="scheme-and-path"),
        pytest.param(":/callback", "com.example.app:/callback", id="no-scheme"),
    ],
)
def test_nobody_learns_by_guessing_where_an_app_is(given: str, registered: str) -> None:
    assert nearest(given, [registered]) is None


def test_www_before_a_host_is_near() -> None:
    near = nearest("https://www.client.example/callback", ["https://client.example/callback"])
    assert near is not None
    assert near.difference == "its host is client.example, not www.client.example"


def test_parts_are_cut() -> None:
    near = nearest(f"http://localhost:3000/{'x' * 1_900}", [HERE])
    assert near is not None
    assert len(near.difference) < 100
