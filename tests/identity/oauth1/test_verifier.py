from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.clock import ManualClock
from tacet.identity.oauth1 import Nonces, OAuth1Error, Reason, SignedRequest, Verifier, collect
from tacet.identity.oauth1 import verifier as verifier_module
from tacet.identity.oauth1.rfc5849.signature import sign
from tacet.settings import X_API_ORIGINS
from tests.identity.oauth1.signing import (
    METHODS,
    NOW_S,
    Method,
    Pairs,
    Signing,
    at,
    encoded,
    outcome,
    signed,
    verifier_at,
)

ACCESS_TOKEN = "https://api.x.com/oauth/access_token"


def signed_without_its_token(query: str = "oauth_token=reqtok&oauth_verifier=123456") -> SignedRequest:
    """A call for an access token whose signature covers neither the token nor the verifier."""
    request = signed(ACCESS_TOKEN, Signing(token=None, token_secret=None), method="POST")
    return replace(request, query=query)


# The worked example of RFC 5849, section 1.2: temporary credentials, token, photo.
@pytest.mark.parametrize(
    ("request_", "token_secret"),
    [
        pytest.param(
            SignedRequest(
                "POST",
                "https",
                "photos.example.net",
                "/initiate",
                authorization='OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", '
                'oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131200", oauth_nonce="wIjqoS", '
                'oauth_callback="http%3A%2F%2Fprinter.example.com%2Fready", '
                'oauth_signature="74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D"',
            ),
            "",
            id="initiate",
        ),
        pytest.param(
            SignedRequest(
                "POST",
                "https",
                "photos.example.net",
                "/token",
                authorization='OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", '
                'oauth_token="hh5s93j4hdidpola", oauth_signature_method="HMAC-SHA1", '
                'oauth_timestamp="137131201", oauth_nonce="walatlh", oauth_verifier="hfdp7dh39dks9884", '
                'oauth_signature="gKgrFCywp7rO0OXSjdot%2FIHF7IU%3D"',
            ),
            "hdhd0244k9j7ao03",
            id="token",
        ),
        pytest.param(
            SignedRequest(
                "GET",
                "http",
                "photos.example.net",
                "/photos",
                query=b"file=vacation.jpg&size=original",
                authorization='OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", '
                'oauth_token="nnch734d00sl2jdk", oauth_signature_method="HMAC-SHA1", '
                'oauth_timestamp="137131202", oauth_nonce="chapoH", '
                'oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"',
            ),
            "pfkkdhi9sl3r4s00",
            id="photo",
        ),
    ],
)
def test_the_example_of_rfc_5849_section_1_2_verifies(request_: SignedRequest, token_secret: str) -> None:
    assert outcome(request_, verifier_at(137131202), token_secret=token_secret) is None


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
@pytest.mark.parametrize("place", ["AUTH_HEADER", "QUERY", "BODY"])
def test_a_signed_post_verifies(method: str, place: str) -> None:
    signing = Signing(method=method, place=place, callback="http://127.0.0.1/cb?x=1")
    assert outcome(signed(signing=signing, method="POST", form=[("a", "1 +é")])) is None


@pytest.mark.parametrize(
    ("signed_over", "scheme", "host", "expected"),
    [
        pytest.param("http://127.0.0.1:8080", "http", "127.0.0.1:8080", None, id="as received"),
        pytest.param("https://mutes.example", "http", "Mutes.Example", None, id="https form of the host"),
        pytest.param("https://mutes.example:8443", "http", "mutes.example:8443", None, id="https form with port"),
        pytest.param("https://mutes.example", "http", "mutes.example:443", None, id="TLS ended before us"),
        pytest.param("https://api.x.com", "http", "127.0.0.1:8080", None, id="X's API"),
        pytest.param("https://api.twitter.com", "http", "127.0.0.1:8080", None, id="X's older API"),
        pytest.param("https://api.x.com", "http", "", None, id="no host at all"),
        pytest.param("http://api.x.com", "http", "127.0.0.1", Reason.BAD_SIGNATURE, id="X's API without TLS"),
        pytest.param("https://evil.example", "http", "127.0.0.1", Reason.BAD_SIGNATURE, id="another host"),
        pytest.param("http://127.0.0.1:81", "http", "127.0.0.1:82", Reason.BAD_SIGNATURE, id="another port"),
        pytest.param("http://mutes.example", "https", "mutes.example", Reason.BAD_SIGNATURE, id="http on https"),
    ],
)
def test_signatures_are_good_over_the_hosts_that_clients_believe_in(
    signed_over: str, scheme: str, host: str, expected: Reason | None
) -> None:
    request = signed(f"{signed_over}/2/users/me?user.fields=id%2Cname")
    assert outcome(replace(request, scheme=scheme, host=host)) is expected


