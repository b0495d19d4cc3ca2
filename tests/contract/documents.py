"""X's two OpenAPI documents, read when a test runs, as strict judges of what is answered.

X's schemas allow any further member, so a renamed one would pass. Here every object is closed: what X does not name is
refused, save for what is listed as known beyond the document.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator, oas30_format_checker

from tacet.wire.vocabulary import POST, TWEET, Vocabulary
from tests.wire.recorded import ours

Schema = dict[str, Any]

PROFILE = ("confirmed_email", "is_identity_verified", "parody", "subscribes_to_you", "subscription")
CLICKS = ("url_link_clicks", "user_profile_clicks")
POINTED_AT = ("parameter", "value", "resource_id")


@dataclass(frozen=True)
class Kind:
    """One of the two documents.

    Attributes:
        beyond: members that are answered beside those of a schema, by its name, or by its name and a member's.
        problem_types: which of the problems that can be answered it knows.
    """

    file: str
    vocabulary: Vocabulary
    beyond: Mapping[str, tuple[str, ...]]
    problem_types: tuple[str, ...]


TWEET_KIND = Kind(
    "openapi-2.166-mutes.json",
    TWEET,
    {
        "User": (*PROFILE, "verified_followers_count"),
        # X's own Python SDK cannot read an answer without `post_count`.
        "User.public_metrics": ("post_count", "media_count"),
        "Tweet.non_public_metrics": CLICKS,
        "Tweet.organic_metrics": CLICKS,
        "FieldUnauthorizedProblem": POINTED_AT,
        "ClientForbiddenProblem": ("client_id", "required_enrollment"),
    },
    (
        "about:blank",
        "https://api.x.com/2/problems/client-forbidden",
        "https://api.x.com/2/problems/invalid-request",
        "https://api.x.com/2/problems/not-authorized-for-field",
        "https://api.x.com/2/problems/not-authorized-for-resource",
        "https://api.x.com/2/problems/oauth1-permissions",
        "https://api.x.com/2/problems/resource-not-found",
        "https://api.twitter.com/2/problems/unsupported-authentication",
    ),
)
POST_KIND = Kind(
    "openapi-2.167-mutes.json",
    POST,
    {
        "UserPublicMetrics": ("tweet_count",),
        # The wire still sends what this document dropped.
        "InvalidRequestProblem": ("errors",),
    },
    (
        "https://api.x.com/2/problems/invalid-request",
        "https://api.x.com/2/problems/not-authorized-for-field",
        "https://api.x.com/2/problems/not-authorized-for-resource",
        "https://api.x.com/2/problems/resource-not-found",
    ),
)
KINDS = {"tweet": TWEET_KIND, "post": POST_KIND}

DESCRIBED = frozenset(
    (
        "getUsersMuting",
        "muteUser",
        "unmuteUser",
        "getUsersMe",
        "getUsersById",
        "getUsersByIds",
        "getUsersByUsername",
        "getUsersByUsernames",
        "getUsersTimeline",
        "getUsersMentions",
        "getUsersFollowing",
        "getUsersFollowers",
        "followUser",
        "unfollowUser",
        "getUsersBlocking",
    )
)
"""Operations that are served here and described there; the documents at hand are cut to mutes and what is near them."""


class Document:
    """One of X's documents and its judgements."""

    def __init__(self, folder: Path, kind: Kind) -> None:
        self.kind = kind
        self.raw: Schema = json.loads((folder / kind.file).read_text())
        self._schemas: Schema = self.raw["components"]["schemas"]
        self.operations = {
            operation["operationId"]: operation
            for methods in self.raw["paths"].values()
            for method, operation in methods.items()
            if method in {"get", "post", "delete"}
        }
        self.problem_schema = cache(self._problem_schema)
        self.answer_schema = cache(self._answer_schema)

    def parameters(self, operation_id: str) -> dict[str, Schema]:
        """What an operation takes, by name, with nothing left to look up."""
        listed = [self._resolved(each) for each in self.operations[operation_id]["parameters"]]
        return {each["name"]: {**each, "schema": self._resolved(each["schema"])} for each in listed}

    def complaints(self, operation_id: str, answer: object) -> list[str]:
        """What X's document has against the body of a 200."""
        return _complaints(self.answer_schema(operation_id), answer)

    def problem_complaints(self, problem: object) -> list[str]:
        """What X's document has against the body of an error, or an entry of `errors`."""
        return _complaints(self.problem_schema(), problem)

    def members(self, path: str) -> set[str]:
        """Names of the members of a schema, or with a dot of a member's own."""
        name, _, member = path.partition(".")
        schema = self._merged([self._schemas[name], *self._schemas[name].get("allOf", ())])
        return set(schema["properties"][member]["properties"] if member else schema["properties"])

    def _answer_schema(self, operation_id: str) -> Schema:
        content = self.operations[operation_id]["responses"]["200"]["content"]["application/json"]
        schema = self._closed(content["schema"])
        if "errors" in schema["properties"]:
            schema["properties"]["errors"]["items"] = self.problem_schema()
            schema["properties"]["errors"]["minItems"] = 1
        return schema

    def _problem_schema(self) -> Schema:
        """Any one problem, told by its type."""
        mapping = self._schemas["Problem"]["discriminator"]["mapping"]
        mapping = {"https://api.twitter.com/2/problems/oauth1-permissions": "Oauth1PermissionsProblem", **mapping}
        choices = []
        for type_, target in mapping.items():
            if (name := target.rpartition("/")[2]) in self._schemas:
                schema = self._closed({"$ref": f"#/components/schemas/{name}"})
                known = [type_] if "unsupported-authentication" in type_ else [ours(type_)]
                schema["properties"]["type"] = {"type": "string", "enum": known}
                choices.append(schema)
        return {"oneOf": choices}

    def _resolved(self, value: Schema) -> Schema:
        if "$ref" not in value:
            return value
        found: Any = self.raw
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return self._resolved(found)

    def _closed(self, schema: Schema, name: str = "") -> Schema:
        """The schema without references, all its objects closed."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name == "Problem":
                return {"type": "object"}
            return self._closed(self._resolved(schema), name)
        if "allOf" in schema:
            return self._closed(self._merged(schema["allOf"]), name)
        if "oneOf" in schema:
            return {"oneOf": [self._closed(each, name) for each in schema["oneOf"]]}
        closed = dict(schema)
        if "items" in schema:
            closed["items"] = self._closed(schema["items"], name)
        if "properties" in schema:
            members = schema["properties"].items()
            closed["properties"] = {member: self._closed(inner, f"{name}.{member}") for member, inner in members}
            closed["properties"] |= {member: {} for member in self.kind.beyond.get(name, ())}
            closed.setdefault("additionalProperties", False)
        return closed

    def _merged(self, parts: list[Schema]) -> Schema:
        merged: Schema = {"type": "object", "properties": {}, "required": []}
        for part in parts:
            resolved = self._resolved(part)
            merged["properties"] |= resolved.get("properties", {})
            merged["required"] += resolved.get("required", [])
        return merged


def _complaints(schema: Schema, value: object) -> list[str]:
    validator = OAS30Validator(schema, format_checker=oas30_format_checker)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
