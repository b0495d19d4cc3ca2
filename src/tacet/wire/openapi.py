"""The API's own document, OpenAPI 3.1, generated from the operations that are served, and the route that answers it."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tacet import __version__
from tacet.records.credentials import Access
from tacet.wire import problems
from tacet.wire.encoding import encode
from tacet.wire.endpoint import Services, send_ok, send_problem
from tacet.wire.operations import Operation
from tacet.wire.parameters import FIELD_LISTS, Selects
from tacet.wire.schemas import Schema, choice, listed, reference, schemas

OPENAPI_VERSION = "3.1.0"

PATH = "/2/openapi.json"
"""Where X answers its own document."""

SCOPES = {
    "block.read": "View accounts you have blocked.",
    "dm.read": "Read all your Direct Messages.",
    "dm.write": "Send and manage your Direct Messages.",
    "follows.read": "View accounts you follow and accounts following you.",
    "follows.write": "Follow and unfollow accounts on your behalf.",
    "mute.read": "View accounts you have muted.",
    "mute.write": "Mute and unmute accounts on your behalf.",
    "tweet.write": "Create and repost on your behalf.",
    "tweet.read": "View all posts you can see, including those from protected accounts.",
    "users.read": "View any account you can see, including protected accounts.",
}
"""X's own words for the scopes that operations here ask for."""

_SECURITY_SCHEMES: Schema = {
    "OAuth2UserToken": {
        "type": "oauth2",
        "description": "A bearer token of a person, with all scopes that the operation lists.",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": "/2/oauth2/authorize",
                "tokenUrl": "/2/oauth2/token",
                "scopes": SCOPES,
            }
        },
    },
    "UserToken": {
        "type": "http",
        "scheme": "OAuth",
        "description": "An OAuth 1.0a signature (RFC 5849), HMAC-SHA1 or HMAC-SHA256, with an access token.",
    },
    "BearerToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "A bearer token of an App on its own.",
    },
}

_WHOLE: Schema = {"type": "integer", "minimum": 0}
_HEADERS: Schema = {
    "x-rate-limit-limit": {"description": "Requests in a window of this route.", "schema": _WHOLE},
    "x-rate-limit-remaining": {"description": "Requests left in the window.", "schema": _WHOLE},
    "x-rate-limit-reset": {"description": "When the window ends, in Unix seconds.", "schema": _WHOLE},
    "x-access-level": {
        "description": "What the caller's App may do.",
        "required": True,
        "schema": choice(*(access.value for access in Access)),
    },
    "x-transaction-id": {
        "description": "Names this request.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
    },
    "x-response-time": {"description": "Milliseconds.", "required": True, "schema": _WHOLE},
    "retry-after": {"description": "Seconds to wait.", "required": True, "schema": _WHOLE},
}
_ALWAYS = ("x-transaction-id", "x-response-time")
_LIMITED = (*_ALWAYS, "x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset")
"""Whether a limit applies is a setting, so these three need not be there."""


class _Document:
    """Answers the document. It is written when it is first asked for: starting must not wait for it."""

    def __init__(self, services: Services, operations: Sequence[Operation]) -> None:
        self._services = services
        self._operations = operations

    @cached_property
    def _body(self) -> bytes:
        return encode(document(self._operations))

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        note = self._services.requests.of(scope["method"], PATH)
        if scope["method"] == "GET":
            await send_ok(self._services, send, self._body, note)
        else:
            await send_problem(self._services, send, problems.method_not_allowed(["GET"]), note)


