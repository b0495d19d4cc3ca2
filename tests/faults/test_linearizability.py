"""The judge is judged: by hand-made histories, by trying all orders, and by stores that are wrong in known ways."""

import itertools
import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.linearizability import NEVER, Operation, Register


def mute(began: int, ended: int = NEVER) -> Operation:
    return Operation(True, True, began, ended)


def unmute(began: int, ended: int = NEVER) -> Operation:
    return Operation(True, False, began, ended)


def muted(began: int, ended: int) -> Operation:
    return Operation(False, True, began, ended)


def not_muted(began: int, ended: int) -> Operation:
    return Operation(False, False, began, ended)


def contradiction(operations: Sequence[Operation]) -> Operation | None:
    return Register().extend(operations)


GOOD = {
    "nothing": [],
    "reads what nobody changed": [not_muted(0, 1)],
    "reads what was written before": [mute(0, 1), muted(2, 3), unmute(4, 5), not_muted(6, 7)],
    "a read beside a write may see either": [mute(0, 9), not_muted(1, 2), muted(3, 4)],
    "two writes at once, in either order": [mute(0, 9), unmute(0, 9), muted(10, 11)],
    "two writes at once, in the other order": [mute(0, 9), unmute(0, 9), not_muted(10, 11)],
    "the later write took effect first": [mute(0, 9), unmute(1, 8), muted(10, 11), muted(12, 13)],
    "overlapping in a chain": [mute(0, 5), unmute(4, 9), mute(8, 12), muted(11, 13), muted(14, 15)],
    "an unanswered write that was made": [mute(0), muted(1, 2), muted(3, 4)],
    "an unanswered write that was never made": [mute(0), not_muted(1, 2), not_muted(100, 101)],
    "an unanswered write that was made late": [mute(0), not_muted(10, 11), muted(12, 13)],
    "two unanswered writes": [mute(0), unmute(0), not_muted(1, 2), muted(3, 4), not_muted(5, 6)],
    "ends and begins at one moment": [mute(0, 5), not_muted(5, 6)],
    "an unanswered read says nothing": [mute(0, 1), Operation(False, False, 2, NEVER)],
}

BAD = {
    "reads what nobody wrote": ([muted(0, 1)], 0),
    "an acknowledged write is lost": ([mute(0, 1), not_muted(2, 3)], 1),
    "a write is lost after it was seen": ([mute(0, 5), muted(1, 2), not_muted(6, 7)], 2),
    "what was undone is back": ([mute(0, 1), unmute(2, 3), not_muted(4, 5), muted(6, 7)], 3),
    "two reads of one write disagree on when": ([mute(0, 9), muted(1, 2), not_muted(3, 4)], 2),
    "an unanswered write is made twice": ([mute(0), muted(1, 2), unmute(3, 4), muted(5, 6)], 3),
    "an unanswered write before it was asked": ([muted(0, 1), mute(2)], 0),
    "an unanswered write that was seen is lost": ([mute(0), muted(1, 2), not_muted(3, 4)], 2),
    "two writes at once, seen in both orders": ([mute(0, 9), unmute(0, 9), muted(10, 11), not_muted(12, 13)], 3),
    "written in order, applied in another": ([mute(0, 1), unmute(2, 3), muted(4, 5)], 2),
}


@pytest.mark.parametrize("history", GOOD.values(), ids=GOOD)
def test_what_can_have_happened_is_accepted(history: Sequence[Operation]) -> None:
    assert contradiction(history) is None


@pytest.mark.parametrize(("history", "at"), BAD.values(), ids=BAD)
def test_what_cannot_have_happened_is_found_where_it_shows(history: Sequence[Operation], at: int) -> None:
    assert contradiction(history) is history[at]


@pytest.mark.parametrize("history", [*GOOD.values(), *(history for history, _ in BAD.values())], ids=[*GOOD, *BAD])
def test_the_order_in_which_operations_are_given_does_not_matter(history: Sequence[Operation]) -> None:
    backwards = list(reversed(history))
    assert (contradiction(backwards) is None) == (contradiction(history) is None)


def test_a_history_in_pieces_is_judged_as_the_whole() -> None:
    register = Register()
    assert register.extend([mute(0), not_muted(1, 2)]) is None
    assert register.values == {False, True}
    late = [muted(10, 11), not_muted(12, 13)]
    assert register.extend(late) is late[1]


@pytest.mark.parametrize(
    ("history", "values"),
    [
        ([], {False}),
        ([mute(0, 1)], {True}),
        ([mute(0)], {False, True}),
        ([mute(0), muted(1, 2)], {True}),
        ([mute(0, 5), unmute(0, 5)], {False, True}),
        ([mute(0, 5), unmute(0, 5), not_muted(6, 7)], {False}),
    ],
    ids=["nothing", "written", "unanswered", "unanswered but seen", "at once", "at once and seen"],
)
def test_what_a_register_may_hold_is_known(history: Sequence[Operation], values: set[bool]) -> None:
    register = Register()
    assert register.extend(history) is None
    assert register.values == values


