import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tacet.limits.windows import InProcessWindows, Spent
from tests.cast import APP_ID
from tests.service import Answer, Service, in_memory
from tests.wire.v1.asking import CREATE, IDS, LIST, STATUS, get, path, post

SHOWN = {
    "account": ["/account/verify_credentials"],
    "application": ["/application/rate_limit_status"],
    "friendships": ["/friendships/lookup", "/friendships/show"],
    "mutes": ["/mutes/users/ids", "/mutes/users/list"],
    "users": ["/users/lookup", "/users/show/:id"],
}


def paths(answer: Answer) -> dict[str, list[str]]:
    """The paths of each family, sorted."""
    return {family: sorted(limits) for family, limits in answer.json["resources"].items()}


def recorded_mutes(shared_wire: Path, now_s: int) -> Any:
    """What was recorded of untouched windows."""
    text = (shared_wire / "v1.1.md").read_text()
    [found] = re.findall(r'"mutes":(\{"/mutes/users/list".+?\}\})', text)
    return json.loads(found.replace("<now+900>", str(now_s + 900)))


async def test_every_read_is_listed_by_family(service: Service) -> None:
    assert paths(await get(service, STATUS)) == SHOWN


async def test_untouched_windows_are_full_as_recorded(service: Service, shared_wire: Path) -> None:
    answer = await get(service, STATUS)
    expected = recorded_mutes(shared_wire, service.clock.now_ms() // 1000)
    assert answer.json["resources"]["mutes"] == expected
    assert list(answer.json["resources"]["mutes"]) == list(expected)


async def test_what_was_spent_is_missing(service: Service) -> None:
    for id_ in (IDS, IDS, LIST):
        await get(service, id_)
    service.clock.advance(60_000)
    await get(service, IDS)
    resources = (await get(service, STATUS)).json["resources"]
    begun_s = service.clock.now_ms() // 1000 - 60
    assert resources["mutes"] == {
        "/mutes/users/list": {"limit": 15, "remaining": 14, "reset": begun_s + 900},
        "/mutes/users/ids": {"limit": 15, "remaining": 12, "reset": begun_s + 900},
    }


async def test_asking_costs_one_of_its_own_and_nothing_else(service: Service) -> None:
    for remaining in (179, 178):
        resources = (await get(service, STATUS)).json["resources"]
        assert resources["application"]["/application/rate_limit_status"]["remaining"] == remaining
        assert resources["mutes"]["/mutes/users/ids"]["remaining"] == 15


async def test_what_writes_is_not_listed(service: Service) -> None:
    await post(service, CREATE, user_id="1002")
    assert "create" not in (await get(service, STATUS)).body.decode()


FILTERS = {
    "one": ("mutes", ["mutes"]),
    "some": ("mutes,users", ["mutes", "users"]),
    "blanks": ("mutes, users ,", ["mutes", "users"]),
    "unknown": ("statuses", []),
    "unknown-among-others": ("statuses,mutes", ["mutes"]),
    "empty": ("", list(SHOWN)),
    "commas": (",,", list(SHOWN)),
}


@pytest.mark.parametrize(("wanted", "families"), FILTERS.values(), ids=FILTERS)
async def test_families_can_be_chosen(service: Service, wanted: str, families: list[str]) -> None:
    assert sorted((await get(service, STATUS, resources=wanted)).json["resources"]) == sorted(families)


async def test_slashes_are_escaped_as_everywhere_in_v1(service: Service) -> None:
    assert rb'{"\/mutes\/users\/list":{"limit":15,' in (await get(service, STATUS)).body


async def test_the_context_is_the_token_without_its_secret(service: Service) -> None:
    answer = await get(service, STATUS)
    assert answer.json["rate_limit_context"] == {"access_token": f"1001-{APP_ID}"}
    assert list(answer.json) == ["rate_limit_context", "resources"]


async def test_an_app_on_its_own_is_told_its_key_and_what_it_may_ask_for(service: Service) -> None:
    answer = await service.get(path(STATUS), "app-only")
    assert answer.json["rate_limit_context"] == {"application": f"consumer-{APP_ID}"}
    assert "mutes" not in paths(answer)
    assert "account" not in paths(answer)
    assert "/users/show/:id" in paths(answer)["users"]


async def test_an_apps_windows_are_not_a_persons(service: Service) -> None:
    await get(service, "users/show", user_id="1002")
    alone = (await service.get(path(STATUS), "app-only")).json["resources"]
    assert alone["users"]["/users/show/:id"]["remaining"] == 900


async def test_without_limits_there_is_nothing_to_list() -> None:
    async with in_memory(rate_limits=False) as service:
        assert (await get(service, STATUS)).json["resources"] == {}


async def test_only_windows_that_are_wanted_are_looked_at_and_all_at_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, most = 0, 0
    peek = InProcessWindows.peek

    async def slowly(windows: InProcessWindows, route: str, subject: int) -> Spent | None:
        nonlocal asked, most
        asked += 1
        most = max(most, asked)
        await asyncio.sleep(0)
        asked -= 1
        return await peek(windows, route, subject)

    monkeypatch.setattr(InProcessWindows, "peek", slowly)
    await get(service, STATUS, resources="mutes,users")
    assert most == len(SHOWN["mutes"]) + len(SHOWN["users"])
