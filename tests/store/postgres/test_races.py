"""Logins under the hands of two servers at once."""

import random

import pytest

from tacet.records.consents import GrantKind
from tacet.records.credentials import TokenKind
from tacet.store.base import Part
from tacet.store.consents import MAX_OAUTH1_TOKENS
from tests.store.building import MONTH_MS, NOW, SOURCE, app, code, grant, refresh_token, request_token, token
from tests.store.postgres.racing import TURNS, Race, digest, shuffled

WORKING = "SELECT digest FROM token WHERE revoked_at_ms IS NULL"


@pytest.mark.usefixtures("apps")
class TestLogins:
    async def test_a_code_is_exchanged_once(self, race: Race, chance: random.Random) -> None:
        for turn in range(TURNS):
            spent = code(digest("code", turn), user_id=turn)
            await race.next.consents.put_code(spent)
            grants = [grant(10 * turn + n, user_id=turn) for n in range(8)]
            answers = await shuffled(
                chance,
                *(
                    race.next.consents.redeem_code(
                        spent.digest, each, [token(digest(each.id)), refresh_token(digest("r", each.id))], NOW
                    )
                    for each in grants
                ),
            )
            [winner] = [each for each, answer in zip(grants, answers, strict=True) if answer]
            assert await race.found("SELECT id FROM access_grant WHERE user_id = $1", turn) == [(winner.id,)]
            assert await race.found("SELECT DISTINCT grant_id FROM token WHERE grant_id / 10 = $1", turn) == [
                (winner.id,)
            ]

    async def test_a_code_is_exchanged_or_spent_in_vain(self, race: Race, chance: random.Random) -> None:
        for turn in range(TURNS):
            spent = code(digest(turn))
            await race.next.consents.put_code(spent)
            answers = await shuffled(
                chance,
                race.next.consents.redeem_code(spent.digest, grant(turn), [token(digest("t", turn))], NOW),
                race.next.consents.spend_code(spent.digest, NOW),
            )
            assert sorted(answers) == [False, True]
            assert bool(await race.next.consents.grant(turn)) is answers[0]

    async def test_a_refresh_token_is_used_once(self, race: Race, chance: random.Random) -> None:
        for turn in range(TURNS):
            used = refresh_token(digest("r", turn))
            await race.next.consents.add_grant(grant(turn), [used])
            next_ones = [(refresh_token(digest(turn, n)), token(digest("t", turn, n))) for n in range(8)]
            answers = await shuffled(chance, *(race.next.consents.rotate(used.digest, each, NOW) for each in next_ones))
            [winner] = [each for each, answer in zip(next_ones, answers, strict=True) if answer]
            working = await race.found(f"{WORKING} AND grant_id = $1", turn)
            assert {each for (each,) in working} == {each.digest for each in winner}

    async def test_a_request_token_is_exchanged_once_and_logins_share_a_grant(
        self, race: Race, chance: random.Random
    ) -> None:
        for turn in range(TURNS):
            approved = [request_token(digest(turn, n), user_id=turn, verifier_digest=b"v") for n in range(3)]
            for each in approved:
                await race.next.consents.put_request_token(each)
            numbers = range(9)
            answers = await shuffled(
                chance,
                *(
                    race.next.consents.redeem_request_token(
                        approved[n % 3].digest,
                        b"v",
                        grant(10 * turn + n, user_id=turn, kind=GrantKind.OAUTH1),
                        token(digest("t", turn, n), user_id=turn, kind=TokenKind.OAUTH1_USER),
                        NOW,
                    )
                    for n in numbers
                ),
            )
            assert [sum(answers[n] is not None for n in numbers if n % 3 == k) for k in range(3)] == [1, 1, 1]
            [shared] = {answer for answer in answers if answer is not None}
            assert await race.found("SELECT id FROM access_grant WHERE user_id = $1", turn) == [(shared,)]
            assert await race.found("SELECT COUNT(*) FROM token WHERE grant_id = $1", shared) == [(3,)]

    async def test_of_many_logins_with_one_grant_no_more_tokens_stay_than_may(
        self, race: Race, chance: random.Random
    ) -> None:
        numbers = range(MAX_OAUTH1_TOKENS + 20)
        for n in numbers:
            await race.next.consents.put_request_token(request_token(digest(n), user_id=SOURCE, verifier_digest=b"v"))
        joined = await shuffled(
            chance,
            *(
                race.next.consents.redeem_request_token(
                    digest(n),
                    b"v",
                    grant(n, kind=GrantKind.OAUTH1),
                    token(digest("t", n), kind=TokenKind.OAUTH1_USER),
                    NOW,
                )
                for n in numbers
            ),
        )
        assert len(set(joined)) == 1
        assert len(await race.found(WORKING)) == MAX_OAUTH1_TOKENS

    async def test_one_person_approves_a_request_token(self, race: Race, chance: random.Random) -> None:
        for turn in range(TURNS):
            await race.next.consents.put_request_token(request_token(digest(turn)))
            answers = await shuffled(
                chance,
                *(
                    race.next.consents.approve_request_token(digest(turn), user_id, bytes([user_id]), NOW)
                    for user_id in range(6)
                ),
            )
            found = await race.next.consents.request_token(digest(turn))
            assert found is not None
            assert [n for n, answer in enumerate(answers) if answer] == [found.user_id]
            assert found.verifier_digest == bytes([found.user_id or 0])

    async def test_wrong_verifiers_are_all_counted(self, race: Race, chance: random.Random) -> None:
        await race.next.consents.put_request_token(request_token())
        counts = await shuffled(
            chance, *(race.next.consents.count_wrong_verifier(request_token().digest) for _ in range(60))
        )
        assert sorted(counts) == list(range(1, 61))


