import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace
from oauthlib.oauth1 import Client

from tacet import app as app_module
from tacet.identity.caller import Unauthenticated
from tacet.identity.vault import Vault
from tacet.ids import snowflake_at
from tacet.records.accounts import Session, Usage
from tacet.records.people import Person, Post, PostDetails, Reference, State
from tacet.records.relations import Kind, Relation
from tacet.store.base import Part, Store, StoreError
from tacet.store.opening import open_store
from tests.cast import ALICE, APP_ID, BOB, CAROL, CONSUMER_SECRET, NOW_MS, OWN, TOKEN_SECRET, bearer, move_in
from tests.service import Service, in_memory, opened

ATTEMPTS = 6_000

FOLLOWING = f"/2/users/{ALICE.id}/following"
HOME = f"/2/users/{ALICE.id}/timelines/reverse_chronological"


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "WATCH_INTERVAL_S", 0.005)


@asynccontextmanager
async def watching(service: Service) -> AsyncIterator[None]:
    task = asyncio.create_task(service.tacet.watch())
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        # As a server does that stops: what a watch has begun to write goes on without it.
        await service.tacet.flush()


async def comes_true(condition: Callable[[], Awaitable[bool]]) -> bool:
    """Whether it does before patience is lost."""
    for _ in range(ATTEMPTS):
        if await condition():
            return True
        await asyncio.sleep(0.005)
    return False


async def has_become(read: Callable[[], Awaitable[object]], expected: object) -> bool:
    return await read() == expected


async def is_refused(service: Service, token: str) -> bool:
    try:
        await service.tacet.authenticator.bearer(token)
    except Unauthenticated:
        return True
    return False


class TestChangesBesideTheServer:
    @pytest.fixture
    async def service(self, tmp_path: Path) -> AsyncIterator[Service]:
        async with opened(tmp_path / "tacet.db") as made:
            await move_in(made.store, made.vault)
            yield made

    @pytest.fixture
    async def beside(self, service: Service, tmp_path: Path) -> AsyncIterator[Store]:
        """What an admin command opens while the server runs."""
        admin = open_store(f"sqlite:///{tmp_path / 'tacet.db'}", 10, server=False)
        await admin.open()
        yield admin
        await admin.close()

    async def test_a_token_revoked_there_stops_working_here(self, service: Service, beside: Store) -> None:
        async with watching(service):
            assert not await is_refused(service, "alice")
            await beside.credentials.revoke_token(Vault.digest("alice"), NOW_MS)
            assert await comes_true(lambda: is_refused(service, "alice"))

    async def test_a_person_changed_there_is_changed_here(self, service: Service, beside: Store) -> None:
        renamed = Person(ALICE.id, "alison", "Alison")

        async def is_renamed() -> bool:
            return await service.tacet.people.one(ALICE.id) == renamed

        async with watching(service):
            assert await service.tacet.people.one(ALICE.id) == ALICE
            await beside.directory.put_people([renamed])
            assert await comes_true(is_renamed)

    async def test_a_person_suspended_there_is_not_let_in_here(self, service: Service, beside: Store) -> None:
        async with watching(service):
            assert not await is_refused(service, "alice")
            await beside.directory.put_people([Person(ALICE.id, ALICE.username, ALICE.name, State.SUSPENDED)])
            assert await comes_true(lambda: is_refused(service, "alice"))

    async def test_a_post_imported_there_is_in_homes_here(self, service: Service, beside: Store) -> None:
        async def home() -> list[str]:
            return (await service.get(HOME)).ids

        async with watching(service):
            before = await home()
            await beside.posts.put([Post(6_000, ALICE.id, "Imported", NOW_MS)])
            assert await comes_true(lambda: has_become(home, ["6000", *before]))

    async def test_a_post_changed_there_is_changed_here(self, service: Service, beside: Store) -> None:
        async def text() -> str:
            return str((await service.get(f"/2/tweets/{OWN.id}")).json["data"]["text"])

        async with watching(service):
            assert await text() == OWN.text
            await beside.posts.put([replace(OWN, text="Edited")])
            assert await comes_true(lambda: has_become(text, "Edited"))

    async def test_a_repost_imported_there_is_shown_with_its_original_and_hidden_by_a_mute(
        self, service: Service, beside: Store
    ) -> None:
        async def home() -> list[str]:
            return (await service.get(HOME)).ids

        async with watching(service):
            assert (await service.post_json(FOLLOWING, {"target_user_id": str(BOB.id)})).status == 200
            before = await home()
            details = PostDetails(references=(Reference("retweeted", 6_001),))
            await beside.posts.put([Post(6_000, BOB.id, "RT", NOW_MS, details), Post(6_002, BOB.id, "Later", NOW_MS)])
            assert await comes_true(lambda: has_become(home, ["6002", *before]))
            await beside.posts.put([Post(6_001, CAROL.id, "Carol's", NOW_MS)])
            assert await comes_true(lambda: has_become(home, ["6002", "6000", *before]))
            await service.mute(ALICE, CAROL.id)
            assert await home() == ["6002", *before]

    async def test_posts_changed_there_leave_people_in_memory(self, service: Service, beside: Store) -> None:
        async def home() -> int:
            return len((await service.get(HOME)).ids)

        async with watching(service):
            await asyncio.sleep(0.02)
            generation, count = service.tacet.people.generation, await home()
            await beside.posts.put([Post(6_000, ALICE.id, "Imported", NOW_MS)])
            assert await comes_true(lambda: has_become(home, count + 1))
            assert service.tacet.people.generation == generation

    async def test_posts_made_after_an_import_come_after_what_it_brought(self, service: Service, beside: Store) -> None:
        async def newest() -> str:
            answer = await service.post_json("/2/tweets", {"text": "Hello"})
            return str(answer.json["data"]["id"])

        async with watching(service):
            await newest()
            imported = snowflake_at(NOW_MS + 86_400_000, 0)
            await beside.posts.put([Post(imported, ALICE.id, "From tomorrow", NOW_MS)])

            async def lies_above() -> bool:
                return int(await newest()) > imported

            assert await comes_true(lies_above)

    async def test_what_nobody_changed_stays_in_memory(self, service: Service) -> None:
        async with watching(service):
            await asyncio.sleep(0.02)
            before = service.tacet.people.generation, service.tacet.actions.post_changes.sequence
            await asyncio.sleep(0.05)
            assert (service.tacet.people.generation, service.tacet.actions.post_changes.sequence) == before


