"""A post as v1.1 writes it inside a user, a "status": its keys and their order.

Source: X's documentation of `mutes/users/create`, and of the Tweet object where a post repeats or quotes another.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tacet.directory.entities import Link, Mention, TextEntities, text_entities
from tacet.directory.lookup import People, Posts, is_shown
from tacet.posts.visibility import Visibility
from tacet.records.people import Person, Post

UNKNOWN_LANGUAGE = "und"
"""What X writes for a post whose language it cannot tell."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Around:
    """What a status shows of others.

    Attributes:
        people: by id; whoever is not among them is not named.
        posts: that it repeats or quotes and the viewer may see, by id.
    """

    people: Mapping[int, Person]
    posts: Mapping[int, Post]


class StatusObjects:
    """Renders statuses for a viewer, in a handful of queries whatever their number."""

    def __init__(self, people: People, posts: Posts, visibility: Visibility) -> None:
        self._people = people
        self._posts = posts
        self._visibility = visibility

    async def of(
        self, posts: Sequence[Post], viewer_id: int | None, *, entities: bool = True, extended: bool = False
    ) -> dict[int, Json]:
        """The status object of each post, by the post's id.

        Args:
            posts: that the viewer may see.
            entities: False leaves their `entities` out.
            extended: `full_text` instead of `text`.
        """
        repeated = await self._repeated(posts, viewer_id)
        named = {id_ for post in (*posts, *repeated.values()) for id_ in _named_ids(post)}
        people = await self._people.by_ids(named)
        shown = {id_: person for id_, person in people.items() if is_shown(person)}
        around = Around(shown, repeated)
        return {post.id: render_status(post, around, entities=entities, extended=extended) for post in posts}

    async def _repeated(self, posts: Sequence[Post], viewer_id: int | None) -> dict[int, Post]:
        wanted = {id_ for post in posts for id_ in (post.reposted_id, _referred_id(post, "quoted")) if id_}
        found = await self._posts.by_ids(wanted)
        return {post.id: post for post in await self._visibility.visible_posts(found.values(), viewer_id)}


def created_at(ms: int) -> str:
    """Unix milliseconds as v1.1 writes moments, `Mon Mar 02 12:30:40 +0000 2009`."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%a %b %d %H:%M:%S +0000 %Y")


def url_entities(links: Iterable[Link]) -> list[Json]:
    """Recognised URLs as v1.1 lists them."""
    return [
        {
            "url": link.url,
            "expanded_url": link.expanded_url,
            "display_url": link.display_url,
            "indices": [link.start, link.end],
        }
        for link in links
    ]


def render_status(post: Post, around: Around, *, entities: bool = True, extended: bool = False) -> Json:
    """One status object. X does not say in it who wrote it: it stands inside its author."""
    found = text_entities(post.text)
    status: Json = {
        "created_at": created_at(post.created_at_ms),
        "id": post.id,
        "id_str": str(post.id),
        "full_text" if extended else "text": post.text,
        "source": post.details.source,
        "truncated": False,
    }
    if extended:
        status["display_text_range"] = [0, len(post.text)]
    status |= _answered(post, around)
    status |= {"geo": None, "coordinates": None, "place": None, "contributors": None}
    status |= _repeating(post, around, entities=entities, extended=extended)
    status["retweet_count"] = post.details.metrics.repost_count
    status["favorite_count"] = post.details.metrics.like_count
    if entities:
        status["entities"] = _entities(found, post, around)
    status |= {"favorited": False, "retweeted": False}
    if found.urls or post.details.possibly_sensitive:
        status["possibly_sensitive"] = post.details.possibly_sensitive
    status["lang"] = post.details.lang or UNKNOWN_LANGUAGE
    return status


def _referred_id(post: Post, type_: str) -> int:
    return next((each.id for each in post.details.references if each.type == type_), 0)


def _named_ids(post: Post) -> Iterable[int]:
    """Whom a status names: those mentioned in it, and whom it answers."""
    return filter(None, (*post.details.mentioned_ids, post.details.in_reply_to_user_id))


def _answered(post: Post, around: Around) -> Json:
    status_id = _referred_id(post, "replied_to") or None
    user_id = post.details.in_reply_to_user_id or None
    person = around.people.get(post.details.in_reply_to_user_id)
    return {
        "in_reply_to_status_id": status_id,
        "in_reply_to_status_id_str": status_id and str(status_id),
        "in_reply_to_user_id": user_id,
        "in_reply_to_user_id_str": user_id and str(user_id),
        "in_reply_to_screen_name": person and person.username,
    }


def _repeating(post: Post, around: Around, *, entities: bool, extended: bool) -> Json:
    """What it repeats or quotes, one level deep."""
    quoted_id = _referred_id(post, "quoted")
    inner = Around(around.people, {})
    written: Json = {}
    if reposted := around.posts.get(post.reposted_id):
        written["retweeted_status"] = render_status(reposted, inner, entities=entities, extended=extended)
    written["is_quote_status"] = bool(quoted_id)
    if quoted_id:
        written |= {"quoted_status_id": quoted_id, "quoted_status_id_str": str(quoted_id)}
    if quoted := around.posts.get(quoted_id):
        written["quoted_status"] = render_status(quoted, inner, entities=entities, extended=extended)
    return written


def _entities(found: TextEntities, post: Post, around: Around) -> Json:
    """In X's order. A username in the text that belongs to nobody who is shown is no mention."""
    mentioned = (around.people.get(id_) for id_ in post.details.mentioned_ids)
    by_username = {person.username.lower(): person for person in mentioned if person is not None}
    return {
        "hashtags": [{"text": tag.tag, "indices": [tag.start, tag.end]} for tag in found.hashtags],
        "symbols": [{"text": tag.tag, "indices": [tag.start, tag.end]} for tag in found.cashtags],
        "urls": url_entities(found.urls),
        "user_mentions": [
            _mention(by_username[mention.username.lower()], mention)
            for mention in found.mentions
            if mention.username.lower() in by_username
        ],
    }


def _mention(person: Person, mention: Mention) -> Json:
    return {
        "screen_name": person.username,
        "name": person.name,
        "id": person.id,
        "id_str": str(person.id),
        "indices": [mention.start, mention.end],
    }
