"""What a consent page is asked for, and where the answer goes."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tacet.identity.oauth2.authorization import (
    CODE_MS,
    MAX_REDIRECT_URI_CHARS,
    MAX_SCOPE_CHARS,
    MAX_SHOWN_CHARS,
    MAX_STATE_CHARS,
    AuthorizationRefused,
)
from tacet.identity.scopes import GRANTABLE_SCOPES
from tacet.identity.vault import Vault
from tacet.records.consents import ChallengeMethod
from tacet.records.credentials import App, UserAuthentication
from tests.cast import ALICE, APP_ID, CALLBACK
from tests.identity.oauth2.logins import SCOPE, VERIFIER, Logins, s256


async def test_a_good_request_is_read(logins: Logins) -> None:
    request = await logins.authorizations.read(logins.asked())
    assert request.app == logins.app
    assert request.redirect_uri == CALLBACK
    assert request.scopes == tuple(SCOPE.split())
    assert (request.state, request.challenge, request.challenge_method) == (
        "a-state",
        s256(VERIFIER),
        ChallengeMethod.S256,
    )


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no-client-id": ({"client_id": None}, "client_id"),
    "empty-client-id": ({"client_id": ""}, "client_id"),
    "unknown-client-id": ({"client_id": "unknown"}, "“unknown”"),
    "client-id-with-a-control-character": ({"client_id": "a\x00b"}, "client ID"),
    "client-id-of-half-a-character": ({"client_id": "\ud800"}, "client ID"),
    "long-client-id": ({"client_id": "a" * 10_000}, "client ID"),
    "no-redirect-uri": ({"redirect_uri": None}, "redirect_uri"),
    "redirect-uri-with-a-slash-more": ({"redirect_uri": f"{CALLBACK}/"}, f"“{CALLBACK}/”"),
    "redirect-uri-with-a-query": ({"redirect_uri": f"{CALLBACK}?x=1"}, "callback URLs"),
    "redirect-uri-with-a-fragment": ({"redirect_uri": f"{CALLBACK}#x"}, "callback URLs"),
    "redirect-uri-in-other-case": ({"redirect_uri": CALLBACK.replace("client", "Client")}, "callback URLs"),
    "redirect-uri-with-its-port": ({"redirect_uri": CALLBACK.replace("/callback", ":443/callback")}, "callback URLs"),
    "redirect-uri-with-another-scheme": ({"redirect_uri": CALLBACK.replace("https", "http")}, "callback URLs"),
    "redirect-uri-that-only-begins-so": ({"redirect_uri": CALLBACK[:-1]}, "callback URLs"),
    "redirect-uri-of-a-user-at-another-host": (
        {"redirect_uri": "https://client.example@evil.example/callback"},
        "callback URLs",
    ),
    "long-redirect-uri": ({"redirect_uri": CALLBACK + "a" * MAX_REDIRECT_URI_CHARS}, "callback URLs"),
    "no-response-type": ({"response_type": None}, "response_type"),
    "response-type-token": ({"response_type": "token"}, "“token”"),
    "response-type-both": ({"response_type": "code token"}, "response_type"),
    "no-scope": ({"scope": None}, "scope"),
    "empty-scope": ({"scope": ""}, "scope"),
    "blank-scope": ({"scope": " "}, "scope"),
    "unknown-scope": ({"scope": "mute.read mute.everybody"}, "“mute.everybody”"),
    "scope-in-other-case": ({"scope": "Mute.read"}, "“Mute.read”"),
    "scopes-with-commas": ({"scope": "mute.read,users.read"}, "scope"),
    "long-scope": ({"scope": "mute.read " * (MAX_SCOPE_CHARS // 10 + 1)}, "too long"),
    "long-state": ({"state": "s" * (MAX_STATE_CHARS + 1)}, "501 characters"),
    "no-challenge": ({"code_challenge": None}, "code_challenge"),
    "empty-challenge": ({"code_challenge": ""}, "code_challenge"),
    "challenge-of-another-length": ({"code_challenge": "a" * 42}, "code_challenge"),
    "padded-challenge": ({"code_challenge": "a" * 42 + "="}, "code_challenge"),
    "long-plain-challenge": ({"code_challenge": "a" * 257, "code_challenge_method": "plain"}, "code_challenge"),
    "plain-challenge-with-a-blank": ({"code_challenge": "a b", "code_challenge_method": "plain"}, "code_challenge"),
    "unknown-method": ({"code_challenge_method": "S512"}, "“S512”"),
}


@pytest.mark.parametrize(("changed", "told"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_bad_request_is_refused_with_cause_and_remedy(
    logins: Logins, changed: dict[str, Any], told: str
) -> None:
    with pytest.raises(AuthorizationRefused) as refused:
        await logins.authorizations.read(logins.asked(**changed))
    assert told in refused.value.cause
    assert refused.value.remedy.endswith(".")
    assert len(refused.value.cause) < MAX_SHOWN_CHARS + 150


@pytest.mark.parametrize(
    "name", ["response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"]
)
@pytest.mark.parametrize("second", ["the same", "other", ""])
async def test_a_parameter_that_comes_twice_is_refused(logins: Logins, name: str, second: str) -> None:
    asked = logins.asked()
    asked[name] = [asked[name][0], asked[name][0] if second == "the same" else second]
    with pytest.raises(AuthorizationRefused, match=f"The parameter {name} is given more than once"):
        await logins.authorizations.read(asked)


@pytest.mark.parametrize(
    ("scope", "meant"),
    [
        pytest.param("mutes.write", " Did you mean mute.write?", id="a-letter-more"),
        pytest.param("Mute.Read", " Did you mean mute.read?", id="another-case"),
        pytest.param("everything", "", id="nothing-like-it"),
    ],
)
async def test_an_unknown_scope_is_told_with_the_one_that_was_meant(logins: Logins, scope: str, meant: str) -> None:
    with pytest.raises(AuthorizationRefused) as refused:
        await logins.authorizations.read(logins.asked(scope=f"tweet.read {scope}"))
    assert refused.value.cause == f"There is no scope “{scope}”.{meant}"


async def test_unknown_parameters_are_ignored(logins: Logins) -> None:
    asked = {**logins.asked(), "nonce": ["1", "2"], "prompt": ["none"]}
    assert (await logins.authorizations.read(asked)).scopes == tuple(SCOPE.split())


async def test_an_app_whose_oauth2_is_off_asks_nobody(logins: Logins) -> None:
    await logins.put(replace(logins.app, authentication=replace(logins.app.authentication, oauth2=False)))
    with pytest.raises(AuthorizationRefused, match="switched off"):
        await logins.authorizations.read(logins.asked())


async def test_an_app_without_settings_asks_nobody(logins: Logins) -> None:
    plain = await logins.service.store.credentials.app(APP_ID)
    assert isinstance(plain, App)
    assert plain.authentication == UserAuthentication()
    with pytest.raises(AuthorizationRefused, match="switched off"):
        await logins.authorizations.read(logins.asked(plain))


METHODS = {
    "S256": ("S256", ChallengeMethod.S256),
    "s256": ("s256", ChallengeMethod.S256),
    "plain": ("plain", ChallengeMethod.PLAIN),
    "none-is-plain": (None, ChallengeMethod.PLAIN),
    "empty-is-plain": ("", ChallengeMethod.PLAIN),
}


@pytest.mark.parametrize(("name", "method"), METHODS.values(), ids=METHODS.keys())
async def test_every_method_leads_to_tokens(logins: Logins, name: str | None, method: ChallengeMethod) -> None:
    challenge = s256(VERIFIER) if method is ChallengeMethod.S256 else VERIFIER
    asked: dict[str, Any] = {"code_challenge": challenge, "code_challenge_method": name}
    assert (await logins.authorizations.read(logins.asked(**asked))).challenge_method is method
    assert await logins.works(await logins.login(**asked))


async def test_scopes_keep_their_order_and_come_once(logins: Logins) -> None:
    asked = logins.asked(scope="users.read mute.write users.read tweet.read")
    assert (await logins.authorizations.read(asked)).scopes == ("users.read", "mute.write", "tweet.read")


async def test_every_scope_at_once_can_be_asked_for(logins: Logins) -> None:
    scope = " ".join(sorted(GRANTABLE_SCOPES))
    assert (await logins.login(scope=scope)).scope == scope


STATES = {
    "plain": "abc",
    "empty": "",
    "longest": "s" * MAX_STATE_CHARS,
    "special": 'a b+c&d=e%20/?#"<>é☕\n',
    "none": None,
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
async def test_the_state_comes_back_as_it_came(logins: Logins, state: str | None) -> None:
    request = await logins.authorizations.read(logins.asked(state=state))
    for url in (await logins.authorizations.allow(request, ALICE.id), logins.authorizations.deny(request)):
        returned = parse_qs(urlsplit(url).query, keep_blank_values=True)
        assert returned.get("state") == (None if state is None else [state])
        assert url.startswith(f"{CALLBACK}?")


async def test_allowing_makes_a_code_that_lives_thirty_seconds(logins: Logins) -> None:
    request = await logins.authorizations.read(logins.asked())
    url = await logins.authorizations.allow(request, ALICE.id)
    query = urlsplit(url).query
    assert query.startswith("state=a-state&code=")
    text = query.rpartition("=")[2]
    code = await logins.consents.code(Vault.digest(text))
    assert code is not None
    assert (code.app_id, code.user_id, code.scopes, code.redirect_uri) == (logins.app.id, ALICE.id, SCOPE, CALLBACK)
    assert (code.challenge, code.challenge_method) == (s256(VERIFIER), ChallengeMethod.S256)
    assert code.expires_at_ms - code.created_at_ms == CODE_MS == 30_000
    assert (code.spent_at_ms, code.grant_id) == (None, None)


async def test_each_answer_has_a_code_of_its_own(logins: Logins) -> None:
    assert len({await logins.code() for _ in range(10)}) == 10


async def test_denying_says_so_and_makes_nothing(logins: Logins) -> None:
    request = await logins.authorizations.read(logins.asked())
    assert logins.authorizations.deny(request) == f"{CALLBACK}?error=access_denied&state=a-state"


async def test_a_callbacks_own_query_is_kept(logins: Logins) -> None:
    callback = "my.app://back?from=tacet"
    await logins.put(replace(logins.app, authentication=replace(logins.app.authentication, callbacks=(callback,))))
    request = await logins.authorizations.read(logins.asked(redirect_uri=callback, state=None))
    assert logins.authorizations.deny(request) == "my.app://back?from=tacet&error=access_denied"
    assert (await logins.authorizations.allow(request, ALICE.id)).startswith("my.app://back?from=tacet&code=")


async def test_no_code_is_made_for_an_app_that_was_deleted_since_it_asked(logins: Logins) -> None:
    request = await logins.authorizations.read(logins.asked())
    await logins.service.store.accounts.delete_app(logins.app.id)
    with pytest.raises(AuthorizationRefused, match=f"No App has the client ID “{logins.app.client_id}”"):
        await logins.authorizations.allow(request, ALICE.id)
