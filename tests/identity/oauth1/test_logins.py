import asyncio
import re
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest

from tacet.identity.oauth1 import OAuth1Error, Reason
from tacet.identity.oauth1.logins import MAX_WRONG_VERIFIERS, REQUEST_TOKEN_MS, PendingLogin
from tacet.identity.oauth1.refusals import LoginOver, LoginRefused, Refused
from tacet.identity.vault import Vault
from tacet.ids import SeededRandomness
from tacet.records.consents import GrantKind
from tacet.records.credentials import Access
from tacet.records.people import Person, State
from tests.cast import ALICE, BOB, CALLBACK
from tests.identity.meanwhile import meanwhile
from tests.identity.oauth1.logins import Keys, Logins, signed_by_app_alone


async def refused(step: Awaitable[object]) -> Refused | Reason | None:
    """Why an App is refused; None where it is not."""
    try:
        await step
    except LoginRefused as error:
        return error.refused
    except OAuth1Error as error:
        return error.reason
    return None


async def is_over(step: Awaitable[object]) -> bool:
    try:
        await step
    except LoginOver:
        return True
    return False


class TestWholeLogins:
    async def test_one_with_a_callback(self, logins: Logins) -> None:
        keys = await logins.ask()
        approval = await logins.steps.approve(keys.token, ALICE.id)
        assert approval.pin is None
        found = re.fullmatch(
            rf"{re.escape(CALLBACK)}\?oauth_token={keys.token}&oauth_verifier=(\w{{32}})", approval.url or ""
        )
        assert found
        made = await logins.exchange(keys, found[1])
        assert (made.user_id, made.screen_name) == (ALICE.id, "alice")
        assert re.fullmatch("1001-[A-Za-z0-9]{40}", made.token)
        assert re.fullmatch("[A-Za-z0-9]{45}", made.secret)
        assert await logins.call(made) == 200

    async def test_one_with_a_pin(self, logins: Logins) -> None:
        keys = await logins.ask("oob")
        approval = await logins.steps.approve(keys.token, ALICE.id)
        assert approval.url is None
        assert re.fullmatch("[1-9][0-9]{6}", approval.pin or "")
        assert await logins.call(await logins.exchange(keys, approval.pin)) == 200

    async def test_the_second_of_a_person_shares_the_grant_of_the_first(self, logins: Logins) -> None:
        first, second = await logins.login(), await logins.login()
        found = [await logins.store.credentials.token(Vault.digest(made.token)) for made in (first, second)]
        grant_ids = {token.grant_id for token in found if token is not None}
        assert first.token != second.token
        assert len(grant_ids) == 1
        grant = await logins.store.consents.grant(int(grant_ids.pop() or 0))
        assert grant is not None
        assert (grant.kind, grant.app_id, grant.user_id) == (GrantKind.OAUTH1, logins.app.id, ALICE.id)

    async def test_no_secret_is_stored_or_shown(self, logins: Logins) -> None:
        made = await logins.steps.request(logins.asking())
        kept = await logins.stored(Keys(made.token, made.secret))
        approval = await logins.steps.approve(made.token, ALICE.id)
        given = await logins.exchange(Keys(made.token, made.secret), (approval.url or "").rpartition("=")[2])
        token = await logins.store.credentials.token(Vault.digest(given.token))
        shown = repr((made, approval, given, kept, token))
        for secret in (made.token, made.secret, given.token, given.secret, (approval.url or "").rpartition("=")[2]):
            assert secret not in shown
        assert token is not None
        assert logins.service.vault.open(token.secret_sealed) == given.secret


