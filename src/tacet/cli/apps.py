"""`tacet app`: client applications."""

import os
from typing import TYPE_CHECKING, Any

import click

from tacet.cli.admin import check_fits, json_option, show, vault_of, with_store
from tacet.cli.options import settings_options
from tacet.cli.sources import load
from tacet.settings import ADMIN, SERVE

if TYPE_CHECKING:
    from tacet.identity.making import Draft
    from tacet.store.base import Store


@click.group()
def app() -> None:
    """Client applications."""


@app.command(
    epilog="""\b
Examples:
  tacet app create --name "Quiet evenings"
  tacet app create --name Reader --access read --json
  tacet app create --name Phone --callback com.example.phone:/signed-in
  tacet app create --name Site --client-type confidential --callback https://example.com/signed-in
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
@click.option(
    "--callback",
    "callbacks",
    multiple=True,
    metavar="URL",
    help="Where people return to after signing in; may be repeated. Turns both OAuth logins on.",
)
@click.option(
    "--client-type",
    type=click.Choice(["public", "confidential"]),
    default="public",
    show_default=True,
    help="Whether it can keep an OAuth 2.0 client secret.",
)
@click.option("--website", default="", metavar="URL", help="What people are shown beside the name.")
@json_option
@settings_options(ADMIN)
def create(
    name: str,
    access: str,
    project: int | None,
    standalone: bool,
    callbacks: tuple[str, ...],
    client_type: str,
    website: str,
    as_json: bool,
    **flags: Any,
) -> None:
    """Create a client application and print its keys, which are shown this once."""
    from tacet.clock import SystemClock
    from tacet.identity.making import Maker
    from tacet.ids import Snowflakes, SystemRandomness

    if standalone and project is not None:
        raise click.UsageError("--standalone and --project exclude each other")
    vault = vault_of(settings := load(SERVE, ADMIN, flags, os.environ))
    clock, randomness = SystemClock(), SystemRandomness()
    ids = Snowflakes(clock, randomness)
    project_id = None if standalone else project or ids.next_id()
    draft = _draft(name, project_id, access, callbacks, client_type, website)
    made = Maker(vault, clock, randomness, ids).app(draft)

    async def put(store: "Store") -> None:
        await check_fits(vault, store)
        await store.credentials.put_app(made.app)

    with_store(settings, put)
    facts: dict[str, object] = {
        "app_id": str(made.app.id),
        "project_id": project_id and str(project_id),
        "consumer_key": made.app.consumer_key,
        "consumer_secret": made.consumer_secret,
        "client_id": made.app.client_id,
    }
    if made.client_secret:
        facts["client_secret"] = made.client_secret
    show(facts, as_json)


def _draft(
    name: str, project_id: int | None, access: str, callbacks: tuple[str, ...], client_type: str, website: str
) -> "Draft":
    """What was asked for, by the portal's rules.

    Raises:
        UsageError: it breaks one of them.
    """
    from tacet.identity.developers.authentication import WantedAuthentication, read_authentication
    from tacet.identity.developers.errors import Refused
    from tacet.identity.developers.texts import read_label
    from tacet.identity.making import Draft

    login = bool(callbacks)
    wanted = WantedAuthentication(login, login, access, client_type, "\n".join(callbacks), website)
    try:
        label = read_label(name, "")
        granted, authentication = read_authentication(wanted)
    except Refused as refused:
        field, problem = next(iter(refused.problems.items()))
        raise click.UsageError(f"--{field.removesuffix('s')}: {problem}") from None
    return Draft(label.name, project_id, access=granted, authentication=authentication)
