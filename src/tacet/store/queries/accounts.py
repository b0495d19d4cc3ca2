"""Passwords, sessions, developers, Projects, and what Apps used."""

from tacet.store.queries.credentials import APP_COLUMNS
from tacet.store.queries.tongue import Queries


class AccountQueries(Queries):
    """Passwords, sessions, developers, Projects, usage."""

    PUT_PASSWORD = """
    INSERT INTO password (person_id, encoded, changed_at_ms) VALUES ($1, $2, $3)
    ON CONFLICT (person_id) DO UPDATE SET encoded = excluded.encoded, changed_at_ms = excluded.changed_at_ms
    """

    PASSWORD = "SELECT person_id, encoded, changed_at_ms FROM password WHERE person_id = $1"

    RECODE_PASSWORD = "UPDATE password SET encoded = $3 WHERE person_id = $1 AND encoded = $2 RETURNING person_id"

    DROP_PASSWORD = "DELETE FROM password WHERE person_id = $1 RETURNING person_id"

    PUT_SESSION = """
    INSERT INTO page_session (digest, user_id, created_at_ms, seen_at_ms, expires_at_ms) VALUES ($1, $2, $3, $4, $5)
    """

    SESSION = "SELECT digest, user_id, created_at_ms, seen_at_ms, expires_at_ms FROM page_session WHERE digest = $1"

    TOUCH_SESSION = "UPDATE page_session SET seen_at_ms = $2 WHERE digest = $1 AND seen_at_ms < $2"

    END_SESSION = "DELETE FROM page_session WHERE digest = $1 RETURNING digest"

    END_SESSIONS = "DELETE FROM page_session WHERE user_id = $1 RETURNING digest"

    PUT_DEVELOPER = """
    INSERT INTO developer (person_id, use_case, created_at_ms) VALUES ($1, $2, $3)
    ON CONFLICT (person_id) DO UPDATE SET use_case = excluded.use_case
    """

    DEVELOPER = "SELECT person_id, use_case, created_at_ms FROM developer WHERE person_id = $1"

    ADD_PROJECT = "INSERT INTO project (id, owner_id, name, description, created_at_ms) VALUES ($1, $2, $3, $4, $5)"

    PUT_PROJECT = f"""
    {ADD_PROJECT}
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description
    """

    CHANGE_PROJECT = "UPDATE project SET name = $2, description = $3 WHERE id = $1 RETURNING id"

    PROJECT = "SELECT id, owner_id, name, description, created_at_ms FROM project WHERE id = $1"

    PROJECTS = """
    SELECT id, owner_id, name, description, created_at_ms FROM project WHERE owner_id = $1 ORDER BY created_at_ms, id
    """

    DELETE_PROJECT = """
    DELETE FROM project WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM app WHERE app.project_id = $1) RETURNING id
    """

    APPS = f"SELECT {APP_COLUMNS} FROM app WHERE owner_id = $1 ORDER BY created_at_ms, id"

    DELETE_APP = "DELETE FROM app WHERE id = $1 RETURNING id"

    # Millions may have let one App in: `$2` rows go at a time, for other databases allow no statement to take long.
    DELETE_TOKENS_OF_APP = "DELETE FROM token WHERE digest IN (SELECT digest FROM token WHERE app_id = $1 LIMIT $2)"

    DELETE_GRANTS_OF_APP = (
        "DELETE FROM access_grant WHERE id IN (SELECT id FROM access_grant WHERE app_id = $1 LIMIT $2)"
    )

    DELETE_CODES_OF_APP = """
    DELETE FROM authorization_code WHERE digest IN (SELECT digest FROM authorization_code WHERE app_id = $1 LIMIT $2)
    """

    DELETE_REQUEST_TOKENS_OF_APP = """
    DELETE FROM request_token WHERE digest IN (SELECT digest FROM request_token WHERE app_id = $1 LIMIT $2)
    """

    DELETE_USAGE_OF_APP = "DELETE FROM app_usage WHERE app_id = $1"

    ADD_USAGE = """
    INSERT INTO app_usage (app_id, hour, requests, refused) VALUES ($1, $2, $3, $4)
    ON CONFLICT (app_id, hour) DO UPDATE SET
        requests = app_usage.requests + excluded.requests, refused = app_usage.refused + excluded.refused
    """

    USAGE = "SELECT app_id, hour, requests, refused FROM app_usage WHERE app_id = $1 AND hour >= $2 ORDER BY hour"

    SWEEP_USAGE = "DELETE FROM app_usage WHERE hour < $1"

    def delete_with_app(self) -> tuple[str, ...]:
        """What goes with an App, some rows at a time; codes and request tokens before what could come of them."""
        halves = self.DELETE_CODES_OF_APP, self.DELETE_REQUEST_TOKENS_OF_APP
        return *halves, self.DELETE_TOKENS_OF_APP, self.DELETE_GRANTS_OF_APP
