import json
import re

import pytest

from tacet.cli.exits import Exit
from tacet.identity.vault import Vault, new_secret_key
from tacet.ids import SeededRandomness
from tacet.records.accounts import Project
from tacet.records.credentials import Access, App, UserAuthentication
from tacet.records.people import Person
from tacet.store.sqlite.accounts import SqliteAccounts
from tests.cli.conftest import Stored, Tacet

KEY = new_secret_key(SeededRandomness(1))


@pytest.fixture
def _keyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACET_SECRET_KEY", KEY)


@pytest.mark.usefixtures("_keyed")
def test_an_app_is_created_and_its_keys_are_printed(tacet: Tacet, stored: Stored) -> None:
    ended = tacet("app", "create", "--name", "Quiet evenings", "--json")
    assert (ended.code, ended.err) == (Exit.OK, "")
    shown = json.loads(ended.out)
    app = stored(lambda store: store.credentials.app(int(shown["app_id"])))
    assert app is not None
    assert (app.name, app.access) == ("Quiet evenings", Access.READ_WRITE)
    assert (app.consumer_key, app.client_id) == (shown["consumer_key"], shown["client_id"])
    assert str(app.project_id) == shown["project_id"]
    assert Vault(KEY).open(app.consumer_secret_sealed) == shown["consumer_secret"]


@pytest.mark.usefixtures("_keyed")
def test_keys_look_like_xs(tacet: Tacet) -> None:
    shown = json.loads(tacet("app create --name X --json").out)
    assert re.fullmatch(r"[A-Za-z0-9]{25}", shown["consumer_key"])
    assert re.fullmatch(r"[A-Za-z0-9]{50}", shown["consumer_secret"])
    assert re.fullmatch(r"[0-9]{1,19}", shown["app_id"])


@pytest.mark.usefixtures("_keyed")
def test_without_json_each_fact_is_a_line(tacet: Tacet) -> None:
    lines = tacet("app create --name X --standalone").out.splitlines()
    facts = dict(line.split(maxsplit=1) for line in lines)
    assert list(facts) == ["app_id", "project_id", "consumer_key", "consumer_secret", "client_id"]
    assert facts["project_id"] == "none"


PROJECTS = {"one that exists": ("--project 77", 77), "none": ("--standalone", None)}


@pytest.mark.usefixtures("_keyed")
@pytest.mark.parametrize(("options", "project_id"), PROJECTS.values(), ids=PROJECTS)
def test_an_app_is_in_the_project_that_was_asked_for(
    tacet: Tacet, stored: Stored, options: str, project_id: int | None
) -> None:
    app_id = int(json.loads(tacet(f"app create --name X --json {options}").out)["app_id"])
    app = stored(lambda store: store.credentials.app(app_id))
    assert app is not None
    assert app.project_id == project_id


@pytest.mark.usefixtures("_keyed")
@pytest.mark.parametrize("access", Access)
def test_an_app_has_the_access_that_was_asked_for(tacet: Tacet, stored: Stored, access: Access) -> None:
    app_id = int(json.loads(tacet(f"app create --name X --json --access {access}").out)["app_id"])
    app = stored(lambda store: store.credentials.app(app_id))
    assert app is not None
    assert app.access is access


def test_without_a_secret_key_nothing_is_created(tacet: Tacet) -> None:
    ended = tacet("app create --name X")
    assert ended.code == Exit.CONFIGURATION
    assert ended.complaint.startswith("tacet: no secret key: set TACET_SECRET_KEY")
    assert "tacet secrets new" in ended.complaint


