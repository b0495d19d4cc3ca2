"""The service against a small model of it: random calls of several people, with restarts and suspensions between."""

import asyncio
import shutil
import tempfile
from bisect import insort
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test

from tacet.clock import ManualClock
from tacet.records.credentials import Access
from tacet.records.people import Person, State
from tests.cast import APP_ID, NOW_MS, UNKNOWN_ID, app, bearer
from tests.service import Answer, Service, opened

SOURCES = [Person(1_000 + n, f"source{n}", f"Source {n}") for n in range(3)]
TARGETS = [Person(2_000 + n, f"target{n}", f"Target {n}") for n in range(12)]
PEOPLE = [*SOURCES, *TARGETS]

sources = st.sampled_from(SOURCES)
everybody = st.sampled_from(PEOPLE)
sizes = st.integers(1, 8)


async def move_in(service: Service, people: list[Person]) -> None:
    """Let people live in an empty service; the sources have keys."""
    await service.store.directory.put_people(people)
    await service.store.credentials.put_app(app(service.vault, APP_ID, Access.READ_WRITE, 1))
    for source in SOURCES:
        await service.store.credentials.put_token(bearer(source.username, source.id))


async def fill(path: Path) -> None:
    """Make a database in which everybody lives."""
    async with opened(path) as service:
        await move_in(service, PEOPLE)


@dataclass(frozen=True)
class Place:
    """A place in a list, between the mutes: where a page token leads."""

    token: str
    source: Person
    after: float
    newer: bool


@dataclass
class Mutes:
    """One source's mutes in the order they were made, as pairs of their number and the target's id."""

    made: list[tuple[int, int]] = field(default_factory=list)

    def number_of(self, target_id: int) -> int | None:
        return next((number for number, id_ in self.made if id_ == target_id), None)

    def page(self, place: Place | None, size: int) -> list[tuple[int, int]]:
        """The mutes of one page, newest first."""
        if place is None:
            return self.made[::-1][:size]
        if place.newer:
            return [each for each in self.made if each[0] > place.after][:size][::-1]
        return [each for each in self.made[::-1] if each[0] < place.after][:size]


class Calls(RuleBasedStateMachine):
    """Any sequence of calls is answered as the model says.

    Attributes:
        template: a database in which everybody lives; each example works on a copy.
    """

    places = Bundle("places")

    template: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="tacet-model-")
        self._path = Path(self._folder.name) / "tacet.db"
        shutil.copy(self.template, self._path)
        self._clock = ManualClock(NOW_MS)
        self._runner = asyncio.Runner()
        self._open = AsyncExitStack()
        self._start()
        self._lists = {source.id: Mutes() for source in SOURCES}
        self._away: set[int] = set()
        self._number = 0

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    def _start(self) -> None:
        context = opened(self._path, self._clock, rate_limits=False)
        self._service: Service = self._run(self._open.enter_async_context(context))

    @rule(source=sources, person=everybody)
    def mute(self, source: Person, person: Person) -> None:
        answer: Answer = self._run(self._service.mute(source, person.id))
        if person is source:
            assert (answer.status, answer.messages) == (400, ["You cannot mute yourself."])
        elif person.id in self._away:
            assert answer.status == 403
        else:
            assert (answer.status, answer.json) == (200, {"data": {"muting": True}})
            mutes = self._lists[source.id]
            if mutes.number_of(person.id) is None:
                self._number += 1
                insort(mutes.made, (self._number, person.id))

    @rule(source=sources, person=everybody)
    def unmute(self, source: Person, person: Person) -> None:
        answer: Answer = self._run(self._service.unmute(source, person.id))
        assert (answer.status, answer.json) == (200, {"data": {"muting": False}})
        mutes = self._lists[source.id]
        mutes.made = [each for each in mutes.made if each[1] != person.id]

    @rule(source=sources)
    def mute_nobody(self, source: Person) -> None:
        assert self._run(self._service.mute(source, UNKNOWN_ID)).status == 404

    @rule(person=st.sampled_from(TARGETS), state=st.sampled_from(State))
    def move(self, person: Person, state: State) -> None:
        self._run(self._service.put(Person(person.id, person.username, person.name, state)))
        (self._away.discard if state is State.ACTIVE else self._away.add)(person.id)

    @rule(ms=st.sampled_from([0, 1, 60_000]))
    def wait(self, ms: int) -> None:
        self._clock.advance(ms)

    @rule()
    def restart(self) -> None:
        self._run(self._open.aclose())
        self._clock.advance(1)
        self._start()

    @rule(target=places, source=sources, size=sizes)
    def first_page(self, source: Person, size: int) -> Any:
        return self._page(source, None, size)

    @rule(target=places, place=places, size=sizes)
    def follow(self, place: Place, size: int) -> Any:
        return self._page(place.source, place, size)

    @rule(source=sources)
    def look_at_everybody(self, source: Person) -> None:
        ids = ",".join(str(person.id) for person in PEOPLE)
        answer = self._run(self._service.get(f"/2/users?ids={ids}&user.fields=connection_status", source.username))
        muted = [int(user["id"]) for user in answer.json["data"] if user["connection_status"] == ["muting"]]
        assert muted == sorted(id_ for _, id_ in self._lists[source.id].made if id_ not in self._away)

    @invariant()
    def whole_lists_are_right(self) -> None:
        for source in SOURCES:
            assert self._run(self._service.page(source)).ids == self._shown(self._lists[source.id].page(None, 100))

    def teardown(self) -> None:
        self._run(self._open.aclose())
        self._runner.close()
        self._folder.cleanup()

    def _shown(self, page: list[tuple[int, int]]) -> list[str]:
        return [str(id_) for _, id_ in page if id_ not in self._away]

    def _page(self, source: Person, place: Place | None, size: int) -> Any:
        query = f"max_results={size}" + (f"&pagination_token={place.token}" if place else "")
        answer: Answer = self._run(self._service.page(source, query))
        mutes = self._lists[source.id]
        page = mutes.page(place, size)
        assert answer.status == 200
        assert answer.ids == self._shown(page)
        meta = answer.json["meta"]
        assert meta["result_count"] == len(answer.ids)
        # An empty page lies just beyond its own place, so that what is at the place itself is found on the way back.
        edge = place.after if place else 0.0
        oldest = page[-1][0] if page else edge + 0.5
        newest = page[0][0] if page else edge - 0.5
        older = any(number < oldest for number, _ in mutes.made)
        newer = place is not None and any(number > newest for number, _ in mutes.made)
        assert ("next_token" in meta, "previous_token" in meta) == (older, newer)
        found = [Place(meta["next_token"], source, oldest, newer=False)] if older else []
        found += [Place(meta["previous_token"], source, newest, newer=True)] if newer else []
        return multiple(*found)


