from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tacet.directory.lookup import Connections
from tacet.records.people import Metrics, Person, Profile, Stretch, Withheld
from tacet.records.relations import Kind, Relation
from tacet.wire.v1.render_user import DEFAULT_IMAGE, UserObjects, render_user
from tests.cast import ALICE, BIO, BOB, CAROL, DEACTIVATED, FULL, HIDDEN, LATEST, OWN, PROTECTED, SUSPENDED, UNKNOWN_ID
from tests.service import Service
from tests.wire.v1.examples import Examples, Json, differences, milliseconds

STRANGER = Connections(ALICE.id)


@pytest.fixture(scope="module")
def examples(shared_wire: Path) -> Examples:
    return Examples(shared_wire)


@pytest.fixture
def users(service: Service) -> UserObjects:
    actions = service.tacet.actions
    return UserObjects(actions.people, actions.posts, actions.acquaintance, actions.visibility)


def person_of(example: Json) -> Person:
    """Somebody about whom everything is known that an example tells."""
    metrics = Metrics(
        followers_count=example["followers_count"],
        following_count=example["friends_count"],
        post_count=example["statuses_count"],
        listed_count=example["listed_count"],
        like_count=example["favourites_count"],
    )
    profile = Profile(
        created_at_ms=milliseconds(example["created_at"]),
        description=example["description"],
        location=example["location"],
        url=example["url"] or "",
        profile_image_url=example.get("profile_image_url_https", ""),
        protected=example["protected"],
        verified=example["verified"],
        metrics=metrics,
    )
    return Person(example["id"], example["screen_name"], example["name"], profile=profile)


NO_LOOKS = "nobody here chooses colors and backgrounds: everybody has those of an account of X's that never did"
NO_SHORTENING = "addresses are not shortened here, so that they are their own long form"
GONE = "X gives nobody's any more: null in the recorded answer of 2021"
NEWER = "newer than the example: in the recorded answer of 2021"

LISTED_DIFFERENCES = {
    "entities.url.urls.expanded_url": ("another value", NO_SHORTENING),
    "entities.url.urls.display_url": ("another value", NO_SHORTENING),
    "utc_offset": ("null, not int", GONE),
    "time_zone": ("null, not str", GONE),
    "lang": ("null, not str", GONE),
    "profile_background_color": ("another value", NO_LOOKS),
    "profile_background_image_url": ("null, not str", NO_LOOKS),
    "profile_background_image_url_https": ("null, not str", NO_LOOKS),
    "profile_link_color": ("another value", NO_LOOKS),
    "profile_sidebar_border_color": ("another value", NO_LOOKS),
    "profile_sidebar_fill_color": ("another value", NO_LOOKS),
    "profile_text_color": ("another value", NO_LOOKS),
    "default_profile": ("another value", NO_LOOKS),
    "has_extended_profile": ("added", NEWER),
    "translator_type": ("added", NEWER),
}
"""How our users differ from the documented ones, and why: all there is."""


class TestRecorded:
    def test_keys_come_in_the_recorded_order(self, examples: Examples) -> None:
        full = Person(FULL.id, FULL.username, FULL.name, profile=msgspec.structs.replace(FULL.profile, withheld=None))
        assert list(render_user(full, STRANGER, {})) == examples.live_keys

    def test_what_is_recorded_as_null_is_null(self, examples: Examples) -> None:
        user = render_user(FULL, STRANGER, {})
        assert len(examples.live_nulls) == 3
        assert {user[key] for key in examples.live_nulls} == {None}

    def test_a_documented_user_is_the_same_key_by_key_but_for_what_is_listed(self, examples: Examples) -> None:
        theirs = examples.listed
        muted = replace(STRANGER, muting={theirs["id"]})
        found = differences(theirs, render_user(person_of(theirs), muted, None))
        assert found == {key: difference for key, (difference, _) in LISTED_DIFFERENCES.items()}

    def test_a_documented_answer_to_a_mute_is_the_same_key_by_key(self, examples: Examples) -> None:
        theirs = examples.created
        viewer = replace(STRANGER, muting={theirs["id"]}, following={theirs["id"]})
        ours = render_user(person_of(theirs), viewer, theirs["status"])
        found = differences(theirs, ours, elided=examples.live_keys)
        expected = {key: what for key, (what, _) in LISTED_DIFFERENCES.items() if key in theirs}
        # The picture was left out of the example, and so this one has none.
        assert found == {**expected, "default_profile_image": "another value"}


