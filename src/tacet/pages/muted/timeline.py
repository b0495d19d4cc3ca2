"""The home timeline, with what muting hides from it folded away, or left out as Apps see it."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from tacet.directory.lookup import People, Posts
from tacet.pages.forms import id_of
from tacet.pages.muted.notices import Notices
from tacet.pages.muted.places import TIMELINE_PATH, Place, broken_address, here
from tacet.pages.visit import Visit
from tacet.posts.home import HomePage, Homes
from tacet.records.people import Person, Post, Stretch

POSTS_A_PAGE = 25
"""What one reads at a time: on a phone about eight screens."""

LEFT_OUT = "out"
"""What `hidden` is where hidden posts are left out altogether."""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry.

    Attributes:
        post: what there is to read; of a repost, what it repeats.
        author: of this post.
        reposter: who repeated it; None where it is no repost.
        mutable: those of the two whom the viewer could mute.
        muted: the one of the two who is muted, so that it is hidden; None where it is not.
    """

    post: Post
    author: Person
    reposter: Person | None
    mutable: Sequence[Person]
    muted: Person | None


class Timeline:
    """`/timeline`."""

    def __init__(self, homes: Homes, posts: Posts, people: People, notices: Notices) -> None:
        self._homes = homes
        self._posts = posts
        self._people = people
        self._notices = notices

    async def get(self, visit: Visit) -> Response:
        """The page as its address says."""
        place = here(visit)
        left_out = place.given("hidden") == LEFT_OUT
        first = not (place.given("older") or place.given("newer"))
        page = await self._homes.page(visit.user_id, _stretch(place), POSTS_A_PAGE, hide=left_out)
        return visit.page(
            "muted/timeline.html",
            items=await self._items(visit.user_id, page),
            left_out=left_out,
            sections=[
                ("Fold hidden posts", place.url(hidden="")),
                ("Leave them out", place.url(hidden=LEFT_OUT)),
            ],
            back=place.url(),
            first=first,
            newest=place.url(older="", newer=""),
            older=place.url(newer="", older=str(page.older_than)) if page.older_than is not None else "",
            newer=place.url(older="", newer=str(page.newer_than)) if page.newer_than is not None and not first else "",
            notice=await self._notices.of(visit),
        )

    async def _items(self, viewer_id: int, page: HomePage) -> list[Item]:
        """The page's posts, but for those that were deleted since it was cut."""
        heads = page.heads
        posts = await self._posts.by_ids([head.id for head in heads])
        repeated = await self._posts.by_ids({post.reposted_id for post in posts.values()} - {0})
        author_ids = {id_ for head in heads for id_ in (head.author_id, head.reposted_author_id)} - {0}
        people = await self._people.by_ids(author_ids)
        items: list[Item] = []
        for head in heads:
            post = posts.get(head.id)
            read = repeated.get(post.reposted_id) if post is not None and post.reposted_id else post
            if post is not None and read is not None and {post.author_id, read.author_id} <= people.keys():
                by = people[post.author_id] if read is not post else None
                items.append(_item(viewer_id, read, people[read.author_id], by, page.muted_author_ids))
        return items


def _item(viewer_id: int, post: Post, author: Person, reposter: Person | None, muted_ids: set[int]) -> Item:
    two = [person for person in (reposter, author) if person is not None]
    muted = [person for person in two if person.id in muted_ids]
    # One's own posts are never hidden, whomever they repeat.
    hidden = bool(muted) and two[0].id != viewer_id
    mutable = [person for person in two if person.id != viewer_id and person not in muted]
    return Item(post, author, reposter, mutable, muted[0] if hidden else None)


def _stretch(place: Place) -> Stretch:
    """The part of the timeline that an address asks for."""
    older, newer = place.given("older"), place.given("newer")
    if not (older or newer):
        return Stretch()
    post_id = id_of(older or newer)
    if post_id is None:
        raise broken_address(("Timeline", TIMELINE_PATH))
    return Stretch(older_than=post_id) if older else Stretch(newer_than=post_id, upwards=True)
