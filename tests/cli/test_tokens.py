import asyncio
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tacet.cli.exits import Exit
from tacet.cli.tokens import ALWAYS_NEEDED
from tacet.clock import SystemClock
from tacet.directory.lookup import People
from tacet.identity.authenticator import Authenticator
from tacet.identity.caller import Caller, Method, Unauthenticated
from tacet.identity.oauth1 import Nonces, Verifier
from tacet.identity.scopes import GRANTABLE_SCOPES
from tacet.identity.vault import Vault, new_secret_key
from tacet.ids import SeededRandomness
from tacet.records.consents import Grant, GrantKind
from tacet.records.credentials import App, Token, TokenKind
from tacet.records.people import Person
from tacet.store.base import Store
from tacet.store.sqlite.credentials import SqliteCredentials
from tests.cli.conftest import Ended, Stored, Tacet
from tests.wire.calls import OPERATIONS

KEY, OTHER_KEY = new_secret_key(SeededRandomness(1)), new_secret_key(SeededRandomness(2))

Create = Callable[[str], dict[str, Any]]


@pytest.fixture
def app_id(tacet: Tacet, stored: Stored, monkeypatch: pytest.MonkeyPatch) -> str:
    """An App, and alice, whom it may speak for."""
    monkeypatch.setenv("TACET_SECRET_KEY", KEY)
    stored(lambda store: store.directory.put_people([Person(1001, "Alice", "Alice")]))
    return str(json.loads(tacet("app create --name X --json").out)["app_id"])


@pytest.fixture
def create(tacet: Tacet, app_id: str) -> Create:
    """Creates a token, and gives what was printed."""

    def run(options: str) -> dict[str, Any]:
        ended = tacet("token", "create", "--app", app_id, "--json", *options.split())
        assert (ended.code, ended.err) == (Exit.OK, "")
        shown: dict[str, Any] = json.loads(ended.out)
        return shown

    return run


def found(stored: Stored, text: str) -> Token:
    token = stored(lambda store: store.credentials.token(Vault.digest(text)))
    assert token is not None
    return token


def test_the_help_lists_every_scope(tacet: Tacet) -> None:
    listed = tacet("token create --help").out.partition("Scopes:")[2].partition("Examples:")[0]
    assert set(listed.replace(",", " ").split()) == GRANTABLE_SCOPES


def test_the_help_says_no_more_of_an_app_than_that_it_is_needed(tacet: Tacet) -> None:
    assert re.search(r"--app ID +The App it is for\.  \[required\]", tacet("token create --help").out)


MISSING = {
    "both": ("mute.write", "no route answers this token without tweet.read and users.read"),
    "one": ("users.read mute.read", "no route answers this token without tweet.read"),
    "the other": ("tweet.read,mute.read", "no route answers this token without users.read"),
}


@pytest.mark.parametrize(("scopes", "warning"), MISSING.values(), ids=MISSING)
def test_a_token_that_nothing_answers_is_made_with_a_warning(
    tacet: Tacet, app_id: str, scopes: str, warning: str
) -> None:
    ended = tacet("token", "create", "--app", app_id, "--user", "1001", "--scope", scopes)
    assert (ended.code, ended.complaint) == (Exit.OK, f"tacet: warning: {warning}")
    assert ended.out.startswith("token ")


def test_what_is_missing_is_what_every_route_asks_for() -> None:
    assert set(ALWAYS_NEEDED) == set.intersection(*(set(operation.scopes) for operation in OPERATIONS))


GRANT_ID = 50

OF_A_LOGIN: dict[str, dict[str, Any]] = {
    "access": {},
    "older-access": {"expires_at_ms": 2},
    "refresh": {"kind": TokenKind.REFRESH},
    "used-refresh": {"kind": TokenKind.REFRESH, "revoked_at_ms": 2},
    "expired-refresh": {"kind": TokenKind.REFRESH, "expires_at_ms": 2},
}
"""Tokens of one login, by their texts."""


def of_one_grant(app_id: int, kind: GrantKind) -> tuple[Grant, list[Token]]:
    """Alice's grant, and the tokens that an OAuth 2.0 login leaves in the end."""
    plain = Token(b"", TokenKind.OAUTH2_USER, app_id, 1001, "users.read", created_at_ms=1)
    tokens = [replace(plain, digest=Vault.digest(text), **more) for text, more in OF_A_LOGIN.items()]
    return Grant(GRANT_ID, kind, app_id, 1001, "users.read", 1), tokens


async def caller_of(store: Store, text: str) -> Caller:
    clock = SystemClock()
    people, verifier = People(store.directory, 10), Verifier(clock, Nonces(), ())
    return await Authenticator(store.credentials, people, Vault(KEY), clock, verifier).bearer(text)


def test_a_bearer_speaks_for_a_person_with_its_scopes(create: Create, stored: Stored, app_id: str) -> None:
    shown = create("--user 1001 --scope users.read --scope mute.read,tweet.read")
    assert shown["user_id"] == "1001"
    assert shown["scope"] == "users.read mute.read tweet.read"
    caller = stored(lambda store: caller_of(store, shown["token"]))
    assert caller.method is Method.OAUTH2_USER
    assert (caller.user_id, str(caller.app_id)) == (1001, app_id)
    assert caller.scopes == {"users.read", "mute.read", "tweet.read"}


