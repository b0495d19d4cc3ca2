"""People's accounts in SQLite."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from tacet.records.accounts import Developer, Password, Project, Session, Usage
from tacet.records.credentials import App
from tacet.store.accounts import AccountStore
from tacet.store.queries import accounts as queries
from tacet.store.rows import app_of, password_row, project_row, session_row, usage_row
from tacet.store.sqlite.credentials import bump
from tacet.store.sqlite.dialect import adapt
from tacet.store.sqlite.reader import Reader
from tacet.store.sqlite.writer import GroupWriter, Size

ALL_ROWS = -1
"""A limit that is none."""

_PUT_PASSWORD = adapt(queries.PUT_PASSWORD)
_PASSWORD = adapt(queries.PASSWORD)
_RECODE_PASSWORD = adapt(queries.RECODE_PASSWORD)
_DROP_PASSWORD = adapt(queries.DROP_PASSWORD)
_PUT_SESSION = adapt(queries.PUT_SESSION)
_SESSION = adapt(queries.SESSION)
_TOUCH_SESSION = adapt(queries.TOUCH_SESSION)
_END_SESSION = adapt(queries.END_SESSION)
_END_SESSIONS = adapt(queries.END_SESSIONS)
_PUT_DEVELOPER = adapt(queries.PUT_DEVELOPER)
_DEVELOPER = adapt(queries.DEVELOPER)
_ADD_PROJECT = adapt(queries.ADD_PROJECT)
_PUT_PROJECT = adapt(queries.PUT_PROJECT)
_PROJECT = adapt(queries.PROJECT)
_PROJECTS = adapt(queries.PROJECTS)
_DELETE_PROJECT = adapt(queries.DELETE_PROJECT)
_APPS = adapt(queries.APPS)
_DELETE_APP = adapt(queries.DELETE_APP)
_DELETE_WITH_APP = (
    adapt(queries.DELETE_TOKENS_OF_APP),
    adapt(queries.DELETE_GRANTS_OF_APP),
    adapt(queries.DELETE_CODES_OF_APP),
    adapt(queries.DELETE_REQUEST_TOKENS_OF_APP),
)
_DELETE_USAGE_OF_APP = adapt(queries.DELETE_USAGE_OF_APP)
_ADD_USAGE = adapt(queries.ADD_USAGE)
_USAGE = adapt(queries.USAGE)
_SWEEP_USAGE = adapt(queries.SWEEP_USAGE)


class SqliteAccounts(AccountStore):
    """Accounts of one SQLite database; see `SqliteRelations` for the arguments."""

    def __init__(self, reader: Reader, writer: GroupWriter) -> None:
        self._rows = reader.rows
        self._writer = writer

    async def put_password(self, password: Password, replacing: Password | None = None) -> bool:
        row = password_row(password)

        def write(connection: sqlite3.Connection) -> bool:
            if replacing is not None:
                rows = connection.execute(_PASSWORD, (password.person_id,)).fetchall()
                if [changed_at_ms for _, _, changed_at_ms in rows] != [replacing.changed_at_ms]:
                    return False
            connection.execute(_PUT_PASSWORD, row)
            connection.execute(_END_SESSIONS, (password.person_id,)).fetchall()
            return True

        return await self._writer.submit(write, Size.LONG)

    async def password(self, person_id: int) -> Password | None:
        rows = self._rows(_PASSWORD, (person_id,))
        return Password(*rows[0]) if rows else None

    async def recode_password(self, password: Password, encoded: str) -> bool:
        return bool(await self._changed(_RECODE_PASSWORD, (password.person_id, password.encoded, encoded)))

    async def drop_password(self, person_id: int) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            had = connection.execute(_DROP_PASSWORD, (person_id,)).fetchall()
            connection.execute(_END_SESSIONS, (person_id,)).fetchall()
            return bool(had)

        return await self._writer.submit(write, Size.LONG)

    async def put_session(self, session: Session) -> None:
        await self._changed(_PUT_SESSION, session_row(session))

    async def session(self, digest: bytes) -> Session | None:
        rows = self._rows(_SESSION, (digest,))
        return Session(*rows[0]) if rows else None

    async def touch_session(self, digest: bytes, seen_at_ms: int) -> None:
        await self._changed(_TOUCH_SESSION, (digest, seen_at_ms))

    async def end_session(self, digest: bytes) -> bool:
        return bool(await self._changed(_END_SESSION, (digest,)))

    async def end_sessions(self, user_id: int) -> int:
        return len(await self._changed(_END_SESSIONS, (user_id,)))

    async def put_developer(self, developer: Developer) -> None:
        await self._changed(_PUT_DEVELOPER, (developer.person_id, developer.use_case, developer.created_at_ms))

    async def developer(self, person_id: int) -> Developer | None:
        rows = self._rows(_DEVELOPER, (person_id,))
        return Developer(*rows[0]) if rows else None

    async def add_project(self, project: Project) -> None:
        await self._changed(_ADD_PROJECT, project_row(project))

    async def put_project(self, project: Project) -> None:
        await self._changed(_PUT_PROJECT, project_row(project))

    async def project(self, project_id: int) -> Project | None:
        rows = self._rows(_PROJECT, (project_id,))
        return Project(*rows[0]) if rows else None

    async def projects(self, owner_id: int) -> list[Project]:
        return [Project(*row) for row in self._rows(_PROJECTS, (owner_id,))]

    async def delete_project(self, project_id: int) -> bool:
        return bool(await self._changed(_DELETE_PROJECT, (project_id,)))

    async def apps(self, owner_id: int) -> list[App]:
        return [app_of(row) for row in self._rows(_APPS, (owner_id,))]

    async def delete_app(self, app_id: int) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            if not connection.execute(_DELETE_APP, (app_id,)).fetchall():
                return False
            for statement in _DELETE_WITH_APP:
                connection.execute(statement, (app_id, ALL_ROWS))
            connection.execute(_DELETE_USAGE_OF_APP, (app_id,))
            bump(connection)
            return True

        return await self._writer.submit(write, Size.LONG)

    async def add_usage(self, usage: Sequence[Usage]) -> None:
        rows = [usage_row(each) for each in usage]
        await self._writer.submit(lambda connection: connection.executemany(_ADD_USAGE, rows), Size.LONG)

    async def usage(self, app_id: int, from_hour: int) -> list[Usage]:
        return [Usage(*row) for row in self._rows(_USAGE, (app_id, from_hour))]

    async def sweep_usage(self, before_hour: int) -> int:
        return await self._writer.submit(
            lambda connection: connection.execute(_SWEEP_USAGE, (before_hour,)).rowcount, Size.LONG
        )

    async def _changed(self, statement: str, parameters: tuple[Any, ...]) -> list[Any]:
        """What a write of one statement returns."""
        return await self._writer.submit(lambda connection: connection.execute(statement, parameters).fetchall())
