"""What an App may do, in words for the people who decide about it."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from tacet.records.credentials import Access

STAYS = "Stay connected until you revoke it"

_EMAIL = "See your email address"

SCOPE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "users.read": "See your profile, and other people's",
        "users.email": _EMAIL,
        "tweet.read": "See posts, also protected ones that you can see",
        "tweet.write": "Post and repost for you, and delete your posts",
        "tweet.moderate.write": "Hide replies to your posts, and show them again",
        "media.write": "Upload pictures and videos for you",
        "timeline.read": "See your timeline",
        "follows.read": "See whom you follow and who follows you",
        "follows.write": "Follow and unfollow people for you",
        "mute.read": "See whom you mute",
        "mute.write": "Mute and unmute people for you",
        "block.read": "See whom you block",
        "block.write": "Block and unblock people for you",
        "like.read": "See what you like",
        "like.write": "Like posts for you, and take likes back",
        "bookmark.read": "See what you bookmarked",
        "bookmark.write": "Bookmark posts for you, and remove bookmarks",
        "list.read": "See your lists, private ones too",
        "list.write": "Make, change and delete lists for you",
        "dm.read": "Read your direct messages",
        "dm.write": "Send and manage direct messages for you",
        "space.read": "See audio rooms that you can see",
        "broadcast.read": "See your live broadcasts",
        "broadcast.write": "Start and end live broadcasts for you",
        "offline.access": STAYS,
    }
)
"""In the order in which they are shown: who one is, what one says, whom one knows, what one keeps, how long."""

_ACCESS_CAN: Mapping[Access, tuple[str, ...]] = MappingProxyType(
    {
        Access.READ: (
            "See your profile, your posts and your timeline",
            # OAuth 1.0a has no scopes: `include_email` and `confirmed_email` answer every level.
            _EMAIL,
            "See whom you follow, mute and block",
        ),
        Access.READ_WRITE: (
            "Post, repost and like for you, and delete your posts",
            "Follow, mute and block people for you, and undo it",
            "Change your profile and your lists",
        ),
        Access.READ_WRITE_MESSAGES: ("Read, send and delete your direct messages",),
    }
)
"""What each level adds to those before it."""

_PASSWORD = "See or change your password"  # noqa: S105 - words about a password

_REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "tweet.write": "Post for you",
        "dm.read": "Read your direct messages",
        "follows.write": "Follow or unfollow people for you",
        "mute.write": "Mute or unmute people for you",
        "users.email": _EMAIL,
    }
)
"""What people worry about first, by the scope that would allow it."""

MAX_REFUSED = 3
"""Of these, so that the list stays shorter than the one above it."""


def scopes_can(scopes: Collection[str]) -> list[str]:
    """What these OAuth 2.0 scopes allow, one line each."""
    return [words for scope, words in SCOPE_WORDS.items() if scope in scopes]


def scopes_cannot(scopes: Collection[str]) -> list[str]:
    """What these scopes do not allow, the most worrying first: a choice, for there is no end to it."""
    return [*[words for scope, words in _REFUSED.items() if scope not in scopes][:MAX_REFUSED], _PASSWORD]


def access_can(access: Access) -> list[str]:
    """What an OAuth 1.0a access level allows."""
    levels = [level for level in Access if level.at_most(access) is level]
    return [*(words for level in levels for words in _ACCESS_CAN[level]), STAYS]


def access_cannot(access: Access) -> list[str]:
    """What it does not allow."""
    refused = []
    if access is Access.READ:
        refused.append("Post, follow, mute or block for you")
    if access is not Access.READ_WRITE_MESSAGES:
        refused.append("Read or send direct messages")
    return [*refused, _PASSWORD]
