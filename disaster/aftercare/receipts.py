"""Recording that a pack is gone: what the recipient reports, in a document of ours or in words on the telephone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from agreements.clock import shown
from agreements.workflow import Act, Actor, State, Step
from disaster.aftercare.documents import DeletionReceipt, content_of, parse_document
from disaster.aftercare.out import PackOut, pack_out, packs_out
from disaster.aftercare.recall import take_step
from disaster.errors import AftercareError
from disaster.requests import require_right
from disaster.store import Receipt, Store

#: How far the clocks of two offices may stand apart.
_CLOCKS_APART = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Told:
    """What the recipient says: when it was deleted (aware), by whom, how, and whether nothing is left."""

    deleted_at: datetime
    deleted_by: str
    how: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a report: the pack, the receipt's number, and whether the very same was recorded before."""

    pack: PackOut
    receipt_id: str
    complete: bool
    unchanged: bool


def read_receipt(file: Path) -> DeletionReceipt:
    """Read the report that the recipient's software made.

    Raises
    ------
    AftercareError
        If it is none.
    """
    return parse_document(DeletionReceipt, content_of(DeletionReceipt, file), name=file.name)


def record_document(store: Store, document: DeletionReceipt, *, by: Actor, at: datetime) -> Recorded:
    """Record a report of the recipient's software; its request and its files must be those that were released, all.

    Raises
    ------
    AftercareError
        If it is about a pack that this store did not hand over, about other files, or a time that cannot be.
    WorkflowError
        If the role may not record receipts.
    """
    pack = pack_out(store, document.pack_id, municipality=document.municipality)
    ours, theirs = ({one.path: one.sha256 for one in files} for files in (pack.files(), document.files))
    other = sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))
    if ours and other:
        raise AftercareError("disaster.receipt_other_files", pack=document.pack_id, file=other[0])
    if document.request_id != pack.provision.request_id:
        raise AftercareError("disaster.receipt_other_files", pack=document.pack_id, file=document.request_id)
    how = f"報告書 受領側の台帳第{document.ledger_seq}号 鍵とファイル{document.destroyed}件を破棄"
    told = Told(document.deleted_at, document.deleted_by, how, document.complete)
    return record_receipt(store, document.pack_id, told, by=by, at=at, municipality=document.municipality)


def record_receipt(
    store: Store, pack_id: str, told: Told, *, by: Actor, at: datetime, municipality: str | None = None
) -> Recorded:
    """Record what the recipient says of the deletion; the same words twice change nothing.

    When every pack of the request is gone its course ends.

    Raises
    ------
    AftercareError
        If this store handed over no such pack, or the time is before the release or in the future.
    WorkflowError
        If the role may not record receipts.
    """
    pack = pack_out(store, pack_id, municipality=municipality)
    require_right(store, Act.RECEIPT, by)
    _require_possible(pack, told, at)
    of = pack.provision
    with store.writing():
        same = [one for one in store.receipts.of(pack_id, municipality=of.municipality) if _says(one) == told]
        if same:
            return Recorded(pack, same[-1].receipt_id, told.complete, unchanged=True)
        number = len(store.receipts.of(pack_id, municipality=of.municipality)) + 1
        new = Receipt(
            municipality=of.municipality, receipt_id=f"{pack_id}-d{number}", pack_id=pack_id,
            deleted_at=told.deleted_at, by=told.deleted_by, how=told.how, complete=told.complete, recorded_at=at,
        )  # fmt: skip
        store.receipts.add(new)
        packs = [one for one in packs_out(store, of.municipality) if one.provision.request_id == of.request_id]
        if all(one.back for one in packs):
            step = Step(Act.RECEIPT, by, at, told.how, new.receipt_id)
            since = frozenset({State.HANDED, State.RECALLED})
            take_step(store, of.municipality, of.request_id, step, since=since)
    return Recorded(pack, new.receipt_id, told.complete, unchanged=False)


def _says(one: Receipt) -> Told:
    return Told(one.deleted_at, one.by, one.how, one.complete)


def _require_possible(pack: PackOut, told: Told, at: datetime) -> None:
    if not told.deleted_by.strip():
        raise AftercareError("disaster.receipt_without_name", pack=pack.pack_id)
    if told.deleted_at < pack.provided_at - _CLOCKS_APART:
        raise AftercareError("disaster.receipt_too_early", pack=pack.pack_id, provided_at=shown(pack.provided_at))
    if told.deleted_at > at + _CLOCKS_APART:
        raise AftercareError("disaster.receipt_in_future", pack=pack.pack_id, deleted_at=shown(told.deleted_at))
