"""Invented rows for the tests of the store: 潮見市 (99301), where nobody lives."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from disaster.batch import Batch, Source
from disaster.models import NOUNS
from disaster.store.snapshots import schema_of
from geo.faults import Faults

TOWN = "99301"


def table_of(kind: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return rows of a kind, with nulls where nothing is said."""
    schema = schema_of(NOUNS[kind])
    empty = dict.fromkeys(schema.names)
    filled = [{**empty, "municipality": TOWN, **row} for row in rows]
    return pa.Table.from_pylist([{name: row[name] for name in schema.names} for row in filled], schema=schema)


def batch_of(
    kind: str, rows: Sequence[Mapping[str, Any]], *, as_of: datetime, dataset: str = "市の一覧", file: str = "a.csv",
    municipality: str = TOWN, drill: bool = False,
) -> Batch:  # fmt: skip
    """Return a batch whose source hash follows from its rows."""
    table = table_of(kind, rows)
    source = Source(file, hashlib.sha256(repr(rows).encode()).hexdigest(), "utf-8", None, "invented")
    return Batch(kind, municipality, dataset, table, Faults(), len(rows), 0, (source,), as_of, {}, drill)


def shelters(count: int, *, prefix: str = "H", name: str = "小学校") -> list[dict[str, Any]]:
    """Return shelters on a line to the north-east."""
    return [
        {
            "shelter_id": f"{prefix}{n:04d}", "name": f"第{n}{name}", "shelter_kind": "designated", "capacity": 100 + n,
            "lon": 138.55 + n * 0.001, "lat": 34.50 + n * 0.001,
        }
        for n in range(count)
    ]  # fmt: skip


def delivery_points(count: int) -> list[dict[str, Any]]:
    """Return homes; every seventh is not placed."""
    return [
        {
            "point_id": f"P{n:07d}", "postal_code": "4990001", "address": f"架空県潮見市浜町{n % 9 + 1}丁目{n}番",
            "point_kind": "dwelling", "addressees": [f"潮見 {n}郎", f"潮見 {n}子"], "status": "served",
            "office_code": "S001", "lon": 138.55 + n * 1e-6 if n % 7 else None,
            "lat": 34.5 if n % 7 else None,
        }
        for n in range(count)
    ]  # fmt: skip
