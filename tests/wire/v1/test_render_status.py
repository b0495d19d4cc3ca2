from pathlib import Path
from typing import Any

import pytest

from tacet.records.people import Person, Post, PostDetails, PostMetrics, Profile, Reference, Stretch
from tacet.records.relations import Kind, Relation
from tacet.wire.v1.render_status import Around, StatusObjects, created_at, render_status
from tests.cast import ALICE, BOB, CAROL, FULL, HIDDEN, NOW_MS, OWN, PINNED, PROTECTED, SUSPENDED, UNKNOWN_ID
from tests.service import Service
from tests.wire.v1.examples import Examples, Json, differences, milliseconds

NOBODY = Around({}, {})
EVERYBODY = Around({person.id: person for person in (ALICE, BOB, CAROL, FULL)}, {})


@pytest.fixture(scope="module")
def examples(shared_wire: Path) -> Examples:
    return Examples(shared_wire)


@pytest.fixture
def statuses(service: Service) -> StatusObjects:
    actions = service.tacet.actions
    return StatusObjects(actions.people, actions.posts, actions.visibility)


def post_of(example: Json) -> Post:
    """A post about which everything is known that an example tells."""
    metrics = PostMetrics(repost_count=example["retweet_count"], like_count=example["favorite_count"])
    details = PostDetails(lang=example["lang"], source=example["source"], metrics=metrics)
    return Post(example["id"], ALICE.id, example["text"], milliseconds(example["created_at"]), details)


NO_SHORTENING = "addresses are not shortened here, so that they are their own long form"

DOCUMENTED_DIFFERENCES = {
    "entities.urls.expanded_url": ("another value", NO_SHORTENING),
    "entities.urls.display_url": ("another value", NO_SHORTENING),
    "is_quote_status": ("added", "newer than the example, which is older than quotes; clients read it"),
}
"""How our statuses differ from the documented one, and why: all there is."""


def post(text: str = "Hello", *references: Reference, **details: Any) -> Post:
    return Post(6001, BOB.id, text, NOW_MS, PostDetails(references=references, **details))


def test_a_documented_status_is_the_same_key_by_key_but_for_what_is_listed(examples: Examples) -> None:
    theirs = examples.created["status"]
    found = differences(theirs, render_status(post_of(theirs), NOBODY))
    assert found == {key: difference for key, (difference, _) in DOCUMENTED_DIFFERENCES.items()}


def test_moments_are_written_as_documented(examples: Examples) -> None:
    moments = [examples.listed["created_at"], examples.created["status"]["created_at"]]
    assert [created_at(milliseconds(moment)) for moment in moments] == moments


def test_counts_are_those_of_the_post() -> None:
    status = render_status(PINNED, NOBODY)
    assert (status["retweet_count"], status["favorite_count"]) == (1, 3)


def test_a_language_nobody_named_is_undetermined() -> None:
    assert render_status(post(), NOBODY)["lang"] == "und"
    assert render_status(PINNED, NOBODY)["lang"] == "en"


@pytest.mark.parametrize(
    ("text", "sensitive", "said"),
    [
        ("no link", False, None),
        ("https://example.com", False, False),
        ("no link", True, True),
        ("https://example.com", True, True),
    ],
    ids=["neither", "link", "sensitive", "both"],
)
def test_sensitive_is_said_of_what_links_or_is(text: str, sensitive: bool, said: bool | None) -> None:
    status = render_status(post(text, possibly_sensitive=sensitive), NOBODY)
    assert status.get("possibly_sensitive") is said


class TestText:
    def test_is_never_cut(self) -> None:
        status = render_status(post("x" * 25_000), NOBODY)
        assert (len(status["text"]), status["truncated"]) == (25_000, False)

    def test_extended_says_which_part_to_show(self) -> None:
        status = render_status(post("☕🚀"), NOBODY, extended=True)
        assert (status["full_text"], status["display_text_range"]) == ("☕🚀", [0, 2])
        assert "text" not in status

    def test_otherwise_there_is_no_range(self) -> None:
        status = render_status(post(), NOBODY)
        assert "display_text_range" not in status
        assert "full_text" not in status


class TestAnswers:
    def test_name_what_and_whom_they_answer(self) -> None:
        answer = post("@alice yes", Reference("replied_to", OWN.id), in_reply_to_user_id=ALICE.id)
        status = render_status(answer, EVERYBODY)
        assert [status[f"in_reply_to_{key}"] for key in ("status_id", "status_id_str", "user_id", "user_id_str")] == [
            OWN.id,
            str(OWN.id),
            ALICE.id,
            str(ALICE.id),
        ]
        assert status["in_reply_to_screen_name"] == ALICE.username

    def test_whoever_is_away_has_no_name(self) -> None:
        status = render_status(post(in_reply_to_user_id=SUSPENDED.id), EVERYBODY)
        assert (status["in_reply_to_user_id"], status["in_reply_to_screen_name"]) == (SUSPENDED.id, None)


