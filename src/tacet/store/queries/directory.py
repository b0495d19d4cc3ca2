"""People."""

PEOPLE = """
SELECT person.id, person.username, person.name, person.state, person.profile
FROM ids($1) AS wanted CROSS JOIN person WHERE person.id = wanted.id
"""

NAMES = """
SELECT person.id, person.username, person.name, person.state
FROM ids($1) AS wanted CROSS JOIN person WHERE person.id = wanted.id
"""

IN_STATE = """
SELECT person.id FROM ids($2) AS wanted CROSS JOIN person WHERE person.id = wanted.id AND person.state = $1
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
