"""What clients were told, to be compared with what a server shows when it is back."""

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.crash.connections import Connection, Gone, connected
from tests.crash.processes import SOURCES, TARGETS

PAGE = 7
"""Small, so that every list has several pages."""

PATIENCE_S = 60
"""For what does happen, however busy the machine is."""

LOOK_INTERVAL_S = 0.001

Pair = tuple[int, int]
"""Source and target."""


@dataclass
class Ledger:
    """What is known of every pair.

    Attributes:
        muted: when each pair that is muted was muted, counted in acknowledged mutes; None where that is not known.
        open: pairs whose last request was never answered: it may have been done or not.
    """

    muted: dict[Pair, int | None] = field(default_factory=dict)
    open: set[Pair] = field(default_factory=set)
    acknowledged: int = 0

    async def write(self, connection: Connection, pair: Pair, muting: bool) -> None:
        """Mute or unmute, and note what came of it."""
        self.open.add(pair)
        answer = await (connection.mute(*pair) if muting else connection.unmute(*pair))
        assert (answer.status, answer.json) == (200, {"data": {"muting": muting}})
        self.open.remove(pair)
        self.acknowledged += 1
        if muting:
            self.muted.setdefault(pair, self.acknowledged)
        else:
            self.muted.pop(pair, None)

    async def verify(self, port: int) -> None:
        """Compare with a running server; what was open is settled by what it shows."""
        async with connected(port) as connection:
            for source_id in SOURCES:
                listed = await walk(connection, source_id)
                self._settle(source_id, set(listed))
                assert set(listed) == {target_id for source, target_id in self.muted if source == source_id}
                assert await marked(connection, source_id) == set(listed)
                self._check_order(source_id, listed)
        assert self.open == set()

    def _settle(self, source_id: int, listed: set[int]) -> None:
        for pair in [pair for pair in self.open if pair[0] == source_id]:
            self.open.remove(pair)
            if pair[1] not in listed:
                self.muted.pop(pair, None)
            else:
                # It may have been unmuted and muted anew, or be as it was.
                self.muted[pair] = None

    def _check_order(self, source_id: int, listed: Sequence[int]) -> None:
        """Newest first. Two connections write for each source, and only among its own mutes is one's order certain."""
        for parity in (0, 1):
            known = [self.muted[source_id, target_id] for target_id in listed if target_id % 2 == parity]
            counts = [count for count in known if count is not None]
            assert counts == sorted(counts, reverse=True)


async def walk(connection: Connection, source_id: int) -> list[int]:
    """A whole list, page by page to its end, and back again to see that it is the same."""
    pages = [await page(connection, source_id, "")]
    while "next_token" in pages[-1][1]:
        pages.append(await page(connection, source_id, pages[-1][1]["next_token"]))
    back = pages[-1:]
    while "previous_token" in back[-1][1]:
        back.append(await page(connection, source_id, back[-1][1]["previous_token"]))
    forward = [target_id for ids, _ in pages for target_id in ids]
    assert [target_id for ids, _ in reversed(back) for target_id in ids] == forward
    assert len(set(forward)) == len(forward)
    return forward


async def page(connection: Connection, source_id: int, token: str) -> tuple[list[int], dict[str, str]]:
    """Ids and `meta` of one page."""
    at = f"&pagination_token={token}" if token else ""
    answer = await connection.get(source_id, f"/2/users/{source_id}/muting?max_results={PAGE}{at}")
    assert answer.status == 200
    return [int(user["id"]) for user in answer.json.get("data", ())], answer.json["meta"]


async def marked(connection: Connection, source_id: int) -> set[int]:
    """Who is shown as muted where people are looked up."""
    ids = ",".join(map(str, TARGETS))
    answer = await connection.get(source_id, f"/2/users?ids={ids}&user.fields=connection_status")
    assert answer.status == 200
    return {int(user["id"]) for user in answer.json["data"] if "muting" in user.get("connection_status", ())}


async def load(port: int, ledger: Ledger, seed: int, end: Callable[[], None], after_s: float) -> None:
    """Writes from two connections for each source, none for a pair of another's, until the server is gone.

    Args:
        end: called `after_s` seconds after the first of them is acknowledged: ends the server in some way.
    """
    workers = itertools.product(SOURCES, (0, 1))
    await asyncio.gather(
        _end_later(ledger, ledger.acknowledged, end, after_s),
        *(_write_until_gone(port, ledger, source_id, parity, seed) for source_id, parity in workers),
    )


async def _end_later(ledger: Ledger, before: int, end: Callable[[], None], after_s: float) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while ledger.acknowledged == before:
        assert time.monotonic() < until_s, "nothing is acknowledged"
        await asyncio.sleep(LOOK_INTERVAL_S)
    await asyncio.sleep(after_s)
    end()


async def _write_until_gone(port: int, ledger: Ledger, source_id: int, parity: int, seed: int) -> None:
    chance = random.Random(f"{seed} {source_id} {parity}")
    targets = [target_id for target_id in TARGETS if target_id % 2 == parity]
    try:
        async with connected(port) as connection:
            while True:
                await ledger.write(connection, (source_id, chance.choice(targets)), muting=chance.random() < 0.6)
    except Gone:
        return
