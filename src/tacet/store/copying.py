"""One database copied into another, of the same kind or not.

Tables are read in the order of a key, a stretch at a time; a stretch and the mark of how far it reaches become durable
together. So whenever a copy ends early, the next run goes on where it stopped. In the end both sides are read anew, and
compared with what was copied: by the number of rows and by a checksum that does not depend on their order.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from tacet.store.base import Conflict, StoreError
from tacet.store.queries.copying import KEYS
from tacet.store.sides import EMPTY, Mark, Row, Side, Table

STRETCH_ROWS = 5_000
"""Rows a transaction: about a megabyte, and a fraction of a second's work is lost by an interruption."""

Progress = Callable[[int, int], None]
"""Told after each stretch how many rows are done, and how many there are."""


class Differs(StoreError):
    """What is in the destination is no copy, and never will be: something else wrote there."""


class Changed(Differs):
    """The source was written to while it was copied."""


class Copy:
    """Copies one database into another.

    Args:
        source: not open yet, nor the destination.
        destination: empty, or what a copy of the same source has begun, or finished.
    """

    def __init__(self, source: Side, destination: Side) -> None:
        self._source = source
        self._destination = destination
        self._tables: list[Table] = []
        self._marks: dict[str, Mark] = {}
        self.begun = False
        """Whether a copy is under way, as it is from `open` on. It is not where the destination has rows already and no
        mark of a copy: perhaps one that is finished. Then both are only compared."""

    async def open(self) -> int:
        """Open both sides; return how many rows an earlier run had copied.

        Raises:
            StoreLocked: somebody else has one of them.
            StoreError: one of them cannot be used, or the copy of another source is under way.
        """
        await self._source.open_source()
        await self._destination.open_destination()
        self._tables = [await self._table(name) for name in KEYS]
        begun = await self._destination.marks()
        if begun is None:
            if not await self._destination.filled():
                await self._destination.begin(self._source.name)
                self.begun = True
            return 0
        if begun[0] != self._source.name:
            raise StoreError(
                f"a copy of {begun[0]} into {self._destination.name} is under way: go on with that one, or copy into "
                f"{EMPTY}"
            )
        self.begun, self._marks = True, begun[1]
        return sum(mark.rows for mark in self._marks.values())

    async def close(self) -> None:
        """Release both sides."""
        await self._destination.close()
        await self._source.close()

    async def run(self, progress: Progress) -> None:
        """Copy what is not copied yet; nothing, unless a copy is under way.

        Raises:
            Changed: the source was written to meanwhile.
            StoreError: a database failed; what was copied stays, and another run goes on from there.
        """
        if not self.begun:
            return
        total = sum([await self._source.count(table.name) for table in self._tables])
        done = sum(mark.rows for mark in self._marks.values())
        for table in self._tables:
            mark = self._marks.get(table.name, Mark())
            while rows := await self._source.read(table, mark.reached, STRETCH_ROWS):
                mark = mark.grown(table, rows)
                await self._write(table, rows, mark)
                done += len(rows)
                progress(done, max(done, total))

    async def verify(self, progress: Progress) -> Mapping[str, int]:
        """Compare both sides, and finish a copy that is under way; return how many rows each table has.

        Raises:
            Changed: the source was written to while it was copied.
            Differs: the destination is not what was written there, or not the same as the source.
            StoreError: a database failed, or the source is being written to.
        """
        return await (self._finish(progress) if self.begun else self._compare(progress))

    async def _finish(self, progress: Progress) -> Mapping[str, int]:
        """Compare both sides with what was copied: the source may have been written to since."""
        told = _Told(progress, 2 * sum(mark.rows for mark in self._marks.values()))
        # A table that was compared already could be written to while others are.
        await self._source.hold()
        for table in self._tables:
            copied = self._marks.get(table.name, Mark())
            for side in (self._source, self._destination):
                found = await _scanned(side, table, told)
                if not found.is_same(copied):
                    raise self._differing(side, table, found, copied)
            await self._check_undisturbed()
        await self._destination.finish(await self._source.revisions())
        return {table.name: self._marks.get(table.name, Mark()).rows for table in self._tables}

    async def _compare(self, progress: Progress) -> Mapping[str, int]:
        """Compare both sides with each other."""
        counts = {table: await self._counted(table) for table in self._tables}
        told = _Told(progress, 2 * sum(counts.values()))
        await self._source.hold()
        for table in self._tables:
            found = [await _scanned(side, table, told) for side in (self._source, self._destination)]
            await self._check_undisturbed()
            if not found[0].is_same(found[1]):
                raise await self._another(table, found[1].rows, found[0].rows)
        return {table.name: count for table, count in counts.items()}

    async def _table(self, name: str) -> Table:
        columns, others = await self._source.columns(name), await self._destination.columns(name)
        if columns != others:
            raise StoreError(f"the table {name} is not the same on both sides: run `tacet database migrate` on both")
        return Table(name, tuple(sorted(columns)))

    async def _counted(self, table: Table) -> int:
        """How many rows both sides have: most that differ do so here, which takes no time."""
        here, there = await self._source.count(table.name), await self._destination.count(table.name)
        if here != there:
            raise await self._another(table, there, here)
        return here

    async def _check_undisturbed(self) -> None:
        if who := await self._source.disturbed():
            raise StoreError(
                f"FROM, {self._source.name}, is being written to while both are compared ({who}): stop whatever does "
                "that, then run this again"
            )

    async def _write(self, table: Table, rows: Sequence[Row], mark: Mark) -> None:
        try:
            await self._destination.write(table, rows, mark)
        except Conflict:
            # A row that moved behind what was copied already is met a second time.
            raise self._changed(table, "rows moved") from None
        self._marks[table.name] = mark
        # Where no side ever waits, Ctrl-C would not be heard.
        await asyncio.sleep(0)

    def _differing(self, side: Side, table: Table, found: Mark, copied: Mark) -> Differs:
        rows = f"{found.rows:,} rows, {copied.rows:,} were copied"
        if found.rows == copied.rows:
            rows = f"{found.rows:,} rows, not all as they were copied"
        if side is self._source:
            return self._changed(table, rows)
        return Differs(
            f"TO, {side.name}, does not hold what was copied into it (table {table.name}: {rows}): something else "
            f"wrote there; copy again into {EMPTY}"
        )

    async def _another(self, table: Table, rows: int, source_rows: int) -> Differs:
        how = f"{rows:,} rows, FROM has {source_rows:,}" if rows != source_rows else f"{rows:,} rows, not all the same"
        filled = ", ".join(await self._destination.filled())
        return Differs(
            f"TO, {self._destination.name}, is not empty (it has rows in {filled}), no copy into it is under way, and "
            f"it is not the same as FROM (table {table.name}: {how}): if a copy was finished there, and either was "
            f"written to since, nothing is left to do; otherwise copy into {EMPTY}"
        )

    def _changed(self, table: Table, how: str) -> Changed:
        return Changed(
            f"FROM, {self._source.name}, was written to while it was copied (table {table.name}: {how}): stop whatever "
            f"writes to it, and copy again into {EMPTY}"
        )


class _Told:
    """Counts the rows of a comparison."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def __call__(self, rows: int) -> None:
        self._done += rows
        self._progress(self._done, max(self._done, self._total))


async def _scanned(side: Side, table: Table, told: Callable[[int], None]) -> Mark:
    """All of a table."""
    mark = Mark()
    while rows := await side.read(table, mark.reached, STRETCH_ROWS):
        mark = mark.grown(table, rows)
        told(len(rows))
        await asyncio.sleep(0)
    return mark
