"""What became of posts lately, so that what was made from them can be brought up to date instead of made anew."""

from collections import deque
from collections.abc import Sequence
from itertools import islice

import msgspec

from tacet.records.people import PostHead

MAX_CHANGES = 4_096
"""Changes remembered, less than half a megabyte: to read more of them takes as long as to ask the store anew."""


class Deleted(msgspec.Struct, frozen=True):
    """A post is gone, and with it every repost of it."""

    post_id: int
    author_id: int


class PostChanges:
    """The latest changes of this process, in order.

    Told after they are on disk: whoever reads the store first and the changes after it misses none, and may meet one
    twice.

    Attributes:
        sequence: how many changes there were so far.
    """

    def __init__(self) -> None:
        self._latest: deque[PostHead | Deleted] = deque(maxlen=MAX_CHANGES)
        self.sequence = 0

    def added(self, head: PostHead) -> None:
        """Somebody posted or reposted."""
        self._latest.append(head)
        self.sequence += 1

    def deleted(self, post_id: int, author_id: int) -> None:
        """A post, or a repost, of this author was deleted; its own reposts need not be told."""
        self._latest.append(Deleted(post_id, author_id))
        self.sequence += 1

    def forget(self) -> None:
        """Anything may have become of any post: somebody imported some beside the server."""
        self._latest.clear()
        self.sequence += 1

    def since(self, sequence: int) -> Sequence[PostHead | Deleted] | None:
        """What changed after `sequence`, oldest first; None when that is too long ago: everything may have."""
        count = self.sequence - sequence
        if count > len(self._latest):
            return None
        return list(islice(reversed(self._latest), count))[::-1]
