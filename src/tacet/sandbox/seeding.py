"""Moving in: the seeded world and its keys go into an open store, once for each place it is kept."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import msgspec

from tacet.identity.vault import Vault, new_secret_key
from tacet.ids import SeededRandomness
from tacet.records.accounts import Developer, Project
from tacet.records.credentials import App, Token, TokenKind, UserAuthentication
from tacet.sandbox.cast import ALICE_ID
from tacet.sandbox.ready import write_ready_file
from tacet.sandbox.residents import (
    APPS,
    ISSUED_AT_MS,
    PROJECT_DESCRIPTION,
    PROJECT_ID,
    PROJECT_NAME,
    WEBSITE,
    SandboxApp,
    SandboxToken,
    tokens,
)
from tacet.sandbox.world import MAX_PEOPLE, MIN_PEOPLE, World, build_world
from tacet.settings import Settings
from tacet.store.address import is_postgresql
from tacet.store.base import Store, StoreError
from tacet.store.opening import MEMORY

SECRET_KEY = new_secret_key(SeededRandomness(0))
"""Seals the sandbox's secrets, which everybody knows anyway; the same on every start, so that they open again."""

WORLD_FILE = "world.json"
"""In the folder of `--data`: which world lives there. It gets this name last, so it also says that all of it does."""

UNFINISHED_FILE = "moving-in.json"
"""Its name until then. Without either, a database in the folder is somebody else's and is left alone."""

DATABASE_FILE = "tacet.db"


class Origin(msgspec.Struct, frozen=True):
    """What a world was made from."""

    people: Annotated[int, msgspec.Meta(ge=MIN_PEOPLE, le=MAX_PEOPLE)]
    seed: Annotated[int, msgspec.Meta(ge=0)]


def at_home(settings: Settings) -> Settings:
    """The settings with the sandbox's own database and key; a new folder is made and marked as the sandbox's.

    Raises:
        StoreError: the folder cannot be made or written to, or holds a database that no sandbox made; or the world's
            address is no PostgreSQL's.
    """
    if settings.world and not is_postgresql(settings.world):
        raise StoreError("--world takes postgresql://USER@HOST/NAME; for a folder there is --data")
    database = settings.world or MEMORY
    if settings.data_dir is not None:
        try:
            settings.data_dir.mkdir(parents=True, exist_ok=True)
            _claim(settings.data_dir, Origin(settings.people, settings.seed))
        except OSError as error:
            message = f"the folder {settings.data_dir} cannot be used: {error.strerror}; give another --data"
            raise StoreError(message) from None
        database = f"sqlite:///{settings.data_dir / DATABASE_FILE}"
    return dataclasses.replace(settings, database=database, secret_key=SECRET_KEY)


def origin(settings: Settings) -> Origin:
    """The world that will be served: the one that lives in the folder or the database or was moving in, else the one
    asked for. A database is brought up to date and marked as the sandbox's by this.

    Raises:
        StoreError: the folder's world file is unreadable; or the database cannot be reached, or holds something else.
    """
    if settings.world:
        return asyncio.run(_claimed(settings))
    for path in _marks(settings.data_dir):
        if path.exists():
            try:
                return msgspec.json.decode(path.read_bytes(), type=Origin)
            except OSError as error:
                raise StoreError(f"{path} cannot be read: {error.strerror}; make it readable for this user") from None
            except msgspec.DecodeError:
                raise StoreError(f"{path} is damaged: restore it, or give another --data") from None
    return Origin(settings.people, settings.seed)


def mover(settings: Settings, world: World, source: Origin) -> Callable[[Store], Awaitable[None]]:
    """What fills the store before it is served; nothing is moved in twice, so mutes made later stay as they are."""

    async def move_in(store: Store) -> None:
        if await _lives_there(settings, store):
            await _hand_out_keys(store, world)
            return
        await store.directory.put_people(world.people)
        await store.posts.put(world.posts)
        await store.relations.add_many(world.relations)
        await _hand_out_keys(store, world)
        await _note_moved_in(settings, source)

    return move_in


def build(source: Origin) -> World:
    """The world itself."""
    return build_world(source.people, source.seed)


