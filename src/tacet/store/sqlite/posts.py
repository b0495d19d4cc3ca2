"""Posts in SQLite."""

import sqlite3
from collections.abc import Iterable, Sequence

from tacet.records.people import MAX_ID, Post, PostHead, Stretch
from tacet.store.base import Part
from tacet.store.posts import PostStore
from tacet.store.queries.posts import PostQueries
from tacet.store.rows import mention_rows, post_of, post_row
from tacet.store.sqlite.dialect import adapt, id_list
from tacet.store.sqlite.reader import Reader
from tacet.store.sqlite.writer import GroupWriter, Size

FEW_REPOSTS = 200
"""As many are deleted with their post while requests wait, a few milliseconds; more on the writer's thread."""

_SQL = PostQueries(adapt)


class SqlitePosts(PostStore):
    """Posts of one SQLite database; see `SqliteRelations` for the arguments."""

    def __init__(self, reader: Reader, writer: GroupWriter) -> None:
        self._rows = reader.rows
        self._writer = writer

    async def by_ids(self, ids: Iterable[int]) -> list[Post]:
        return [post_of(row) for row in self._rows(_SQL.POSTS, (id_list(ids),))]

    async def latest(self, author_ids: Iterable[int]) -> dict[int, int]:
        rows = self._rows(_SQL.LATEST_POSTS, (id_list(author_ids),))
        return {author_id: post_id for author_id, post_id in rows if post_id is not None}

    async def newest_id(self, below: int) -> int:
        [(newest_id,)] = self._rows(_SQL.NEWEST_POST_ID, (below,))
        return int(newest_id)

    async def put(self, posts: Sequence[Post]) -> int:
        return await self._writer.submit(lambda connection: _put(connection, posts), Size.LONG)

    async def add(self, post: Post) -> bool:
        return await self._writer.submit(lambda connection: _add(connection, post), Size.FEW)

    async def delete(self, post_id: int) -> bool:
        reposts = self._rows(_SQL.REPOSTS, (post_id, FEW_REPOSTS + 1))
        size = Size.FEW if len(reposts) <= FEW_REPOSTS else Size.LONG
        return await self._writer.submit(lambda connection: _delete(connection, post_id), size)

    async def of_authors(self, author_ids: Sequence[int], stretch: Stretch, limit: int) -> list[PostHead]:
        sql = _SQL.NEWER_OF_AUTHORS if stretch.upwards else _SQL.OLDER_OF_AUTHORS
        return self._heads(sql, id_list(set(author_ids)), stretch, limit)

    async def mentioning(self, person_id: int, stretch: Stretch, limit: int) -> list[PostHead]:
        sql = _SQL.NEWER_MENTIONS if stretch.upwards else _SQL.OLDER_MENTIONS
        return self._heads(sql, person_id, stretch, limit)

    async def repost_of(self, author_id: int, post_id: int) -> int | None:
        for (id_,) in self._rows(_SQL.REPOST_OF, (post_id, author_id)):
            return int(id_)
        return None

    def _heads(self, sql: str, whose: int | str, stretch: Stretch, limit: int) -> list[PostHead]:
        parameters = (whose, stretch.newer_than, stretch.older_than, int(stretch.without), limit)
        return [PostHead(*row) for row in self._rows(sql, parameters)]


def _put(connection: sqlite3.Connection, posts: Sequence[Post]) -> int:
    changed = [post for post in posts if connection.execute(_SQL.PUT_POST, post_row(post)).fetchall()]
    connection.execute(_SQL.DROP_MENTIONS, (id_list(post.id for post in changed),))
    connection.executemany(_SQL.PUT_MENTION, mention_rows({post.id: post for post in changed}.values()))
    # A repost may be read before the post that it repeats, or after it.
    read = {post.id for post in changed} | {post.reposted_id for post in changed}
    connection.execute(_SQL.NAME_REPOSTED_AUTHORS, (id_list(read),))
    if changed:
        connection.execute(_SQL.BUMP, (Part.POSTS.value,))
    return len(changed)


def _add(connection: sqlite3.Connection, post: Post) -> bool:
    if not connection.execute(_SQL.ADD_POST, post_row(post)).fetchall():
        return False
    connection.executemany(_SQL.PUT_MENTION, mention_rows([post]))
    return True


def _delete(connection: sqlite3.Connection, post_id: int) -> bool:
    if connection.execute(_SQL.DELETE_POST, (post_id,)).rowcount <= 0:
        return False
    reposts = [id_ for (id_,) in connection.execute(_SQL.REPOSTS, (post_id, MAX_ID))]
    connection.execute(_SQL.DROP_MENTIONS, (id_list([post_id, *reposts]),))
    connection.execute(_SQL.DELETE_POSTS, (id_list(reposts),))
    return True
