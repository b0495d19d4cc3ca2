"""What clients get for codes and refresh tokens, and when it ends."""

import asyncio
import base64
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tacet.identity.oauth2.errors import OAuth2Error
from tacet.identity.oauth2.tokens import ACCESS_S, MAX_TOKEN_CHARS, REFRESH_MS, Issued
from tacet.identity.vault import Vault
from tacet.records.credentials import App, Token, TokenKind
from tacet.records.people import Person, State
from tests.cast import ALICE, BOB, CALLBACK, NOW_MS, bearer
from tests.identity.oauth2.logins import BAD_CLIENT, BAD_CODE, BAD_TOKEN, SCOPE, Logins, Refused, told


async def refusal(call: Awaitable[object]) -> Refused:
    """What a call is refused with."""
    with pytest.raises(OAuth2Error) as refused:
        await call
    return told(refused.value)


async def switch_off(logins: Logins, app: App) -> None:
    await logins.put(replace(app, authentication=replace(app.authentication, oauth2=False)))


# Exchange


@pytest.mark.parametrize("kind", ["app", "public"])
async def test_a_code_becomes_tokens(logins: Logins, kind: str) -> None:
    app = getattr(logins, kind)
    issued = await logins.login(app)
    assert (issued.expires_in_s, issued.scope) == (ACCESS_S, SCOPE) == (7_200, SCOPE)
    assert await logins.works(issued)
    token = await logins.service.store.credentials.token(Vault.digest(issued.access_token))
    assert token is not None
    assert (token.kind, token.app_id, token.user_id) == (TokenKind.OAUTH2_USER, app.id, ALICE.id)


async def test_nothing_is_used_up_for_somebody_suspended(logins: Logins) -> None:
    issued, code = await logins.login(), await logins.code()
    await logins.service.put(Person(ALICE.id, ALICE.username, ALICE.name, State.SUSPENDED))
    assert await refusal(logins.exchange(code)) == BAD_CODE
    assert await refusal(logins.refresh(issued.refresh_token)) == BAD_TOKEN
    await logins.service.put(ALICE)
    assert await logins.works(await logins.exchange(code))
    assert await logins.works(await logins.refresh(issued.refresh_token))


async def test_texts_are_made_as_x_makes_them(logins: Logins) -> None:
    issued = await logins.login()
    assert issued.refresh_token is not None
    for text, suffix in ((issued.access_token, "at"), (issued.refresh_token, "rt"), (await logins.code(), "ac")):
        parts = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(":")
        assert (len(parts[0]), parts[1:]) == (45, [str(NOW_MS), "1", "1", suffix, "1"])


SCOPES = {
    "with-offline-access": ("users.read offline.access tweet.read", True),
    "without": ("users.read tweet.read", False),
    "only-offline-access": ("offline.access", True),
}


@pytest.mark.parametrize(("scope", "refreshes"), SCOPES.values(), ids=SCOPES.keys())
async def test_a_refresh_token_comes_exactly_with_offline_access(
    logins: Logins, scope: str, *, refreshes: bool
) -> None:
    issued = await logins.login(scope=scope)
    assert issued.scope == scope
    assert (issued.refresh_token is not None) is refreshes


async def test_an_access_token_speaks_for_whoever_agreed_and_for_what(logins: Logins) -> None:
    code = await logins.code(user_id=BOB.id, scope="users.read tweet.read")
    issued = await logins.exchange(code)
    assert (await logins.service.get("/2/users/me", issued.access_token)).json["data"]["id"] == str(BOB.id)
    assert (await logins.service.get(f"/2/users/{BOB.id}/muting", issued.access_token)).status == 403


async def test_an_access_token_lives_two_hours(logins: Logins) -> None:
    issued = await logins.login()
    logins.clock.advance(7_200_000 - 1)
    assert await logins.works(issued)
    logins.clock.advance(1)
    assert not await logins.works(issued)


async def test_a_code_lives_thirty_seconds_to_the_millisecond(logins: Logins) -> None:
    first, second = await logins.code(), await logins.code()
    logins.clock.advance(29_999)
    assert await logins.works(await logins.exchange(first))
    logins.clock.advance(1)
    assert await refusal(logins.exchange(second)) == BAD_CODE


