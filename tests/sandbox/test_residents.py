"""The known keys of the sandbox."""

import base64
import re
from pathlib import Path

import msgspec
import pytest

from tacet.identity.scopes import SCOPES
from tacet.records.credentials import Access, TokenKind
from tacet.records.people import State
from tacet.sandbox.residents import (
    ALL_SCOPES,
    APPS,
    CALLBACKS,
    MAIN_APP,
    PUBLIC_APP,
    READ_ONLY_APP,
    STANDALONE_APP,
    SandboxToken,
    residents,
    tokens,
)
from tacet.sandbox.world import MIN_PEOPLE, World, build_world


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(50, 7)


def token(world: World, text: str) -> SandboxToken:
    return next(each for each in tokens(world) if each.text == text)


@pytest.mark.parametrize(("people_count", "expected"), [(3, 3), (9, 9), (10, 10), (50, 10)])
def test_the_first_ten_have_keys(people_count: int, expected: int) -> None:
    world = build_world(people_count, 7)
    assert [keys.person_id for keys in residents(world)] == [person.id for person in world.people[:expected]]


@pytest.mark.parametrize("seed", [0, 7, 8])
def test_everybody_with_keys_can_use_them(seed: int) -> None:
    assert {person.state for person in build_world(10, seed).people} == {State.ACTIVE}


@pytest.mark.parametrize("seed", [0, 7])
def test_alices_keys_are_those_of_the_documentation(seed: int) -> None:
    alice = residents(build_world(MIN_PEOPLE, seed))[0]
    assert alice.oauth2_token == "sandbox-oauth2-alice"
    assert alice.oauth1.consumer_key == "TacetSandboxConsumerKey01"
    assert alice.oauth1.consumer_secret == "TacetSandboxConsumerSecret01"
    assert alice.oauth1.token == "1001-aliceSandboxToken"
    assert alice.oauth1.token_secret == "aliceSandboxTokenSecret"


def test_every_text_is_of_one_token_only() -> None:
    world = build_world(200, 7)
    texts = [each.text for each in tokens(world)]
    assert len(set(texts)) == len(texts) == len(APPS) + 2 * 10 + 5


def test_oauth1_tokens_begin_with_the_user_id(world: World) -> None:
    for each in tokens(world):
        if each.kind is TokenKind.OAUTH1_USER:
            assert each.text.split("-")[0] == str(each.user_id)


def test_what_gets_signed_is_only_letters_and_digits(world: World) -> None:
    secrets = [each.secret for each in tokens(world) if each.kind is TokenKind.OAUTH1_USER]
    secrets += [app.consumer_secret for app in APPS]
    assert [secret for secret in secrets if not re.fullmatch(r"[A-Za-z0-9]+", secret)] == []


def test_bearers_can_stand_in_a_header(world: World) -> None:
    # RFC 6750 section 2.1: b64token.
    assert [each.text for each in tokens(world) if not re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", each.text)] == []


def test_app_only_bearers_speak_for_nobody(world: World) -> None:
    app_only = [each for each in tokens(world) if each.kind is TokenKind.APP_ONLY]
    assert [each.user_id for each in app_only] == [None] * len(APPS)
    assert all(each.text.startswith("AAAAAAAAAAAAAAAAAAAAAA") for each in app_only)


def test_apps_differ_in_what_they_may(world: World) -> None:
    assert MAIN_APP.access is Access.READ_WRITE_MESSAGES
    assert READ_ONLY_APP.access is Access.READ
    assert READ_ONLY_APP.project_id == MAIN_APP.project_id
    assert STANDALONE_APP.project_id is None
    assert len({app.id for app in APPS} | {app.consumer_key for app in APPS}) == 2 * len(APPS)


def test_client_ids_are_written_as_x_writes_them() -> None:
    for app in APPS:
        plain = base64.urlsafe_b64decode(app.client_id + "=" * (-len(app.client_id) % 4)).decode()
        assert re.fullmatch(r"[A-Za-z0-9]{20}:1:ci", plain)


def test_only_the_public_client_has_no_client_secret() -> None:
    assert [(app.client_secret, app.confidential) for app in APPS] == [
        ("TacetSandboxClientSecret01", True),
        ("TacetSandboxClientSecret02", True),
        ("TacetSandboxClientSecret03", True),
        ("", False),
    ]
    assert (PUBLIC_APP.id, PUBLIC_APP.project_id) == (10_000_004, MAIN_APP.project_id)


@pytest.mark.parametrize("port", [3000, 5000, 8000])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_people_can_come_back_to_the_ports_of_a_first_try(host: str, port: int) -> None:
    assert f"http://{host}:{port}/callback" in CALLBACKS
    assert {app.callbacks for app in APPS} == {CALLBACKS}


def test_ordinary_tokens_have_every_scope_and_no_end(world: World) -> None:
    ordinary = token(world, "sandbox-oauth2-bob")
    assert ordinary.scopes.split() == list(ALL_SCOPES)
    assert ordinary.expires_at_ms is None


def test_one_token_lacks_the_scope_to_write(world: World) -> None:
    lacking = token(world, "sandbox-oauth2-alice-without-mute-write")
    assert set(ALL_SCOPES) - set(lacking.scopes.split()) == {"mute.write"}


def test_one_token_has_expired(world: World) -> None:
    expired = token(world, "sandbox-oauth2-alice-expired")
    assert expired.expires_at_ms == expired.created_at_ms + 7_200_000


def test_one_token_each_is_of_an_app_that_gets_refused(world: World) -> None:
    assert token(world, "1001-aliceSandboxTokenReadOnly").app_id == READ_ONLY_APP.id
    assert token(world, "1001-aliceSandboxTokenStandalone").app_id == STANDALONE_APP.id
    assert token(world, "sandbox-oauth2-alice-standalone").app_id == STANDALONE_APP.id


def test_scopes_are_those_that_x_documents(shared_wire: Path) -> None:
    document = msgspec.json.decode((shared_wire / "openapi-2.167-mutes.json").read_bytes())
    flows = [scheme.get("flows", {}) for scheme in document["components"]["securitySchemes"].values()]
    documented = {scope for flow in flows for scope in flow.get("authorizationCode", {}).get("scopes", ())}
    assert set(SCOPES) == documented
