"""Passwords, Apps, secrets, usage, and what is swept, under the hands of two servers at once."""

import random
from dataclasses import replace

import pytest

from tacet.records.accounts import Password, Project, Session, Usage
from tacet.records.consents import GrantKind
from tacet.records.credentials import TokenKind
from tacet.store.base import Conflict, Part
from tacet.store.consents import KEPT_AFTER_END_MS
from tests.store.building import MONTH_MS, NOW, SOURCE, app, code, grant, request_token, token
from tests.store.postgres.racing import TURNS, Race, digest, shuffled

LATER = NOW + MONTH_MS
"""When everything that has an end is swept."""


async def sign_in(race: Race, old: Password, session: Session) -> bool:
    """As `tacet.identity.signin` does after it has found that this is the password."""
    await race.next.accounts.put_session(session)
    found = await race.next.accounts.password(old.person_id)
    if found is not None and found.changed_at_ms == old.changed_at_ms:
        return True
    await race.next.accounts.end_session(session.digest)
    return False


class TestPasswords:
    async def test_no_session_begun_with_the_old_password_outlives_its_change(
        self, race: Race, chance: random.Random
    ) -> None:
        for turn in range(TURNS):
            old = Password(turn, "old", NOW)
            await race.next.accounts.put_password(old)
            changed, *_ = await shuffled(
                chance,
                race.next.accounts.put_password(Password(turn, "new", NOW + 1), replacing=old),
                *(sign_in(race, old, Session(digest(turn, n), turn, NOW, NOW, LATER)) for n in range(6)),
            )
            assert changed
            assert await race.found("SELECT 1 FROM page_session WHERE user_id = $1", turn) == []

    async def test_of_two_changes_of_one_password_one_is_made(self, race: Race, chance: random.Random) -> None:
        for turn in range(TURNS):
            old = Password(turn, "old", NOW)
            await race.next.accounts.put_password(old)
            answers = await shuffled(
                chance,
                *(race.next.accounts.put_password(Password(turn, str(n), NOW + n), old) for n in range(1, 5)),
                race.next.accounts.recode_password(old, "recoded"),
            )
            assert answers[:4].count(True) == 1
            found = await race.next.accounts.password(turn)
            assert found is not None
            assert found.encoded == str(answers.index(True) + 1)

    async def test_sessions_end_by_several_ways_at_once(self, race: Race, chance: random.Random) -> None:
        for turn in range(TURNS):
            sessions = [Session(digest(turn, n), n % 2, NOW, NOW, NOW + n) for n in range(12)]
            for each in sessions:
                await race.next.accounts.put_session(each)
            await shuffled(
                chance,
                race.next.accounts.end_sessions(0),
                race.next.accounts.end_sessions(1),
                race.next.accounts.drop_password(0),
                race.next.accounts.put_password(Password(1, "new", NOW)),
                *(race.next.consents.sweep_logins(LATER, 100) for _ in range(2)),
                *(race.next.accounts.end_session(each.digest) for each in sessions[:3]),
                *(race.next.accounts.touch_session(each.digest, NOW + 1) for each in sessions[3:6]),
            )
            assert await race.found("SELECT 1 FROM page_session") == []


