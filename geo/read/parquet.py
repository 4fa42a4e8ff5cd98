"""Parquet and GeoParquet 1.0 / 1.1: the footer is judged before a value is read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from geo.errors import ReadError
from geo.read.assemble import check_names, text_columns, with_places
from geo.read.limits import MIB, Limits, size_text
from geo.read.model import Note, Parsed, Stated
from geo.read.reference import WGS84, epsg, settle

_ENCRYPTED = b"PARE"
_CELL_BYTES = 4  # at least, of a text in memory, an empty one too
_RATIO_FROM = 64 * MIB  # below, repeated words may take next to nothing in the file
#: Encodings of GeoArrow that GeoParquet 1.1 allows beside WKB: type of geometry and how often lists nest in it.
_NATIVE = {
    "point": (shapely.GeometryType.POINT, 0),
    "linestring": (shapely.GeometryType.LINESTRING, 1),
    "multipoint": (shapely.GeometryType.MULTIPOINT, 1),
    "polygon": (shapely.GeometryType.POLYGON, 2),
    "multilinestring": (shapely.GeometryType.MULTILINESTRING, 2),
    "multipolygon": (shapely.GeometryType.MULTIPOLYGON, 3),
}
_BROKEN = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, IndexError, AttributeError)


class _Geometry(NamedTuple):
    """What the file says of its column of places."""

    column: str
    encoding: str
    crs: str | None
    derived: tuple[str, ...]  # columns of bounds computed from the places


def parse_parquet(path: Path, file: str, limits: Limits, stated: Stated) -> Parsed:
    """Read a Parquet file; one with the metadata of GeoParquet has places, any other is an ordinary table.

    Without a ``crs`` the places are WGS84 unless the user states another (GeoParquet 1.1: absent means OGC:CRS84); a
    ``crs`` of null must be stated.

    Raises
    ------
    ReadError
        If it is encrypted or broken, a limit on rows, columns or unpacked size is passed (by what the footer
        says before anything is unpacked, and by the table itself after it), or its places are encoded or referenced in
        a way that is not understood.
    """
    with path.open("rb") as opened:
        opened.seek(-4, 2)
        if opened.read() == _ENCRYPTED:
            raise ReadError("geo.parquet_encrypted", file=file)
    table, metadata = _read(path, file, limits)
    if metadata is None:
        texts, notes = text_columns(table, file)
        _check_table(texts, path, limits, file)
        return Parsed(texts, notes=notes)
    geometry = _described(metadata, table, stated.crs, file)
    crs = settle(geometry.crs, stated, file)
    wkb = _wkb(table.column(geometry.column), geometry.encoding, file)
    attributes = table.drop_columns([geometry.column, *geometry.derived])
    notes = tuple[Note, ...](("geo.note_column_not_read", {"column": name}) for name in geometry.derived)
    parsed = with_places(attributes, wkb, crs, limits, file, notes=notes, accept_inaccurate=stated.accept_inaccurate)
    _check_table(parsed.table, path, limits, file)
    return parsed


def _read(path: Path, file: str, limits: Limits) -> tuple[pa.Table, bytes | None]:
    """Return the table and the metadata of GeoParquet if there are any."""
    try:
        with pq.ParquetFile(path, memory_map=True) as opened:
            footer = opened.metadata
            _check_footer(footer, path.stat().st_size, limits, file)
            names = opened.schema_arrow.names
            check_names(names, file)
            table = opened.read(use_threads=False)
            table.validate(full=True)
            metadata = (footer.metadata or {}).get(b"geo")
    except MemoryError:  # Arrow's own is one of its broken ones as well
        raise
    except _BROKEN as error:
        code = "geo.parquet_encrypted" if "crypt" in str(error).lower() else "geo.parquet_broken"
        raise ReadError(code, file=file) from error
    if table.num_rows != footer.num_rows:
        raise ReadError("geo.rows_not_as_counted", file=file, read=table.num_rows, counted=footer.num_rows)
    return table, metadata


def _check_footer(footer: pq.FileMetaData, packed: int, limits: Limits, file: str) -> None:
    if footer.num_rows <= 0:
        raise ReadError("geo.no_rows", file=file)
    if footer.num_rows > limits.rows:
        raise ReadError("geo.rows_limit", file=file, rows=footer.num_rows, limit=limits.rows)
    if footer.num_columns > limits.columns:
        raise ReadError("geo.columns_limit", file=file, columns=footer.num_columns, limit=limits.columns)
    if footer.num_rows * footer.num_columns * _CELL_BYTES > limits.unpacked_bytes:
        raise ReadError("geo.unpacked_bytes_limit", file=file, limit=size_text(limits.unpacked_bytes))
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    unpacked = sum(group.total_byte_size for group in groups)  # to ask a broken column ends the process (Arrow 26)
    if unpacked > limits.unpacked_bytes:
        raise ReadError("geo.unpacked_bytes_limit", file=file, limit=size_text(limits.unpacked_bytes))
    if unpacked > max(MIB, limits.ratio * packed):
        raise ReadError("geo.ratio_limit", file=file, ratio=unpacked // packed, limit=limits.ratio)


def _check_table(table: pa.Table, path: Path, limits: Limits, file: str) -> None:
    """Refuse what the footer does not show: one long text in a dictionary that millions of rows refer to."""
    packed = path.stat().st_size
    if table.nbytes > limits.unpacked_bytes:
        raise ReadError("geo.unpacked_bytes_limit", file=file, limit=size_text(limits.unpacked_bytes))
    if table.nbytes > max(_RATIO_FROM, limits.ratio * packed):
        raise ReadError("geo.ratio_limit", file=file, ratio=table.nbytes // packed, limit=limits.ratio)


def _described(metadata: bytes, table: pa.Table, stated: str | None, file: str) -> _Geometry:
    """Understand the metadata ``geo`` of GeoParquet."""
    try:
        told = json.loads(metadata)
        name = told["primary_column"]
        column = told["columns"][name]
        encoding = column["encoding"]
        crs = _crs(column, stated)
        bounds = column.get("covering", {}).get("bbox", {})
        derived = {path[0] for path in bounds.values()} & set(table.column_names)
        others = {other for other in told["columns"] if other != name} & set(table.column_names)
    except (*_BROKEN, RecursionError) as error:
        raise ReadError("geo.geoparquet_broken", file=file) from error
    if name not in table.column_names or not isinstance(encoding, str):
        raise ReadError("geo.geoparquet_broken", file=file)
    return _Geometry(name, encoding, crs, tuple(sorted((derived | others) - {name})))


def _crs(column: Mapping[str, Any], stated: str | None) -> str | None:
    if "crs" not in column:
        return stated or WGS84
    crs = column["crs"]
    if crs is None:
        return None
    named = crs["id"] if isinstance(crs.get("id"), dict) else {}
    if named.get("authority") == "OGC" and named.get("code") == "CRS84":
        return WGS84
    return epsg(json.dumps(crs))


def _wkb(column: pa.ChunkedArray, encoding: str, file: str) -> pa.Array:
    kind = encoding.lower()
    if kind != "wkb" and kind not in _NATIVE:
        raise ReadError("geo.geoparquet_encoding", file=file, encoding=encoding[:40])
    try:
        whole = column.combine_chunks()
        if isinstance(whole, pa.ExtensionArray):
            whole = whole.storage
        return whole.cast(pa.binary()) if kind == "wkb" else _from_native(whole, kind)
    except _BROKEN as error:
        raise ReadError("geo.geoparquet_broken", file=file) from error


def _from_native(places: pa.Array, kind: str) -> pa.Array:
    """Return WKB of places that are stored as structures of x and y within lists."""
    shape, nested = _NATIVE[kind]
    offsets, inner = [], places
    for _ in range(nested):
        starts = inner.offsets.to_numpy().astype(np.int64)
        offsets.append(starts - starts[0])
        inner = inner.flatten()
    xy = np.column_stack([inner.field(axis).to_numpy(zero_copy_only=False).astype(np.float64) for axis in ("x", "y")])
    found = shapely.from_ragged_array(shape, xy, tuple(reversed(offsets)) or None)
    found[places.is_null().to_numpy(zero_copy_only=False)] = None
    return pa.array(shapely.to_wkb(found), pa.binary())
