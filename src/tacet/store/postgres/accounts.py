"""People's accounts in PostgreSQL."""

from collections.abc import Sequence

from tacet.records.accounts import Developer, Password, Project, Session, Usage
from tacet.records.credentials import App
from tacet.store.accounts import AccountStore
from tacet.store.postgres.credentials import bump
from tacet.store.postgres.database import Database, Transaction
from tacet.store.postgres.dialect import adapt
from tacet.store.postgres.locks import USAGE, of_app, of_person, of_project
from tacet.store.queries.accounts import AccountQueries
from tacet.store.rows import app_of, password_row, project_row, session_row, usage_row

DELETED_AT_ONCE = 5_000
"""Rows of an App that one statement deletes: a fraction of what a statement may take."""

_SQL = AccountQueries(adapt)


class PostgresAccounts(AccountStore):
    """Accounts of one PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows
        self._write = database.write

    async def put_password(self, password: Password, replacing: Password | None = None) -> bool:
        async def write(transaction: Transaction) -> bool:
            await transaction.lock(of_person(password.person_id))
            if replacing is not None:
                rows = await transaction.rows(_SQL.PASSWORD, (password.person_id,))
                if [changed_at_ms for _, _, changed_at_ms in rows] != [replacing.changed_at_ms]:
                    return False
            await transaction.run(_SQL.PUT_PASSWORD, password_row(password))
            await transaction.run(_SQL.END_SESSIONS, (password.person_id,))
            return True

        return await self._database.transaction(write)

    async def password(self, person_id: int) -> Password | None:
        rows = await self._rows(_SQL.PASSWORD, (person_id,))
        return Password(*rows[0]) if rows else None

    async def recode_password(self, password: Password, encoded: str) -> bool:
        return bool(await self._write(_SQL.RECODE_PASSWORD, (password.person_id, password.encoded, encoded)))

    async def drop_password(self, person_id: int) -> bool:
        async def write(transaction: Transaction) -> bool:
            await transaction.lock(of_person(person_id))
            had = await transaction.rows(_SQL.DROP_PASSWORD, (person_id,))
            await transaction.run(_SQL.END_SESSIONS, (person_id,))
            return bool(had)

        return await self._database.transaction(write)

    async def put_session(self, session: Session) -> None:
        async def write(transaction: Transaction) -> None:
            # Either a change of the password ends it, or whoever looks at the password afterwards sees the change.
            await transaction.lock(of_person(session.user_id))
            await transaction.run(_SQL.PUT_SESSION, session_row(session))

        await self._database.transaction(write)

    async def session(self, digest: bytes) -> Session | None:
        rows = await self._rows(_SQL.SESSION, (digest,))
        return Session(*rows[0]) if rows else None

    async def touch_session(self, digest: bytes, seen_at_ms: int) -> None:
        await self._write(_SQL.TOUCH_SESSION, (digest, seen_at_ms))

    async def end_session(self, digest: bytes) -> bool:
        return bool(await self._write(_SQL.END_SESSION, (digest,)))

    async def end_sessions(self, user_id: int) -> int:
        async def write(transaction: Transaction) -> int:
            await transaction.lock(of_person(user_id))
            return await transaction.run(_SQL.END_SESSIONS, (user_id,))

        return await self._database.transaction(write)

    async def put_developer(self, developer: Developer) -> None:
        await self._write(_SQL.PUT_DEVELOPER, (developer.person_id, developer.use_case, developer.created_at_ms))

    async def developer(self, person_id: int) -> Developer | None:
        rows = await self._rows(_SQL.DEVELOPER, (person_id,))
        return Developer(*rows[0]) if rows else None

    async def add_project(self, project: Project) -> None:
        await self._write(_SQL.ADD_PROJECT, project_row(project))

    async def put_project(self, project: Project) -> None:
        await self._write(_SQL.PUT_PROJECT, project_row(project))

    async def change_project(self, project: Project) -> bool:
        return bool(await self._write(_SQL.CHANGE_PROJECT, (project.id, project.name, project.description)))

    async def project(self, project_id: int) -> Project | None:
        rows = await self._rows(_SQL.PROJECT, (project_id,))
        return Project(*rows[0]) if rows else None

    async def projects(self, owner_id: int) -> list[Project]:
        return [Project(*row) for row in await self._rows(_SQL.PROJECTS, (owner_id,))]

    async def delete_project(self, project_id: int) -> bool:
        async def write(transaction: Transaction) -> bool:
            await transaction.lock(of_project(project_id))
            return bool(await transaction.rows(_SQL.DELETE_PROJECT, (project_id,)))

        return await self._database.transaction(write)

    async def apps(self, owner_id: int) -> list[App]:
        return [app_of(row) for row in await self._rows(_SQL.APPS, (owner_id,))]

    async def delete_app(self, app_id: int) -> bool:
        return await self._database.transaction(lambda transaction: _delete_app(transaction, app_id), of_any_size=True)

    async def add_usage(self, usage: Sequence[Usage]) -> None:
        # In one order, so that two processes do not wait for each other's rows.
        rows = sorted(usage_row(each) for each in usage)

        async def write(transaction: Transaction) -> None:
            await transaction.lock(shared=[USAGE])
            await transaction.many(_SQL.ADD_USAGE, rows)

        await self._database.transaction(write)

    async def usage(self, app_id: int, from_hour: int) -> list[Usage]:
        return [Usage(*row) for row in await self._rows(_SQL.USAGE, (app_id, from_hour))]

    async def sweep_usage(self, before_hour: int) -> int:
        async def write(transaction: Transaction) -> int:
            await transaction.lock(USAGE)
            return await transaction.run(_SQL.SWEEP_USAGE, (before_hour,))

        return await self._database.transaction(write)


async def _delete_app(transaction: Transaction, app_id: int) -> bool:
    await transaction.lock(of_app(app_id), USAGE)
    if not await transaction.rows(_SQL.DELETE_APP, (app_id,)):
        return False
    for statement in _SQL.delete_with_app():
        while await transaction.run(statement, (app_id, DELETED_AT_ONCE)) == DELETED_AT_ONCE:
            pass
    await transaction.run(_SQL.DELETE_USAGE_OF_APP, (app_id,))
    await bump(transaction)
    return True
