"""GeoJSON: its outline looked at by ourselves, its features read by GDAL, both counted."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from geo.errors import ReadError
from geo.read.assemble import with_places
from geo.read.jsonscan import Structure, structure
from geo.read.model import Parsed
from geo.read.reference import WGS84, epsg, settle
from geo.read.text import Job, Text, control_note
from geo.read.vector import check_count, open_layer

_OPTIONS = {"DATE_AS_STRING": "YES", "ARRAY_AS_STRING": "YES"}
_DEPTH = 64
_INNER_CRS = re.compile(rb'"crs"\s*:\s*\{')
_TYPES = frozenset(
    {"FeatureCollection", "Feature", "GeometryCollection"}
    | {multi + kind for multi in ("", "Multi") for kind in ("Point", "LineString", "Polygon")}
)


class Outline(NamedTuple):
    """A JSON object without its features."""

    shape: Structure
    root: Mapping[str, object]

    @property
    def is_geojson(self) -> bool:
        """Whether its type is one of GeoJSON."""
        return self.root.get("type") in _TYPES


def look(text: Text, file: str) -> Structure:
    """Look at the brackets of a JSON text.

    Raises
    ------
    ReadError
        If it is cut off or nests too deep.
    """
    shape = structure(text.data)
    if not shape.closed or shape.depth > _DEPTH:
        raise ReadError("geo.json_broken", file=file)
    return shape


def outline(text: Text, shape: Structure, file: str) -> Outline:
    """Return the outermost object with its array ``features`` left out.

    Raises
    ------
    ReadError
        If there are several values or several such arrays, or it is no JSON.
    """
    if shape.values != 1 or len(shape.spans) > 1:
        raise ReadError("geo.json_broken", file=file)
    start, end = shape.spans[0] if shape.spans else (0, 0)
    features = b"[]" if shape.spans else b""
    try:
        root = json.loads(text.data[:start].tobytes() + features + text.data[end:].tobytes())
    except (ValueError, RecursionError) as error:
        raise ReadError("geo.json_broken", file=file) from error
    return Outline(shape, root if isinstance(root, dict) else {})


def parse_geojson(job: Job, seen: Outline) -> Parsed:
    """Read GeoJSON; a legacy ``crs`` member counts, without one it is WGS84 unless the user states another.

    Parameters
    ----------
    job
        GDAL reads the private copy if it is in UTF-8, another copy if it is not.
    seen
        As `outline` gives it, `Outline.is_geojson`.

    Raises
    ------
    ReadError
        If features have a reference system of their own, GDAL returns another number of them than there are, or as
        `geo.read.assemble.with_places`.
    """
    (shape, root), file, limits, path = seen, job.file, job.limits, job.path
    if shape.features is not None and shape.features > limits.rows:
        raise ReadError("geo.rows_limit", file=file, rows=shape.features, limit=limits.rows)
    crs = settle(_crs_member(root) if "crs" in root else job.stated.crs or WGS84, job.stated, file)
    if shape.features == 0:
        raise ReadError("geo.no_rows", file=file)
    features = job.text.data[slice(*shape.spans[0])] if shape.spans else job.text.data
    named = "crs" in root and _crs_member(root) is not None
    _refuse_inner_crs(features.data, file, allowed=int(named and not shape.spans))
    if "crs" in root and not named:  # GDAL would go to the address that a member of type link names
        path = path.with_name("in.plain.geojson")
        path.write_bytes(b'{"type":"FeatureCollection","features":' + features.tobytes() + b"}")
    elif job.text.encoding != "utf-8":
        path = path.with_name("in.utf8.geojson")
        path.write_bytes(job.text.data.tobytes())
    return _read(job, path, 1 if shape.features is None else shape.features, crs)


def parse_features(job: Job, features: Sequence[bytes]) -> Parsed:
    """Read features that stand in no collection, given as JSON texts: WGS84 unless the user states another."""
    for feature in features:
        _refuse_inner_crs(feature, job.file)
    path = job.path.with_name("in.features.geojson")
    with path.open("wb") as out:
        out.write(b'{"type":"FeatureCollection","features":[')
        for number, feature in enumerate(features):
            out.write(b"," if number else b"")
            out.write(feature)
        out.write(b"]}")
    return _read(job, path, len(features), settle(job.stated.crs or WGS84, job.stated, job.file))


def _read(job: Job, path: Path, count: int, crs: str) -> Parsed:
    opened = open_layer(path, None, job.limits, job.file, options=_OPTIONS)
    check_count(len(opened.wkb), count, job.file)
    return with_places(
        opened.attributes, opened.wkb, crs, job.limits, job.file, encoding=job.text.encoding,
        notes=control_note(job.text), accept_inaccurate=job.stated.accept_inaccurate,
    )  # fmt: skip


def _refuse_inner_crs(text: memoryview | bytes, file: str, *, allowed: int = 0) -> None:
    """Refuse a reference system within features: GDAL passes over one that is named and fetches one that is linked."""
    if len(_INNER_CRS.findall(text)) > allowed:
        raise ReadError("geo.json_inner_crs", file=file)


def _crs_member(root: Mapping[str, object]) -> str | None:
    """Return what a ``crs`` member names; GDAL takes one that it does not understand for WGS84."""
    member = root["crs"]
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    return epsg(name) if isinstance(name, str) else None
