import logging
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tacet.records.credentials import TokenKind
from tacet.records.people import Person, State
from tacet.store.base import StoreBusy, StoreError
from tests.cast import (
    ALICE,
    APP_ID,
    BOB,
    DEACTIVATED,
    READ_ONLY_APP_ID,
    STANDALONE_APP_ID,
    SUSPENDED,
    access_token,
)
from tests.identity.oauth1.signing import FORM_TYPE
from tests.service import Answer, Method, Service, in_memory
from tests.wire.v1.asking import CREATE, DESTROY, IDS, LIST, STATUS, ask, can_sign, code, get, path, post

READS = (IDS, LIST, "account/verify_credentials", STATUS)
WRITES = (CREATE, DESTROY, "blocks/create", "blocks/destroy")
LIMIT_HEADERS = ("x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset")


class TestAuthentication:
    @pytest.mark.parametrize("id_", READS)
    @pytest.mark.parametrize(
        "app_id", [APP_ID, READ_ONLY_APP_ID, STANDALONE_APP_ID], ids=["writes", "reads", "standalone"]
    )
    async def test_a_signature_of_a_person_reads(self, service: Service, id_: str, app_id: int) -> None:
        assert (await ask(service, "GET", id_, app_id=app_id)).status == 200

    async def test_a_standalone_app_writes(self, service: Service) -> None:
        answer = await ask(service, "POST", CREATE, {"user_id": "1002"}, app_id=STANDALONE_APP_ID)
        assert (answer.status, answer.headers["x-access-level"]) == (200, "read-write")

    @pytest.mark.parametrize(
        ("headers", "expected"),
        [
            pytest.param({}, (400, 215), id="nothing"),
            pytest.param({"authorization": "Basic Y2s6Y3M="}, (400, 215), id="basic"),
            pytest.param({"authorization": ""}, (400, 215), id="empty"),
            pytest.param({"authorization": "OAuth"}, (401, 32), id="signature-of-nothing"),
            pytest.param({"authorization": 'OAuth oauth_consumer_key="x'}, (401, 32), id="malformed"),
            pytest.param({"authorization": "Bearer nobodys"}, (401, 89), id="unknown-bearer"),
            pytest.param({"authorization": "Bearer alice-expired"}, (401, 89), id="expired-bearer"),
            pytest.param({"authorization": "Bearer alice-revoked"}, (401, 89), id="revoked-bearer"),
            pytest.param({"authorization": "Bearer"}, (401, 89), id="empty-bearer"),
            pytest.param({"authorization": "bearer alice"}, (403, 220), id="oauth-2-user"),
            pytest.param({"authorization": "Bearer app-only"}, (403, 220), id="app-only"),
        ],
    )
    @pytest.mark.parametrize(("method", "id_"), [("GET", IDS), ("POST", CREATE)])
    async def test_other_credentials_do_not_do(
        self, service: Service, method: Method, id_: str, headers: dict[str, str], expected: tuple[int, int]
    ) -> None:
        assert code(await service.call(method, path(id_), token=None, headers=headers)) == expected

    @pytest.mark.parametrize(
        ("changed", "expected"),
        [
            pytest.param({"resource_owner_secret": "wrong"}, (401, 32), id="wrong-token-secret"),
            pytest.param({"client_secret": "wrong"}, (401, 32), id="wrong-consumer-secret"),
            pytest.param({"client_key": "nobodys"}, (401, 32), id="unknown-app"),
            pytest.param({"resource_owner_key": None, "resource_owner_secret": None}, (401, 32), id="no-token"),
            pytest.param({"signature_method": "PLAINTEXT"}, (401, 32), id="plaintext"),
            pytest.param({"resource_owner_key": "1001-nobodys"}, (401, 89), id="unknown-token"),
            pytest.param({"resource_owner_key": "1001-ended"}, (401, 89), id="revoked-token"),
            pytest.param({"resource_owner_key": "1001-2003"}, (401, 89), id="token-of-another-app"),
            pytest.param({"resource_owner_key": "alice"}, (401, 89), id="bearer-as-token"),
            pytest.param({"timestamp": "1"}, (401, 135), id="too-old"),
            pytest.param({"timestamp": "9999999999"}, (401, 135), id="too-early"),
            pytest.param({"timestamp": "1", "resource_owner_key": "1001-nobodys"}, (401, 135), id="old-and-unknown"),
        ],
    )
    async def test_a_signature_that_is_no_good(
        self, service: Service, changed: dict[str, Any], expected: tuple[int, int]
    ) -> None:
        ended = access_token(service.vault, ALICE, APP_ID)
        digest = service.vault.digest("1001-ended")
        await service.store.credentials.put_token(
            type(ended)(digest, TokenKind.OAUTH1_USER, APP_ID, 1001, "", ended.secret_sealed, 0, revoked_at_ms=1)
        )
        answer = await ask(service, "GET", IDS, **changed)
        assert code(answer) == expected
        assert answer.headers["www-authenticate"].startswith("OAuth")

    async def test_the_same_request_twice_is_a_bad_signature(self, service: Service) -> None:
        headers = service.signature("GET", path(IDS))
        first, second = [await service.call("GET", path(IDS), token=None, headers=headers) for _ in range(2)]
        assert (first.status, code(second)) == (200, (401, 32))

    @pytest.mark.parametrize("person", [SUSPENDED, DEACTIVATED], ids=["suspended", "deactivated"])
    async def test_nobody_speaks_for_whoever_is_not_there(self, service: Service, person: Person) -> None:
        await can_sign(service, person)
        assert code(await ask(service, "GET", IDS, person=person)) == (401, 89)
        await service.put(Person(person.id, person.username, person.name, State.ACTIVE))
        assert (await ask(service, "GET", IDS, person=person)).status == 200

    async def test_a_signature_may_stand_in_the_query(self, service: Service) -> None:
        signed = service.signature("GET", path(IDS))["authorization"].removeprefix("OAuth ")
        query = "&".join(part.replace('"', "") for part in signed.split(", "))
        assert (await service.call("GET", f"{path(IDS)}?{query}", token=None)).status == 200

    async def test_a_signature_may_stand_in_the_form_and_is_none_of_the_parameters(self, service: Service) -> None:
        signed = service.signature("POST", path(CREATE))["authorization"].removeprefix("OAuth ")
        form = "&".join(part.replace('"', "") for part in signed.split(", "))
        headers = {"content-type": FORM_TYPE}
        answer = await service.call("POST", path(CREATE), token=None, headers=headers, body=form.encode())
        assert code(answer) == (403, 108)

    @pytest.mark.parametrize("query", ["%", "a=%zz", "%ff=1", "&".join(["a=b"] * 300)])
    async def test_a_query_that_cannot_be_read(self, service: Service, query: str) -> None:
        answer = await service.get(f"{path(STATUS)}?{query}", "app-only")
        assert code(answer) == (400, 214)

    @pytest.mark.parametrize("id_", [STATUS, "users/show", "users/lookup", "friendships/show"])
    async def test_an_app_on_its_own_may_ask_for_some(self, service: Service, id_: str) -> None:
        targets = "user_id=1002&source_id=1001&target_id=1002"
        for token in ("app-only", "app-only-standalone"):
            assert (await service.get(f"{path(id_)}?{targets}", token)).status == 200


