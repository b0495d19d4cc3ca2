"""Whatever secret is handed out is nowhere else than with whom it was handed to."""

import contextlib
import io
import sqlite3
from typing import NoReturn
from urllib.parse import unquote, urlsplit

import pytest

from tacet.identity.app_only import AppOnly
from tacet.identity.oauth1.logins import OAuth1Logins
from tacet.identity.oauth2.tokens import OAuth2Tokens
from tacet.identity.signin.passwords import Passwords
from tacet.identity.signin.sessions import Sessions
from tacet.identity.vault import Vault
from tests.security.conftest import Toured, logging_into
from tests.security.tour import CALLBACK, Seen, parameters_of
from tests.service import SECRET_KEY

MAY_CARRY = frozenset(("code", "oauth_token", "oauth_verifier"))
"""Parameters of addresses that the protocols use for codes, request tokens and verifiers."""

KINDS = frozenset(
    (
        "access token",
        "access token secret",
        "access_token",
        "app-only bearer",
        "bearer",
        "client secret",
        "code",
        "consumer secret",
        "oauth_verifier",
        "own token",
        "password",
        "refresh_token",
        "request token",
        "request token secret",
    )
)


def found_in(text: str, seen: Seen) -> set[str]:
    """The secrets that can be read in a text, by what they are."""
    return {name for name, forms in seen.forms().items() if any(form in text for form in forms)}


async def test_the_tour_hands_out_every_kind_of_secret(toured: Toured) -> None:
    names = {name.partition(",")[0] for name in (*toured.seen.secrets, *toured.seen.carried)}
    assert names >= KINDS
    assert len({value for name, value in toured.seen.secrets.items() if name.startswith("cookie")}) >= 3
    assert any(name.startswith("csrf") for name in toured.seen.secrets)


async def test_every_text_that_is_drawn_at_random_is_looked_for(toured: Toured) -> None:
    issued = toured.seen.secrets["access_token, first"]
    drawn = [name for name in found_in(issued, toured.seen) if name.startswith("random text")]
    assert len(drawn) == 1


async def test_no_secret_can_be_read_in_the_database(toured: Toured) -> None:
    assert b"Lantern" in toured.content
    assert found_in(toured.content.decode("latin-1"), toured.seen) == set()
    assert SECRET_KEY.encode() not in toured.content


async def test_no_secret_is_logged(toured: Toured) -> None:
    assert found_in(toured.log, toured.seen) == set()


async def test_no_address_carries_a_secret_but_what_the_protocols_put_there(toured: Toured) -> None:
    assert len(toured.seen.addresses) > 100
    carrying: set[str] = set()
    for address in toured.seen.addresses:
        readable = unquote(unquote(address))
        parameters = parameters_of(address)
        carried = {value for name, value in parameters.items() if name in MAY_CARRY}
        carrying |= {name for name in parameters if name in MAY_CARRY}
        for value in carried:
            readable = readable.replace(value, "")
        assert found_in(readable, toured.seen) == set(), urlsplit(address).path
    assert carrying == MAY_CARRY


async def test_codes_and_verifiers_go_to_the_callback_alone(toured: Toured) -> None:
    kept = [value for name, value in toured.seen.carried.items() if name.startswith(("code", "oauth_verifier"))]
    for address in toured.seen.addresses:
        if any(value in unquote(address) for value in kept):
            assert address.startswith(f"{CALLBACK}?")


async def everything(toured: Toured) -> None:
    """Every step of the tour, however it ends."""
    tour = toured.tour
    # Wrong passwords were tried before, and that is counted.
    toured.service.clock.advance(24 * 3_600_000)
    for step in (
        tour.sign_in,
        tour.consent,
        tour.make_an_app,
        tour.log_in_by_oauth2,
        lambda: tour.log_in_by_oauth1("oob"),
        tour.speak_for_the_app,
        tour.change_the_password,
    ):
        try:
            await step()
        except Exception:  # noqa: BLE001, S112 - nothing works, which is what this is about
            continue


def breaks(*_arguments: object, **_named: object) -> NoReturn:
    """Stands in for something that has a bug."""
    raise RuntimeError("a bug")


BROKEN = {
    "digests": (Vault, "digest"),
    "sealing": (Vault, "seal"),
    "opening": (Vault, "open"),
    "passwords": (Passwords, "matching"),
    "exchange": (OAuth2Tokens, "exchange"),
    "refresh": (OAuth2Tokens, "_make"),
    "access token": (OAuth1Logins, "exchange"),
    "bearers": (AppOnly, "issue"),
    "sessions": (Sessions, "start"),
}


@pytest.mark.parametrize(("where", "name"), BROKEN.values(), ids=BROKEN)
async def test_no_secret_is_logged_when_there_is_a_bug(
    toured: Toured, monkeypatch: pytest.MonkeyPatch, where: type, name: str
) -> None:
    written = io.StringIO()
    monkeypatch.setattr(where, name, staticmethod(breaks) if name == "digest" else breaks)
    with logging_into(written):
        await everything(toured)
    assert "RuntimeError: a bug" in written.getvalue()
    assert found_in(written.getvalue(), toured.seen) == set()


@pytest.mark.parametrize(
    "table", ["app", "token", "access_grant", "authorization_code", "request_token", "page_session"]
)
async def test_no_secret_is_logged_when_the_database_fails(toured: Toured, table: str) -> None:
    written = io.StringIO()
    with contextlib.closing(sqlite3.connect(toured.path)) as beside:
        beside.execute(f"ALTER TABLE {table} RENAME TO away")
        try:
            toured.service.tacet.authenticator.forget()
            with logging_into(written):
                await everything(toured)
        finally:
            beside.execute(f"ALTER TABLE away RENAME TO {table}")
    assert "failed" in written.getvalue()
    assert found_in(written.getvalue(), toured.seen) == set()
