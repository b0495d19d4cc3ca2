"""What people are told of an App that asks to use their account, and how they answer."""

from urllib.parse import urlsplit

from tacet.directory.lookup import People
from tacet.records.credentials import App

ALLOW = "allow"
"""What the form's `decision` is when they agree; anything else is a no."""


async def maker(people: People, app: App) -> str:
    """The username of the developer whose App it is; empty where an operator made it."""
    owner = await people.one(app.owner_id) if app.owner_id is not None else None
    return owner.username if owner is not None else ""


def returns_to(url: str) -> str:
    """What people are told of where the browser goes next: the host, or of an app on their device the scheme."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or f"{parts.scheme}:"
