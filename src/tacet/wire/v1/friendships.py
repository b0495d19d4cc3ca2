"""`/1.1/friendships`: what two people are to each other, and what the caller is to many.

Source: X's documentation of `friendships/show` and `friendships/lookup`. What somebody keeps to themselves is null for
everybody else there, and here it is not even read.
"""

from tacet.directory.lookup import Acquaintance, Connections, is_shown
from tacet.records.people import Person
from tacet.wire.problems import Refusal
from tacet.wire.v1 import problems
from tacet.wire.v1.calls import V1Call, V1Operation
from tacet.wire.v1.encoding import encode_v1
from tacet.wire.v1.people import PeopleGiven
from tacet.wire.v1.render_status import Json


class Friendships:
    """Reads what is between people."""

    def __init__(self, given: PeopleGiven, acquaintance: Acquaintance) -> None:
        self._given = given
        self._acquaintance = acquaintance

    def operations(self) -> list[V1Operation]:
        """All operations of this family."""
        return [
            V1Operation("friendships/show", "GET", self.show, app_only=True),
            V1Operation("friendships/lookup", "GET", self.lookup),
        ]

    async def show(self, call: V1Call) -> bytes:
        """`relationship`: of the source, who is the caller unless another is named, to the target."""
        source = await self._source(call)
        named = await self._given.named(call, "target_id", "target_screen_name", problems.NO_TARGET_USER)
        target = self._given.shown(named, call, "target_id", "target_screen_name")
        if source.id == call.user_id:
            connections = await self._acquaintance.between(source.id, [target.id], messages=True)
            relationship = _own(source, target, connections)
        else:
            following = await self._acquaintance.followed(source.id, [target.id])
            followed_by = await self._acquaintance.followed(target.id, [source.id])
            relationship = _others(source, target, target.id in following, source.id in followed_by)
        return encode_v1({"relationship": relationship})

    async def lookup(self, call: V1Call) -> bytes:
        """`connections` of the caller with each of a list, in the order asked; whoever is not there is left out."""
        people = await self._given.many(call)
        connections = await self._acquaintance.between(call.own_id, [person.id for person in people])
        return encode_v1([_looked_up(person, connections) for person in people])

    async def _source(self, call: V1Call) -> Person:
        """The source of a relationship.

        Raises:
            Refusal: code 163 where it is nobody who is shown.
        """
        source = await self._given.named(call, "source_id", "source_screen_name", problems.NO_SOURCE_USER, call.user_id)
        if source is None or not is_shown(source):
            raise Refusal(problems.NO_SOURCE_USER)
        return source


def _own(source: Person, target: Person, connections: Connections) -> Json:
    """What the source itself gets to see. Whether the target mutes the source is nowhere in it."""
    following, followed_by = target.id in connections.following, target.id in connections.followed_by
    requested, received = target.id in connections.requested, target.id in connections.requested_by
    return {
        "source": {
            **_name(source),
            "following": following,
            "followed_by": followed_by,
            "live_following": False,
            "following_received": received,
            "following_requested": requested,
            "notifications_enabled": False,
            "can_dm": connections.may_write_to(target),
            "blocking": target.id in connections.blocking,
            "blocked_by": target.id in connections.blocked_by,
            "muting": target.id in connections.muting,
            "want_retweets": following,
            "all_replies": False,
            "marked_spam": False,
        },
        "target": {
            **_name(target),
            "following": followed_by,
            "followed_by": following,
            "following_received": requested,
            "following_requested": received,
        },
    }


def _others(source: Person, target: Person, following: bool, followed_by: bool) -> Json:
    """What everybody gets to see."""
    hidden = ("blocking", "blocked_by", "muting", "want_retweets", "all_replies", "marked_spam")
    return {
        "source": {
            **_name(source),
            "following": following,
            "followed_by": followed_by,
            "live_following": False,
            "following_received": None,
            "following_requested": None,
            "notifications_enabled": None,
            "can_dm": source.id != target.id and (followed_by or target.profile.receives_dm_from_anyone),
            **dict.fromkeys(hidden),
        },
        "target": {
            **_name(target),
            "following": followed_by,
            "followed_by": following,
            "following_received": None,
            "following_requested": None,
        },
    }


def _name(person: Person) -> Json:
    return {"id": person.id, "id_str": str(person.id), "screen_name": person.username}


def _looked_up(person: Person, connections: Connections) -> Json:
    """Connections in the order in which X's documentation lists them."""
    held = {
        "following": connections.following,
        "following_requested": connections.requested,
        "followed_by": connections.followed_by,
        "blocking": connections.blocking,
        "muting": connections.muting,
    }
    return {
        "name": person.name,
        "screen_name": person.username,
        "id": person.id,
        "id_str": str(person.id),
        "connections": [name for name, ids in held.items() if person.id in ids] or ["none"],
    }
