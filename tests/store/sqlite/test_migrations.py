"""A database that an older version made is brought up to date and goes on working."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tacet.records.consents import Connection
from tacet.records.credentials import Access, App, Token, TokenKind, UserAuthentication
from tacet.records.people import Post, PostDetails, PostHead, Reference, Shape, Stretch
from tacet.records.relations import Kind, Relation
from tacet.store.sqlite.migrating import migrations
from tests.store.building import NOW, SOURCE, app, code, grant, listed, post, refresh_token, repost, token
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
    number, name, schema = migrations()[0]
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


def with_rows(path: Path, posts: list[Post], follows: list[Relation]) -> None:
    """Write into a database of the first version what it would have written."""
    rows = [(p.id, p.author_id, p.created_at_ms, p.text, msgspec.json.encode(p.details).decode()) for p in posts]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany("INSERT INTO post VALUES (?, ?, ?, ?, ?)", rows)
        connection.executemany(
            "INSERT INTO relation VALUES (?, ?, ?, ?, ?)",
            [(f.source_id, f.kind, f.position, f.target_id, f.end_at_ms) for f in follows],
        )


def referring(id_: int, *references: tuple[str, int]) -> Post:
    return Post(id_, 5, "to others", NOW, PostDetails(references=tuple(Reference(*each) for each in references)))


async def test_posts_of_the_first_version_are_in_timelines(first: Path) -> None:
    posts = [
        post(10, 4),
        referring(20, ("retweeted", 10)),
        referring(30, ("replied_to", 10), ("quoted", 20)),
        referring(40, ("quoted", 10)),
        referring(50, ("retweeted", 404)),
        post(60, 5, 'text with "references": [{"type": "retweeted", "id": 10}]'),
    ]
    with_rows(first, posts, [])
    async with opened(first) as store:
        heads = await store.posts.of_authors([4, 5], Stretch(), 10)
        assert heads == [PostHead(n, 5) for n in (60, 50, 40, 30)] + [PostHead(20, 5, 4), PostHead(10, 4)]
        for shape, left_out in [(Shape.REPLY, {30}), (Shape.REPOST, {20, 50}), (Shape.QUOTE, {30, 40})]:
            found = await store.posts.of_authors([4, 5], Stretch(without=shape), 10)
            assert {each.id for each in posts} - {head.id for head in found} == left_out
        assert await store.posts.repost_of(5, 10) == 20
        assert not await store.posts.add(repost(70, 5, of=10))
        assert await store.posts.put(posts) == 0
        assert await store.posts.latest([4, 5]) == {4: 10, 5: 60}


async def test_of_reposts_that_repeat_one_post_the_first_stays(first: Path) -> None:
    doubles = [referring(n, ("retweeted", 10)) for n in (20, 30, 40)]
    others = [repost(35, 6, of=10), referring(50, ("quoted", 10)), referring(60, ("quoted", 10))]
    posts = [post(10, 4), *doubles, *others]
    with_rows(first, posts, [])
    async with opened(first) as store:
        assert await store.posts.repost_of(5, 10) == 20
        assert {each.id for each in await store.posts.by_ids(range(70))} == {10, 20, 35, 50, 60}
        assert await store.posts.of_authors([5, 6], Stretch(without=Shape.QUOTE), 10) == [
            PostHead(35, 6, 4),
            PostHead(20, 5, 4),
        ]
        assert await store.posts.put(posts) == 0


async def test_follows_of_the_first_version_get_their_other_side(first: Path) -> None:
    follows = [
        Relation(Kind.FOLLOW, 1, 9, 1_000),
        Relation(Kind.FOLLOW, 2, 9, 1_000),
        Relation(Kind.FOLLOW, 3, 9, 1_002),
        Relation(Kind.FOLLOW, 4, 9, 5_000, NOW + 10),
        Relation(Kind.FOLLOW, 1, 8, 2_000),
        Relation(Kind.BLOCK, 8, 9, 3_000),
    ]
    with_rows(first, [], follows)
    async with opened(first) as store:
        assert await listed(store, source_id=9, kind=Kind.FOLLOWED_BY) == [
            (4, 5_000),
            (3, 1_004),
            (2, 1_002),
            (1, 1_000),
        ]
        assert await listed(store, NOW + 10, 9, Kind.FOLLOWED_BY) == [(3, 1_004), (2, 1_002), (1, 1_000)]
        assert await listed(store, source_id=8, kind=Kind.FOLLOWED_BY) == [(1, 2_000)]
        assert await listed(store, source_id=1, kind=Kind.FOLLOW) == [(8, 2_000), (9, 1_000)]
        assert await listed(store, source_id=7, kind=Kind.FOLLOWED_BY) == []


async def test_many_follows_of_one_moment_keep_their_order(first: Path) -> None:
    follows = [Relation(Kind.FOLLOW, source_id, 9, 2 * (source_id // 3)) for source_id in range(1, 2_001)]
    with_rows(first, [], follows)
    async with opened(first) as store:
        rows = await listed(store, source_id=9, kind=Kind.FOLLOWED_BY)
        assert [source_id for source_id, _ in rows] == list(range(2_000, 0, -1))
        assert all(position % 2 == 0 for _, position in rows)


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
