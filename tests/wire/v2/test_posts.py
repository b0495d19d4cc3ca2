from typing import Any

import pytest

from tacet.posts.lengths import MAX_LENGTH
from tacet.records.people import Person, Post, PostDetails, Profile, Reference, State, Stretch
from tacet.records.relations import Kind, Relation
from tests.cast import ALICE, BOB, CAROL, FULL, HIDDEN, LATEST, OWN, PINNED, PROTECTED, UNKNOWN_ID
from tests.service import Answer, Service
from tests.wire.recorded import Recorded, ours

REPOSTS = f"/2/users/{ALICE.id}/retweets"
NOT_PERMITTED = "application/problem+json"


async def write(service: Service, text: str = "Hello", author: Person = ALICE, **more: Any) -> str:
    """The id of a new post."""
    answer = await service.post_json("/2/tweets", {"text": text, **more}, author.username)
    assert answer.status == 201, answer.body
    post_id: str = answer.json["data"]["id"]
    return post_id


async def delete(service: Service, post_id: str, author: Person = ALICE) -> Answer:
    return await service.call("DELETE", f"/2/tweets/{post_id}", token=author.username)


async def repost(service: Service, post_id: str, author: Person = ALICE) -> Answer:
    return await service.post_json(f"/2/users/{author.id}/retweets", {"tweet_id": post_id}, author.username)


async def undo(service: Service, post_id: str, author: Person = ALICE) -> Answer:
    return await service.call("DELETE", f"/2/users/{author.id}/retweets/{post_id}", token=author.username)


def missing(noun: str, parameter: str, value: str) -> dict[str, str]:
    return {
        "title": "Not Found Error",
        "detail": f"Could not find {noun} with {parameter}: [{value}].",
        "type": "https://api.x.com/2/problems/resource-not-found",
        "resource_type": noun,
        "resource_id": value,
        "parameter": parameter,
        "value": value,
    }


def hidden(noun: str, parameter: str, value: str) -> dict[str, str]:
    return {
        "title": "Authorization Error",
        "detail": f"Sorry, you are not authorized to see the {noun.capitalize()} with {parameter}: [{value}].",
        "type": "https://api.x.com/2/problems/not-authorized-for-resource",
        "section": "data",
        "resource_type": noun,
        "resource_id": value,
        "parameter": parameter,
        "value": value,
    }


BAD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, ["$.text: is missing but it is required"]),
    "empty": ({"text": ""}, ["$.text: must be at least 1 characters long"]),
    "only-space": ({"text": " \n"}, ["$.text: must be at least 1 characters long"]),
    "no-text": ({"text": 1}, ["$.text: integer found, string expected"]),
    "media": (
        {"text": "a", "media": {"media_ids": ["1"]}},
        ["$.media: is not defined in the schema and the schema does not allow additional properties"],
    ),
    "reply-to-nothing": (
        {"text": "a", "reply": {}},
        ["$.reply.in_reply_to_tweet_id: is missing but it is required"],
    ),
    "reply-to-a-name": (
        {"text": "a", "reply": {"in_reply_to_tweet_id": "x"}},
        ["$.reply.in_reply_to_tweet_id: does not match the regex pattern ^[0-9]{1,19}$"],
    ),
    "excluding-names": (
        {"text": "a", "reply": {"in_reply_to_tweet_id": "1", "exclude_reply_user_ids": ["1", "x"]}},
        ["$.reply.exclude_reply_user_ids[1]: does not match the regex pattern ^[0-9]{1,19}$"],
    ),
    "unknown-settings": (
        {"text": "a", "reply_settings": "nobody"},
        [
            "$.reply_settings: does not have a value in the enumeration "
            "[following, mentionedUsers, subscribers, verified]"
        ],
    ),
    "to-fewer-people": ({"text": "a", "nullcast": True}, ["$.nullcast: must be a constant value false"]),
}


