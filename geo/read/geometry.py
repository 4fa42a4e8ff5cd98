"""Places as found to places as kept: two dimensions, JGD2011 degrees, within Japan, or null with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from geo.crs import Operation, notes, operation
from geo.errors import CrsError, ReadError
from geo.read.limits import Limits
from geo.read.model import Note, rows_text
from geo.read.wkb import first_too_deep, sizes_and_kinds

#: Degrees between which everything in Japan lies (the one bounds check of the security page).
LON, LAT = (122.0, 154.0), (20.0, 46.0)
_CURVES = 8  # and above: arcs, which nothing downstream understands
_LARGEST_VERTEX = 32  # bytes of a vertex with height and measure
_POLYGON_TYPES = (3, 6)

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Geometry of a whole table.

    Attributes
    ----------
    wkb
        Binary array: two dimensions, EPSG:6668, null where there is none or a bad one.
    bad
        Row (from 1) to the code of what is wrong with its place.
    notes
        Remarks about all of them.
    remark
        What must stand beside every one of them; None where the reference system leaves no doubt.
    """

    wkb: pa.Array
    bad: Mapping[int, str]
    notes: tuple[Note, ...]
    remark: Note | None = None


def to_places(wkb: pa.Array, crs: str, limits: Limits, file: str, *, accept_inaccurate: bool = False) -> Places:
    """Check geometries and bring them to JGD2011.

    Parameters
    ----------
    wkb
        Binary array as a driver gave it.
    crs
        ``EPSG:<number>`` of its coordinates.
    accept_inaccurate
        Whether an operation of poor or unknown accuracy will do.

    Raises
    ------
    ReadError
        If a geometry nests too deep or has too many vertices, or the reference system cannot be brought to JGD2011
        with known accuracy.
    """
    way, remarks = way_to_jgd2011(crs, file, accept_inaccurate=accept_inaccurate)
    move = way.transformer
    shapes, bad = _parse(wkb, limits, file)
    missing = np.flatnonzero(shapely.is_missing(shapes))
    missing = missing[~np.isin(missing, list(bad))]
    high = int((shapely.has_z(shapes) | shapely.has_m(shapes)).sum())
    shapes = shapely.force_2d(shapes) if high else shapes
    bad |= dict.fromkeys(np.flatnonzero(shapely.is_empty(shapes)).tolist(), "geo.coordinate_not_a_number")
    xy, rows = shapely.get_coordinates(shapes, return_index=True)
    moved = np.column_stack(move.transform(xy[:, 0], xy[:, 1])) if len(xy) else xy
    bad |= _misplaced(xy, moved, rows, len(shapes))
    if not np.array_equal(moved, xy):
        shapes = shapely.set_coordinates(shapes, moved)
    shapes[list(bad)] = None
    remarks += _height_and_null_notes(high, missing) + _validity_note(shapes) + bad_note(bad)
    kept = pa.array(shapely.to_wkb(shapes, byte_order=1), pa.binary())
    return Places(kept, {row + 1: bad[row] for row in sorted(bad)}, remarks, way.remark)


def way_to_jgd2011(crs: str, file: str, *, accept_inaccurate: bool) -> tuple[Operation, tuple[Note, ...]]:
    """Return the operation that brings a file's coordinates to JGD2011, and what to say of it.

    Raises
    ------
    ReadError
        ``geo.file_crs_refused`` with the reason.
    """
    try:
        way = operation(crs, accept_inaccurate=accept_inaccurate)
        return way, (*filter(None, [way.remark]), *notes(crs))
    except CrsError as error:
        raise ReadError(
            "geo.file_crs_refused", file=file, why_ja=error.sentence("ja"), why_en=error.sentence("en")
        ) from error