class TestAsking:
    @pytest.mark.parametrize(
        ("callback", "kept"),
        [
            pytest.param(None, "oob", id="missing"),
            pytest.param("oob", "oob", id="oob"),
            pytest.param(CALLBACK, CALLBACK, id="approved"),
        ],
    )
    async def test_a_callback_that_is_approved(self, logins: Logins, callback: str | None, kept: str) -> None:
        login = await logins.steps.pending((await logins.ask(callback)).token)
        assert (login.app, login.callback, login.shows_pin) == (logins.app, kept, kept == "oob")

    @pytest.mark.parametrize(
        "callback",
        [
            pytest.param("https://evil.example/callback", id="another"),
            pytest.param(CALLBACK + "/", id="with-a-slash"),
            pytest.param(CALLBACK + "?x=1", id="with-a-query"),
            pytest.param(CALLBACK[:-1], id="shorter"),
            pytest.param(CALLBACK.upper(), id="other-case"),
            pytest.param("OOB", id="oob-in-capitals"),
            pytest.param("javascript:alert(1)", id="script"),
        ],
    )
    async def test_any_other_is_refused(self, logins: Logins, callback: str) -> None:
        assert await refused(logins.ask(callback)) is Refused.CALLBACK_NOT_APPROVED

    async def test_an_app_without_callbacks_can_still_show_a_pin(self, logins: Logins) -> None:
        await logins.change(callbacks=())
        assert await refused(logins.ask()) is Refused.CALLBACK_NOT_APPROVED
        assert await refused(logins.ask("oob")) is None

    async def test_an_app_whose_login_is_off_is_refused_once_it_has_signed(self, logins: Logins) -> None:
        await logins.change(oauth1=False)
        assert await refused(logins.ask()) is Refused.SWITCHED_OFF
        assert await refused(logins.ask(consumer_secret="wrong")) is Reason.BAD_SIGNATURE

    @pytest.mark.parametrize(
        ("may", "asked", "access"),
        [
            pytest.param(Access.READ, None, Access.READ, id="reader"),
            pytest.param(Access.READ, "read", Access.READ, id="reader-that-reads"),
            pytest.param(Access.READ, "write", Access.READ, id="reader-that-would-write"),
            pytest.param(Access.READ_WRITE, None, Access.READ_WRITE, id="writer"),
            pytest.param(Access.READ_WRITE, "read", Access.READ, id="writer-that-reads"),
            pytest.param(Access.READ_WRITE, "write", Access.READ_WRITE, id="writer-that-writes"),
            pytest.param(Access.READ_WRITE_MESSAGES, None, Access.READ_WRITE_MESSAGES, id="with-messages"),
            pytest.param(Access.READ_WRITE_MESSAGES, "read", Access.READ, id="with-messages-that-reads"),
            pytest.param(Access.READ_WRITE_MESSAGES, "write", Access.READ_WRITE, id="with-messages-that-writes"),
        ],
    )
    async def test_it_never_gets_more_than_it_asks_for_or_may(
        self, logins: Logins, may: Access, asked: str | None, access: Access
    ) -> None:
        await logins.change(may)
        assert (await logins.steps.pending((await logins.ask(access=asked)).token)).access is access

    @pytest.mark.parametrize("asked", ["", "Read", "readwrite", "direct-messages", "read "], ids=ascii)
    async def test_another_access_type_is_refused(self, logins: Logins, asked: str) -> None:
        assert await refused(logins.ask(access=asked)) is Refused.UNKNOWN_ACCESS_TYPE


class TestPending:
    @pytest.fixture
    async def keys(self, logins: Logins) -> Keys:
        return await logins.ask()

    async def test_what_is_asked_for(self, logins: Logins, keys: Keys) -> None:
        expected = PendingLogin(logins.app, CALLBACK, Access.READ_WRITE, logins.clock.now_ms())
        assert await logins.steps.pending(keys.token) == expected

    @pytest.mark.parametrize("text", ["", "nobodys", "alice", "t" * 5_000, "漢字", "\x00"], ids=ascii)
    async def test_no_such_token(self, logins: Logins, text: str) -> None:
        assert await is_over(logins.steps.pending(text))

    async def test_it_lasts_fifteen_minutes(self, logins: Logins, keys: Keys) -> None:
        logins.clock.advance(REQUEST_TOKEN_MS - 1)
        await logins.steps.pending(keys.token)
        logins.clock.advance(1)
        for step in (logins.steps.pending, logins.steps.deny):
            assert await is_over(step(keys.token))
        assert await is_over(logins.agree(keys))

    @pytest.mark.parametrize("user", [ALICE, BOB], ids=["the-same-person", "another-person"])
    async def test_one_answer_is_all_there_is(self, logins: Logins, keys: Keys, user: Any) -> None:
        await logins.agree(keys)
        assert await is_over(logins.agree(keys, user.id))
        assert await is_over(logins.steps.deny(keys.token))

    async def test_of_two_who_agree_at_once_one_does(self, logins: Logins, keys: Keys) -> None:
        both = await asyncio.gather(*(is_over(logins.agree(keys, user.id)) for user in (ALICE, BOB)))
        assert sorted(both) == [False, True]

    async def test_it_is_gone_once_it_was_denied(self, logins: Logins, keys: Keys) -> None:
        assert await logins.steps.deny(keys.token) == f"{CALLBACK}?denied={keys.token}"
        assert await is_over(logins.steps.pending(keys.token))
        assert await refused(logins.exchange(keys, "v")) is Reason.BAD_SIGNATURE

    async def test_a_denial_without_a_callback_leads_nowhere(self, logins: Logins) -> None:
        assert await logins.steps.deny((await logins.ask("oob")).token) is None

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"oauth1": False}, id="login-off"),
            pytest.param({"callbacks": ("https://elsewhere.example",)}, id="callback-no-longer-approved"),
            pytest.param({"access": Access.READ}, id="may-do-less"),
        ],
    )
    async def test_what_changed_since_it_was_asked_for_is_not_agreed_to(
        self, logins: Logins, keys: Keys, change: dict[str, Any]
    ) -> None:
        await logins.change(**change)
        assert await is_over(logins.steps.pending(keys.token))
        assert await is_over(logins.agree(keys))

    async def test_words_for_people_say_what_to_do_and_hold_no_token(self, logins: Logins, keys: Keys) -> None:
        await logins.agree(keys)
        for text in (keys.token, "nobodys-token"):
            with pytest.raises(LoginOver) as caught:
                await logins.steps.pending(text)
            assert caught.value.remedy
            assert text not in caught.value.cause + caught.value.remedy