class TestPermission:
    @pytest.mark.parametrize("id_", WRITES)
    async def test_an_app_that_only_reads_writes_nothing(self, service: Service, id_: str) -> None:
        answer = await ask(service, "POST", id_, {"user_id": "1002"}, app_id=READ_ONLY_APP_ID)
        assert code(answer) == (403, 261)
        assert answer.headers["x-access-level"] == "read"
        assert (await get(service, IDS)).json["ids"] == []

    @pytest.mark.parametrize("id_", READS)
    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"])
    async def test_a_read_by_another_method(self, service: Service, id_: str, method: Method) -> None:
        answer = await ask(service, method, id_)
        assert answer.body == b'{"errors":[{"code":86,"message":"This method requires a GET or HEAD."}]}'
        assert answer.status == 400

    @pytest.mark.parametrize("id_", WRITES)
    @pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
    async def test_a_write_by_another_method(self, service: Service, id_: str, method: Method) -> None:
        answer = await ask(service, method, id_, {"user_id": "1002"})
        assert (answer.status, answer.json["errors"][0]["message"]) == (400, "This method requires a POST.")


class TestLimits:
    async def test_reads_tell_their_window(self, service: Service) -> None:
        answers = [await get(service, IDS) for _ in range(3)]
        now_s = service.clock.now_ms() // 1000
        told = [[int(answer.headers[name]) for name in LIMIT_HEADERS] for answer in answers]
        assert told == [[15, left, now_s + 900] for left in (14, 13, 12)]

    async def test_past_it_429(self, service: Service) -> None:
        for _ in range(15):
            assert (await get(service, IDS)).status == 200
        answer = await get(service, IDS)
        assert answer.body == b'{"errors":[{"message":"Rate limit exceeded","code":88}]}'
        assert (answer.status, answer.headers["x-rate-limit-remaining"]) == (429, "0")
        assert (await get(service, LIST)).status == 200
        service.clock.advance(900_000)
        assert (await get(service, IDS)).status == 200

    @pytest.mark.parametrize("id_", [CREATE, DESTROY])
    async def test_writes_are_counted_and_tell_nothing(self, service: Service, id_: str) -> None:
        for _ in range(50):
            answer = await post(service, id_, user_id="1002")
            assert answer.status in (200, 403)
            assert not answer.headers.keys() & set(LIMIT_HEADERS)
        answer = await post(service, id_, user_id="1002")
        assert code(answer) == (429, 88)
        assert not answer.headers.keys() & set(LIMIT_HEADERS)

    async def test_a_read_that_is_refused_counts_and_tells(self, service: Service) -> None:
        assert [(await get(service, IDS, cursor="x")).headers["x-rate-limit-remaining"] for _ in range(2)] == [
            "14",
            "13",
        ]

    async def test_whoever_is_not_known_spends_and_is_told_nothing(self, service: Service) -> None:
        answer = await ask(service, "GET", IDS, client_secret="wrong")
        assert not answer.headers.keys() & {*LIMIT_HEADERS, "x-access-level"}
        assert (await get(service, IDS)).headers["x-rate-limit-remaining"] == "14"

    async def test_v1_and_v2_have_windows_of_their_own(self, service: Service) -> None:
        await service.page(ALICE)
        assert (await get(service, IDS)).headers["x-rate-limit-remaining"] == "14"

    async def test_a_window_is_a_person_s_in_whatever_app(self, service: Service) -> None:
        await ask(service, "GET", IDS, app_id=STANDALONE_APP_ID)
        assert (await get(service, IDS)).headers["x-rate-limit-remaining"] == "13"
        await can_sign(service, BOB)
        assert (await ask(service, "GET", IDS, person=BOB)).headers["x-rate-limit-remaining"] == "14"

    async def test_without_limits_nothing_is_told(self, unlimited: Service) -> None:
        assert not (await get(unlimited, IDS)).headers.keys() & set(LIMIT_HEADERS)

    async def test_what_an_app_asks_for_is_counted(self, service: Service) -> None:
        for _ in range(16):
            await get(service, IDS)
        await ask(service, "GET", IDS, client_secret="wrong")
        [usage] = await service.tacet.usage.of(APP_ID)
        assert (usage.requests, usage.refused) == (16, 1)