def test_configured_origins_replace_xs() -> None:
    verifier = Verifier(ManualClock(NOW_S * 1000), Nonces(), ("HTTPS://Mutes.Example:443/",))
    assert outcome(at(signed("https://mutes.example/a"), "127.0.0.1"), verifier) is None
    assert outcome(at(signed("https://api.x.com/a"), "127.0.0.1"), verifier) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("offset_s", "expected"),
    [
        pytest.param(-301, Reason.TIMESTAMP_OUT_OF_BOUNDS, id="301 s late"),
        pytest.param(-300, None, id="300 s late"),
        pytest.param(0, None, id="on time"),
        pytest.param(300, None, id="300 s early"),
        pytest.param(301, Reason.TIMESTAMP_OUT_OF_BOUNDS, id="301 s early"),
        pytest.param(10**11, Reason.TIMESTAMP_OUT_OF_BOUNDS, id="milliseconds by mistake"),
    ],
)
def test_timestamps_are_good_within_300_s_either_way(offset_s: int, expected: Reason | None) -> None:
    request = signed(signing=Signing(timestamp_s=NOW_S + offset_s))
    assert outcome(request) is expected


def test_a_replay_is_refused_wherever_it_arrives() -> None:
    verifier, request = verifier_at(), signed()
    assert outcome(request, verifier) is None
    assert outcome(request, verifier) is Reason.NONCE_REPLAYED
    assert outcome(at(request, "127.0.0.1:8080"), verifier) is Reason.NONCE_REPLAYED


def test_a_replay_is_refused_to_the_last_second_and_then_by_its_age() -> None:
    clock = ManualClock(NOW_S * 1000)
    verifier, request = Verifier(clock, Nonces(), X_API_ORIGINS), signed()
    assert outcome(request, verifier) is None
    clock.advance(300_000)
    assert outcome(request, verifier) is Reason.NONCE_REPLAYED
    clock.advance(1_000)
    assert outcome(request, verifier) is Reason.TIMESTAMP_OUT_OF_BOUNDS


def test_a_request_that_is_refused_burns_no_nonce_and_takes_no_memory() -> None:
    nonces = Nonces()
    verifier, request = verifier_at(nonces=nonces), signed()
    assert outcome(request, verifier, token_secret="wrong") is Reason.BAD_SIGNATURE
    with pytest.raises(OAuth1Error):
        verifier.refuse(request, collect(request))
    assert nonces.held == 0
    assert outcome(request, verifier) is None


def test_beyond_its_memory_a_verifier_refuses_what_it_could_not_tell_from_a_replay() -> None:
    verifier = verifier_at(nonces=Nonces(max_nonces=2))
    for number in range(2):
        assert outcome(signed(signing=Signing(nonce=f"n{number}", timestamp_s=NOW_S - 9)), verifier) is None
    assert outcome(signed(), verifier) is None
    late = signed(signing=Signing(nonce="n0", timestamp_s=NOW_S - 9))
    assert outcome(late, verifier) is Reason.TIMESTAMP_OUT_OF_BOUNDS
    assert outcome(signed(), verifier) is Reason.NONCE_REPLAYED


def test_a_request_of_the_app_alone_is_signed_without_a_token() -> None:
    request = signed(signing=Signing(token=None, token_secret=None))
    assert outcome(request, token_secret="") is None


