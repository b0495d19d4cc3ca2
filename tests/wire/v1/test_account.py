from tacet.records.people import Person, State
from tests.cast import ALICE, BOB, FULL, OWN
from tests.service import Service
from tests.wire.v1.asking import can_sign, code

VERIFY = "/1.1/account/verify_credentials.json"


async def test_shows_whoever_signed(service: Service) -> None:
    answer = await service.signed("GET", VERIFY)
    assert (answer.status, answer.json["screen_name"]) == (200, ALICE.username)
    assert answer.json["status"]["id"] == OWN.id
    assert (await service.signed("GET", VERIFY, person=BOB)).json["id"] == BOB.id


async def test_one_does_not_follow_or_mute_oneself(service: Service) -> None:
    user = (await service.signed("GET", VERIFY)).json
    assert [user[key] for key in ("following", "follow_request_sent", "notifications", "muting")] == [False] * 4


async def test_leaves_out_what_is_not_wanted(service: Service) -> None:
    user = (await service.signed("GET", f"{VERIFY}?skip_status=True&include_entities=False")).json
    assert "status" not in user
    assert "entities" in user
    plain = (await service.signed("GET", f"{VERIFY}?include_entities=False")).json
    assert "entities" not in plain["status"]


class TestEmail:
    async def test_is_told_last_and_only_when_asked_for(self, service: Service) -> None:
        await can_sign(service, FULL)
        user = (await service.signed("GET", f"{VERIFY}?include_email=true", person=FULL)).json
        assert list(user)[-1] == "email"
        assert user["email"] == "full@example.com"
        for query in ("", "?include_email=false"):
            assert "email" not in (await service.signed("GET", f"{VERIFY}{query}", person=FULL)).json

    async def test_is_null_where_none_is_confirmed(self, service: Service) -> None:
        user = (await service.signed("GET", f"{VERIFY}?include_email=true")).json
        assert user["email"] is None

    async def test_is_in_no_answer_about_somebody_else(self, service: Service) -> None:
        for target in ("users/show.json?user_id=1006", "users/lookup.json?user_id=1006"):
            answer = await service.signed("GET", f"/1.1/{target}&include_email=true")
            assert (answer.status, b"full@example.com" in answer.body) == (200, False)


async def test_an_app_on_its_own_is_nobody(service: Service) -> None:
    answer = await service.get(VERIFY, "app-only")
    assert code(answer) == (403, 220)


async def test_who_is_suspended_is_not_let_in(service: Service) -> None:
    await service.put(Person(ALICE.id, ALICE.username, ALICE.name, State.SUSPENDED))
    assert (await service.signed("GET", VERIFY)).status == 401
