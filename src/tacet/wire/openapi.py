"""The API's own document, OpenAPI 3.1, generated from the operations that are served, and the route that answers it."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tacet import __version__
from tacet.identity.credentials import Access
from tacet.wire import problems
from tacet.wire.encoding import encode
from tacet.wire.endpoint import RETRY_AFTER_S, Services, send_ok, send_problem
from tacet.wire.operations import Operation
from tacet.wire.parameters import FIELD_LISTS, Parameter
from tacet.wire.problems import Problem
from tacet.wire.schemas import Schema, choice, components, exactly, listed, reference

OPENAPI_VERSION = "3.1.0"

PATH = "/2/openapi.json"
"""Where X answers its own document."""

SCOPES = {
    "mute.read": "View accounts you have muted.",
    "mute.write": "Mute and unmute accounts on your behalf.",
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

_LIMITS: Schema = {
    "x-rate-limit-limit": {
        "description": "Requests in a window of this route.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "x-rate-limit-remaining": {
        "description": "Requests left in the window, after this one.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "x-rate-limit-reset": {
        "description": "When the window ends, in Unix seconds.",
        "schema": {"type": "integer", "minimum": 0},
    },
}
_ALWAYS: Schema = {
    "x-transaction-id": {"required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"}},
    "x-response-time": {
        "description": "Milliseconds.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
}
_ACCESS: Schema = {
    "x-access-level": {
        "description": "What the caller's App may do.",
        "required": True,
        "schema": choice(*(access.value for access in Access)),
    }
}
_RETRY: Schema = {
    "retry-after": {"description": "Seconds.", "required": True, "schema": {"type": "integer", "minimum": 0}}
}


class _Document:
    """Answers the document. It is written when it is first asked for: starting must not wait for it."""

    def __init__(self, services: Services, operations: Sequence[Operation]) -> None:
        self._services = services
        self._operations = operations

    @cached_property
    def _body(self) -> bytes:
        return encode(document(self._operations))

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["method"] == "GET":
            await send_ok(self._services, send, self._body)
        else:
            await send_problem(self._services, send, problems.method_not_allowed(["GET"]))


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
            "description": "X's v2 Mutes API, and the look-ups of users beside it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": components(), "securitySchemes": _SECURITY_SCHEMES},
    }


def _own_operation() -> Schema:
    return {
        "operationId": "getOpenApiSpec",
        "summary": "This document",
        "security": [],
        "responses": {
            "200": {
                "description": "This document.",
                "headers": _ALWAYS,
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        },
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
    described = [_path_parameter(name, each, operation) for name, each in parameters.path.items()]
    for name, each in parameters.query.items():
        described.append(_query_parameter(name, each.schema, required=name in parameters.required))
    if parameters.selects:
        for name, accepted in FIELD_LISTS.items():
            described.append(_query_parameter(name, listed(choice(*accepted)), required=False))
    return described


def _path_parameter(name: str, parameter: Parameter, operation: Operation) -> Schema:
    described = {"name": name, "in": "path", "required": True, "schema": parameter.schema}
    if name == operation.own:
        described["description"] = "The id of the authenticating user: any other is refused with 400."
    return described


def _query_parameter(name: str, schema: Any, required: bool) -> Schema:
    described = {"name": name, "in": "query", "required": required, "schema": schema}
    if schema["type"] == "array":
        described |= {"style": "form", "explode": False}
    return described


def _responses(operation: Operation) -> Schema:
    limited = {**_ALWAYS, **_LIMITS}
    responses = {
        "200": _response("The request has succeeded.", reference(operation.answer), {**limited, **_ACCESS}),
        "400": _response("Something is wrong with the request.", reference("InvalidRequest"), limited),
        "401": _problem("No credentials, or none that are good.", exactly(problems.UNAUTHORIZED), _ALWAYS),
        "403": _problem("The caller may not do this.", {"anyOf": _forbidden(operation)}, limited),
        "429": _problem("The window's requests are spent.", exactly(problems.too_many_requests()), limited),
        "431": _at_the_door(problems.HEADERS_TOO_LARGE, "The request line and headers are too large."),
        "503": _problem(
            "Too much is waiting; nothing was done.",
            exactly(problems.service_unavailable(RETRY_AFTER_S)),
            {**limited, **_RETRY},
        ),
    }
    # What is no HTTP at all never reaches the operation, and is answered by the layer below.
    responses["400"]["content"] |= _at_the_door(problems.BAD_REQUEST, "")["content"]
    if operation.parameters.path:
        responses["404"] = _problem("Nobody, or nothing, is there.", {"anyOf": _not_found(operation)}, limited)
    if operation.body is not None:
        responses["413"] = _problem("The body is too large.", exactly(problems.BODY_TOO_LARGE), _ALWAYS)
    return responses


def _forbidden(operation: Operation) -> list[Schema]:
    refused = [exactly(problems.FORBIDDEN), reference("ClientForbidden")]
    if not operation.app_only:
        refused.append(exactly(problems.UNSUPPORTED_AUTHENTICATION))
    if operation.writes:
        refused.append(exactly(problems.OAUTH1_PERMISSIONS))
    if operation.body is not None:
        refused.append(reference("SuspendedTarget"))
    return refused


def _not_found(operation: Operation) -> list[Schema]:
    # A path parameter that is empty or holds a slash makes it another path, which is nowhere.
    nowhere = [exactly(problems.NOT_FOUND)]
    return [*nowhere, reference("MissingTarget")] if operation.body is not None else nowhere


def _response(description: str, schema: Schema, headers: Schema) -> Schema:
    return {
        "description": description,
        "headers": headers,
        "content": {"application/json": {"schema": schema}},
    }


def _problem(description: str, schema: Schema, headers: Schema) -> Schema:
    content = {"application/problem+json": {"schema": schema}}
    return {"description": description, "headers": headers, "content": content}


def _at_the_door(problem: Problem, description: str) -> Schema:
    """An answer of the layer below the application, which knows nothing of the request yet."""
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": exactly(problem)}},
    }
