"""A database that an older version made is brought up to date and goes on working."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tacet.records.consents import Connection
from tacet.records.credentials import Access, App, Token, TokenKind, UserAuthentication
from tacet.store.sqlite.store import _migrations
from tests.store.building import NOW, SOURCE, app, code, grant, listed, refresh_token, token
from tests.store.sqlite.files import opened

OLD_APP = (1, "App 1", 77, "read-write", "key1", b"sealed", "client1", NOW)
OLD_TOKENS = [
    (b"1" * 32, 1, 1, SOURCE, "mute.read", b"", NOW, NOW + 1, None),
    (b"2" * 32, 2, 1, None, "", b"", NOW, None, None),
    (b"3" * 32, 3, 1, SOURCE, "", b"sealed", NOW, None, NOW + 5),
]


@pytest.fixture
def first(path: Path) -> Path:
    """A database as the first version left it, with an App, tokens and a mute."""
    number, name, schema = _migrations()[0]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(schema)
        connection.execute("CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        connection.execute("INSERT INTO migration VALUES (?, ?)", (number, name))
        connection.execute("INSERT INTO app VALUES (?, ?, ?, ?, ?, ?, ?, ?)", OLD_APP)
        connection.executemany("INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", OLD_TOKENS)
        connection.execute("INSERT INTO relation VALUES (?, 1, 100, 7, NULL)", (SOURCE,))
        connection.execute("INSERT INTO revision VALUES ('credentials', 4)")
    return path


async def test_an_app_of_the_first_version_has_every_login_switched_off(first: Path) -> None:
    async with opened(first) as store:
        found = await store.credentials.app(1)
        assert found == App(1, "App 1", 77, Access.READ_WRITE, "key1", b"sealed", "client1", NOW)
        assert found.authentication == UserAuthentication(oauth1=False, oauth2=False, confidential=False, callbacks=())
        assert (found.owner_id, found.client_secret_digest, found.description) == (None, b"", "")
        assert await store.credentials.app_by_client_id("client1") == found


async def test_tokens_of_the_first_version_work_as_before(first: Path) -> None:
    async with opened(first) as store:
        kept = [await store.credentials.token(digest) for digest, *_ in OLD_TOKENS]
        assert kept == [
            Token(b"1" * 32, TokenKind.OAUTH2_USER, 1, SOURCE, "mute.read", b"", NOW, NOW + 1),
            Token(b"2" * 32, TokenKind.APP_ONLY, 1, None, created_at_ms=NOW),
            Token(b"3" * 32, TokenKind.OAUTH1_USER, 1, SOURCE, "", b"sealed", NOW, None, NOW + 5),
        ]
        assert await listed(store) == [(7, 100)]
        assert list((await store.revisions()).values()) == [4]
        assert await store.credentials.revoke_token(b"2" * 32, NOW)


async def test_its_app_can_be_changed_and_used_for_logins(first: Path) -> None:
    changed = app(authentication=UserAuthentication(oauth2=True, callbacks=("https://a.example",)))
    async with opened(first) as store:
        await store.credentials.put_app(changed)
        await store.consents.put_code(code())
        assert await store.consents.redeem_code(code().digest, grant(), [token(), refresh_token()], NOW)
    async with opened(first) as store:
        assert await store.credentials.app(1) == changed
        connections = await store.consents.connections_of_user(SOURCE, 10, NOW)
        assert connections == [Connection(1, SOURCE, ("mute.read",), oauth1=False, since_ms=NOW)]


async def test_tokens_of_no_grant_can_be_revoked_with_the_rest(first: Path) -> None:
    async with opened(first) as store:
        assert await store.consents.revoke_connection(1, SOURCE, NOW) == 1
        assert await store.credentials.app_only_token(1) is None
        found = await store.credentials.token(b"1" * 32)
        assert found is not None
        assert found.revoked_at_ms == NOW


async def test_an_upgraded_database_is_like_a_new_one(first: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    for path in (first, new):
        async with opened(path):
            pass
    described = "SELECT type, name, tbl_name FROM sqlite_master ORDER BY name"
    found = []
    for path in (first, new):
        with closing(sqlite3.connect(path)) as connection:
            found.append(connection.execute(described).fetchall())
    assert found[0] == found[1]