@pytest.mark.parametrize("slow", ["sweep", "flush"])
async def test_nothing_that_takes_long_holds_up_the_look_at_changes(monkeypatch: pytest.MonkeyPatch, slow: str) -> None:
    begun, released = asyncio.Event(), asyncio.Event()

    async def hang(*_: object) -> int:
        begun.set()
        await released.wait()
        return 0

    async with in_memory() as service:
        target: object = service.store.relations if slow == "sweep" else service.tacet.usage
        monkeypatch.setattr(target, slow, hang)
        async with watching(service):
            await asyncio.wait_for(begun.wait(), 30)
            assert not await is_refused(service, "alice")
            await service.store.credentials.put_token(bearer("alice", ALICE.id, revoked_at_ms=NOW_MS))
            assert await comes_true(lambda: is_refused(service, "alice"))
            released.set()


async def test_ended_mutes_are_swept_away_in_as_many_bites_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "SWEEP_LIMIT", 3)
    async with in_memory() as service:
        await service.store.relations.add_many(
            [Relation(Kind.MUTE, 1, 10 + n, 2 * n, NOW_MS if n < 10 else None) for n in range(12)]
        )

        async def is_tidy() -> bool:
            # As of a time when none had ended, so that only sweeping makes a difference.
            return len(await service.store.relations.older(Kind.MUTE, 1, 1_000, 100, 0)) == 2

        async with watching(service):
            assert await comes_true(is_tidy)