def recorded_headers(shared_wire: Path) -> dict[str, str]:
    """Names of a recorded answer, and values where one is given."""
    text = (shared_wire / "v1.1.md").read_text()
    [line] = re.findall(r"^Headers: (.+?)\. {2}POST: no x-rate-limit", text, re.MULTILINE)
    listed: dict[str, str] = {}
    for part in line.replace("disposition attachment; ", "disposition attachment;").split("; "):
        names, _, value = part.partition(" ")
        listed |= {name: value.replace("attachment;", "attachment; ") for name in names.split("/")}
    return listed


OURS = {"server", "date", "last-modified"}
"""Recorded headers whose value is our own: the name of the server, and moments."""

CALLS: dict[str, Callable[[Service], Awaitable[Answer]]] = {
    "ids": lambda service: get(service, IDS),
    "create": lambda service: post(service, CREATE, user_id="1002"),
    "refused": lambda service: post(service, CREATE, user_id="1001"),
    "unknown-path": lambda service: get(service, "nowhere"),
    "unknown-token": lambda service: ask(service, "GET", IDS, resource_owner_key="1001-nobodys"),
}


class TestHeaders:
    @pytest.mark.parametrize("called", CALLS.values(), ids=CALLS)
    async def test_every_answer_has_the_recorded_headers(
        self, service: Service, shared_wire: Path, called: Callable[[Service], Awaitable[Answer]]
    ) -> None:
        answer = await called(service)
        recorded = recorded_headers(shared_wire)
        assert len(recorded) > 15
        known = "x-access-level" in answer.headers
        assert known == (answer.status in (200, 403))
        assert set(recorded) - ({"x-access-level"} - ({"x-access-level"} if known else set())) <= answer.headers.keys()
        valued = {name: value for name, value in recorded.items() if value and name not in OURS | {"status"}}
        assert {name: answer.headers[name] for name in valued if name in answer.headers} == {
            name: value for name, value in valued.items() if name in answer.headers
        }
        assert answer.headers["status"].startswith(f"{answer.status} ")

    async def test_they_stand_in_the_order_of_their_names(self, service: Service) -> None:
        for answer in (await get(service, IDS), await post(service, CREATE, user_id="1002")):
            assert list(answer.headers) == sorted(answer.headers)

    async def test_dates_are_those_of_http(self, service: Service) -> None:
        answer = await get(service, IDS)
        assert answer.headers["date"] == answer.headers["last-modified"] == "Sat, 07 May 2022 13:20:56 GMT"

    async def test_each_request_has_a_number(self, service: Service) -> None:
        numbers = {(await get(service, IDS)).headers["x-transaction"] for _ in range(3)}
        assert len(numbers) == 3
        assert all(re.fullmatch("[0-9a-f]{16}", number) for number in numbers)

    @pytest.mark.parametrize(
        ("status", "line"), [(200, "200 OK"), (403, "403 Forbidden"), (404, "404 Not Found")], ids=str
    )
    async def test_the_status_is_told_twice(self, service: Service, status: int, line: str) -> None:
        answers = [await called(service) for called in CALLS.values()]
        assert {answer.headers["status"] for answer in answers if answer.status == status} == {line}


