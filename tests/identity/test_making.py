import re

import pytest

from tacet.clock import ManualClock
from tacet.identity.making import Draft, Maker
from tacet.identity.vault import Vault, new_secret_key
from tacet.ids import SeededRandomness, Snowflakes
from tacet.records.credentials import Access, UserAuthentication
from tests.identity.developers.workshop import DEVELOPER, NOW


@pytest.fixture
def maker() -> Maker:
    clock, randomness = ManualClock(NOW), SeededRandomness(7)
    return Maker(Vault(new_secret_key(SeededRandomness(1))), clock, randomness, Snowflakes(clock, randomness))


def test_keys_look_like_xs(maker: Maker) -> None:
    made = maker.app(Draft("X", None, authentication=UserAuthentication(confidential=True)))
    assert re.fullmatch(r"[A-Za-z0-9]{25}", made.app.consumer_key)
    assert re.fullmatch(r"[A-Za-z0-9]{50}", made.consumer_secret)
    assert re.fullmatch(r"[A-Za-z0-9]{50}", made.client_secret)
    assert re.fullmatch(r"[A-Za-z0-9_-]{34}", made.app.client_id)
    _, own = maker.own_token(made.app, DEVELOPER)
    assert re.fullmatch(rf"{DEVELOPER}-[A-Za-z0-9]{{40}}", own.text)
    assert re.fullmatch(r"[A-Za-z0-9]{45}", own.secret)
    assert re.fullmatch(r"A{22}[A-Za-z0-9]{80}", maker.bearer(made.app).text)


def test_a_draft_may_read_and_lets_nobody_sign_in(maker: Maker) -> None:
    made = maker.app(Draft("X", None))
    assert (made.app.access, made.app.authentication) == (Access.READ, UserAuthentication())
    assert (made.app.owner_id, made.app.description, made.client_secret) == (None, "", "")


def test_what_replaces_a_key_is_another_one(maker: Maker) -> None:
    app = maker.app(Draft("X", None)).app
    again = maker.consumer_key(app)
    assert again.app.consumer_key != app.consumer_key
    assert maker.vault.open(again.app.consumer_secret_sealed) == again.consumer_secret
    first, second = maker.client_secret(app), maker.client_secret(app)
    assert first.client_secret != second.client_secret
    assert second.app.client_secret_digest == Vault.digest(second.client_secret)
    assert maker.bearer(app).text != maker.bearer(app).text
