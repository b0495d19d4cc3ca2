"""Nobody can find out whether somebody else mutes them: not by what is answered, and not by the work it takes.

Time itself is not measured: on a shared machine it says less than what is counted here, which is the same in every run.
"""

import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from tacet.records.people import Person
from tacet.records.relations import Kind, Relation
from tacet.settings import SANDBOX
from tacet.store.opening import MEMORY
from tacet.wire.vocabulary import POST, TWEET, Vocabulary
from tests.cast import ALICE, BOB, CALLBACK, CAROL, HIDDEN, NOW_MS, OWN, PINNED, SCOPES, login_app
from tests.pages.browsing import Browser, Screen
from tests.security.work import Counter, Work, numbers
from tests.service import JSON, Answer, Service, in_memory

MOMENT_HEADERS = frozenset(("date", "x-transaction-id", "x-transaction", "x-response-time"))
"""What differs between two answers to the same request as well."""

STRANGER_ID = 60_000
"""Whom Bob never asks about."""

BY_BOB = "Bob_B"
"""Bob's bearer."""


def everything(vocabulary: Vocabulary) -> str:
    """All that can be asked for with a user."""
    noun = vocabulary.noun
    fields = {
        "user.fields": vocabulary.user_fields,
        f"{noun}.fields": vocabulary.post_fields,
        "expansions": vocabulary.expansions,
    }
    return "&".join(f"{name}={','.join(words)}" for name, words in fields.items())


@dataclass(frozen=True)
class Question:
    """Something that Bob can ask."""

    method: Any
    target: str
    token: str | None = BY_BOB
    body: Mapping[str, Any] | None = None

    async def ask(self, service: Service, nonce: str | None = None) -> Answer:
        """Ask it; v1.1 with a signature, whose nonce is the same in every world, so that it takes the same work."""
        if self.target.startswith("/1.1/"):
            headers = service.signature(self.method, self.target, person=BOB, nonce=nonce)
            return await service.call(self.method, self.target, token=None, headers=headers)
        headers = {} if self.body is None else {"content-type": JSON}
        body = b"" if self.body is None else json.dumps(self.body).encode()
        return await service.call(self.method, self.target, token=self.token, headers=headers, body=body)


def looks(query: str) -> dict[str, Question]:
    """Every look-up of Alice, Bob and somebody else, in every way there is."""
    return {
        "me": Question("GET", f"/2/users/me?{query}"),
        "alice": Question("GET", f"/2/users/{ALICE.id}?{query}"),
        "himself": Question("GET", f"/2/users/{BOB.id}?{query}"),
        "several": Question("GET", f"/2/users?ids={ALICE.id},{BOB.id},{CAROL.id}&{query}"),
        "alice by name": Question("GET", f"/2/users/by/username/{ALICE.username}?{query}"),
        "several by name": Question("GET", f"/2/users/by?usernames={ALICE.username},{BOB.username}&{query}"),
        "alice as an App": Question("GET", f"/2/users/{ALICE.id}?{query}", "app-only"),
        "his own mutes": Question("GET", f"/2/users/{BOB.id}/muting?max_results=5&{query}"),
        "alice's mutes": Question("GET", f"/2/users/{ALICE.id}/muting?{query}"),
    }


def everything_of_posts(vocabulary: Vocabulary) -> str:
    """All that can be asked for with a post."""
    expansions = f"expansions={','.join(vocabulary.post_expansions)}"
    return "&".join((*everything(vocabulary).split("&")[:2], expansions))


def readings(vocabulary: Vocabulary) -> dict[str, Question]:
    """Posts and lists around Alice and Bob."""
    posts, people = everything_of_posts(vocabulary), everything(vocabulary)
    return {
        "alice's post": Question("GET", f"/2/tweets/{OWN.id}?{posts}"),
        "several posts": Question("GET", f"/2/tweets?ids={OWN.id},{PINNED.id},{HIDDEN.id}&{posts}"),
        "alice's post as an App": Question("GET", f"/2/tweets/{OWN.id}?{posts}", "app-only"),
        "alice's posts": Question("GET", f"/2/users/{ALICE.id}/tweets?{posts}"),
        "alice's mentions": Question("GET", f"/2/users/{ALICE.id}/mentions?{posts}"),
        "his mentions": Question("GET", f"/2/users/{BOB.id}/mentions?{posts}"),
        "his home": Question("GET", f"/2/users/{BOB.id}/timelines/reverse_chronological?{posts}"),
        "alice's home": Question("GET", f"/2/users/{ALICE.id}/timelines/reverse_chronological?{posts}"),
        "alice's followers": Question("GET", f"/2/users/{ALICE.id}/followers?{people}"),
        "whom alice follows": Question("GET", f"/2/users/{ALICE.id}/following?{people}"),
        "his blocks": Question("GET", f"/2/users/{BOB.id}/blocking?{people}"),
        "alice's blocks": Question("GET", f"/2/users/{ALICE.id}/blocking?{people}"),
    }


