"""Snapshot files: immutable GeoParquet, one batch a file, encrypted where a row can point at a home or a person."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyarrow.parquet import encryption
from pyproj import CRS

from disaster.errors import StoreError
from disaster.models import PLACE_COLUMNS, Noun, Shape
from disaster.schemas.parse import ARROW_TYPES
from geo.crs import JGD2011

FOLDER = "snapshots"
FORMAT = "tayori-snapshot"
VERSION = 1
GEOMETRY = "geometry"
#: Rows of a part that is read at once: small enough for memory, large enough for zstd.
_PART_ROWS = 262_144
#: By the numbers of ``shapely.get_type_id``.
_TYPE_NAMES = (
    "Point", "LineString", "LinearRing", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
    "GeometryCollection",
)  # fmt: skip
_POINT = np.dtype([("order", "u1"), ("type", "<u4"), ("x", "<f8"), ("y", "<f8")])


@dataclass(frozen=True, slots=True)
class Written:
    """What a written file measures: size in bytes and SHA-256 in hex."""

    size: int
    sha256: str


def schema_of(noun: Noun) -> pa.Schema:
    """Return the columns of a noun's batch, typed, its place last."""
    fields = [(column.name, ARROW_TYPES[column.type]) for column in noun.columns]
    if noun.shape is Shape.POINT:
        fields += [("lon", pa.float64()), ("lat", pa.float64())]
    elif noun.shape is not Shape.NONE:
        fields.append((GEOMETRY, pa.binary()))
    if any(column.name == "address" for column in noun.columns):
        fields += [(column.name, ARROW_TYPES[column.type]) for column in PLACE_COLUMNS]
    return pa.schema(fields)


def points_to_wkb(lon: np.ndarray, lat: np.ndarray) -> pa.Array:
    """Return points (degrees, EPSG:6668) as WKB, null where a coordinate is not finite.

    No geometry objects are built: a million points take 0.1 s.
    """
    records = np.zeros(len(lon), dtype=_POINT)
    records["order"], records["type"], records["x"], records["y"] = 1, 1, lon, lat
    fixed = pa.Array.from_buffers(pa.binary(_POINT.itemsize), len(lon), [None, pa.py_buffer(records.tobytes())])
    unplaced = pa.array(~(np.isfinite(lon) & np.isfinite(lat)))
    return pa.compute.if_else(unplaced, pa.scalar(None, pa.binary()), fixed.cast(pa.binary()))


def write_snapshot(path: Path, table: pa.Table, *, about: str, key: bytes | None) -> Written:
    """Write rows to `path`: first under a temporary name, made durable, then renamed.

    Parameters
    ----------
    table
        With ``lon`` and ``lat`` (degrees), or ``geometry`` (WKB), in EPSG:6668, or without places.
    about
        What the file is for; an encrypted file can only be read as that.
    key
        32 bytes: AES-256-GCM over every page and the footer; None writes plain GeoParquet 1.1.

    Raises
    ------
    StoreError
        If the disk is full or the folder may not be written to.
    """
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        os.close(os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        _write_parquet(temporary, _described(_with_points(table), about), about, key)
        with temporary.open("r+b") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            os.fsync(stream.fileno())
        written = Written(temporary.stat().st_size, digest)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError("disaster.cannot_write", file=path.name, reason=error.strerror or str(error)) from error
    return written


def _write_parquet(path: Path, table: pa.Table, about: str, key: bytes | None) -> None:
    properties = None
    if key is not None:
        properties = encryption.create_encryption_properties(key, aad_prefix=about.encode(), store_aad_prefix=False)
    pq.write_table(
        table, path, compression="zstd", compression_level=1, row_group_size=_PART_ROWS,
        encryption_properties=properties,
    )  # fmt: skip


def read_snapshot(path: Path, *, about: str, key: bytes | None, columns: Sequence[str] | None = None) -> pa.Table:
    """Read rows, of `columns` those that the file has; the points that GeoParquet readers want are left out.

    Raises
    ------
    StoreError
        If the file is damaged, or was written for something else or with another key.
    """
    properties = encryption.create_decryption_properties(key, aad_prefix=about.encode()) if key else None
    try:
        with pq.ParquetFile(path, decryption_properties=properties) as file:
            names = file.schema_arrow.names
            doubled = GEOMETRY in names and {"lon", "lat"} <= set(names)
            wanted = [n for n in names if (columns is None or n in columns) and not (doubled and n == GEOMETRY)]
            return file.read(columns=wanted).replace_schema_metadata(None)
    except (OSError, pa.ArrowInvalid) as error:
        raise StoreError("disaster.snapshot_unreadable", file=path.name) from error


def rows_digest(table: pa.Table) -> str:
    """Return SHA-256 over the rows as they are, whatever way they are cut into chunks."""
    digest = hashlib.sha256()
    sink = _Hashing(digest)
    for name in table.column_names:  # column by column: a second copy of the whole table would cost memory
        column = pa.table({name: table.column(name).combine_chunks()})
        with pa.ipc.new_stream(sink, column.schema) as writer:
            writer.write_table(column, max_chunksize=_PART_ROWS)
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make a rename durable, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class _Hashing:
    """A file that keeps nothing of what is written but its hash."""

    closed = False

    def __init__(self, digest: Any) -> None:
        self._digest = digest

    def write(self, content: Any) -> int:
        self._digest.update(content)
        return len(content)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def _with_points(table: pa.Table) -> pa.Table:
    if GEOMETRY in table.column_names or not {"lon", "lat"} <= set(table.column_names):
        return table
    lon, lat = (table.column(name).cast(pa.float64()).to_numpy() for name in ("lon", "lat"))
    return table.append_column(GEOMETRY, points_to_wkb(lon, lat))


def _described(table: pa.Table, about: str) -> pa.Table:
    """Write into the file what it is, and for GeoParquet readers what its geometry is."""
    said = {"tayori": json.dumps({"format": FORMAT, "version": VERSION, "about": about})}
    if GEOMETRY in table.column_names:
        said["geo"] = json.dumps(_geoparquet(table))
    return table.replace_schema_metadata(said)


def _geoparquet(table: pa.Table) -> dict[str, Any]:
    """Return the metadata of GeoParquet 1.1.0 (OGC 24-013)."""
    types, bounds = _types_and_bounds(table)
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": types, "crs": _projjson(), "edges": "planar"}
    if np.isfinite(bounds).all():
        column["bbox"] = [float(value) for value in bounds]
    return {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}


def _types_and_bounds(table: pa.Table) -> tuple[list[str], np.ndarray]:
    if {"lon", "lat"} <= set(table.column_names):
        lon, lat = (table.column(name).cast(pa.float64()).to_numpy() for name in ("lon", "lat"))
        placed = np.isfinite(lon) & np.isfinite(lat)
        if not placed.any():
            return [], np.full(4, np.nan)
        lon, lat = lon[placed], lat[placed]
        return ["Point"], np.array([lon.min(), lat.min(), lon.max(), lat.max()])
    shapes = shapely.from_wkb(table.column(GEOMETRY).to_numpy(zero_copy_only=False))
    shapes = shapes[~shapely.is_missing(shapes)]
    kinds = np.unique(np.column_stack([shapely.get_type_id(shapes), shapely.has_z(shapes)]), axis=0)
    names = [f"{_TYPE_NAMES[number]}{' Z' if deep else ''}" for number, deep in kinds]
    return sorted(names), shapely.total_bounds(shapes)


@cache
def _projjson() -> dict[str, Any]:
    document: dict[str, Any] = CRS.from_user_input(JGD2011).to_json_dict()
    return document
