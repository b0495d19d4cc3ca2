"""Moving in: the seeded world and its keys go into an open store, once for each place it is kept."""

import dataclasses
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from tacet.identity.credentials import App, Token
from tacet.identity.vault import Vault, new_secret_key
from tacet.ids import SeededRandomness
from tacet.sandbox.ready import write_ready_file
from tacet.sandbox.residents import APPS, tokens
from tacet.sandbox.world import World, build_world
from tacet.settings import Settings
from tacet.store.base import Store, StoreError
from tacet.store.opening import MEMORY

SECRET_KEY = new_secret_key(SeededRandomness(0))
"""Seals the sandbox's secrets, which everybody knows anyway; the same on every start, so that they open again."""

WORLD_FILE = "world.json"
"""In the folder of `--data`: which world was moved in there. It is written last, so it also says that all of it was."""

DATABASE_FILE = "tacet.db"


class Origin(msgspec.Struct, frozen=True):
    """What a world was made from."""

    people: int
    seed: int


def at_home(settings: Settings) -> Settings:
    """The settings with the sandbox's own database and key.

    Raises:
        StoreError: the folder cannot be made.
    """
    database = MEMORY
    if settings.data_dir is not None:
        try:
            settings.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"the folder {settings.data_dir} cannot be made: {error.strerror}") from None
        database = f"sqlite:///{settings.data_dir / DATABASE_FILE}"
    return dataclasses.replace(settings, database=database, secret_key=SECRET_KEY)


def origin(settings: Settings) -> Origin:
    """The world that will be served: the one that lives in the folder already, else the one asked for.

    Raises:
        StoreError: the folder's world file is unreadable.
    """
    path = _world_file(settings)
    if path is None or not path.exists():
        return Origin(settings.people, settings.seed)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Origin)
    except (OSError, msgspec.DecodeError):
        raise StoreError(f"{path} cannot be read: remove the folder to start with a new world") from None


def mover(settings: Settings, world: World, source: Origin) -> Callable[[Store], Awaitable[None]]:
    """What fills the store before it is served; nothing is moved in twice, so mutes made later stay as they are."""

    async def move_in(store: Store) -> None:
        path = _world_file(settings)
        if path is not None and path.exists():
            return
        await store.directory.put_people(world.people)
        await store.directory.put_posts(world.posts)
        await store.relations.add_many(world.relations)
        await _hand_out_keys(store, world)
        if path is not None:
            write_ready_file(path, msgspec.to_builtins(source))

    return move_in


def build(source: Origin) -> World:
    """The world itself."""
    return build_world(source.people, source.seed)


async def _hand_out_keys(store: Store, world: World) -> None:
    vault = Vault(SECRET_KEY)
    for app in APPS:
        await store.credentials.put_app(
            App(
                id=app.id,
                name=app.name,
                project_id=app.project_id,
                access=app.access,
                consumer_key=app.consumer_key,
                consumer_secret_sealed=vault.seal(app.consumer_secret),
                client_id=app.client_id,
                created_at_ms=app.created_at_ms,
            )
        )
    for token in tokens(world):
        await store.credentials.put_token(
            Token(
                digest=Vault.digest(token.text),
                kind=token.kind,
                app_id=token.app_id,
                user_id=token.user_id,
                scopes=token.scopes,
                secret_sealed=vault.seal(token.secret) if token.secret else b"",
                created_at_ms=token.created_at_ms,
                expires_at_ms=token.expires_at_ms,
            )
        )


def _world_file(settings: Settings) -> Path | None:
    return None if settings.data_dir is None else settings.data_dir / WORLD_FILE