@pytest.mark.parametrize(
    ("place", "query"),
    [("AUTH_HEADER", "oauth_callback=oob"), ("AUTH_HEADER", "oauth_callback=oob&oauth_callback=oob")],
    ids=["header and query", "header and twice in the query"],
)
def test_a_repeated_protocol_parameter_is_signed_once(place: str, query: str) -> None:
    request = signed(signing=Signing(place=place, callback="oob"), method="POST")
    assert outcome(replace(request, query=query)) is None


def test_a_repeated_parameter_of_another_name_is_signed_as_often_as_it_occurs() -> None:
    request = signed("https://api.x.com/a?b=1&b=1")
    assert outcome(request) is None
    assert outcome(replace(request, query="b=1")) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    "query",
    ["b=%2c&a=+", "a=%20&b=,", "a=%20&b=%2C&"],
    ids=["other order and case", "bare comma", "ampersand at the end"],
)
def test_the_spelling_of_a_query_does_not_matter(query: str) -> None:
    assert outcome(replace(signed("https://api.x.com/a?a=%20&b=%2C"), query=query)) is None


ORIGINAL = signed(
    "https://mutes.example/1.1/mutes/users/create.json?a=1&b=2",
    Signing(callback="oob"),
    method="POST",
    form=[("screen_name", "user0")],
)


def with_header(old: str, new: str) -> Callable[[SignedRequest], SignedRequest]:
    def change(request: SignedRequest) -> SignedRequest:
        authorization = request.authorization or ""
        assert old in authorization
        return replace(request, authorization=authorization.replace(old, new))

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda request: replace(request, method="PUT"), id="method"),
        pytest.param(lambda request: replace(request, host="other.example"), id="host"),
        pytest.param(lambda request: replace(request, host="mutes.example:444"), id="port"),
        pytest.param(lambda request: replace(request, raw_path="/1.1/mutes/users/destroy.json"), id="path"),
        pytest.param(lambda request: replace(request, raw_path="/1.1/mutes/users/create.json/"), id="slash"),
        pytest.param(lambda request: replace(request, raw_path="/1.1/mutes/users/%63reate.json"), id="escape"),
        pytest.param(lambda request: replace(request, query="a=1&b=3"), id="value in the query"),
        pytest.param(lambda request: replace(request, query="a=1&c=2"), id="name in the query"),
        pytest.param(lambda request: replace(request, query="a=1&b=2&c"), id="one more in the query"),
        pytest.param(lambda request: replace(request, query="a=1"), id="one less in the query"),
        pytest.param(lambda request: replace(request, query="a=2&b=1"), id="values exchanged"),
        pytest.param(lambda request: replace(request, form_body=b"screen_name=user1"), id="value in the form"),
        pytest.param(lambda request: replace(request, form_body=None), id="no form"),
        pytest.param(with_header('oauth_token="1001-', 'oauth_token="1002-'), id="token"),
        pytest.param(with_header('consumer_key="d', 'consumer_key="e'), id="consumer key"),
        pytest.param(with_header('oauth_nonce="chapoH"', 'oauth_nonce="chapoI"'), id="nonce"),
        pytest.param(with_header(str(NOW_S), str(NOW_S + 1)), id="timestamp"),
        pytest.param(with_header(', oauth_version="1.0"', ""), id="version left out"),
        pytest.param(with_header('oauth_callback="oob"', 'oauth_callback="x"'), id="callback"),
        pytest.param(with_header("HMAC-SHA1", "HMAC-SHA256"), id="signature method"),
        pytest.param(with_header('oauth_signature="', 'oauth_signature="A'), id="signature"),
        pytest.param(with_header('oauth_version="1.0"', 'oauth_version="1.0", oauth_x="1"'), id="one more"),
        pytest.param(lambda request: replace(request, query="a=1&b=2&oauth_token=1002-x"), id="overriding"),
    ],
)
def test_a_request_that_was_tampered_with_is_refused(
    change: Callable[[SignedRequest], SignedRequest],
) -> None:
    assert outcome(ORIGINAL) is None
    assert outcome(change(ORIGINAL)) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    "secrets",
    [{"consumer_secret": "other"}, {"token_secret": "other"}, {"token_secret": ""}],
    ids=["consumer secret", "token secret", "no token secret"],
)
def test_both_secrets_must_be_right(secrets: dict[str, Any]) -> None:
    assert outcome(ORIGINAL, **secrets) is Reason.BAD_SIGNATURE


