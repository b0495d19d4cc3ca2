"""Who mutes, follows and blocks whom when the world begins."""

from collections.abc import Iterator, Sequence
from itertools import count

from tacet.mutes.positions import TIE_BITS
from tacet.records.people import State
from tacet.records.relations import MAX_POSITION, Kind, Relation
from tacet.sandbox.cast import (
    AFFILIATED,
    ALICE,
    BOB,
    CAROL,
    DEACTIVATED,
    LOST_PIN,
    ORGANISATION,
    PROTECTED,
    SUSPENDED,
    WORLD_AT_MS,
    Member,
)
from tacet.sandbox.dice import Dice

BOB_MUTES = 3

CAROL_MUTES = 1234
"""More than a page of 1,000, the most that one request may ask for."""

ALICE_FOLLOWS = 21
FOLLOWERS_OF_ALICE = 30

MAX_FOLLOWS_EACH = 3
"""Of everybody else: enough to find some, few enough that a large world starts soon."""

STEP_MS = 600_000
"""Ten minutes between two entries of one list, so that their order never hangs on the tie-breaking bits."""


def relate(members: Sequence[Member], dice: Dice) -> list[Relation]:
    """All relations, as far as the world has people for them; each list newest first, nobody twice or themselves.

    Alice mutes nobody. Bob mutes three whom he can see: one whose pinned post is protected, one with an
    affiliation, one whose pinned post is gone. Carol mutes 1,234, suspended and deactivated accounts among them;
    alice and bob are the last she would take, so only in worlds with nobody else left.
    """
    bob_mutes = _muted_by_bob(len(members))
    bob_blocks = [at for at in _active(members) if at not in bob_mutes][:1]
    followed = _followed(members, dice)
    for at in bob_blocks:
        # Nobody follows who blocks them.
        followed[at] = [each for each in followed[at] if each != BOB]
    lists = [
        (BOB, Kind.MUTE, bob_mutes),
        (CAROL, Kind.MUTE, _muted_by_carol(members, dice)),
        (BOB, Kind.BLOCK, bob_blocks),
        *((source, Kind.FOLLOW, targets) for source, targets in enumerate(followed)),
    ]
    relations = [
        Relation(kind, members[source].id, members[at].id, position)
        for source, kind, targets in lists
        for at, position in zip(targets, _positions(dice), strict=False)
    ]
    return [*relations, *_seen_from_the_other_side(relations)]


def _seen_from_the_other_side(relations: Sequence[Relation]) -> Iterator[Relation]:
    """The followers of everybody, newest first, each since about when they followed."""
    follows = (relation for relation in relations if relation.kind is Kind.FOLLOW)
    last: dict[int, int] = {}
    for follow in sorted(follows, key=lambda each: (each.target_id, -each.position)):
        # Two who began to follow in one moment need a place each.
        position = min(follow.position, last.get(follow.target_id, MAX_POSITION) - 2)
        last[follow.target_id] = position
        yield Relation(Kind.FOLLOWED_BY, follow.target_id, follow.source_id, position)


def _active(members: Sequence[Member]) -> list[int]:
    """The places of those who can be seen, after the first three."""
    return [member.at for member in members[CAROL + 1 :] if member.state is State.ACTIVE]


def _muted_by_bob(people_count: int) -> list[int]:
    wanted = (PROTECTED, AFFILIATED, LOST_PIN, ORGANISATION, CAROL, ALICE)
    return [at for at in wanted if at < people_count][:BOB_MUTES]


def _muted_by_carol(members: Sequence[Member], dice: Dice) -> list[int]:
    strangers = dice.sample(range(CAROL + 1, len(members)), CAROL_MUTES)
    gone = [at for at in (SUSPENDED, DEACTIVATED) if at < len(members)]
    # Pages come out short where somebody cannot be shown: with these near the front, already the first does.
    ordered = dict.fromkeys([*strangers[:2], *gone, *strangers[2:], BOB, ALICE])
    return list(ordered)[:CAROL_MUTES]


def _followed(members: Sequence[Member], dice: Dice) -> list[list[int]]:
    """Whom each of `members` follows."""
    followed = [_strangers(member, members, dice) for member in members]
    active = _active(members)
    # Alice was let in by the protected account: its posts show to her and not to bob.
    closest = [at for at in (BOB, PROTECTED) if at < len(members)]
    followed[ALICE] = list(dict.fromkeys([*closest, *dice.sample(active, ALICE_FOLLOWS)]))[:ALICE_FOLLOWS]
    followed[BOB] = [ALICE]
    for follower in dice.sample(active, FOLLOWERS_OF_ALICE):
        followed[follower] = [ALICE, *(at for at in followed[follower] if at != ALICE)]
    return followed


def _strangers(member: Member, members: Sequence[Member], dice: Dice) -> list[int]:
    if member.state is not State.ACTIVE:
        return []
    found = [dice.below(len(members)) for _ in range(dice.below(MAX_FOLLOWS_EACH + 1))]
    return [at for at in dict.fromkeys(found) if at != member.at and members[at].is_open]


def _positions(dice: Dice) -> Iterator[int]:
    """Positions of one list, newest first, at moments fixed by the world and not by the day it is looked at."""
    for nth in count(1):
        at_ms = WORLD_AT_MS - nth * STEP_MS - dice.below(STEP_MS)
        yield (at_ms << TIE_BITS) | (dice.below(1 << (TIE_BITS - 1)) << 1)