MEETINGS: dict[str, Question] = {
    "posting to alice": Question("POST", "/2/tweets", body={"text": f"@{ALICE.username}, are you there?"}),
    "quoting alice": Question("POST", "/2/tweets", body={"text": "Well said", "quote_tweet_id": str(OWN.id)}),
    "answering alice": Question(
        "POST", "/2/tweets", body={"text": "I see", "reply": {"in_reply_to_tweet_id": str(OWN.id)}}
    ),
    "reposting alice": Question("POST", f"/2/users/{BOB.id}/retweets", body={"tweet_id": str(OWN.id)}),
    "reposting alice again": Question("POST", f"/2/users/{BOB.id}/retweets", body={"tweet_id": str(OWN.id)}),
    "his home with it": Question("GET", f"/2/users/{BOB.id}/timelines/reverse_chronological?max_results=5"),
    "taking it back": Question("DELETE", f"/2/users/{BOB.id}/retweets/{OWN.id}"),
    "deleting alice's post": Question("DELETE", f"/2/tweets/{OWN.id}"),
    "writing to alice": Question("POST", f"/2/dm_conversations/with/{ALICE.id}/messages", body={"text": "Hello"}),
    "his letters": Question(
        "GET", "/2/dm_events?dm_event.fields=id,text,sender_id,participant_ids&expansions=sender_id"
    ),
    "what they wrote": Question("GET", f"/2/dm_conversations/with/{ALICE.id}/dm_events"),
    "unfollowing alice": Question("DELETE", f"/2/users/{BOB.id}/following/{ALICE.id}"),
    "his home without alice": Question("GET", f"/2/users/{BOB.id}/timelines/reverse_chronological?max_results=5"),
    "following alice": Question("POST", f"/2/users/{BOB.id}/following", body={"target_user_id": str(ALICE.id)}),
    "following alice again": Question("POST", f"/2/users/{BOB.id}/following", body={"target_user_id": str(ALICE.id)}),
    "whom he follows": Question("GET", f"/2/users/{BOB.id}/following?user.fields=connection_status"),
    "following for alice": Question("POST", f"/2/users/{ALICE.id}/following", body={"target_user_id": str(BOB.id)}),
}
"""What he can do to her, and see of it."""

