from pathlib import Path

import pytest

from tacet.records.people import Person, State
from tacet.records.relations import Kind, Relation
from tacet.wire.v1.encoding import encode_v1
from tests.cast import ALICE, BOB, CAROL, DEACTIVATED, FULL, PROTECTED, SUSPENDED, UNKNOWN_ID
from tests.service import Service
from tests.wire.v1.asking import CREATE, DESTROY, IDS, LIST, Given, ask, can_sign, code, get, post

EMPTY = '"next_cursor":0,"next_cursor_str":"0","previous_cursor":0,"previous_cursor_str":"0","total_count":null}'


async def mute_all(service: Service, people: list[Person]) -> None:
    """Alice mutes everybody, in this order, at once."""
    relations = [Relation(Kind.MUTE, ALICE.id, person.id, (2 + n) << 20) for n, person in enumerate(people)]
    await service.store.relations.add_many(relations)


class TestIds:
    async def test_nobody_is_muted(self, service: Service, shared_wire: Path) -> None:
        answer = await get(service, IDS)
        assert answer.body.decode() == '{"ids":[],' + EMPTY
        assert answer.body.decode() in (shared_wire / "WIRE.md").read_text()

    async def test_the_newest_mute_comes_first(self, service: Service) -> None:
        await mute_all(service, [BOB, CAROL])
        assert (await get(service, IDS)).body.decode() == f'{{"ids":[{CAROL.id},{BOB.id}],' + EMPTY

    @pytest.mark.parametrize("value", ["true", "True", "t", "1"])
    async def test_ids_are_texts_where_that_is_asked(self, service: Service, value: str) -> None:
        await mute_all(service, [BOB, CAROL])
        answer = await get(service, IDS, stringify_ids=value)
        assert answer.body.decode() == f'{{"ids":["{CAROL.id}","{BOB.id}"],' + EMPTY

    @pytest.mark.parametrize("value", ["false", "False", "", "0"])
    async def test_else_they_are_numbers(self, service: Service, value: str) -> None:
        await mute_all(service, [BOB])
        assert (await get(service, IDS, stringify_ids=value)).json["ids"] == [BOB.id]

    async def test_a_page_holds_five_thousand(self, service: Service) -> None:
        people = [Person(20_000 + n, f"p{n}", "P") for n in range(5_001)]
        await service.put(*people)
        await mute_all(service, people)
        first = (await get(service, IDS, count="10")).json
        assert first["ids"] == [person.id for person in reversed(people[1:])]
        assert first["previous_cursor"] == 0
        last = (await get(service, IDS, cursor=first["next_cursor_str"])).json
        assert (last["ids"], last["next_cursor"]) == ([people[0].id], 0)
        back = (await get(service, IDS, cursor=last["previous_cursor_str"])).json
        assert last["previous_cursor"] < 0
        assert back == first

    @pytest.mark.parametrize("state", [State.SUSPENDED, State.DEACTIVATED], ids=str)
    async def test_whoever_is_suspended_is_left_out_and_comes_back(self, service: Service, state: State) -> None:
        await mute_all(service, [BOB, CAROL, FULL])
        for now, expected in (
            (State.ACTIVE, [FULL.id, CAROL.id, BOB.id]),
            (state, [FULL.id, BOB.id]),
            (State.ACTIVE, [FULL.id, CAROL.id, BOB.id]),
        ):
            await service.put(Person(CAROL.id, CAROL.username, CAROL.name, now))
            for _ in range(2):
                assert (await get(service, IDS)).json["ids"] == expected

    async def test_a_page_of_nobody_who_is_shown_is_not_the_last(self, service: Service) -> None:
        await mute_all(service, [BOB, SUSPENDED])
        page = (await get(service, LIST, count="1")).json
        assert page["users"] == []
        assert [user["id"] for user in (await get(service, LIST, cursor=page["next_cursor_str"])).json["users"]] == [
            BOB.id
        ]

    @pytest.mark.parametrize("id_", [IDS, LIST])
    @pytest.mark.parametrize("cursor", ["abc", "1.5", "9" * 20, "--1"])
    async def test_a_cursor_that_is_none(self, service: Service, id_: str, cursor: str) -> None:
        assert code(await get(service, id_, cursor=cursor)) == (400, 214)

    async def test_cursor_zero_is_behind_the_last_page(self, service: Service) -> None:
        await mute_all(service, [BOB])
        answer = (await get(service, IDS, cursor="0")).json
        assert (answer["ids"], answer["next_cursor"]) == ([], 0)

    async def test_nobody_sees_anothers(self, service: Service) -> None:
        await can_sign(service, BOB)
        await mute_all(service, [CAROL])
        assert (await ask(service, "GET", IDS, person=BOB)).json["ids"] == []

    async def test_a_mute_that_has_ended_is_not_there(self, service: Service) -> None:
        await service.tacet.actions.mutes.mute(ALICE.id, BOB.id, end_at_ms=service.clock.now_ms() + 1)
        assert (await get(service, IDS)).json["ids"] == [BOB.id]
        service.clock.advance(1)
        assert (await get(service, IDS)).json["ids"] == []
        assert code(await post(service, DESTROY, user_id=str(BOB.id))) == (403, 272)


