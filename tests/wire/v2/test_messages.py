import json
from typing import Any

import pytest

from tacet.records.people import Person, Profile
from tests.cast import (
    ALICE,
    BOB,
    CAROL,
    DEACTIVATED,
    FULL,
    NOW_MS,
    PROTECTED,
    READ_ONLY_APP_ID,
    SUSPENDED,
    UNKNOWN_ID,
)
from tests.service import Answer, Service
from tests.wire.recorded import Recorded

ALL = "/2/dm_events"
NOT_PERMITTED = {
    "detail": "You do not have permission to DM one or more participants.",
    "type": "about:blank",
    "title": "Forbidden",
    "status": 403,
}
EVERY_FIELD = (
    "attachments,created_at,dm_conversation_id,entities,event_type,id,participant_ids,referenced_tweets,sender_id,text"
)
DAY_MS = 24 * 3_600_000
TAKES_ALL = Profile(receives_dm_from_anyone=True)


def conversation(person_id: int) -> str:
    return f"/2/dm_conversations/with/{person_id}"


async def send(service: Service, source: Person, target_id: int, text: str = "Hello") -> Answer:
    return await service.post_json(f"{conversation(target_id)}/messages", {"text": text}, source.username)


async def say(service: Service, source: Person, *texts: str) -> list[str]:
    """Send these to Full, who takes messages from anyone; return their ids, the newest first."""
    ids = []
    for text in texts:
        answer = await send(service, source, FULL.id, text)
        assert answer.status == 201, answer.body
        ids.append(answer.json["data"]["dm_event_id"])
        service.clock.advance(1_000)
    return ids[::-1]


async def events(service: Service, target: str = ALL, query: str = "", token: str = "alice") -> Any:
    answer = await service.get(f"{target}{query and '?'}{query}", token)
    assert answer.status == 200, answer.body
    return answer.json


def texts(page: Any) -> list[str]:
    return [event["text"] for event in page.get("data", ())]


async def test_a_message_is_created_in_a_conversation_of_two(service: Service) -> None:
    answer = await send(service, ALICE, FULL.id)
    sent = answer.json["data"]
    assert (answer.status, list(answer.json), list(sent)) == (201, ["data"], ["dm_conversation_id", "dm_event_id"])
    assert sent["dm_conversation_id"] == f"{ALICE.id}-{FULL.id}"
    assert answer.headers["x-rate-limit-remaining"] == "14"
    page = await events(service)
    assert page == {
        "data": [{"event_type": "MessageCreate", "id": sent["dm_event_id"], "text": "Hello"}],
        "meta": {"result_count": 1},
    }


async def test_a_conversation_has_one_id_whoever_writes(service: Service) -> None:
    there = (await send(service, ALICE, FULL.id)).json["data"]["dm_conversation_id"]
    back = (await send(service, FULL, ALICE.id)).json["data"]["dm_conversation_id"]
    assert there == back == "1001-1006"


async def test_both_sides_read_it(service: Service) -> None:
    [id_] = await say(service, ALICE, "Hello")
    for token, other in ((ALICE.username, FULL), (FULL.username, ALICE)):
        for target in (ALL, f"{conversation(other.id)}/dm_events"):
            assert [event["id"] for event in (await events(service, target, token=token))["data"]] == [id_]
    assert (await events(service, token=BOB.username))["meta"] == {"result_count": 0}


@pytest.mark.parametrize("target", [ALL, f"{conversation(FULL.id)}/dm_events", f"{conversation(7)}/dm_events"])
async def test_nothing_said_is_recorded_as_an_empty_page(service: Service, recorded: Recorded, target: str) -> None:
    answer = await service.get(target)
    assert (answer.status, answer.body) == (200, b'{"meta":{"result_count":0}}')
    assert f"`{answer.body.decode()}`, no data key" in recorded.wire
    assert "recorded exactly so for /2/dm_events" in recorded.wire


async def test_every_field_with_a_value_is_shown(service: Service) -> None:
    [id_] = await say(service, ALICE, "Ask @bob_b about #news ☕ 🚀/<3")
    page = await events(service, query=f"dm_event.fields={EVERY_FIELD}")
    [event] = page["data"]
    assert list(event) == sorted(event)
    assert event == {
        "created_at": "2022-05-07T13:20:56.000Z",
        "dm_conversation_id": "1001-1006",
        "entities": {
            "hashtags": [{"start": 17, "end": 22, "tag": "news"}],
            "mentions": [{"start": 4, "end": 10, "username": "bob_b"}],
        },
        "event_type": "MessageCreate",
        "id": id_,
        "participant_ids": ["1001", "1006"],
        "sender_id": "1001",
        "text": "Ask @bob_b about #news ☕ 🚀/<3",
    }