def _parse(wkb: pa.Array, limits: Limits, file: str) -> tuple[npt.NDArray[np.object_], dict[int, str]]:
    """Return shapes, None where there is none or a bad one, and the positions of bad ones."""
    sizes, kinds = sizes_and_kinds(wkb)
    deep = first_too_deep(wkb, sizes, kinds, limits.wkb_depth)
    if deep is not None:
        raise ReadError("geo.wkb_depth_limit", file=file, row=deep + 1, limit=limits.wkb_depth)
    _refuse_large(sizes > limits.vertices * _LARGEST_VERTEX, limits, file)
    found = wkb.to_numpy(zero_copy_only=False)
    bad = dict.fromkeys(np.flatnonzero(kinds >= _CURVES).tolist(), "geo.geometry_has_curves")
    found[list(bad)] = None
    shapes = shapely.from_wkb(found, on_invalid="ignore")
    lost = shapely.is_missing(shapes) & np.array([value is not None for value in found], dtype=bool)
    bad |= dict.fromkeys(np.flatnonzero(lost).tolist(), "geo.geometry_broken")
    _refuse_large(shapely.get_num_coordinates(shapes) > limits.vertices, limits, file)
    return shapes, bad


def _refuse_large(large: npt.NDArray[np.bool_], limits: Limits, file: str) -> None:
    if large.any():
        raise ReadError("geo.vertices_limit", file=file, row=int(np.argmax(large)) + 1, limit=limits.vertices)


def _misplaced(xy: npt.NDArray[np.float64], moved: npt.NDArray[np.float64], rows: Rows, count: int) -> dict[int, str]:
    """Say of each row whose coordinates cannot be in Japan why, the most telling reason winning."""
    lon, lat = moved[:, 0], moved[:, 1]
    inside = _between(lon, LON) & _between(lat, LAT)
    if inside.all():
        return {}
    finite = np.isfinite(xy).all(axis=1)
    vertices = np.bincount(rows, minlength=count)

    def all_of(these: npt.NDArray[np.bool_]) -> list[int]:
        found = np.bincount(rows[these], minlength=count)
        return np.flatnonzero((found == vertices) & (vertices > 0)).tolist()

    codes = dict.fromkeys(np.unique(rows[~inside]).tolist(), "geo.coordinate_outside_japan")
    codes |= dict.fromkeys(all_of(_between(lon, LAT) & _between(lat, LON)), "geo.coordinate_swapped")
    codes |= dict.fromkeys(all_of((xy == 0).all(axis=1)), "geo.coordinate_zero")
    codes |= dict.fromkeys(np.unique(rows[~finite]).tolist(), "geo.coordinate_not_a_number")
    return codes


def _between(values: npt.NDArray[np.float64], bounds: tuple[float, float]) -> npt.NDArray[np.bool_]:
    return (values >= bounds[0]) & (values <= bounds[1])


def _height_and_null_notes(high: int, missing: Rows) -> tuple[Note, ...]:
    remarks: list[Note] = []
    if high:
        remarks.append(("geo.note_height_dropped", {"count": high}))
    if missing.size:
        remarks.append(("geo.note_null_geometry", {"count": missing.size, "rows": rows_text((missing + 1).tolist())}))
    return tuple(remarks)


def _validity_note(shapes: npt.NDArray[np.object_]) -> tuple[Note, ...]:
    """Polygons that cross themselves are kept as they are, but counted: areas and joins may be wrong there."""
    polygons = np.flatnonzero(np.isin(shapely.get_type_id(shapes), _POLYGON_TYPES))
    crossed = polygons[~shapely.is_valid(shapes[polygons])]
    if not crossed.size:
        return ()
    return (("geo.note_invalid_polygons", {"count": crossed.size, "rows": rows_text((crossed + 1).tolist())}),)


def bad_note(bad: Mapping[int, str]) -> tuple[Note, ...]:
    """Return a remark that counts the rows with a wrong place, keyed as `bad` is; none if there are none."""
    if not bad:
        return ()
    return (("geo.note_bad_geometry", {"count": len(bad), "rows": rows_text(row + 1 for row in sorted(bad))}),)
