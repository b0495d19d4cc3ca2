import json
from itertools import pairwise
from urllib.parse import unquote

import anyio
import pytest

from tacet.records.people import Person, State
from tacet.records.relations import Kind, Relation
from tests.cast import ALICE, BOB, CAROL, DEACTIVATED, FAN, FULL, ORGANISATION, PROTECTED, SUSPENDED, UNKNOWN_ID
from tests.service import Answer, Service
from tests.wire.calls import LIST
from tests.wire.recorded import Recorded

MUTED = b'{"data":{"muting":true}}'
UNMUTED = b'{"data":{"muting":false}}'
MAX_POSITION = 2**63 - 1
NOT_VALID = "The `pagination_token` query parameter value [{token}] is not valid"


async def mute_all(service: Service, source: Person, targets: list[Person]) -> list[str]:
    """Mute one after the other, a second apart; return the ids as a list shows them."""
    for target in targets:
        assert (await service.mute(source, target.id)).body == MUTED
        service.clock.advance(1_000)
    return [str(target.id) for target in reversed(targets)]


async def token(service: Service, query: str, name: str) -> str:
    answer = await service.page(ALICE, query)
    text: str = answer.json["meta"][name]
    return text


async def test_a_mute_is_seen_by_the_next_request(service: Service) -> None:
    answer = await service.mute(ALICE, BOB.id)
    assert (answer.status, answer.body) == (200, MUTED)
    page = await service.page(ALICE)
    assert page.body == (b'{"data":[{"id":"1002","name":"Bob","username":"Bob_B"}],"meta":{"result_count":1}}')


async def test_a_page_has_the_recorded_shape(service: Service, recorded: Recorded) -> None:
    start = recorded.wire.index('{"data":[{"id":"17874544"')
    example = recorded.wire[start : recorded.wire.index("`", start)]
    await service.put(Person(17874544, "TwitterSupport", "Twitter Support"))
    await service.mute(ALICE, 17874544)
    assert (await service.page(ALICE)).body.decode() == example


async def test_an_empty_list_has_no_data(service: Service, recorded: Recorded) -> None:
    answer = await service.page(ALICE)
    assert answer.status == 200
    assert answer.body == b'{"meta":{"result_count":0}}'
    assert f"`{answer.body.decode()}`, no data key" in recorded.wire


async def test_muting_again_keeps_the_place(service: Service) -> None:
    expected = await mute_all(service, ALICE, [BOB, CAROL])
    assert (await service.mute(ALICE, BOB.id)).body == MUTED
    assert (await service.page(ALICE)).ids == expected


async def test_muting_after_an_unmute_takes_a_new_place(service: Service) -> None:
    await mute_all(service, ALICE, [BOB, CAROL])
    await service.unmute(ALICE, BOB.id)
    await service.mute(ALICE, BOB.id)
    assert (await service.page(ALICE)).ids == [str(BOB.id), str(CAROL.id)]


async def test_unmute_ends_a_mute(service: Service) -> None:
    await mute_all(service, ALICE, [BOB, CAROL])
    answer = await service.unmute(ALICE, BOB.id)
    assert (answer.status, answer.body) == (200, UNMUTED)
    assert (await service.page(ALICE)).ids == [str(CAROL.id)]


NO_MUTE = {
    "not-muted": BOB.id,
    "oneself": ALICE.id,
    "suspended": SUSPENDED.id,
    "nobody": UNKNOWN_ID,
    "zero": 0,
    "largest-id": MAX_POSITION,
    "too-large-for-an-id": MAX_POSITION + 1,
    "nineteen-nines": 10**19 - 1,
}


@pytest.mark.parametrize("target_id", NO_MUTE.values(), ids=NO_MUTE.keys())
async def test_unmuting_whom_one_does_not_mute_succeeds_with_no_action(service: Service, target_id: int) -> None:
    expected = await mute_all(service, ALICE, [CAROL])
    answer = await service.unmute(ALICE, target_id)
    assert (answer.status, answer.body) == (200, UNMUTED)
    assert (await service.page(ALICE)).ids == expected


async def test_a_mute_outlives_the_account_being_suspended(service: Service) -> None:
    expected = await mute_all(service, ALICE, [BOB, CAROL])
    await service.put(Person(BOB.id, BOB.username, BOB.name, State.SUSPENDED))
    assert (await service.page(ALICE)).json["meta"] == {"result_count": 1}
    assert (await service.unmute(ALICE, CAROL.id)).body == UNMUTED
    assert (await service.page(ALICE)).body == b'{"meta":{"result_count":0}}'
    await service.put(BOB)
    assert (await service.page(ALICE)).ids == expected[1:]


