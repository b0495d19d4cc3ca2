"""One good call of every operation, as Alice, for tests that hold for all of them."""

import json
from dataclasses import dataclass, field

from tests.cast import BOB
from tests.service import JSON, Answer, Method, Service

LIST = "/2/users/1001/muting"


@dataclass(frozen=True)
class Operation:
    """How to call an operation.

    Attributes:
        app_only: whether an App may call it on its own.
        limit: requests in a window.
    """

    id: str
    method: Method
    target: str
    limit: int
    app_only: bool = False
    scopes: tuple[str, ...] = ("tweet.read", "users.read")
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    async def __call__(self, service: Service, token: str | None = "alice", **headers: str) -> Answer:
        sent = {**self.headers, **headers}
        return await service.call(self.method, self.target, token=token, headers=sent, body=self.body)

    @property
    def writes(self) -> bool:
        return self.method != "GET"


_READ = ("mute.read", "tweet.read", "users.read")
_WRITE = ("mute.write", "tweet.read", "users.read")
_BODY = json.dumps({"target_user_id": str(BOB.id)}).encode()

OPERATIONS = [
    Operation("getUsersMuting", "GET", LIST, 15, scopes=_READ),
    Operation("muteUser", "POST", LIST, 50, scopes=_WRITE, headers={"content-type": JSON}, body=_BODY),
    Operation("unmuteUser", "DELETE", f"{LIST}/{BOB.id}", 50, scopes=_WRITE),
    Operation("getUsersMe", "GET", "/2/users/me", 75),
    Operation("getUsersById", "GET", "/2/users/1002", 900, app_only=True),
    Operation("getUsersByIds", "GET", "/2/users?ids=1002,1003", 900, app_only=True),
    Operation("getUsersByUsername", "GET", "/2/users/by/username/bob_b", 900, app_only=True),
    Operation("getUsersByUsernames", "GET", "/2/users/by?usernames=bob_b,carol", 900, app_only=True),
]
BY_ID = {operation.id: operation for operation in OPERATIONS}
USER_ONLY = [operation for operation in OPERATIONS if not operation.app_only]
APP_ONLY = [operation for operation in OPERATIONS if operation.app_only]
WRITES = [operation for operation in OPERATIONS if operation.writes]
READS = [operation for operation in OPERATIONS if not operation.writes]


def name(operation: Operation) -> str:
    """For `ids` of a parametrised test."""
    return operation.id
