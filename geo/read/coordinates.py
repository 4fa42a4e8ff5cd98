"""Columns of coordinates in a table (CSV, workbook, JSON) become places where their reference system is stated.

In the plane zones of Japan (平成14年国土交通省告示第9号) X points north and Y east; a GIS writes X for east.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import shapely

from geo.errors import ReadError
from geo.read.geometry import bad_note, to_places, way_to_jgd2011
from geo.read.limits import Limits
from geo.read.model import GEOMETRY, Note, Parsed, Stated

_HEADINGS: Mapping[str, frozenset[str]] = {
    "lon": frozenset({"経度", "東経", "lon", "lng", "long", "longitude"}),
    "lat": frozenset({"緯度", "北緯", "lat", "latitude"}),
    "east": frozenset({"東", "東座標", "東方向", "e座標", "easting", "east"}),
    "north": frozenset({"北", "北座標", "北方向", "n座標", "northing", "north"}),
    "x": frozenset({"x", "x座標", "座標x", "x座標値", "平面直角x", "xcoord"}),
    "y": frozenset({"y", "y座標", "座標y", "y座標値", "平面直角y", "ycoord"}),
}
#: Systems whose degrees are taken as they are: columns of them need no conversion.
_AS_KEPT = ("EPSG:6668", "EPSG:4326")
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]|[\s_・]")
_NUMBER = r"^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$"
_MARGIN = 0.5  # degrees around the area for which a system is meant

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column points east and which north; `by_rule` if their names alone (X, Y) do not tell."""

    east: str
    north: str
    by_rule: bool


def with_stated_places(parsed: Parsed, stated: Stated, limits: Limits, file: str) -> Parsed:
    """Return a table without geometry with the places that its columns of coordinates give in the stated system.

    X and Y of a plane zone are north and east; if only the other way round all of them lie in the zone, they are taken
    so, and a remark says it. The two columns stay as text, named as not converted. In a table that has places already,
    or where no system was stated, nothing happens; degrees of JGD2011 and WGS84 stay in their columns.

    Raises
    ------
    ReadError
        If the system is not known or may not be used, as `geo.read.geometry.to_places`.
    """
    if stated.crs is None or _has_places(parsed.table):
        return parsed
    crs = _known(stated.crs)
    columns = _columns(parsed.table.column_names, crs)
    if columns is None:
        return replace(parsed, notes=(*parsed.notes, ("geo.note_crs_not_used", {"crs": stated.crs})))
    if stated.crs in _AS_KEPT:
        return replace(parsed, crs=stated.crs)
    way = way_to_jgd2011(stated.crs, file, accept_inaccurate=stated.accept_inaccurate)[0].transformer
    columns, remarks = _the_right_way(columns, parsed.table, crs, way)
    east, north = _numbers(parsed.table.column(columns.east)), _numbers(parsed.table.column(columns.north))
    places = to_places(
        _points(parsed.table, columns, east, north), stated.crs, limits, file,
        accept_inaccurate=stated.accept_inaccurate,
    )  # fmt: skip
    outside = np.flatnonzero(np.isfinite(east) & np.isfinite(north) & ~_inside(crs, way, east, north))
    bad = dict.fromkeys((outside + 1).tolist(), "geo.coordinate_outside_zone") | dict(places.bad)
    bad |= dict.fromkeys((np.flatnonzero((east == 0) & (north == 0)) + 1).tolist(), "geo.coordinate_zero")
    wrong = sorted(row - 1 for row in bad)
    good = np.ones(len(east), dtype=bool)
    good[wrong] = False
    used: Note = ("geo.note_places_from_columns", {"east": columns.east, "north": columns.north, "crs": stated.crs})
    others = tuple(note for note in places.notes if note[0] != "geo.note_bad_geometry")
    return replace(
        parsed,
        table=_renamed(parsed.table, columns).append_column(
            GEOMETRY, pc.if_else(pa.array(good), places.wkb, pa.scalar(None, pa.binary()))
        ),
        crs=stated.crs,
        bad_geometry={**parsed.bad_geometry, **{row + 1: bad[row + 1] for row in wrong}},
        notes=(*parsed.notes, used, *remarks, *others, *bad_note({row: bad[row + 1] for row in wrong})),
        place_remark=places.remark,
    )


