"""Signatures on what the other side must be able to believe: a pack's manifest, a recall notice."""

from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def signature_of(content: bytes, key: Ed25519PrivateKey) -> bytes:
    """Sign the bytes of a document: Ed25519 (RFC 8032), base64, one line."""
    return b64encode(key.sign(content)) + b"\n"


def is_signed(content: bytes, signature: bytes, public_key: str) -> bool:
    """Tell whether the owner of a public key signed these very bytes.

    Parameters
    ----------
    signature
        As `signature_of` writes it; what is none is nobody's.
    public_key
        32 bytes in base64, as the agreement names it.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(b64decode(public_key, validate=True))
        key.verify(b64decode(signature.strip(), validate=True), content)
    except (InvalidSignature, ValueError):
        return False
    return True
