import asyncio

import pytest

from tacet.identity.developers.errors import NotADeveloper, NotEmpty, NotThere, Refused
from tacet.identity.developers.projects import MAX_PROJECTS
from tacet.records.accounts import Project
from tests.identity.developers.workshop import BEYOND, DEVELOPER, NOBODY, NOW, OTHER, Workshop


async def test_a_project_is_created_and_listed_for_its_owner_alone(workshop: Workshop) -> None:
    projects = workshop.developers.projects
    made = await projects.create(DEVELOPER, " Quiet  evenings ", "At home")
    assert made == Project(made.id, DEVELOPER, "Quiet evenings", "At home", NOW)
    assert await projects.all(DEVELOPER) == [made]
    assert await projects.one(DEVELOPER, made.id) == made
    assert await projects.all(OTHER) == []


async def test_a_project_is_renamed_and_described(workshop: Workshop) -> None:
    projects = workshop.developers.projects
    made = await projects.create(DEVELOPER, "A", "")
    workshop.clock.advance(1)
    changed = await projects.describe(DEVELOPER, made.id, "B", "C")
    assert changed == Project(made.id, DEVELOPER, "B", "C", NOW)
    assert await projects.one(DEVELOPER, made.id) == changed


async def test_two_projects_may_have_one_name(workshop: Workshop) -> None:
    first, second = await workshop.project(), await workshop.project()
    assert first != second


@pytest.mark.parametrize("name", ["", " ", "a\u202eb"], ids=["empty", "blank", "misleading"])
async def test_a_wrong_name_changes_nothing(workshop: Workshop, name: str) -> None:
    projects = workshop.developers.projects
    made = await projects.create(DEVELOPER, "A", "B")
    for attempt in (projects.create(DEVELOPER, name, ""), projects.describe(DEVELOPER, made.id, name, "")):
        with pytest.raises(Refused) as refused:
            await attempt
        assert set(refused.value.problems) == {"name"}
    assert await projects.all(DEVELOPER) == [made]


async def test_an_empty_project_is_deleted(workshop: Workshop) -> None:
    project_id = await workshop.project()
    await workshop.developers.projects.delete(DEVELOPER, project_id)
    assert await workshop.developers.projects.all(DEVELOPER) == []
    with pytest.raises(NotThere):
        await workshop.developers.projects.delete(DEVELOPER, project_id)


async def test_a_project_with_an_app_stays_until_the_app_is_gone(workshop: Workshop) -> None:
    project_id = await workshop.project()
    app = (await workshop.app(project_id=project_id)).app
    with pytest.raises(NotEmpty):
        await workshop.developers.projects.delete(DEVELOPER, project_id)
    await workshop.developers.apps.delete(DEVELOPER, app.id)
    await workshop.developers.projects.delete(DEVELOPER, project_id)


async def test_of_a_new_app_and_the_deletion_of_its_project_one_loses(workshop: Workshop) -> None:
    project_id = await workshop.project()
    deletion = workshop.developers.projects.delete(DEVELOPER, project_id)
    results = await asyncio.gather(deletion, workshop.app(project_id=project_id), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), NotThere]
    assert await workshop.developers.apps.all(DEVELOPER) == []


async def test_there_are_as_many_projects_as_is_said(workshop: Workshop) -> None:
    made = await asyncio.gather(*(workshop.project() for _ in range(MAX_PROJECTS)))
    with pytest.raises(Refused, match=f"You have {MAX_PROJECTS} Projects"):
        await workshop.project()
    await workshop.project(OTHER)
    await workshop.developers.projects.delete(DEVELOPER, made[0])
    await workshop.project()


async def test_only_developers_make_projects(workshop: Workshop) -> None:
    with pytest.raises(NotADeveloper):
        await workshop.project(NOBODY)


@pytest.mark.parametrize("which", ["somebody else's", "unknown", "impossible"])
async def test_a_project_that_is_not_ones_own_is_not_there(workshop: Workshop, which: str) -> None:
    others = await workshop.project(OTHER)
    project_id = {"somebody else's": others, "unknown": 12345, "impossible": BEYOND}[which]
    projects = workshop.developers.projects
    for attempt in (
        projects.one(DEVELOPER, project_id),
        # What is asked for is wrong too: even that must not tell whether the Project exists.
        projects.describe(DEVELOPER, project_id, "", ""),
        projects.delete(DEVELOPER, project_id),
    ):
        with pytest.raises(NotThere):
            await attempt
    assert [project.name for project in await projects.all(OTHER)] == ["Evenings"]
