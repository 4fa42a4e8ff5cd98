"""From stored rows to what an exporter prints: typed columns, shapely geometry, nothing else."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from agreements.format import Column, Sensitivity
from disaster.models import PLACE_COLUMNS, Noun, Shape
from disaster.schemas.parse import ARROW_TYPES
from exporters.model import Layer

#: Columns that say where a row is.
_PLACE_NAMES = {"lon", "lat", "geometry"}


def geometry_of(table: pa.Table) -> np.ndarray | None:
    """Return the places of rows as shapely geometries in EPSG:6668, None where a row has none.

    Reads ``lon`` and ``lat`` (degrees) or ``geometry`` (WKB); a table with neither has no places.
    """
    if {"lon", "lat"} <= set(table.column_names):
        lon, lat = table.column("lon").to_numpy(), table.column("lat").to_numpy()
        placed = np.isfinite(lon) & np.isfinite(lat)
        points = np.full(len(lon), None, dtype=object)
        points[placed] = shapely.points(lon[placed], lat[placed])
        return points
    if "geometry" in table.column_names:
        return np.asarray(shapely.from_wkb(table.column("geometry").to_numpy(zero_copy_only=False)))
    return None


def layer(
    name: str, title: str, columns: Sequence[Column], rows: pa.Table, *, as_of: datetime, source: str = ""
) -> Layer:
    """Return a layer of the given columns; a column that the rows do not hold is left out."""
    shown = tuple(column for column in columns if column.name in rows.column_names)
    table = rows.select([column.name for column in shown])
    table = table.cast(pa.schema([(column.name, ARROW_TYPES[column.type]) for column in shown]))
    return Layer(name, title, shown, table, geometry_of(rows), as_of, source)


def noun_layer(
    noun: Noun, rows: pa.Table, *, as_of: datetime, source: str = "", allowed: Iterable[str] | None = None
) -> Layer:
    """Return the public columns of a publishable noun's rows.

    Raises
    ------
    ValueError
        If the noun is personal: its rows leave through ``disaster.provide`` alone.
    """
    if noun.personal or not noun.publishable:
        raise ValueError(f"{noun.kind} holds personal data and is no layer")
    public = [c for c in (*noun.columns, *PLACE_COLUMNS) if c.sensitivity in (Sensitivity.PUBLIC, Sensitivity.INTERNAL)]
    names = {column.name for column in public} | _PLACE_NAMES if allowed is None else set(allowed)
    shown = [column for column in public if column.name in names]
    made = layer(noun.kind, noun.title, shown, rows, as_of=as_of, source=source)
    placed = noun.shape is not Shape.NONE and bool(names & _PLACE_NAMES)
    return made if placed else replace(made, geometry=None)


def sorted_rows(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    """Return the rows ordered by their key, so that the same rows always give the same file."""
    names = [name for name in key if name in rows.column_names]
    return rows.take(pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in names])) if names else rows
