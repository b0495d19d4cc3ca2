"""Direct messages between two accounts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """What `sender_id` wrote to `recipient_id` at `created_at_ms` (Unix milliseconds). Newer ones have larger ids."""

    id: int
    sender_id: int
    recipient_id: int
    text: str
    created_at_ms: int
