"""What only one may do at a time, in every store."""

import asyncio

import pytest

from tacet.store.base import Store


async def test_one_holds_it_at_a_time_in_turn(store: Store) -> None:
    inside: list[int] = []
    done: list[int] = []

    async def work(number: int) -> None:
        async with store.alone("work", 7):
            inside.append(number)
            await store.revisions()
            assert inside == [number]
            inside.remove(number)
            done.append(number)

    await asyncio.gather(*(work(number) for number in range(20)))
    assert done == list(range(20))


async def test_what_goes_wrong_in_it_gives_it_up(store: Store) -> None:
    with pytest.raises(ValueError, match="wrong"):
        async with store.alone("work", 7):
            raise ValueError("wrong")
    async with store.alone("work", 7):
        await store.revisions()


async def test_who_is_called_off_gives_it_up_or_never_has_it(store: Store) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        async with store.alone("work", 7):
            begun.set()
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(work()) for _ in range(3)]
    await begun.wait()
    for task in reversed(tasks):
        task.cancel()
        await asyncio.wait((task,))
        assert task.cancelled()
    async with asyncio.timeout(30), store.alone("work", 7):
        await store.revisions()
