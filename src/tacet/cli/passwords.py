"""`tacet people password`: what somebody signs in with on the pages."""

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from tacet.cli.admin import with_store
from tacet.cli.exits import CommandError, Exit
from tacet.cli.options import settings_options
from tacet.cli.sources import load
from tacet.settings import ADMIN, SERVE

if TYPE_CHECKING:
    from tacet.records.people import Person
    from tacet.store.base import Store

MAX_LINE_BYTES = 4_096
"""Of a password on standard input; longer ones are none, and the rest is some other file."""

RANDOM_PARTS, RANDOM_PART_LENGTH = 4, 5
"""Twenty letters and digits, 119 random bits, in parts that can be read aloud."""


@click.command(
    epilog="""\b
Examples:
  tacet people password @jack
  tacet people password --random @jack
  tacet people password 2244994945 < password.txt
  tacet people password --remove @jack
""",
)
@click.argument("person")
@click.option("--random", is_flag=True, help="Make one up and print it, this once.")
@click.option("--remove", is_flag=True, help="Take the password away: no more sign-in by one.")
@settings_options(ADMIN)
def password(person: str, random: bool, remove: bool, **flags: Any) -> None:
    """Set the password that PERSON, an id or @ and a username, signs in with on the pages.

    It is asked for twice, or read as one line from standard input where that is no terminal. Every browser that
    they are signed in on is signed out. A server may be running on the database.
    """
    if random and remove:
        raise click.UsageError("give one of --random and --remove")
    settings = load(SERVE, ADMIN, flags, os.environ)
    # Somebody who mistyped the name should know before they think of a password.
    owner = with_store(settings, lambda store: _owner(store, person))
    if remove:
        with_store(settings, lambda store: _remove(store, owner))
        click.echo(f"removed: @{owner.username} cannot sign in by a password any more")
        return
    plain = _random() if random else _asked()
    with_store(settings, lambda store: _set(store, owner, plain))
    click.echo(f"set: @{owner.username} signs in with it from now on, and is signed out everywhere", err=random)
    if random:
        click.echo(plain)


async def _owner(store: "Store", person: str) -> "Person":
    from tacet.cli.whom import person_named

    return await person_named(store, person, "PERSON")


async def _set(store: "Store", owner: "Person", plain: str) -> None:
    from tacet.clock import SystemClock
    from tacet.identity.signin.passwords import Passwords, WeakPassword

    try:
        await Passwords(store.accounts, SystemClock()).set(owner.id, plain, username=owner.username)
    except WeakPassword as error:
        raise CommandError(Exit.FAILED, str(error)) from None


async def _remove(store: "Store", owner: "Person") -> None:
    if not await store.accounts.drop_password(owner.id):
        raise CommandError(Exit.FAILED, f"@{owner.username} has no password")


def _asked() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True))
    line = sys.stdin.buffer.readline(MAX_LINE_BYTES + 1).removesuffix(b"\n").removesuffix(b"\r")
    if not line:
        raise CommandError(Exit.FAILED, "no password came: give one line on standard input, or --random")
    try:
        if len(line) <= MAX_LINE_BYTES:
            return line.decode()
    except UnicodeDecodeError:
        pass
    raise CommandError(Exit.FAILED, "what came is no password: give one line of UTF-8 on standard input")


def _random() -> str:
    from tacet.ids import SystemRandomness

    randomness = SystemRandomness()
    return "-".join(randomness.text(RANDOM_PART_LENGTH) for _ in range(RANDOM_PARTS))
