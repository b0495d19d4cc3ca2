import pytest

from tacet.records.people import Person
from tacet.records.relations import Kind, Relation
from tacet.wire.v1.render_user import UserObjects
from tests.cast import ALICE, BOB, CAROL, FULL, READ_ONLY_APP_ID
from tests.service import Service
from tests.wire.v1.asking import ask, can_sign, code, get, post

CREATE, DESTROY = "blocks/create", "blocks/destroy"
BOTH = pytest.mark.parametrize("id_", [CREATE, DESTROY])


async def follow(service: Service, source: Person, target: Person) -> None:
    now_ms = service.clock.now_ms()
    await service.store.relations.add(Relation(Kind.FOLLOW, source.id, target.id, 2), now_ms)
    await service.store.relations.add(Relation(Kind.FOLLOWED_BY, target.id, source.id, 2), now_ms)


async def connections(service: Service, target: Person, source: Person = ALICE) -> list[str]:
    query = {"user_id": str(target.id)}
    (found,) = (await ask(service, "GET", "friendships/lookup", query, person=source)).json
    assert isinstance(found["connections"], list)
    return found["connections"]


class TestCreate:
    async def test_blocks_from_the_next_request_on(self, service: Service) -> None:
        answer = await post(service, CREATE, user_id="1002")
        assert (answer.status, answer.json["screen_name"]) == (200, "Bob_B")
        assert await connections(service, BOB) == ["blocking"]

    @pytest.mark.parametrize("given", [{"user_id": "1002"}, {"screen_name": "bob_b"}], ids=["id", "username"])
    async def test_takes_a_form_too(self, service: Service, given: dict[str, str]) -> None:
        assert (await ask(service, "POST", CREATE, form=given)).json["id"] == BOB.id
        assert await connections(service, BOB) == ["blocking"]

    async def test_ends_follows_both_ways(self, service: Service) -> None:
        await follow(service, ALICE, BOB)
        await follow(service, BOB, ALICE)
        assert await connections(service, BOB) == ["following", "followed_by"]
        await post(service, CREATE, user_id="1002")
        assert await connections(service, BOB) == ["blocking"]
        assert await connections(service, ALICE, BOB) == ["none"]

    async def test_answers_the_state_before(self, service: Service) -> None:
        await follow(service, ALICE, BOB)
        assert (await post(service, CREATE, user_id="1002")).json["following"] is True
        assert (await post(service, CREATE, user_id="1002")).json["following"] is False

    async def test_leaves_mutes_alone(self, service: Service) -> None:
        await service.mute(ALICE, BOB.id)
        assert (await post(service, CREATE, user_id="1002")).json["muting"] is True
        assert await connections(service, BOB) == ["blocking", "muting"]
        assert (await post(service, DESTROY, user_id="1002")).json["muting"] is True
        assert await connections(service, BOB) == ["muting"]

    async def test_blocking_again_changes_nothing(self, service: Service) -> None:
        for _ in range(2):
            assert (await post(service, CREATE, user_id="1002")).status == 200
        position = await service.store.relations.position(Kind.BLOCK, ALICE.id, BOB.id, service.clock.now_ms())
        service.clock.advance(5_000)
        await post(service, CREATE, user_id="1002")
        now_ms = service.clock.now_ms()
        assert await service.store.relations.position(Kind.BLOCK, ALICE.id, BOB.id, now_ms) == position

    async def test_nobody_blocks_themselves(self, service: Service) -> None:
        assert code(await post(service, CREATE, user_id="1001")) == (403, 108)
        assert await connections(service, ALICE) == ["none"]

    async def test_is_in_the_list_of_v2(self, service: Service) -> None:
        await post(service, CREATE, user_id="1002")
        await post(service, CREATE, user_id="1003")
        assert (await service.get("/2/users/1001/blocking")).ids == ["1003", "1002"]
        await post(service, DESTROY, user_id="1003")
        assert (await service.get("/2/users/1001/blocking")).ids == ["1002"]

    async def test_the_blocked_see_no_posts_any_more(self, service: Service) -> None:
        await can_sign(service, FULL)
        show = {"user_id": str(FULL.id)}
        assert "status" in (await get(service, "users/show", **show)).json
        await ask(service, "POST", CREATE, {"user_id": "1001"}, person=FULL)
        assert "status" not in (await get(service, "users/show", **show)).json
        assert "status" in (await ask(service, "GET", "users/show", show, person=CAROL)).json


class TestDestroy:
    async def test_unblocks_from_the_next_request_on(self, service: Service) -> None:
        await post(service, CREATE, user_id="1002")
        assert (await post(service, DESTROY, screen_name="bob_b")).json["id"] == BOB.id
        assert await connections(service, BOB) == ["none"]

    async def test_brings_no_follow_back(self, service: Service) -> None:
        await follow(service, ALICE, BOB)
        await post(service, CREATE, user_id="1002")
        await post(service, DESTROY, user_id="1002")
        assert await connections(service, BOB) == ["none"]

    async def test_who_is_not_blocked_can_be_unblocked(self, service: Service) -> None:
        assert (await post(service, DESTROY, user_id="1002")).status == 200


@BOTH
@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({}, (403, 108)),
        ({"user_id": "999999"}, (404, 50)),
        ({"screen_name": "left"}, (404, 50)),
        ({"screen_name": "gone"}, (403, 63)),
    ],
    ids=["nobody", "unknown", "left", "suspended"],
)
async def test_who_is_not_there_is_refused(
    service: Service, id_: str, given: dict[str, str], refusal: tuple[int, int]
) -> None:
    assert code(await post(service, id_, **given)) == refusal


@pytest.mark.parametrize("id_", [CREATE, DESTROY, "mutes/users/create", "mutes/users/destroy"])
async def test_whoever_goes_away_in_the_middle_of_it_cannot_be_found(
    service: Service, id_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who was there when they were looked up is suspended when they are to be shown."""

    async def nobody(users: UserObjects, *_: object, **__: object) -> list[object]:
        return []

    monkeypatch.setattr(UserObjects, "of", nobody)
    assert code(await post(service, id_, user_id="1002")) == (404, 50)


@BOTH
async def test_needs_write_permission(service: Service, id_: str) -> None:
    answer = await ask(service, "POST", id_, {"user_id": "1002"}, app_id=READ_ONLY_APP_ID)
    assert code(answer) == (403, 261)
    assert await connections(service, BOB) == ["none"]


@BOTH
async def test_is_for_people_only(service: Service, id_: str) -> None:
    answer = await service.call("POST", f"/1.1/{id_}.json?user_id=1002", token="app-only")
    assert code(answer) == (403, 220)


@BOTH
async def test_fifty_in_a_window_and_no_headers_of_limits(service: Service, id_: str) -> None:
    answers = [await post(service, id_, user_id="1002", skip_status="true") for _ in range(50)]
    assert {answer.status for answer in answers} == {200}
    assert not [name for name in answers[0].headers if name.startswith("x-rate-limit")]
    assert code(await post(service, id_, user_id="1002")) == (429, 88)


@BOTH
async def test_options_are_heeded(service: Service, id_: str) -> None:
    assert "status" in (await post(service, CREATE, user_id=str(FULL.id))).json
    await post(service, DESTROY, user_id=str(FULL.id))
    assert "status" not in (await post(service, id_, user_id=str(FULL.id), skip_status="1")).json
