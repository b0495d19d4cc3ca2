"""Muting, unmuting, and undoing that."""

import re

from starlette.responses import Response

from tacet.directory.lookup import People
from tacet.mutes.actions import Mutes
from tacet.mutes.errors import CannotMuteSelf, MuteRefused, TargetUnavailable
from tacet.mutes.positions import moment_ms
from tacet.pages.forms import id_of
from tacet.pages.muted.limit import MuteLimit
from tacet.pages.muted.listing import Listing
from tacet.pages.muted.notices import after_muting, after_unmuting
from tacet.pages.muted.places import MUTED_PATH, Place, back
from tacet.pages.templating import day
from tacet.pages.visit import INVALID, Visit, not_found
from tacet.records.people import Person

_USERNAME = re.compile(r"[A-Za-z0-9_]{1,15}", re.ASCII)

_PROFILE = re.compile(r"(?:https?://)?(?:(?:www|mobile)\.)?(?:x|twitter)\.com/@?([^/?#]*)", re.ASCII | re.IGNORECASE)
"""The address of somebody's profile on X, or of one of their posts there."""


class Refused(Exception):
    """Nobody was muted, for the reason that is the message: a sentence to stand beside the field."""


class Changing:
    """The forms below `/muted`. A mute counts, and so does an undo, which is one; an unmute does not."""

    def __init__(self, mutes: Mutes, people: People, limit: MuteLimit, listing: Listing) -> None:
        self._mutes = mutes
        self._people = people
        self._limit = limit
        self._listing = listing

    async def get(self, visit: Visit) -> Response:
        """Whoever had to sign in before a form was taken comes back by GET."""
        return visit.go(MUTED_PATH)

    async def mute(self, visit: Visit) -> Response:
        """Mute by name."""
        place = back(visit)
        try:
            async with self._limit.spending(visit.user_id, place.url()):
                target_id = await self._muted(visit, place)
        except Refused as refused:
            place = place if place.path == MUTED_PATH else Place()
            typed = visit.value("username")
            return await self._listing.show(visit, place, status=INVALID, typed=typed, error=str(refused))
        return visit.go(after_muting(place, target_id))

    async def unmute(self, visit: Visit) -> Response:
        """Unmute, and offer to undo it."""
        place, target_id = back(visit), _target_id(visit)
        position = await self._mutes.position(visit.user_id, target_id)
        # Whoever sends the form twice has what they wanted, so nothing is said about the second time.
        if position is None or not await self._mutes.unmute(visit.user_id, target_id):
            return visit.go(place.url())
        return visit.go(after_unmuting(visit, place, target_id, position))

    async def undo(self, visit: Visit) -> Response:
        """Mute again whoever was just unmuted, in their old place."""
        place, target_id = back(visit), _target_id(visit)
        position = id_of(visit.value("at")) or 0
        # Whoever made up the form would mute with it as often as they like, if it did not count.
        again = after_unmuting(visit, place, target_id, position)
        try:
            async with self._limit.spending(visit.user_id, again):
                await self._mutes.restore(visit.user_id, target_id, position)
        except MuteRefused:
            raise not_found() from None
        return visit.go(after_muting(place, target_id))

    async def _muted(self, visit: Visit, place: Place) -> int:
        """Mute whoever is named; return their id.

        Raises:
            Refused: with what to say.
        """
        person = await self._named(visit.value("username"))
        try:
            new = await self._mutes.mute(visit.user_id, person.id)
        except CannotMuteSelf:
            raise Refused("That is you. Nobody can mute themselves.") from None
        except TargetUnavailable:
            if not await self._mutes.which(visit.user_id, [person.id]):
                state = person.state.name.lower()
                raise Refused(f"@{person.username} is {state}, and cannot be muted until they return.") from None
            new = False
        # A button beside a post is older than the mute where both were made in two windows: then all is well.
        if not new and place.path == MUTED_PATH:
            raise Refused(await self._already(visit.user_id, person))
        return person.id

    async def _named(self, typed: str) -> Person:
        profile = _PROFILE.match(typed)
        username = (profile[1] if profile else typed).removeprefix("@").strip()
        if not username:
            raise Refused("Say whom, by their @name.")
        if not _USERNAME.fullmatch(username):
            raise Refused("An @name has up to 15 letters from A to Z, digits and underscores.")
        people = await self._people.by_usernames([username.lower()])
        person = people.get(username.lower())
        if person is None:
            raise Refused(f"Nobody here is called @{username}.")
        return person

    async def _already(self, user_id: int, person: Person) -> str:
        position = await self._mutes.position(user_id, person.id)
        since = f", since {day(moment_ms(position))}" if position is not None else ""
        return f"You mute @{person.username} already{since}."


def _target_id(visit: Visit) -> int:
    target_id = id_of(visit.value("target_id"))
    if target_id is None:
        raise not_found()
    return target_id
