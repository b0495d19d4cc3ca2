"""Records as people and posts: every way to say a thing, brought to one."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from tacet.directory.importing.rows import (
    MAX_NAME_LENGTH,
    BadgeRow,
    PersonRow,
    PostRow,
    WithholdingRow,
)
from tacet.records.people import (
    MAX_ID,
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

Row = TypeVar("Row", PersonRow, PostRow)

_ALIASES = {
    "tweet_count": "post_count",
    "pinned_tweet_id": "pinned_post_id",
    "retweet_count": "repost_count",
    "referenced_tweets": "referenced_posts",
}
"""X's older vocabulary."""

_GROUPS = ("public_metrics", "non_public_metrics")
"""Objects of X's whose members stand beside the rest here."""

_DERIVED_OF_PERSON = (
    "connection_status",
    "entities",
    "most_recent_post_id",
    "most_recent_tweet_id",
    "receives_your_dm",
    "subscribes_to_you",
    "subscription",
)
"""In X's own answers, but made for each viewer or from other values: left out, so that answers import."""

_DERIVED_OF_POST = (
    "attachments",
    "context_annotations",
    "display_text_range",
    "edit_controls",
    "edit_history_post_ids",
    "edit_history_tweet_ids",
    "engagements",
    "entities",
    "organic_metrics",
    "promoted_metrics",
)
"""As `_DERIVED_OF_PERSON`, and what cannot be stored."""

_REASONS = {
    "id": f"is not a whole number from 1 to {MAX_ID}",
    "author_id": f"is not a whole number from 1 to {MAX_ID}",
    "username": "is not 1 to 15 letters, digits or underscores",
    "name": f"is not a text of 1 to {MAX_NAME_LENGTH} characters",
    "state": "is not active, suspended or deactivated",
    "verified_type": "is not blue, government, business or none",
    "subscription_type": "is not Basic, Premium, PremiumPlus or None",
}
"""Kinder words than the checker's own, for what goes wrong most."""

_WHOLE = re.compile(r"[0-9]{1,20}", re.ASCII)
_PLACE = re.compile(r"(.*) - at `\$\.([a-z_]+)(.*)`")
_MISSING = re.compile(r"Object missing required field `(\w+)`")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

COLUMNS = {
    "type",
    "created_at",
    *PersonRow.__struct_fields__,
    *PostRow.__struct_fields__,
    *_ALIASES,
} - {"affiliation", "withheld", "referenced_posts", "referenced_tweets"}
"""What a CSV header may name: everything that is one value."""


class RowError(Exception):
    """A record that is no person and no post; the message says why."""


def to_entry(values: Mapping[str, Any]) -> Person | Post:
    """The person or post that a record describes; a `type` of `person` goes without saying.

    Values may be texts, as CSV has them: `"12"` is a number and `"true"` a truth.

    Raises:
        RowError: it describes none.
    """
    kind = values.get("type", "person")
    if kind == "person":
        return _person(_convert(values, PersonRow, _DERIVED_OF_PERSON))
    if kind == "post":
        return _post(_convert(values, PostRow, _DERIVED_OF_POST))
    raise RowError(f"type {repr(kind)[:40]} is not person or post")


def _convert(values: Mapping[str, Any], row: type[Row], derived: tuple[str, ...]) -> Row:
    flat = dict(_flat(values, derived))
    if "created_at" in flat:
        flat.setdefault("created_at_ms", _moment_ms(flat.pop("created_at")))
    try:
        return msgspec.convert(flat, row, strict=False)
    except msgspec.ValidationError as error:
        raise RowError(_reason(str(error))) from None


def _flat(values: Mapping[str, Any], derived: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """What is there, under its newest name; groups dissolved, derived values and nothings left out."""
    for name, value in values.items():
        if name in _GROUPS and isinstance(value, dict):
            yield from _flat(value, derived)
        elif value is not None and name != "type" and name not in derived:
            yield _ALIASES.get(name, name), _checked(name, value)


def _checked(name: str, value: Any) -> Any:
    """Refuse what the conversion lets pass: numbers that lost digits, zero bytes that databases refuse."""
    if isinstance(value, float):
        raise RowError(f"{name} is not a whole number")
    if isinstance(value, str):
        if "\0" in value:
            raise RowError(f"{name} contains a zero byte")
        if (name == "id" or name.endswith("_id")) and not _WHOLE.fullmatch(value):
            raise RowError(f"{name} {_REASONS['id']}")
    if isinstance(value, dict):
        return {inner: each for inner, each in value.items() if each is not None}
    return value


def _moment_ms(value: Any) -> int:
    """ISO 8601 as Unix milliseconds; a moment without a zone is in UTC, like all of X's."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise RowError("created_at is not an ISO 8601 moment such as 2013-12-14T04:35:55.000Z") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND


def _reason(complaint: str) -> str:
    found = _PLACE.fullmatch(complaint)
    if not found:
        missing = _MISSING.fullmatch(complaint)
        return f"{missing[1]} is missing" if missing else complaint.removeprefix("Object contains ")
    what, name, inside = found.groups()
    return f"{name} {_REASONS[name]}" if name in _REASONS else f"{name}{inside}: {what[0].lower()}{what[1:]}"


def _withheld(row: WithholdingRow | None) -> Withheld | None:
    return Withheld(row.country_codes, row.scope) if row else None


def _affiliation(row: BadgeRow | None) -> Affiliation | None:
    return Affiliation(row.badge_url, row.description, row.url, row.user_id) if row else None


def _person(row: PersonRow) -> Person:
    profile = Profile(
        created_at_ms=row.created_at_ms,
        description=row.description,
        location=row.location,
        url=row.url,
        profile_image_url=row.profile_image_url,
        profile_banner_url=row.profile_banner_url,
        protected=row.protected,
        verified=row.verified,
        verified_type=row.verified_type,
        subscription_type=row.subscription_type,
        is_identity_verified=row.is_identity_verified,
        parody=row.parody,
        pinned_post_id=row.pinned_post_id or 0,
        metrics=Metrics(
            row.followers_count,
            row.following_count,
            row.post_count,
            row.listed_count,
            row.like_count,
            row.media_count,
        ),
        affiliation=_affiliation(row.affiliation),
        withheld=_withheld(row.withheld),
        verified_followers_count=row.verified_followers_count,
        confirmed_email=row.confirmed_email,
        receives_dm_from_anyone=row.receives_dm_from_anyone,
    )
    return Person(row.id, row.username, row.name, State[row.state.upper()], profile)


def _post(row: PostRow) -> Post:
    details = PostDetails(
        lang=row.lang,
        source=row.source,
        possibly_sensitive=row.possibly_sensitive,
        reply_settings=row.reply_settings,
        conversation_id=row.conversation_id or 0,
        in_reply_to_user_id=row.in_reply_to_user_id or 0,
        references=tuple(Reference(each.type, each.id) for each in row.referenced_posts),
        metrics=PostMetrics(
            row.repost_count,
            row.reply_count,
            row.like_count,
            row.quote_count,
            row.bookmark_count,
            row.impression_count,
            row.url_link_clicks,
            row.user_profile_clicks,
        ),
        withheld=_withheld(row.withheld),
    )
    return Post(row.id, row.author_id, row.text, row.created_at_ms, details)
