"""A change of the graph, and the telling of those who see other posts from then on."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest

from tests.graph.world import ANN, BEA, World

Deed = Callable[[World], Awaitable[object]]

DEEDS: Mapping[str, Deed] = {
    "follow": lambda world: world.follows.follow(ANN, BEA),
    "unfollow": lambda world: world.follows.unfollow(ANN, BEA),
    "block": lambda world: world.blocks.block(ANN, BEA),
    "unblock": lambda world: world.blocks.unblock(ANN, BEA),
}
BEFORE: Mapping[str, Deed] = {"unfollow": DEEDS["follow"], "unblock": DEEDS["block"]}


@pytest.mark.parametrize("name", DEEDS)
async def test_whoever_stops_waiting_for_a_change_keeps_nobody_from_being_told(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name in BEFORE:
        await BEFORE[name](world)
    world.changed.clear()
    written, released = asyncio.Event(), asyncio.Event()
    real = world.store.relations.change

    async def slow(*arguments: object) -> list[bool]:
        result = await real(*arguments)  # type: ignore[arg-type]  # whatever it was called with
        written.set()
        await released.wait()
        return result

    monkeypatch.setattr(world.store.relations, "change", slow)
    request = asyncio.ensure_future(DEEDS[name](world))
    await asyncio.wait_for(written.wait(), 30)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    released.set()
    for _ in range(10):
        await asyncio.sleep(0)
    assert world.changed == ([ANN] if "follow" in name else [ANN, BEA])


@pytest.mark.parametrize("name", DEEDS)
async def test_nobody_is_told_of_what_is_so_already(world: World, name: str) -> None:
    for deed in (*([BEFORE[name]] if name in BEFORE else []), DEEDS[name]):
        await deed(world)
    world.changed.clear()
    await DEEDS[name](world)
    assert world.changed == []
