"""Joins of points given as coordinate arrays with polygons and with other points; the row count never changes unnoticed."""

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def inside(lon: Floats, lat: Floats, polygons: npt.NDArray[np.object_]) -> tuple[Ints, Ints]:
    """Return the pairs of points and polygons where the point lies inside."""
    tree = STRtree(shapely.points(lon, lat))
    polygon, point = tree.query(polygons)
    parts_point, parts_polygon = [], []
    for number in np.unique(polygon):
        candidates = point[polygon == number]
        shapely.prepare(polygons[number])
        hit = candidates[shapely.contains_xy(polygons[number], lon[candidates], lat[candidates])]
        parts_point.append(hit)
        parts_polygon.append(np.full(len(hit), number))
    if not parts_point:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(parts_point), np.concatenate(parts_polygon)


def inside_any(lon: Floats, lat: Floats, polygons: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    """Tell which points lie inside any of the polygons."""
    found = np.zeros(len(lon), dtype=bool)
    found[inside(lon, lat, polygons)[0]] = True
    return found
