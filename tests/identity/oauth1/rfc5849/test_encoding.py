import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth1.rfc5849.utils import escape

from tacet.identity.oauth1 import OAuth1Error, Reason
from tacet.identity.oauth1.rfc5849.encoding import decode, encode, encode_again, encode_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("AZaz09-._~", "AZaz09-._~", id="unreserved"),
        pytest.param("r b", "r%20b", id="space"),
        pytest.param("a+b", "a%2Bb", id="plus"),
        pytest.param("=%3D", "%3D%253D", id="percent"),
        pytest.param("*'()!", "%2A%27%28%29%21", id="marks that other encoders leave"),
        pytest.param("é", "%C3%A9", id="two octets"),
        pytest.param("🚀", "%F0%9F%9A%80", id="four octets"),
        pytest.param("a\x00\n", "a%00%0A", id="control characters"),
    ],
)
def test_encoding_leaves_only_unreserved_characters(text: str, expected: str) -> None:
    assert encode(text) == expected


@given(st.text())
def test_encoding_equals_oauthlibs(text: str) -> None:
    assert encode(text) == escape(text)


@given(st.text())
def test_decoding_undoes_encoding(text: str) -> None:
    assert decode(encode(text)) == text


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_a_path_is_encoded_like_any_text(path: str) -> None:
    assert encode_path(path) == escape(path)


@given(st.lists(st.tuples(st.text(), st.text())))
def test_encoding_normalized_parameters_again_equals_encoding_them_as_text(
    pairs: list[tuple[str, str]],
) -> None:
    normalized = "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)
    assert encode_again(normalized) == escape(normalized)


def test_lower_case_escapes_and_escapes_of_unreserved_characters_are_decoded() -> None:
    assert decode("%7e%41%c3%a9") == "~Aé"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("%", id="percent alone"),
        pytest.param("a%2", id="one digit"),
        pytest.param("%zz", id="not hexadecimal"),
        pytest.param("%+1", id="sign that int would take"),
        pytest.param("%20%u00e9", id="javascript escape"),
        pytest.param("%ff", id="not UTF-8"),
        pytest.param("%c0%af", id="overlong UTF-8"),
        pytest.param("%ed%a0%80", id="surrogate"),
    ],
)
def test_broken_escapes_are_refused_rather_than_guessed_at(text: str) -> None:
    with pytest.raises(OAuth1Error) as refused:
        decode(text)
    assert refused.value.reason is Reason.MALFORMED
