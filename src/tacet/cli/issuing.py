"""Making a token. Imported when one is made: what it needs would slow down every other command's start."""

from dataclasses import dataclass
from datetime import UTC, datetime

from tacet.cli.admin import vault_of
from tacet.cli.exits import CommandError, Exit
from tacet.cli.whom import person_named
from tacet.clock import SystemClock
from tacet.identity.vault import Vault, VaultError
from tacet.ids import SystemRandomness, app_only_text, bearer_text, oauth1_token_text
from tacet.records.credentials import App, Token, TokenKind
from tacet.settings import Settings
from tacet.store.base import Store

TOKEN_SECRET_LENGTH = 45
"""Characters, as long as X's: 267 random bits."""

Facts = dict[str, object]


@dataclass(frozen=True, slots=True)
class Wish:
    """What `tacet token create` was asked for; `expires_in_s` None never expires."""

    user: str | None
    scopes: tuple[str, ...]
    app_only: bool
    oauth1: bool
    app_id: int
    expires_in_s: int | None


async def issue(store: Store, settings: Settings, wish: Wish) -> Facts:
    """Make and store a token; return what its owner needs to use it, the token itself among it.

    Raises:
        CommandError: there is no such App or person, or the secret key is missing or another.
        StoreError: the database failed.
    """
    app = await store.credentials.app(wish.app_id)
    if app is None:
        raise CommandError(Exit.FAILED, f"no App has the id {wish.app_id}: `tacet app create` makes one")
    user_id = None if wish.user is None else (await person_named(store, wish.user, "--user")).id
    facts, made = _made(settings, wish, app, user_id, SystemClock().now_ms())
    await store.credentials.put_token(made)
    return facts


def _made(settings: Settings, wish: Wish, app: App, user_id: int | None, now_ms: int) -> tuple[Facts, Token]:
    """What to print, and what to store."""
    randomness, secret, sealed = SystemRandomness(), "", b""
    if user_id is None:
        kind, text = TokenKind.APP_ONLY, app_only_text(randomness)
    elif wish.oauth1:
        kind, text = TokenKind.OAUTH1_USER, oauth1_token_text(randomness, user_id)
        secret = randomness.text(TOKEN_SECRET_LENGTH)
        sealed = _vault_that_fits(settings, app).seal(secret)
    else:
        kind, text = TokenKind.OAUTH2_USER, bearer_text(randomness, now_ms, "at")
    expires_at_ms = None if wish.expires_in_s is None else now_ms + wish.expires_in_s * 1000
    made = Token(
        digest=Vault.digest(text),
        kind=kind,
        app_id=app.id,
        user_id=user_id,
        scopes=" ".join(wish.scopes),
        secret_sealed=sealed,
        created_at_ms=now_ms,
        expires_at_ms=expires_at_ms,
    )
    facts: Facts = {"token": text}
    if secret:
        facts |= {"token_secret": secret, "consumer_key": app.consumer_key}
    if user_id is not None:
        facts["user_id"] = str(user_id)
    if wish.scopes:
        facts["scope"] = made.scopes
    return {**facts, "expires_at": _moment(expires_at_ms)}, made


def _vault_that_fits(settings: Settings, app: App) -> Vault:
    """The vault, if it opens what this database holds: the server could not read the token otherwise."""
    vault = vault_of(settings)
    try:
        vault.open(app.consumer_secret_sealed)
    except VaultError as error:
        raise CommandError(Exit.CONFIGURATION, str(error)) from None
    return vault


def _moment(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
