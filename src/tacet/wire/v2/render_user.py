"""A user object as v2 writes it: one function per field, by the field's tweet name. None leaves the field out."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tacet.directory.entities import profile_entities
from tacet.directory.lookup import Connections
from tacet.identity.caller import Caller, Method
from tacet.records.people import Person
from tacet.wire.encoding import encode
from tacet.wire.selection import Selection
from tacet.wire.vocabulary import POST


def timestamp(ms: int) -> str | None:
    """Unix milliseconds as X writes moments, `2013-12-14T04:35:55.000Z`; None for 0."""
    if not ms:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def _withheld(person: Person) -> Any:
    withheld = person.profile.withheld
    if withheld is None or not withheld.country_codes:
        return None
    scope = {"scope": withheld.scope} if withheld.scope else {}
    return {"country_codes": withheld.country_codes, **scope}


def _public_metrics(person: Person) -> Any:
    metrics = person.profile.metrics
    return {
        "followers_count": metrics.followers_count,
        "following_count": metrics.following_count,
        "tweet_count": metrics.post_count,
        # Both names always: X's own Python SDK cannot read an answer without this one.
        "post_count": metrics.post_count,
        "listed_count": metrics.listed_count,
        "like_count": metrics.like_count,
        "media_count": metrics.media_count,
    }


def _affiliation(person: Person) -> Any:
    affiliation = person.profile.affiliation
    if affiliation is None:
        return None
    written = {
        "badge_url": affiliation.badge_url,
        "description": affiliation.description,
        "url": affiliation.url,
        "user_id": [str(id_) for id_ in affiliation.user_ids],
    }
    return {key: value for key, value in written.items() if value} or None


_FIELDS: Mapping[str, Callable[[Person], Any]] = {
    "id": lambda person: str(person.id),
    "name": lambda person: person.name,
    "username": lambda person: person.username,
    "withheld": _withheld,
    "created_at": lambda person: timestamp(person.profile.created_at_ms),
    "description": lambda person: person.profile.description or None,
    "entities": lambda person: profile_entities(person.profile.description, person.profile.url),
    "location": lambda person: person.profile.location or None,
    "pinned_tweet_id": lambda person: str(person.profile.pinned_post_id) if person.profile.pinned_post_id else None,
    "profile_banner_url": lambda person: person.profile.profile_banner_url or None,
    "profile_image_url": lambda person: person.profile.profile_image_url or None,
    "protected": lambda person: person.profile.protected,
    "public_metrics": _public_metrics,
    "url": lambda person: person.profile.url or None,
    "verified": lambda person: person.profile.verified,
    "subscription_type": lambda person: person.profile.subscription_type,
    "verified_type": lambda person: person.profile.verified_type,
    "is_identity_verified": lambda person: person.profile.is_identity_verified,
    "affiliation": _affiliation,
    "verified_followers_count": lambda person: person.profile.verified_followers_count,
    "parody": lambda person: person.profile.parody,
}

_POST_NAMES = {"pinned_tweet_id": "pinned_post_id", "most_recent_tweet_id": "most_recent_post_id"}


def render_user(
    person: Person,
    selection: Selection,
    latest: Mapping[int, int],
    caller: Caller | None = None,
    connections: Connections | None = None,
) -> bytes:
    """One user object.

    Args:
        latest: id of the most recent post, by author; only read when the selection asks for it.
        caller, connections: who asks; fields that depend on it are left out without them.
    """
    user: dict[str, Any] = {}
    for name in selection.user_fields:
        if name in _FIELDS:
            value = _FIELDS[name](person)
        elif name == "most_recent_tweet_id":
            value = str(latest[person.id]) if person.id in latest else None
        else:
            value = _personal(name, person, caller, connections)
        if value is not None:
            user[_POST_NAMES.get(name, name) if selection.vocabulary is POST else name] = value
    return encode(user)


def _personal(name: str, person: Person, caller: Caller | None, connections: Connections | None) -> Any:
    """Fields that depend on the viewer; an App on its own sees none."""
    if caller is None or connections is None:
        return None
    if name == "connection_status":
        return _connection_status(person.id, connections)
    if name == "receives_your_dm":
        return connections.may_write_to(person)
    if name == "confirmed_email":
        return _confirmed_email(person, caller)
    # Nobody subscribes to anybody here yet, which is an answer too.
    return {"subscribes_to_you": False} if name == "subscription" else False


def _connection_status(person_id: int, connections: Connections) -> list[str]:
    """In the order of X's enumeration. From the viewer's side only: who mutes or blocks the viewer is in no answer."""
    held = {
        "follow_request_received": connections.requested_by,
        "follow_request_sent": connections.requested,
        "blocking": connections.blocking,
        "followed_by": connections.followed_by,
        "following": connections.following,
        "muting": connections.muting,
    }
    return [name for name, ids in held.items() if person_id in ids]


def _confirmed_email(person: Person, caller: Caller) -> str | None:
    """Only one's own, and over OAuth 2.0 only with the scope for it."""
    if person.id != caller.user_id:
        return None
    if caller.method is Method.OAUTH2_USER and "users.email" not in caller.scopes:
        return None
    return person.profile.confirmed_email or None
