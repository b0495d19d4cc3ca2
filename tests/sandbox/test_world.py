"""The seeded world: the same every time, whole at every size, and as remarkable as it promises."""

import re
from collections import Counter
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tacet.directory.entities import profile_entities
from tacet.ids import snowflake_moment_ms
from tacet.mutes.positions import moment_ms
from tacet.records.people import Person, Post, Shape, State
from tacet.records.relations import Kind, Relation
from tacet.sandbox import cast
from tacet.sandbox.world import MAX_PEOPLE, MIN_PEOPLE, World, build_world

USERNAME = re.compile(r"[A-Za-z0-9_]{1,15}")
SIZES = [3, 4, 5, 7, 8, 11, 12, 13, 50, 200]


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(200, 7)


def posts_by_id(world: World) -> dict[int, Post]:
    return {post.id: post for post in world.posts}


def targets(world: World, kind: Kind, source_id: int) -> list[int]:
    return [each.target_id for each in world.relations if (each.kind, each.source_id) == (kind, source_id)]


def pinned(world: World, at: int) -> int:
    return world.people[at].profile.pinned_post_id


class TestTheSameEveryTime:
    def test_for_the_same_seed_and_size(self) -> None:
        assert build_world(40, 7) == build_world(40, 7)

    def test_but_not_for_another_seed(self) -> None:
        assert build_world(40, 7).people[3:] != build_world(40, 8).people[3:]

    def test_on_every_machine(self, world: World) -> None:
        assert [(person.id, person.username) for person in world.people[:6]] == [
            (1001, "alice"),
            (1002, "bob"),
            (1003, "carol"),
            (1452874617194123324, "Wren_Ember"),
            (43467256, "nora53"),
            (2062000152, "blueKettle"),
        ]

    @given(st.integers(min_value=0, max_value=10_000), st.integers(min_value=3, max_value=30))
    @settings(max_examples=30)
    def test_larger_worlds_begin_with_the_same_people(self, seed: int, size: int) -> None:
        def who(person: Person) -> tuple[object, ...]:
            return person.id, person.username, person.name, person.state, person.profile.created_at_ms

        smaller, larger = build_world(size, seed), build_world(size + 20, seed)
        assert [who(person) for person in larger.people[:size]] == [who(person) for person in smaller.people]

    def test_for_any_seed_the_first_three_have_their_ids(self) -> None:
        names = {tuple((p.id, p.username) for p in build_world(3, seed).people) for seed in range(5)}
        assert names == {((1001, "alice"), (1002, "bob"), (1003, "carol"))}


class TestAnySizeAndSeed:
    @given(st.sampled_from(SIZES), st.integers(min_value=0, max_value=1 << 31))
    @settings(max_examples=60, deadline=None)
    def test_holds_together(self, size: int, seed: int) -> None:
        world = build_world(size, seed)
        assert len(world.people) == size
        check_people(world)
        check_posts(world)
        check_relations(world)

    @pytest.mark.parametrize("size", [-1, 0, MIN_PEOPLE - 1, MAX_PEOPLE + 1])
    def test_is_refused_outside_its_limits(self, size: int) -> None:
        with pytest.raises(ValueError, match="a world has 3 to 100,000 people, not "):
            build_world(size, 7)


def check_people(world: World) -> None:
    assert len({person.id for person in world.people}) == len(world.people)
    assert len({person.username.lower() for person in world.people}) == len(world.people)
    for person in world.people:
        assert USERNAME.fullmatch(person.username)
        assert 0 < person.id < 1 << 63
        assert 0 < person.profile.created_at_ms < cast.WORLD_AT_MS
        assert person.profile.verified == (person.profile.verified_type != "none")
        assert person.profile.verified_followers_count <= person.profile.metrics.followers_count
        if person.id > cast.COUNTED_IDS:
            assert snowflake_moment_ms(person.id) == person.profile.created_at_ms