def test_a_call_for_an_access_token_may_leave_token_and_verifier_unsigned_where_that_is_allowed() -> None:
    request = signed_without_its_token()
    assert outcome(request, allow_unsigned_verifier=True) is None
    assert outcome(request) is Reason.BAD_SIGNATURE
    assert outcome(request, allow_unsigned_verifier=True, consumer_secret="x") is Reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("oauth_token=reqtok", id="no verifier"),
        pytest.param("oauth_token=reqtok&oauth_verifier=", id="empty verifier"),
        pytest.param("oauth_verifier=123456", id="no token"),
        pytest.param("oauth_token=reqtok&oauth_verifier=123456&a=1", id="something else unsigned"),
        pytest.param("oauth_token=reqtok&oauth_verifier=123456&oauth_callback=x", id="a callback unsigned"),
    ],
)
def test_nothing_but_both_of_token_and_verifier_may_be_unsigned(query: str) -> None:
    assert outcome(signed_without_its_token(query), allow_unsigned_verifier=True) is Reason.BAD_SIGNATURE


def test_a_signature_that_covers_no_token_is_not_good_again_beside_another_one() -> None:
    verifier = verifier_at()
    assert outcome(signed_without_its_token(), verifier, allow_unsigned_verifier=True) is None
    again = signed_without_its_token("oauth_token=another&oauth_verifier=654321")
    assert outcome(again, verifier, allow_unsigned_verifier=True) is Reason.NONCE_REPLAYED


def test_the_ordinary_way_to_an_access_token_needs_the_tokens_secret() -> None:
    request = signed(ACCESS_TOKEN, Signing(verifier="123456"), method="POST")
    assert outcome(request, verifier_at(), allow_unsigned_verifier=True) is None
    assert outcome(request, allow_unsigned_verifier=True, token_secret="x") is Reason.BAD_SIGNATURE


def test_even_the_secrets_of_nobody_are_refused() -> None:
    secrets = (verifier_module._NOBODYS_CONSUMER_SECRET, verifier_module._NOBODYS_TOKEN_SECRET)
    request = signed(signing=Signing(consumer_secret=secrets[0], token_secret=secrets[1]))
    with pytest.raises(OAuth1Error) as refused:
        verifier_at().refuse(request, collect(request))
    assert refused.value.reason is Reason.BAD_SIGNATURE


def test_an_old_request_with_an_unknown_token_is_refused_for_its_age_like_any_other() -> None:
    request = signed(signing=Signing(timestamp_s=NOW_S - 301))
    with pytest.raises(OAuth1Error) as refused:
        verifier_at().refuse(request, collect(request))
    assert refused.value.reason is Reason.TIMESTAMP_OUT_OF_BOUNDS


@pytest.mark.parametrize("allowed", [False, True], ids=["ordinary", "unsigned verifier allowed"])
def test_an_unknown_token_takes_as_many_signatures_as_a_bad_one(monkeypatch: pytest.MonkeyPatch, allowed: bool) -> None:
    hashed_octets: list[int] = []

    def counted(method: str, key: bytes, text: str) -> str:
        hashed_octets.append(len(text))
        return sign(method, key, text)

    monkeypatch.setattr(verifier_module, "sign", counted)
    request = at(signed_without_its_token(), "127.0.0.1:8080")
    assert outcome(request, consumer_secret="x", allow_unsigned_verifier=allowed) is Reason.BAD_SIGNATURE
    bad_signature = hashed_octets.copy()
    hashed_octets.clear()
    with pytest.raises(OAuth1Error):
        verifier_at().refuse(request, collect(request), allow_unsigned_verifier=allowed)
    assert hashed_octets == bad_signature
    assert len(bad_signature) == (8 if allowed else 4)


