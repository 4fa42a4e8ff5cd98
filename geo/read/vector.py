"""Files with geometry: read by GDAL, counted by somebody else, brought to JGD2011."""

import json
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyogrio
import pyproj
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from geo.errors import ReadError
from geo.read.csvfile import check_names
from geo.read.dbf import read_attributes
from geo.read.geometry import to_places
from geo.read.gpkg import only_layer
from geo.read.jsonscan import Structure, structure
from geo.read.limits import Limits
from geo.read.model import GEOMETRY, Note, Parsed
from geo.read.text import Text, control_note

_REFUSED = (
    DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError, pa.ArrowException, ValueError, OSError,
    IndexError,
)  # fmt: skip
_GEOJSON_OPTIONS = {"DATE_AS_STRING": "YES", "ARRAY_AS_STRING": "YES"}
_GEOJSON_DEPTH = 64
_GEOJSON_TYPES = frozenset(
    {"FeatureCollection", "Feature", "GeometryCollection"}
    | {multi + kind for multi in ("", "Multi") for kind in ("Point", "LineString", "Polygon")}
)
_WGS84 = "EPSG:4326"
_CRS_NAME = re.compile(
    r"(?:EPSG:|urn:ogc:def:crs:EPSG:[0-9.]*:)(\d{4,6})|(?:urn:ogc:def:crs:OGC:1\.3:|OGC:)CRS84", re.IGNORECASE
)
_CONFIDENCE = 90  # per cent: below, PROJ only guesses which EPSG code a .prj means


class _Opened(NamedTuple):
    """A layer as GDAL gives it."""

    attributes: pa.Table
    wkb: pa.Array
    crs: str | None


def parse_geojson(text: Text, path: Path, file: str, limits: Limits, *, stated: str | None) -> Parsed:
    """Read GeoJSON; a legacy ``crs`` member counts, without one it is WGS84 unless the user states another.

    Raises
    ------
    ReadError
        If it is not GeoJSON, cut off, or GDAL returns another number of features than it holds.
    """
    shape = structure(text.data)
    if not shape.closed or shape.values != 1 or shape.depth > _GEOJSON_DEPTH or len(shape.spans) > 1:
        raise ReadError("geo.json_broken", file=file)
    if shape.features is not None and shape.features > limits.rows:
        raise ReadError("geo.rows_limit", file=file, rows=shape.features, limit=limits.rows)
    root = _root(text, shape, file)
    if root.get("type") not in _GEOJSON_TYPES:
        raise ReadError("geo.json_not_a_table", file=file)
    crs = _settle(_crs_member(root) if "crs" in root else stated or _WGS84, stated, file)
    if shape.features == 0:
        raise ReadError("geo.no_rows", file=file)
    if text.encoding != "utf-8":
        path = path.with_name("in.utf8.geojson")
        path.write_bytes(text.data.tobytes())
    opened = _open(path, None, limits, file, options=_GEOJSON_OPTIONS)
    _check_count(len(opened.wkb), 1 if shape.features is None else shape.features, file)
    return _finish(opened.attributes, opened.wkb, crs, limits, file, encoding=text.encoding, notes=control_note(text))


def _root(text: Text, shape: Structure, file: str) -> dict[str, object]:
    """Return the outermost object with its features left out."""
    start, end = shape.spans[0] if shape.spans else (0, 0)
    features = b"[]" if shape.spans else b""
    outline = text.data[:start].tobytes() + features + text.data[end:].tobytes()
    try:
        root = json.loads(outline)
    except (ValueError, RecursionError) as error:
        raise ReadError("geo.json_broken", file=file) from error
    return root if isinstance(root, dict) else {}


def _crs_member(root: Mapping[str, object]) -> str | None:
    """Return what a ``crs`` member names; GDAL takes one that it does not understand for WGS84."""
    member = root["crs"]
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    return _epsg(name) if isinstance(name, str) else None


def parse_gpkg(path: Path, file: str, limits: Limits, *, stated: str | None) -> Parsed:
    """Read the one layer of a GeoPackage."""
    layer = only_layer(path, file)
    if layer.rows > limits.rows:
        raise ReadError("geo.rows_limit", file=file, rows=layer.rows, limit=limits.rows)
    opened = _open(path, layer.name, limits, file)
    _check_count(len(opened.wkb), layer.rows, file)
    crs = _settle(opened.crs, stated, file)
    return _finish(opened.attributes, opened.wkb, crs, limits, file, encoding="utf-8", layer=layer.name)


def parse_flatgeobuf(path: Path, file: str, limits: Limits, *, stated: str | None) -> Parsed:
    """Read a FlatGeobuf file."""
    opened = _open(path, None, limits, file)
    crs = _settle(opened.crs, stated, file)
    return _finish(opened.attributes, opened.wkb, crs, limits, file, encoding="utf-8")


