import re

import pytest

from tacet.pages.portal.usage import BOTTOM, HEIGHT, HOURS, LEFT, RIGHT, TOP, WIDTH, draw, round_top
from tacet.records.accounts import Usage
from tests.pages.portal.desk import Desk, shown

HOUR = 459_000
FLOOR = HEIGHT - BOTTOM


def test_there_is_a_bar_for_every_hour_of_a_day_up_to_now() -> None:
    chart = draw([], HOUR)
    assert len(chart.bars) == HOURS
    hours = [int(bar.hour[:2]) for bar in chart.bars]
    assert hours == [(HOUR + 1 + n) % 24 for n in range(24)]
    assert (chart.requests, chart.refused) == (0, 0)


def test_bars_are_as_high_as_their_share_and_refused_ones_stand_on_top() -> None:
    bar = draw([Usage(1, HOUR, 100, 25)], HOUR).bars[-1]
    room = FLOOR - TOP
    assert (bar.answered, bar.refused) == (75, 25)
    assert bar.answered_height == pytest.approx(room * 0.75, abs=0.1)
    assert bar.answered_y + bar.answered_height == pytest.approx(FLOOR, abs=0.1)
    assert bar.refused_y == pytest.approx(TOP, abs=0.1)
    assert bar.refused_y + bar.refused_height == pytest.approx(bar.answered_y, abs=0.1)


def test_hours_before_the_day_are_left_out() -> None:
    chart = draw([Usage(1, HOUR - HOURS, 500, 500), Usage(1, HOUR - HOURS + 1, 3, 1), Usage(1, HOUR, 4, 0)], HOUR)
    assert (chart.requests, chart.refused) == (7, 1)
    assert (chart.bars[0].answered, chart.bars[0].refused, chart.bars[-1].answered) == (2, 1, 4)


@pytest.mark.parametrize("most", [0, 1, 2, 3, 7, 99, 100, 101, 12_345, 999_999, 5_000_001])
def test_everything_stays_within_the_drawing(most: int) -> None:
    chart = draw([Usage(1, HOUR - n, most, most // 2) for n in range(HOURS)], HOUR)
    for bar in chart.bars:
        assert bar.x >= LEFT
        assert bar.x + chart.bar_width <= WIDTH - RIGHT
        assert TOP <= bar.refused_y <= bar.answered_y <= FLOOR
    assert all(TOP <= line.y <= FLOOR for line in chart.lines)


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, 2), (1, 2), (2, 2), (3, 4), (4, 4), (5, 10), (11, 20), (21, 40), (41, 100), (101, 200), (999_999, 1_000_000)],
)
def test_the_axis_ends_at_a_round_number_with_a_round_half(most: int, top: int) -> None:
    assert round_top(most) == top
    assert top % 2 == 0


@pytest.mark.parametrize(
    ("most", "texts"), [(2, ["1", "2"]), (900, ["500", "1k"]), (3_000, ["2k", "4k"]), (2_000_000, ["1M", "2M"])]
)
def test_the_axis_is_short_of_words(most: int, texts: list[str]) -> None:
    assert [line.text for line in draw([Usage(1, HOUR, most, 0)], HOUR).lines] == texts


def test_labels_stand_every_six_hours() -> None:
    assert [bar.label for bar in draw([], 0).bars if bar.label] == ["06:00", "12:00", "18:00", "00:00"]


async def test_requests_are_in_the_chart_at_once_and_in_numbers(desk: Desk) -> None:
    app_id = await desk.app(str(await desk.project()))
    assert "No request yet." in (await desk.get(f"/portal/apps/{app_id}")).text
    bearer = shown(await desk.key(app_id, "renew-bearer"))["Bearer token"]
    for _ in range(3):
        assert (await desk.service.get("/2/users/by/username/alice", bearer)).status == 200
    screen = await desk.get(f"/portal/apps/{app_id}")
    assert "3 requests, none of them refused by a rate limit (429)." in screen.text
    assert re.search(r"<tr><td>13:00</td><td>3</td><td>0</td></tr>", screen.html)


async def test_refused_requests_are_told_apart(desk: Desk) -> None:
    app_id = await desk.app()
    hour = desk.service.clock.now_ms() // 3_600_000
    await desk.service.store.accounts.add_usage([Usage(app_id, hour - 1, 1_200, 200), Usage(app_id, hour, 1, 0)])
    screen = await desk.get(f"/portal/apps/{app_id}")
    assert "1,201 requests, 200 of them refused by a rate limit (429)." in screen.text
    assert re.search(r"<tr><td>12:00</td><td>1,200</td><td>200</td></tr>", screen.html)
    assert screen.html.count('<rect class="answered"') == 2
    assert screen.html.count('<rect class="refused"') == 1


async def test_the_drawing_says_what_it_is_to_who_does_not_see_it(desk: Desk) -> None:
    app_id = await desk.app()
    hour = desk.service.clock.now_ms() // 3_600_000
    await desk.service.store.accounts.add_usage([Usage(app_id, hour, 1, 0)])
    screen = await desk.get(f"/portal/apps/{app_id}")
    drawing = next(given for tag, given in screen.tags if tag == "svg")
    ids = {given.get("id") for tag, given in screen.tags if tag in {"title", "desc"}}
    assert drawing["role"] == "img"
    assert set(drawing["aria-labelledby"].split()) <= ids
