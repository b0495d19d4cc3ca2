"""Whom a follow or a block can be about."""

from tacet.directory.lookup import People, is_shown
from tacet.graph.errors import TargetMissing, TargetUnavailable
from tacet.records.people import Person


async def available(people: People, target_id: int) -> Person:
    """The target, whose account is there to be followed or blocked.

    Raises:
        TargetMissing, TargetUnavailable: it is not.
    """
    target = await people.one(target_id)
    if target is None:
        raise TargetMissing
    if not is_shown(target):
        raise TargetUnavailable
    return target
