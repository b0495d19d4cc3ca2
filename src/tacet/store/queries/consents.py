"""Logins: codes, request tokens, grants, and the tokens as far as they come of these.

The columns stand in the order of `tacet.store.rows`.
"""

from tacet.records.consents import GrantKind
from tacet.records.credentials import Access, TokenKind
from tacet.store.queries.credentials import TOKEN_COLUMNS, CredentialQueries, is_app
from tacet.store.queries.tongue import Queries

CODE_COLUMNS = (
    "digest, app_id, user_id, scopes, redirect_uri, challenge, challenge_method, created_at_ms, expires_at_ms, "
    "spent_at_ms, grant_id"
)

GRANT_COLUMNS = "id, kind, app_id, user_id, scopes, created_at_ms, revoked_at_ms"

REQUEST_TOKEN_COLUMNS = (
    "digest, app_id, secret_sealed, callback, access, created_at_ms, expires_at_ms, user_id, verifier_digest, "
    "wrong_verifiers"
)

_WORKING_TOKENS = """
token WHERE token.grant_id = access_grant.id AND token.revoked_at_ms IS NULL
  AND (token.expires_at_ms IS NULL OR token.expires_at_ms > $2)
"""

# Not EXISTS, which PostgreSQL may take for a join, and walk all tokens of everybody.
_HOLDS_AND_WORKS = f"""
access_grant.revoked_at_ms IS NULL AND access_grant.kind <> {GrantKind.OWN:d}
  AND (SELECT 1 FROM {_WORKING_TOKENS} LIMIT 1) = 1
"""

_RANKED: tuple[Access | None, ...] = (*Access, None)
"""What a token may do, the least first; None, as much as its App, is the most."""

_RANK = f"""
CASE token.access {" ".join(f"WHEN '{access}' THEN {rank}" for rank, access in enumerate(Access))}
  ELSE {_RANKED.index(None)} END
"""

# The third is NULL where no grant is of OAuth 1.0a: one that is has a working token.
_AS_CONNECTION = f"""
packed(scopes),
MAX((SELECT MAX({_RANK}) FROM {_WORKING_TOKENS} AND access_grant.kind = {GrantKind.OAUTH1:d})),
MIN(created_at_ms) AS since_ms
"""


