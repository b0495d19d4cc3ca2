"""`tacet sandbox` and `tacet serve`."""

import contextlib
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from tacet.cli.admin import KEY_MISSING
from tacet.cli.exits import CommandError, Exit
from tacet.cli.options import settings_options
from tacet.cli.sources import load
from tacet.settings import SANDBOX, SERVE, Settings
from tacet.store.address import is_postgresql, shown

if TYPE_CHECKING:
    from tacet.sandbox.seeding import Origin
    from tacet.store.base import Store

LOOPBACK = ("127.", "localhost", "::1")
"""How addresses begin that no other machine can reach."""

EVERYWHERE = {"0.0.0.0", "::"}
"""Addresses that stand for all of a machine's."""

MAKE_HINT = "; with make: make sandbox PORT=9000"

NEEDS_POSTGRESQL = (
    "{} processes need PostgreSQL, for one process has an SQLite file to itself: "
    "give --database postgresql://USER@HOST/NAME, or --processes 1"
)

NEEDS_REDIS = (
    "{} processes need Redis, for each alone would count rate limits and used nonces anew, and learn late of revoked "
    "tokens: give --redis redis://HOST, or --processes 1"
)

LAST_PORT = 65_535
"""Of an address (RFC 9293 section 3.1)."""

NEEDS_PORTS = (
    "{} processes give their metrics on as many ports, and from {} on there are {}: "
    "give --metrics another port, or fewer --processes"
)

REFUSALS = "tacet.wire.refusals"
"""The log of why requests are refused."""

CLEAR_TEXT = (
    "passwords and tokens would travel in the clear: let a proxy end TLS, "
    "and say where people reach it: --public-url https://HOST"
)
"""What a server says whose pages other machines reach without TLS, as far as it knows."""


@click.command(
    epilog="""\b
Examples:
  tacet sandbox
  tacet sandbox --port 0 --ready-file ready.json --quiet
  tacet sandbox --data ./world --people 5000 --no-rate-limits
  tacet sandbox --limit getUsersMuting=100/60
"""
)
@click.option("--quiet", is_flag=True, help="Do not print who lives there.")
@settings_options(SANDBOX)
def sandbox(quiet: bool, **flags: Any) -> int:
    """Serve a seeded world with known keys, for people who build on X's API.

    Everything is in memory and gone at the end, unless --data or --world says where to keep it. Every option with a
    value is also a variable (TACET_PORT) and a key of the TOML file (port).
    """
    from tacet.sandbox.ready import ready_document
    from tacet.sandbox.residents import residents
    from tacet.sandbox.seeding import at_home, build, mover, origin
    from tacet.sandbox.welcome import welcome
    from tacet.store.base import StoreError

    _fill_streams()
    settings = load(SANDBOX, SANDBOX, flags, os.environ)
    if settings.data_dir and settings.world:
        raise CommandError(Exit.CONFIGURATION, "a world is kept in one place: give --data or --world, not both")
    try:
        settings = at_home(settings)
        source = origin(settings)
    except StoreError as error:
        raise CommandError(Exit.DATABASE, _where(settings.world, error)) from None
    _check_metrics(settings)
    _warn(settings, source)
    world = build(source)

    def announce(url: str) -> None:
        _write_ready(settings, lambda: ready_document(url, os.getpid(), world))
        if not quiet:
            where = f"kept in {place}" if (place := _place(settings)) else "in memory only"
            click.echo(welcome(url, world, where))

    known = [keys.person_id for keys in residents(world)]
    return _run(settings, announce, mover(settings, world, source), known)


@click.command(
    epilog="""\b
Examples:
  (umask 077; tacet secrets new > secret.key)
  tacet serve --secret-key-file secret.key --database sqlite:////var/lib/tacet/tacet.db
  tacet serve --config tacet.toml --port 8443
"""
)
@click.option("--quiet", is_flag=True, help="Do not print the address.")
@settings_options(SERVE)
def serve(quiet: bool, **flags: Any) -> int:
    """Serve a database of your own, for platforms.

    There are no known keys, and a secret key is required. Every option with a value is also a variable
    (TACET_PORT) and a key of the TOML file (port).
    """
    _fill_streams()
    settings = load(SERVE, SERVE, flags, os.environ)
    if not settings.secret_key:
        raise CommandError(Exit.CONFIGURATION, KEY_MISSING)
    _check_processes(settings)
    _check_metrics(settings)
    if not (settings.host.startswith(LOOPBACK) or settings.public_url.startswith("https://")):
        click.echo(f"tacet: warning: {CLEAR_TEXT}", err=True)

    def announce(url: str) -> None:
        _write_ready(settings, lambda: {"url": url, "pid": os.getpid()})
        if not quiet:
            by = f" by {settings.processes} processes" if settings.processes > 1 else ""
            click.echo(f"Tacet serves {shown(settings.database)} on {url}{by}")
            if settings.public_url:
                click.echo(f"People reach its pages at {settings.public_url} (--public-url)")

    return _run(settings, announce)


