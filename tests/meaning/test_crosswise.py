"""One set of mutes under both APIs: whatever is done through one is seen through the other at once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import pytest

from tests.meaning.api import Someone
from tests.service import Service

Mute = Callable[[Someone, Someone], Awaitable[object]]
Look = Callable[[Someone, Someone], Awaitable[bool]]


async def old_mute(one: Someone, other: Someone) -> None:
    assert (await one.old("POST", "mutes/users/create", user_id=other.id)).status == 200


async def old_unmute(one: Someone, other: Someone) -> None:
    assert (await one.old("POST", "mutes/users/destroy", screen_name=other.person.username)).status == 200


MUTES: Mapping[str, Mute] = {"v2": Someone.mutes, "v1.1": old_mute}
UNMUTES: Mapping[str, Mute] = {"v2": Someone.unmutes, "v1.1": old_unmute}


async def listed(one: Someone, other: Someone) -> bool:
    return other.id in await one.muted()


async def connected(one: Someone, other: Someone) -> bool:
    return "muting" in await one.status_of(other)


async def in_ids(one: Someone, other: Someone) -> bool:
    return int(other.id) in (await one.old("GET", "mutes/users/ids")).json["ids"]


async def in_list(one: Someone, other: Someone) -> bool:
    users = (await one.old("GET", "mutes/users/list")).json["users"]
    assert all(user["muting"] for user in users)
    return other.id in [user["id_str"] for user in users]


async def shown(one: Someone, other: Someone) -> bool:
    muting: bool = (await one.old("GET", "users/show", user_id=other.id)).json["muting"]
    return muting


async def looked_up(one: Someone, other: Someone) -> bool:
    [user] = (await one.old("GET", "users/lookup", screen_name=other.person.username)).json
    muting: bool = user["muting"]
    return muting


async def befriended(one: Someone, other: Someone) -> bool:
    answer = await one.old("GET", "friendships/show", target_id=other.id)
    muting: bool = answer.json["relationship"]["source"]["muting"]
    return muting


async def in_connections(one: Someone, other: Someone) -> bool:
    [entry] = (await one.old("GET", "friendships/lookup", user_id=other.id)).json
    return "muting" in entry["connections"]


LOOKS: Mapping[str, Look] = {
    "v2 list": listed,
    "v2 connection_status": connected,
    "v1.1 ids": in_ids,
    "v1.1 list": in_list,
    "v1.1 users/show": shown,
    "v1.1 users/lookup": looked_up,
    "v1.1 friendships/show": befriended,
    "v1.1 friendships/lookup": in_connections,
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("unmute", UNMUTES.values(), ids=[f"unmuted by {each}" for each in UNMUTES])
@pytest.mark.parametrize("mute", MUTES.values(), ids=[f"muted by {each}" for each in MUTES])
async def test_a_mute_is_seen_everywhere_until_it_is_undone(
    alice: Someone, bob: Someone, mute: Mute, unmute: Mute, look: Look
) -> None:
    assert not await look(alice, bob)
    await mute(alice, bob)
    assert await look(alice, bob)
    assert not await look(bob, alice)
    await unmute(alice, bob)
    assert not await look(alice, bob)


async def muted_by_v2(someone: Someone, size: int) -> list[list[str]]:
    pages, token = [], ""
    while True:
        answer = await someone.get(f"{someone.path}/muting?max_results={size}{token}")
        pages.append(answer.ids)
        if "next_token" not in answer.json["meta"]:
            return pages
        token = f"&pagination_token={answer.json['meta']['next_token']}"


async def muted_by_v1(someone: Someone, size: int) -> list[list[str]]:
    pages, cursor = [], -1
    while cursor:
        answer = await someone.old("GET", "mutes/users/list", count=size, cursor=cursor)
        pages.append([user["id_str"] for user in answer.json["users"]])
        cursor = answer.json["next_cursor"]
    return pages


async def test_both_walk_the_same_list_in_the_same_pages(unlimited: Service, alice: Someone) -> None:
    crowd = [Someone(unlimited, person) for person in await unlimited.crowd(23)]
    for at, other in enumerate(crowd):
        await [*MUTES.values()][at % 2](alice, other)
    expected = [other.id for other in reversed(crowd)]
    pages = await muted_by_v2(alice, 5)
    assert await muted_by_v1(alice, 5) == pages
    assert [id_ for page in pages for id_ in page] == expected


async def test_a_cursor_of_one_is_a_token_of_the_other(unlimited: Service, alice: Someone) -> None:
    for other in await unlimited.crowd(7):
        await alice.mutes(Someone(unlimited, other))
    token = (await alice.get(f"{alice.path}/muting?max_results=3")).json["meta"]["next_token"]
    old = (await alice.old("GET", "mutes/users/list", count=3)).json
    assert old["next_cursor_str"] == token
    by_token = await alice.get(f"{alice.path}/muting?pagination_token={token}")
    by_cursor = await alice.old("GET", "mutes/users/ids", cursor=token, stringify_ids="true")
    assert by_token.ids == by_cursor.json["ids"] != []


async def test_muting_again_by_the_other_keeps_the_place(alice: Someone, bob: Someone, carol: Someone) -> None:
    for mute in MUTES.values():
        await mute(alice, bob)
        await mute(alice, carol)
        assert await alice.muted() == [carol.id, bob.id]


@pytest.mark.parametrize("mute", MUTES.values(), ids=MUTES)
async def test_unmuting_twice_is_forgiven_by_v2_and_refused_by_v1(alice: Someone, bob: Someone, mute: Mute) -> None:
    await mute(alice, bob)
    await alice.unmutes(bob)
    await alice.unmutes(bob)
    answer = await alice.old("POST", "mutes/users/destroy", user_id=bob.id)
    assert answer.status == 403
    assert answer.json["errors"][0]["code"] == 272


FOLLOWS: Sequence[tuple[str, Callable[[Someone, Someone], Awaitable[object]], bool]] = [
    ("followed", Someone.follows, True),
    ("unfollowed", Someone.unfollows, False),
    ("followed again", Someone.follows, True),
    ("blocked", Someone.blocks, False),
    ("unblocked", Someone.unblocks, False),
]


async def test_follows_and_blocks_are_the_same_in_both(alice: Someone, bob: Someone) -> None:
    for step, deed, following in FOLLOWS:
        await deed(alice, bob)
        relationship = (await alice.old("GET", "friendships/show", target_id=bob.id)).json["relationship"]
        user = (await alice.old("GET", "users/show", user_id=bob.id)).json
        blocked = (await alice.get(f"{alice.path}/blocking")).ids == [bob.id]
        assert relationship["source"]["following"] is user["following"] is following, step
        assert relationship["source"]["blocking"] is blocked is (step == "blocked"), step
        assert ("following" in await alice.status_of(bob)) is following, step
