"""What the clients have to see, worked out from the seeded world and not from any answer."""

from functools import cache

from tacet.records.people import State
from tacet.records.relations import Kind
from tacet.sandbox.cast import CAROL_ID
from tacet.sandbox.world import World, build_world
from tests.clients.conftest import PEOPLE

SEED = 7
"""The seed of a sandbox that is told of no other."""


@cache
def world() -> World:
    return build_world(PEOPLE, SEED)


def muted_by_carol() -> list[str]:
    """Ids of those whom carol mutes and who are shown, newest first."""
    shown = {person.id for person in world().people if person.state is State.ACTIVE}
    muted = [each for each in world().relations if each.kind is Kind.MUTE and each.source_id == CAROL_ID]
    muted.sort(key=lambda each: each.position, reverse=True)
    return [str(each.target_id) for each in muted if each.target_id in shown]
