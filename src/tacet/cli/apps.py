"""`tacet app`: client applications."""

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from tacet.cli.admin import check_fits, json_option, show, vault_of, with_store
from tacet.cli.exits import CommandError, Exit
from tacet.cli.options import read_id, settings_options
from tacet.cli.sources import load
from tacet.settings import ADMIN, SERVE

if TYPE_CHECKING:
    from tacet.identity.making import Draft
    from tacet.records.credentials import App
    from tacet.store.base import Store

LISTED_AT_ONCE = 500
"""Apps read in one query, about half a megabyte."""

COLUMNS = ("app_id", "project_id", "owner", "name")
"""What is shown of an App where it has one line."""


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
  tacet app create --name Hush --owner @jack
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
@click.option("--project", type=read_id, metavar="ID", help="Join this Project, not a new one.")
@click.option("--standalone", is_flag=True, help="Outside every Project: v2 refuses it, as X does; v1.1 takes it.")
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
@click.option("--owner", metavar="ID|@NAME", help="Whose it is in the portal.  [default: nobody's]")
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
    owner: str | None,
    as_json: bool,
    **flags: Any,
) -> None:
    """Create a client application and print its keys, which are shown this once.

    With --owner it stands in that person's portal, in one of their Projects or a new one of the same name.
    """
    from dataclasses import replace

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
        owned = made.app
        if owner is not None:
            owned = replace(made.app, owner_id=await _owner(store, owner, made.app, is_new=project is None))
        if not await store.credentials.add_app(owned):
            raise CommandError(Exit.FAILED, f"the Project {owned.project_id} was deleted meanwhile: nothing was made")

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


async def _owner(store: "Store", name: str, app: "App", *, is_new: bool) -> int:
    """Whoever is named; an App's new Project becomes theirs.

    Raises:
        CommandError: there is nobody, or the Project is not theirs.
        StoreError: the database failed.
    """
    from tacet.cli.whom import person_named
    from tacet.records.accounts import Project

    person = await person_named(store, name, "--owner")
    if app.project_id is not None and is_new:
        await store.accounts.add_project(Project(app.project_id, person.id, app.name, "", app.created_at_ms))
    elif app.project_id is not None:
        known = await store.accounts.project(app.project_id)
        if known is None or known.owner_id != person.id:
            raise CommandError(Exit.FAILED, f"@{person.username} has no Project with the id {app.project_id}")
    return person.id


@app.command(
    "list",
    epilog="""\b
Examples:
  tacet app list
  tacet app list --owner @jack --json
""",
)
@click.option("--owner", metavar="ID|@NAME", help="Only this person's.")
@json_option
@settings_options(ADMIN)
def list_(owner: str | None, as_json: bool, **flags: Any) -> None:
    """List the client applications, without anything that is secret; with --json everything about each."""
    settings = load(SERVE, ADMIN, flags, os.environ)
    listed = with_store(settings, lambda store: _listed(store, owner))
    if as_json:
        click.echo(json.dumps({"apps": listed}))
    elif listed:
        _show_lines(listed)
    else:
        click.echo("no Apps: `tacet app create` makes one", err=True)


async def _listed(store: "Store", owner: str | None) -> list[dict[str, object]]:
    """The Apps, oldest first."""
    from tacet.cli.whom import person_named

    found: list[App] = []
    if owner is not None:
        found = await store.accounts.apps((await person_named(store, owner, "--owner")).id)
    else:
        while page := await store.credentials.apps(found[-1].id if found else -1, LISTED_AT_ONCE):
            found += page
    owners = await store.directory.people({app.owner_id for app in found if app.owner_id is not None})
    names = {person.id: f"@{person.username}" for person in owners}
    return [_facts(app, names) for app in found]


def _facts(app: "App", names: Mapping[int, str]) -> dict[str, object]:
    """What may be known of an App, its owner as @ and a username."""
    login = app.authentication
    return {
        "app_id": str(app.id),
        "project_id": app.project_id and str(app.project_id),
        "owner": None if app.owner_id is None else names.get(app.owner_id, str(app.owner_id)),
        "name": app.name,
        "access": str(app.access),
        "consumer_key": app.consumer_key,
        "client_id": app.client_id,
        "client_type": "confidential" if login.confidential else "public",
        "oauth1": login.oauth1,
        "oauth2": login.oauth2,
        "callbacks": login.callbacks,
        "website": login.website,
    }


def _show_lines(listed: Sequence[Mapping[str, object]]) -> None:
    rows = [COLUMNS, *(tuple(str(facts[name] or "none") for name in COLUMNS) for facts in listed)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(COLUMNS))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


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
