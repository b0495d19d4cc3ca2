"""Pages of a list, over HTTP."""

from functools import partial

from bench.figures import Figure, Goal, Sense, load_figure
from bench.load import rounds
from bench.stage import Stage

SIMULATOR_PAGE_100 = 450.0
SIMULATOR_PAGE_1000 = 81.0
"""Requests a second reported for X's own simulator; not measured here."""

TIMES_SIMULATOR = 12
"""How many times that many pages of 1,000 are to be served."""

SHARE_OF_BARE = 0.45
"""Of the bare route's rate, for a page of 100."""


def of_hundred(stage: Stage) -> list[Figure]:
    """A page of 100 of a random person of the crowd."""
    goal = Goal(Sense.AT_LEAST, SHARE_OF_BARE, of_bare=True)
    return [_pages(stage, "page-100", "page of 100", "crowd", "", goal, reported=SIMULATOR_PAGE_100)]


def of_thousand(stage: Stage) -> list[Figure]:
    """A page of 1,000 of a random person who mutes as many."""
    goal = Goal(Sense.AT_LEAST, TIMES_SIMULATOR * SIMULATOR_PAGE_1000, "/s")
    query = "?max_results=1000"
    return [_pages(stage, "page-1000", "page of 1,000", "heavy", query, goal, reported=SIMULATOR_PAGE_1000)]


def of_strangers(stage: Stage) -> list[Figure]:
    """A page of 100 accounts that are hardly ever in the cache, because they are anybody out of a million."""
    return [_pages(stage, "page-cold", "page of 100, of people hardly ever asked for", "wide", "")]


def _pages(
    stage: Stage, measure: str, label: str, group: str, query: str, *goals: Goal, reported: float | None = None
) -> Figure:
    stage.warm_up(group, query)
    done = rounds(stage.plan.runs, {"bare": stage.bare_load, "page": partial(stage.page_load, group, query)})
    return load_figure(measure, label, done["page"], done["bare"], *goals, reported=reported)
