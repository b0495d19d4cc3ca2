import asyncio
from collections.abc import AsyncIterator

import pytest

from tacet.mutes.search import BITE, MAX_LOOKED_THROUGH, Found
from tacet.records.people import Person, State
from tests.mutes.lists import FIRST_ID, NOW, OWNER, Reading, crowd, reading, usernames

LIMIT = 50

MIRA = Person(11, "mira_q", "Mira Quill")
ADNE = Person(12, "sea_bird", "ÅDNE Straße ﬁn")
CHEN = Person(13, "chen", "陳大文")
BOB = Person(14, "bob", "Robert")
BOBBY = Person(15, "Bobby_B", "Somebody")
GONE = Person(16, "gone", "Mirabel", State.SUSPENDED)
PENA = Person(17, "pilar", "Pilar Peña Łoś")
INES = Person(18, "ines", "I\u0301nés İpek")
PEOPLE = [MIRA, ADNE, CHEN, BOB, BOBBY, GONE, PENA, INES]


@pytest.fixture
async def read() -> AsyncIterator[Reading]:
    async with reading() as made:
        yield made


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("mira", ["gone", "mira_q"], id="newest-first-and-suspended-ones-too"),
        pytest.param("MIRA", ["gone", "mira_q"], id="whatever-its-case"),
        pytest.param("quill", ["mira_q"], id="end-of-a-name"),
        pytest.param("quill mira", ["mira_q"], id="words-in-any-order"),
        pytest.param("  qui   mira_  ", ["mira_q"], id="one-word-in-the-name-and-one-in-the-username"),
        pytest.param("mira wren", [], id="all-words-have-to-occur"),
        pytest.param("qmira", [], id="no-word-lies-across-username-and-name"),
        pytest.param("_q", ["mira_q"], id="part-of-a-username"),
        pytest.param("ådne", ["sea_bird"], id="letters-beyond-ascii"),
        pytest.param("a\u030adne", ["sea_bird"], id="letters-put-together-otherwise"),
        pytest.param("adne", ["sea_bird"], id="without-an-accent"),
        pytest.param("pena", ["pilar"], id="without-a-tilde"),
        pytest.param("PEÑA", ["pilar"], id="with-a-tilde-in-capitals"),
        pytest.param("los pilar", ["pilar"], id="without-a-stroke"),
        pytest.param("inés IPEK", ["ines"], id="an-accent-that-stands-alone-and-a-dotted-i"),
        pytest.param("\u0301", [], id="an-accent-on-nothing"),
        pytest.param("STRASSE", ["sea_bird"], id="letters-that-become-two"),
        pytest.param("fin", ["sea_bird"], id="ligatures"),
        pytest.param("大", ["chen"], id="other-scripts"),
        pytest.param("bob", ["bob", "Bobby_B"], id="an-exact-username-first"),
        pytest.param("@bob", ["bob"], id="an-exact-handle-alone"),
        pytest.param("@BOB", ["bob"], id="a-handle-whatever-its-case"),
        pytest.param("@bo", ["Bobby_B", "bob"], id="part-of-a-handle"),
        pytest.param("@y_b bobb", ["Bobby_B"], id="parts-of-a-handle"),
        pytest.param("@body", [], id="a-handle-is-no-name"),
        pytest.param("%", [], id="no-pattern"),
        pytest.param("nobody at all", [], id="nobody"),
    ],
)
async def test_names_and_usernames_are_found(read: Reading, text: str, found: list[str]) -> None:
    await read.mute(PEOPLE)
    result = await read.search.find(OWNER, text, LIMIT)
    assert usernames(result.entries) == found
    assert result.further is None


async def test_what_is_found_says_since_when(read: Reading) -> None:
    await read.mute(PEOPLE)
    for text in ("quill", "mira_q", "@mira_q"):
        [entry] = (await read.search.find(OWNER, text, LIMIT)).entries
        assert (entry.target_id, entry.since_ms) == (MIRA.id, NOW - 1_000 * len(PEOPLE))


@pytest.mark.parametrize("text", ["bob", "@bob", "somebody"])
async def test_only_one_s_own_mutes_are_searched(read: Reading, text: str) -> None:
    await read.mute(PEOPLE)
    assert await read.search.find(OWNER + 1, text, LIMIT) == Found([], None)


@pytest.mark.parametrize("text", ["bob", "@bob", "robert"])
async def test_an_ended_mute_is_not_found(read: Reading, text: str) -> None:
    await read.store.directory.put_people([BOB])
    await read.mutes.mute(OWNER, BOB.id, NOW + 1_000)
    assert usernames((await read.search.find(OWNER, text, LIMIT)).entries) == ["bob"]
    read.clock.advance(1_000)
    assert (await read.search.find(OWNER, text, LIMIT)).entries == []


async def test_more_than_a_page_is_found_page_by_page_each_once(read: Reading) -> None:
    people = crowd(2 * LIMIT + 10)
    await read.mute(people)
    result = await read.search.find(OWNER, "user_5", LIMIT)
    assert usernames(result.entries)[0] == "user_5"
    result = await read.search.find(OWNER, "user_", LIMIT)
    found = usernames(result.entries)
    while result.further is not None:
        result = await read.search.find(OWNER, "user_", LIMIT, result.further)
        found += usernames(result.entries)
    assert found == [person.username for person in reversed(people)]


async def test_the_exact_one_is_not_found_again_further_back(read: Reading) -> None:
    await read.mute([BOB, *(Person(FIRST_ID + nth, f"bob_{nth}", "Somebody") for nth in range(LIMIT))])
    first = await read.search.find(OWNER, "bob", LIMIT)
    assert usernames(first.entries)[0] == "bob"
    assert len(first.entries) == LIMIT
    assert first.further is not None
    assert usernames((await read.search.find(OWNER, "bob", LIMIT, first.further)).entries) == ["bob_0"]


class TestLongLists:
    @pytest.fixture
    async def long(self, read: Reading) -> Reading:
        """Of more mutes than one request looks through the oldest two are bob and mira."""
        await read.mute([BOB, MIRA, *crowd(MAX_LOOKED_THROUGH + BITE)])
        return read

    async def test_one_request_looks_through_so_many_and_says_where_to_go_on(self, long: Reading) -> None:
        first = await long.search.find(OWNER, "quill", LIMIT)
        assert first.entries == []
        assert first.further is not None
        assert sum(long.asked.values()) <= 1 + 2 * MAX_LOOKED_THROUGH // BITE
        rest = await long.search.find(OWNER, "quill", LIMIT, first.further)
        assert usernames(rest.entries) == ["mira_q"]
        assert rest.further is None

    async def test_an_exact_handle_is_found_without_reading_the_list(self, long: Reading) -> None:
        assert usernames((await long.search.find(OWNER, "@bob", LIMIT)).entries) == ["bob"]
        assert long.asked == {"ids_of": 1, "position": 1, "names": 1}

    async def test_an_exact_username_is_on_the_first_page_wherever_it_stands(self, long: Reading) -> None:
        assert usernames((await long.search.find(OWNER, "mira_q", LIMIT)).entries) == ["mira_q"]

    async def test_what_is_near_is_found_without_reading_on(self, long: Reading) -> None:
        await long.search.find(OWNER, "user_", LIMIT)
        assert sum(long.asked.values()) == 3

    async def test_others_are_answered_between_two_bites(self, long: Reading) -> None:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        beside = asyncio.create_task(other())
        await long.search.find(OWNER, "quill", LIMIT)
        beside.cancel()
        assert turns >= MAX_LOOKED_THROUGH // BITE