class TestExchanging:
    @pytest.fixture
    async def keys(self, logins: Logins) -> Keys:
        return await logins.ask()

    @pytest.fixture
    async def verifier(self, logins: Logins, keys: Keys) -> str:
        return await logins.agree(keys)

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            pytest.param({"keys": None}, Refused.UNNAMED, id="no-token"),
            pytest.param({"verifier": None}, Refused.WRONG_VERIFIER, id="no-verifier"),
            pytest.param({"verifier": "wrong"}, Refused.WRONG_VERIFIER, id="wrong-verifier"),
            pytest.param({"verifier": "v" * 5_000}, Refused.WRONG_VERIFIER, id="endless-verifier"),
            pytest.param({"keys": Keys("nobodys", "x")}, Reason.BAD_SIGNATURE, id="unknown-token"),
            pytest.param({"token_secret": "wrong"}, Reason.BAD_SIGNATURE, id="wrong-secret"),
            pytest.param({"consumer_secret": "wrong"}, Reason.BAD_SIGNATURE, id="wrong-consumer-secret"),
            pytest.param({"consumer_key": "nobodys"}, Reason.BAD_SIGNATURE, id="unknown-app"),
            pytest.param({"timestamp_s": 1}, Reason.TIMESTAMP_OUT_OF_BOUNDS, id="too-old"),
        ],
    )
    async def test_what_is_not_right_is_refused_and_the_right_one_still_works(
        self, logins: Logins, keys: Keys, verifier: str, change: dict[str, Any], expected: Refused | Reason
    ) -> None:
        given = {"keys": keys, "verifier": verifier, **change}
        assert await refused(logins.exchange(**given)) is expected
        assert await refused(logins.exchange(keys, verifier)) is None

    async def test_another_app_gets_nothing(self, logins: Logins, keys: Keys, verifier: str) -> None:
        theirs = logins.exchanging(keys, verifier, app=logins.other)
        assert await refused(logins.steps.exchange(theirs)) is Reason.BAD_SIGNATURE
        unsigned = signed_by_app_alone(logins, keys, verifier)
        for_them = replace(
            unsigned, authorization=(unsigned.authorization or "").replace(logins.app.consumer_key, "consumer-2014")
        )
        assert await refused(logins.steps.exchange(for_them)) is Reason.BAD_SIGNATURE
        assert logins.verifier.refused == 2

    async def test_it_works_once(self, logins: Logins, keys: Keys, verifier: str) -> None:
        await logins.exchange(keys, verifier)
        assert await refused(logins.exchange(keys, verifier)) is Reason.BAD_SIGNATURE

    async def test_of_two_at_once_one_gets_a_token(self, logins: Logins, keys: Keys, verifier: str) -> None:
        both = await asyncio.gather(*(refused(logins.exchange(keys, verifier)) for _ in range(2)))
        assert sorted(each is None for each in both) == [False, True]

    async def test_nobody_has_agreed_yet(self, logins: Logins, keys: Keys) -> None:
        for _ in range(MAX_WRONG_VERIFIERS + 1):
            assert await refused(logins.exchange(keys, "guess")) is Refused.WRONG_VERIFIER
        assert await refused(logins.exchange(keys, await logins.agree(keys))) is None

    async def test_it_is_too_late(self, logins: Logins, keys: Keys, verifier: str) -> None:
        logins.clock.advance(REQUEST_TOKEN_MS)
        assert await refused(logins.exchange(keys, verifier)) is Refused.ENDED

    async def test_the_login_was_switched_off_meanwhile(self, logins: Logins, keys: Keys, verifier: str) -> None:
        await logins.change(oauth1=False)
        assert await refused(logins.exchange(keys, verifier)) is Refused.SWITCHED_OFF

    @pytest.mark.parametrize("state", [State.SUSPENDED, State.DEACTIVATED], ids=["suspended", "deactivated"])
    async def test_the_person_went_away_meanwhile(
        self, logins: Logins, keys: Keys, verifier: str, state: State
    ) -> None:
        await logins.service.put(Person(ALICE.id, ALICE.username, ALICE.name, state))
        assert await refused(logins.exchange(keys, verifier)) is Refused.ENDED

    async def test_whoever_lets_another_app_in_gives_this_one_nothing(self, logins: Logins, keys: Keys) -> None:
        theirs = await logins.ask(app=logins.other)
        verifier = await logins.agree(theirs)
        await logins.agree(keys)
        assert await refused(logins.exchange(keys, verifier)) is Refused.WRONG_VERIFIER


