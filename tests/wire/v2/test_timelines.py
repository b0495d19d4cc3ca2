"""The three timelines over the wire. What a home is made of is in `tests/posts/test_home.py`."""

from collections.abc import Sequence
from typing import Any

import pytest

from tacet.ids import snowflake_at
from tacet.posts.home import MAX_FOLLOWED
from tacet.posts.writing import Draft
from tacet.records.people import Person, Post
from tacet.records.relations import Kind, Relation
from tacet.wire.v2.post_answers import PostAnswers
from tacet.wire.v2.tokens import write_base36
from tests.cast import (
    ALICE,
    BOB,
    CAROL,
    DEACTIVATED,
    FULL,
    HIDDEN,
    LATEST,
    NOW_MS,
    OWN,
    PINNED,
    PROTECTED,
    SUSPENDED,
    UNKNOWN_ID,
)
from tests.service import Answer, Service

HOME = "/2/users/1001/timelines/reverse_chronological"
BOBS, MENTIONS = "/2/users/1002/tweets", "/2/users/1002/mentions"
ALL = [HOME, BOBS, MENTIONS]
OF_PERSON = [BOBS, MENTIONS]
TIMELINES = pytest.mark.parametrize("path", ALL, ids=["home", "posts", "mentions"])
OF_ANYBODY = pytest.mark.parametrize("path", OF_PERSON, ids=["posts", "mentions"])


async def write(service: Service, count: int = 1, author: Person = BOB, text: str = "For @bob_b") -> list[int]:
    """Posts of somebody, a second apart; their ids, oldest first."""
    ids = []
    for _ in range(count):
        service.clock.advance(1_000)
        ids.append((await service.tacet.actions.writing.create(author.id, Draft(text))).id)
    return ids


@pytest.fixture
async def ten(unlimited: Service) -> list[str]:
    """Ids of ten posts by Bob, whom Alice follows, newest first: they mention him, so each timeline shows them."""
    await unlimited.tacet.actions.follows.follow(ALICE.id, BOB.id)
    # Alice's own older post would be in her home as well.
    await unlimited.store.posts.delete(OWN.id)
    return [str(id_) for id_ in reversed(await write(unlimited, 10))]


def query(**values: str) -> str:
    return "?" + "&".join(f"{name}={value}" for name, value in values.items())


def seconds(ago: float) -> str:
    """A moment before the last of ten posts: at 0 it was written, at 1 the one before it."""
    ms = NOW_MS + 10_000 - round(ago * 1000)
    return f"2022-05-07T13:2{ms % 3_600_000 // 60_000 % 10}:{ms % 60_000 // 1000:02}.{ms % 1000:03}Z"


@TIMELINES
async def test_a_page_is_newest_first_and_says_what_it_holds(unlimited: Service, ten: Sequence[str], path: str) -> None:
    answer = await unlimited.get(path)
    assert answer.status == 200
    assert list(answer.json) == ["data", "meta"]
    assert answer.ids == ten
    assert answer.json["data"][0] == {"text": "For @bob_b", "id": ten[0], "edit_history_tweet_ids": [ten[0]]}
    assert list(answer.json["meta"].items()) == [("result_count", 10), ("newest_id", ten[0]), ("oldest_id", ten[9])]


@TIMELINES
async def test_an_empty_timeline_has_no_data_and_no_ids(unlimited: Service, path: str) -> None:
    await unlimited.store.posts.delete(OWN.id)
    assert (await unlimited.get(path)).body == b'{"meta":{"result_count":0}}'


@TIMELINES
async def test_pages_are_walked_both_ways(unlimited: Service, ten: Sequence[str], path: str) -> None:
    pages = [await unlimited.get(f"{path}?max_results=5")]
    assert "previous_token" not in pages[0].json["meta"]
    token = pages[0].json["meta"]["next_token"]
    pages.append(await unlimited.get(f"{path}?max_results=5&pagination_token={token}"))
    assert "next_token" not in pages[1].json["meta"]
    assert [page.ids for page in pages] == [list(ten[:5]), list(ten[5:])]
    back = pages[1].json["meta"]["previous_token"]
    first = await unlimited.get(f"{path}?max_results=5&pagination_token={back}")
    assert first.ids == list(ten[:5])
    assert "previous_token" not in first.json["meta"]
    again = await unlimited.get(f"{path}?max_results=5&pagination_token={first.json['meta']['next_token']}")
    assert again.ids == list(ten[5:])


