"""Answers that show posts: `data`, `includes` without repeats, `errors[]` of a 200, `meta`.

Posts that look the same to everybody are rendered once and joined from then on.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from tacet.cache import Hits
from tacet.directory.lookup import People, Posts, is_shown
from tacet.identity.caller import Caller
from tacet.posts.changes import Deleted, PostChanges
from tacet.posts.visibility import is_whole
from tacet.records.people import Person, Post, State
from tacet.wire import problems
from tacet.wire.selection import MENTIONS, REFERENCED_AUTHORS, REFERENCES, PostSelection
from tacet.wire.v2.answers import Answers
from tacet.wire.v2.fragments import HIDDEN, Fragments, joined
from tacet.wire.v2.shown_posts import Errors, ShownPosts, refused_metrics
from tacet.wire.vocabulary import POST


class PostAnswers:
    """Renders posts for one server.

    Args:
        answers: renders the users that are included.
        changes: what became of posts, for those that are kept rendered.
        max_fragments, max_fragment_bytes, hits: as for `Answers`.
    """

    def __init__(
        self,
        people: People,
        posts: Posts,
        answers: Answers,
        shown_posts: ShownPosts,
        changes: PostChanges,
        max_fragments: int,
        max_fragment_bytes: int,
        hits: Hits | None = None,
    ) -> None:
        self._people = people
        self._posts = posts
        self._answers = answers
        self._shown_posts = shown_posts
        self._changes = changes
        self._max_reposts = max_fragments
        self._fragments: Fragments[PostSelection] = Fragments(max_fragments, max_fragment_bytes, hits)
        self._reposts: dict[int, list[int]] = {}
        self._repost_count = 0
        self._generation = people.generation
        self._sequence = changes.sequence

    async def posts(
        self, ids: Sequence[int], selection: PostSelection, caller: Caller
    ) -> tuple[Sequence[int], Sequence[bytes]]:
        """Those of `ids` that are there and whose authors are not suspended or gone, in order, and their post objects.

        Whether the caller may see them is not asked here: whoever chose the ids did, and found them in the database
        just now. Some may be gone since. So it does no harm that what another process deleted may still be kept here.
        """
        if selection.is_private:
            posts = await self._present(ids)
            return [post.id for post in posts], await self._rendered(posts, selection, caller.user_id)
        self._catch_up()
        return await self._fragments.shown_of(ids, selection, lambda missing: self._render(missing, selection))

    async def body(
        self, posts: Sequence[bytes], shown: Sequence[int], selection: PostSelection, caller: Caller, **more: Any
    ) -> bytes:
        """A whole answer, as `Answers.body` makes one of users: of post objects and ids as `posts` returns them."""
        errors: Errors = list(more.pop("errors", ()))
        includes: Sequence[bytes] = ()
        if selection.is_private or selection.expansions:
            present = await self._present(shown)
            fields, vocabulary = selection.post_fields, selection.vocabulary
            errors.extend(refused_metrics(present, fields, vocabulary, caller.user_id, "data"))
            includes = await self._includes(present, selection, caller, errors)
        return joined(posts, includes, errors, **more)

    def _catch_up(self) -> None:
        """Forget what changed since the last time."""
        changed = None
        if self._generation == self._people.generation and self._repost_count <= self._max_reposts:
            if self._sequence == self._changes.sequence:
                return
            changed = self._changes.since(self._sequence)
        self._generation, self._sequence = self._people.generation, self._changes.sequence
        if changed is None:
            self._fragments.clear()
            self._reposts, self._repost_count = {}, 0
            return
        for change in changed:
            if isinstance(change, Deleted):
                for id_ in (change.post_id, *self._reposts.get(change.post_id, ())):
                    self._fragments.drop(id_)
            else:
                # It may have been asked for before it was there.
                self._fragments.drop(change.id)

    async def _render(self, ids: Sequence[int], selection: PostSelection) -> dict[int, bytes]:
        """Fragments to keep."""
        posts = await self._present(ids)
        for post in posts:
            if post.reposted_id:
                self._reposts.setdefault(post.reposted_id, []).append(post.id)
                self._repost_count += 1
        fragments = await self._rendered(posts, selection, None)
        return {**dict.fromkeys(ids, HIDDEN), **{post.id: each for post, each in zip(posts, fragments, strict=True)}}

    async def _rendered(self, posts: Sequence[Post], selection: PostSelection, viewer_id: int | None) -> list[bytes]:
        return await self._shown_posts.rendered(posts, selection.post_fields, selection.vocabulary, viewer_id)

    async def _present(self, ids: Iterable[int]) -> list[Post]:
        """Those posts that are there, by people who are, in order; of reposts, those of which the original is known."""
        wanted = list(ids)
        posts = await self._posts.by_ids(wanted)
        known = {id_: post for id_, post in posts.items() if is_whole(post)}
        authors = await self._people.by_ids({post.author_id for post in known.values()})
        shown = {author.id for author in authors.values() if is_shown(author)}
        return [post for id_ in wanted if (post := known.get(id_)) is not None and post.author_id in shown]

    async def _includes(
        self, posts: Sequence[Post], selection: PostSelection, caller: Caller, errors: Errors
    ) -> list[bytes]:
        referenced = await self._referenced(posts, selection, caller, errors)
        users = await self._included_users(posts, referenced, selection, caller, errors)
        _, included = await self.posts([post.id for post in referenced], selection, caller)
        members = {"users": users, selection.vocabulary.includes_key: included}
        return [b'"%b":[%b]' % (key.encode(), b",".join(each)) for key, each in members.items() if each]

    async def _referenced(
        self, posts: Sequence[Post], selection: PostSelection, caller: Caller, errors: Errors
    ) -> list[Post]:
        """The posts that these repeat, quote or answer, as far as the caller may see them."""
        if selection.expansions.isdisjoint((REFERENCES, REFERENCED_AUTHORS)):
            return []
        vocabulary = selection.vocabulary
        parameter = "referenced_posts" if vocabulary is POST else REFERENCES
        wanted = {reference.id: parameter for post in posts for reference in post.details.references}
        visible = await self._shown_posts.visible(wanted, vocabulary, caller, errors, "includes")
        errors.extend(refused_metrics(visible, selection.post_fields, vocabulary, caller.user_id, "includes"))
        return visible

    async def _included_users(
        self,
        posts: Sequence[Post],
        referenced: Sequence[Post],
        selection: PostSelection,
        caller: Caller,
        errors: Errors,
    ) -> Sequence[bytes]:
        wanted: dict[int, str] = {}
        for name, ids in _named(posts, referenced).items():
            for id_ in ids if name in selection.expansions else ():
                wanted.setdefault(id_, name)
        people = await self._people.by_ids(wanted)
        for id_, parameter in wanted.items():
            errors.extend(_missing(parameter, id_, people.get(id_)))
        return await self._answers.users([id_ for id_ in wanted if id_ in people], selection.users, caller)


def _named(posts: Sequence[Post], referenced: Sequence[Post]) -> dict[str, list[int]]:
    """Whom posts name, by the expansion that includes them."""
    details = [post.details for post in posts]
    return {
        "author_id": [post.author_id for post in posts],
        "in_reply_to_user_id": [each.in_reply_to_user_id for each in details if each.in_reply_to_user_id],
        MENTIONS: [id_ for each in details for id_ in each.mentioned_ids],
        REFERENCED_AUTHORS: [post.author_id for post in referenced],
    }


def _missing(parameter: str, id_: int, person: Person | None) -> Iterable[dict[str, Any]]:
    """Why somebody who is named is not included."""
    if person is None:
        # A mention says who it was by a username, which nobody has any more.
        if parameter != MENTIONS:
            yield problems.missing_user(parameter, str(id_))
    elif not is_shown(person):
        value = person.username if parameter == MENTIONS else str(id_)
        suspended = person.state is State.SUSPENDED
        yield (problems.suspended_user if suspended else problems.missing_user)(parameter, value)
