"""`tacet database`: the database itself, whatever is in it."""

import os
import re
import shlex
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tacet.cli.exits import CommandError, Exit
from tacet.cli.options import settings_options
from tacet.cli.progress import NS, Meter, Seen, meter
from tacet.cli.sides import FROM, TO, named
from tacet.cli.sources import load
from tacet.settings import ADMIN, SERVE

if TYPE_CHECKING:
    from tacet.clock import Clock
    from tacet.store.copying import Copy
    from tacet.store.sides import Side

T = TypeVar("T")

MIB = 1 << 20

HIDDEN_PARAMETER = re.compile(r"(?<=[?&])[^?&]*\*\*\*(&|$)")
"""As it is in an address that is shown."""

quiet_option = click.option("--quiet", is_flag=True, help="No progress.")


@click.group()
def database() -> None:
    """The database: its schema, its copies, its backup."""


@database.command(
    epilog="""\b
Examples:
  tacet database migrate
  tacet database migrate --database postgresql://tacet@db.example/tacet
  tacet database migrate --check || echo "not yet"
"""
)
@click.option("--check", is_flag=True, help="Change nothing; end with 7 where something is to be done.")
@settings_options(ADMIN)
def migrate(check: bool, **flags: Any) -> int:
    """Bring the tables of the database up to date, or make them.

    Servers on PostgreSQL refuse to start before that; it may be run while they serve, and by several at once, of whom
    one does it. All of it is done, or nothing. A SQLite file is brought up to date by the server that opens it, too;
    this refuses one that is being served.
    """
    from tacet.store.maintenance import migrate, pending

    address = load(SERVE, ADMIN, flags, os.environ).database
    if check:
        names = _run(lambda: pending(address), address)
        click.echo("\n".join(f"to be run: {name}" for name in names) or "nothing to be done")
        return Exit.PENDING if names else Exit.OK
    names = _run(lambda: migrate(address), address)
    click.echo("\n".join(f"run: {name}" for name in names) or "nothing to be done")
    return Exit.OK


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

    Each is sqlite:///PATH or postgresql://USER@HOST/NAME. Stop the servers first: a database that is served is refused,
    and one that something else writes to is found out at the end. TO gets its tables if it has none; anything else in
    it is refused. Secrets stay sealed with the secret key, so the server of the copy needs the same one.

    After an interruption run the same command again: it goes on where it stopped. Until it is finished, neither a
    server nor any command takes TO for a database. Once it is finished, it says that TO is complete, or how it differs.

    Arguments can be read by every user of the machine: leave passwords to PGPASSWORD or a password file.
    """
    from tacet.clock import SystemClock
    from tacet.store.copying import Copy

    if from_ == to:
        raise click.UsageError("FROM and TO are the same database")
    clock = SystemClock()
    started_ns = clock.ticks_ns()
    copying = Copying(Copy(_side(from_, FROM), _side(to, TO)), quiet, clock)
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
            StoreError: a database failed, or the copy is none.
        """
        from tacet.store.copying import Differs

        try:
            self._before = self._rows = await self._copy.open()
            self.can_go_on = self._copy.begun
            with meter("copying", self._quiet, self._clock) as told:
                await self._copy.run(lambda done, total: self._tell(told, done, total))
            with meter("comparing", self._quiet, self._clock) as told:
                self._tables = dict(await self._copy.verify(lambda done, total: told(Seen(done, total, done, 0))))
        except Differs:
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
        done = f"{sum(filled.values()):,} rows copied{before}" if self._copy.begun else "TO is a complete copy already"
        return f"{done}; both sides have the same counts and checksums ({rows or 'all empty'})"

    def _tell(self, told: Meter, done: int, total: int) -> None:
        self._rows = done
        told(Seen(done, total, done, 0))


def _side(address: str, argument: str) -> "Side":
    from tacet.store.maintenance import side

    try:
        return named(side(address), argument)
    except ValueError as error:
        raise click.UsageError(f"{argument}: {error}") from None


def _run(work: Callable[[], Awaitable[T]], address: str = "") -> T:
    """Do something with a database; errors name its address, if there is one.

    Raises:
        CommandError: DATABASE.
    """
    import asyncio

    from tacet.store.address import shown
    from tacet.store.base import StoreError

    async def session() -> T:
        return await work()

    try:
        return asyncio.run(session())
    except StoreError as error:
        raise CommandError(Exit.DATABASE, f"{shown(address)}: {error}" if address else str(error)) from None


@database.command(
    epilog="""\b
Examples:
  tacet database distribute --database postgresql://tacet@coordinator.example/tacet
"""
)
@settings_options(ADMIN)
def distribute(**flags: Any) -> None:
    """Spread the tables over the machines of a Citus cluster.

    Relations are spread by their source and people by their id; everything else stays on the coordinator. The
    databases of all machines get the settings of our sessions, or it says which commands do that. May be run again:
    what is done stays done. While a table with rows in it is spread, writes to it wait.
    """
    from tacet.store.address import is_postgresql
    from tacet.store.maintenance import distribute

    address = load(SERVE, ADMIN, flags, os.environ).database
    if not is_postgresql(address):
        raise CommandError(Exit.FAILED, "only PostgreSQL with Citus can be distributed: give another --database")
    for line in _run(lambda: distribute(address), address):
        click.echo(line)


@database.command(
    epilog="""\b
Examples:
  tacet database backup /var/backups/tacet.db
  tacet database backup --database sqlite:////var/lib/tacet/tacet.db --force /mnt/tacet.db

\b
To restore, stop the server and serve the copy:
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
    from tacet.store.address import is_postgresql, sqlite_path
    from tacet.store.base import StoreError
    from tacet.store.sqlite.backup import NoPlace, back_up

    address = load(SERVE, ADMIN, flags, os.environ).database
    if is_postgresql(address):
        raise CommandError(Exit.FAILED, f"PostgreSQL is backed up by its own tools: {_pg_dump(address, path)}")
    clock = SystemClock()
    started_ns = clock.ticks_ns()
    try:
        with meter(path.name, quiet, clock, "pages") as told:
            size_bytes = back_up(
                sqlite_path(address), path, force, lambda done, total: told(Seen(done, total, done, 0)), time.sleep
            )
    except NoPlace as error:
        raise CommandError(Exit.FAILED, str(error)) from None
    except StoreError as error:
        raise CommandError(Exit.DATABASE, str(error)) from None
    click.echo(f"{path}: {size_bytes / MIB:,.1f} MiB, checked; {(clock.ticks_ns() - started_ns) / NS:.1f} s")


def _pg_dump(address: str, path: Path) -> str:
    """The command to run in place of ours; passwords are left to PGPASSWORD or a password file."""
    from tacet.store.address import shown

    bare = shown(address).replace(":***@", "@")
    bare = HIDDEN_PARAMETER.sub("", bare).rstrip("?&")
    return f"pg_dump --format=custom --file={shlex.quote(str(path))} {shlex.quote(bare)}"