class TestProfile:
    def test_who_tells_nothing_has_every_key_with_an_empty_value(self) -> None:
        user = render_user(BOB, STRANGER, None)
        assert (user["location"], user["description"], user["url"]) == ("", "", None)
        assert user["entities"] == {"description": {"urls": []}}
        assert user["profile_image_url_https"] == DEFAULT_IMAGE
        assert (user["default_profile"], user["default_profile_image"]) == (True, True)
        assert "profile_banner_url" not in user
        assert "status" not in user

    def test_a_moment_is_always_a_text_that_clients_can_read(self) -> None:
        assert render_user(BOB, STRANGER, None)["created_at"] == "Thu Jan 01 00:00:00 +0000 1970"
        assert render_user(FULL, STRANGER, None)["created_at"] == "Sat Dec 14 04:35:55 +0000 2013"

    def test_everything_known_is_shown(self) -> None:
        user = render_user(FULL, STRANGER, None)
        assert (user["id"], user["id_str"]) == (1006, "1006")
        assert (user["screen_name"], user["name"]) == ("full", "Full Profile")
        assert (user["followers_count"], user["friends_count"], user["listed_count"]) == (11, 12, 14)
        assert (user["favourites_count"], user["statuses_count"]) == (15, 13)
        assert user["verified"] is True
        assert user["profile_banner_url"] == "https://example.com/full-banner.png"
        assert user["default_profile_image"] is False

    def test_a_picture_has_an_address_for_each_scheme(self) -> None:
        user = render_user(FULL, STRANGER, None)
        assert user["profile_image_url"] == "http://example.com/full.png"
        assert user["profile_image_url_https"] == "https://example.com/full.png"

    def test_entities_are_urls_alone(self) -> None:
        start = BIO.index("https://")
        bio_url = "https://example.com/bio"
        assert render_user(FULL, STRANGER, None)["entities"] == {
            "url": {
                "urls": [
                    {
                        "url": "https://example.com/full",
                        "expanded_url": "https://example.com/full",
                        "display_url": "example.com/full",
                        "indices": [0, 24],
                    }
                ]
            },
            "description": {
                "urls": [
                    {
                        "url": bio_url,
                        "expanded_url": bio_url,
                        "display_url": "example.com/bio",
                        "indices": [start, start + len(bio_url)],
                    }
                ]
            },
        }

    def test_where_an_account_is_withheld_is_said_last(self) -> None:
        user = render_user(FULL, STRANGER, None)
        assert list(user)[-1] == "withheld_in_countries"
        assert user["withheld_in_countries"] == ("DE", "FR")
        nowhere = Person(1, "a", "A", profile=Profile(withheld=Withheld()))
        assert "withheld_in_countries" not in render_user(nowhere, STRANGER, None)


OF_VIEWER = ("following", "follow_request_sent", "notifications", "muting")


class TestViewer:
    @pytest.mark.parametrize(
        ("connections", "values"),
        [
            (STRANGER, [False, False, False, False]),
            (replace(STRANGER, following={BOB.id}), [True, False, False, False]),
            (replace(STRANGER, requested={BOB.id}), [False, True, False, False]),
            (replace(STRANGER, muting={BOB.id}), [False, False, False, True]),
            (replace(STRANGER, blocking={BOB.id}, followed_by={BOB.id}), [False, False, False, False]),
            (None, [None, None, None, None]),
        ],
        ids=["nothing", "follows", "asked-to-follow", "mutes", "blocks-and-is-followed", "an-app-on-its-own"],
    )
    def test_says_what_the_viewer_is_to_them(self, connections: Connections | None, values: list[object]) -> None:
        user = render_user(BOB, connections, None)
        assert [user[key] for key in OF_VIEWER] == values

    @pytest.mark.parametrize("kind", [Kind.MUTE, Kind.BLOCK])
    async def test_says_nothing_of_who_mutes_or_blocks_the_viewer(
        self, service: Service, users: UserObjects, kind: Kind
    ) -> None:
        before = await users.of([BOB.id], ALICE.id)
        await service.store.relations.add(Relation(kind, BOB.id, ALICE.id, 2), service.clock.now_ms())
        assert await users.of([BOB.id], ALICE.id) == before


