"""Where somebody comes back to after a change: the page that its button stood on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import parse_qs

from tacet.pages.forms import MAX_FIELDS, read_query
from tacet.pages.onward import with_query
from tacet.pages.visit import PageError, Visit

MUTED_PATH = "/muted"
TIMELINE_PATH = "/timeline"

_KEPT: Mapping[str, Sequence[str]] = MappingProxyType(
    {MUTED_PATH: ("q", "from"), TIMELINE_PATH: ("older", "newer", "hidden")}
)
"""Of these pages the parameters that say what is shown."""


@dataclass(frozen=True, slots=True)
class Place:
    """One of these pages, and what of it is shown."""

    path: str = MUTED_PATH
    fields: Mapping[str, str] = field(default_factory=dict)

    def given(self, name: str) -> str:
        """One of its parameters; empty where it is not given."""
        return self.fields.get(name, "")

    def url(self, **more: str) -> str:
        """Its address, with these parameters in place of those it has; empty ones are left out."""
        return with_query(self.path, {name: [value] for name, value in {**self.fields, **more}.items() if value})


def here(visit: Visit) -> Place:
    """The page that is asked for, without what is said on it."""
    return _place(visit.request.url.path, read_query(visit.request))


def back(visit: Visit) -> Place:
    """The page that a form came from, as its field `back` says; the list for anything that is none of these pages."""
    path, _, query = visit.value("back").partition("?")
    try:
        return _place(path, parse_qs(query, max_num_fields=MAX_FIELDS))
    except ValueError:
        return Place()


def _place(path: str, fields: Mapping[str, Sequence[str]]) -> Place:
    kept = _KEPT.get(path)
    if kept is None:
        return Place()
    return Place(path, {name: fields[name][-1].strip() for name in kept if name in fields})


def broken_address(start: tuple[str, str]) -> PageError:
    """400: an address that says in no known way where to go on.

    Args:
        start: where to begin anew, as a label and a path.
    """
    cause = "It does not say in a way that can be read where to go on."
    return PageError(400, "A broken address", cause, "Start again from the newest.", link=start)
