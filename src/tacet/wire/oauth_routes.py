"""The endpoints of both OAuths: what clients call to get tokens and to give them back."""

from starlette.routing import Route

from tacet.identity.parts import Identity
from tacet.limits.failures import Failures
from tacet.wire.addresses import Addresses
from tacet.wire.attempts import Attempts
from tacet.wire.endpoint import Services
from tacet.wire.oauth1.invalidation import InvalidationEndpoint
from tacet.wire.oauth1.logins import LoginEndpoints
from tacet.wire.oauth1.requests import SignedRequests
from tacet.wire.oauth2.app_only import AppOnlyEndpoints
from tacet.wire.oauth2.requests import ClientRequests
from tacet.wire.oauth2.revoke import RevokeEndpoint
from tacet.wire.oauth2.token import TokenEndpoint


def oauth_routes(services: Services, identity: Identity, failures: Failures, addresses: Addresses) -> list[Route]:
    """All of them; `failures` counts wrong secrets, codes and tokens by client and address."""
    attempts = Attempts(failures, addresses)
    signed, clients = SignedRequests(attempts), ClientRequests(attempts)
    return [
        *LoginEndpoints(identity.oauth1_logins, signed).routes(services),
        InvalidationEndpoint(identity.oauth1_invalidation, identity.authenticator, signed).route(services),
        *AppOnlyEndpoints(identity.app_only, attempts).routes(services),
        TokenEndpoint(identity.oauth2_tokens, clients).route(services),
        RevokeEndpoint(identity.oauth2_tokens, clients).route(services),
    ]
