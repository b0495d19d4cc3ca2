from itertools import combinations

import pytest

from tacet.records.people import Affiliation, Person, Post, Profile, State
from tacet.records.relations import Kind, Relation
from tests.cast import ALICE, BOB, FAN, FORGETFUL, FULL, HIDDEN, LATEST, ORGANISATION, OWN, PINNED, PROTECTED
from tests.service import Service, in_memory

PINNED_BY_BOTH = f"/2/users?ids={FULL.id},{FAN.id}"


async def relate(service: Service, kind: Kind, source: Person, target: Person) -> None:
    relation = Relation(kind, source.id, target.id, service.clock.now_ms() << 20)
    await service.store.relations.add(relation, service.clock.now_ms())


async def test_a_post_that_two_have_pinned_is_included_once(service: Service) -> None:
    answer = await service.get(f"{PINNED_BY_BOTH}&expansions=pinned_tweet_id")
    assert list(answer.json) == ["data", "includes"]
    assert answer.json["includes"] == {
        "tweets": [{"id": "5001", "text": PINNED.text, "edit_history_tweet_ids": ["5001"]}]
    }
    assert [user["pinned_tweet_id"] for user in answer.json["data"]] == ["5001", "5001"]


async def test_a_post_that_is_pinned_and_the_latest_is_included_once(service: Service) -> None:
    await service.put(Person(FULL.id, FULL.username, FULL.name, profile=Profile(pinned_post_id=LATEST.id)))
    answer = await service.get(f"/2/users/{FULL.id}?expansions=pinned_tweet_id,most_recent_tweet_id")
    assert [post["id"] for post in answer.json["includes"]["tweets"]] == [str(LATEST.id)]


async def test_the_answer_speaks_post_when_the_request_does(service: Service) -> None:
    answer = await service.get(f"/2/users/{FULL.id}?expansions=pinned_post_id&post.fields=public_metrics")
    assert answer.json["data"].keys() == {"id", "name", "username", "pinned_post_id"}
    [post] = answer.json["includes"]["posts"]
    assert post.keys() == {"id", "text", "public_metrics"}
    assert "repost_count" in post["public_metrics"]


EXPANSIONS = {
    "pinned_tweet_id": ("pinned_tweet_id", "tweets", ["5001"]),
    "pinned_post_id": ("pinned_post_id", "posts", ["5001"]),
    "most_recent_tweet_id": ("most_recent_tweet_id", "tweets", ["5002"]),
    "most_recent_post_id": ("most_recent_post_id", "posts", ["5002"]),
    "affiliation.user_id": ("affiliation.user_id", "users", ["1007"]),
    "affiliation": ("affiliation", "users", ["1007"]),
    "two-posts": ("most_recent_tweet_id,pinned_tweet_id", "tweets", ["5001", "5002"]),
}


@pytest.mark.parametrize(("expansions", "key", "ids"), EXPANSIONS.values(), ids=EXPANSIONS.keys())
async def test_expansions_include_what_they_name(service: Service, expansions: str, key: str, ids: list[str]) -> None:
    answer = await service.get(f"/2/users/{FULL.id}?expansions={expansions}")
    assert answer.json["includes"].keys() == {key}
    assert [each["id"] for each in answer.json["includes"][key]] == ids


async def test_posts_are_included_before_users(service: Service) -> None:
    answer = await service.get(f"/2/users/{FULL.id}?expansions=affiliation.user_id,pinned_tweet_id")
    assert list(answer.json["includes"]) == ["tweets", "users"]


async def test_nothing_to_expand_includes_nothing(service: Service) -> None:
    expansions = "pinned_tweet_id,most_recent_tweet_id,affiliation.user_id"
    assert (await service.get(f"/2/users/{BOB.id}?expansions={expansions}")).json.keys() == {"data"}


async def test_included_users_show_the_fields_that_were_asked_for(service: Service) -> None:
    answer = await service.get(f"/2/users/{FULL.id}?expansions=affiliation&user.fields=verified")
    assert answer.json["includes"]["users"] == [
        {"id": "1007", "name": "Organisation", "username": "org", "verified": False}
    ]


async def test_an_organisation_of_two_is_included_once(service: Service) -> None:
    badge = Profile(affiliation=Affiliation(user_ids=(ORGANISATION.id, BOB.id)))
    await service.put(Person(7, "member", "Member", profile=badge))
    answer = await service.get(f"/2/users?ids={FULL.id},7&expansions=affiliation.user_id")
    assert [user["id"] for user in answer.json["includes"]["users"]] == [str(ORGANISATION.id), str(BOB.id)]


async def test_an_organisation_that_is_away_is_not_included(service: Service) -> None:
    await service.put(Person(ORGANISATION.id, "org", "Organisation", State.SUSPENDED))
    answer = await service.get(f"/2/users/{FULL.id}?expansions=affiliation.user_id")
    assert "includes" not in answer.json


