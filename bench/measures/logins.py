"""The end of a login and what follows every two hours: a code exchanged for tokens, a refresh token for new ones."""

import asyncio
import itertools
import random
from collections.abc import Iterator, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from bench import world
from bench.building import QUEUE_LENGTH, TOKENS_AT_ONCE
from bench.figures import Figure, load_figure
from bench.load import Load, rounds
from bench.stage import Stage
from tacet.clock import SystemClock
from tacet.identity.oauth2.rfc7636.challenge import challenge_of
from tacet.identity.vault import Vault
from tacet.ids import SeededRandomness, bearer_text
from tacet.records.consents import ChallengeMethod, Code, Grant, GrantKind
from tacet.records.credentials import Token, TokenKind
from tacet.store.base import Store
from tacet.store.opening import open_store
from tacet.wire.oauth2.token import PATH

T = TypeVar("T")

EXCHANGES_A_SECOND = 8_000
"""More than any run can send: so many codes, and so many refresh tokens, are made ready for each of its seconds."""

LASTING_MS = 3_600_000
"""How long the prepared codes are good: they are made before the run and not, as in life, seconds before their use."""

SCOPES = f"{world.SCOPES} offline.access"
VERIFIER = "bench-verifier-".ljust(64, "v")


def measure(stage: Stage) -> list[Figure]:
    """Exchanges and refreshes in turn; each writes, and is answered when that is on disk."""
    logins = _Logins(stage)
    loads = {"bare": stage.bare_load, "exchange": logins.exchange, "refresh": logins.refresh}
    done = rounds(stage.plan.runs, loads)
    return [
        load_figure("login", "a code exchanged for tokens, on disk", done["exchange"], done["bare"]),
        load_figure("login", "tokens refreshed, on disk", done["refresh"], done["bare"]),
    ]


class _Logins:
    """Loads in which every request has a code or a refresh token of its own."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._tacet = stage.tacet
        self._randomness = SeededRandomness(world.SEED)
        self._now_ms = SystemClock().now_ms()
        self._grant_ids = itertools.count(1)
        self._wanted = EXCHANGES_A_SECOND * stage.plan.seconds
        self._people = [world.person_id(index) for index in stage.groups["crowd"].indexes]
        self._dice = random.Random(world.SEED)

    def exchange(self, number: int) -> Load:
        """Codes of random people, each once."""
        self._stage.say(f"round {number}: making {self._wanted:,} codes")
        texts = [bearer_text(self._randomness, self._now_ms, "ac") for _ in range(self._wanted)]
        asyncio.run(self._write([self._code(text) for text in texts], ()))
        self._stage.say(f"round {number}: codes for tokens")
        fixed = {"redirect_uri": world.CALLBACK, "code_verifier": VERIFIER}
        return self._load({"grant_type": "authorization_code", "code": text, **fixed} for text in texts)

    def refresh(self, number: int) -> Load:
        """Refresh tokens of random people, each once."""
        self._stage.say(f"round {number}: making {self._wanted:,} refresh tokens")
        texts = [bearer_text(self._randomness, self._now_ms, "rt") for _ in range(self._wanted)]
        asyncio.run(self._write((), [self._family(text) for text in texts]))
        self._stage.say(f"round {number}: refreshes")
        return self._load({"grant_type": "refresh_token", "refresh_token": text} for text in texts)

    def _load(self, forms: Iterator[dict[str, str]]) -> Load:
        path = self._stage.scratch / "forms.requests"
        with path.open("w", encoding="ascii") as file:
            file.writelines(f"{PATH}\t{urlencode({**form, 'client_id': world.CLIENT_ID})}\n" for form in forms)
        return self._stage.load(self._tacet, "forms", str(path))

    def _code(self, text: str) -> Code:
        challenge = challenge_of(VERIFIER, ChallengeMethod.S256)
        return Code(
            Vault.digest(text),
            world.APP_ID,
            self._dice.choice(self._people),
            SCOPES,
            world.CALLBACK,
            challenge,
            ChallengeMethod.S256,
            self._now_ms,
            self._now_ms + LASTING_MS,
        )

    def _family(self, text: str) -> tuple[Grant, Token]:
        user_id, grant_id = self._dice.choice(self._people), next(self._grant_ids)
        grant = Grant(grant_id, GrantKind.OAUTH2, world.APP_ID, user_id, SCOPES, self._now_ms)
        ends_at_ms = self._now_ms + LASTING_MS
        token = Token(
            Vault.digest(text),
            TokenKind.REFRESH,
            world.APP_ID,
            user_id,
            SCOPES,
            b"",
            self._now_ms,
            ends_at_ms,
            grant_id=grant_id,
        )
        return grant, token

    async def _write(self, codes: Sequence[Code], families: Sequence[tuple[Grant, Token]]) -> None:
        """Put them into the served database, beside its server."""
        path = self._stage.scratch / "served.db"
        store = open_store(f"sqlite:///{path}", QUEUE_LENGTH, server=False)
        await store.open()
        try:
            for some in _portions(codes):
                await asyncio.gather(*(store.consents.put_code(code) for code in some))
            for pairs in _portions(families):
                await asyncio.gather(*(_add(store, grant, token) for grant, token in pairs))
        finally:
            await store.close()


async def _add(store: Store, grant: Grant, token: Token) -> None:
    await store.consents.add_grant(grant, [token])


def _portions(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(items), TOKENS_AT_ONCE):
        yield items[first : first + TOKENS_AT_ONCE]
