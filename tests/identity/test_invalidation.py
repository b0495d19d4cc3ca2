from dataclasses import replace
from typing import Any

import pytest

from tacet.identity.invalidation import OAuth1Invalidation
from tacet.identity.oauth1 import OAuth1Error, Reason, SignedRequest
from tacet.identity.oauth1.logins import NewAccessToken
from tacet.identity.oauth1.refusals import LoginRefused, Refused
from tacet.identity.vault import Vault
from tests.cast import BOB
from tests.identity.oauth1.logins import Keys, Logins
from tests.identity.oauth1.signing import signed

URL = "https://api.x.com/1.1/oauth/invalidate_token.json"


@pytest.fixture
def invalidation(logins: Logins) -> OAuth1Invalidation:
    return OAuth1Invalidation(logins.service.tacet.authenticator, logins.store.credentials, logins.clock)


@pytest.fixture
async def made(logins: Logins) -> NewAccessToken:
    return await logins.login()


def request(logins: Logins, made: NewAccessToken, access_token: str | None = None, **more: Any) -> SignedRequest:
    form = None if access_token is None else [("access_token", access_token), ("access_token_secret", "ignored")]
    return signed(URL, logins.signing(keys=Keys(made.token, made.secret), **more), method="POST", form=form)


async def outcome(invalidation: OAuth1Invalidation, request: SignedRequest) -> str | Refused | Reason:
    try:
        return await invalidation.invalidate(request)
    except LoginRefused as error:
        return error.refused
    except OAuth1Error as error:
        return error.reason


async def test_the_token_that_signed_ends_at_once(
    logins: Logins, invalidation: OAuth1Invalidation, made: NewAccessToken
) -> None:
    assert await logins.call(made) == 200
    assert await outcome(invalidation, request(logins, made)) == made.token
    assert await logins.call(made) == 401


async def test_another_token_of_the_same_person_and_app_ends_when_it_is_named(
    logins: Logins, invalidation: OAuth1Invalidation, made: NewAccessToken
) -> None:
    other = await logins.login()
    assert await outcome(invalidation, request(logins, made, other.token)) == other.token
    assert [await logins.call(each) for each in (made, other)] == [200, 401]


async def test_naming_ones_own_is_the_same_as_naming_none(
    logins: Logins, invalidation: OAuth1Invalidation, made: NewAccessToken
) -> None:
    assert await outcome(invalidation, request(logins, made, made.token)) == made.token


async def test_nobody_ends_what_is_not_theirs(
    logins: Logins, invalidation: OAuth1Invalidation, made: NewAccessToken
) -> None:
    keys = await logins.ask()
    bobs = await logins.exchange(keys, await logins.agree(keys, BOB.id))
    theirs = await logins.login(app=logins.other)
    for name in (bobs.token, theirs.token, "1001-2001", "alice", "app-only", "1001-nobodys"):
        assert await outcome(invalidation, request(logins, made, name)) is Refused.ENDED
    assert [await logins.call(each) for each in (made, bobs)] == [200, 200]
    found = await logins.store.credentials.token(Vault.digest(theirs.token))
    assert found is not None
    assert found.revoked_at_ms is None


async def test_a_token_that_has_ended_is_no_mere_bad_signature(
    logins: Logins, invalidation: OAuth1Invalidation, made: NewAccessToken
) -> None:
    await invalidation.invalidate(request(logins, made))
    assert await outcome(invalidation, request(logins, made)) is Refused.ENDED
    nobodys = replace(made, token="1001-nobodys")
    assert await outcome(invalidation, request(logins, nobodys)) is Refused.ENDED


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"token_secret": "wrong"}, Reason.BAD_SIGNATURE, id="wrong-secret"),
        pytest.param({"consumer_secret": "wrong"}, Reason.BAD_SIGNATURE, id="wrong-consumer-secret"),
        pytest.param({"consumer_key": "nobodys"}, Reason.BAD_SIGNATURE, id="unknown-app"),
        pytest.param({"consumer_key": "consumer-2014"}, Refused.ENDED, id="another-app"),
        pytest.param({"token": None, "token_secret": None}, Reason.BAD_SIGNATURE, id="no-token"),
        pytest.param({"timestamp_s": 1}, Reason.TIMESTAMP_OUT_OF_BOUNDS, id="too-old"),
        pytest.param({"method": "PLAINTEXT"}, Reason.UNSUPPORTED_METHOD, id="plaintext"),
    ],
)
async def test_a_bad_signature_ends_nothing(
    logins: Logins,
    invalidation: OAuth1Invalidation,
    made: NewAccessToken,
    change: dict[str, Any],
    expected: Reason | Refused,
) -> None:
    assert await outcome(invalidation, request(logins, made, **change)) is expected
    assert await logins.call(made) == 200
