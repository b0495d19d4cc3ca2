"""What every store must do from its opening to its closing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tacet.records.people import State, Stretch
from tacet.records.relations import Kind
from tacet.store.base import Store, StoreClosed, StoreError
from tests.store.building import NOW, listed, message, mute, post
from tests.store.conftest import Fresh


async def test_a_new_database_is_empty(store: Store) -> None:
    assert await store.directory.first_person_ids(10) == []
    assert await listed(store) == []
    assert set((await store.revisions()).values()) <= {0}


async def test_closing_finishes_what_was_accepted(fresh: Fresh) -> None:
    async with fresh() as store:
        writes = [asyncio.create_task(store.relations.add(mute(n, 2 * n), NOW)) for n in range(1, 601)]
        await asyncio.sleep(0)
        await store.close()
        assert all(await asyncio.gather(*writes))


async def test_a_closed_store_refuses_writes(fresh: Fresh) -> None:
    async with fresh() as store:
        await store.close()
        with pytest.raises(StoreClosed):
            await store.relations.add(mute(1, 2), NOW)
        with pytest.raises(StoreClosed):
            await store.directory.put_people([])
        with pytest.raises(StoreClosed):
            await store.relations.change([], NOW)
        with pytest.raises(StoreClosed):
            await store.posts.add(post(1, 2))
        with pytest.raises(StoreClosed):
            await store.messages.add(message(1, 2, 3))


async def test_closing_twice_is_no_error(fresh: Fresh) -> None:
    async with fresh() as store:
        await store.relations.add(mute(1, 2), NOW)
        await store.close()


READS: dict[str, Callable[[Store], Awaitable[Any]]] = {
    "older": lambda store: store.relations.older(Kind.MUTE, 1, 2, 3, NOW),
    "packed": lambda store: store.relations.packed(Kind.MUTE, 1, 2, 3, NOW),
    "newer": lambda store: store.relations.newer(Kind.MUTE, 1, 2, 3, NOW),
    "which": lambda store: store.relations.which(Kind.MUTE, 1, [2], NOW),
    "position": lambda store: store.relations.position(Kind.MUTE, 1, 2, NOW),
    "who": lambda store: store.relations.who(Kind.BLOCK, [1], 2, NOW),
    "people": lambda store: store.directory.people([1]),
    "ids_of": lambda store: store.directory.ids_of(["ann"]),
    "names": lambda store: store.directory.names([1]),
    "in_state": lambda store: store.directory.in_state(State.ACTIVE, [1]),
    "posts": lambda store: store.posts.by_ids([1]),
    "latest": lambda store: store.posts.latest([1]),
    "of_authors": lambda store: store.posts.of_authors([1], Stretch(), 10),
    "mentioning": lambda store: store.posts.mentioning(1, Stretch(upwards=True), 10),
    "newest_id": lambda store: store.posts.newest_id(9),
    "newest_message_id": lambda store: store.messages.newest_id(9),
    "repost_of": lambda store: store.posts.repost_of(1, 2),
    "between": lambda store: store.messages.between(1, 2, Stretch(), 10),
    "of_person": lambda store: store.messages.of_person(1, Stretch(), 10),
    "writers": lambda store: store.messages.writers([1], 2),
    "first_person_ids": lambda store: store.directory.first_person_ids(1),
    "app": lambda store: store.credentials.app(1),
    "app_by_consumer_key": lambda store: store.credentials.app_by_consumer_key("key"),
    "any_app": lambda store: store.credentials.any_app(),
    "every_app": lambda store: store.credentials.apps(-1, 10),
    "token": lambda store: store.credentials.token(b"digest"),
    "app_by_client_id": lambda store: store.credentials.app_by_client_id("id"),
    "app_only_token": lambda store: store.credentials.app_only_token(1),
    "code": lambda store: store.consents.code(b"digest"),
    "grant": lambda store: store.consents.grant(1),
    "oauth1_accesses": lambda store: store.consents.oauth1_accesses(1, 2),
    "connections_of_user": lambda store: store.consents.connections_of_user(1, 2, NOW),
    "connections_of_app": lambda store: store.consents.connections_of_app(1, 2, 3, NOW),
    "request_token": lambda store: store.consents.request_token(b"digest"),
    "password": lambda store: store.accounts.password(1),
    "session": lambda store: store.accounts.session(b"digest"),
    "developer": lambda store: store.accounts.developer(1),
    "project": lambda store: store.accounts.project(1),
    "projects": lambda store: store.accounts.projects(1),
    "apps": lambda store: store.accounts.apps(1),
    "usage": lambda store: store.accounts.usage(1, 2),
    "revisions": lambda store: store.revisions(),
}


@pytest.mark.parametrize("read", READS.values(), ids=list(READS))
async def test_a_read_that_fails_says_so_in_the_stores_terms(
    fresh: Fresh, read: Callable[[Store], Awaitable[Any]]
) -> None:
    async with fresh() as store:
        await store.close()
        with pytest.raises(StoreError):
            await read(store)