MISSING = {
    "reply": ({"reply": {"in_reply_to_tweet_id": str(HIDDEN.id)}}, "reply to"),
    "quote": ({"quote_tweet_id": "9999999999999999999"}, "quote"),
    "reply to number zero": ({"reply": {"in_reply_to_tweet_id": "0"}}, "reply to"),
    "quote of number zero": ({"quote_post_id": "00"}, "quote"),
}


class TestCreate:
    async def test_a_new_post_is_answered_201_and_seen_at_once(self, service: Service) -> None:
        answer = await service.post_json("/2/tweets", {"text": "Good morning ☕"})
        id_ = answer.json["data"]["id"]
        assert answer.status == 201
        shown = f'{{"data":{{"edit_history_tweet_ids":["{id_}"],"id":"{id_}","text":"Good morning ☕"}}}}'
        assert answer.body.decode() == shown
        seen = await service.get(f"/2/tweets/{id_}?tweet.fields=author_id,created_at", BOB.username)
        assert seen.json["data"] == {
            "id": id_,
            "text": "Good morning ☕",
            "edit_history_tweet_ids": [id_],
            "author_id": str(ALICE.id),
            "created_at": "2022-05-07T13:20:56.000Z",
        }

    async def test_a_reply_and_a_quote_refer_to_theirs(self, service: Service) -> None:
        reply = await write(service, "Yes", BOB, reply={"in_reply_to_tweet_id": str(OWN.id)}, quote_tweet_id="5002")
        answer = await service.get(f"/2/tweets/{reply}?tweet.fields=conversation_id&expansions=referenced_tweets.id")
        post = answer.json["data"]
        assert post["conversation_id"] == str(OWN.id)
        assert post["referenced_tweets"] == [
            {"type": "replied_to", "id": str(OWN.id)},
            {"type": "quoted", "id": str(LATEST.id)},
        ]
        assert [each["id"] for each in answer.json["includes"]["tweets"]] == [str(OWN.id), str(LATEST.id)]

    async def test_a_request_in_post_words_is_answered_in_them(self, service: Service) -> None:
        for more in ({"quote_post_id": "5002"}, {"reply": {"in_reply_to_post_id": "5004"}}):
            answer = await service.post_json("/2/tweets", {"text": "Yes", **more})
            assert list(answer.json["data"]) == ["edit_history_post_ids", "id", "text"]

    async def test_what_clients_send_and_nothing_here_has_is_taken(self, service: Service) -> None:
        reply = {
            "in_reply_to_tweet_id": str(OWN.id),
            "exclude_reply_user_ids": [str(BOB.id)],
            "auto_populate_reply_metadata": True,
        }
        flags = {"made_with_ai": True, "paid_partnership": False, "share_with_followers": True}
        never = {"nullcast": False, "for_super_followers_only": False}
        assert await write(service, "Hi", BOB, reply=reply, reply_settings="mentionedUsers", **flags, **never)

    async def test_who_may_reply_is_shown(self, service: Service) -> None:
        post_id = await write(service, reply_settings="mentionedUsers")
        shown = (await service.get(f"/2/tweets/{post_id}?tweet.fields=reply_settings")).json["data"]
        assert shown["reply_settings"] == "mentionedUsers"

    @pytest.mark.parametrize(("body", "expected"), BAD.values(), ids=BAD.keys())
    async def test_a_bad_body_is_told_what_is_wrong(
        self, service: Service, body: dict[str, Any], expected: list[str]
    ) -> None:
        answer = await service.post_json("/2/tweets", body)
        assert (answer.status, answer.messages) == (400, expected)

    async def test_a_text_that_is_too_long_is_told_in_the_words_people_met(self, service: Service) -> None:
        assert await write(service, "a" * MAX_LENGTH)
        answer = await service.post_json("/2/tweets", {"text": "a" * (MAX_LENGTH + 1)})
        assert (answer.status, answer.messages) == (
            400,
            [
                "Your Tweet text is too long. For more information on how Twitter determines text length see "
                "https://github.com/twitter/twitter-text."
            ],
        )

    async def test_a_text_of_very_many_characters_that_count_as_few_is_too_long(self, service: Service) -> None:
        url = f"https://example.com/{'a' * 4_000}"
        assert await write(service, url)
        answer = await service.post_json("/2/tweets", {"text": f"{url} {url}"})
        assert (answer.status, "too long" in answer.messages[0]) == (400, True)

    @pytest.mark.parametrize(("more", "verb"), MISSING.values(), ids=MISSING.keys())
    async def test_what_one_may_not_see_is_not_answered_or_quoted(
        self, service: Service, more: dict[str, Any], verb: str
    ) -> None:
        answer = await service.post_json("/2/tweets", {"text": "Hm", **more})
        assert answer.status == 403
        assert answer.headers["content-type"] == NOT_PERMITTED
        assert answer.json == {
            "detail": f"You attempted to {verb} a Tweet that is deleted or not visible to you.",
            "type": "about:blank",
            "title": "Forbidden",
            "status": 403,
        }


