"""Is this pack whole, and whose is it? Without a store, on any machine; and what each of its columns stands under.

Nothing is written: what a ZIP holds is read in memory, so that no copy of it stays where somebody only looked.
"""

import hashlib
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agreements.terms import Agreement
from disaster.errors import ReceiveError
from disaster.explain import ColumnGrounds, chosen, columns_of_descriptions, columns_of_manifest
from disaster.manifest import MANIFEST, SIGNATURE, FileOf, Manifest
from disaster.pack import read_manifest, verify_file, verify_files, verify_signature
from disaster.packfiles import PackFiles, files_in, handed_files
from disaster.selfsaid import descriptions


@dataclass(frozen=True, slots=True)
class Verified:
    """A pack, or one file of it, that is as it was signed.

    `by_agreement` tells whether the key is the agreement's; else it is the one that the pack names, which shows that
    nothing was altered, not who made it: compare `fingerprint` with the provider's by telephone. `file` is the one
    file that was looked at, empty for a whole pack. `expired` is judged at the time of looking.
    """

    manifest: Manifest
    file: str
    files: int
    by_agreement: bool
    fingerprint: str
    expired: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """Columns with what opens them; `signed` if they come from a manifest that fits the file, else from itself."""

    pack_id: str
    signed: bool
    columns: tuple[ColumnGrounds, ...]


def verify(path: Path, *, at: datetime, agreement: Agreement | None = None, password: str | None = None) -> Verified:
    """Check signature and hashes of a pack (folder or ZIP), or of one file that lies in its pack.

    Parameters
    ----------
    agreement
        Names the provider's key; None takes the key that the pack itself names.
    password
        Of a ZIP that AES-256 protects.

    Raises
    ------
    ReceiveError
        If the pack is not whole, is another's, or nothing can be checked.
    """
    with _found(path, password) as (files, file):
        manifest, content = read_manifest(files)
        key = _key(manifest, agreement, path)
        verify_signature(files, content, key)
        if file is None:
            verify_files(files, manifest)
        else:
            verify_file(files, _entry(manifest, file))
    expired = manifest.expires_at is not None and manifest.expires_at <= at
    return Verified(manifest, file or "", len(manifest.files), agreement is not None, fingerprint(key), expired)


def explain(path: Path, *, column: str | None = None, password: str | None = None) -> Explained:
    """Tell under which clause each column of a released file stands, or one column of it.

    Raises
    ------
    ReceiveError
        If the file says nothing, was altered, or has no such column.
    """
    if path.is_dir() or path.suffix.lower() == ".zip" or _beside(path) is not None:
        with _found(path, password) as (files, file):
            manifest, content = read_manifest(files)
            verify_signature(files, content, _key(manifest, None, path))
            if file is not None:
                verify_file(files, _entry(manifest, file))
        layers = None if file is None else list(_entry(manifest, file).counts)
        told = Explained(manifest.pack_id, signed=True, columns=columns_of_manifest(manifest, layers))
    else:
        if not path.is_file():
            raise ReceiveError("disaster.no_pack", file=path.name)
        found = columns_of_descriptions(descriptions(path, password=password))
        told = Explained("", signed=False, columns=found)
    if column is None:
        return told
    return Explained(told.pack_id, told.signed, chosen(told.columns, column))


def fingerprint(public_key: str) -> str:
    """Return a short form of a public key (base64) that can be read out on the telephone: 16 hex digits in groups."""
    digits = hashlib.sha256(b64decode(public_key)).hexdigest()[:16]
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))


def _fingerprint_of(signing_key: str) -> str:
    """Return the fingerprint of what a pack says to be its key, which may be anything."""
    try:
        return fingerprint(signing_key)
    except ValueError:
        return "?"


@contextmanager
def _found(path: Path, password: str | None) -> Iterator[tuple[PackFiles, str | None]]:
    """Give the files of the pack, and the path inside it of the one file that is looked at."""
    if not path.exists():
        raise ReceiveError("disaster.no_pack", file=path.name)
    if path.is_dir() or path.suffix.lower() == ".zip":
        with handed_files(path, password=password) as files:
            yield files, None
        return
    beside = _beside(path)
    if beside is None:
        raise ReceiveError("disaster.file_without_pack", file=path.name)
    inside = path.absolute().relative_to(beside).as_posix()
    yield files_in(beside, only=(MANIFEST, SIGNATURE, inside)), inside


def _beside(path: Path) -> Path | None:
    """Return the folder of the pack in which a file lies: its own, or the one above."""
    folders = path.absolute().parents[:2]
    return next((folder for folder in folders if (folder / MANIFEST).is_file()), None)


def _key(manifest: Manifest, agreement: Agreement | None, path: Path) -> str:
    if agreement is None:
        if not manifest.provider.signing_key:
            raise ReceiveError("disaster.verify_needs_agreement", file=path.name)
        return manifest.provider.signing_key
    if agreement.agreement_id != manifest.agreement_id:
        raise ReceiveError("disaster.unknown_agreement", agreement=manifest.agreement_id)
    if manifest.provider.code != agreement.municipality.code:
        return agreement.post.signing_key
    if not agreement.municipality.signing_key:
        of = manifest.provider
        raise ReceiveError("disaster.city_key_unknown", provider=of.name, fingerprint=_fingerprint_of(of.signing_key))
    return agreement.municipality.signing_key


def _entry(manifest: Manifest, file: str) -> FileOf:
    found = next((one for one in manifest.files if one.path == file), None)
    if found is None:
        raise ReceiveError("disaster.pack_extra_file", file=file)
    return found