GONE = {
    "pinned_tweet_id": ("tweet", "Could not find tweet with pinned_tweet_id: [5999]."),
    "pinned_post_id": ("post", "Could not find post with pinned_post_id: [5999]."),
}


@pytest.mark.parametrize(("expansion", "expected"), GONE.items(), ids=GONE.keys())
async def test_a_pinned_post_that_was_deleted_is_an_error(
    service: Service, expansion: str, expected: tuple[str, str]
) -> None:
    noun, detail = expected
    answer = await service.get(f"/2/users/{FORGETFUL.id}?expansions={expansion}")
    assert list(answer.json) == ["data", "errors"]
    assert answer.json["errors"] == [
        {
            "title": "Not Found Error",
            "detail": detail,
            "type": "https://api.x.com/2/problems/resource-not-found",
            "resource_type": noun,
            "resource_id": "5999",
            "parameter": expansion,
            "value": "5999",
        }
    ]


AWAY = {"suspended": (State.SUSPENDED, "Authorization Error"), "deactivated": (State.DEACTIVATED, "Not Found Error")}


@pytest.mark.parametrize(("state", "title"), AWAY.values(), ids=AWAY.keys())
async def test_a_post_of_an_account_that_is_away_is_an_error(service: Service, state: State, title: str) -> None:
    await service.put(Person(FULL.id, FULL.username, FULL.name, state))
    answer = await service.get(f"/2/users/{FAN.id}?expansions=pinned_tweet_id")
    assert [error["title"] for error in answer.json["errors"]] == [title]
    assert "includes" not in answer.json


async def test_a_protected_pinned_post_is_an_error(service: Service) -> None:
    answer = await service.get(f"/2/users/{PROTECTED.id}?expansions=pinned_tweet_id")
    assert answer.json["errors"] == [
        {
            "title": "Authorization Error",
            "detail": "Sorry, you are not authorized to see the Tweet with pinned_tweet_id: [5003].",
            "type": "https://api.x.com/2/problems/not-authorized-for-resource",
            "section": "includes",
            "resource_type": "tweet",
            "resource_id": "5003",
            "parameter": "pinned_tweet_id",
            "value": "5003",
        }
    ]
    assert HIDDEN.text not in answer.body.decode()


async def test_a_protected_post_is_shown_to_followers_and_to_its_author(service: Service) -> None:
    target = f"/2/users/{PROTECTED.id}?expansions=pinned_tweet_id"
    await relate(service, Kind.FOLLOW, PROTECTED, ALICE)
    assert "errors" in (await service.get(target)).json
    await relate(service, Kind.FOLLOW, ALICE, PROTECTED)
    for token in (ALICE.username, PROTECTED.username):
        answer = await service.get(target, token)
        assert [post["text"] for post in answer.json["includes"]["tweets"]] == [HIDDEN.text]
    assert "errors" in (await service.get(target, "app-only")).json
    assert "errors" in (await service.get(target, BOB.username)).json


async def test_private_metrics_of_others_are_an_error_and_the_post_is_shown(service: Service) -> None:
    fields = "tweet.fields=non_public_metrics,organic_metrics,promoted_metrics,public_metrics"
    answer = await service.get(f"{PINNED_BY_BOTH}&expansions=pinned_tweet_id&{fields}")
    [post] = answer.json["includes"]["tweets"]
    assert post.keys() == {"id", "text", "edit_history_tweet_ids", "public_metrics"}
    assert [error["field"] for error in answer.json["errors"]] == [
        "non_public_metrics.impression_count",
        "organic_metrics.impression_count",
        "promoted_metrics.impression_count",
    ]
    assert answer.json["errors"][0] == {
        "title": "Field Authorization Error",
        "detail": "Sorry, you are not authorized to access 'non_public_metrics.impression_count' "
        "on the Tweet with id : [5001].",
        "type": "https://api.x.com/2/problems/not-authorized-for-field",
        "section": "includes",
        "field": "non_public_metrics.impression_count",
        "resource_type": "tweet",
        "resource_id": "5001",
        "parameter": "id",
        "value": "5001",
    }


async def test_private_metrics_of_ones_own_posts_are_shown(service: Service) -> None:
    await service.put(Person(ALICE.id, "alice", "Alice", profile=Profile(pinned_post_id=OWN.id)))
    fields = "post.fields=non_public_metrics,organic_metrics"
    answer = await service.get(f"/2/users/me?expansions=pinned_post_id&{fields}")
    [post] = answer.json["includes"]["posts"]
    assert post.keys() == {"id", "text", "non_public_metrics", "organic_metrics"}
    assert "errors" not in answer.json


async def test_errors_of_people_come_before_errors_of_posts(service: Service) -> None:
    answer = await service.get(f"/2/users?ids=1,{FORGETFUL.id}&expansions=pinned_tweet_id")
    assert [error["resource_type"] for error in answer.json["errors"]] == ["user", "tweet"]


