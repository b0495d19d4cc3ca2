from tacet.identity.developers.projects import MAX_PROJECTS
from tests.pages.portal.desk import Desk, errors, values


async def test_a_project_is_made_renamed_and_deleted(desk: Desk) -> None:
    made = await desk.send("/portal/projects/new", name="Evenings", description="At home")
    assert (made.status, made.heading) == (200, "Evenings")
    assert "Your Project was made" in made.text
    path = made.path.partition("?")[0]
    renamed = await desk.send(path, name="Mornings", description="")
    assert (renamed.heading, values(renamed)["description"]) == ("Mornings", "")
    gone = await desk.send(f"{path}/delete")
    assert gone.path == "/portal?done=project-deleted"
    assert (await desk.get(path)).status == 404


async def test_a_wrong_name_is_shown_again_beside_what_was_typed(desk: Desk) -> None:
    path = f"/portal/projects/{await desk.project()}"
    for where in ("/portal/projects/new", path):
        screen = await desk.send(where, name="a\u202eb", description="Kept")
        assert screen.status == 422
        assert "U+202E" in errors(screen)["name"]
        assert values(screen) == {"name": "a\u202eb", "description": "Kept"}
    assert (await desk.get(path)).heading == "Evenings"


async def test_markup_in_names_is_shown_and_never_done(desk: Desk) -> None:
    project_id = await desk.project("<b>Bold</b>")
    await desk.app(str(project_id), "<i>Sly</i>")
    for path in ("/portal", f"/portal/projects/{project_id}", f"/portal/projects/{project_id}/delete"):
        screen = await desk.get(path)
        assert "&lt;b&gt;Bold" in screen.html
        assert "<b>" not in screen.html
        assert "<i>" not in screen.html


async def test_a_project_with_apps_says_why_it_cannot_be_deleted(desk: Desk) -> None:
    project_id = await desk.project()
    path = f"/portal/projects/{project_id}/delete"
    csrf = (await desk.get(path)).csrf
    await desk.app(str(project_id))
    assert "Only empty Projects can be deleted" in (await desk.get(path)).text
    assert path not in [form.action for form in (await desk.get(path)).forms]
    # The form was on screen before the App was made.
    screen = await desk.browser.post(path, {"csrf": csrf})
    assert "Only empty Projects can be deleted" in screen.text
    assert (await desk.get(f"/portal/projects/{project_id}")).status == 200


async def test_one_project_too_many_says_so(desk: Desk) -> None:
    for _ in range(MAX_PROJECTS):
        await desk.project()
    screen = await desk.send("/portal/projects/new", name="One more")
    assert screen.status == 422
    assert f"You have {MAX_PROJECTS} Projects" in screen.text
    assert 'role="alert"' in screen.html


async def test_who_sees_a_name_is_said_beside_it(desk: Desk) -> None:
    assert "Only you see it." in (await desk.get("/portal/projects/new")).text
    assert "Only you see it." in (await desk.get(f"/portal/projects/{await desk.project()}")).text
    assert "People see it." in (await desk.get(f"/portal/apps/{await desk.app()}")).text
