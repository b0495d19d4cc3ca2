"""Requests to v1.1, signed as clients sign them: over the host they believe in."""

from typing import Any
from urllib.parse import urlencode

from oauthlib.oauth1 import Client

from tacet.records.people import Person
from tests.cast import ALICE, APP_ID, CONSUMER_SECRET, TOKEN_SECRET, access_token
from tests.identity.oauth1.signing import FORM_TYPE
from tests.service import Answer, Method, Service

IDS, LIST = "mutes/users/ids", "mutes/users/list"
CREATE, DESTROY = "mutes/users/create", "mutes/users/destroy"
STATUS = "application/rate_limit_status"

Given = dict[str, str]


def path(id_: str, query: Given | None = None) -> str:
    """The target of an operation."""
    return f"/1.1/{id_}.json" + (f"?{urlencode(query)}" if query else "")


async def ask(
    service: Service,
    method: Method,
    id_: str,
    query: Given | None = None,
    form: Given | None = None,
    *,
    app_id: int = APP_ID,
    person: Person = ALICE,
    **changed: Any,
) -> Answer:
    """Call an operation.

    Args:
        changed: arguments of the signing client instead of the right ones.
    """
    return await send(service, method, path(id_, query), form, app_id=app_id, person=person, **changed)


async def send(
    service: Service,
    method: Method,
    target: str,
    form: Given | None = None,
    *,
    app_id: int = APP_ID,
    person: Person = ALICE,
    **changed: Any,
) -> Answer:
    """Call whatever has this path and query; otherwise as `ask`."""
    keys = {
        "client_key": f"consumer-{app_id}",
        "client_secret": CONSUMER_SECRET,
        "resource_owner_key": f"{person.id}-{app_id}",
        "resource_owner_secret": TOKEN_SECRET,
        "timestamp": str(service.clock.now_ms() // 1000),
    }
    client = Client(**(keys | changed))
    headers = {} if form is None else {"Content-Type": FORM_TYPE}
    body = None if form is None else urlencode(form)
    _, signed, _ = client.sign(f"https://api.x.com{target}", method, body=body, headers=headers)
    return await service.call(method, target, token=None, headers=signed, body=(body or "").encode())


async def get(service: Service, id_: str, **query: str) -> Answer:
    """The same for Alice's reads."""
    return await ask(service, "GET", id_, query)


async def post(service: Service, id_: str, **query: str) -> Answer:
    """The same for Alice's writes, with everything in the query, as the most used client has it."""
    return await ask(service, "POST", id_, query)


async def can_sign(service: Service, person: Person) -> None:
    """Give somebody a token of the first App."""
    await service.store.credentials.put_token(access_token(service.vault, person, APP_ID))


def code(answer: Answer) -> tuple[int, int]:
    """Status and code of an error."""
    (entry,) = answer.json["errors"]
    return answer.status, entry["code"]