def _warn(settings: Settings, source: "Origin") -> None:
    """Say what somebody might not expect of this sandbox."""
    if not settings.host.startswith(LOOPBACK):
        click.echo(f"tacet: warning: everybody who can reach {settings.host} knows these keys", err=True)
    if (source.people, source.seed) != (settings.people, settings.seed):
        kept = f"{source.people} people and seed {source.seed}"
        option = "--world" if settings.world else "--data"
        message = f"{_place(settings)} already holds a world, of {kept}; for a new one give another {option}"
        click.echo(f"tacet: warning: {message}", err=True)


def _where(address: str, error: Exception) -> str:
    """A database's complaint with its address. Those about a file name the file."""
    return f"{shown(address)}: {error}" if is_postgresql(address) and shown(address) not in str(error) else str(error)


def _place(settings: Settings) -> str:
    """Where a sandbox's world is kept; empty where it is not."""
    return str(settings.data_dir or shown(settings.world))


def _fill_streams() -> None:
    """Put something in the place of standard streams that were closed before the start, before anything is opened: it
    would get their numbers, and the event loop, which closes nothing that has one of them, would end the process."""
    for stream in range(3):
        try:
            os.fstat(stream)
        except OSError:
            # It gets the lowest number that is free.
            os.open(os.devnull, os.O_RDWR)


def _write_ready(settings: Settings, document: Callable[[], dict[str, Any]]) -> None:
    from tacet.sandbox.ready import write_ready_file

    if settings.ready_file is None:
        return
    try:
        write_ready_file(settings.ready_file, document())
    except OSError as error:
        message = f"{settings.ready_file} cannot be written: {error.strerror}; give another --ready-file"
        raise CommandError(Exit.FAILED, message) from None


def _run(
    settings: Settings,
    announce: Callable[[str], None],
    prepare: "Callable[[Store], Awaitable[None]] | None" = None,
    residents: Sequence[int] = (),
) -> int:
    from tacet.identity.vault import VaultError
    from tacet.processes.descriptors import allow_many
    from tacet.processes.listening import AddressError
    from tacet.processes.server import run
    from tacet.sharing import SharingError
    from tacet.store.base import StoreError

    _log_to_stderr(settings)
    allow_many()
    try:
        if settings.processes > 1:
            code = _supervised(settings, announce)
        else:
            code = run(settings, announce, prepare, residents)
    except AddressError as error:
        # Whoever typed `make sandbox` has no option to give. Make says to its commands that it is there.
        hint = MAKE_HINT if settings.mode == SANDBOX and "MAKELEVEL" in os.environ else ""
        raise CommandError(Exit.ADDRESS, f"{error}{hint}") from None
    except StoreError as error:
        raise CommandError(Exit.DATABASE, _where(settings.database, error)) from None
    except (VaultError, SharingError) as error:
        raise CommandError(Exit.CONFIGURATION, str(error)) from None
    if settings.ready_file is not None:
        with contextlib.suppress(OSError):
            settings.ready_file.unlink(missing_ok=True)
    return code


def _check_metrics(settings: Settings) -> None:
    """Refuse metrics on a port that the API takes."""
    if not settings.metrics:
        return
    from tacet.observing.scraping import with_offset

    host, first = with_offset(settings.metrics, 0)
    last = first + settings.processes - 1
    if first <= settings.port <= last and (host == settings.host or {host, settings.host} & EVERYWHERE):
        taken = f"ports {first} to {last}" if last > first else f"port {first}"
        message = f"--metrics takes {taken}, and --port {settings.port} is for requests: give one of them another port"
        raise CommandError(Exit.CONFIGURATION, message)


def _supervised(settings: Settings, announce: Callable[[str], None]) -> int:
    from tacet.processes.supervisor import StartError, supervise

    try:
        return supervise(settings, announce)
    except StartError as error:
        raise CommandError(Exit.FAILED, f"{error}; the log says why") from None


def _check_processes(settings: Settings) -> None:
    """Refuse several processes that could not agree, or not all be measured."""
    if settings.processes == 1:
        return
    if not is_postgresql(settings.database):
        raise CommandError(Exit.CONFIGURATION, NEEDS_POSTGRESQL.format(settings.processes))
    if not settings.redis:
        raise CommandError(Exit.CONFIGURATION, NEEDS_REDIS.format(settings.processes))
    if settings.metrics:
        from tacet.observing.scraping import with_offset

        _, first = with_offset(settings.metrics, 0)
        if first + settings.processes - 1 > LAST_PORT:
            there = LAST_PORT - first + 1
            raise CommandError(Exit.CONFIGURATION, NEEDS_PORTS.format(settings.processes, first, there))


def _log_to_stderr(settings: Settings) -> None:
    from tacet.observing.handler import Unhindered
    from tacet.observing.logs import formatter

    level = settings.log_level
    logging.basicConfig(level=level.upper(), handlers=[Unhindered(formatter(settings.log_format))])
    if level == "info":
        # It tells at length that it started; the command's own line says so.
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        if settings.mode == SANDBOX:
            # X tells a client little of why it is refused, and whoever runs a sandbox is writing that client.
            logging.getLogger(REFUSALS).setLevel(logging.DEBUG)
