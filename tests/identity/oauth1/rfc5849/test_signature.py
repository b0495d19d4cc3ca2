from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth1.rfc5849.signature import sign_hmac_sha1_with_client, sign_hmac_sha256_with_client

from tacet.identity.oauth1.rfc5849.signature import DIGESTS, same_signature, sign, signing_key

OAUTHLIBS: dict[str, Callable[..., str]] = {
    "HMAC-SHA1": sign_hmac_sha1_with_client,
    "HMAC-SHA256": sign_hmac_sha256_with_client,
}


class OAuthlibClient:
    """The two attributes that oauthlib's functions read."""

    def __init__(self, client_secret: str, resource_owner_secret: str) -> None:
        self.client_secret = client_secret
        self.resource_owner_secret = resource_owner_secret


@pytest.mark.parametrize(
    ("consumer_secret", "token_secret", "expected"),
    [
        pytest.param("cs", "ts", b"cs&ts", id="both"),
        pytest.param("cs", "", b"cs&", id="no token"),
        pytest.param("", "", b"&", id="neither"),
        pytest.param("a&b", "c=%", b"a%26b&c%3D%25", id="reserved characters"),
    ],
)
def test_the_key_keeps_its_ampersand(consumer_secret: str, token_secret: str, expected: bytes) -> None:
    assert signing_key(consumer_secret, token_secret) == expected


def test_signature_of_rfc_5849_erratum_2550() -> None:
    text = (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540"
        "%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method"
        "%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )
    key = signing_key("j49sk3j29djd", "dh893hdasih9")
    assert sign("HMAC-SHA1", key, text) == "r6/TJjbCOr97/+UU0NsvSne7s5g="


ascii_text = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126))


@given(st.sampled_from(sorted(DIGESTS)), ascii_text, st.text(), st.text())
def test_signatures_equal_oauthlibs(method: str, text: str, consumer_secret: str, token_secret: str) -> None:
    expected = OAUTHLIBS[method](text, OAuthlibClient(consumer_secret, token_secret))
    assert sign(method, signing_key(consumer_secret, token_secret), text) == expected


@pytest.mark.parametrize(
    ("given_signature", "expected"),
    [
        pytest.param("r6/TJjbCOr97/+UU0NsvSne7s5g=", True, id="the same"),
        pytest.param("r6/TJjbCOr97/+UU0NsvSne7s5h=", False, id="another"),
        pytest.param("r6/TJjbCOr97/+UU0NsvSne7s5g", False, id="shorter"),
        pytest.param("", False, id="empty"),
        pytest.param("r6/TJjbCOr97/+UU0NsvSne7s5é=", False, id="not ASCII"),
    ],
)
def test_signatures_are_compared_whole(given_signature: str, expected: bool) -> None:
    assert same_signature("r6/TJjbCOr97/+UU0NsvSne7s5g=", given_signature) is expected
