"""What logins leave behind: what has ended by the time `$1`, `$2` rows of it at most, and how each of them is deleted.

A row says its key first, then whose it is: elsewhere than in SQLite others may be at the same rows meanwhile.
"""

from tacet.records.credentials import TokenKind
from tacet.store.queries.accounts import AccountQueries
from tacet.store.queries.consents import ConsentQueries
from tacet.store.queries.tongue import Queries


class SweepingQueries(Queries):
    """Of what has ended."""

    ENDED_CODES = "SELECT digest, app_id, user_id FROM authorization_code WHERE expires_at_ms <= $1 LIMIT $2"

    ENDED_REQUEST_TOKENS = "SELECT digest, app_id, user_id FROM request_token WHERE expires_at_ms <= $1 LIMIT $2"

    ENDED_SESSIONS = "SELECT digest, user_id FROM page_session WHERE expires_at_ms <= $1 LIMIT $2"

    EXPIRED_TOKENS = "SELECT digest, app_id, user_id, grant_id FROM token WHERE expires_at_ms <= $1 LIMIT $2"

    # A used refresh token stays for as long as it could be replayed.
    REVOKED_TOKENS = f"""
    SELECT digest, app_id, user_id, grant_id FROM token
    WHERE revoked_at_ms <= $1 AND kind <> {TokenKind.REFRESH:d} LIMIT $2
    """

    # CROSS JOIN fixes the order of the look-ups: the few grants that were revoked, then the tokens of each.
    TOKENS_OF_REVOKED_GRANTS = """
    SELECT token.digest, token.app_id, token.user_id, token.grant_id FROM access_grant CROSS JOIN token
    WHERE access_grant.revoked_at_ms <= $1 AND token.grant_id = access_grant.id LIMIT $2
    """

    REVOKED_GRANTS = """
    SELECT id, app_id, user_id FROM access_grant
    WHERE revoked_at_ms <= $1 AND NOT EXISTS (SELECT 1 FROM token WHERE token.grant_id = access_grant.id) LIMIT $2
    """

    DELETE_CODE = "DELETE FROM authorization_code WHERE digest = $1 RETURNING digest"

    DELETE_TOKEN = """
    DELETE FROM token WHERE digest = $1 AND (expires_at_ms <= $2 OR revoked_at_ms <= $2) RETURNING digest
    """

    DROP_EMPTY_GRANTS = """
    DELETE FROM access_grant WHERE id IN (SELECT id FROM ids($1) AS ended)
      AND NOT EXISTS (SELECT 1 FROM token WHERE token.grant_id = access_grant.id)
    RETURNING id
    """

    END_SESSION = AccountQueries.END_SESSION

    DROP_REQUEST_TOKEN = ConsentQueries.DROP_REQUEST_TOKEN

    def ended_tokens(self) -> tuple[str, ...]:
        """A token ends in one of these ways: by itself, by its revocation, by that of its grant."""
        return self.EXPIRED_TOKENS, self.REVOKED_TOKENS, self.TOKENS_OF_REVOKED_GRANTS