def test_any_sequence_of_calls_is_answered_as_the_model_says(tmp_path: Path) -> None:
    class CallsHere(Calls):
        template = tmp_path / "template.db"

    asyncio.run(fill(CallsHere.template))
    run_state_machine_as_test(CallsHere, settings=settings(max_examples=40, stateful_step_count=40))


@dataclass(frozen=True)
class Change:
    """What happens between two pages: somebody is muted anew, or one of those who may go is unmuted."""

    mutes: bool
    which: int


changes = st.lists(st.lists(st.builds(Change, st.booleans(), st.integers(0, 50)), max_size=4), max_size=60)


class Walk:
    """A walk through Alice's list while others of her mutes come and go."""

    def __init__(self, service: Service, staying: list[str], others: list[str], fresh: list[Person]) -> None:
        self._service = service
        self._staying = staying
        self._others = others
        self._fresh = fresh

    async def change(self, changes: list[Change]) -> None:
        for change in changes:
            if change.mutes and self._fresh:
                person = self._fresh.pop()
                await self._service.mute(SOURCES[0], person.id)
                self._others.append(str(person.id))
            elif not change.mutes and self._others:
                gone = self._others.pop(change.which % len(self._others))
                await self._service.unmute(SOURCES[0], int(gone))

    async def follow(
        self, size: int, name: str, start: Answer, between: Callable[[], list[Change]]
    ) -> tuple[list[str], Answer]:
        """Ids of the pages from `start` on, in the order they came, and the last page."""
        seen, page = list(start.ids), start
        while token := page.json["meta"].get(name):
            await self.change(between())
            page = await self._service.page(SOURCES[0], f"max_results={size}&pagination_token={token}")
            seen = seen + page.ids if name == "next_token" else page.ids + seen
        return seen, page


async def walked(count: int, size: int, leaving: list[bool], script: list[list[Change]]) -> None:
    async with opened(rate_limits=False) as service:
        people = [Person(2_000 + n, f"target{n}", f"Target {n}") for n in range(count + 60)]
        await move_in(service, [*SOURCES, *people])
        for person in people[:count]:
            await service.mute(SOURCES[0], person.id)
        listed = [str(person.id) for person in reversed(people[:count])]
        staying = [id_ for id_, leaves in zip(listed, leaving, strict=False) if not leaves]
        others = [id_ for id_ in listed if id_ not in staying]
        walk = Walk(service, staying, others, people[count:])
        waiting = iter(script)
        first = await service.page(SOURCES[0], f"max_results={size}")
        forward, last = await walk.follow(size, "next_token", first, lambda: next(waiting, []))
        back, _ = await walk.follow(size, "previous_token", last, lambda: next(waiting, []))
        for seen in (forward, back):
            assert len(seen) == len(set(seen))
            assert [id_ for id_ in seen if id_ in staying] == staying


@settings(max_examples=60)
@given(st.integers(0, 30), st.integers(1, 7), st.lists(st.booleans(), min_size=30, max_size=30), changes)
def test_a_walk_shows_every_mute_once_each_way_while_others_come_and_go(
    count: int, size: int, leaving: list[bool], script: list[list[Change]]
) -> None:
    asyncio.run(walked(count, size, leaving, script))
