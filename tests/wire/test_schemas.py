import json

from jsonschema import Draft202012Validator

from tacet.wire.schemas import closed, schemas, shaped_like
from tacet.wire.selection import select
from tacet.wire.v2.render_post import render_post
from tacet.wire.vocabulary import POST, TWEET, USER_FIELD_ORDER
from tests.cast import FULL, PINNED

ALL = select({"tweet.fields": TWEET.post_fields, "post.fields": POST.post_fields}).post_fields


def test_a_closed_object_has_what_it_must_and_nothing_unknown() -> None:
    valid = Draft202012Validator(closed({"a": {}}, {"b": {}})).is_valid
    assert [valid({"a": 1}), valid({"a": 1, "b": 2})] == [True, True]
    assert [valid({}), valid({"b": 2}), valid({"a": 1, "c": 3})] == [False, False, False]


def test_what_is_shaped_like_a_body_differs_only_where_it_may() -> None:
    body = {"title": "Gone", "value": "7"}
    valid = Draft202012Validator(shaped_like(json.dumps(body).encode(), value={"type": "string"})).is_valid
    assert [valid(body), valid({**body, "value": "8"})] == [True, True]
    assert [valid({**body, "value": 8}), valid({**body, "title": "Lost"}), valid({"title": "Gone"})] == [False] * 3


def test_a_user_is_described_with_every_field_there_is() -> None:
    described = schemas()["User"]["properties"].keys()
    assert described == {*USER_FIELD_ORDER, "pinned_post_id", "most_recent_post_id"}


def test_a_post_is_described_with_every_field_that_is_ever_shown() -> None:
    for name, vocabulary in (("Tweet", TWEET), ("Post", POST)):
        shown = render_post(PINNED, ALL, vocabulary, FULL.id)
        assert schemas()[name]["properties"].keys() == shown.keys()
