"""What the clients have to see, worked out from the seeded world and not from any answer."""

from functools import cache

from tacet.records.people import Person, State
from tacet.records.relations import Kind
from tacet.sandbox.cast import CAROL_ID
from tacet.sandbox.residents import RESIDENTS
from tacet.sandbox.world import World, build_world

PEOPLE = 1_300
"""Enough that carol mutes 1,234: more than one page of any size."""

SEED = 7
"""The seed of a sandbox that is told of no other."""


@cache
def world() -> World:
    return build_world(PEOPLE, SEED)


def quiet_users() -> list[Person]:
    """Those who mute nobody and have no keys, so that whatever they have is of a login."""
    return [person for person in world().people[RESIDENTS:] if person.state is State.ACTIVE]


def muted_by_carol() -> list[str]:
    """Ids of those whom carol mutes and who are shown, newest first."""
    shown = {person.id for person in world().people if person.state is State.ACTIVE}
    muted = [each for each in world().relations if each.kind is Kind.MUTE and each.source_id == CAROL_ID]
    muted.sort(key=lambda each: each.position, reverse=True)
    return [str(each.target_id) for each in muted if each.target_id in shown]
