import pytest

from tacet.identity.developers.errors import Refused
from tacet.records.accounts import Developer
from tests.identity.developers.workshop import DEVELOPER, NOBODY, NOW, USE_CASE, Workshop


async def test_signing_up_makes_a_developer(workshop: Workshop) -> None:
    accounts = workshop.developers.accounts
    assert await accounts.find(NOBODY) is None
    assert await accounts.sign_up(NOBODY, f" {USE_CASE}\n", agreed=True) == Developer(NOBODY, USE_CASE, NOW)
    assert await accounts.find(NOBODY) == Developer(NOBODY, USE_CASE, NOW)


async def test_signing_up_again_changes_what_is_built_and_not_since_when(workshop: Workshop) -> None:
    workshop.clock.advance(1)
    await workshop.developers.accounts.sign_up(DEVELOPER, f"{USE_CASE}, and at home", agreed=True)
    found = await workshop.developers.accounts.find(DEVELOPER)
    assert found == Developer(DEVELOPER, f"{USE_CASE}, and at home", NOW)


@pytest.mark.parametrize(
    ("use_case", "agreed", "fields"),
    [
        pytest.param(USE_CASE, False, {"agreed"}, id="not agreed"),
        pytest.param("hi", True, {"use_case"}, id="too little said"),
        pytest.param("", False, {"use_case", "agreed"}, id="neither"),
    ],
)
async def test_without_a_use_case_or_agreement_there_is_no_account(
    workshop: Workshop, use_case: str, agreed: bool, fields: set[str]
) -> None:
    with pytest.raises(Refused) as refused:
        await workshop.developers.accounts.sign_up(NOBODY, use_case, agreed)
    assert set(refused.value.problems) == fields
    assert await workshop.developers.accounts.find(NOBODY) is None
