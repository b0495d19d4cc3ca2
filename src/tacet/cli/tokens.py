"""`tacet token`: make and revoke the tokens that requests carry."""

import os
import re
import sys
import textwrap
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import click

from tacet.cli.admin import json_option, show, with_store
from tacet.cli.exits import CommandError, Exit
from tacet.cli.options import read_id, settings_options
from tacet.cli.sources import load
from tacet.cli.values import nearest
from tacet.identity.scopes import GRANTABLE_SCOPES
from tacet.settings import ADMIN, SERVE

if TYPE_CHECKING:
    from tacet.store.base import Store

OAUTH2_EXPIRES_IN_S = 7_200
"""X's access tokens work for two hours."""

MAX_EXPIRES_IN_S = 100 * 366 * 24 * 3600
"""A hundred years: past that, `never` is what is meant."""

_DURATION = re.compile(r"([0-9]{1,10})([smhd]?)", re.ASCII)
_UNIT_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


ALWAYS_NEEDED = ("tweet.read", "users.read")
"""Scopes that every route asks for."""

SCOPES_WIDTH = 100
"""Characters of a line that lists scopes."""


def _listed(names: Collection[str]) -> str:
    return textwrap.fill(
        ", ".join(sorted(names)), SCOPES_WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )


@click.group()
def token() -> None:
    """Tokens: what a request shows to say on whose behalf it speaks."""


@token.command(
    epilog=f"""\b
Scopes:
{_listed(GRANTABLE_SCOPES)}

\b
Examples:
  tacet token create --app 1580661436132757506 --user @jack --scope "tweet.read users.read mute.read"
  tacet token create --app 1580661436132757506 --user 2244994945 --oauth1
  tacet token create --app 1580661436132757506 --app-only --json
"""
)
@click.option("--app", "app_id", type=read_id, required=True, metavar="ID", help="The App it is for.")
@click.option("--user", metavar="ID|@NAME", help="On whose behalf it speaks.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help="OAuth 2.0 scopes; several in quotes, or repeated. All of them are listed below.",
)
@click.option(
    "--app-only",
    is_flag=True,
    help="A bearer that speaks for the App alone: it reads people, posts, mentions and follows, and no mutes.",
)
@click.option("--oauth1", is_flag=True, help="An OAuth 1.0a access token and its secret.")
@click.option(
    "--expires-in",
    metavar="TIME|never",
    help="Seconds, or 30m, 2h, 90d.  [default: 2h with --scope, else never]",
)
@json_option
@settings_options(ADMIN)
def create(
    app_id: int,
    user: str | None,
    scopes: tuple[str, ...],
    app_only: bool,
    oauth1: bool,
    expires_in: str | None,
    as_json: bool,
    **flags: Any,
) -> None:
    """Create a token and print it, this once: the database keeps only its digest.

    Look-ups and timelines ask for the scopes tweet.read and users.read, everything else for these two and one more: the
    list of mutes for mute.read, muting for mute.write, posts for tweet.write, follows for follows.read or
    follows.write, the list of blocks for block.read, messages for dm.read or dm.write, one's own address for
    users.email. Nothing here needs the others.

    No consent stands behind it: the App is not among those that --user sees, and can disconnect, under /account.
    `tacet token revoke` ends it.
    """
    from tacet.cli.issuing import Wish, issue

    listed = tuple(dict.fromkeys(" ".join(scopes).replace(",", " ").split()))
    _check_kind(user, listed, app_only, oauth1)
    lasting = OAUTH2_EXPIRES_IN_S if listed else None
    expires_in_s = lasting if expires_in is None else _duration_s(expires_in)
    wish = Wish(user, listed, app_only, oauth1, app_id, expires_in_s)
    settings = load(SERVE, ADMIN, flags, os.environ)
    show(with_store(settings, lambda store: issue(store, settings, wish)), as_json)
    _warn_of_missing(listed)


@token.command(
    epilog="""\b
Examples:
  tacet token revoke < token.txt
  tacet token revoke "$TOKEN"
"""
)
@click.argument("text", metavar="[TOKEN]", required=False)
@settings_options(ADMIN)
def revoke(text: str | None, **flags: Any) -> None:
    """Revoke a token for good. Without TOKEN it is read from standard input, where nobody sees it.

    A token of an OAuth 2.0 login, be it an access token or a refresh token, ends that whole login: every token
    that came of it stops working. Of other tokens just the one ends.
    """
    from tacet.clock import SystemClock
    from tacet.identity.vault import Vault

    settings = load(SERVE, ADMIN, flags, os.environ)
    if text is None:
        text = _asked_token()
    digest, now_ms = Vault.digest(text.strip()), SystemClock().now_ms()
    ended = with_store(settings, lambda store: _end(store, digest, now_ms))
    if not ended:
        raise CommandError(Exit.FAILED, "no such token works: it is unknown here, expired or revoked already")
    click.echo(ended)


async def _end(store: "Store", digest: bytes, now_ms: int) -> str:
    """End what a token belongs to; return what ended, in words, empty where nothing works any more."""
    from tacet.records.credentials import OAUTH2_LOGIN_KINDS

    token = await store.credentials.token(digest)
    # Else its refresh token would live on, and make new ones; one that was used or has expired leads there as well.
    if token is not None and token.grant_id is not None and token.kind in OAUTH2_LOGIN_KINDS:
        ended = await store.consents.revoke_grant(token.grant_id, now_ms)
        return "revoked, with every other token of the same login" if ended else ""
    return "revoked" if await store.credentials.revoke_token(digest, now_ms) else ""


def _asked_token() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Token", hide_input=True, err=True))
    return sys.stdin.readline()


def _check_kind(user: str | None, scopes: tuple[str, ...], app_only: bool, oauth1: bool) -> None:
    """One of three kinds: with scopes, app-only, OAuth 1.0a."""
    if [bool(scopes), app_only, oauth1].count(True) != 1:
        raise click.UsageError("give one of --scope (OAuth 2.0), --oauth1 and --app-only")
    if app_only and user:
        raise click.UsageError("--app-only speaks for nobody: leave out --user")
    if not app_only and not user:
        raise click.UsageError("--user is missing: give an id, or @ and a username")
    for scope in scopes:
        if scope not in GRANTABLE_SCOPES:
            raise click.BadParameter(
                f"no scope is called {scope!r}{nearest(scope, GRANTABLE_SCOPES)}", param_hint="--scope"
            )


def _warn_of_missing(scopes: tuple[str, ...]) -> None:
    """Say what the token will be refused for, whatever it asks."""
    missing = [scope for scope in ALWAYS_NEEDED if scopes and scope not in scopes]
    if missing:
        click.echo(f"tacet: warning: no route answers this token without {' and '.join(missing)}", err=True)


def _duration_s(text: str) -> int | None:
    if text == "never":
        return None
    found = _DURATION.fullmatch(text)
    seconds = int(found[1]) * _UNIT_S[found[2]] if found else 0
    if not 1 <= seconds <= MAX_EXPIRES_IN_S:
        raise click.BadParameter(f"{text!r} is no time: give seconds, 30m, 2h, 90d or never", param_hint="--expires-in")
    return seconds
