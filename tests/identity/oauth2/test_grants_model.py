"""OAuth 2.0 logins against a small model: no sequence of steps makes a token usable that should not be."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tacet.identity.oauth2.clients import ClientCredentials
from tacet.identity.oauth2.rfc7636.challenge import challenge_of
from tacet.identity.oauth2.tokens import Issued
from tacet.records.consents import ChallengeMethod
from tests.identity.oauth2.grants import ACCESS_MS, CODE_MS, KEPT_MS, REFRESH_MS, Client, Code, Login, Token, World
from tests.identity.oauth2.served import CALLBACKS, DEVELOPER, Served, opened, together

USERS = (11, 12)
SCOPES = "mute.read users.read"
OFFLINE = f"{SCOPES} offline.access"
MORE = f"{SCOPES} mute.write"

MANNERS = ("own", "own", "own", "own", "own", "stranger", "wrong secret", "former secret", "no secret")
"""How a client says who it is; mostly as it should, or nothing would ever get far."""

MISTAKES = ("", "redirect URI", "verifier")
"""What an exchange can get wrong."""

BETWEEN = ("", "disconnected", "switched off", "switched off and on", "new secret")
"""What can happen between consent and exchange."""

numbers = st.integers(0, 1_000)
manners = st.sampled_from(MANNERS)
mostly = st.sampled_from([True, True, True, False])


class Logins(RuleBasedStateMachine):
    """Three Apps, two people, one server that is restarted now and then, and everything that was ever handed out."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._served = Served(self._run(opened()))
        self._world = World()
        for number, confidential in enumerate((True, False, True)):
            self._world.clients.append(self._run(self._served.client(confidential)))
            for user_id in USERS:
                self.log_in(3 * number + 1, user_id, OFFLINE, "own", 0, "", "")

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    @property
    def _now_ms(self) -> int:
        return self._served.clock.now_ms()

    @rule(
        number=numbers,
        user_id=st.sampled_from(USERS),
        redirect_uri=st.sampled_from(CALLBACKS),
        scopes=st.sampled_from([SCOPES, OFFLINE, OFFLINE]),
        method=st.sampled_from(ChallengeMethod),
        agrees=mostly,
    )
    def authorize(
        self, number: int, user_id: int, redirect_uri: str, scopes: str, method: ChallengeMethod, agrees: bool
    ) -> None:
        client, verifier = self._pick(self._world.clients, number), f"verifier-{number}"
        asked = {
            "response_type": ["code"],
            "client_id": [client.client_id],
            "redirect_uri": [redirect_uri],
            "scope": [scopes],
            "state": ["state"],
            "code_challenge": [challenge_of(verifier, method)],
            "code_challenge_method": [method.value],
        }
        url = self._run(self._served.consent(asked, user_id, agrees))
        assert (url is not None) == (client.on and not client.gone)
        if url is None:
            return
        answer = parse_qs(urlsplit(url).query)
        assert url.partition("?")[0] == redirect_uri
        assert answer["state"] == ["state"]
        assert ("code" in answer) == agrees
        if agrees:
            code = Code(client, user_id, answer["code"][0], redirect_uri, verifier, scopes, self._now_ms + CODE_MS)
            self._world.codes.append(code)

    @rule(
        number=numbers,
        user_id=st.sampled_from(USERS),
        scopes=st.sampled_from([SCOPES, OFFLINE, OFFLINE]),
        manner=manners,
        delay_ms=st.sampled_from([0, 0, 0, CODE_MS - 1, CODE_MS]),
        mistake=st.sampled_from(MISTAKES),
        between=st.sampled_from(["", "", *BETWEEN]),
    )
    def log_in(
        self, number: int, user_id: int, scopes: str, manner: str, delay_ms: int, mistake: str, between: str
    ) -> None:
        """Consent and exchange, with at most a few things wrong, so that there is much to go wrong with later."""
        before = len(self._world.codes)
        self.authorize(number, user_id, CALLBACKS[0], scopes, ChallengeMethod.S256, agrees=True)
        if len(self._world.codes) > before:
            code = self._world.codes[-1]
            self._served.clock.advance(delay_ms)
            if between == "disconnected":
                self._disconnect(code.client, user_id)
            elif between == "new secret":
                self._renew(code.client)
            elif between:
                self._set_up(code.client, False, code.client.confidential)
                if between == "switched off and on":
                    self._set_up(code.client, True, code.client.confidential)
            self._exchange(code, manner, mistake != "redirect URI", mistake != "verifier", 1)
            if mistake:
                self._exchange(code, "own", redirects=True, verifies=True, times=1)

    @precondition(lambda self: self._world.codes)
    @rule(
        number=numbers,
        manner=manners,
        redirects=mostly,
        verifies=mostly,
        times=st.sampled_from([1, 1, 1, 2]),
    )
    def exchange(self, number: int, manner: str, redirects: bool, verifies: bool, times: int) -> None:
        fresh = [each for each in self._world.codes if not each.spent and self._now_ms < each.expires_at_ms]
        self._exchange(self._pick(self._world.codes, number, fresh), manner, redirects, verifies, times)

    def _exchange(self, code: Code, manner: str, redirects: bool, verifies: bool, times: int) -> None:
        redirect_uri = code.redirect_uri if redirects else next(each for each in CALLBACKS if each != code.redirect_uri)
        verifier = code.verifier if verifies else "another"
        client = self._who(code.client, manner)
        work = [
            self._served.tokens.exchange(client, code=code.text, redirect_uri=redirect_uri, verifier=verifier)
            for _ in range(times)
        ]
        issued = self._run(together(work))
        may = [
            self._is_own(code.client, manner) and self._world.may_exchange(code, redirects and verifies, self._now_ms)
            for _ in range(times)
        ]
        assert len(issued) == sum(may)
        for each in issued:
            code.login = Login(code.client, code.user_id)
            self._world.logins.append(code.login)
            self._add(code.login, each, code.scopes, code.scopes)
        if times == 2 and any(may):
            # Of two at the same time, one is the second: the model saw both before there was anything to end.
            self._world.end(code.login)

    @precondition(lambda self: self._world.tokens)
    @rule(
        number=numbers,
        manner=manners,
        scope=st.sampled_from(["", "", SCOPES, MORE]),
        times=st.sampled_from([1, 1, 1, 2]),
    )
    def refresh(self, number: int, manner: str, scope: str, times: int) -> None:
        token = self._pick(self._world.tokens, number, self._live)
        client = self._who(token.login.client, manner)
        issued = self._run(
            together([self._served.tokens.refresh(client, refresh_token=token.text, scope=scope) for _ in range(times)])
        )
        is_own = self._is_own(token.login.client, manner)
        may = [is_own and self._world.may_refresh(token, scope != MORE, self._now_ms) for _ in range(times)]
        assert len(issued) == sum(may)
        for each in issued:
            self._add(token.login, each, scope or token.granted, token.granted)

    @precondition(lambda self: self._world.tokens)
    @rule(number=numbers, manner=manners)
    def revoke(self, number: int, manner: str) -> None:
        token = self._pick(self._world.tokens, number)
        client = self._who(token.login.client, manner)
        revoked = self._run(together([self._served.tokens.revoke(client, token=token.text)]))
        assert bool(revoked) == (self._is_own(token.login.client, manner) and self._world.may_revoke(token))

    @precondition(lambda self: self._world.codes)
    @rule(number=numbers)
    def take_one_for_another(self, number: int) -> None:
        """A code is no refresh token, and an access token neither; no refresh token is a code."""
        code = self._pick(self._world.codes, number)
        own = code.client.credentials()
        uri, verifier, tokens = code.redirect_uri, code.verifier, self._world.tokens
        texts = [code.text, *(each.text for each in tokens if not each.is_refresh)]
        work = [self._served.tokens.refresh(own, refresh_token=text) for text in texts]
        work += [
            self._served.tokens.exchange(own, code=each.text, redirect_uri=uri, verifier=verifier) for each in tokens
        ]
        assert self._run(together(work)) == []

    @rule(number=numbers, user_id=st.sampled_from(USERS))
    def disconnect(self, number: int, user_id: int) -> None:
        self._disconnect(self._pick(self._world.clients, number), user_id)

    def _disconnect(self, client: Client, user_id: int) -> None:
        self._run(self._served.connections.revoke(client.app_id, user_id))
        self._world.disconnect(client, user_id)

    @rule(number=numbers)
    def renew_client_secret(self, number: int) -> None:
        self._renew(self._pick(self._world.clients, number))

    def _renew(self, client: Client) -> None:
        if client.confidential and not client.gone:
            made = self._run(self._served.developers.keys.renew_client_secret(DEVELOPER, client.app_id))
            client.secret, client.former_secret = made.client_secret, client.secret

    @rule(number=numbers, on=st.sampled_from([True] * 6 + [False]), confidential=st.booleans())
    def set_up(self, number: int, on: bool, confidential: bool) -> None:
        self._set_up(self._pick(self._world.clients, number), on, confidential)

    def _set_up(self, client: Client, on: bool, confidential: bool) -> None:
        if client.gone:
            return
        fresh = self._run(self._served.set_up(client, on, confidential))
        if client.confidential and not confidential:
            client.former_secret = client.secret
        client.on, client.confidential, client.secret = on, confidential, fresh or client.secret

    @precondition(lambda self: sum(each.gone for each in self._world.clients) < 2)
    @rule(number=st.integers(0, 20))
    def delete(self, number: int) -> None:
        # Seldom: with all Apps gone there would be little left to try.
        if number < len(self._world.clients) and not self._world.clients[number].gone:
            client = self._world.clients[number]
            self._run(self._served.developers.apps.delete(DEVELOPER, client.app_id))
            client.gone = True
            self._world.disconnect(client, None)

    @rule(ms=st.sampled_from([1, 1_000, 60_000]))
    def wait(self, ms: int) -> None:
        self._served.clock.advance(ms)

    @precondition(lambda self: self._world.codes)
    @rule(number=numbers, early_ms=st.sampled_from([0, 1]), late_ms=st.sampled_from([0, 0, 0, 0, KEPT_MS]))
    def wait_for_an_end(self, number: int, early_ms: int, late_ms: int) -> None:
        """Until something ends, or a moment before; or until it is forgotten."""
        ends = sorted(
            {*(code.expires_at_ms for code in self._world.codes), *(t.expires_at_ms for t in self._world.tokens)}
        )
        coming = [each for each in ends if each > self._now_ms + 1]
        if coming:
            # The nearest likelier than the others: after the last nothing works any more.
            self._served.clock.set(coming[min(number % 7, len(coming) - 1) if number % 2 else 0] - early_ms + late_ms)

    @rule()
    def tidy(self) -> None:
        self._run(self._served.store.consents.sweep_logins(self._now_ms, 1_000))
        self._world.tidy(self._now_ms)

    @rule()
    def restart(self) -> None:
        self._served.start()

    @invariant()
    def what_works_is_what_should(self) -> None:
        works = self._run(self._usable(self._world.tokens))
        assert works == [not each.is_refresh and each.works(self._now_ms) for each in self._world.tokens]

    @invariant()
    def no_code_is_a_bearer(self) -> None:
        assert not any(self._run(self._served.callers([code.text for code in self._world.codes])))

    def teardown(self) -> None:
        try:
            self._judge()
        finally:
            self._run(self._served.store.close())
            self._runner.close()

    def _judge(self) -> None:
        """At the end, of each login that holds one refresh token works, once, and of all others none does."""
        for client in self._world.clients:
            self._set_up(client, True, client.confidential)
        live = self._live
        assert len({id(each.login) for each in live}) == len(live)
        self._refresh_each(live, MORE)
        self._refresh_each(live)
        for ms in (ACCESS_MS - 1, 1):
            self.wait(ms)
            self.what_works_is_what_should()
        self.authorize(0, USERS[0], CALLBACKS[0], OFFLINE, ChallengeMethod.S256, agrees=True)
        self._exchange(self._world.codes[-1], "own", redirects=True, verifies=True, times=2)
        self.wait(KEPT_MS + 1)
        self.tidy()
        # However long ago it was used, a replay ends the login.
        self._refresh_each([each for each in self._world.tokens if each.used and not each.login.ended][::2])
        live = self._live
        dead = [each for each in self._world.tokens if each.is_refresh and each.login.ended]
        self._refresh_each([*dead, *live[::2], *live[::2]])
        self.wait(REFRESH_MS)
        self._refresh_each([each for each in self._world.tokens if each.is_refresh])
        self.what_works_is_what_should()

    @property
    def _live(self) -> list[Token]:
        return [each for each in self._world.tokens if each.is_refresh and each.works(self._now_ms)]

    def _refresh_each(self, tokens: list[Token], scope: str = "") -> None:
        for token in tokens:
            work = self._served.tokens.refresh(token.login.client.credentials(), refresh_token=token.text, scope=scope)
            issued = self._run(together([work]))
            assert len(issued) == self._world.may_refresh(token, scope != MORE, self._now_ms)
            for each in issued:
                self._add(token.login, each, token.granted, token.granted)

    def _pick(self, sequence: list[Any], number: int, better: list[Any] | None = None) -> Any:
        """One of them; two times of three one of the better ones, where there are any."""
        chosen = better if better and number % 3 else sequence
        return chosen[number // 3 % len(chosen)]

    def _who(self, client: Client, manner: str) -> ClientCredentials:
        clients = self._world.clients
        if manner == "stranger":
            return clients[(clients.index(client) + 1) % len(clients)].credentials()
        if manner in {"own", "no secret"}:
            return client.credentials() if manner == "own" else ClientCredentials(client.client_id)
        return client.credentials("wrong" if manner == "wrong secret" else client.former_secret)

    def _is_own(self, client: Client, manner: str) -> bool:
        return (manner == "own" or (manner == "no secret" and not client.confidential)) and not client.gone

    def _add(self, login: Login, issued: Issued, scopes: str, granted: str) -> None:
        assert issued.scope == scopes
        assert (issued.refresh_token is not None) == ("offline.access" in granted)
        self._world.add(login, issued.access_token, issued.refresh_token, scopes, granted, self._now_ms)

    async def _usable(self, tokens: list[Token]) -> list[bool]:
        callers = await self._served.callers([token.text for token in tokens])
        for token, caller in zip(tokens, callers, strict=True):
            if caller is not None:
                assert (caller.app_id, caller.user_id) == (token.login.client.app_id, token.login.user_id)
                assert caller.scopes == frozenset(token.scopes.split())
        return [caller is not None for caller in callers]


def test_no_sequence_of_steps_makes_a_token_usable_that_should_not_be() -> None:
    run_state_machine_as_test(Logins, settings=settings(max_examples=100, stateful_step_count=30))


@pytest.mark.parametrize("manner", sorted(set(MANNERS) - {"own"}))
def test_a_client_that_is_not_itself_gets_nothing(manner: str) -> None:
    logins = Logins()
    try:
        tokens = logins._world.tokens
        before = len(tokens)
        logins.authorize(1, USERS[0], CALLBACKS[0], OFFLINE, ChallengeMethod.S256, agrees=True)
        logins.exchange(1, manner, redirects=True, verifies=True, times=1)
        assert len(tokens) == before
        logins.exchange(1, "own", redirects=True, verifies=True, times=1)
        assert len(tokens) == before + 2
    finally:
        logins.teardown()


@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("delay_ms", [0, CODE_MS - 1, CODE_MS])
def test_every_way_that_one_login_can_go(delay_ms: int, mistake: str, between: str) -> None:
    logins = Logins()
    try:
        logins.log_in(1, USERS[0], OFFLINE, "own", delay_ms, mistake, between)
        logins.what_works_is_what_should()
        logins.authorize(1, USERS[1], CALLBACKS[1], SCOPES, ChallengeMethod.PLAIN, agrees=True)
    finally:
        logins.teardown()
