import pytest

from tacet.records.people import Person, Profile, State
from tests.cast import ALICE, BOB, CAROL, DEACTIVATED, FAN, FULL, ORGANISATION, PROTECTED, SUSPENDED, UNKNOWN_ID
from tests.service import Answer, Service

FOLLOWING = b'{"data":{"following":true,"pending_follow":false}}'
PENDING = b'{"data":{"following":false,"pending_follow":true}}'
NOT_FOLLOWING = b'{"data":{"following":false}}'
BLOCKED = "You have been blocked from following this account at the request of the user."
BOTH = ("following", "followers")


async def follow(service: Service, source: Person, target_id: int) -> Answer:
    body = {"target_user_id": str(target_id)}
    return await service.post_json(f"/2/users/{source.id}/following", body, source.username)


async def unfollow(service: Service, source: Person, target_id: int) -> Answer:
    path = f"/2/users/{source.id}/following/{target_id}"
    return await service.call("DELETE", path, token=source.username)


async def follow_all(service: Service, source: Person, targets: list[Person]) -> list[str]:
    """Follow one after the other; return the ids as a list shows them."""
    for target in targets:
        assert (await follow(service, source, target.id)).body == FOLLOWING
    return [str(target.id) for target in reversed(targets)]


async def listed(
    service: Service, person: Person, name: str = "following", query: str = "", token: str = "alice"
) -> Answer:
    return await service.get(f"/2/users/{person.id}/{name}{query and '?'}{query}", token)


async def test_a_follow_is_seen_by_the_next_request(service: Service) -> None:
    answer = await follow(service, ALICE, BOB.id)
    assert (answer.status, answer.body) == (200, FOLLOWING)
    following, followers = await listed(service, ALICE), await listed(service, BOB, "followers")
    assert following.body == b'{"data":[{"id":"1002","name":"Bob","username":"Bob_B"}],"meta":{"result_count":1}}'
    assert followers.body == b'{"data":[{"id":"1001","name":"Alice","username":"alice"}],"meta":{"result_count":1}}'


@pytest.mark.parametrize("name", BOTH)
async def test_an_empty_list_has_no_data(service: Service, name: str) -> None:
    assert (await listed(service, ALICE, name)).body == b'{"meta":{"result_count":0}}'


async def test_following_again_keeps_the_place(service: Service) -> None:
    expected = await follow_all(service, ALICE, [BOB, CAROL])
    assert (await follow(service, ALICE, BOB.id)).body == FOLLOWING
    assert (await listed(service, ALICE)).ids == expected


async def test_a_protected_account_is_asked_first(service: Service) -> None:
    assert (await follow(service, ALICE, PROTECTED.id)).body == PENDING
    assert (await listed(service, ALICE)).ids == []
    query = "user.fields=connection_status"
    asked = (await service.get(f"/2/users/{PROTECTED.id}?{query}")).json["data"]
    asking = (await service.get(f"/2/users/{ALICE.id}?{query}", PROTECTED.username)).json["data"]
    assert asked["connection_status"] == ["follow_request_sent"]
    assert asking["connection_status"] == ["follow_request_received"]
    assert (await unfollow(service, ALICE, PROTECTED.id)).body == NOT_FOLLOWING
    asked = (await service.get(f"/2/users/{PROTECTED.id}?{query}")).json["data"]
    assert asked["connection_status"] == []


async def test_unfollow_ends_a_follow(service: Service) -> None:
    await follow_all(service, ALICE, [BOB, CAROL])
    answer = await unfollow(service, ALICE, BOB.id)
    assert (answer.status, answer.body) == (200, NOT_FOLLOWING)
    assert (await listed(service, ALICE)).ids == [str(CAROL.id)]
    assert (await listed(service, BOB, "followers")).ids == []


@pytest.mark.parametrize("target_id", [BOB.id, ALICE.id, SUSPENDED.id, UNKNOWN_ID, 0, 2**63, 10**19 - 1])
async def test_unfollowing_whom_one_does_not_follow_succeeds_with_no_action(service: Service, target_id: int) -> None:
    expected = await follow_all(service, ALICE, [CAROL])
    answer = await unfollow(service, ALICE, target_id)
    assert (answer.status, answer.body) == (200, NOT_FOLLOWING)
    assert (await listed(service, ALICE)).ids == expected


async def test_one_cannot_follow_oneself(service: Service) -> None:
    answer = await follow(service, ALICE, ALICE.id)
    assert (answer.status, answer.messages) == (400, ["You cannot follow yourself."])


