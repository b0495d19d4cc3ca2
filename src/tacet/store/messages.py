"""Direct messages."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from tacet.records.messages import Message
from tacet.records.people import Stretch


class MessageStore(ABC):
    """Messages. A stretch speaks of their ids; its shapes mean nothing here."""

    @abstractmethod
    async def newest_id(self, below: int) -> int:
        """The largest id of a message that is less than `below`; 0 where there is none."""

    @abstractmethod
    async def add(self, message: Message) -> None:
        """Record a message durably.

        Raises:
            Conflict: a message has this id.
            StoreBusy: the write queue is full.
        """

    @abstractmethod
    async def between(self, one_id: int, other_id: int, stretch: Stretch, limit: int) -> list[Message]:
        """At most `limit` messages of two people, in the order in which the stretch is walked."""

    @abstractmethod
    async def of_person(self, person_id: int, stretch: Stretch, limit: int) -> list[Message]:
        """At most `limit` messages from or to somebody, in the order in which the stretch is walked."""

    @abstractmethod
    async def writers(self, sender_ids: Sequence[int], recipient_id: int) -> set[int]:
        """Those of `sender_ids` who have ever written to the recipient."""
