"""Direct messages between two: send one, read all, read those with one other account.

Source: X's OpenAPI operations createDirectMessagesByParticipantId, getDirectMessagesEvents and
getDirectMessagesEventsByParticipantId.
"""

from collections.abc import Mapping
from typing import Any

from tacet.messages.actions import MessagePage, Messages
from tacet.messages.errors import NotPermitted, RecipientMissing, RecipientUnavailable, TextEmpty
from tacet.records.people import Stretch
from tacet.wire import problems
from tacet.wire.bodies import read_object
from tacet.wire.encoding import encode
from tacet.wire.kinds import ID, Invalid, Parameter, integer_between
from tacet.wire.operations import Call, Handler, Operation
from tacet.wire.parameters import Parameters
from tacet.wire.problems import Refusal
from tacet.wire.selection import Selection, select
from tacet.wire.v2.answers import Answers
from tacet.wire.v2.fragments import joined
from tacet.wire.v2.render_message import MESSAGE_CREATE, conversation_id, participant_ids, render_message
from tacet.wire.v2.tokens import MESSAGE_TOKEN, message_meta
from tacet.wire.vocabulary import ACCEPTED_POST_FIELDS, ACCEPTED_USER_FIELDS, MEDIA_FIELDS, TWEET

DEFAULT_PAGE = 100
"""Messages on a page that does not ask for a number."""

MAX_PAGE = 100
"""The most that may be asked for."""

MAX_TEXT_CHARACTERS = 10_000
"""X's longest message, in its documentation's words."""

NOT_PERMITTED = "You do not have permission to DM one or more participants."

TEXT: Mapping[str, Any] = {
    "type": "object",
    "properties": {"text": {"type": "string", "minLength": 1, "maxLength": MAX_TEXT_CHARACTERS}},
    "required": ["text"],
    "additionalProperties": False,
}
"""JSON Schema of a message. X's has `attachments` too, which would need media to be there."""

_READ = frozenset(("dm.read", "tweet.read", "users.read"))
_WRITE = frozenset(("dm.write", "tweet.read", "users.read"))

_EVENT_TYPES = (MESSAGE_CREATE, "ParticipantsJoin", "ParticipantsLeave")
_EVENT_FIELDS = tuple(
    "attachments,created_at,dm_conversation_id,entities,event_type,id,participant_ids,referenced_tweets,sender_id,"
    "text".split(",")
)
_EXPANSIONS = ("attachments.media_keys", "participant_ids", "referenced_tweets.id", "sender_id")

_ALL = Stretch()


def _some_of(listed: tuple[str, ...], *beyond: str) -> Parameter:
    """Words of an enumeration, separated by commas; those in `beyond` are taken too, and stand in no message."""

    def read(name: str, value: str) -> tuple[str, ...]:
        words = tuple(value.split(","))
        for word in words:
            if word not in listed and word not in beyond:
                choices = ",".join(listed)
                raise Invalid(f"The `{name}` query parameter value [{word}] is not one of [{choices}]")
        return words

    items = {"type": "string", "enum": list(dict.fromkeys((*listed, *beyond)))}
    return Parameter(read, {"type": "array", "minItems": 1, "items": items})


_LISTS: Mapping[str, Parameter] = {
    "max_results": integer_between(1, MAX_PAGE, DEFAULT_PAGE),
    "pagination_token": MESSAGE_TOKEN,
    "event_types": _some_of(_EVENT_TYPES),
    "dm_event.fields": _some_of(_EVENT_FIELDS, "referenced_posts"),
    "expansions": _some_of(_EXPANSIONS, "referenced_posts"),
    "media.fields": _some_of(MEDIA_FIELDS),
    "user.fields": _some_of(TWEET.user_fields, *ACCEPTED_USER_FIELDS),
    "tweet.fields": _some_of(TWEET.post_fields, *ACCEPTED_POST_FIELDS),
    "post.fields": _some_of(ACCEPTED_POST_FIELDS),
}


