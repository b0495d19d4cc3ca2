"""Random sequences of changes, compared after each with a dictionary that does the same by the documentation."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from tacet.records.relations import MAX_POSITION, Kind, Relation
from tacet.store.base import Row, Store
from tests.store.building import NOW
from tests.store.conftest import Fresh

KINDS = st.sampled_from([Kind.MUTE, Kind.FOLLOW])
SOURCES = st.integers(1, 2)
TARGETS = st.integers(10, 15)
# So few that they collide, with gaps that are filled and passed over.
POSITIONS = st.integers(0, 8).map(lambda number: 2 * number)
LIMITS = st.integers(1, 7)

Key = tuple[Kind, int, int]


@dataclass
class Model:
    """What should be stored, by kind, source and target: position and end. Ended rows stay until they are swept."""

    now_ms: int = NOW
    rows: dict[Key, tuple[int, int | None]] = field(default_factory=dict)

    def holds(self, key: Key) -> bool:
        end_at_ms = self.rows[key][1] if key in self.rows else 0
        return end_at_ms is None or end_at_ms > self.now_ms

    def list(self, kind: Kind, source_id: int) -> list[Row]:
        rows = [(k[2], row[0]) for k, row in self.rows.items() if k[:2] == (kind, source_id) and self.holds(k)]
        return sorted(rows, key=lambda row: -row[1])

    def free_positions(self, key: Key, position: int) -> set[int]:
        """Where it may go: a row's own old position may or may not count as taken when it is revived."""
        others = {row[0] for k, row in self.rows.items() if k[:2] == key[:2] and k != key}
        own = {self.rows[key][0]} if key in self.rows else set()
        return {_next_free(position, others), _next_free(position, others | own)}


def _next_free(position: int, taken: set[int]) -> int:
    while position in taken:
        position += 2
    return position


@dataclass(frozen=True)
class Add:
    key: Key
    position: int
    lasts_ms: int | None

    async def apply(self, store: Store, model: Model) -> None:
        end_at_ms = None if self.lasts_ms is None else model.now_ms + self.lasts_ms
        held = model.holds(self.key)
        if held and self.position == model.rows[self.key][0]:
            return  # no position is ever given twice to one target
        is_new = await store.relations.add(Relation(*self.key, self.position, end_at_ms), model.now_ms)
        assert is_new is not held
        if held:
            position, end_before = model.rows[self.key]
            model.rows[self.key] = (position, end_before if end_at_ms is None else end_at_ms)
            return
        kind, source_id, target_id = self.key
        rows = await store.relations.older(kind, source_id, MAX_POSITION, 100, model.now_ms)
        position = dict(rows)[target_id]
        assert position in model.free_positions(self.key, self.position)
        model.rows[self.key] = (position, end_at_ms)


@dataclass(frozen=True)
class Remove:
    key: Key

    async def apply(self, store: Store, model: Model) -> None:
        held = model.holds(self.key)
        assert await store.relations.remove(*self.key, model.now_ms) is held
        model.rows.pop(self.key, None)


@dataclass(frozen=True)
class Wait:
    ms: int

    async def apply(self, store: Store, model: Model) -> None:
        model.now_ms += self.ms


@dataclass(frozen=True)
class Sweep:
    async def apply(self, store: Store, model: Model) -> None:
        ended = [key for key in model.rows if not model.holds(key)]
        assert await store.relations.sweep(model.now_ms, 100) == len(ended)
        for key in ended:
            del model.rows[key]


@dataclass(frozen=True)
class Look:
    """Read a stretch both ways from anywhere."""

    kind: Kind
    source_id: int
    position: int
    limit: int

    async def apply(self, store: Store, model: Model) -> None:
        rows = model.list(self.kind, self.source_id)
        asked = (self.kind, self.source_id, self.position, self.limit, model.now_ms)
        older = [row for row in rows if row[1] < self.position][: self.limit]
        newer = [row for row in reversed(rows) if row[1] > self.position][: self.limit]
        assert await store.relations.older(*asked) == older
        assert await store.relations.newer(*asked) == newer
        packed = await store.relations.packed(*asked)
        assert packed.target_ids == [target_id for target_id, _ in older]
        goes_on = older and any(row[1] < older[-1][1] for row in rows)
        assert packed.older_than == (older[-1][1] if goes_on else None)


KEYS = st.tuples(KINDS, SOURCES, TARGETS)
STEPS = st.one_of(
    st.builds(Add, KEYS, POSITIONS, st.none() | st.integers(1, 20)),
    st.builds(Remove, KEYS),
    st.builds(Wait, st.integers(1, 15)),
    st.builds(Sweep),
    st.builds(Look, KINDS, SOURCES, st.integers(-1, 40), LIMITS),
)


async def compare(store: Store, model: Model) -> None:
    for kind in (Kind.MUTE, Kind.FOLLOW):
        for source_id in (1, 2):
            rows = await store.relations.older(kind, source_id, MAX_POSITION, 100, model.now_ms)
            assert rows == model.list(kind, source_id)
            targets = await store.relations.which(kind, source_id, range(20), model.now_ms)
            assert targets == {target_id for target_id, _ in rows}
    for target_id in range(10, 16):
        sources = await store.relations.who(Kind.FOLLOW, [1, 2, 3], target_id, model.now_ms)
        assert sources == {source_id for source_id in (1, 2) if model.holds((Kind.FOLLOW, source_id, target_id))}


@given(steps=st.lists(STEPS, max_size=30))
@settings(max_examples=50, deadline=None)
async def test_a_store_does_what_its_documentation_says(
    fresh: Fresh, steps: list[Add | Remove | Wait | Sweep | Look]
) -> None:
    async with fresh() as store:
        model = Model()
        for step in steps:
            await step.apply(store, model)
        await compare(store, model)