def parse_shapefile(path: Path, file: str, limits: Limits, *, stated: str | None, encoding: str | None) -> Parsed:
    """Read a shapefile: shapes by GDAL, attributes from the DBF by ourselves, record by record the same number.

    GDAL is not shown the DBF: it takes its encoding on trust and turns what does not fit into other characters.
    """
    table_path, code_page = path.with_suffix(".dbf"), path.with_suffix(".cpg")
    attributes = None
    if table_path.exists():
        named = code_page.read_text(encoding="ascii", errors="replace")[:40] if code_page.exists() else None
        attributes = read_attributes(table_path, file, limits, stated=encoding, code_page=named)
        table_path.unlink()
    opened = _open(path, None, limits, file)
    _check_count(len(opened.wkb), (path.with_suffix(".shx").stat().st_size - 100) // 8, file)
    crs = _settle(opened.crs, stated, file)
    if attributes is None:
        note: Note = ("geo.note_no_attributes", {})
        return _finish(opened.attributes.select([]), opened.wkb, crs, limits, file, notes=(note,))
    if attributes.table.num_rows != len(opened.wkb):
        raise ReadError(
            "geo.shapefile_parts_differ", file=file, shapes=len(opened.wkb), records=attributes.table.num_rows
        )
    kept = pa.array(attributes.kept)
    return _finish(
        attributes.table.filter(kept), opened.wkb.filter(kept), crs, limits, file, encoding=attributes.encoding,
        notes=attributes.notes,
    )  # fmt: skip


def _open(
    path: Path, layer: str | None, limits: Limits, file: str, *, options: Mapping[str, str] | None = None
) -> _Opened:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what GDAL warns of shows in counts, encodings and geometry checks
        try:
            if options is None:  # GeoJSON was counted already, and GDAL would parse all of it once more
                told = pyogrio.read_info(path, layer=layer, force_feature_count=True)
                _check_limits(int(told["features"]), len(told["fields"]), limits, file)
            meta, table = pyogrio.read_arrow(path, layer=layer, datetime_as_string=True, **(options or {}))
            table.validate(full=True)
        except _REFUSED as error:
            raise ReadError("geo.geometry_file_broken", file=file) from error
    if options is None:
        _check_count(table.num_rows, int(told["features"]), file)
    name = meta["geometry_name"] or "wkb_geometry"
    if name not in table.column_names:
        raise ReadError("geo.no_geometry", file=file)
    _check_limits(table.num_rows, table.num_columns - 1, limits, file)
    wkb = table.column(name).combine_chunks().cast(pa.binary())
    return _Opened(table.drop_columns([name]), wkb, _epsg(meta["crs"]))


def _check_limits(rows: int, columns: int, limits: Limits, file: str) -> None:
    if rows == 0:
        raise ReadError("geo.no_rows", file=file)
    if rows > limits.rows:
        raise ReadError("geo.rows_limit", file=file, rows=rows, limit=limits.rows)
    if columns > limits.columns:
        raise ReadError("geo.columns_limit", file=file, columns=columns, limit=limits.columns)


def _check_count(read: int, counted: int, file: str) -> None:
    if read != counted:
        raise ReadError("geo.rows_not_as_counted", file=file, read=read, counted=counted)


def _epsg(found: str | None) -> str | None:
    """Return the EPSG code of what a file names; what has none is as good as not stated."""
    if not found:
        return None
    if named := _CRS_NAME.fullmatch(found.strip()):
        return f"EPSG:{named[1]}" if named[1] else _WGS84
    try:
        number = pyproj.CRS.from_wkt(found).to_epsg(min_confidence=_CONFIDENCE)
    except pyproj.exceptions.CRSError:
        return None
    return f"EPSG:{number}" if number else None


def _settle(found: str | None, stated: str | None, file: str) -> str:
    if found is None and stated is None:
        raise ReadError("geo.file_crs_missing", file=file)
    if found is not None and stated is not None and found != stated:
        raise ReadError("geo.file_crs_contradicts", file=file, found=found, stated=stated)
    return found or stated or ""


def _finish(
    attributes: pa.Table, wkb: pa.Array, crs: str, limits: Limits, file: str, *, encoding: str | None = None,
    layer: str | None = None, notes: tuple[Note, ...] = (),
) -> Parsed:  # fmt: skip
    if len(wkb) == 0:
        raise ReadError("geo.no_rows", file=file)
    places = to_places(wkb, crs, limits, file)
    check_names(attributes.column_names, file)
    binary = [field.name for field in attributes.schema if pa.types.is_binary(field.type)]
    notes += tuple(("geo.note_column_not_read", {"column": name}) for name in binary)
    names = [name for name in attributes.column_names if name not in binary]
    columns = {_beside_geometry(name, names): _text(attributes.column(name)) for name in names}
    table = pa.table({**columns, GEOMETRY: places.wkb})
    return Parsed(table, encoding, crs, layer, places.bad, notes + places.notes)


def _beside_geometry(name: str, taken: list[str]) -> str:
    """Return another name for an attribute that is itself called ``geometry``."""
    if name != GEOMETRY:
        return name
    return next(free for number in range(1, len(taken) + 2) if (free := f"{GEOMETRY}_{number}") not in taken)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    try:
        return column.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        values = column.to_pylist()
        return pa.array([None if v is None else json.dumps(v, ensure_ascii=False, default=str) for v in values])
