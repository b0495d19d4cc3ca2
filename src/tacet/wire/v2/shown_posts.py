"""Posts in answers: which of them the caller may see, why not the others, and how they look."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tacet.directory.lookup import People, Posts
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
        author_ids = {post.author_id for post in posts.values()}
        authors = await self._people.by_ids(author_ids)
        seen = await self._visibility.visible_authors(author_ids, caller.user_id)
        visible = []
        for post_id, parameter in wanted.items():
            post = posts.get(post_id)
            if post is not None and post.author_id in seen:
                visible.append(post)
            elif post is None or _is_gone(authors.get(post.author_id)):
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
            ids = {person.username.lower(): person.id for person in people.values()}
        return [encode(render_post(post, fields, vocabulary, viewer_id, ids)) for post in posts]


def refused_metrics(
    posts: Iterable[Post], fields: frozenset[str], vocabulary: Vocabulary, viewer_id: int | None, section: Section
) -> Iterable[dict[str, Any]]:
    """An entry of `errors[]` for all metrics of these posts that were asked for and are not the viewer's own."""
    for post in posts:
        for field in hidden_metrics(post, fields, viewer_id):
            yield problems.hidden_field(vocabulary.noun, field, str(post.id), section)


def _is_gone(author: Person | None) -> bool:
    """Whether posts look as if they never were. Those of suspended accounts do not, as recorded."""
    return author is None or author.state is State.DEACTIVATED