def check_posts(world: World) -> None:
    people = {person.id: person for person in world.people}
    posts = posts_by_id(world)
    assert len(posts) == len(world.posts)
    assert max(Counter(post.author_id for post in world.posts).values()) <= 5
    for post in world.posts:
        assert snowflake_moment_ms(post.id) == post.created_at_ms < cast.WORLD_AT_MS
        assert post.created_at_ms >= people[post.author_id].profile.created_at_ms
    reposts = [(post.author_id, post.reposted_id) for post in world.posts if post.reposted_id]
    assert len(set(reposts)) == len(reposts)
    for post in world.posts:
        for reference in post.details.references:
            subject = posts[reference.id]
            assert subject.created_at_ms < post.created_at_ms
            assert not people[subject.author_id].profile.protected
            assert people[subject.author_id].state is State.ACTIVE


def check_relations(world: World) -> None:
    known = {person.id for person in world.people}
    lists: dict[tuple[Kind, int], list[Relation]] = {}
    for relation in world.relations:
        assert {relation.source_id, relation.target_id} <= known
        assert relation.source_id != relation.target_id
        lists.setdefault((relation.kind, relation.source_id), []).append(relation)
    for entries in lists.values():
        positions = [entry.position for entry in entries]
        assert positions == sorted(set(positions), reverse=True)
        assert all(position % 2 == 0 and moment_ms(position) < cast.WORLD_AT_MS for position in positions)
        assert len({entry.target_id for entry in entries}) == len(entries)


class TestMutes:
    @pytest.mark.parametrize("size", SIZES)
    def test_alice_mutes_nobody(self, size: int) -> None:
        assert targets(build_world(size, 7), Kind.MUTE, cast.ALICE_ID) == []

    @pytest.mark.parametrize(("size", "expected"), [(3, 2), (4, 3), (5, 3), (13, 3), (200, 3)])
    def test_bob_mutes_three_who_can_be_seen(self, size: int, expected: int) -> None:
        world = build_world(size, 7)
        states = {person.id: person.state for person in world.people}
        muted = targets(world, Kind.MUTE, cast.BOB_ID)
        assert [states[id_] for id_ in muted] == [State.ACTIVE] * expected

    @pytest.mark.parametrize(("size", "expected"), [(3, 2), (12, 11), (200, 199), (1235, 1234), (3000, 1234)])
    def test_carol_mutes_as_many_as_there_are_up_to_1234(self, size: int, expected: int) -> None:
        assert len(targets(build_world(size, 7), Kind.MUTE, cast.CAROL_ID)) == expected

    def test_carol_takes_alice_and_bob_last(self) -> None:
        assert targets(build_world(200, 7), Kind.MUTE, cast.CAROL_ID)[-2:] == [cast.BOB_ID, cast.ALICE_ID]
        muted = targets(build_world(3000, 7), Kind.MUTE, cast.CAROL_ID)
        assert not {cast.BOB_ID, cast.ALICE_ID} & set(muted)

    @pytest.mark.parametrize("size", [200, 3000])
    def test_the_first_of_carols_include_some_that_cannot_be_shown(self, size: int) -> None:
        world = build_world(size, 7)
        first = targets(world, Kind.MUTE, cast.CAROL_ID)[:10]
        states = {person.state for person in world.people if person.id in first}
        assert states == {State.ACTIVE, State.SUSPENDED, State.DEACTIVATED}


