"""Apps and tokens. The columns stand in the order of `tacet.store.rows`."""

from dataclasses import dataclass

from tacet.records.credentials import TokenKind
from tacet.store.queries import upkeep
from tacet.store.queries.tongue import Queries

APP_COLUMNS = (
    "id, name, project_id, access, consumer_key, consumer_secret_sealed, client_id, created_at_ms, "
    "client_secret_digest, owner_id, description, oauth1, oauth2, confidential, callbacks, website"
)

TOKEN_COLUMNS = (
    "digest, kind, app_id, user_id, scopes, secret_sealed, created_at_ms, expires_at_ms, revoked_at_ms, "
    "grant_id, access"
)


RESEALED_AT_ONCE = 1_000
"""Secrets held in memory while all are replaced, about 100 bytes each: enough that asking for more costs little."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """One kind of secret: how to read some past a key, how to write one, and what lies below all keys."""

    read: str
    write: str
    below: int | bytes


def is_app(id_: str) -> str:
    """The condition that there is an App with this id. Where logins of it are written, so that none outlives it."""
    return f"EXISTS (SELECT 1 FROM app WHERE app.id = {id_})"


class CredentialQueries(Queries):
    """Of Apps and tokens."""

    # Who owns an App owns its Project. At the command line an App that is nobody's can be in one that nobody made.
    ADD_APP = f"""
    INSERT INTO app ({APP_COLUMNS})
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16
    WHERE CAST($3 AS BIGINT) IS NULL OR CAST($10 AS BIGINT) IS NULL
       OR EXISTS (SELECT 1 FROM project WHERE project.id = $3 AND project.owner_id = $10)
    RETURNING id
    """

    # Two statements instead of one that does both: which of them wrote tells whether anything known has changed.
    PUT_APP = f"""
    INSERT INTO app ({APP_COLUMNS})
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
    ON CONFLICT (id) DO NOTHING RETURNING id
    """

    _SET_APP = """
    UPDATE app SET name = $2, project_id = $3, access = $4, consumer_key = $5, consumer_secret_sealed = $6,
        client_id = $7, client_secret_digest = $8, owner_id = $9, description = $10, oauth1 = $11, oauth2 = $12,
        confidential = $13, callbacks = $14, website = $15
    WHERE id = $1
    """

    REPLACE_APP = f"{_SET_APP} RETURNING id"

    # The parameters of `REPLACE_APP`, then the same of the App as it was, without its id.
    CHANGE_APP = f"""{_SET_APP}
      AND (name, project_id, access, consumer_key, consumer_secret_sealed, client_id, client_secret_digest, owner_id,
           description, oauth1, oauth2, confidential, callbacks, website)
        IS NOT DISTINCT FROM ($16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)
      AND (CAST($3 AS BIGINT) IS NULL OR project_id = $3 OR CAST($9 AS BIGINT) IS NULL
        OR EXISTS (SELECT 1 FROM project WHERE project.id = $3 AND project.owner_id = $9))
    RETURNING id
    """

    APP = f"SELECT {APP_COLUMNS} FROM app WHERE id = $1"

    ANY_APP = f"SELECT {APP_COLUMNS} FROM app WHERE LENGTH(consumer_secret_sealed) > 0 ORDER BY id LIMIT 1"

    APPS_AFTER = f"SELECT {APP_COLUMNS} FROM app WHERE id > $1 ORDER BY id LIMIT $2"

    APP_BY_CONSUMER_KEY = f"SELECT {APP_COLUMNS} FROM app WHERE consumer_key = $1"

    APP_BY_CLIENT_ID = f"SELECT {APP_COLUMNS} FROM app WHERE client_id = $1"

    INSERT_TOKEN = f"""
    INSERT INTO token ({TOKEN_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    """

    ADD_TOKEN = f"""
    INSERT INTO token ({TOKEN_COLUMNS}) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
    WHERE {is_app("$3")}
    ON CONFLICT (digest) DO NOTHING RETURNING digest
    """

    REPLACE_TOKEN = f"""
    UPDATE token SET kind = $2, app_id = $3, user_id = $4, scopes = $5, secret_sealed = $6, created_at_ms = $7,
        expires_at_ms = $8, revoked_at_ms = $9, grant_id = $10, access = $11
    WHERE digest = $1 AND {is_app("$3")}
    RETURNING digest
    """

    TOKEN = f"SELECT {TOKEN_COLUMNS} FROM token WHERE digest = $1"

    APP_ONLY_TOKEN = f"""
    SELECT {TOKEN_COLUMNS} FROM token
    WHERE app_id = $1 AND user_id IS NULL AND revoked_at_ms IS NULL AND kind = {TokenKind.APP_ONLY:d}
      AND expires_at_ms IS NULL AND LENGTH(secret_sealed) > 0
    ORDER BY created_at_ms DESC LIMIT 1
    """

    REVOKE_TOKEN = (
        "UPDATE token SET revoked_at_ms = $2 WHERE digest = $1 AND revoked_at_ms IS NULL RETURNING expires_at_ms"
    )

    SEALED_OF_APPS = """
    SELECT id, consumer_secret_sealed FROM app
    WHERE id > $1 AND LENGTH(consumer_secret_sealed) > 0 ORDER BY id LIMIT $2
    """

    RESEAL_APP = "UPDATE app SET consumer_secret_sealed = $2 WHERE id = $1"

    SEALED_OF_TOKENS = """
    SELECT digest, secret_sealed FROM token
    WHERE digest > $1 AND LENGTH(secret_sealed) > 0 ORDER BY digest LIMIT $2
    """

    RESEAL_TOKEN = "UPDATE token SET secret_sealed = $2 WHERE digest = $1"

    SEALED_OF_REQUEST_TOKENS = """
    SELECT digest, secret_sealed FROM request_token
    WHERE digest > $1 AND LENGTH(secret_sealed) > 0 ORDER BY digest LIMIT $2
    """

    RESEAL_REQUEST_TOKEN = "UPDATE request_token SET secret_sealed = $2 WHERE digest = $1"

    BUMP = upkeep.BUMP

    def sealed(self) -> tuple[Sealed, ...]:
        """Every kind of secret."""
        return (
            Sealed(self.SEALED_OF_APPS, self.RESEAL_APP, -1),
            Sealed(self.SEALED_OF_TOKENS, self.RESEAL_TOKEN, b""),
            Sealed(self.SEALED_OF_REQUEST_TOKENS, self.RESEAL_REQUEST_TOKEN, b""),
        )
