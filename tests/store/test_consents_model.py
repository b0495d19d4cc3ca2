"""Random sequences of logins, compared with a model that does the same by the documentation.

Whatever happens, exactly those tokens work that should, a sweep changes nothing that anybody could notice, and what
people are shown of it is so.
"""

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tacet.records.consents import Connection, Grant, GrantKind
from tacet.records.credentials import Token, TokenKind
from tacet.store.base import Store
from tacet.store.consents import KEPT_AFTER_END_MS
from tests.store.building import MONTH_MS, NOW, code, grant, put_apps, refresh_token, request_token, token
from tests.store.conftest import Fresh

CODE_MS = 30_000
ACCESS_MS = 7_200_000
VERIFIER = b"v" * 32

APPS = st.integers(1, 2)
PEOPLE = st.integers(7, 8)
PICKS = st.integers(0, 30)
"""Which of those that there are, counted round and round."""


@dataclass
class Model:
    """What should be stored; what was swept is still here."""

    now_ms: int = NOW
    made: int = 0
    apps: set[int] = field(default_factory=set)
    codes: dict[bytes, int] = field(default_factory=dict)
    """The ends of those that are not spent."""
    of_codes: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    grants: dict[int, Grant] = field(default_factory=dict)
    tokens: dict[bytes, Token] = field(default_factory=dict)

    def digest(self) -> bytes:
        """Another one each time, in no order."""
        self.made += 1
        return (self.made * 7_919 % 65_537).to_bytes(2) * 16

    def pair_of_tokens(self, grant_id: int | None, app_id: int, user_id: int) -> list[Token]:
        shared = {"app_id": app_id, "user_id": user_id, "grant_id": grant_id, "created_at_ms": self.now_ms}
        access = token(self.digest(), expires_at_ms=self.now_ms + ACCESS_MS, **shared)
        return [access, refresh_token(self.digest(), **shared | {"expires_at_ms": self.now_ms + MONTH_MS})]

    def works(self, each: Token) -> bool:
        return each.revoked_at_ms is None and (each.expires_at_ms is None or each.expires_at_ms > self.now_ms)

    def working(self) -> set[bytes]:
        return {digest for digest, each in self.tokens.items() if self.works(each)}

    def keep(self, *tokens: Token) -> None:
        self.tokens.update({each.digest: each for each in tokens})

    def revoke(self, app_id: int, user_id: int) -> int:
        """Everything of a pair; return how much of it worked."""
        grants = [each for each in self.grants.values() if (each.app_id, each.user_id) == (app_id, user_id)]
        tokens = [each for each in self.tokens.values() if (each.app_id, each.user_id) == (app_id, user_id)]
        worked = sum(each.revoked_at_ms is None for each in grants) + sum(self.works(each) for each in tokens)
        self.grants.update({each.id: replace(each, revoked_at_ms=self.now_ms) for each in grants})
        self.keep(*(replace(each, revoked_at_ms=each.revoked_at_ms or self.now_ms) for each in tokens))
        return worked

    def connections(self, user_id: int) -> list[Connection]:
        used = {each.grant_id for each in self.tokens.values() if self.works(each)}
        held = [each for each in self.grants.values() if each.user_id == user_id and each.id in used]
        found = []
        for app_id in {each.app_id for each in held}:
            those = [each for each in held if each.app_id == app_id]
            scopes = sorted({scope for each in those for scope in each.scopes.split()})
            oauth1 = any(each.kind is GrantKind.OAUTH1 for each in those)
            found.append(Connection(app_id, user_id, tuple(scopes), oauth1, min(each.created_at_ms for each in those)))
        return sorted(found, key=lambda each: (-each.since_ms, -each.app_id))


@dataclass(frozen=True)
class Agree:
    app_id: int
    user_id: int

    async def apply(self, store: Store, model: Model) -> None:
        digest, end_ms = model.digest(), model.now_ms + CODE_MS
        agreed = code(digest, app_id=self.app_id, user_id=self.user_id, expires_at_ms=end_ms)
        known = self.app_id in model.apps
        assert await store.consents.put_code(agreed) is known
        model.of_codes[digest] = (self.app_id, self.user_id)
        if known:
            model.codes[digest] = end_ms


@dataclass(frozen=True)
class Redeem:
    pick: int

    async def apply(self, store: Store, model: Model) -> None:
        if not model.of_codes:
            return
        digest = list(model.of_codes)[self.pick % len(model.of_codes)]
        app_id, user_id = model.of_codes[digest]
        scopes = f"users.read scope{self.pick}"
        made = grant(len(model.grants) + 1, app_id=app_id, user_id=user_id, scopes=scopes, created_at_ms=model.now_ms)
        tokens = model.pair_of_tokens(made.id, app_id, user_id)
        good = model.codes.get(digest, 0) > model.now_ms
        assert await store.consents.redeem_code(digest, made, tokens, model.now_ms) is good
        if good:
            del model.codes[digest]
            model.grants[made.id] = made
            model.keep(*tokens)


@dataclass(frozen=True)
class Rotate:
    pick: int

    async def apply(self, store: Store, model: Model) -> None:
        if not model.tokens:
            return
        used = list(model.tokens.values())[self.pick % len(model.tokens)]
        tokens = model.pair_of_tokens(used.grant_id, used.app_id, used.user_id or 0)
        good = used.kind is TokenKind.REFRESH and model.works(used)
        assert await store.consents.rotate(used.digest, tokens, model.now_ms) is good
        if good:
            model.keep(replace(used, revoked_at_ms=model.now_ms), *tokens)


