"""GeoJSON (RFC 7946) out of whole columns: no object is built per row.

Coordinates are JGD2011 longitude and latitude, which RFC 7946's WGS 84 equals within a metre, so nothing is moved
and no ``crs`` member stands. Property keys are machine names, values of choices their codes; what they mean stands
in the foreign member ``tayori``, which readers that do not know it pass over. In a drill every feature carries
``"drill": true`` as well, because foreign members do not survive a conversion.
"""

import json
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from agreements.format import Column, ColumnType
from exporters.about import as_data
from exporters.cells import finite, one_array
from exporters.clean import text_bytes
from exporters.model import Layer, Marks
from exporters.places import is_point_layer, places
from exporters.whole import written_whole

#: Rows written at a time; bounds the memory, and the size of the pieces stays far below Arrow's 2 GB.
_ROWS: Final = 65_536
#: 1.1 cm: finer than any source, and what the RFC recommends not to exceed by much.
_DECIMALS: Final = 7
_QUOTE_OR_BACKSLASH: Final = (ord('"'), ord("\\"))


def write_geojson(path: Path, layer: Layer, marks: Marks) -> int:
    """Write a layer as one FeatureCollection.

    Rows without a place are features with ``"geometry": null``; none is left out. Times are UTC
    (``2026-11-21T01:00:00Z``), lists are arrays of texts, numbers that are none are null. The same input gives the
    same bytes.

    Returns
    -------
    int
        Features written, always the rows of the layer.

    Raises
    ------
    ExportError
        ``exporters.bad_place`` or ``exporters.cannot_write``.
    """
    found = places(layer)
    columns = [(column, one_array(layer, column)) for column in layer.columns]
    with written_whole(path) as partial, partial.open("wb") as file:
        file.write(_opening(layer, marks).encode())
        end = len(layer)
        for start in range(0, end, _ROWS):
            count = min(_ROWS, end - start)
            pieces = list(_pieces(columns, found, start, count, drill=marks.drill))
            separators = pa.array([",\n"] * (count - 1) + [",\n" if start + count < end else "\n"])
            features = pc.binary_join_element_wise(*pieces, separators, "")
            file.write(text_bytes(features)[0].data)
        file.write(b"]}\n")
    return len(layer)


def _opening(layer: Layer, marks: Marks) -> str:
    name, about = (json.dumps(value, ensure_ascii=False) for value in (layer.name, as_data(layer, marks)))
    return f'{{"type":"FeatureCollection","name":{name},"tayori":{about},"features":[\n'


def _pieces(
    columns: list[tuple[Column, pa.Array]], found: np.ndarray | None, start: int, count: int, *, drill: bool
) -> Iterator[pa.Array | str]:
    """Yield the text of the features, piece by piece from left to right; each piece is one string or one column."""
    yield '{"type":"Feature","geometry":'
    yield "null" if found is None else _geometry(found[start : start + count])
    yield ',"properties":{'
    for i, (column, values) in enumerate(columns):
        yield f"{',' if i else ''}{json.dumps(column.name, ensure_ascii=False)}:"
        yield _value(values.slice(start, count), column.type)
    if drill:
        yield ',"drill":true' if columns else '"drill":true'
    yield "}}"


def _value(values: pa.Array, kind: ColumnType) -> pa.StringArray:
    match kind:
        case ColumnType.INTEGER:
            text = values.cast(pa.string())
        case ColumnType.NUMBER:
            text = finite(values).cast(pa.string())
        case ColumnType.FLAG:
            text = values.cast(pa.string())
        case ColumnType.TIME:
            text = _quoted(_instants(values))
        case ColumnType.DATE:
            text = _quoted(values.cast(pa.string()))
        case ColumnType.LIST:
            text = _lists(values)
        case _:
            text = _quoted(_escaped(values))
    return pc.fill_null(text, "null") if text.null_count else text


def _quoted(texts: pa.StringArray) -> pa.StringArray:
    return pc.binary_join_element_wise('"', texts, '"', "")


def _instants(values: pa.Array) -> pa.StringArray:
    """Write instants in UTC, to the second unless a row is finer."""
    plain = values.cast(pa.timestamp("us"))
    seconds = plain.cast(pa.timestamp("s"), safe=False)
    whole = pc.all(pc.equal(seconds.cast(pa.timestamp("us")), plain), min_count=0).as_py()
    text = (seconds if whole else plain).cast(pa.string())
    return pc.binary_join_element_wise(pc.replace_substring(text, " ", "T"), "Z", "")


def _escaped(texts: pa.StringArray) -> pa.StringArray:
    """Escape text for JSON; a column without quotes, backslashes and controls is returned as it is."""
    present = np.flatnonzero(np.bincount(text_bytes(texts)[0], minlength=128)[:128])
    special = [code for code in present if code < 0x20 or code in _QUOTE_OR_BACKSLASH]
    special.sort(key=lambda code: code != ord("\\"))  # the backslash first: the others bring backslashes in
    return reduce(lambda text, code: pc.replace_substring(text, chr(code), json.dumps(chr(code))[1:-1]), special, texts)


def _lists(values: pa.Array) -> pa.StringArray:
    first, last = values.offsets[0].as_py(), values.offsets[-1].as_py()
    texts = _quoted(_escaped(values.values.slice(first, last - first)))
    lists = pa.ListArray.from_arrays(pc.subtract(values.offsets, first), pc.fill_null(texts, "null"))
    joined = pc.binary_join_element_wise("[", pc.binary_join(lists, ","), "]", "")
    return pc.if_else(values.is_valid(), joined, pa.scalar(None, pa.string()))


def _geometry(found: np.ndarray) -> pa.StringArray:
    known = pa.array(~shapely.is_missing(found))
    text = _points(found) if is_point_layer(found) else _shapes(found)
    return pc.if_else(known, text, "null")


def _points(found: np.ndarray) -> pa.StringArray:
    x, y = (_decimal(axis) for axis in (shapely.get_x(found), shapely.get_y(found)))
    return pc.binary_join_element_wise('{"type":"Point","coordinates":[', x, ",", y, "]}", "", null_handling="replace")


def _decimal(axis: np.ndarray) -> pa.StringArray:
    """Write coordinates as JSON floats: 139.0, never 139 (some readers refuse whole numbers)."""
    text = pa.array(np.round(axis, _DECIMALS), from_pandas=True).cast(pa.string())
    whole = pc.invert(pc.match_substring(text, "."))
    return pc.if_else(whole, pc.binary_join_element_wise(text, "0", "."), text)


def _shapes(found: np.ndarray) -> pa.StringArray:
    """Write lines and polygons; outer rings turn left, holes right (RFC 7946, 3.1.6)."""
    rounded = shapely.transform(found, lambda xy: np.round(xy, _DECIMALS))
    return pa.array(shapely.to_geojson(shapely.orient_polygons(rounded)), pa.string())
