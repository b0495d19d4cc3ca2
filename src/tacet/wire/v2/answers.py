"""Answers that show users: `data`, `includes` without repeats, `errors[]` of a 200, `meta`.

People who look the same to everybody are rendered once and joined from then on.
"""

from collections.abc import Sequence
from typing import Any

from tacet.cache import TwoGenerations
from tacet.directory.lookup import Acquaintance, People, Posts, is_shown
from tacet.identity.caller import Caller
from tacet.records.people import Person
from tacet.wire import problems
from tacet.wire.encoding import encode
from tacet.wire.selection import Selection
from tacet.wire.v2.render_post import hidden_metrics, render_post
from tacet.wire.v2.render_user import render_user

MAX_RENDERED_SELECTIONS = 64
"""Different selections whose rendered users are kept: clients use a handful."""

FRAGMENT_OVERHEAD_BYTES = 160
"""What a kept fragment costs beside its text: a bytes object, an id, a place in a dict."""

_HIDDEN = b""
"""Kept for somebody who is not shown: suspended, deactivated or unknown."""


class Answers:
    """Renders users for one server.

    Args:
        max_fragments: rendered users kept of one selection.
        max_fragment_bytes: memory for rendered users, all selections together.
    """

    def __init__(
        self,
        people: People,
        posts: Posts,
        acquaintance: Acquaintance,
        max_fragments: int,
        max_fragment_bytes: int,
    ) -> None:
        self._people = people
        self._posts = posts
        self._acquaintance = acquaintance
        self._max_fragments = max_fragments
        self._max_fragment_bytes = max_fragment_bytes
        self._fragment_bytes = 0
        self._hides_somebody = False
        self._fragments: TwoGenerations[Selection, TwoGenerations[int, bytes]] = TwoGenerations(MAX_RENDERED_SELECTIONS)
        self._generation = people.generation

    async def users(self, ids: Sequence[int], selection: Selection, caller: Caller) -> Sequence[bytes]:
        """The user objects of those `ids` that are shown, in order."""
        if selection.is_personal or selection.needs_latest:
            return await self._fresh(ids, selection, caller)
        kept = self._kept(selection)
        found: Sequence[bytes] | None = kept.get_all(ids)
        if found is None:
            found = await self._gathered(ids, kept, selection)
        return [fragment for fragment in found if fragment] if self._hides_somebody else found

    async def body(
        self, users: Sequence[bytes], shown: Sequence[int], selection: Selection, caller: Caller, **more: Any
    ) -> bytes:
        """A whole answer.

        Args:
            users: rendered user objects; none leaves `data` out.
            shown: their ids, for what is to be expanded.
            more: `one=True` for an object instead of a list, `errors` to begin with, `meta` to end with.
        """
        errors: list[dict[str, Any]] = list(more.get("errors", ()))
        # Pieces are joined once, at the end: a page is thousands of octets, and each step between copies them.
        pieces: list[bytes] = []
        if users:
            data = (b',"data":', users[0]) if more.get("one") else (b',"data":[', b",".join(users), b"]")
            pieces.extend(data)
        if selection.expansions:
            includes = await self._includes(shown, selection, caller, errors)
            if includes:
                pieces.extend((b',"includes":{', b",".join(includes), b"}"))
        if errors:
            pieces.extend((b',"errors":', encode(errors)))
        if "meta" in more:
            pieces.extend((b',"meta":', more["meta"]))
        if not pieces:
            return b"{}"
        pieces[0] = b"{" + pieces[0][1:]
        pieces.append(b"}")
        return b"".join(pieces)

    def _kept(self, selection: Selection) -> TwoGenerations[int, bytes]:
        if self._generation != self._people.generation or self._fragment_bytes > self._max_fragment_bytes:
            self._generation = self._people.generation
            self._fragments.clear()
            self._fragment_bytes = 0
            self._hides_somebody = False
        kept = self._fragments.get(selection)
        if kept is None:
            kept = TwoGenerations(self._max_fragments)
            self._fragments.put(selection, kept)
        return kept

    async def _gathered(
        self, ids: Sequence[int], kept: TwoGenerations[int, bytes], selection: Selection
    ) -> list[bytes]:
        """Fragments of which some must be made, or moved up, first."""
        found = [kept.get(id_) for id_ in ids]
        missing = [id_ for id_, fragment in zip(ids, found, strict=True) if fragment is None]
        rendered = await self._render(missing, selection) if missing else {}
        for id_, fragment in rendered.items():
            kept.put(id_, fragment)
        return [rendered[id_] if fragment is None else fragment for id_, fragment in zip(ids, found, strict=True)]

    async def _render(self, ids: Sequence[int], selection: Selection) -> dict[int, bytes]:
        """Fragments to keep; `_HIDDEN` for whoever is not shown."""
        people = await self._people.by_ids(ids)
        rendered: dict[int, bytes] = {}
        for id_ in ids:
            person = people.get(id_)
            shown = person is not None and is_shown(person)
            rendered[id_] = render_user(person, selection, {}) if person is not None and shown else _HIDDEN
            self._hides_somebody = self._hides_somebody or not shown
            # Counted when made, and never given back one by one: an estimate that errs on the safe side.
            self._fragment_bytes += len(rendered[id_]) + FRAGMENT_OVERHEAD_BYTES
        return rendered

    async def _fresh(self, ids: Sequence[int], selection: Selection, caller: Caller) -> list[bytes]:
        """Users rendered for this viewer, or with what changes too often to keep."""
        shown = await self._shown(ids)
        shown_ids = [person.id for person in shown]
        latest = await self._posts.latest_of(shown_ids) if selection.needs_latest else {}
        connections = None
        if selection.is_personal and caller.user_id is not None:
            connections = await self._acquaintance.between(caller.user_id, shown_ids)
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
            includes.append(b'"' + selection.vocabulary.includes_key.encode() + b'":' + encode(posts))
        if "affiliation.user_id" in selection.expansions:
            badges = [person.profile.affiliation for person in shown_people]
            affiliates = [id_ for badge in badges if badge is not None for id_ in badge.user_ids]
            users = await self.users(list(dict.fromkeys(affiliates)), selection, caller)
            if users:
                includes.append(b'"users":[' + b",".join(users) + b"]")
        return includes

    async def _included_posts(
        self, people: list[Person], selection: Selection, caller: Caller, errors: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        wanted = await self._wanted_posts(people, selection)
        posts = await self._posts.by_ids(wanted)
        authors = await self._people.by_ids({post.author_id for post in posts.values()})
        followed = await self._followed(authors, caller)
        noun = selection.vocabulary.noun
        included = []
        for post_id, parameter in wanted.items():
            post = posts.get(post_id)
            author = authors.get(post.author_id) if post is not None else None
            if post is None or author is None or not is_shown(author):
                errors.append(problems.missing_post(noun, parameter, str(post_id)))
            elif author.profile.protected and author.id != caller.user_id and author.id not in followed:
                errors.append(problems.hidden_post(noun, parameter, str(post_id)))
            else:
                included.append(render_post(post, selection.post_fields, selection.vocabulary, caller.user_id))
                hidden = hidden_metrics(post, selection.post_fields, caller.user_id)
                errors.extend(problems.hidden_field(noun, field, str(post_id)) for field in hidden)
        return included

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

    async def _followed(self, authors: dict[int, Person], caller: Caller) -> set[int]:
        protected = [author.id for author in authors.values() if author.profile.protected]
        if not protected or caller.user_id is None:
            return set()
        return await self._acquaintance.followed(caller.user_id, protected)
