"""A copy that was finished, and is asked for again."""

import pytest

from tacet.store.base import StoreError
from tacet.store.copying import Differs
from tests.store.copying.copies import Pair, changing, copied, opened, writing_once
from tests.store.filled import PEOPLE, revisions_of, rows_of

CHANGES = {
    "a row more": ("INSERT INTO handle VALUES ('x', 1)", PEOPLE + 1),
    "a row less": ("DELETE FROM handle WHERE person_id = 3", PEOPLE - 1),
    "a row that is another": ("UPDATE handle SET person_id = 2 WHERE person_id = 3", PEOPLE),
}


class TestFinished:
    async def test_it_is_found_complete_and_left_as_it_is(self, any_pair: Pair) -> None:
        first = await copied(any_pair)
        before = await rows_of(any_pair.destination), await revisions_of(any_pair.destination)
        told: list[tuple[int, int]] = []
        async with opened(any_pair) as copy:
            assert await copy.open() == 0
            assert not copy.begun
            await copy.run(lambda *seen: told.append(seen))
            assert told == []
            assert await copy.verify(lambda *seen: told.append(seen)) == first
        assert told[-1] == (2 * sum(first.values()),) * 2
        assert (await rows_of(any_pair.destination), await revisions_of(any_pair.destination)) == before

    @pytest.mark.parametrize("end", ["source", "destination"])
    @pytest.mark.parametrize(("statement", "rows"), CHANGES.values(), ids=CHANGES)
    async def test_what_changed_since_is_named_and_stays(self, pair: Pair, end: str, statement: str, rows: int) -> None:
        await copied(pair)
        await changing(getattr(pair, end), statement)
        before = await rows_of(pair.source), await rows_of(pair.destination)
        with pytest.raises(Differs, match="if a copy was finished there, and either was written to since") as caught:
            await copied(pair)
        there, here = (PEOPLE, rows) if end == "source" else (rows, PEOPLE)
        how = "not all the same" if there == here else f"FROM has {here}"
        assert f"(table handle: {there} rows, {how})" in str(caught.value)
        assert (await rows_of(pair.source), await rows_of(pair.destination)) == before

    async def test_while_the_source_is_written_to_nothing_is_said_of_it(self, files: Pair) -> None:
        await copied(files)
        async with opened(files) as copy:
            await copy.open()
            with pytest.raises(
                StoreError, match=r"is being written to while both are compared \(another program wrote"
            ):
                await copy.verify(writing_once(files.source))
        with pytest.raises(Differs):
            await copied(files)
