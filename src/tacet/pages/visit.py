"""One request of a browser: who is looking, what they sent, and how a page answers them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tacet.pages.responses import Security, html, see_other
from tacet.pages.templating import Templates
from tacet.records.accounts import Session
from tacet.records.people import Person

INVALID = 422
"""The status of a page that shows a form again because something in it is wrong (RFC 9110 section 15.5.21)."""


class PageError(Exception):
    """Ends a visit with an error page that names cause and remedy.

    Args:
        title: a few words, shown as the heading.
        cause: what is wrong, in a sentence or two for the person who sees it.
        remedy: what they, or the App's developer, can do.
        headers: further ones, `retry-after` for example.
        link: where to go on from here, as a label and a path of ours.
    """

    def __init__(
        self,
        status: int,
        title: str,
        cause: str,
        remedy: str = "",
        headers: Mapping[str, str] | None = None,
        link: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.status, self.title, self.cause, self.remedy = status, title, cause, remedy
        self.headers = headers or {}
        self.link = link


def not_found() -> PageError:
    """404: there is nothing here, or nothing for this person, which must look the same."""
    cause = "There is no page at this address, or it is not for this account."
    return PageError(404, "Nothing here", cause, "Check the address, or start again from the first page.")


@dataclass(frozen=True, slots=True)
class Visit:
    """A request whose session is found and, for a form, whose origin and CSRF token are checked.

    Attributes:
        person: who is signed in; None for nobody.
        session: theirs.
        csrf: the token that every form of the answer carries in a hidden field named `csrf`.
        fields: the form's fields, decoded; of one that is repeated all values, in order.
    """

    request: Request
    templates: Templates
    security: Security
    person: Person | None
    session: Session | None
    csrf: str
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)

    @property
    def user_id(self) -> int:
        """The id of who is signed in. Only for pages that ask for a sign-in."""
        if self.person is None:
            raise PageError(401, "Please sign in", "This page is about an account, and nobody is signed in.")
        return self.person.id

    def value(self, name: str) -> str:
        """A form field without the blanks around it; empty where it was not sent. The last of several counts."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """The same as it was typed: blanks belong to a password."""
        return (self.fields.get(name) or ("",))[-1]

    def page(self, template: str, *, status: int = 200, form_action: str = "", **context: Any) -> Response:
        """Answer with a template.

        Args:
            form_action: further sources that forms of this page may lead to, for its Content-Security-Policy.
            context: what the template uses, beside `person`, `csrf` and `path`, which are always there.
        """
        everything = {"person": self.person, "csrf": self.csrf, "path": self.request.url.path, **context}
        return html(self.templates.render(template, everything), status, self.security, form_action)

    def go(self, url: str) -> Response:
        """Send the browser on to `url`, by GET."""
        return see_other(url, self.security)
