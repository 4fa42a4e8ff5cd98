"""Shapes as the offline map carries them: whole numbers, each the step from the one before.

A corner costs 6 to 8 bytes this way instead of 20, which decides how much detail fits into 5 MB.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import shapely
from shapely import Point, Polygon
from shapely.geometry.base import BaseGeometry, BaseMultipartGeometry

#: Millionths of a degree: 0.1 m.
_UNITS: Final = 1e6
_METRES_A_DEGREE: Final = 111_000.0


def steps(lon: np.ndarray, lat: np.ndarray) -> list[int]:
    """Return latitude and longitude by turns, in millionths of a degree, each as the step from the one before."""
    units = np.round(np.column_stack([lat, lon]) * _UNITS).astype(np.int64)
    flat: list[int] = np.diff(units, axis=0, prepend=np.zeros((1, 2), np.int64)).ravel().tolist()
    return flat


def _line(coordinates: np.ndarray) -> list[int]:
    return steps(coordinates[:, 0], coordinates[:, 1])


def simpler(found: np.ndarray, metres: float) -> np.ndarray:
    """Return lines and polygons without the corners that lie within `metres` of what remains; None stays None."""
    simple: np.ndarray = shapely.simplify(found, metres / _METRES_A_DEGREE, preserve_topology=True)
    return simple


def shapes(found: np.ndarray) -> list[dict[str, Any]]:
    """Return lines, polygons (rings without their closing corner) and points of each row."""
    return [_shape(shape) for shape in found]


def _shape(shape: BaseGeometry) -> dict[str, Any]:
    polygons: list[list[list[int]]] = []
    lines: list[list[int]] = []
    points: list[np.ndarray] = []
    for part in _parts(shape):
        coordinates = shapely.get_coordinates(part)
        if isinstance(part, Polygon):
            polygons.append([_line(shapely.get_coordinates(ring)[:-1]) for ring in shapely.get_rings(part)])
        elif isinstance(part, Point):
            points.append(coordinates)
        else:
            lines.append(_line(coordinates))
    drawn = {"polygons": polygons, "lines": lines, "points": _line(np.concatenate(points)) if points else []}
    return {kind: parts for kind, parts in drawn.items() if parts}


def _parts(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    if isinstance(shape, BaseMultipartGeometry):
        for part in shape.geoms:
            yield from _parts(part)
    else:
        yield shape


def bounds(found: Sequence[np.ndarray]) -> list[list[float]] | None:
    """Return the corners ``[[south, west], [north, east]]`` around all places, None if there is none."""
    corners = np.array([shapely.total_bounds(one) for one in found if not shapely.is_missing(one).all()])
    if not len(corners):
        return None
    west, south = corners[:, :2].min(axis=0).tolist()
    east, north = corners[:, 2:].max(axis=0).tolist()
    return [[south, west], [north, east]]