def test_an_app_only_bearer_speaks_for_nobody(create: Create, stored: Stored) -> None:
    shown = create("--app-only")
    assert "user_id" not in shown
    caller = stored(lambda store: caller_of(store, shown["token"]))
    assert (caller.method, caller.user_id) == (Method.APP_ONLY, None)


def test_an_oauth1_token_has_a_secret_that_the_vault_opens(create: Create, stored: Stored) -> None:
    shown = create("--user 1001 --oauth1")
    assert shown["token"].startswith("1001-")
    token = found(stored, shown["token"])
    assert token.kind is TokenKind.OAUTH1_USER
    assert Vault(KEY).open(token.secret_sealed) == shown["token_secret"]
    app = stored(lambda store: store.credentials.app(token.app_id))
    assert app is not None
    assert app.consumer_key == shown["consumer_key"]


def test_the_database_never_holds_a_tokens_text(create: Create, stored: Stored) -> None:
    shown = create("--user 1001 --oauth1")
    stored_token = found(stored, shown["token"])
    assert shown["token"].encode() not in repr(stored_token).encode()
    assert shown["token_secret"] not in repr(stored_token)


@pytest.mark.parametrize("user", ["1001", "@alice", "@ALICE"])
def test_a_person_is_called_by_id_or_username(create: Create, user: str) -> None:
    assert create(f"--user {user} --scope users.read,tweet.read")["user_id"] == "1001"


LIFETIMES = {
    "a bearer, two hours": ("--user 1001 --scope users.read,tweet.read", 7_200),
    "OAuth 1.0a, for ever": ("--user 1001 --oauth1", None),
    "app-only, for ever": ("--app-only", None),
    "seconds": ("--app-only --expires-in 90", 90),
    "seconds with unit": ("--app-only --expires-in 90s", 90),
    "minutes": ("--app-only --expires-in 30m", 1_800),
    "hours": ("--app-only --expires-in 2h", 7_200),
    "days": ("--app-only --expires-in 90d", 7_776_000),
    "never": ("--user 1001 --scope users.read,tweet.read --expires-in never", None),
}


@pytest.mark.parametrize(("options", "lasting_s"), LIFETIMES.values(), ids=LIFETIMES)
def test_a_token_works_as_long_as_was_asked_for(
    create: Create, stored: Stored, options: str, lasting_s: int | None
) -> None:
    shown = create(options)
    token = found(stored, shown["token"])
    if lasting_s is None:
        assert (token.expires_at_ms, shown["expires_at"]) == (None, None)
    else:
        assert token.expires_at_ms == token.created_at_ms + lasting_s * 1000
        assert shown["expires_at"].endswith("+00:00")


MISTAKES = {
    "no kind": ("--user 1001", "give one of --scope (OAuth 2.0), --oauth1 and --app-only"),
    "two kinds": ("--user 1001 --oauth1 --scope users.read", "give one of --scope"),
    "nobody": ("--scope users.read", "--user is missing"),
    "somebody for app-only": ("--app-only --user 1001", "leave out --user"),
    "unknown scope": ("--user 1001 --scope mute.reed", "no scope is called 'mute.reed': did you mean mute.read?"),
    "user neither": ("--user alice --scope users.read", "'alice' is neither an id nor @ and a username"),
    "no time": ("--app-only --expires-in soon", "'soon' is no time: give seconds, 30m, 2h, 90d or never"),
    "no time at all": ("--app-only --expires-in 0", "is no time"),
    "too long": ("--app-only --expires-in 9999999999d", "is no time"),
}


@pytest.mark.parametrize(("options", "complaint"), MISTAKES.values(), ids=MISTAKES)
def test_wrong_wishes_are_usage_errors(tacet: Tacet, app_id: str, options: str, complaint: str) -> None:
    ended = tacet(f"token create --app {app_id} {options}")
    assert ended.code == Exit.USAGE
    assert complaint in ended.complaint


UNKNOWN = {
    "App": ("--app 1 --app-only", "no App has the id 1: `tacet app create` makes one"),
    "person by id": ("--app APP --user 7 --scope users.read", "nobody here is 7: `tacet people import`"),
    "person by name": ("--app APP --user @bob --scope users.read", "nobody here is @bob"),
    "id too large": (f"--app APP --user {1 << 63} --scope users.read", "nobody here is"),
}


