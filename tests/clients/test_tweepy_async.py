"""tweepy's `AsyncClient`, as it comes from the registry. Only where its connections go is changed."""

import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from tweepy import BadRequest, Forbidden, NotFound, TooManyRequests, Unauthorized
from tweepy.asynchronous import AsyncClient, AsyncPaginator

from tests.clients.expected import muted_by_carol
from tests.clients.test_tweepy import both_ways, ids, keys
from tests.sandboxes import Resident, Sandbox


class Person:
    """A resident at tweepy, in one of the two ways in which one can be somebody there."""

    def __init__(self, server: Sandbox, resident: Resident, user_auth: bool) -> None:
        self.how = {"user_auth": user_auth}
        self.client = AsyncClient(**(keys(resident) if user_auth else {"bearer_token": resident.oauth2_token}))
        self.client.session = aiohttp.ClientSession(middlewares=[elsewhere(server.url)])


def elsewhere(url: str) -> aiohttp.ClientMiddlewareType:
    """Sends finished, signed requests to another server."""
    target = urlsplit(url)

    async def send(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        request.url = request.url.with_scheme(target.scheme).with_host(str(target.hostname)).with_port(target.port)
        return await handler(request)

    return send


Join = Callable[..., Person]


@pytest.fixture(scope="module")
async def people() -> AsyncIterator[list[Person]]:
    """Everybody who joined. One for the module, so that all of it runs in one loop: tweepy's cache demands that."""
    joined: list[Person] = []
    yield joined
    for person in joined:
        await person.client.session.close()


@pytest.fixture
async def join(people: list[Person]) -> Join:
    def joining(server: Sandbox, resident: Resident, user_auth: bool = False) -> Person:
        people.append(Person(server, resident, user_auth))
        return people[-1]

    return joining


@both_ways
async def test_mutes_lists_and_unmutes(user_auth: bool, join: Join, server: Sandbox, newcomer: Resident) -> None:
    person = join(server, newcomer, user_auth)
    client, how = person.client, person.how
    for target in ("1001", "1002"):
        assert (await client.mute(target, **how)).data == {"muting": True}
    page = await client.get_muted(user_fields=["connection_status", "created_at"], **how)
    assert ids(page) == ["1002", "1001"]
    assert all("muting" in user["connection_status"] for user in page.data)
    assert (await client.unmute("1002", **how)).data == {"muting": False}
    assert ids(await client.get_muted(**how)) == ["1001"]


async def test_shows_an_empty_list(join: Join, server: Sandbox) -> None:
    alice = join(server, server.resident("alice"))
    page = await alice.client.get_muted(**alice.how)
    assert (page.data, page.meta) == (None, {"result_count": 0})


@both_ways
async def test_paginator_walks_a_long_list(user_auth: bool, join: Join, server: Sandbox) -> None:
    carol = join(server, server.resident("carol"), user_auth)
    pages = AsyncPaginator(carol.client.get_muted, max_results=500, **carol.how)
    assert [str(user.id) async for user in pages.flatten()] == muted_by_carol()


@both_ways
async def test_looks_up_users_and_itself(user_auth: bool, join: Join, server: Sandbox) -> None:
    alice = join(server, server.resident("alice"), user_auth)
    fields: dict[str, Any] = {"user_fields": ["public_metrics", "created_at"], "expansions": ["pinned_tweet_id"]}
    me = await alice.client.get_me(**fields, **alice.how)
    assert me.data.username == "alice"
    assert ids(await alice.client.get_users(usernames=["bob", "carol"], **alice.how)) == ["1002", "1003"]


@both_ways
async def test_errors_are_read_as_json(user_auth: bool, join: Join, server: Sandbox) -> None:
    alice = join(server, server.resident("alice"), user_auth)
    with pytest.raises(BadRequest, match="You cannot mute yourself"):
        await alice.client.mute("1001", **alice.how)
    with pytest.raises(NotFound, match="Could not find user"):
        await alice.client.mute("999999", **alice.how)
    alice.client.bearer_token = alice.client.consumer_secret = "wrong"
    with pytest.raises(Unauthorized, match="401"):
        await alice.client.get_me(**alice.how)


async def test_a_missing_scope_is_forbidden(join: Join, server: Sandbox) -> None:
    alice = join(server, server.resident("alice"))
    alice.client.bearer_token = "sandbox-oauth2-alice-without-mute-write"
    with pytest.raises(Forbidden, match="403"):
        await alice.client.mute("1002", user_auth=False)


async def test_the_sixteenth_look_up_is_too_many(join: Join, limited: Sandbox, limited_newcomer: Resident) -> None:
    person = join(limited, limited_newcomer)
    for _ in range(15):
        await person.client.get_muted(**person.how)
    with pytest.raises(TooManyRequests) as raised:
        await person.client.get_muted(**person.how)
    assert 0 < raised.value.reset_time - time.time() <= 900
