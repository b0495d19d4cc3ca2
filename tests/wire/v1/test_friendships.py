from pathlib import Path
from typing import Any

import pytest

from tacet.records.people import Person
from tacet.records.relations import Kind, Relation
from tests.cast import ALICE, BOB, CAROL, FULL, PROTECTED, UNKNOWN_ID
from tests.service import Service
from tests.wire.v1.asking import code
from tests.wire.v1.examples import Examples

SHOW = "/1.1/friendships/show.json"
LOOKUP = "/1.1/friendships/lookup.json"

PRIVATE = [
    "following_received",
    "following_requested",
    "notifications_enabled",
    "blocking",
    "blocked_by",
    "muting",
    "want_retweets",
    "all_replies",
    "marked_spam",
]
"""What X's documentation shows as null of a source that is not the caller."""


async def relate(service: Service, *edges: tuple[Kind, Person, Person]) -> None:
    """Record relations, follows from both sides."""
    for at, (kind, source, target) in enumerate(edges, 1):
        await service.store.relations.add(Relation(kind, source.id, target.id, 4 * at), service.clock.now_ms())
        if kind is Kind.FOLLOW:
            back = Relation(Kind.FOLLOWED_BY, target.id, source.id, 4 * at + 2)
            await service.store.relations.add(back, service.clock.now_ms())


async def shown(service: Service, query: str, person: Person = ALICE) -> dict[str, dict[str, Any]]:
    answer = await service.signed("GET", f"{SHOW}?{query}", person=person)
    assert answer.status == 200, answer.body
    assert list(answer.json) == ["relationship"]
    assert list(answer.json["relationship"]) == ["source", "target"]
    relationship: dict[str, dict[str, Any]] = answer.json["relationship"]
    return relationship


class TestShow:
    async def test_strangers_are_nothing_to_each_other(self, service: Service) -> None:
        assert await shown(service, "target_id=1002") == {
            "source": {
                "id": 1001,
                "id_str": "1001",
                "screen_name": "alice",
                "following": False,
                "followed_by": False,
                "live_following": False,
                "following_received": False,
                "following_requested": False,
                "notifications_enabled": False,
                "can_dm": False,
                "blocking": False,
                "blocked_by": False,
                "muting": False,
                "want_retweets": False,
                "all_replies": False,
                "marked_spam": False,
            },
            "target": {
                "id": 1002,
                "id_str": "1002",
                "screen_name": "Bob_B",
                "following": False,
                "followed_by": False,
                "following_received": False,
                "following_requested": False,
            },
        }

    async def test_a_source_has_every_recorded_key(self, service: Service, shared_wire: Path) -> None:
        recorded = Examples(shared_wire).source_keys
        assert len(recorded) == 10
        assert recorded <= set((await shown(service, "target_id=1002"))["source"])

    @pytest.mark.parametrize(
        ("kind", "keys"),
        [
            (Kind.MUTE, {"muting"}),
            (Kind.FOLLOW, {"following", "want_retweets"}),
            (Kind.BLOCK, {"blocking"}),
            (Kind.REQUEST, {"following_requested"}),
        ],
        ids=["mutes", "follows", "blocks", "asked-to-follow"],
    )
    async def test_says_what_the_caller_does(self, service: Service, kind: Kind, keys: set[str]) -> None:
        await relate(service, (kind, ALICE, BOB))
        relationship = await shown(service, "target_screen_name=bob_b")
        assert {key for key, value in relationship["source"].items() if value is True} == keys
        mirrored = {Kind.FOLLOW: {"followed_by"}, Kind.REQUEST: {"following_received"}}
        assert {key for key, value in relationship["target"].items() if value is True} == mirrored.get(kind, set())

    @pytest.mark.parametrize(
        ("kind", "keys"),
        [
            (Kind.MUTE, set()),
            (Kind.FOLLOW, {"followed_by", "can_dm"}),
            (Kind.BLOCK, {"blocked_by"}),
            (Kind.REQUEST, {"following_received"}),
        ],
        ids=["muted-and-told-nothing", "followed", "blocked", "asked"],
    )
    async def test_says_what_is_done_to_the_caller_but_for_mutes(
        self, service: Service, kind: Kind, keys: set[str]
    ) -> None:
        await relate(service, (kind, BOB, ALICE))
        relationship = await shown(service, "target_id=1002")
        assert {key for key, value in relationship["source"].items() if value is True} == keys

    @pytest.mark.parametrize("source", ["source_id=1001", "source_screen_name=Alice"])
    async def test_naming_oneself_as_source_is_the_same(self, service: Service, source: str) -> None:
        await service.mute(ALICE, BOB.id)
        assert await shown(service, f"{source}&target_id=1002") == await shown(service, "target_id=1002")

    async def test_everybody_can_be_written_to_who_takes_messages_from_anyone(self, service: Service) -> None:
        assert (await shown(service, f"target_id={FULL.id}"))["source"]["can_dm"] is True
        await relate(service, (Kind.BLOCK, FULL, ALICE))
        assert (await shown(service, f"target_id={FULL.id}"))["source"]["can_dm"] is False

    async def test_oneself_is_nothing_to_oneself(self, service: Service) -> None:
        relationship = await shown(service, "target_id=1001")
        assert not any(value is True for side in relationship.values() for value in side.values())


EVERYTHING = [(kind, BOB, CAROL) for kind in (Kind.MUTE, Kind.FOLLOW, Kind.BLOCK, Kind.REQUEST)]
"""All that Bob can be to Carol."""


