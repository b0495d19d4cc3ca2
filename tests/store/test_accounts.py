"""What every store's `AccountStore` must do."""

from dataclasses import replace

import pytest

from tacet.records.accounts import Developer, Password, Project, Session, Usage
from tacet.store.base import Conflict, Store
from tests.store.building import NOW, UNSTORABLE, app, code, grant, refresh_token, request_token, token

SESSION = Session(b"\x00\xff" * 16, 7, NOW, NOW + 1, NOW + 2)
PROJECT = Project(70, 7, "漢字's", "Mutes 🦊", NOW)
HOUR = NOW // 3_600_000


class TestPasswords:
    async def test_a_password_comes_back_and_is_replaced(self, store: Store) -> None:
        assert await store.accounts.password(7) is None
        for kept in (Password(7, "$argon2id$v=19$one", NOW), Password(7, "$argon2id$v=19$two", NOW + 1)):
            await store.accounts.put_password(kept)
            assert await store.accounts.password(7) == kept
        assert await store.accounts.password(8) is None

    async def test_a_new_one_ends_the_persons_sessions_and_no_others(self, store: Store) -> None:
        other = replace(SESSION, digest=b"other", user_id=8)
        await store.accounts.put_session(SESSION)
        await store.accounts.put_session(other)
        await store.accounts.put_password(Password(7, "$argon2id$", NOW))
        assert await store.accounts.session(SESSION.digest) is None
        assert await store.accounts.session(b"other") == other

    async def test_one_may_be_replaced_only_where_it_is_still_theirs(self, store: Store) -> None:
        accounts, first, second = (
            store.accounts,
            Password(7, "$argon2id$one", NOW),
            Password(7, "$argon2id$two", NOW + 1),
        )
        third = Password(7, "$argon2id$three", NOW + 2)
        assert not await accounts.put_password(first, replacing=second)
        assert await accounts.password(7) is None
        assert await accounts.put_password(first)
        assert await accounts.recode_password(first, "$argon2id$again")
        assert await accounts.put_password(second, replacing=first)
        await accounts.put_session(SESSION)
        assert not await accounts.put_password(third, replacing=first)
        assert await accounts.password(7) == second
        assert await accounts.session(SESSION.digest) == SESSION

    async def test_another_form_of_the_same_one_ends_no_session(self, store: Store) -> None:
        kept = Password(7, "$argon2id$one", NOW)
        await store.accounts.put_password(kept)
        await store.accounts.put_session(SESSION)
        assert await store.accounts.recode_password(kept, "$argon2id$two")
        assert await store.accounts.password(7) == Password(7, "$argon2id$two", NOW)
        assert await store.accounts.session(SESSION.digest) == SESSION
        assert not await store.accounts.recode_password(kept, "$argon2id$three")
        assert await store.accounts.password(7) == Password(7, "$argon2id$two", NOW)

    async def test_one_that_is_dropped_takes_the_sessions_along(self, store: Store) -> None:
        await store.accounts.put_password(Password(7, "$argon2id$one", NOW))
        await store.accounts.put_session(SESSION)
        assert await store.accounts.drop_password(7)
        assert await store.accounts.password(7) is None
        assert await store.accounts.session(SESSION.digest) is None
        assert not await store.accounts.drop_password(7)


class TestSessions:
    async def test_a_session_comes_back_as_it_was_put(self, store: Store) -> None:
        await store.accounts.put_session(SESSION)
        assert await store.accounts.session(SESSION.digest) == SESSION
        assert await store.accounts.session(SESSION.digest[:-1]) is None

    async def test_two_of_one_digest_are_a_conflict(self, store: Store) -> None:
        await store.accounts.put_session(SESSION)
        with pytest.raises(Conflict):
            await store.accounts.put_session(replace(SESSION, user_id=8))
        assert await store.accounts.session(SESSION.digest) == SESSION

    async def test_its_use_is_noted_and_never_goes_back(self, store: Store) -> None:
        await store.accounts.put_session(SESSION)
        await store.accounts.touch_session(SESSION.digest, NOW + 60_000)
        await store.accounts.touch_session(SESSION.digest, NOW + 30_000)
        await store.accounts.touch_session(b"unknown", NOW)
        assert await store.accounts.session(SESSION.digest) == replace(SESSION, seen_at_ms=NOW + 60_000)

    async def test_it_ends_once(self, store: Store) -> None:
        await store.accounts.put_session(SESSION)
        assert await store.accounts.end_session(SESSION.digest)
        assert not await store.accounts.end_session(SESSION.digest)
        assert await store.accounts.session(SESSION.digest) is None

    async def test_all_of_a_person_end(self, store: Store) -> None:
        for number, user_id in enumerate((7, 7, 8)):
            await store.accounts.put_session(replace(SESSION, digest=bytes([number]), user_id=user_id))
        assert await store.accounts.end_sessions(7) == 2
        assert await store.accounts.end_sessions(7) == 0
        assert await store.accounts.session(b"\x02") is not None