@pytest.mark.usefixtures("apps")
class TestSweeping:
    async def test_a_grant_that_gets_a_token_stays(self, race: Race, chance: random.Random) -> None:
        for turn in range(TURNS):
            user = {"user_id": turn}
            ended = token(digest("t", turn), kind=TokenKind.OAUTH1_USER, revoked_at_ms=NOW, **user)
            await race.next.consents.add_grant(grant(2 * turn, kind=GrantKind.OAUTH1, **user), [ended])
            await race.next.consents.put_request_token(
                request_token(digest("q", turn), verifier_digest=b"v", expires_at_ms=10 * LATER, **user)
            )
            fresh = token(digest("n", turn), kind=TokenKind.OAUTH1_USER, **user)
            joined, *_ = await shuffled(
                chance,
                race.next.consents.redeem_request_token(
                    digest("q", turn), b"v", grant(2 * turn + 1, kind=GrantKind.OAUTH1, **user), fresh, NOW
                ),
                *(race.next.consents.sweep_logins(LATER, 100) for _ in range(3)),
            )
            assert await race.next.credentials.token(fresh.digest) == replace(fresh, grant_id=joined)
            assert await race.next.credentials.token(ended.digest) is None
            assert await race.found("SELECT id FROM access_grant WHERE user_id = $1", turn) == [(joined,)]

    async def test_several_who_sweep_share_the_work(self, race: Race, chance: random.Random) -> None:
        numbers = range(250)
        for n in numbers:
            await race.next.accounts.put_session(Session(digest("s", n), n % 7, NOW, NOW, NOW))
        await race.next.consents.add_grant(grant(), [token(digest(n), expires_at_ms=NOW) for n in numbers])
        for n in numbers:
            await race.next.credentials.put_token(
                token(digest("a", n), kind=TokenKind.APP_ONLY, user_id=None, expires_at_ms=NOW)
            )
        swept = await shuffled(chance, *(race.next.consents.sweep_logins(LATER, 1_000) for _ in range(4)))
        assert sum(swept) == 3 * 250 + 1
        assert await race.next.consents.grant(50) is None

    async def test_what_is_swept_is_revoked_and_replaced_meanwhile(self, race: Race, chance: random.Random) -> None:
        for turn in range(TURNS):
            user = {"user_id": turn}
            tokens = [token(digest(turn, n), expires_at_ms=NOW + n, **user) for n in range(6)]
            await race.next.consents.add_grant(grant(2 * turn, **user), tokens[:3])
            await race.next.consents.add_grant(grant(2 * turn + 1, **user), tokens[3:])
            await race.next.consents.put_code(code(digest("c", turn), **user))
            kept = replace(tokens[5], expires_at_ms=None, grant_id=None)
            await shuffled(
                chance,
                *(race.next.consents.sweep_logins(LATER, 100) for _ in range(2)),
                race.next.consents.revoke_grant(2 * turn, LATER),
                race.next.consents.revoke_connection(1, turn, LATER),
                race.next.credentials.revoke_token(tokens[4].digest, LATER),
                race.next.credentials.put_token(kept),
            )
            found = await race.found("SELECT digest FROM token WHERE user_id = $1", turn)
            assert found == [(kept.digest,)]

    async def test_nonces_are_new_to_one(self, race: Race, chance: random.Random) -> None:
        for turn in range(TURNS):
            await race.next.nonces.remember(digest("old", turn), NOW)
            *answers, _, _ = await shuffled(
                chance,
                *(race.next.nonces.remember(digest(turn), LATER) for _ in range(8)),
                *(race.next.nonces.sweep(NOW, 100) for _ in range(2)),
            )
            assert answers.count(True) == 1
        assert await race.found("SELECT COUNT(*) FROM nonce") == [(TURNS,)]


