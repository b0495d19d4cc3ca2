import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth1.rfc5849.signature import base_string_uri, signature_base_string

from tacet.identity.oauth1.rfc5849.base_string import base_string, origin, signed_part
from tacet.identity.oauth1.rfc5849.encoding import encode
from tacet.identity.oauth1.rfc5849.parameters import (
    collect_parameters,
    covered,
    normalize,
    parse_form,
    parse_header,
)
from tests.identity.oauth1.signing import METHODS, Method


@pytest.mark.parametrize(
    ("scheme", "host", "expected"),
    [
        pytest.param("http", "EXAMPLE.COM:80", "http://example.com", id="RFC 5849 3.4.1.2, first example"),
        pytest.param(
            "https",
            "www.example.net:8080",
            "https://www.example.net:8080",
            id="RFC 5849 3.4.1.2, second example",
        ),
        pytest.param("HTTPS", "api.x.com:443", "https://api.x.com", id="port of https"),
        pytest.param("http", "api.x.com:443", "http://api.x.com:443", id="port of the other scheme"),
        pytest.param("https", "api.x.com:80", "https://api.x.com:80", id="port of the other scheme, reversed"),
        pytest.param("http", "127.0.0.1:8080", "http://127.0.0.1:8080", id="address"),
        pytest.param("http", "host:1080", "http://host:1080", id="port that ends like the default"),
        pytest.param("http", "[::1]:80", "http://[::1]", id="IPv6 with port"),
        pytest.param("http", "[fe80::80]", "http://[fe80::80]", id="IPv6 that ends like a port"),
        pytest.param("ws", "host:80", "ws://host:80", id="scheme without a port of its own"),
    ],
)
def test_origin_is_in_lower_case_without_the_schemes_own_port(scheme: str, host: str, expected: str) -> None:
    assert origin(scheme, host) == expected


def test_base_string_of_rfc_5849_section_3_4_1_1() -> None:
    header = parse_header(
        'OAuth realm="Example", oauth_consumer_key="9djdj82h48djs9d2", oauth_token="kkk9d7dh3k39sjv7", '
        'oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="7d8f3e4a", '
        'oauth_signature="bYT5CMsGcbgUdFHObYMEfcx6bsw%3D"'
    )
    query, form = parse_form("b5=%3D%253D&a3=a&c%40=&a2=r%20b"), parse_form("c2&a3=2+q")
    oauth, others = collect_parameters(header, query, form)
    rest = signed_part("/request", normalize([*covered(oauth), *others]))
    assert base_string("post", encode(origin("http", "EXAMPLE.COM:80")), rest) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540"
        "%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method"
        "%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


def test_an_empty_path_is_the_root() -> None:
    assert signed_part("", "a=1") == signed_part("/", "a=1") == "%2F&a%3D1"


def test_escapes_of_a_path_stay_as_they_arrived() -> None:
    assert signed_part("/r%20v/:id/%3c", "") == "%2Fr%2520v%2F%3Aid%2F%253c&"


paths = st.lists(st.text(alphabet="abzAZ09-._~:@!$&'()*+,=", min_size=1), min_size=1).map(
    lambda parts: "/" + "/".join(parts)
)


@given(
    st.sampled_from(METHODS),
    st.sampled_from(["http", "https"]),
    st.sampled_from(["Example.COM", "api.x.com:443", "127.0.0.1:80", "localhost:8080", "[::1]:9000"]),
    paths,
    st.lists(st.tuples(st.text(), st.text()), max_size=5),
)
def test_base_string_equals_oauthlibs(
    method: Method, scheme: str, host: str, path: str, pairs: list[tuple[str, str]]
) -> None:
    normalized = normalize(pairs)
    expected = signature_base_string(method, base_string_uri(f"{scheme}://{host}{path}"), normalized)
    assert base_string(method, encode(origin(scheme, host)), signed_part(path, normalized)) == expected
