"""The two documents that travel after a release: the recall notice and the deletion receipt.

Both are JSON for programs and one page in Japanese for people. A recall notice is signed with the key that signed the
pack: a false one would make a headquarters delete the list by which it rescues.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, ValidationError

from disaster.errors import AftercareError
from disaster.manifest import Code5, Name, PackName, Part, Sha256, Text, Time

#: A document of words and hashes; anything larger is not one.
_MAX_BYTES = 1_000_000


class HashedFile(Part):
    """A file of a pack with its SHA-256 in hex; None where the provider kept its name alone."""

    path: Name
    sha256: Sha256 | None = None


class Caller(Part):
    """Somebody who can be called: role, name and telephone number, and whether it is answered at night."""

    role: Text
    name: Name
    phone: Name
    at_night: bool = False


class RecallNotice(Part):
    """What the provider asks of the recipient of a pack, why, and by when (aware times).

    `manifest_sha256` is that of the signed manifest as it was released.
    """

    format: Literal["tayori-recall"] = "tayori-recall"
    version: Literal[1] = 1
    recall_id: PackName
    pack_id: PackName
    request_id: PackName
    municipality: Code5
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
    manifest_sha256: Sha256
    files: Annotated[tuple[HashedFile, ...], Field(max_length=2_000)]


class OnwardPack(Part):
    """A narrower pack that the recipient made from the received one, and whether its deletion is receipted."""

    pack_id: PackName
    recipient: Name
    receipted: bool


class DeletionReceipt(Part):
    """What the recipient declares: what was deleted, when, by whom and how.

    `destroyed` counts the encrypted batches whose keys were destroyed in the recipient's store; `ledger_seq` and
    `ledger_hash` anchor the entries that prove it in the recipient's ledger. `copies_deleted` is the word of the person
    who signs, about everything outside that store: folders, ZIP files, copies, prints.
    """

    format: Literal["tayori-deletion-receipt"] = "tayori-deletion-receipt"
    version: Literal[1] = 1
    pack_id: PackName
    request_id: PackName
    municipality: Code5
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
    ledger_hash: Sha256
    files: Annotated[tuple[HashedFile, ...], Field(max_length=2_000)]

    @property
    def complete(self) -> bool:
        """Whether nothing of the pack is left, by what the recipient declares."""
        return self.copies_deleted and all(one.receipted for one in self.onward)


Document = TypeVar("Document", RecallNotice, DeletionReceipt)
#: What is said of a file that is none, by the document it should be.
_NOT_ONE: Mapping[type[Part], str] = {
    RecallNotice: "disaster.not_a_recall", DeletionReceipt: "disaster.not_a_receipt",
}  # fmt: skip


def write_document(document: RecallNotice | DeletionReceipt) -> bytes:
    """Return a document as the JSON that is handed over."""
    return (document.model_dump_json(indent=1) + "\n").encode()


def content_of(sort: type[Document], file: Path) -> bytes:
    """Return the bytes of a document, or of the signature beside it.

    Raises
    ------
    AftercareError
        If there is no such file or it is too large to be one.
    """
    if not file.is_file() or file.stat().st_size > _MAX_BYTES:
        raise AftercareError(_NOT_ONE[sort], file=file.name)
    return file.read_bytes()


def parse_document(sort: type[Document], content: bytes, *, name: str) -> Document:
    """Read a document; `name` is that of its file.

    Raises
    ------
    AftercareError
        If it is none, or of a version that is not known.
    """
    try:
        return sort.model_validate_json(content)
    except ValidationError as error:
        raise AftercareError(_NOT_ONE[sort], file=name) from error
