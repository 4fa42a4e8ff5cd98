"""The two documents that travel after a release: the recall notice and the deletion receipt.

Both are JSON for programs and one page in Japanese for people. A recall notice is signed with the key that signed the
pack: a false one would make a headquarters delete the list by which it rescues.
"""

from base64 import b64decode, b64encode
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from disaster.errors import AftercareError
from disaster.manifest import Name, PackName, Text, Time

#: A document of words and hashes; anything larger is not one.
MAX_BYTES = 1_000_000

_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]


class _Part(BaseModel):
    # What a later version adds is passed over; what this version knows must be exactly as it is written.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class HashedFile(_Part):
    """A file of a pack with its SHA-256 in hex; None where the provider kept its name alone."""

    path: Name
    sha256: _Sha256 | None = None


class Caller(_Part):
    """Somebody who can be called: role, name and telephone number, and whether it is answered at night."""

    role: Text
    name: Name
    phone: Name
    at_night: bool = False


class RecallNotice(_Part):
    """What the provider asks of the recipient of a pack, why, and by when (aware times).

    `manifest_sha256` is that of the signed manifest as it was released.
    """

    format: Literal["tayori-recall"] = "tayori-recall"
    version: Literal[1] = 1
    recall_id: PackName
    pack_id: PackName
    request_id: PackName
    municipality: _Code
    agreement_id: Name
    provider: Name
    recipient: Name
    event: Text = ""
    purpose: Text = ""
    drill: bool
    provided_at: Time
    expires_at: Time | None
    reason: Name
    issued_at: Time
    issued_by: Name
    due_by: Time
    contacts: tuple[Caller, ...] = ()
    manifest_sha256: _Sha256
    files: Annotated[tuple[HashedFile, ...], Field(max_length=2_000)]


class OnwardPack(_Part):
    """A narrower pack that the recipient made from the received one, and whether its deletion is receipted."""

    pack_id: PackName
    recipient: Name
    receipted: bool


class DeletionReceipt(_Part):
    """What the recipient declares: what was deleted, when, by whom and how.

    `destroyed` counts the encrypted batches whose keys were destroyed in the recipient's store; `ledger_seq` and
    `ledger_hash` anchor the entries that prove it in the recipient's ledger. `copies_deleted` is the word of the person
    who signs, about everything outside that store: folders, ZIP files, copies, prints.
    """

    format: Literal["tayori-deletion-receipt"] = "tayori-deletion-receipt"
    version: Literal[1] = 1
    pack_id: PackName
    request_id: PackName
    municipality: _Code
    provider: Name
    recipient: Name
    recall_id: Text = ""
    drill: bool
    expires_at: Time | None
    deleted_at: Time
    deleted_by: Name
    destroyed: Annotated[int, Field(ge=0, le=10_000)]
    copies_deleted: bool
    onward: tuple[OnwardPack, ...] = ()
    ledger_seq: Annotated[int, Field(ge=0)]
    ledger_hash: _Sha256
    files: Annotated[tuple[HashedFile, ...], Field(max_length=2_000)]

    @property
    def complete(self) -> bool:
        """Whether nothing of the pack is left, by what the recipient declares."""
        return self.copies_deleted and all(one.receipted for one in self.onward)


def write_document(document: RecallNotice | DeletionReceipt) -> bytes:
    """Return a document as the JSON that is handed over."""
    return (document.model_dump_json(indent=1) + "\n").encode()


def parse_recall(content: bytes, *, name: str) -> RecallNotice:
    """Read a recall notice; `name` is that of its file.

    Raises
    ------
    AftercareError
        If it is none, or of a version that is not known.
    """
    if len(content) > MAX_BYTES:
        raise AftercareError("disaster.not_a_recall", file=name)
    try:
        return RecallNotice.model_validate_json(content)
    except ValidationError as error:
        raise AftercareError("disaster.not_a_recall", file=name) from error


def parse_receipt(content: bytes, *, name: str) -> DeletionReceipt:
    """Read a deletion receipt; `name` is that of its file.

    Raises
    ------
    AftercareError
        If it is none, or of a version that is not known.
    """
    if len(content) > MAX_BYTES:
        raise AftercareError("disaster.not_a_receipt", file=name)
    try:
        return DeletionReceipt.model_validate_json(content)
    except ValidationError as error:
        raise AftercareError("disaster.not_a_receipt", file=name) from error


def signature_of(content: bytes, key: Ed25519PrivateKey) -> bytes:
    """Sign a document's bytes: Ed25519, base64, one line."""
    return b64encode(key.sign(content)) + b"\n"


def verify_notice(content: bytes, signature: bytes, public_key: str, *, name: str) -> None:
    """Check that the key that the agreement names signed a notice.

    Raises
    ------
    AftercareError
        If somebody else did, or it was altered since.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(b64decode(public_key, validate=True))
        key.verify(b64decode(signature.strip(), validate=True), content)
    except (InvalidSignature, ValueError) as error:
        raise AftercareError("disaster.recall_not_signed", file=name) from error
