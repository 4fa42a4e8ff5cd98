"""Destroying our own copies: a received pack with the report to its provider, and our own personal batches by age."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from disaster.aftercare.documents import DeletionReceipt, HashedFile, OnwardPack
from disaster.aftercare.out import PackOut, packs_out
from disaster.errors import AftercareError
from disaster.models import NOUNS, PROTECTION
from disaster.store import RECEIVED, BatchRow, ReceivedPack, Store


def purge_pack(store: Store, pack_id: str, *, by: str, copies_deleted: bool, at: datetime) -> DeletionReceipt:
    """Destroy what this store received in a pack, and return the report to its provider.

    Keys, rows and files go; the ledger keeps that they went. Done again, it destroys nothing and reports anew, for
    instance that the copies are gone now too. The report names the recall that asked for it, if one did.

    Parameters
    ----------
    by
        Who deletes.
    copies_deleted
        What that person declares of everything outside the store: folders, ZIP files, copies, prints.

    Raises
    ------
    StoreError
        If no such pack was received.
    AftercareError
        If nobody is named.
    """
    if not by.strip():
        raise AftercareError("disaster.receipt_without_name", pack=pack_id)
    received = store.received.get(pack_id)
    manifest = received.manifest
    recalls = store.recalls.of(pack_id, municipality=received.municipality)
    recall_id = recalls[-1].recall_id if recalls else ""
    with store.writing():
        reason = "recalled" if recall_id else "deleted_by_recipient"
        destroyed = store.purge_received(pack_id, at=at, reason=reason)
        said = {
            "pack_id": pack_id, "municipality": received.municipality, "by": by.strip(), "recall_id": recall_id,
            "destroyed": destroyed, "copies_deleted": copies_deleted,
        }  # fmt: skip
        head = store.ledger.record("deletion_reported", said, at=at)
    return DeletionReceipt(
        pack_id=pack_id,
        request_id=str(manifest["request_id"]),
        municipality=received.municipality,
        provider=received.provider,
        recipient=str(manifest["recipient"]["name"]),
        recall_id=recall_id,
        drill=received.drill,
        expires_at=received.expires_at,
        deleted_at=at,
        deleted_by=by.strip(),
        destroyed=destroyed,
        copies_deleted=copies_deleted,
        onward=_onward_of(store, received),
        ledger_seq=head.seq,
        ledger_hash=head.hash.hex(),
        files=tuple(HashedFile(path=str(one["path"]), sha256=str(one["sha256"])) for one in manifest["files"]),
    )


def _onward_of(store: Store, received: ReceivedPack) -> tuple[OnwardPack, ...]:
    """Return the narrower packs that this store made from a received one.

    Where a pack does not say what it was made from, every personal one of the same event that went out after the
    received one came in counts: asking once too often is better than a copy that nobody asks about.
    """
    packs = [one for one in packs_out(store, received.municipality) if one.personal and _made_from(one, received)]
    return tuple(
        OnwardPack(pack_id=one.pack_id, recipient=one.provision.recipient, receipted=one.back) for one in packs
    )


def _made_from(one: PackOut, received: ReceivedPack) -> bool:
    sources = (one.provision.manifest or {}).get("source_pack_ids")
    if sources is not None:
        return received.pack_id in sources
    same_event = one.provision.event_id == received.event_id
    return same_event and one.provided_at >= received.received_at


class Keep(StrEnum):
    """Why a batch is not destroyed by age."""

    PRESENT = "present"  # it is what everybody works with now
    PROTECTION = "protection"  # without it protected people would be seen


@dataclass(frozen=True, slots=True)
class Held:
    """A personal batch of our own: how old it is in whole days, and why it is kept, if it is."""

    batch_id: str
    municipality: str
    kind: str
    dataset: str
    drill: bool
    rows: int
    ingested_at: datetime
    days: int
    keep: Keep | None

    @property
    def title(self) -> str:
        """Name of its kind for people."""
        return NOUNS[self.kind].title if self.kind in NOUNS else self.kind


def held(
    store: Store, *, at: datetime, older_than_days: int = 0, kind: str | None = None, present: bool = False,
    drill: bool = False, municipality: str | None = None,
) -> tuple[Held, ...]:  # fmt: skip
    """Return our own personal batches of an age, the oldest first, each with what keeps it from being destroyed.

    Parameters
    ----------
    older_than_days
        Only those that were taken in at least so many times 24 hours before `at`.
    drill
        Only what was taken in for drills.
    present
        Whether the present version of a list goes too; the list of protected people (支援措置) never does.

    Raises
    ------
    AftercareError
        If the kind is not one of personal data.
    """
    if kind is not None and (kind not in NOUNS or not NOUNS[kind].personal):
        personal = "、".join(sorted(name for name, noun in NOUNS.items() if noun.personal))
        raise AftercareError("disaster.not_personal", kind=kind, kinds=personal)
    rows = [row for row in store.batches(kind, municipality) if _own(row)]
    newest = _newest(rows)
    limit = at - timedelta(days=older_than_days)
    old = sorted(
        (row for row in rows if row.ingested_at <= limit and (row.drill or not drill)),
        key=lambda row: (row.ingested_at, row.number),
    )
    return tuple(_held(row, at, _keep(row, newest, present=present)) for row in old)


def purge_held(store: Store, batches: Iterable[Held], *, by: str, reason: str, at: datetime) -> tuple[Held, ...]:
    """Destroy those of the listed batches that nothing keeps; return them.

    Each one's key and file go, and the ledger says so. A batch that became the present meanwhile would be found kept by
    a new list: list and destroy within one ``with store.writing():``.
    """
    if not by.strip():
        raise AftercareError("disaster.purge_without_name")
    said = f"{by.strip()}: {reason}"
    with store.writing():
        return tuple(one for one in batches if one.keep is None and store.purge(one.batch_id, at=at, reason=said))


def _own(row: BatchRow) -> bool:
    return row.personal and row.state == "active" and not row.kind.startswith(RECEIVED)


def _series(row: BatchRow) -> tuple[str, str, str, bool]:
    return row.municipality, row.kind, row.dataset, row.drill


def _newest(rows: Iterable[BatchRow]) -> frozenset[str]:
    """Return the batches that are the present of their series: newest by as-of time, then by arrival."""
    present: dict[tuple[str, str, str, bool], BatchRow] = {}
    for row in sorted(rows, key=lambda row: (row.as_of, row.number)):
        present[_series(row)] = row
    return frozenset(row.batch_id for row in present.values())


def _keep(row: BatchRow, newest: frozenset[str], *, present: bool) -> Keep | None:
    if row.batch_id not in newest:
        return None
    if row.kind == PROTECTION.kind:
        return Keep.PROTECTION
    return None if present else Keep.PRESENT


def _held(row: BatchRow, at: datetime, keep: Keep | None) -> Held:
    days = (at - row.ingested_at).days
    return Held(
        row.batch_id, row.municipality, row.kind, row.dataset, row.drill, row.accepted, row.ingested_at, days, keep
    )