class TestDelete:
    async def test_a_deleted_post_is_gone_at_once(self, service: Service) -> None:
        post_id = await write(service)
        assert (await service.get(f"/2/tweets/{post_id}")).json.keys() == {"data"}
        assert (await delete(service, post_id)).body == b'{"data":{"deleted":true}}'
        assert (await service.get(f"/2/tweets/{post_id}")).json == {"errors": [missing("tweet", "id", post_id)]}
        assert (await delete(service, post_id)).body == b'{"data":{"deleted":false}}'

    async def test_its_reposts_are_gone_too(self, service: Service) -> None:
        post_id = await write(service)
        await repost(service, post_id, BOB)
        [head] = await service.store.posts.of_authors([BOB.id], Stretch(), 1)
        target = f"/2/tweets?ids={post_id},{head.id}"
        assert (await service.get(target)).ids == [post_id, str(head.id)]
        await delete(service, post_id)
        assert (await service.get(target)).json.keys() == {"errors"}

    async def test_somebody_elses_post_stays(self, service: Service) -> None:
        answer = await delete(service, str(OWN.id), BOB)
        assert (answer.status, answer.json["detail"]) == (403, "You are not authorized to delete this Tweet.")
        assert (await service.get(f"/2/tweets/{OWN.id}")).json.keys() == {"data"}