@TIMELINES
async def test_new_posts_lie_before_the_first_page(unlimited: Service, ten: Sequence[str], path: str) -> None:
    second = await unlimited.get(f"{path}?max_results=5&pagination_token={write_base36(int(ten[4]), newer=False)}")
    new = [str(id_) for id_ in reversed(await write(unlimited, 2))]
    up = await unlimited.get(f"{path}?max_results=5&pagination_token={second.json['meta']['previous_token']}")
    assert up.ids == list(ten[:5])
    top = await unlimited.get(f"{path}?max_results=5&pagination_token={up.json['meta']['previous_token']}")
    assert top.ids == new
    assert "previous_token" not in top.json["meta"]


BOUNDS = {
    "since": ({"since_id": 3}, slice(0, 3)),
    "until": ({"until_id": 3}, slice(4, 10)),
    "both": ({"since_id": 7, "until_id": 3}, slice(4, 7)),
    "nothing-between": ({"since_id": 3, "until_id": 7}, slice(0, 0)),
}


@TIMELINES
@pytest.mark.parametrize(("bounds", "shown"), BOUNDS.values(), ids=BOUNDS)
async def test_bounds_by_id_are_left_out_themselves(
    unlimited: Service, ten: Sequence[str], path: str, bounds: dict[str, int], shown: slice
) -> None:
    asked = {name: ten[place] for name, place in bounds.items()}
    assert (await unlimited.get(path + query(**asked))).ids == list(ten[shown])


MOMENTS = {
    "start": ({"start_time": 3}, slice(0, 4)),
    "end": ({"end_time": 3}, slice(4, 10)),
    "both": ({"start_time": 7, "end_time": 3}, slice(4, 8)),
    "between-posts": ({"start_time": 7.5, "end_time": 2.5}, slice(3, 8)),
}


@TIMELINES
@pytest.mark.parametrize(("moments", "shown"), MOMENTS.values(), ids=MOMENTS)
async def test_a_start_is_part_of_the_timeline_and_an_end_is_not(
    unlimited: Service, ten: Sequence[str], path: str, moments: dict[str, float], shown: slice
) -> None:
    asked = {name: seconds(ago) for name, ago in moments.items()}
    assert (await unlimited.get(path + query(**asked))).ids == list(ten[shown])


@pytest.mark.parametrize(
    "moment",
    ["2022-05-07T13:21:03Z", "2022-05-07T13:21:03.000Z", "2022-05-07t13:21:03z", "2022-05-07T15:21:03%2B02:00"],
    ids=["plain", "milliseconds", "lower case", "offset"],
)
async def test_a_moment_is_written_as_rfc_3339_has_it(unlimited: Service, ten: Sequence[str], moment: str) -> None:
    assert (await unlimited.get(f"{HOME}?start_time={moment}")).ids == list(ten[:4])


async def test_a_bound_by_id_takes_precedence_over_the_moment(unlimited: Service, ten: Sequence[str]) -> None:
    start, end = seconds(1), seconds(0)
    asked = query(since_id=ten[8], until_id=ten[5], start_time=start, end_time=end)
    assert (await unlimited.get(HOME + asked)).ids == list(ten[6:8])


@TIMELINES
async def test_pages_stay_within_the_bounds(unlimited: Service, ten: Sequence[str], path: str) -> None:
    bounds = f"since_id={ten[8]}&until_id={ten[0]}&max_results=5"
    first = await unlimited.get(f"{path}?{bounds}")
    assert first.ids == list(ten[1:6])
    second = await unlimited.get(f"{path}?{bounds}&pagination_token={first.json['meta']['next_token']}")
    assert second.ids == list(ten[6:8])
    assert "next_token" not in second.json["meta"]
    back = await unlimited.get(f"{path}?{bounds}&pagination_token={second.json['meta']['previous_token']}")
    assert back.ids == list(ten[1:6])
    assert "previous_token" not in back.json["meta"]


