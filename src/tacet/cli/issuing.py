"""Making a token. Imported when one is made: what it needs would slow down every other command's start."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tacet.cli.admin import vault_of
from tacet.cli.exits import CommandError, Exit
from tacet.cli.whom import person_named
from tacet.clock import SystemClock
from tacet.identity.making import MadeToken, Maker
from tacet.identity.vault import Vault, VaultError
from tacet.ids import Snowflakes, SystemRandomness, app_only_text, bearer_text
from tacet.records.credentials import App, Token, TokenKind
from tacet.settings import Settings
from tacet.store.base import Store

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
        raise _no_app(wish.app_id)
    user_id = None if wish.user is None else (await person_named(store, wish.user, "--user")).id
    made = _made(settings, wish, app, user_id)
    if wish.expires_in_s is not None:
        expires_at_ms = made.token.created_at_ms + wish.expires_in_s * 1000
        made = replace(made, token=replace(made.token, expires_at_ms=expires_at_ms))
    if not await store.credentials.put_token(made.token):
        raise _no_app(wish.app_id)
    return _facts(made, app)


def _no_app(id_: int) -> CommandError:
    return CommandError(Exit.FAILED, f"no App has the id {id_}: `tacet app create` makes one")


def _made(settings: Settings, wish: Wish, app: App, user_id: int | None) -> MadeToken:
    clock, randomness = SystemClock(), SystemRandomness()
    if wish.oauth1 and user_id is not None:
        maker = Maker(_vault_that_fits(settings, app), clock, randomness, Snowflakes(clock, randomness))
        return maker.access_token(app.id, user_id, None)
    now_ms = clock.now_ms()
    # An App's own bearer is sealed only where it has to be answered again, so this needs no secret key.
    if user_id is None:
        kind, text = TokenKind.APP_ONLY, app_only_text(randomness)
    else:
        kind, text = TokenKind.OAUTH2_USER, bearer_text(randomness, now_ms, "at")
    token = Token(Vault.digest(text), kind, app.id, user_id, " ".join(wish.scopes), created_at_ms=now_ms)
    return MadeToken(token, text)


def _facts(made: MadeToken, app: App) -> Facts:
    """What to print."""
    token = made.token
    facts: Facts = {"token": made.text}
    if made.secret:
        facts |= {"token_secret": made.secret, "consumer_key": app.consumer_key}
    if token.user_id is not None:
        facts["user_id"] = str(token.user_id)
    if token.scopes:
        facts["scope"] = token.scopes
    return {**facts, "expires_at": _moment(token.expires_at_ms)}


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