class TestDevelopers:
    async def test_a_developer_comes_back(self, store: Store) -> None:
        kept = Developer(UNSTORABLE - 1, "Line one\nline 'two'", NOW)
        await store.accounts.put_developer(kept)
        assert await store.accounts.developer(kept.person_id) == kept
        assert await store.accounts.developer(7) is None

    async def test_putting_again_replaces_the_use_case(self, store: Store) -> None:
        await store.accounts.put_developer(Developer(7, "first", NOW))
        await store.accounts.put_developer(Developer(7, "second", NOW + 5))
        assert await store.accounts.developer(7) == Developer(7, "second", NOW)


class TestProjects:
    async def test_a_project_comes_back_as_it_was_put(self, store: Store) -> None:
        await store.accounts.put_project(PROJECT)
        assert await store.accounts.project(70) == PROJECT
        assert await store.accounts.project(71) is None

    async def test_a_new_project_comes_back_and_replaces_none(self, store: Store) -> None:
        await store.accounts.add_project(PROJECT)
        with pytest.raises(Conflict):
            await store.accounts.add_project(replace(PROJECT, owner_id=8, name="Other"))
        assert await store.accounts.project(70) == PROJECT
        assert await store.accounts.projects(8) == []

    async def test_its_name_and_description_are_changed_and_nothing_else(self, store: Store) -> None:
        await store.accounts.put_project(PROJECT)
        assert await store.accounts.change_project(Project(70, 8, "New", "More", NOW + 1))
        assert await store.accounts.project(70) == replace(PROJECT, name="New", description="More")

    async def test_one_that_is_gone_does_not_come_back(self, store: Store) -> None:
        await store.accounts.put_project(PROJECT)
        await store.accounts.delete_project(70)
        assert not await store.accounts.change_project(replace(PROJECT, name="New"))
        assert await store.accounts.project(70) is None

    async def test_putting_again_replaces_name_and_description_and_not_the_owner(self, store: Store) -> None:
        await store.accounts.put_project(PROJECT)
        await store.accounts.put_project(Project(70, 8, "New", "Other", NOW + 5))
        assert await store.accounts.project(70) == replace(PROJECT, name="New", description="Other")

    async def test_a_developers_are_oldest_first(self, store: Store) -> None:
        for id_, owner_id, created_at_ms in ((73, 7, NOW), (71, 7, NOW + 1), (72, 7, NOW), (74, 8, NOW)):
            await store.accounts.put_project(replace(PROJECT, id=id_, owner_id=owner_id, created_at_ms=created_at_ms))
        assert [project.id for project in await store.accounts.projects(7)] == [72, 73, 71]
        assert await store.accounts.projects(9) == []

    async def test_only_an_empty_one_is_deleted(self, store: Store) -> None:
        await store.accounts.put_project(PROJECT)
        await store.credentials.put_app(app(project_id=70))
        assert not await store.accounts.delete_project(70)
        assert await store.accounts.project(70) == PROJECT
        await store.credentials.put_app(app(project_id=None))
        assert await store.accounts.delete_project(70)
        assert not await store.accounts.delete_project(70)
        assert await store.accounts.project(70) is None

    async def test_an_app_may_be_in_one_that_nobody_made(self, store: Store) -> None:
        await store.credentials.put_app(app(project_id=77))
        assert await store.credentials.app(1) == app(project_id=77)
        assert not await store.accounts.delete_project(77)


