"""Points sorted into the cells of a grid, so that a polygon meets few of them one by one.

A cell that no edge of the polygon crosses lies wholly inside or wholly outside, and so do its points. Only the points
in the cells along the edges are tested one by one; of each row of cells between two edges one test tells for all.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_MAX_SIDE = 2048

#: Below so many points under a polygon's bounding box they are tested one by one.
_FEW = 200

#: How far, in cells, an edge counts beyond where it is: more than rounding can be wrong, at any longitude of Japan.
_SLACK = 1e-6

_POLYGONAL = frozenset({shapely.GeometryType.POLYGON.value, shapely.GeometryType.MULTIPOLYGON.value})


@dataclass(frozen=True, slots=True)
class Grid:
    """Points in the order of their cells; rows without finite coordinates are left out.

    Attributes
    ----------
    rows
        Shape (k,), row numbers of the points in that order; called places below are positions in it.
    x, y
        Shape (k,), their coordinates.
    starts
        Shape (side * side + 1,): the points of cell c, counted along x and then y, are ``starts[c]:starts[c + 1]``.
    side
        Cells along each axis.
    corner, step
        Lowest x and y, and the size of a cell.
    """

    rows: Ints
    x: Floats
    y: Floats
    starts: Ints
    side: int
    corner: tuple[float, float]
    step: tuple[float, float]

    @classmethod
    def of(cls, x: npt.ArrayLike, y: npt.ArrayLike, *, cells: float) -> "Grid":
        """Sort points into about so many cells."""
        every_x, every_y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        known = np.flatnonzero(np.isfinite(every_x) & np.isfinite(every_y))
        here_x, here_y = every_x[known], every_y[known]
        side = int(np.clip(np.sqrt(cells), 1, _MAX_SIDE))
        low_x, step_x = _axis(here_x, side)
        low_y, step_y = _axis(here_y, side)
        cell = _cell((here_y - low_y) / step_y, side) * side + _cell((here_x - low_x) / step_x, side)
        order = np.argsort(cell.astype(np.int32))  # nothing returned depends on the order within a cell
        starts = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=side * side))])
        return cls(known[order], here_x[order], here_y[order], starts, side, (low_x, low_y), (step_x, step_y))

    def within(self, shape: shapely.Geometry | None, skip: npt.NDArray[np.bool_] | None = None) -> Ints:
        """Return the places of the points within a polygon or multipolygon; not those on its edge.

        Parameters
        ----------
        shape
            A valid polygon or multipolygon; None and an empty one hold nothing.
        skip
            Shape (k,), places that need not be tested (some of them may be returned all the same).
        """
        box = None if shape is None else self._box(shapely.bounds(shape))
        if shape is None or box is None:
            return np.zeros(0, dtype=np.int64)
        rows_of_cells = np.arange(box.y0, box.y1 + 1) * self.side
        begin, end = self.starts[rows_of_cells + box.x0], self.starts[rows_of_cells + box.x1 + 1]
        if (end - begin).sum() < _FEW or int(shapely.get_type_id(shape)) not in _POLYGONAL:
            return self._tested(shape, ranges(begin, end), skip)
        edge = box.edge_cells(self._edges(shape))
        first, last = _runs(~edge)
        is_in = self._holds(shape, box, first)
        whole = ranges(
            self.starts[box.cells(first[is_in], self.side)], self.starts[box.cells(last[is_in], self.side) + 1]
        )
        along = box.cells(np.flatnonzero(edge), self.side)
        single = ranges(self.starts[along], self.starts[along + 1])
        return np.concatenate([whole, self._tested(shape, single, skip)])

    def middles(self, cells: Ints) -> tuple[Floats, Floats]:
        """Return the coordinates of the middles of cells."""
        x: Floats = self.corner[0] + (cells % self.side + 0.5) * self.step[0]
        y: Floats = self.corner[1] + (cells // self.side + 0.5) * self.step[1]
        return x, y

    def _box(self, bounds: Floats) -> "_Box | None":
        """Return the cells that a bounding box touches, None if there are none."""
        low, high = (bounds[:2] - self.corner) / self.step, (bounds[2:] - self.corner) / self.step
        if not (high >= -_SLACK).all() or not (low <= self.side + _SLACK).all():  # also NaN: an empty shape
            return None
        x0, y0 = _cell(low - _SLACK, self.side)
        x1, y1 = _cell(high + _SLACK, self.side)
        return _Box(int(x0), int(y0), int(x1), int(y1))

    def _edges(self, shape: shapely.Geometry) -> Floats:
        """Return the edges of a polygon in cells, shape (e, 4): from x, y to x, y."""
        rings = shapely.get_rings(shapely.get_parts(shape))
        corners, ring = shapely.get_coordinates(rings, return_index=True)
        places = (corners - self.corner) / self.step
        edges: Floats = np.hstack([places[:-1], places[1:]])[ring[:-1] == ring[1:]]
        return edges

    def _holds(self, shape: shapely.Geometry, box: "_Box", cells: Ints) -> npt.NDArray[np.bool_]:
        shapely.prepare(shape)
        x, y = self.middles(box.cells(cells, self.side))
        held: npt.NDArray[np.bool_] = shapely.contains_xy(shape, x, y)
        return held

    def _tested(self, shape: shapely.Geometry, places: Ints, skip: npt.NDArray[np.bool_] | None) -> Ints:
        left = places if skip is None else places[~skip[places]]
        if not len(left):
            return left
        shapely.prepare(shape)
        hits: Ints = left[shapely.contains_xy(shape, self.x[left], self.y[left])]
        return hits


@dataclass(frozen=True, slots=True)
class _Box:
    """Cells from x0, y0 to x1, y1, both included; within the box they are counted along x and then y."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        return self.x1 - self.x0 + 1

    @property
    def height(self) -> int:
        return self.y1 - self.y0 + 1

    def cells(self, inner: Ints, side: int) -> Ints:
        """Return the cells of the grid that cells of the box are."""
        return (inner // self.width + self.y0) * side + inner % self.width + self.x0

    def edge_cells(self, edges: Floats) -> npt.NDArray[np.bool_]:
        """Return which cells of the box, shape (height, width), the edges run through.

        Each edge is cut at the columns of cells, each piece at the rows; the slack makes sure of a cell that an edge
        only brushes.
        """
        x, y = edges[:, [0, 2]] - self.x0, edges[:, [1, 3]] - self.y0
        first, columns = _span(x.min(axis=1), x.max(axis=1), self.width)
        edge = np.repeat(np.arange(len(edges)), columns)
        column = ranges(first, first + columns)
        along_x, along_y = x[edge, 1] - x[edge, 0], y[edge, 1] - y[edge, 0]
        with np.errstate(divide="ignore", invalid="ignore"):  # an upright edge lies in one column: its whole length
            share = (np.stack([column - _SLACK, column + 1 + _SLACK]) - x[edge, 0]) / along_x
        share = np.where(np.abs(along_x) < _SLACK, np.array([[0.0], [1.0]]), np.clip(share, 0.0, 1.0))
        heights = y[edge, 0] + share * along_y
        low, rows = _span(heights.min(axis=0), heights.max(axis=0), self.height)
        found = np.zeros((self.height, self.width), dtype=bool)
        found[ranges(low, low + rows), np.repeat(column, rows)] = True
        return found


def ranges(begin: Ints, end: Ints) -> Ints:
    """Return the numbers from each begin up to its end, one range after the other."""
    counts = end - begin
    before = np.cumsum(counts) - counts
    numbers: Ints = np.arange(counts.sum()) + np.repeat(begin - before, counts)
    return numbers


def _axis(values: Floats, side: int) -> tuple[float, float]:
    """Return the lowest value and the size of a cell."""
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    return low, (high - low) / side or 1.0


def _cell(places: Floats, side: int) -> Ints:
    cells: Ints = np.clip(np.floor(places), 0, side - 1).astype(np.int64)
    return cells


def _span(low: Floats, high: Floats, side: int) -> tuple[Ints, Ints]:
    """Return the first cell between two places and how many cells there are; none beyond the sides."""
    first, last = _cell(low - _SLACK, side), _cell(high + _SLACK, side)
    meets = (high >= -_SLACK) & (low <= side + _SLACK)
    return first, np.where(meets, last - first + 1, 0)


def _runs(free: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return the first and last cells, counted along x and then y, of the runs of free cells in each row."""
    padded = np.zeros((free.shape[0], free.shape[1] + 2), dtype=np.int8)
    padded[:, 1:-1] = free
    change = np.diff(padded, axis=1)
    width = free.shape[1]
    start_row, start = np.nonzero(change == 1)
    end_row, end = np.nonzero(change == -1)
    return start_row * width + start, end_row * width + end - 1