def test_with_another_secret_key_than_the_databases_nothing_is_created(
    tacet: Tacet, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACET_SECRET_KEY", new_secret_key(SeededRandomness(2)))
    assert tacet("app create --name X").code == Exit.OK
    before = stored(lambda store: store.revisions())
    monkeypatch.setenv("TACET_SECRET_KEY", KEY)
    ended = tacet("app create --name Y")
    assert (ended.code, ended.out) == (Exit.CONFIGURATION, "")
    assert ended.complaint == (
        "tacet: a stored secret does not open with this secret key: start with the one it was sealed with, "
        "or give that one as the old secret key"
    )
    assert stored(lambda store: store.revisions()) == before


def created(tacet: Tacet, stored: Stored, options: str) -> tuple[dict[str, str], App]:
    """What was printed, and what is stored."""
    shown = json.loads(tacet(f"app create --name X --json {options}").out)
    app = stored(lambda store: store.credentials.app(int(shown["app_id"])))
    assert app is not None
    return shown, app


@pytest.mark.usefixtures("_keyed")
def test_without_a_callback_no_login_is_on_and_the_app_is_nobodys(tacet: Tacet, stored: Stored) -> None:
    shown, app = created(tacet, stored, "")
    assert app.authentication == UserAuthentication()
    assert (app.owner_id, app.client_secret_digest) == (None, b"")
    assert "client_secret" not in shown


@pytest.mark.usefixtures("_keyed")
def test_callbacks_turn_both_logins_on(tacet: Tacet, stored: Stored) -> None:
    options = "--callback https://example.com/cb --callback com.example.app:/cb --website https://example.com"
    shown, app = created(tacet, stored, options)
    callbacks = ("https://example.com/cb", "com.example.app:/cb")
    assert app.authentication == UserAuthentication(True, True, False, callbacks, "https://example.com")
    assert "client_secret" not in shown


@pytest.mark.usefixtures("_keyed")
def test_a_confidential_app_has_a_client_secret_of_which_only_the_digest_is_stored(
    tacet: Tacet, stored: Stored
) -> None:
    shown, app = created(tacet, stored, "--client-type confidential --callback https://example.com/cb")
    assert app.authentication.confidential
    assert app.client_secret_digest == Vault.digest(shown["client_secret"])
    lines = tacet("app create --name X --client-type confidential").out.splitlines()
    assert [line.split()[0] for line in lines][-2:] == ["client_id", "client_secret"]


WRONG = {
    "a callback without https": ("--callback http://example.com/cb", "--callback: http://example.com/cb: http is only"),
    "a callback that is a script": ("--callback javascript:alert(1)", "--callback: javascript:alert(1): the scheme"),
    "a website that is none": ("--website example.com", "--website: Write the whole address"),
    "a name that is too long": (f"--name {'x' * 51}", "--name: It has 51 characters; 50 is the most."),
}


@pytest.mark.usefixtures("_keyed")
@pytest.mark.parametrize(("options", "complaint"), WRONG.values(), ids=WRONG)
def test_what_the_portal_refuses_is_refused_here(tacet: Tacet, stored: Stored, options: str, complaint: str) -> None:
    ended = tacet(f"app create --name X {options}")
    assert (ended.code, ended.out) == (Exit.USAGE, "")
    assert complaint in ended.complaint
    assert stored(lambda store: store.credentials.any_app()) is None


@pytest.mark.usefixtures("_keyed")
def test_a_project_and_none_exclude_each_other(tacet: Tacet) -> None:
    ended = tacet("app create --name X --standalone --project 7")
    assert ended.code == Exit.USAGE
    assert "--standalone and --project exclude each other" in ended.complaint


@pytest.fixture
def _jack(stored: Stored) -> None:
    stored(lambda store: store.directory.put_people([Person(12, "Jack", "Jack"), Person(13, "biz", "Biz")]))


@pytest.mark.usefixtures("_keyed", "_jack")
def test_an_owners_app_is_in_their_portal_in_a_project_of_its_name(tacet: Tacet, stored: Stored) -> None:
    shown, app = created(tacet, stored, "--owner @jack")
    projects = stored(lambda store: store.accounts.projects(12))
    assert [(str(project.id), project.name) for project in projects] == [(shown["project_id"], "X")]
    assert stored(lambda store: store.accounts.apps(12)) == [app]


@pytest.mark.usefixtures("_keyed", "_jack")
def test_an_owners_app_can_join_a_project_of_theirs_or_none(tacet: Tacet, stored: Stored) -> None:
    project_id = created(tacet, stored, "--owner @jack")[1].project_id
    assert created(tacet, stored, f"--owner 12 --project {project_id}")[1].project_id == project_id
    assert created(tacet, stored, "--owner 12 --standalone")[1].project_id is None
    assert len(stored(lambda store: store.accounts.projects(12))) == 1
    assert len(stored(lambda store: store.accounts.apps(12))) == 3


@pytest.mark.usefixtures("_keyed", "_jack")
def test_nobody_is_put_into_somebody_elses_project(tacet: Tacet, stored: Stored) -> None:
    project_id = created(tacet, stored, "--owner @jack")[1].project_id
    for other in (project_id, 77):
        ended = tacet(f"app create --name X --owner @biz --project {other}")
        assert (ended.code, ended.out) == (Exit.FAILED, "")
        assert ended.complaint == f"tacet: @biz has no Project with the id {other}"
    assert stored(lambda store: store.accounts.apps(13)) == []


@pytest.mark.usefixtures("_keyed", "_jack")
def test_an_app_whose_project_is_deleted_meanwhile_is_not_made(
    tacet: Tacet, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(lambda store: store.accounts.add_project(Project(70, 12, "P", "", 0)))
    ask = SqliteAccounts.project

    async def answer(accounts: SqliteAccounts, project_id: int) -> Project | None:
        found = await ask(accounts, project_id)
        await accounts.delete_project(project_id)
        return found

    monkeypatch.setattr(SqliteAccounts, "project", answer)
    ended = tacet("app create --name X --owner @jack --project 70")
    assert ended.code == Exit.FAILED
    assert "the Project 70 was deleted meanwhile: nothing was made" in ended.complaint
    assert stored(lambda store: store.accounts.apps(12)) == []


@pytest.mark.usefixtures("_keyed", "_jack")
@pytest.mark.parametrize("command", ["app create --name X", "app list"])
def test_an_owner_who_is_not_there_is_told(tacet: Tacet, stored: Stored, command: str) -> None:
    ended = tacet(f"{command} --owner @nobody")
    assert (ended.code, ended.out) == (Exit.FAILED, "")
    assert "nobody here is @nobody" in ended.complaint
    assert stored(lambda store: store.credentials.any_app()) is None


@pytest.mark.usefixtures("_keyed", "_jack")
def test_all_apps_are_listed_a_line_each(tacet: Tacet, stored: Stored) -> None:
    mine = created(tacet, stored, "--owner @jack")[0]
    other = json.loads(tacet("app", "create", "--name", "Quiet evenings", "--standalone", "--json").out)
    ended = tacet("app list")
    assert (ended.code, ended.err) == (Exit.OK, "")
    assert [line.split(maxsplit=3) for line in ended.out.splitlines()] == [
        ["app_id", "project_id", "owner", "name"],
        [mine["app_id"], mine["project_id"], "@Jack", "X"],
        [other["app_id"], "none", "none", "Quiet evenings"],
    ]


@pytest.mark.usefixtures("_keyed", "_jack")
def test_an_owners_apps_are_listed_with_everything_but_secrets(tacet: Tacet, stored: Stored) -> None:
    options = "--owner @jack --client-type confidential --callback https://example.com/cb"
    mine, _ = created(tacet, stored, options)
    created(tacet, stored, "--owner @biz")
    listed = tacet("app list --owner @jack --json").out
    assert json.loads(listed) == {
        "apps": [
            {
                "app_id": mine["app_id"],
                "project_id": mine["project_id"],
                "owner": "@Jack",
                "name": "X",
                "access": "read-write",
                "consumer_key": mine["consumer_key"],
                "client_id": mine["client_id"],
                "client_type": "confidential",
                "oauth1": True,
                "oauth2": True,
                "callbacks": ["https://example.com/cb"],
                "website": "",
            }
        ]
    }
    assert mine["consumer_secret"] not in listed
    assert mine["client_secret"] not in listed


def test_where_there_are_no_apps_the_list_says_how_to_make_one(tacet: Tacet) -> None:
    ended = tacet("app list")
    assert (ended.code, ended.out, ended.err) == (Exit.OK, "", "no Apps: `tacet app create` makes one\n")
    assert json.loads(tacet("app list --json").out) == {"apps": []}


@pytest.mark.usefixtures("_keyed")
def test_more_apps_than_are_read_at_once_are_listed(
    tacet: Tacet, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tacet.cli.apps.LISTED_AT_ONCE", 2)
    ids = [created(tacet, stored, "")[0]["app_id"] for _ in range(5)]
    assert [each["app_id"] for each in json.loads(tacet("app list --json").out)["apps"]] == ids
