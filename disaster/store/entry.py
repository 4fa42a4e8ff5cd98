"""Batches on their way in: refused by side and key, then the files, then one transaction for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from disaster.batch import Batch
from disaster.errors import StoreError
from disaster.models import NOUNS, PLACE_COLUMNS, Noun, Side
from disaster.store import catalogue, features, snapshots
from disaster.store.batches import Batches, new_row
from disaster.store.catalogue import BatchRow

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
class _Entering:
    noun: Noun
    table: pa.Table = field(repr=False)
    row: BatchRow


def add_batches(batches: Batches, new: Sequence[Batch], *, at: datetime) -> tuple[Stored, ...]:
    """Store batches, all or none: see ``Store.add_batches``."""
    entering = [_entering(batches, batch, at) for batch in new]
    with batches.home.writing():
        outcomes: list[Stored] = []
        kept: list[_Entering] = []
        with batches.database.read() as connection:
            for each in entering:
                outcomes.append(_outcome(connection, each.row, [before.row for before in kept]))
                if not outcomes[-1].unchanged:
                    _require_new_keys(batches, connection, each, kept)
                    kept.append(each)
        if kept:
            _record(batches, kept, at)
    return tuple(outcomes)


def _entering(batches: Batches, batch: Batch, at: datetime) -> _Entering:
    """Refuse what may not enter this store; describe the rest."""
    noun = NOUNS.get(batch.kind)
    if noun is None:
        raise StoreError("disaster.unknown_kind", kind=batch.kind, kinds="、".join(sorted(NOUNS)))
    if batches.side not in noun.sides:
        raise StoreError(_NOT_ON_SIDE[batches.side], kind=noun.title)
    batches.require_municipality(batch.municipality)
    table = _shaped(batch.table, noun)
    row = new_row(
        kind=batch.kind, municipality=batch.municipality, dataset=batch.dataset, drill=batch.drill,
        sources=tuple(
            {"file": s.file, "sha256": s.sha256, "encoding": s.encoding, "crs": s.crs, "layout": s.layout}
            | ({"credit": s.credit} if s.credit else {})
            for s in batch.sources
        ),
        content_sha256=snapshots.rows_digest(table), read=batch.read, accepted=batch.accepted, refused=batch.refused,
        set_aside=dict(batch.set_aside), as_of=batch.as_of, ingested_at=at, personal=noun.personal,
    )  # fmt: skip
    return _Entering(noun, table, row)


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


def _outcome(connection: Connection, row: BatchRow, before: Sequence[BatchRow]) -> Stored:
    """Say what storing a batch will do, after the batches of the same call `before` it."""
    beside = [one for one in before if catalogue.is_beside(one, row) and one.dataset == row.dataset]
    rows = sorted([*catalogue.series(connection, row), *beside], key=lambda one: one.as_of)
    newest = rows[-1] if rows else None
    same = catalogue.same_again(rows, row, newest)
    if same is not None:
        return Stored(same.batch_id, unchanged=True)
    if newest is not None and newest.as_of > row.as_of:
        return Stored(row.batch_id, unchanged=False, newer=newest.batch_id)
    return Stored(row.batch_id, unchanged=False, replaced=newest.batch_id if newest else None)


def _require_new_keys(batches: Batches, connection: Connection, new: _Entering, before: Sequence[_Entering]) -> None:
    """Refuse rows that another dataset of the kind holds too: they would be counted twice."""
    row, noun = new.row, new.noun
    shown = catalogue.present(connection, row.kind, row.municipality, at=None, drill=row.drill)
    others: dict[str, pa.Table | BatchRow] = {one.dataset: one for one in shown}
    others |= {one.row.dataset: one.table for one in before if catalogue.is_beside(one.row, row)}
    others.pop(row.dataset, None)
    keys = _keys(new.table, noun) if others else None
    for dataset, other in others.items():
        table = batches.read(other, noun.key) if isinstance(other, BatchRow) else other
        count = pc.sum(pc.is_in(keys, value_set=_keys(table, noun))).as_py()
        if count:
            raise StoreError(
                "disaster.keys_in_other_dataset", kind=noun.title, dataset=row.dataset, other=dataset, count=count
            )


def _record(batches: Batches, entering: Sequence[_Entering], at: datetime) -> None:
    """Write the files, then everything else in one transaction, the ledger last."""
    parts = [(each.row, each.table) for each in entering]
    with batches.written(parts) as stored, batches.ledger.transaction() as connection:
        catalogue.add(connection, stored)
        for each, row in zip(entering, stored, strict=True):
            if not each.noun.bulk:
                features.add(connection, each.noun, row, each.table)
        for row in stored:
            batches.ledger.append(connection, "ingested", _said(row), at=at)


def _said(row: BatchRow) -> dict[str, Any]:
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
