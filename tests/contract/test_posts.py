"""Posts that are looked up, judged by the schemas that X's documents have for posts in timelines.

The documents at hand are cut to mutes and what is near them; look-ups of posts are not among them, but posts are.
"""

from typing import Any

import pytest

from tests.cast import ALICE, BOB, CAROL, FULL, HIDDEN, LATEST, OWN, PINNED, UNKNOWN_ID
from tests.contract.documents import Document
from tests.service import Answer, Service

LIKE = "getUsersMentions"
"""The described operation whose answers hold what those of look-ups hold."""

LISTS = ("tweet.fields", "post.fields", "user.fields", "media.fields", "poll.fields", "place.fields", "expansions")
PRIVATE = {"non_public_metrics", "organic_metrics"}


@pytest.fixture
async def world(unlimited: Service) -> Service:
    body = {
        "text": "@full @gone $X #news https://example.com/a",
        "reply": {"in_reply_to_tweet_id": str(PINNED.id)},
        "quote_tweet_id": str(LATEST.id),
        "reply_settings": "following",
    }
    assert (await unlimited.post_json("/2/tweets", body, BOB.username)).status == 201
    repost = {"tweet_id": str(OWN.id)}
    assert (await unlimited.post_json(f"/2/users/{CAROL.id}/retweets", repost, CAROL.username)).status == 200
    return unlimited


async def everything(service: Service) -> str:
    """Ids of all posts there are, and of one there is not."""
    authors = [ALICE.id, BOB.id, CAROL.id, FULL.id]
    heads = await service.store.posts.latest(authors)
    ids = [*heads.values(), PINNED.id, HIDDEN.id, OWN.id, UNKNOWN_ID]
    return ",".join(str(id_) for id_ in dict.fromkeys(ids))


def choices(document: Document) -> dict[str, list[str]]:
    parameters = document.parameters(LIKE)
    return {each: parameters[each]["schema"]["items"]["enum"] for each in LISTS if each in parameters}


def words(document: Document, chosen: dict[str, list[str]]) -> str:
    """A query in the document's vocabulary."""
    noun = document.kind.vocabulary.noun
    return "&".join(f"{name}={','.join(values)}" for name, values in {f"{noun}.fields": ["id"], **chosen}.items())


def complaints(document: Document, answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    data = answer.json.get("data")
    listed = answer.json if data is None or isinstance(data, list) else {**answer.json, "data": [data]}
    return document.complaints(LIKE, listed)


@pytest.mark.parametrize("token", ["alice-with-email", "full", "app-only"])
async def test_posts_with_everything_are_the_documents(world: Service, document: Document, token: str) -> None:
    query = words(document, choices(document))
    many = await world.get(f"/2/tweets?ids={await everything(world)}&{query}", token)
    assert many.json.keys() == {"data", "includes", "errors"}
    assert complaints(document, many) == []
    for post_id in (PINNED.id, HIDDEN.id, UNKNOWN_ID):
        assert complaints(document, await world.get(f"/2/tweets/{post_id}?{query}", token)) == []


async def test_posts_with_each_choice_alone_are_the_documents(world: Service, document: Document) -> None:
    target = f"/2/tweets?ids={await everything(world)}"
    for name, values in choices(document).items():
        for value in values:
            answer = await world.get(f"{target}&{words(document, {name: [value]})}")
            assert complaints(document, answer) == [], (name, value)


async def test_every_expansion_that_can_include_something_does(world: Service, document: Document) -> None:
    target = f"/2/tweets?ids={await everything(world)}"
    empty = {"article", "attachments", "geo", f"edit_history_{document.kind.vocabulary.noun}_ids"}
    for value in choices(document)["expansions"]:
        answer = await world.get(f"{target}&{words(document, {'expansions': [value]})}")
        has_none = value.partition(".")[0] in empty
        # Media of posts that are referred to include those posts no more than media.
        has_none = has_none or value.endswith(".media_keys")
        assert ("includes" in answer.json) is not has_none, value


async def test_every_field_with_a_value_is_there_under_its_name(world: Service, document: Document) -> None:
    noun = document.kind.vocabulary.noun
    query = words(document, choices(document))
    answer = await world.get(f"/2/tweets/{PINNED.id}?{query}", FULL.username)
    known = {
        *("id text author_id conversation_id created_at display_text_range edit_controls entities lang source").split(),
        *("in_reply_to_user_id possibly_sensitive public_metrics reply_settings withheld").split(),
        *(f"edit_history_{noun}_ids", f"referenced_{noun}s"),
        *PRIVATE,
    }
    assert answer.json["data"].keys() == known


def test_a_member_that_no_post_has_is_noticed(document: Document) -> None:
    good: dict[str, Any] = {"data": [{"id": "1", "text": "a"}]}
    assert document.complaints(LIKE, good) == []
    assert document.complaints(LIKE, {"data": [{**good["data"][0], "retweeted": True}]})
