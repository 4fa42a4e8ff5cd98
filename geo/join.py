"""Joins of points given as coordinate arrays with polygons and with other points.

No geometry object is made of a point: a million of them cost more than the join itself (see `geo.cells`). Every
function says what belongs to which row, so that a join never changes a row count unnoticed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj

from geo.cells import Floats, Grid, Ints, Mask, ranges
from geo.crs import JGD2011
from geo.errors import CrsError

_POINTS_PER_CELL = 8
_CELLS_PER_TARGET = 16
_DISTANCES_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Points:
    """Points made ready for several joins, so that they are sorted only once; the functions below are for one.

    Attributes
    ----------
    count
        How many points there are, missing ones included.
    """

    count: int
    _grid: Grid

    @classmethod
    def of(cls, lon: npt.ArrayLike, lat: npt.ArrayLike) -> "Points":
        """Make points ready: shape (n,), degrees (EPSG:6668); one whose coordinates are missing lies nowhere."""
        count = int(np.size(lon))
        return cls(count, Grid.of(lon, lat, cells=count / _POINTS_PER_CELL))

    def inside(self, polygons: npt.ArrayLike, *, among: Mask | None = None) -> tuple[Ints, Ints]:
        """Return which points (of those that the mask `among`, shape (n,), leaves) lie within which polygons.

        Parameters and answer as of the function `inside`.
        """
        pairs = list(self._within(polygons, among))
        points = np.concatenate([self._grid.rows[places] for places, _ in pairs] or [np.zeros(0, dtype=np.int64)])
        owners = np.concatenate([owner for _, owner in pairs] or [np.zeros(0, dtype=np.int64)])
        owners, points = np.divmod(np.sort(owners * self.count + points), max(self.count, 1))
        return points, owners

    def inside_any(self, polygons: npt.ArrayLike, *, among: Mask | None = None) -> Mask:
        """Tell for each point whether it lies within at least one polygon; parameters as of `inside`."""
        found = np.zeros(self.count, dtype=bool)
        for places, _ in self._within(polygons, among):
            found[self._grid.rows[places]] = True
        return found

    def highest_inside(
        self, polygons: npt.ArrayLike, ranks: npt.ArrayLike, *, outside: int = 0, among: Mask | None = None
    ) -> Ints:
        """Return for each point the highest rank of the polygons it lies within; parameters as of the function."""
        found = np.full(self.count, outside, dtype=np.int64)
        given = np.asarray(ranks, dtype=np.int64)
        for places, owner in self._within(polygons, among):
            np.maximum.at(found, self._grid.rows[places], given[owner])
        return found

    def _within(self, polygons: npt.ArrayLike, among: Mask | None) -> Iterator[tuple[Ints, Ints]]:
        shapes = np.asarray(polygons, dtype=object).reshape(-1)
        return self._grid.within(shapes, None if among is None else among[self._grid.rows])


def inside(lon: npt.ArrayLike, lat: npt.ArrayLike, polygons: npt.ArrayLike) -> tuple[Ints, Ints]:
    """Return which points lie within which polygons.

    Parameters
    ----------
    lon, lat
        Shape (n,), degrees (EPSG:6668); a point whose coordinates are missing lies nowhere.
    polygons
        Shape (m,), valid polygons or multipolygons in the same reference system; None and empty ones hold nothing.

    Returns
    -------
    tuple of numpy.ndarray
        Row numbers of points and, beside them, of polygons: one pair for each polygon that a point lies within, in the
        order of the polygons, points ascending. A point on an edge is not within (as in ``ST_Within``).
    """
    return Points.of(lon, lat).inside(polygons)


def inside_any(lon: npt.ArrayLike, lat: npt.ArrayLike, polygons: npt.ArrayLike) -> Mask:
    """Tell for each point whether it lies within at least one of the polygons; parameters as of `inside`."""
    return Points.of(lon, lat).inside_any(polygons)


def highest_inside(
    lon: npt.ArrayLike, lat: npt.ArrayLike, polygons: npt.ArrayLike, ranks: npt.ArrayLike, *, outside: int = 0
) -> Ints:
    """Return for each point the highest rank of the polygons it lies within, such as the depth class of a flood.

    Parameters
    ----------
    lon, lat, polygons
        As of `inside`.
    ranks
        Shape (m,), the rank of each polygon.
    outside
        The rank of a point that lies within none; must be lower than every other.
    """
    return Points.of(lon, lat).highest_inside(polygons, ranks, outside=outside)


def nearest(
    lon: npt.ArrayLike, lat: npt.ArrayLike, to_lon: npt.ArrayLike, to_lat: npt.ArrayLike, *, crs_plane: str
) -> tuple[Ints, Floats]:
    """Return for each point which target is nearest, and how far away.

    Parameters
    ----------
    lon, lat
        Shape (n,), degrees (EPSG:6668).
    to_lon, to_lat
        Shape (m,), degrees (EPSG:6668), the targets; meant for up to some thousands.
    crs_plane
        The plane zone in which metres are taken, from `geo.crs.plane_zone`.

    Returns
    -------
    tuple of numpy.ndarray
        Row number of the target (the first of equals; -1 where the point or all targets are missing) and metres in the
        plane (NaN likewise); both shape (n,).

    Raises
    ------
    CrsError
        ``geo.crs_not_metric`` if `crs_plane` is not in metres.
    """
    x, y = _in_plane(lon, lat, crs_plane)
    to_x, to_y = _in_plane(to_lon, to_lat, crs_plane)
    targets = np.flatnonzero(np.isfinite(to_x) & np.isfinite(to_y))
    index, metres = np.full(np.size(lon), -1, dtype=np.int64), np.full(np.size(lon), np.nan)
    if not len(targets):
        return index, metres
    grid = Grid.of(x, y, cells=_CELLS_PER_TARGET * len(targets))
    found, squares = _nearest_in_cells(grid, to_x[targets], to_y[targets])
    index[grid.rows], metres[grid.rows] = targets[found], np.sqrt(squares)
    return index, metres


def _in_plane(lon: npt.ArrayLike, lat: npt.ArrayLike, crs_plane: str) -> tuple[Floats, Floats]:
    plane = pyproj.CRS(crs_plane)
    if not plane.is_projected or any(axis.unit_name != "metre" for axis in plane.axis_info):
        raise CrsError("geo.crs_not_metric", crs=crs_plane)
    to_plane = pyproj.Transformer.from_crs(JGD2011, plane, always_xy=True, allow_ballpark=False)
    x, y = to_plane.transform(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    return np.asarray(x), np.asarray(y)


def _nearest_in_cells(grid: Grid, to_x: Floats, to_y: Floats) -> tuple[Ints, Floats]:
    """Return the nearest target of each point of a grid and the squared distance.

    A target can be nearest to some point of a cell only if it is at most a cell's diagonal further from the middle of
    the cell than the target nearest to that middle. Few are: they are tried one after another for all cells at once.
    """
    counts = np.diff(grid.starts)
    cells = np.flatnonzero(counts)
    best, squares = np.zeros(len(grid.rows), dtype=np.int64), np.full(len(grid.rows), np.inf)
    for chunk in np.array_split(cells, max(1, len(cells) * len(to_x) // _DISTANCES_AT_ONCE)):
        order, tries = _candidates(grid, chunk, to_x, to_y)
        for turn in range(int(tries.max(initial=0))):
            open_ = tries > turn
            places = ranges(grid.starts[chunk[open_]], grid.starts[chunk[open_] + 1])
            target = np.repeat(order[open_, turn], counts[chunk[open_]])
            distance = (grid.x[places] - to_x[target]) ** 2 + (grid.y[places] - to_y[target]) ** 2
            closer = (distance < squares[places]) | ((distance == squares[places]) & (target < best[places]))
            best[places[closer]], squares[places[closer]] = target[closer], distance[closer]
    return best, squares


def _candidates(grid: Grid, cells: Ints, to_x: Floats, to_y: Floats) -> tuple[Ints, Ints]:
    """Return for each cell the targets by distance from its middle, and how many of them can be nearest."""
    middle_x, middle_y = grid.middles(cells)
    distance = np.hypot(middle_x[:, None] - to_x, middle_y[:, None] - to_y)
    limit = distance.min(axis=1, keepdims=True) * (1 + 1e-9) + np.hypot(*grid.step) * (1 + 1e-9)
    tries = (distance <= limit).sum(axis=1)
    order = np.argsort(distance, axis=1, kind="stable")[:, : int(tries.max(initial=1))]
    return order, tries
