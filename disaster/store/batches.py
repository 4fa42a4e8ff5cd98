"""Batches in and out of the store: the file first, then one transaction; readers see only what the catalogue names."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from disaster.batch import Batch
from disaster.errors import StoreError
from disaster.models import NOUNS, PLACE_COLUMNS, PROTECTION, Noun, Side
from disaster.store import catalogue, features, snapshots
from disaster.store.catalogue import RECEIVED, BatchRow
from disaster.store.engine import Database
from disaster.store.home import Home, Swept
from disaster.store.keys import Keys, new_data_key
from disaster.store.ledger import Ledger

_NOT_ON_SIDE: Mapping[Side, str] = {
    Side.POST: "disaster.not_on_post_side",
    Side.MUNICIPALITY: "disaster.not_on_municipality_side",
    Side.DEMO: "disaster.not_on_demo_side",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch.

    `unchanged` if the store held it already (then `batch_id` is that one's); `replaced` names the batch that was the
    present of the dataset before; `newer` names the batch that stays the present because its as-of time is later.
    """

    batch_id: str
    unchanged: bool
    replaced: str | None = None
    newer: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Current:
    """The present rows of a kind in a municipality.

    `as_of` is that of the oldest batch, so that it never claims more than all rows keep; `datasets` has each one's.
    `drill` says whether the rows are of a drill.
    """

    table: pa.Table
    as_of: datetime | None
    batch_ids: tuple[str, ...]
    drill: bool
    datasets: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class Damaged:
    """A batch whose file is missing or not the one that was written."""

    batch_id: str
    file: str
    missing: bool


