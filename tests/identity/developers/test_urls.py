import re

import pytest

from tacet.identity.developers.errors import Unacceptable
from tacet.identity.developers.urls import (
    BROWSERS_OWN_SCHEMES,
    MAX_CALLBACK_LENGTH,
    MAX_CALLBACKS,
    check_callback,
    check_web_url,
    read_callbacks,
)

GOOD = {
    "https": "https://example.com/callback",
    "https without a path": "https://example.com",
    "https with a port and a query": "https://example.com:8443/cb?from=x&a[0]=1",
    "upper case": "HTTPS://Example.COM/cb",
    "a host with an underscore": "https://my_app.example.com/cb",
    "punycode": "https://xn--mller-kva.example/cb",
    "an IPv6 address": "https://[2001:db8::1]:8443/cb",
    "escapes": "https://example.com/%E2%98%95",
    "loopback, IPv4": "http://127.0.0.1:3000/callback",
    "loopback, IPv6": "http://[::1]:3000/callback",
    "loopback, by name": "http://localhost/callback",
    "loopback, upper case": "http://LOCALHOST:5000/callback",
    "private use, reversed domain": "com.example.app:/callback",
    "private use, with an authority": "com.example.app://signed-in/here",
    "private use, one word": "myapp://callback",
    "private use, empty authority": "myapp://",
    "private use, opaque": "myapp:callback",
}

BAD = {
    "nothing": "",
    "no scheme": "example.com/callback",
    "a path": "/callback",
    "another host": "//example.com/callback",
    "http elsewhere": "http://example.com/callback",
    "http, a name that begins like loopback": "http://localhost.example.com/cb",
    "http, an address that looks like loopback": "http://127.0.0.1.example.com/cb",
    "http, another loopback address": "http://127.0.0.2/cb",
    "a fragment": "https://example.com/#here",
    "an empty fragment": "https://example.com/#",
    "a username": "https://example.com@evil.example/",
    "a username and password": "https://a:b@example.com/",
    "private use, a username": "myapp://a@b/",
    "a blank": "https://example.com/a b",
    "a tab": "https://example.com/\tb",
    "a line feed": "https://example.com/\nb",
    "NUL": "https://example.com/\x00",
    "a backslash": "https://example.com\\@evil.example/",
    "a quote": 'https://example.com/"',
    "angle brackets": "https://example.com/<b>",
    "outside ASCII": "https://müller.example/",
    "a broken escape": "https://example.com/%zz",
    "no host": "https:///callback",
    "no authority": "https:callback",
    "a wildcard": "https://*.example.com/cb",
    "a semicolon in the host": "https://example.com;script-src/cb",
    "a quote in the host": "https://'unsafe-inline'/cb",
    "a comma in the host": "https://a,b/cb",
    "a label that is empty": "https://a..b/cb",
    "a port that is too high": "https://example.com:65536/",
    "port 0": "https://example.com:0/",
    "a port that is no number": "https://example.com:x/",
    "a port that is missing": "https://example.com:/",
    "a bracket too few": "https://[::1/cb",
    "a bracket too many": "https://::1]/cb",
    "letters behind a bracket": "https://[::1]x/cb",
    "no IPv6 address": "https://[::g]/cb",
    "an IPv6 zone": "https://[fe80::1%25eth0]/cb",
    "private use, nothing behind it": "myapp:",
    "private use, a wildcard": "myapp://*/",
    "a scheme that begins with a digit": "1app://cb",
    "too long": "https://example.com/" + "a" * MAX_CALLBACK_LENGTH,
}


@pytest.mark.parametrize("url", GOOD.values(), ids=GOOD)
def test_a_callback_that_is_good_is_taken_as_it_stands(url: str) -> None:
    assert read_callbacks(url) == (url,)


@pytest.mark.parametrize("url", BAD.values(), ids=BAD)
def test_a_callback_that_is_not_is_refused(url: str) -> None:
    with pytest.raises(Unacceptable):
        check_callback(url)


@pytest.mark.parametrize("scheme", sorted(BROWSERS_OWN_SCHEMES))
@pytest.mark.parametrize("written", [str.lower, str.upper, str.title], ids=["lower", "upper", "title"])
def test_no_callback_has_a_scheme_of_the_browsers_own(scheme: str, written: object) -> None:
    assert callable(written)
    with pytest.raises(Unacceptable, match="belongs to browsers"):
        check_callback(f"{written(scheme)}://example.com/")


def test_the_dangerous_schemes_are_among_those_of_browsers() -> None:
    assert {"javascript", "data", "file", "blob", "vbscript", "about", "filesystem"} <= BROWSERS_OWN_SCHEMES


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param("localhost:7000/callback", "http://localhost:7000/callback", id="this-machine"),
        pytest.param("LOCALHOST:7000", "http://LOCALHOST:7000", id="in-upper-case-without-a-path"),
        pytest.param("localhost:7000?from=x", "http://localhost:7000?from=x", id="with-a-query"),
        pytest.param("example.com:8443/cb", "https://example.com:8443/cb", id="elsewhere"),
    ],
)
def test_a_host_with_a_port_is_not_taken_for_a_scheme(written: str, meant: str) -> None:
    with pytest.raises(Unacceptable, match=f"the scheme is missing. Did you mean {re.escape(meant)}") as refused:
        check_callback(written)
    assert str(refused.value).endswith(f"{meant}?")
    check_callback(meant)


@pytest.mark.parametrize("url", ["127.0.0.1:7000/callback", "[::1]:7000/callback"])
def test_a_loopback_address_without_its_scheme_is_told_which_one(url: str) -> None:
    with pytest.raises(Unacceptable, match="Did you mean http://"):
        check_callback(url)


def test_a_callback_may_be_as_long_as_is_said() -> None:
    longest = "https://example.com/".ljust(MAX_CALLBACK_LENGTH, "a")
    assert read_callbacks(longest) == (longest,)


def test_callbacks_stand_one_a_line_and_empty_lines_and_repetitions_are_left_out() -> None:
    text = "  https://a.example/cb \r\n\r\nhttps://b.example/cb\nhttps://a.example/cb\n"
    assert read_callbacks(text) == ("https://a.example/cb", "https://b.example/cb")


def test_no_callback_at_all_is_read_as_none() -> None:
    assert read_callbacks(" \r\n ") == ()


def test_callbacks_are_as_many_as_is_said() -> None:
    lines = [f"https://example.com/{n}" for n in range(MAX_CALLBACKS + 1)]
    assert len(read_callbacks("\n".join(lines[:-1]))) == MAX_CALLBACKS
    with pytest.raises(Unacceptable, match=f"There are {MAX_CALLBACKS + 1} of them; {MAX_CALLBACKS} is the most"):
        read_callbacks("\n".join(lines))


def test_of_several_the_wrong_one_is_named() -> None:
    with pytest.raises(Unacceptable, match=r"^http://b\.example/: http is only for this machine"):
        read_callbacks("https://a.example/\nhttp://b.example/")


def test_a_wrong_one_that_is_long_is_named_in_short() -> None:
    with pytest.raises(Unacceptable) as refused:
        read_callbacks("http://b.example/" + "x" * 500)
    assert len(str(refused.value)) < 160


@pytest.mark.parametrize("url", ["https://example.com", "http://example.com/about", "https://example.com:8443/?a=b"])
def test_a_website_is_on_the_web(url: str) -> None:
    check_web_url(url, 100)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "example.com", "ftp://example.com", "https://", "https://a@b/", "https://a/#b", "x"]
)
def test_a_website_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(Unacceptable):
        check_web_url(url, 100)
