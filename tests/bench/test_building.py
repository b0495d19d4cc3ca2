import dataclasses
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench import world
from bench.building import build, fingerprint, kept_world
from bench.signing import signed_page
from tacet.app import Tacet
from tacet.clock import ManualClock
from tacet.identity.vault import Vault
from tacet.ids import SeededRandomness
from tacet.settings import SERVE, Settings
from tacet.store.opening import open_store
from tests.bench.small import SHAPE, Heard
from tests.service import HOST, exchange

NOW_S = 1_800_000_000


@pytest.fixture
async def tacet(tmp_path: Path) -> AsyncIterator[Tacet]:
    """A service over a tiny world."""
    path = tmp_path / "world.db"
    await build(path, SHAPE, Heard().meter)
    settings = Settings(mode=SERVE, secret_key=world.secret_key(), rate_limits=False)
    store = open_store(f"sqlite:///{path}", settings.write_queue_length)
    await store.open()
    try:
        yield Tacet(settings, store, Vault(settings.secret_key), ManualClock(NOW_S * 1000), SeededRandomness(1))
    finally:
        await store.close()


@pytest.mark.parametrize("name", SHAPE.groups())
async def test_everybodys_bearer_shows_their_newest_mutes_first(tacet: Tacet, name: str) -> None:
    group = SHAPE.groups()[name]
    path = f"/2/users/{world.person_id(group.first)}/muting?max_results=1000"
    answer = await exchange(tacet, "GET", path, {"authorization": f"Bearer {world.bearer_text(group.first)}"}, [b""])
    assert answer.status == 200
    assert answer.ids == [str(world.person_id(target)) for target in reversed(world.targets(group, group.first))]


async def test_the_deepest_page_is_full_and_the_last(tacet: Tacet) -> None:
    group = SHAPE.groups()["list-300"]
    path = f"/2/users/{world.person_id(group.first)}/muting?pagination_token={world.deepest_token(group.first, 100)}"
    answer = await exchange(tacet, "GET", path, {"authorization": f"Bearer {world.bearer_text(group.first)}"}, [b""])
    assert answer.json["meta"]["result_count"] == 100
    assert "next_token" not in answer.json["meta"]


@pytest.mark.parametrize("origin", [("https", "api.x.com"), ("http", HOST)], ids=["x", "here"])
async def test_a_signed_request_of_the_crowd_is_good_once(tacet: Tacet, origin: tuple[str, str]) -> None:
    path, authorization = signed_page(3, origin, NOW_S, random.Random(1))
    headers = {"host": HOST, "authorization": authorization}
    statuses = [(await exchange(tacet, "GET", path, headers, [b""])).status for _ in range(2)]
    assert statuses == [200, 401]


async def test_making_it_says_how_far_it_is(tmp_path: Path) -> None:
    heard = Heard()
    await build(tmp_path / "world.db", SHAPE, heard.meter)
    tokens = SHAPE.sources + SHAPE.crowd + 1
    assert {what: (done, total) for what, done, total in heard.metered} == {
        "people": (SHAPE.people, SHAPE.people),
        "tokens": (tokens, tokens),
        "mutes": (SHAPE.mutes, SHAPE.mutes),
        "follows": (2 * SHAPE.follows, 2 * SHAPE.follows),
        "posts": (SHAPE.posts, SHAPE.posts),
    }


def test_a_world_is_made_once_and_replaced_when_its_shape_changes(tmp_path: Path) -> None:
    first = kept_world(tmp_path, "tiny", SHAPE, Heard().meter)
    heard = Heard()
    assert kept_world(tmp_path, "tiny", SHAPE, heard.meter) == first
    assert heard.metered == []
    second = kept_world(tmp_path, "tiny", dataclasses.replace(SHAPE, wide=4), Heard().meter)
    assert list(tmp_path.iterdir()) == [second]


def test_a_world_that_could_not_be_finished_leaves_nothing(tmp_path: Path) -> None:
    def stop(what: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept_world(tmp_path, "tiny", SHAPE, stop)
    assert list(tmp_path.iterdir()) == []


def test_the_fingerprint_follows_the_shape() -> None:
    assert fingerprint(SHAPE) == fingerprint(dataclasses.replace(SHAPE))
    assert fingerprint(SHAPE) != fingerprint(dataclasses.replace(SHAPE, heavy=3))