@pytest.mark.parametrize(
    ("exclude", "shown"),
    [("replies", [0, 2]), ("retweets", [0, 1]), ("replies,retweets", [0]), ("retweets,replies,replies", [0])],
    ids=["replies", "retweets", "both", "repeated"],
)
@pytest.mark.parametrize("path", [HOME, BOBS], ids=["home", "posts"])
async def test_replies_and_retweets_can_be_left_out(
    unlimited: Service, path: str, exclude: str, shown: list[int]
) -> None:
    writing = unlimited.tacet.actions.writing
    await unlimited.tacet.actions.follows.follow(ALICE.id, BOB.id)
    await unlimited.store.posts.delete(OWN.id)
    [plain] = await write(unlimited)
    unlimited.clock.advance(1_000)
    await writing.create(BOB.id, Draft("An answer", reply_to=LATEST.id))
    unlimited.clock.advance(1_000)
    await writing.repost(BOB.id, LATEST.id)
    everything = (await unlimited.get(path)).ids
    assert len(everything) == 3
    assert everything[2] == str(plain)
    answer = await unlimited.get(f"{path}?exclude={exclude}")
    assert answer.ids == [everything[2 - place] for place in reversed(shown)]


def said(name: str, value: str) -> str:
    return f"The `{name}` query parameter value [{value}] is not valid"


NOT_ONE_OF = "The `exclude` query parameter value [quotes] is not one of [replies,retweets]"
TOO_EARLY = "Invalid '{0}':'2010-11-05T23:59:59Z'. '{0}' must be on or after 2010-11-06T00:00Z"
INVALID = {
    "since-id-is-no-id": ("since_id", "x", said("since_id", "x")),
    "until-id-is-too-long": ("until_id", "1" * 20, said("until_id", "1" * 20)),
    "token-of-other-characters": ("pagination_token", "ZZZ", said("pagination_token", "ZZZ")),
    "start-is-a-date": ("start_time", "2022-05-07", said("start_time", "2022-05-07")),
    "start-has-no-zone": ("start_time", "2022-05-07T13:20:56", said("start_time", "2022-05-07T13:20:56")),
    "start-is-no-day": ("start_time", "2022-02-30T00:00:00Z", said("start_time", "2022-02-30T00:00:00Z")),
    "start-too-early": ("start_time", "2010-11-05T23:59:59Z", TOO_EARLY.format("start_time")),
    "end-too-early": ("end_time", "2010-11-05T23:59:59Z", TOO_EARLY.format("end_time")),
    "end-is-a-number": ("end_time", "1651929656", said("end_time", "1651929656")),
    "end-with-digits-of-elsewhere": ("end_time", "2022-05-0%D9%A7T00:00:00Z", said("end_time", "2022-05-0٧T00:00:00Z")),
}


@TIMELINES
@pytest.mark.parametrize(("name", "value", "message"), INVALID.values(), ids=INVALID)
async def test_what_cannot_be_read_is_refused(service: Service, path: str, name: str, value: str, message: str) -> None:
    answer = await service.get(f"{path}?{name}={value}")
    assert answer.status == 400
    assert answer.messages == [message]


@pytest.mark.parametrize("path", [HOME, BOBS], ids=["home", "posts"])
async def test_only_replies_and_retweets_can_be_left_out(service: Service, path: str) -> None:
    assert (await service.get(f"{path}?exclude=replies,quotes")).messages == [NOT_ONE_OF]


@TIMELINES
@pytest.mark.parametrize("end", ["2022-05-07T13:20:56Z", "2022-05-07T13:20:55.999Z"], ids=["equal", "before"])
async def test_a_start_that_is_not_before_the_end_is_refused(service: Service, path: str, end: str) -> None:
    answer = await service.get(f"{path}?start_time=2022-05-07T13:20:56.000Z&end_time={end}")
    assert answer.status == 400
    message = "The `start_time` query parameter value must be before the `end_time` query parameter value"
    assert answer.messages == [message]


