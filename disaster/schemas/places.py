"""Check where rows are: points in degrees, lines and polygons as WKB, all in EPSG:6668."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import shapely

from disaster.errors import IngestError
from disaster.layouts.convert import Canonical
from disaster.layouts.model import GEOMETRY, MGRS, PLACE_NAMES
from disaster.models import Noun, Shape
from disaster.schemas.findings import Findings, Mask
from disaster.schemas.parse import parse_number
from geo.crs import JGD2011, plane_zone
from geo.grid import mgrs_points

#: Degrees that can be in Japan: the one bounds check.
LON_RANGE, LAT_RANGE = (122.0, 154.0), (20.0, 46.0)
#: Metres outside the municipality from which a place is a mistake: rounding and reclaimed land stay below.
MAX_OUTSIDE_M = 2_000.0
#: Share of a polygon's area that mending may change; beyond that the shape is anybody's guess.
_MAX_CHANGE = 0.01

_WANTED = {
    Shape.LINE: frozenset({shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING}),
    Shape.POLYGON: frozenset({shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON}),
}
Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[Any]  # of shapely geometries


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Longitude and latitude (float64, degrees, null where there is none).

    `from_grid` is the side in metres of the grid square that a point is the middle of, 0 where it has coordinates.
    """

    lon: pa.Array
    lat: pa.Array
    from_grid: npt.NDArray[np.int64] = field(repr=False)


def near(boundary: Shapes, municipality: str) -> shapely.Geometry:
    """Return the municipality's area with `MAX_OUTSIDE_M` around it, prepared for many questions.

    Parameters
    ----------
    boundary
        Polygons in EPSG:6668; parts of the municipality.
    municipality
        Five digits; decides the plane zone in which metres are taken.
    """
    lon = float(shapely.bounds(boundary[0])[0])
    there = pyproj.Transformer.from_crs(JGD2011, plane_zone(municipality, lon), always_xy=True)
    metres = shapely.transform(boundary, lambda xy: np.column_stack(there.transform(xy[:, 0], xy[:, 1])))
    around = shapely.simplify(shapely.buffer(shapely.union_all(metres), MAX_OUTSIDE_M), 10.0)
    back = shapely.transform(
        around, lambda xy: np.column_stack(there.transform(xy[:, 0], xy[:, 1], direction="INVERSE"))
    )
    shapely.prepare(back)
    return back


def check_points(
    table: pa.Table,
    findings: Findings,
    *,
    headings: Mapping[str, str],
    area: shapely.Geometry | None,
    secret: bool,
    here: Mask,
) -> Points:
    """Return where the rows are and report what is wrong; a grid reference (MGRS) stands in for missing coordinates.

    Parameters
    ----------
    table
        Canonical table with ``lon`` and ``lat`` as text, and ``mgrs`` if the file has it, or ``geometry``.
    findings
        Takes the faults.
    headings
        Heading of the file for each column.
    area
        From `near`; None where no boundary is known.
    secret
        Whether values may not be repeated (homes).
    here
        Rows that stand in the municipality; an office that only delivers into it may stand elsewhere.
    """
    grid = np.zeros(table.num_rows, dtype=np.int64)
    if GEOMETRY in table.column_names:
        lon, lat = _from_geometry(table.column(GEOMETRY), findings)
        shown = ("geometry", "geometry")
    else:
        lon, lat = (_from_text(table, name, findings, headings.get(name, name), secret=secret) for name in PLACE_NAMES)
        shown = (headings.get("lon", "lon"), headings.get("lat", "lat"))
        findings.add("disaster.half_a_place", np.isnan(lon) & ~np.isnan(lat) & ~_said(table, "lon"), column=shown[0])
        findings.add("disaster.half_a_place", np.isnan(lat) & ~np.isnan(lon) & ~_said(table, "lat"), column=shown[1])
        grid = _fill_from_grid(table, lon, lat, findings)
    both = ~np.isnan(lon) & ~np.isnan(lat)
    swapped = both & _inside(lat, LON_RANGE) & _inside(lon, LAT_RANGE)
    outside = both & ~(_inside(lon, LON_RANGE) & _inside(lat, LAT_RANGE))
    values = None if secret else _pairs(lon, lat)
    where = "・".join(dict.fromkeys(shown))
    findings.add("disaster.swapped_coordinates", swapped, column=where, values=values)
    findings.add("disaster.outside_japan", outside & ~swapped, column=where, values=values)
    if area is not None:
        good = both & ~outside & here
        far = np.zeros(len(lon), dtype=bool)
        far[good] = ~shapely.contains_xy(area, lon[good], lat[good])
        findings.add("disaster.outside_boundary", far, column=where, values=values, km=MAX_OUTSIDE_M / 1000)
    return Points(pa.array(lon, mask=~both), pa.array(lat, mask=~both), grid)