class TestUnsignedVerifiers:
    """Two of X's own samples sign neither the token nor the verifier."""

    async def test_the_verifier_is_enough(self, logins: Logins) -> None:
        keys = await logins.ask()
        request = signed_by_app_alone(logins, keys, await logins.agree(keys))
        assert await refused(logins.steps.exchange(request)) is None

    async def test_a_wrong_one_is_not(self, logins: Logins) -> None:
        keys = await logins.ask()
        await logins.agree(keys)
        request = signed_by_app_alone(logins, keys, "wrong")
        assert await refused(logins.steps.exchange(request)) is Refused.WRONG_VERIFIER

    async def test_one_signature_is_one_guess(self, logins: Logins) -> None:
        keys = await logins.ask("oob")
        await logins.agree(keys)
        request = signed_by_app_alone(logins, keys, "1000000")
        assert await refused(logins.steps.exchange(request)) is Refused.WRONG_VERIFIER
        another = signed_by_app_alone(logins, keys, "1000001")
        again = replace(request, query=another.query)
        assert await refused(logins.steps.exchange(again)) is Reason.NONCE_REPLAYED

    async def test_elsewhere_they_are_refused(self, logins: Logins) -> None:
        keys = await logins.ask()
        request = signed_by_app_alone(logins, keys, "v")
        assert await refused(logins.steps.request(request)) is Reason.BAD_SIGNATURE


class TestGuessing:
    @pytest.fixture
    async def keys(self, logins: Logins) -> Keys:
        return await logins.ask("oob")

    @pytest.fixture
    async def pin(self, logins: Logins, keys: Keys) -> str:
        return await logins.agree(keys)

    def others(self, pin: str, count: int) -> list[str]:
        return [str(1_000_000 + (int(pin) - 1_000_000 + n) % 9_000_000) for n in range(1, count + 1)]

    async def test_somebody_who_mistypes_can_try_again(self, logins: Logins, keys: Keys, pin: str) -> None:
        for guess in self.others(pin, MAX_WRONG_VERIFIERS - 1):
            assert await refused(logins.exchange(keys, guess)) is Refused.WRONG_VERIFIER
        assert await refused(logins.exchange(keys, pin)) is None

    async def test_after_five_wrong_ones_the_request_token_is_gone(self, logins: Logins, keys: Keys, pin: str) -> None:
        for guess in self.others(pin, MAX_WRONG_VERIFIERS):
            assert await refused(logins.exchange(keys, guess)) is Refused.WRONG_VERIFIER
        assert await logins.stored(keys) is None
        assert await refused(logins.exchange(keys, pin)) is Reason.BAD_SIGNATURE

    async def test_guesses_sent_at_once_are_no_more_tries(self, logins: Logins, keys: Keys, pin: str) -> None:
        guesses = [*self.others(pin, 30), pin]
        outcomes = await asyncio.gather(*(refused(logins.exchange(keys, guess)) for guess in guesses))
        assert None not in outcomes

    async def test_who_cannot_sign_uses_up_no_tries(self, logins: Logins, keys: Keys, pin: str) -> None:
        for _ in range(MAX_WRONG_VERIFIERS + 1):
            assert await refused(logins.exchange(keys, "1000000", consumer_secret="wrong")) is Reason.BAD_SIGNATURE
        assert await refused(logins.exchange(keys, pin)) is None


