"""Posts. `shape & $n = 0` keeps those that have none of the shapes of a stretch's `without`."""

from tacet.store.queries import upkeep
from tacet.store.queries.tongue import Queries


class PostQueries(Queries):
    """Of posts and mentions."""

    POSTS = """
    SELECT post.id, post.author_id, post.text, post.created_at_ms, post.details, post.reposted_author_id
    FROM ids($1) AS wanted CROSS JOIN post WHERE post.id = wanted.id
    """

    LATEST_POSTS = """
    SELECT wanted.id, (SELECT MAX(post.id) FROM post WHERE post.author_id = wanted.id) FROM ids($1) AS wanted
    """

    NEWEST_POST_ID = "SELECT COALESCE(MAX(id), 0) FROM post WHERE id < $1"

    # A repost of what its author repeats already, under another id, is left out.
    PUT_POST = """
    INSERT INTO post (id, author_id, created_at_ms, text, details, shape, reposted_id, reposted_author_id)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8
    WHERE CAST($7 AS BIGINT) = 0 OR NOT EXISTS (
        SELECT 1 FROM post AS other
        WHERE other.reposted_id = $7 AND other.reposted_id <> 0 AND other.author_id = $2 AND other.id <> $1
    )
    ON CONFLICT (id) DO UPDATE SET author_id = excluded.author_id, created_at_ms = excluded.created_at_ms,
        text = excluded.text, details = excluded.details, shape = excluded.shape, reposted_id = excluded.reposted_id,
        reposted_author_id = excluded.reposted_author_id
    WHERE post.author_id <> excluded.author_id OR post.created_at_ms <> excluded.created_at_ms
       OR post.text <> excluded.text OR post.details <> excluded.details
    RETURNING id
    """

    NAME_REPOSTED_AUTHORS = """
    UPDATE post SET reposted_author_id = original.author_id
    FROM ids($1) AS wanted CROSS JOIN post AS original
    WHERE original.id = wanted.id AND post.reposted_id = original.id AND post.reposted_id <> 0
      AND post.reposted_author_id <> original.author_id
    """

    ADD_POST = """
    INSERT INTO post (id, author_id, created_at_ms, text, details, shape, reposted_id, reposted_author_id)
    SELECT $1, $2, $3, $4, $5, $6, $7,
        COALESCE((SELECT original.author_id FROM post AS original WHERE original.id = $7), $8)
    WHERE CAST($7 AS BIGINT) = 0 OR EXISTS (SELECT 1 FROM post AS original WHERE original.id = $7)
    ON CONFLICT (reposted_id, author_id) WHERE reposted_id <> 0 DO NOTHING
    RETURNING id
    """

    PUT_MENTION = "INSERT INTO mention (person_id, post_id) VALUES ($1, $2) ON CONFLICT (person_id, post_id) DO NOTHING"

    DROP_MENTIONS = "DELETE FROM mention WHERE post_id IN (SELECT id FROM ids($1) AS wanted)"

    REPOSTS = "SELECT id FROM post WHERE reposted_id = $1 AND reposted_id <> 0 LIMIT $2"

    DELETE_POSTS = "DELETE FROM post WHERE id IN (SELECT id FROM ids($1) AS wanted)"

    DELETE_POST = "DELETE FROM post WHERE id = $1"

    OLDER_OF_AUTHORS = """
    SELECT post.id, post.author_id, post.reposted_author_id
    FROM ids($1) AS wanted CROSS JOIN post
    WHERE post.author_id = wanted.id AND post.id > $2 AND post.id < $3 AND post.shape & $4 = 0
    ORDER BY post.id DESC LIMIT $5
    """

    NEWER_OF_AUTHORS = OLDER_OF_AUTHORS.replace("post.id DESC", "post.id")

    OLDER_MENTIONS = """
    SELECT post.id, post.author_id, post.reposted_author_id
    FROM mention CROSS JOIN post
    WHERE mention.person_id = $1 AND mention.post_id > $2 AND mention.post_id < $3
      AND post.id = mention.post_id AND post.shape & $4 = 0
    ORDER BY mention.post_id DESC LIMIT $5
    """

    NEWER_MENTIONS = OLDER_MENTIONS.replace("mention.post_id DESC", "mention.post_id")

    REPOST_OF = "SELECT id FROM post WHERE reposted_id = $1 AND reposted_id <> 0 AND author_id = $2"

    BUMP = upkeep.BUMP