def _fill_from_grid(table: pa.Table, lon: Floats, lat: Floats, findings: Findings) -> npt.NDArray[np.int64]:
    """Write the middles of grid squares where a row has neither coordinate, and return the sides of those squares."""
    side = np.zeros(len(lon), dtype=np.int64)
    if MGRS not in table.column_names:
        return side
    texts = table.column(MGRS).combine_chunks()
    alone = _said(table, MGRS) & ~_said(table, "lon") & ~_said(table, "lat")
    if not alone.any():
        return side
    lon[alone], lat[alone], side[alone] = mgrs_points(texts.filter(pa.array(alone)).to_pylist())
    findings.add("disaster.bad_mgrs", alone & np.isnan(lon), column="UTMポイント", values=texts)
    return side


def inside(canonical: Canonical, area: shapely.Geometry | None, *, file: str) -> Canonical:
    """Set rows aside that do not lie in the municipality: files of a whole prefecture whose rows name none.

    Parameters
    ----------
    canonical
        Rows with ``geometry``, or ``lon`` and ``lat`` as text; a row without a place stays, to be judged later.
    area
        From `near`.
    file
        Name of the file, for the refusal.

    Raises
    ------
    IngestError
        ``disaster.boundary_needed`` if no boundary is known: then nobody can tell whose rows these are.
    """
    if area is None:
        raise IngestError("disaster.boundary_needed", file=file)
    table = canonical.table
    if GEOMETRY in table.column_names:
        shapes = shapely.from_wkb(table.column(GEOMETRY).to_numpy(), on_invalid="ignore")
        known = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        here = ~known | shapely.intersects(area, shapes)
    else:
        lon, lat = (_numbers(table.column(name).combine_chunks()) for name in PLACE_NAMES)
        here = np.isnan(lon) | np.isnan(lat) | shapely.contains_xy(area, lon, lat)
    outside = int((~here).sum())
    if not outside:
        return canonical
    aside = {**canonical.set_aside, "disaster.rows_of_other_municipalities": outside}
    return replace(canonical, table=table.filter(pa.array(here)).combine_chunks(), set_aside=aside)


def _numbers(text: pa.Array) -> Floats:
    return np.asarray(parse_number(text).values.to_numpy(zero_copy_only=False), dtype=np.float64)