class TestRepost:
    async def test_a_repost_is_answered_with_what_it_repeats(self, service: Service) -> None:
        answer = await repost(service, "5001")
        assert (answer.status, answer.body) == (200, b'{"data":{"rest_id":"5001","retweeted":true}}')
        [head] = await service.store.posts.of_authors([ALICE.id], Stretch(), 1)
        shown = (await service.get(f"/2/tweets/{head.id}?tweet.fields=referenced_tweets")).json["data"]
        assert shown["text"] == f"RT @full: {PINNED.text}"
        assert shown["referenced_tweets"] == [{"type": "retweeted", "id": "5001"}]

    async def test_reposting_twice_is_refused_as_recorded(self, service: Service, recorded: Recorded) -> None:
        await repost(service, "5001")
        answer = await repost(service, "5001")
        assert answer.status == 400
        assert answer.messages == [recorded.message("You cannot retweet a Tweet that you have already retweeted.")]

    async def test_a_repost_is_taken_back_once_and_then_nothing_happens(self, service: Service) -> None:
        await repost(service, "5001")
        for _ in range(2):
            assert (await undo(service, "5001")).body == b'{"data":{"retweeted":false}}'
        assert (await repost(service, "5001")).status == 200

    @pytest.mark.parametrize("noun", ["tweet", "post"])
    async def test_what_one_may_not_see_is_not_repeated(self, service: Service, noun: str) -> None:
        for post_id in (str(HIDDEN.id), "7"):
            answer = await service.post_json(REPOSTS, {f"{noun}_id": post_id})
            expected = {**missing(noun, f"{noun}_id", post_id), "status": 404}
            assert (answer.status, answer.json, list(answer.json)) == (404, expected, list(expected))

    async def test_a_protected_account_is_not_repeated_by_its_followers(
        self, service: Service, recorded: Recorded
    ) -> None:
        await service.put(Person(CAROL.id, CAROL.username, CAROL.name, profile=Profile(protected=True)))
        post_id = await write(service, author=CAROL)
        await service.tacet.actions.follows.follow(ALICE.id, CAROL.id)
        assert (await repost(service, post_id)).status == 404
        await _let_in(service, ALICE, CAROL)
        answer = await repost(service, post_id)
        assert (answer.status, answer.body.decode()) == (403, recorded.body('{"detail":"You are not permitted'))

    async def test_the_body_names_one_post(self, service: Service) -> None:
        answer = await service.post_json(REPOSTS, {})
        assert answer.messages == ["$.tweet_id: is missing but it is required"]
        answer = await service.post_json(REPOSTS, {"post_id": 1, "x": 1})
        assert answer.messages == [
            "$.x: is not defined in the schema and the schema does not allow additional properties",
            "$.post_id: integer found, string expected",
        ]

    async def test_one_reposts_for_oneself_only(self, service: Service) -> None:
        answer = await service.post_json(f"/2/users/{BOB.id}/retweets", {"tweet_id": "5001"})
        assert (answer.status, len(answer.messages)) == (400, 1)
        assert "must be the same as the authenticating user" in answer.messages[0]


