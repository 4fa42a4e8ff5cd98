"""Rows of the small kinds in SQL, found by place: PostGIS by its index, SQLite by shapely; the same answers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from geoalchemy2 import WKBElement
from sqlalchemy import Connection, Select, and_, func, insert, or_, select

from agreements.format import ColumnType
from disaster.errors import StoreError
from disaster.models import Noun, Shape
from disaster.store.catalogue import BatchRow
from disaster.store.snapshots import GEOMETRY, points_to_wkb, schema_of
from disaster.store.tables import EAST, NORTH, SOUTH, SRID, WEST, batch, feature

Bbox = tuple[float, float, float, float]
_PLACE = ("lon", "lat", GEOMETRY)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Rows within a box.

    `table` has the columns of ``Store.current``; `more` says that rows beyond the limit were left out; `as_of` is that
    of the oldest batch, None if there is none; `drill` whether the rows are of a drill; `credit` as in `Current`.
    """

    table: pa.Table
    as_of: datetime | None
    more: bool
    drill: bool
    credit: str = ""


def add(connection: Connection, noun: Noun, row: BatchRow, table: pa.Table) -> None:
    """Write the rows of a batch.

    Raises
    ------
    StoreError
        If a place lies outside Japan or is no number: nothing with such a place may be stored.
    """
    shapes = shapely.force_2d(_shapes(noun, table))
    bounds = shapely.bounds(shapes)
    _require_japan(shapes, bounds, row.kind)
    postgis = connection.dialect.name == "postgresql"
    wkb = shapely.to_wkb(shapes)
    properties = table.drop_columns([name for name in _PLACE if name in table.column_names]).to_pylist()
    values = [
        {
            "municipality": row.municipality, "batch_id": row.batch_id, "n": n, "kind": row.kind,
            "key": json.dumps([_plain(each[name]) for name in noun.key], ensure_ascii=False),
            "properties": {name: _plain(value) for name, value in each.items()},
            "geometry": None if wkb[n] is None else WKBElement(wkb[n], srid=SRID) if postgis else wkb[n],
            **dict(zip(("west", "south", "east", "north"), _numbers(bounds[n]), strict=True)),
        }
        for n, each in enumerate(properties)
    ]  # fmt: skip
    for start in range(0, len(values), _AT_ONCE):
        connection.execute(insert(feature), values[start : start + _AT_ONCE])


def find(
    connection: Connection, noun: Noun, batches: Sequence[BatchRow], *, bbox: Bbox | None, limit: int
) -> tuple[pa.Table, bool]:
    """Return at most `limit` rows of the batches that touch `bbox` (west, south, east, north; degrees, EPSG:6668).

    Raises
    ------
    ValueError
        If the box is none.
    """
    box = None if bbox is None else _box(bbox)
    if not batches:
        return schema_of(noun).empty_table(), False
    postgis = connection.dialect.name == "postgresql"
    query = _query(batches)
    if bbox is not None and box is not None:
        query = _within_bounds(query, bbox)
        if postgis:
            query = query.where(func.ST_Intersects(feature.c.geometry, WKBElement(shapely.to_wkb(box), srid=SRID)))
    if box is None or postgis:
        query = query.limit(limit + 1)
    found = connection.execute(query).all()
    shapes = shapely.from_wkb(np.array([_wkb(each.geometry) for each in found], dtype=object))
    chosen = np.arange(len(found))
    if box is not None and not postgis:
        chosen = chosen[shapely.intersects(shapes, box)]
    kept = chosen[:limit]
    return _table(noun, [found[n].properties for n in kept], shapes[kept]), len(chosen) > limit


def _box(bbox: Bbox) -> shapely.Geometry:
    """Return the box as a shape; without width or height it is a line or a point, on which the engines agree."""
    west, south, east, north = bbox
    if not (np.isfinite(bbox).all() and west <= east and south <= north):
        raise ValueError("a box is west, south, east, north, in degrees")
    if west == east and south == north:
        return shapely.Point(west, south)
    if west == east or south == north:
        return shapely.LineString([(west, south), (east, north)])
    return shapely.box(*bbox)


def _query(batches: Sequence[BatchRow]) -> Select[Any]:
    wanted = [and_(feature.c.municipality == row.municipality, feature.c.batch_id == row.batch_id) for row in batches]
    joined = and_(feature.c.municipality == batch.c.municipality, feature.c.batch_id == batch.c.batch_id)
    columns = select(feature.c.properties, feature.c.geometry).join(batch, joined)
    return columns.where(or_(*wanted)).order_by(batch.c.number, feature.c.n)


def _within_bounds(query: Select[Any], bbox: Bbox) -> Select[Any]:
    west, south, east, north = bbox
    return query.where(
        feature.c.west <= east, feature.c.east >= west, feature.c.south <= north, feature.c.north >= south
    )


def _wkb(value: Any) -> bytes | None:
    if value is None:
        return None
    return bytes(value.data) if isinstance(value, WKBElement) else bytes(value)


def _table(noun: Noun, properties: Sequence[Mapping[str, Any]], shapes: np.ndarray) -> pa.Table:
    """Bring rows back into the types of the noun."""
    schema = schema_of(noun)
    types = {column.name: column.type for column in noun.columns}
    columns: dict[str, Any] = {
        name: [_typed(row.get(name), types.get(name)) for row in properties] for name in schema.names
    }
    if noun.shape is Shape.POINT:
        columns |= {"lon": _coordinates(shapely.get_x(shapes)), "lat": _coordinates(shapely.get_y(shapes))}
    elif noun.shape is not Shape.NONE:
        columns[GEOMETRY] = list(shapely.to_wkb(shapes))
    return pa.table({name: pa.array(columns[name], schema.field(name).type) for name in schema.names})


def _coordinates(values: np.ndarray) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)


def _shapes(noun: Noun, table: pa.Table) -> np.ndarray:
    if noun.shape is Shape.NONE:
        return np.full(table.num_rows, None, dtype=object)
    if noun.shape is Shape.POINT:
        wkb = points_to_wkb(*(table.column(name).to_numpy() for name in ("lon", "lat")))
        return np.asarray(shapely.from_wkb(wkb.to_numpy(zero_copy_only=False)))
    return np.asarray(shapely.from_wkb(table.column(GEOMETRY).to_numpy(zero_copy_only=False)))


def _require_japan(shapes: np.ndarray, bounds: np.ndarray, kind: str) -> None:
    there = ~shapely.is_missing(shapes)
    west, south, east, north = bounds[there].T
    good = (
        np.isfinite(bounds[there]).all(axis=1) & (west >= WEST) & (south >= SOUTH) & (east <= EAST) & (north <= NORTH)
    )
    if not good.all():
        raise StoreError("disaster.place_outside_japan", kind=kind, count=int((~good).sum()))


def _numbers(bounds: np.ndarray) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in bounds]


def _plain(value: Any) -> Any:
    """Return a value as JSON keeps it."""
    return value.isoformat() if isinstance(value, date) else value


def _typed(value: Any, type_: ColumnType | None) -> Any:
    if value is None or type_ not in (ColumnType.TIME, ColumnType.DATE):
        return value
    return datetime.fromisoformat(value) if type_ is ColumnType.TIME else date.fromisoformat(value)
