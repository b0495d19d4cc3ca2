"""From templates to HTML. Everything that is put in is escaped; what is missing is an error and not a gap."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from tacet.pages.onward import to_sign_in, with_query


class Templates:
    """The templates of this package.

    Args:
        sandbox: whether pages are those of a sandbox, which says so on each of them.
        asset: the address of a file that pages are drawn with.
    """

    def __init__(self, *, sandbox: bool, asset: Callable[[str], str]) -> None:
        self._environment = Environment(
            loader=PackageLoader("tacet.pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(sandbox=sandbox, asset=asset, to_sign_in=to_sign_in, with_query=with_query)
        self._environment.filters.update(day=day, minute=minute, moment=_moment, website=website, host=_host)

    def render(self, template: str, context: Mapping[str, Any]) -> bytes:
        """A template's HTML, in UTF-8."""
        return self._environment.get_template(template).render(context).encode(errors="replace")


def website(url: str) -> str:
    """An App's website where a link may lead there; empty for what is no web address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.hostname else ""


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def day(at_ms: int) -> str:
    """Unix milliseconds as `7 May 2022`, in UTC."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{moment.day} {moment:%B %Y}"


def minute(at_ms: int) -> str:
    """Unix milliseconds as `7 May 2022, 13:20 UTC`."""
    return f"{day(at_ms)}, {clock_time(at_ms)}"


def clock_time(at_ms: int) -> str:
    """Unix milliseconds as `13:20 UTC`."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%H:%M} UTC"


def _moment(at_ms: int) -> str:
    """Unix milliseconds for a `datetime` attribute."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
