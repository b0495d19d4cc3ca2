"""The newest posts of which one person's home is made, kept in little space and brought up to date in place."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

import msgspec

from tacet.records.people import PostHead, Stretch

MAX_CANDIDATES = 800
"""Posts kept of one home: as many as X's older home timeline ever showed, and eight of the longest pages."""

SPARE_CANDIDATES = 400
"""New posts taken in before the oldest are dropped, so that dropping is seldom and moves much at once."""

OVERHEAD_BYTES = 16_384
"""What one of these takes beside its numbers: above all the page that was read last, which is often read again."""

NUMBER_BYTES = 8
"""A signed 64-bit integer."""

ARRAY_SPARE_SHARE = 16
"""An array that grows makes room for a sixteenth more than it holds."""

_SIGNED_64 = "q"


class Read(msgspec.Struct, frozen=True):
    """Posts in the order in which a stretch is walked, as columns. Shared between pages, so never changed.

    Attributes:
        reposted_author_ids: 0 for posts that are no reposts.
        named: everybody among the authors and the reposted authors, once.
        more: whether the stretch goes on behind them.
    """

    ids: Sequence[int]
    author_ids: Sequence[int]
    reposted_author_ids: Sequence[int]
    named: Sequence[int]
    more: bool


def columns(ids: Sequence[int], author_ids: Sequence[int], reposted_author_ids: Sequence[int], more: bool) -> Read:
    """Posts whose columns are given."""
    # In order, so that those who are near each other in the database are asked for one after the other.
    return Read(ids, author_ids, reposted_author_ids, sorted({*author_ids, *reposted_author_ids} - {0}), more)


class Candidates:
    """What a home shows, but for muting, as three columns from the oldest post to the newest.

    Numbers in arrays take an eighth of what objects do, and a thousand homes of those who follow 500 take 50 MB.

    Args:
        author_ids: whose posts they are.
        heads: of their newest posts, newest first.
        floor: every post with this id or a larger one is among them; 0 where there are no others.
        sequence: of the changes that they have taken in.

    Attributes:
        sequence: see above.
        size_bytes: the memory that they take when they have grown, however few they are at first.
    """

    def __init__(self, author_ids: Iterable[int], heads: Sequence[PostHead], floor: int, sequence: int) -> None:
        self._authors = array(_SIGNED_64, sorted(author_ids))
        self._ids = array(_SIGNED_64, [head.id for head in reversed(heads)])
        self._author_ids = array(_SIGNED_64, [head.author_id for head in reversed(heads)])
        self._reposted_author_ids = array(_SIGNED_64, [head.reposted_author_id for head in reversed(heads)])
        self._floor = floor
        self._last: tuple[Stretch, int, Read] | None = None
        self.sequence = sequence
        most = MAX_CANDIDATES + SPARE_CANDIDATES
        columns_bytes = 3 * NUMBER_BYTES * (most + most // ARRAY_SPARE_SHARE)
        self.size_bytes = OVERHEAD_BYTES + columns_bytes + NUMBER_BYTES * len(self._authors)

    def authors(self) -> list[int]:
        """Whose posts they are."""
        return self._authors.tolist()

    def is_by(self, author_id: int) -> bool:
        """Whether this author's posts belong here."""
        place = bisect_left(self._authors, author_id)
        return place < len(self._authors) and self._authors[place] == author_id

    def read(self, stretch: Stretch, count: int) -> Read | None:
        """At most `count` posts of a stretch; None where it reaches older ones, of which only the store knows."""
        if self._last is not None and self._last[0] == stretch and self._last[1] == count:
            return self._last[2]
        read = self._read(stretch, count)
        self._last = (stretch, count, read) if read is not None else None
        return read

    def add(self, head: PostHead) -> None:
        """Take in a new post, once."""
        place = bisect_left(self._ids, head.id)
        if head.id < self._floor or (place < len(self._ids) and self._ids[place] == head.id):
            return
        self._last = None
        self._ids.insert(place, head.id)
        self._author_ids.insert(place, head.author_id)
        self._reposted_author_ids.insert(place, head.reposted_author_id)
        if len(self._ids) > MAX_CANDIDATES + SPARE_CANDIDATES:
            self._drop(slice(0, SPARE_CANDIDATES))
            self._floor = self._ids[0]

    def remove(self, post_id: int, author_id: int) -> bool:
        """Take out a deleted post; False where reposts of it may be here, which cannot be told from others."""
        place = bisect_left(self._ids, post_id)
        if author_id in self._reposted_author_ids[place:]:
            return False
        if place < len(self._ids) and self._ids[place] == post_id:
            self._drop(slice(place, place + 1))
        return True

    def _drop(self, places: slice) -> None:
        self._last = None
        for column in (self._ids, self._author_ids, self._reposted_author_ids):
            del column[places]

    def _read(self, stretch: Stretch, count: int) -> Read | None:
        ids = self._ids
        start, end = bisect_right(ids, stretch.newer_than), bisect_left(ids, stretch.older_than)
        all_here = stretch.newer_than >= self._floor - 1
        if stretch.upwards:
            stop = min(end, start + count)
            return self._columns(slice(start, stop), 1, stop < end) if all_here else None
        begin = max(start, end - count)
        if begin == start and not all_here:
            return None
        return self._columns(slice(begin, end), -1, begin > start)

    def _columns(self, places: slice, step: int, more: bool) -> Read:
        return columns(
            self._ids[places][::step].tolist(),
            self._author_ids[places][::step].tolist(),
            self._reposted_author_ids[places][::step].tolist(),
            more,
        )