async def test_the_most_recent_post_is_looked_up_afresh(service: Service) -> None:
    target = f"/2/users/{FULL.id}?user.fields=most_recent_tweet_id"
    assert (await service.get(target)).json["data"]["most_recent_tweet_id"] == "5002"
    await service.store.posts.put([Post(5010, FULL.id, "Newest", 1_651_000_009_000)])
    assert (await service.get(target)).json["data"]["most_recent_tweet_id"] == "5010"
    await service.store.posts.delete(5010)
    assert (await service.get(target)).json["data"]["most_recent_tweet_id"] == "5002"


async def test_a_deleted_pinned_post_is_gone_at_once(service: Service) -> None:
    target = f"/2/users/{FAN.id}?expansions=pinned_tweet_id"
    assert "includes" in (await service.get(target)).json
    await service.store.posts.delete(PINNED.id)
    assert "includes" not in (await service.get(target)).json


RELATIONS = {
    "mute": (Kind.MUTE, "muting", None),
    "follow": (Kind.FOLLOW, "following", "followed_by"),
    "block": (Kind.BLOCK, "blocking", None),
}


@pytest.mark.parametrize(("kind", "mine", "theirs"), RELATIONS.values(), ids=RELATIONS.keys())
async def test_connections_are_shown_from_the_viewers_side_only(
    service: Service, kind: Kind, mine: str, theirs: str | None
) -> None:
    await relate(service, kind, ALICE, BOB)
    seen = await service.get(f"/2/users/{BOB.id}?user.fields=connection_status")
    assert seen.json["data"]["connection_status"] == [mine]
    other = await service.get(f"/2/users/{ALICE.id}?user.fields=connection_status", BOB.username)
    assert other.json["data"]["connection_status"] == ([theirs] if theirs else [])


async def test_what_one_viewer_sees_is_never_shown_to_another(service: Service) -> None:
    await service.mute(ALICE, BOB.id)
    target = f"/2/users/{BOB.id}?user.fields=connection_status,confirmed_email"
    first = await service.get(target)
    second = await service.get(target, FULL.username)
    again = await service.get(target)
    app = await service.get(target, "app-only")
    assert first.json["data"]["connection_status"] == again.json["data"]["connection_status"] == ["muting"]
    assert second.json["data"]["connection_status"] == []
    assert "connection_status" not in app.json["data"]


async def test_a_list_shows_muting_for_everybody_on_it(service: Service) -> None:
    await service.mute(ALICE, BOB.id)
    await service.mute(ALICE, FULL.id)
    answer = await service.page(ALICE, "user.fields=connection_status")
    assert [user["connection_status"] for user in answer.json["data"]] == [["muting"], ["muting"]]


async def test_ones_own_email_needs_its_scope(service: Service) -> None:
    target = "/2/users/me?user.fields=confirmed_email"
    assert (await service.get(target, "full-with-email")).json["data"]["confirmed_email"] == "full@example.com"
    assert "confirmed_email" not in (await service.get(target, FULL.username)).json["data"]
    other = await service.get(f"/2/users/{FULL.id}?user.fields=confirmed_email", "alice-with-email")
    assert "confirmed_email" not in other.json["data"]


async def test_a_changed_profile_is_shown_after_the_change(service: Service) -> None:
    assert (await service.get(f"/2/users/{BOB.id}")).json["data"]["name"] == "Bob"
    await service.put(Person(BOB.id, BOB.username, "Robert"))
    assert (await service.get(f"/2/users/{BOB.id}")).json["data"]["name"] == "Robert"


async def test_selections_do_not_leak_into_each_other(service: Service) -> None:
    plain = (await service.get(f"/2/users/{FULL.id}")).body
    for query in ("user.fields=url", "post.fields=id&user.fields=url", "user.fields=url,verified"):
        await service.get(f"/2/users/{FULL.id}?{query}")
    assert (await service.get(f"/2/users/{FULL.id}")).body == plain


async def test_pages_are_whole_however_little_is_kept_in_memory() -> None:
    async with in_memory(rate_limits=False, person_cache_entries=1, person_cache_bytes=1 << 20) as service:
        crowd = await service.crowd(30)
        for person in crowd:
            await service.mute(ALICE, person.id)
        expected = [str(person.id) for person in reversed(crowd)]
        assert (await service.page(ALICE)).ids == expected
        assert (await service.page(ALICE, "user.fields=connection_status")).ids == expected
        assert (await service.page(ALICE)).ids == expected


async def test_more_selections_than_are_kept_are_all_answered(unlimited: Service) -> None:
    fields = ("url", "verified", "location", "protected", "parody", "description", "created_at")
    for size in range(len(fields) + 1):
        for chosen in combinations(fields, size):
            query = f"?user.fields={','.join(chosen)}" if chosen else ""
            shown = (await unlimited.get(f"/2/users/{FULL.id}{query}")).json["data"]
            assert shown.keys() == {"id", "name", "username", *chosen}
