"""People and posts."""

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
