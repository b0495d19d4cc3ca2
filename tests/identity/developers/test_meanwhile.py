"""What becomes of a developer's action where another server, or another command, was faster.

One developer's actions take turns, but the lock that sees to it goes with its connection.
"""

from collections.abc import Awaitable, Callable

import pytest

from tacet.identity.developers.errors import NotThere
from tacet.store.base import StoreBusy
from tests.identity.developers.workshop import DEVELOPER, Workshop
from tests.identity.meanwhile import meanwhile

Change = Callable[[Workshop, int], Awaitable[object]]

CHANGES: dict[str, Change] = {
    "describe": lambda workshop, app_id: workshop.developers.apps.describe(DEVELOPER, app_id, "B", "C"),
    "authentication": lambda workshop, app_id: workshop.authenticate(app_id, oauth1=True),
    "consumer-key": lambda workshop, app_id: workshop.developers.keys.renew_consumer_key(DEVELOPER, app_id),
    "client-secret": lambda workshop, app_id: workshop.developers.keys.renew_client_secret(DEVELOPER, app_id),
}
"""What changes an App."""

MAKING: dict[str, Change] = {
    "own-token": lambda workshop, app_id: workshop.developers.keys.renew_own_token(DEVELOPER, app_id),
    "bearer": lambda workshop, app_id: workshop.developers.keys.renew_bearer(DEVELOPER, app_id),
}
"""What makes something of it."""


async def confidential_app(workshop: Workshop) -> int:
    app = (await workshop.app()).app
    await workshop.authenticate(app.id, client_type="confidential")
    return app.id


@pytest.mark.parametrize("change", [*CHANGES.values(), *MAKING.values()], ids=[*CHANGES, *MAKING])
async def test_an_app_that_was_deleted_is_not_there_and_does_not_come_back(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    app_id, store = await confidential_app(workshop), workshop.store
    meanwhile(monkeypatch, store.credentials, "app", lambda: store.accounts.delete_app(app_id))
    with pytest.raises(NotThere):
        await change(workshop, app_id)
    assert await store.credentials.app(app_id) is None
    assert await store.consents.own_token(app_id, DEVELOPER) is None
    assert await store.credentials.app_only_token(app_id) is None


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
async def test_no_change_undoes_another(workshop: Workshop, monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    """As where the secret key is replaced at the command line while an App is renamed."""
    app_id, store = await confidential_app(workshop), workshop.store
    meanwhile(monkeypatch, store.credentials, "app", lambda: store.credentials.reseal(lambda sealed: sealed + b"!"))
    with pytest.raises(StoreBusy, match="the App was changed at the same time; nothing was written"):
        await change(workshop, app_id)
    resealed = await workshop.stored(app_id)
    assert resealed.consumer_secret_sealed.endswith(b"!")
    await change(workshop, app_id)
    assert await workshop.stored(app_id) != resealed


async def test_an_app_that_is_moved_as_its_new_project_is_deleted_stays_where_it_is(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, project_id = (await workshop.app()).app, await workshop.project()
    accounts = workshop.store.accounts
    meanwhile(monkeypatch, accounts, "project", lambda: accounts.delete_project(project_id))
    with pytest.raises(NotThere):
        await workshop.developers.apps.move(DEVELOPER, app.id, project_id)
    assert await workshop.stored(app.id) == app


async def test_no_app_is_made_in_a_project_that_was_deleted(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_id, accounts = await workshop.project(), workshop.store.accounts
    meanwhile(monkeypatch, accounts, "project", lambda: accounts.delete_project(project_id))
    with pytest.raises(NotThere):
        await workshop.app(project_id=project_id)
    assert await workshop.developers.apps.all(DEVELOPER) == []


async def test_a_project_that_was_deleted_does_not_come_back(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_id, accounts = await workshop.project(), workshop.store.accounts
    meanwhile(monkeypatch, accounts, "project", lambda: accounts.delete_project(project_id))
    with pytest.raises(NotThere):
        await workshop.developers.projects.describe(DEVELOPER, project_id, "B", "C")
    assert await accounts.projects(DEVELOPER) == []
