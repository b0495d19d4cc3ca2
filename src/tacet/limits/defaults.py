"""What X allows, route by route: the limits of a server whose operator sets none."""

from collections.abc import Mapping
from types import MappingProxyType

from tacet.limits.rates import RateLimit

WINDOW_S = 900
"""X counts requests in windows of fifteen minutes."""

DEFAULT_LIMITS: Mapping[str, RateLimit] = MappingProxyType(
    {
        "getUsersMuting": RateLimit(15, WINDOW_S),
        "muteUser": RateLimit(50, WINDOW_S),
        "unmuteUser": RateLimit(50, WINDOW_S),
        "getUsersMe": RateLimit(75, WINDOW_S),
        "getUsersById": RateLimit(900, WINDOW_S),
        "getUsersByIds": RateLimit(900, WINDOW_S),
        "getUsersByUsernames": RateLimit(900, WINDOW_S),
        "getUsersByUsername": RateLimit(900, WINDOW_S),
        "getUsersTimeline": RateLimit(180, WINDOW_S),
        "getUsersPosts": RateLimit(900, WINDOW_S),
        "getUsersMentions": RateLimit(300, WINDOW_S),
        "createPosts": RateLimit(100, WINDOW_S),
        "deletePosts": RateLimit(50, WINDOW_S),
        "getPostsById": RateLimit(900, WINDOW_S),
        "getPostsByIds": RateLimit(900, WINDOW_S),
        "repostPost": RateLimit(50, WINDOW_S),
        "unrepostPost": RateLimit(50, WINDOW_S),
        "getUsersFollowing": RateLimit(15, WINDOW_S),
        "getUsersFollowers": RateLimit(15, WINDOW_S),
        "followUser": RateLimit(50, WINDOW_S),
        "unfollowUser": RateLimit(50, WINDOW_S),
        "getUsersBlocking": RateLimit(15, WINDOW_S),
        "createDirectMessagesByParticipantId": RateLimit(15, WINDOW_S),
        "getDirectMessagesEvents": RateLimit(15, WINDOW_S),
        "getDirectMessagesEventsByParticipantId": RateLimit(15, WINDOW_S),
        "mutes/users/ids": RateLimit(15, WINDOW_S),
        "mutes/users/list": RateLimit(15, WINDOW_S),
        "mutes/users/create": RateLimit(50, WINDOW_S),
        "mutes/users/destroy": RateLimit(50, WINDOW_S),
        "blocks/create": RateLimit(50, WINDOW_S),
        "blocks/destroy": RateLimit(50, WINDOW_S),
        "account/verify_credentials": RateLimit(75, WINDOW_S),
        "users/show": RateLimit(900, WINDOW_S),
        "users/lookup": RateLimit(900, WINDOW_S),
        "friendships/show": RateLimit(180, WINDOW_S),
        "friendships/lookup": RateLimit(15, WINDOW_S),
        "application/rate_limit_status": RateLimit(180, WINDOW_S),
        "pages/mutes": RateLimit(200, WINDOW_S),
    }
)
"""X's limits: of v2 by the operation id of its OpenAPI document, of v1.1 by path; and of mutes made on the pages, which
X counts apart, by a name of ours. No other names are known."""
