"""The abstract store of logins: codes, request tokens, and the grants that come of them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from tacet.records.consents import Code, Connection, Grant, RequestToken
from tacet.records.credentials import Access, Token


class ConsentStore(ABC):
    """Every method that changes something is one transaction, and durable when it returns.

    What is made here is unknown to every cache until then, so making it changes no revision; revoking does
    (see `Store.revisions`). Tokens that come with a grant are stored as that grant's, whatever their `grant_id`.

    Whatever is here is of an App that exists: deleting the App deletes it, and nothing is made for an App that is not
    there, also where it is deleted in the same moment.

    Raises in every method that writes:
        StoreBusy: the write queue is full.
        Conflict: a digest or an id is taken; nothing of this call is written.
    """

    @abstractmethod
    async def put_code(self, code: Code) -> bool:
        """Insert an authorization code; False, and nothing is written, where its App is not there."""

    @abstractmethod
    async def code(self, digest: bytes) -> Code | None:
        """The code with this digest, expired and spent ones too."""

    @abstractmethod
    async def spend_code(self, digest: bytes, now_ms: int) -> bool:
        """Mark a code spent without a grant: somebody tried it in vain. True if it was there and not spent."""

    @abstractmethod
    async def redeem_code(self, digest: bytes, grant: Grant, tokens: Sequence[Token], now_ms: int) -> bool:
        """Exchange a code of the grant's App and person, neither spent nor expired, for the grant and its tokens;
        False, and nothing is written, where there is none, or the App is not there: of two who try at once, one gets
        True."""

    @abstractmethod
    async def rotate(self, refresh_digest: bytes, tokens: Sequence[Token], now_ms: int) -> bool:
        """Use up a refresh token that works, and add the tokens that follow it to its grant; False, and nothing is
        written, where it does not work: unknown, used, revoked, expired, or of a revoked grant. Of two who try at
        once, one gets True. Access tokens given earlier go on working until their end."""

    @abstractmethod
    async def add_grant(self, grant: Grant, tokens: Sequence[Token]) -> bool:
        """Insert a grant and its tokens that no code was exchanged for; False, and nothing is written, where its App
        is not there."""

    @abstractmethod
    async def grant(self, grant_id: int) -> Grant | None:
        """The grant with this id, a revoked one too."""

    @abstractmethod
    async def revoke_grant(self, grant_id: int, now_ms: int) -> bool:
        """Revoke a grant and all its tokens; True if it held until now."""

    @abstractmethod
    async def revoke_connection(self, app_id: int, user_id: int, now_ms: int) -> int:
        """Revoke every grant of a person to an App with all their tokens, tokens of no grant included, and drop
        their codes and request tokens under way; return how many grants held and tokens worked until now, in sum."""

    @abstractmethod
    async def own_token(self, app_id: int, user_id: int) -> Token | None:
        """The newest working access token that a developer made for their own account (`GrantKind.OWN`)."""

    @abstractmethod
    async def oauth1_accesses(self, app_id: int, user_id: int) -> set[Access | None]:
        """What the working access tokens of a person's OAuth 1.0a logins to an App allow, each once."""

    @abstractmethod
    async def connections_of_user(self, user_id: int, limit: int, now_ms: int) -> list[Connection]:
        """The Apps that a person lets in, newest first.

        What counts are grants that hold and of which a token still works, be it a refresh token: an App that can do
        nothing any more is not let in. `GrantKind.OWN` is none of these.
        """

    @abstractmethod
    async def connections_of_app(self, app_id: int, after_user_id: int, limit: int, now_ms: int) -> list[Connection]:
        """The people who let an App in, by the same grants, in order of their ids above `after_user_id`, for pages."""

    @abstractmethod
    async def put_request_token(self, token: RequestToken) -> bool:
        """Insert a request token; False, and nothing is written, where its App is not there."""

    @abstractmethod
    async def request_token(self, digest: bytes) -> RequestToken | None:
        """The request token with this digest, an expired one too."""

    @abstractmethod
    async def approve_request_token(self, digest: bytes, user_id: int, verifier_digest: bytes, now_ms: int) -> bool:
        """Record who agreed and what proves it; False where it has expired, is gone, or somebody agreed already."""

    @abstractmethod
    async def drop_request_token(self, digest: bytes) -> bool:
        """Delete a request token: it was denied, or tried too often. True if it was there."""

    @abstractmethod
    async def count_wrong_verifier(self, digest: bytes) -> int:
        """Note a wrong verifier; return how many there were with this one, 0 where there is no such token."""

    @abstractmethod
    async def redeem_request_token(
        self, digest: bytes, verifier_digest: bytes, grant: Grant, token: Token, now_ms: int
    ) -> int | None:
        """Exchange an unexpired request token, approved by the grant's person and whose verifier this is, for an
        access token.

        The token joins the grant that the person's earlier OAuth 1.0a logins to the App share, where one holds,
        else `grant` is inserted. Of the grant's tokens the new one and the next newest stay, `MAX_OAUTH1_TOKENS` in
        all; older ones are revoked. The request token is gone then.

        Returns:
            the id of the grant it joined; None, and nothing is written, where the request token is no good, or the App
            is not there.
        """

    @abstractmethod
    async def sweep_logins(self, now_ms: int, limit: int) -> int:
        """Delete at most `limit` of each kind of what no longer serves; return how many.

        These are codes and tokens `KEPT_AFTER_END_MS` after their end, grants without tokens, and request tokens and
        sessions at their end. A used refresh token stays until its own end, for as long as its grant holds: somebody
        may try it again. This may be several transactions: what went before one of them failed stays gone.
        """


MAX_OAUTH1_TOKENS = 20
"""Access tokens of one person to one App: enough for every device; a client that logs in each day must not pile up."""

KEPT_AFTER_END_MS = 24 * 3600 * 1000
"""How long an ended code or access token is kept: a code used a second time must still be known to revoke its grant.

A request token needs no memory: it is gone with its first use, and after its end nothing can come of it."""