@dataclass(frozen=True)
class Batches:
    """The part of a store that handles batches."""

    home: Home
    database: Database
    ledger: Ledger
    keys: Keys
    store_id: str
    side: Side
    municipalities: tuple[str, ...]

    def add(self, batch: Batch, *, at: datetime) -> Stored:
        """Store a batch: see ``Store.add_batch``."""
        noun = self._entry(batch)
        table = _shaped(batch.table, noun)
        new = self._described(batch, table, noun, at)
        with self.home.writing():
            with self.database.read() as connection:
                rows = catalogue.series(connection, new)
                shown = catalogue.present(connection, batch.kind, batch.municipality, at=None, drill=batch.drill)
            newest = rows[-1] if rows else None
            same = catalogue.same_again(rows, new, newest)
            if same is not None:
                return Stored(same.batch_id, unchanged=True)
            self._require_new_keys(noun, table, new, [row for row in shown if row.dataset != batch.dataset])
            with self.written([(new, table)]) as stored, self.ledger.transaction() as connection:
                catalogue.add(connection, stored)
                if not noun.bulk:
                    features.add(connection, noun, stored[0], table)
                self.ledger.append(connection, "ingested", _ingested(stored[0]), at=at)
        if newest is not None and newest.as_of > batch.as_of:
            return Stored(new.batch_id, unchanged=False, newer=newest.batch_id)
        return Stored(new.batch_id, unchanged=False, replaced=newest.batch_id if newest else None)

    def read(self, row: BatchRow, columns: Sequence[str] | None = None) -> pa.Table:
        """Read the snapshot of a batch that the catalogue names.

        Raises
        ------
        StoreError
            If the file is missing or has another size than the one that was written.
        """
        path = self.home.path / row.file
        if not path.is_file():
            raise StoreError("disaster.snapshot_missing", file=row.file)
        if path.stat().st_size != row.size:
            raise StoreError("disaster.snapshot_unreadable", file=path.name)
        about = self._about(row)
        key = self.keys.unwrap(row.wrapped_key, about=about) if row.wrapped_key else None
        return snapshots.read_snapshot(path, about=about, key=key, columns=columns)

    def current(
        self, kind: str, municipality: str, *, at: datetime | None, columns: Sequence[str] | None, drill: bool
    ) -> Current:
        """Join the newest batches of a kind: see ``Store.current``."""
        rows, of_drill = self.present(kind, municipality, at=at, drill=drill)
        tables = [self.read(row, columns) for row in rows]
        noun = NOUNS.get(kind.removeprefix(RECEIVED))
        if not tables or (noun is not None and not kind.startswith(RECEIVED)):  # all columns, typed, in their order
            tables.insert(0, _empty(noun, columns))
        table = pa.concat_tables(tables, promote_options="default")
        if columns is not None:
            table = table.select([name for name in columns if name in table.column_names])
        as_of = min((row.as_of for row in rows), default=None)
        return Current(
            table, as_of, tuple(row.batch_id for row in rows), of_drill, {row.dataset: row.as_of for row in rows}
        )

    def present(self, kind: str, municipality: str, *, at: datetime | None, drill: bool) -> tuple[list[BatchRow], bool]:
        """Return the batches that are the present, and whether they are of a drill: all of them or none."""
        if at is None and kind.startswith(RECEIVED):
            raise ValueError("received rows expire: say at what time they are read")
        with self.database.read() as connection:
            real = catalogue.present(connection, kind, municipality, at=at, drill=False)
            drilled = catalogue.present(connection, kind, municipality, at=at, drill=True) if drill else []
        if kind == PROTECTION.kind:
            return real + drilled, False  # a drill never takes anybody's protection away
        return (drilled, True) if drilled else (real, False)

    def purge(self, rows: Sequence[BatchRow], *, at: datetime, reason: str) -> int:
        """Destroy keys and files of batches that are still active; return how many."""
        active = [row for row in rows if row.state == "active"]
        if not active:
            return 0
        with self.home.writing():
            with self.ledger.transaction() as connection:
                for row in active:
                    catalogue.purge(connection, row, at=at)
                    said = {"batch_id": row.batch_id, "kind": row.kind, "municipality": row.municipality}
                    self.ledger.append(connection, "purged", said | {"pack_id": row.pack_id, "reason": reason}, at=at)
            for row in active:
                (self.home.path / row.file).unlink(missing_ok=True)
            self.database.forget()
        return len(active)

    def check(self) -> tuple[Damaged, ...]:
        """Compare every file with the SHA-256 that the catalogue keeps."""
        with self.database.read() as connection:
            named = catalogue.active_files(connection)
        found = []
        for name, row in sorted(named.items()):
            path = self.home.path / name
            missing = not path.is_file()
            if missing or snapshots.file_sha256(path) != row.sha256:
                found.append(Damaged(row.batch_id, name, missing))
        return tuple(found)

    @contextmanager
    def written(self, parts: Sequence[tuple[BatchRow, pa.Table]]) -> Iterator[list[BatchRow]]:
        """Write the files and give the finished catalogue rows; what is not recorded in the end is swept away."""
        try:
            yield [self._write(row, table) for row, table in parts]
        except BaseException:
            # the catalogue decides: a commit may stand although its answer was lost
            with suppress(StoreError):
                self.sweep()
            raise

    def sweep(self) -> Swept:
        """Clear away the files that the catalogue does not name; only while holding the right to write."""
        with self.database.read() as connection:
            return self.home.sweep(catalogue.active_files(connection))

    def _write(self, row: BatchRow, table: pa.Table) -> BatchRow:
        about = self._about(row)
        key = new_data_key() if row.personal else None
        written = snapshots.write_snapshot(self.home.path / row.file, table, about=about, key=key)
        wrapped = self.keys.wrap(key, about=about) if key else None
        return replace(row, size=written.size, sha256=written.sha256, wrapped_key=wrapped)

    def _about(self, row: BatchRow) -> str:
        return f"{self.store_id}/{row.kind}/{row.municipality}/{row.batch_id}"

    def _entry(self, batch: Batch) -> Noun:
        """Refuse what may not enter this store."""
        noun = NOUNS.get(batch.kind)
        if noun is None:
            raise StoreError("disaster.unknown_kind", kind=batch.kind, kinds="、".join(sorted(NOUNS)))
        if self.side not in noun.sides:
            raise StoreError(_NOT_ON_SIDE[self.side], kind=noun.title)
        self.require_municipality(batch.municipality)
        return noun

    def require_municipality(self, municipality: str) -> None:
        """Refuse what is about a municipality that the store does not hold."""
        if municipality not in self.municipalities:
            held = "、".join(self.municipalities)
            raise StoreError("disaster.not_of_store", municipality=municipality, held=held)

    def _described(self, batch: Batch, table: pa.Table, noun: Noun, at: datetime) -> BatchRow:
        return new_row(
            kind=batch.kind, municipality=batch.municipality, dataset=batch.dataset, drill=batch.drill,
            sources=tuple(
                {"file": s.file, "sha256": s.sha256, "encoding": s.encoding, "crs": s.crs, "layout": s.layout}
                for s in batch.sources
            ),
            content_sha256=snapshots.rows_digest(table), read=batch.read, accepted=batch.accepted,
            refused=batch.refused, set_aside=dict(batch.set_aside), as_of=batch.as_of, ingested_at=at,
            personal=noun.personal,
        )  # fmt: skip

    def _require_new_keys(self, noun: Noun, table: pa.Table, new: BatchRow, others: Sequence[BatchRow]) -> None:
        """Refuse rows that another dataset of the kind holds too: they would be counted twice."""
        if not others:
            return
        keys = _keys(table, noun)
        for other in others:
            count = pc.sum(pc.is_in(keys, value_set=_keys(self.read(other, noun.key), noun))).as_py()
            if count:
                raise StoreError(
                    "disaster.keys_in_other_dataset", kind=noun.title, dataset=new.dataset, other=other.dataset,
                    count=count,
                )  # fmt: skip


