import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from tacet.clock import ManualClock
from tacet.directory.lookup import People
from tacet.identity import authenticator as authenticator_module
from tacet.identity.authenticator import MAX_BEARER_CHARS, Authenticator
from tacet.identity.caller import Caller, Method, Unauthenticated
from tacet.identity.oauth1 import Nonces, Parameters, Reason, SignedRequest, Verifier
from tacet.identity.vault import Vault, new_secret_key
from tacet.ids import SeededRandomness
from tacet.records.credentials import Access, App, Token, TokenKind
from tacet.records.people import Person, State
from tacet.store.base import Store
from tests import worlds
from tests.identity.oauth1.signing import NOW_S, Signing, signed

NOW = NOW_S * 1000
ALICE = 1001
SECRET = "consumer secret"
TOKEN_SECRET = "token secret"
SIGNING = Signing("key1", SECRET, "1001-signer", TOKEN_SECRET)
READ = "tweet.read users.read mute.read"


class Counting(Verifier):
    """A verifier that says whether its slow way of refusing was taken."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock, Nonces(), ())
        self.refused = 0

    def refuse(self, request: SignedRequest, parameters: Parameters, **more: Any) -> Any:
        self.refused += 1
        super().refuse(request, parameters, **more)


class World:
    """Two Apps, a token of each kind, and what the database is asked."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = store
        self.clock = ManualClock(NOW)
        self.vault = Vault(new_secret_key(SeededRandomness(1)), SeededRandomness(2))
        self.verifier = Counting(self.clock)
        self.people = People(store.directory, 10)
        self.authenticator = Authenticator(store.credentials, self.people, self.vault, self.clock, self.verifier)
        self.asked: list[str] = []
        for name in ("app", "app_by_consumer_key", "token"):
            self._watch(monkeypatch, name)

    def _watch(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        ask: Callable[[Any], Awaitable[Any]] = getattr(self.store.credentials, name)

        async def noting(argument: Any) -> Any:
            self.asked.append(name)
            return await ask(argument)

        monkeypatch.setattr(self.store.credentials, name, noting)

    async def put_app(self, id_: int, access: Access = Access.READ_WRITE, project_id: int | None = 77) -> None:
        sealed = self.vault.seal(SECRET)
        await self.store.credentials.put_app(
            App(id_, f"App {id_}", project_id, access, f"key{id_}", sealed, f"client{id_}", NOW)
        )

    async def put(self, text: str, kind: TokenKind = TokenKind.OAUTH2_USER, **more: Any) -> Token:
        user_id = None if kind is TokenKind.APP_ONLY else ALICE
        token = replace(Token(Vault.digest(text), kind, app_id=1, user_id=user_id, created_at_ms=NOW), **more)
        await self.store.credentials.put_token(token)
        return token

    async def put_signer(self, text: str = "1001-signer", **more: Any) -> Token:
        return await self.put(text, TokenKind.OAUTH1_USER, secret_sealed=self.vault.seal(TOKEN_SECRET), **more)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with worlds.empty_store() as store:
        made = World(store, monkeypatch)
        await made.put_app(1)
        yield made


async def is_refused(checking: Awaitable[Caller]) -> bool:
    try:
        await checking
    except Unauthenticated:
        return True
    return False


class TestBearers:
    @pytest.mark.parametrize(
        ("token", "caller"),
        [
            pytest.param(
                {"scopes": READ},
                Caller(Method.OAUTH2_USER, 1, ALICE, frozenset(READ.split()), Access.READ, True),
                id="reading-person",
            ),
            pytest.param(
                {"scopes": "users.read mute.write"},
                Caller(Method.OAUTH2_USER, 1, ALICE, frozenset({"users.read", "mute.write"}), Access.READ_WRITE, True),
                id="writing-person",
            ),
            pytest.param({}, Caller(Method.OAUTH2_USER, 1, ALICE, frozenset(), Access.READ, True), id="no-scopes"),
            pytest.param(
                {"kind": TokenKind.APP_ONLY, "user_id": None},
                Caller(Method.APP_ONLY, 1, None, frozenset(), Access.READ, True),
                id="app-only",
            ),
            pytest.param(
                {"app_id": 2},
                Caller(Method.OAUTH2_USER, 2, ALICE, frozenset(), Access.READ, False),
                id="outside-a-project",
            ),
        ],
    )
    async def test_a_good_bearer_is_its_caller(self, world: World, token: dict[str, Any], caller: Caller) -> None:
        await world.put_app(2, project_id=None)
        await world.put("good", **token)
        assert await world.authenticator.bearer("good") == caller

    @pytest.mark.parametrize(
        ("text", "token"),
        [
            pytest.param("unknown", {}, id="unknown"),
            pytest.param("", {}, id="empty"),
            pytest.param("good ", {}, id="nearly"),
            pytest.param("good", {"revoked_at_ms": NOW - 1}, id="revoked"),
            pytest.param("good", {"expires_at_ms": NOW}, id="expired"),
            pytest.param("good", {"app_id": 99}, id="app-gone"),
            pytest.param("good", {"kind": TokenKind.OAUTH1_USER}, id="oauth1-token-as-bearer"),
            pytest.param("good", {"kind": TokenKind.REFRESH}, id="refresh-token-as-bearer"),
            pytest.param("good" * MAX_BEARER_CHARS, {}, id="too-long"),
        ],
    )
    async def test_any_other_is_refused(self, world: World, text: str, token: dict[str, Any]) -> None:
        await world.put("good", **token)
        for _ in range(2):
            assert await is_refused(world.authenticator.bearer(text))

    @pytest.mark.parametrize("state", [State.SUSPENDED, State.DEACTIVATED])
    async def test_a_suspended_person_s_token_is_refused_until_they_are_back(self, world: World, state: State) -> None:
        await world.put("good")
        await world.put_signer()
        for now, refused in ((state, True), (State.ACTIVE, False)):
            await world.store.directory.put_people([Person(ALICE, "alice", "Alice", now)])
            world.people.forget()
            world.authenticator.forget()
            assert await is_refused(world.authenticator.bearer("good")) is refused
            signing = replace(SIGNING, nonce=now.name)
            assert await is_refused(world.authenticator.signed(signed(signing=signing))) is refused

    async def test_a_bearer_too_long_is_refused_unread(self, world: World) -> None:
        text = "x" * (MAX_BEARER_CHARS + 1)
        await world.put(text)
        assert await is_refused(world.authenticator.bearer(text))
        assert world.asked == []

    async def test_expiry_follows_the_clock_though_the_token_is_known(self, world: World) -> None:
        await world.put("good", expires_at_ms=NOW + 1_000)
        await world.authenticator.bearer("good")
        world.clock.advance(999)
        await world.authenticator.bearer("good")
        world.clock.advance(1)
        assert await is_refused(world.authenticator.bearer("good"))
        world.clock.advance(-1)
        assert (await world.authenticator.bearer("good")).user_id == ALICE

    async def test_a_reason_never_holds_the_token(self, world: World) -> None:
        for text in ("secret-token", "secret-token" * 1_000):
            with pytest.raises(Unauthenticated) as caught:
                await world.authenticator.bearer(text)
            assert "secret" not in str(caught.value)


class TestSigned:
    @pytest.fixture(autouse=True)
    async def signer(self, world: World) -> Token:
        return await world.put_signer()

    @pytest.mark.parametrize("access", Access, ids=lambda access: access.value)
    async def test_a_genuine_request_is_its_signer_with_the_apps_access(self, world: World, access: Access) -> None:
        await world.put_app(1, access)
        caller = await world.authenticator.signed(signed(signing=SIGNING))
        assert caller == Caller(Method.OAUTH1_USER, 1, ALICE, frozenset(), access, True)
        assert world.verifier.refused == 0

    @pytest.mark.parametrize(
        ("may", "agreed", "access"),
        [
            pytest.param(Access.READ_WRITE, Access.READ, Access.READ, id="less-was-agreed-to"),
            pytest.param(Access.READ, Access.READ_WRITE, Access.READ, id="the-app-may-less-by-now"),
            pytest.param(Access.READ_WRITE_MESSAGES, Access.READ_WRITE, Access.READ_WRITE, id="the-app-may-more"),
        ],
    )
    async def test_a_token_that_says_what_was_agreed_to_gets_the_lesser(
        self, world: World, may: Access, agreed: Access, access: Access
    ) -> None:
        await world.put_app(1, may)
        await world.put_signer(access=agreed)
        assert (await world.authenticator.signed(signed(signing=SIGNING))).access is access

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"consumer_secret": "wrong"}, id="consumer-secret"),
            pytest.param({"token_secret": "wrong"}, id="token-secret"),
            pytest.param({"timestamp_s": NOW_S - 301}, id="too-old"),
            pytest.param({"timestamp_s": NOW_S + 301}, id="too-early"),
        ],
    )
    async def test_a_request_that_is_not_genuine_is_refused(self, world: World, change: dict[str, Any]) -> None:
        assert await is_refused(world.authenticator.signed(signed(signing=replace(SIGNING, **change))))
        assert world.verifier.refused == 0

    async def test_a_request_is_good_once(self, world: World) -> None:
        request = signed(signing=SIGNING)
        await world.authenticator.signed(request)
        assert await is_refused(world.authenticator.signed(request))
        await world.authenticator.signed(signed(signing=replace(SIGNING, nonce="another")))

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"consumer_key": "nobodys"}, id="unknown-key"),
            pytest.param({"token": "1001-nobodys"}, id="unknown-token"),
            pytest.param({"token": None, "token_secret": None}, id="no-token"),
            pytest.param({"token": "1001-bearer"}, id="bearer-as-token"),
            pytest.param({"token": "1001-revoked"}, id="revoked-token"),
            pytest.param({"token": "1001-expired"}, id="expired-token"),
            pytest.param({"token": "1001-orphan"}, id="token-of-an-app-that-is-gone"),
            pytest.param({"token": "1001-others"}, id="token-of-another-app"),
            pytest.param({"consumer_key": "key2"}, id="key-of-another-app"),
        ],
    )
    async def test_keys_that_do_not_belong_together_take_as_long_as_a_bad_signature(
        self, world: World, change: dict[str, Any]
    ) -> None:
        await world.put_app(2)
        await world.put("1001-bearer")
        await world.put_signer("1001-revoked", revoked_at_ms=NOW)
        await world.put_signer("1001-expired", expires_at_ms=NOW)
        await world.put_signer("1001-orphan", app_id=99)
        await world.put_signer("1001-others", app_id=2)
        for nonce in ("first", "again"):
            request = signed(signing=replace(SIGNING, nonce=nonce, **change))
            assert await is_refused(world.authenticator.signed(request))
        assert world.verifier.refused == 2

    async def test_expiry_follows_the_clock_though_the_token_is_known(self, world: World) -> None:
        await world.put_signer("1001-brief", expires_at_ms=NOW + 1)
        brief = replace(SIGNING, token="1001-brief")
        assert (await world.authenticator.signed(signed(signing=brief))).user_id == ALICE
        world.clock.advance(1)
        assert await is_refused(world.authenticator.signed(signed(signing=replace(brief, nonce="later"))))

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            pytest.param({"token_secret": "wrong"}, Reason.BAD_SIGNATURE, id="signature"),
            pytest.param({"consumer_key": "nobodys"}, Reason.BAD_SIGNATURE, id="unknown-key"),
            pytest.param({"timestamp_s": NOW_S - 301}, Reason.TIMESTAMP_OUT_OF_BOUNDS, id="too-old"),
            pytest.param({"token": None, "token_secret": None}, Reason.BAD_SIGNATURE, id="no-token"),
            pytest.param({"token": "1001-nobodys"}, Reason.UNKNOWN_TOKEN, id="unknown-token"),
            pytest.param({"token": "1001-revoked"}, Reason.UNKNOWN_TOKEN, id="revoked-token"),
            pytest.param({"token": "1001-others"}, Reason.UNKNOWN_TOKEN, id="token-of-another-app"),
            pytest.param(
                {"token": "1001-nobodys", "consumer_key": "nobodys"}, Reason.BAD_SIGNATURE, id="unknown-key-and-token"
            ),
            pytest.param(
                {"token": "1001-nobodys", "timestamp_s": NOW_S - 301},
                Reason.TIMESTAMP_OUT_OF_BOUNDS,
                id="unknown-token-too-old",
            ),
        ],
    )
    async def test_a_refusal_carries_its_reason(self, world: World, change: dict[str, Any], reason: Reason) -> None:
        await world.put_app(2)
        await world.put_signer("1001-revoked", revoked_at_ms=NOW)
        await world.put_signer("1001-others", app_id=2)
        with pytest.raises(Unauthenticated) as caught:
            await world.authenticator.signed(signed(signing=replace(SIGNING, **change)))
        assert caught.value.reason is reason

    async def test_a_request_without_its_parameters_is_refused(self, world: World) -> None:
        assert await is_refused(world.authenticator.signed(SignedRequest("GET", "http", "localhost", "/2/users/me")))

    @pytest.mark.parametrize("token", ["\udcff", "\x00", "漢字", "%FF", "a" * 5_000], ids=ascii)
    async def test_a_token_of_any_characters_is_refused_in_order(self, world: World, token: str) -> None:
        header = (
            'OAuth oauth_consumer_key="key1", oauth_nonce="n", oauth_signature="c2ln", '
            f'oauth_signature_method="HMAC-SHA1", oauth_timestamp="{NOW_S}", oauth_token="{token}"'
        )
        request = SignedRequest("GET", "http", "localhost", "/2/users/me", authorization=header)
        assert await is_refused(world.authenticator.signed(request))