@pytest.mark.parametrize("later", [[muted(2, 3)], [not_muted(2, 3)]], ids=["made", "not made"])
def test_an_unanswered_write_may_have_been_made_until_its_maker_is_gone(later: Sequence[Operation]) -> None:
    register = Register()
    assert register.extend([mute(0)]) is None
    register.settle()
    assert register.values == {False, True}
    assert register.extend(later) is None


def test_no_unanswered_write_is_made_once_its_maker_is_gone() -> None:
    register = Register()
    assert register.extend([mute(0)]) is None
    register.settle()
    late = [not_muted(2, 3), muted(4, 5)]
    assert register.extend(late) is late[1]


def by_trying_all(history: Sequence[Operation]) -> bool:
    """Whether any order of any choice of unanswered writes explains everything."""
    answered = [each for each in history if not each.is_unknown]
    unknown = [each for each in history if each.is_unknown and each.writes]
    choices = itertools.chain.from_iterable(itertools.combinations(unknown, n) for n in range(len(unknown) + 1))
    return any(explains(order) for chosen in choices for order in itertools.permutations([*answered, *chosen]))


def explains(order: Sequence[Operation]) -> bool:
    value, latest_beginning = False, -1
    for operation in order:
        if operation.ended_ns < latest_beginning:
            return False
        latest_beginning = max(latest_beginning, operation.began_ns)
        if operation.writes:
            value = operation.value
        elif operation.value != value:
            return False
    return True


operations = st.builds(
    lambda writes, value, began, took: Operation(writes, value, began, NEVER if took == 0 else began + took),
    st.booleans(),
    st.booleans(),
    st.integers(0, 12),
    st.integers(0, 8),
)


@given(st.lists(operations, max_size=6))
def test_it_agrees_with_trying_all_orders(history: list[Operation]) -> None:
    assert (contradiction(history) is None) == by_trying_all(history)


FAULTS = 0.05
"""Of the writes of a store that is wrong."""

UNANSWERED = 0.005
"""Of all operations."""

Apply = Callable[["Store", bool, random.Random], None]


class Store:
    """A register that takes effect at once; its faults are functions that write in another way."""

    def __init__(self) -> None:
        self.value = False
        self.late: list[bool] = []

    def read(self) -> bool:
        return self.value


def right(store: Store, value: bool, chance: random.Random) -> None:
    store.value = value


def losing(store: Store, value: bool, chance: random.Random) -> None:
    if chance.random() > FAULTS:
        store.value = value


def reordering(store: Store, value: bool, chance: random.Random) -> None:
    """Keeps some writes back, and makes them after a later one."""
    if chance.random() < FAULTS:
        store.late.append(value)
        return
    store.value = value
    while store.late:
        store.value = store.late.pop()


def reviving(store: Store, value: bool, chance: random.Random) -> None:
    """Goes back to what was there two writes ago, as a database does that came back without its last commits."""
    store.value = value
    store.late = [*store.late[-2:], value]
    if chance.random() < FAULTS:
        store.value = store.late[0]


def run(apply: Apply, seed: int, clients: int = 3, steps: int = 3_000) -> list[Operation]:
    """What clients see of a store; each operation takes effect somewhere between its beginning and its end."""
    chance = random.Random(seed)
    store, history, now = Store(), [], 0
    busy: dict[int, list[int | bool]] = {}
    for _ in range(steps):
        now += 1
        client = chance.randrange(clients)
        if client not in busy:
            if chance.random() < 0.3:
                busy[client] = [now, chance.random() < 0.4, chance.random() < 0.5, False]
            continue
        began, writes, value, is_done = busy[client]
        if not is_done:
            if writes:
                apply(store, bool(value), chance)
            else:
                value = store.read()
            busy[client] = [began, writes, value, True]
        else:
            ended = NEVER if chance.random() < UNANSWERED else now
            history.append(Operation(bool(writes), bool(value), int(began), ended))
            del busy[client]
    history += [Operation(bool(writes), bool(value), int(began), NEVER) for began, writes, value, _ in busy.values()]
    return history


def test_a_store_that_is_right_is_never_blamed() -> None:
    assert [seed for seed in range(100) if contradiction(run(right, seed)) is not None] == []


@pytest.mark.parametrize("wrong", [losing, reordering, reviving])
def test_a_store_that_is_wrong_is_caught(wrong: Apply) -> None:
    """Not in every run: a write that was lost beside another of the same value cannot be seen."""
    caught = [seed for seed in range(100) if contradiction(run(wrong, seed)) is not None]
    assert len(caught) > 50


def test_many_unanswered_writes_do_not_make_it_slow() -> None:
    unanswered = [each for began in range(200) for each in (mute(began), unmute(began))]
    seen = [(muted if n % 2 else not_muted)(1_000 + 2 * n, 1_001 + 2 * n) for n in range(300)]
    assert contradiction([*unanswered, *seen]) is None
    beyond = [(muted if n % 2 else not_muted)(1_000 + 2 * n, 1_001 + 2 * n) for n in range(500)]
    # 200 changes to True, and the first read of True beyond them.
    assert contradiction([*unanswered, *beyond]) is beyond[401]
