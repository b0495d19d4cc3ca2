import base64
import hashlib
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from tacet.identity.vault import (
    FORM,
    MAX_KEY_LENGTH,
    MIN_KEY_BYTES,
    NAME_BYTES,
    NONCE_BYTES,
    TAG_BYTES,
    Vault,
    VaultError,
    check_secret_key,
    new_secret_key,
)
from tacet.ids import SeededRandomness
from tacet.records.credentials import Access
from tacet.store.base import Store
from tacet.store.opening import MEMORY, open_store
from tests.cast import CONSUMER_SECRET, app

KEY = new_secret_key(SeededRandomness(1))
OTHER_KEY = new_secret_key(SeededRandomness(2))
THIRD_KEY = new_secret_key(SeededRandomness(3))

HEADER_BYTES = len(FORM) + NAME_BYTES

UNNAMED = bytes.fromhex("01000102030405060708090a0bb6bdde2dbaa337859406df17cf245f13bc6a6bae7015")
"""`secret`, sealed with `KEY` and the nonce 0 to 11 when sealed secrets named no key."""


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()


@pytest.mark.parametrize(
    "plain",
    ["secret", "", "héllo \U0001f680", "x" * 10_000],
    ids=["ascii", "empty", "unicode", "long"],
)
def test_what_was_sealed_opens_again(plain: str) -> None:
    assert Vault(KEY).open(Vault(KEY).seal(plain)) == plain


def test_sealing_the_same_secret_twice_gives_two_results() -> None:
    vault = Vault(KEY)
    assert vault.seal("secret") != vault.seal("secret")


def test_a_sealed_secret_is_form_key_name_nonce_ciphertext_and_tag() -> None:
    sealed = Vault(KEY).seal("secret")
    assert sealed.startswith(FORM)
    assert len(sealed) == HEADER_BYTES + NONCE_BYTES + len("secret") + TAG_BYTES
    assert b"secret" not in sealed


def test_nonces_come_from_the_given_randomness() -> None:
    first, second = (Vault(KEY, SeededRandomness(3)).seal("secret") for _ in range(2))
    assert first == second


def test_another_key_opens_nothing_and_the_error_says_which_to_use() -> None:
    sealed = Vault(KEY).seal("secret")
    with pytest.raises(VaultError, match="start with the one it was sealed with") as raised:
        Vault(OTHER_KEY).open(sealed)
    assert KEY not in str(raised.value)
    assert OTHER_KEY not in str(raised.value)


PLACES = {
    "form": (0, "no sealed secret of this version"),
    "key's name": (1, "does not open with this secret key"),
    "nonce": (HEADER_BYTES, "damaged"),
    "ciphertext": (HEADER_BYTES + NONCE_BYTES, "damaged"),
    "tag": (-1, "damaged"),
}


@pytest.mark.parametrize(("place", "reason"), PLACES.values(), ids=PLACES)
def test_a_sealed_secret_with_one_bit_changed_does_not_open(place: int, reason: str) -> None:
    sealed = bytearray(Vault(KEY).seal("secret"))
    sealed[place] ^= 4
    with pytest.raises(VaultError, match=reason):
        Vault(KEY).open(bytes(sealed))


@pytest.mark.parametrize("length", [0, 1, NONCE_BYTES, HEADER_BYTES + NONCE_BYTES + TAG_BYTES - 1])
@pytest.mark.parametrize("sealed", [Vault(KEY).seal(""), UNNAMED], ids=["named", "unnamed"])
def test_a_sealed_secret_cut_short_does_not_open(sealed: bytes, length: int) -> None:
    short = min(length, NONCE_BYTES + TAG_BYTES) if sealed is UNNAMED else length
    with pytest.raises(VaultError, match="no sealed secret of this version"):
        Vault(KEY).open(sealed[:short])


def test_digest_is_sha_256_of_the_text() -> None:
    assert Vault.digest("tökén") == hashlib.sha256("tökén".encode()).digest()


def test_new_keys_are_long_enough_and_all_different() -> None:
    keys = {new_secret_key() for _ in range(100)}
    assert len(keys) == 100
    assert {len(check_secret_key(key)) for key in keys} == {MIN_KEY_BYTES}


GOOD_KEYS = {
    "as printed": KEY,
    "padded": KEY + "=",
    "with a line break": KEY + "\n",
    "longer": base64url(bytes(range(48))),
}


@pytest.mark.parametrize("key", GOOD_KEYS.values(), ids=GOOD_KEYS)
def test_good_keys_are_taken(key: str) -> None:
    assert Vault(key).open(Vault(key).seal("secret")) == "secret"


def test_padding_and_line_breaks_make_no_other_key() -> None:
    assert Vault(KEY + "=\n").open(Vault(KEY).seal("secret")) == "secret"


BAD_KEYS = {
    "empty": ("", "empty"),
    "a password": ("correct horse battery staple", "not base64url"),
    "not ASCII": ("é" * 43, "not base64url"),
    "one character too many": ("A" * 45, "not base64url"),
    "one byte short": (base64url(bytes(range(MIN_KEY_BYTES - 1))), "31 bytes, fewer than 32"),
    "one byte over and over": (base64url(b"x" * 32), "could be guessed"),
    "a pattern": (base64url(b"0123456789abcde" * 3), "could be guessed"),
    "a whole file": ("A" * (MAX_KEY_LENGTH + 4), "longer than"),
}


