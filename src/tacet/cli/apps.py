"""`tacet app` and `tacet secrets`: client applications and the key that protects their secrets."""

import os
from typing import TYPE_CHECKING, Any

import click

from tacet.cli.admin import check_fits, json_option, show, vault_of, with_store
from tacet.cli.options import settings_options
from tacet.cli.sources import load
from tacet.settings import ADMIN, SERVE

if TYPE_CHECKING:
    from tacet.store.base import Store

CONSUMER_KEY_LENGTH = 25
"""Characters, as long as X's."""

CONSUMER_SECRET_LENGTH = 50
"""Characters, as long as X's: 297 random bits."""


@click.group()
def app() -> None:
    """Client applications."""


@app.command(
    epilog="""\b
Examples:
  tacet app create --name "Quiet evenings"
  tacet app create --name Reader --access read --json
"""
)
@click.option("--name", required=True, metavar="TEXT", help="What people are shown.")
@click.option(
    "--access",
    type=click.Choice(["read", "read-write", "read-write-directmessages"]),
    default="read-write",
    show_default=True,
    help="What it may do through OAuth 1.0a.",
)
@click.option("--project", type=click.IntRange(min=1), metavar="ID", help="Join this Project, not a new one.")
@click.option("--standalone", is_flag=True, help="Outside every Project: v2 refuses it, as X does.")
@json_option
@settings_options(ADMIN)
def create(name: str, access: str, project: int | None, standalone: bool, as_json: bool, **flags: Any) -> None:
    """Create a client application and print its keys, which are shown this once."""
    from tacet.clock import SystemClock
    from tacet.ids import Snowflakes, SystemRandomness, client_id_text
    from tacet.records.credentials import Access, App

    if standalone and project is not None:
        raise click.UsageError("--standalone and --project exclude each other")
    vault = vault_of(settings := load(SERVE, ADMIN, flags, os.environ))
    clock, randomness = SystemClock(), SystemRandomness()
    ids = Snowflakes(clock, randomness)
    consumer_secret = randomness.text(CONSUMER_SECRET_LENGTH)
    made = App(
        id=ids.next_id(),
        name=name,
        project_id=None if standalone else project or ids.next_id(),
        access=Access(access),
        consumer_key=randomness.text(CONSUMER_KEY_LENGTH),
        consumer_secret_sealed=vault.seal(consumer_secret),
        client_id=client_id_text(randomness),
        created_at_ms=clock.now_ms(),
    )

    async def put(store: "Store") -> None:
        await check_fits(vault, store)
        await store.credentials.put_app(made)

    with_store(settings, put)
    facts = {
        "app_id": str(made.id),
        "project_id": made.project_id and str(made.project_id),
        "consumer_key": made.consumer_key,
        "consumer_secret": consumer_secret,
        "client_id": made.client_id,
    }
    show(facts, as_json)


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