class TestTrouble:
    @pytest.mark.parametrize(
        ("error", "expected"),
        [
            (StoreBusy("full"), (503, 130)),
            (StoreError("the disk is full"), (503, 130)),
            (ValueError("bug"), (500, 131)),
        ],
        ids=["busy", "broken", "bug"],
    )
    async def test_what_goes_wrong_here_is_told_in_the_words_of_v1(
        self,
        service: Service,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        error: Exception,
        expected: tuple[int, int],
    ) -> None:
        async def fail(*_arguments: object) -> bool:
            raise error

        monkeypatch.setattr(service.store.relations, "add", fail)
        with caplog.at_level(logging.ERROR):
            answer = await post(service, CREATE, user_id="1002")
        assert code(answer) == expected
        assert ("retry-after" in answer.headers) == (expected[0] == 503)
        assert str(error) not in answer.body.decode()

    async def test_a_body_too_large(self) -> None:
        async with in_memory(max_body_bytes=1_024) as service:
            answer = await ask(service, "POST", CREATE, form={"screen_name": "x" * 1_024})
        assert answer.status == 413
        assert answer.json["status"] == 413

    async def test_why_a_request_was_refused_is_in_the_log_and_no_value_of_it(
        self, service: Service, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            await ask(service, "POST", CREATE, {"screen_name": "somebody"}, resource_owner_key="1001-nobodys")
        [line] = [record.getMessage() for record in caplog.records if record.name == "tacet.wire.refusals"]
        assert line.startswith("POST /1.1/mutes/users/create.json 401: unknown_token")
        assert "nobodys" not in line
        assert "somebody" not in line


class TestAnOutage:
    @pytest.mark.parametrize("error", [StoreBusy("full"), StoreError("the disk is full")], ids=["busy", "broken"])
    async def test_reads_that_the_database_fails_at_cost_nothing(
        self, service: Service, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        async def fail(*_arguments: object) -> None:
            raise error

        with monkeypatch.context() as failing:
            failing.setattr(service.store.relations, "packed", fail)
            failing.setattr(service.store.relations, "older", fail)
            answers = [await get(service, IDS) for _ in range(20)]
            assert {(each.status, each.headers["x-rate-limit-remaining"]) for each in answers} == {(503, "15")}
        assert (await get(service, IDS)).headers["x-rate-limit-remaining"] == "14"

    async def test_writes_that_the_database_fails_at_cost_nothing(
        self, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail(*_arguments: object) -> None:
            raise StoreBusy("full")

        with monkeypatch.context() as failing:
            failing.setattr(service.store.relations, "add", fail)
            assert {(await post(service, CREATE, user_id=str(BOB.id))).status for _ in range(60)} == {503}
        assert (await post(service, CREATE, user_id=str(BOB.id))).status == 200
