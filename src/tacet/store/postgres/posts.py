"""Posts in PostgreSQL."""

from collections.abc import Iterable, Iterator, Sequence

from tacet.records.people import Post, PostHead, Stretch
from tacet.store.base import Part
from tacet.store.postgres.database import Database, Transaction
from tacet.store.postgres.dialect import adapt, id_list
from tacet.store.postgres.locks import IMPORTS, of_post
from tacet.store.posts import PostStore
from tacet.store.queries.posts import PostQueries
from tacet.store.rows import mention_rows, post_of, post_row

REPOSTS_AT_ONCE = 5_000
"""Deleted by one statement: a fraction of what a statement may take."""

_IN_STRETCH = "post.id > $2 AND post.id < $3 AND post.shape & $4 = 0"


class _OwnQueries(PostQueries):
    """What PostgreSQL is asked in words of its own.

    SQLite's sorter goes on to the next author at the first post that is not wanted any more; PostgreSQL would read
    every post of everybody, so it is told where to stop: of the authors with the newest posts a few posts each are
    looked at first, and where these are enough, nothing older than them is wanted.
    """

    OLDER_OF_AUTHORS = f"""
    WITH chosen AS MATERIALIZED (
        SELECT wanted.id AS author_id, latest.id FROM ids($1) AS wanted CROSS JOIN LATERAL (
            SELECT post.id FROM post WHERE post.author_id = wanted.id AND {_IN_STRETCH} ORDER BY post.id DESC LIMIT 1
        ) AS latest
        ORDER BY latest.id DESC LIMIT $5
    ), few AS MATERIALIZED (
        SELECT one.id FROM chosen CROSS JOIN LATERAL (
            SELECT post.id FROM post WHERE post.author_id = chosen.author_id AND {_IN_STRETCH}
            ORDER BY post.id DESC LIMIT (SELECT 1 + 2 * $5 / GREATEST(COUNT(*), 1) FROM chosen)
        ) AS one
        ORDER BY one.id DESC LIMIT $5
    ), bound AS MATERIALIZED (
        SELECT CASE WHEN COUNT(*) = $5 THEN MIN(id) ELSE $2 END AS id FROM few
    )
    SELECT head.id, head.author_id, head.reposted_author_id FROM chosen CROSS JOIN LATERAL (
        SELECT post.id, post.author_id, post.reposted_author_id FROM post
        WHERE post.author_id = chosen.author_id AND {_IN_STRETCH} AND post.id >= (SELECT id FROM bound)
        ORDER BY post.id DESC LIMIT $5
    ) AS head
    ORDER BY head.id DESC LIMIT $5
    """

    NEWER_OF_AUTHORS = (
        OLDER_OF_AUTHORS.replace("id DESC", "id")
        .replace("MIN(id) ELSE $2", "MAX(id) ELSE $3")
        .replace(">= (SELECT", "<= (SELECT")
    )


_SQL = _OwnQueries(adapt)


class PostgresPosts(PostStore):
    """Posts of one PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    async def by_ids(self, ids: Iterable[int]) -> list[Post]:
        return [post_of(row) for row in await self._rows(_SQL.POSTS, (id_list(ids),))]

    async def latest(self, author_ids: Iterable[int]) -> dict[int, int]:
        rows = await self._rows(_SQL.LATEST_POSTS, (id_list(author_ids),))
        return {author_id: post_id for author_id, post_id in rows if post_id is not None}

    async def newest_id(self, below: int) -> int:
        [(newest_id,)] = await self._rows(_SQL.NEWEST_POST_ID, (below,))
        return int(newest_id)

    async def put(self, posts: Sequence[Post]) -> int:
        return await self._database.transaction(lambda transaction: _put(transaction, posts))

    async def add(self, post: Post) -> bool:
        if not post.reposted_id and not post.details.mentioned_ids:
            return bool(await self._database.write(_SQL.ADD_POST, post_row(post)))
        return await self._database.transaction(lambda transaction: _add(transaction, post))

    async def delete(self, post_id: int) -> bool:
        return await self._database.transaction(lambda transaction: _delete(transaction, post_id), of_any_size=True)

    async def of_authors(self, author_ids: Sequence[int], stretch: Stretch, limit: int) -> list[PostHead]:
        sql = _SQL.NEWER_OF_AUTHORS if stretch.upwards else _SQL.OLDER_OF_AUTHORS
        return await self._heads(sql, id_list(set(author_ids)), stretch, limit)

    async def mentioning(self, person_id: int, stretch: Stretch, limit: int) -> list[PostHead]:
        sql = _SQL.NEWER_MENTIONS if stretch.upwards else _SQL.OLDER_MENTIONS
        return await self._heads(sql, person_id, stretch, limit)

    async def repost_of(self, author_id: int, post_id: int) -> int | None:
        for (id_,) in await self._rows(_SQL.REPOST_OF, (post_id, author_id)):
            return int(id_)
        return None

    async def _heads(self, sql: str, whose: int | list[int], stretch: Stretch, limit: int) -> list[PostHead]:
        parameters = (whose, stretch.newer_than, stretch.older_than, int(stretch.without), limit)
        return [PostHead(*row) for row in await self._rows(sql, parameters)]


async def _put(transaction: Transaction, posts: Sequence[Post]) -> int:
    await transaction.lock(IMPORTS)
    count, changed = 0, dict[int, Post]()
    for some in _distinct(posts):
        written = await transaction.rows_of_many(_SQL.PUT_POST, [post_row(post) for post in some.values()])
        count += len(written)
        changed |= {id_: some[id_] for (id_,) in written}
    if not changed:
        return 0
    await transaction.run(_SQL.DROP_MENTIONS, (list(changed),))
    await transaction.many(_SQL.PUT_MENTION, mention_rows(changed.values()))
    # A repost may be read before the post that it repeats, or after it.
    read = changed.keys() | {post.reposted_id for post in changed.values()}
    await transaction.run(_SQL.NAME_REPOSTED_AUTHORS, (list(read),))
    await transaction.run(_SQL.BUMP, (Part.POSTS.value,))
    return count


def _distinct(posts: Sequence[Post]) -> Iterator[dict[int, Post]]:
    """In order, cut so that no id is twice in one piece: the ids that are written then tell which posts are."""
    piece: dict[int, Post] = {}
    for post in posts:
        if post.id in piece:
            yield piece
            piece = {}
        piece[post.id] = post
    yield piece


async def _add(transaction: Transaction, post: Post) -> bool:
    if post.reposted_id:
        await transaction.lock(shared=[IMPORTS, of_post(post.reposted_id)])
    if not await transaction.rows(_SQL.ADD_POST, post_row(post)):
        return False
    await transaction.many(_SQL.PUT_MENTION, mention_rows([post]))
    return True


async def _delete(transaction: Transaction, post_id: int) -> bool:
    """Posts go before their mentions, here as everywhere."""
    await transaction.lock(of_post(post_id), shared=[IMPORTS])
    if not await transaction.run(_SQL.DELETE_POST, (post_id,)):
        return False
    await transaction.run(_SQL.DROP_MENTIONS, ([post_id],))
    while reposts := [id_ for (id_,) in await transaction.rows(_SQL.REPOSTS, (post_id, REPOSTS_AT_ONCE))]:
        await transaction.run(_SQL.DELETE_POSTS, (reposts,))
        await transaction.run(_SQL.DROP_MENTIONS, (reposts,))
    return True
