"""Answers that show users: `data`, `includes` without repeats, `errors[]` of a 200, `meta`.

People who look the same to everybody are rendered once and joined from then on.
"""

from collections.abc import Sequence
from typing import Any

from tacet.cache import Hits
from tacet.directory.lookup import Acquaintance, People, Posts, is_shown
from tacet.identity.caller import Caller
from tacet.records.people import Person
from tacet.wire.selection import Selection
from tacet.wire.v2.fragments import HIDDEN, Fragments, joined
from tacet.wire.v2.render_user import render_user
from tacet.wire.v2.shown_posts import ShownPosts, refused_metrics


class Answers:
    """Renders users for one server.

    Args:
        max_fragments: rendered users kept of one selection.
        max_fragment_bytes: memory for rendered users, all selections together.
        hits: of what is kept rendered.
    """

    def __init__(
        self,
        people: People,
        posts: Posts,
        acquaintance: Acquaintance,
        shown_posts: ShownPosts,
        max_fragments: int,
        max_fragment_bytes: int,
        hits: Hits | None = None,
    ) -> None:
        self._people = people
        self._posts = posts
        self._acquaintance = acquaintance
        self._shown_posts = shown_posts
        self._fragments: Fragments[Selection] = Fragments(max_fragments, max_fragment_bytes, hits)
        self._generation = people.generation

    async def users(self, ids: Sequence[int], selection: Selection, caller: Caller) -> Sequence[bytes]:
        """The user objects of those `ids` that are shown, in order."""
        if selection.is_personal or selection.needs_latest:
            return await self._fresh(ids, selection, caller)
        if self._generation != self._people.generation:
            self._generation = self._people.generation
            self._fragments.clear()
        return await self._fragments.shown(ids, selection, lambda missing: self._render(missing, selection))

    async def body(
        self, users: Sequence[bytes], shown: Sequence[int], selection: Selection, caller: Caller, **more: Any
    ) -> bytes:
        """A whole answer.

        Args:
            users: rendered user objects; none leaves `data` out.
            shown: their ids, for what is to be expanded.
            more: `one=True` for an object instead of a list, `errors` to begin with, `meta` to end with.
        """
        errors: list[dict[str, Any]] = list(more.pop("errors", ()))
        includes = await self._includes(shown, selection, caller, errors) if selection.expansions else ()
        return joined(users, includes, errors, **more)

    async def _render(self, ids: Sequence[int], selection: Selection) -> dict[int, bytes]:
        """Fragments to keep."""
        people = await self._people.by_ids(ids)
        rendered: dict[int, bytes] = {}
        for id_ in ids:
            person = people.get(id_)
            shown = person is not None and is_shown(person)
            rendered[id_] = render_user(person, selection, {}) if person is not None and shown else HIDDEN
        return rendered

    async def _fresh(self, ids: Sequence[int], selection: Selection, caller: Caller) -> list[bytes]:
        """Users rendered for this viewer, or with what changes too often to keep."""
        shown = await self._shown(ids)
        shown_ids = [person.id for person in shown]
        latest = await self._posts.latest_of(shown_ids) if selection.needs_latest else {}
        connections = None
        if selection.is_personal and caller.user_id is not None:
            connections = await self._acquaintance.between(
                caller.user_id,
                shown_ids,
                statuses="connection_status" in selection.user_fields,
                messages="receives_your_dm" in selection.user_fields,
            )
        return [render_user(person, selection, latest, caller, connections) for person in shown]

    async def _shown(self, ids: Sequence[int]) -> list[Person]:
        people = await self._people.by_ids(ids)
        return [person for id_ in ids if (person := people.get(id_)) is not None and is_shown(person)]

    async def _includes(
        self, shown: Sequence[int], selection: Selection, caller: Caller, errors: list[dict[str, Any]]
    ) -> list[bytes]:
        shown_people = await self._shown(shown)
        includes = []
        posts = await self._included_posts(shown_people, selection, caller, errors)
        if posts:
            includes.append(b'"%b":[%b]' % (selection.vocabulary.includes_key.encode(), b",".join(posts)))
        if "affiliation.user_id" in selection.expansions:
            badges = [person.profile.affiliation for person in shown_people]
            affiliates = [id_ for badge in badges if badge is not None for id_ in badge.user_ids]
            users = await self.users(list(dict.fromkeys(affiliates)), selection, caller)
            if users:
                includes.append(b'"users":[' + b",".join(users) + b"]")
        return includes

    async def _included_posts(
        self, people: list[Person], selection: Selection, caller: Caller, errors: list[dict[str, Any]]
    ) -> list[bytes]:
        fields, vocabulary = selection.post_fields, selection.vocabulary
        wanted = await self._wanted_posts(people, selection)
        posts = await self._shown_posts.visible(wanted, vocabulary, caller, errors, "includes")
        errors.extend(refused_metrics(posts, fields, vocabulary, caller.user_id, "includes"))
        return await self._shown_posts.rendered(posts, fields, vocabulary, caller.user_id)

    async def _wanted_posts(self, people: list[Person], selection: Selection) -> dict[int, str]:
        """The parameter that asks for each post, by id: one entry a post, however many ask for it."""
        wanted: dict[int, str] = {}
        noun = selection.vocabulary.noun
        if "pinned_tweet_id" in selection.expansions:
            for person in people:
                if person.profile.pinned_post_id:
                    wanted.setdefault(person.profile.pinned_post_id, f"pinned_{noun}_id")
        if "most_recent_tweet_id" in selection.expansions:
            for post_id in (await self._posts.latest_of([person.id for person in people])).values():
                wanted.setdefault(post_id, f"most_recent_{noun}_id")
        return wanted
