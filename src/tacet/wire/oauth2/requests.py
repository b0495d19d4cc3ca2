"""What the token and revocation endpoints do alike: reading, counting failures, wording refusals."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.types import Scope

from tacet.identity.oauth2.clients import ClientCredentials
from tacet.identity.oauth2.errors import OAuth2Error, repeated, unreadable
from tacet.wire.attempts import Attempts
from tacet.wire.basic import basic_credentials
from tacet.wire.credentials import BLANKS, FORM, header
from tacet.wire.encoding import encode
from tacet.wire.headers import Reply
from tacet.wire.oauth_problems import NO_STORE, oauth2_problem
from tacet.wire.problems import TOO_MANY_REQUESTS, Refusal

MAX_FIELDS = 50
"""Parameters of a request; known clients send eight at most, and unknown ones must be ignored."""

JSON = "application/json"


class Parameters:
    """Parameters by name, with every value that was given. What nobody asks for is ignored, whatever it is."""

    def __init__(self, pairs: Iterable[tuple[str, object]] = ()) -> None:
        self._values: dict[str, list[object]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def one(self, name: str) -> str:
        """The value of a parameter; empty where there is none, which is the same (RFC 6749 section 3.2).

        Raises:
            OAuth2Error: it is given more than once, or is no text.
        """
        values = self._values.get(name, [])
        if len(values) > 1:
            raise repeated(name)
        value = values[0] if values else None
        if value is None:
            return ""
        if not isinstance(value, str):
            raise unreadable(f"Parameter [{name}] is not a string.")
        return value


Work = Callable[[ClientCredentials, Parameters], Awaitable[Mapping[str, object]]]
"""Does what a client asks for and returns the members of the answer, in order; or raises `OAuth2Error`."""


@dataclass(frozen=True, slots=True)
class ClientRequests:
    """Answers requests of clients, and lets nobody try out secrets without end."""

    attempts: Attempts

    async def answer(self, scope: Scope, body: bytes, work: Work) -> Reply:
        """The answer to a request.

        Raises:
            Refusal: 400, 401, or 429 after too many failures of this client at this address.
        """
        try:
            parameters = read_parameters(scope, body)
            client = ClientCredentials(parameters.one("client_id"), basic_credentials(scope))
        except OAuth2Error as error:
            raise Refusal(oauth2_problem(error), error.reason) from None
        client_id = client.basic[0] if client.basic is not None else client.client_id
        attempt = await self.attempts.begin(scope, client_id, TOO_MANY_REQUESTS)
        try:
            return Reply(encode(await work(client, parameters)), headers=NO_STORE)
        except OAuth2Error as error:
            if error.guessing and not _has_proved_itself(client, error):
                await attempt.failed()
            raise Refusal(oauth2_problem(error), error.reason) from None


def _has_proved_itself(client: ClientCredentials, error: OAuth2Error) -> bool:
    """Whether the client has shown its secret, so that there is none left for it to guess.

    A wrong code is then one that somebody brought to the App. Anybody can do that, and a hundred times: it must not
    keep out everybody else who signs in through the App, or is signed in.
    """
    return client.basic is not None and bool(client.basic[1]) and error.status != 401


def read_parameters(scope: Scope, body: bytes) -> Parameters:
    """The parameters of a form, a JSON object, or the query where there is no body: X's clients send all three.

    Raises:
        OAuth2Error: the body is none of these, or there are too many parameters.
    """
    if not body:
        return _form(scope["query_string"])
    content_type = header(scope, b"content-type").decode("latin-1").partition(";")[0].strip(BLANKS).lower()
    if content_type == JSON:
        return _json(body)
    if content_type == FORM:
        return _form(body)
    raise unreadable(f"Requests with bodies must have content-type of {FORM} or {JSON}.")


def _form(encoded: bytes) -> Parameters:
    try:
        return Parameters(parse_qsl(encoded.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise unreadable(f"There are more than {MAX_FIELDS} parameters.") from None


def _json(body: bytes) -> Parameters:
    try:
        # Pairs show a name that stands there twice; a list of pairs is told from a list by its type.
        value = json.loads(body, object_pairs_hook=_Members)
    except (ValueError, RecursionError):
        raise unreadable("The request body is not valid JSON.") from None
    if not isinstance(value, _Members):
        raise unreadable("The request body is not a JSON object.")
    return Parameters(value)


class _Members(list[tuple[str, object]]):
    """A JSON object's members, in order."""
