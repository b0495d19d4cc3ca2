"""What is said at the top of a page after a mute or an unmute, and how it is undone."""

import hashlib
import hmac
from dataclasses import dataclass

from tacet.directory.lookup import People
from tacet.mutes.actions import Mutes
from tacet.pages.forms import id_of, read_query, same_token
from tacet.pages.muted.places import Place
from tacet.pages.visit import Visit

_PURPOSE = "tacet: unmuted"


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody was muted, or unmuted, just now.

    Attributes:
        username: theirs, without "@".
        muted: whether they are muted now.
        position: where in the list they stood; 0 while they stand there.
    """

    target_id: int
    username: str
    muted: bool
    position: int = 0


class Notices:
    """Tells by the address what was done. Whoever makes up an address cannot make it say what is not so."""

    def __init__(self, mutes: Mutes, people: People) -> None:
        self._mutes = mutes
        self._people = people

    async def of(self, visit: Visit) -> Notice | None:
        """What the address says that was done, as long as it holds."""
        fields = {name: values[-1] for name, values in read_query(visit.request).items()}
        if (target_id := id_of(fields.get("muted", ""))) is not None:
            return await self._if_so(visit, Notice(target_id, "", muted=True))
        target_id, position = id_of(fields.get("unmuted", "")), id_of(fields.get("at", ""))
        if target_id is None or position is None:
            return None
        if not same_token(fields.get("proof", ""), _proof(visit, target_id, position)):
            return None
        return await self._if_so(visit, Notice(target_id, "", muted=False, position=position))

    async def _if_so(self, visit: Visit, notice: Notice) -> Notice | None:
        person = await self._people.one(notice.target_id)
        is_muted = await self._mutes.position(visit.user_id, notice.target_id) is not None
        if person is None or is_muted != notice.muted:
            return None
        return Notice(notice.target_id, person.username, notice.muted, notice.position)


def after_muting(place: Place, target_id: int) -> str:
    """The address of a page that says so, and lets it be undone."""
    return place.url(muted=str(target_id))


def after_unmuting(visit: Visit, place: Place, target_id: int, position: int) -> str:
    """The address of a page that says so, and lets them be muted again in their old place."""
    return place.url(unmuted=str(target_id), at=str(position), proof=_proof(visit, target_id, position))


def _proof(visit: Visit, target_id: int, position: int) -> str:
    """Shows that the address was made in this session: another's link must not offer to mute somebody."""
    return hmac.new(visit.csrf.encode(), f"{_PURPOSE} {target_id} {position}".encode(), hashlib.sha256).hexdigest()
