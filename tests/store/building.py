"""Facts in their smallest form, for tests that care about one part of them."""

from dataclasses import replace
from typing import Any

from tacet.records.consents import ChallengeMethod, Code, Grant, GrantKind, RequestToken
from tacet.records.credentials import Access, App, Token, TokenKind
from tacet.records.messages import Message
from tacet.records.people import MAX_ID, Person, Post, PostDetails, Reference
from tacet.records.relations import MAX_POSITION, Kind, Relation
from tacet.store.base import Row, Store

NOW = 1_795_311_129_000
"""The moment that tests happen at, in Unix milliseconds."""

QUEUE_LENGTH = 4_096

MONTH_MS = 30 * 24 * 3600 * 1000

SOURCE = 1001
UNSTORABLE = MAX_ID + 1


def mute(target_id: int, position: int, end_at_ms: int | None = None, source_id: int = SOURCE) -> Relation:
    return Relation(Kind.MUTE, source_id, target_id, position, end_at_ms)


def person(id_: int, username: str, **more: Any) -> Person:
    return Person(id_, username, more.pop("name", username.title()), **more)


def post(id_: int, author_id: int, text: str = "hi") -> Post:
    return Post(id_, author_id, text, NOW)


def repost(id_: int, author_id: int, of: int, of_author: int = 0, **more: Any) -> Post:
    references = (Reference("retweeted", of),)
    return Post(id_, author_id, "RT", NOW, PostDetails(references=references, reposted_author_id=of_author, **more))


def reply(id_: int, author_id: int, to: int = 1) -> Post:
    return Post(id_, author_id, "re", NOW, PostDetails(references=(Reference("replied_to", to),)))


def mentioning(id_: int, author_id: int, *person_ids: int) -> Post:
    return Post(id_, author_id, "@", NOW, PostDetails(mentioned_ids=person_ids))


def message(id_: int, sender_id: int, recipient_id: int, text: str = "hi") -> Message:
    return Message(id_, sender_id, recipient_id, text, NOW)


def app(id_: int = 1, **more: Any) -> App:
    plain = App(id_, f"App {id_}", 77, Access.READ_WRITE, f"key{id_}", b"sealed", f"client{id_}", NOW)
    return replace(plain, **more)


async def put_apps(store: Store, *ids: int) -> None:
    """Those that logins are to, which are of nobody's."""
    for id_ in ids:
        await store.credentials.put_app(app(id_))


def token(digest: bytes = b"d" * 32, **more: Any) -> Token:
    return replace(Token(digest, TokenKind.OAUTH2_USER, 1, SOURCE, created_at_ms=NOW), **more)


def grant(id_: int = 50, **more: Any) -> Grant:
    return replace(Grant(id_, GrantKind.OAUTH2, 1, SOURCE, "mute.read", NOW), **more)


def refresh_token(digest: bytes = b"r" * 32, **more: Any) -> Token:
    return token(digest, **{"kind": TokenKind.REFRESH, "expires_at_ms": NOW + MONTH_MS, **more})


def code(digest: bytes = b"c" * 32, **more: Any) -> Code:
    plain = Code(digest, 1, SOURCE, "mute.read", "https://a.example", "x", ChallengeMethod.S256, NOW, NOW + 30_000)
    return replace(plain, **more)


def request_token(digest: bytes = b"q" * 32, **more: Any) -> RequestToken:
    return replace(RequestToken(digest, 1, b"sealed", "oob", None, NOW, NOW + 600_000), **more)


async def listed(store: Store, now_ms: int = NOW, source_id: int = SOURCE, kind: Kind = Kind.MUTE) -> list[Row]:
    """The whole list of a source, newest first."""
    return await store.relations.older(kind, source_id, MAX_POSITION, 10_000, now_ms)
