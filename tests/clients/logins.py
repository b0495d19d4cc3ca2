"""What logins of all clients have in common: the Apps they are made through, and what is done with a token."""

from dataclasses import dataclass
from typing import Any

import requests

from tests.sandboxes import Sandbox

CALLBACK = "http://127.0.0.1:3000/callback"
"""Nothing listens there: the tests read the address that a browser would open."""

SCOPES = ["tweet.read", "users.read", "mute.read", "mute.write", "offline.access"]

REUSED_CODE = "Value passed for the authorization code was invalid."
BAD_TOKEN = "Value passed for the token was invalid."


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who logs in."""

    id: str
    username: str


@dataclass(frozen=True, slots=True)
class SandboxApp:
    """An App of the sandbox, as the ready file tells of it; a public one has no client secret."""

    name: str
    client_id: str
    client_secret: str | None
    consumer_key: str
    consumer_secret: str

    @classmethod
    def of(cls, server: Sandbox, at: int) -> "SandboxApp":
        told = server.ready["apps"][at]
        return cls(**{name: told[name] for name in cls.__slots__})

    @property
    def basic(self) -> tuple[str, str] | None:
        """What a confidential client authenticates with."""
        return None if self.client_secret is None else (self.client_id, self.client_secret)


def status_of(server: Sandbox, access_token: str) -> int:
    """What a bearer is answered with."""
    headers = {"authorization": f"Bearer {access_token}"}
    return requests.get(f"{server.url}/2/users/me", headers=headers).status_code


def use(http: Any, server: Sandbox, user: User) -> None:
    """Mute, list and unmute through a session that signs or carries a token; leaves everything as it was."""
    muting = f"{server.url}/2/users/{user.id}/muting"
    assert http.get(f"{server.url}/2/users/me").json()["data"]["username"] == user.username
    assert http.post(muting, json={"target_user_id": "1001"}).json() == {"data": {"muting": True}}
    assert [each["id"] for each in http.get(muting).json()["data"]] == ["1001"]
    assert http.delete(f"{muting}/1001").json() == {"data": {"muting": False}}
    assert http.get(muting).json() == {"meta": {"result_count": 0}}


async def use_async(http: Any, server: Sandbox, user: User) -> None:
    """The same where every request is awaited."""
    muting = f"{server.url}/2/users/{user.id}/muting"
    assert (await http.get(f"{server.url}/2/users/me")).json()["data"]["username"] == user.username
    assert (await http.post(muting, json={"target_user_id": "1001"})).json() == {"data": {"muting": True}}
    assert [each["id"] for each in (await http.get(muting)).json()["data"]] == ["1001"]
    assert (await http.delete(f"{muting}/1001")).json() == {"data": {"muting": False}}
    assert (await http.get(muting)).json() == {"meta": {"result_count": 0}}
