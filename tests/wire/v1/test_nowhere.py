"""What the log says of v1.1 mistakes that its answers do not tell apart."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping

import pytest

from tacet.wire import refusals
from tacet.wire.v1.nowhere import ANYTHING, FAMILIES, MAX_COMPARED, guessed
from tests.service import Answer, Service
from tests.wire.test_refusals import Told
from tests.wire.v1.asking import CREATE, IDS, code, get, path, post, send

SERVED = ("mutes/users/ids", "mutes/users/create", "users/show", "blocks/create", "friendships/show")

ELSEWHERE = "v1.1 has this on X, Tacet does not; see docs/migrating.md"


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    caplog.set_level(logging.DEBUG)
    return lambda: [each.getMessage() for each in caplog.records if each.name == refusals.__name__]


GUESSES = {
    "one-of-a-family": ("statuses/home_timeline.json", ("/1.1/statuses/…", ELSEWHERE)),
    "with-an-id": ("statuses/show/20.json", ("/1.1/statuses/…", ELSEWHERE)),
    "one-route": ("blocks/list.json", ("/1.1/blocks/list.json", ELSEWHERE)),
    "one-route-without-json": ("friendships/create", ("/1.1/friendships/create.json", ELSEWHERE)),
    "a-letter-too-few": ("mutes/user/ids.json", (ANYTHING, "did you mean /1.1/mutes/users/ids.json?")),
    "no-json": ("mutes/users/ids", (ANYTHING, "did you mean /1.1/mutes/users/ids.json?")),
    "xml": ("mutes/users/ids.xml", (ANYTHING, "did you mean /1.1/mutes/users/ids.json?")),
    "capitals": ("MUTES/users/create.json", (ANYTHING, "did you mean /1.1/mutes/users/create.json?")),
    "slash": ("users/show.json/", (ANYTHING, "did you mean /1.1/users/show.json?")),
    "a-part-missing": ("mutes/ids.json", (ANYTHING, "did you mean /1.1/mutes/users/ids.json?")),
    "nothing-like-it": ("a-secret-of-somebody.json", (ANYTHING, "")),
    "nothing": ("", (ANYTHING, "")),
    "too-long": ("mutes/users/ids" * MAX_COMPARED, (ANYTHING, "")),
}


@pytest.mark.parametrize(("target", "guess"), GUESSES.values(), ids=GUESSES)
def test_a_path_is_known_or_like_one_that_is(target: str, guess: tuple[str, str]) -> None:
    assert guessed(f"/1.1/{target}", SERVED) == guess


async def test_no_family_has_a_route_that_is_served(service: Service) -> None:
    for id_ in (IDS, CREATE, "users/show", "users/lookup", "blocks/create", "friendships/show", "friendships/lookup"):
        assert not [family for family in FAMILIES if id_ == family or id_.startswith(family)]


MISTAKES: Mapping[str, tuple[Callable[[Service], Awaitable[Answer]], tuple[int, int], str]] = {
    "at-before-a-name": (
        lambda service: post(service, CREATE, screen_name="@bob"),
        (404, 50),
        "POST /1.1/mutes/users/create.json 404: screen_name has no @",
    ),
    "at-before-a-name-looked-up": (
        lambda service: get(service, "users/lookup", screen_name="@bob,@carol"),
        (404, 17),
        "GET /1.1/users/lookup.json 404: screen_name has no @",
    ),
    "at-before-a-target": (
        lambda service: get(service, "friendships/show", target_screen_name="@bob"),
        (404, 50),
        "GET /1.1/friendships/show.json 404: target_screen_name has no @",
    ),
    "a-name-as-id": (
        lambda service: get(service, "users/show", user_id="bob"),
        (404, 50),
        "GET /1.1/users/show.json 404: user_id is a number; for names there is screen_name",
    ),
    "bearer-of-oauth-2": (
        lambda service: service.get(path(IDS)),
        (403, 220),
        "GET /1.1/mutes/users/ids.json 403: v1.1 wants OAuth 1.0a here, not a bearer of OAuth 2.0",
    ),
    "an-app-alone": (
        lambda service: service.get(path(IDS), "app-only"),
        (403, 220),
        "GET /1.1/mutes/users/ids.json 403: v1.1 wants OAuth 1.0a here, not a bearer of an App alone",
    ),
    "a-route-that-is-not-here": (
        lambda service: send(service, "POST", "/1.1/statuses/update.json", {"status": "my-own-words"}),
        (404, 34),
        f"POST /1.1/statuses/… 404: {ELSEWHERE}",
    ),
    "a-typing-error": (
        lambda service: send(service, "GET", "/1.1/mutes/user/ids.json"),
        (404, 34),
        "GET /1.1/… 404: did you mean /1.1/mutes/users/ids.json?",
    ),
}


@pytest.mark.parametrize(("asking", "expected", "line"), MISTAKES.values(), ids=MISTAKES)
async def test_the_log_says_what_the_answer_does_not_and_no_value_of_it(
    service: Service,
    told: Told,
    asking: Callable[[Service], Awaitable[Answer]],
    expected: tuple[int, int],
    line: str,
) -> None:
    assert code(await asking(service)) == expected
    assert told() == [line]


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "text/plain"])
async def test_a_json_body_is_named_where_somebody_is_missing(service: Service, told: Told, content_type: str) -> None:
    body = json.dumps({"user_id": "1002"}).encode()
    headers = {**service.signature("POST", path(CREATE)), "content-type": content_type}
    answer = await service.call("POST", path(CREATE), token=None, headers=headers, body=body)
    assert code(answer) == (403, 108)
    assert told() == ["POST /1.1/mutes/users/create.json 403: v1.1 takes a form or the query; this body is JSON"]


async def test_who_sends_no_json_is_told_nothing_of_it(service: Service, told: Told) -> None:
    assert code(await post(service, CREATE)) == (403, 108)
    assert told() == []


async def test_what_is_like_nothing_is_not_logged(service: Service, told: Told) -> None:
    assert code(await service.get("/1.1/sandbox-oauth2-alice")) == (404, 34)
    assert told() == []


async def test_nothing_is_guessed_where_nobody_reads_it(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.delattr("tacet.wire.v1.routes.guessed")
    assert code(await service.get("/1.1/mutes/user/ids.json")) == (404, 34)
