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

#: Columns that together say where a row is; a UTM reference is longitude and latitude in other words.
_PLACES = ({"lon", "lat"}, {"geometry"}, {"mgrs"})


def opens_place(columns: Iterable[str]) -> bool:
    """Tell whether rows cut to these columns may say where they are."""
    names = set(columns)
    return any(place <= names for place in _PLACES)


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
    """Return a publishable noun's rows: its public columns, or of all but personal ones those that are `allowed`.

    Raises
    ------
    ValueError
        If the noun is personal: its rows leave through ``disaster.provide`` alone.
    """
    if noun.personal or not noun.publishable:
        raise ValueError(f"{noun.kind} holds personal data and is no layer")
    columns = (*noun.columns, *PLACE_COLUMNS)
    if allowed is None:
        shown = [column for column in columns if column.sensitivity is Sensitivity.PUBLIC]
    else:
        names = set(allowed)
        shown = [c for c in columns if c.name in names and c.sensitivity in (Sensitivity.PUBLIC, Sensitivity.INTERNAL)]
    made = layer(noun.kind, noun.title, shown, rows, as_of=as_of, source=source)
    placed = noun.shape is not Shape.NONE and (allowed is None or opens_place(names))
    return made if placed else replace(made, geometry=None)


def sorted_rows(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    """Return the rows ordered by their key, so that the same rows always give the same file."""
    names = [name for name in key if name in rows.column_names]
    return rows.take(pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in names])) if names else rows
