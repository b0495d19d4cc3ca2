"""The ready file: how a test learns where the sandbox listens and who lives there, once it accepts requests."""

import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from tacet.sandbox.residents import APPS, MAIN_APP, ResidentKeys, SandboxApp, SandboxToken, residents, tokens
from tacet.sandbox.world import World


def ready_document(url: str, pid: int, world: World) -> dict[str, Any]:
    """What the ready file says, for JSON. Ids are strings, as in X's answers: JavaScript rounds numbers this large.

    Args:
        url: where the server listens, `http://127.0.0.1:8080`.
        pid: its process.

    Returns:
        `{"url", "pid", "people": [{"id", "username", "name", "oauth2_token", "oauth1": {"consumer_key",
        "consumer_secret", "token", "token_secret"}}], "app_only_token", "apps": [{"id", "name", "project_id",
        "access", "consumer_key", "consumer_secret", "client_id", "client_secret", "client_type", "callbacks",
        "app_only_token", "tokens": [{"purpose", "token", "token_secret", "user_id", "scopes"}]}], "person_ids"}`:
        `people` are the first ten, `person_ids` everybody. An App's `client_type` is `confidential` or `public`, and
        the `client_secret` of a public one is None. Its `tokens` are those that are not in `people`; empty members
        are left out.
    """
    keys = residents(world)
    known = {text for each in keys for text in (each.oauth2_token, each.oauth1.token)}
    others = [token for token in tokens(world) if token.user_id is not None and token.text not in known]
    return {
        "url": url,
        "pid": pid,
        "people": [_resident(each) for each in keys],
        "app_only_token": MAIN_APP.app_only_token,
        "apps": [_app(app, (token for token in others if token.app_id == app.id)) for app in APPS],
        "person_ids": [str(person.id) for person in world.people],
    }


def write_ready_file(path: Path, document: dict[str, Any]) -> None:
    """Write `document` as JSON, whole or not at all, readable only by its owner; an older file is replaced.

    Raises:
        OSError: the folder is missing, or cannot be written to.
    """
    content = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    # In the same folder, because only within one file system a rename is atomic; made with mode 0600.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _resident(keys: ResidentKeys) -> dict[str, Any]:
    return {
        "id": str(keys.person_id),
        "username": keys.username,
        "name": keys.name,
        "oauth2_token": keys.oauth2_token,
        "oauth1": asdict(keys.oauth1),
    }


def _app(app: SandboxApp, others: Iterable[SandboxToken]) -> dict[str, Any]:
    return {
        "id": str(app.id),
        "name": app.name,
        "project_id": None if app.project_id is None else str(app.project_id),
        "access": str(app.access),
        "consumer_key": app.consumer_key,
        "consumer_secret": app.consumer_secret,
        "client_id": app.client_id,
        "client_secret": app.client_secret or None,
        "client_type": "confidential" if app.confidential else "public",
        "callbacks": list(app.callbacks),
        "app_only_token": app.app_only_token,
        "tokens": [_token(token) for token in others],
    }


def _token(token: SandboxToken) -> dict[str, Any]:
    written = {
        "purpose": token.purpose,
        "token": token.text,
        "token_secret": token.secret,
        "user_id": str(token.user_id),
        "scopes": token.scopes,
    }
    return {key: value for key, value in written.items() if value}