@pytest.mark.parametrize("state", [State.SUSPENDED, State.DEACTIVATED])
async def test_accounts_that_are_away_make_pages_shorter_but_not_fewer(service: Service, state: State) -> None:
    crowd = await service.crowd(6)
    expected = await mute_all(service, ALICE, crowd)
    away = crowd[4]
    await service.put(Person(away.id, away.username, away.name, state))
    first = await service.page(ALICE, "max_results=3")
    assert first.json["meta"]["result_count"] == 2
    assert first.ids == [expected[0], expected[2]]
    second = await service.page(ALICE, f"max_results=3&pagination_token={first.json['meta']['next_token']}")
    assert second.ids == expected[3:]
    await service.put(away)
    assert (await service.page(ALICE, "max_results=3")).ids == expected[:3]


async def test_a_page_of_nobody_who_is_shown_still_leads_on(service: Service) -> None:
    crowd = await service.crowd(3)
    await mute_all(service, ALICE, crowd)
    away = [Person(each.id, each.username, each.name, State.SUSPENDED) for each in crowd[1:]]
    await service.put(*away)
    first = await service.page(ALICE, "max_results=2")
    assert first.json.keys() == {"meta"}
    assert first.json["meta"]["result_count"] == 0
    rest = await service.page(ALICE, f"pagination_token={first.json['meta']['next_token']}")
    assert rest.ids == [str(crowd[0].id)]


async def test_one_sees_ones_own_mutes_only(service: Service) -> None:
    await service.mute(ALICE, BOB.id)
    await service.mute(CAROL, ALICE.id)
    assert (await service.page(ALICE)).ids == [str(BOB.id)]
    assert (await service.page(CAROL)).ids == [str(ALICE.id)]
    assert (await service.page(BOB)).ids == []
    assert (await service.get(LIST, CAROL.username)).status == 400


async def test_whoever_is_muted_notices_nothing(service: Service) -> None:
    before = await service.get("/2/users/1001?user.fields=connection_status,public_metrics", BOB.username)
    await service.mute(ALICE, BOB.id)
    after = await service.get("/2/users/1001?user.fields=connection_status,public_metrics", BOB.username)
    assert after.body == before.body


async def test_protected_accounts_can_be_muted(service: Service) -> None:
    assert (await service.mute(ALICE, PROTECTED.id)).body == MUTED


@pytest.mark.parametrize("target", [SUSPENDED, DEACTIVATED], ids=["suspended", "deactivated"])
async def test_accounts_that_are_away_cannot_be_muted(service: Service, target: Person) -> None:
    answer = await service.mute(ALICE, target.id)
    assert (answer.status, answer.json["detail"]) == (403, f"User has been suspended: [{target.id}].")
    await service.put(Person(target.id, target.username, target.name))
    assert (await service.page(ALICE)).ids == []


@pytest.mark.parametrize("target_id", ["999999", str(MAX_POSITION), str(MAX_POSITION + 1), "9" * 19, "0"])
async def test_nobody_cannot_be_muted(service: Service, target_id: str) -> None:
    answer = await service.mute(ALICE, int(target_id))
    assert (answer.status, answer.json["resource_id"]) == (404, target_id)


async def test_an_id_with_zeros_before_it_is_still_that_id(service: Service) -> None:
    answer = await service.post_json(LIST, {"target_user_id": "0001002"})
    assert answer.body == MUTED
    assert (await service.page(ALICE)).ids == ["1002"]


async def test_one_can_mute_a_thousand_and_list_them_at_once(unlimited: Service) -> None:
    crowd = await unlimited.crowd(1_001)
    expected = await mute_all(unlimited, ALICE, crowd)
    page = await unlimited.page(ALICE, "max_results=1000")
    assert page.ids == expected[:1_000]
    assert page.json["meta"]["result_count"] == 1_000
    default = await unlimited.page(ALICE)
    assert default.ids == expected[:100]


async def walk(service: Service, query: str, direction: str) -> list[Answer]:
    """All pages, following `next_token` or `previous_token` to the end."""
    pages = [await service.page(ALICE, query)]
    while direction in pages[-1].json["meta"]:
        assert len(pages) < 50, "the walk does not end"
        follow = pages[-1].json["meta"][direction]
        pages.append(await service.page(ALICE, f"{query}&pagination_token={follow}"))
    return pages


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 10, 11, 100])
@pytest.mark.parametrize("count", [0, 1, 5, 10])
async def test_a_walk_forward_and_back_shows_everybody_once_each_way(unlimited: Service, count: int, size: int) -> None:
    expected = await mute_all(unlimited, ALICE, await unlimited.crowd(count))
    forward = await walk(unlimited, f"max_results={size}", "next_token")
    assert [id_ for page in forward for id_ in page.ids] == expected
    assert all(page.json["meta"]["result_count"] == len(page.ids) for page in forward)
    assert "previous_token" not in forward[0].json["meta"]
    if len(forward) > 1:
        back = [forward[-1]]
        while "previous_token" in back[-1].json["meta"]:
            assert len(back) < 50, "the walk does not end"
            follow = back[-1].json["meta"]["previous_token"]
            back.append(await unlimited.page(ALICE, f"max_results={size}&pagination_token={follow}"))
        assert [id_ for page in reversed(back) for id_ in page.ids] == expected
        assert "next_token" in back[-1].json["meta"]