async def test_people_are_expanded_once_each(service: Service) -> None:
    await say(service, ALICE, "one", "two")
    page = await events(service, query="expansions=sender_id&user.fields=verified")
    assert [event["sender_id"] for event in page["data"]] == ["1001", "1001"]
    assert page["includes"] == {"users": [{"id": "1001", "name": "Alice", "username": "alice", "verified": False}]}
    page = await events(service, query="expansions=participant_ids,sender_id")
    assert [user["id"] for user in page["includes"]["users"]] == ["1001", "1006"]
    assert list(page) == ["data", "includes", "meta"]


async def test_whoever_is_suspended_is_not_expanded_and_what_they_said_stays(service: Service) -> None:
    await say(service, ALICE, "one")
    await service.put(Person(ALICE.id, ALICE.username, ALICE.name, SUSPENDED.state))
    page = await events(service, query="expansions=sender_id", token=FULL.username)
    assert (texts(page), "includes" in page) == (["one"], False)


VOCABULARIES = {
    "tweet": ("user.fields=pinned_tweet_id&tweet.fields=id", "pinned_tweet_id"),
    "post": ("user.fields=pinned_post_id&post.fields=id", "pinned_post_id"),
}


@pytest.mark.parametrize(("query", "name"), VOCABULARIES.values(), ids=VOCABULARIES.keys())
async def test_expanded_people_speak_the_requests_vocabulary(service: Service, query: str, name: str) -> None:
    await say(service, ALICE, "one")
    page = await events(service, query=f"expansions=participant_ids&{query}")
    assert page["includes"]["users"][1][name] == "5001"


EVENT_TYPES = {
    "messages": ("MessageCreate", ["one"]),
    "all": ("MessageCreate,ParticipantsJoin,ParticipantsLeave", ["one"]),
    "joins": ("ParticipantsJoin", []),
    "leaves-and-joins": ("ParticipantsLeave,ParticipantsJoin", []),
}


@pytest.mark.parametrize(("types", "expected"), EVENT_TYPES.values(), ids=EVENT_TYPES.keys())
async def test_events_of_one_type_can_be_asked_for(service: Service, types: str, expected: list[str]) -> None:
    await say(service, ALICE, "one")
    page = await events(service, query=f"event_types={types}")
    assert (texts(page), page["meta"]) == (expected, {"result_count": len(expected)})


@pytest.mark.parametrize("size", [1, 2, 3, 6])
async def test_a_walk_forward_and_back_shows_each_once_each_way(unlimited: Service, size: int) -> None:
    expected = await say(unlimited, ALICE, "one", "two", "three", "four", "five")
    query = f"max_results={size}"
    pages = [await events(unlimited, query=query)]
    while next_token := pages[-1]["meta"].get("next_token"):
        pages.append(await events(unlimited, query=f"{query}&pagination_token={next_token}"))
    assert [event["id"] for page in pages for event in page["data"]] == expected
    back = [pages[-1]]
    while previous_token := back[-1]["meta"].get("previous_token"):
        back.append(await events(unlimited, query=f"{query}&pagination_token={previous_token}"))
    assert [event["id"] for page in reversed(back) for event in page["data"]] == expected


async def test_messages_of_one_millisecond_keep_their_order(unlimited: Service) -> None:
    for number in range(5):
        await send(unlimited, ALICE, FULL.id, f"{number}")
    assert texts(await events(unlimited)) == ["4", "3", "2", "1", "0"]


async def test_events_are_of_the_previous_thirty_days(service: Service) -> None:
    await say(service, ALICE, "old")
    service.clock.set(NOW_MS + 30 * DAY_MS)
    assert texts(await events(service)) == ["old"]
    service.clock.advance(1)
    assert texts(await events(service)) == []