def new_row(*, kind: str, municipality: str, dataset: str, ingested_at: datetime, **given: Any) -> BatchRow:
    """Return a catalogue row with a new name; its file is not written yet."""
    batch_id = f"{ingested_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(6)}"
    defaults: dict[str, Any] = {
        "number": 0, "expires_at": None, "pack_id": None, "size": 0, "sha256": "", "wrapped_key": None,
        "state": "active", "purged_at": None,
        "file": f"{snapshots.FOLDER}/{kind}/{municipality}/{batch_id}.parquet",
    }  # fmt: skip
    return BatchRow(
        kind=kind, municipality=municipality, dataset=dataset, batch_id=batch_id, ingested_at=ingested_at,
        **(defaults | given),
    )  # fmt: skip


def _shaped(table: pa.Table, noun: Noun) -> pa.Table:
    """Return the columns of the noun in their order and types.

    Raises
    ------
    ValueError
        If the table is not what ``disaster.batch.Batch`` promises: a mistake of the programmer.
    """
    schema = snapshots.schema_of(noun)
    for column in PLACE_COLUMNS:
        if column.name in schema.names and column.name not in table.column_names:
            table = table.append_column(column.name, pa.nulls(table.num_rows, pa.string()))
    if set(table.column_names) != set(schema.names):
        raise ValueError(f"{noun.kind}: columns differ: {sorted(set(table.column_names) ^ set(schema.names))}")
    return table.select(schema.names).cast(schema)


def _ingested(row: BatchRow) -> dict[str, Any]:
    """Return what the ledger says of a batch; of a personal one nothing that could confirm a guess at its rows."""
    said: dict[str, Any] = {
        "batch_id": row.batch_id, "kind": row.kind, "municipality": row.municipality, "dataset": row.dataset,
        "drill": row.drill, "as_of": row.as_of.astimezone(UTC).isoformat(), "read": row.read,
        "accepted": row.accepted, "refused": row.refused, "snapshot_sha256": row.sha256,
    }  # fmt: skip
    if not row.personal:
        said["sources"] = [{"file": source["file"], "sha256": source["sha256"]} for source in row.sources]
    return said


def _keys(table: pa.Table, noun: Noun) -> pa.Array:
    """Return one text a row that tells rows apart."""
    parts = [pc.fill_null(_as_text(table.column(name)), "") for name in noun.key]
    joined = parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "\x1f")
    return joined.combine_chunks()


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column if pa.types.is_string(column.type) else column.cast(pa.string())


def _empty(noun: Noun | None, columns: Sequence[str] | None) -> pa.Table:
    if noun is None:
        return pa.table({})
    schema = snapshots.schema_of(noun)
    return pa.schema([f for f in schema if columns is None or f.name in columns]).empty_table()