async def _hand_out_keys(store: Store, world: World) -> None:
    """Give out what nobody has yet, and leave the rest: a database of an earlier version has Apps and tokens already,
    but neither owners nor logins, and a token that was revoked there stays so."""
    if await store.accounts.developer(ALICE_ID) is not None:
        return
    vault = Vault(SECRET_KEY)
    for app in APPS:
        await store.credentials.put_app(await _complete(store, vault, app))
    for token in tokens(world):
        await _hand_out(store, vault, token)
    await store.accounts.put_project(Project(PROJECT_ID, ALICE_ID, PROJECT_NAME, PROJECT_DESCRIPTION, ISSUED_AT_MS))
    # Last, because it says that all of this is done.
    await store.accounts.put_developer(Developer(ALICE_ID, "Trying things out.", ISSUED_AT_MS))


async def _complete(store: Store, vault: Vault, app: SandboxApp) -> App:
    """An App with everything that logins need; its name and keys stay as they are stored."""
    stored = await store.credentials.app(app.id) or App(
        id=app.id,
        name=app.name,
        project_id=app.project_id,
        access=app.access,
        consumer_key=app.consumer_key,
        consumer_secret_sealed=vault.seal(app.consumer_secret),
        client_id=app.client_id,
        created_at_ms=app.created_at_ms,
    )
    return dataclasses.replace(
        stored,
        client_secret_digest=Vault.digest(app.client_secret) if app.confidential else b"",
        owner_id=ALICE_ID,
        description=app.description,
        authentication=UserAuthentication(
            oauth1=True, oauth2=True, confidential=app.confidential, callbacks=app.callbacks, website=WEBSITE
        ),
    )


async def _hand_out(store: Store, vault: Vault, token: SandboxToken) -> None:
    digest = Vault.digest(token.text)
    stored = await store.credentials.token(digest)
    # An app-only bearer is kept readable by us, because it is answered again to an App that asks for one.
    readable = token.text if token.kind is TokenKind.APP_ONLY else token.secret
    if stored is not None and (stored.secret_sealed or not readable):
        return
    stored = stored or Token(
        digest=digest,
        kind=token.kind,
        app_id=token.app_id,
        user_id=token.user_id,
        scopes=token.scopes,
        created_at_ms=token.created_at_ms,
        expires_at_ms=token.expires_at_ms,
    )
    await store.credentials.put_token(
        dataclasses.replace(stored, secret_sealed=vault.seal(readable) if readable else b"")
    )


async def _claimed(settings: Settings) -> Origin:
    # Imported where there is a PostgreSQL: most sandboxes have none.
    from tacet.store.postgres import worlds

    asked_for = msgspec.json.encode(Origin(settings.people, settings.seed)).decode()
    try:
        return msgspec.json.decode(await worlds.claim(settings.world, asked_for), type=Origin)
    except msgspec.DecodeError:
        raise StoreError("the database's note of its world is damaged: give --world another database") from None


async def _lives_there(settings: Settings, store: Store) -> bool:
    """Whether all of the world was moved in, by an earlier start."""
    if settings.world:
        from tacet.store.postgres import worlds

        return await worlds.is_complete(settings.world)
    folder = settings.data_dir
    # A database that was removed by hand is empty again, whatever the file beside it says.
    return bool(folder and (folder / WORLD_FILE).exists() and await store.directory.people([ALICE_ID]))


async def _note_moved_in(settings: Settings, source: Origin) -> None:
    folder = settings.data_dir
    if settings.world:
        from tacet.store.postgres import worlds

        await worlds.complete(settings.world)
    elif folder:
        write_ready_file(folder / WORLD_FILE, msgspec.to_builtins(source))
        (folder / UNFINISHED_FILE).unlink(missing_ok=True)


def _claim(folder: Path, source: Origin) -> None:
    """Mark a folder as the sandbox's before there is a database in it: a start may be interrupted at any point."""
    marked = any(path.exists() for path in _marks(folder))
    if (folder / DATABASE_FILE).exists():
        if not marked:
            raise StoreError(f"{folder / DATABASE_FILE} was made by no sandbox: choose another folder for --data")
    elif not (folder / WORLD_FILE).exists():
        write_ready_file(folder / UNFINISHED_FILE, msgspec.to_builtins(source))


def _marks(folder: Path | None) -> list[Path]:
    """The files that say which world a folder holds, the one of a world that is complete first."""
    return [] if folder is None else [folder / WORLD_FILE, folder / UNFINISHED_FILE]