NUMBERS = {
    "home-0": (HOME, 0, "1 and 100"),
    "home-101": (HOME, 101, "1 and 100"),
    "posts-4": (BOBS, 4, "5 and 100"),
    "posts-101": (BOBS, 101, "5 and 100"),
    "mentions-4": (MENTIONS, 4, "5 and 100"),
}


@pytest.mark.parametrize(("path", "number", "between"), NUMBERS.values(), ids=NUMBERS)
async def test_the_number_of_posts_has_bounds(service: Service, path: str, number: int, between: str) -> None:
    message = f"The `max_results` query parameter value [{number}] is not between {between}"
    assert (await service.get(f"{path}?max_results={number}")).messages == [message]


async def test_pages_have_a_default_length(unlimited: Service) -> None:
    await unlimited.tacet.actions.follows.follow(ALICE.id, BOB.id)
    await write(unlimited, 101)
    assert [len((await unlimited.get(path)).ids) for path in ALL] == [100, 10, 10]


PARAMETERS = {
    HOME: "id,since_id,until_id,max_results,pagination_token,exclude,start_time,end_time,",
    BOBS: "id,since_id,until_id,max_results,pagination_token,exclude,start_time,end_time,",
    MENTIONS: "id,since_id,until_id,max_results,pagination_token,start_time,end_time,",
}


@pytest.mark.parametrize(("path", "known"), PARAMETERS.items(), ids=["home", "posts", "mentions"])
async def test_an_unknown_parameter_is_told_all_there_are_in_the_order_of_the_document(
    service: Service, path: str, known: str
) -> None:
    fields = "expansions,tweet.fields,media.fields,poll.fields,place.fields,user.fields"
    message = f"The query parameter [next_token] is not one of [{known}{fields}]"
    assert (await service.get(f"{path}?next_token=1")).messages == [message]


async def test_nobody_reads_anybody_elses_home(service: Service) -> None:
    answer = await service.get("/2/users/1002/timelines/reverse_chronological")
    assert answer.status == 400
    assert answer.messages == [
        "The `id` query parameter value [1002] must be the same as the authenticating user [1001]"
    ]


@TIMELINES
async def test_an_app_on_its_own_has_no_home_and_reads_the_others(
    unlimited: Service, ten: Sequence[str], path: str
) -> None:
    answer = await unlimited.get(path, "app-only")
    if path == HOME:
        assert answer.status == 403
        assert answer.json["title"] == "Unsupported Authentication"
    else:
        assert answer.ids == ten


AWAY = {
    "unknown": (UNKNOWN_ID, "Not Found Error", f"Could not find user with id: [{UNKNOWN_ID}]."),
    "deactivated": (DEACTIVATED.id, "Not Found Error", f"Could not find user with id: [{DEACTIVATED.id}]."),
    "suspended": (SUSPENDED.id, "Forbidden", f"User has been suspended: [{SUSPENDED.id}]."),
    "beyond-every-id": (10**19 - 1, "Not Found Error", f"Could not find user with id: [{10**19 - 1}]."),
}


@pytest.mark.parametrize("name", ["tweets", "mentions"])
@pytest.mark.parametrize(("person_id", "title", "detail"), AWAY.values(), ids=AWAY)
async def test_of_somebody_who_is_not_there_it_says_so(
    service: Service, name: str, person_id: int, title: str, detail: str
) -> None:
    answer = await service.get(f"/2/users/{person_id}/{name}")
    assert answer.status == 200
    assert list(answer.json) == ["errors"]
    [error] = answer.json["errors"]
    assert (error["title"], error["detail"], error["resource_type"]) == (title, detail, "user")


async def refusal(service: Service, person: Person, name: str, token: str = "alice") -> Answer:
    answer = await service.get(f"/2/users/{person.id}/{name}", token)
    assert answer.status == 200
    [error] = answer.json["errors"]
    assert list(answer.json) == ["errors"]
    assert error["type"] == "https://api.x.com/2/problems/not-authorized-for-resource"
    assert error["title"] == "Authorization Error"
    assert error["detail"] == f"Sorry, you are not authorized to see the user with id: [{person.id}]."
    assert (error["resource_type"], error["parameter"], error["value"]) == ("user", "id", str(person.id))
    return answer


