"""A direct message as v2 writes it, an event. Keys come in the order of an answer recorded in 2024: the alphabet's."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from tacet.directory.entities import post_entities
from tacet.records.messages import Message
from tacet.wire.v2.render_user import timestamp

MESSAGE_CREATE = "MessageCreate"
"""The type of event that a message is."""

DEFAULT_EVENT_FIELDS = frozenset(("event_type", "id", "text"))


def participant_ids(message: Message) -> tuple[int, int]:
    """Both sides of a conversation, the lower id first."""
    return min(message.sender_id, message.recipient_id), max(message.sender_id, message.recipient_id)


def conversation_id(message: Message) -> str:
    """The conversation of two: both ids, the lower one first, as X's documentation has it."""
    low, high = participant_ids(message)
    return f"{low}-{high}"


_FIELDS: Mapping[str, Callable[[Message], Any]] = {
    "created_at": lambda message: timestamp(message.created_at_ms),
    "dm_conversation_id": conversation_id,
    "entities": lambda message: post_entities(message.text),
    "event_type": lambda _: MESSAGE_CREATE,
    "id": lambda message: str(message.id),
    "participant_ids": lambda message: [str(id_) for id_ in participant_ids(message)],
    "sender_id": lambda message: str(message.sender_id),
    "text": lambda message: message.text,
}


def render_message(message: Message, fields: Collection[str]) -> dict[str, Any]:
    """One event.

    Args:
        fields: what to show beside the default; names of what no message has here are left out.
    """
    written = {name: read(message) for name, read in _FIELDS.items() if name in fields or name in DEFAULT_EVENT_FIELDS}
    return {name: value for name, value in written.items() if value is not None}
