"""Names of reference systems in GML, and which axis each of them puts first."""

import re
from typing import NamedTuple

import numpy as np
import pyproj

from geo.errors import ReadError
from geo.read.geometry import LAT, LON
from geo.read.model import Note, Stated
from geo.read.reference import WGS84, epsg, settle
from geo.read.shapes import Coordinates

#: Japanese names; JGD2024 has the horizontal coordinates of JGD2011 (its revision is of heights) and no EPSG code.
_DATUM = {"jgd2000": "EPSG:4612", "jgd2001": "EPSG:4612", "jgd2011": "EPSG:6668", "jgd2024": "EPSG:6668"}
_BASIC_MAP = re.compile(r"fguuid:(jgd\d{4})\.bl", re.IGNORECASE)
_NUMERICAL_MAP = re.compile(r"(JGD2000|JGD2011|JGD2024|TD)\s*/\s*\(\s*B\s*,\s*L\s*(?:,\s*h\s*)?\)", re.IGNORECASE)
_PLANE = re.compile(r"(JGD2000|JGD2011|TD)\s*/\s*(\d{1,2})\s*\(\s*X\s*,\s*Y\s*\)", re.IGNORECASE)
_PLANE_BEFORE_FIRST = {"JGD2000": 2442, "JGD2011": 6668, "TD": 30160}
_ZONES = 19
_STRICT = re.compile(
    r"urn:(?:x-)?ogc:def:crs:EPSG:[0-9.]*:(\d{4,6})|https?://www\.opengis\.net/def/crs/EPSG/[0-9.]+/(\d{4,6})",
    re.IGNORECASE,
)
_USUAL = re.compile(r"EPSG:(\d{4,6})|https?://www\.opengis\.net/gml/srs/epsg\.xml#(\d{4,6})", re.IGNORECASE)
_CRS84 = re.compile(
    r"urn:ogc:def:crs:OGC:[0-9.]*:CRS84|https?://www\.opengis\.net/def/crs/OGC/1\.3/CRS84", re.IGNORECASE
)
_LAT_LON, _LON_LAT = "緯度, 経度", "経度, 緯度"


class Frame(NamedTuple):
    """A reference system and whether its first coordinate points north."""

    name: str
    crs: str | None
    north_first: bool


def frame(name: str) -> Frame:
    """Return what a ``srsName`` means; one that is not known has no `crs`.

    Rules: 基盤地図情報 (``fguuid:jgd2011.bl``) and 国土数値情報 (``JGD2011 / (B, L)``) give latitude first; ``urn:``
    and ``http://www.opengis.net/def/crs/`` keep the order of the EPSG registry; ``EPSG:4326`` is longitude first, as
    GDAL and QGIS write it.
    """
    japanese = _japanese(name)
    if japanese is not None:
        return Frame(name, japanese, north_first=True)
    if _CRS84.fullmatch(name):
        return Frame(name, WGS84, north_first=False)
    if found := _STRICT.fullmatch(name):
        crs = f"EPSG:{found[1] or found[2]}"
        return Frame(name, crs, north_first=_registry_north_first(crs))
    found = _USUAL.fullmatch(name)
    return Frame(name, f"EPSG:{found[1] or found[2]}" if found else epsg(name), north_first=False)


def _japanese(name: str) -> str | None:
    if found := _BASIC_MAP.fullmatch(name):
        return _DATUM.get(found[1].lower())
    if found := _NUMERICAL_MAP.fullmatch(name):
        return _DATUM.get(found[1].lower(), "EPSG:4301")
    if (found := _PLANE.fullmatch(name)) and 1 <= int(found[2]) <= _ZONES:
        return f"EPSG:{_PLANE_BEFORE_FIRST[found[1].upper()] + int(found[2])}"
    return None


def one_frame(names: set[str], stated: Stated, file: str) -> Frame:
    """Return the one reference system of a file, settled with what its reader states.

    Raises
    ------
    ReadError
        If the file uses several, or as `geo.read.reference.settle`.
    """
    frames = [frame(name) for name in sorted(names)]
    if len({(one.crs, one.north_first) for one in frames}) > 1:
        raise ReadError("geo.gml_several_crs", file=file, found="、".join(one.name[:40] for one in frames[:5]))
    found = frames[0] if frames else Frame("", None, north_first=False)
    crs = settle(found.crs, stated, file)
    return Frame(found.name[:60] or crs, crs, found.north_first)


def order(found: Frame, xy: Coordinates) -> tuple[bool, tuple[Note, ...]]:
    """Return whether the first coordinate points north, and a remark that says so.

    Degrees in Japan tell it themselves: no latitude there is a longitude. Only where all of them fit the other order
    does that count more than the rule for the name.
    """
    remarks: list[Note] = []
    if "jgd2024" in found.name.lower():
        remarks.append(("geo.note_gml_jgd2024", {}))
    if not _is_geographic(found.crs):
        code = "geo.note_gml_north_first" if found.north_first else "geo.note_gml_east_first"
        return found.north_first, (*remarks, (code, {"srs": found.name}))
    lat_first, lon_first = _all_within(xy, LAT, LON), _all_within(xy, LON, LAT)
    if lat_first not in {lon_first, found.north_first}:
        shown = _LAT_LON if lat_first else _LON_LAT
        return lat_first, (*remarks, ("geo.note_gml_by_range", {"srs": found.name, "order": shown}))
    code = "geo.note_gml_lat_first" if found.north_first else "geo.note_gml_lon_first"
    return found.north_first, (*remarks, (code, {"srs": found.name}))


def _all_within(xy: Coordinates, first: tuple[float, float], second: tuple[float, float]) -> bool:
    inside = (xy >= (first[0], second[0])) & (xy <= (first[1], second[1]))
    return len(xy) > 0 and bool(np.all(inside))


def _registry_north_first(crs: str) -> bool:
    try:
        axes = pyproj.CRS(crs).axis_info
    except pyproj.exceptions.CRSError:
        return False
    return bool(axes) and axes[0].direction.lower() == "north"


def _is_geographic(crs: str | None) -> bool:
    try:
        return bool(pyproj.CRS(crs).is_geographic)
    except pyproj.exceptions.CRSError:
        return False