@dataclass(frozen=True)
class SignIn:
    """The whole road of OAuth 1.0a."""

    app_id: int
    user_id: int

    async def apply(self, store: Store, model: Model) -> None:
        asked = request_token(model.digest(), app_id=self.app_id, expires_at_ms=model.now_ms + 1)
        shared = {"app_id": self.app_id, "user_id": self.user_id, "created_at_ms": model.now_ms}
        made = grant(len(model.grants) + 1, kind=GrantKind.OAUTH1, scopes="", **shared)
        given = token(model.digest(), kind=TokenKind.OAUTH1_USER, **shared)
        known = self.app_id in model.apps
        assert await store.consents.put_request_token(asked) is known
        if not known:
            return
        assert await store.consents.approve_request_token(asked.digest, self.user_id, VERIFIER, model.now_ms)
        joined = await store.consents.redeem_request_token(asked.digest, VERIFIER, made, given, model.now_ms)
        assert joined is not None
        if joined == made.id:
            model.grants[made.id] = made
        kept = model.grants[joined]
        assert (kept.kind, kept.app_id, kept.user_id) == (GrantKind.OAUTH1, self.app_id, self.user_id)
        assert kept.revoked_at_ms is None
        model.keep(replace(given, grant_id=joined))


@dataclass(frozen=True)
class RevokeToken:
    pick: int

    async def apply(self, store: Store, model: Model) -> None:
        if model.tokens:
            found = list(model.tokens.values())[self.pick % len(model.tokens)]
            assert await store.credentials.revoke_token(found.digest, model.now_ms) is model.works(found)
            model.keep(replace(found, revoked_at_ms=found.revoked_at_ms or model.now_ms))


@dataclass(frozen=True)
class RevokeGrant:
    pick: int

    async def apply(self, store: Store, model: Model) -> None:
        if not model.grants:
            return
        id_ = list(model.grants)[self.pick % len(model.grants)]
        tokens = [each for each in model.tokens.values() if each.grant_id == id_]
        held = await store.consents.revoke_grant(id_, model.now_ms)
        if model.grants[id_].revoked_at_ms is not None:
            assert not held
        if any(model.works(each) for each in tokens):
            assert held
        model.grants[id_] = replace(model.grants[id_], revoked_at_ms=model.now_ms)
        model.keep(*(replace(each, revoked_at_ms=each.revoked_at_ms or model.now_ms) for each in tokens))


@dataclass(frozen=True)
class RevokeConnection:
    app_id: int
    user_id: int

    async def apply(self, store: Store, model: Model) -> None:
        # A grant without tokens may have been swept, so only a lower bound is known of how many held.
        working = sum(
            model.works(each)
            for each in model.tokens.values()
            if (each.app_id, each.user_id) == (self.app_id, self.user_id)
        )
        most = model.revoke(self.app_id, self.user_id)
        assert working <= await store.consents.revoke_connection(self.app_id, self.user_id, model.now_ms) <= most
        model.codes = {
            digest: end_ms
            for digest, end_ms in model.codes.items()
            if model.of_codes[digest] != (self.app_id, self.user_id)
        }


@dataclass(frozen=True)
class MakeApp:
    app_id: int

    async def apply(self, store: Store, model: Model) -> None:
        await put_apps(store, self.app_id)
        model.apps.add(self.app_id)


@dataclass(frozen=True)
class Delete:
    app_id: int

    async def apply(self, store: Store, model: Model) -> None:
        assert await store.accounts.delete_app(self.app_id) is (self.app_id in model.apps)
        model.apps.discard(self.app_id)
        for user_id in (7, 8):
            model.revoke(self.app_id, user_id)
        model.codes = {d: end_ms for d, end_ms in model.codes.items() if model.of_codes[d][0] != self.app_id}


@dataclass(frozen=True)
class Wait:
    ms: int

    async def apply(self, store: Store, model: Model) -> None:
        model.now_ms += self.ms


@dataclass(frozen=True)
class Sweep:
    limit: int

    async def apply(self, store: Store, model: Model) -> None:
        await store.consents.sweep_logins(model.now_ms, self.limit)
        for each in model.tokens.values():
            replayable = each.kind is TokenKind.REFRESH and (each.expires_at_ms or 0) > model.now_ms
            family = model.grants[each.grant_id or 0]
            if replayable and family.revoked_at_ms is None:
                assert await store.credentials.token(each.digest) == each


Step = Agree | Redeem | Rotate | SignIn | RevokeToken | RevokeGrant | RevokeConnection | MakeApp | Delete | Wait | Sweep

WAITS = st.sampled_from([1, CODE_MS - 1, CODE_MS, ACCESS_MS, KEPT_AFTER_END_MS, MONTH_MS])
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.builds(Agree, APPS, PEOPLE),
    st.builds(Redeem, PICKS),
    st.builds(Rotate, PICKS),
    st.builds(SignIn, APPS, PEOPLE),
    st.builds(RevokeToken, PICKS),
    st.builds(RevokeGrant, PICKS),
    st.builds(RevokeConnection, APPS, PEOPLE),
    st.builds(MakeApp, APPS),
    st.builds(Delete, APPS),
    st.builds(Wait, WAITS),
    st.builds(Sweep, st.integers(1, 5)),
)


async def compare(store: Store, model: Model) -> None:
    found = [await store.credentials.token(digest) for digest in model.tokens]
    assert {each.digest for each in found if each is not None and model.works(each)} == model.working()
    for user_id in (7, 8):
        assert await store.consents.connections_of_user(user_id, 10, model.now_ms) == model.connections(user_id)


@given(steps=st.lists(STEPS, max_size=30))
@settings(max_examples=60, deadline=None)
async def test_exactly_those_tokens_work_that_should(fresh: Fresh, steps: list[Step]) -> None:
    async with fresh() as store:
        model = Model()
        for step in [MakeApp(1), Agree(1, 7), Redeem(0), *steps]:
            await step.apply(store, model)
            await compare(store, model)
