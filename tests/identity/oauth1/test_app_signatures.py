from dataclasses import replace
from typing import Any

import pytest

from tacet.identity.oauth1 import OAuth1Error, Reason
from tacet.identity.vault import Vault, new_secret_key
from tacet.ids import SeededRandomness
from tests.cast import CONSUMER_SECRET
from tests.identity.oauth1.logins import Keys, Logins


async def reason(logins: Logins, **change: Any) -> Reason | None:
    try:
        await logins.steps.request(logins.asking(**change))
    except OAuth1Error as error:
        return error.reason
    return None


async def test_an_app_alone_signs_without_a_token(logins: Logins) -> None:
    assert await reason(logins) is None
    assert logins.verifier.refused == 0


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"consumer_secret": "wrong"}, Reason.BAD_SIGNATURE, id="wrong-secret"),
        pytest.param({"token_secret": "wrong"}, Reason.BAD_SIGNATURE, id="secret-of-no-token"),
        pytest.param({"timestamp_s": 1}, Reason.TIMESTAMP_OUT_OF_BOUNDS, id="too-old"),
        pytest.param({"method": "PLAINTEXT"}, Reason.UNSUPPORTED_METHOD, id="plaintext"),
    ],
)
async def test_a_request_that_is_not_rightly_signed_is_refused(
    logins: Logins, change: dict[str, Any], expected: Reason
) -> None:
    assert await reason(logins, **change) is expected
    assert logins.verifier.refused == 0


async def test_a_request_is_good_once(logins: Logins) -> None:
    request = logins.asking()
    await logins.steps.request(request)
    with pytest.raises(OAuth1Error) as caught:
        await logins.steps.request(request)
    assert caught.value.reason is Reason.NONCE_REPLAYED


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"consumer_key": "nobodys"}, id="unknown-key"),
        pytest.param({"token": "nobodys"}, id="unknown-token"),
        pytest.param({"token": "alice"}, id="bearer-as-token"),
        pytest.param({"token": "1001-2001", "token_secret": "token-secret"}, id="token-of-another-app"),
        pytest.param({"token": "t" * 5_000}, id="endless-token"),
    ],
)
async def test_keys_that_do_not_belong_together_take_as_long_as_a_bad_signature(
    logins: Logins, change: dict[str, Any]
) -> None:
    assert await reason(logins, **change) is Reason.BAD_SIGNATURE
    assert logins.verifier.refused == 1


class TestWhoIsSignedInAlready:
    """Clients keep signing with the token that they have when they start a login again."""

    async def test_the_request_token_they_have_is_good(self, logins: Logins) -> None:
        keys = await logins.ask()
        assert await logins.ask(keys=keys) != keys

    async def test_so_is_the_access_token(self, logins: Logins) -> None:
        made = await logins.login()
        assert await reason(logins, keys=Keys(made.token, made.secret)) is None

    async def test_not_with_another_apps(self, logins: Logins) -> None:
        keys = await logins.ask(app=logins.other)
        assert await reason(logins, keys=keys) is Reason.BAD_SIGNATURE

    async def test_not_with_one_that_was_revoked(self, logins: Logins) -> None:
        made = await logins.login()
        await logins.store.credentials.revoke_token(Vault.digest(made.token), logins.clock.now_ms())
        assert await reason(logins, keys=Keys(made.token, made.secret)) is Reason.BAD_SIGNATURE


async def test_a_secret_that_does_not_open_is_a_refusal_and_a_line_in_the_log(
    logins: Logins, caplog: pytest.LogCaptureFixture
) -> None:
    foreign = Vault(new_secret_key(SeededRandomness(3)), SeededRandomness(4))
    await logins.put(replace(logins.app, consumer_secret_sealed=foreign.seal(CONSUMER_SECRET)))
    assert await reason(logins) is Reason.BAD_SIGNATURE
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert CONSUMER_SECRET not in caplog.text