@pytest.mark.parametrize(("key", "reason"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_bad_keys_are_refused_with_a_reason_and_a_remedy(key: str, reason: str) -> None:
    with pytest.raises(VaultError, match=reason) as raised:
        Vault(key)
    assert "tacet secrets new" in str(raised.value)
    assert not key or key not in str(raised.value)


def test_a_vault_that_seals_nothing_does_not_load_the_cipher() -> None:
    code = (
        "import sys; from tacet.identity.vault import Vault; "
        f"Vault({KEY!r}); Vault.digest('x'); print('cryptography' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


class TestTwoKeys:
    @pytest.fixture
    def vault(self) -> Vault:
        return Vault(OTHER_KEY, old_secret_key=KEY)

    def test_what_either_key_sealed_opens(self, vault: Vault) -> None:
        assert [vault.open(Vault(key).seal("secret")) for key in (KEY, OTHER_KEY)] == ["secret", "secret"]

    def test_the_current_key_seals(self, vault: Vault) -> None:
        assert Vault(OTHER_KEY).open(vault.seal("secret")) == "secret"
        with pytest.raises(VaultError):
            Vault(KEY).open(vault.seal("secret"))

    def test_a_third_keys_secret_does_not_open(self, vault: Vault) -> None:
        with pytest.raises(VaultError, match="start with the one it was sealed with, or give that one as the old"):
            vault.open(Vault(THIRD_KEY).seal("secret"))

    def test_damage_is_told_from_another_key(self, vault: Vault) -> None:
        sealed = Vault(KEY).seal("secret")
        with pytest.raises(VaultError, match="damaged"):
            vault.open(sealed[:-1] + bytes([sealed[-1] ^ 1]))

    def test_sealing_anew_makes_the_current_keys_of_the_old_ones(self, vault: Vault) -> None:
        renewed = vault.reseal(Vault(KEY).seal("secret"))
        assert vault.is_current(renewed)
        assert Vault(OTHER_KEY).open(renewed) == "secret"

    def test_sealing_anew_leaves_the_current_keys_as_they_are(self, vault: Vault) -> None:
        sealed = Vault(OTHER_KEY).seal("secret")
        assert vault.reseal(sealed) == sealed

    def test_sealing_anew_opens_also_what_it_leaves_as_it_is(self, vault: Vault) -> None:
        sealed = Vault(OTHER_KEY).seal("secret")
        with pytest.raises(VaultError, match="damaged"):
            vault.reseal(sealed[:-1] + bytes([sealed[-1] ^ 1]))

    @pytest.mark.parametrize("key", [KEY, KEY + "=", KEY + "\n"], ids=["as it is", "padded", "with a line break"])
    def test_the_same_key_twice_is_refused(self, key: str) -> None:
        with pytest.raises(VaultError, match="the old secret key is the current one") as raised:
            Vault(KEY, old_secret_key=key)
        assert KEY not in str(raised.value)

    def test_a_bad_old_key_is_refused(self) -> None:
        with pytest.raises(VaultError, match="fewer than 32"):
            Vault(KEY, old_secret_key=base64url(bytes(range(MIN_KEY_BYTES - 1))))


class TestUnnamedKeys:
    def test_what_was_sealed_before_keys_had_names_opens(self) -> None:
        assert Vault(KEY).open(UNNAMED) == "secret"

    def test_it_opens_with_the_old_key_too(self) -> None:
        assert Vault(OTHER_KEY, old_secret_key=KEY).open(UNNAMED) == "secret"

    def test_it_does_not_open_with_others(self) -> None:
        with pytest.raises(VaultError, match="does not open with this secret key"):
            Vault(OTHER_KEY, old_secret_key=THIRD_KEY).open(UNNAMED)

    def test_sealing_anew_gives_it_a_name(self) -> None:
        renewed = Vault(KEY).reseal(UNNAMED)
        assert Vault(KEY).is_current(renewed)
        assert Vault(KEY).open(renewed) == "secret"


class TestStart:
    @pytest.fixture
    async def store(self) -> AsyncIterator[Store]:
        store = open_store(MEMORY, queue_length=10)
        await store.open()
        yield store
        await store.close()

    async def test_an_empty_database_fits_every_key(self, store: Store) -> None:
        await Vault(KEY).check_opens(store.credentials)

    async def test_a_database_of_another_key_does_not(self, store: Store) -> None:
        await store.credentials.put_app(app(Vault(KEY), 1, Access.READ, 1))
        with pytest.raises(VaultError, match="does not open with this secret key"):
            await Vault(OTHER_KEY).check_opens(store.credentials)

    async def test_a_database_of_the_old_key_is_noticed(self, store: Store, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("INFO")
        await store.credentials.put_app(app(Vault(KEY), 1, Access.READ, 1))
        await Vault(OTHER_KEY, old_secret_key=KEY).check_opens(store.credentials)
        assert [record.message for record in caplog.records if "tacet secrets rotate" in record.message]
        assert CONSUMER_SECRET not in caplog.text

    async def test_a_database_of_the_current_key_is_no_news(
        self, store: Store, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        await store.credentials.put_app(app(Vault(KEY), 1, Access.READ, 1))
        await Vault(KEY, old_secret_key=OTHER_KEY).check_opens(store.credentials)
        assert caplog.records == []