def document_route(services: Services, operations: Sequence[Operation]) -> Route:
    """`GET /2/openapi.json`: the document, to anybody."""
    return Route(PATH, endpoint=_Document(services, operations))


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The OpenAPI document of these operations."""
    paths: dict[str, Schema] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    paths[PATH] = {"get": _own_operation()}
    return {
        "openapi": OPENAPI_VERSION,
        "info": {
            "title": "Tacet",
            "version": __version__,
            "description": "X's v2 Mutes API, and what a mute acts upon: users, posts, timelines, follows, messages.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "headers": _HEADERS,
            "parameters": {
                _component(name, selects): _query_parameter(name, listed(choice(*accepted)), required=False)
                for selects, lists in FIELD_LISTS.items()
                for name, accepted in lists.items()
            },
            "schemas": schemas(),
            "securitySchemes": _SECURITY_SCHEMES,
        },
    }


def _own_operation() -> Schema:
    return {
        "operationId": "getOpenApiSpec",
        "summary": "This document",
        "security": [],
        "responses": {"200": _response("This document.", _ALWAYS, {"application/json": {"type": "object"}})},
    }


def _operation(operation: Operation) -> Schema:
    described: Schema = {
        "operationId": operation.id,
        "summary": operation.summary,
        "security": _security(operation),
        "parameters": _parameters(operation),
        "responses": _responses(operation),
    }
    if operation.body is not None:
        content = {"application/json": {"schema": operation.body}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _security(operation: Operation) -> list[Schema]:
    schemes: list[Schema] = [{"OAuth2UserToken": sorted(operation.scopes)}, {"UserToken": []}]
    return [*schemes, {"BearerToken": []}] if operation.app_only else schemes


def _parameters(operation: Operation) -> list[Schema]:
    parameters = operation.parameters
    described: list[Schema] = []
    for name, each in parameters.path.items():
        own = {"description": "The authenticating user's own id."} if name == operation.own else {}
        described.append({"name": name, "in": "path", "required": True, **own, "schema": each.schema})
    for name, each in parameters.query.items():
        described.append(_query_parameter(name, each.schema, required=name in parameters.required))
    lists = [_component(name, parameters.selects) for name in FIELD_LISTS[parameters.selects]]
    return [*described, *({"$ref": f"#/components/parameters/{name}"} for name in lists)]


def _component(name: str, selects: Selects) -> str:
    """What a list is called among the components: only the expansions of users and posts differ."""
    return f"{selects}.{name}" if name == "expansions" else name


def _query_parameter(name: str, schema: Any, required: bool) -> Schema:
    described = {"name": name, "in": "query", "required": required, "schema": schema}
    if schema["type"] == "array":
        described |= {"style": "form", "explode": False}
    return described


def _responses(operation: Operation) -> Schema:
    answered = {"application/json": reference(operation.answer)}
    # What is no HTTP at all is answered by the layer below, in another shape than what is wrong with a parameter.
    wrong = {"application/json": reference("InvalidRequest"), **_problem("BadRequest")}
    responses = {
        str(operation.status): _response("The request has succeeded.", (*_LIMITED, "x-access-level"), answered),
        "400": _response("Something is wrong with the request.", (), wrong),
        "401": _response("No credentials, or none that are good.", _ALWAYS, _problem("Unauthorized")),
        "403": _response("The caller may not do this.", _LIMITED, _problem(*_forbidden(operation))),
        "429": _response("The window's requests are spent.", _LIMITED, _problem("TooManyRequests")),
        "431": _response("The request line and headers are too large.", (), _problem("HeadersTooLarge")),
        "503": _response("Too much is waiting; nothing was done.", ("retry-after",), _problem("ServiceUnavailable")),
    }
    if operation.parameters.path:
        # A path parameter that is empty or holds a slash makes it another path, which is nowhere.
        missing = _problem("NotFound", *operation.refusals.get(404, ()))
        responses["404"] = _response("Nobody, or nothing, is there.", _LIMITED, missing)
    if operation.body is not None:
        responses["413"] = _response("The body is too large.", _ALWAYS, _problem("BodyTooLarge"))
    return dict(sorted(responses.items()))


def _forbidden(operation: Operation) -> Iterable[str]:
    yield from ("Forbidden", "ClientForbidden")
    if not operation.app_only:
        yield "UnsupportedAuthentication"
    if operation.writes or operation.messages:
        yield "Oauth1Permissions"
    yield from operation.refusals.get(403, ())


def _problem(*names: str) -> Schema:
    """One of some named problems, by its content type."""
    schema = reference(names[0]) if len(names) == 1 else {"anyOf": [reference(name) for name in names]}
    return {"application/problem+json": schema}


def _response(description: str, headers: Sequence[str], content: Schema) -> Schema:
    return {
        "description": description,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {media_type: {"schema": schema} for media_type, schema in content.items()},
    }