class TestMany:
    async def test_come_in_the_order_asked_without_those_who_are_away(self, users: UserObjects) -> None:
        wanted = [CAROL.id, UNKNOWN_ID, SUSPENDED.id, ALICE.id, DEACTIVATED.id, BOB.id]
        shown = await users.of(wanted, ALICE.id)
        assert [user["id"] for user in shown] == [CAROL.id, ALICE.id, BOB.id]

    async def test_nobody_at_all_is_an_empty_list(self, users: UserObjects) -> None:
        assert await users.of([], ALICE.id) == []
        assert await users.of([UNKNOWN_ID], None) == []


class TestStatus:
    @staticmethod
    async def seen(users: UserObjects, person: Person, viewer: Person | None) -> int | None:
        (user,) = await users.of([person.id], None if viewer is None else viewer.id)
        return user["status"]["id"] if "status" in user else None

    async def test_is_the_latest_post(self, users: UserObjects) -> None:
        assert await self.seen(users, FULL, BOB) == LATEST.id
        assert await self.seen(users, ALICE, None) == OWN.id

    async def test_who_never_wrote_has_none(self, users: UserObjects) -> None:
        assert await self.seen(users, BOB, ALICE) is None

    async def test_of_a_protected_account_is_for_followers_and_for_themselves(
        self, service: Service, users: UserObjects
    ) -> None:
        assert await self.seen(users, PROTECTED, BOB) is None
        assert await self.seen(users, PROTECTED, None) is None
        assert await self.seen(users, PROTECTED, PROTECTED) == HIDDEN.id
        follow = Relation(Kind.FOLLOW, BOB.id, PROTECTED.id, 2)
        await service.store.relations.add(follow, service.clock.now_ms())
        assert await self.seen(users, PROTECTED, BOB) == HIDDEN.id

    @pytest.mark.parametrize(("source", "target"), [(BOB, FULL), (FULL, BOB)], ids=["blocking", "blocked"])
    async def test_stays_away_between_people_who_block(
        self, service: Service, users: UserObjects, source: Person, target: Person
    ) -> None:
        block = Relation(Kind.BLOCK, source.id, target.id, 2)
        await service.store.relations.add(block, service.clock.now_ms())
        assert await self.seen(users, FULL, BOB) is None
        assert await self.seen(users, FULL, CAROL) == LATEST.id

    async def test_is_no_repost_of_whom_the_viewer_may_not_see(self, service: Service, users: UserObjects) -> None:
        await service.tacet.actions.writing.repost(CAROL.id, LATEST.id)
        [repost] = await service.store.posts.of_authors([CAROL.id], Stretch(), 1)
        viewers = (BOB, CAROL, None)
        assert [await self.seen(users, CAROL, viewer) for viewer in viewers] == [repost.id] * 3
        await service.put(Person(FULL.id, FULL.username, FULL.name, profile=Profile(protected=True)))
        assert [await self.seen(users, CAROL, viewer) for viewer in viewers] == [None] * 3
        assert await self.seen(users, CAROL, FULL) == repost.id

    async def test_is_shown_of_whom_one_mutes(self, service: Service, users: UserObjects) -> None:
        mute = Relation(Kind.MUTE, BOB.id, FULL.id, 2)
        await service.store.relations.add(mute, service.clock.now_ms())
        assert await self.seen(users, FULL, BOB) == LATEST.id

    async def test_is_left_out_when_it_is_not_wanted(self, users: UserObjects) -> None:
        (user,) = await users.of([FULL.id], BOB.id, status=False)
        assert "status" not in user

    async def test_without_entities_its_own_go_and_the_users_stay(self, users: UserObjects) -> None:
        (user,) = await users.of([FULL.id], BOB.id, entities=False)
        assert "entities" not in user["status"]
        assert user["entities"]["url"]["urls"]

    async def test_extended_has_its_full_text(self, users: UserObjects) -> None:
        (user,) = await users.of([FULL.id], BOB.id, extended=True)
        assert user["status"]["full_text"] == LATEST.text
        assert "text" not in user["status"]
