"""Secrets at rest: those that must be read again are sealed, those that are only compared are digested.

A sealed secret is one byte for its form, the name of the key, a 96-bit nonce, then AES-256-GCM's ciphertext and tag
(NIST SP 800-38D), which covers form and name as well. Name and key come from the secret key by HKDF-SHA256 (RFC 5869),
so that other uses can derive others from the same one. Secrets of the first form name no key.
"""

import base64
import binascii
import hashlib
import hmac
import logging
from functools import cached_property
from typing import TYPE_CHECKING

from tacet.ids import Randomness, SystemRandomness

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from tacet.store.credentials import CredentialStore

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

CIPHER_KEY_BYTES = 32
"""Of an AES-256 key."""

NAME_BYTES = 4
"""Of a key's name: of two keys, one in 4 billion pairs share theirs, and then both are tried."""

FORM = b"\x02"
"""How sealed secrets begin."""

UNNAMED_FORM = b"\x01"
"""How those begin that were sealed when there was one key only and no name."""

_PURPOSE = b"tacet: secrets at rest, 1"
_NAME_PURPOSE = b"tacet: name of a key, 1"
_REMEDY = "`tacet secrets new` prints a good one"

_log = logging.getLogger(__name__)


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
    """Seals secrets with one key, and opens what it or the key before it sealed.

    Args:
        secret_key: see `new_secret_key`.
        randomness: for nonces, each of which must be new; the operating system's unless told otherwise.
        old_secret_key: the key before this one, while there are secrets that it sealed; empty for none.

    Raises:
        VaultError: a secret key is unusable, or both are one.
    """

    def __init__(self, secret_key: str, randomness: Randomness | None = None, old_secret_key: str = "") -> None:
        self._current = _Key(check_secret_key(secret_key))
        self._keys = [self._current]
        self._randomness = randomness or SystemRandomness()
        if old_secret_key:
            old = _Key(check_secret_key(old_secret_key))
            if old.is_same(self._current):
                raise VaultError("the old secret key is the current one: give the one before it, or none")
            self._keys.append(old)

    def seal(self, plain: str) -> bytes:
        """Encrypt a secret; the same one twice gives two results."""
        nonce = self._randomness.bits(NONCE_BYTES * 8).to_bytes(NONCE_BYTES)
        header = FORM + self._current.name
        return header + nonce + self._current.cipher.encrypt(nonce, plain.encode(), header)

    def open(self, sealed: bytes) -> str:
        """Decrypt what `seal` made.

        Raises:
            VaultError: it was sealed with another secret key, or is damaged.
        """
        header = sealed[: _header_bytes(sealed)]
        if len(sealed) < len(header) + NONCE_BYTES + TAG_BYTES:
            raise _unreadable()
        name = header[1:]
        keys = [key for key in self._keys if key.name == name or not name]
        for key in keys:
            plain = key.decrypt(sealed[len(header) :], header)
            if plain is not None:
                return plain
        raise _damaged() if name and keys else _foreign()

    def is_current(self, sealed: bytes) -> bool:
        """Whether a sealed secret names the current key; one that does may still be damaged."""
        return sealed.startswith(FORM + self._current.name)

    def reseal(self, sealed: bytes) -> bytes:
        """What `seal` makes of it with the current key; itself where that key sealed it.

        Raises:
            VaultError: as `open`.
        """
        plain = self.open(sealed)
        return sealed if self.is_current(sealed) else self.seal(plain)

    @staticmethod
    def digest(text: str) -> bytes:
        """SHA-256 of a token's text. Tokens are random and long, so nothing slower or salted is needed."""
        return hashlib.sha256(text.encode()).digest()

    async def check_opens(self, credentials: "CredentialStore") -> None:
        """Open one of the secrets that are stored there, the oldest: where that cannot be read, hardly one can.

        Raises:
            VaultError: it was sealed with another secret key, or is damaged.
            StoreError: the database failed.
        """
        app = await credentials.any_app()
        if app is None:
            return
        self.open(app.consumer_secret_sealed)
        if len(self._keys) > 1 and not self.is_current(app.consumer_secret_sealed):
            _log.info("secrets are still sealed with the old secret key: run `tacet secrets rotate`")


class _Key:
    """What comes from one secret key. The cipher is imported at first use: it costs tens of milliseconds, and bearer
    tokens never need it."""

    def __init__(self, material: bytes) -> None:
        self._material = material

    def is_same(self, other: "_Key") -> bool:
        return hmac.compare_digest(self._material, other._material)

    @cached_property
    def name(self) -> bytes:
        return self._derived(_NAME_PURPOSE, NAME_BYTES)

    @cached_property
    def cipher(self) -> "AESGCM":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._derived(_PURPOSE, CIPHER_KEY_BYTES))

    def decrypt(self, rest: bytes, header: bytes) -> str | None:
        """The secret behind nonce, ciphertext and tag; None where the tag is not of this key."""
        cipher = self.cipher
        from cryptography.exceptions import InvalidTag

        try:
            return cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], header).decode()
        except InvalidTag:
            return None

    def _derived(self, purpose: bytes, length: int) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(self._material)


def _header_bytes(sealed: bytes) -> int:
    """How long form and name are.

    Raises:
        VaultError: it has no known form.
    """
    if sealed.startswith(FORM):
        return len(FORM) + NAME_BYTES
    if sealed.startswith(UNNAMED_FORM):
        return len(UNNAMED_FORM)
    raise _unreadable()


def _unreadable() -> VaultError:
    return VaultError("this is no sealed secret of this version: restore it from a backup, or make a new one")


def _damaged() -> VaultError:
    cause = "a stored secret is damaged: this secret key sealed it and does not open it"
    return VaultError(f"{cause}; restore it from a backup, or make a new one")


def _foreign() -> VaultError:
    return VaultError(
        "a stored secret does not open with this secret key: start with the one it was sealed with, "
        "or give that one as the old secret key"
    )
