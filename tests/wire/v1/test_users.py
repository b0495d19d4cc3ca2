import json

import pytest

from tacet.records.relations import Kind, Relation
from tests.cast import ALICE, BOB, CAROL, FULL, HIDDEN, LATEST, OWN, PROTECTED, STANDALONE_APP_ID
from tests.service import Answer, Service

SHOW = "/1.1/users/show.json"
LOOKUP = "/1.1/users/lookup.json"


def error(code: int, message: str) -> dict[str, object]:
    return {"errors": [{"code": code, "message": message}]}


def ids(answer: Answer) -> list[int]:
    assert answer.status == 200, answer.body
    return [user["id"] for user in answer.json]


class TestShow:
    @pytest.mark.parametrize("query", ["user_id=1002", "screen_name=bob_b"])
    async def test_shows_one(self, service: Service, query: str) -> None:
        answer = await service.signed("GET", f"{SHOW}?{query}")
        assert (answer.status, answer.json["screen_name"]) == (200, "Bob_B")

    @pytest.mark.parametrize(
        ("query", "status", "body"),
        [
            ("user_id=999999", 404, error(50, "User not found.")),
            ("screen_name=left", 404, error(50, "User not found.")),
            ("screen_name=gone", 403, error(63, "User has been suspended.")),
            ("", 403, error(38, "user_id parameter is missing.")),
        ],
        ids=["unknown", "left", "suspended", "nobody"],
    )
    async def test_who_cannot_be_shown_is_an_error(
        self, service: Service, query: str, status: int, body: dict[str, object]
    ) -> None:
        answer = await service.signed("GET", f"{SHOW}?{query}")
        assert (answer.status, answer.json) == (status, body)

    async def test_says_whom_the_caller_mutes(self, service: Service) -> None:
        assert (await service.signed("GET", f"{SHOW}?user_id=1002")).json["muting"] is False
        await service.mute(ALICE, BOB.id)
        assert (await service.signed("GET", f"{SHOW}?user_id=1002")).json["muting"] is True
        assert (await service.signed("GET", f"{SHOW}?user_id=1002", person=CAROL)).json["muting"] is False

    async def test_an_app_on_its_own_sees_no_ones_view(self, service: Service) -> None:
        await service.mute(ALICE, BOB.id)
        user = (await service.get(f"{SHOW}?user_id=1002", "app-only")).json
        assert [user[key] for key in ("following", "follow_request_sent", "notifications", "muting")] == [None] * 4

    async def test_options_are_read_in_every_spelling(self, service: Service) -> None:
        for yes in ("true", "True", "t", "1"):
            user = (await service.signed("GET", f"{SHOW}?user_id=1006&skip_status={yes}")).json
            assert "status" not in user
        for no in ("false", "False", "f", "0"):
            user = (await service.signed("GET", f"{SHOW}?user_id=1006&skip_status=0&include_entities={no}")).json
            assert user["status"]["id"] == LATEST.id
            assert "entities" not in user["status"]
            assert "entities" in user

    async def test_without_options_there_is_a_status_with_its_entities(self, service: Service) -> None:
        status = (await service.signed("GET", f"{SHOW}?user_id=1006")).json["status"]
        assert (status["text"], "entities" in status) == (LATEST.text, True)

    async def test_extended_statuses_have_their_full_text(self, service: Service) -> None:
        status = (await service.signed("GET", f"{SHOW}?user_id=1006&tweet_mode=extended")).json["status"]
        assert status["full_text"] == LATEST.text
        compatible = (await service.signed("GET", f"{SHOW}?user_id=1006&tweet_mode=compat")).json["status"]
        assert compatible["text"] == LATEST.text

    async def test_posts_of_protected_accounts_are_for_followers(self, service: Service) -> None:
        target = f"{SHOW}?user_id={PROTECTED.id}"
        stranger = (await service.signed("GET", target)).json
        assert (stranger["protected"], "status" in stranger) == (True, False)
        assert "status" not in (await service.get(target, "app-only")).json
        follow = Relation(Kind.FOLLOW, ALICE.id, PROTECTED.id, 2)
        await service.store.relations.add(follow, service.clock.now_ms())
        follower = (await service.signed("GET", target)).json
        assert (follower["following"], follower["status"]["id"]) == (True, HIDDEN.id)

    async def test_is_written_as_v1_writes(self, service: Service) -> None:
        body = (await service.signed("GET", f"{SHOW}?user_id=1003")).body
        assert body.startswith(
            b'{"id":1003,"id_str":"1003","name":"Carol \\u2615 \\ud83d\\ude80\\/\\u003c3","screen_name":"carol",'
        )

    async def test_works_for_apps_outside_projects(self, service: Service) -> None:
        assert (await service.signed("GET", f"{SHOW}?user_id=1002", STANDALONE_APP_ID)).status == 200


