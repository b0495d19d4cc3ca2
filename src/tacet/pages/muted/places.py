"""Where somebody comes back to after a change: the page that its button stood on, and the post that it stood beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self
from urllib.parse import parse_qs

from tacet.mutes.positions import FIRST_PAGE, Cursor, parse_token
from tacet.pages.forms import MAX_FIELDS, id_of, read_query
from tacet.pages.onward import with_query
from tacet.pages.visit import PageError, Visit
from tacet.records.people import Stretch

MUTED_PATH = "/muted"
TIMELINE_PATH = "/timeline"

_KEPT: Mapping[str, Sequence[str]] = MappingProxyType(
    {MUTED_PATH: ("q", "from"), TIMELINE_PATH: ("older", "newer", "hidden")}
)
"""Of these pages the parameters that say what is shown."""

_POST = "post"
"""The parameter of the timeline that says beside which post somebody was."""


@dataclass(frozen=True, slots=True)
class Place:
    """One of these pages, and what of it is shown.

    Attributes:
        post_id: the post of the timeline that it is about; 0 for none.
    """

    path: str = MUTED_PATH
    fields: Mapping[str, str] = field(default_factory=dict)
    post_id: int = 0

    def given(self, name: str) -> str:
        """One of its parameters; empty where it is not given."""
        return self.fields.get(name, "")

    def beside(self, post_id: int) -> Self:
        """The same page, at one of its posts."""
        return replace(self, post_id=post_id)

    def url(self, **more: str) -> str:
        """Its address, with these parameters in place of those it has; empty ones are left out.

        A browser goes to the post by the part after the `#`, which no server sees: so it stands in the query as well.
        """
        post = {_POST: str(self.post_id)} if self.post_id else {}
        url = with_query(self.path, {name: [value] for name, value in {**self.fields, **more, **post}.items() if value})
        return f"{url}#{anchor(self.post_id)}" if self.post_id else url


def anchor(post_id: int) -> str:
    """The id that a post of the timeline has in the page."""
    return f"post-{post_id}"


def here(visit: Visit) -> Place:
    """The page that is asked for, without what is said on it."""
    return _place(visit.request.url.path, read_query(visit.request))


def back(visit: Visit) -> Place:
    """The page that a form came from, as its field `back` says; the list for anything that is none of these pages.

    Raises:
        PageError: 400, it is one of them, but could not be shown.
    """
    address, _, _ = visit.value("back").partition("#")
    path, _, query = address.partition("?")
    try:
        place = _place(path, parse_qs(query, max_num_fields=MAX_FIELDS))
    except ValueError:
        return Place()
    (stretch_of if place.path == TIMELINE_PATH else cursor_of)(place)
    return place


def _place(path: str, fields: Mapping[str, Sequence[str]]) -> Place:
    kept = _KEPT.get(path)
    if kept is None:
        return Place()
    given = {name: values[-1].strip() for name, values in fields.items()}
    post_id = id_of(given.get(_POST, "")) if path == TIMELINE_PATH else None
    return Place(path, {name: given[name] for name in kept if name in given}, post_id or 0)


def cursor_of(place: Place) -> Cursor:
    """The part of the list that an address asks for.

    Raises:
        PageError: 400, it does not say which.
    """
    token = place.given("from")
    cursor = parse_token(token) if token else FIRST_PAGE
    if cursor is None:
        raise _broken_address(("Muted accounts", MUTED_PATH))
    return cursor


def stretch_of(place: Place) -> Stretch:
    """The part of the timeline that an address asks for.

    Raises:
        PageError: 400, it does not say which.
    """
    older, newer = place.given("older"), place.given("newer")
    if not (older or newer):
        return Stretch()
    post_id = id_of(older or newer)
    if post_id is None:
        raise _broken_address(("Timeline", TIMELINE_PATH))
    return Stretch(older_than=post_id) if older else Stretch(newer_than=post_id, upwards=True)


def _broken_address(start: tuple[str, str]) -> PageError:
    """400: an address that says in no known way where to go on.

    Args:
        start: where to begin anew, as a label and a path.
    """
    cause = "It does not say in a way that can be read where to go on."
    return PageError(400, "A broken address", cause, "Start again from the newest.", link=start)