def _has_places(table: pa.Table) -> bool:
    return GEOMETRY in table.column_names and pa.types.is_binary(table.schema.field(GEOMETRY).type)


def _known(code: str) -> pyproj.CRS:
    try:
        return pyproj.CRS(code)
    except pyproj.exceptions.CRSError as error:
        raise ReadError("geo.crs_unknown", crs=code) from error


def _columns(names: Sequence[str], crs: pyproj.CRS) -> _Columns | None:
    found: dict[str, list[str]] = {}
    for name in names:
        folded = _ASIDE.sub("", unicodedata.normalize("NFKC", name)).casefold()
        for meaning, words in _HEADINGS.items():
            if folded in words:
                found.setdefault(meaning, []).append(name)
    first, second = ("y", "x") if _x_is_north(crs) else ("x", "y")
    pairs = [("lon", "lat")] if crs.is_geographic else [("east", "north")]
    for east, north in [*pairs, (first, second)]:
        if len(found.get(east, ())) == len(found.get(north, ())) == 1:
            return _Columns(found[east][0], found[north][0], by_rule=east == "y")
    return None


def _x_is_north(crs: pyproj.CRS) -> bool:
    return any(axis.abbrev == "X" and axis.direction == "north" for axis in crs.axis_info)


def _the_right_way(
    columns: _Columns, table: pa.Table, crs: pyproj.CRS, way: pyproj.Transformer
) -> tuple[_Columns, tuple[Note, ...]]:
    """Hold X and Y against the area of their zone both ways round."""
    if not columns.by_rule:
        return columns, ()
    east, north = _numbers(table.column(columns.east)), _numbers(table.column(columns.north))
    given = np.isfinite(east) & np.isfinite(north)
    as_ruled, other = _inside(crs, way, east[given], north[given]), _inside(crs, way, north[given], east[given])
    names = {"x": columns.north, "y": columns.east}
    if given.any() and other.all() and 2 * as_ruled.sum() < as_ruled.size:
        return _Columns(columns.north, columns.east, by_rule=False), (("geo.note_xy_swapped", names),)
    if given.any() and other.all() and as_ruled.all():
        return columns, (("geo.note_xy_both_fit", names),)
    return columns, ()


def _inside(crs: pyproj.CRS, way: pyproj.Transformer, east: Numbers, north: Numbers) -> npt.NDArray[np.bool_]:
    area = crs.area_of_use
    if area is None:
        return np.ones(len(east), dtype=bool)
    lon, lat = way.transform(east, north)
    inside: npt.NDArray[np.bool_] = (
        (lon >= area.west - _MARGIN) & (lon <= area.east + _MARGIN)
        & (lat >= area.south - _MARGIN) & (lat <= area.north + _MARGIN)
    )  # fmt: skip
    return inside


def _numbers(column: pa.ChunkedArray) -> Numbers:
    """Return a column as numbers, NaN where it holds none; thousands may be parted by commas."""
    text = _plain(column)
    text = pc.if_else(pc.match_substring_regex(text, _NUMBER), text, pa.scalar(None, pa.string()))
    numbers: Numbers = pc.fill_null(text.cast(pa.float64()), float("nan")).to_numpy()
    return numbers


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    text = pc.utf8_trim_whitespace(pc.utf8_normalize(pc.fill_null(column, ""), form="NFKC"))
    return pc.replace_substring(text, ",", "")


def _points(table: pa.Table, columns: _Columns, east: Numbers, north: Numbers) -> pa.Array:
    """Return points as WKB: null where both cells are empty, without coordinates where one is no number."""
    empty = [pc.equal(_plain(table.column(name)), "").to_numpy() for name in (columns.east, columns.north)]
    points = np.asarray(shapely.points(east, north), dtype=object)
    points[empty[0] & empty[1]] = None
    return pa.array(np.asarray(shapely.to_wkb(points), dtype=object), pa.binary())


def _renamed(table: pa.Table, columns: _Columns) -> pa.Table:
    old = (columns.east, columns.north)
    return table.rename_columns([f"{name}（変換前）" if name in old else name for name in table.column_names])