@pytest.mark.parametrize("name", ["tweets", "mentions"])
async def test_a_protected_account_is_for_its_followers_and_itself(unlimited: Service, name: str) -> None:
    for token in ("alice", "app-only"):
        await refusal(unlimited, PROTECTED, name, token)
    assert "errors" not in (await unlimited.get(f"/2/users/{PROTECTED.id}/{name}", PROTECTED.username)).json
    await unlimited.put(Person(PROTECTED.id, PROTECTED.username, "Open"))
    await unlimited.tacet.actions.follows.follow(ALICE.id, PROTECTED.id)
    await unlimited.put(PROTECTED)
    answer = await unlimited.get(f"/2/users/{PROTECTED.id}/{name}")
    assert answer.ids == ([str(HIDDEN.id)] if name == "tweets" else [])


@pytest.mark.parametrize("name", ["tweets", "mentions"])
async def test_whoever_blocks_or_is_blocked_is_not_read(unlimited: Service, name: str) -> None:
    await unlimited.tacet.actions.blocks.block(BOB.id, ALICE.id)
    await refusal(unlimited, BOB, name)
    await unlimited.tacet.actions.blocks.unblock(BOB.id, ALICE.id)
    await unlimited.tacet.actions.blocks.block(ALICE.id, BOB.id)
    await refusal(unlimited, BOB, name)
    assert (await unlimited.get(f"/2/users/{BOB.id}/{name}", "app-only")).json == {"meta": {"result_count": 0}}


@OF_ANYBODY
async def test_muting_does_not_change_what_one_asks_for(unlimited: Service, ten: Sequence[str], path: str) -> None:
    await unlimited.mute(ALICE, BOB.id)
    assert (await unlimited.get(path)).ids == ten
    assert (await unlimited.get(HOME)).json == {"meta": {"result_count": 0}}


async def test_the_ids_of_a_page_are_those_of_what_is_shown(unlimited: Service, ten: Sequence[str]) -> None:
    await unlimited.tacet.actions.follows.follow(ALICE.id, CAROL.id)
    [carols] = await write(unlimited, author=CAROL)
    assert (await unlimited.get(HOME)).json["meta"]["newest_id"] == str(carols)
    await unlimited.mute(ALICE, CAROL.id)
    meta = (await unlimited.get(HOME)).json["meta"]
    assert (meta["newest_id"], meta["oldest_id"], meta["result_count"]) == (ten[0], ten[9], 10)