class DirectMessages:
    """The three operations over one set of actions."""

    def __init__(self, messages: Messages, answers: Answers) -> None:
        self._messages = messages
        self._answers = answers

    def operations(self) -> list[Operation]:
        """All operations of this family."""
        return [
            Operation(
                id="createDirectMessagesByParticipantId",
                method="POST",
                path="/2/dm_conversations/with/{participant_id}/messages",
                summary="Send a direct message",
                scopes=_WRITE,
                handle=self.send,
                answer="MessageSent",
                parameters=Parameters(path={"participant_id": ID}),
                writes=True,
                messages=True,
                body=TEXT,
                status=201,
                refusals={403: ("SuspendedTarget", "NotPermitted"), 404: ("MissingTarget",)},
            ),
            _list("getDirectMessagesEvents", "/2/dm_events", "sent and received", self.all, {}),
            _list(
                "getDirectMessagesEventsByParticipantId",
                "/2/dm_conversations/with/{participant_id}/dm_events",
                "with one other account",
                self.with_participant,
                {"participant_id": ID},
            ),
        ]

    async def send(self, call: Call) -> bytes:
        """Send durably."""
        text = read_object(call.content_type, call.body, TEXT)["text"]
        participant = call.path["participant_id"]
        try:
            message = await self._messages.send(call.caller.user_id or 0, int(participant), text)
        except TextEmpty:
            raise Refusal(problems.refused(problems.EMPTY_TEXT)) from None
        except RecipientMissing:
            raise Refusal(problems.missing_target(participant, "participant_id")) from None
        except RecipientUnavailable:
            raise Refusal(problems.suspended_target(participant, "participant_id")) from None
        except NotPermitted:
            raise Refusal(problems.not_permitted(NOT_PERMITTED)) from None
        sent = {"dm_conversation_id": conversation_id(message), "dm_event_id": str(message.id)}
        return encode({"data": sent})

    async def all(self, call: Call) -> bytes:
        """One page of everything sent and received."""
        stretch, limit = _stretch(call)
        return await self._answer(call, await self._messages.of_person(call.caller.user_id or 0, stretch, limit))

    async def with_participant(self, call: Call) -> bytes:
        """One page of what was said with one other account; nothing, where that is nobody."""
        stretch, limit = _stretch(call)
        participant_id = int(call.path["participant_id"])
        page = await self._messages.between(call.caller.user_id or 0, participant_id, stretch, limit)
        return await self._answer(call, page)

    async def _answer(self, call: Call, page: MessagePage) -> bytes:
        given = call.values
        if MESSAGE_CREATE not in given.get("event_types", _EVENT_TYPES):
            # Nobody joins or leaves a conversation of two.
            page = MessagePage([], None, None)
        expanded = frozenset(given.get("expansions", ()))
        fields = expanded.union(given.get("dm_event.fields", ()))
        events = [encode(render_message(each, fields)) for each in page.messages]
        users = await self._answers.users(_expanded_ids(page, expanded), _users(given), call.caller)
        includes = [b'"users":[' + b",".join(users) + b"]"] if users else []
        return joined(events, includes, [], meta=message_meta(page, len(events)))


def _list(id_: str, path: str, what: str, handle: Handler, in_path: Mapping[str, Parameter]) -> Operation:
    return Operation(
        id=id_,
        method="GET",
        path=path,
        summary=f"The direct messages of the last 30 days, {what}, newest first",
        scopes=_READ,
        handle=handle,
        answer="MessagesPage",
        parameters=Parameters(path=in_path, query=_LISTS),
        messages=True,
    )


def _stretch(call: Call) -> tuple[Stretch, int]:
    return call.values.get("pagination_token", _ALL), call.values.get("max_results", DEFAULT_PAGE)


def _expanded_ids(page: MessagePage, expanded: frozenset[str]) -> list[int]:
    """Each once, in the order in which they first appear."""
    ids: dict[int, None] = {}
    for message in page.messages:
        if "sender_id" in expanded:
            ids[message.sender_id] = None
        if "participant_ids" in expanded:
            ids |= dict.fromkeys(participant_ids(message))
    return list(ids)


def _users(given: Mapping[str, Any]) -> Selection:
    """What included users show: in the request's vocabulary, and without expansions of their own."""
    return select({name: given[name] for name in ("user.fields", "tweet.fields", "post.fields") if name in given})
