"""`tacet secrets`: the key that protects the secrets in a database."""

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from tacet.cli.admin import vault_of, with_store
from tacet.cli.exits import CommandError, Exit
from tacet.cli.options import settings_options
from tacet.cli.progress import Meter, Seen, bar, silence
from tacet.cli.sources import load
from tacet.settings import ADMIN, SERVE

if TYPE_CHECKING:
    from tacet.identity.vault import Vault
    from tacet.store.base import Store

NEXT = (
    "Next: start the server without the old secret key, run this without it as well, and if that finds nothing, "
    "destroy the old key."
)

METER_EVERY = 500
"""Secrets between two looks at the clock, some milliseconds' work."""


@click.group()
def secrets() -> None:
    """The key that protects the secrets in a database."""


@secrets.command(
    "new",
    epilog="""\b
Examples:
  export TACET_SECRET_KEY=$(tacet secrets new)
  (umask 077; tacet secrets new > secret.key); tacet serve --secret-key-file secret.key
""",
)
def new_secret() -> None:
    """Print a new secret key. Keep it: what one key sealed, no other opens."""
    from tacet.identity.vault import new_secret_key

    click.echo(new_secret_key())


@secrets.command(
    epilog="""\b
Examples:
  tacet serve --secret-key-file new.key --old-secret-key-file old.key
  tacet secrets rotate --secret-key-file new.key --old-secret-key-file old.key
  tacet serve --secret-key-file new.key
  tacet secrets rotate --secret-key-file new.key
"""
)
@click.option("--quiet", is_flag=True, help="No progress.")
@settings_options(ADMIN)
def rotate(quiet: bool, **flags: Any) -> None:
    """Seal with the current secret key what the old one sealed.

    In this order no request fails: start the server anew with the new key and the old one; run this with both; start
    the server anew without the old one; run this without it, too, to see that nothing needs it any more.

    It changes all or nothing, and nothing unless every secret opens. After an interruption run it again.
    """
    from tacet.clock import SystemClock
    from tacet.identity.vault import VaultError

    settings = load(SERVE, ADMIN, flags, os.environ)
    vault = vault_of(settings)
    drawn = not quiet and sys.stderr.isatty()
    try:
        with bar("secrets", SystemClock(), sys.stderr) if drawn else silence() as meter:
            rotation = Rotation(vault, meter)
            with_store(settings, rotation.run)
    except VaultError as error:
        raise CommandError(Exit.CONFIGURATION, f"{error}; nothing was changed") from None
    click.echo(rotation.summary())
    if settings.old_secret_key:
        click.echo(NEXT)


@secrets.command(
    epilog="""\b
Examples:
  tacet secrets forget --secret-key-file new.key
  tacet secrets forget --secret-key-file new.key --yes
"""
)
@click.option("--yes", is_flag=True, help="Do it; else only count.")
@settings_options(ADMIN)
def forget(yes: bool, **flags: Any) -> None:
    """Forget what was sealed with a secret key that is lost, so that a server can start with a new one.

    What the secret key opens, or the old one that is given beside it, stays. Of Apps whose secret is forgotten the
    API key does nothing until it is regenerated in the portal; OAuth 1.0a access tokens whose secret is forgotten
    never work again.
    """
    settings = load(SERVE, ADMIN, flags, os.environ)
    vault = vault_of(settings)
    lost = with_store(settings, lambda store: _forget(store, vault, really=yes))
    if yes:
        click.echo(f"{lost:,} secrets forgotten")
    elif lost:
        click.echo(f"{lost:,} secrets do not open, and are kept: give --yes to forget them for good")
    else:
        click.echo("every secret opens: there is nothing to forget")


async def _forget(store: "Store", vault: "Vault", *, really: bool) -> int:
    """Empty the secrets that do not open, if `really`; return how many there are."""
    from tacet.identity.vault import VaultError

    lost = 0

    def look(sealed: bytes) -> bytes:
        nonlocal lost
        try:
            vault.open(sealed)
        except VaultError:
            lost += 1
            return b"" if really else sealed
        return sealed

    await store.credentials.reseal(look)
    return lost


class Rotation:
    """One run over all secrets of a database."""

    def __init__(self, vault: "Vault", meter: Meter) -> None:
        self._vault = vault
        self._meter = meter
        self._seen = self._changed = 0
        self._stopped = False

    async def run(self, store: "Store") -> None:
        """Seal what is not sealed with the current key yet.

        Raises:
            VaultError: a secret does not open; nothing was changed.
            StoreError: the database failed; nothing was changed.
        """
        import asyncio

        try:
            await store.credentials.reseal(self._reseal)
        except asyncio.CancelledError:
            self._stopped = True
            raise

    def summary(self) -> str:
        """What was done."""
        before = self._seen - self._changed
        return f"{self._changed:,} secrets sealed anew; {before:,} were sealed with the current secret key before"

    def _reseal(self, sealed: bytes) -> bytes:
        if self._stopped:
            # What is raised here takes the whole transaction back, which is what an interruption asks for.
            raise InterruptedError
        renewed = self._vault.reseal(sealed)
        self._seen += 1
        self._changed += renewed != sealed
        if self._seen % METER_EVERY == 0:
            self._meter(Seen(0, 0, self._seen, 0))
        return renewed
