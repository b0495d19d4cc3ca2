"""`tacet database`: the database itself, whatever is in it."""

import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tacet.cli.exits import CommandError, Exit
from tacet.cli.options import settings_options
from tacet.cli.progress import NS, Meter, Seen, meter
from tacet.cli.sources import load
from tacet.settings import ADMIN, SERVE

if TYPE_CHECKING:
    from tacet.clock import Clock
    from tacet.store.copying import Copy, Side

T = TypeVar("T")

POSTGRESQL = ("postgresql://", "postgres://")

MIB = 1 << 20

quiet_option = click.option("--quiet", is_flag=True, help="No progress.")


@click.group()
def database() -> None:
    """The database: its schema, its copies, its backup."""


@database.command(
    epilog="""\b
Examples:
  tacet database copy sqlite:///tacet.db postgresql://tacet@db.example/tacet
  tacet database copy postgresql://tacet@db.example/tacet sqlite:////var/lib/tacet/tacet.db
  PGPASSWORD=... tacet database copy --quiet sqlite:///tacet.db postgresql://tacet@db.example/tacet
"""
)
@click.argument("from_", metavar="FROM")
@click.argument("to", metavar="TO")
@quiet_option
def copy(from_: str, to: str, quiet: bool) -> None:
    """Copy everything of the database FROM into the empty database TO, and compare both.

    Each is sqlite:///PATH or postgresql://USER@HOST/NAME. Stop the servers first: a copy of a database that somebody
    writes to is found out at the end, and is no copy. TO gets its tables if it has none; anything else in it is
    refused. Secrets stay sealed with the secret key, so the server of the copy needs the same one.

    After an interruption run the same command again: it goes on where it stopped. Until it is finished, no server
    opens TO.

    Arguments can be read by every user of the machine: leave passwords to PGPASSWORD or a password file.
    """
    from tacet.clock import SystemClock
    from tacet.store.copying import Copy

    if from_ == to:
        raise click.UsageError("FROM and TO are the same database")
    clock = SystemClock()
    started_ns = clock.ticks_ns()
    copying = Copying(Copy(_side(from_, "FROM"), _side(to, "TO")), quiet, clock)
    try:
        _run(copying.run)
    except KeyboardInterrupt:
        raise CommandError(Exit.INTERRUPTED, f"interrupted{copying.kept()}") from None
    except CommandError as error:
        raise CommandError(error.code, f"{error}{copying.kept() if copying.can_go_on else ''}") from None
    click.echo(f"{copying.summary()}; {(clock.ticks_ns() - started_ns) / NS:.1f} s")


class Copying:
    """One run of `tacet database copy`."""

    def __init__(self, copy: "Copy", quiet: bool, clock: "Clock") -> None:
        self._copy = copy
        self._quiet = quiet
        self._clock = clock
        self._before = self._rows = 0
        self._tables: dict[str, int] = {}
        self.can_go_on = False

    async def run(self) -> None:
        """Copy, then compare.

        Raises:
            StoreError: a database failed or the source changed.
        """
        from tacet.store.copying import Changed

        try:
            self._before = self._rows = await self._copy.open()
            self.can_go_on = True
            with meter("copying", self._quiet, self._clock) as told:
                await self._copy.run(lambda done, total: self._tell(told, done, total))
            with meter("comparing", self._quiet, self._clock) as told:
                self._tables = dict(await self._copy.verify(lambda done, total: told(Seen(done, total, done, 0))))
        except Changed:
            self.can_go_on = False
            raise
        finally:
            await self._copy.close()

    def kept(self) -> str:
        """The remedy for a run that ended early."""
        return f"; {self._rows:,} rows are in and stay: run the same command again to go on" if self._rows else ""

    def summary(self) -> str:
        """What was done."""
        filled = {name: rows for name, rows in self._tables.items() if rows}
        rows = ", ".join(f"{name} {count:,}" for name, count in filled.items())
        before = f", {self._before:,} of them by an earlier run" if self._before else ""
        total = sum(filled.values())
        return f"{total:,} rows copied{before}; both sides have the same counts and checksums ({rows or 'all empty'})"

    def _tell(self, told: Meter, done: int, total: int) -> None:
        self._rows = done
        told(Seen(done, total, done, 0))


def _side(address: str, argument: str) -> "Side":
    from tacet.store.address import sqlite_path
    from tacet.store.sqlite.copying import SqliteSide

    try:
        return SqliteSide(sqlite_path(address))
    except ValueError as error:
        raise click.UsageError(f"{argument}: {error}") from None


def _run(work: Callable[[], Awaitable[T]]) -> T:
    """Do something with a database.

    Raises:
        CommandError: DATABASE.
    """
    import asyncio

    from tacet.store.base import StoreError

    async def session() -> T:
        return await work()

    try:
        return asyncio.run(session())
    except StoreError as error:
        raise CommandError(Exit.DATABASE, str(error)) from None


@database.command(
    epilog="""\b
Examples:
  tacet database backup /var/backups/tacet.db
  tacet database backup --database sqlite:////var/lib/tacet/tacet.db --force /mnt/tacet.db

\b
To restore, stop the server, put the copy in the place of the database, and start it again:
  tacet serve --database sqlite:////var/backups/tacet.db
"""
)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace PATH if it is there already.")
@quiet_option
@settings_options(ADMIN)
def backup(path: Path, force: bool, quiet: bool, **flags: Any) -> None:
    """Copy a SQLite database to PATH, also while a server writes to it.

    The copy is of one moment: it holds everything that was acknowledged before the command began. It is checked, and
    on disk, before it gets its name. Only its owner can read it; what is secret in it stays sealed with the secret
    key, which is not in it.

    PostgreSQL brings its own tools; with it this only says how to call them.
    """
    from tacet.clock import SystemClock
    from tacet.store.address import sqlite_path
    from tacet.store.base import StoreError
    from tacet.store.sqlite.backup import back_up

    address = load(SERVE, ADMIN, flags, os.environ).database
    if address.startswith(POSTGRESQL):
        raise CommandError(Exit.FAILED, "")
    clock = SystemClock()
    started_ns = clock.ticks_ns()
    try:
        with meter(path.name, quiet, clock, "pages") as told:
            size_bytes = back_up(
                sqlite_path(address), path, force, lambda done, total: told(Seen(done, total, done, 0)), time.sleep
            )
    except StoreError as error:
        raise CommandError(Exit.DATABASE, str(error)) from None
    click.echo(f"{path}: {size_bytes / MIB:,.1f} MiB, checked; {(clock.ticks_ns() - started_ns) / NS:.1f} s")
