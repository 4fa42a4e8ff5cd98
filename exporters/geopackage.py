"""GeoPackage: one file with every layer, for QGIS and ArcGIS.

Table and column names are the machine's; titles and aliases are Japanese, and the codes of choices carry their labels
as enumerations (the schema extension of the standard), so that a GIS shows 通行不能 where ``none`` stands.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyogrio
import shapely
from shapely import MultiLineString, MultiPoint, MultiPolygon

from agreements.format import Column, ColumnType
from exporters.about import DRILL_SENTENCE, as_data, drill_title, lines
from exporters.cells import finite, headings, joined, one_array
from exporters.clean import without_controls
from exporters.model import Layer, Marks
from exporters.places import places
from exporters.whole import refuse_same_names, written_whole
from geo.crs import JGD2011

_GEOMETRY: Final = "geom"
#: The time of change that GDAL writes, and whether SQLite waits for the disk after each step: it need not, since the
#: file is made durable as a whole. Waiting took nine tenths of the time of small layers.
_CLOCK, _WAIT = "OGR_CURRENT_DATE", "OGR_SQLITE_SYNCHRONOUS"
#: These are settings of the whole process; two writers must not turn them at the same time.
_SETTINGS_LOCK: Final = Lock()
_MULTI: Final = {"Point": MultiPoint, "LineString": MultiLineString, "Polygon": MultiPolygon}


def write_geopackage(path: Path, layers: Sequence[Layer], marks: Marks) -> dict[str, int]:
    """Write layers as tables of one GeoPackage in JGD2011 (EPSG:6668), each with an R-tree.

    A layer without places becomes a table of attributes; a row without a place keeps its row. Times are UTC, lists are
    joined by 、, control characters become visible signs. In a drill titles begin with 【訓練】 and every table has a
    column ``drill``. The same input gives the same bytes: the time of change is `marks.as_of`.

    Returns
    -------
    dict of str to int
        Rows written by name of layer.

    Raises
    ------
    ExportError
        ``exporters.no_layers``, ``exporters.same_name``, ``exporters.bad_place`` or ``exporters.cannot_write``.
    """
    refuse_same_names(layers)
    titles = [_title(layer, layers, marks) for layer in layers]
    with written_whole(path) as partial:
        with _settings(marks):
            for layer, title in zip(layers, titles, strict=True):
                _write_layer(partial, layer, title, marks)
        _add_labels(partial, layers)
    return {layer.name: len(layer) for layer in layers}


def _title(layer: Layer, layers: Sequence[Layer], marks: Marks) -> str:
    """Return the layer's title; the standard wants each only once."""
    alone = sum(other.title == layer.title for other in layers) == 1
    return drill_title(layer.title if alone else f"{layer.title}({layer.name})", marks)


def _table(layer: Layer, *, drill: bool) -> tuple[pa.Table, str | None]:
    """Return a layer as GDAL takes it, and what its shapes are called (None: no places)."""
    fields, arrays = [], []
    for column, heading in zip(layer.columns, headings(layer.columns), strict=True):
        values = _values(one_array(layer, column), column.type)
        fields.append(pa.field(column.name, values.type, metadata={"GDAL:OGR:alternative_name": heading}))
        arrays.append(values)
    if drill:
        fields.append(pa.field("drill", pa.bool_(), metadata={"GDAL:OGR:alternative_name": "訓練"}))
        arrays.append(pa.repeat(pa.scalar(True), len(layer)))
    found = places(layer)
    shape = None
    if found is not None:
        shape, found = _one_shape(found)
        fields.append(pa.field(_GEOMETRY, pa.binary()))
        arrays.append(pa.array(shapely.to_wkb(found), pa.binary()))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields)), shape


def _values(values: pa.Array, kind: ColumnType) -> pa.Array:
    if kind is ColumnType.LIST:
        values = joined(values)
    if kind is ColumnType.NUMBER:
        return finite(values)
    return without_controls(values)[0] if pa.types.is_string(values.type) else values


def _one_shape(found: np.ndarray) -> tuple[str, np.ndarray]:
    """Return the one type that a table of the standard holds; single shapes become multi where both occur."""
    kinds, first = np.unique(shapely.get_type_id(found), return_index=True)
    names = {found[row].geom_type for kind, row in zip(kinds, first, strict=True) if kind >= 0}
    if len(names) == 1:
        return names.pop(), found
    single = {name.removeprefix("Multi") for name in names}
    if len(single) != 1 or not single <= _MULTI.keys():
        return "Unknown", found
    multi: Any = _MULTI[single.pop()]
    promoted = np.empty(len(found), dtype=object)
    promoted[:] = [None if shape is None else multi(list(shapely.get_parts(shape))) for shape in found]
    return multi.__name__, promoted


def _write_layer(path: Path, layer: Layer, title: str, marks: Marks) -> None:
    table, shape = _table(layer, drill=marks.drill)
    where: dict[str, Any] = {"layer_options": {"ASPATIAL_VARIANT": "GPKG_ATTRIBUTES"}}
    if shape is not None:
        where = {"geometry_name": _GEOMETRY, "geometry_type": shape, "crs": JGD2011, "layer_options": {}}
    where["layer_options"] |= {"IDENTIFIER": title, "DESCRIPTION": _description(layer, marks)}
    about = json.dumps(as_data(layer, marks), ensure_ascii=False)
    pyogrio.write_arrow(table, path, layer=layer.name, driver="GPKG", layer_metadata={"tayori": about}, **where)


def _description(layer: Layer, marks: Marks) -> str:
    said = [f"{heading}: {text}" for heading, text in lines(marks)]
    said += [f"出典: {layer.source}"] if layer.source else []
    said += [layer.note] if layer.note else []
    return " ／ ".join(([DRILL_SENTENCE] if marks.drill else []) + said)


@contextmanager
def _settings(marks: Marks) -> Iterator[None]:
    """Let GDAL write `marks.as_of` as the time of change, so that the same rows give the same bytes, and not wait."""
    with _SETTINGS_LOCK:
        before = {name: pyogrio.get_gdal_config_option(name) for name in (_CLOCK, _WAIT)}
        clock = f"{marks.as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
        pyogrio.set_gdal_config_options({_CLOCK: clock, _WAIT: "OFF"})
        try:
            yield
        finally:
            pyogrio.set_gdal_config_options(before)


def _add_labels(path: Path, layers: Sequence[Layer]) -> None:
    """Declare the labels of coded values as enumerations, which GDAL cannot be asked for through Arrow."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        for layer in layers:
            for column in layer.columns:
                if column.choices:
                    _add_enumeration(connection, layer.name, column)


def _add_enumeration(connection: sqlite3.Connection, layer: str, column: Column) -> None:
    name = f"{layer}_{column.name}"
    connection.executemany(
        "INSERT INTO gpkg_data_column_constraints (constraint_name, constraint_type, value, description)"
        " VALUES (?, 'enum', ?, ?)",
        [(name, code, label) for code, label in column.choices.items()],
    )
    connection.execute(
        "UPDATE gpkg_data_columns SET constraint_name = ? WHERE table_name = ? AND column_name = ?",
        (name, layer, column.name),
    )
