import base64
import hashlib
import subprocess
import sys

import pytest

from tacet.identity.vault import (
    KEY_ID,
    MAX_KEY_LENGTH,
    MIN_KEY_BYTES,
    NONCE_BYTES,
    TAG_BYTES,
    Vault,
    VaultError,
    check_secret_key,
    new_secret_key,
)
from tacet.ids import SeededRandomness

KEY = new_secret_key(SeededRandomness(1))
OTHER_KEY = new_secret_key(SeededRandomness(2))


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


def test_a_sealed_secret_is_key_id_nonce_ciphertext_and_tag() -> None:
    sealed = Vault(KEY).seal("secret")
    assert sealed[0] == KEY_ID
    assert len(sealed) == 1 + NONCE_BYTES + len("secret") + TAG_BYTES
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


@pytest.mark.parametrize("place", [0, 1, NONCE_BYTES, NONCE_BYTES + 1, -1])
def test_a_sealed_secret_with_one_bit_changed_does_not_open(place: int) -> None:
    sealed = bytearray(Vault(KEY).seal("secret"))
    sealed[place] ^= 1
    with pytest.raises(VaultError):
        Vault(KEY).open(bytes(sealed))


@pytest.mark.parametrize("length", [0, 1, NONCE_BYTES, NONCE_BYTES + TAG_BYTES])
def test_a_sealed_secret_cut_short_does_not_open(length: int) -> None:
    with pytest.raises(VaultError, match="no sealed secret of this version"):
        Vault(KEY).open(Vault(KEY).seal("secret")[:length])


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
