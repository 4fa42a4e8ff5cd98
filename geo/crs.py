"""Coordinate reference systems of Japan: everything inside is JGD2011 in degrees, metres are taken on a plane zone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from pyproj.network import set_network_enabled  # type: ignore[attr-defined]  # public, but not in __all__
from pyproj.transformer import TransformerGroup

from geo.errors import CrsError

if TYPE_CHECKING:  # half a second that a reader of files or a command does without
    import geopandas as gpd

#: JGD2011 longitude and latitude in degrees: what everything inside is kept in.
JGD2011 = "EPSG:6668"

#: Metres an operation may be wrong by its own documentation: JGD2000 and WGS84 to JGD2011 say 1 m, Tokyo Datum
#: without the grid of the Geospatial Information Authority 10 m or nothing at all (asked of PROJ 9.5.1).
MAX_ERROR_M = 2.0

#: Longitudes that can be in Japan, in degrees: the one bounds check.
_JAPAN_LON = (122.0, 154.0)

_JGD2000_DATUM = "Japanese Geodetic Datum 2000"
_TOKYO_DATUM = "Tokyo"
_AXES = "axis order change (2D) + "  # steps of PROJ that tell people nothing
_LAST_AXES = " + axis order change (2D)"

#: 平面直角座標系 of the prefectures that lie in one zone (平成14年国土交通省告示第9号), by JIS X 0401 number.
_ZONE_OF_PREFECTURE = {
    **dict.fromkeys(("42",), 1),
    **dict.fromkeys(("40", "41", "43", "44", "45"), 2),
    **dict.fromkeys(("32", "34", "35"), 3),
    **dict.fromkeys(("36", "37", "38", "39"), 4),
    **dict.fromkeys(("28", "31", "33"), 5),
    **dict.fromkeys(("18", "24", "25", "26", "27", "29", "30"), 6),
    **dict.fromkeys(("16", "17", "21", "23"), 7),
    **dict.fromkeys(("15", "19", "20", "22"), 8),
    **dict.fromkeys(("07", "08", "09", "10", "11", "12", "14"), 9),
    **dict.fromkeys(("02", "03", "04", "05", "06"), 10),
}

#: Hokkaido's zone is set by municipality: the west (XI) and the east (XIII); the rest is XII.
_HOKKAIDO_WEST = frozenset({"01202", "01203", "01233", "01236", "01571", "01575", "01584"})
_HOKKAIDO_EAST = frozenset(
    {"01206", "01207", "01208", "01211", "01223", "01564", *(str(n).zfill(5) for n in range(1543, 1553))}
)
_HOKKAIDO_WEST_TOWNS = range(1330, 1410)  # 渡島, 檜山, 後志
_HOKKAIDO_EAST_TOWNS = range(1630, 1710)  # 十勝, 釧路, 根室 and the northern islands

#: Central meridian in degrees of the zones that can hold a place whose prefecture is unknown.
_MERIDIAN_OF_ZONE = {
    16: 124.0, 15: 127.5, 1: 129.5, 2: 131.0, 3: 132 + 1 / 6, 4: 133.5, 5: 134 + 1 / 3, 6: 136.0, 7: 137 + 1 / 6,
    8: 138.5, 9: 139 + 5 / 6, 10: 140 + 5 / 6, 12: 142.25, 13: 144.25, 19: 154.0,
}  # fmt: skip

_Frame = TypeVar("_Frame", "gpd.GeoDataFrame", "gpd.GeoSeries")


@dataclass(frozen=True, slots=True)
class Operation:
    """How coordinates of one reference system become JGD2011.

    Attributes
    ----------
    transformer
        Longitude before latitude (easting before northing) on both sides.
    accuracy_m
        Metres by which it may be wrong by its own documentation; None if that says nothing.
    name
        The steps as PROJ names them.
    crs
        The source as shown to people.
    """

    transformer: pyproj.Transformer
    accuracy_m: float | None
    name: str
    crs: str

    @property
    def remark(self) -> tuple[str, dict[str, object]] | None:
        """What must stand beside every place that was made by it, as (code, parameters); None if it is good enough."""
        if self.accuracy_m is None:
            return "geo.place_accuracy_unknown", {"crs": self.crs, "operation": self.name}
        if self.accuracy_m <= MAX_ERROR_M:
            return None
        return "geo.place_inaccurate", {"crs": self.crs, "operation": self.name, "metres": f"{self.accuracy_m:g}"}


def operation(source: str | pyproj.CRS, *, accept_inaccurate: bool = False) -> Operation:
    """Return the best operation from a reference system to JGD2011 that this machine can do.

    Parameters
    ----------
    source
        Anything that names a reference system: ``"EPSG:2450"``, ``"OGC:CRS84"``, the text of a ``.prj`` file.
    accept_inaccurate
        Whether one worse than `MAX_ERROR_M`, or of unknown accuracy, will do: the caller must then show its `remark`
        with every place.

    Raises
    ------
    CrsError
        As `transformer`, but for what was accepted.
    """
    crs = _crs(source)
    return _operation(crs.to_wkt(), accept_inaccurate)


def transformer(source: str | pyproj.CRS) -> pyproj.Transformer:
    """Return the operation from a reference system to JGD2011, longitude before latitude on both sides.

    Parameters
    ----------
    source
        As for `operation`.

    Raises
    ------
    CrsError
        ``geo.crs_unknown`` if the text names none; ``geo.crs_tokyo_datum`` for the Tokyo Datum where PROJ lacks the
        grid (off by about 10 m instead of 0.2 m); ``geo.crs_inaccurate`` for any other system that PROJ can bring to
        JGD2011 only by an operation whose accuracy is unknown or worse than `MAX_ERROR_M`.

    Notes
    -----
    JGD2000 is accepted although PROJ's wheel lacks the grid of the 2011 earthquake: PROJ then treats both as equal,
    which is documented as 1 m and true outside eastern Japan; `notes` tells callers what to show.
    """
    return operation(source).transformer


def notes(source: str | pyproj.CRS) -> tuple[tuple[str, dict[str, object]], ...]:
    """Return what a reader should be told about an accepted reference system, as (code, parameters).

    Today one thing: ``geo.jgd2000_without_grid``, when JGD2000 is taken for JGD2011 because the grid
    ``touhokutaiheiyouoki2011.gsb`` is absent (no difference in most of Japan, up to about 5 m in Tohoku).
    """
    crs = _crs(source)
    if _datum(crs) != _JGD2000_DATUM:
        return ()
    if TransformerGroup(crs, JGD2011, always_xy=True).unavailable_operations:
        return (("geo.jgd2000_without_grid", {"crs": _name(crs)}),)
    return ()


def require(frame: _Frame) -> pyproj.CRS:
    """Return the reference system of a frame.

    Raises
    ------
    CrsError
        ``geo.crs_missing`` if the frame has none: degrees are never guessed.
    """
    if frame.crs is None:
        raise CrsError("geo.crs_missing")
    return frame.crs


def to_jgd2011(frame: _Frame) -> _Frame:
    """Return a copy of the frame in JGD2011 degrees; heights stay as they are.

    Unlike ``frame.to_crs`` this refuses operations of unknown accuracy.

    Raises
    ------
    CrsError
        As `require` and `transformer`.
    """
    crs = require(frame)
    if crs.equals(JGD2011, ignore_axis_order=True):
        return frame.copy()
    operation: pyproj.Transformer = transformer(crs)

    def move(xyz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack([*operation.transform(xyz[:, 0], xyz[:, 1]), xyz[:, 2]])

    whole: Any = frame
    shapes: Any = frame.geometry
    moved = shapely.transform(np.asarray(shapes.array), move, include_z=True)
    result = type(shapes)(moved, index=shapes.index, name=shapes.name, crs=JGD2011)
    answer: _Frame = result if whole.ndim == 1 else whole.assign(**{shapes.name: result}).set_geometry(shapes.name)
    return answer


def plane_zone(municipality: str, lon: float) -> str:
    """Return the plane rectangular zone (EPSG code, metres) in which a municipality measures.

    Parameters
    ----------
    municipality
        Code of 5 or 6 digits. A prefecture number that does not exist (a town of drills) is zoned by longitude alone.
    lon
        A longitude of the municipality in degrees; decides for islands and unknown prefectures.

    Returns
    -------
    str
        ``"EPSG:6669"`` (I) to ``"EPSG:6687"`` (XIX).

    Raises
    ------
    CrsError
        ``geo.longitude_outside_japan`` if `lon` is not a longitude of Japan.
    """
    if not _JAPAN_LON[0] <= lon <= _JAPAN_LON[1]:
        raise CrsError("geo.longitude_outside_japan", lon=lon)
    return f"EPSG:{6668 + _zone(municipality[:5], lon)}"


def _zone(code: str, lon: float) -> int:
    match code[:2]:
        case "01":
            return _hokkaido_zone(code)
        case "13":
            return _tokyo_zone(code, lon)
        case "46":
            return _kagoshima_zone(code, lon)
        case "47":
            return 16 if lon < 126.0 else 15 if lon < 130.0 else 17
        case prefecture:
            return _ZONE_OF_PREFECTURE.get(prefecture) or min(
                _MERIDIAN_OF_ZONE, key=lambda zone: abs(_MERIDIAN_OF_ZONE[zone] - lon)
            )


def _hokkaido_zone(code: str) -> int:
    number = int(code)
    if code in _HOKKAIDO_WEST or number in _HOKKAIDO_WEST_TOWNS:
        return 11
    if code in _HOKKAIDO_EAST or number in _HOKKAIDO_EAST_TOWNS:
        return 13
    return 12


def _tokyo_zone(code: str, lon: float) -> int:
    if code != "13421":  # 小笠原村; the Izu islands belong to zone IX
        return 9
    return 18 if lon < 140.5 else 14 if lon < 143.0 else 19


def _kagoshima_zone(code: str, lon: float) -> int:
    amami = code == "46222" or 46523 <= int(code) <= 46535
    return 1 if lon < (130 + 13 / 60 if amami else 130.0) else 2


@cache
def _operation(wkt: str, accept_inaccurate: bool) -> Operation:
    set_network_enabled(active=False)  # PROJ would fetch grids if the environment told it to; nothing here may
    crs = pyproj.CRS(wkt)
    try:
        good = pyproj.Transformer.from_crs(wkt, JGD2011, always_xy=True, accuracy=MAX_ERROR_M, allow_ballpark=False)
    except pyproj.exceptions.ProjError as error:
        if not accept_inaccurate:
            code = "geo.crs_tokyo_datum" if _datum(crs) == _TOKYO_DATUM else "geo.crs_inaccurate"
            raise CrsError(code, crs=_name(crs), metres=MAX_ERROR_M) from error
        good = _inaccurate(wkt)
    return _described(good, crs)


def _inaccurate(wkt: str) -> pyproj.Transformer:
    """Return an operation that is documented if there is one: the others take the two datums for equal."""
    for ballpark in (False, True):
        try:
            return pyproj.Transformer.from_crs(wkt, JGD2011, always_xy=True, allow_ballpark=ballpark)
        except pyproj.exceptions.ProjError:
            continue
    raise CrsError("geo.crs_unknown", crs=_name(pyproj.CRS(wkt)))


def _described(transformer: pyproj.Transformer, crs: pyproj.CRS) -> Operation:
    """Ask PROJ which of its candidates it takes, which it tells only of a point that it has moved."""
    used: Any = transformer
    lon, lat = _centre(crs)
    try:
        transformer.transform(*((lon, lat) if crs.is_geographic else pyproj.Proj(crs)(lon, lat)))
        used = transformer.get_last_used_operation()
    except pyproj.exceptions.ProjError:
        pass  # nothing to choose between: it is described itself
    accuracy = float(used.accuracy)
    known = math.isfinite(accuracy) and accuracy >= 0
    return Operation(
        transformer,
        accuracy if known else None,
        str(used.description).replace(_AXES, "").removesuffix(_LAST_AXES),
        _name(crs),
    )


def _centre(crs: pyproj.CRS) -> tuple[float, float]:
    """Return a point in degrees where the system is used, within Japan."""
    area = crs.area_of_use
    if area is None or area.west > _JAPAN_LON[1] or area.east < _JAPAN_LON[0]:
        return 138.0, 36.0
    west, east = max(area.west, _JAPAN_LON[0]), min(area.east, _JAPAN_LON[1])
    south, north = max(area.south, 24.0), min(area.north, 45.5)
    return (west + east) / 2, (south + north) / 2


def _crs(source: str | pyproj.CRS) -> pyproj.CRS:
    try:
        return pyproj.CRS(source)
    except pyproj.exceptions.CRSError as error:
        raise CrsError("geo.crs_unknown", crs=str(source)[:80]) from error


def _datum(crs: pyproj.CRS) -> str:
    geodetic = crs.geodetic_crs
    return "" if geodetic is None or geodetic.datum is None else geodetic.datum.name


def _name(crs: pyproj.CRS) -> str:
    authority = crs.to_authority()
    return f"{':'.join(authority)}（{crs.name}）" if authority else crs.name
