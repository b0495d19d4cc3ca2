"""Whether a request is what its signature says, now and for the first time (RFC 5849, section 3.2)."""

from functools import lru_cache
from typing import NoReturn

from tacet.clock import Clock
from tacet.identity.oauth1.errors import OAuth1Error, Reason
from tacet.identity.oauth1.nonces import TIMESTAMP_WINDOW_S, NonceMemory
from tacet.identity.oauth1.request import Parameters, SignedRequest
from tacet.identity.oauth1.rfc5849.base_string import base_string, origin, signed_part
from tacet.identity.oauth1.rfc5849.encoding import encode
from tacet.identity.oauth1.rfc5849.parameters import covered, normalize
from tacet.identity.oauth1.rfc5849.signature import same_signature, sign, signing_key

# Hosts whose origins are kept ready: a server answers to a handful, and a client may make up any number.
MAX_HOSTS_KEPT = 64

# As long as real ones, so that refusing an unknown token hashes as much as refusing a bad signature.
_NOBODYS_CONSUMER_SECRET = "0" * 50
_NOBODYS_TOKEN_SECRET = "0" * 45


class Verifier:
    """Checks time, signature and nonce of requests that `collect` has read.

    Between `collect` and `verify` the caller looks up the secrets by `consumer_key` and `token`. Where there
    are none it calls `refuse`, which takes as long as `verify` with a bad signature, so that the time of an
    answer does not tell which keys exist.

    Args:
        clock: what timestamps are compared with.
        nonces: what was seen before, by this process or by any.
        api_origins: `scheme://host[:port]` values that clients may have signed over, because they believe in
            them, although the request arrived elsewhere. Tried after the origin as received and its https
            form.
    """

    def __init__(self, clock: Clock, nonces: NonceMemory, api_origins: tuple[str, ...]) -> None:
        self._clock = clock
        self._nonces = nonces
        self._api_origins = tuple(_encoded_origin(*_scheme_and_host(each)) for each in api_origins)
        self._encoded_origins = lru_cache(MAX_HOSTS_KEPT)(self._list_origins)

    async def verify(
        self,
        request: SignedRequest,
        parameters: Parameters,
        consumer_secret: str,
        token_secret: str,
        *,
        allow_unsigned_verifier: bool = False,
    ) -> None:
        """Return if the request is genuine, on time and new; from then on it is not new any more.

        Args:
            request: what `parameters` were collected from.
            parameters: the result of `collect`.
            consumer_secret: of the App that owns `parameters.consumer_key`.
            token_secret: of `parameters.token`; empty if there is no token.
            allow_unsigned_verifier: only for `/oauth/access_token`, where X's own samples send `oauth_token`
                and `oauth_verifier` without signing them or using the token's secret. The caller must then
                insist on the verifier, which alone proves that the request is about that token.

        Raises:
            OAuth1Error: TIMESTAMP_OUT_OF_BOUNDS, BAD_SIGNATURE or NONCE_REPLAYED.
            StoreError: the signature is good, but nobody can tell whether the request is new.
        """
        now_s = self._check_time(parameters)
        key = signing_key(consumer_secret, token_secret)
        token = parameters.token or ""
        if not self._is_signed(request, parameters, key):
            key = signing_key(consumer_secret, "")
            if not (allow_unsigned_verifier and self._is_signed_by_consumer(request, parameters, key)):
                raise OAuth1Error(Reason.BAD_SIGNATURE, "not what these secrets and this address give")
            # The signature does not cover the token, so it must not be good again beside another one.
            token = ""
        nonce = parameters.oauth["oauth_nonce"]
        await self._nonces.remember(parameters.consumer_key, token, nonce, parameters.timestamp_s, now_s)

    def refuse(
        self,
        request: SignedRequest,
        parameters: Parameters,
        *,
        reason: Reason = Reason.BAD_SIGNATURE,
        allow_unsigned_verifier: bool = False,
    ) -> NoReturn:
        """Do the work of `verify` for a key or a token that does not exist.

        Raises:
            OAuth1Error: TIMESTAMP_OUT_OF_BOUNDS or `reason`, always.
        """
        self._check_time(parameters)
        key = signing_key(_NOBODYS_CONSUMER_SECRET, _NOBODYS_TOKEN_SECRET)
        self._is_signed(request, parameters, key)
        if allow_unsigned_verifier:
            self._is_signed_by_consumer(request, parameters, key)
        # Even a signature made with the secrets above, which anybody can read here, ends in this line.
        raise OAuth1Error(reason, "the API key or the token is none, or they do not belong together")

    def _check_time(self, parameters: Parameters) -> int:
        now_s = self._clock.now_ms() // 1000
        if abs(parameters.timestamp_s - now_s) > TIMESTAMP_WINDOW_S:
            raise OAuth1Error(Reason.TIMESTAMP_OUT_OF_BOUNDS, f"more than {TIMESTAMP_WINDOW_S} s from this clock")
        return now_s

    def _is_signed(
        self, request: SignedRequest, parameters: Parameters, key: bytes, unsigned: tuple[str, ...] = ()
    ) -> bool:
        oauth = parameters.oauth
        normalized = normalize([*covered(oauth, unsigned), *parameters.pairs])
        rest = signed_part(request.raw_path, normalized)
        given, method = oauth["oauth_signature"], oauth["oauth_signature_method"]
        return any(
            same_signature(sign(method, key, base_string(request.method, each, rest)), given)
            for each in self._encoded_origins(request.scheme, request.host)
        )

    def _is_signed_by_consumer(self, request: SignedRequest, parameters: Parameters, key: bytes) -> bool:
        unsigned = ("oauth_token", "oauth_verifier")
        if not all(parameters.oauth.get(name) for name in unsigned):
            return False
        return self._is_signed(request, parameters, key, unsigned)

    def _list_origins(self, scheme: str, host: str) -> tuple[str, ...]:
        received = (_encoded_origin(scheme, host), _encoded_origin("https", host))
        return tuple(dict.fromkeys((*received, *self._api_origins)))


def _encoded_origin(scheme: str, host: str) -> str:
    return encode(origin(scheme, host))


def _scheme_and_host(url: str) -> tuple[str, str]:
    scheme, _, host = url.partition("://")
    return scheme, host.rstrip("/")