OLDER: dict[str, Question] = {
    "alice in v1.1": Question("GET", f"/1.1/users/show.json?user_id={ALICE.id}"),
    "alice by name in v1.1": Question("GET", f"/1.1/users/show.json?screen_name={ALICE.username}&tweet_mode=extended"),
    "several in v1.1": Question("GET", f"/1.1/users/lookup.json?user_id={ALICE.id},{BOB.id},{CAROL.id}"),
    "himself in v1.1": Question("GET", "/1.1/account/verify_credentials.json?include_email=true"),
    "what he is to alice": Question("GET", f"/1.1/friendships/show.json?target_id={ALICE.id}"),
    "what alice is to him": Question("GET", f"/1.1/friendships/show.json?source_id={ALICE.id}&target_id={BOB.id}"),
    "what alice is to carol": Question("GET", f"/1.1/friendships/show.json?source_id={ALICE.id}&target_id={CAROL.id}"),
    "what he is to several": Question("GET", f"/1.1/friendships/lookup.json?user_id={ALICE.id},{CAROL.id}"),
    "his own mutes in v1.1": Question("GET", f"/1.1/mutes/users/ids.json?user_id={ALICE.id}"),
    "unmuting alice in v1.1": Question("POST", f"/1.1/mutes/users/destroy.json?user_id={ALICE.id}"),
    "muting alice in v1.1": Question("POST", f"/1.1/mutes/users/create.json?user_id={ALICE.id}"),
    "his mutes with alice in v1.1": Question("GET", "/1.1/mutes/users/list.json"),
    "unmuting alice again in v1.1": Question("POST", f"/1.1/mutes/users/destroy.json?user_id={ALICE.id}"),
    "blocking alice in v1.1": Question("POST", f"/1.1/blocks/create.json?user_id={ALICE.id}"),
    "following whom he blocks": Question(
        "POST", f"/2/users/{BOB.id}/following", body={"target_user_id": str(ALICE.id)}
    ),
    "writing to whom he blocks": Question(
        "POST", f"/2/dm_conversations/with/{ALICE.id}/messages", body={"text": "Hello"}
    ),
    "posts of whom he blocks": Question("GET", f"/2/users/{ALICE.id}/tweets"),
    "unblocking alice in v1.1": Question("POST", f"/1.1/blocks/destroy.json?user_id={ALICE.id}"),
    "what is left to him": Question("GET", "/1.1/application/rate_limit_status.json?resources=mutes,users"),
}
"""The same in the older API, and what only that one knows."""

QUESTIONS: dict[str, Question] = {
    **{f"{name}, {v.noun} words": each for v in (TWEET, POST) for name, each in looks(everything(v)).items()},
    **{f"{name}, connection only": q for name, q in looks("user.fields=connection_status").items()},
    **{f"{name}, {v.noun} words": each for v in (TWEET, POST) for name, each in readings(v).items()},
    **MEETINGS,
    "alice's mutes as nobody": Question("GET", f"/2/users/{ALICE.id}/muting", None),
    "muting for alice": Question("POST", f"/2/users/{ALICE.id}/muting", body={"target_user_id": str(BOB.id)}),
    "unmuting himself for alice": Question("DELETE", f"/2/users/{ALICE.id}/muting/{BOB.id}"),
    "unmuting alice": Question("DELETE", f"/2/users/{BOB.id}/muting/{ALICE.id}"),
    "muting alice": Question("POST", f"/2/users/{BOB.id}/muting", body={"target_user_id": str(ALICE.id)}),
    "muting alice again": Question("POST", f"/2/users/{BOB.id}/muting", body={"target_user_id": str(ALICE.id)}),
    "his home without her": Question("GET", f"/2/users/{BOB.id}/timelines/reverse_chronological?max_results=5"),
    "his mutes with alice in them": Question("GET", f"/2/users/{BOB.id}/muting?user.fields=connection_status"),
    "unmuting alice again": Question("DELETE", f"/2/users/{BOB.id}/muting/{ALICE.id}"),
    **OLDER,
}