@pytest.mark.parametrize("target_id", ["999999", str(2**63), "9" * 19, "0"])
async def test_nobody_cannot_be_followed(service: Service, target_id: str) -> None:
    answer = await follow(service, ALICE, int(target_id))
    assert (answer.status, answer.json["resource_id"], answer.json["parameter"]) == (404, target_id, "target_user_id")


@pytest.mark.parametrize("target", [SUSPENDED, DEACTIVATED], ids=["suspended", "deactivated"])
async def test_accounts_that_are_away_cannot_be_followed(service: Service, target: Person) -> None:
    answer = await follow(service, ALICE, target.id)
    assert (answer.status, answer.json["detail"]) == (403, f"User has been suspended: [{target.id}].")


async def test_whoever_is_blocked_learns_it_when_they_follow(service: Service) -> None:
    await service.tacet.actions.blocks.block(BOB.id, ALICE.id)
    answer = await follow(service, ALICE, BOB.id)
    assert (answer.status, answer.headers["content-type"]) == (403, "application/problem+json")
    assert answer.json == {"detail": BLOCKED, "type": "about:blank", "title": "Forbidden", "status": 403}
    assert (await listed(service, ALICE)).ids == []


async def test_whoever_blocks_must_unblock_before_they_follow(service: Service) -> None:
    await service.tacet.actions.blocks.block(ALICE.id, BOB.id)
    answer = await follow(service, ALICE, BOB.id)
    assert (answer.status, answer.json["title"]) == (403, "Forbidden")
    assert answer.json["detail"] == "You have blocked this account: unblock it before you follow it."


async def test_a_mute_stays_whatever_one_follows(service: Service) -> None:
    await service.mute(ALICE, BOB.id)
    await follow(service, ALICE, BOB.id)
    shown = await listed(service, ALICE, query="user.fields=connection_status")
    assert shown.json["data"][0]["connection_status"] == ["following", "muting"]
    await unfollow(service, ALICE, BOB.id)
    assert (await service.page(ALICE)).ids == [str(BOB.id)]


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("token", [CAROL.username, "app-only"])
async def test_anybodys_lists_are_for_anybody(service: Service, name: str, token: str) -> None:
    await follow(service, ALICE, BOB.id)
    await follow(service, BOB, ALICE.id)
    assert (await listed(service, ALICE, name, token=token)).ids == [str(BOB.id)]


PROTECTED_VIEWERS = {
    "themselves": (PROTECTED.username, True),
    "a-follower": (FAN.username, True),
    "whom-they-follow": (CAROL.username, False),
    "a-stranger": ("alice", False),
    "an-app": ("app-only", False),
}


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(("token", "shown"), PROTECTED_VIEWERS.values(), ids=PROTECTED_VIEWERS.keys())
async def test_lists_of_protected_accounts_are_for_their_followers(
    service: Service, name: str, token: str, shown: bool
) -> None:
    await service.put(Person(PROTECTED.id, PROTECTED.username, PROTECTED.name))
    await follow(service, FAN, PROTECTED.id)
    await follow(service, PROTECTED, CAROL.id)
    await service.put(PROTECTED)
    answer = await listed(service, PROTECTED, name, token=token)
    assert (answer.status, "data" in answer.json) == (200, shown)
    if not shown:
        assert answer.json == {
            "errors": [
                {
                    "title": "Authorization Error",
                    "detail": f"Sorry, you are not authorized to see the user with id: [{PROTECTED.id}].",
                    "type": "https://api.x.com/2/problems/not-authorized-for-resource",
                    "section": "data",
                    "resource_type": "user",
                    "resource_id": str(PROTECTED.id),
                    "parameter": "id",
                    "value": str(PROTECTED.id),
                }
            ]
        }


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(("blocker", "blocked"), [(ALICE, BOB), (BOB, ALICE)], ids=["by-the-viewer", "the-viewer"])
async def test_a_block_hides_lists_both_ways(service: Service, name: str, blocker: Person, blocked: Person) -> None:
    await service.tacet.actions.blocks.block(blocker.id, blocked.id)
    answer = await listed(service, BOB, name)
    assert [error["title"] for error in answer.json["errors"]] == ["Authorization Error"]


