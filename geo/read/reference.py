"""Which reference system a file names, beside what its reader states."""

import re

import pyproj

from geo.errors import ReadError
from geo.read.model import Stated

#: What GeoJSON and KML mean, and GeoParquet where nothing is said.
WGS84 = "EPSG:4326"

_CRS_NAME = re.compile(
    r"(?:EPSG:|urn:ogc:def:crs:EPSG:[0-9.]*:)(\d{4,6})|(?:urn:ogc:def:crs:OGC:1\.3:|OGC:)CRS84", re.IGNORECASE
)
_CONFIDENCE = 90  # per cent: below, PROJ only guesses which EPSG code a .prj means


def epsg(found: str | None) -> str | None:
    """Return the EPSG code (``EPSG:<number>``) of what a file names; what has none is as good as not stated."""
    if not found:
        return None
    if named := _CRS_NAME.fullmatch(found.strip()):
        return f"EPSG:{named[1]}" if named[1] else WGS84
    try:
        crs = pyproj.CRS.from_user_input(found) if found.lstrip().startswith("{") else pyproj.CRS.from_wkt(found)
        number = crs.to_epsg(min_confidence=_CONFIDENCE)
    except pyproj.exceptions.CRSError:
        return None
    return f"EPSG:{number}" if number else None


def settle(found: str | None, stated: Stated, file: str) -> str:
    """Return the one reference system of a file.

    Raises
    ------
    ReadError
        If neither the file nor its reader names one, or they contradict each other.
    """
    if found is None and stated.crs is None:
        raise ReadError("geo.file_crs_missing", file=file)
    if found is not None and stated.crs is not None and found != stated.crs:
        raise ReadError("geo.file_crs_contradicts", file=file, found=found, stated=stated.crs)
    return found or stated.crs or ""
