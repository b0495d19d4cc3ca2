"""The pages about what one mutes: the list, and the timeline with what is hidden from it."""

from collections.abc import Sequence

from tacet.actions import Actions
from tacet.pages.muted.changing import Changing
from tacet.pages.muted.items import Items
from tacet.pages.muted.limit import MuteLimit
from tacet.pages.muted.listing import Listing
from tacet.pages.muted.notices import Notices
from tacet.pages.muted.places import MUTED_PATH, TIMELINE_PATH
from tacet.pages.muted.timeline import Timeline
from tacet.pages.routing import Page

__all__ = ["MuteLimit", "Muted"]


class Muted:
    """`/muted`, what is below it, and `/timeline`."""

    def __init__(self, actions: Actions, limit: MuteLimit) -> None:
        notices = Notices(actions.mutes, actions.people)
        self._listing = Listing(actions.roster, actions.mute_search, notices)
        self._changing = Changing(actions.mutes, actions.people, limit, self._listing)
        items = Items(actions.posts, actions.people, actions.mutes, actions.visibility)
        self._timeline = Timeline(actions.homes, items, notices)

    def pages(self) -> Sequence[Page]:
        changing = self._changing
        return [
            Page(MUTED_PATH, get=self._listing.get),
            Page(f"{MUTED_PATH}/mute", get=changing.get, post=changing.mute),
            Page(f"{MUTED_PATH}/unmute", get=changing.get, post=changing.unmute),
            Page(f"{MUTED_PATH}/undo", get=changing.get, post=changing.undo),
            Page(TIMELINE_PATH, get=self._timeline.get),
        ]