AWAY = {
    "nobody": (UNKNOWN_ID, "Could not find user with id: [{id}]."),
    "too-large-for-an-id": (10**19 - 1, "Could not find user with id: [{id}]."),
    "suspended": (SUSPENDED.id, "User has been suspended: [{id}]."),
    "deactivated": (DEACTIVATED.id, "Could not find user with id: [{id}]."),
}


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(("person_id", "detail"), AWAY.values(), ids=AWAY.keys())
async def test_accounts_that_are_away_have_no_lists(service: Service, name: str, person_id: int, detail: str) -> None:
    answer = await service.get(f"/2/users/{person_id}/{name}")
    assert (answer.status, list(answer.json)) == (200, ["errors"])
    assert [error["detail"] for error in answer.json["errors"]] == [detail.format(id=person_id)]


@pytest.mark.parametrize("state", [State.SUSPENDED, State.DEACTIVATED])
async def test_accounts_that_are_away_are_on_no_list_and_come_back(service: Service, state: State) -> None:
    expected = await follow_all(service, ALICE, [BOB, CAROL])
    await service.put(Person(CAROL.id, CAROL.username, CAROL.name, state))
    assert (await listed(service, ALICE)).json["meta"] == {"result_count": 1}
    await service.put(CAROL)
    assert (await listed(service, ALICE)).ids == expected


@pytest.mark.parametrize("size", [1, 2, 5, 6])
@pytest.mark.parametrize("name", BOTH)
async def test_a_walk_forward_and_back_shows_everybody_once_each_way(unlimited: Service, name: str, size: int) -> None:
    crowd = await unlimited.crowd(5)
    for each in crowd:
        await (follow(unlimited, ALICE, each.id) if name == "following" else follow(unlimited, each, ALICE.id))
    pages = [await listed(unlimited, ALICE, name, f"max_results={size}")]
    while next_token := pages[-1].json["meta"].get("next_token"):
        pages.append(await listed(unlimited, ALICE, name, f"max_results={size}&pagination_token={next_token}"))
    assert [id_ for page in pages for id_ in page.ids] == [str(each.id) for each in reversed(crowd)]
    back = [pages[-1]]
    while previous_token := back[-1].json["meta"].get("previous_token"):
        back.append(await listed(unlimited, ALICE, name, f"max_results={size}&pagination_token={previous_token}"))
    assert [page.ids for page in reversed(back)] == [page.ids for page in pages]


@pytest.mark.parametrize("text", ["1710819323648428707", "abc", "0000000000000zzz", "0000000000001ZZZ"])
@pytest.mark.parametrize("name", BOTH)
async def test_anything_else_is_no_token(service: Service, name: str, text: str) -> None:
    answer = await listed(service, ALICE, name, f"pagination_token={text}")
    sentence = f"The `pagination_token` query parameter value [{text}] is not valid"
    assert (answer.status, answer.messages) == (400, [sentence])


@pytest.mark.parametrize(("size", "status"), [("0", 400), ("1", 200), ("1000", 200), ("1001", 400)])
async def test_pages_have_xs_bounds(service: Service, size: str, status: int) -> None:
    assert (await listed(service, ALICE, query=f"max_results={size}")).status == status


async def test_a_page_that_does_not_ask_has_a_hundred(unlimited: Service) -> None:
    await follow_all(unlimited, ALICE, await unlimited.crowd(101))
    answer = await listed(unlimited, ALICE)
    assert answer.json["meta"]["result_count"] == len(answer.ids) == 100
    assert "next_token" in answer.json["meta"]


async def test_lists_take_fields_and_expansions(service: Service) -> None:
    await follow_all(service, ALICE, [ORGANISATION, FULL])
    query = "user.fields=verified&expansions=pinned_tweet_id,affiliation.user_id"
    answer = await listed(service, ALICE, query=query)
    assert list(answer.json) == ["data", "includes", "meta"]
    assert [post["id"] for post in answer.json["includes"]["tweets"]] == ["5001"]
    assert [user["verified"] for user in answer.json["data"]] == [True, False]


async def test_following_somebody_leaves_the_counts_as_they_were_imported(service: Service) -> None:
    await follow(service, ALICE, FULL.id)
    shown = (await service.get(f"/2/users/{FULL.id}?user.fields=public_metrics")).json["data"]
    assert shown["public_metrics"]["followers_count"] == FULL.profile.metrics.followers_count


async def test_only_whoever_is_followed_while_open_keeps_followers_when_protected(service: Service) -> None:
    await follow(service, ALICE, BOB.id)
    await service.put(Person(BOB.id, BOB.username, BOB.name, profile=Profile(protected=True)))
    assert (await follow(service, ALICE, BOB.id)).body == FOLLOWING
    assert (await follow(service, CAROL, BOB.id)).body == PENDING