class TestTrouble:
    """A watch that ended unnoticed would let revoked tokens work for ever."""

    @pytest.mark.parametrize(
        ("error", "level"),
        [
            pytest.param(StoreError("the disk is full"), logging.WARNING, id="of-the-database"),
            pytest.param(ZeroDivisionError("nobody thought of this"), logging.ERROR, id="unexpected"),
        ],
    )
    async def test_an_error_is_logged_and_the_watch_goes_on(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, level: int
    ) -> None:
        async with in_memory() as service:
            answer = service.store.revisions
            errors = [error] * 3

            async def fail_at_first() -> dict[Part, int]:
                if errors:
                    raise errors.pop()
                return await answer()

            monkeypatch.setattr(service.store, "revisions", fail_at_first)
            async with watching(service):
                assert not await is_refused(service, "alice")
                assert await comes_true(lambda: asyncio.sleep(0, not errors))
                await service.store.credentials.put_token(bearer("alice", ALICE.id, revoked_at_ms=NOW_MS))
                assert await comes_true(lambda: is_refused(service, "alice"))
        records = [record for record in caplog.records if record.name == "tacet.app"]
        assert [record.levelno for record in records] == [level] * 3
        assert str(error) in caplog.text

    async def test_a_sweep_that_fails_is_tried_again(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with in_memory() as service:
            attempts = 0

            async def fail(now_ms: int, limit: int) -> int:
                nonlocal attempts
                attempts += 1
                raise StoreError("another program holds the file")

            monkeypatch.setattr(service.store.relations, "sweep", fail)
            async with watching(service):
                assert await comes_true(lambda: asyncio.sleep(0, attempts >= 3))
            # Whoever looks at a server that nobody asks for anything is told as well.
            _, said = await service.tacet.health.finding()
            [problem] = cast(list[str], said["problems"])
            assert problem.startswith("requests fail: another program holds the file, since ")
        messages = {record.getMessage() for record in caplog.records if record.name == "tacet.app"}
        assert messages == {"ended mutes and logins take up space for now: another program holds the file"}

    async def test_a_look_that_fails_holds_up_no_sweep(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with in_memory() as service:
            await service.store.relations.add_many([Relation(Kind.MUTE, 1, 10, 2, NOW_MS)])

            async def fail() -> dict[Part, int]:
                raise StoreError("another program holds the file")

            async def is_tidy() -> bool:
                return await service.store.relations.older(Kind.MUTE, 1, 1_000, 100, 0) == []

            monkeypatch.setattr(service.store, "revisions", fail)
            async with watching(service):
                assert await comes_true(is_tidy)


async def test_ended_logins_are_swept_away_in_as_many_bites_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "SWEEP_LIMIT", 3)
    async with in_memory() as service:
        for number in range(12):
            ends_at_ms = NOW_MS if number < 10 else NOW_MS + 1
            await service.store.accounts.put_session(Session(bytes([number]), 1, NOW_MS, NOW_MS, ends_at_ms))

        async def is_tidy() -> bool:
            return [n for n in range(12) if await service.store.accounts.session(bytes([n])) is not None] == [10, 11]

        async with watching(service):
            assert await comes_true(is_tidy)


class TestUsage:
    async def used(self, service: Service) -> int:
        """Requests that are in the store."""
        return sum(each.requests for each in await service.store.accounts.usage(APP_ID, 0))

    async def test_it_is_written_every_few_seconds(self) -> None:
        async with in_memory() as service:

            async def is_written(count: int) -> bool:
                return await self.used(service) == count

            async with watching(service):
                await asyncio.sleep(0.05)
                await service.get("/2/users/me")
                service.clock.advance(int(app_module.USAGE_FLUSH_INTERVAL_S * 1000) - 1)
                await asyncio.sleep(0.05)
                assert await is_written(0)
                service.clock.advance(1)
                assert await comes_true(lambda: is_written(1))

    async def test_what_cannot_be_written_is_logged_and_written_later(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with in_memory() as service:
            add = service.store.accounts.add_usage

            async def fail(usage: Sequence[Usage]) -> None:
                raise StoreError("the disk is full")

            await service.get("/2/users/me")
            monkeypatch.setattr(service.store.accounts, "add_usage", fail)
            await service.tacet.flush()
            monkeypatch.setattr(service.store.accounts, "add_usage", add)
            await service.tacet.flush()
            assert await self.used(service) == 1
        assert "usage is not up to date for now: the disk is full" in caplog.text


@pytest.mark.parametrize(
    ("public_url", "signed_over", "status"),
    [
        pytest.param("https://mutes.example", "https://mutes.example", 200, id="where-people-reach-it"),
        pytest.param("https://mutes.example:8443", "https://mutes.example:8443", 200, id="with-a-port"),
        pytest.param("https://mutes.example", "https://api.x.com", 200, id="where-clients-believe-it-is"),
        pytest.param("https://mutes.example", "https://other.example", 401, id="elsewhere"),
        pytest.param("", "https://mutes.example", 401, id="not-told"),
    ],
)
async def test_clients_may_sign_over_the_public_url(public_url: str, signed_over: str, status: int) -> None:
    async with in_memory(public_url=public_url) as service:
        client = Client(
            f"consumer-{APP_ID}",
            client_secret=CONSUMER_SECRET,
            resource_owner_key=f"{ALICE.id}-{APP_ID}",
            resource_owner_secret=TOKEN_SECRET,
            timestamp=str(NOW_MS // 1000),
        )
        _, headers, _ = client.sign(f"{signed_over}/2/users/me", "GET")
        sent = {"authorization": headers["Authorization"]}
        assert (await service.call("GET", "/2/users/me", token=None, headers=sent)).status == status
