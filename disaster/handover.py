"""From the contents of a pack to the pack in its place: staged, hashed, released in the ledger, renamed, handed.

A crash between two steps is settled when the store is next opened for writing: before the release nothing is out, from
the release on the pack is the recipient's.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agreements.vocabulary import DATASETS
from agreements.workflow import Actor
from disaster import requests
from disaster.case import Case, Contents, head, marks
from disaster.channel import AES_ZIP, EXCEL_PASSWORD, PLAIN, lock_workbook, new_password
from disaster.cover import cover
from disaster.errors import ProvideError
from disaster.housenumber import may_name_building, without_building
from disaster.newfolder import staging_of, sync_folders
from disaster.pack import READ_ME, RELEASE_FORM, WORKBOOK, File, described, seal, write_files, zip_folder
from disaster.progress import Step
from disaster.register import Selected
from disaster.store import Store, move
from disaster.store.subjects import KeyArray
from exporters.paper import Paper
from exporters.paperforms import HandedFile, release_form
from exporters.paperpdf import pdf_bytes
from geo.address import fold


@dataclass(frozen=True, slots=True)
class Handed:
    """A pack in its place: its files, and the password if the channel has one, which is kept nowhere else."""

    folder: Path
    files: tuple[File, ...]
    password: str | None = field(default=None, repr=False)

    @property
    def pack_id(self) -> str:
        """The pack's name."""
        return self.folder.name

    @property
    def zip(self) -> Path:
        """Where the pack lies as one file; it is not there where a workbook alone is handed."""
        return self.folder / f"{self.folder.name}.zip"

    @property
    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Rows by file and layer."""
        return {file.path: file.counts for file in self.files}


@dataclass(frozen=True, slots=True)
class _Staged:
    files: tuple[File, ...]
    handed: tuple[File, ...]
    manifest: bytes = field(repr=False)
    password: str | None = field(repr=False)


def free_name(store: Store, case: Case, out: Path, *, ending: str = "") -> Path:
    """Return the folder of a new pack, whose name ends with `ending`.

    Raises
    ------
    ProvideError
        If somebody's folder has that name: nothing is written over.
    """
    number = len(store.provisions.all(case.request.municipality)) + 1
    final = out / f"{case.request.request_id}-{number}{ending}"
    if final.exists():
        raise ProvideError("disaster.out_exists", folder=final.name)
    return final


def hand_over(
    store: Store,
    case: Case,
    contents: Contents,
    final: Path,
    step: Step,
    *,
    subjects: Selected | None = None,
    by: Actor | None = None,
) -> Handed:
    """Stage, hash, release in the ledger, rename, hand.

    Parameters
    ----------
    subjects
        Who and which homes are in it: kept as keyed hashes, so that a person can be told who got his or her data.
    by
        Who lets it out, which is a step of the request; None for the post's own list.

    Raises
    ------
    ProvideError
        If the files cannot be written; nothing is out then.
    """
    pack_id, staging = final.name, staging_of(final)
    store.provisions.create(
        case.request.request_id, decision=case.decision.to_dict(), staging=staging, final=final, at=case.at,
        provision_id=pack_id, municipality=case.request.municipality,
    )  # fmt: skip
    try:
        staged = _stage(store, case, contents, staging / pack_id, step)
        if DATASETS[case.request.dataset].personal:
            _index(store, case, pack_id, subjects)
    except BaseException as error:
        shutil.rmtree(staging, ignore_errors=True)
        store.provisions.fail(pack_id, reason="staging", at=case.at, municipality=case.request.municipality)
        if isinstance(error, OSError):
            raise _cannot_write(final.parent, error) from error
        raise
    said = _said(case, contents, staged) | ({} if by is None else {"by": by.name, "role": str(by.role)})
    store.provisions.release(
        pack_id, sha256=hashlib.sha256(staged.manifest).hexdigest(), payload=said, at=case.at,
        manifest=json.loads(staged.manifest), municipality=case.request.municipality,
    )  # fmt: skip
    if by is not None:
        requests.released(store, case.request, by, at=case.at, number=pack_id)
    _put_in_place(store, case, staging, final)
    if by is not None:
        requests.handed(store, case.request, by, at=case.at, number=pack_id)
    return Handed(final, staged.files, staged.password)


def _index(store: Store, case: Case, pack_id: str, found: Selected | None) -> None:
    """Note who and which homes are in the pack; a store keeps keyed hashes of it and never a name."""
    if found is None:
        store.subjects.add(pack_id, np.empty(0, "S16"), municipality=case.request.municipality)
        return
    keys = [_keys(store, found.subjects), _keys(store, _by_house_number(found.subjects))]
    store.subjects.add(pack_id, np.concatenate(keys), municipality=case.request.municipality)


def _keys(store: Store, rows: pa.Table) -> KeyArray:
    return store.subjects.rows(*(rows.column(name) for name in ("name", "address", "point_id")))


def _by_house_number(rows: pa.Table) -> pa.Table:
    """Return the rows whose address goes on with a building, without it: who asks may not know how it was written."""
    rows = rows.filter(may_name_building(rows.column("address")))
    coded = rows.column("address").combine_chunks().dictionary_encode()
    whole = fold(coded.dictionary)
    bare = without_building(whole)
    told = pc.fill_null(pc.not_equal(bare, whole).take(coded.indices), False)
    at = rows.column_names.index("address")
    return rows.set_column(at, "address", bare.take(coded.indices)).filter(told)


def _said(case: Case, contents: Contents, staged: _Staged) -> dict[str, object]:
    """Return what the ledger says of a release: counts and hashes of what went out, never a row, never a password."""
    return {
        "decision": case.decision.to_dict(),
        "recipient": contents.recipient.name,
        "channel": contents.channel,
        "counts": {one.name: len(one) for one in contents.layers},
        "files": sorted(file.path for file in staged.files),
        "handed": {file.path: file.sha256 for file in staged.handed},
        "expires_at": case.decision.expires_at.isoformat() if case.decision.expires_at else None,
        "drill": case.drill,
    }


def _put_in_place(store: Store, case: Case, staging: Path, final: Path) -> None:
    """Rename durably and record it; what cannot be renamed is settled like what a crash left."""
    try:
        move(staging, final)
        store.provisions.hand(final.name, at=case.at, municipality=case.request.municipality)
    except OSError as error:
        if final.name not in store.provisions.settle(at=case.at).finished:
            raise _cannot_write(final.parent, error) from error


def _cannot_write(folder: Path, error: OSError) -> ProvideError:
    cause = error.strerror or type(error).__name__
    return ProvideError("disaster.cannot_write_out", folder=str(folder), cause=cause)


def _stage(store: Store, case: Case, contents: Contents, inner: Path, step: Step) -> _Staged:
    """Write the whole pack durably into a private folder around `inner`, in the form in which it travels."""
    staging, pack_id = inner.parent, inner.name
    password = None if contents.channel == PLAIN else new_password()
    staging.parent.mkdir(parents=True, exist_ok=True)
    staging.mkdir(mode=0o700)
    inner.mkdir(mode=0o700)
    files, manifest = _written(store, case, contents, inner, password=password, step=step)
    if contents.channel != EXCEL_PASSWORD:
        zip_folder(inner, staging / f"{pack_id}.zip", at=case.at, password=password)
    if contents.channel == AES_ZIP:
        (inner / READ_ME).rename(staging / READ_ME)
        shutil.rmtree(inner)
    else:
        for path in sorted(inner.iterdir()):
            path.rename(staging / path.name)
        inner.rmdir()
    sync_folders(staging)
    handed = tuple(described(staging, path.relative_to(staging).as_posix(), {}) for path in _below(staging))
    return _Staged(tuple(files), handed, manifest, password)


def _below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _written(
    store: Store, case: Case, contents: Contents, inner: Path, *, password: str | None, step: Step
) -> tuple[list[File], bytes]:
    """Write the pack's files and seal them; a workbook with a password goes alone, nothing lies open beside it."""
    said = head(case, contents, inner.name, key=store.public_key)
    only = (WORKBOOK,) if contents.channel == EXCEL_PASSWORD else contents.only
    files = write_files(inner, contents.layers, marks(case, contents), step, only=only)
    if contents.channel == EXCEL_PASSWORD and password is not None:
        lock_workbook(inner / WORKBOOK, password)
        files = [described(inner, file.path, file.counts) for file in files]
    if contents.attached is not None:
        (inner / contents.attached.name).write_bytes(contents.attached.content)
        files.append(described(inner, contents.attached.name, {}))
    if said["provider"]["code"] != said["recipient"]["code"]:
        (inner / RELEASE_FORM).write_bytes(pdf_bytes(_release_form(case, contents, files, inner.name), at=case.at))
        files.append(described(inner, RELEASE_FORM, {}))
    page = cover(said, contents.layers, [file.path for file in files])
    (inner / READ_ME).write_bytes(page.encode("utf-8-sig"))
    files.append(described(inner, READ_ME, {}))
    return files, seal(inner, said, contents.layers, files, store.signing_key)


def _release_form(case: Case, contents: Contents, files: Sequence[File], pack_id: str) -> Paper:
    """Return the answer on paper: what is given under which clause and until when, each file by its hash."""
    listed = [HandedFile(file.path, sum(file.counts.values()), file.sha256) for file in files]
    provider = (contents.provider or case.agreement.post).name
    return release_form(
        case.decision, agreement=case.agreement, event=case.event, files=listed, provider=provider, pack_id=pack_id,
        at=case.at,
    )  # fmt: skip
