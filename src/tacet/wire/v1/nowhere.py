"""What a path of v1.1 that leads nowhere may have meant: for the log, which whoever writes the client reads.

The names are those of X's reference of v1.1.
"""

import difflib
from collections.abc import Iterable

from tacet.wire.v1.calls import PREFIX

FAMILIES = (
    *("statuses/", "favorites/", "lists/", "direct_messages/", "followers/", "friends/", "search/"),
    *("blocks/ids", "blocks/list", "friendships/create", "friendships/destroy", "friendships/incoming"),
    *("friendships/no_retweets/ids", "friendships/outgoing", "friendships/update"),
    *("account/settings", "account/update_profile", "users/profile_banner", "users/report_spam", "users/search"),
    *("collections/", "geo/", "help/", "media/", "saved_searches/", "trends/"),
)
"""What X's v1.1 has and Tacet does not. What ends in a slash is all that lies below it."""

ANYTHING = f"{PREFIX}…"
"""Stands in the log for a path whose words came from a client."""

MAX_COMPARED = 60
"""Characters of a path that is compared with those there are: X's longest have 40, and comparing takes the square."""

_SUFFIX = ".json"


def guessed(path: str, served: Iterable[str]) -> tuple[str, str]:
    """A path without anything in it that only its client knows, and why it leads nowhere; empty where nobody can say.

    Args:
        path: that is not served, below `/1.1/`.
        served: ids of all operations.
    """
    id_ = path.removeprefix(PREFIX).rstrip("/").removesuffix(_SUFFIX)
    for family in FAMILIES:
        if id_ == family or (family.endswith("/") and id_.startswith(family)):
            shown = f"{PREFIX}{family}…" if family.endswith("/") else f"{PREFIX}{family}{_SUFFIX}"
            return shown, "v1.1 has this on X, Tacet does not; see docs/migrating.md"
    near = difflib.get_close_matches(id_.lower(), served, n=1) if len(id_) <= MAX_COMPARED else []
    return ANYTHING, f"did you mean {PREFIX}{near[0]}{_SUFFIX}?" if near else ""