MISSING = {"code": "code", "redirect_uri": "redirect_uri", "verifier": "code_verifier"}


@pytest.mark.parametrize(("argument", "name"), MISSING.items(), ids=MISSING.values())
async def test_a_missing_parameter_is_named_and_leaves_the_code_alone(logins: Logins, argument: str, name: str) -> None:
    code = await logins.code()
    given: dict[str, Any] = {"code": code, argument: ""}
    wanted = Refused(400, "invalid_request", f"Missing required parameter [{name}].")
    assert await refusal(logins.exchange(**given)) == wanted
    assert await logins.works(await logins.exchange(code))


@pytest.mark.parametrize("code", ["unknown", "ä", "a\nb", "\ud800", "c" * (MAX_TOKEN_CHARS + 1)], ids=ascii)
async def test_what_is_no_code_is_refused(logins: Logins, code: str) -> None:
    assert await refusal(logins.exchange(code)) == BAD_CODE


async def test_a_token_is_no_code_and_a_code_is_no_token(logins: Logins) -> None:
    issued, code = await logins.login(), await logins.code()
    assert issued.refresh_token is not None
    assert await refusal(logins.exchange(issued.access_token)) == BAD_CODE
    assert await refusal(logins.exchange(issued.refresh_token)) == BAD_CODE
    assert await refusal(logins.refresh(code)) == BAD_TOKEN
    assert await refusal(logins.refresh(issued.access_token)) == BAD_TOKEN
    assert (await logins.service.get("/2/users/me", code)).status == 401
    assert (await logins.service.get("/2/users/me", issued.refresh_token)).status == 401
    assert await logins.works(issued)


async def test_a_second_use_ends_what_the_first_one_gave(logins: Logins) -> None:
    code = await logins.code()
    issued = await logins.exchange(code)
    assert await logins.works(issued)
    assert await refusal(logins.exchange(code)) == BAD_CODE
    assert not await logins.works(issued)
    assert await refusal(logins.refresh(issued.refresh_token)) == BAD_TOKEN
    assert logins.forgotten == 1


async def test_a_second_use_ends_what_was_refreshed_since(logins: Logins) -> None:
    code = await logins.code()
    refreshed = await logins.refresh((await logins.exchange(code)).refresh_token)
    logins.clock.advance(3_600_000)
    assert await logins.works(refreshed)
    assert await refusal(logins.exchange(code)) == BAD_CODE
    assert not await logins.works(refreshed)


async def test_a_third_use_costs_nobody_their_cache(logins: Logins) -> None:
    code = await logins.code()
    await logins.exchange(code)
    for _ in range(3):
        assert await refusal(logins.exchange(code)) == BAD_CODE
    assert logins.forgotten == 1


SECOND_USES: dict[str, dict[str, Any]] = {
    "wrong-verifier": {"verifier": "wrong"},
    "wrong-redirect-uri": {"redirect_uri": f"{CALLBACK}/"},
}


@pytest.mark.parametrize("changed", SECOND_USES.values(), ids=SECOND_USES.keys())
async def test_a_second_use_counts_even_when_it_proves_nothing(logins: Logins, changed: dict[str, Any]) -> None:
    code = await logins.code()
    issued = await logins.exchange(code)
    assert await refusal(logins.exchange(code, **changed)) == BAD_CODE
    assert not await logins.works(issued)


async def test_another_login_of_the_same_person_is_left_alone(logins: Logins) -> None:
    code = await logins.code()
    other = await logins.login()
    await logins.exchange(code)
    assert await refusal(logins.exchange(code)) == BAD_CODE
    assert await logins.works(other)


VAIN = {
    "verifier": ({"verifier": "wrong"}, "Value passed for the code verifier did not match the code challenge."),
    "verifier-with-a-blank": (
        {"verifier": "a b"},
        "Value passed for the code verifier did not match the code challenge.",
    ),
    "long-verifier": ({"verifier": "v" * 257}, "Value passed for the code verifier did not match the code challenge."),
    "redirect-uri": (
        {"redirect_uri": f"{CALLBACK}?"},
        "Value passed for the redirect uri did not match the uri of the authorization code.",
    ),
}


