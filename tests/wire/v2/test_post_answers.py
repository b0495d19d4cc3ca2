import json
from collections.abc import Sequence
from typing import Any

import pytest

from tacet.identity.caller import Caller, Method
from tacet.posts.changes import MAX_CHANGES
from tacet.posts.writing import Draft
from tacet.records.credentials import Access
from tacet.records.people import Person, Post, PostDetails, PostHead, Reference, State, Stretch
from tacet.records.relations import Kind, Relation
from tacet.wire.selection import select_posts
from tacet.wire.v2.answers import Answers
from tacet.wire.v2.post_answers import PostAnswers
from tacet.wire.v2.shown_posts import ShownPosts
from tests.cast import ALICE, APP_ID, BOB, CAROL, DEACTIVATED, FULL, HIDDEN, NOW_MS, OWN, PINNED, PROTECTED, SUSPENDED
from tests.service import Answer, Service, in_memory


async def write(service: Service, author: Person, text: str = "Hello", **more: Any) -> str:
    return str((await service.tacet.actions.writing.create(author.id, Draft(text, **more))).id)


async def posts(service: Service, ids: Sequence[str | int], query: str = "", token: str = "alice") -> Answer:
    listed = ",".join(str(id_) for id_ in ids)
    return await service.get(f"/2/tweets?ids={listed}{query and '&'}{query}", token)