class TestLookUp:
    async def test_posts_come_in_the_order_asked_and_each_once(self, service: Service) -> None:
        answer = await service.get("/2/tweets?ids=5004,5001,5004,0005001")
        assert answer.ids == ["5004", "5001"]
        assert list(answer.json["data"][0]) == ["id", "text", "edit_history_tweet_ids"]

    async def test_some_there_and_some_not(self, service: Service) -> None:
        answer = await service.get(f"/2/tweets?ids={HIDDEN.id},5004,{UNKNOWN_ID}")
        assert (answer.status, answer.ids) == (200, ["5004"])
        assert answer.json["errors"] == [
            hidden("tweet", "ids", str(HIDDEN.id)),
            missing("tweet", "ids", str(UNKNOWN_ID)),
        ]

    async def test_errors_speak_post_when_the_request_does(self, service: Service) -> None:
        answer = await service.get(f"/2/tweets?ids={HIDDEN.id},{UNKNOWN_ID}&post.fields=id")
        assert answer.json == {
            "errors": [hidden("post", "ids", str(HIDDEN.id)), missing("post", "ids", str(UNKNOWN_ID))]
        }

    async def test_one_post_that_is_not_there_is_an_error_in_a_200(self, service: Service) -> None:
        for post_id in ("7", "9" * 19):
            answer = await service.get(f"/2/tweets/{post_id}")
            assert (answer.status, answer.json) == (200, {"errors": [missing("tweet", "id", post_id)]})

    async def test_the_recorded_words_for_a_hidden_post(self, service: Service, recorded: Recorded) -> None:
        sentence = recorded.message(r"Sorry, you are not authorized to see the Tweet with ids: \[\.\.\]\.")
        answer = await service.get(f"/2/tweets?ids={HIDDEN.id}")
        assert answer.json["errors"][0]["detail"] == sentence.replace("..", str(HIDDEN.id))

    async def test_a_protected_accounts_posts_are_for_its_followers(self, service: Service) -> None:
        target = f"/2/tweets/{HIDDEN.id}"
        assert (await service.get(target, "app-only")).json.keys() == {"errors"}
        assert (await service.get(target, PROTECTED.username)).json["data"]["id"] == str(HIDDEN.id)
        await _let_in(service, ALICE, PROTECTED)
        assert (await service.get(target)).json["data"]["text"] == HIDDEN.text

    async def test_a_block_hides_posts_from_both(self, service: Service) -> None:
        await service.tacet.actions.blocks.block(FULL.id, ALICE.id)
        assert (await service.get("/2/tweets/5001")).json["errors"] == [hidden("tweet", "id", "5001")]
        assert (await service.get("/2/tweets/5004", FULL.username)).json["errors"] == [hidden("tweet", "id", "5004")]
        assert (await service.get("/2/tweets/5001", BOB.username)).json["data"]["id"] == "5001"

    @pytest.mark.parametrize("source", [FULL, BOB], ids=["blocks", "is-blocked"])
    async def test_a_repost_of_whom_one_may_not_see_is_hidden_like_that_post(
        self, service: Service, source: Person
    ) -> None:
        id_ = await _reposted(service, ALICE, PINNED)
        await service.tacet.actions.blocks.block(source.id, (BOB if source is FULL else FULL).id)
        answer = await service.get(f"/2/tweets/{id_}", BOB.username)
        assert answer.json == {"errors": [hidden("tweet", "id", id_)]}
        assert (await service.get(f"/2/tweets/{id_}")).json["data"]["text"] == f"RT @full: {PINNED.text}"

    async def test_a_repost_of_an_account_that_became_protected_is_for_its_followers(self, service: Service) -> None:
        id_ = await _reposted(service, ALICE, PINNED)
        await service.put(Person(FULL.id, FULL.username, FULL.name, profile=Profile(protected=True)))
        await _let_in(service, BOB, FULL)
        seen = {}
        for token in (ALICE.username, BOB.username, FULL.username, "app-only"):
            seen[token] = (await service.get(f"/2/tweets/{id_}", token)).json
        assert {token: list(answer) for token, answer in seen.items()} == {
            "alice": ["errors"],
            "Bob_B": ["data"],
            "full": ["data"],
            "app-only": ["errors"],
        }
        assert seen["alice"]["errors"] == [hidden("tweet", "id", id_)]

    async def test_ones_own_repost_of_whom_blocks_one_is_hidden_and_can_be_taken_back(self, service: Service) -> None:
        id_ = await _reposted(service, ALICE, PINNED)
        await service.tacet.actions.blocks.block(FULL.id, ALICE.id)
        for path in ("timelines/reverse_chronological", "tweets"):
            assert id_ not in (await service.get(f"/2/users/{ALICE.id}/{path}")).ids
        assert (await service.get(f"/2/tweets?ids={id_}")).json == {"errors": [hidden("tweet", "ids", id_)]}
        await undo(service, str(PINNED.id))
        assert (await service.get(f"/2/tweets?ids={id_}")).json == {"errors": [missing("tweet", "ids", id_)]}

    @pytest.mark.parametrize("state", [State.SUSPENDED, State.DEACTIVATED])
    async def test_a_repost_of_an_account_that_is_away_is_gone_until_it_is_back(
        self, service: Service, state: State
    ) -> None:
        id_ = await _reposted(service, ALICE, PINNED)
        await service.put(Person(FULL.id, FULL.username, FULL.name, state))
        assert (await service.get(f"/2/tweets/{id_}")).json == {"errors": [missing("tweet", "id", id_)]}
        await service.put(FULL)
        assert (await service.get(f"/2/tweets/{id_}")).json.keys() == {"data"}

    async def test_a_repost_of_what_was_never_here_is_gone_everywhere(self, service: Service) -> None:
        details = PostDetails(references=(Reference("retweeted", 6000),))
        await service.store.posts.put([Post(6001, ALICE.id, "RT @shy: secret", OWN.created_at_ms, details)])
        assert (await service.get("/2/tweets/6001")).json == {"errors": [missing("tweet", "id", "6001")]}
        for path in ("timelines/reverse_chronological", "tweets"):
            answer = await service.get(f"/2/users/{ALICE.id}/{path}")
            assert (answer.ids, answer.json["meta"]["newest_id"]) == ([str(OWN.id)], str(OWN.id))
        await undo(service, "6000")
        assert await service.store.posts.by_ids([6001]) == []

    @pytest.mark.parametrize("expansion", ["pinned_tweet_id", "most_recent_tweet_id"])
    async def test_a_repost_of_whom_one_may_not_see_comes_with_no_user(self, service: Service, expansion: str) -> None:
        id_ = await _reposted(service, ALICE, PINNED)
        await service.put(Person(ALICE.id, ALICE.username, ALICE.name, profile=Profile(pinned_post_id=int(id_))))
        path = f"/2/users/{ALICE.id}?expansions={expansion}"
        assert [post["id"] for post in (await service.get(path, BOB.username)).json["includes"]["tweets"]] == [id_]
        await service.tacet.actions.blocks.block(FULL.id, BOB.id)
        answer = await service.get(path, BOB.username)
        assert "includes" not in answer.json
        assert answer.json["errors"] == [{**hidden("tweet", expansion, id_), "section": "includes"}]

    async def test_a_mute_hides_no_post_that_is_asked_for(self, service: Service) -> None:
        await service.mute(ALICE, FULL.id)
        assert (await service.get("/2/tweets?ids=5001,5002")).ids == ["5001", "5002"]

    @pytest.mark.parametrize(
        ("state", "error"),
        [(State.SUSPENDED, hidden("tweet", "ids", "5001")), (State.DEACTIVATED, missing("tweet", "ids", "5001"))],
        ids=["suspended", "deactivated"],
    )
    async def test_posts_of_accounts_that_are_away_come_back_with_them(
        self, service: Service, state: State, error: dict[str, str]
    ) -> None:
        assert (await service.get("/2/tweets?ids=5001,5004")).ids == ["5001", "5004"]
        await service.put(Person(FULL.id, FULL.username, FULL.name, state))
        answer = await service.get("/2/tweets?ids=5001,5004")
        assert (answer.ids, answer.json["errors"]) == (["5004"], [error])
        await service.put(FULL)
        assert (await service.get("/2/tweets?ids=5001,5004")).ids == ["5001", "5004"]

    async def test_a_hundred_at_once_and_no_more(self, service: Service) -> None:
        ids = [await write(service) for _ in range(100)]
        assert (await service.get(f"/2/tweets?ids={','.join(ids)}")).ids == ids
        answer = await service.get(f"/2/tweets?ids={','.join([*ids, '5001'])}")
        assert answer.messages == [
            "The number of values in the `ids` query parameter list [101] is not between 1 and 100"
        ]

    async def test_ids_are_needed_and_are_numbers(self, service: Service, recorded: Recorded) -> None:
        empty = ours(recorded.message(r"The `ids` query parameter can not be empty"))
        assert (await service.get("/2/tweets")).messages == [empty]
        bad = (await service.get("/2/tweets?ids=1,foo")).messages
        assert bad == ["The `ids` query parameter value [foo] does not match ^[0-9]{1,19}$"]
        assert (await service.get("/2/tweets/:id")).messages == ["The `id` query parameter value [:id] is not valid"]


async def _reposted(service: Service, person: Person, post: Post) -> str:
    """The id of a new repost."""
    await repost(service, str(post.id), person)
    [head] = await service.store.posts.of_authors([person.id], Stretch(), 1)
    return str(head.id)


async def _let_in(service: Service, follower: Person, protected: Person) -> None:
    """What approving a follow request would do."""
    position = service.clock.now_ms() << 20
    relation = Relation(Kind.FOLLOW, follower.id, protected.id, position)
    await service.store.relations.add(relation, service.clock.now_ms())
