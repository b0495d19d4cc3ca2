import pytest

from tacet.records.people import Person, State
from tests.cast import ALICE, BOB, CAROL, FULL, ORGANISATION
from tests.service import Answer, Service

PATH = "/2/users/1001/blocking"


async def block(service: Service, *targets: Person, source: Person = ALICE) -> list[str]:
    """Block one after the other; return the ids as a list shows them."""
    for target in targets:
        await service.tacet.actions.blocks.block(source.id, target.id)
    return [str(target.id) for target in reversed(targets)]


async def listed(service: Service, query: str = "", token: str = "alice") -> Answer:
    return await service.get(f"{PATH}{query and '?'}{query}", token)


async def test_a_list_has_the_shape_of_the_other_lists(service: Service) -> None:
    await block(service, BOB)
    expected = b'{"data":[{"id":"1002","name":"Bob","username":"Bob_B"}],"meta":{"result_count":1}}'
    assert (await listed(service)).body == expected


async def test_an_empty_list_has_no_data(service: Service) -> None:
    assert (await listed(service)).body == b'{"meta":{"result_count":0}}'


async def test_one_sees_ones_own_blocks_only(service: Service) -> None:
    await block(service, BOB)
    await block(service, ALICE, source=CAROL)
    assert (await listed(service)).ids == [str(BOB.id)]
    assert (await listed(service, token=CAROL.username)).status == 400
    assert (await listed(service, token="app-only")).status == 403


async def test_a_mute_is_on_no_list_of_blocks(service: Service) -> None:
    await service.mute(ALICE, BOB.id)
    await block(service, CAROL)
    assert ((await listed(service)).ids, (await service.page(ALICE)).ids) == ([str(CAROL.id)], [str(BOB.id)])


async def test_whoever_is_blocked_and_muted_is_on_both(service: Service) -> None:
    await block(service, BOB)
    assert (await service.mute(ALICE, BOB.id)).status == 200
    answer = await listed(service, "user.fields=connection_status")
    assert answer.json["data"][0]["connection_status"] == ["blocking", "muting"]


async def test_whoever_is_suspended_is_not_shown_and_comes_back(service: Service) -> None:
    expected = await block(service, BOB, CAROL)
    await service.put(Person(CAROL.id, CAROL.username, CAROL.name, State.SUSPENDED))
    assert (await listed(service)).ids == expected[1:]
    await service.put(CAROL)
    assert (await listed(service)).ids == expected


async def test_a_walk_forward_and_back_shows_everybody_once_each_way(unlimited: Service) -> None:
    expected = await block(unlimited, *await unlimited.crowd(5))
    pages = [await listed(unlimited, "max_results=2")]
    while next_token := pages[-1].json["meta"].get("next_token"):
        pages.append(await listed(unlimited, f"max_results=2&pagination_token={next_token}"))
    assert [id_ for page in pages for id_ in page.ids] == expected
    back = await listed(unlimited, f"max_results=2&pagination_token={pages[1].json['meta']['previous_token']}")
    assert back.body == pages[0].body


@pytest.mark.parametrize("text", ["1710819323648428707", "abc", "0000000000000zzz"])
async def test_anything_else_is_no_token(service: Service, text: str) -> None:
    answer = await listed(service, f"pagination_token={text}")
    sentence = f"The `pagination_token` query parameter value [{text}] is not valid"
    assert (answer.status, answer.messages) == (400, [sentence])


@pytest.mark.parametrize(("size", "status"), [("0", 400), ("1", 200), ("1000", 200), ("1001", 400)])
async def test_pages_have_xs_bounds(service: Service, size: str, status: int) -> None:
    assert (await listed(service, f"max_results={size}")).status == status


async def test_the_list_takes_fields_and_expansions(service: Service) -> None:
    await block(service, ORGANISATION, FULL)
    answer = await listed(service, "user.fields=verified&expansions=affiliation.user_id")
    assert [user["id"] for user in answer.json["includes"]["users"]] == [str(ORGANISATION.id)]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_v2_neither_blocks_nor_unblocks(service: Service, method: str) -> None:
    path = f"{PATH}/{BOB.id}" if method == "DELETE" else PATH
    answer = await service.call("POST" if method == "POST" else "DELETE", path)
    assert answer.status == (405 if method == "POST" else 404)
