"""Random sequences of token requests, each of which oauthlib's own server must accept or refuse as ours does."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tacet.identity.oauth2.authorization import CODE_MS
from tacet.identity.oauth2.tokens import ACCESS_S, REFRESH_MS
from tacet.identity.vault import Vault
from tacet.records.consents import ChallengeMethod, Code
from tests.cast import ALICE, CALLBACK, CLIENT_SECRET, login_app
from tests.identity.oauth2.logins import s256
from tests.service import Service, in_memory
from tests.wire.oauth2.clients import TOKEN, basic, post
from tests.wire.oauth2.judge import DIFFERENCES, Client, CodeFact, Difference, Family, Judge

CONFIDENTIAL, PUBLIC, SWITCHED_OFF = 0, 1, 2
VERIFIER = "verifier"
OTHER_CALLBACK = "https://client.example/other"

CODES = [
    (CONFIDENTIAL, "users.read tweet.read offline.access", "S256"),
    (CONFIDENTIAL, "users.read tweet.read", "plain"),
    (PUBLIC, "users.read tweet.read mute.read offline.access", "plain"),
    (SWITCHED_OFF, "users.read tweet.read offline.access", "S256"),
]
"""Whose, for what, and how its challenge was made."""


@dataclass(frozen=True)
class Step:
    """A token request and the time before it; None leaves a parameter out."""

    passes_ms: int
    grant_type: str | None
    app: int
    shown: str
    code: int
    redirect_uri: str | None
    verifier: str | None
    refresh: int
    scope: str | None


STEPS = st.builds(
    Step,
    passes_ms=st.sampled_from([0, 0, 0, 0, 1, CODE_MS - 1, CODE_MS, ACCESS_S * 1000, REFRESH_MS - 1, REFRESH_MS]),
    grant_type=st.sampled_from(["authorization_code", "refresh_token"] * 5 + ["client_credentials", None]),
    app=st.sampled_from([CONFIDENTIAL, CONFIDENTIAL, PUBLIC, PUBLIC, SWITCHED_OFF]),
    shown=st.sampled_from(
        ["right"] * 6 + ["basic-and-id", "id", "nothing", "wrong-secret", "empty-secret", "another-id"]
    ),
    code=st.sampled_from([0, 0, 0, 1, 2, 2, 2, 3, -1]),
    redirect_uri=st.sampled_from([CALLBACK] * 6 + [OTHER_CALLBACK, None]),
    verifier=st.sampled_from([VERIFIER] * 6 + ["wrong", s256(VERIFIER), None]),
    refresh=st.sampled_from([0, 0, 0, 1, 1, 2, -1]),
    scope=st.sampled_from([None, None, None, "users.read tweet.read", "users.read block.write"]),
)


@dataclass
class Login:
    """What came of a request, on both sides."""

    access_token: str
    refresh_token: str
    judged_refresh_token: str
    family: Family
    end_ms: int


@dataclass
class World:
    """The same facts, twice."""

    service: Service
    judge: Judge
    client_ids: list[str] = field(default_factory=list)
    logins: list[Login] = field(default_factory=list)

    async def build(self) -> None:
        for number in (CONFIDENTIAL, PUBLIC, SWITCHED_OFF):
            app = login_app(
                self.service.vault, 4000 + number, confidential=number != PUBLIC, oauth2=number != SWITCHED_OFF
            )
            await self.service.store.credentials.put_app(app)
            self.client_ids.append(app.client_id)
            settings = app.authentication
            self.judge.clients[app.client_id] = Client(
                app.client_id, CLIENT_SECRET, settings.confidential, settings.oauth2
            )
        now_ms = self.service.clock.now_ms()
        for number, (owner, scopes, method) in enumerate(CODES):
            challenge = s256(VERIFIER) if method == "S256" else VERIFIER
            text, end_ms = f"code-{number}", now_ms + CODE_MS
            self.judge.codes[text] = CodeFact(
                self.client_ids[owner], scopes.split(), CALLBACK, challenge, method, end_ms
            )
            way = ChallengeMethod(method)
            await self.service.store.consents.put_code(
                Code(Vault.digest(text), 4000 + owner, ALICE.id, scopes, CALLBACK, challenge, way, now_ms, end_ms)
            )

    async def take(self, step: Step) -> bool:
        """Make a request on both sides; True if both gave tokens. They must agree."""
        self.service.clock.advance(step.passes_ms)
        authorization, client_id = self._shown(step)
        login = self.logins[step.refresh] if 0 <= step.refresh < len(self.logins) else None
        fields = {
            "grant_type": step.grant_type,
            "client_id": client_id,
            "code": None if step.code < 0 else f"code-{step.code}",
            "redirect_uri": step.redirect_uri,
            "code_verifier": step.verifier,
            "refresh_token": "unknown" if login is None else login.refresh_token,
            "scope": step.scope,
        }
        sent = {name: value for name, value in fields.items() if value is not None}
        judged = {**sent, "refresh_token": "unknown" if login is None else login.judged_refresh_token}
        verdict = self.judge.judge(judged, authorization)
        headers: dict[str, Any] = {} if authorization is None else {"authorization": authorization}
        answer = await post(self.service, TOKEN, sent, **headers)
        assert (answer.status == 200) == (not verdict.error), (step, verdict, answer)
        if verdict.error:
            assert self.judge.called_so(answer.json["error"], verdict.error), (step, verdict, answer)
            return False
        granted = answer.json
        assert set(granted["scope"].split()) == verdict.scopes, (step, verdict, answer)
        kept = verdict.refresh_token in self.judge.refreshes
        assert ("refresh_token" in granted) is kept
        assert verdict.family is not None
        refresh_token = granted.get("refresh_token", "none came")
        end_ms = self.service.clock.now_ms() + ACCESS_S * 1000
        self.logins.append(Login(granted["access_token"], refresh_token, verdict.refresh_token, verdict.family, end_ms))
        return True

    def _shown(self, step: Step) -> tuple[str | None, str | None]:
        """The header and the `client_id` parameter."""
        client_id, another = self.client_ids[step.app], self.client_ids[1 - step.app % 2]
        confidential = step.app != PUBLIC
        right = (basic(client_id, CLIENT_SECRET), None) if confidential else (None, client_id)
        return {
            "right": right,
            "basic-and-id": (basic(client_id, CLIENT_SECRET), client_id),
            "id": (None, client_id),
            "nothing": (None, None),
            "wrong-secret": (basic(client_id, "wrong"), client_id),
            "empty-secret": (basic(client_id, ""), None),
            "another-id": (basic(client_id, CLIENT_SECRET), another),
        }[step.shown]

    async def take_all(self, steps: Sequence[Step]) -> None:
        for step in steps:
            await self.take(step)
            await self.check_all_access_tokens()

    async def check_all_access_tokens(self) -> None:
        for login in self.logins:
            works = (await self.service.get("/2/users/me", login.access_token)).status == 200
            lives = not login.family.ended and login.end_ms > self.service.clock.now_ms()
            assert works is lives, login


@asynccontextmanager
async def built(differences: Collection[Difference] = DIFFERENCES) -> AsyncIterator[World]:
    async with in_memory(rate_limits=False) as service:
        world = World(service, Judge(service.clock, REFRESH_MS, differences))
        await world.build()
        yield world


@given(st.lists(STEPS, min_size=1, max_size=8))
@settings(max_examples=150)
async def test_both_give_tokens_for_the_same_requests(steps: list[Step]) -> None:
    async with built() as world:
        await world.take_all(steps)


GOOD = Step(0, "authorization_code", CONFIDENTIAL, "right", 0, CALLBACK, VERIFIER, 0, None)
AGAIN = replace(GOOD, grant_type="refresh_token")


async def test_the_comparison_reaches_tokens_rotation_and_replays() -> None:
    async with built() as world:
        public = replace(GOOD, app=PUBLIC, code=2)
        steps = [(GOOD, True), (AGAIN, True), (replace(AGAIN, refresh=1), True), (AGAIN, False)]
        steps += [(public, True), (replace(public, verifier="wrong"), False), (replace(GOOD, code=1), True)]
        for step, gives_tokens in steps:
            assert await world.take(step) is gives_tokens
            await world.check_all_access_tokens()
        assert [login.family.ended for login in world.logins] == [True, True, True, True, False]


SHOWN_BY = {
    Difference.OTHER_NAMES: [replace(GOOD, verifier="wrong")],
    Difference.EVERYTHING_FIRST: [GOOD, replace(GOOD, verifier=None)],
    Difference.SPENT_BY_A_WRONG_PROOF: [replace(GOOD, redirect_uri=OTHER_CALLBACK), GOOD],
    Difference.ONLY_OFFLINE: [replace(GOOD, code=1)],
}


@pytest.mark.parametrize("difference", Difference, ids=[each.name.lower() for each in Difference])
async def test_each_difference_is_one(difference: Difference) -> None:
    async with built() as world:
        await world.take_all(SHOWN_BY[difference])
    async with built(DIFFERENCES - {difference}) as world:
        with pytest.raises(AssertionError):
            await world.take_all(SHOWN_BY[difference])