@pytest.mark.usefixtures("apps")
class TestRevoking:
    async def test_nothing_of_a_revoked_grant_works_whatever_is_rotated_meanwhile(
        self, race: Race, chance: random.Random
    ) -> None:
        for turn in range(TURNS):
            digests = [digest(turn, n) for n in range(6)]
            await race.next.consents.add_grant(grant(turn), [refresh_token(digests[0])])
            steps = [
                race.next.consents.rotate(digests[n], [refresh_token(digests[n + 1]), token(digest("t", turn, n))], NOW)
                for n in range(5)
            ]
            revoked, *_ = await shuffled(chance, race.next.consents.revoke_grant(turn, NOW), *steps)
            assert revoked
            assert await race.found(f"{WORKING} AND grant_id = $1", turn) == []

    async def test_a_grant_is_revoked_once_and_everybody_is_told_once(self, race: Race, chance: random.Random) -> None:
        for turn in range(TURNS):
            await race.next.consents.add_grant(grant(turn), [token(digest(turn))])
            answers = await shuffled(chance, *(race.next.consents.revoke_grant(turn, NOW) for _ in range(6)))
            assert answers.count(True) == 1
        assert (await race.next.revisions())[Part.CREDENTIALS] == TURNS

    async def test_what_a_connection_had_ends_with_it(self, race: Race, chance: random.Random) -> None:
        for turn in range(TURNS):
            user = {"user_id": turn}
            before = grant(10 * turn, **user)
            spent = code(digest("c", turn), **user)
            approved = request_token(digest("q", turn), verifier_digest=b"v", **user)
            await race.next.consents.add_grant(before, [refresh_token(digest("r", turn), **user)])
            await race.next.consents.put_code(spent)
            await race.next.consents.put_request_token(approved)
            joined = grant(10 * turn + 2, kind=GrantKind.OAUTH1, **user)
            await shuffled(
                chance,
                race.next.consents.revoke_connection(1, turn, NOW),
                race.next.consents.rotate(digest("r", turn), [token(digest("a", turn), **user)], NOW),
                race.next.consents.redeem_code(
                    spent.digest, grant(10 * turn + 1, **user), [token(digest("b", turn), **user)], NOW
                ),
                race.next.consents.redeem_request_token(
                    approved.digest, b"v", joined, token(digest("d", turn), **user), NOW
                ),
                race.next.credentials.put_token(token(digest("e", turn), **user)),
            )
            # All of these were allowed before it was revoked, and none can have been begun after.
            assert await race.found(f"{WORKING} AND user_id = $1 AND grant_id IS NOT NULL", turn) == []
            assert (
                await race.found("SELECT 1 FROM access_grant WHERE user_id = $1 AND revoked_at_ms IS NULL", turn) == []
            )
            assert await race.found("SELECT 1 FROM authorization_code WHERE user_id = $1", turn) == []
            assert await race.found("SELECT 1 FROM request_token WHERE user_id = $1", turn) == []

    async def test_revocations_of_many_connections_do_not_wait_for_each_other(
        self, race: Race, chance: random.Random
    ) -> None:
        for user_id in range(40):
            user = {"user_id": user_id}
            await race.next.consents.add_grant(
                grant(user_id, **user), [token(digest(user_id, n), **user) for n in range(5)]
            )
        await shuffled(
            chance,
            *(race.next.consents.revoke_connection(1, user_id, NOW) for user_id in range(40)),
            *(race.next.credentials.revoke_token(digest(user_id, 3), NOW) for user_id in range(40)),
            *(race.next.consents.revoke_grant(user_id, NOW) for user_id in range(40)),
        )
        assert await race.found(WORKING) == []

    async def test_deleting_an_app_leaves_nothing_of_its_logins(self, race: Race, chance: random.Random) -> None:
        for turn in range(1, TURNS + 1):
            of = {"app_id": turn}
            await race.next.credentials.put_app(app(turn))
            await race.next.consents.put_code(code(digest("c", turn), **of))
            await race.next.consents.add_grant(grant(10 * turn, **of), [refresh_token(digest("r", turn), **of)])
            await race.next.consents.put_request_token(
                request_token(digest("q", turn), user_id=SOURCE, verifier_digest=b"v", **of)
            )
            joined = grant(10 * turn + 2, kind=GrantKind.OAUTH1, **of)
            deleted, *_ = await shuffled(
                chance,
                race.next.accounts.delete_app(turn),
                race.next.consents.rotate(
                    digest("r", turn), [token(digest("a", turn), **of), refresh_token(digest("s", turn), **of)], NOW
                ),
                race.next.consents.rotate(digest("s", turn), [token(digest("f", turn), **of)], NOW),
                race.next.consents.redeem_code(
                    digest("c", turn), grant(10 * turn + 1, **of), [token(digest("b", turn), **of)], NOW
                ),
                race.next.consents.redeem_request_token(
                    digest("q", turn), b"v", joined, token(digest("d", turn), **of), NOW
                ),
                race.next.consents.put_code(code(digest("d", turn), **of)),
                race.next.consents.put_request_token(request_token(digest("e", turn), **of)),
                race.next.consents.add_grant(grant(10 * turn + 3, **of), [token(digest("g", turn), **of)]),
                race.next.credentials.put_token(token(digest("h", turn), user_id=None, **of)),
                race.next.consents.revoke_connection(turn, SOURCE, NOW),
                race.next.consents.sweep_logins(NOW + 10 * MONTH_MS, 100),
            )
            assert deleted
            for table in ("token", "access_grant", "authorization_code", "request_token"):
                assert await race.found(f"SELECT 1 FROM {table} WHERE app_id = $1", turn) == []