class Bits(SeededRandomness):
    """Gives these bits first."""

    def __init__(self, *first: int) -> None:
        super().__init__(1)
        self._first = list(first)

    def bits(self, count: int) -> int:
        return self._first.pop(0) if self._first else super().bits(count)


@pytest.mark.parametrize(
    ("bits", "pin"),
    [
        pytest.param((0,), "1000000", id="the-lowest"),
        pytest.param((8_999_999,), "9999999", id="the-highest"),
        pytest.param((9_000_000, 16_777_215, 42), "1000042", id="what-is-beyond-is-drawn-again"),
    ],
)
async def test_a_pin_has_seven_digits_and_no_leading_zero(logins: Logins, bits: tuple[int, ...], pin: str) -> None:
    keys = await logins.ask("oob")
    assert (await logins.drawing(Bits(*bits)).approve(keys.token, ALICE.id)).pin == pin


class TestAccess:
    @pytest.mark.parametrize(
        ("asked", "status"),
        [
            pytest.param(None, 200, id="as-much-as-it-may"),
            pytest.param("write", 200, id="write"),
            pytest.param("read", 403, id="read"),
        ],
    )
    async def test_a_token_does_what_was_agreed_to(self, logins: Logins, asked: str | None, status: int) -> None:
        made = await logins.login(access=asked)
        assert await logins.mute(made) == status
        assert await logins.call(made) == 200

    async def test_an_app_that_is_given_more_must_ask_again(self, logins: Logins) -> None:
        await logins.change(Access.READ)
        before, keys = await logins.login(), await logins.ask()
        await logins.change(Access.READ_WRITE)
        between = await logins.exchange(keys, await logins.agree(keys))
        assert [await logins.mute(made) for made in (before, between)] == [403, 403]
        assert await logins.mute(await logins.login()) == 200

    async def test_an_app_that_is_turned_down_loses_it_at_once(self, logins: Logins) -> None:
        made = await logins.login()
        await logins.change(Access.READ)
        assert await logins.mute(made) == 403

    @pytest.mark.parametrize(
        ("given", "asked", "granted"),
        [
            pytest.param(None, None, False, id="nothing-yet"),
            pytest.param("read", "read", True, id="as-much"),
            pytest.param("write", "read", True, id="more"),
            pytest.param("read", "write", False, id="less"),
        ],
    )
    async def test_what_is_granted_already(
        self, logins: Logins, given: str | None, asked: str | None, granted: bool
    ) -> None:
        if given is not None:
            await logins.login(access=given)
        login = await logins.steps.pending((await logins.ask(access=asked)).token)
        assert await logins.steps.is_granted(login, ALICE.id) is granted
        assert not await logins.steps.is_granted(login, BOB.id)
        assert not await logins.steps.is_granted(replace(login, app=logins.other), ALICE.id)

    async def test_what_was_revoked_is_not_granted(self, logins: Logins) -> None:
        made = await logins.login()
        login = await logins.steps.pending((await logins.ask()).token)
        await logins.store.credentials.revoke_token(Vault.digest(made.token), logins.clock.now_ms())
        assert not await logins.steps.is_granted(login, ALICE.id)

    async def test_a_token_that_says_nothing_allows_what_the_app_may(self, logins: Logins) -> None:
        made = await logins.login()
        token = await logins.store.credentials.token(Vault.digest(made.token))
        assert token is not None
        await logins.store.credentials.put_token(replace(token, access=None))
        login = await logins.steps.pending((await logins.ask()).token)
        assert await logins.steps.is_granted(login, ALICE.id)


class TestAnAppThatIsDeletedMeanwhile:
    async def test_gets_no_request_token(self, logins: Logins) -> None:
        """Its key is still known to this server."""
        await logins.ask()
        await logins.store.accounts.delete_app(logins.app.id)
        assert await refused(logins.ask()) is Reason.BAD_SIGNATURE

    async def test_gets_no_access_token(self, logins: Logins, monkeypatch: pytest.MonkeyPatch) -> None:
        keys = await logins.ask()
        verifier = await logins.agree(keys)
        consents, accounts = logins.store.consents, logins.store.accounts
        meanwhile(monkeypatch, consents, "count_wrong_verifier", lambda: accounts.delete_app(logins.app.id))
        assert await refused(logins.exchange(keys, verifier)) is Refused.ENDED
        assert await consents.oauth1_accesses(logins.app.id, ALICE.id) == set()
