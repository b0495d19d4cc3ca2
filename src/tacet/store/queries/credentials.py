"""Apps and tokens. The columns stand in the order of `tacet.store.rows`."""

from tacet.records.credentials import TokenKind

APP_COLUMNS = (
    "id, name, project_id, access, consumer_key, consumer_secret_sealed, client_id, created_at_ms, "
    "client_secret_digest, owner_id, description, oauth1, oauth2, confidential, callbacks, website"
)

TOKEN_COLUMNS = (
    "digest, kind, app_id, user_id, scopes, secret_sealed, created_at_ms, expires_at_ms, revoked_at_ms, "
    "grant_id, access"
)

INSERT_APP = f"""
INSERT INTO app ({APP_COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""

# Two statements instead of one that does both: which of them wrote tells whether anything known has changed.
ADD_APP = f"{INSERT_APP} ON CONFLICT (id) DO NOTHING RETURNING id"

REPLACE_APP = """
UPDATE app SET name = $2, project_id = $3, access = $4, consumer_key = $5, consumer_secret_sealed = $6,
    client_id = $7, client_secret_digest = $8, owner_id = $9, description = $10, oauth1 = $11, oauth2 = $12,
    confidential = $13, callbacks = $14, website = $15
WHERE id = $1
"""

APP = f"SELECT {APP_COLUMNS} FROM app WHERE id = $1"

ANY_APP = f"SELECT {APP_COLUMNS} FROM app WHERE LENGTH(consumer_secret_sealed) > 0 ORDER BY id LIMIT 1"

APPS_AFTER = f"SELECT {APP_COLUMNS} FROM app WHERE id > $1 ORDER BY id LIMIT $2"

APP_BY_CONSUMER_KEY = f"SELECT {APP_COLUMNS} FROM app WHERE consumer_key = $1"

APP_BY_CLIENT_ID = f"SELECT {APP_COLUMNS} FROM app WHERE client_id = $1"

INSERT_TOKEN = f"""
INSERT INTO token ({TOKEN_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""

ADD_TOKEN = f"{INSERT_TOKEN} ON CONFLICT (digest) DO NOTHING RETURNING digest"

REPLACE_TOKEN = """
UPDATE token SET kind = $2, app_id = $3, user_id = $4, scopes = $5, secret_sealed = $6, created_at_ms = $7,
    expires_at_ms = $8, revoked_at_ms = $9, grant_id = $10, access = $11
WHERE digest = $1
"""

TOKEN = f"SELECT {TOKEN_COLUMNS} FROM token WHERE digest = $1"

APP_ONLY_TOKEN = f"""
SELECT {TOKEN_COLUMNS} FROM token
WHERE app_id = $1 AND user_id IS NULL AND revoked_at_ms IS NULL AND kind = {TokenKind.APP_ONLY:d}
  AND expires_at_ms IS NULL AND LENGTH(secret_sealed) > 0
ORDER BY created_at_ms DESC LIMIT 1
"""

REVOKE_TOKEN = "UPDATE token SET revoked_at_ms = $2 WHERE digest = $1 AND revoked_at_ms IS NULL RETURNING expires_at_ms"

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
