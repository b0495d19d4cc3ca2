"""Records as the rows that every driver writes and reads, in the order in which `tacet.store.queries` names columns."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from tacet.records.accounts import Password, Project, Session, Usage
from tacet.records.consents import ChallengeMethod, Code, Connection, Grant, GrantKind, RequestToken
from tacet.records.credentials import Access, App, Token, TokenKind, UserAuthentication
from tacet.records.messages import Message
from tacet.records.people import Post, PostDetails
from tacet.store.base import Part
from tacet.store.queries.consents import access_of_rank

Value = int | str | bytes | None

_encode = msgspec.json.Encoder().encode
_decode_texts = msgspec.json.Decoder(tuple[str, ...]).decode
_decode_details = msgspec.json.Decoder(PostDetails).decode


def revisions_of(rows: Iterable[tuple[str, int]]) -> dict[Part, int]:
    """Without parts that only a later version knows, which may serve the same database."""
    numbers = dict(rows)
    return {part: numbers[part] for part in Part if part in numbers}


def post_row(post: Post) -> tuple[Value, ...]:
    details = _encode(post.details).decode()
    shown = (post.id, post.author_id, post.created_at_ms, post.text, details)
    return (*shown, int(post.shape), post.reposted_id, post.details.reposted_author_id)


def post_of(row: Sequence[Any]) -> Post:
    """The author of what it repeats stands in a column of its own, for it may have become known later."""
    id_, author_id, text, created_at_ms, encoded, reposted_author_id = row
    details = _decode_details(encoded)
    if details.reposted_author_id != reposted_author_id:
        details = msgspec.structs.replace(details, reposted_author_id=reposted_author_id)
    return Post(id_, author_id, text, created_at_ms, details)


def mention_rows(posts: Iterable[Post]) -> list[tuple[int, int]]:
    return [(person_id, post.id) for post in posts for person_id in post.details.mentioned_ids]


def message_row(message: Message) -> tuple[Value, ...]:
    """The two people stand in it twice: as who wrote to whom, and as the name of their conversation."""
    people = (message.sender_id, message.recipient_id)
    return (message.id, *people, min(people), max(people), message.created_at_ms, message.text)


def app_row(app: App) -> tuple[Value, ...]:
    """Callbacks are one JSON array."""
    allowed = app.authentication
    return (
        app.id,
        app.name,
        app.project_id,
        app.access.value,
        app.consumer_key,
        app.consumer_secret_sealed,
        app.client_id,
        app.created_at_ms,
        app.client_secret_digest,
        app.owner_id,
        app.description,
        allowed.oauth1,
        allowed.oauth2,
        allowed.confidential,
        _encode(allowed.callbacks).decode(),
        allowed.website,
    )


def app_change_row(app: App) -> tuple[Value, ...]:
    """The same without the time of its making, which stays."""
    row = app_row(app)
    return row[:7] + row[8:]


def app_of(row: Sequence[Any]) -> App:
    id_, name, project_id, access, *rest = row[:11]
    oauth1, oauth2, confidential, callbacks, website = row[11:]
    allowed = UserAuthentication(bool(oauth1), bool(oauth2), bool(confidential), _decode_texts(callbacks), website)
    return App(id_, name, project_id, Access(access), *[*rest, allowed])


def token_row(token: Token, grant_id: int | None) -> tuple[Value, ...]:
    """The row of a token that belongs to this grant, whatever it says itself."""
    return (
        token.digest,
        token.kind.value,
        token.app_id,
        token.user_id,
        token.scopes,
        token.secret_sealed,
        token.created_at_ms,
        token.expires_at_ms,
        token.revoked_at_ms,
        grant_id,
        token.access,
    )


def token_of(row: Sequence[Any]) -> Token:
    digest, kind, *rest = row[:-1]
    return Token(digest, TokenKind(kind), *[*rest, row[-1] and Access(row[-1])])


def grant_row(grant: Grant) -> tuple[Value, ...]:
    return (
        grant.id,
        grant.kind.value,
        grant.app_id,
        grant.user_id,
        grant.scopes,
        grant.created_at_ms,
        grant.revoked_at_ms,
    )


def grant_of(row: Sequence[Any]) -> Grant:
    id_, kind, *rest = row
    return Grant(id_, GrantKind(kind), *rest)


def code_row(code: Code) -> tuple[Value, ...]:
    return (
        code.digest,
        code.app_id,
        code.user_id,
        code.scopes,
        code.redirect_uri,
        code.challenge,
        code.challenge_method.value,
        code.created_at_ms,
        code.expires_at_ms,
        code.spent_at_ms,
        code.grant_id,
    )


def code_of(row: Sequence[Any]) -> Code:
    digest, app_id, user_id, scopes, redirect_uri, challenge, method, *rest = row
    return Code(digest, app_id, user_id, scopes, redirect_uri, challenge, ChallengeMethod(method), *rest)


def request_token_row(token: RequestToken) -> tuple[Value, ...]:
    return (
        token.digest,
        token.app_id,
        token.secret_sealed,
        token.callback,
        token.access,
        token.created_at_ms,
        token.expires_at_ms,
        token.user_id,
        token.verifier_digest,
        token.wrong_verifiers,
    )


def request_token_of(row: Sequence[Any]) -> RequestToken:
    digest, app_id, secret_sealed, callback, access, *rest = row
    return RequestToken(digest, app_id, secret_sealed, callback, access and Access(access), *rest)


def connection_of(
    app_id: int, user_id: int, scopes: Sequence[str], oauth1_rank: int | None, since_ms: int
) -> Connection:
    """Scopes come as those of each grant, space separated; the rank is None where none is of OAuth 1.0a."""
    together = sorted({scope for each in scopes for scope in each.split()})
    access = None if oauth1_rank is None else access_of_rank(oauth1_rank)
    return Connection(app_id, user_id, tuple(together), oauth1_rank is not None, since_ms, access)


def password_row(password: Password) -> tuple[Value, ...]:
    return password.person_id, password.encoded, password.changed_at_ms


def session_row(session: Session) -> tuple[Value, ...]:
    return session.digest, session.user_id, session.created_at_ms, session.seen_at_ms, session.expires_at_ms


def project_row(project: Project) -> tuple[Value, ...]:
    return project.id, project.owner_id, project.name, project.description, project.created_at_ms


def usage_row(usage: Usage) -> tuple[Value, ...]:
    return usage.app_id, usage.hour, usage.requests, usage.refused
