"""What every store's `NonceStore` must do."""

import asyncio

from tacet.store.base import Part, Store
from tests.store.building import NOW

NONCE = b"n" * 16


async def test_a_nonce_is_new_once(store: Store) -> None:
    assert await store.nonces.remember(NONCE, NOW)
    assert not await store.nonces.remember(NONCE, NOW)
    assert not await store.nonces.remember(NONCE, NOW + 1)
    assert await store.nonces.remember(b"m" * 16, NOW)


async def test_of_many_that_remember_a_nonce_one_is_told_that_it_is_new(store: Store) -> None:
    answers = await asyncio.gather(*(store.nonces.remember(NONCE, NOW) for _ in range(50)))
    assert answers.count(True) == 1


async def test_nonces_are_forgotten_when_they_have_expired(store: Store) -> None:
    for number in range(5):
        await store.nonces.remember(bytes([number]), NOW + number)
    assert await store.nonces.sweep(NOW - 1, 100) == 0
    assert await store.nonces.sweep(NOW + 3, 3) == 3
    assert await store.nonces.sweep(NOW + 3, 3) == 1
    assert not await store.nonces.remember(bytes([4]), NOW)
    assert await store.nonces.remember(bytes([0]), NOW)


async def test_nonces_drop_nobodys_cache(store: Store) -> None:
    await store.nonces.remember(NONCE, NOW)
    await store.nonces.sweep(NOW, 100)
    assert set((await store.revisions()).values()) <= {0}


async def test_announcing_that_nonces_are_here_is_seen_in_the_revisions(store: Store) -> None:
    before = (await store.revisions()).get(Part.NONCES)
    await store.nonces.announce()
    first = (await store.revisions())[Part.NONCES]
    await store.nonces.announce()
    assert before != first
    assert (await store.revisions()) == {Part.NONCES: first + 1}
