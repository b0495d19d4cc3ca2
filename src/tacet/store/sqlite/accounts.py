"""People's accounts in SQLite."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from tacet.records.accounts import Developer, Password, Project, Session, Usage
from tacet.records.credentials import App
from tacet.store.accounts import AccountStore
from tacet.store.queries.accounts import AccountQueries
from tacet.store.rows import app_of, password_row, project_row, session_row, usage_row
from tacet.store.sqlite.credentials import bump
from tacet.store.sqlite.dialect import adapt
from tacet.store.sqlite.reader import Reader
from tacet.store.sqlite.writer import GroupWriter, Size

ALL_ROWS = -1
"""A limit that is none."""

_SQL = AccountQueries(adapt)


class SqliteAccounts(AccountStore):
    """Accounts of one SQLite database; see `SqliteRelations` for the arguments."""

    def __init__(self, reader: Reader, writer: GroupWriter) -> None:
        self._rows = reader.rows
        self._writer = writer

    async def put_password(self, password: Password, replacing: Password | None = None) -> bool:
        row = password_row(password)

        def write(connection: sqlite3.Connection) -> bool:
            if replacing is not None:
                rows = connection.execute(_SQL.PASSWORD, (password.person_id,)).fetchall()
                if [changed_at_ms for _, _, changed_at_ms in rows] != [replacing.changed_at_ms]:
                    return False
            connection.execute(_SQL.PUT_PASSWORD, row)
            connection.execute(_SQL.END_SESSIONS, (password.person_id,)).fetchall()
            return True

        return await self._writer.submit(write, Size.LONG)

    async def password(self, person_id: int) -> Password | None:
        rows = self._rows(_SQL.PASSWORD, (person_id,))
        return Password(*rows[0]) if rows else None

    async def recode_password(self, password: Password, encoded: str) -> bool:
        return bool(await self._changed(_SQL.RECODE_PASSWORD, (password.person_id, password.encoded, encoded)))

    async def drop_password(self, person_id: int) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            had = connection.execute(_SQL.DROP_PASSWORD, (person_id,)).fetchall()
            connection.execute(_SQL.END_SESSIONS, (person_id,)).fetchall()
            return bool(had)

        return await self._writer.submit(write, Size.LONG)

    async def put_session(self, session: Session) -> None:
        await self._changed(_SQL.PUT_SESSION, session_row(session))

    async def session(self, digest: bytes) -> Session | None:
        rows = self._rows(_SQL.SESSION, (digest,))
        return Session(*rows[0]) if rows else None

    async def touch_session(self, digest: bytes, seen_at_ms: int) -> None:
        await self._changed(_SQL.TOUCH_SESSION, (digest, seen_at_ms))

    async def end_session(self, digest: bytes) -> bool:
        return bool(await self._changed(_SQL.END_SESSION, (digest,)))

    async def end_sessions(self, user_id: int) -> int:
        return len(await self._changed(_SQL.END_SESSIONS, (user_id,)))

    async def put_developer(self, developer: Developer) -> None:
        await self._changed(_SQL.PUT_DEVELOPER, (developer.person_id, developer.use_case, developer.created_at_ms))

    async def developer(self, person_id: int) -> Developer | None:
        rows = self._rows(_SQL.DEVELOPER, (person_id,))
        return Developer(*rows[0]) if rows else None

    async def add_project(self, project: Project) -> None:
        await self._changed(_SQL.ADD_PROJECT, project_row(project))

    async def put_project(self, project: Project) -> None:
        await self._changed(_SQL.PUT_PROJECT, project_row(project))

    async def change_project(self, project: Project) -> bool:
        parameters = (project.id, project.name, project.description)
        return bool(await self._changed(_SQL.CHANGE_PROJECT, parameters))

    async def project(self, project_id: int) -> Project | None:
        rows = self._rows(_SQL.PROJECT, (project_id,))
        return Project(*rows[0]) if rows else None

    async def projects(self, owner_id: int) -> list[Project]:
        return [Project(*row) for row in self._rows(_SQL.PROJECTS, (owner_id,))]

    async def delete_project(self, project_id: int) -> bool:
        return bool(await self._changed(_SQL.DELETE_PROJECT, (project_id,)))

    async def apps(self, owner_id: int) -> list[App]:
        return [app_of(row) for row in self._rows(_SQL.APPS, (owner_id,))]

    async def delete_app(self, app_id: int) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            if not connection.execute(_SQL.DELETE_APP, (app_id,)).fetchall():
                return False
            for statement in _SQL.delete_with_app():
                connection.execute(statement, (app_id, ALL_ROWS))
            connection.execute(_SQL.DELETE_USAGE_OF_APP, (app_id,))
            bump(connection)
            return True

        return await self._writer.submit(write, Size.LONG)

    async def add_usage(self, usage: Sequence[Usage]) -> None:
        rows = [usage_row(each) for each in usage]
        await self._writer.submit(lambda connection: connection.executemany(_SQL.ADD_USAGE, rows), Size.LONG)

    async def usage(self, app_id: int, from_hour: int) -> list[Usage]:
        return [Usage(*row) for row in self._rows(_SQL.USAGE, (app_id, from_hour))]

    async def sweep_usage(self, before_hour: int) -> int:
        return await self._writer.submit(
            lambda connection: connection.execute(_SQL.SWEEP_USAGE, (before_hour,)).rowcount, Size.LONG
        )

    async def _changed(self, statement: str, parameters: tuple[Any, ...]) -> list[Any]:
        """What a write of one statement returns."""
        return await self._writer.submit(lambda connection: connection.execute(statement, parameters).fetchall())
