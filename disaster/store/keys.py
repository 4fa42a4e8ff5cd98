"""The keys of a store: one that wraps the data keys of personal snapshots, one that signs what it hands over."""

import binascii
import hashlib
import os
import secrets
import stat
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from disaster.errors import StoreError

FOLDER = "keys"
WRAP_FILE = "wrap.key"
SIGN_FILE = "sign.key"
ENVIRONMENT = "TAYORI_KEY"
_BYTES = 32
_NONCE = 12


@dataclass(frozen=True)
class Keys:
    """The key-encryption key and the signing key, in memory."""

    wrapping: bytes
    signing: Ed25519PrivateKey

    @classmethod
    def create(cls, home: Path, *, given: str | None, environment: Mapping[str, str]) -> Self:
        """Make the keys of a new store; a key that was given or stands in the environment is not written down."""
        folder = home / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        outside = given or environment.get(ENVIRONMENT)
        if outside is None and not (folder / WRAP_FILE).exists():
            _write_private(folder / WRAP_FILE, secrets.token_bytes(_BYTES))
        if not (folder / SIGN_FILE).exists():
            _write_private(folder / SIGN_FILE, secrets.token_bytes(_BYTES))
        return cls.load(home, given=given, environment=environment)

    @classmethod
    def load(cls, home: Path, *, given: str | None, environment: Mapping[str, str]) -> Self:
        """Read the keys of a store.

        Raises
        ------
        StoreError
            If a key is missing, is no key, or can be read by other users of the machine.
        """
        folder = home / FOLDER
        _require_private(folder)
        outside = given or environment.get(ENVIRONMENT)
        wrapping = _key_of(outside, ENVIRONMENT) if outside else _read_private(folder / WRAP_FILE)
        return cls(wrapping, Ed25519PrivateKey.from_private_bytes(_read_private(folder / SIGN_FILE)))

    @property
    def public(self) -> str:
        """The key that others check signatures with: 32 bytes in base64."""
        return b64encode(self.signing.public_key().public_bytes_raw()).decode()

    @property
    def check(self) -> str:
        """What tells whether this is the key-encryption key of a store, without telling the key."""
        return hashlib.sha256(b"tayori-key-check" + self.wrapping).hexdigest()[:16]

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes that belong to the key-encryption key and to one purpose (HKDF-SHA256, RFC 5869)."""
        return HKDF(SHA256(), _BYTES, salt=None, info=f"tayori-{purpose}".encode()).derive(self.wrapping)

    def wrap(self, data_key: bytes, *, about: str) -> bytes:
        """Encrypt a data key, bound to what it is for."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self.wrapping).encrypt(nonce, data_key, about.encode())

    def unwrap(self, wrapped: bytes, *, about: str) -> bytes:
        """Decrypt a data key.

        Raises
        ------
        StoreError
            If it was wrapped by another key or for something else.
        """
        try:
            return AESGCM(self.wrapping).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], about.encode())
        except InvalidTag as error:
            raise StoreError("disaster.key_does_not_fit") from error


def new_data_key() -> bytes:
    """Return a key for one snapshot."""
    return secrets.token_bytes(_BYTES)


def _write_private(path: Path, key: bytes) -> None:
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(b64encode(key) + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def _read_private(path: Path) -> bytes:
    if not path.is_file():
        raise StoreError("disaster.key_missing", file=path.name)
    _require_private(path)
    return _key_of(path.read_text(encoding="ascii", errors="replace"), path.name)


def _require_private(path: Path) -> None:
    """Refuse a key that other users can read; where the system has no such rights there is nothing to check."""
    if os.name == "posix" and path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise StoreError("disaster.key_open_to_others", file=str(path))


def _key_of(text: str, name: str) -> bytes:
    try:
        key = b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise StoreError("disaster.key_malformed", file=name) from error
    if len(key) != _BYTES:
        raise StoreError("disaster.key_malformed", file=name)
    return key
