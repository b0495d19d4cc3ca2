"""Making the measured database, once: it is kept beside its fingerprint and copied for each run."""

import asyncio
import hashlib
import itertools
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import TypeVar

from bench import world
from bench.world import Shape
from tacet.identity.vault import Vault
from tacet.store.base import Store
from tacet.store.opening import open_store

T = TypeVar("T")

ROWS_A_TRANSACTION = 20_000
"""Enough that commits cost nothing beside their rows, and few enough that the log stays small."""

TOKENS_AT_ONCE = 1_000
"""Tokens are written one by one; this many wait for the disk together, within the store's queue."""

QUEUE_LENGTH = 4_096
"""Writes that may wait; the default of the server."""

Meter = Callable[[str, int, int], None]
"""Told what is being made, how many of it are done, and how many there will be."""


def fingerprint(shape: Shape) -> str:
    """Changes whenever a database of this shape would come out differently: the shape, its code, the schema."""
    digest = hashlib.sha256(repr(shape).encode())
    for folder in (resources.files("bench"), resources.files("tacet.store.sqlite") / "migrations"):
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            if file.name in {"world.py", "building.py"} or file.name.endswith(".sql"):
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def kept_world(folder: Path, kind: str, shape: Shape, meter: Meter) -> Path:
    """The database of this shape, made now if there is none yet; older ones of its kind are removed.

    Args:
        folder: where it is kept.
        kind: the beginning of its file name.
    """
    path = folder / f"{kind}-{fingerprint(shape)}.db"
    if not path.exists():
        for old in folder.glob(f"{kind}-*.db*"):
            old.unlink()
        with tempfile.TemporaryDirectory(prefix=f"{kind}-", dir=folder) as unfinished:
            made = Path(unfinished) / path.name
            asyncio.run(build(made, shape, meter))
            made.rename(path)
    return path


async def build(path: Path, shape: Shape, meter: Meter) -> None:
    """Fill a new database at `path` through the store's own methods."""
    store = open_store(f"sqlite:///{path}", QUEUE_LENGTH)
    await store.open()
    try:
        await _put_people(store, shape, meter)
        await _put_credentials(store, shape, meter)
        await _put_mutes(store, shape, meter)
        await _put_follows(store, shape, meter)
        await _put_posts(store, shape, meter)
    finally:
        await store.close()


async def _put_people(store: Store, shape: Shape, meter: Meter) -> None:
    for done, people in batches((world.person(index) for index in range(shape.people)), ROWS_A_TRANSACTION):
        await store.directory.put_people(people)
        meter("people", done, shape.people)


async def _put_credentials(store: Store, shape: Shape, meter: Meter) -> None:
    vault = Vault(world.secret_key())
    await store.credentials.put_app(world.app(vault))
    groups = shape.groups()
    bearers = (world.bearer(index) for index in range(shape.sources))
    signing = [*groups["crowd"].indexes, *groups[f"list-{shape.lengths[-1]}"].indexes]
    signers = (world.oauth1_token(index, vault) for index in signing)
    for done, tokens in batches(itertools.chain(bearers, signers), TOKENS_AT_ONCE):
        await asyncio.gather(*(store.credentials.put_token(token) for token in tokens))
        meter("tokens", done, shape.sources + len(signing))


async def _put_mutes(store: Store, shape: Shape, meter: Meter) -> None:
    everything = (
        relation
        for group in shape.groups().values()
        for index in group.indexes
        for relation in world.relations(group, index)
    )
    for done, relations in batches(everything, ROWS_A_TRANSACTION):
        await store.relations.add_many(relations)
        meter("mutes", done, shape.mutes)


async def _put_follows(store: Store, shape: Shape, meter: Meter) -> None:
    everything = (
        relation
        for group in shape.groups().values()
        for index in group.indexes
        for relation in world.follows(group, index)
    )
    for done, relations in batches(everything, ROWS_A_TRANSACTION):
        await store.relations.add_many(relations)
        meter("follows", done, 2 * shape.follows)


async def _put_posts(store: Store, shape: Shape, meter: Meter) -> None:
    for done, posts in batches(world.posts(shape), ROWS_A_TRANSACTION):
        await store.posts.put(posts)
        meter("posts", done, shape.posts)


def batches(items: Iterable[T], size: int) -> Iterator[tuple[int, Sequence[T]]]:
    """Lists of at most `size` items, with how many there were so far."""
    done = 0
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        done += len(batch)
        yield done, batch
