"""JSON Schemas (2020-12) of everything that is answered, for the API's own document.

All objects are closed: the schemas say what is answered, not what might be one day. The problems' schemas are made from
the problems themselves.
"""

import json
from collections.abc import Mapping
from typing import Any

from tacet.wire import problems
from tacet.wire.kinds import ID_PATTERN, USERNAME_PATTERN
from tacet.wire.problems import Problem, Violation
from tacet.wire.v2.tokens import BASE32_PATTERN, BASE36_PATTERN

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_FILLED: Schema = {"type": "string", "minLength": 1}
_FLAG: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_ID: Schema = {"type": "string", "pattern": ID_PATTERN}
_MOMENT: Schema = {"type": "string", "format": "date-time"}


def reference(name: str) -> Schema:
    """A reference to one of `schemas()`."""
    return {"$ref": f"#/components/schemas/{name}"}


def choice(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def listed(items: Schema, at_least: int = 1) -> Schema:
    return {"type": "array", "minItems": at_least, "items": items}


def closed(properties: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object with these properties and no others; those in `optional` may be absent."""
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
        "additionalProperties": False,
    }


def shaped_like(body: bytes, **free: Schema) -> Schema:
    """An object that is exactly `body`, save for the members named in `free`."""
    members = {name: free.get(name, {"const": value}) for name, value in json.loads(body).items()}
    return closed(members)


def _entry(entry: Mapping[str, Any], **free: Schema) -> Schema:
    return shaped_like(json.dumps(entry).encode(), **free)


_SPAN = {"start": _COUNT, "end": _COUNT}
_TAG = closed({**_SPAN, "tag": _FILLED})
_MENTION = closed({**_SPAN, "username": {"type": "string", "pattern": USERNAME_PATTERN}}, {"id": _ID})
_LINK = closed({**_SPAN, "url": _FILLED, "expanded_url": _FILLED, "display_url": _FILLED})
_TEXT_ENTITIES = closed(
    {},
    {"hashtags": listed(_TAG), "cashtags": listed(_TAG), "mentions": listed(_MENTION), "urls": listed(_LINK)},
)
_CONNECTION = choice("follow_request_received", "follow_request_sent", "blocking", "followed_by", "following", "muting")
_COUNTRIES = listed({"type": "string", "pattern": "^[A-Z]{2}$"})

_USER = closed(
    {"id": _ID, "name": _TEXT, "username": {"type": "string", "pattern": USERNAME_PATTERN}},
    {
        "withheld": closed({"country_codes": _COUNTRIES}, {"scope": choice("user")}),
        "created_at": _MOMENT,
        "description": _FILLED,
        "entities": closed({}, {"url": closed({"urls": listed(_LINK)}), "description": _TEXT_ENTITIES}),
        "location": _FILLED,
        "pinned_tweet_id": _ID,
        "pinned_post_id": _ID,
        "profile_banner_url": _FILLED,
        "profile_image_url": _FILLED,
        "protected": _FLAG,
        "public_metrics": closed(
            {
                "followers_count": _COUNT,
                "following_count": _COUNT,
                "tweet_count": _COUNT,
                "post_count": _COUNT,
                "listed_count": _COUNT,
                "like_count": _COUNT,
                "media_count": _COUNT,
            }
        ),
        "url": _FILLED,
        "verified": _FLAG,
        "subscription_type": choice("Basic", "Premium", "PremiumPlus", "None"),
        "verified_type": choice("blue", "government", "business", "none"),
        "most_recent_tweet_id": _ID,
        "most_recent_post_id": _ID,
        "is_identity_verified": _FLAG,
        "affiliation": closed(
            {}, {"badge_url": _FILLED, "description": _FILLED, "url": _FILLED, "user_id": listed(_ID)}
        ),
        "connection_status": listed(_CONNECTION, at_least=0),
        "receives_your_dm": _FLAG,
        "verified_followers_count": _COUNT,
        "parody": _FLAG,
        "subscribes_to_you": _FLAG,
        "subscription": closed({"subscribes_to_you": _FLAG}),
        "confirmed_email": _FILLED,
    },
)

_REPLIES = choice("everyone", "mentionedUsers", "following", "other", "subscribers", "verified")
_REFERENCE = closed({"type": choice("retweeted", "quoted", "replied_to"), "id": _ID})
_PUBLIC = {"reply_count": _COUNT, "like_count": _COUNT, "quote_count": _COUNT, "bookmark_count": _COUNT}
_SEEN = {"impression_count": _COUNT}
_CLICKED = {"url_link_clicks": _COUNT, "user_profile_clicks": _COUNT}


def _post(noun: str, reposts: str) -> Schema:
    """A post in the words of one vocabulary."""
    return closed(
        {"id": _ID, "text": _TEXT},
        {
            f"edit_history_{noun}_ids": listed(_ID),
            "author_id": _ID,
            "created_at": _MOMENT,
            "conversation_id": _ID,
            "in_reply_to_user_id": _ID,
            f"referenced_{noun}s": listed(_REFERENCE),
            "lang": _FILLED,
            "source": _FILLED,
            "possibly_sensitive": _FLAG,
            "reply_settings": _REPLIES,
            "display_text_range": {"type": "array", "minItems": 2, "maxItems": 2, "items": _COUNT},
            "edit_controls": closed({"edits_remaining": _COUNT, "is_edit_eligible": _FLAG, "editable_until": _MOMENT}),
            "entities": _TEXT_ENTITIES,
            "public_metrics": closed({reposts: _COUNT, **_PUBLIC, **_SEEN}),
            "withheld": closed({"copyright": _FLAG, "country_codes": _COUNTRIES, "scope": choice(noun, "user")}),
            "non_public_metrics": closed({**_SEEN, **_CLICKED}),
            "organic_metrics": closed(
                {**_SEEN, reposts: _COUNT, "reply_count": _COUNT, "like_count": _COUNT, **_CLICKED}
            ),
        },
    )


_CONVERSATION: Schema = {"type": "string", "pattern": "^[0-9]{1,19}-[0-9]{1,19}$"}
_EVENT = closed(
    {"event_type": {"const": "MessageCreate"}, "id": _ID, "text": _FILLED},
    {
        "created_at": _MOMENT,
        "dm_conversation_id": _CONVERSATION,
        "entities": _TEXT_ENTITIES,
        "participant_ids": listed(_ID),
        "sender_id": _ID,
    },
)

_A_POST: Schema = {"anyOf": [reference("Tweet"), reference("Post")]}


def _created(noun: str) -> Schema:
    return closed({f"edit_history_{noun}_ids": listed(_ID), "id": _ID, "text": _FILLED})


_TOKEN = _ID
_BASE32: Schema = {"type": "string", "pattern": BASE32_PATTERN}
_BASE36: Schema = {"type": "string", "pattern": BASE36_PATTERN}
_TIMELINE_META = closed(
    {"result_count": _COUNT}, {"newest_id": _ID, "oldest_id": _ID, "next_token": _BASE36, "previous_token": _BASE36}
)
_LIST_META = closed({"result_count": _COUNT}, {"next_token": _BASE32, "previous_token": _BASE32})
_ERRORS = listed(reference("PartialError"))
_BESIDE_DATA = {"includes": reference("Includes"), "errors": _ERRORS}


def _partial_errors() -> list[Schema]:
    """What may stand in `errors[]` of a 200."""
    nouns, section = choice("tweet", "post"), choice("data", "includes")
    user = {"parameter": _FILLED, "value": _FILLED, "resource_id": _FILLED, "detail": _FILLED}
    post = {"parameter": _FILLED, "value": _ID, "resource_id": _ID, "detail": _FILLED, "resource_type": nouns}
    return [
        _entry(problems.missing_user("ids", ""), **user),
        _entry(problems.suspended_user("ids", ""), **user),
        _entry(problems.hidden_user("id", ""), **user),
        _entry(problems.missing_post("tweet", "", ""), **post),
        _entry(problems.hidden_post("tweet", "", "", "data"), **post, section=section),
        _entry(
            problems.hidden_field("tweet", "", "", "data"),
            field=_FILLED,
            section=section,
            **{**post, "parameter": {"const": "id"}},
        ),
    ]


_INVARIABLE = {
    "BadRequest": problems.BAD_REQUEST,
    "Unauthorized": problems.UNAUTHORIZED,
    "Forbidden": problems.FORBIDDEN,
    "UnsupportedAuthentication": problems.UNSUPPORTED_AUTHENTICATION,
    "Oauth1Permissions": problems.OAUTH1_PERMISSIONS,
    "NotFound": problems.NOT_FOUND,
    "BodyTooLarge": problems.BODY_TOO_LARGE,
    "TooManyRequests": problems.TOO_MANY_REQUESTS,
    "HeadersTooLarge": problems.HEADERS_TOO_LARGE,
    "ServiceUnavailable": problems.service_unavailable(0),
}
"""Problems whose bodies are always the same."""


def _invalid_request() -> Schema:
    violation = closed(
        {"message": _FILLED},
        {"parameters": {"type": "object", "additionalProperties": listed(_TEXT, at_least=0)}},
    )
    return shaped_like(problems.invalid_request([Violation("")]).body, errors=listed(violation))


def _about_target(problem: Problem) -> Schema:
    parameter = choice("target_user_id", "participant_id")
    return shaped_like(problem.body, detail=_FILLED, resource_id=_ID, value=_ID, parameter=parameter)


def schemas() -> dict[str, Schema]:
    """Every schema that has a name, by it."""
    return {
        "User": _USER,
        "Tweet": _post("tweet", "retweet_count"),
        "Post": _post("post", "repost_count"),
        "Includes": closed(
            {},
            {
                "tweets": listed(reference("Tweet")),
                "posts": listed(reference("Post")),
                "users": listed(reference("User")),
            },
        ),
        "PartialError": {"anyOf": _partial_errors()},
        "OneUser": closed({}, {"data": reference("User"), **_BESIDE_DATA}),
        "Users": closed({}, {"data": listed(reference("User")), **_BESIDE_DATA}),
        "UsersPage": closed(
            {"meta": closed({"result_count": _COUNT}, {"next_token": _TOKEN, "previous_token": _TOKEN})},
            {"data": listed(reference("User")), **_BESIDE_DATA},
        ),
        "Muting": closed({"data": closed({"muting": _FLAG})}),
        "Following": closed({"data": closed({"following": _FLAG, "pending_follow": _FLAG})}),
        "NotFollowing": closed({"data": closed({"following": {"const": False}})}),
        "ListPage": closed({}, {"data": listed(reference("User")), **_BESIDE_DATA, "meta": _LIST_META}),
        "MessageSent": closed({"data": closed({"dm_conversation_id": _CONVERSATION, "dm_event_id": _ID})}),
        "MessagesPage": closed({"meta": _LIST_META}, {"data": listed(_EVENT), "includes": reference("Includes")}),
        "OnePost": closed({}, {"data": _A_POST, **_BESIDE_DATA}),
        "PostsPage": closed({}, {"data": listed(_A_POST), **_BESIDE_DATA, "meta": _TIMELINE_META}),
        "Posts": closed({}, {"data": listed(_A_POST), **_BESIDE_DATA}),
        "PostCreated": closed({"data": {"anyOf": [_created("tweet"), _created("post")]}}),
        "PostDeleted": closed({"data": closed({"deleted": _FLAG})}),
        "Reposted": closed({"data": closed({"rest_id": _ID, "retweeted": {"const": True}})}),
        "NotReposted": closed({"data": closed({"retweeted": {"const": False}})}),
        "InvalidRequest": _invalid_request(),
        "ClientForbidden": shaped_like(problems.client_forbidden(0).body, client_id=_ID),
        "MissingPost": shaped_like(
            problems.missing_subject("tweet", "", "").body,
            detail=_FILLED,
            resource_type=choice("tweet", "post"),
            resource_id=_ID,
            parameter=choice("tweet_id", "post_id"),
            value=_ID,
        ),
        "MissingTarget": _about_target(problems.missing_target("")),
        "SuspendedTarget": _about_target(problems.suspended_target("")),
        "NotPermitted": shaped_like(problems.not_permitted("").body, detail=_FILLED),
        **{name: shaped_like(problem.body) for name, problem in _INVARIABLE.items()},
    }
