"""Reading what many authors wrote, in bites of time.

The store finds the newest of many authors' posts by looking at all that they wrote in a stretch. Bites keep that to
little more than what is wanted, however much they wrote before: the first is short, and each further one many times as
long, so that quiet authors, too, take a handful of questions.
"""

from tacet.ids import SEQUENCE_BITS
from tacet.records.people import PostHead, Stretch
from tacet.store.posts import PostStore

FIRST_BITE_MS = 24 * 60 * 60 * 1000
"""A day: five hundred accounts write a page or two in it."""

GROWTH = 16
"""How many times as long as all before it the next bite is: from a day to twelve years in four."""

MAX_BITES = 4
"""After so many, everything that is left is asked for at once: there is little of it, or it is very old."""


async def of_authors(
    posts: PostStore, author_ids: list[int], stretch: Stretch, limit: int, newest_id: int
) -> list[PostHead]:
    """What `PostStore.of_authors` returns.

    Args:
        newest_id: no post is expected to have a larger id.
    """
    found: list[PostHead] = []
    low, high = stretch.newer_than, stretch.older_than
    width = FIRST_BITE_MS << SEQUENCE_BITS
    for bite in range(MAX_BITES + 1):
        start, end = low, high
        if bite < MAX_BITES and stretch.upwards:
            end = min(high, low + width)
        elif bite < MAX_BITES:
            start = max(low, min(high, newest_id) - width)
        found += await posts.of_authors(author_ids, _between(stretch, start, end), limit - len(found))
        if len(found) == limit or (start == low and end == high):
            break
        # Both ends of a stretch are left out of it.
        low, high = (end - 1, high) if stretch.upwards else (low, start + 1)
        width *= GROWTH
    return found


def _between(stretch: Stretch, newer_than: int, older_than: int) -> Stretch:
    return Stretch(newer_than, older_than, stretch.without, stretch.upwards)