class TestOtherRelations:
    def test_alice_follows_bob_and_twenty_others(self, world: World) -> None:
        followed = targets(world, Kind.FOLLOW, cast.ALICE_ID)
        assert followed[0] == cast.BOB_ID
        assert len(followed) == 21

    def test_about_thirty_follow_alice(self, world: World) -> None:
        followers = [r for r in world.relations if (r.kind, r.target_id) == (Kind.FOLLOW, cast.ALICE_ID)]
        assert 30 <= len(followers) <= 40

    def test_bob_blocks_one_whom_he_does_not_mute(self, world: World) -> None:
        blocked = targets(world, Kind.BLOCK, cast.BOB_ID)
        assert len(blocked) == 1
        assert not set(blocked) & set(targets(world, Kind.MUTE, cast.BOB_ID))

    def test_the_protected_account_let_alice_in_and_not_bob(self, world: World) -> None:
        protected = world.people[cast.PROTECTED].id
        assert protected in targets(world, Kind.FOLLOW, cast.ALICE_ID)
        assert protected not in targets(world, Kind.FOLLOW, cast.BOB_ID)

    @pytest.mark.parametrize("size", SIZES)
    def test_every_follow_is_known_to_both_sides(self, size: int) -> None:
        relations = build_world(size, 7).relations
        follows = {(each.source_id, each.target_id) for each in relations if each.kind is Kind.FOLLOW}
        assert {(each.target_id, each.source_id) for each in relations if each.kind is Kind.FOLLOWED_BY} == follows

    @pytest.mark.parametrize("size", SIZES)
    def test_nobody_follows_whom_they_block_or_who_blocks_them(self, size: int) -> None:
        relations = build_world(size, 7).relations
        blocks = {(each.source_id, each.target_id) for each in relations if each.kind is Kind.BLOCK}
        follows = {(each.source_id, each.target_id) for each in relations if each.kind is Kind.FOLLOW}
        assert follows.isdisjoint(blocks | {(target, source) for source, target in blocks})

    def test_metrics_count_at_least_what_can_be_seen(self, world: World) -> None:
        follows = [relation for relation in world.relations if relation.kind is Kind.FOLLOW]
        followers = Counter(relation.target_id for relation in follows)
        following = Counter(relation.source_id for relation in follows)
        posts = Counter(post.author_id for post in world.posts)
        for person in world.people:
            metrics = person.profile.metrics
            assert metrics.followers_count >= followers[person.id]
            assert metrics.following_count >= following[person.id]
            assert metrics.post_count >= posts[person.id]


class TestRemarkablePeople:
    def test_one_organisation_gives_its_badge(self, world: World) -> None:
        assert world.people[cast.ORGANISATION].profile.verified_type == "business"
        affiliation = world.people[cast.AFFILIATED].profile.affiliation
        assert affiliation is not None
        businesses = {p.id for p in world.people if p.profile.verified_type == "business"}
        assert set(affiliation.user_ids) <= businesses

    def test_one_is_protected_and_has_pinned_a_post_of_theirs(self, world: World) -> None:
        person = world.people[cast.PROTECTED]
        assert person.profile.protected
        assert posts_by_id(world)[person.profile.pinned_post_id].author_id == person.id

    def test_one_has_pinned_a_post_that_is_gone(self, world: World) -> None:
        assert pinned(world, cast.LOST_PIN) != 0
        assert pinned(world, cast.LOST_PIN) not in posts_by_id(world)

    def test_all_others_have_pinned_what_they_wrote(self, world: World) -> None:
        posts = posts_by_id(world)
        for at, person in enumerate(world.people):
            if at != cast.LOST_PIN and person.profile.pinned_post_id:
                assert posts[person.profile.pinned_post_id].author_id == person.id

    def test_one_each_is_parody_withheld_official_suspended_deactivated(self, world: World) -> None:
        assert world.people[cast.PARODY].profile.parody
        assert world.people[cast.WITHHELD].profile.withheld is not None
        assert world.people[cast.GOVERNMENT].profile.verified_type == "government"
        assert world.people[cast.SUSPENDED].state is State.SUSPENDED
        assert world.people[cast.DEACTIVATED].state is State.DEACTIVATED

    def test_ids_are_old_and_new(self, world: World) -> None:
        lengths = {len(str(person.id)) for person in world.people}
        assert {4, 10, 18, 19} <= lengths

    def test_verification_comes_in_every_kind(self, world: World) -> None:
        kinds = {person.profile.verified_type for person in world.people}
        assert kinds == {"none", "blue", "business", "government"}

    def test_posts_come_in_every_kind(self, world: World) -> None:
        kinds = {reference.type for post in world.posts for reference in post.details.references}
        assert kinds == {"replied_to", "retweeted", "quoted"}

    @pytest.mark.parametrize(("size", "seed"), [(200, 7), (3_000, 7)])
    def test_nobody_repeats_a_post_twice(self, size: int, seed: int) -> None:
        # By chance alone both worlds would have somebody who does.
        check_posts(build_world(size, seed))

    def test_answers_are_counted(self, world: World) -> None:
        answered = Counter((r.id, r.type) for post in world.posts for r in post.details.references)
        posts = posts_by_id(world)
        metrics = {"replied_to": "reply_count", "retweeted": "repost_count", "quoted": "quote_count"}
        counted = {
            (post_id, kind): getattr(posts[post_id].details.metrics, metrics[kind]) for post_id, kind in answered
        }
        assert counted == dict(answered)


