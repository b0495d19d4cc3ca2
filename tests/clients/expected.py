"""What the clients have to see, worked out from the seeded world and not from any answer."""

from functools import cache

from tacet.records.people import Person, State
from tacet.records.relations import Kind
from tacet.sandbox.cast import ALICE_ID, CAROL_ID
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


def home_of_alice() -> list[str]:
    """Ids of the posts in her home timeline, newest first; she mutes nobody, and everybody she follows lets her in."""
    shown = {person.id for person in world().people if person.state is State.ACTIVE}
    follows = [each for each in world().relations if each.kind is Kind.FOLLOW and each.source_id == ALICE_ID]
    authors = shown & {ALICE_ID, *(each.target_id for each in follows)}
    assert {post.details.reposted_author_id for post in world().posts} <= {0, *shown}
    return [str(id_) for id_ in sorted((post.id for post in world().posts if post.author_id in authors), reverse=True)]


def posts_of(author_id: int) -> list[str]:
    """Ids of everything somebody posted, newest first."""
    return [
        str(id_) for id_ in sorted((post.id for post in world().posts if post.author_id == author_id), reverse=True)
    ]


def followed_by(source_id: int) -> list[str]:
    """Ids of those whom somebody follows and who are shown, newest follow first."""
    shown = {person.id for person in world().people if person.state is State.ACTIVE}
    follows = [each for each in world().relations if each.kind is Kind.FOLLOW and each.source_id == source_id]
    follows.sort(key=lambda each: each.position, reverse=True)
    return [str(each.target_id) for each in follows if each.target_id in shown]


def out_of_reach(sender_id: int) -> int:
    """Somebody who takes direct messages from those they follow only, and does not follow the sender."""
    followers = {
        each.source_id for each in world().relations if each.kind is Kind.FOLLOW and each.target_id == sender_id
    }
    return next(
        person.id
        for person in world().people
        if person.state is State.ACTIVE
        and person.id not in {sender_id, *followers}
        and not person.profile.receives_dm_from_anyone
    )
