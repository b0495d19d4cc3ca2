from tacet.identity.oauth1 import OAuth1Error, Reason


def test_an_error_says_what_failed_and_where() -> None:
    error = OAuth1Error(Reason.MISSING_PARAMETER, "oauth_nonce")
    assert (error.reason, error.detail) == (Reason.MISSING_PARAMETER, "oauth_nonce")
    assert str(error) == "missing_parameter: oauth_nonce"


def test_an_error_without_detail_is_its_reason() -> None:
    assert str(OAuth1Error(Reason.BAD_SIGNATURE)) == "bad_signature"
