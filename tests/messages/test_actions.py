from collections.abc import AsyncIterator

import pytest

from tacet.clock import ManualClock
from tacet.directory.lookup import Acquaintance, People
from tacet.ids import SeededRandomness
from tacet.messages.actions import SHOWN_FOR_MS, MessagePage, Messages
from tacet.messages.errors import MessageRefused, NotPermitted, RecipientMissing, RecipientUnavailable, TextEmpty
from tacet.records.messages import Message
from tacet.records.people import MAX_ID, Person, Profile, State, Stretch
from tacet.records.relations import Kind, Relation
from tacet.store.base import Store
from tacet.stored_ids import StoredSnowflakes
from tests import worlds

NOW = 1_795_311_129_000

ANN, BEA, OPEN, OPEN_TOO, SUSPENDED, DEACTIVATED = 1, 2, 3, 4, 5, 6
BEYOND = 9_999_999_999_999_999_999

FIRST = Stretch()
TAKES_ALL = Profile(receives_dm_from_anyone=True)


class World:
    """People who write to each other."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = ManualClock(NOW)
        self.start()

    def start(self) -> None:
        """As when the server starts."""
        store = self.store
        acquaintance = Acquaintance(store.relations, store.messages, self.clock)
        people = People(store.directory, max_cached=100)
        ids = StoredSnowflakes(self.clock, SeededRandomness(7), store.messages.newest_id)
        self.messages = Messages(store.messages, people, acquaintance, self.clock, ids)

    async def relate(self, kind: Kind, source_id: int, target_id: int) -> None:
        await self.store.relations.add(Relation(kind, source_id, target_id, 2), NOW)

    async def send(self, count: int, sender_id: int = ANN, recipient_id: int = OPEN) -> list[Message]:
        """So many messages, a second apart, the newest first."""
        sent = []
        for number in range(count):
            self.clock.advance(1_000)
            sent.append(await self.messages.send(sender_id, recipient_id, f"{number}"))
        return sent[::-1]

    async def all(self, person_id: int = ANN) -> list[Message]:
        page = await self.messages.of_person(person_id, FIRST, 100)
        assert (page.older_than, page.newer_than) == (None, None)
        return page.messages


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with worlds.empty_store() as store:
        await store.directory.put_people(
            [
                Person(ANN, "ann", "Ann"),
                Person(BEA, "bea", "Bea"),
                Person(OPEN, "open", "Open", profile=TAKES_ALL),
                Person(OPEN_TOO, "open_too", "Open", profile=TAKES_ALL),
                Person(SUSPENDED, "suspended", "Gone", State.SUSPENDED, TAKES_ALL),
                Person(DEACTIVATED, "deactivated", "Left", State.DEACTIVATED, TAKES_ALL),
            ]
        )
        yield World(store)


class TestSend:
    async def test_both_sides_have_a_message(self, world: World) -> None:
        message = await world.messages.send(ANN, OPEN, " Hi\0 ☕ 🚀")
        assert message == Message(message.id, ANN, OPEN, "Hi ☕ 🚀", NOW)
        assert await world.all(ANN) == await world.all(OPEN) == [message]
        assert await world.all(BEA) == []

    async def test_what_holds_nothing_to_read_is_not_sent(self, world: World) -> None:
        with pytest.raises(TextEmpty):
            await world.messages.send(ANN, OPEN, " \0\n")
        assert await world.all(ANN) == []

    async def test_newer_messages_have_larger_ids(self, world: World) -> None:
        ids = [message.id for message in await world.send(3)]
        assert ids == sorted(ids, reverse=True)

    async def test_a_new_message_is_the_newest_though_the_clock_was_set_back_before_a_start(self, world: World) -> None:
        [before] = await world.send(1)
        world.clock.advance(-86_400_000)
        world.start()
        after = await world.messages.send(ANN, OPEN, "after")
        assert await world.all() == [after, before]

    @pytest.mark.parametrize(
        ("recipient_id", "refusal"),
        [
            pytest.param(99, RecipientMissing, id="nobody"),
            pytest.param(BEYOND, RecipientMissing, id="too-large-to-be-stored"),
            pytest.param(SUSPENDED, RecipientUnavailable, id="suspended"),
            pytest.param(DEACTIVATED, RecipientUnavailable, id="deactivated"),
            pytest.param(ANN, NotPermitted, id="oneself"),
            pytest.param(BEA, NotPermitted, id="who-takes-none-from-strangers"),
        ],
    )
    async def test_a_message_that_is_refused_is_not_written(
        self, world: World, recipient_id: int, refusal: type[MessageRefused]
    ) -> None:
        with pytest.raises(refusal):
            await world.messages.send(ANN, recipient_id, "Hi")
        assert await world.all(ANN) == []

    async def test_nobody_writes_to_themselves_even_where_they_take_messages_from_anyone(self, world: World) -> None:
        with pytest.raises(NotPermitted):
            await world.messages.send(OPEN, OPEN, "Hi")

    async def test_whoever_follows_the_sender_takes_messages(self, world: World) -> None:
        await world.relate(Kind.FOLLOW, BEA, ANN)
        await world.messages.send(ANN, BEA, "Hi")

    async def test_following_somebody_is_no_leave_to_write_to_them(self, world: World) -> None:
        await world.relate(Kind.FOLLOW, ANN, BEA)
        with pytest.raises(NotPermitted):
            await world.messages.send(ANN, BEA, "Hi")

    async def test_an_answer_needs_no_leave(self, world: World) -> None:
        await world.messages.send(ANN, OPEN, "Hi")
        await world.messages.send(OPEN, ANN, "Hi yourself")
        await world.store.directory.put_people([Person(OPEN, "open", "Open")])
        await world.messages.send(ANN, OPEN, "And again")

    async def test_an_answer_needs_no_leave_however_long_ago_the_other_wrote(self, world: World) -> None:
        await world.relate(Kind.FOLLOW, ANN, BEA)
        await world.messages.send(BEA, ANN, "Hi")
        world.clock.advance(2 * SHOWN_FOR_MS)
        await world.send(150, ANN, BEA)

    async def test_having_written_to_somebody_is_no_leave_to_go_on(self, world: World) -> None:
        await world.relate(Kind.FOLLOW, BEA, ANN)
        await world.messages.send(ANN, BEA, "Hi")
        await world.store.relations.remove(Kind.FOLLOW, BEA, ANN, NOW)
        with pytest.raises(NotPermitted):
            await world.messages.send(ANN, BEA, "Why so silent?")

    @pytest.mark.parametrize(("blocker_id", "blocked_id"), [(ANN, OPEN), (OPEN, ANN)], ids=["the-sender", "the-other"])
    async def test_whoever_blocks_ends_messages_both_ways(self, world: World, blocker_id: int, blocked_id: int) -> None:
        await world.messages.send(ANN, OPEN, "Hi")
        await world.messages.send(OPEN, ANN, "Hi")
        await world.relate(Kind.FOLLOW, ANN, OPEN)
        await world.relate(Kind.BLOCK, blocker_id, blocked_id)
        for sender_id, recipient_id in ((ANN, OPEN), (OPEN, ANN)):
            with pytest.raises(NotPermitted):
                await world.messages.send(sender_id, recipient_id, "Hi")

    @pytest.mark.parametrize(("source_id", "target_id"), [(ANN, OPEN), (OPEN, ANN)], ids=["the-sender", "the-other"])
    async def test_whoever_mutes_ends_nothing(self, world: World, source_id: int, target_id: int) -> None:
        await world.relate(Kind.MUTE, source_id, target_id)
        message = await world.messages.send(ANN, OPEN, "Hi")
        assert await world.all(OPEN) == await world.all(ANN) == [message]


EDGES = {
    "older-than-all": (Stretch(older_than=1), None, 0),
    "older-than-zero": (Stretch(older_than=0), None, 0),
    "newer-than-all": (Stretch(newer_than=MAX_ID, upwards=True), MAX_ID, None),
}


class TestPages:
    async def test_a_conversation_is_of_two(self, world: World) -> None:
        first, second = await world.send(1), await world.send(1, OPEN_TOO, OPEN)
        answer = await world.send(1, OPEN, ANN)
        assert await world.all(OPEN) == answer + second + first
        for one_id, other_id in ((ANN, OPEN), (OPEN, ANN)):
            page = await world.messages.between(one_id, other_id, FIRST, 10)
            assert page == MessagePage(answer + first, None, None)

    @pytest.mark.parametrize("other_id", [ANN, BEA, 99, MAX_ID, BEYOND], ids=lambda id_: str(id_)[:20])
    async def test_with_whom_nothing_was_said_there_is_nothing(self, world: World, other_id: int) -> None:
        await world.send(1)
        assert await world.messages.between(ANN, other_id, FIRST, 10) == MessagePage([], None, None)

    @pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8])
    async def test_a_walk_forward_and_back_meets_each_once_each_way(self, world: World, limit: int) -> None:
        sent = await world.send(7)
        forward = [await world.messages.of_person(ANN, FIRST, limit)]
        while (older_than := forward[-1].older_than) is not None:
            forward.append(await world.messages.of_person(ANN, Stretch(older_than=older_than), limit))
        assert [message for page in forward for message in page.messages] == sent
        assert forward[0].newer_than is None
        back = [forward[-1]]
        while (newer_than := back[-1].newer_than) is not None:
            back.append(await world.messages.of_person(ANN, Stretch(newer_than=newer_than, upwards=True), limit))
        assert [message for page in reversed(back) for message in page.messages] == sent

    @pytest.mark.parametrize(("stretch", "older_than", "newer_than"), EDGES.values(), ids=EDGES.keys())
    async def test_a_page_past_an_end_is_empty_and_leads_back(
        self, world: World, stretch: Stretch, older_than: int | None, newer_than: int | None
    ) -> None:
        await world.send(3)
        assert await world.messages.of_person(ANN, stretch, 2) == MessagePage([], older_than, newer_than)

    async def test_messages_are_shown_for_thirty_days(self, world: World) -> None:
        old, new = (await world.send(1))[0], (await world.send(1))[0]
        world.clock.set(old.created_at_ms + SHOWN_FOR_MS)
        assert await world.all() == [new, old]
        world.clock.advance(1)
        assert await world.all() == [new]
        assert await world.messages.between(ANN, OPEN, FIRST, 1) == MessagePage([new], None, None)
        upwards = await world.messages.of_person(ANN, Stretch(upwards=True), 5)
        assert upwards == MessagePage([new], None, None)
        assert await world.messages.of_person(ANN, Stretch(older_than=old.id), 5) == MessagePage([], None, old.id - 1)
