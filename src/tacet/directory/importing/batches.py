"""Writing what was read: in batches, everything that is good and nothing that is not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from tacet.directory.entities import mentioned_usernames
from tacet.directory.importing.entries import RowError, to_entry
from tacet.directory.importing.records import Record
from tacet.directory.importing.source import SourceError
from tacet.records.people import Person, Post
from tacet.store.base import Conflict, DirectoryStore
from tacet.store.posts import PostStore

BATCH_ROWS = 1_000
"""Rows a transaction: enough to share one wait for the disk, few enough not to hold up a server beside it."""

BATCH_BYTES = 4 << 20
"""As `BATCH_ROWS`, for long rows: what is held in memory at once."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that was not imported: `line` is the number of its first line, `raw` what stands there."""

    line: int
    reason: str
    raw: bytes


@dataclass(slots=True)
class Tally:
    """What an import has done so far; `changed` counts rows of the database."""

    people: int = 0
    posts: int = 0
    changed: int = 0
    rejected: int = 0

    @property
    def rows(self) -> int:
        """Records seen, good and bad; blank lines are none."""
        return self.people + self.posts + self.rejected


class Import:
    """One run over one file. A second run over the same file changes nothing, but that posts then also know whom they
    mention of those who came later in it.

    Args:
        directory: where people go.
        posts: where their posts go.
        tally: counts what is committed; it holds when the run is interrupted, too.
        reject: called with every record that cannot be imported.
        progress: called after each batch.
    """

    def __init__(
        self,
        directory: DirectoryStore,
        posts: PostStore,
        tally: Tally,
        reject: Callable[[Rejected], None],
        progress: Callable[[], None],
    ) -> None:
        self._tally = tally
        self._directory = directory
        self._put_posts = posts.put
        self._reject = reject
        self._progress = progress
        self._people: list[tuple[Record, Person]] = []
        self._posts: list[Post] = []
        self._refused: list[Rejected] = []
        self._held_bytes = 0

    async def run(self, records: Iterable[Record]) -> None:
        """Import every good record, report every bad one.

        Raises:
            SourceError: the file could not be read to its end; what could be read is committed.
            StoreError: the database failed; the batches before are committed.
        """
        try:
            for record in records:
                self._sort(record)
                if self._is_full():
                    await self._write()
        except SourceError:
            await self._write()
            raise
        await self._write()

    def _sort(self, record: Record) -> None:
        self._held_bytes += len(record.raw)
        try:
            entry = to_entry(record.values) if not record.problem else None
        except RowError as error:
            self._refuse(record, str(error))
            return
        if entry is None:
            self._refuse(record, record.problem)
        elif isinstance(entry, Person):
            self._people.append((record, entry))
        else:
            self._posts.append(entry)

    def _refuse(self, record: Record, reason: str) -> None:
        self._refused.append(Rejected(record.line, reason, record.raw))

    def _is_full(self) -> bool:
        held = len(self._people) + len(self._posts) + len(self._refused)
        return held >= BATCH_ROWS or self._held_bytes >= BATCH_BYTES

    async def _write(self) -> None:
        people, posts = self._people, self._posts
        self._people, self._posts, self._held_bytes = [], [], 0
        await self._put_all(people)
        if posts:
            self._tally.changed += await self._put_posts(await self._with_mentions(posts))
            self._tally.posts += len(posts)
        refused, self._refused = sorted(self._refused, key=lambda each: each.line), []
        for each in refused:
            self._reject(each)
        self._tally.rejected += len(refused)
        self._progress()

    async def _with_mentions(self, posts: list[Post]) -> list[Post]:
        """The posts with the ids of those whom their texts mention, whatever their state: who is away may return.

        A repost mentions nobody, as with those that are made here.
        """
        named = [[] if post.reposted_id else mentioned_usernames(post.text) for post in posts]
        wanted = {username for usernames in named for username in usernames}
        found = await self._directory.ids_of(wanted) if wanted else {}
        return [
            _mentioning(post, [found[username] for username in usernames if username in found])
            for post, usernames in zip(posts, named, strict=True)
        ]

    async def _put_all(self, people: list[tuple[Record, Person]]) -> None:
        if await self._put(people):
            return
        free = await self._without_taken(people)
        if await self._put(free):
            return
        # Somebody else takes names at the same time: find out one by one.
        for record, person in free:
            if not await self._put([(record, person)]):
                self._refuse(record, f"username {person.username} belongs to another id")

    async def _put(self, people: list[tuple[Record, Person]]) -> bool:
        """Write a batch; False if a username in it belongs to another id, and then nothing is written."""
        if people:
            try:
                changed = await self._directory.put_people([person for _, person in people])
            except Conflict:
                return False
            self._tally.changed += changed
            self._tally.people += len(people)
        return True

    async def _without_taken(self, people: list[tuple[Record, Person]]) -> list[tuple[Record, Person]]:
        """Refuse those whose username belongs to another id by the time that their turn comes."""
        owners = await self._directory.ids_of(person.username for _, person in people)
        before = await self._directory.people({person.id for _, person in people})
        names = {person.id: person.username.lower() for person in before}
        free = []
        for record, person in people:
            name = person.username.lower()
            owner = owners.get(name, person.id)
            if owner != person.id:
                self._refuse(record, f"username {person.username} belongs to id {owner}")
                continue
            # A new name sets the old one free for the rows after this one.
            owners.pop(names.get(person.id, ""), None)
            owners[name], names[person.id] = person.id, name
            free.append((record, person))
        return free


def _mentioning(post: Post, person_ids: list[int]) -> Post:
    if not person_ids:
        return post
    return msgspec.structs.replace(post, details=msgspec.structs.replace(post.details, mentioned_ids=tuple(person_ids)))