class ConsentQueries(Queries):
    """Of codes, request tokens and grants."""

    PUT_CODE = f"""
    INSERT INTO authorization_code ({CODE_COLUMNS}) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
    WHERE {is_app("$2")}
    RETURNING digest
    """

    CODE = f"SELECT {CODE_COLUMNS} FROM authorization_code WHERE digest = $1"

    SPEND_CODE = """
    UPDATE authorization_code SET spent_at_ms = $2 WHERE digest = $1 AND spent_at_ms IS NULL RETURNING digest
    """

    REDEEM_CODE = f"""
    UPDATE authorization_code SET spent_at_ms = $2, grant_id = $3
    WHERE digest = $1 AND app_id = $4 AND user_id = $5 AND spent_at_ms IS NULL AND expires_at_ms > $2
      AND {is_app("$4")}
    RETURNING digest
    """

    INSERT_GRANT = f"""
    INSERT INTO access_grant ({GRANT_COLUMNS}) SELECT $1, $2, $3, $4, $5, $6, $7
    WHERE {is_app("$3")}
    RETURNING id
    """

    GRANT = f"SELECT {GRANT_COLUMNS} FROM access_grant WHERE id = $1"

    USE_UP_REFRESH_TOKEN = f"""
    UPDATE token SET revoked_at_ms = $2
    WHERE digest = $1 AND kind = {TokenKind.REFRESH:d} AND revoked_at_ms IS NULL
      AND (expires_at_ms IS NULL OR expires_at_ms > $2)
      AND (grant_id IS NULL OR EXISTS (
          SELECT 1 FROM access_grant WHERE access_grant.id = token.grant_id AND access_grant.revoked_at_ms IS NULL))
    RETURNING grant_id
    """

    REVOKE_GRANT = "UPDATE access_grant SET revoked_at_ms = $2 WHERE id = $1 AND revoked_at_ms IS NULL RETURNING id"

    REVOKE_TOKENS_OF_GRANT = "UPDATE token SET revoked_at_ms = $2 WHERE grant_id = $1 AND revoked_at_ms IS NULL"

    REVOKE_GRANTS_OF_PAIR = """
    UPDATE access_grant SET revoked_at_ms = $3 WHERE app_id = $1 AND user_id = $2 AND revoked_at_ms IS NULL RETURNING id
    """

    REVOKE_TOKENS_OF_PAIR = """
    UPDATE token SET revoked_at_ms = $3 WHERE app_id = $1 AND user_id = $2 AND revoked_at_ms IS NULL
    RETURNING expires_at_ms
    """

    OWN_TOKEN = f"""
    SELECT {TOKEN_COLUMNS} FROM token
    WHERE revoked_at_ms IS NULL AND grant_id IN (
        SELECT id FROM access_grant
        WHERE app_id = $1 AND user_id = $2 AND revoked_at_ms IS NULL AND kind = {GrantKind.OWN:d})
    ORDER BY created_at_ms DESC LIMIT 1
    """

    OAUTH1_ACCESSES = f"""
    SELECT DISTINCT access FROM token
    WHERE revoked_at_ms IS NULL AND grant_id IN (
        SELECT id FROM access_grant
        WHERE app_id = $1 AND user_id = $2 AND revoked_at_ms IS NULL AND kind = {GrantKind.OAUTH1:d})
    """

    DROP_CODES_OF_PAIR = "DELETE FROM authorization_code WHERE app_id = $1 AND user_id = $2"

    DROP_REQUEST_TOKENS_OF_PAIR = "DELETE FROM request_token WHERE app_id = $1 AND user_id = $2"

    CONNECTIONS_OF_USER = f"""
    SELECT app_id, user_id, {_AS_CONNECTION} FROM access_grant
    WHERE user_id = $1 AND {_HOLDS_AND_WORKS}
    GROUP BY app_id, user_id ORDER BY since_ms DESC, app_id DESC LIMIT $3
    """

    CONNECTIONS_OF_APP = f"""
    SELECT app_id, user_id, {_AS_CONNECTION} FROM access_grant
    WHERE app_id = $1 AND user_id > $4 AND {_HOLDS_AND_WORKS}
    GROUP BY app_id, user_id ORDER BY app_id, user_id LIMIT $3
    """

    PUT_REQUEST_TOKEN = f"""
    INSERT INTO request_token ({REQUEST_TOKEN_COLUMNS}) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
    WHERE {is_app("$2")}
    RETURNING digest
    """

    REQUEST_TOKEN = f"SELECT {REQUEST_TOKEN_COLUMNS} FROM request_token WHERE digest = $1"

    APPROVE_REQUEST_TOKEN = """
    UPDATE request_token SET user_id = $2, verifier_digest = $3
    WHERE digest = $1 AND user_id IS NULL AND expires_at_ms > $4 RETURNING digest
    """

    DROP_REQUEST_TOKEN = "DELETE FROM request_token WHERE digest = $1 RETURNING digest"

    COUNT_WRONG_VERIFIER = """
    UPDATE request_token SET wrong_verifiers = wrong_verifiers + 1 WHERE digest = $1 RETURNING wrong_verifiers
    """

    REDEEM_REQUEST_TOKEN = f"""
    DELETE FROM request_token
    WHERE digest = $1 AND verifier_digest = $2 AND app_id = $3 AND user_id = $4 AND expires_at_ms > $5
      AND {is_app("$3")}
    RETURNING digest
    """

    SHARED_GRANT = f"""
    SELECT id FROM access_grant
    WHERE app_id = $1 AND user_id = $2 AND revoked_at_ms IS NULL AND kind = {GrantKind.OAUTH1:d} LIMIT 1
    """

    # No LIMIT is meant; SQLite wants one before OFFSET, and a grant has a few dozen tokens at most.
    REVOKE_OLDER_TOKENS_OF_GRANT = """
    UPDATE token SET revoked_at_ms = $2 WHERE digest IN (
        SELECT digest FROM token WHERE grant_id = $1 AND revoked_at_ms IS NULL
        ORDER BY created_at_ms DESC, digest LIMIT 1000000 OFFSET $3)
    RETURNING digest
    """

    INSERT_TOKEN = CredentialQueries.INSERT_TOKEN

    TOKEN = CredentialQueries.TOKEN


def access_of_rank(rank: int) -> Access | None:
    """What the number in a connection's row stands for."""
    return _RANKED[rank]
