"""A whole service in this process: spoken to in ASGI, over a store in memory, with a clock that stands still."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from oauthlib.oauth1 import Client

from tacet.app import Tacet
from tacet.clock import ManualClock
from tacet.identity.vault import Vault, new_secret_key
from tacet.ids import SeededRandomness
from tacet.records.people import Person, Profile
from tacet.settings import SERVE, Settings
from tacet.store.base import Store
from tacet.store.opening import MEMORY, open_store
from tests import worlds
from tests.cast import ALICE, APP_ID, CONSUMER_SECRET, NOW_MS, TOKEN_SECRET, bearer, move_in

SECRET_KEY = new_secret_key(SeededRandomness(1))
HOST = "127.0.0.1:8080"
JSON = "application/json"
SEED = 7

Method = Literal["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"]


@dataclass(frozen=True)
class Answer:
    """What came back. Names of headers are in lower case, and each came once, but for `set-cookie`: see `cookies`."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: Sequence[str] = ()

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def ids(self) -> list[str]:
        """Ids of the users in `data`, which is left out when there are none."""
        return [user["id"] for user in self.json.get("data", ())]

    @property
    def messages(self) -> list[str]:
        return [error["message"] for error in self.json["errors"]]


class Service:
    """A running service and its world."""

    def __init__(self, tacet: Tacet, store: Store, vault: Vault, clock: ManualClock) -> None:
        self.tacet = tacet
        self.store = store
        self.vault = vault
        self.clock = clock

    async def call(
        self,
        method: Method,
        target: str,
        *,
        token: str | None = "alice",
        headers: Mapping[str, str] | None = None,
        body: bytes | Sequence[bytes] = b"",
    ) -> Answer:
        """Send a request. `target` is the path and query as they stand in the request line."""
        sent = {"host": HOST, **(headers or {})}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        return await exchange(self.tacet, method, target, sent, [body] if isinstance(body, bytes) else body)

    async def get(self, target: str, token: str | None = "alice") -> Answer:
        return await self.call("GET", target, token=token)

    async def post_json(self, target: str, value: object, token: str | None = "alice") -> Answer:
        body = json.dumps(value).encode()
        return await self.call("POST", target, token=token, headers={"content-type": JSON}, body=body)

    async def mute(self, source: Person, target_id: int) -> Answer:
        path = f"/2/users/{source.id}/muting"
        return await self.post_json(path, {"target_user_id": str(target_id)}, source.username)

    async def unmute(self, source: Person, target_id: int) -> Answer:
        return await self.call("DELETE", f"/2/users/{source.id}/muting/{target_id}", token=source.username)

    async def page(self, source: Person, query: str = "") -> Answer:
        return await self.get(f"/2/users/{source.id}/muting{query and '?'}{query}", source.username)

    def signature(
        self,
        method: Method,
        target: str,
        app_id: int = APP_ID,
        person: Person = ALICE,
        nonce: str | None = None,
    ) -> dict[str, str]:
        """Headers that sign a request with OAuth 1.0a, over the host that clients believe in.

        Args:
            nonce: None takes one that is new.
        """
        client = Client(
            f"consumer-{app_id}",
            client_secret=CONSUMER_SECRET,
            resource_owner_key=f"{person.id}-{app_id}",
            resource_owner_secret=TOKEN_SECRET,
            nonce=nonce,
            timestamp=str(self.clock.now_ms() // 1000),
        )
        _, headers, _ = client.sign(f"https://api.x.com{target}", method)
        return {"authorization": headers["Authorization"]}

    async def signed(
        self, method: Method, target: str, app_id: int = APP_ID, body: bytes = b"", person: Person = ALICE
    ) -> Answer:
        """The same as `call`, signed with OAuth 1.0a."""
        headers = {**self.signature(method, target, app_id, person), "content-type": JSON}
        return await self.call(method, target, token=None, headers=headers, body=body)

    async def put(self, *people: Person) -> None:
        """Change the directory, as an import beside the server does, and let the server notice."""
        await self.store.directory.put_people(people)
        self.tacet.people.forget()
        self.tacet.authenticator.forget()

    async def crowd(self, count: int, first_id: int = 10_000) -> list[Person]:
        """`count` more people, with a bearer named after each."""
        people = [Person(first_id + n, f"p{first_id + n}", f"Person {n}", profile=Profile()) for n in range(count)]
        await self.put(*people)
        for person in people:
            await self.store.credentials.put_token(bearer(person.username, person.id))
        return people


async def exchange(
    tacet: Tacet, method: str, target: str, headers: Mapping[str, str], chunks: Sequence[bytes]
) -> Answer:
    """One request and its answer, as a server would pass them on."""
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
    }
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": n < len(chunks)} for n, chunk in enumerate(chunks, 1)
    ]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await tacet.application(scope, receive, send)
    start, *rest = sent
    pairs = [(name.decode(), value.decode("latin-1")) for name, value in start["headers"]]
    names = [name for name, _ in pairs if name != "set-cookie"]
    assert len(names) == len(set(names)), f"a header came twice: {names}"
    cookies = [value for name, value in pairs if name == "set-cookie"]
    return Answer(start["status"], dict(pairs), b"".join(part["body"] for part in rest), cookies)


def settings(**chosen: Any) -> Settings:
    """Settings of a service for tests; nothing listens."""
    return Settings(**{"mode": SERVE, "database": MEMORY, "secret_key": SECRET_KEY, **chosen})


@asynccontextmanager
async def opened(
    path: Path | None = None, clock: ManualClock | None = None, seed: int = SEED, **chosen: Any
) -> AsyncIterator[Service]:
    """A service over what is in a file, or over an empty store: in memory, or where the run keeps its worlds."""
    if path is None and "database" not in chosen and worlds.in_postgresql():
        async with worlds.database() as address, opened(None, clock, seed, **chosen, database=address) as service:
            yield service
        return
    chosen.setdefault("database", MEMORY if path is None else f"sqlite:///{path}")
    setting = settings(**chosen)
    vault = Vault(SECRET_KEY, SeededRandomness(seed))
    store = open_store(setting.database, setting.write_queue_length)
    clock = clock or ManualClock(NOW_MS)
    await store.open()
    try:
        yield Service(Tacet(setting, store, vault, clock, SeededRandomness(seed)), store, vault, clock)
    finally:
        await store.close()


@asynccontextmanager
async def in_memory(**chosen: Any) -> AsyncIterator[Service]:
    """A service in memory with its cast."""
    async with opened(**chosen) as service:
        await move_in(service.store, service.vault)
        yield service