def visible(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """What Bob sees, without what tells two moments apart."""
    headers = {name: value for name, value in answer.headers.items() if name not in MOMENT_HEADERS}
    return answer.status, headers, answer.body


def muting(*target_ids: int) -> Callable[[Service], Awaitable[None]]:
    """A world in which Alice mutes these."""

    async def mute(service: Service) -> None:
        for number, target_id in enumerate(target_ids):
            await service.store.relations.add(Relation(Kind.MUTE, ALICE.id, target_id, 2 * number + 2), NOW_MS)

    return mute


async def move_in(service: Service) -> None:
    """Relations of other people, as there always are: a walk through an empty tree ends an instruction earlier."""
    for source in (ALICE, CAROL):
        for kind in Kind:
            await service.store.relations.add(Relation(kind, source.id, STRANGER_ID, 1_000_000), NOW_MS)
    await befriend(service)
    await service.post_json("/2/tweets", {"text": f"Good morning @{BOB.username}"}, ALICE.username)
    await service.post_json(f"/2/dm_conversations/with/{BOB.id}/messages", {"text": "Hello"}, ALICE.username)


async def befriend(service: Service) -> None:
    """Alice and Bob follow each other."""
    for one, other in ((ALICE, BOB), (BOB, ALICE)):
        target = {"target_user_id": str(other.id)}
        assert (await service.post_json(f"/2/users/{one.id}/following", target, one.username)).status == 200


WORLDS: dict[str, Callable[[Service], Awaitable[None]]] = {
    "nobody": muting(),
    "bob": muting(BOB.id),
    "others": muting(CAROL.id, *range(50_000, 50_200)),
    "bob and others": muting(*range(50_000, 50_200), BOB.id, CAROL.id),
}
"""Whom Alice mutes beside the stranger."""


@dataclass(frozen=True)
class Seen:
    """What came of a question, and what it took."""

    answer: tuple[int, dict[str, str], bytes]
    work: Work


@asynccontextmanager
async def world(prepare: Callable[[Service], Awaitable[None]], **chosen: Any) -> AsyncIterator[Service]:
    # In SQLite wherever the run keeps its worlds: only there the work of a statement can be counted.
    async with in_memory(database=MEMORY, **chosen) as service:
        await move_in(service)
        await prepare(service)
        yield service


async def asked(prepare: Callable[[Service], Awaitable[None]], counter: Counter) -> dict[str, Seen]:
    """Everything that Bob sees in one world, each thing twice: with cold caches, and with warm ones."""
    seen: dict[str, Seen] = {}
    async with world(prepare) as service:
        for turn in ("cold", "warm"):
            await befriend(service)
            for name, question in QUESTIONS.items():
                with counter.counting() as work:
                    answer = await question.ask(service, f"{name}, {turn}")
                seen[f"{name}, {turn}"] = Seen(visible(answer), work)
    return seen


@pytest.fixture
async def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Seen]]:
    """What Bob sees, by world."""
    counter = Counter()
    monkeypatch.setattr(sqlite3, "connect", counter.connect)
    # The first world fills what is remembered for the whole process, such as selections.
    await asked(muting(), counter)
    return {name: await asked(prepare, counter) for name, prepare in WORLDS.items()}


async def test_answers_do_not_tell_whom_somebody_else_mutes(seen: dict[str, dict[str, Seen]]) -> None:
    for answers in seen.values():
        for name, one in answers.items():
            assert one.answer == seen["nobody"][name].answer, name
    statuses = {one.answer[0] for one in seen["nobody"].values()}
    assert statuses == {200, 201, 400, 401, 403}


async def test_neither_do_statements_nor_the_work_they_are(seen: dict[str, dict[str, Seen]]) -> None:
    for answers in seen.values():
        for name, one in answers.items():
            usual = seen["nobody"][name].work
            assert one.work.statements == usual.statements, name
            assert one.work.steps == usual.steps, name
    assert sum(bool(one.work.statements) for one in seen["nobody"].values()) > len(QUESTIONS) // 2
    assert sum(one.work.steps for one in seen["nobody"].values()) > 1_000


async def test_neither_does_the_work_in_python(seen: dict[str, dict[str, Seen]]) -> None:
    for answers in seen.values():
        for name, one in answers.items():
            assert one.work.calls == seen["nobody"][name].work.calls, name
    assert all(one.work.calls > 20 for one in seen["nobody"].values())