@pytest.mark.parametrize("place", [0, 4, 9], ids=["newest", "middle", "oldest"])
@pytest.mark.parametrize("fields", ["lang", "non_public_metrics"], ids=["kept", "private"])
@TIMELINES
async def test_a_post_deleted_while_its_page_is_made_is_not_named_either(
    unlimited: Service, ten: list[str], path: str, fields: str, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = f"{path}?tweet.fields={fields}"
    assert (await unlimited.get(asked)).ids == ten
    real = PostAnswers.posts

    async def posts(answers: PostAnswers, ids: Sequence[int], *arguments: Any) -> Any:
        # Posts that are included are asked for as well.
        if ids:
            await unlimited.tacet.actions.writing.delete(BOB.id, ids[place])
        return await real(answers, ids, *arguments)

    monkeypatch.setattr(PostAnswers, "posts", posts)
    answer = await unlimited.get(asked)
    del ten[place]
    assert answer.ids == ten
    meta = answer.json["meta"]
    assert (meta["result_count"], meta["newest_id"], meta["oldest_id"]) == (9, ten[0], ten[-1])


async def test_a_short_page_leads_on(unlimited: Service, ten: Sequence[str]) -> None:
    await unlimited.tacet.actions.follows.follow(ALICE.id, CAROL.id)
    await write(unlimited, 50, CAROL)
    await unlimited.mute(ALICE, CAROL.id)
    answer = await unlimited.get(f"{HOME}?max_results=5")
    assert list(answer.json) == ["meta"]
    assert list(answer.json["meta"]) == ["result_count", "next_token"]
    shown: list[str] = []
    while token := answer.json["meta"].get("next_token"):
        answer = await unlimited.get(f"{HOME}?max_results=5&pagination_token={token}")
        shown += answer.ids
    assert shown == list(ten)


async def test_more_may_be_followed_than_make_a_home(unlimited: Service, ten: Sequence[str]) -> None:
    # Somebody was followed before everybody else, Bob with them, and Carol comes last.
    await unlimited.tacet.actions.follows.unfollow(ALICE.id, BOB.id)
    follows = [Relation(Kind.FOLLOW, ALICE.id, id_, 2 * n) for n, id_ in enumerate((BOB.id, *range(20_000, 24_999)), 1)]
    assert len(follows) == MAX_FOLLOWED
    await unlimited.store.relations.add_many(follows)
    unlimited.tacet.actions.homes.forget(ALICE.id)
    assert (await unlimited.get(HOME)).ids == ten
    answer = await unlimited.post_json(f"/2/users/{ALICE.id}/following", {"target_user_id": str(CAROL.id)})
    assert answer.json == {"data": {"following": True, "pending_follow": False}}
    carols = [str(id_) for id_ in await write(unlimited, author=CAROL)]
    assert (await unlimited.get(HOME)).ids == carols


async def test_fields_and_expansions_are_shown(unlimited: Service, ten: Sequence[str]) -> None:
    await unlimited.tacet.actions.writing.repost(BOB.id, PINNED.id)
    asked = "expansions=author_id,referenced_tweets.id&tweet.fields=created_at&user.fields=protected"
    answer = await unlimited.get(f"{HOME}?max_results=2&{asked}")
    first, second = answer.json["data"]
    assert first["referenced_tweets"] == [{"type": "retweeted", "id": str(PINNED.id)}]
    assert second["created_at"] == seconds(0)
    assert [user["id"] for user in answer.json["includes"]["users"]] == [str(BOB.id)]
    assert [post["id"] for post in answer.json["includes"]["tweets"]] == [str(PINNED.id)]


async def test_the_request_chooses_the_vocabulary(unlimited: Service, ten: Sequence[str]) -> None:
    answer = await unlimited.get(f"{BOBS}?post.fields=created_at&max_results=5")
    assert set(answer.json["data"][0]) == {"id", "text", "created_at"}


async def test_an_imported_post_is_found_by_moments_when_its_id_counts_time(unlimited: Service) -> None:
    """Bounds by moment go by ids, which tell the moment of a post made on X."""
    id_ = snowflake_at(NOW_MS - 86_400_000, 5)
    await unlimited.store.posts.put([Post(id_, FULL.id, "Yesterday", NOW_MS - 86_400_000)])
    path = f"/2/users/{FULL.id}/tweets"
    assert (await unlimited.get(f"{path}?start_time=2022-05-06T00:00:00Z")).ids == [str(id_)]
    assert (await unlimited.get(f"{path}?end_time=2022-05-06T00:00:00Z")).ids == [str(LATEST.id), str(PINNED.id)]


async def test_the_bounds_may_lie_anywhere(unlimited: Service, ten: Sequence[str]) -> None:
    last = str(10**19 - 1)
    for asked, count in (
        (f"since_id={last}", 0),
        (f"until_id={last}", 10),
        ("since_id=0", 10),
        ("until_id=0", 0),
        ("start_time=9999-12-31T23:59:59Z", 0),
        ("end_time=9999-12-31T23:59:59Z", 10),
        ("start_time=2010-11-06T00:00:00Z", 10),
    ):
        assert len((await unlimited.get(f"{BOBS}?{asked}")).ids) == count, asked


PLACES = {"least": "0", "up": "1", "far": "zzzzzzzzzzzz", "last": "3w5e11264sgsf", "past-the-last": "zzzzzzzzzzzzz"}


@pytest.mark.parametrize("token", PLACES.values(), ids=PLACES.keys())
@TIMELINES
async def test_any_good_token_is_a_place(unlimited: Service, ten: Sequence[str], path: str, token: str) -> None:
    answer = await unlimited.get(f"{path}?pagination_token={token}&max_results=100")
    assert answer.status == 200
    assert answer.ids in ([], list(ten))