WRONG = {
    "too-few": ("max_results=0", "The `max_results` query parameter value [0] is not between 1 and 100"),
    "too-many": ("max_results=101", "The `max_results` query parameter value [101] is not between 1 and 100"),
    "token": ("pagination_token=x", "The `pagination_token` query parameter value [x] is not valid"),
    "type": (
        "event_types=x",
        "The `event_types` query parameter value [x] is not one of [MessageCreate,ParticipantsJoin,ParticipantsLeave]",
    ),
    "field": ("dm_event.fields=id,x", f"The `dm_event.fields` query parameter value [x] is not one of [{EVERY_FIELD}]"),
    "expansion": (
        "expansions=pinned_tweet_id",
        "The `expansions` query parameter value [pinned_tweet_id] is not one of "
        "[attachments.media_keys,participant_ids,referenced_tweets.id,sender_id]",
    ),
    "unknown": (
        "next_token=x",
        "The query parameter [next_token] is not one of [max_results,pagination_token,event_types,dm_event.fields,"
        "expansions,media.fields,user.fields,tweet.fields,post.fields]",
    ),
}


@pytest.mark.parametrize(("query", "sentence"), WRONG.values(), ids=WRONG.keys())
async def test_what_is_wrong_with_a_query_is_said(service: Service, query: str, sentence: str) -> None:
    answer = await service.get(f"{ALL}?{query}")
    assert (answer.status, answer.messages) == (400, [sentence])


BODIES: dict[str, tuple[Any, str]] = {
    "empty": ({}, "$.text: is missing but it is required"),
    "no-text": ({"text": ""}, "$.text: must be at least 1 characters long"),
    "blanks": ({"text": " \n"}, "$.text: must be at least 1 characters long"),
    "controls": ({"text": "\u0000\u0007"}, "$.text: must be at least 1 characters long"),
    "too-long": ({"text": "x" * 10_001}, "$.text: may only be 10000 characters long"),
    "number": ({"text": 1}, "$.text: integer found, string expected"),
    "attachments": (
        {"text": "x", "attachments": [{"media_id": "1"}]},
        "$.attachments: is not defined in the schema and the schema does not allow additional properties",
    ),
    "array": (["x"], "$: array found, object expected"),
}


@pytest.mark.parametrize(("value", "sentence"), BODIES.values(), ids=BODIES.keys())
async def test_what_is_wrong_with_a_body_is_said(service: Service, value: Any, sentence: str) -> None:
    answer = await service.post_json(f"{conversation(FULL.id)}/messages", value)
    assert (answer.status, answer.messages) == (400, [sentence])
    assert texts(await events(service)) == []


@pytest.mark.parametrize("text", ["x" * 10_000, "☕" * 10_000, "🚀" * 10_000, "a\tb\n c"], ids=lambda text: text[:1])
async def test_texts_come_back_as_they_were_sent(service: Service, text: str) -> None:
    body = json.dumps({"text": text}, ensure_ascii=False).encode()
    target = f"{conversation(FULL.id)}/messages"
    answer = await service.call("POST", target, headers={"content-type": "application/json"}, body=body)
    assert answer.status == 201
    assert texts(await events(service)) == [text]


async def test_control_characters_and_blanks_around_a_text_are_left_out(service: Service) -> None:
    await say(service, ALICE, " a\u0000b ")
    assert texts(await events(service)) == ["ab"]


REFUSED = {
    "nobody": (UNKNOWN_ID, 404, "Could not find user with participant_id: [999999]."),
    "suspended": (SUSPENDED.id, 403, "User has been suspended: [1004]."),
    "deactivated": (DEACTIVATED.id, 403, "User has been suspended: [1005]."),
    "who-takes-none-from-strangers": (BOB.id, 403, NOT_PERMITTED["detail"]),
    "oneself": (ALICE.id, 403, NOT_PERMITTED["detail"]),
}


