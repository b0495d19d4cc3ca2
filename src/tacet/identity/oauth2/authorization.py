"""From a consent page's query to a code: what an App asks a person for (RFC 6749 section 4.1.1, RFC 7636 4.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from tacet.clock import Clock
from tacet.identity.oauth2.callbacks import nearest
from tacet.identity.oauth2.clients import MAX_CLIENT_ID_CHARS
from tacet.identity.oauth2.rfc6749.characters import is_visible
from tacet.identity.oauth2.rfc6749.redirect import with_query
from tacet.identity.oauth2.rfc6749.scope import scope_tokens
from tacet.identity.oauth2.rfc7636.challenge import is_challenge, method_named
from tacet.identity.scopes import GRANTABLE_SCOPES
from tacet.identity.vault import Vault
from tacet.ids import Randomness, bearer_text
from tacet.records.consents import ChallengeMethod, Code
from tacet.records.credentials import App
from tacet.store.consents import ConsentStore
from tacet.store.credentials import CredentialStore

CODE_MS = 30_000
"""How long a code works, as X's: a client exchanges it at once."""

MAX_STATE_CHARS = 500
"""X's own limit."""

MAX_REDIRECT_URI_CHARS = 2_000
"""More than a registered one may have; browsers and proxies begin to cut addresses there."""

MAX_SCOPE_CHARS = 1_000
"""All scopes there are take about 350."""

MAX_SHOWN_CHARS = 80
"""Of a value that an error page quotes: enough to recognise it by."""

_SETTINGS = "User authentication settings"


