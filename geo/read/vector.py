"""Files with geometry: read by GDAL, counted by somebody else, brought to JGD2011."""

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from geo.errors import ReadError
from geo.read.assemble import with_places
from geo.read.dbf import read_attributes
from geo.read.gpkg import only_layer
from geo.read.limits import Limits
from geo.read.model import Note, Parsed, Stated
from geo.read.reference import epsg, settle

_REFUSED = (
    DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError, pa.ArrowException, ValueError, OSError,
    IndexError, UnboundLocalError,  # the last: pyogrio's own, at a reference system with a name that is not UTF-8
)  # fmt: skip


class Opened(NamedTuple):
    """A layer as GDAL gives it."""

    attributes: pa.Table
    wkb: pa.Array
    crs: str | None


def parse_gpkg(path: Path, file: str, limits: Limits, stated: Stated) -> Parsed:
    """Read the one layer of a GeoPackage."""
    layer = only_layer(path, file, stated.part)
    if layer.rows > limits.rows:
        raise ReadError("geo.rows_limit", file=file, rows=layer.rows, limit=limits.rows)
    opened = open_layer(path, layer.name, limits, file)
    check_count(len(opened.wkb), layer.rows, file)
    crs = settle(opened.crs, stated, file)
    return with_places(
        opened.attributes, opened.wkb, crs, limits, file, encoding="utf-8", part=layer.name,
        accept_inaccurate=stated.accept_inaccurate,
    )  # fmt: skip


def parse_flatgeobuf(path: Path, file: str, limits: Limits, stated: Stated) -> Parsed:
    """Read a FlatGeobuf file."""
    opened = open_layer(path, None, limits, file)
    crs = settle(opened.crs, stated, file)
    return with_places(
        opened.attributes, opened.wkb, crs, limits, file, encoding="utf-8", accept_inaccurate=stated.accept_inaccurate
    )


def parse_shapefile(path: Path, file: str, limits: Limits, stated: Stated) -> Parsed:
    """Read a shapefile: shapes by GDAL, attributes from the DBF by ourselves, record by record the same number.

    GDAL is not shown the DBF: it takes its encoding on trust and turns what does not fit into other characters.
    """
    table_path, code_page = path.with_suffix(".dbf"), path.with_suffix(".cpg")
    attributes = None
    if table_path.exists():
        named = code_page.read_text(encoding="ascii", errors="replace")[:40] if code_page.exists() else None
        attributes = read_attributes(table_path, file, limits, stated=stated.encoding, code_page=named)
        table_path.unlink()
    _make_readable(path.with_suffix(".prj"))
    opened = open_layer(path, None, limits, file)
    check_count(len(opened.wkb), (path.with_suffix(".shx").stat().st_size - 100) // 8, file)
    crs = settle(opened.crs, stated, file)
    if attributes is None:
        note: Note = ("geo.note_no_attributes", {})
        return with_places(
            opened.attributes.select([]), opened.wkb, crs, limits, file, notes=(note,),
            accept_inaccurate=stated.accept_inaccurate,
        )  # fmt: skip
    if attributes.table.num_rows != len(opened.wkb):
        raise ReadError(
            "geo.shapefile_parts_differ", file=file, shapes=len(opened.wkb), records=attributes.table.num_rows
        )
    kept = pa.array(attributes.kept)
    return with_places(
        attributes.table.filter(kept), opened.wkb.filter(kept), crs, limits, file, encoding=attributes.encoding,
        notes=attributes.notes, accept_inaccurate=stated.accept_inaccurate,
    )  # fmt: skip


def _make_readable(projection: Path) -> None:
    """Blank out letters of other alphabets in names: pyogrio fails at one that is not UTF-8."""
    if projection.exists():
        projection.write_bytes(re.sub(rb"[^\x00-\x7f]", b"_", projection.read_bytes()))


def open_layer(
    path: Path, layer: str | None, limits: Limits, file: str, *, options: Mapping[str, str] | None = None
) -> Opened:
    """Open the one layer of a file with GDAL.

    Raises
    ------
    ReadError
        If it is broken, has no rows, no geometry, or too many rows or columns.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what GDAL warns of shows in counts, encodings and geometry checks
        try:
            if options is None:  # GeoJSON was counted already, and GDAL would parse all of it once more
                told = pyogrio.read_info(path, layer=layer, force_feature_count=True)
                _check_limits(int(told["features"]), len(told["fields"]), limits, file)
            meta, table = pyogrio.read_arrow(path, layer=layer, datetime_as_string=True, **(options or {}))
            table.validate(full=True)
        except MemoryError:  # Arrow's own is one of its exceptions as well
            raise
        except _REFUSED as error:
            raise ReadError("geo.geometry_file_broken", file=file) from error
    if options is None:
        check_count(table.num_rows, int(told["features"]), file)
    name = meta["geometry_name"] or "wkb_geometry"
    if name not in table.column_names:
        raise ReadError("geo.no_geometry", file=file)
    _check_limits(table.num_rows, table.num_columns - 1, limits, file)
    wkb = table.column(name).combine_chunks().cast(pa.binary())
    return Opened(table.drop_columns([name]), wkb, epsg(meta["crs"]))


def _check_limits(rows: int, columns: int, limits: Limits, file: str) -> None:
    if rows == 0:
        raise ReadError("geo.no_rows", file=file)
    if rows > limits.rows:
        raise ReadError("geo.rows_limit", file=file, rows=rows, limit=limits.rows)
    if columns > limits.columns:
        raise ReadError("geo.columns_limit", file=file, columns=columns, limit=limits.columns)


def check_count(read: int, counted: int, file: str) -> None:
    """Refuse a file of which another number of rows was read than it holds."""
    if read != counted:
        raise ReadError("geo.rows_not_as_counted", file=file, read=read, counted=counted)
