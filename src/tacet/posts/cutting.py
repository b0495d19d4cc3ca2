"""Cutting a page out of a timeline that was read a little further than the page is long."""

from collections.abc import Sequence

import msgspec

from tacet.records.people import MAX_ID, Stretch

READ_AHEAD_SHARE = 4
"""One post more for so many of a page: where a quarter of what one would see is hidden, pages are still full."""

READ_AHEAD_LEAST = 8
"""Posts read beyond even the shortest page: pages of one would else often be empty."""


class Cut(msgspec.Struct, frozen=True):
    """A page as places among the posts that were read.

    Attributes:
        shown: places, so that the posts come newest first.
        older_than, newer_than: where it goes on to either side; None at an end. On the side from which the page was
            reached it is never None: whoever started there knows that nothing is beyond.
    """

    shown: Sequence[int]
    older_than: int | None
    newer_than: int | None


def to_read(limit: int) -> int:
    """How many posts to read for a page of `limit` of which some may be hidden."""
    return limit + limit // READ_AHEAD_SHARE + READ_AHEAD_LEAST


def cut(stretch: Stretch, ids: Sequence[int], kept: Sequence[int], more: bool, limit: int) -> Cut:
    """A page of at most `limit` posts.

    Args:
        ids: of the posts that were read, in the order in which the stretch is walked.
        kept: the places of those that are not hidden, in the same order.
        more: whether the stretch goes on behind them.
    """
    shown = kept[:limit]
    onward: int | None = None
    if len(kept) > limit:
        onward = ids[shown[-1]]
    elif more:
        onward = ids[-1]
    if stretch.upwards:
        return Cut(shown[::-1], min(stretch.newer_than + 1, MAX_ID), onward)
    return Cut(shown, onward, max(stretch.older_than - 1, 0))