def ids_of(included: Sequence[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in included]


class TestIncludes:
    async def test_authors_are_included_once_each(self, service: Service) -> None:
        ids = [await write(service, author) for author in (BOB, CAROL, BOB)]
        answer = await posts(service, ids, "expansions=author_id&user.fields=created_at")
        assert [post["author_id"] for post in answer.json["data"]] == [str(each.id) for each in (BOB, CAROL, BOB)]
        assert answer.json["includes"].keys() == {"users"}
        assert ids_of(answer.json["includes"]["users"]) == [str(BOB.id), str(CAROL.id)]

    async def test_whoever_is_answered_is_included(self, service: Service) -> None:
        reply = await write(service, BOB, reply_to=OWN.id)
        answer = await posts(service, [reply, OWN.id], "expansions=in_reply_to_user_id")
        assert answer.json["data"][0]["in_reply_to_user_id"] == str(ALICE.id)
        assert "in_reply_to_user_id" not in answer.json["data"][1]
        assert ids_of(answer.json["includes"]["users"]) == [str(ALICE.id)]

    @pytest.mark.parametrize("word", ["entities.mentions.username", "entities.note.mentions.username", "username"])
    async def test_whoever_is_mentioned_is_included(self, service: Service, word: str) -> None:
        post_id = await write(service, BOB, "@carol, @ALICE and @nobody")
        answer = await posts(service, [post_id], f"expansions={word}")
        mentions = answer.json["data"][0]["entities"]["mentions"]
        assert [mention.get("id") for mention in mentions] == [str(CAROL.id), str(ALICE.id), None]
        assert ids_of(answer.json["includes"]["users"]) == [str(CAROL.id), str(ALICE.id)]
        assert "errors" not in answer.json

    @pytest.mark.parametrize(("word", "noun"), [("referenced_tweets.id", "tweet"), ("referenced_posts", "post")])
    async def test_whatever_is_referred_to_is_included_once(self, service: Service, word: str, noun: str) -> None:
        ids = [await write(service, BOB, reply_to=OWN.id, quoting=PINNED.id), await write(service, BOB, quoting=OWN.id)]
        answer = await posts(service, ids, f"expansions={word}")
        assert [each["type"] for each in answer.json["data"][0][f"referenced_{noun}s"]] == ["replied_to", "quoted"]
        assert answer.json["includes"].keys() == {f"{noun}s"}
        assert ids_of(answer.json["includes"][f"{noun}s"]) == [str(OWN.id), str(PINNED.id)]

    async def test_authors_of_what_is_referred_to_come_with_it(self, service: Service) -> None:
        post_id = await write(service, BOB, quoting=OWN.id)
        answer = await posts(service, [post_id], "expansions=referenced_tweets.id.author_id,author_id")
        assert list(answer.json["includes"]) == ["users", "tweets"]
        assert ids_of(answer.json["includes"]["users"]) == [str(BOB.id), str(ALICE.id)]
        assert ids_of(answer.json["includes"]["tweets"]) == [str(OWN.id)]

    async def test_included_posts_show_the_fields_that_were_asked_for(self, service: Service) -> None:
        post_id = await write(service, BOB, quoting=PINNED.id)
        answer = await posts(service, [post_id], "expansions=referenced_posts&post.fields=lang,public_metrics")
        [included] = answer.json["includes"]["posts"]
        assert included.keys() == {"id", "text", "lang", "public_metrics", "referenced_posts"}
        assert included["public_metrics"]["repost_count"] == 1

    @pytest.mark.parametrize(
        "word",
        [
            "attachments.media_keys",
            "attachments.poll_ids",
            "geo.place_id",
            "article.cover_media",
            "edit_history_tweet_ids",
        ],
    )
    async def test_there_are_no_media_polls_places_or_edits_to_include(self, service: Service, word: str) -> None:
        answer = await posts(service, [OWN.id], f"expansions={word}&media.fields=url&poll.fields=id&place.fields=id")
        assert answer.json.keys() == {"data"}

    async def test_users_show_what_they_are_to_the_viewer(self, service: Service) -> None:
        await service.mute(ALICE, BOB.id)
        post_id = await write(service, BOB)
        query = "expansions=author_id&user.fields=connection_status"
        for token, status in (("alice", ["muting"]), ("carol", [])):
            answer = await posts(service, [post_id], query, token)
            assert answer.json["includes"]["users"][0]["connection_status"] == status


def entry(word: str, noun: str, post_id: int) -> dict[str, str]:
    return {"resource_type": noun, "resource_id": str(post_id), "parameter": word, "value": str(post_id)}


class TestReposts:
    """Who may not see what a repost repeats sees the repost nowhere."""

    @pytest.mark.parametrize("reader", [BOB, FULL, ALICE], ids=["a reader", "the author", "who repeated it"])
    @pytest.mark.parametrize(("word", "noun"), [("referenced_tweets.id", "tweet"), ("referenced_posts", "post")])
    async def test_a_quoted_repost_is_not_included(
        self, service: Service, word: str, noun: str, reader: Person
    ) -> None:
        await service.tacet.actions.writing.repost(ALICE.id, PINNED.id)
        [repost] = await service.store.posts.of_authors([ALICE.id], Stretch(), 1)
        # Quoting it would quote what it repeats: an import may have this one.
        await service.store.posts.put([Post(6001, CAROL.id, "See", NOW_MS, _quoting(repost.id))])
        query = f"expansions={word}"
        included = (await posts(service, [6001], query, reader.username)).json["includes"][f"{noun}s"]
        assert ids_of(included) == [str(repost.id)]
        if reader is not FULL:
            await service.tacet.actions.blocks.block(FULL.id, reader.id)
        answer = await posts(service, [6001], query, reader.username)
        assert ("includes" in answer.json) is (reader is FULL)
        assert PINNED.text not in answer.body.decode() or reader is FULL


class TestErrors:
    @pytest.mark.parametrize(("word", "noun"), [("referenced_tweets.id", "tweet"), ("referenced_posts", "post")])
    async def test_whatever_is_referred_to_and_gone_or_hidden_is_an_error(
        self, service: Service, word: str, noun: str
    ) -> None:
        gone = await write(service, BOB)
        await _follow(service, CAROL, PROTECTED)
        ids = [await write(service, CAROL, quoting=int(gone)), await write(service, CAROL, quoting=HIDDEN.id)]
        await service.tacet.actions.writing.delete(BOB.id, int(gone))
        answer = await posts(service, ids, f"expansions={word}")
        assert [each | entry(word, noun, int(each["value"])) for each in answer.json["errors"]] == answer.json["errors"]
        assert [(each["title"], each["value"], each.get("section")) for each in answer.json["errors"]] == [
            ("Not Found Error", gone, None),
            ("Authorization Error", str(HIDDEN.id), "includes"),
        ]
        assert "includes" not in answer.json

    async def test_whoever_was_named_and_is_away_is_an_error(self, service: Service) -> None:
        details = PostDetails(mentioned_ids=(SUSPENDED.id, 999), in_reply_to_user_id=DEACTIVATED.id)
        await service.store.posts.put([Post(7001, BOB.id, "@gone @renamed", NOW_MS, details)])
        answer = await posts(service, [7001], "expansions=entities.mentions.username,in_reply_to_user_id")
        assert [(each["title"], each["parameter"], each["value"]) for each in answer.json["errors"]] == [
            ("Not Found Error", "in_reply_to_user_id", str(DEACTIVATED.id)),
            ("Forbidden", "entities.mentions.username", SUSPENDED.username),
        ]

    async def test_private_metrics_of_others_are_errors_where_they_would_have_stood(self, service: Service) -> None:
        quote = await write(service, BOB, quoting=PINNED.id)
        query = "tweet.fields=non_public_metrics&expansions=referenced_tweets.id"
        answer = await posts(service, [quote, OWN.id], query)
        assert ["non_public_metrics" in post for post in answer.json["data"]] == [False, True]
        assert [(each["value"], each["field"], each["section"]) for each in answer.json["errors"]] == [
            (quote, "non_public_metrics.impression_count", "data"),
            (str(PINNED.id), "non_public_metrics.impression_count", "includes"),
        ]

    async def test_private_metrics_are_shown_to_the_author_whoever_asked_before(self, service: Service) -> None:
        target = f"/2/tweets/{PINNED.id}?tweet.fields=non_public_metrics"
        seen = [
            "non_public_metrics" in (await service.get(target, name)).json["data"]
            for name in ("alice", "full", "alice")
        ]
        assert seen == [False, True, False]


CALLER = Caller(Method.OAUTH2_USER, APP_ID, ALICE.id, frozenset(), Access.READ, True)
DEFAULT = select_posts({})


class TestPosts:
    """What timelines ask for: posts that somebody chose, by their ids."""

    @pytest.fixture
    def answers(self, service: Service) -> PostAnswers:
        return kept(service)

    async def shown(self, answers: PostAnswers, *ids: int) -> list[str]:
        shown, rendered = await answers.posts(ids, DEFAULT, CALLER)
        assert [json.loads(each)["id"] for each in rendered] == [str(id_) for id_ in shown]
        return [str(id_) for id_ in shown]

    async def test_posts_come_in_order_without_those_that_are_gone(
        self, service: Service, answers: PostAnswers
    ) -> None:
        await service.put(Person(FULL.id, FULL.username, FULL.name, State.SUSPENDED))
        for _ in range(2):
            assert await self.shown(answers, OWN.id, PINNED.id, 7, HIDDEN.id) == [str(OWN.id), str(HIDDEN.id)]

    async def test_a_post_that_was_asked_for_too_early_is_shown_once_it_is_there(
        self, service: Service, answers: PostAnswers
    ) -> None:
        assert await self.shown(answers, 7001, OWN.id) == [str(OWN.id)]
        await service.store.posts.add(Post(7001, BOB.id, "late", NOW_MS))
        assert await self.shown(answers, 7001, OWN.id) == [str(OWN.id)]
        service.tacet.actions.post_changes.added(PostHead(7001, BOB.id))
        assert await self.shown(answers, 7001, OWN.id) == ["7001", str(OWN.id)]

    async def test_a_deleted_post_is_not_shown_and_nor_are_its_reposts(
        self, service: Service, answers: PostAnswers
    ) -> None:
        post_id = int(await write(service, BOB))
        await service.tacet.actions.writing.repost(CAROL.id, post_id)
        [head] = await service.store.posts.of_authors([CAROL.id], Stretch(), 1)
        assert await self.shown(answers, OWN.id, post_id, head.id) == [str(OWN.id), str(post_id), str(head.id)]
        await service.tacet.actions.writing.delete(BOB.id, post_id)
        assert await self.shown(answers, OWN.id, post_id, head.id) == [str(OWN.id)]

    async def test_more_changes_than_are_remembered_forget_everything(
        self, service: Service, answers: PostAnswers
    ) -> None:
        post_id = int(await write(service, BOB))
        assert await self.shown(answers, OWN.id, post_id) == [str(OWN.id), str(post_id)]
        await service.tacet.actions.writing.delete(BOB.id, post_id)
        for n in range(MAX_CHANGES):
            service.tacet.actions.post_changes.added(PostHead(8_000 + n, BOB.id))
        assert await self.shown(answers, OWN.id, post_id) == [str(OWN.id)]

    async def test_more_reposts_than_are_remembered_forget_everything(self, service: Service) -> None:
        answers = kept(service, max_fragments=2)
        ids = [int(await write(service, BOB)) for _ in range(6)]
        for post_id in ids:
            await service.tacet.actions.writing.repost(CAROL.id, post_id)
        heads = [head.id for head in await service.store.posts.of_authors([CAROL.id], Stretch(), 6)]
        assert await self.shown(answers, *heads) == [str(id_) for id_ in heads]
        for post_id in ids:
            await service.tacet.actions.writing.delete(BOB.id, post_id)
        assert await self.shown(answers, *heads) == []

    async def test_what_is_kept_is_not_read_again(self, service: Service, answers: PostAnswers) -> None:
        assert await self.shown(answers, OWN.id, PINNED.id) == [str(OWN.id), str(PINNED.id)]
        # Behind everybody's back.
        await service.store.posts.delete(OWN.id)
        assert await self.shown(answers, OWN.id, PINNED.id) == [str(OWN.id), str(PINNED.id)]


def kept(service: Service, max_fragments: int = 1_000) -> PostAnswers:
    """Answers over a service's actions, of which nothing is kept yet."""
    actions = service.tacet.actions
    shown_posts = ShownPosts(actions.people, actions.posts, actions.visibility)
    answers = Answers(actions.people, actions.posts, actions.acquaintance, shown_posts, max_fragments, 1 << 20)
    changes = actions.post_changes
    return PostAnswers(actions.people, actions.posts, answers, shown_posts, changes, max_fragments, 1 << 20)


class TestWhatIsKept:
    """Answers are the same as if nothing were kept rendered."""

    async def test_the_same_posts_are_answered_with_the_same_bytes(self, service: Service) -> None:
        ids = [await write(service, BOB, f"Post {n}") for n in range(10)]
        answers = [(await posts(service, ids)).body for _ in range(3)]
        assert len(set(answers)) == 1

    async def test_selections_do_not_leak_into_each_other(self, service: Service) -> None:
        plain = (await posts(service, [OWN.id, PINNED.id])).body
        for query in ("tweet.fields=lang", "post.fields=id", "expansions=author_id", "user.fields=url"):
            await posts(service, [OWN.id, PINNED.id], query)
        assert (await posts(service, [OWN.id, PINNED.id])).body == plain

    async def test_a_deleted_post_is_not_shown_where_others_refer_to_it(self, service: Service) -> None:
        quoted = await write(service, BOB)
        quote = await write(service, CAROL, quoting=int(quoted))
        query = "expansions=referenced_tweets.id"
        assert ids_of((await posts(service, [quote], query)).json["includes"]["tweets"]) == [quoted]
        await service.tacet.actions.writing.delete(BOB.id, int(quoted))
        assert "includes" not in (await posts(service, [quote], query)).json

    async def test_an_import_is_seen_when_the_server_notices(self, service: Service) -> None:
        assert (await posts(service, [OWN.id])).json["data"][0]["text"] == OWN.text
        await service.store.posts.put([Post(OWN.id, ALICE.id, "Corrected", OWN.created_at_ms)])
        service.tacet.people.forget()
        assert (await posts(service, [OWN.id])).json["data"][0]["text"] == "Corrected"

    async def test_an_account_that_left_is_no_longer_named_by_its_id(self, service: Service) -> None:
        await service.post_json("/2/tweets", {"text": f"@{CAROL.username} and @{BOB.username}"})
        await service.put(Person(CAROL.id, CAROL.username, CAROL.name, State.DEACTIVATED))
        shown = await service.get(f"/2/users/{ALICE.id}/tweets?tweet.fields=entities&max_results=5")
        mentions = shown.json["data"][0]["entities"]["mentions"]
        assert [mention.get("id") for mention in mentions] == [None, str(BOB.id)]

    async def test_a_renamed_account_is_no_longer_the_one_that_was_mentioned(self, service: Service) -> None:
        post_id = await write(service, BOB, "@carol")
        target = f"/2/tweets/{post_id}?tweet.fields=entities"
        mentions = [(await service.get(target)).json["data"]["entities"]["mentions"]]
        await service.put(Person(CAROL.id, "caroline", "Caroline"))
        mentions.append((await service.get(target)).json["data"]["entities"]["mentions"])
        assert ["id" in mention for [mention] in mentions] == [True, False]

    async def test_a_suspended_author_is_gone_from_includes_and_comes_back(self, service: Service) -> None:
        quote = await write(service, BOB, quoting=PINNED.id)
        query = "expansions=referenced_tweets.id"
        seen = []
        for person in (FULL, Person(FULL.id, FULL.username, FULL.name, State.SUSPENDED), FULL):
            await service.put(person)
            seen.append("includes" in (await posts(service, [quote], query)).json)
        assert seen == [True, False, True]

    async def test_posts_are_whole_however_little_is_kept_in_memory(self) -> None:
        async with in_memory(rate_limits=False, person_cache_entries=1, person_cache_bytes=1 << 20) as service:
            ids = [await write(service, BOB, f"Post {n}") for n in range(30)]
            for post_id in ids:
                await service.tacet.actions.writing.repost(CAROL.id, int(post_id))
            heads = await service.store.posts.of_authors([CAROL.id], Stretch(), 30)
            for _ in range(2):
                assert (await posts(service, ids)).ids == ids
                assert (await posts(service, [head.id for head in heads])).ids == [str(head.id) for head in heads]


def _quoting(post_id: int) -> PostDetails:
    return PostDetails(references=(Reference("quoted", post_id),))


async def _follow(service: Service, follower: Person, followed: Person) -> None:
    """As if a protected account had let somebody in."""
    relation = Relation(Kind.FOLLOW, follower.id, followed.id, NOW_MS << 20)
    await service.store.relations.add(relation, NOW_MS)
