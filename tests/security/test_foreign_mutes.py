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

from tacet.records.relations import Kind, Relation
from tacet.settings import SANDBOX
from tacet.wire.vocabulary import POST, TWEET, Vocabulary
from tests.cast import ALICE, BOB, CALLBACK, CAROL, NOW_MS, SCOPES, login_app
from tests.pages.browsing import Browser
from tests.security.work import Counter, Work, numbers
from tests.service import JSON, Answer, Service, in_memory

MOMENT_HEADERS = frozenset(("date", "x-transaction-id", "x-response-time"))
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
    body: Mapping[str, str] | None = None

    async def ask(self, service: Service) -> Answer:
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


QUESTIONS: dict[str, Question] = {
    **{f"{name}, {v.noun} words": each for v in (TWEET, POST) for name, each in looks(everything(v)).items()},
    **{f"{name}, connection only": q for name, q in looks("user.fields=connection_status").items()},
    "alice's mutes as nobody": Question("GET", f"/2/users/{ALICE.id}/muting", None),
    "muting for alice": Question("POST", f"/2/users/{ALICE.id}/muting", body={"target_user_id": str(BOB.id)}),
    "unmuting himself for alice": Question("DELETE", f"/2/users/{ALICE.id}/muting/{BOB.id}"),
    "unmuting alice": Question("DELETE", f"/2/users/{BOB.id}/muting/{ALICE.id}"),
    "muting alice": Question("POST", f"/2/users/{BOB.id}/muting", body={"target_user_id": str(ALICE.id)}),
    "muting alice again": Question("POST", f"/2/users/{BOB.id}/muting", body={"target_user_id": str(ALICE.id)}),
    "his mutes with alice in them": Question("GET", f"/2/users/{BOB.id}/muting?user.fields=connection_status"),
    "unmuting alice again": Question("DELETE", f"/2/users/{BOB.id}/muting/{ALICE.id}"),
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
    async with in_memory(**chosen) as service:
        await move_in(service)
        await prepare(service)
        yield service


async def asked(prepare: Callable[[Service], Awaitable[None]], counter: Counter) -> dict[str, Seen]:
    """Everything that Bob sees in one world, each thing twice: with cold caches, and with warm ones."""
    seen: dict[str, Seen] = {}
    async with world(prepare) as service:
        for turn in ("cold", "warm"):
            for name, question in QUESTIONS.items():
                with counter.counting() as work:
                    answer = await question.ask(service)
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
    assert statuses == {200, 400, 401}


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


PAGES = ("/", "/account", "/portal/sign-up", "/sign-out", "/account/apps/1/revoke", "/no/such/page")


async def browsed(prepare: Callable[[Service], Awaitable[None]], counter: Counter) -> list[Seen]:
    """What Bob's browser shows him in one world: the pages, and an App's consent page."""
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
        browser, seen = Browser(service), []
        await browser.sign_in(BOB.username)
        for path in (*PAGES, f"/i/oauth2/authorize?{urlencode(asked)}", *PAGES):
            with counter.counting() as work:
                screen = await browser.get(path)
            seen.append(Seen(visible(screen.answer), work))
    return seen


async def test_no_page_tells_whom_somebody_else_mutes(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter()
    monkeypatch.setattr(sqlite3, "connect", counter.connect)
    usual = await browsed(muting(), counter)
    assert sum(one.answer[0] == 200 for one in usual) > len(PAGES)
    for prepare in WORLDS.values():
        assert [one.answer for one in await browsed(prepare, counter)] == [one.answer for one in usual]
        assert [one.work.statements for one in await browsed(prepare, counter)] == [
            one.work.statements for one in usual
        ]


async def test_a_mute_between_two_questions_changes_nothing() -> None:
    async with world(muting()) as service:
        for name, question in QUESTIONS.items():
            if question.method != "GET":
                continue
            before = visible(await question.ask(service))
            await service.store.relations.add(Relation(Kind.MUTE, ALICE.id, BOB.id, 2), NOW_MS)
            muted = visible(await question.ask(service))
            await service.store.relations.remove(Kind.MUTE, ALICE.id, BOB.id, NOW_MS)
            after = visible(await question.ask(service))
            without = {"x-rate-limit-remaining"}
            shown = [({**h, **dict.fromkeys(without, "")}, body) for _, h, body in (before, muted, after)]
            assert shown[0] == shown[1] == shown[2], name
