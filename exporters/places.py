"""Where the rows of a layer lie, as arrays: the one place that looks into geometry before it is printed."""

import numpy as np
import shapely

from exporters.errors import ExportError
from exporters.model import Layer

_POINT = 0


def places(layer: Layer) -> np.ndarray | None:
    """Return the geometries of a layer, flat (x, y) and None where a row has no place.

    An empty geometry is no place. The array is as long as the layer; None means that the layer has no places at all.

    Raises
    ------
    ExportError
        ``exporters.bad_place`` if a coordinate is not a finite number: no format can carry it.
    """
    if layer.geometry is None:
        return None
    found = np.asarray(layer.geometry, dtype=object)
    empty = shapely.is_empty(found)
    if empty.any():
        found = found.copy()
        found[empty] = None
    if shapely.has_z(found).any():
        found = shapely.force_2d(found)
    coordinates, row = shapely.get_coordinates(found, return_index=True)
    finite = np.isfinite(coordinates).all(axis=1)
    if not finite.all():
        raise ExportError("exporters.bad_place", layer=layer.title, row=int(row[~finite][0]) + 1)
    return found


def is_point_layer(found: np.ndarray | None) -> bool:
    """Whether every place is one point (rows without a place do not count)."""
    return found is not None and bool(np.isin(shapely.get_type_id(found), (-1, _POINT)).all())


def lon_lat(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return longitude and latitude in degrees, NaN where a row has no place."""
    return shapely.get_x(points), shapely.get_y(points)


def without_place(found: np.ndarray | None, rows: int) -> int:
    """Count the rows that no map can show."""
    return rows if found is None else int(shapely.is_missing(found).sum())
