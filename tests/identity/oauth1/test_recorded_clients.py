"""What real clients sent, replayed: the requests of the shared recording, each at its own time."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tacet.clock import ManualClock
from tacet.identity.oauth1 import Nonces, OAuth1Error, Reason, SignedRequest, Verifier, collect, is_oauth1
from tacet.settings import X_API_ORIGINS
from tests.identity.oauth1.signing import FORM_TYPE, finished

# The made-up keys that clients.md, beside the recording, names.
CONSUMER_SECRET = "cs"
TOKEN_SECRETS = {None: "", "reqtok": "reqtoksecret", "1001-acctok": "acctoksecret"}


@dataclass(frozen=True)
class Recorded:
    client: str
    request: SignedRequest
    signed_over: str | None
    valid_under_strict_rfc5849: bool


@pytest.fixture
def lines(shared_wire: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (shared_wire / "client-requests.jsonl").read_text().splitlines()]


@pytest.fixture
def recorded(lines: list[dict[str, object]]) -> list[Recorded]:
    return [read(line) for line in lines if "oauth1" in line]


@pytest.fixture
def valid(recorded: list[Recorded]) -> list[Recorded]:
    return [each for each in recorded if each.signed_over is not None]


@pytest.fixture
def faulty(recorded: list[Recorded]) -> list[Recorded]:
    return [each for each in recorded if each.signed_over is None]


def arrived(line: dict[str, object]) -> SignedRequest:
    headers = line["headers"]
    assert isinstance(headers, dict)
    is_form = headers.get("content-type", "").startswith(FORM_TYPE)
    return SignedRequest(
        method=str(line["method"]),
        scheme="http",
        host=headers["host"],
        raw_path=str(line["path"]),
        query=str(line["query"]).encode(),
        authorization=headers.get("authorization"),
        form_body=str(line["body"]).encode() if is_form else None,
    )


def read(line: dict[str, object]) -> Recorded:
    oauth1 = line["oauth1"]
    assert isinstance(oauth1, dict)
    assert oauth1["signature_valid"] == (oauth1["signed_over"] is not None)
    return Recorded(str(line["client"]), arrived(line), oauth1["signed_over"], oauth1["valid_under_strict_rfc5849"])


def replay(
    request: SignedRequest,
    verifier: Verifier | None = None,
    token_secret: str | None = None,
    *,
    allow_unsigned_verifier: bool = False,
) -> Reason | None:
    """Verify at the request's own time, with the secret of its token unless another is given."""
    parameters = collect(request)
    secret = TOKEN_SECRETS[parameters.token] if token_secret is None else token_secret
    verifier = verifier or Verifier(ManualClock(parameters.timestamp_s * 1000), Nonces(), X_API_ORIGINS)
    try:
        finished(
            verifier.verify(
                request, parameters, CONSUMER_SECRET, secret, allow_unsigned_verifier=allow_unsigned_verifier
            )
        )
    except OAuth1Error as error:
        return error.reason
    return None


def test_the_recording_is_the_one_these_tests_are_about(recorded: list[Recorded], valid: list[Recorded]) -> None:
    assert (len(recorded), len(valid)) == (148, 144)


def test_every_request_with_a_good_signature_verifies(valid: list[Recorded]) -> None:
    assert [(each.client, each.request) for each in valid if replay(each.request) is not None] == []


def test_no_other_request_verifies(faulty: list[Recorded]) -> None:
    assert [replay(each.request) for each in faulty] == [Reason.BAD_SIGNATURE] * 4


def test_requests_are_recognised_as_signed_exactly_where_they_are(lines: list[dict[str, object]]) -> None:
    for line in lines:
        request = arrived(line)
        is_signed = is_oauth1(request.authorization, request.query, request.form_body)
        assert is_signed == ("oauth1" in line), line["client"]


def test_two_calls_for_an_access_token_verify_without_signed_token_and_only_there(
    faulty: list[Recorded],
) -> None:
    accepted = [each for each in faulty if replay(each.request, allow_unsigned_verifier=True) is None]
    assert [each.request.raw_path for each in accepted] == ["/oauth/access_token"] * 2
    assert all(collect(each.request).oauth["oauth_verifier"] for each in accepted)


def test_two_requests_were_signed_with_the_secret_of_the_request_token(faulty: list[Recorded]) -> None:
    others = [each for each in faulty if each.request.raw_path != "/oauth/access_token"]
    assert [replay(each.request, token_secret="reqtoksecret") for each in others] == [None, None]


def test_a_second_arrival_of_any_request_is_refused(valid: list[Recorded]) -> None:
    clock, nonces = ManualClock(0), Nonces()
    verifier = Verifier(clock, nonces, X_API_ORIGINS)
    for each in sorted(valid, key=lambda each: collect(each.request).timestamp_s):
        clock.set(collect(each.request).timestamp_s * 1000)
        assert replay(each.request, verifier) is None, each.client
        assert replay(each.request, verifier) is Reason.NONCE_REPLAYED, each.client


def test_requests_signed_over_xs_hosts_verify_wherever_they_arrive(valid: list[Recorded]) -> None:
    believers = [each for each in valid if urlsplit(each.signed_over or "").netloc in ("api.x.com", "api.twitter.com")]
    assert len(believers) > 50
    for each in believers:
        assert replay(replace(each.request, host="localhost:9")) is None, each.client


def test_requests_that_repeat_protocol_parameters_are_among_those_that_verify(valid: list[Recorded]) -> None:
    repeating = [each for each in valid if not each.valid_under_strict_rfc5849]
    assert repeating
    for each in repeating:
        everywhere = f"{each.request.authorization} {each.request.query!r} {each.request.form_body!r}"
        names = re.findall(r"(oauth_\w+)=", everywhere)
        assert len(names) > len(set(names)), each.client


def test_another_secret_fails_every_request(recorded: list[Recorded]) -> None:
    assert {replay(each.request, token_secret="other") for each in recorded} == {Reason.BAD_SIGNATURE}
