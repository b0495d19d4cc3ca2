"""What the endpoints of OAuth 1.0a do alike: reading, counting failures, wording refusals."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.types import Scope

from tacet.identity.oauth1.errors import OAuth1Error, Reason
from tacet.identity.oauth1.refusals import LoginRefused
from tacet.identity.oauth1.request import SignedRequest, collect
from tacet.wire.accept import prefers_json
from tacet.wire.attempts import Attempts
from tacet.wire.credentials import header, signed_request
from tacet.wire.headers import Reply
from tacet.wire.oauth_problems import (
    BAD_AUTHENTICATION_DATA,
    RATE_LIMIT_EXCEEDED,
    login_problem,
    oauth1_problem,
)
from tacet.wire.problems import Refusal

Work = Callable[[SignedRequest], Awaitable[Reply]]
"""Does what a signed request asks for; or raises `OAuth1Error` or `LoginRefused`."""


@dataclass(frozen=True, slots=True)
class SignedRequests:
    """Answers signed requests, and lets nobody try out secrets without end."""

    attempts: Attempts

    async def answer(self, scope: Scope, body: bytes, work: Work) -> Reply:
        """The answer to a request.

        Raises:
            Refusal: 400, 401, 403, or 429 after too many failures of this App at this address.
        """
        request = signed_request(scope, body, header(scope, b"authorization").decode("latin-1"))
        if request is None:
            raise Refusal(BAD_AUTHENTICATION_DATA, "there is no OAuth 1.0a signature")
        try:
            consumer_key = collect(request).consumer_key
        except OAuth1Error as error:
            raise Refusal(oauth1_problem(error.reason), str(error)) from None
        attempt = await self.attempts.begin(scope, consumer_key, RATE_LIMIT_EXCEEDED)
        try:
            return await work(request)
        except OAuth1Error as error:
            if error.reason is Reason.BAD_SIGNATURE:
                await attempt.failed()
            raise Refusal(oauth1_problem(error.reason), str(error)) from None
        except LoginRefused as error:
            # Not counted. Anybody can bring an App wrong verifiers, which must not keep out everybody else; it has
            # signed by then, and each request token ends after a few of them anyway.
            as_json = prefers_json(header(scope, b"accept").decode("latin-1"))
            raise Refusal(login_problem(error.refused, as_json), error.reason) from None