@pytest.mark.parametrize(("target_id", "status", "detail"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_message_that_is_refused_is_nowhere(service: Service, target_id: int, status: int, detail: str) -> None:
    answer = await send(service, ALICE, target_id)
    assert (answer.status, answer.json["detail"]) == (status, detail)
    assert answer.headers["content-type"] == "application/problem+json"
    assert texts(await events(service)) == []


async def test_a_refusal_has_the_recorded_shape(service: Service) -> None:
    assert (await send(service, ALICE, BOB.id)).json == NOT_PERMITTED


async def test_followers_of_the_sender_take_messages(service: Service) -> None:
    await service.tacet.actions.follows.follow(BOB.id, ALICE.id)
    assert (await send(service, ALICE, BOB.id)).status == 201


async def test_an_answer_needs_no_leave(service: Service) -> None:
    await service.tacet.actions.follows.follow(BOB.id, ALICE.id)
    assert (await send(service, BOB, ALICE.id)).status == 403
    await send(service, ALICE, BOB.id)
    assert (await send(service, BOB, ALICE.id)).status == 201


async def receives(service: Service, target_id: int) -> bool:
    answer = await service.get(f"/2/users/{target_id}?user.fields=receives_your_dm")
    shown: bool = answer.json["data"]["receives_your_dm"]
    return shown


async def test_a_profile_says_beforehand_whether_it_takes_ones_messages(unlimited: Service) -> None:
    actions = unlimited.tacet.actions
    steps = [
        ("stranger", None),
        ("follower", actions.follows.follow(BOB.id, ALICE.id)),
        ("no-more", actions.follows.unfollow(BOB.id, ALICE.id)),
        ("who-takes-all", unlimited.put(Person(ALICE.id, "alice", "Alice", profile=TAKES_ALL))),
        ("answered", send(unlimited, BOB, ALICE.id)),
        ("muted", unlimited.mute(ALICE, BOB.id)),
        ("muting", unlimited.mute(BOB, ALICE.id)),
        ("blocked", actions.blocks.block(ALICE.id, BOB.id)),
        ("unblocked", actions.blocks.unblock(ALICE.id, BOB.id)),
        ("blocking", actions.blocks.block(BOB.id, ALICE.id)),
    ]
    found = {}
    for name, step in steps:
        if step is not None:
            await step
        said = await receives(unlimited, BOB.id)
        assert ((await send(unlimited, ALICE, BOB.id)).status == 201) is said, name
        found[name] = said
    assert [name for name, said in found.items() if said] == ["follower", "answered", "muted", "muting", "unblocked"]


@pytest.mark.parametrize(("source", "target"), [(ALICE, FULL), (FULL, ALICE)], ids=["the-sender", "the-other"])
async def test_whoever_mutes_gets_and_sends_messages(service: Service, source: Person, target: Person) -> None:
    await service.mute(source, target.id)
    await say(service, ALICE, "one")
    assert texts(await events(service, token=FULL.username)) == texts(await events(service)) == ["one"]


@pytest.mark.parametrize(("source", "target"), [(ALICE, FULL), (FULL, ALICE)], ids=["the-sender", "the-other"])
async def test_a_block_ends_messages(service: Service, source: Person, target: Person) -> None:
    await service.tacet.actions.blocks.block(source.id, target.id)
    assert (await send(service, ALICE, FULL.id)).json == NOT_PERMITTED


OPERATIONS = [
    ("POST", f"{conversation(FULL.id)}/messages", 201),
    ("GET", ALL, 200),
    ("GET", f"{conversation(FULL.id)}/dm_events", 200),
]


@pytest.mark.parametrize(("method", "target", "status"), OPERATIONS, ids=["send", "all", "with-one"])
@pytest.mark.parametrize(("app_id", "allowed"), [(2001, True), (READ_ONLY_APP_ID, False)], ids=["all", "read"])
async def test_signed_requests_need_the_permission_for_messages(
    service: Service, method: Any, target: str, status: int, app_id: int, allowed: bool
) -> None:
    answer = await service.signed(method, target, app_id, b'{"text":"Hello"}' if method == "POST" else b"")
    assert answer.status == (status if allowed else 403)
    if not allowed:
        assert answer.json["type"] == "https://api.x.com/2/problems/oauth1-permissions"


@pytest.mark.parametrize(("method", "target", "status"), OPERATIONS, ids=["send", "all", "with-one"])
async def test_nobody_reads_messages_as_an_app(service: Service, method: Any, target: str, status: int) -> None:
    headers = {"content-type": "application/json"}
    answer = await service.call(method, target, token="app-only", headers=headers, body=b'{"text":"x"}')
    assert answer.json["title"] == "Unsupported Authentication"


async def test_protected_accounts_take_messages_like_others(service: Service) -> None:
    await service.tacet.actions.follows.follow(PROTECTED.id, ALICE.id)
    assert (await send(service, ALICE, PROTECTED.id)).status == 201
    assert (await send(service, CAROL, PROTECTED.id)).status == 403
