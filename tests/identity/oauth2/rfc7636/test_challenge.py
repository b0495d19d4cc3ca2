"""Challenges and verifiers, judged by oauthlib and by the RFC's own example."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth2.rfc6749.clients import WebApplicationClient
from oauthlib.oauth2.rfc6749.grant_types.authorization_code import (
    code_challenge_method_plain,
    code_challenge_method_s256,
)

from tacet.identity.oauth2.rfc7636.challenge import answers, challenge_of, is_challenge, is_verifier, method_named
from tacet.records.consents import ChallengeMethod

PLAIN, S256 = ChallengeMethod.PLAIN, ChallengeMethod.S256
JUDGES = {PLAIN: code_challenge_method_plain, S256: code_challenge_method_s256}

UNRESERVED = string.ascii_letters + string.digits + "-._~"
VERIFIERS = st.text(UNRESERVED, min_size=1, max_size=128)
METHODS = st.sampled_from(list(ChallengeMethod))


def test_the_example_of_the_rfc() -> None:
    # RFC 7636, appendix B.
    verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert challenge_of(verifier, S256) == challenge
    assert answers(verifier, challenge, S256)


@given(VERIFIERS, METHODS)
def test_challenges_are_those_of_oauthlibs_client(verifier: str, method: ChallengeMethod) -> None:
    wanted = WebApplicationClient("any").create_code_challenge(verifier, None if method is PLAIN else method.value)
    assert challenge_of(verifier, method) == wanted
    assert is_challenge(wanted, method)


@given(VERIFIERS, VERIFIERS, METHODS, st.booleans())
def test_answers_are_judged_as_oauthlibs_server_judges_them(
    verifier: str,
    other: str,
    method: ChallengeMethod,
    same: bool,
) -> None:
    challenge = challenge_of(verifier if same else other, method)
    assert answers(verifier, challenge, method) is JUDGES[method](verifier, challenge)


NAMES = {
    "": PLAIN,
    "plain": PLAIN,
    "S256": S256,
    "s256": S256,
    "Plain": None,
    "S512": None,
    "none": None,
    " S256": None,
}


@pytest.mark.parametrize(("name", "method"), NAMES.items(), ids=[name or "none given" for name in NAMES])
def test_methods_by_their_names(name: str, method: ChallengeMethod | None) -> None:
    assert method_named(name) is method


@pytest.mark.parametrize("text", ["", "a" * 257, "a b", "a\n", "ä", "a/b", "a+b", "a=", "\ud800"], ids=ascii)
def test_what_is_no_verifier_answers_nothing(text: str) -> None:
    assert not is_verifier(text)
    assert not is_challenge(text, PLAIN)
    assert not answers(text, text, PLAIN)
    assert not answers(text, "a" * 43, S256)


@pytest.mark.parametrize("text", ["a", "a" * 256, UNRESERVED], ids=["shortest", "longest", "every-character"])
def test_verifiers_of_every_length(text: str) -> None:
    assert is_verifier(text)
    assert answers(text, text, PLAIN)


@pytest.mark.parametrize(
    "text", ["a" * 42, "a" * 44, "a" * 42 + "=", "a" * 42 + "~", "a" * 42 + ".", "a" * 43 + "\n"], ids=ascii
)
def test_what_is_no_sha256(text: str) -> None:
    assert not is_challenge(text, S256)


def test_a_challenge_is_no_answer_to_itself() -> None:
    challenge = challenge_of("verifier", S256)
    assert not answers(challenge, challenge, S256)
    assert not answers("verifier", challenge, PLAIN)