async def test_what_is_counted_tells_ones_own_mutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the tests above would find nothing."""
    counter = Counter()
    monkeypatch.setattr(sqlite3, "connect", counter.connect)
    question = Question("GET", f"/2/users/{ALICE.id}/muting?max_results=100", "alice")
    works = []
    for prepare in (muting(), muting(BOB.id), muting(*range(50_000, 50_090))):
        async with world(prepare) as service:
            await question.ask(service)
            with counter.counting() as work:
                await question.ask(service)
            works.append(work)
    assert len({work.steps for work in works}) == 3
    assert len({work.calls for work in works}) > 1


async def test_no_statement_for_bob_looks_into_alices_mutes(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter()
    monkeypatch.setattr(sqlite3, "connect", counter.connect)
    looked: list[str] = []
    async with world(muting(BOB.id)) as service:
        for question in QUESTIONS.values():
            with counter.counting() as work:
                await question.ask(service)
            looked += [each for each in work.statements if "relation" in each and f"kind = {int(Kind.MUTE)}" in each]
    assert looked
    assert [each for each in looked if BOB.id not in numbers(each)] == []


PAGES = (
    "/",
    "/account",
    "/portal/sign-up",
    "/sign-out",
    "/account/apps/1/revoke",
    "/no/such/page",
    "/timeline",
    "/timeline?hidden=out",
    "/muted",
    "/muted?q=alice",
    f"/muted?muted={ALICE.id}",
)


async def browsed(prepare: Callable[[Service], Awaitable[None]], counter: Counter) -> dict[str, Seen]:
    """What Bob's browser shows him in one world: the pages, an App's consent page, and what becomes of his forms."""
    async with world(prepare, mode=SANDBOX) as service:
        app = login_app(service.vault)
        await service.store.credentials.put_app(app)
        asked = {
            "response_type": "code",
            "client_id": app.client_id,
            "redirect_uri": CALLBACK,
            "scope": SCOPES,
            "state": "a-state",
            "code_challenge": "a-challenge",
        }
        consent = f"/i/oauth2/authorize?{urlencode(asked)}"
        browser, seen = Browser(service), dict[str, Seen]()
        await browser.sign_in(BOB.username)

        async def see(name: str, asking: Awaitable[Screen]) -> Screen:
            with counter.counting() as work:
                screen = await asking
            seen[name] = Seen(visible(screen.answer), work)
            return screen

        for turn in ("cold", "warm"):
            for path in (*PAGES, consent):
                await see(f"{path}, {turn}", browser.get(path))
        listed = await browser.get("/muted")
        fields = {"csrf": listed.csrf, "back": "/timeline", "username": ALICE.username, "target_id": str(ALICE.id)}
        muted = await see("muting her", browser.post("/muted/mute", fields))
        for path in (muted.location, "/muted", "/timeline", "/timeline?hidden=out"):
            await see(f"{path}, muted", browser.get(path))
        unmuted = await see("unmuting her", browser.post("/muted/unmute", fields))
        await see("that it is done", browser.get(unmuted.location))
    return seen


async def test_no_page_tells_whom_somebody_else_mutes(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter()
    monkeypatch.setattr(sqlite3, "connect", counter.connect)
    await browsed(muting(), counter)
    usual = await browsed(muting(), counter)
    assert {one.answer[0] for one in usual.values()} == {200, 303, 404}
    for prepare in WORLDS.values():
        for name, one in (await browsed(prepare, counter)).items():
            assert one.answer == usual[name].answer, name
            assert one.work.statements == usual[name].work.statements, name
            assert one.work.steps == usual[name].work.steps, name
            assert one.work.calls == usual[name].work.calls, name


LOOKS = {name: question for name, question in QUESTIONS.items() if question.method == "GET"}
"""What changes nothing, so that it can be asked again."""


async def test_a_mute_between_two_questions_changes_nothing() -> None:
    async with world(muting(), rate_limits=False) as service:
        for name, question in LOOKS.items():
            before = visible(await question.ask(service))
            await service.store.relations.add(Relation(Kind.MUTE, ALICE.id, BOB.id, 2), NOW_MS)
            muted = visible(await question.ask(service))
            await service.store.relations.remove(Kind.MUTE, ALICE.id, BOB.id, NOW_MS)
            after = visible(await question.ask(service))
            assert before == muted == after, name


async def asked_while_muting(target: Person, counter: Counter) -> dict[str, Seen]:
    """What Bob sees after each of several mutes and unmutes that Alice makes through the API."""
    seen: dict[str, Seen] = {}
    async with world(muting(), rate_limits=False) as service:
        for name, question in LOOKS.items():
            await question.ask(service, f"{name}, before")
            for deed in (service.mute, service.unmute):
                assert (await deed(ALICE, target.id)).status == 200
                moment = f"{name}, {deed.__name__}"
                with counter.counting() as work:
                    answer = await question.ask(service, moment)
                seen[moment] = Seen(visible(answer), work)
    return seen


async def test_nothing_that_is_kept_for_bob_is_dropped_when_he_is_muted(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter()
    monkeypatch.setattr(sqlite3, "connect", counter.connect)
    await asked_while_muting(CAROL, counter)
    usual = await asked_while_muting(CAROL, counter)
    for name, one in (await asked_while_muting(BOB, counter)).items():
        assert one.answer == usual[name].answer, name
        assert one.work.statements == usual[name].work.statements, name
        assert (one.work.steps, one.work.calls) == (usual[name].work.steps, usual[name].work.calls), name
