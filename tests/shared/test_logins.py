"""Logins, sessions and tokens where two servers answer the same people and Apps."""

import asyncio
import contextlib

import pytest

from tacet.identity.oauth1.logins import MAX_WRONG_VERIFIERS, NewAccessToken
from tacet.identity.oauth1.refusals import LoginOver
from tacet.identity.oauth2.tokens import Issued
from tacet.identity.signin import passwords as passwords_module
from tacet.identity.signin.passwords import Passwords
from tacet.identity.signin.sessions import Sessions
from tacet.identity.vault import Vault
from tacet.ids import SeededRandomness
from tacet.records.accounts import Password, Usage
from tacet.records.credentials import Token
from tests.cast import ALICE, APP_ID, BOB, NOW_MS
from tests.identity.oauth1.logins import Logins as OAuth1Logins
from tests.identity.oauth2.logins import Logins
from tests.shared.servers import Servers

ROUNDS = 8
NOTICED_S = 60
"""More than it takes a server to look, however busy the machine is."""

FIRST, SECOND = "correct horse battery staple", "frog window lamp cactus"


@pytest.fixture
async def logins(servers: Servers) -> tuple[Logins, Logins]:
    here, there = (Logins(service, seed) for seed, service in enumerate(servers.both))
    await here.put(here.app, here.public, here.other)
    return here, there


async def test_of_two_who_exchange_a_code_at_once_one_gets_tokens_and_they_end(logins: tuple[Logins, Logins]) -> None:
    here, there = logins
    for _ in range(ROUNDS):
        code = await here.code()
        answers = await asyncio.gather(here.exchange(code), there.exchange(code), return_exceptions=True)
        [issued] = [each for each in answers if isinstance(each, Issued)]
        token = await here.service.store.credentials.token(Vault.digest(issued.access_token))
        assert token is not None
        assert token.revoked_at_ms is not None


async def test_of_two_who_use_a_refresh_token_at_once_one_gets_tokens_and_the_login_ends(
    logins: tuple[Logins, Logins],
) -> None:
    here, there = logins
    for _ in range(ROUNDS):
        refresh_token = (await here.login()).refresh_token
        answers = await asyncio.gather(
            here.refresh(refresh_token), there.refresh(refresh_token), return_exceptions=True
        )
        [issued] = [each for each in answers if isinstance(each, Issued)]
        for text in (issued.access_token, issued.refresh_token or ""):
            token = await here.service.store.credentials.token(Vault.digest(text))
            assert token is not None
            assert token.revoked_at_ms is not None


async def test_nothing_that_was_refreshed_outlives_a_revocation(logins: tuple[Logins, Logins]) -> None:
    """Whichever of the two comes first."""
    here, there = logins
    for turn in range(ROUNDS):
        issued = await here.login()
        steps = [here.refresh(issued.refresh_token), there.revoke(issued.access_token)]
        answers = await asyncio.gather(*steps[:: 1 if turn % 2 else -1], return_exceptions=True)
        for each in (issued, *(each for each in answers if isinstance(each, Issued))):
            token = await here.service.store.credentials.token(Vault.digest(each.access_token))
            assert token is not None
            assert token.revoked_at_ms is not None


@pytest.fixture
async def oauth1(servers: Servers) -> tuple[OAuth1Logins, OAuth1Logins]:
    here, there = (OAuth1Logins(service, seed) for seed, service in enumerate(servers.both))
    await here.move_in()
    return here, there


async def test_of_two_who_exchange_a_request_token_at_once_one_gets_a_token(
    oauth1: tuple[OAuth1Logins, OAuth1Logins],
) -> None:
    here, there = oauth1
    for _ in range(ROUNDS):
        keys = await here.ask()
        verifier = await there.agree(keys)
        answers = await asyncio.gather(
            here.exchange(keys, verifier), there.exchange(keys, verifier), return_exceptions=True
        )
        assert sum(isinstance(each, NewAccessToken) for each in answers) == 1


async def test_of_two_who_agree_at_once_one_does(oauth1: tuple[OAuth1Logins, OAuth1Logins]) -> None:
    here, there = oauth1
    for _ in range(ROUNDS):
        keys = await here.ask()
        answers = await asyncio.gather(here.agree(keys, ALICE.id), there.agree(keys, BOB.id), return_exceptions=True)
        assert sum(isinstance(each, LoginOver) for each in answers) == 1