def signings(places: list[str], excluded: str) -> st.SearchStrategy[Signing]:
    values = st.text(
        alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=excluded),
        min_size=1,
        max_size=20,
    )
    return st.builds(
        Signing,
        consumer_key=values,
        consumer_secret=st.text(max_size=20),
        token=st.none() | values,
        token_secret=st.text(max_size=20),
        method=st.sampled_from(["HMAC-SHA1", "HMAC-SHA256"]),
        place=st.sampled_from(places),
        nonce=values,
        callback=st.none() | values,
    )


# From query and form oauthlib decodes what is named `oauth_…` twice, so it signs something else than it sends
# where such a value holds a percent sign.
pair_lists = st.lists(st.tuples(st.text(alphabet="ab é&=%+/~", min_size=1), st.text()), max_size=5)


@given(
    signings(["AUTH_HEADER"], excluded="") | signings(["QUERY", "BODY"], excluded="%"),
    st.sampled_from(METHODS),
    st.sampled_from(["http://127.0.0.1:8080", "https://api.x.com", "http://Mutes.Example:80", "https://[::1]:8443"]),
    st.sampled_from(["/2/users/1001/muting", "/2/users/:id/muting", "/a%20b/%3Cc", "/"]),
    pair_lists,
    pair_lists,
)
def test_whatever_oauthlib_signs_verifies(
    signing: Signing, method: Method, origin: str, path: str, query: Pairs, form: Pairs
) -> None:
    url = f"{origin}{path}?{encoded(query)}" if query else f"{origin}{path}"
    # oauthlib wants a body to sign in, and none with GET.
    has_form = method != "GET" and (bool(form) or signing.place == "BODY")
    signing = signing if has_form or signing.place != "BODY" else replace(signing, place="QUERY")
    request = signed(url, signing, method=method, form=[*form, ("z", "")] if has_form else None)
    consumer_secret, token_secret = signing.consumer_secret, signing.token_secret or ""
    assert outcome(request, consumer_secret=consumer_secret, token_secret=token_secret) is None
    assert outcome(request, consumer_secret="", token_secret=signing.consumer_secret + "x") is Reason.BAD_SIGNATURE


@given(
    st.sampled_from(["method", "raw_path", "query", "authorization", "form_body"]),
    st.integers(0, 400),
    st.characters(min_codepoint=32, max_codepoint=126),
)
def test_changing_any_character_never_yields_another_request_that_verifies(
    part: str, position: int, character: str
) -> None:
    value = getattr(ORIGINAL, part)
    text = value if isinstance(value, str) else value.decode()
    position %= len(text)
    changed = f"{text[:position]}{character}{text[position + 1 :]}"
    changes: dict[str, Any] = {part: changed if isinstance(value, str) else changed.encode()}
    request = replace(ORIGINAL, **changes)
    if outcome(request) is None:
        assert collect(request) == collect(ORIGINAL)
        assert (request.method.upper(), request.raw_path) == (ORIGINAL.method, ORIGINAL.raw_path)


@given(
    st.fixed_dictionaries(
        {"oauth_consumer_key": st.text(), "oauth_nonce": st.text(), "oauth_signature": st.text()},
        optional={
            "oauth_token": st.text(),
            "oauth_verifier": st.text(),
            "oauth_version": st.sampled_from(["1.0", "2"]),
        },
    ),
    st.integers(NOW_S - 400, NOW_S + 400),
    st.text(alphabet=st.characters(max_codepoint=127)),
    st.text(alphabet=st.characters(max_codepoint=127)),
)
def test_what_nobody_signed_never_verifies_and_never_fails_in_another_way(
    values: dict[str, str], timestamp_s: int, host: str, path: str
) -> None:
    values |= {"oauth_timestamp": str(timestamp_s), "oauth_signature_method": "HMAC-SHA1"}
    request = SignedRequest("GET", "http", host, path, query=encoded(list(values.items())))
    assert outcome(request, allow_unsigned_verifier=True) is not None