class TestLookup:
    async def test_come_in_the_order_asked(self, service: Service) -> None:
        assert ids(await service.signed("GET", f"{LOOKUP}?user_id=1003,1002,999999,1004,1001")) == [1003, 1002, 1001]
        assert ids(await service.signed("GET", f"{LOOKUP}?screen_name=carol,nobody,alice")) == [1003, 1001]

    async def test_by_post_too_with_parameters_in_the_query_or_in_a_form(self, service: Service) -> None:
        assert ids(await service.signed("POST", f"{LOOKUP}?user_id=1003%2C1002")) == [1003, 1002]
        answer = await service.call(
            "POST",
            LOOKUP,
            token="app-only",
            headers={"content-type": "application/x-www-form-urlencoded"},
            body=b"user_id=1003&screen_name=alice",
        )
        assert ids(answer) == [1003, 1001]

    async def test_shares_one_window_whatever_the_method(self, service: Service) -> None:
        first = await service.signed("GET", f"{LOOKUP}?user_id=1002")
        second = await service.signed("POST", f"{LOOKUP}?user_id=1002")
        left = [int(answer.headers["x-rate-limit-remaining"]) for answer in (first, second)]
        assert left == [899, 898]

    @pytest.mark.parametrize(
        ("query", "status", "body"),
        [
            ("user_id=999999,1004", 404, error(17, "No user matches for specified terms.")),
            ("screen_name=nobody", 404, error(17, "No user matches for specified terms.")),
            ("", 403, error(38, "user_id parameter is missing.")),
            ("user_id=" + ",".join(["1002"] * 101), 403, error(18, "Too many terms specified in query.")),
        ],
        ids=["nobody-there", "no-such-name", "nobody-asked-for", "too-many"],
    )
    async def test_nobody_and_too_many_are_errors(
        self, service: Service, query: str, status: int, body: dict[str, object]
    ) -> None:
        answer = await service.signed("GET", f"{LOOKUP}?{query}")
        assert (answer.status, answer.json) == (status, body)

    async def test_a_hundred_at_once(self, service: Service) -> None:
        crowd = await service.crowd(100)
        wanted = [person.id for person in crowd]
        assert ids(await service.signed("GET", f"{LOOKUP}?user_id={','.join(map(str, wanted))}")) == wanted

    async def test_each_has_their_own_status_and_connections(self, service: Service) -> None:
        await service.mute(ALICE, FULL.id)
        users = (await service.signed("GET", f"{LOOKUP}?user_id=1006,1001,1002")).json
        assert [user.get("status", {}).get("id") for user in users] == [LATEST.id, OWN.id, None]
        assert [user["muting"] for user in users] == [True, False, False]


async def test_no_answer_holds_what_a_client_takes_for_an_error(service: Service) -> None:
    for target in (f"{SHOW}?user_id=1006", f"{LOOKUP}?user_id=1006,999999"):
        answer = await service.signed("GET", target)
        assert answer.status == 200
        assert not {key for key in keys(answer.json) if key in {"error", "errors"}}


def keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | set().union(*(keys(inner) for inner in value.values()))
    return set().union(*(keys(inner) for inner in value)) if isinstance(value, list) else set()


async def test_what_is_shown_is_json_that_any_client_reads(service: Service) -> None:
    answer = await service.signed("GET", f"{SHOW}?user_id={BOB.id}")
    assert answer.body.isascii()
    assert json.loads(answer.body)["id"] == BOB.id
