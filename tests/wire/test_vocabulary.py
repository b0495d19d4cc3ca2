"""The enumerations, compared with those of X's own documents."""

import json
from pathlib import Path
from typing import Any

import pytest

from tacet.wire.vocabulary import (
    ACCEPTED_EXPANSIONS,
    ACCEPTED_POST_EXPANSIONS,
    ACCEPTED_POST_FIELDS,
    ACCEPTED_USER_FIELDS,
    MEDIA_FIELDS,
    PLACE_FIELDS,
    POLL_FIELDS,
    POST,
    POST_TO_TWEET,
    TWEET,
    USER_FIELD_ORDER,
    Vocabulary,
)
from tests.wire.recorded import Recorded

DOCUMENTS = {"tweet": (TWEET, "openapi-2.166-mutes.json"), "post": (POST, "openapi-2.167-mutes.json")}


def enumeration(document: Any, parameter: str) -> list[str]:
    [found] = [each for each in document["components"]["parameters"].values() if each["name"] == parameter]
    values: list[str] = found["schema"]["items"]["enum"]
    return values


def expansions(document: Any, shown: str) -> list[str]:
    values: list[str] = document["components"]["parameters"][f"{shown}ExpansionsParameter"]["schema"]["items"]["enum"]
    return values


@pytest.mark.parametrize(("vocabulary", "file"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_each_vocabulary_is_that_of_its_document(shared_wire: Path, vocabulary: Vocabulary, file: str) -> None:
    document = json.loads((shared_wire / file).read_text())
    assert list(vocabulary.user_fields) == enumeration(document, "user.fields")
    assert list(vocabulary.post_fields) == enumeration(document, f"{vocabulary.noun}.fields")
    assert list(vocabulary.expansions) == expansions(document, "User")
    assert list(vocabulary.post_expansions) == expansions(document, vocabulary.noun.capitalize())
    assert list(MEDIA_FIELDS) == enumeration(document, "media.fields")
    assert list(POLL_FIELDS) == enumeration(document, "poll.fields")
    assert list(PLACE_FIELDS) == enumeration(document, "place.fields")


def test_users_are_answered_in_the_order_of_the_live_enumeration(recorded: Recorded) -> None:
    live = recorded.errors.split("enumeration order is no longer alphabetical: ", 1)[1].split("\n", 1)[0]
    assert list(USER_FIELD_ORDER) == live.split()


def test_both_vocabularies_are_accepted() -> None:
    assert {*TWEET.user_fields, *POST.user_fields} <= set(ACCEPTED_USER_FIELDS)
    assert {*TWEET.post_fields, *POST.post_fields} <= set(ACCEPTED_POST_FIELDS)
    assert {*TWEET.expansions, *POST.expansions} == set(ACCEPTED_EXPANSIONS)
    assert {*TWEET.post_expansions, *POST.post_expansions} == set(ACCEPTED_POST_EXPANSIONS)
    for accepted in (ACCEPTED_USER_FIELDS, ACCEPTED_POST_FIELDS, ACCEPTED_EXPANSIONS, ACCEPTED_POST_EXPANSIONS):
        assert len(accepted) == len(set(accepted))


def test_every_post_word_has_a_tweet_word() -> None:
    known = {*TWEET.user_fields, *TWEET.post_fields, *TWEET.expansions}
    assert set(POST_TO_TWEET.values()) <= known
    assert set(POST.expansions) <= POST_TO_TWEET.keys()


def test_names_in_parameters_and_includes_follow_the_noun() -> None:
    assert (TWEET.fields_parameter, TWEET.includes_key) == ("tweet.fields", "tweets")
    assert (POST.fields_parameter, POST.includes_key) == ("post.fields", "posts")
