"""The files of batches and the catalogue together: readers see only what the catalogue names, as it was written."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pyarrow as pa

from disaster.errors import StoreError
from disaster.models import NOUNS, PROTECTION, Noun, Side
from disaster.store import catalogue, snapshots
from disaster.store.catalogue import RECEIVED, BatchRow
from disaster.store.engine import Database
from disaster.store.home import Home, Swept
from disaster.store.keys import Keys, new_data_key
from disaster.store.ledger import Ledger


@dataclass(frozen=True, slots=True, eq=False)
class Current:
    """The present rows of a kind in a municipality.

    `as_of` is that of the oldest batch, so that it never claims more than all rows keep; `datasets` has each one's.
    `credit` names the publishers of the files they came from. `drill` says whether the rows are of a drill.
    """

    table: pa.Table = field(repr=False)
    as_of: datetime | None
    batch_ids: tuple[str, ...]
    drill: bool
    datasets: Mapping[str, datetime]
    credit: str = ""


@dataclass(frozen=True, slots=True)
class Damaged:
    """A batch, or the index of a pack, whose file is missing or not the one that was written."""

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
        self, kind: str, municipality: str, *, at: datetime | None, columns: Sequence[str] | None, drill: bool,
        event_id: str = "",
    ) -> Current:  # fmt: skip
        """Join the newest batches of a kind: see ``Store.current``."""
        rows, of_drill = self.present(kind, municipality, at=at, drill=drill, event_id=event_id)
        tables = [self.read(row, columns) for row in rows]
        noun = NOUNS.get(kind.removeprefix(RECEIVED))
        if not tables or (noun is not None and not kind.startswith(RECEIVED)):  # all columns, typed, in their order
            tables.insert(0, _empty(noun, columns))
        table = pa.concat_tables(tables, promote_options="default")
        if columns is not None:
            table = table.select([name for name in columns if name in table.column_names])
        as_of = min((row.as_of for row in rows), default=None)
        ids, datasets = tuple(row.batch_id for row in rows), {row.dataset: row.as_of for row in rows}
        return Current(table, as_of, ids, of_drill, datasets, catalogue.credit(rows))

    def present(
        self, kind: str, municipality: str, *, at: datetime | None, drill: bool, event_id: str = ""
    ) -> tuple[list[BatchRow], bool]:
        """Return the batches that are the present, and whether they are of a drill: all of them or none."""
        if at is None and kind.startswith(RECEIVED):
            raise ValueError("received rows expire: say at what time they are read")
        with self.database.read() as connection:
            at_hand = partial(catalogue.present, connection, kind, municipality, at=at, event_id=event_id)
            real, drilled = at_hand(drill=False), at_hand(drill=True) if drill else []
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

    def require_municipality(self, municipality: str) -> None:
        """Refuse what is about a municipality that the store does not hold."""
        if municipality not in self.municipalities:
            held = "、".join(self.municipalities)
            raise StoreError("disaster.not_of_store", municipality=municipality, held=held)


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


def _empty(noun: Noun | None, columns: Sequence[str] | None) -> pa.Table:
    if noun is None:
        return pa.table({})
    schema = snapshots.schema_of(noun)
    return pa.schema([f for f in schema if columns is None or f.name in columns]).empty_table()
