"""One good call of every operation, as Alice, for tests that hold for all of them."""

import json
from dataclasses import dataclass, field

from tacet.wire.parameters import Selects
from tests.cast import BOB, FULL
from tests.service import JSON, Answer, Method, Service

LIST = "/2/users/1001/muting"
FOLLOWING = "/2/users/1001/following"
CONVERSATION = f"/2/dm_conversations/with/{FULL.id}"


@dataclass(frozen=True)
class Operation:
    """How to call an operation.

    Attributes:
        app_only: whether an App may call it on its own.
        limit: requests in a window.
        status: of a good answer.
        selects: what it shows with fields of one's choice.
    """

    id: str
    method: Method
    target: str
    limit: int
    app_only: bool = False
    scopes: tuple[str, ...] = ("tweet.read", "users.read")
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    status: int = 200
    selects: Selects = ""

    async def __call__(self, service: Service, token: str | None = "alice", **headers: str) -> Answer:
        sent = {**self.headers, **headers}
        return await service.call(self.method, self.target, token=token, headers=sent, body=self.body)

    @property
    def writes(self) -> bool:
        return self.method != "GET"


_POSTING = ("tweet.read", "tweet.write", "users.read")
_READ = ("mute.read", "tweet.read", "users.read")
_WRITE = ("mute.write", "tweet.read", "users.read")
_FOLLOWS = ("follows.read", "tweet.read", "users.read")
_FOLLOW = ("follows.write", "tweet.read", "users.read")
_BLOCKS = ("block.read", "tweet.read", "users.read")
_MESSAGES = ("dm.read", "tweet.read", "users.read")
_BODY = json.dumps({"target_user_id": str(BOB.id)}).encode()

OPERATIONS = [
    Operation("getUsersMuting", "GET", LIST, 15, scopes=_READ, selects="users"),
    Operation("muteUser", "POST", LIST, 50, scopes=_WRITE, headers={"content-type": JSON}, body=_BODY),
    Operation("unmuteUser", "DELETE", f"{LIST}/{BOB.id}", 50, scopes=_WRITE),
    Operation("getUsersTimeline", "GET", "/2/users/1001/timelines/reverse_chronological", 180, selects="posts"),
    Operation("getUsersPosts", "GET", "/2/users/1002/tweets", 900, app_only=True, selects="posts"),
    Operation("getUsersMentions", "GET", "/2/users/1002/mentions", 300, app_only=True, selects="posts"),
    Operation("getUsersMe", "GET", "/2/users/me", 75, selects="users"),
    Operation("getUsersById", "GET", "/2/users/1002", 900, app_only=True, selects="users"),
    Operation("getUsersByIds", "GET", "/2/users?ids=1002,1003", 900, app_only=True, selects="users"),
    Operation("getUsersByUsername", "GET", "/2/users/by/username/bob_b", 900, app_only=True, selects="users"),
    Operation("getUsersByUsernames", "GET", "/2/users/by?usernames=bob_b,carol", 900, app_only=True, selects="users"),
    Operation("getPostsByIds", "GET", "/2/tweets?ids=5001,5002", 900, app_only=True, selects="posts"),
    Operation("getPostsById", "GET", "/2/tweets/5001", 900, app_only=True, selects="posts"),
    Operation(
        "createPosts",
        "POST",
        "/2/tweets",
        100,
        scopes=_POSTING,
        headers={"content-type": JSON},
        body=b'{"text":"Hello"}',
        status=201,
    ),
    Operation("deletePosts", "DELETE", "/2/tweets/5004", 50, scopes=_POSTING),
    Operation(
        "repostPost",
        "POST",
        "/2/users/1001/retweets",
        50,
        scopes=_POSTING,
        headers={"content-type": JSON},
        body=b'{"tweet_id":"5001"}',
    ),
    Operation("unrepostPost", "DELETE", "/2/users/1001/retweets/5001", 50, scopes=_POSTING),
    Operation("getUsersFollowing", "GET", FOLLOWING, 15, app_only=True, scopes=_FOLLOWS, selects="users"),
    Operation(
        "getUsersFollowers", "GET", "/2/users/1001/followers", 15, app_only=True, scopes=_FOLLOWS, selects="users"
    ),
    Operation("followUser", "POST", FOLLOWING, 50, scopes=_FOLLOW, headers={"content-type": JSON}, body=_BODY),
    Operation("unfollowUser", "DELETE", f"{FOLLOWING}/{BOB.id}", 50, scopes=_FOLLOW),
    Operation("getUsersBlocking", "GET", "/2/users/1001/blocking", 15, scopes=_BLOCKS, selects="users"),
    Operation(
        "createDirectMessagesByParticipantId",
        "POST",
        f"{CONVERSATION}/messages",
        15,
        scopes=("dm.write", "tweet.read", "users.read"),
        headers={"content-type": JSON},
        body=b'{"text":"Hello"}',
        status=201,
    ),
    Operation("getDirectMessagesEvents", "GET", "/2/dm_events", 15, scopes=_MESSAGES),
    Operation("getDirectMessagesEventsByParticipantId", "GET", f"{CONVERSATION}/dm_events", 15, scopes=_MESSAGES),
]
BY_ID = {operation.id: operation for operation in OPERATIONS}
USER_ONLY = [operation for operation in OPERATIONS if not operation.app_only]
APP_ONLY = [operation for operation in OPERATIONS if operation.app_only]
WRITES = [operation for operation in OPERATIONS if operation.writes]
SELECTING = [operation for operation in OPERATIONS if operation.selects]
READS = [operation for operation in OPERATIONS if not operation.writes]


def name(operation: Operation) -> str:
    """For `ids` of a parametrised test."""
    return operation.id