async def test_every_page_between_has_both_tokens(unlimited: Service) -> None:
    await mute_all(unlimited, ALICE, await unlimited.crowd(9))
    pages = await walk(unlimited, "max_results=2", "next_token")
    assert [sorted(page.json["meta"].keys() - {"result_count"}) for page in pages] == [
        ["next_token"],
        *[["next_token", "previous_token"]] * 3,
        ["previous_token"],
    ]


async def test_meta_has_its_members_in_a_fixed_order(unlimited: Service) -> None:
    await mute_all(unlimited, ALICE, await unlimited.crowd(3))
    follow = await token(unlimited, "max_results=1", "next_token")
    page = await unlimited.page(ALICE, f"max_results=1&pagination_token={follow}")
    assert list(page.json) == ["data", "meta"]
    assert list(page.json["meta"]) == ["result_count", "next_token", "previous_token"]


async def test_tokens_are_the_moment_of_the_mute_and_the_way_to_walk(unlimited: Service) -> None:
    moments = []
    for person in await unlimited.crowd(3):
        moments.append(unlimited.clock.now_ms())
        await unlimited.mute(ALICE, person.id)
        unlimited.clock.advance(60_000)
    older = int(await token(unlimited, "max_results=1", "next_token"))
    newer = int(await token(unlimited, f"max_results=1&pagination_token={older}", "previous_token"))
    assert (older >> 20, older % 2) == (moments[2], 0)
    assert (newer >> 20, newer % 2) == (moments[1], 1)


async def test_mutes_of_one_millisecond_keep_their_order(unlimited: Service) -> None:
    crowd = await unlimited.crowd(20)
    for person in crowd:
        await unlimited.mute(ALICE, person.id)
    expected = [str(person.id) for person in reversed(crowd)]
    pages = await walk(unlimited, "max_results=3", "next_token")
    assert [id_ for page in pages for id_ in page.ids] == expected


async def test_mutes_keep_their_order_when_the_clock_steps_back(unlimited: Service) -> None:
    crowd = await unlimited.crowd(5)
    for person in crowd:
        await unlimited.mute(ALICE, person.id)
        unlimited.clock.advance(-10_000)
    assert (await unlimited.page(ALICE)).ids == [str(person.id) for person in reversed(crowd)]


TOKENS = {
    "older-than-nothing": ("0", []),
    "newer-than-nothing": ("1", ["10001", "10000"]),
    "largest-even": (str(MAX_POSITION - 1), ["10003", "10002"]),
    "largest": (str(MAX_POSITION), ["10003", "10002"]),
    "past-the-largest": (str(MAX_POSITION + 1), ["10003", "10002"]),
    "past-the-largest-and-odd": (str(MAX_POSITION + 2), ["10003", "10002"]),
    "nineteen-nines": ("9" * 19, ["10003", "10002"]),
    "zeros-before": ("0000000000000000001", ["10001", "10000"]),
    "somewhere-before": ("1000000", []),
}


@pytest.mark.parametrize(("text", "expected"), TOKENS.values(), ids=TOKENS.keys())
async def test_every_number_of_nineteen_digits_is_a_place_in_the_list(
    unlimited: Service, text: str, expected: list[str]
) -> None:
    await mute_all(unlimited, ALICE, await unlimited.crowd(4))
    answer = await unlimited.page(ALICE, f"max_results=2&pagination_token={text}")
    assert (answer.status, answer.ids) == (200, expected)


BAD_TOKENS = ["1" * 20, "-1", "%2B1", "1.0", "0x1", "1e3", "abc", "%201", "1%20", "1%0A", "%D9%A1", "KNBGDJ8PVCQ1EZZZ"]


@pytest.mark.parametrize("text", BAD_TOKENS)
async def test_anything_else_is_no_token(service: Service, text: str) -> None:
    answer = await service.page(ALICE, f"pagination_token={text}")
    assert (answer.status, answer.messages) == (400, [NOT_VALID.format(token=unquote(text))])


async def test_a_token_still_leads_on_when_its_mute_is_gone(unlimited: Service) -> None:
    crowd = await unlimited.crowd(6)
    expected = await mute_all(unlimited, ALICE, crowd)
    follow = await token(unlimited, "max_results=3", "next_token")
    await unlimited.unmute(ALICE, int(expected[2]))
    after = await unlimited.page(ALICE, f"max_results=3&pagination_token={follow}")
    assert after.ids == expected[3:]
    back = after.json["meta"]["previous_token"]
    assert (await unlimited.page(ALICE, f"max_results=3&pagination_token={back}")).ids == expected[:2]


