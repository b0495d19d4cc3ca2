"""Secrets at rest: those that must be read again are sealed, those that are only compared are digested.

A sealed secret is one byte that names the key, a 96-bit nonce, then AES-256-GCM's ciphertext and tag
(NIST SP 800-38D). The key comes from the secret key by HKDF-SHA256 (RFC 5869), so that other uses can derive
others from the same one.
"""

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

from tacet.ids import Randomness, SystemRandomness

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from tacet.store.base import CredentialStore

MIN_KEY_BYTES = 32
"""As many bits as the AES key that is derived from it: fewer would be the easier thing to guess."""

MAX_KEY_LENGTH = 1_024
"""Characters of a secret key: a longer one is some other file."""

MIN_DISTINCT_BYTES = 16
"""Of 32 random bytes about 30 differ; fewer than this is a pattern typed by hand (chance: 3 in 10^17)."""

NONCE_BYTES = 12
"""The nonce that GCM is made for."""

TAG_BYTES = 16
"""GCM's full tag."""

KEY_ID = 1
"""Names the one key there is, so that a second can exist beside it one day."""

_PURPOSE = b"tacet: secrets at rest, 1"
_REMEDY = "`tacet secrets new` prints a good one"


class VaultError(Exception):
    """A secret key or a sealed secret that cannot be used; the message says why, without showing either."""


def new_secret_key(randomness: Randomness | None = None) -> str:
    """A secret key for `Vault`: base64url, unpadded, of 32 random bytes."""
    bits = (randomness or SystemRandomness()).bits(MIN_KEY_BYTES * 8)
    return base64.urlsafe_b64encode(bits.to_bytes(MIN_KEY_BYTES)).rstrip(b"=").decode()


def check_secret_key(secret_key: str) -> bytes:
    """The bytes of a secret key.

    Raises:
        VaultError: it is not base64url, too short, or a pattern.
    """
    text = secret_key.strip().rstrip("=")
    if not text:
        raise VaultError(f"the secret key is empty: {_REMEDY}")
    if len(text) > MAX_KEY_LENGTH:
        raise VaultError(f"the secret key is longer than {MAX_KEY_LENGTH} characters: {_REMEDY}")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise VaultError(f"the secret key is not base64url: {_REMEDY}") from None
    if len(key) < MIN_KEY_BYTES:
        raise VaultError(f"the secret key has {len(key)} bytes, fewer than {MIN_KEY_BYTES}: {_REMEDY}")
    if len(set(key)) < MIN_DISTINCT_BYTES:
        raise VaultError(f"the secret key repeats itself and could be guessed: {_REMEDY}")
    return key


class Vault:
    """Seals and opens secrets with one secret key.

    Args:
        secret_key: see `new_secret_key`.
        randomness: for nonces, each of which must be new; the operating system's unless told otherwise.

    Raises:
        VaultError: the secret key is unusable.
    """

    def __init__(self, secret_key: str, randomness: Randomness | None = None) -> None:
        self._key_material = check_secret_key(secret_key)
        self._randomness = randomness or SystemRandomness()
        self._made: AESGCM | None = None

    def seal(self, plain: str) -> bytes:
        """Encrypt a secret; the same one twice gives two results."""
        nonce = self._randomness.bits(NONCE_BYTES * 8).to_bytes(NONCE_BYTES)
        key_id = bytes([KEY_ID])
        return key_id + nonce + self._cipher().encrypt(nonce, plain.encode(), key_id)

    def open(self, sealed: bytes) -> str:
        """Decrypt what `seal` made.

        Raises:
            VaultError: it was sealed with another secret key, or is damaged.
        """
        if len(sealed) < 1 + NONCE_BYTES + TAG_BYTES or sealed[0] != KEY_ID:
            raise VaultError("this is no sealed secret of this version: restore it from a backup, or make a new one")
        cipher = self._cipher()
        from cryptography.exceptions import InvalidTag

        try:
            plain = cipher.decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], sealed[:1])
        except InvalidTag:
            raise VaultError(
                "a stored secret does not open with this secret key: start with the one it was sealed with"
            ) from None
        return plain.decode()

    @staticmethod
    def digest(text: str) -> bytes:
        """SHA-256 of a token's text. Tokens are random and long, so nothing slower or salted is needed."""
        return hashlib.sha256(text.encode()).digest()

    async def check_opens(self, credentials: "CredentialStore") -> None:
        """Open one of the secrets that are stored there: where one cannot be read, none can.

        Raises:
            VaultError: it was sealed with another secret key, or is damaged.
            StoreError: the database failed.
        """
        app = await credentials.any_app()
        if app is not None:
            self.open(app.consumer_secret_sealed)

    def _cipher(self) -> "AESGCM":
        # Imported at first use: it costs tens of milliseconds, and bearer tokens never need it.
        if self._made is None:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
            from cryptography.hazmat.primitives.hashes import SHA256
            from cryptography.hazmat.primitives.kdf.hkdf import HKDF

            derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(self._key_material)
            self._made = AESGCM(derived)
        return self._made