def check_shapes(
    table: pa.Table, noun: Noun, findings: Findings, *, area: shapely.Geometry | None, reported: Mask
) -> tuple[pa.Array, Mask]:
    """Return the lines or polygons as WKB and which were mended, and report what is wrong.

    A polygon that crosses itself is mended where that changes its area by less than one part in a hundred; else it is
    refused. Heights are dropped. `reported` marks rows whose geometry the reader refused already.
    """
    shapes = shapely.force_2d(shapely.from_wkb(table.column(GEOMETRY).to_numpy(), on_invalid="ignore"))
    absent = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    findings.add("disaster.null_geometry", absent & ~reported, column=GEOMETRY)
    kinds = shapely.get_type_id(shapes)
    wrong = ~absent & ~np.isin(kinds, list(_WANTED[noun.shape]))
    findings.add(
        "disaster.wrong_geometry", wrong, column=GEOMETRY, wanted="面" if noun.shape is Shape.POLYGON else "線"
    )
    good = ~absent & ~wrong
    mended = np.zeros(len(shapes), dtype=bool)
    if noun.shape is Shape.POLYGON:
        shapes, mended, broken = _mend(shapes, good)
        findings.add("disaster.invalid_geometry", broken, column=GEOMETRY)
        good &= ~broken
    outside = good & ~_in_japan(shapes)
    where = _pairs(*shapely.bounds(shapes).T[:2])
    findings.add("disaster.outside_japan", outside, column=GEOMETRY, values=where)
    if area is not None:
        apart = good & ~outside
        apart[apart] = ~shapely.intersects(area, shapes[apart])
        findings.add("disaster.outside_boundary", apart, column=GEOMETRY, values=where, km=MAX_OUTSIDE_M / 1000)
    return pa.array(shapely.to_wkb(shapes), pa.binary()), mended


def _from_text(table: pa.Table, name: str, findings: Findings, heading: str, *, secret: bool) -> Floats:
    text = table.column(name).combine_chunks()
    if not _any(text):
        return np.full(len(text), np.nan)
    parsed = parse_number(text)
    findings.add("disaster.not_number", parsed.bad, column=heading, values=None if secret else text)
    return np.array(parsed.values.to_numpy(zero_copy_only=False), dtype=np.float64)


def _any(text: pa.Array) -> bool:
    return bool(text.null_count < len(text))


def _said(table: pa.Table, name: str) -> Mask:
    return np.asarray(table.column(name).combine_chunks().is_valid().to_numpy(zero_copy_only=False), dtype=bool)


def _from_geometry(column: pa.ChunkedArray, findings: Findings) -> tuple[Floats, Floats]:
    """Read points; a row without one is a row without a place, which is no fault."""
    shapes = shapely.from_wkb(column.to_numpy(), on_invalid="ignore")
    absent = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    points = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    findings.add("disaster.wrong_geometry", ~absent & ~points, column=GEOMETRY, wanted="点")
    only = np.where(points & ~absent, shapes, None)
    return shapely.get_x(only), shapely.get_y(only)


def _inside(values: Floats, limits: tuple[float, float]) -> Mask:
    return np.asarray((values >= limits[0]) & (values <= limits[1]), dtype=bool)


def _pairs(lon: Floats, lat: Floats) -> pa.Array:
    texts = [pc.fill_null(pc.cast(pa.array(axis), pa.string()), "") for axis in (lon, lat)]
    return pc.binary_join_element_wise(*texts, ", ")


def _mend(shapes: Shapes, good: Mask) -> tuple[Shapes, Mask, Mask]:
    """Return the polygons valid where possible, which ones were mended, and which could not be."""
    invalid = good & ~shapely.is_valid(shapes)
    broken = np.zeros(len(shapes), dtype=bool)
    if not invalid.any():
        return shapes, invalid, broken
    before = shapes[invalid]
    after = shapely.make_valid(before, method="structure", keep_collapsed=False)
    areas = shapely.area(before), shapely.area(after)
    kept = np.isin(shapely.get_type_id(after), list(_WANTED[Shape.POLYGON])) & ~shapely.is_empty(after)
    kept &= np.abs(areas[1] - areas[0]) <= _MAX_CHANGE * np.maximum(areas[0], areas[1])
    result = shapes.copy()
    result[np.flatnonzero(invalid)[kept]] = after[kept]
    broken[np.flatnonzero(invalid)[~kept]] = True
    return result, invalid & ~broken, broken


def _in_japan(shapes: Shapes) -> Mask:
    west, south, east, north = shapely.bounds(shapes).T
    inside = (west >= LON_RANGE[0]) & (east <= LON_RANGE[1]) & (south >= LAT_RANGE[0]) & (north <= LAT_RANGE[1])
    return np.asarray(inside, dtype=bool)
