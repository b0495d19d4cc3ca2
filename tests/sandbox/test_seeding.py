"""Where the sandbox's world is kept, and that it moves in once."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tacet.identity.vault import Vault
from tacet.records.accounts import Project
from tacet.records.credentials import App, Token, UserAuthentication
from tacet.records.relations import Kind, Relation
from tacet.sandbox.cast import ALICE_ID, BOB_ID
from tacet.sandbox.graph import BOB_MUTES
from tacet.sandbox.ready import write_ready_file
from tacet.sandbox.residents import (
    ALL_SCOPES,
    APPS,
    CALLBACKS,
    PROJECT_ID,
    PUBLIC_APP,
    WEBSITE,
    SandboxApp,
    tokens,
)
from tacet.sandbox.seeding import DATABASE_FILE, SECRET_KEY, UNFINISHED_FILE, WORLD_FILE, Origin, at_home, mover, origin
from tacet.sandbox.world import World, build_world
from tacet.settings import SANDBOX, Settings
from tacet.store.base import Store, StoreError
from tacet.store.opening import MEMORY, open_store
from tests.sandboxes import TACET, Resident, Sandbox, clean_environment, sandbox

PEOPLE, SEED = 12, 7
LATER_MS = 4_000_000_000_000
"""After every seeded moment."""


def kept_in(folder: Path, people: int = PEOPLE, seed: int = SEED) -> Settings:
    return Settings(mode=SANDBOX, data_dir=folder, people=people, seed=seed)


async def muted_by(store: Store, source_id: int) -> set[int]:
    everybody = [person.id for person in build_world(200, SEED).people]
    return await store.relations.which(Kind.MUTE, source_id, everybody, LATER_MS)


class Opened:
    """A store of these settings, with the world moved in."""

    def __init__(self, settings: Settings) -> None:
        self.settings = at_home(settings)
        self.source = origin(self.settings)
        self._store = open_store(self.settings.database, queue_length=100)

    async def __aenter__(self) -> Store:
        await self._store.open()
        world = build_world(self.source.people, self.source.seed)
        await mover(self.settings, world, self.source)(self._store)
        return self._store

    async def __aexit__(self, *_: object) -> None:
        await self._store.close()


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def remove_database(folder: Path) -> None:
    for path in folder.glob(f"{DATABASE_FILE}*"):
        path.unlink()


async def moved_in(store: Store, world: World) -> bool:
    """Whether everything of the world is there."""
    people = await store.directory.people([person.id for person in world.people])
    posts = await store.posts.by_ids([post.id for post in world.posts])
    token = await store.credentials.token(Vault.digest("sandbox-oauth2-alice"))
    mutes = await muted_by(store, BOB_ID)
    return (len(people), len(posts), len(mutes)) == (len(world.people), len(world.posts), BOB_MUTES) and bool(token)


async def test_a_world_in_memory_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    opened = Opened(Settings(mode=SANDBOX, people=PEOPLE, seed=SEED))
    assert opened.settings.database == MEMORY
    async with opened as store:
        assert await moved_in(store, build_world(PEOPLE, SEED))
    assert files(tmp_path) == []


async def test_a_world_in_a_folder_says_what_it_was_made_from(tmp_path: Path) -> None:
    async with Opened(kept_in(tmp_path / "new" / "world")) as store:
        assert await moved_in(store, build_world(PEOPLE, SEED))
    assert json.loads((tmp_path / "new" / "world" / WORLD_FILE).read_text()) == {"people": PEOPLE, "seed": SEED}
    assert not (tmp_path / "new" / "world" / UNFINISHED_FILE).exists()


async def test_keys_open_with_the_secret_key_of_every_start(tmp_path: Path) -> None:
    for _ in range(2):
        async with Opened(kept_in(tmp_path)) as store:
            token = await store.credentials.token(Vault.digest("1001-aliceSandboxToken"))
            assert token is not None
            assert Vault(SECRET_KEY).open(token.secret_sealed) == "aliceSandboxTokenSecret"
            bearer = await store.credentials.token(Vault.digest("sandbox-oauth2-alice"))
            assert bearer is not None
            assert bearer.scopes == " ".join(ALL_SCOPES)


async def test_nothing_is_moved_in_twice(tmp_path: Path) -> None:
    async with Opened(kept_in(tmp_path)) as store:
        unmuted = min(await muted_by(store, BOB_ID))
        assert await store.relations.remove(Kind.MUTE, BOB_ID, unmuted, LATER_MS)
        assert await store.credentials.revoke_token(Vault.digest("sandbox-oauth2-carol"), LATER_MS)
    async with Opened(kept_in(tmp_path)) as store:
        assert len(await muted_by(store, BOB_ID)) == BOB_MUTES - 1
        assert unmuted not in await muted_by(store, BOB_ID)
        token = await store.credentials.token(Vault.digest("sandbox-oauth2-carol"))
        assert token is not None
        assert token.revoked_at_ms == LATER_MS


async def test_alice_owns_the_apps_and_their_project(tmp_path: Path) -> None:
    async with Opened(Settings(mode=SANDBOX, people=PEOPLE, seed=SEED)) as store:
        [project] = await store.accounts.projects(ALICE_ID)
        assert (project.id, project.name) == (PROJECT_ID, "Tacet sandbox")
        assert {app.id for app in await store.accounts.apps(ALICE_ID)} == {app.id for app in APPS}
        assert await store.accounts.developer(ALICE_ID) is not None
        assert await store.accounts.developer(BOB_ID) is None


@pytest.mark.parametrize("known", APPS, ids=[app.name for app in APPS])
async def test_people_can_sign_in_through_every_app(known: SandboxApp) -> None:
    async with Opened(Settings(mode=SANDBOX, people=PEOPLE, seed=SEED)) as store:
        app = await store.credentials.app_by_client_id(known.client_id)
        assert app is not None
        assert app.authentication == UserAuthentication(True, True, known.confidential, CALLBACKS, WEBSITE)
        assert app.client_secret_digest == (Vault.digest(known.client_secret) if known.confidential else b"")


async def test_app_only_bearers_can_be_answered_again() -> None:
    async with Opened(Settings(mode=SANDBOX, people=PEOPLE, seed=SEED)) as store:
        for app in APPS:
            token = await store.credentials.app_only_token(app.id)
            assert token is not None
            assert Vault(SECRET_KEY).open(token.secret_sealed) == app.app_only_token


class TestFolderOfAnEarlierVersion:
    """One whose Apps had no owners, no client secrets and no logins, and whose app-only bearers nobody could read."""

    async def test_gets_what_is_new(self, tmp_path: Path) -> None:
        await self.make(tmp_path)
        async with Opened(kept_in(tmp_path)) as store:
            assert [project.id for project in await store.accounts.projects(ALICE_ID)] == [PROJECT_ID]
            owned = {app.id: app for app in await store.accounts.apps(ALICE_ID)}
            assert list(owned) == [app.id for app in APPS]
            for known in APPS:
                app, bearer = owned[known.id], await store.credentials.app_only_token(known.id)
                assert app.authentication == UserAuthentication(True, True, known.confidential, CALLBACKS, WEBSITE)
                assert app.client_secret_digest == (Vault.digest(known.client_secret) if known.confidential else b"")
                assert Vault(SECRET_KEY).open(app.consumer_secret_sealed) == known.consumer_secret
                assert bearer is not None
                assert Vault(SECRET_KEY).open(bearer.secret_sealed) == known.app_only_token

    async def test_keeps_what_people_did_there(self, tmp_path: Path) -> None:
        unmuted = await self.make(tmp_path)
        async with Opened(kept_in(tmp_path)) as store:
            assert len(await muted_by(store, BOB_ID)) == BOB_MUTES - 1
            assert unmuted not in await muted_by(store, BOB_ID)
            assert await muted_by(store, ALICE_ID) == {BOB_ID}
            token = await store.credentials.token(Vault.digest("sandbox-oauth2-carol"))
            assert token is not None
            assert token.revoked_at_ms == LATER_MS

    async def test_gets_it_once(self, tmp_path: Path) -> None:
        await self.make(tmp_path)
        async with Opened(kept_in(tmp_path)) as store:
            assert await store.accounts.delete_app(PUBLIC_APP.id)
            renamed = Project(PROJECT_ID, ALICE_ID, "Renamed", "", LATER_MS)
            await store.accounts.put_project(renamed)
        async with Opened(kept_in(tmp_path)) as store:
            assert await store.credentials.app(PUBLIC_APP.id) is None
            project = await store.accounts.project(PROJECT_ID)
            assert project is not None
            assert project.name == "Renamed"

    @staticmethod
    async def make(folder: Path) -> int:
        """Fill the folder as an earlier version did; return whom bob unmuted there. Alice mutes him."""
        settings = at_home(kept_in(folder))
        world, vault = build_world(PEOPLE, SEED), Vault(SECRET_KEY)
        store = open_store(settings.database, queue_length=100)
        await store.open()
        await store.directory.put_people(world.people)
        await store.relations.add_many(world.relations)
        for app in APPS[:3]:
            sealed = vault.seal(app.consumer_secret)
            await store.credentials.put_app(
                App(app.id, app.name, app.project_id, app.access, app.consumer_key, sealed, app.client_id, 0)
            )
        for token in tokens(world):
            if token.app_id != PUBLIC_APP.id:
                sealed = vault.seal(token.secret) if token.secret else b""
                digest = Vault.digest(token.text)
                await store.credentials.put_token(
                    Token(digest, token.kind, token.app_id, token.user_id, token.scopes, sealed)
                )
        unmuted = min(await muted_by(store, BOB_ID))
        await store.relations.remove(Kind.MUTE, BOB_ID, unmuted, LATER_MS)
        await store.relations.add(Relation(Kind.MUTE, ALICE_ID, BOB_ID, 2, None), LATER_MS)
        await store.credentials.revoke_token(Vault.digest("sandbox-oauth2-carol"), LATER_MS)
        await store.close()
        write_ready_file(folder / WORLD_FILE, {"people": PEOPLE, "seed": SEED})
        (folder / UNFINISHED_FILE).unlink()
        return unmuted


async def test_a_folder_with_another_world_is_served_as_it_is(tmp_path: Path) -> None:
    async with Opened(kept_in(tmp_path, people=PEOPLE, seed=9)):
        pass
    opened = Opened(kept_in(tmp_path, people=200, seed=SEED))
    assert opened.source == Origin(PEOPLE, 9)
    async with opened as store:
        assert len(await store.directory.first_person_ids(1_000)) == PEOPLE
    assert json.loads((tmp_path / WORLD_FILE).read_text()) == {"people": PEOPLE, "seed": 9}


async def test_a_database_that_was_removed_is_filled_again(tmp_path: Path) -> None:
    async with Opened(kept_in(tmp_path)):
        pass
    remove_database(tmp_path)
    async with Opened(kept_in(tmp_path, people=99)) as store:
        assert await moved_in(store, build_world(PEOPLE, SEED))


async def test_a_database_that_no_sandbox_made_is_left_alone(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / DATABASE_FILE}", queue_length=10)
    await store.open()
    await store.close()
    with pytest.raises(StoreError, match=r"tacet\.db was made by no sandbox: choose another folder for --data$"):
        at_home(kept_in(tmp_path))
    assert [name for name in files(tmp_path) if name.endswith(".json")] == []


def test_a_start_that_never_got_to_a_database_decides_nothing(tmp_path: Path) -> None:
    at_home(kept_in(tmp_path, people=50))
    settings = at_home(kept_in(tmp_path, people=60))
    assert origin(settings) == Origin(60, SEED)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no JSON",
        "[]",
        '{"people": 12}',
        '{"people": "12", "seed": 7}',
        '{"people": 2, "seed": 7}',
        '{"people": 12, "seed": -1}',
    ],
    ids=["empty", "not-json", "no-object", "seed-missing", "text", "too-few-people", "negative-seed"],
)
def test_an_unreadable_world_file_is_told_with_its_path(tmp_path: Path, content: str) -> None:
    (tmp_path / WORLD_FILE).write_text(content)
    with pytest.raises(StoreError, match=r"is damaged: restore it, or give another --data$") as raised:
        origin(at_home(kept_in(tmp_path)))
    assert str(tmp_path / WORLD_FILE) in str(raised.value)


@pytest.mark.parametrize("broken", ["world-file", "folder"])
def test_a_folder_that_cannot_be_used_ends_the_command_in_one_line(tmp_path: Path, broken: str) -> None:
    folder = tmp_path / "world"
    if broken == "world-file":
        folder.mkdir()
        (folder / WORLD_FILE).write_text("no JSON")
    else:
        folder.write_text("a file")
    command = [*TACET, "sandbox", "--port", "0", "--data", str(folder)]
    ended = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (4, "")
    assert ended.stderr.startswith("tacet: ")
    assert ended.stderr.count("\n") == 1
    assert str(folder) in ended.stderr


def call(server: Sandbox, method: str, path: str, resident: Resident, body: Any = None) -> Any:
    """The answer to a request of somebody's, as JSON."""
    headers = {"authorization": f"Bearer {resident.oauth2_token}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def ids_muted_by(server: Sandbox, resident: Resident) -> list[str]:
    page = call(server, "GET", f"/2/users/{resident.id}/muting", resident)
    return [user["id"] for user in page.get("data", ())]


def test_mutes_survive_a_restart(tmp_path: Path) -> None:
    options = ("--data", str(tmp_path / "world"), "--people", str(PEOPLE))
    with sandbox(tmp_path, *options) as server:
        alice, bob = server.resident("alice"), server.resident("bob")
        call(server, "POST", f"/2/users/{alice.id}/muting", alice, {"target_user_id": bob.id})
        [_, unmuted, _] = seeded = ids_muted_by(server, bob)
        call(server, "DELETE", f"/2/users/{bob.id}/muting/{unmuted}", bob)
    with sandbox(tmp_path, *options) as server:
        assert ids_muted_by(server, alice) == [bob.id]
        assert ids_muted_by(server, bob) == [id_ for id_ in seeded if id_ != unmuted]


@pytest.mark.parametrize("before", ["_hand_out_keys", "write_ready_file"], ids=["its-keys", "its-world-file"])
def test_moving_in_that_was_killed_is_finished_by_the_next_start(tmp_path: Path, before: str) -> None:
    folder = tmp_path / "world"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED.format(before=before), "sandbox", "--port", "0", "--data", str(folder)],
        env=clean_environment(),
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL
    assert (folder / DATABASE_FILE).exists()
    assert not (folder / WORLD_FILE).exists()

    # What was asked for then is finished, whatever is asked for now: half of two worlds would be none.
    with sandbox(tmp_path, "--data", str(folder), "--people", "50") as server:
        assert len(server.ready["person_ids"]) == 200
        bob = server.resident("bob")
        assert len(ids_muted_by(server, bob)) == BOB_MUTES
        assert call(server, "GET", f"/2/users/{ALICE_ID}", bob)["data"]["username"] == "alice"
    assert (folder / WORLD_FILE).exists()
    assert not (folder / UNFINISHED_FILE).exists()


KILLED = """
import os, signal
from tacet.cli import main
from tacet.sandbox import seeding

original = seeding.{before}

def kill(*arguments):
    # The mark of an unfinished folder is written before there is a database, and is not what is meant here.
    if "{before}" == "write_ready_file" and arguments[0].name == seeding.UNFINISHED_FILE:
        return original(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)

seeding.{before} = kill
main()
"""
"""A command that is killed with `kill -9` when it gets to one of its own functions."""
