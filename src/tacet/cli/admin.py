"""What the commands share that work on a database beside its server."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

import click

from tacet.cli.exits import CommandError, Exit
from tacet.settings import Settings

if TYPE_CHECKING:
    from tacet.identity.vault import Vault
    from tacet.store.base import Store

T = TypeVar("T")

KEY_MISSING = (
    "no secret key: set TACET_SECRET_KEY, or secret_key in the TOML file, or give --secret-key-file PATH; "
    "`tacet secrets new` prints one"
)


def with_store(settings: Settings, work: "Callable[[Store], Awaitable[T]]") -> T:
    """Open the database, without the lock that servers take, and do something with it.

    Raises:
        CommandError: DATABASE.
    """
    import asyncio

    from tacet.store.address import shown
    from tacet.store.base import StoreError
    from tacet.store.opening import open_store

    # An error is one line, which the command prints itself: the store's log would be a second.
    logging.getLogger("tacet").addHandler(logging.NullHandler())

    async def session() -> T:
        store = open_store(settings.database, settings.write_queue_length, server=False)
        await store.open()
        try:
            return await work(store)
        finally:
            await store.close()

    try:
        return asyncio.run(session())
    except StoreError as error:
        raise CommandError(Exit.DATABASE, f"{shown(settings.database)}: {error}") from None


def vault_of(settings: Settings) -> "Vault":
    """The vault of the settings' secret keys.

    Raises:
        CommandError: CONFIGURATION, there is none, or the old one is the same.
    """
    from tacet.identity.vault import Vault, VaultError

    if not settings.secret_key:
        raise CommandError(Exit.CONFIGURATION, KEY_MISSING)
    try:
        return Vault(settings.secret_key, old_secret_key=settings.old_secret_key)
    except VaultError as error:
        raise CommandError(Exit.CONFIGURATION, str(error)) from None


async def check_fits(vault: "Vault", store: "Store") -> None:
    """See that the vault opens what the database holds: the server could not read what is sealed with another key.

    Raises:
        CommandError: CONFIGURATION, it does not.
        StoreError: the database failed.
    """
    from tacet.identity.vault import VaultError

    try:
        await vault.check_opens(store.credentials)
    except VaultError as error:
        raise CommandError(Exit.CONFIGURATION, str(error)) from None


def show(facts: Mapping[str, object], as_json: bool) -> None:
    """Print facts for people, a line each, or as one JSON object for programs."""
    if as_json:
        click.echo(json.dumps(facts))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        click.echo(f"{name:<{width}}  {'none' if value is None else value}")


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
