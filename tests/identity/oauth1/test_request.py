from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.identity.oauth1 import OAuth1Error, Reason, SignedRequest, collect, is_oauth1
from tacet.identity.oauth1 import request as limits
from tacet.identity.oauth1.rfc5849.parameters import MAX_PARAMETERS
from tests.identity.oauth1.signing import Signing, signed

PROTOCOL = {
    "oauth_consumer_key": "ck",
    "oauth_nonce": "n",
    "oauth_signature": "s",
    "oauth_signature_method": "HMAC-SHA1",
    "oauth_timestamp": "1795311129",
    "oauth_token": "t",
    "oauth_version": "1.0",
}
REQUEST = SignedRequest("GET", "http", "127.0.0.1:8080", "/2/users/me")


def header(**changes: str | None) -> str:
    """A header with protocol parameters replaced, added, or left out where the change is None."""
    values = {**PROTOCOL, **changes}
    return "OAuth " + ", ".join(f'{name}="{value}"' for name, value in values.items() if value is not None)


def refusal(request: SignedRequest) -> tuple[Reason, str]:
    with pytest.raises(OAuth1Error) as refused:
        collect(request)
    return refused.value.reason, refused.value.detail


def test_parameters_are_collected_from_header_query_and_form() -> None:
    request = replace(
        REQUEST,
        authorization=header(),
        query=b"a=1&oauth_callback=oob",
        form_body=b"a=2&oauth_verifier=9%209",
    )
    parameters = collect(request)
    assert parameters.oauth == {**PROTOCOL, "oauth_callback": "oob", "oauth_verifier": "9 9"}
    assert parameters.pairs == (("a", "1"), ("a", "2"))
    assert (parameters.consumer_key, parameters.token) == ("ck", "t")
    assert parameters.timestamp_s == 1795311129


def test_a_query_may_be_text_or_octets() -> None:
    as_text = replace(REQUEST, authorization=header(), query="a=%C3%A9")
    assert collect(as_text) == collect(replace(as_text, query=b"a=%C3%A9"))


@pytest.mark.parametrize("place", ["AUTH_HEADER", "QUERY", "BODY"])
def test_every_place_for_protocol_parameters_is_read(place: str) -> None:
    parameters = collect(signed(signing=Signing(place=place), method="POST", form=[("screen_name", "user0")]))
    assert parameters.oauth["oauth_nonce"] == Signing.nonce
    assert parameters.pairs == (("screen_name", "user0"),)


@pytest.mark.parametrize("token", [None, ""], ids=["absent", "empty"])
def test_a_request_of_the_app_alone_has_no_token(token: str | None) -> None:
    assert collect(replace(REQUEST, authorization=header(oauth_token=token))).token is None


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param({"oauth_version": None}, id="no version"),
        pytest.param({"oauth_body_hash": "2jmj7l5rSw0yVb%2FvlWAYkK%2FYBwk%3D"}, id="body hash"),
        pytest.param({"oauth_callback": "http%3A%2F%2F127.0.0.1%2Fcb"}, id="callback"),
        pytest.param({"oauth_invented": "x"}, id="unknown"),
        pytest.param({"oauth_signature_method": "HMAC-SHA256"}, id="SHA-256"),
    ],
)
def test_optional_protocol_parameters_are_tolerated(extra: dict[str, str | None]) -> None:
    collected = collect(replace(REQUEST, authorization=header(**extra))).oauth
    assert {name in collected for name in extra} == {value is not None for value in extra.values()}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        *(
            pytest.param({name: value}, (Reason.MISSING_PARAMETER, name), id=f"{name} {kind}")
            for name in limits._REQUIRED
            for value, kind in ((None, "absent"), ("", "empty"))
            if (name, value) != ("oauth_signature_method", "")
        ),
        pytest.param(
            {"oauth_signature_method": "PLAINTEXT", "oauth_nonce": None, "oauth_timestamp": None},
            (Reason.UNSUPPORTED_METHOD, ""),
            id="plaintext, which has no nonce",
        ),
        pytest.param({"oauth_signature_method": "RSA-SHA1"}, (Reason.UNSUPPORTED_METHOD, ""), id="RSA"),
        pytest.param({"oauth_signature_method": "hmac-sha1"}, (Reason.UNSUPPORTED_METHOD, ""), id="lower case"),
        pytest.param({"oauth_signature_method": ""}, (Reason.UNSUPPORTED_METHOD, ""), id="empty method"),
        pytest.param({"oauth_version": "2.0"}, (Reason.UNSUPPORTED_VERSION, ""), id="version 2.0"),
        pytest.param({"oauth_version": ""}, (Reason.UNSUPPORTED_VERSION, ""), id="empty version"),
        pytest.param({"oauth_nonce": "%C3%A9"}, (Reason.MALFORMED, "oauth_nonce"), id="nonce beyond ASCII"),
        pytest.param(
            {"oauth_nonce": "n" * (limits.MAX_NONCE_CHARS + 1)},
            (Reason.MALFORMED, "oauth_nonce"),
            id="nonce too long",
        ),
        *(
            pytest.param({"oauth_timestamp": value}, (Reason.MALFORMED, "oauth_timestamp"), id=f"time {value}")
            for value in (
                "-1",
                "1.5",
                "1e9",
                "0x10",
                "now",
                "1 000",
                "%D9%A1%D9%A2",
                "%C2%B2",
                "1" * 13,
                "9" * 5_000,
            )
        ),
    ],
)
def test_protocol_parameters_that_cannot_be_right_are_named(
    changes: dict[str, str | None], expected: tuple[Reason, str]
) -> None:
    assert refusal(replace(REQUEST, authorization=header(**changes))) == expected


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        pytest.param({"authorization": header() + "é"}, "authorization header", id="header beyond ASCII"),
        pytest.param({"authorization": "OAuth ?"}, "authorization header", id="header of garbage"),
        pytest.param(
            {"authorization": header(oauth_callback="x" * limits.MAX_AUTHORIZATION_CHARS)},
            "authorization header",
            id="header too long",
        ),
        pytest.param({"query": "a=é"}, "query", id="query beyond ASCII, text"),
        pytest.param({"query": b"a=\xff"}, "query", id="query beyond ASCII, octets"),
        pytest.param({"query": b"a" * (limits.MAX_TARGET_CHARS + 1)}, "query", id="query too long"),
        pytest.param({"query": b"a=%zz"}, "percent-encoding", id="query with a broken escape"),
        pytest.param({"query": b"a=%ff"}, "percent-encoding", id="query that is not UTF-8"),
        pytest.param({"query": b"&" * MAX_PARAMETERS}, "too many parameters", id="query of many parameters"),
        pytest.param({"form_body": "é".encode()}, "form", id="form beyond ASCII"),
        pytest.param({"form_body": b"a" * (limits.MAX_FORM_BYTES + 1)}, "form", id="form too long"),
        pytest.param({"form_body": b"a=%"}, "percent-encoding", id="form with a broken escape"),
        pytest.param(
            {"query": b"a&" * (MAX_PARAMETERS // 2), "form_body": b"a&" * (MAX_PARAMETERS // 2)},
            "too many parameters",
            id="many parameters in all",
        ),
        pytest.param({"raw_path": "/é"}, "path", id="path beyond ASCII"),
        pytest.param({"raw_path": "/" * (limits.MAX_TARGET_CHARS + 1)}, "path", id="path too long"),
        pytest.param({"host": "é.example"}, "host", id="host beyond ASCII"),
        pytest.param({"host": "h" * (limits.MAX_HOST_CHARS + 1)}, "host", id="host too long"),
        pytest.param({"method": "GÉT"}, "method", id="method beyond ASCII"),
        pytest.param({"method": "G" * (limits.MAX_METHOD_CHARS + 1)}, "method", id="method too long"),
        pytest.param({"scheme": "gopher"}, "scheme", id="scheme too long"),
    ],
)
def test_what_cannot_be_read_safely_is_malformed(changes: dict[str, Any], part: str) -> None:
    assert refusal(replace(REQUEST, **{"authorization": header(), **changes})) == (Reason.MALFORMED, part)


