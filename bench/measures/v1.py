"""Pages of ids in v1.1, signed: thousands of ids each, of a list that is longer than what is remembered."""

import random
from collections.abc import Callable, Mapping

from bench import world
from bench.client import Client
from bench.errors import BenchError
from bench.figures import Figure, Goal, Sense, load_figure
from bench.load import Load, rounds
from bench.signing import signed
from bench.stage import Stage
from tacet.clock import SystemClock

PAGE = 5_000
"""Ids on a full page."""

PAGES_A_SECOND = 600.0
"""To be served where the same page is asked for, with everybody on it known."""

MOST_A_SECOND = 3_000
"""So many requests are signed for each second, more than any run can send: at 100 KB each they would be 300 MB/s."""

PATH = "/1.1/mutes/users/ids.json"

X = ("https", "api.x.com")
"""What most SDKs sign for, wherever their requests go."""

Query = Mapping[str, str]


def measure(stage: Stage) -> list[Figure]:
    """The first page of the longest list over and over, and pages anywhere in it, in turn."""
    pages = _Pages(stage)
    pages.warm_up()
    done = rounds(
        stage.plan.runs,
        {
            "bare": stage.bare_load,
            "first": pages.load("the first page of ids", dict),
            "any": pages.load("any page of ids", pages.anywhere),
        },
    )
    goal = Goal(Sense.AT_LEAST, PAGES_A_SECOND, "/s")
    return [
        load_figure("v1", f"v1.1: page of {PAGE:,} ids", done["first"], done["bare"], goal),
        load_figure("v1", f"v1.1: page of {PAGE:,} ids, of people hardly ever asked for", done["any"], done["bare"]),
    ]


class _Pages:
    """Signed requests for pages of the longest list there is."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._group = stage.groups[f"list-{stage.plan.shape.lengths[-1]}"]
        self._clock = SystemClock()
        self._dice = random.Random()
        self._path = stage.scratch / "v1.requests"

    def warm_up(self) -> None:
        """Ask once, and see that it is a whole page.

        Raises:
            BenchError: it has more or fewer ids than it should have.
        """
        self._stage.say("warming up: a page of ids")
        with Client(self._stage.tacet) as client:
            found = len(client.get_json(PATH, self._signed({}))["ids"])
        if found != min(PAGE, self._group.mutes):
            raise BenchError(f"a page of {PAGE:,} ids came with {found}: this measures nothing")

    def anywhere(self) -> Query:
        """Asks for a page that starts at random; for a full one, where the list is longer than two pages."""
        oldest = min(PAGE, self._group.mutes // 2)
        nth = self._dice.randrange(oldest, self._group.mutes)
        return {"cursor": str(world.position(self._group.first, nth))}

    def load(self, what: str, query: Callable[[], Query]) -> Callable[[int], Load]:
        """A load of pages; `query` is asked for each of them."""

        def run(number: int) -> Load:
            self._stage.say(f"signing requests for {what}")
            with self._path.open("w", encoding="ascii") as file:
                file.writelines(self._line(query()) for _ in range(MOST_A_SECOND * self._stage.plan.seconds))
            self._stage.say(f"round {number}: {what}")
            return self._stage.load(self._stage.tacet, "lines", str(self._path))

        return run

    def _line(self, query: Query) -> str:
        target = "&".join(f"{name}={value}" for name, value in query.items())
        return f"GET\t{PATH}{target and '?'}{target}\t{self._signed(query)}\n"

    def _signed(self, query: Query) -> str:
        return signed(self._group.first, PATH, query, X, self._clock.now_ms() // 1000, self._dice)
