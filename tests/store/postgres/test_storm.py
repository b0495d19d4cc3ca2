"""Everything at once: many people, Apps and posts under the hands of two servers, in no order that anybody chose."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from tacet.records.accounts import Password, Project, Session, Usage
from tacet.records.consents import GrantKind
from tacet.store.base import Conflict
from tests.store.building import NOW, app, code, grant, put_apps, refresh_token, repost, request_token, token
from tests.store.building import mentioning as post_mentioning
from tests.store.postgres.racing import Race, digest

WORKERS = 16
STEPS = 60
"""Of each worker."""

APPS, PEOPLE, THINGS = 3, 4, 6
"""So few that everybody is in everybody's way all the time."""

PROJECT = Project(70, 7, "P", "", NOW)

LATER = NOW + 365 * 24 * 3600 * 1000

Step = Callable[[], Awaitable[Any]]


class Storm:
    """What anybody may do, to things that are named by chance."""

    def __init__(self, race: Race, chance: random.Random) -> None:
        self._race = race
        self._chance = chance
        self._last = 0

    def step(self) -> Step:
        """One of the things that can be done."""
        steps = [getattr(self, name) for name in sorted(vars(Storm)) if name.startswith("do_")]
        step: Step = self._chance.choice(steps)
        return step

    async def do_login_by_code(self) -> None:
        consents, pair = self._race.next.consents, self._pair()
        name = digest("code", self._thing())
        await _if_new(consents.put_code(code(name, **pair)))
        await _if_new(consents.redeem_code(name, grant(self._new(), **pair), self._tokens(pair), NOW))

    async def do_rotate(self) -> None:
        pair = self._pair()
        await _if_new(self._race.next.consents.rotate(self._refresh_digest(pair), self._tokens(pair), NOW))

    async def do_login_by_request_token(self) -> None:
        consents, pair = self._race.next.consents, self._pair()
        name = digest("request", self._thing())
        await _if_new(consents.put_request_token(request_token(name, app_id=pair["app_id"])))
        await consents.approve_request_token(name, pair["user_id"], b"v", NOW)
        joined = grant(self._new(), kind=GrantKind.OAUTH1, **pair)
        await consents.redeem_request_token(name, b"v", joined, token(digest(self._new()), **pair), NOW)

    async def do_make_own_token(self) -> None:
        pair = self._pair()
        made = grant(self._new(), kind=GrantKind.OWN, **pair)
        await self._race.next.consents.add_grant(made, [token(digest(self._new()), **pair)])

    async def do_put_token(self) -> None:
        await self._race.next.credentials.put_token(token(digest("alone", self._thing()), **self._pair()))

    async def do_revoke_connection(self) -> None:
        await self._race.next.consents.revoke_connection(**self._pair(), now_ms=NOW)

    async def do_revoke_a_grant(self) -> None:
        store, pair = self._race.next, self._pair()
        own = await store.consents.own_token(**pair)
        if own is not None and own.grant_id is not None:
            await store.consents.revoke_grant(own.grant_id, NOW)
            await store.credentials.revoke_token(own.digest, NOW)

    async def do_look(self) -> None:
        pair = self._pair()
        await self._race.next.consents.connections_of_user(pair["user_id"], 10, NOW)
        await self._race.next.consents.connections_of_app(pair["app_id"], 0, 10, NOW)

    async def do_sweep(self) -> None:
        store = self._race.next
        await store.consents.sweep_logins(LATER, 20)
        await store.nonces.sweep(LATER, 20)
        await store.accounts.sweep_usage(2)

    async def do_make_an_app(self) -> None:
        await self._race.next.credentials.put_app(app(self._chance.randrange(APPS), name=str(self._new())))

    async def do_change_an_app(self) -> None:
        credentials = self._race.next.credentials
        before = await credentials.app(self._chance.randrange(APPS))
        if before is not None:
            await credentials.change_app(replace(before, name=str(self._new())), before)

    async def do_move_an_app(self) -> None:
        credentials = self._race.next.credentials
        before = await credentials.app(self._chance.randrange(APPS))
        if before is not None:
            moved = replace(before, owner_id=PROJECT.owner_id, project_id=self._chance.choice([PROJECT.id, None]))
            await credentials.change_app(moved, before)

    async def do_delete_an_app(self) -> None:
        if self._chance.random() < 0.3:
            await self._race.next.accounts.delete_app(self._chance.randrange(APPS))

    async def do_make_or_delete_a_project(self) -> None:
        accounts = self._race.next.accounts
        await (accounts.put_project(PROJECT) if self._chance.random() < 0.5 else accounts.delete_project(PROJECT.id))

    async def do_reseal(self) -> None:
        if self._chance.random() < 0.3:
            await self._race.next.credentials.reseal(lambda sealed: sealed)

    async def do_count(self) -> None:
        counts = [Usage(app_id, hour, 1, 0) for app_id in range(APPS) for hour in range(4)]
        await self._race.next.accounts.add_usage(self._chance.sample(counts, 6))
        await self._race.next.nonces.remember(digest("nonce", self._thing()), NOW)

    async def do_sign_in(self) -> None:
        accounts, person_id = self._race.next.accounts, self._chance.randrange(PEOPLE)
        await accounts.put_session(Session(digest(self._new()), person_id, NOW, NOW, NOW + 1))
        if self._chance.random() < 0.5:
            await accounts.put_password(Password(person_id, "x", self._new()))
        else:
            await accounts.end_sessions(person_id)

    async def do_post(self) -> None:
        posts = self._race.next.posts
        await _if_new(posts.add(post_mentioning(self._thing() + 1, 5, 6, 7)))
        await posts.add(repost(self._new() + 1_000, self._chance.randrange(PEOPLE), of=self._thing() + 1))

    async def do_delete_a_post(self) -> None:
        await self._race.next.posts.delete(self._thing() + 1)

    async def do_import_posts(self) -> None:
        ids = self._chance.sample(range(1, THINGS + 1), 4)
        await self._race.next.posts.put([post_mentioning(id_, 5, 8, self._chance.randrange(3)) for id_ in ids])

    def _pair(self) -> dict[str, int]:
        return {"app_id": self._chance.randrange(APPS), "user_id": self._chance.randrange(PEOPLE)}

    def _thing(self) -> int:
        return self._chance.randrange(THINGS)

    def _new(self) -> int:
        self._last += 1
        return self._last

    def _tokens(self, pair: dict[str, int]) -> list[Any]:
        return [refresh_token(self._refresh_digest(pair), **pair), token(digest(self._new()), **pair)]

    def _refresh_digest(self, pair: dict[str, int]) -> bytes:
        return digest("refresh", pair, self._thing())


async def _if_new(step: Awaitable[Any]) -> None:
    """Many things have one name here."""
    try:
        await step
    except Conflict:
        return


async def test_whatever_happens_at_once_nobody_waits_in_vain_and_nothing_untrue_is_left(
    race: Race, chance: random.Random
) -> None:
    storm = Storm(race, chance)
    await put_apps(race.next, *range(APPS))

    async def work() -> None:
        for _ in range(STEPS):
            await storm.step()()

    await asyncio.gather(*(work() for _ in range(WORKERS)))
    done = await race.found("SELECT COUNT(*) FROM token UNION ALL SELECT COUNT(*) FROM post")
    assert all(count for (count,) in done)
