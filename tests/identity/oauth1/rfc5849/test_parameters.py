import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth1.rfc5849.signature import normalize_parameters

from tacet.identity.oauth1 import OAuth1Error, Reason
from tacet.identity.oauth1.rfc5849.parameters import (
    MAX_PARAMETERS,
    collect_parameters,
    covered,
    is_oauth_scheme,
    normalize,
    parse_form,
    parse_header,
)


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        pytest.param('OAuth oauth_nonce="a"', [("oauth_nonce", "a")], id="one"),
        pytest.param(
            'OAuth oauth_nonce="a", oauth_token="b"',
            [("oauth_nonce", "a"), ("oauth_token", "b")],
            id="comma and space",
        ),
        pytest.param('OAuth a="1",b="2"', [("a", "1"), ("b", "2")], id="comma alone"),
        pytest.param('OAuth  a = "1" \t,\tb="2" ', [("a", "1"), ("b", "2")], id="space everywhere"),
        pytest.param("oauth a=1,b=2", [("a", "1"), ("b", "2")], id="no quotes"),
        pytest.param('OAuth a=1=,b="2="', [("a", "1="), ("b", "2=")], id="equals signs in values"),
        pytest.param('OAuth a="",b=', [("a", ""), ("b", "")], id="empty values"),
        pytest.param('OAuth a="%2Bx%3D"', [("a", "+x=")], id="escapes"),
        pytest.param('OAuth a="x+y"', [("a", "x+y")], id="plus is not a space"),
        pytest.param('OAuth a="1", a="2"', [("a", "1"), ("a", "2")], id="repeated"),
        pytest.param('OAuth a="1",', [("a", "1")], id="comma at the end"),
        pytest.param(
            'OAuth realm="a, b=\\"c\\"", oauth_nonce="n"',
            [("realm", 'a, b=\\"c\\"'), ("oauth_nonce", "n")],
            id="realm with comma and quotes",
        ),
        pytest.param("OAuth ", [], id="nothing"),
        pytest.param("OAuth", [], id="not even a space"),
    ],
)
def test_a_header_is_read_as_clients_write_it(authorization: str, expected: list[tuple[str, str]]) -> None:
    assert parse_header(authorization) == expected


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param("OAuth garbage", id="no equals sign"),
        pytest.param('OAuth ="1"', id="no name"),
        pytest.param('OAuth a="1', id="quote left open"),
        pytest.param('OAuth a="1"b="2"', id="no comma"),
        pytest.param('OAuth a="1";b="2"', id="semicolon"),
        pytest.param("OAuth a=1 2", id="space in a bare value"),
        pytest.param('OAuth a="1",,b="2"', id="two commas"),
        pytest.param('OAuth a="%4"', id="broken escape"),
        pytest.param('OAuth a="1"\n', id="line feed"),
        pytest.param("OAuth " + "\\" * 8_000, id="many backslashes"),
        pytest.param('OAuth a="' + "\\" * 8_000, id="many backslashes in quotes"),
        pytest.param("OAuth " + "a" * 8_000, id="a long name"),
        pytest.param("OAuth " + "a=1," * (MAX_PARAMETERS + 1), id="too many"),
    ],
)
def test_a_header_that_is_no_list_of_parameters_is_refused(authorization: str) -> None:
    with pytest.raises(OAuth1Error) as refused:
        parse_header(authorization)
    assert refused.value.reason is Reason.MALFORMED


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        pytest.param('OAuth oauth_nonce="a"', True, id="OAuth"),
        pytest.param('OAUTH oauth_nonce="a"', True, id="upper case"),
        pytest.param("OAuth", True, id="alone"),
        pytest.param("OAuth2 abc", False, id="longer name"),
        pytest.param("Bearer OAuth ", False, id="bearer"),
        pytest.param("", False, id="empty"),
    ],
)
def test_the_scheme_of_a_header_is_recognised(authorization: str, expected: bool) -> None:
    assert is_oauth_scheme(authorization) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("a=1&b=2", [("a", "1"), ("b", "2")], id="two"),
        pytest.param("a=2&a=1", [("a", "2"), ("a", "1")], id="repeated"),
        pytest.param("a&b=&=c", [("a", ""), ("b", ""), ("", "c")], id="halves"),
        pytest.param("&a=1&&", [("a", "1")], id="empty parts"),
        pytest.param("a=b=c", [("a", "b=c")], id="equals sign in a value"),
        pytest.param("a=x+y%2Bz%20", [("a", "x y+z ")], id="plus is a space"),
        pytest.param("a+b=1", [("a b", "1")], id="plus in a name"),
        pytest.param("ids=1,2;3", [("ids", "1,2;3")], id="commas and semicolons separate nothing"),
        pytest.param("c%40=%C3%A9", [("c@", "é")], id="escapes"),
    ],
)
def test_a_query_or_form_is_read_as_browsers_write_it(text: str, expected: list[tuple[str, str]]) -> None:
    assert parse_form(text) == expected


def test_a_form_may_hold_the_limit_of_parameters_and_not_one_more() -> None:
    assert len(parse_form("&".join(["a=1"] * MAX_PARAMETERS))) == MAX_PARAMETERS
    with pytest.raises(OAuth1Error) as refused:
        parse_form("&".join(["a=1"] * (MAX_PARAMETERS + 1)))
    assert refused.value.reason is Reason.MALFORMED


def test_the_later_value_of_a_protocol_parameter_wins() -> None:
    header, query = [("oauth_token", "h"), ("oauth_token", "h2")], [("oauth_token", "q")]
    assert collect_parameters(header, [], [])[0] == {"oauth_token": "h2"}
    assert collect_parameters(header, query, [])[0] == {"oauth_token": "q"}
    assert collect_parameters(header, query, [("oauth_token", "f")])[0] == {"oauth_token": "f"}


def test_other_parameters_are_kept_as_often_as_query_and_form_hold_them() -> None:
    oauth, others = collect_parameters([], [("a", "1"), ("a", "1")], [("a", "1"), ("b", "2")])
    assert oauth == {}
    assert others == [("a", "1"), ("a", "1"), ("a", "1"), ("b", "2")]


def test_other_parameters_of_the_header_do_not_count() -> None:
    oauth, others = collect_parameters([("realm", "Example"), ("a", "1"), ("oauth_nonce", "n")], [], [])
    assert (oauth, others) == ({"oauth_nonce": "n"}, [])


def test_a_realm_in_the_query_is_an_ordinary_parameter() -> None:
    assert collect_parameters([], [("realm", "x")], [])[1] == [("realm", "x")]


def test_a_signature_does_not_cover_itself_nor_what_is_named_as_unsigned() -> None:
    oauth = {"oauth_signature": "s", "oauth_token": "t", "oauth_nonce": "n"}
    assert list(covered(oauth)) == [("oauth_token", "t"), ("oauth_nonce", "n")]
    assert list(covered(oauth, ["oauth_token"])) == [("oauth_nonce", "n")]


def test_parameters_are_sorted_by_encoded_name_and_then_value() -> None:
    pairs = [("b", ""), ("a", "é"), ("a", "2 q"), ("a-", "1"), ("A", "1"), ("a", "a")]
    assert normalize(pairs) == "A=1&a=%C3%A9&a=2%20q&a=a&a-=1&b="


@given(st.lists(st.tuples(st.text(), st.text()), max_size=10))
def test_normal_form_equals_oauthlibs(pairs: list[tuple[str, str]]) -> None:
    assert normalize(pairs) == normalize_parameters(pairs)  # type: ignore[arg-type]  # its stub says dict, it takes pairs