class TestList:
    async def test_nobody_is_muted(self, service: Service, shared_wire: Path) -> None:
        assert (await get(service, LIST)).body.decode() == '{"users":[],' + EMPTY
        assert 'and the same with "users"' in (shared_wire / "WIRE.md").read_text()

    async def test_users_are_whole_and_muted(self, service: Service) -> None:
        await mute_all(service, [BOB, FULL])
        users = (await get(service, LIST)).json["users"]
        assert [(user["screen_name"], user["muting"]) for user in users] == [
            (FULL.username, True),
            (BOB.username, True),
        ]
        assert users[0]["status"]["id"] == 5002

    @pytest.mark.parametrize("value", ["true", "t", "1", "True"])
    async def test_statuses_can_be_left_out(self, service: Service, value: str) -> None:
        await mute_all(service, [FULL])
        [user] = (await get(service, LIST, skip_status=value)).json["users"]
        assert "status" not in user

    async def test_entities_of_statuses_can_be_left_out_and_those_of_users_stay(self, service: Service) -> None:
        await mute_all(service, [FULL])
        [user] = (await get(service, LIST, include_entities="false")).json["users"]
        assert "entities" not in user["status"]
        assert "entities" in user

    @pytest.mark.parametrize(
        ("count", "length"),
        [(None, 20), ("1", 1), ("200", 200), ("201", 200), ("100000", 200), ("0", 20), ("-5", 20), ("many", 20)],
    )
    async def test_a_page_has_twenty_or_what_is_asked_up_to_200(
        self, service: Service, count: str | None, length: int
    ) -> None:
        await mute_all(service, await service.crowd(201))
        answer = await get(service, LIST, skip_status="1", **({} if count is None else {"count": count}))
        assert len(answer.json["users"]) == length
        assert (answer.json["next_cursor"] == 0) == (length > 200)

    async def test_pages_lead_to_the_end_and_back(self, service: Service) -> None:
        people = await service.crowd(45)
        await mute_all(service, people)
        seen: list[int] = []
        forward, back = ["-1"], "0"
        while forward[-1] != "0":
            page = (await get(service, LIST, cursor=forward[-1], skip_status="1")).json
            seen += [user["id"] for user in page["users"]]
            forward.append(page["next_cursor_str"])
            back = page["previous_cursor_str"]
        assert seen == [person.id for person in reversed(people)]
        assert len(forward) == 4
        page = (await get(service, LIST, cursor=back, skip_status="1")).json
        assert [user["id"] for user in page["users"]] == seen[20:40]


TARGETS: dict[str, Given] = {
    "id": {"user_id": str(BOB.id)},
    "name": {"screen_name": BOB.username},
    "name-in-another-case": {"screen_name": "bOb_B"},
    "both": {"user_id": str(BOB.id), "screen_name": CAROL.username},
}