class TestApps:
    async def test_a_developers_are_oldest_first(self, store: Store) -> None:
        mine = [app(3, owner_id=7, created_at_ms=NOW - 1), app(1, owner_id=7, project_id=None), app(2, owner_id=7)]
        for each in (*reversed(mine), app(4, owner_id=8), app(5)):
            await store.credentials.put_app(each)
        assert await store.accounts.apps(7) == mine
        assert await store.accounts.apps(9) == []

    async def test_deleting_takes_everything_of_it_along(self, store: Store) -> None:
        await put_all_of_an_app(store, 1)
        assert await store.accounts.delete_app(1)
        assert await left_of_an_app(store, 1) == []
        assert not await store.accounts.delete_app(1)

    async def test_nothing_of_another_goes(self, store: Store) -> None:
        await put_all_of_an_app(store, 1)
        await put_all_of_an_app(store, 2)
        before = await left_of_an_app(store, 2)
        await store.accounts.delete_app(1)
        assert await left_of_an_app(store, 2) == before
        assert len(before) == 7

    async def test_its_keys_are_free_again(self, store: Store) -> None:
        await store.credentials.put_app(app(1))
        await store.accounts.delete_app(1)
        await store.credentials.put_app(app(2, consumer_key="key1", client_id="client1"))
        assert await store.credentials.app_by_client_id("client1") == app(2, consumer_key="key1", client_id="client1")


async def put_all_of_an_app(store: Store, id_: int) -> None:
    """One row of everything that an App can have."""
    digest = bytes([id_]) * 32
    await store.credentials.put_app(app(id_))
    await store.credentials.put_token(token(b"alone" + digest, app_id=id_, user_id=None))
    await store.consents.add_grant(grant(id_, app_id=id_), [refresh_token(digest, app_id=id_)])
    await store.consents.put_code(code(digest, app_id=id_))
    await store.consents.put_request_token(request_token(digest, app_id=id_))
    await store.accounts.add_usage([Usage(id_, HOUR, 1, 0)])


async def left_of_an_app(store: Store, id_: int) -> list[object]:
    digest = bytes([id_]) * 32
    found = [
        await store.credentials.app(id_),
        await store.credentials.token(b"alone" + digest),
        await store.credentials.token(digest),
        await store.consents.grant(id_),
        await store.consents.code(digest),
        await store.consents.request_token(digest),
        *await store.accounts.usage(id_, 0),
    ]
    return [each for each in found if each is not None]


class TestUsage:
    async def test_counts_of_an_hour_are_added_up(self, store: Store) -> None:
        await store.accounts.add_usage([Usage(1, HOUR, 10, 1), Usage(1, HOUR + 1, 5, 0), Usage(2, HOUR, 7, 7)])
        await store.accounts.add_usage([Usage(1, HOUR, 3, 2)])
        assert await store.accounts.usage(1, HOUR) == [Usage(1, HOUR, 13, 3), Usage(1, HOUR + 1, 5, 0)]
        assert await store.accounts.usage(1, HOUR + 1) == [Usage(1, HOUR + 1, 5, 0)]
        assert await store.accounts.usage(3, HOUR) == []

    async def test_hours_are_oldest_first(self, store: Store) -> None:
        for hour in (HOUR + 2, HOUR, HOUR + 1):
            await store.accounts.add_usage([Usage(1, hour, 1, 0)])
        assert [usage.hour for usage in await store.accounts.usage(1, 0)] == [HOUR, HOUR + 1, HOUR + 2]

    async def test_nothing_to_add_is_no_error(self, store: Store) -> None:
        await store.accounts.add_usage([])
        assert await store.accounts.usage(1, 0) == []

    async def test_old_hours_are_swept(self, store: Store) -> None:
        await store.accounts.add_usage([Usage(app_id, HOUR + n, 1, 0) for app_id in (1, 2) for n in range(3)])
        assert await store.accounts.sweep_usage(HOUR + 2) == 4
        assert await store.accounts.usage(1, 0) == [Usage(1, HOUR + 2, 1, 0)]
        assert await store.accounts.sweep_usage(HOUR + 2) == 0


async def test_accounts_change_no_revision(store: Store) -> None:
    await store.accounts.put_password(Password(7, "$argon2id$", NOW))
    await store.accounts.put_session(SESSION)
    await store.accounts.put_developer(Developer(7, "first", NOW))
    await store.accounts.put_project(PROJECT)
    await store.accounts.add_usage([Usage(1, HOUR, 1, 0)])
    await store.accounts.delete_project(70)
    assert set((await store.revisions()).values()) <= {0}