class TestOthers:
    async def test_what_two_others_keep_to_themselves_is_null(self, service: Service) -> None:
        await relate(service, *EVERYTHING, *((kind, CAROL, BOB) for kind, _, _ in EVERYTHING))
        relationship = await shown(service, "source_id=1002&target_id=1003")
        assert [key for key, value in relationship["source"].items() if value is None] == PRIVATE
        assert [key for key, value in relationship["target"].items() if value is None] == PRIVATE[:2]

    async def test_follows_are_for_everybody(self, service: Service) -> None:
        await relate(service, (Kind.FOLLOW, BOB, CAROL))
        there = await shown(service, "source_id=1002&target_id=1003")
        assert (there["source"]["following"], there["source"]["followed_by"]) == (True, False)
        assert (there["target"]["following"], there["target"]["followed_by"]) == (False, True)
        back = await shown(service, "source_id=1003&target_id=1002")
        assert (back["source"]["following"], back["source"]["followed_by"]) == (False, True)
        assert back["source"]["can_dm"] is True

    @pytest.mark.parametrize("kind", [Kind.MUTE, Kind.BLOCK, Kind.REQUEST])
    @pytest.mark.parametrize(
        ("viewer", "query"),
        [
            (ALICE, "source_id=1002&target_id=1003"),
            (ALICE, "source_id=1003&target_id=1002"),
            (CAROL, "source_id=1002&target_id=1003"),
        ],
        ids=["a-stranger", "a-stranger-turned-round", "the-target"],
    )
    async def test_nobody_but_the_source_learns_of_mutes_blocks_and_requests(
        self, service: Service, kind: Kind, viewer: Person, query: str
    ) -> None:
        before = await service.signed("GET", f"{SHOW}?{query}", person=viewer)
        await relate(service, (kind, BOB, CAROL))
        assert (await service.signed("GET", f"{SHOW}?{query}", person=viewer)).body == before.body

    async def test_the_muted_learns_nothing_as_source_either(self, service: Service) -> None:
        before = await shown(service, "target_id=1002", CAROL)
        await service.mute(BOB, CAROL.id)
        assert await shown(service, "target_id=1002", CAROL) == before

    async def test_an_app_on_its_own_names_both(self, service: Service) -> None:
        await relate(service, *EVERYTHING)
        answer = await service.get(f"{SHOW}?source_id=1002&target_id=1003", "app-only")
        assert answer.json["relationship"]["source"]["following"] is True
        assert answer.json["relationship"]["source"]["muting"] is None
        assert code(await service.get(f"{SHOW}?target_id=1003", "app-only")) == (403, 163)


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("", (403, 164)),
        (f"target_id={UNKNOWN_ID}", (404, 50)),
        ("target_screen_name=left", (404, 50)),
        ("target_screen_name=gone", (403, 63)),
        (f"source_id={UNKNOWN_ID}&target_id=1002", (403, 163)),
        ("source_screen_name=gone&target_id=1002", (403, 163)),
    ],
    ids=["no-target", "unknown-target", "target-left", "suspended-target", "unknown-source", "suspended-source"],
)
async def test_show_refuses(service: Service, query: str, refusal: tuple[int, int]) -> None:
    assert code(await service.signed("GET", f"{SHOW}?{query}")) == refusal


class TestLookup:
    async def test_each_has_a_list_of_connections(self, service: Service) -> None:
        await relate(
            service,
            (Kind.FOLLOW, ALICE, BOB),
            (Kind.FOLLOW, BOB, ALICE),
            (Kind.MUTE, ALICE, BOB),
            (Kind.REQUEST, ALICE, PROTECTED),
            (Kind.BLOCK, ALICE, FULL),
        )
        answer = await service.signed("GET", f"{LOOKUP}?user_id=1002,1008,1006&screen_name=carol,nobody")
        assert answer.json == [
            {
                "name": "Bob",
                "screen_name": "Bob_B",
                "id": 1002,
                "id_str": "1002",
                "connections": ["following", "followed_by", "muting"],
            },
            {
                "name": "Shy",
                "screen_name": "shy",
                "id": 1008,
                "id_str": "1008",
                "connections": ["following_requested"],
            },
            {
                "name": "Full Profile",
                "screen_name": "full",
                "id": 1006,
                "id_str": "1006",
                "connections": ["blocking"],
            },
            {
                "name": CAROL.name,
                "screen_name": "carol",
                "id": 1003,
                "id_str": "1003",
                "connections": ["none"],
            },
        ]
        assert list(answer.json[0]) == ["name", "screen_name", "id", "id_str", "connections"]

    @pytest.mark.parametrize("kind", [Kind.MUTE, Kind.BLOCK])
    async def test_says_nothing_of_who_mutes_or_blocks_the_caller(self, service: Service, kind: Kind) -> None:
        await relate(service, (kind, BOB, ALICE))
        (bob,) = (await service.signed("GET", f"{LOOKUP}?user_id=1002")).json
        assert bob["connections"] == ["none"]

    async def test_nobody_who_is_there_is_an_empty_list(self, service: Service) -> None:
        answer = await service.signed("GET", f"{LOOKUP}?user_id={UNKNOWN_ID}")
        assert (answer.status, answer.body) == (200, b"[]")

    async def test_is_for_people_only(self, service: Service) -> None:
        assert code(await service.get(f"{LOOKUP}?user_id=1002", "app-only")) == (403, 220)

    @pytest.mark.parametrize(
        ("query", "refusal"),
        [("", (403, 38)), ("user_id=" + ",".join(["1002"] * 101), (403, 18))],
        ids=["empty", "too-many"],
    )
    async def test_refuses(self, service: Service, query: str, refusal: tuple[int, int]) -> None:
        assert code(await service.signed("GET", f"{LOOKUP}?{query}")) == refusal