class TestConsumers:
    async def test_an_app_is_found_with_its_secret_by_its_key(self, world: World) -> None:
        found = await world.authenticator.consumer("key1")
        assert found is not None
        assert (found[0].id, found[1]) == (1, SECRET)
        assert await world.authenticator.consumer("nobodys") is None

    async def test_one_that_is_known_asks_the_database_nothing(self, world: World) -> None:
        await world.authenticator.consumer("key1")
        world.asked.clear()
        await world.authenticator.consumer("key1")
        assert world.asked == []


class TestOtherSecretKey:
    """A server with another secret key than the one that its database was made with."""

    @pytest.fixture(autouse=True)
    async def signer(self, world: World) -> None:
        other = Vault(new_secret_key(SeededRandomness(3)), SeededRandomness(4))
        await world.put("1001-signer", TokenKind.OAUTH1_USER, secret_sealed=other.seal(TOKEN_SECRET))

    async def test_a_token_secret_that_does_not_open_is_a_refusal_and_a_line_in_the_log(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        for nonce in ("first", "again"):
            assert await is_refused(world.authenticator.signed(signed(signing=replace(SIGNING, nonce=nonce))))
        assert [record.levelname for record in caplog.records] == ["ERROR"] * 2
        assert "start with the one it was sealed with" in caplog.text

    async def test_so_is_a_consumer_secret(self, world: World, caplog: pytest.LogCaptureFixture) -> None:
        await world.put_signer()
        other = Vault(new_secret_key(SeededRandomness(3)), SeededRandomness(4))
        strange = Authenticator(world.store.credentials, world.people, other, world.clock, world.verifier)
        assert await is_refused(strange.signed(signed(signing=SIGNING)))
        assert len(caplog.records) == 1

    async def test_the_log_holds_no_secret(self, world: World, caplog: pytest.LogCaptureFixture) -> None:
        assert await is_refused(world.authenticator.signed(signed(signing=SIGNING)))
        assert caplog.text
        for secret in (SECRET, TOKEN_SECRET, SIGNING.token):
            assert str(secret) not in caplog.text

    async def test_bearers_need_no_secret(self, world: World) -> None:
        await world.put("good")
        assert (await world.authenticator.bearer("good")).user_id == ALICE


class TestCaches:
    async def test_a_bearer_that_is_known_asks_the_database_nothing(self, world: World) -> None:
        await world.put("good")
        first = await world.authenticator.bearer("good")
        assert world.asked == ["token", "app"]
        world.asked.clear()
        assert [await world.authenticator.bearer("good") for _ in range(5)] == [first] * 5
        assert world.asked == []

    async def test_a_signer_that_is_known_asks_the_database_nothing(self, world: World) -> None:
        await world.put_signer()
        await world.authenticator.signed(signed(signing=SIGNING))
        world.asked.clear()
        for number in range(5):
            await world.authenticator.signed(signed(signing=replace(SIGNING, nonce=f"n{number}")))
        assert world.asked == []

    async def test_they_are_bounded(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(authenticator_module, "MAX_CACHED_CREDENTIALS", 10)
        bounded = Authenticator(world.store.credentials, world.people, world.vault, world.clock, world.verifier)
        for number in range(50):
            await world.put(f"bearer {number}")
        for number in range(50):
            await bounded.bearer(f"bearer {number}")
        world.asked.clear()
        for number in range(50):
            await bounded.bearer(f"bearer {number}")
        assert world.asked.count("token") >= 40

    async def test_a_revoked_bearer_works_until_the_cache_is_forgotten(self, world: World) -> None:
        token = await world.put("good")
        await world.authenticator.bearer("good")
        await world.store.credentials.revoke_token(token.digest, NOW)
        await world.authenticator.bearer("good")
        world.authenticator.forget()
        assert await is_refused(world.authenticator.bearer("good"))

    async def test_a_revoked_signer_works_until_the_cache_is_forgotten(self, world: World) -> None:
        token = await world.put_signer()
        await world.authenticator.signed(signed(signing=SIGNING))
        await world.store.credentials.revoke_token(token.digest, NOW)
        world.authenticator.forget()
        assert await is_refused(world.authenticator.signed(signed(signing=replace(SIGNING, nonce="later"))))

    async def test_a_change_of_an_app_shows_after_forgetting(self, world: World) -> None:
        await world.put_signer()
        await world.put("good")
        await world.authenticator.bearer("good")
        await world.authenticator.signed(signed(signing=SIGNING))
        await world.put_app(1, Access.READ, project_id=None)
        world.authenticator.forget()
        assert not (await world.authenticator.bearer("good")).in_project
        caller = await world.authenticator.signed(signed(signing=replace(SIGNING, nonce="later")))
        assert caller.access is Access.READ

    async def test_a_token_that_was_unknown_works_as_soon_as_it_exists(self, world: World) -> None:
        assert await is_refused(world.authenticator.bearer("good"))
        await world.put("good")
        await world.authenticator.bearer("good")

    async def test_a_check_under_way_keeps_nothing_from_before_a_revocation(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = await world.put("good")
        answering = asyncio.Event()

        async def slow(_: bytes) -> Token:
            await answering.wait()
            return token

        with monkeypatch.context() as patched:
            patched.setattr(world.store.credentials, "token", slow)
            checking = asyncio.create_task(world.authenticator.bearer("good"))
            await asyncio.sleep(0)
            await world.store.credentials.revoke_token(token.digest, NOW)
            world.authenticator.forget()
            answering.set()
            await checking
        assert await is_refused(world.authenticator.bearer("good"))
