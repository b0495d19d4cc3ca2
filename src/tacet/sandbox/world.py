"""The seeded world: the same people, posts and relations for the same seed, in every run and on every machine."""

from dataclasses import dataclass

from tacet.ids import SeededRandomness
from tacet.records.people import Person, Post
from tacet.records.relations import Relation
from tacet.sandbox.cast import cast
from tacet.sandbox.dice import Dice
from tacet.sandbox.graph import relate
from tacet.sandbox.posts import write
from tacet.sandbox.profiles import introduce

MIN_PEOPLE = 3
"""alice, bob and carol are always there."""

MAX_PEOPLE = 100_000
"""The world is built in memory, in some seconds at this size; larger ones are imported from files."""

_CAST, _POSTS, _GRAPH, _PROFILES = range(4)


@dataclass(frozen=True, slots=True)
class World:
    """What the sandbox starts with.

    Attributes:
        people: alice, bob and carol, then the others; see `tacet.sandbox.cast` for who is remarkable for what.
        posts: every post whose author is one of them; some pinned post ids are of none.
        relations: mutes, follows and blocks; each list newest first.
    """

    people: list[Person]
    posts: list[Post]
    relations: list[Relation]


def build_world(people_count: int, seed: int) -> World:
    """The world of `seed` with `people_count` people.

    Who lives there does not depend on their number: a larger world has the same first people, by id, name and
    traits, and more besides. What they post, follow and mute does.

    Raises:
        ValueError: fewer than `MIN_PEOPLE` or more than `MAX_PEOPLE`.
    """
    if not MIN_PEOPLE <= people_count <= MAX_PEOPLE:
        raise ValueError(f"a world has {MIN_PEOPLE} to {MAX_PEOPLE:,} people, not {people_count:,}")
    members = cast(people_count, _dice(seed, _CAST))
    writings = write(members, _dice(seed, _POSTS))
    relations = relate(members, _dice(seed, _GRAPH))
    people = introduce(members, writings, relations, _dice(seed, _PROFILES))
    return World(people, writings.posts, relations)


def _dice(seed: int, part: int) -> Dice:
    # Each part has bits of its own, so that a change to one leaves the others as they are.
    return Dice(SeededRandomness(seed * 16 + part))
