"""What logins leave behind: `$1` is the time up to which it must have ended, `$2` how many rows may go."""

from tacet.records.credentials import TokenKind

SWEEP_CODES = """
DELETE FROM authorization_code WHERE digest IN (
    SELECT digest FROM authorization_code WHERE expires_at_ms <= $1 LIMIT $2)
RETURNING digest
"""

SWEEP_REQUEST_TOKENS = """
DELETE FROM request_token WHERE digest IN (SELECT digest FROM request_token WHERE expires_at_ms <= $1 LIMIT $2)
RETURNING digest
"""

SWEEP_SESSIONS = """
DELETE FROM page_session WHERE digest IN (SELECT digest FROM page_session WHERE expires_at_ms <= $1 LIMIT $2)
RETURNING digest
"""

SWEEP_EXPIRED_TOKENS = """
DELETE FROM token WHERE digest IN (SELECT digest FROM token WHERE expires_at_ms <= $1 LIMIT $2) RETURNING grant_id
"""

# A used refresh token stays for as long as it could be replayed.
SWEEP_REVOKED_TOKENS = f"""
DELETE FROM token WHERE digest IN (
    SELECT digest FROM token WHERE revoked_at_ms <= $1 AND kind <> {TokenKind.REFRESH:d} LIMIT $2)
RETURNING grant_id
"""

# CROSS JOIN fixes the order of the look-ups: the few grants that were revoked, then the tokens of each.
SWEEP_TOKENS_OF_REVOKED_GRANTS = """
DELETE FROM token WHERE digest IN (
    SELECT token.digest FROM access_grant CROSS JOIN token
    WHERE access_grant.revoked_at_ms <= $1 AND token.grant_id = access_grant.id LIMIT $2)
RETURNING grant_id
"""

SWEEP_REVOKED_GRANTS = """
DELETE FROM access_grant WHERE id IN (
    SELECT id FROM access_grant
    WHERE revoked_at_ms <= $1 AND NOT EXISTS (SELECT 1 FROM token WHERE token.grant_id = access_grant.id) LIMIT $2)
RETURNING id
"""

DROP_EMPTY_GRANTS = """
DELETE FROM access_grant WHERE id IN (SELECT id FROM ids($1) AS ended)
  AND NOT EXISTS (SELECT 1 FROM token WHERE token.grant_id = access_grant.id)
RETURNING id
"""
