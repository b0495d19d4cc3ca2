"""A user object as v1.1 writes it: its keys and their order.

Source: an answer of X's servers recorded in 2021, and X's documentation of `mutes/users/list`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tacet.directory.entities import text_entities, url_entity
from tacet.directory.lookup import Acquaintance, Connections, People, Posts, is_shown
from tacet.posts.visibility import Visibility
from tacet.records.people import Person
from tacet.wire.problems import Refusal
from tacet.wire.v1.calls import V1Call
from tacet.wire.v1.problems import USER_NOT_FOUND
from tacet.wire.v1.render_status import Json, StatusObjects, created_at, url_entities

DEFAULT_IMAGE = "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png"
"""What X shows of somebody without a picture."""

_LOOKS: Mapping[str, Any] = {
    "profile_background_color": "F5F8FA",
    "profile_background_image_url": None,
    "profile_background_image_url_https": None,
    "profile_background_tile": False,
}
_COLORS: Mapping[str, Any] = {
    "profile_link_color": "1DA1F2",
    "profile_sidebar_border_color": "C0DEED",
    "profile_sidebar_fill_color": "DDEEF6",
    "profile_text_color": "333333",
    "profile_use_background_image": True,
    "has_extended_profile": False,
    "default_profile": True,
}
"""Nobody here chooses colors, so everybody has those of an account of X's that never did."""


class UserObjects:
    """Renders users for a viewer, in a handful of queries whatever their number."""

    def __init__(self, people: People, posts: Posts, acquaintance: Acquaintance, visibility: Visibility) -> None:
        self._people = people
        self._posts = posts
        self._acquaintance = acquaintance
        self._visibility = visibility
        self._statuses = StatusObjects(people, posts, visibility)

    async def of(
        self,
        ids: Sequence[int],
        viewer_id: int | None,
        *,
        entities: bool = True,
        status: bool = True,
        extended: bool = False,
    ) -> list[Json]:
        """The user objects of those `ids` that are shown, in order.

        Args:
            viewer_id: whose mutes and follows they speak of; None for an App on its own, to which they say null.
            entities: False leaves the `entities` of statuses out.
            status: whether to show each one's latest post, where the viewer may see it.
            extended: statuses have `full_text` instead of `text`.
        """
        people = await self._people.by_ids(ids)
        shown = [person for id_ in ids if (person := people.get(id_)) is not None and is_shown(person)]
        shown_ids = [person.id for person in shown]
        connections = None if viewer_id is None else await self._acquaintance.between(viewer_id, shown_ids)
        statuses: Mapping[int, Json] = {}
        if status:
            statuses = await self._latest(shown_ids, viewer_id, entities=entities, extended=extended)
        return [render_user(person, connections, statuses.get(person.id)) for person in shown]

    async def asked(self, ids: Sequence[int], call: V1Call) -> list[Json]:
        """The same, as the call's `include_entities`, `skip_status` and `tweet_mode` want it."""
        return await self.of(
            ids,
            call.user_id,
            entities=call.flag("include_entities", True),
            status=not call.flag("skip_status", False),
            extended=call.text("tweet_mode") == "extended",
        )

    async def one(self, person_id: int, call: V1Call) -> Json:
        """One user object, as the call wants it.

        Raises:
            Refusal: code 50 for somebody who is not shown, if only since a moment ago.
        """
        users = await self.asked([person_id], call)
        if not users:
            raise Refusal(USER_NOT_FOUND)
        return users[0]

    async def _latest(
        self, author_ids: Sequence[int], viewer_id: int | None, *, entities: bool, extended: bool
    ) -> dict[int, Json]:
        """The newest status of each author, by author; none where the viewer may not see that one."""
        latest = await self._posts.latest_of(author_ids)
        found = await self._posts.by_ids(latest.values())
        posts = await self._visibility.visible_posts(found.values(), viewer_id)
        statuses = await self._statuses.of(posts, viewer_id, entities=entities, extended=extended)
        return {post.author_id: statuses[post.id] for post in posts}


def render_user(person: Person, connections: Connections | None, status: Json | None) -> Json:
    """One user object.

    Args:
        connections: of the viewer; None for an App on its own.
        status: None leaves it out.
    """
    profile, metrics = person.profile, person.profile.metrics
    user: Json = {
        "id": person.id,
        "id_str": str(person.id),
        "name": person.name,
        "screen_name": person.username,
        "location": profile.location,
        "description": profile.description,
        "url": profile.url or None,
        "entities": _entities(profile.description, profile.url),
        "protected": profile.protected,
        "followers_count": metrics.followers_count,
        "friends_count": metrics.following_count,
        "listed_count": metrics.listed_count,
        "created_at": created_at(profile.created_at_ms),
        "favourites_count": metrics.like_count,
        "utc_offset": None,
        "time_zone": None,
        "geo_enabled": False,
        "verified": profile.verified,
        "statuses_count": metrics.post_count,
        "lang": None,
    }
    if status is not None:
        user["status"] = status
    user |= {"contributors_enabled": False, "is_translator": False, "is_translation_enabled": False}
    user |= _LOOKS
    user |= _pictures(profile.profile_image_url, profile.profile_banner_url)
    user |= _COLORS
    user["default_profile_image"] = not profile.profile_image_url
    user |= _of_viewer(person.id, connections)
    user["translator_type"] = "none"
    if profile.withheld is not None and profile.withheld.country_codes:
        user["withheld_in_countries"] = profile.withheld.country_codes
    return user


def _entities(description: str, url: str) -> Json:
    """X recognises nothing but URLs in a profile; `url` is there only where one is given."""
    link = url_entity(url)
    of_url = {"url": {"urls": url_entities([link])}} if link is not None else {}
    return {**of_url, "description": {"urls": url_entities(text_entities(description).urls)}}


def _pictures(image_url: str, banner_url: str) -> Json:
    """The image under both schemes, and the banner where there is one."""
    image = image_url or DEFAULT_IMAGE
    pictures = {
        "profile_image_url": image.replace("https://", "http://", 1),
        "profile_image_url_https": image,
    }
    return {**pictures, "profile_banner_url": banner_url} if banner_url else pictures


def _of_viewer(person_id: int, connections: Connections | None) -> Json:
    """What the viewer is to this person. An App on its own is nothing to anybody."""
    if connections is None:
        return dict.fromkeys(("following", "follow_request_sent", "notifications", "muting"))
    return {
        "following": person_id in connections.following,
        "follow_request_sent": person_id in connections.requested,
        "notifications": False,
        "muting": person_id in connections.muting,
    }
