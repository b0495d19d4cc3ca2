"""The SQL of every store, in the subset that SQLite (3.40 or later) and PostgreSQL (15 or later) share.

Parameters are written `$1`, a list of ids as `ids($1)`, which yields rows of one column `id`, a list of texts as
`texts($1)`, which yields rows of one column `text`, and a column put together in one value as `packed(column)`;
each driver adapts them to its own tongue. Every statement about relations names one source, save `WHO`, which is
made of point look-ups.
"""

ADD_RELATION = """
INSERT INTO relation (source_id, kind, position, target_id, end_at_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (source_id, kind, target_id) DO UPDATE SET
    position = CASE WHEN relation.end_at_ms <= $6 THEN excluded.position ELSE relation.position END,
    end_at_ms = excluded.end_at_ms
WHERE excluded.end_at_ms IS NOT NULL OR relation.end_at_ms <= $6
RETURNING position
"""

ADD_RELATION_QUIETLY = """
INSERT INTO relation (source_id, kind, position, target_id, end_at_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (source_id, kind, target_id) DO NOTHING
"""

REMOVE_RELATION = """
DELETE FROM relation WHERE source_id = $1 AND kind = $2 AND target_id = $3 RETURNING end_at_ms
"""

OLDER = """
SELECT target_id, position FROM relation
WHERE source_id = $1 AND kind = $2 AND position < $3 AND (end_at_ms IS NULL OR end_at_ms > $4)
ORDER BY position DESC LIMIT $5
"""

NEWER = """
SELECT target_id, position FROM relation
WHERE source_id = $1 AND kind = $2 AND position > $3 AND (end_at_ms IS NULL OR end_at_ms > $4)
ORDER BY position LIMIT $5
"""

PACKED = """
SELECT packed(target_id), MIN(position) FROM (
    SELECT target_id, position FROM relation
    WHERE source_id = $1 AND kind = $2 AND position < $3 AND (end_at_ms IS NULL OR end_at_ms > $4)
    ORDER BY position DESC LIMIT $5
) AS page
"""

# CROSS JOIN fixes the order of the look-ups: one probe an id, never a scan of the source's whole list.
WHICH = """
SELECT relation.target_id FROM ids($3) AS wanted CROSS JOIN relation
WHERE relation.source_id = $1 AND relation.kind = $2 AND relation.target_id = wanted.id
  AND (relation.end_at_ms IS NULL OR relation.end_at_ms > $4)
"""

WHO = """
SELECT relation.source_id FROM ids($1) AS wanted CROSS JOIN relation
WHERE relation.source_id = wanted.id AND relation.kind = $2 AND relation.target_id = $3
  AND (relation.end_at_ms IS NULL OR relation.end_at_ms > $4)
"""

ENDED = "SELECT source_id, kind, target_id FROM relation WHERE end_at_ms <= $1 LIMIT $2"

REMOVE_ENDED = """
DELETE FROM relation WHERE source_id = $1 AND kind = $2 AND target_id = $3 AND end_at_ms <= $4
"""

PEOPLE = """
SELECT person.id, person.username, person.name, person.state, person.profile
FROM ids($1) AS wanted CROSS JOIN person WHERE person.id = wanted.id
"""

FIRST_PERSON_IDS = "SELECT id FROM person ORDER BY id LIMIT $1"

PUT_PERSON = """
INSERT INTO person (id, username, name, state, profile) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET username = excluded.username, name = excluded.name,
    state = excluded.state, profile = excluded.profile
WHERE person.username <> excluded.username OR person.name <> excluded.name
   OR person.state <> excluded.state OR person.profile <> excluded.profile
"""

IDS_OF = """
SELECT handle.username_key, handle.person_id
FROM texts($1) AS wanted CROSS JOIN handle WHERE handle.username_key = wanted.text
"""

HANDLE_OWNER = "SELECT person_id FROM handle WHERE username_key = $1"

DROP_HANDLES = "DELETE FROM handle WHERE person_id = $1 AND username_key <> $2"

PUT_HANDLE = """
INSERT INTO handle (username_key, person_id) VALUES ($1, $2) ON CONFLICT (username_key) DO NOTHING
"""

PUT_POST = """
INSERT INTO post (id, author_id, created_at_ms, text, details) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET author_id = excluded.author_id, created_at_ms = excluded.created_at_ms,
    text = excluded.text, details = excluded.details
WHERE post.author_id <> excluded.author_id OR post.created_at_ms <> excluded.created_at_ms
   OR post.text <> excluded.text OR post.details <> excluded.details
"""

POSTS = """
SELECT post.id, post.author_id, post.text, post.created_at_ms, post.details
FROM ids($1) AS wanted CROSS JOIN post WHERE post.id = wanted.id
"""

LATEST_POSTS = """
SELECT wanted.id, (SELECT MAX(post.id) FROM post WHERE post.author_id = wanted.id) FROM ids($1) AS wanted
"""

DELETE_POST = "DELETE FROM post WHERE id = $1"

PUT_APP = """
INSERT INTO app (id, name, project_id, access, consumer_key, consumer_secret_sealed, client_id, created_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, project_id = excluded.project_id, access = excluded.access,
    consumer_key = excluded.consumer_key, consumer_secret_sealed = excluded.consumer_secret_sealed,
    client_id = excluded.client_id
"""

_APP_COLUMNS = "id, name, project_id, access, consumer_key, consumer_secret_sealed, client_id, created_at_ms"

APP = f"SELECT {_APP_COLUMNS} FROM app WHERE id = $1"

ANY_APP = f"SELECT {_APP_COLUMNS} FROM app ORDER BY id LIMIT 1"

APP_BY_CONSUMER_KEY = f"SELECT {_APP_COLUMNS} FROM app WHERE consumer_key = $1"

PUT_TOKEN = """
INSERT INTO token (digest, kind, app_id, user_id, scopes, secret_sealed, created_at_ms, expires_at_ms, revoked_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (digest) DO UPDATE SET kind = excluded.kind, app_id = excluded.app_id, user_id = excluded.user_id,
    scopes = excluded.scopes, secret_sealed = excluded.secret_sealed, created_at_ms = excluded.created_at_ms,
    expires_at_ms = excluded.expires_at_ms, revoked_at_ms = excluded.revoked_at_ms
"""

TOKEN = """
SELECT digest, kind, app_id, user_id, scopes, secret_sealed, created_at_ms, expires_at_ms, revoked_at_ms
FROM token WHERE digest = $1
"""

REVOKE_TOKEN = "UPDATE token SET revoked_at_ms = $2 WHERE digest = $1 AND revoked_at_ms IS NULL RETURNING expires_at_ms"

BUMP = """
INSERT INTO revision (part, number) VALUES ($1, 1)
ON CONFLICT (part) DO UPDATE SET number = revision.number + 1
"""

REVISIONS = "SELECT part, number FROM revision"

MIGRATIONS_DONE = "SELECT number FROM migration ORDER BY number"

RECORD_MIGRATION = "INSERT INTO migration (number, name) VALUES ($1, $2)"