REFUSED: dict[str, tuple[Given, tuple[int, int]]] = {
    "nobody-named": ({}, (403, 108)),
    "empty": ({"user_id": "", "screen_name": ""}, (403, 108)),
    "unknown-id": ({"user_id": str(UNKNOWN_ID)}, (404, 50)),
    "unknown-name": ({"screen_name": "nobody_here"}, (404, 50)),
    "no-id": ({"user_id": "x"}, (404, 50)),
    "id-too-large": ({"user_id": "9" * 19}, (404, 50)),
    "suspended": ({"user_id": str(SUSPENDED.id)}, (403, 63)),
    "suspended-by-name": ({"screen_name": SUSPENDED.username}, (403, 63)),
    "deactivated": ({"user_id": str(DEACTIVATED.id)}, (404, 50)),
}


class TestCreateAndDestroy:
    @pytest.mark.parametrize("place", ["query", "form"])
    @pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
    async def test_whoever_is_named_is_muted_and_unmuted(self, service: Service, target: Given, place: str) -> None:
        answers = []
        for id_ in (CREATE, DESTROY):
            query, form = (target, None) if place == "query" else (None, target)
            answers.append(await ask(service, "POST", id_, query, form))
            answers.append(await get(service, IDS))
        created, muted, destroyed, unmuted = answers
        assert [created.status, destroyed.status] == [200, 200]
        assert created.json["id"] == destroyed.json["id"] == BOB.id
        assert (muted.json["ids"], unmuted.json["ids"]) == ([BOB.id], [])

    async def test_the_reply_shows_the_state_before_the_call(self, service: Service) -> None:
        states = [(await post(service, id_, user_id="1002")).json["muting"] for id_ in (CREATE, CREATE, DESTROY)]
        assert states == [False, True, True]

    async def test_muting_again_changes_nothing(self, service: Service) -> None:
        for target in ("1002", "1003", "1002"):
            assert (await post(service, CREATE, user_id=target)).status == 200
            service.clock.advance(10)
        assert (await get(service, IDS)).json["ids"] == [1003, 1002]

    @pytest.mark.parametrize("id_", [CREATE, DESTROY])
    @pytest.mark.parametrize(("target", "expected"), REFUSED.values(), ids=REFUSED)
    async def test_who_cannot_be_found(
        self, service: Service, id_: str, target: Given, expected: tuple[int, int]
    ) -> None:
        assert code(await post(service, id_, **target)) == expected
        assert (await get(service, IDS)).json["ids"] == []

    @pytest.mark.parametrize("target", [{"user_id": "1001"}, {"screen_name": "ALICE"}], ids=["id", "name"])
    async def test_oneself(self, service: Service, target: Given) -> None:
        assert code(await post(service, CREATE, **target)) == (403, 271)
        assert code(await post(service, DESTROY, **target)) == (403, 272)

    async def test_whoever_is_not_muted_cannot_be_unmuted(self, service: Service) -> None:
        assert code(await post(service, DESTROY, user_id="1002")) == (403, 272)

    async def test_protected_and_blocked_accounts_can_be_muted(self, service: Service) -> None:
        await post(service, "blocks/create", user_id=str(BOB.id))
        for person in (PROTECTED, BOB):
            assert (await post(service, CREATE, user_id=str(person.id))).status == 200
        assert (await get(service, IDS)).json["ids"] == [BOB.id, PROTECTED.id]

    async def test_what_comes_back_is_the_user_object_of_users_show(self, service: Service) -> None:
        created = await post(service, CREATE, user_id=str(FULL.id))
        shown = (await get(service, "users/show", user_id=str(FULL.id))).json
        assert created.body == encode_v1(shown | {"muting": False})

    async def test_status_and_entities_can_be_left_out(self, service: Service) -> None:
        answer = await post(service, CREATE, user_id=str(FULL.id), skip_status="true")
        assert "status" not in answer.json
        answer = await post(service, DESTROY, user_id=str(FULL.id), include_entities="false")
        assert "entities" not in answer.json["status"]
