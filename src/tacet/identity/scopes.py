"""The scopes of OAuth 2.0 that X knows, whether or not a route here asks for them."""

SCOPES = (
    "block.read",
    "block.write",
    "bookmark.read",
    "bookmark.write",
    "broadcast.read",
    "broadcast.write",
    "dm.read",
    "dm.write",
    "follows.read",
    "follows.write",
    "like.read",
    "like.write",
    "list.read",
    "list.write",
    "media.write",
    "mute.read",
    "mute.write",
    "offline.access",
    "space.read",
    "timeline.read",
    "tweet.moderate.write",
    "tweet.read",
    "tweet.write",
    "users.read",
)
"""All that X's OpenAPI document of 2026 knows."""

GRANTABLE_SCOPES = frozenset((*SCOPES, "users.email"))
"""What a token may be given: one more is only in X's guide."""
