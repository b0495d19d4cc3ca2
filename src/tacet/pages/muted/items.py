"""What there is to read on a page of the timeline: each post with what it repeats, answers and quotes."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from tacet.directory.lookup import People, Posts, is_shown
from tacet.mutes.actions import Mutes
from tacet.posts.home import HomePage
from tacet.posts.visibility import Visibility
from tacet.records.people import Person, Post, PostHead

ANSWERED, QUOTED = "replied_to", "quoted"
"""Types of references."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A post that another one quotes.

    Attributes:
        muted: whom the viewer mutes of its author and, of a repost, of whoever it repeats; then it is hidden.
    """

    post: Post
    author: Person
    muted: Sequence[Person]


@dataclass(frozen=True, slots=True)
class Item:
    """One entry.

    Attributes:
        head: the entry itself, which of a repost is not what there is to read.
        post: what there is to read; of a repost, what it repeats.
        author: of this post.
        reposter: who repeated it; None where it is no repost.
        mutable: those of the two whom the viewer could mute.
        muted: those of the two who are muted, so that it is hidden; none where it is not.
        answers: whether the post is an answer.
        answered: to whom; None where the viewer cannot know.
        quotes: whether the post quotes another one.
        quote: that one; None where the viewer may not see it, or it is gone, which must look the same.
    """

    head: Post
    post: Post
    author: Person
    reposter: Person | None
    mutable: Sequence[Person]
    muted: Sequence[Person]
    answers: bool
    answered: Person | None
    quotes: bool
    quote: Quote | None


@dataclass(frozen=True, slots=True)
class _Around:
    """What was looked up for a page.

    Attributes:
        posts: of the page, what they repeat, and what these quote or answer.
        seen_ids: those of the quoted posts that the viewer may see.
        muted_ids: those of all authors whom the viewer mutes.
    """

    viewer_id: int
    posts: Mapping[int, Post]
    seen_ids: AbstractSet[int]
    people: Mapping[int, Person]
    muted_ids: AbstractSet[int]

    def muted(self, people: Iterable[Person]) -> list[Person]:
        return [person for person in people if person.id in self.muted_ids]


class Items:
    """Reads pages of the timeline, in as many queries for a long page as for a short one."""

    def __init__(self, posts: Posts, people: People, mutes: Mutes, visibility: Visibility) -> None:
        self._posts = posts
        self._people = people
        self._mutes = mutes
        self._visibility = visibility

    async def of(self, viewer_id: int, page: HomePage) -> list[Item]:
        """The page's posts, but for those that were deleted since it was cut."""
        around = await self._around(viewer_id, page)
        return [item for head in page.heads if (item := _item(head, around)) is not None]

    async def _around(self, viewer_id: int, page: HomePage) -> _Around:
        posts = await self._posts.by_ids([head.id for head in page.heads])
        repeated_ids = {post.reposted_id for post in posts.values()} - {0}
        posts |= await self._posts.by_ids(_beside(posts.values()) | repeated_ids)
        # What is repeated can quote as well. Mostly it does not, and then nothing is asked for.
        posts |= await self._posts.by_ids(_beside(posts[id_] for id_ in repeated_ids & posts.keys()) - posts.keys())
        quoted_ids = {_referred(post, QUOTED) for post in posts.values()} & posts.keys()
        seen = await self._visibility.visible_posts([posts[id_] for id_ in quoted_ids], viewer_id)
        whose = {id_ for post in seen for id_ in (post.author_id, post.details.reposted_author_id)} - {0, viewer_id}
        muted = await self._mutes.which(viewer_id, sorted(whose)) if whose else set()
        authors = {id_ for post in posts.values() for id_ in (post.author_id, post.details.in_reply_to_user_id)} - {0}
        people = await self._people.by_ids(authors | whose)
        return _Around(viewer_id, posts, {post.id for post in seen}, people, muted | page.muted_author_ids)


def _item(head: PostHead, around: _Around) -> Item | None:
    entry = around.posts.get(head.id)
    read = around.posts.get(entry.reposted_id) if entry is not None and entry.reposted_id else entry
    if entry is None or read is None or not {entry.author_id, read.author_id} <= around.people.keys():
        return None
    author = around.people[read.author_id]
    reposter = around.people[entry.author_id] if read is not entry else None
    two = {person.id: person for person in (reposter, author) if person is not None}
    muted = around.muted(two.values())
    return Item(
        entry,
        read,
        author,
        reposter,
        [person for person in two.values() if person.id != around.viewer_id and person not in muted],
        # One's own posts are never hidden, whomever they repeat.
        muted if entry.author_id != around.viewer_id else [],
        bool(_referred(read, ANSWERED) or read.details.in_reply_to_user_id),
        _answered(read, around),
        bool(_referred(read, QUOTED)),
        _quote(_referred(read, QUOTED), around),
    )


def _answered(post: Post, around: _Around) -> Person | None:
    answered = around.posts.get(_referred(post, ANSWERED))
    author_id = post.details.in_reply_to_user_id or (answered.author_id if answered is not None else 0)
    person = around.people.get(author_id)
    return person if person is not None and is_shown(person) else None


def _quote(post_id: int, around: _Around) -> Quote | None:
    if post_id not in around.seen_ids:
        return None
    post = around.posts[post_id]
    author = around.people[post.author_id]
    repeated = around.people.get(post.details.reposted_author_id, author)
    return Quote(post, author, around.muted({author.id: author, repeated.id: repeated}.values()))


def _beside(posts: Iterable[Post]) -> set[int]:
    """Ids of what these posts quote, and of what they answer where they do not tell themselves whom that is."""
    found = set()
    for post in posts:
        found.add(_referred(post, QUOTED))
        if not post.details.in_reply_to_user_id:
            found.add(_referred(post, ANSWERED))
    return found - {0}


def _referred(post: Post, type_: str) -> int:
    """The post that it refers to in this way; 0 for none."""
    return next((each.id for each in post.details.references if each.type == type_), 0)
