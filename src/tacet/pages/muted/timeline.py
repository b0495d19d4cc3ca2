"""The home timeline, with what muting hides from it folded away, or left out as Apps see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from starlette.responses import Response

from tacet.pages.muted.items import Item, Items
from tacet.pages.muted.notices import Notices
from tacet.pages.muted.places import anchor, here, stretch_of
from tacet.pages.visit import Visit
from tacet.posts.home import Homes
from tacet.records.people import Person

POSTS_A_PAGE = 25
"""What one reads at a time: on a phone about eight screens."""

LEFT_OUT = "out"
"""What `hidden` is where hidden posts are left out altogether."""


@dataclass(frozen=True, slots=True)
class Row:
    """A post, or several hidden ones that follow each other.

    Attributes:
        muted: whom the viewer mutes, so that the posts are hidden; nobody where they are not.
        anchors: what addresses may lead to that lead here.
        is_landing: whether the address of this page leads here, so that what is said stands here.
    """

    items: Sequence[Item]
    muted: Sequence[Person]
    anchors: Sequence[str]
    is_landing: bool


class Timeline:
    """`/timeline`."""

    def __init__(self, homes: Homes, items: Items, notices: Notices) -> None:
        self._homes = homes
        self._items = items
        self._notices = notices

    async def get(self, visit: Visit) -> Response:
        """The page as its address says."""
        landed = here(visit)
        place = landed.beside(0)
        left_out = place.given("hidden") == LEFT_OUT
        first = not (place.given("older") or place.given("newer"))
        page = await self._homes.page(visit.user_id, stretch_of(place), POSTS_A_PAGE, hide=left_out)
        return visit.page(
            "muted/timeline.html",
            rows=_rows(await self._items.of(visit.user_id, page), landed.post_id),
            left_out=left_out,
            sections=[
                ("Fold hidden posts", place.url(hidden="")),
                ("Leave them out", place.url(hidden=LEFT_OUT)),
            ],
            place=place,
            back=landed.url(),
            first=first,
            newest=place.url(older="", newer=""),
            older=place.url(newer="", older=str(page.older_than)) if page.older_than is not None else "",
            newer=place.url(older="", newer=str(page.newer_than)) if page.newer_than is not None and not first else "",
            notice=await self._notices.of(visit),
        )


def _rows(items: Sequence[Item], landed_id: int) -> list[Row]:
    """The rows of a page.

    Args:
        landed_id: the post to which the address leads, which may have gone; 0 for none.
    """
    groups: list[list[Item]] = []
    for hidden, following in groupby(items, lambda item: bool(item.muted)):
        some = list(following)
        groups += [some] if hidden else [[item] for item in some]
    # What was beside a post that is left out now is beside the next one.
    landing = next((nth for nth, group in enumerate(groups) if group[-1].head.id <= landed_id), len(groups) - 1)
    return [_row(group, landed_id if nth == landing else 0) for nth, group in enumerate(groups)]


def _row(items: Sequence[Item], landed_id: int) -> Row:
    ids = dict.fromkeys([*([landed_id] if landed_id else []), *[item.head.id for item in items]])
    muted = {person.id: person for item in items for person in item.muted}
    return Row(items, [*muted.values()], [anchor(id_) for id_ in ids], bool(landed_id))