@pytest.mark.parametrize(("options", "complaint"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_there_is_said(tacet: Tacet, app_id: str, options: str, complaint: str) -> None:
    ended = tacet(f"token create {options.replace('APP', app_id)}")
    assert ended.code == Exit.FAILED
    assert complaint in ended.complaint


def test_no_token_is_made_of_an_app_that_is_deleted_meanwhile(
    tacet: Tacet, stored: Stored, app_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = SqliteCredentials.app

    async def answer(credentials: SqliteCredentials, id_: int) -> App | None:
        found = await ask(credentials, id_)
        await asyncio.to_thread(stored, lambda store: store.accounts.delete_app(id_))
        return found

    monkeypatch.setattr(SqliteCredentials, "app", answer)
    ended = tacet("token", "create", "--app", app_id, "--app-only")
    assert ended.code == Exit.FAILED
    assert f"no App has the id {app_id}" in ended.complaint
    assert ended.out == ""


def test_bearers_need_no_secret_key_and_oauth1_tokens_do(
    tacet: Tacet, app_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TACET_SECRET_KEY")
    assert tacet(f"token create --app {app_id} --user 1001 --scope users.read").code == Exit.OK
    ended = tacet(f"token create --app {app_id} --user 1001 --oauth1")
    assert ended.code == Exit.CONFIGURATION
    assert "tacet secrets new" in ended.complaint


def test_another_secret_key_than_the_databases_is_noticed(
    tacet: Tacet, app_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACET_SECRET_KEY", OTHER_KEY)
    ended = tacet(f"token create --app {app_id} --user 1001 --oauth1")
    assert ended.code == Exit.CONFIGURATION
    assert "start with the one it was sealed with" in ended.complaint


def test_scopes_are_those_of_xs_document(shared_wire: Any) -> None:
    document = json.loads((shared_wire / "openapi-2.167-mutes.json").read_text())
    flows = document["components"]["securitySchemes"]["OAuth2UserToken"]["flows"]
    assert set(flows["authorizationCode"]["scopes"]) <= GRANTABLE_SCOPES


class TestRevoke:
    """A token that is revoked works no more."""

    @pytest.fixture
    def token(self, create: Create) -> str:
        return str(create("--user 1001 --scope users.read,tweet.read")["token"])

    def check_gone(self, stored: Stored, token: str, ended: Ended) -> None:
        assert (ended.code, ended.out, ended.err) == (Exit.OK, "revoked\n", "")
        with pytest.raises(Unauthenticated):
            stored(lambda store: caller_of(store, token))

    def test_by_argument(self, tacet: Tacet, stored: Stored, token: str) -> None:
        self.check_gone(stored, token, tacet("token", "revoke", token))

    def test_by_standard_input(self, tacet: Tacet, stored: Stored, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{token}\n"))
        self.check_gone(stored, token, tacet("token revoke"))

    def test_beside_a_server(self, tacet: Tacet, stored: Stored, token: str) -> None:
        self.check_gone(stored, token, stored.beside_a_server(lambda: tacet("token", "revoke", token)))

    def test_twice_is_a_failure(self, tacet: Tacet, token: str) -> None:
        assert tacet("token", "revoke", token).code == Exit.OK
        ended = tacet("token", "revoke", token)
        assert ended.code == Exit.FAILED
        assert "no such token works" in ended.complaint
        assert token not in ended.err

    def test_an_expired_one_is_a_failure(self, tacet: Tacet, stored: Stored, token: str) -> None:
        expired = replace(found(stored, token), expires_at_ms=1)
        stored(lambda store: store.credentials.put_token(expired))
        assert tacet("token", "revoke", token).code == Exit.FAILED

    def test_an_unknown_one_is_a_failure(self, tacet: Tacet) -> None:
        ended = tacet("token revoke hunter2")
        assert ended.code == Exit.FAILED
        assert "hunter2" not in ended.err

    @pytest.mark.parametrize("given", ["access", "older-access", "refresh", "used-refresh", "expired-refresh"])
    def test_any_token_of_an_oauth2_login_ends_all_of_it(
        self, tacet: Tacet, stored: Stored, app_id: str, given: str
    ) -> None:
        login = of_one_grant(int(app_id), GrantKind.OAUTH2)
        stored(lambda store: store.consents.add_grant(*login))
        ended = tacet("token", "revoke", given)
        assert (ended.code, ended.err) == (Exit.OK, "")
        assert ended.out == "revoked, with every other token of the same login\n"
        left = [found(stored, each) for each in OF_A_LOGIN]
        assert all(token.revoked_at_ms is not None for token in left)
        grant = stored(lambda store: store.consents.grant(GRANT_ID))
        assert grant is not None
        assert grant.revoked_at_ms is not None
        assert tacet("token", "revoke", given).code == Exit.FAILED

    def test_of_oauth1_logins_only_the_one_ends(self, tacet: Tacet, stored: Stored, app_id: str) -> None:
        """They share a grant, whatever device they were made on, and need no refresh token."""
        grant, _ = of_one_grant(int(app_id), GrantKind.OAUTH1)
        one, other = [Token(Vault.digest(text), TokenKind.OAUTH1_USER, int(app_id), 1001) for text in ("one", "other")]
        stored(lambda store: store.consents.add_grant(grant, [one, other]))
        assert tacet("token", "revoke", "one").out == "revoked\n"
        assert found(stored, "one").revoked_at_ms is not None
        assert found(stored, "other").revoked_at_ms is None