def test_a_header_of_another_scheme_carries_no_parameters() -> None:
    query = "&".join(f"{name}={value}" for name, value in PROTOCOL.items())
    request = replace(REQUEST, authorization='Basic oauth_callback="oob"', query=query)
    assert collect(request).oauth == PROTOCOL


def test_neither_requests_nor_parameters_show_credentials_when_printed() -> None:
    request = replace(REQUEST, authorization=header(oauth_token="secret1"), query="a=secret2", form_body=b"b=secret3")
    assert "secret" not in f"{request!r} {collect(request)!r}"


@pytest.mark.parametrize(
    ("authorization", "query", "form", "expected"),
    [
        pytest.param(header(), b"", None, True, id="header"),
        pytest.param("oauth nonsense", b"", None, True, id="header of nonsense"),
        pytest.param(None, b"oauth_consumer_key=ck&a=1", None, True, id="query"),
        pytest.param(None, "a=1&oauth_signature=s", None, True, id="query as text, at its end"),
        pytest.param(None, b"", b"a=1&oauth_signature=s", True, id="form"),
        pytest.param(None, b"", None, False, id="nothing"),
        pytest.param(None, b"oauth_token=t", b"oauth_verifier=v", False, id="only a token and a verifier"),
        pytest.param(None, b"not_oauth_signature=1", b"", False, id="longer name"),
        pytest.param("Bearer abc", b"oauth_signature=s", None, False, id="bearer beside a signed query"),
        pytest.param("Basic abc", b"", b"oauth_signature=s", False, id="basic beside a signed form"),
        pytest.param(None, b"\xff\x00", b"\xff", False, id="octets"),
    ],
)
def test_signed_requests_are_told_from_others(
    authorization: str | None, query: bytes | str, form: bytes | None, expected: bool
) -> None:
    assert is_oauth1(authorization, query, form) is expected


fragments = st.lists(
    st.one_of(
        st.sampled_from(["OAuth ", "=", '"', ",", "&", "%", "%4", "%ff", "+", " ", "\\", "1795311129", "HMAC-SHA1"]),
        st.sampled_from([*PROTOCOL, *(f'{name}="{value}"' for name, value in PROTOCOL.items())]),
        st.text(max_size=5),
    ),
    max_size=25,
).map("".join)


@given(
    st.builds(
        SignedRequest,
        method=st.one_of(st.sampled_from(["GET", "POST"]), st.text(max_size=40)),
        scheme=st.one_of(st.sampled_from(["http", "https"]), st.text(max_size=6)),
        host=st.text(max_size=20),
        raw_path=st.text(max_size=20),
        query=st.one_of(fragments, st.binary()),
        authorization=st.one_of(st.none(), fragments, fragments.map("OAuth {}".format)),
        form_body=st.one_of(st.none(), st.binary(), fragments.map(lambda text: text.encode(errors="replace"))),
    )
)
def test_no_request_makes_collecting_fail_in_another_way(request: SignedRequest) -> None:
    with suppress(OAuth1Error):
        parameters = collect(request)
        assert all(parameters.oauth[name] for name in limits._REQUIRED)
    assert isinstance(is_oauth1(request.authorization, request.query, request.form_body), bool)
