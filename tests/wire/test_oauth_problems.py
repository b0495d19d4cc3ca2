"""Every error of OAuth 2.0 in X's words, where these are recorded."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tacet.identity.oauth2 import errors
from tacet.identity.oauth2.errors import OAuth2Error
from tacet.wire.oauth_problems import oauth2_problem

RECORDED = {
    "bad-code": errors.bad_code(),
    "bad-token": errors.bad_token(),
    "missing-parameter": errors.missing("code_verifier"),
    "bad-client": errors.bad_client(),
    "bad-redirect-uri": errors.bad_redirect_uri(),
}


@pytest.mark.parametrize("error", RECORDED.values(), ids=RECORDED.keys())
def test_errors_are_those_that_were_recorded(error: OAuth2Error, shared_wire: Path) -> None:
    problem = oauth2_problem(error)
    assert f"{problem.status} {problem.body.decode()}" in (shared_wire / "oauth.md").read_text()
    assert problem.content_type == b"application/json; charset=utf-8"
    assert not problem.at_edge


def test_all_recorded_errors_are_known(shared_wire: Path) -> None:
    section = (shared_wire / "oauth.md").read_text().partition("errors (JSON):")[2].partition("Scopes in docs")[0]
    assert section.count('"error_description"') == len(RECORDED)


CHOSEN: dict[str, tuple[Callable[[], OAuth2Error], int, str]] = {
    "bad-verifier": (errors.bad_verifier, 400, "invalid_request"),
    "switched-off": (errors.switched_off, 400, "unauthorized_client"),
    "bad-grant-type": (errors.bad_grant_type, 400, "unsupported_grant_type"),
    "bad-scope": (errors.bad_scope, 400, "invalid_scope"),
    "repeated": (lambda: errors.repeated("code"), 400, "invalid_request"),
    "unreadable": (lambda: errors.unreadable("No."), 400, "invalid_request"),
}


@pytest.mark.parametrize(("make", "status", "code"), CHOSEN.values(), ids=CHOSEN.keys())
def test_the_others_are_of_the_same_shape(make: Callable[[], OAuth2Error], status: int, code: str) -> None:
    problem = oauth2_problem(make())
    body = json.loads(problem.body)
    assert (problem.status, body["error"], list(body)) == (status, code, ["error", "error_description"])


def test_only_what_tells_of_a_secret_is_guessing() -> None:
    guessing = {errors.bad_client, errors.bad_code, errors.bad_redirect_uri, errors.bad_verifier, errors.bad_token}
    others = {errors.switched_off, errors.bad_grant_type, errors.bad_scope}
    assert {make for make in guessing | others if make().guessing} == guessing


def test_a_401_says_how_to_authenticate() -> None:
    assert dict(oauth2_problem(errors.bad_client()).headers)[b"www-authenticate"].startswith(b"Basic ")
    assert b"www-authenticate" not in dict(oauth2_problem(errors.bad_code()).headers)
