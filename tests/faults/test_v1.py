"""Garbage at every route of v1.1: refused in v1.1's shape or ignored, never an error of ours, never written."""

import base64
import hashlib
import hmac
import itertools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

import pytest

from tacet.limits.defaults import DEFAULT_LIMITS
from tests.cast import ALICE, APP_ID, BOB, CONSUMER_SECRET, TOKEN_SECRET
from tests.faults.garbage import QUERIES, TEXTS
from tests.faults.world import World, quick
from tests.identity.oauth1.signing import FORM_TYPE
from tests.service import HOST, JSON, Answer, exchange

IDS = sorted(id_ for id_ in DEFAULT_LIMITS if "/" in id_ and not id_.startswith("pages/"))
WRITES = {id_ for id_ in IDS if id_.endswith(("/create", "/destroy"))}

NAMES = (
    "user_id",
    "screen_name",
    "source_id",
    "source_screen_name",
    "target_id",
    "target_screen_name",
    "cursor",
    "count",
    "stringify_ids",
    "include_entities",
    "skip_status",
    "tweet_mode",
    "resources",
    "unknown",
)
"""Every parameter that some route of v1.1 reads, and one that none does."""

REFUSED = {400, 401, 403, 404, 413}

Pairs = list[tuple[bytes, bytes]]

_nonces = itertools.count()


@dataclass(frozen=True)
class Request:
    """A request to one route; `form` and not `query` where it stands in the body."""

    id: str
    pairs: Pairs
    in_form: bool = False

    @property
    def method(self) -> str:
        return "POST" if self.id in WRITES else "GET"

    @property
    def path(self) -> str:
        return f"/1.1/{self.id}.json"

    @property
    def encoded(self) -> str:
        return "&".join(f"{escaped(name)}={escaped(value)}" for name, value in self.pairs)


def escaped(text: bytes) -> str:
    return quote(text, safe="~")


def signature(request: Request, now_s: int) -> str:
    """A header that signs a request as Alice, whatever octets it holds: no client library would do that."""
    oauth = {
        "oauth_consumer_key": f"consumer-{APP_ID}",
        "oauth_nonce": f"fault-{next(_nonces)}",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(now_s),
        "oauth_token": f"{ALICE.id}-{APP_ID}",
    }
    given = [(name.encode(), value.encode()) for name, value in oauth.items()]
    pairs = sorted((escaped(name), escaped(value)) for name, value in (*given, *request.pairs))
    normalized = "&".join(f"{name}={value}" for name, value in pairs)
    parts = (request.method, f"https://api.x.com{request.path}", normalized)
    base = "&".join(escaped(part.encode()) for part in parts)
    made = hmac.new(f"{CONSUMER_SECRET}&{TOKEN_SECRET}".encode(), base.encode(), hashlib.sha1).digest()
    oauth["oauth_signature"] = escaped(base64.b64encode(made))
    return "OAuth " + ", ".join(f'{name}="{value}"' for name, value in oauth.items())


async def send(world: World, request: Request, **headers: str) -> Answer:
    """The answer, in time and in shape."""
    now_s = world.service.clock.now_ms() // 1000
    sent = {"host": HOST, "authorization": signature(request, now_s), **headers}
    if request.in_form:
        sent = {"content-type": FORM_TYPE, **sent}
    query = f"?{request.encoded}" if request.pairs and not request.in_form else ""
    body = request.encoded.encode() if request.in_form else b""
    return await sent_raw(world, request.method, request.path + query, sent, body)