@pytest.mark.parametrize(("changed", "description"), VAIN.values(), ids=VAIN.keys())
async def test_a_wrong_proof_spends_the_code(logins: Logins, changed: dict[str, Any], description: str) -> None:
    code = await logins.code()
    assert await refusal(logins.exchange(code, **changed)) == Refused(400, "invalid_request", description)
    assert await refusal(logins.exchange(code)) == BAD_CODE
    assert logins.forgotten == 0


async def test_another_apps_code_is_refused_and_left_alone(logins: Logins) -> None:
    code = await logins.code()
    for app in (logins.other, logins.public):
        assert await refusal(logins.exchange(code, app)) == BAD_CODE
    issued = await logins.exchange(code)
    assert await refusal(logins.exchange(code, logins.other)) == BAD_CODE
    assert await logins.works(issued)


async def test_nothing_is_looked_at_before_the_client_is_known(logins: Logins) -> None:
    code = await logins.code()
    stranger = replace(logins.app, client_id="unknown")
    assert await refusal(logins.exchange(code, stranger)) == BAD_CLIENT
    assert await refusal(logins.exchange("", stranger)) == BAD_CLIENT
    assert await logins.works(await logins.exchange(code))


async def test_a_code_is_gone_with_the_connection_it_was_for(logins: Logins) -> None:
    code = await logins.code()
    await logins.consents.revoke_connection(logins.app.id, ALICE.id, logins.clock.now_ms())
    assert await refusal(logins.exchange(code)) == BAD_CODE


