"""Who lives in the world, and what sets each apart. Nothing here depends on how many people there are."""

from dataclasses import dataclass, replace

from tacet.ids import snowflake_at
from tacet.records.people import State
from tacet.sandbox import words
from tacet.sandbox.dice import Dice

WORLD_AT_MS = 1_767_225_600_000
"""1 January 2026, 00:00 UTC: everything seeded happened before. Fixed, so that ids are the same in every run."""

ALICE_ID, BOB_ID, CAROL_ID = 1001, 1002, 1003
ALICE, BOB, CAROL = 0, 1, 2
"""Their places in the world, in any world."""

ORGANISATION, PROTECTED, AFFILIATED, LOST_PIN, PARODY, WITHHELD, GOVERNMENT, SUSPENDED, DEACTIVATED = range(3, 12)
"""Places of those that have one remarkable thing each, as far as the world has people."""

MAX_USERNAME_CHARACTERS = 15

DAY_MS = 86_400_000

COUNTED_FROM_MS = 1_142_899_200_000
"""21 March 2006: X gave ids in sequence from here…"""

COUNTED_UNTIL_MS = 1_448_928_000_000
"""…to about here, 1 December 2015…"""

COUNTED_IDS = 4_200_000_000
"""…when it had given about this many. After that ids are snowflakes."""

SNOWFLAKES_FROM_MS = 1_454_284_800_000
"""1 February 2016."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody before their profile is written.

    Attributes:
        at: their place in the world, from 0.
        verified_type: `none`, `blue`, `business` or `government`, as X says it.
        script: the language of their name, bio and posts.
    """

    at: int
    id: int
    username: str
    name: str
    created_at_ms: int
    script: words.Script = words.LATIN
    state: State = State.ACTIVE
    protected: bool = False
    verified_type: str = "none"
    affiliated: bool = False
    withheld: bool = False
    parody: bool = False

    @property
    def is_open(self) -> bool:
        """Whether everybody may read their posts."""
        return self.state is State.ACTIVE and not self.protected


_FIRST = (
    Member(ALICE, ALICE_ID, "alice", "Alice Quill", COUNTED_FROM_MS + 21 * DAY_MS, verified_type="blue"),
    Member(BOB, BOB_ID, "bob", "Bob Harrow", COUNTED_FROM_MS + 21 * DAY_MS + 1),
    Member(CAROL, CAROL_ID, "carol", "Carol Thistle 🌿", COUNTED_FROM_MS + 21 * DAY_MS + 2),
)


def cast(people_count: int, dice: Dice) -> list[Member]:
    """The first `people_count` people, always the same ones: a larger world goes on where a smaller one ends."""
    members = list(_FIRST)
    ids = {member.id for member in members}
    usernames = {member.username.lower() for member in members}
    for at in range(len(members), people_count):
        created_at_ms, id_ = _birth(dice, ids)
        username = _username(dice, usernames)
        script, name = _name(dice)
        member = Member(at, id_, username, name, created_at_ms, script)
        members.append(_with_fixed_traits(member, dice) if at <= DEACTIVATED else _with_traits(member, dice))
        ids.add(id_)
        usernames.add(username.lower())
    return members


def _birth(dice: Dice, taken: set[int]) -> tuple[int, int]:
    """When an account was made, and an id of that time."""
    if dice.chance(40):
        created_at_ms = dice.between(COUNTED_FROM_MS + 100 * DAY_MS, COUNTED_UNTIL_MS)
        span_ms = COUNTED_UNTIL_MS - COUNTED_FROM_MS
        # Growth by the third power fits both ends of X's first ten years well enough.
        id_ = COUNTED_IDS * (created_at_ms - COUNTED_FROM_MS) ** 3 // span_ms**3
    else:
        created_at_ms = dice.between(SNOWFLAKES_FROM_MS, WORLD_AT_MS - 10 * DAY_MS)
        id_ = snowflake_at(created_at_ms, dice.below(1 << 20) << 1)
    while id_ in taken:
        id_ += 1
    return created_at_ms, id_


def _username(dice: Dice, taken: set[str]) -> str:
    style = dice.pick(words.USERNAMES).format(
        adjective=dice.pick(words.ADJECTIVES),
        noun=dice.pick(words.NOUNS),
        handle=dice.pick(words.HANDLES),
        number=dice.between(2, 99),
    )
    plain = username = style[:MAX_USERNAME_CHARACTERS]
    digits = 1
    while username.lower() in taken:
        ending = str(dice.between(1, 10**digits))
        username = plain[: MAX_USERNAME_CHARACTERS - len(ending)] + ending
        digits = min(digits + 1, 9)
    return username


def _name(dice: Dice) -> tuple[words.Script, str]:
    share = dice.below(100)
    script = words.LATIN if share < 50 else words.ACCENTED if share < 65 else dice.pick(words.SCRIPTS)
    name = script.name.format(given=dice.pick(script.given), family=dice.pick(script.family))
    return script, f"{name} {dice.pick(words.EMOJI)}" if dice.chance(15) else name


def _with_fixed_traits(member: Member, dice: Dice) -> Member:
    if member.at == ORGANISATION:
        return replace(member, verified_type="business", name=words.ORGANISATIONS[0], script=words.LATIN)
    if member.at == PROTECTED:
        return replace(member, protected=True)
    if member.at == AFFILIATED:
        return replace(member, verified_type="blue", affiliated=True)
    if member.at == PARODY:
        return replace(member, parody=True, name=f"{member.name} (parody)")
    if member.at == WITHHELD:
        return replace(member, withheld=True)
    if member.at == GOVERNMENT:
        return replace(member, verified_type="government", name=dice.pick(words.OFFICES), script=words.LATIN)
    states = {SUSPENDED: State.SUSPENDED, DEACTIVATED: State.DEACTIVATED}
    return replace(member, state=states.get(member.at, State.ACTIVE))


def _with_traits(member: Member, dice: Dice) -> Member:
    share = dice.below(100)
    if share < 2:
        return replace(member, verified_type="business", name=dice.pick(words.ORGANISATIONS), script=words.LATIN)
    if share < 3:
        return replace(member, verified_type="government", name=dice.pick(words.OFFICES), script=words.LATIN)
    return replace(
        member,
        state=State.SUSPENDED if share < 6 else State.DEACTIVATED if share < 8 else State.ACTIVE,
        protected=dice.chance(8),
        verified_type="blue" if dice.chance(15) else "none",
        affiliated=dice.chance(4),
        withheld=dice.chance(1),
        parody=dice.chance(2),
    )