async def sent_raw(world: World, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> Answer:
    with quick(target):
        answer = await exchange(world.service.tacet, method, target, headers, [body])
    assert answer.status == 200 or answer.status in REFUSED, (target[:200], answer.body)
    if answer.status not in (200, 413):
        [entry] = answer.json["errors"]
        assert entry.keys() == {"code", "message"}
    assert answer.body.isascii()
    return answer


def good(id_: str, instead_of: str) -> Pairs:
    """What makes a request to a route good, without one parameter: all are about Bob, whom Alice does not mute."""
    pairs = {"user_id": str(BOB.id), "target_id": str(BOB.id)}
    if id_ == "mutes/users/create" and instead_of not in ("user_id", "screen_name"):
        # Garbage beside somebody who exists would not keep them from being muted.
        pairs = {"user_id": str(ALICE.id)}
    if id_.startswith("blocks/") and instead_of not in ("user_id", "screen_name"):
        pairs = {"user_id": "0"}
    if instead_of in ("user_id", "screen_name"):
        pairs.pop("user_id")
    return [(name.encode(), value.encode()) for name, value in pairs.items() if name != instead_of]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("id_", IDS)
async def test_garbage_as_a_parameter(world: World, id_: str, name: str) -> None:
    async with world.untouched():
        for text in TEXTS.values():
            pairs = [*good(id_, name), (name.encode(), text)]
            places = (False, True) if id_ in WRITES else (False,)
            statuses = {(await send(world, Request(id_, pairs, in_form))).status for in_form in places}
            assert len(statuses) == 1 or len(text) > 1_000, text[:50]


@pytest.mark.parametrize("id_", IDS)
async def test_without_garbage_the_same_requests_are_understood(world: World, id_: str) -> None:
    answer = await send(world, Request(id_, good(id_, "unknown")))
    assert (answer.status == 200) == (id_ not in WRITES)
    assert answer.status == 200 or answer.json["errors"][0]["code"] in (50, 271, 272)


@pytest.mark.parametrize("id_", IDS)
async def test_garbage_as_the_name_of_a_parameter(world: World, id_: str) -> None:
    async with world.untouched():
        for text in TEXTS.values():
            await send(world, Request(id_, [*good(id_, "unknown"), (text, b"1")]))


@pytest.mark.parametrize("id_", IDS)
async def test_garbage_as_a_whole_query(world: World, id_: str) -> None:
    headers = {"host": HOST, "authorization": "Bearer app-only"}
    async with world.untouched():
        for query in QUERIES.values():
            method = "POST" if id_ in WRITES else "GET"
            await sent_raw(world, method, f"/1.1/{id_}.json?{query}", headers)


@pytest.mark.parametrize("id_", sorted(WRITES))
@pytest.mark.parametrize("content_type", [JSON, "text/plain", "multipart/form-data; boundary=x", "", "\xff"])
async def test_a_body_that_is_no_form_is_ignored(world: World, id_: str, content_type: str) -> None:
    body = json.dumps({"user_id": str(BOB.id)}).encode()
    request = Request(id_, [])
    async with world.untouched():
        headers = {"host": HOST, "authorization": signature(request, world.service.clock.now_ms() // 1000)}
        answer = await sent_raw(world, "POST", request.path, {**headers, "content-type": content_type}, body)
        assert answer.json["errors"][0]["code"] == 108


@pytest.mark.parametrize("id_", IDS)
async def test_garbage_instead_of_credentials(world: World, id_: str) -> None:
    method = "POST" if id_ in WRITES else "GET"
    async with world.untouched():
        for start in (b"", b"Bearer ", b"OAuth ", b"Basic "):
            for text in TEXTS.values():
                headers = {"host": HOST, "authorization": (start + text).decode("latin-1")}
                answer = await sent_raw(world, method, f"/1.1/{id_}.json?user_id={BOB.id}", headers)
                assert answer.status in (400, 401)
                assert answer.json["errors"][0]["code"] in (32, 89, 215)


def spoiled(header: str) -> Iterable[str]:
    """A good header with garbage in one of its fields."""
    for field, value in re.findall(r'(oauth_\w+)="([^"]*)"', header):
        for text in TEXTS.values():
            yield header.replace(f'{field}="{value}"', f'{field}="{escaped(text)}"')


@pytest.mark.parametrize("id_", ["mutes/users/ids", "mutes/users/create"])
async def test_garbage_in_a_field_of_a_signature(world: World, id_: str) -> None:
    request = Request(id_, [(b"user_id", str(BOB.id).encode())])
    async with world.untouched():
        for header in spoiled(signature(request, world.service.clock.now_ms() // 1000)):
            answer = await send(world, request, authorization=header)
            assert answer.json["errors"][0]["code"] in (32, 89, 135)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_garbage_below_the_path_is_nowhere(world: World, method: str) -> None:
    async with world.untouched():
        for text in TEXTS.values():
            if not text:
                continue
            for path in (f"/1.1/{escaped(text)}", f"/1.1/mutes/users/ids.json{escaped(text)}"):
                answer = await sent_raw(world, method, path, {"host": HOST})
                assert (answer.status, answer.json["errors"][0]["code"]) == (404, 34)