async def test_whoever_comes_second_at_the_same_time_ends_it_for_both(
    logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = await logins.code()
    first: list[Issued] = []
    redeem = logins.consents.redeem_code

    async def while_the_other_is_faster(*given: Any) -> bool:
        monkeypatch.setattr(logins.consents, "redeem_code", redeem)
        first.append(await logins.exchange(code))
        return await redeem(*given)

    monkeypatch.setattr(logins.consents, "redeem_code", while_the_other_is_faster)
    assert await refusal(logins.exchange(code)) == BAD_CODE
    assert not await logins.works(first[0])
    assert logins.forgotten == 1


async def test_a_wrong_verifier_at_the_same_time_ends_it_too(logins: Logins, monkeypatch: pytest.MonkeyPatch) -> None:
    code = await logins.code()
    first: list[Issued] = []
    spend = logins.consents.spend_code

    async def while_the_other_is_faster(*given: Any) -> bool:
        first.append(await logins.exchange(code))
        return await spend(*given)

    monkeypatch.setattr(logins.consents, "spend_code", while_the_other_is_faster)
    assert (await refusal(logins.exchange(code, verifier="wrong"))).error == "invalid_request"
    assert not await logins.works(first[0])


# Refresh


async def test_refreshing_gives_new_tokens_and_uses_up_the_old_one(logins: Logins) -> None:
    issued = await logins.login()
    refreshed = await logins.refresh(issued.refresh_token)
    assert (refreshed.scope, refreshed.expires_in_s) == (SCOPE, 7_200)
    assert refreshed.access_token != issued.access_token
    assert refreshed.refresh_token not in {None, issued.refresh_token}
    assert await logins.works(refreshed)
    # Requests under way with the old access token go on.
    assert await logins.works(issued)


async def test_a_family_can_be_refreshed_for_years(logins: Logins) -> None:
    issued = await logins.login()
    for _ in range(10):
        logins.clock.advance(REFRESH_MS - 1)
        issued = await logins.refresh(issued.refresh_token)
    assert await logins.works(issued)


async def test_a_refresh_token_that_is_not_used_ends(logins: Logins) -> None:
    issued = await logins.login()
    logins.clock.advance(REFRESH_MS)
    assert await refusal(logins.refresh(issued.refresh_token)) == BAD_TOKEN
    assert logins.forgotten == 0


async def test_using_a_refresh_token_again_ends_the_family(logins: Logins) -> None:
    issued = await logins.login()
    second = await logins.refresh(issued.refresh_token)
    third = await logins.refresh(second.refresh_token)
    assert await refusal(logins.refresh(issued.refresh_token)) == BAD_TOKEN
    for each in (issued, second, third):
        assert not await logins.works(each)
    assert await refusal(logins.refresh(third.refresh_token)) == BAD_TOKEN
    assert logins.forgotten == 1


async def test_using_one_again_after_its_time_ends_the_family_as_well(logins: Logins) -> None:
    issued = await logins.login()
    logins.clock.advance(REFRESH_MS - 1)
    refreshed = await logins.refresh(issued.refresh_token)
    logins.clock.advance(1)
    assert await refusal(logins.refresh(issued.refresh_token)) == BAD_TOKEN
    assert not await logins.works(refreshed)


async def test_another_family_is_left_alone(logins: Logins) -> None:
    issued, other = await logins.login(), await logins.login()
    await logins.refresh(issued.refresh_token)
    await refusal(logins.refresh(issued.refresh_token))
    assert await logins.works(await logins.refresh(other.refresh_token))


async def test_another_apps_refresh_token_is_refused_and_left_alone(logins: Logins) -> None:
    issued = await logins.login()
    for app in (logins.other, logins.public):
        assert await refusal(logins.refresh(issued.refresh_token, app)) == BAD_TOKEN
    refreshed = await logins.refresh(issued.refresh_token)
    assert await refusal(logins.refresh(issued.refresh_token, logins.other)) == BAD_TOKEN
    assert await logins.works(refreshed)


async def test_of_two_refreshes_at_the_same_time_one_wins_and_the_other_ends_it(
    logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = await logins.login()
    won: list[Issued] = []
    rotate = logins.consents.rotate

    async def while_the_other_is_faster(*given: Any) -> bool:
        monkeypatch.setattr(logins.consents, "rotate", rotate)
        won.append(await logins.refresh(issued.refresh_token))
        assert await logins.works(won[0])
        return await rotate(*given)

    monkeypatch.setattr(logins.consents, "rotate", while_the_other_is_faster)
    assert await refusal(logins.refresh(issued.refresh_token)) == BAD_TOKEN
    assert not await logins.works(won[0])
    assert logins.forgotten == 1


async def test_a_refresh_token_that_expires_meanwhile_ends_nothing_else(
    logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = await logins.login()
    rotate = logins.consents.rotate

    async def later(digest: bytes, tokens: Sequence[Token], _now_ms: int) -> bool:
        logins.clock.advance(REFRESH_MS)
        return await rotate(digest, tokens, logins.clock.now_ms())

    monkeypatch.setattr(logins.consents, "rotate", later)
    assert await refusal(logins.refresh(issued.refresh_token)) == BAD_TOKEN
    assert logins.forgotten == 0


@pytest.mark.parametrize("token", ["unknown", "ä", "\ud800", "t" * (MAX_TOKEN_CHARS + 1)], ids=ascii)
async def test_what_is_no_refresh_token_is_refused(logins: Logins, token: str) -> None:
    assert await refusal(logins.refresh(token)) == BAD_TOKEN


async def test_a_missing_refresh_token_is_named(logins: Logins) -> None:
    wanted = Refused(400, "invalid_request", "Missing required parameter [refresh_token].")
    assert await refusal(logins.refresh("")) == wanted


async def test_a_refresh_may_ask_for_less_this_once(logins: Logins) -> None:
    issued = await logins.login()
    narrow = await logins.refresh(issued.refresh_token, scope="tweet.read users.read")
    assert narrow.scope == "tweet.read users.read"
    assert (await logins.service.get(f"/2/users/{ALICE.id}/muting", narrow.access_token)).status == 403
    assert (await logins.refresh(narrow.refresh_token)).scope == SCOPE


async def test_a_refresh_may_not_ask_for_more(logins: Logins) -> None:
    issued = await logins.login()
    refused = await refusal(logins.refresh(issued.refresh_token, scope=f"{SCOPE} mute.write"))
    assert (refused.status, refused.error) == (400, "invalid_scope")
    assert await logins.works(await logins.refresh(issued.refresh_token))


@pytest.mark.parametrize("of", ["code", "refresh-token"])
async def test_of_many_at_the_same_time_one_gets_tokens_and_they_end(logins: Logins, of: str) -> None:
    code = await logins.code()
    if of == "code":
        calls = [logins.exchange(code) for _ in range(8)]
    else:
        refresh_token = (await logins.exchange(code)).refresh_token
        calls = [logins.refresh(refresh_token) for _ in range(8)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    issued = [each for each in answers if isinstance(each, Issued)]
    assert len(issued) == 1
    assert not await logins.works(issued[0])
    assert {told(each) for each in answers if isinstance(each, OAuth2Error)} == {
        BAD_CODE if of == "code" else BAD_TOKEN
    }
    assert logins.forgotten == 1


# Revoking


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_revoking_any_token_ends_the_whole_grant(logins: Logins, which: str) -> None:
    issued = await logins.login()
    refreshed = await logins.refresh(issued.refresh_token)
    other = await logins.login()
    await logins.revoke(getattr(refreshed, which))
    for each in (issued, refreshed):
        assert not await logins.works(each)
    assert await refusal(logins.refresh(refreshed.refresh_token)) == BAD_TOKEN
    assert await logins.works(other)
    assert logins.forgotten == 1


async def test_revoking_an_expired_or_used_token_ends_its_grant_as_well(logins: Logins) -> None:
    issued = await logins.login()
    logins.clock.advance(7_200_000)
    refreshed = await logins.refresh(issued.refresh_token)
    await logins.revoke(issued.access_token)
    assert not await logins.works(refreshed)
    again = await logins.login()
    refreshed = await logins.refresh(again.refresh_token)
    await logins.revoke(again.refresh_token)
    assert not await logins.works(refreshed)


async def test_what_has_ended_is_invalid(logins: Logins) -> None:
    issued = await logins.login()
    await logins.revoke(issued.access_token)
    assert await refusal(logins.revoke(issued.access_token)) == BAD_TOKEN
    assert await refusal(logins.revoke(issued.refresh_token)) == BAD_TOKEN
    assert logins.forgotten == 1


async def test_nobody_else_revokes(logins: Logins) -> None:
    issued = await logins.login()
    for app in (logins.other, logins.public):
        assert await refusal(logins.revoke(issued.access_token, app)) == BAD_TOKEN
    stranger = replace(logins.app, client_id="unknown")
    assert await refusal(logins.revoke(issued.access_token, stranger)) == BAD_CLIENT
    assert await logins.works(issued)


async def test_app_only_and_oauth1_tokens_are_not_revoked_here(logins: Logins) -> None:
    app_only = bearer("an-app-only", None, app_id=logins.app.id)
    oauth1 = replace(bearer("an-oauth1", ALICE.id, app_id=logins.app.id), kind=TokenKind.OAUTH1_USER)
    for token in (app_only, oauth1):
        await logins.service.store.credentials.put_token(token)
    for text in ("an-app-only", "an-oauth1"):
        assert await refusal(logins.revoke(text)) == BAD_TOKEN
        stored = await logins.service.store.credentials.token(Vault.digest(text))
        assert stored is not None
        assert stored.revoked_at_ms is None


async def test_a_token_that_no_login_made_ends_alone(logins: Logins) -> None:
    await logins.service.store.credentials.put_token(bearer("from-an-operator", ALICE.id, app_id=logins.app.id))
    assert (await logins.service.get("/2/users/me", "from-an-operator")).status == 200
    await logins.revoke("from-an-operator")
    assert (await logins.service.get("/2/users/me", "from-an-operator")).status == 401
    assert await refusal(logins.revoke("from-an-operator")) == BAD_TOKEN
    assert logins.forgotten == 1


async def test_a_missing_token_is_named(logins: Logins) -> None:
    assert await refusal(logins.revoke("")) == Refused(400, "invalid_request", "Missing required parameter [token].")


# Settings


async def test_switching_oauth2_off_ends_logins_but_no_access_token(logins: Logins) -> None:
    issued, code = await logins.login(), await logins.code()
    await switch_off(logins, logins.app)
    off = Refused(400, "unauthorized_client", "OAuth 2.0 is switched off for this client application.")
    assert await refusal(logins.exchange(code)) == off
    assert await refusal(logins.refresh(issued.refresh_token)) == off
    assert await logins.works(issued)
    await logins.revoke(issued.access_token)
    assert not await logins.works(issued)


async def test_secrets_are_in_no_representation(logins: Logins) -> None:
    issued = await logins.login()
    assert issued.refresh_token is not None
    assert issued.access_token not in repr(issued)
    assert issued.refresh_token not in repr(issued)
