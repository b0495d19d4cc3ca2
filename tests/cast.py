"""Who lives in the services of the tests, and the keys they hold. All of it is made up."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tacet.identity.vault import Vault
from tacet.ids import SeededRandomness, client_id_text
from tacet.records.credentials import Access, App, Token, TokenKind, UserAuthentication
from tacet.records.people import (
    Affiliation,
    Metrics,
    Person,
    Post,
    PostDetails,
    PostMetrics,
    Profile,
    Reference,
    State,
    Withheld,
)
from tacet.store.base import Store

NOW_MS = 1_651_929_656_000
"""Sat, 07 May 2022 13:20:56: a second at which X's own answers were recorded."""

SCOPES = (
    "block.read dm.read dm.write follows.read follows.write mute.read mute.write offline.access tweet.read tweet.write "
    "users.read"
)

ALICE = Person(1001, "alice", "Alice")
BOB = Person(1002, "Bob_B", "Bob")
CAROL = Person(1003, "carol", "Carol ☕ 🚀/<3")
SUSPENDED = Person(1004, "gone", "Gone", State.SUSPENDED)
DEACTIVATED = Person(1005, "left", "Left", State.DEACTIVATED)
UNKNOWN_ID = 999_999

BIO = "🚀 of @alice #news $X https://example.com/bio ☕"

FULL = Person(
    1006,
    "full",
    "Full Profile",
    profile=Profile(
        created_at_ms=1_386_995_755_000,
        description=BIO,
        location="Here",
        url="https://example.com/full",
        profile_image_url="https://example.com/full.png",
        profile_banner_url="https://example.com/full-banner.png",
        protected=False,
        verified=True,
        verified_type="blue",
        subscription_type="Premium",
        is_identity_verified=True,
        parody=True,
        pinned_post_id=5001,
        metrics=Metrics(11, 12, 13, 14, 15, 16),
        affiliation=Affiliation("https://example.com/badge.png", "Works there", "https://example.com/org", (1007,)),
        withheld=Withheld(("DE", "FR"), "user"),
        verified_followers_count=17,
        confirmed_email="full@example.com",
        receives_dm_from_anyone=True,
    ),
)
ORGANISATION = Person(1007, "org", "Organisation")
PROTECTED = Person(1008, "shy", "Shy", profile=Profile(protected=True, pinned_post_id=5003))
FORGETFUL = Person(1009, "forgetful", "Forgetful", profile=Profile(pinned_post_id=5999))
FAN = Person(1010, "fan", "Fan", profile=Profile(pinned_post_id=5001))

PEOPLE = [ALICE, BOB, CAROL, SUSPENDED, DEACTIVATED, FULL, ORGANISATION, PROTECTED, FORGETFUL, FAN]

PINNED = Post(
    5001,
    FULL.id,
    "Read https://example.com/post by @alice #now $X",
    1_651_000_000_000,
    PostDetails(
        lang="en",
        source="Tests",
        possibly_sensitive=True,
        reply_settings="following",
        conversation_id=5000,
        in_reply_to_user_id=ALICE.id,
        references=(Reference("replied_to", 5000),),
        metrics=PostMetrics(1, 2, 3, 4, 5, 6, 7, 8),
        withheld=Withheld(("DE",)),
    ),
)
LATEST = Post(5002, FULL.id, "Later", 1_651_000_001_000)
HIDDEN = Post(5003, PROTECTED.id, "Only for followers", 1_651_000_002_000)
OWN = Post(5004, ALICE.id, "Alice's own", 1_651_000_003_000)

POSTS = [PINNED, LATEST, HIDDEN, OWN]

APP_ID, READ_ONLY_APP_ID, STANDALONE_APP_ID = 2001, 2002, 2003
CONSUMER_SECRET, TOKEN_SECRET = "consumer-secret", "token-secret"

LOGIN_APP_ID, PUBLIC_APP_ID = 2011, 2012
CLIENT_SECRET = "client-secret"
CALLBACK = "https://client.example/callback"


def app(vault: Vault, app_id: int, access: Access, project_id: int | None) -> App:
    """An App whose consumer key is `consumer-` and its id."""
    return App(
        app_id,
        f"App {app_id}",
        project_id,
        access,
        f"consumer-{app_id}",
        vault.seal(CONSUMER_SECRET),
        client_id_text(SeededRandomness(app_id)),
        NOW_MS,
    )


def login_app(vault: Vault, app_id: int = LOGIN_APP_ID, **more: Any) -> App:
    """A confidential App that people may sign in through, both ways; `more` changes its user authentication."""
    chosen = {"oauth1": True, "oauth2": True, "confidential": True, "callbacks": (CALLBACK,), **more}
    return replace(
        app(vault, app_id, Access.READ_WRITE, 3001),
        client_secret_digest=Vault.digest(CLIENT_SECRET),
        authentication=UserAuthentication(**chosen),
    )


def bearer(text: str, user_id: int | None, scopes: str = SCOPES, app_id: int = APP_ID, **more: Any) -> Token:
    """An OAuth 2.0 token whose text is `text`; app-only without a user."""
    kind = TokenKind.APP_ONLY if user_id is None else TokenKind.OAUTH2_USER
    return Token(Vault.digest(text), kind, app_id, user_id, scopes if user_id else "", b"", NOW_MS, **more)


def access_token(vault: Vault, person: Person, app_id: int) -> Token:
    """An OAuth 1.0a token whose text is the person's id, a dash and the App's id."""
    digest = Vault.digest(f"{person.id}-{app_id}")
    return Token(digest, TokenKind.OAUTH1_USER, app_id, person.id, "", vault.seal(TOKEN_SECRET), NOW_MS)


def tokens(vault: Vault) -> Iterable[Token]:
    """A bearer for everybody, named after them, and one of each kind that does not work or not fully."""
    yield from (bearer(person.username, person.id) for person in PEOPLE)
    for scope in SCOPES.split():
        yield bearer(f"alice-without-{scope}", ALICE.id, SCOPES.replace(scope, "").replace("  ", " ").strip())
    yield bearer("alice-with-email", ALICE.id, f"{SCOPES} users.email")
    yield bearer("full-with-email", FULL.id, f"{SCOPES} users.email")
    yield bearer("alice-expired", ALICE.id, expires_at_ms=NOW_MS)
    yield bearer("alice-revoked", ALICE.id, revoked_at_ms=NOW_MS - 1)
    yield bearer("alice-standalone", ALICE.id, app_id=STANDALONE_APP_ID)
    yield bearer("alice-elsewhere", ALICE.id, app_id=READ_ONLY_APP_ID)
    yield bearer("app-only", None)
    yield bearer("app-only-standalone", None, app_id=STANDALONE_APP_ID)
    for app_id in (APP_ID, READ_ONLY_APP_ID, STANDALONE_APP_ID):
        yield access_token(vault, ALICE, app_id)
    for person in (BOB, CAROL):
        yield access_token(vault, person, APP_ID)


async def move_in(store: Store, vault: Vault) -> None:
    """Fill an empty store."""
    await store.directory.put_people(PEOPLE)
    await store.posts.put(POSTS)
    await store.credentials.put_app(app(vault, APP_ID, Access.READ_WRITE_MESSAGES, 3001))
    await store.credentials.put_app(app(vault, READ_ONLY_APP_ID, Access.READ, 3002))
    await store.credentials.put_app(app(vault, STANDALONE_APP_ID, Access.READ_WRITE, None))
    for token in tokens(vault):
        await store.credentials.put_token(token)