async def test_guesses_at_a_pin_are_counted_together(oauth1: tuple[OAuth1Logins, OAuth1Logins]) -> None:
    here, there = oauth1
    keys = await here.ask(callback="oob")
    pin = await here.agree(keys)
    guesses = [str(1_000_000 + (int(pin) - 1_000_000 + n) % 9_000_000) for n in range(1, 2 * MAX_WRONG_VERIFIERS + 1)]
    steps = [server.exchange(keys, guess) for guess in [*guesses, pin] for server in (here, there)]
    answers = await asyncio.gather(*steps, return_exceptions=True)
    assert not [each for each in answers if isinstance(each, NewAccessToken)]


async def test_people_who_log_in_at_two_servers_at_once_share_one_grant(
    oauth1: tuple[OAuth1Logins, OAuth1Logins],
) -> None:
    here, there = oauth1
    for _ in range(ROUNDS):
        made = await asyncio.gather(here.login(), there.login())
        tokens = [await here.store.credentials.token(Vault.digest(each.token)) for each in made]
        assert len({token.grant_id for token in tokens if token is not None}) == 1


async def test_a_session_begun_with_a_password_that_is_being_changed_ends(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sees, once their session is there, that the password is still the one that they showed, stays in; so the
    change must end every session that it does not meet."""
    monkeypatch.setattr(passwords_module, "MEMORY_KIB", 8)
    store, clock = servers.here.store, servers.here.clock
    changing = Passwords(store.accounts, clock)
    signing_in = Passwords(servers.there.store.accounts, servers.there.clock)
    sessions = Sessions(servers.there.store.accounts, servers.there.clock, SeededRandomness(5))

    async def sign_in(shown: Password) -> str | None:
        text = await sessions.start(ALICE.id)
        return text if await signing_in.stands(shown) else None

    for turn in range(ROUNDS * 3):
        clock.advance(1)
        old, new = (FIRST, SECOND) if turn % 2 else (SECOND, FIRST)
        await changing.set(ALICE.id, old, username="alice")
        shown = await signing_in.matching(ALICE.id, old)
        assert shown is not None
        clock.advance(1)
        text, _ = await asyncio.gather(sign_in(shown), changing.set(ALICE.id, new, username="alice", replacing=shown))
        assert text is None or await sessions.find(text) is None


async def test_a_token_that_was_read_before_its_revocation_is_not_kept_after_it(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer of the database is on its way while the token is revoked and the caches are dropped."""
    service = servers.here
    credentials = service.store.credentials
    read, on_its_way, released = credentials.token, asyncio.Event(), asyncio.Event()

    async def slowly(digest: bytes) -> Token | None:
        found = await read(digest)
        on_its_way.set()
        await released.wait()
        return found

    monkeypatch.setattr(credentials, "token", slowly)
    early = asyncio.create_task(service.get("/2/users/me"))
    await on_its_way.wait()
    assert await credentials.revoke_token(Vault.digest("alice"), NOW_MS)
    await service.tacet.authenticator.forget_everywhere()
    released.set()
    # It was good when it was read.
    assert (await early).status == 200
    assert (await service.get("/2/users/me")).status == 401


async def test_a_revocation_at_another_server_is_noticed_without_being_told(servers: Servers) -> None:
    here, there = servers.both
    watching = asyncio.create_task(there.tacet.watch())
    try:
        assert (await there.get("/2/users/me")).status == 200
        assert await here.store.credentials.revoke_token(Vault.digest("alice"), NOW_MS)
        for _ in range(NOTICED_S * 20):
            if (await there.get("/2/users/me")).status == 401:
                return
            await asyncio.sleep(0.05)
        pytest.fail("the token still works")
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def test_usage_of_both_servers_is_added_up(servers: Servers) -> None:
    for turn in range(ROUNDS):
        for count, service in enumerate(servers.both, 1):
            for _ in range(count):
                assert (await service.get("/2/users/me")).status == 200
        await asyncio.gather(*(service.tacet.usage.flush() for service in servers.both))
        for service in servers.both:
            assert await service.tacet.usage.of(APP_ID) == [Usage(APP_ID, NOW_MS // 3_600_000, 3 * (turn + 1), 0)]
