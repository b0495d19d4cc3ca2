"""The text of a repost."""

MAX_REPOST_CHARACTERS = 140
"""X's old limit of all posts, kept for the text of these."""

ELLIPSIS = "\u2026"


def repost_text(username: str, text: str) -> str:
    """`RT @username: ` and as much of the repeated text as fits."""
    whole = f"RT @{username}: {text}"
    return whole if len(whole) <= MAX_REPOST_CHARACTERS else whole[: MAX_REPOST_CHARACTERS - 1] + ELLIPSIS
