"""Everything one can do with direct messages."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from tacet.clock import Clock
from tacet.directory.lookup import Acquaintance, People, is_shown
from tacet.directory.texts import cleaned
from tacet.ids import snowflake_at
from tacet.messages.errors import NotPermitted, RecipientMissing, RecipientUnavailable, TextEmpty
from tacet.records.messages import Message
from tacet.records.people import MAX_ID, Stretch
from tacet.store.messages import MessageStore
from tacet.stored_ids import StoredSnowflakes

SHOWN_FOR_MS = 30 * 24 * 3600 * 1000
"""How long a message is in any list: X's documentation speaks of "the previous 30 days"."""

Walk = Callable[[Stretch, int], Awaitable[list[Message]]]
"""Reads at most so many messages of a stretch, in the order in which it is walked."""


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One page of messages, newest first.

    Attributes:
        older_than: the id to continue from towards older ones; None on the last page.
        newer_than: the id to continue from towards newer ones; None on the first page.
    """

    messages: list[Message]
    older_than: int | None
    newer_than: int | None


class Messages:
    """Send, and read what one sent and was sent."""

    def __init__(
        self, messages: MessageStore, people: People, acquaintance: Acquaintance, clock: Clock, ids: StoredSnowflakes
    ) -> None:
        self._messages = messages
        self._people = people
        self._acquaintance = acquaintance
        self._clock = clock
        self._ids = ids

    async def send(self, sender_id: int, recipient_id: int, text: str) -> Message:
        """Send durably. A block that is being written at that moment may come just too late for this message.

        Raises:
            TextEmpty, RecipientMissing, RecipientUnavailable, NotPermitted: nothing was written.
            StoreBusy: too many writes are waiting; nothing was written.
        """
        text = cleaned(text)
        if not text:
            raise TextEmpty
        recipient = await self._people.one(recipient_id)
        if recipient is None:
            raise RecipientMissing
        if not is_shown(recipient):
            raise RecipientUnavailable
        connections = await self._acquaintance.between(sender_id, (recipient_id,), statuses=False, messages=True)
        if not connections.may_write_to(recipient):
            raise NotPermitted
        return await self._ids.stored(lambda id_: self._add(id_, sender_id, recipient_id, text))

    async def between(self, one_id: int, other_id: int, stretch: Stretch, limit: int) -> MessagePage:
        """At most `limit` messages of two people; see `of_person`."""
        walk = partial(self._messages.between, one_id, min(other_id, MAX_ID))
        return await self._page(walk, stretch, limit)

    async def of_person(self, person_id: int, stretch: Stretch, limit: int) -> MessagePage:
        """At most `limit` messages from or to somebody.

        Args:
            stretch: of ids; its end at which the page is cut is the one where walking starts.
        """
        return await self._page(partial(self._messages.of_person, person_id), stretch, limit)

    async def _add(self, id_: int, sender_id: int, recipient_id: int, text: str) -> Message:
        message = Message(id_, sender_id, recipient_id, text, self._clock.now_ms())
        await self._messages.add(message)
        return message

    async def _page(self, walk: Walk, stretch: Stretch, limit: int) -> MessagePage:
        oldest_id = max(snowflake_at(self._clock.now_ms() - SHOWN_FOR_MS, 0), 1)
        page = _upwards if stretch.upwards else _downwards
        return await page(walk, stretch, limit, oldest_id)


async def _downwards(walk: Walk, stretch: Stretch, limit: int, oldest_id: int) -> MessagePage:
    # One more than is shown tells whether there is another page.
    found = await walk(Stretch(oldest_id - 1, stretch.older_than), limit + 1)
    messages = found[:limit]
    older_than = messages[-1].id if len(found) > limit else None
    if stretch.older_than == MAX_ID:
        return MessagePage(messages, older_than, None)
    newest_id = messages[0].id if messages else max(stretch.older_than, 1) - 1
    newer = await walk(Stretch(max(newest_id, oldest_id - 1), upwards=True), 1)
    return MessagePage(messages, older_than, newest_id if newer else None)


async def _upwards(walk: Walk, stretch: Stretch, limit: int, oldest_id: int) -> MessagePage:
    found = await walk(Stretch(max(stretch.newer_than, oldest_id - 1), upwards=True), limit + 1)
    messages = found[:limit][::-1]
    edge_id = messages[-1].id if messages else min(stretch.newer_than, MAX_ID - 1) + 1
    older = await walk(Stretch(oldest_id - 1, edge_id), 1)
    return MessagePage(messages, edge_id if older else None, messages[0].id if len(found) > limit else None)
