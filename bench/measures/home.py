"""Pages of a home timeline, over HTTP: for people who mute few and many, from what is kept and from the store."""

from functools import partial

from bench import world
from bench.client import Client
from bench.errors import BenchError
from bench.figures import Figure, Goal, Sense, figure, load_figure
from bench.load import rounds
from bench.stage import Stage

PAGE = 100
"""Posts on a page: what one has that does not ask for a number."""

SHARE_OF_BARE = 0.2
"""Of the bare route's rate, for a page of somebody who mutes a few hundred."""

MAX_SLOWDOWN = 1.3
"""How many times longer it may take for somebody who mutes a great many."""

DEEP_PAGES = 10
"""So many pages down, posts are no longer kept and come from the store."""

BELOW_ID = "/timelines/reverse_chronological"


def measure(stage: Stage) -> list[Figure]:
    """The first page of readers with few and with many mutes, in turn with the bare route, and a deep one."""
    few, many = (f"reader-{mutes}" for mutes in stage.plan.shape.reader_mutes)
    deep = f"{BELOW_ID}?pagination_token={_walk_down(stage, few)}"
    for group, path in ((few, BELOW_ID), (many, BELOW_ID), (few, deep)):
        _warm_up(stage, group, path)
    done = rounds(
        stage.plan.runs,
        {
            "bare": stage.bare_load,
            few: partial(stage.path_load, few, BELOW_ID),
            many: partial(stage.path_load, many, BELOW_ID),
            "deep": partial(stage.path_load, few, deep),
        },
    )
    bare = done["bare"]
    follows = f"home of {PAGE}, following {stage.plan.shape.reader_follows:,}, muting"
    slowdowns = [one.cpu_us / other.cpu_us for one, other in zip(done[many], done[few], strict=True)]
    rates = [one.rate / other.rate for one, other in zip(done[few], done[many], strict=True)]
    goal = Goal(Sense.AT_MOST, MAX_SLOWDOWN, " times")
    return [
        load_figure(
            "home",
            f"{follows} {stage.groups[few].mutes:,}",
            done[few],
            bare,
            Goal(Sense.AT_LEAST, SHARE_OF_BARE, of_bare=True),
        ),
        load_figure("home", f"{follows} {stage.groups[many].mutes:,}", done[many], bare),
        figure("home", "the first of these to the second", rates, " times", goal),
        figure("home", "the second of these to the first, CPU a request", slowdowns, " times"),
        load_figure("home", f"{follows} {stage.groups[few].mutes:,}, older than what is kept", done["deep"], bare),
    ]


def _walk_down(stage: Stage, group: str) -> str:
    """A token far down the home of a group's first person; others' homes go by the same ids."""
    path, authorization = _request(stage, group, BELOW_ID)
    token = ""
    with Client(stage.tacet) as client:
        for _ in range(DEEP_PAGES):
            asked = f"{path}?pagination_token={token}" if token else path
            token = str(client.get_json(asked, authorization)["meta"].get("next_token", token))
    return token


def _warm_up(stage: Stage, group: str, path: str) -> None:
    stage.say(f"warming up: homes of {group}")
    with Client(stage.tacet) as client:
        found = client.get_json(*_request(stage, group, path))["meta"]["result_count"]
        if found != PAGE:
            raise BenchError(f"a page of {PAGE} came with {found} posts: this measures nothing")
        client.walk(
            (f"/2/users/{world.person_id(index)}{path}", f"Bearer {world.bearer_text(index)}")
            for index in stage.groups[group].indexes
        )


def _request(stage: Stage, group: str, path: str) -> tuple[str, str]:
    first = stage.groups[group].first
    return f"/2/users/{world.person_id(first)}{path}", f"Bearer {world.bearer_text(first)}"