class TestApps:
    async def test_of_apps_that_want_one_key_one_gets_it(self, race: Race, chance: random.Random) -> None:
        async def put(id_: int, turn: int) -> bool:
            try:
                await race.next.credentials.put_app(app(id_, consumer_key=f"key of {turn}"))
            except Conflict:
                return False
            return True

        for turn in range(TURNS):
            answers = await shuffled(chance, *(put(10 * turn + n, turn) for n in range(6)))
            assert answers.count(True) == 1

    async def test_an_app_that_several_put_is_told_to_all_but_for_the_first_time(
        self, race: Race, chance: random.Random
    ) -> None:
        for turn in range(TURNS):
            await shuffled(chance, *(race.next.credentials.put_app(app(turn, name=str(n))) for n in range(5)))
        assert (await race.next.revisions())[Part.CREDENTIALS] == 4 * TURNS

    async def test_an_app_that_is_deleted_while_it_is_changed_does_not_come_back(
        self, race: Race, chance: random.Random
    ) -> None:
        for turn in range(TURNS):
            before = app(turn)
            await race.next.credentials.put_app(before)
            deleted, *changed = await shuffled(
                chance,
                race.next.accounts.delete_app(turn),
                *(race.next.credentials.change_app(replace(before, name=str(n)), before) for n in range(5)),
            )
            assert deleted
            assert changed.count(True) <= 1
            assert await race.next.credentials.app(turn) is None

    async def test_of_several_that_change_an_app_as_they_have_seen_it_one_does(
        self, race: Race, chance: random.Random
    ) -> None:
        for turn in range(TURNS):
            before = app(turn)
            await race.next.credentials.put_app(before)
            changes = [replace(before, consumer_key=f"{turn} {n}", project_id=n or None) for n in range(6)]
            answers = await shuffled(chance, *(race.next.credentials.change_app(change, before) for change in changes))
            [winner] = [change for change, answer in zip(changes, answers, strict=True) if answer]
            assert await race.next.credentials.app(turn) == winner
        assert (await race.next.revisions())[Part.CREDENTIALS] == TURNS

    async def test_a_change_of_an_app_brings_back_no_secret_that_was_resealed_meanwhile(
        self, race: Race, chance: random.Random
    ) -> None:
        for turn in range(TURNS):
            before = app(turn, consumer_secret_sealed=b"old")
            await race.next.credentials.put_app(before)
            changed, _ = await shuffled(
                chance,
                race.next.credentials.change_app(replace(before, name="New"), before),
                race.next.credentials.reseal(lambda _: b"new"),
            )
            name = "New" if changed else before.name
            assert await race.next.credentials.app(turn) == replace(before, name=name, consumer_secret_sealed=b"new")

    async def test_no_app_comes_into_a_project_that_is_being_deleted(self, race: Race, chance: random.Random) -> None:
        for turn in range(1, TURNS + 1):
            elsewhere = app(2 * turn, project_id=None, owner_id=SOURCE)
            await race.next.accounts.put_project(Project(turn, SOURCE, "P", "", NOW))
            await race.next.credentials.add_app(elsewhere)
            *came, deleted, renamed = await shuffled(
                chance,
                race.next.credentials.add_app(app(2 * turn + 1, project_id=turn, owner_id=SOURCE)),
                race.next.credentials.change_app(replace(elsewhere, project_id=turn), elsewhere),
                race.next.accounts.delete_project(turn),
                race.next.accounts.change_project(Project(turn, SOURCE, "Q", "", NOW)),
            )
            assert came == [not deleted] * 2
            assert renamed or deleted
            assert bool(await race.next.accounts.project(turn)) is not deleted

    async def test_a_project_with_an_app_stays(self, race: Race, chance: random.Random) -> None:
        for turn in range(TURNS):
            await race.next.accounts.put_project(Project(turn, SOURCE, "P", "", NOW))
            await race.next.credentials.put_app(app(turn, project_id=turn))
            moved, deleted = await shuffled(
                chance,
                race.next.credentials.put_app(app(turn, project_id=None)),
                race.next.accounts.delete_project(turn),
            )
            assert moved is None
            assert bool(await race.next.accounts.project(turn)) is not deleted

    async def test_a_secret_that_is_replaced_while_all_are_resealed_stays_replaced(
        self, race: Race, chance: random.Random
    ) -> None:
        numbers = range(20)
        for n in numbers:
            await race.next.credentials.put_app(app(n, consumer_secret_sealed=b"old"))
        for n in numbers:
            await race.next.credentials.put_token(token(digest(n), secret_sealed=b"old"))
        for turn in range(10):
            new = b"new %d" % turn
            await shuffled(
                chance,
                race.next.credentials.reseal(lambda sealed: sealed + b"!"),
                *(race.next.credentials.put_app(app(n, consumer_secret_sealed=new)) for n in numbers),
                *(race.next.credentials.put_token(token(digest(n), secret_sealed=new)) for n in numbers),
                *(race.next.credentials.revoke_token(digest(n), NOW) for n in numbers),
                race.next.consents.revoke_connection(1, SOURCE, NOW),
            )
            secrets = await race.found("SELECT consumer_secret_sealed FROM app UNION SELECT secret_sealed FROM token")
            assert {secret for (secret,) in secrets} <= {new, new + b"!"}

    async def test_usage_adds_up(self, race: Race, chance: random.Random) -> None:
        apps = list(range(12))
        for turn in range(TURNS):
            hours = [turn, turn + 1]
            await shuffled(
                chance,
                *(
                    race.next.accounts.add_usage(
                        [Usage(id_, hour, 1, 0) for id_ in chance.sample(apps, 12) for hour in hours]
                    )
                    for _ in range(6)
                ),
                race.next.accounts.sweep_usage(turn - 1),
                race.next.accounts.delete_app(99),
            )
        counted = await race.found("SELECT hour, SUM(requests) FROM app_usage GROUP BY hour ORDER BY hour")
        assert counted == [(TURNS - 2, 12 * 12), (TURNS - 1, 12 * 12), (TURNS, 6 * 12)]


def test_what_is_swept_later_has_ended_long_before() -> None:
    assert LATER - KEPT_AFTER_END_MS > NOW + 100
