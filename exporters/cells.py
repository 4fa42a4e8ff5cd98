"""A layer as people read it: Japanese headings and labels, Japan time, ○ for yes, 、 between several values."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agreements.clock import JST
from agreements.format import Column, ColumnType
from exporters.clean import without_controls
from exporters.model import Layer
from exporters.places import is_point_layer, lon_lat, places
from geo.grid import mgrs

DRILL: Final = "訓練"
#: Japan keeps no summer time; a fixed shift needs no time zone tables, which not every machine has.
_TOKYO_SHIFT: Final = pa.scalar(9 * 3600 * 1_000_000, pa.duration("us"))
#: Headings of a point's place in degrees.
DEGREES: Final = ("経度", "緯度")
#: What ``Layer`` promises of a column; text and choices are strings.
_TYPES: Final = {
    ColumnType.INTEGER: pa.int64(),
    ColumnType.NUMBER: pa.float64(),
    ColumnType.FLAG: pa.bool_(),
    ColumnType.TIME: pa.timestamp("us", "UTC"),
    ColumnType.DATE: pa.date32(),
    ColumnType.LIST: pa.list_(pa.string()),
}
#: 1 cm in degrees of latitude is 9e-8.
_DECIMALS: Final = 7


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """One column as people read it.

    `values` is string for text, int64 for integers, float64 (never NaN) for numbers, timestamp(us) without a zone in
    Japan time for times, date32 for dates.
    """

    label: str
    type: ColumnType
    values: pa.Array


def japan_time(at: datetime | None) -> str:
    """Write an instant as Japanese staff read it: 2026年11月21日 10:05."""
    return "" if at is None else f"{at.astimezone(JST):%Y年%m月%d日 %H:%M}"


def headings(columns: Sequence[Column]) -> list[str]:
    """Return the Japanese headings; two of the same words are told apart by the machine name."""
    seen = Counter(column.label for column in columns)
    return [column.label if seen[column.label] == 1 else f"{column.label}({column.name})" for column in columns]


def one_array(layer: Layer, column: Column) -> pa.Array:
    """Return a column of a layer as one array of the type that ``Layer`` promises."""
    values = layer.table.column(column.name).combine_chunks()
    promised = _TYPES.get(column.type, pa.string())
    return values if values.type == promised else values.cast(promised)


def labelled(values: pa.Array, column: Column) -> pa.StringArray:
    """Replace codes by their Japanese labels; a code that nobody explained stays as it is."""
    coded = values.dictionary_encode()
    labels = [column.choices.get(code, code) for code in coded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(coded.indices, pa.array(labels, pa.string())).cast(pa.string())


def joined(values: pa.Array, separator: str = "、") -> pa.StringArray:
    """Join the texts of each list."""
    if values.values.null_count:
        texts = [None if row is None else [text for text in row if text is not None] for row in values.to_pylist()]
        values = pa.array(texts, values.type)
    return pc.binary_join(values, separator)


def finite(values: pa.Array) -> pa.DoubleArray:
    """Return numbers with null for what is no number."""
    return pc.if_else(pc.fill_null(pc.is_finite(values), False), values, pa.scalar(None, pa.float64()))


def in_japan(values: pa.Array) -> pa.TimestampArray:
    """Return instants as Japan's wall clock, without a zone."""
    utc = values.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    return pc.add(utc, _TOKYO_SHIFT)


def text_of(values: pa.Array, column: Column) -> pa.Array:
    """Return a column as people read it, not yet cleaned."""
    match column.type:
        case ColumnType.CHOICE:
            return labelled(values, column)
        case ColumnType.LIST:
            return joined(values)
        case ColumnType.FLAG:
            return pc.if_else(pc.fill_null(values, False), "○", "")
        case ColumnType.NUMBER:
            return finite(values)
        case ColumnType.TIME:
            return in_japan(values)
        case _:
            return values


def place_cells(layer: Layer) -> list[Cells]:
    """Return longitude, latitude and UTM reference of a point layer; nothing for any other layer."""
    found = places(layer)
    if found is None or not is_point_layer(found):
        return []
    lon, lat = lon_lat(found)
    number = ColumnType.NUMBER
    return [
        Cells(DEGREES[0], number, pa.array(np.round(lon, _DECIMALS), from_pandas=True)),
        Cells(DEGREES[1], number, pa.array(np.round(lat, _DECIMALS), from_pandas=True)),
        Cells("UTM座標(MGRS)", ColumnType.TEXT, pa.array(mgrs(lon, lat), pa.string())),
    ]


def as_people_read(layer: Layer) -> tuple[list[Cells], int]:
    """Turn a layer into columns of cells.

    Returns
    -------
    cells
        The layer's columns in their order, then the place of a point layer.
    replaced
        How many control characters were made visible.
    """
    cells: list[Cells] = []
    replaced = 0
    for column, heading in zip(layer.columns, headings(layer.columns), strict=True):
        values = text_of(one_array(layer, column), column)
        if pa.types.is_string(values.type):
            values, count = without_controls(values)
            replaced += count
        cells.append(Cells(heading, column.type, values))
    return cells + place_cells(layer), replaced
