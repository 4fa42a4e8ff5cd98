"""Points sorted into the cells of a grid, so that a polygon meets few of them one by one.

A cell that no edge of the polygon crosses lies wholly inside or wholly outside, and so do its points. Only the points
in the cells along the edges are tested one by one; of each row of cells between two edges one test tells for all.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]

_MAX_SIDE = 2048

#: Cells and edges worked on at once, which bounds the memory.
_AT_ONCE = 2_000_000

#: How far, in cells, an edge counts beyond where it is: more than rounding can be wrong, at any longitude of Japan.
_SLACK = 1e-6

_POLYGONAL = [shapely.GeometryType.POLYGON.value, shapely.GeometryType.MULTIPOLYGON.value]


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

    def within(self, shapes: Shapes, among: Mask | None = None) -> Iterator[tuple[Ints, Ints]]:
        """Yield which points lie within which polygons, not on an edge: their places and the polygons' numbers.

        Parameters
        ----------
        shapes
            Shape (m,), valid polygons and multipolygons; None and empty ones hold nothing. Each tuple that is yielded
            has done with some of them, in their order.
        among
            Shape (k,), the places that matter; the others are left out.
        """
        bounds = shapely.bounds(shapes)
        numbers = np.flatnonzero(np.isfinite(bounds).all(axis=1))
        boxes = _Boxes.of((bounds[numbers] - np.tile(self.corner, 2)) / np.tile(self.step, 2), numbers, self.side)
        for some in boxes.batches(shapely.get_num_coordinates(shapes).astype(np.int64)):
            given = shapes[some.numbers]
            fresh = ~shapely.is_prepared(given)
            shapely.prepare(given)
            yield self._within(given, some, among)
            shapely.destroy_prepared(given[fresh])  # an index larger than the polygon, which is the caller's

    def _within(self, shapes: Shapes, boxes: "_Boxes", among: Mask | None) -> tuple[Ints, Ints]:
        crossed = boxes.crossed(*self._edges(shapes))
        crossed[boxes.cells_of(~np.isin(shapely.get_type_id(shapes), _POLYGONAL))] = True
        first, last = boxes.runs(~crossed)
        own, cell = boxes.cells(first, self.side)
        begin, end = self.starts[cell], self.starts[cell + (last - first) + 1]
        held = np.flatnonzero(begin < end)
        held = held[shapely.contains_xy(shapes[own[held]], *self.middles(cell[held]))]
        whole, whole_own = _spread(begin[held], end[held], own[held])
        own, cell = boxes.cells(np.flatnonzero(crossed), self.side)
        single, single_own = _spread(self.starts[cell], self.starts[cell + 1], own)
        if among is not None:
            whole, whole_own = whole[among[whole]], whole_own[among[whole]]
            single, single_own = single[among[single]], single_own[among[single]]
        hits = shapely.contains_xy(shapes[single_own], self.x[single], self.y[single])
        own = np.concatenate([whole_own, single_own[hits]])
        return np.concatenate([whole, single[hits]]), boxes.numbers[own]

    def middles(self, cells: Ints) -> tuple[Floats, Floats]:
        """Return the coordinates of the middles of cells."""
        x = self.corner[0] + (cells % self.side + 0.5) * self.step[0]
        y = self.corner[1] + (cells // self.side + 0.5) * self.step[1]
        return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)

    def _edges(self, shapes: Shapes) -> tuple[Floats, Ints]:
        """Return the edges of polygons in cells, shape (e, 4): from x, y to x, y; and whose they are."""
        parts, part_of = shapely.get_parts(shapes, return_index=True)
        rings, ring_of = shapely.get_rings(parts, return_index=True)
        corners, corner_of = shapely.get_coordinates(rings, return_index=True)
        places = (corners - self.corner) / self.step
        follows = corner_of[:-1] == corner_of[1:]
        return np.hstack([places[:-1], places[1:]])[follows], part_of[ring_of[corner_of[:-1][follows]]]


@dataclass(frozen=True, slots=True)
class _Boxes:
    """For each of several polygons the cells of the grid that its bounding box touches.

    `numbers` are the polygons; `x0`, `y0` the first cells, `width` and `height` how many; the cells of all boxes are
    counted in one row, those of box b from ``offset[b]``, along x and then y.
    """

    numbers: Ints
    x0: Ints
    y0: Ints
    width: Ints
    height: Ints
    offset: Ints

    @classmethod
    def of(cls, bounds: Floats, numbers: Ints, side: int) -> "_Boxes":
        """Take bounding boxes in cells; those beside the grid are left out."""
        x0, width = _span(bounds[:, 0], bounds[:, 2], side)
        y0, height = _span(bounds[:, 1], bounds[:, 3], side)
        meets = (width > 0) & (height > 0)
        return cls._counted(numbers[meets], x0[meets], y0[meets], width[meets], height[meets])

    @classmethod
    def _counted(cls, numbers: Ints, x0: Ints, y0: Ints, width: Ints, height: Ints) -> "_Boxes":
        offset = np.concatenate([[0], np.cumsum(width * height)])
        return cls(numbers, x0, y0, width, height, offset)

    def batches(self, corners: Ints) -> Iterator["_Boxes"]:
        """Yield the boxes a few at a time, at least one, bounded by their cells and the polygons' corners."""
        load = np.cumsum(self.width * self.height + corners[self.numbers])
        for batch in np.unique(load // _AT_ONCE):
            some = load // _AT_ONCE == batch
            yield self._counted(*(part[some] for part in (self.numbers, self.x0, self.y0, self.width, self.height)))

    def cells(self, places: Ints, side: int) -> tuple[Ints, Ints]:
        """Return the boxes and the grid's cells that places in the row of all cells are."""
        box = np.searchsorted(self.offset, places, side="right") - 1
        inner, width = places - self.offset[box], self.width[box]
        return box, (inner // width + self.y0[box]) * side + inner % width + self.x0[box]

    def cells_of(self, boxes: Mask) -> Ints:
        """Return the places of all cells of some boxes."""
        return ranges(self.offset[:-1][boxes], self.offset[1:][boxes])

    def crossed(self, edges: Floats, owner: Ints) -> Mask:
        """Return which cells the edges run through, shape (cells of all boxes,).

        Each edge is cut at the columns of cells, each piece at the rows; the slack makes sure of a cell that an edge
        only brushes. Most edges are short and stay in one column or row: they need no cutting.
        """
        x, y = edges[:, [0, 2]] - self.x0[owner, None], edges[:, [1, 3]] - self.y0[owner, None]
        first, columns = _span(np.minimum(*x.T), np.maximum(*x.T), self.width[owner])
        low, rows = _span(np.minimum(*y.T), np.maximum(*y.T), self.height[owner])
        edge, column = np.repeat(np.arange(len(edges)), columns), ranges(first, first + columns)
        slanting = np.flatnonzero(((columns > 1) & (rows > 1))[edge])
        low, rows = low[edge], rows[edge]
        if len(slanting):
            piece = edge[slanting]
            ends = _heights(x[piece], y[piece], column[slanting])
            low[slanting], rows[slanting] = _span(*ends, self.height[owner[piece]])
        box, found = np.repeat(owner[edge], rows), np.zeros(self.offset[-1], dtype=bool)
        found[self.offset[box] + ranges(low, low + rows) * self.width[box] + np.repeat(column, rows)] = True
        return found

    def runs(self, free: Mask) -> tuple[Ints, Ints]:
        """Return the first and last places of the runs of free cells; a run ends where a row of cells does."""
        begins = np.zeros(len(free) + 1, dtype=bool)
        rows = np.repeat(self.offset[:-1], self.height) + _inner(self.height) * np.repeat(self.width, self.height)
        begins[rows], begins[-1] = True, True
        first = free & (begins[:-1] | ~np.concatenate([[False], free[:-1]]))
        last = free & (begins[1:] | ~np.concatenate([free[1:], [False]]))
        return np.flatnonzero(first), np.flatnonzero(last)


def ranges(begin: Ints, end: Ints) -> Ints:
    """Return the numbers from each begin up to its end, one range after the other."""
    counts = end - begin
    before = np.cumsum(counts) - counts
    numbers: Ints = np.arange(counts.sum()) + np.repeat(begin - before, counts)
    return numbers


def _axis(values: Floats, side: int) -> tuple[float, float]:
    """Return the lowest value and the size of a cell: never so small that rounding of the values shows (`_SLACK`)."""
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    return low, max((high - low) / side, 1e-9 * max(abs(low), abs(high))) or 1.0


def _cell(places: Floats, side: int | Ints) -> Ints:
    cells: Ints = np.clip(np.floor(places), 0, side - 1).astype(np.int64)
    return cells


def _span(low: Floats, high: Floats, side: int | Ints) -> tuple[Ints, Ints]:
    """Return the first cell between two places and how many cells there are; none beyond the sides."""
    first, last = _cell(low - _SLACK, side), _cell(high + _SLACK, side)
    meets = (high >= -_SLACK) & (low <= side + _SLACK)
    return first, np.where(meets, last - first + 1, 0)


def _heights(x: Floats, y: Floats, column: Ints) -> tuple[Floats, Floats]:
    """Return the lowest and highest y of the part of each edge, x and y of shape (e, 2), within a column of cells."""
    along = x[:, 1] - x[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):  # an upright edge lies in its column with its whole length
        enter, leave = (column - _SLACK - x[:, 0]) / along, (column + 1 + _SLACK - x[:, 0]) / along
    upright = np.abs(along) < _SLACK
    enter, leave = np.where(upright, 0.0, enter.clip(0, 1)), np.where(upright, 1.0, leave.clip(0, 1))
    up = y[:, 1] - y[:, 0]
    ends = y[:, 0] + enter * up, y[:, 0] + leave * up
    return np.minimum(*ends), np.maximum(*ends)


def _inner(counts: Ints) -> Ints:
    """Return 0, 1, 2 ... for each of several counts."""
    return ranges(np.zeros(len(counts), dtype=np.int64), counts)


def _spread(begin: Ints, end: Ints, owner: Ints) -> tuple[Ints, Ints]:
    """Return the places from each begin to its end, and their owners."""
    return ranges(begin, end), np.repeat(owner, end - begin)