async def test_a_page_that_became_empty_leads_back(unlimited: Service) -> None:
    crowd = await unlimited.crowd(4)
    expected = await mute_all(unlimited, ALICE, crowd)
    follow = await token(unlimited, "max_results=2", "next_token")
    for id_ in expected[2:]:
        await unlimited.unmute(ALICE, int(id_))
    empty = await unlimited.page(ALICE, f"max_results=2&pagination_token={follow}")
    assert (empty.ids, "next_token" in empty.json["meta"]) == ([], False)
    back = empty.json["meta"]["previous_token"]
    assert (await unlimited.page(ALICE, f"max_results=2&pagination_token={back}")).ids == expected[:2]


async def test_mutes_added_during_a_walk_come_before_it(unlimited: Service) -> None:
    crowd = await unlimited.crowd(6)
    expected = await mute_all(unlimited, ALICE, crowd[:4])
    first = await unlimited.page(ALICE, "max_results=2")
    newest = await mute_all(unlimited, ALICE, crowd[4:])
    second = await unlimited.page(ALICE, f"max_results=2&pagination_token={first.json['meta']['next_token']}")
    assert first.ids + second.ids == expected
    back = await unlimited.page(ALICE, f"max_results=2&pagination_token={second.json['meta']['previous_token']}")
    assert back.ids == expected[:2]
    before = await unlimited.page(ALICE, f"max_results=2&pagination_token={back.json['meta']['previous_token']}")
    assert before.ids == newest


async def test_ended_mutes_are_not_shown_from_the_moment_they_end(unlimited: Service) -> None:
    await mute_all(unlimited, ALICE, [BOB])
    now_ms = unlimited.clock.now_ms()
    relation = Relation(Kind.MUTE, ALICE.id, CAROL.id, now_ms << 20, now_ms + 5_000)
    await unlimited.store.relations.add(relation, now_ms)
    unlimited.clock.advance(4_999)
    assert (await unlimited.page(ALICE)).ids == [str(CAROL.id), str(BOB.id)]
    unlimited.clock.advance(1)
    assert (await unlimited.page(ALICE)).ids == [str(BOB.id)]
    shown = await unlimited.get("/2/users/1003?user.fields=connection_status")
    assert shown.json["data"]["connection_status"] == []


SIZES = {
    "smallest": ("1", 1),
    "largest": ("1000", 7),
    "default": (None, 7),
}


@pytest.mark.parametrize(("size", "count"), SIZES.values(), ids=SIZES.keys())
async def test_pages_are_as_large_as_asked(unlimited: Service, size: str | None, count: int) -> None:
    await mute_all(unlimited, ALICE, await unlimited.crowd(7))
    answer = await unlimited.page(ALICE, f"max_results={size}" if size else "")
    assert len(answer.ids) == answer.json["meta"]["result_count"] == count


async def test_the_list_takes_fields_and_expansions(unlimited: Service) -> None:
    await mute_all(unlimited, ALICE, [ORGANISATION, FAN, FULL])
    answer = await unlimited.page(ALICE, "user.fields=verified&expansions=pinned_tweet_id,affiliation.user_id")
    assert list(answer.json) == ["data", "includes", "meta"]
    assert [post["id"] for post in answer.json["includes"]["tweets"]] == ["5001"]
    assert [user["id"] for user in answer.json["includes"]["users"]] == [str(ORGANISATION.id)]
    assert [user["verified"] for user in answer.json["data"]] == [True, False, False]


async def test_concurrent_mutes_are_all_there(unlimited: Service) -> None:
    crowd = await unlimited.crowd(50)
    async with anyio.create_task_group() as group:
        for person in crowd:
            group.start_soon(unlimited.mute, ALICE, person.id)
    ids = (await unlimited.page(ALICE)).ids
    assert sorted(ids) == sorted(str(person.id) for person in crowd)
    rows = await unlimited.store.relations.older(Kind.MUTE, ALICE.id, MAX_POSITION, 100, 0)
    assert all(newer > older for (_, newer), (_, older) in pairwise(rows))


async def test_bodies_that_are_wrong_write_nothing(service: Service) -> None:
    for value in ({}, {"target_user_id": 1002}, {"target_user_id": "1002", "x": 1}, ["1002"], None):
        assert (await service.post_json(LIST, value)).status == 400
    wrong = json.dumps({"target_user_id": "1002"}).encode()
    assert (await service.call("POST", LIST, headers={"content-type": "text/plain"}, body=wrong)).status == 400
    assert (await service.page(ALICE)).ids == []
