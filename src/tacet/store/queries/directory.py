"""People."""

from tacet.store.queries import upkeep
from tacet.store.queries.tongue import Queries


class DirectoryQueries(Queries):
    """Of people and usernames."""

    PEOPLE = "SELECT id, username, name, state, profile FROM person WHERE id IN (SELECT id FROM ids($1) AS wanted)"

    NAMES = "SELECT id, username, name, state FROM person WHERE id IN (SELECT id FROM ids($1) AS wanted)"

    IN_STATE = "SELECT id FROM person WHERE id IN (SELECT id FROM ids($2) AS wanted) AND state = $1"

    FIRST_PERSON_IDS = "SELECT id FROM person ORDER BY id LIMIT $1"

    PUT_PERSON = """
    INSERT INTO person (id, username, name, state, profile) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (id) DO UPDATE SET username = excluded.username, name = excluded.name,
        state = excluded.state, profile = excluded.profile
    WHERE person.username <> excluded.username OR person.name <> excluded.name
       OR person.state <> excluded.state OR person.profile <> excluded.profile
    """

    IDS_OF = """
    SELECT username_key, person_id FROM handle WHERE username_key IN (SELECT text FROM texts($1) AS wanted)
    """

    HANDLES = "SELECT username_key, person_id FROM handle WHERE person_id IN (SELECT id FROM ids($1) AS wanted)"

    DROP_HANDLE = "DELETE FROM handle WHERE username_key = $1"

    HANDLE_OWNER = "SELECT person_id FROM handle WHERE username_key = $1"

    DROP_HANDLES = "DELETE FROM handle WHERE person_id = $1 AND username_key <> $2"

    PUT_HANDLE = """
    INSERT INTO handle (username_key, person_id) VALUES ($1, $2) ON CONFLICT (username_key) DO NOTHING
    """

    BUMP = upkeep.BUMP
