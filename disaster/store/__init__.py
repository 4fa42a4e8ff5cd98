"""The store with a side: snapshot files, the SQL that names them, the ledger, and the keys.

The only room that speaks SQL and knows the snapshot files. Public surface::

    Store.create(home, *, side, municipalities, at, url=None, key=None) -> Store
    Store.open(home, *, at, url=None, key=None, wait_seconds=10.0) -> Store      # context manager; .close()
        .home  .side  .municipalities  .store_id  .swept: Swept  .settled: Settled
        .signing_key: Ed25519PrivateKey   .public_key: str (32 bytes, base64)
        .writing()      # context manager: this command is the one that writes files (reentrant in a thread)
        .staging        # folder for what is unfinished while `writing` is held; leftovers are cleared away
        .transaction()  # context manager of a Connection: one durable, immediate transaction

        .add_batch(batch, *, at) -> Stored(batch_id, unchanged, replaced, newer)
        .add_batches(batches, *, at) -> tuple[Stored, ...]      # all or none
        .add_received(manifest, tables, *, at) -> StoredPack(pack_id, unchanged, batch_ids)
        .current(kind, municipality, *, at=None, columns=None, drill=False, event_id="")
            -> Current(table, as_of, batch_ids, drill, datasets, credit)
        .features(kind, municipality, *, bbox=None, limit=1000, at=None, drill=False)
            -> Features(table, as_of, more, drill, credit)
        .batches(kind=None, municipality=None) -> tuple[BatchRow, ...]      # the catalogue, newest first
        .purge(batch_id, *, at, reason="") -> bool
        .purge_received(pack_id, *, at, reason="") -> int
        .check_snapshots() -> tuple[Damaged, ...]     # every file against its recorded SHA-256

        .agreements   add(agreement_id, municipality, text, *, at) -> bool; get(agreement_id); all(municipality=None)
                      # AgreementText(.text, .agreement, ...)
        .assessments  add(text, *, at) -> bool; get(assessment_id); all(municipality=None)
                      # agreements.assessment.Assessment
        .events       add(event, *, at); add_trigger(event_id, trigger, *, at); add_area(event_id, area, *, at) -> bool;
                      end_trigger(event_id, kind, *, ended_at, by, at); close(event_id, *, closed_at, by, at);
                      get(event_id); all(municipality=None)
        .requests     add(request, *, at) -> bool; get(request_id); all(municipality=None)
        .steps        add(municipality, request_id, step, *, at) -> Course; of(request_id, municipality=None) -> Course;
                      all(municipality=None) -> Mapping[(municipality, request_id), Course]
                      # agreements.workflow
        .provisions   create(request_id, *, decision, staging, final, at, provision_id=None) -> Provision;
                      release(provision_id, *, sha256, payload, at, manifest=None); hand(provision_id, *, at);
                      fail(provision_id, *, reason, at); get(provision_id); all(municipality=None); pending();
                      settle(*, at) -> Settled(deleted, finished, failed)
                      # Provision: .recipient .purpose .event_id .expires_at .drill .files .decision .manifest ...
        .subjects     rows(names, addresses, point_ids), persons(names, addresses), addresses(addresses),
                      points(point_ids) -> keys; add(pack_id, keys, *, municipality);
                      packs_of(keys, *, municipality) -> pack names; unindexed(municipality) -> pack names
        .recalls      add(Recall) -> bool; of(pack_id, *, municipality=None); all(municipality=None)
        .receipts     add(Receipt) -> bool; of(pack_id, *, municipality=None); all(municipality=None)
        .received     get(pack_id); all(municipality=None)     # ReceivedPack
        .ledger       append(connection, kind, payload, *, at) -> Head   # in `with store.transaction() as connection`
                      record(kind, payload, *, at) -> Head               # a transaction of its own
                      entries(*, after=0, limit=None) -> Iterator[Entry]; head(); verify() -> disaster.audit.Verdict

Where a store holds several municipalities, whatever takes a name takes ``municipality=`` too.

Kinds of ledger entries that the store writes itself: ``created``, ``ingested``, ``received``, ``purged``;
``agreement_added``, ``assessment_added``; ``event_opened``, ``trigger_recorded``, ``trigger_ended``, ``area_added``,
``event_closed``; ``requested``, ``step_taken``; ``released`` (with the hash of the index of who is in the pack),
``handed``, ``failed``; ``recalled``, ``deletion_receipted``.

`manifest` of ``add_received`` must hold ``pack_id``, ``municipality``, ``provider`` (text), ``as_of`` (ISO 8601 with
zone), and may hold ``expires_at`` (ISO or null), ``event_id`` (text or null), ``drill`` (bool, default false), ``area``
(text or null). The whole of it is kept. A later pack of the same provider, event and area takes the earlier's place.

A provision is made within ``with store.writing():`` from ``provisions.create`` to ``hand``; whatever is found staged or
released when nobody holds that right is a leftover, and opening the store deletes, finishes or fails it.

Errors: ``StoreError`` and ``ReceiveError`` with a sentence; never a row of the data in it.
"""

from disaster.store.batches import Current, Damaged
from disaster.store.catalogue import RECEIVED, BatchRow
from disaster.store.entry import Stored
from disaster.store.features import Features
from disaster.store.home import Swept, move
from disaster.store.ledger import Ledger
from disaster.store.packs import ReceivedPack, StoredPack
from disaster.store.provisions import Provision, Settled
from disaster.store.recalls import Recall, Receipt
from disaster.store.snapshots import sync_folder
from disaster.store.store import Store
from disaster.store.texts import AgreementText

__all__ = [
    "RECEIVED",
    "AgreementText",
    "BatchRow",
    "Current",
    "Damaged",
    "Features",
    "Ledger",
    "Provision",
    "Recall",
    "Receipt",
    "ReceivedPack",
    "Settled",
    "Store",
    "Stored",
    "StoredPack",
    "Swept",
    "move",
    "sync_folder",
]