class AuthorizationRefused(Exception):
    """A request that nobody is asked about; the browser is sent nowhere.

    Attributes:
        cause: what is wrong with the request, for the App's developer. It may quote a little of the request.
        remedy: what to do about it.
        app: whose settings could mend it; None where they could not.
    """

    def __init__(self, cause: str, remedy: str, app: App | None = None) -> None:
        super().__init__(cause)
        self.cause, self.remedy, self.app = cause, remedy, app


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What an App asks a person for, checked.

    Attributes:
        scopes: in the order asked for, each once.
        state: to be returned as it came; None where there was none.
    """

    app: App
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    challenge: str = field(repr=False)
    challenge_method: ChallengeMethod


class Authorizations:
    """Reads what Apps ask people for, and takes the people's answer.

    Args:
        randomness: must be unguessable.
    """

    def __init__(
        self, credentials: CredentialStore, consents: ConsentStore, clock: Clock, randomness: Randomness
    ) -> None:
        self._credentials = credentials
        self._consents = consents
        self._clock = clock
        self._randomness = randomness

    async def read(self, parameters: Mapping[str, Sequence[str]]) -> AuthorizationRequest:
        """Check the parameters of a consent page: all values of each name, decoded. Unknown names are ignored.

        X tells people about every mistake on a page of its own and never goes back to the App with one, not even
        when the redirect URI is good; so does this.

        Raises:
            AuthorizationRefused: nobody may be asked.
        """
        app = await self._app(_one(parameters, "client_id"))
        redirect_uri = _redirect_uri(app, _one(parameters, "redirect_uri"))
        response_type = _one(parameters, "response_type")
        if response_type != "code":
            raise AuthorizationRefused(
                f"The response_type {_shown(response_type)} is not supported.", "Send response_type=code."
            )
        scopes = _scopes(_one(parameters, "scope"))
        state = _state(parameters)
        challenge, method = _challenge(parameters)
        return AuthorizationRequest(app, redirect_uri, scopes, state, challenge, method)

    async def allow(self, request: AuthorizationRequest, user_id: int) -> str:
        """The person agrees: make a code, and return the URL that takes it to the App.

        Raises:
            AuthorizationRefused: the App was deleted since the request was read.
            StoreBusy: the write queue is full.
        """
        now_ms = self._clock.now_ms()
        text = bearer_text(self._randomness, now_ms, "ac")
        code = Code(
            digest=Vault.digest(text),
            app_id=request.app.id,
            user_id=user_id,
            scopes=" ".join(request.scopes),
            redirect_uri=request.redirect_uri,
            challenge=request.challenge,
            challenge_method=request.challenge_method,
            created_at_ms=now_ms,
            expires_at_ms=now_ms + CODE_MS,
        )
        if not await self._consents.put_code(code):
            raise _unknown(request.app.client_id)
        return with_query(request.redirect_uri, [*_state_pair(request), ("code", text)])

    def deny(self, request: AuthorizationRequest) -> str:
        """The person does not agree: the URL that tells the App (section 4.1.2.1)."""
        return with_query(request.redirect_uri, [("error", "access_denied"), *_state_pair(request)])

    async def app(self, client_id: str) -> App | None:
        """The App with this client id, whether it may ask or not."""
        known = is_visible(client_id, MAX_CLIENT_ID_CHARS)
        return await self._credentials.app_by_client_id(client_id) if known else None

    async def _app(self, client_id: str) -> App:
        if not client_id:
            raise _missing("client_id")
        app = await self.app(client_id)
        if app is None:
            raise _unknown(client_id)
        if not app.authentication.oauth2:
            raise AuthorizationRefused(
                f"OAuth 2.0 is switched off for the App {app.name}.", f"Switch it on in the App's {_SETTINGS}.", app
            )
        return app


def _redirect_uri(app: App, given: str) -> str:
    """Compared character by character (RFC 9700 section 2.1): no patterns, no ports left out."""
    if not given:
        raise _missing("redirect_uri")
    if len(given) > MAX_REDIRECT_URI_CHARS or given not in app.authentication.callbacks:
        cause = f"The redirect URI {_shown(given)} is none of the callback URLs of the App {app.name}."
        near = nearest(given, app.authentication.callbacks) if len(given) <= MAX_REDIRECT_URI_CHARS else None
        if near is not None:
            cause += f" The nearest is {_shown(near.url)}; {near.difference}."
        raise AuthorizationRefused(
            cause, f"Add it in the App's {_SETTINGS}, or send one that stands there, character by character.", app
        )
    return given


def _scopes(given: str) -> tuple[str, ...]:
    scopes = scope_tokens(given) if len(given) <= MAX_SCOPE_CHARS else ()
    if not scopes:
        if given.strip():
            raise AuthorizationRefused("The list of scopes is too long.", "Ask for each scope once.")
        raise _missing("scope")
    unknown = next((each for each in scopes if each not in GRANTABLE_SCOPES), None)
    if unknown is not None:
        raise AuthorizationRefused(
            f"There is no scope {_shown(unknown)}.{_meant(unknown)}", "Send known scopes, with one space between them."
        )
    return scopes


def _meant(unknown: str) -> str:
    near = get_close_matches(unknown[:MAX_SHOWN_CHARS].lower(), sorted(GRANTABLE_SCOPES), n=1)
    return f" Did you mean {near[0]}?" if near else ""


def _state(parameters: Mapping[str, Sequence[str]]) -> str | None:
    if "state" not in parameters:
        return None
    state = _one(parameters, "state")
    if len(state) > MAX_STATE_CHARS:
        raise AuthorizationRefused(
            f"The state has {len(state):,} characters.", f"Send at most {MAX_STATE_CHARS}, and keep the rest yourself."
        )
    return state


def _challenge(parameters: Mapping[str, Sequence[str]]) -> tuple[str, ChallengeMethod]:
    challenge = _one(parameters, "code_challenge")
    if not challenge:
        raise _missing("code_challenge")
    name = _one(parameters, "code_challenge_method")
    method = method_named(name)
    if method is None:
        raise AuthorizationRefused(f"There is no code_challenge_method {_shown(name)}.", "Send S256, or plain.")
    if not is_challenge(challenge, method):
        raise AuthorizationRefused(
            f"The code_challenge {_shown(challenge)} is none of the method {method}.",
            "Of S256 it is the base64url of a SHA-256, 43 characters without padding; of plain the verifier itself: "
            "up to 256 letters, digits, and - . _ ~.",
        )
    return challenge, method


def _one(parameters: Mapping[str, Sequence[str]], name: str) -> str:
    """The value of a parameter; empty where there is none, which is the same (section 3.1)."""
    values = parameters.get(name, ())
    if len(values) > 1:
        raise AuthorizationRefused(f"The parameter {name} is given more than once.", "Send it once.")
    return values[0] if values else ""


def _unknown(client_id: str) -> AuthorizationRefused:
    return AuthorizationRefused(
        f"No App has the client ID {_shown(client_id)}.",
        "Take the OAuth 2.0 client ID from the App's keys and tokens; the API key is another thing.",
    )


def _missing(name: str) -> AuthorizationRefused:
    return AuthorizationRefused(f"The parameter {name} is missing.", "Send it in the query.")


def _shown(value: str) -> str:
    cut = value if len(value) <= MAX_SHOWN_CHARS else value[: MAX_SHOWN_CHARS - 1] + "…"
    return f"“{cut}”"


def _state_pair(request: AuthorizationRequest) -> list[tuple[str, str]]:
    return [] if request.state is None else [("state", request.state)]
