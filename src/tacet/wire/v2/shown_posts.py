"""Posts in answers: which of them the caller may see, why not the others, and how they look."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tacet.directory.lookup import People, Posts, is_shown
from tacet.identity.caller import Caller
from tacet.posts.visibility import Visibility
from tacet.records.people import Person, Post, State
from tacet.wire import problems
from tacet.wire.encoding import encode
from tacet.wire.problems import Section
from tacet.wire.v2.render_post import hidden_metrics, render_post
from tacet.wire.vocabulary import Vocabulary

Errors = list[dict[str, Any]]


class ShownPosts:
    """Over one directory."""

    def __init__(self, people: People, posts: Posts, visibility: Visibility) -> None:
        self._people = people
        self._posts = posts
        self._visibility = visibility

    async def visible(
        self, wanted: Mapping[int, str], vocabulary: Vocabulary, caller: Caller, errors: Errors, section: Section
    ) -> list[Post]:
        """Those posts that the caller may see, in order.

        Args:
            wanted: the parameter that asks for each post, by id.
            errors: gets an entry for each other one.
            section: of the answer, where the posts would have stood.
        """
        posts = await self._posts.by_ids(wanted)
        found = [post for post_id in wanted if (post := posts.get(post_id)) is not None]
        visible = await self._visibility.visible_posts(found, caller.user_id)
        if len(visible) == len(wanted):
            return visible
        seen = {post.id for post in visible}
        people = await self._people.by_ids({id_ for post in found for id_ in _whose(post)})
        for post_id, parameter in wanted.items():
            if post_id in seen:
                continue
            if _is_gone(posts.get(post_id), people):
                errors.append(problems.missing_post(vocabulary.noun, parameter, str(post_id)))
            else:
                errors.append(problems.hidden_post(vocabulary.noun, parameter, str(post_id), section))
        return visible

    async def rendered(
        self, posts: Sequence[Post], fields: frozenset[str], vocabulary: Vocabulary, viewer_id: int | None
    ) -> list[bytes]:
        """Post objects, in order; private metrics only on the viewer's own."""
        ids: dict[str, int] = {}
        if "entities" in fields:
            people = await self._people.by_ids({id_ for post in posts for id_ in post.details.mentioned_ids})
            ids = {person.username.lower(): person.id for person in people.values() if is_shown(person)}
        return [encode(render_post(post, fields, vocabulary, viewer_id, ids)) for post in posts]


def refused_metrics(
    posts: Iterable[Post], fields: frozenset[str], vocabulary: Vocabulary, viewer_id: int | None, section: Section
) -> Iterable[dict[str, Any]]:
    """An entry of `errors[]` for all metrics of these posts that were asked for and are not the viewer's own."""
    for post in posts:
        for field in hidden_metrics(post, fields, viewer_id):
            yield problems.hidden_field(vocabulary.noun, field, str(post.id), section)


def _whose(post: Post) -> tuple[int, ...]:
    """Its author, and of a repost the author of what it repeats; 0 where nobody knows."""
    return (post.author_id, post.details.reposted_author_id) if post.reposted_id else (post.author_id,)


def _is_gone(post: Post | None, people: Mapping[int, Person]) -> bool:
    """Whether a post looks as if it never was. Those of suspended accounts do not, as recorded, but reposts of them do.

    Args:
        people: by id, those of `_whose` who are known.
    """
    if post is None:
        return True
    author, *reposted = [people.get(id_) for id_ in _whose(post)]
    return (
        author is None
        or author.state is State.DEACTIVATED
        or any(person is None or not is_shown(person) for person in reposted)
    )