class TestEntities:
    def test_stand_where_they_are_in_the_text(self) -> None:
        text = "🚀 #now $X by @ALICE"
        entities = render_status(post(text, mentioned_ids=(ALICE.id,)), EVERYBODY)["entities"]
        assert list(entities) == ["hashtags", "symbols", "urls", "user_mentions"]
        assert entities["hashtags"] == [{"text": "now", "indices": [2, 6]}]
        assert entities["symbols"] == [{"text": "X", "indices": [7, 9]}]
        assert entities["user_mentions"] == [
            {"screen_name": "alice", "name": "Alice", "id": 1001, "id_str": "1001", "indices": [13, 19]}
        ]

    def test_a_username_of_nobody_is_no_mention(self) -> None:
        mentions = render_status(post("@alice @nobody", mentioned_ids=(ALICE.id,)), EVERYBODY)["entities"]
        assert [mention["id"] for mention in mentions["user_mentions"]] == [ALICE.id]

    def test_somebody_mentioned_twice_is_there_twice(self) -> None:
        entities = render_status(post("@alice @alice", mentioned_ids=(ALICE.id,)), EVERYBODY)["entities"]
        assert [mention["indices"] for mention in entities["user_mentions"]] == [[0, 6], [7, 13]]

    def test_are_left_out_when_they_are_not_wanted(self) -> None:
        assert "entities" not in render_status(post("#now"), NOBODY, entities=False)


REPOST = Post(6002, BOB.id, "RT @alice: own", NOW_MS, PostDetails(references=(Reference("retweeted", OWN.id),)))
QUOTE = Post(6003, BOB.id, "Look", NOW_MS, PostDetails(references=(Reference("quoted", OWN.id),)))


class TestRepeating:
    @staticmethod
    async def shown(statuses: StatusObjects, one: Post, viewer: Person = CAROL) -> Json:
        return (await statuses.of([one], viewer.id))[one.id]

    async def test_a_repost_holds_what_it_repeats(self, statuses: StatusObjects) -> None:
        status = await self.shown(statuses, REPOST)
        assert status["retweeted_status"]["id"] == OWN.id
        assert status["is_quote_status"] is False

    async def test_a_quote_holds_what_it_quotes(self, statuses: StatusObjects) -> None:
        status = await self.shown(statuses, QUOTE)
        assert status["is_quote_status"] is True
        assert (status["quoted_status_id"], status["quoted_status_id_str"]) == (OWN.id, str(OWN.id))
        assert status["quoted_status"]["text"] == OWN.text

    async def test_what_is_repeated_repeats_nothing_itself(self, service: Service, statuses: StatusObjects) -> None:
        await service.store.posts.put([QUOTE])
        again = Post(6004, CAROL.id, "RT", NOW_MS, PostDetails(references=(Reference("retweeted", QUOTE.id),)))
        status = (await self.shown(statuses, again))["retweeted_status"]
        assert status["quoted_status_id"] == OWN.id
        assert "quoted_status" not in status

    @pytest.mark.parametrize("post_id", [UNKNOWN_ID, HIDDEN.id], ids=["gone", "of-a-protected-account"])
    async def test_what_one_may_not_see_is_left_out(self, statuses: StatusObjects, post_id: int) -> None:
        for type_, key in (("quoted", "quoted_status"), ("retweeted", "retweeted_status")):
            status = await self.shown(statuses, post("x", Reference(type_, post_id)))
            assert key not in status

    async def test_a_quoted_repost_of_whom_one_may_not_see_is_left_out(
        self, service: Service, statuses: StatusObjects
    ) -> None:
        await service.tacet.actions.writing.repost(CAROL.id, PINNED.id)
        [repost] = await service.store.posts.of_authors([CAROL.id], Stretch(), 1)
        quote = post("x", Reference("quoted", repost.id))
        assert (await self.shown(statuses, quote))["quoted_status"]["id"] == repost.id
        await service.put(Person(FULL.id, FULL.username, FULL.name, profile=Profile(protected=True)))
        assert "quoted_status" not in await self.shown(statuses, quote)

    async def test_who_follows_a_protected_account_sees_it_quoted(
        self, service: Service, statuses: StatusObjects
    ) -> None:
        follow = Relation(Kind.FOLLOW, CAROL.id, PROTECTED.id, 2)
        await service.store.relations.add(follow, service.clock.now_ms())
        status = await self.shown(statuses, post("x", Reference("quoted", HIDDEN.id)))
        assert status["quoted_status"]["id"] == HIDDEN.id

    async def test_inner_statuses_are_written_like_the_outer_one(self, statuses: StatusObjects) -> None:
        status = (await statuses.of([QUOTE], CAROL.id, entities=False, extended=True))[QUOTE.id]
        assert status["quoted_status"]["full_text"] == OWN.text
        assert "entities" not in status["quoted_status"]


class TestNames:
    async def test_mentioned_people_are_found(self, statuses: StatusObjects) -> None:
        named = post("@alice and @gone", mentioned_ids=(ALICE.id, SUSPENDED.id), in_reply_to_user_id=BOB.id)
        status = (await statuses.of([named], None))[named.id]
        assert [mention["id"] for mention in status["entities"]["user_mentions"]] == [ALICE.id]
        assert status["in_reply_to_screen_name"] == BOB.username

    async def test_no_posts_are_no_statuses(self, statuses: StatusObjects) -> None:
        assert await statuses.of([], ALICE.id) == {}
