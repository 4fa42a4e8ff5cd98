"""Rows of JSON as a table: objects by their names, arrays by their places, coordinates told apart by their range."""

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import pyarrow as pa

from geo.errors import ReadError
from geo.read.assemble import check_cells, unique_names
from geo.read.geometry import LAT, LON
from geo.read.limits import Limits
from geo.read.model import Note, quoted_names, rows_text

Row: TypeAlias = Mapping[str, object]

_LAT_NAMES = frozenset({"lat", "latitude", "緯度"})
_LON_NAMES = frozenset({"lon", "lng", "long", "longitude", "経度"})
_MEMBERS = {"lat": _LAT_NAMES, "lon": _LON_NAMES}
#: Members that hold a place as two numbers; of any other name two numbers may be anything.
_PAIRS = frozenset({
    "latlng", "latlon", "lnglat", "lonlat", "coordinates", "coordinate", "coords", "location", "loc", "position",
    "point", "geo", "座標", "緯度経度", "経緯度", "位置",
})  # fmt: skip


class Number(str):
    """A number as it was written, told apart from text."""

    __slots__ = ()


def rows_of_arrays(arrays: Sequence[Sequence[object]], file: str) -> tuple[list[Row], list[Note]]:
    """Return arrays as objects: by the names in the first one, as coordinates, or numbered.

    Raises
    ------
    ReadError
        If they are not of one length, or pairs of numbers are no coordinates in Japan.
    """
    width = len(arrays[0])
    uneven = [number for number, array in enumerate(arrays, 1) if len(array) != width]
    if uneven or not width:
        raise ReadError("geo.json_rows_uneven", file=file, expected=width, rows=rows_text(uneven))
    head, below = arrays[0], arrays[1:]
    if width in {2, 3} and all(isinstance(value, Number) for array in arrays for value in array):
        return [{"coordinates": list(array)} for array in arrays], []
    if below and all(type(name) is str and name.strip() for name in head) and len(set(head)) == width:
        return [dict(zip(map(str, head), array, strict=True)) for array in below], []
    names = [f"列{number}" for number in range(1, width + 1)]
    return [dict(zip(names, array, strict=True)) for array in arrays], [("geo.note_no_header", {"columns": width})]


def to_table(rows: Sequence[Row], limits: Limits, file: str) -> tuple[pa.Table, list[Note]]:
    """Return objects as a text table: numbers as written, null and absent members as null.

    A member ``[lat, lon]`` (either order, told by the ranges of Japan) or ``{"lat": ..., "lng": ...}`` becomes two
    columns ``lat`` and ``lon``; other members that hold arrays or objects stay as JSON text.

    Raises
    ------
    ReadError
        If there are too many columns, or a pair of numbers is no place in Japan in either order.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    if len(names) > limits.columns:
        raise ReadError("geo.columns_limit", file=file, columns=len(names), limit=limits.columns)
    check_cells(len(rows), len(names), limits, file)
    columns: list[tuple[str, list[object]]] = []
    notes: list[Note] = []
    nested: list[str] = []
    for name in names:
        values = [row.get(name) for row in rows]
        if not any(isinstance(value, (dict, list)) for value in values):
            columns.append((name, values))
            continue
        place = _members(values) or _pairs(name, values, file, notes)
        if place is None:
            nested.append(name)
        columns += place or [(name, values)]
    if nested:
        notes.append(("geo.note_json_nested", {"count": len(nested), "columns": quoted_names(nested)}))
    unique = unique_names(name for name, _ in columns)
    return pa.table({name: _text(values) for name, (_, values) in zip(unique, columns, strict=True)}), notes


def _members(values: Sequence[object]) -> list[tuple[str, list[object]]] | None:
    """Return latitudes and longitudes where every value is an object of just these two."""
    found: dict[str, list[object]] = {"lat": [], "lon": []}
    for value in values:
        members = value if isinstance(value, dict) else {}
        if value is not None and not (isinstance(value, dict) and len(value) == len(_MEMBERS)):
            return None
        for axis, names in _MEMBERS.items():
            held = [member for name, member in members.items() if name.lower() in names]
            if value is not None and len(held) != 1:
                return None
            found[axis].append(held[0] if held else None)
    return list(found.items())


def _pairs(
    name: str, values: Sequence[object], file: str, notes: list[Note]
) -> list[tuple[str, list[object]]] | None:  # fmt: skip
    """Return latitudes and longitudes where every value is two numbers (a third is a height)."""
    if name.lower() not in _PAIRS or not all(value is None or _is_pair(value) for value in values):
        return None
    pairs = [value if isinstance(value, list) else [None, None] for value in values]
    order = {_order(pair) for pair in pairs} - {None}
    if len(order) != 1:
        raise ReadError("geo.json_pair_doubtful", file=file, column=name)
    first_lat = order == {"lat"}
    notes.append(("geo.note_lat_first" if first_lat else "geo.note_lon_first", {"column": name}))
    lat, lon = (0, 1) if first_lat else (1, 0)
    return [("lat", [pair[lat] for pair in pairs]), ("lon", [pair[lon] for pair in pairs])]


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) in {2, 3} and all(isinstance(part, Number) for part in value)


def _order(pair: Sequence[object]) -> str | None:
    """Say what comes first in a pair of degrees; None if it lies nowhere in Japan."""
    if pair[0] is None:
        return None
    first, second = float(str(pair[0])), float(str(pair[1]))
    if LAT[0] <= first <= LAT[1] and LON[0] <= second <= LON[1]:
        return "lat"
    return "lon" if LON[0] <= first <= LON[1] and LAT[0] <= second <= LAT[1] else None


def _text(values: Sequence[object]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else _cell(value) for value in values], pa.string())


def _cell(value: object) -> str:
    return value if isinstance(value, str) else as_json(value)


def as_json(value: object) -> str:
    """Write a value as JSON again, numbers in their own digits."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(as_json, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_json(name)}: {as_json(member)}" for name, member in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)
