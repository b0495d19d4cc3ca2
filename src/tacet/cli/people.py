"""`tacet people import`: people and posts from a file."""

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tacet.cli.admin import with_store
from tacet.cli.exits import CommandError, Exit
from tacet.cli.options import settings_options
from tacet.cli.progress import NS, Meter, Seen, meter, rate
from tacet.cli.rejected import RejectedFile
from tacet.cli.sources import load
from tacet.settings import ADMIN, SERVE, Settings

if TYPE_CHECKING:
    from tacet.directory.importing import Source, Tally
    from tacet.store.base import Store

ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}
"""What a file's name says about it, `.gz` behind it or not."""


@click.group()
def people() -> None:
    """People and their posts."""


@people.command(
    "import",
    epilog="""\b
Examples:
  tacet people import people.jsonl
  tacet people import --database sqlite:////var/lib/tacet/tacet.db people.csv.gz
  tacet people import --format jsonl --rejected bad.jsonl export.txt

\b
One object a line:
  {"type": "person", "id": "12", "username": "jack", "name": "Jack"}
  {"type": "post", "id": "20", "author_id": "12", "text": "Hi", "created_at": "2006-03-21T20:50:14Z"}
""",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "format_", type=click.Choice(["jsonl", "csv"]), help="Format, where the name does not say.")
@click.option(
    "--rejected",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Bad rows go here.  [default: FILE.rejected]",
)
@click.option("--quiet", is_flag=True, help="No progress.")
@settings_options(ADMIN)
def import_(file: Path, format_: str | None, rejected: Path | None, quiet: bool, **flags: Any) -> int:
    """Import people and posts from FILE: JSONL or CSV, plain or gzip, of any size.

    The same file twice changes nothing the second time. Bad rows are written to FILE.rejected with their line
    number and the reason, and stop nothing; the exit code is then 6. A server may be running on the database.
    """
    format_ = format_ or _format_of(file)
    settings = load(SERVE, ADMIN, flags, os.environ)
    return _import(settings, file, format_, rejected or _beside(file), quiet)


def _beside(file: Path) -> Path:
    """Where bad rows go; nothing is put beside a pipe or device, whose folder is the system's."""
    name = f"{file.name}.rejected"
    return Path(name) if file.exists() and not file.is_file() else file.with_name(name)


def _format_of(file: Path) -> str:
    """What a file's name says.

    Raises:
        UsageError: it says nothing.
        CommandError: there is no such file, which is the first thing to know of it.
    """
    ending = Path(file.name.removesuffix(".gz")).suffix
    if ending not in ENDINGS and not file.exists():
        raise CommandError(Exit.FAILED, f"{file} cannot be opened: {os.strerror(errno.ENOENT)}")
    if ending not in ENDINGS:
        raise click.UsageError(f"{file.name} does not say what it is: give --format jsonl or --format csv")
    return ENDINGS[ending]


def _import(settings: Settings, file: Path, format_: str, rejected: Path, quiet: bool) -> int:
    from tacet.clock import SystemClock
    from tacet.directory.importing import Source, SourceError, Tally

    tally, clock = Tally(), SystemClock()
    started_ns = clock.ticks_ns()
    try:
        with (
            Source(file) as source,
            RejectedFile(rejected) as rejects,
            meter(file.name, quiet, clock) as told,
        ):
            with_store(settings, lambda store: _run(store, source, format_, tally, rejects, told))
    except SourceError as error:
        raise CommandError(Exit.FAILED, f"{error}{_kept(tally)}") from None
    except CommandError as error:
        raise CommandError(error.code, f"{error}{_kept(tally)}") from None
    except KeyboardInterrupt:
        raise CommandError(Exit.INTERRUPTED, f"interrupted{_kept(tally)}") from None
    click.echo(_summary(file.name, tally, clock.ticks_ns() - started_ns, rejected))
    return Exit.REJECTED if tally.rejected else Exit.OK


async def _run(
    store: "Store", source: "Source", format_: str, tally: "Tally", rejects: RejectedFile, told: Meter
) -> None:
    from tacet.directory.importing import Format, Import, records

    def progress() -> None:
        told(Seen(source.read_bytes(), source.total_bytes, tally.rows, tally.rejected))

    await Import(store.directory, store.posts, tally, rejects.add, progress).run(records(source, Format(format_)))


def _kept(tally: "Tally") -> str:
    """The remedy for a run that ended early: every row so far is committed, and harmless to import again."""
    rows = tally.people + tally.posts
    return f"; {rows:,} rows are in and stay: run the same command again to go on" if rows else ""


def _summary(name: str, tally: "Tally", taken_ns: int, rejected: Path) -> str:
    unchanged = tally.people + tally.posts - tally.changed
    parts = [
        f"{_counted(tally.people, 'person', 'people')} and {_counted(tally.posts, 'post', 'posts')}",
        f"{tally.changed:,} changed, {unchanged:,} unchanged",
        f"{tally.rejected:,} rejected" + (f" (see {rejected})" if tally.rejected else ""),
    ]
    return f"{name}: {'; '.join(parts)}; {taken_ns / NS:.1f} s, {rate(tally.rows, taken_ns):,} rows/s"


def _counted(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"