class TestTexts:
    def test_names_and_bios_come_in_many_scripts(self, world: World) -> None:
        text = "".join(person.name + person.profile.description for person in world.people)
        ranges = {"a-z": "latin", "À-ž": "accents", "一-龠": "cjk", "؀-ۿ": "arabic", "🌀-🫶": "emoji"}
        assert [name for letters, name in ranges.items() if not re.search(f"[{letters}]", text)] == []

    def test_bios_hold_every_kind_of_entity(self, world: World) -> None:
        found = [profile_entities(person.profile.description, "") for person in world.people]
        kinds = {kind for entities in found if entities for kind in entities["description"]}
        assert kinds == {"hashtags", "cashtags", "mentions", "urls"}

    def test_alices_bio_holds_all_of_them(self, world: World) -> None:
        entities = profile_entities(world.people[0].profile.description, "")
        assert entities is not None
        assert list(entities["description"]) == ["hashtags", "cashtags", "mentions", "urls"]

    def test_mentions_are_of_residents(self, world: World) -> None:
        usernames = {person.username for person in world.people}
        found = [profile_entities(person.profile.description, "") for person in world.people]
        mentioned = {
            mention["username"]
            for entities in found
            if entities
            for mention in entities["description"].get("mentions", [])
        }
        assert mentioned
        assert mentioned <= usernames

    def test_posts_know_whom_they_mention_and_reposts_whom_they_repeat(self, world: World) -> None:
        usernames, posts = {person.id: person.username for person in world.people}, posts_by_id(world)
        for post in world.posts:
            if post.shape & Shape.REPOST:
                assert post.details.mentioned_ids == ()
                assert post.details.reposted_author_id == posts[post.reposted_id].author_id
                continue
            assert post.details.reposted_author_id == 0
            mentioned = re.findall(r"@(\w+)", post.text, re.ASCII)
            assert [usernames[id_] for id_ in post.details.mentioned_ids] == list(dict.fromkeys(mentioned))

    def test_no_placeholder_is_left(self, world: World) -> None:
        texts = [person.profile.description for person in world.people] + [post.text for post in world.posts]
        assert [text for text in texts if "{" in text or "}" in text] == []

    def test_every_address_is_one_that_belongs_to_nobody(self, world: World) -> None:
        hosts = re.findall(r"https?://([^/\"\s]+)", msgspec.json.encode([world.people, world.posts]).decode())
        assert {".".join(host.split(".")[-2:]) for host in hosts} == {"example.com", "example.org"}

    @pytest.mark.parametrize("document", ["openapi-2.166-mutes.json", "openapi-2.167-mutes.json"])
    def test_entities_are_of_the_shape_that_x_documents(self, world: World, document: str, shared_wire: Path) -> None:
        components = msgspec.json.decode((shared_wire / document).read_bytes())["components"]
        schema = components["schemas"]["User"]["properties"]["entities"]
        validator = jsonschema.Draft202012Validator({**schema, "components": components})
        for person in world.people:
            entities = profile_entities(person.profile.description, person.profile.url)
            validator.validate(entities or {})
