"""Received packs: the only way by which the other side's rows enter a store."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, insert, select

from disaster.errors import ReceiveError, StoreError
from disaster.store import catalogue, snapshots
from disaster.store.batches import Batches, new_row
from disaster.store.catalogue import RECEIVED, BatchRow
from disaster.store.engine import Database
from disaster.store.tables import received

_DATASET = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


@dataclass(frozen=True, slots=True)
class ReceivedPack:
    """A pack that was received; `manifest` is the whole of what the provider said."""

    municipality: str
    pack_id: str
    provider: str
    event_id: str | None
    drill: bool
    as_of: datetime
    expires_at: datetime | None
    manifest: Mapping[str, Any]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class StoredPack:
    """What became of a pack; `unchanged` if the store held it already."""

    pack_id: str
    unchanged: bool
    batch_ids: tuple[str, ...]


class Received:
    """The packs of a store, to be looked up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, pack_id: str) -> ReceivedPack:
        """Return a pack.

        Raises
        ------
        StoreError
            If there is none of that name.
        """
        with self._database.read() as connection:
            found = connection.execute(select(received).where(received.c.pack_id == pack_id)).one_or_none()
        if found is None:
            raise StoreError("disaster.unknown_pack", pack=pack_id)
        return ReceivedPack(**found._mapping)

    def all(self, municipality: str | None = None) -> tuple[ReceivedPack, ...]:
        """Return the packs, the last received first."""
        query = select(received).order_by(received.c.received_at.desc(), received.c.pack_id)
        if municipality is not None:
            query = query.where(received.c.municipality == municipality)
        with self._database.read() as connection:
            return tuple(ReceivedPack(**found._mapping) for found in connection.execute(query))


def add_received(
    batches: Batches, manifest: Mapping[str, Any], tables: Mapping[str, pa.Table], *, at: datetime
) -> StoredPack:
    """Store a pack: see ``Store.add_received``."""
    pack = pack_of(manifest, at)
    batches.require_municipality(pack.municipality)
    parts = [(_described(pack, name, table), table) for name, table in sorted(tables.items())]
    with batches.home.writing():
        with batches.database.read() as connection:
            same = _same(connection, pack)
        if same is not None:
            return same
        with batches.written(parts) as stored, batches.ledger.transaction() as connection:
            connection.execute(insert(received), _values(pack))
            catalogue.add(connection, stored)
            batches.ledger.append(connection, "received", _said(pack, stored), at=at)
    return StoredPack(pack.pack_id, unchanged=False, batch_ids=tuple(row.batch_id for row in stored))


def pack_of(manifest: Mapping[str, Any], at: datetime) -> ReceivedPack:
    """Read what the store must know of a manifest.

    Raises
    ------
    ReceiveError
        If it lacks something, or a time in it is none.
    """
    try:
        expires = manifest.get("expires_at")
        return ReceivedPack(
            municipality=str(manifest["municipality"]),
            pack_id=str(manifest["pack_id"]),
            provider=str(manifest["provider"]),
            event_id=manifest.get("event_id"),
            drill=bool(manifest.get("drill", False)),
            as_of=_aware(manifest["as_of"]),
            expires_at=None if expires is None else _aware(expires),
            manifest=dict(manifest),
            received_at=at,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ReceiveError("disaster.manifest_incomplete", missing=str(error)) from error


def _aware(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.utcoffset() is None:
        raise ValueError(text)
    return time


def _same(connection: Connection, pack: ReceivedPack) -> StoredPack | None:
    where = (received.c.municipality == pack.municipality, received.c.pack_id == pack.pack_id)
    kept = connection.execute(select(received.c.manifest).where(*where)).one_or_none()
    if kept is None:
        return None
    if kept.manifest != pack.manifest:
        raise ReceiveError("disaster.pack_name_taken", pack=pack.pack_id)
    rows = catalogue.of_pack(connection, pack.municipality, pack.pack_id)
    return StoredPack(pack.pack_id, unchanged=True, batch_ids=tuple(row.batch_id for row in rows))


def _described(pack: ReceivedPack, name: str, table: pa.Table) -> BatchRow:
    """Return the catalogue row of one table of a pack.

    The series is provider, event and area: a later pack about the same area takes the place of the earlier one, a pack
    about another area stands beside it.
    """
    if not _DATASET.fullmatch(name):
        raise ReceiveError("disaster.manifest_incomplete", missing=name)
    area = pack.manifest.get("area")
    return new_row(
        kind=f"{RECEIVED}{name}", municipality=pack.municipality,
        dataset="/".join((pack.provider, pack.event_id or "-", "-" if area is None else str(area))),
        ingested_at=pack.received_at, drill=pack.drill, sources=(), content_sha256=snapshots.rows_digest(table),
        read=table.num_rows, accepted=table.num_rows, refused=0, set_aside={}, as_of=pack.as_of,
        expires_at=pack.expires_at, pack_id=pack.pack_id, personal=True,
    )  # fmt: skip


def _values(pack: ReceivedPack) -> dict[str, Any]:
    return {name: getattr(pack, name) for name in ReceivedPack.__dataclass_fields__}


def _said(pack: ReceivedPack, stored: list[BatchRow]) -> dict[str, Any]:
    return {
        "pack_id": pack.pack_id, "provider": pack.provider, "municipality": pack.municipality,
        "event_id": pack.event_id, "drill": pack.drill,
        "expires_at": None if pack.expires_at is None else pack.expires_at.isoformat(),
        "batches": {row.batch_id: {"kind": row.kind, "rows": row.accepted} for row in stored},
    }  # fmt: skip
