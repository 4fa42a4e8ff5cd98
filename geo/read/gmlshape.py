"""Geometry of GML: elements, and references between them, put together into shapes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from geo.errors import ReadError
from geo.read import shapes
from geo.read.limits import Limits, size_text
from geo.read.shapes import Coordinates

_LINES = frozenset({
    "LineString", "LinearRing", "LineStringSegment", "Curve", "Ring", "CompositeCurve", "OrientableCurve",
})  # fmt: skip
_POLYGONS = frozenset({"Polygon", "PolygonPatch", "Triangle", "Rectangle"})
_OF_PARTS = frozenset({
    "Surface", "CompositeSurface", "OrientableSurface", "PolyhedralSurface", "TriangulatedSurface", "Tin",
    "MultiPoint", "MultiCurve", "MultiLineString", "MultiSurface", "MultiPolygon", "MultiGeometry",
})  # fmt: skip
_CURVED = frozenset({
    "Arc", "ArcString", "ArcByBulge", "ArcStringByBulge", "ArcByCenterPoint", "Circle", "CircleByCenterPoint",
    "CubicSpline", "BSpline", "Bezier", "Clothoid", "Geodesic", "GeodesicString",
})  # fmt: skip
_OTHERS = frozenset({"Solid", "CompositeSolid", "MultiSolid", "Grid", "RectifiedGrid"})
#: Elements that are geometry.
GEOMETRY = _LINES | _POLYGONS | _OF_PARTS | _CURVED | _OTHERS | {"Point"}

_OUTER, _INNER = frozenset({"exterior", "outerBoundaryIs"}), frozenset({"interior", "innerBoundaryIs"})
_VERTEX_BYTES = 16


@dataclass(slots=True, eq=False)
class Node:
    """A geometry element: coordinates of its own, or parts with the role in which each is there."""

    name: str
    reverse: bool = False
    coordinates: list[Coordinates] = field(default_factory=list)
    parts: list[tuple[str, "Part"]] = field(default_factory=list)
    broken: bool = False


#: A geometry, or the id of one that stands elsewhere in the file.
Part: TypeAlias = Node | str


class Missing(Exception):  # noqa: N818 - not an error yet: the rest of the file may hold it
    """A geometry is referred to that has not been seen."""


class _BrokenShapeError(Exception):
    """No shape can be made of it."""


class _CurvedError(Exception):
    """It consists of arcs."""


class Assembler:
    """Makes shapes of elements, following references within the file.

    What references make of a small file is limited like what is unpacked: vertices are counted as often as they are
    used.
    """

    def __init__(self, limits: Limits, file: str) -> None:
        self._limits, self._file = limits, file
        self._left = limits.unpacked_bytes // _VERTEX_BYTES
        #: Geometry that stands for itself, by id.
        self.known: dict[str, Node] = {}

    def wkb(self, part: Part) -> bytes | None:
        """Return a shape with its coordinates in the order of the file; None if it is empty.

        Raises
        ------
        Missing
            If it refers to what is not known.
        ReadError
            If references make too much of it.
        """
        try:
            node = self._node(part)
            parts = self._parts(node, 0)
        except _BrokenShapeError:
            return shapes.BROKEN
        except _CurvedError:
            return shapes.CURVED
        return parts[0] if len(parts) == 1 and not node.name.startswith("Multi") else shapes.several(parts)

    def _node(self, part: Part) -> Node:
        if isinstance(part, Node):
            return part
        if part not in self.known:
            raise Missing
        return self.known[part]

    def _spend(self, count: int, depth: int) -> None:
        if depth > self._limits.wkb_depth:  # also where geometry refers to itself
            raise _BrokenShapeError
        self._left -= count + 1
        if self._left < 0:
            limit = size_text(self._limits.unpacked_bytes)
            raise ReadError("geo.unpacked_bytes_limit", file=self._file, limit=limit)

    def _parts(self, node: Node, depth: int) -> list[bytes]:
        self._spend(0, depth)
        if node.name == "Point":
            return [shapes.point(self._line(node, depth))]
        if node.name in _POLYGONS:
            return [self._polygon(node, depth)]
        if node.name in _OF_PARTS:
            return [shape for _, part in node.parts for shape in self._parts(self._node(part), depth + 1)]
        return [shapes.line(self._line(node, depth))]

    def _polygon(self, node: Node, depth: int) -> bytes:
        rings: dict[bool, list[Coordinates]] = {True: [], False: []}
        for role, part in node.parts:
            if role in _OUTER or role in _INNER:
                rings[role in _OUTER].append(self._line(self._node(part), depth + 1))
        if len(rings[True]) != 1:
            raise _BrokenShapeError
        return shapes.polygon([*rings[True], *rings[False]])

    def _line(self, node: Node, depth: int) -> Coordinates:
        self._spend(sum(map(len, node.coordinates)), depth)
        if node.name in _CURVED:
            raise _CurvedError
        pieces = node.coordinates or [self._line(self._node(part), depth + 1) for _, part in node.parts]
        if node.broken or not pieces or node.name in _OTHERS or len({piece.shape[1] for piece in pieces}) > 1:
            raise _BrokenShapeError
        whole = _joined(pieces) if node.parts else np.concatenate(pieces)
        return whole[::-1] if node.reverse else whole


def coordinates(element: str, text: str, attributes: Mapping[str, str]) -> Coordinates:
    """Return the coordinates of a ``pos``, ``posList`` or ``coordinates`` element, a row a vertex.

    Raises
    ------
    ValueError
        If they are no numbers, or not as many as their dimension says.
    """
    if "_" in text:
        raise ValueError(element)
    if element == "coordinates":
        decimal, between = attributes.get("decimal", "."), attributes.get("cs", ",")
        vertices = text.replace(attributes.get("ts", " ") or " ", " ").split()
        numbers = [vertex.replace(between, " ").replace(decimal, ".").split() for vertex in vertices]
        found = np.array(numbers, dtype=np.float64)
    else:
        values = np.array(text.split(), dtype=np.float64)
        width = len(values) if element == "pos" else int(attributes.get("srsDimension", "2"))
        found = values.reshape(-1, width) if width > 1 else values
    if found.ndim != 2 or found.shape[1] not in {2, 3}:
        raise ValueError(element)
    return found


def _joined(pieces: list[Coordinates]) -> Coordinates:
    """Put lines end to end; one that runs the other way is turned."""
    turned = [pieces[0]]
    if len(pieces) > 1 and not _touches(pieces[0][-1], pieces[1]) and _touches(pieces[0][0], pieces[1]):
        turned = [pieces[0][::-1]]
    for piece in pieces[1:]:
        end = turned[-1][-1]
        ahead = piece[::-1] if np.array_equal(piece[-1], end) and not np.array_equal(piece[0], end) else piece
        turned.append(ahead)
    keep = [after[1:] if np.array_equal(before[-1], after[0]) else after for before, after in pairwise(turned)]
    return np.concatenate([turned[0], *keep])


def _touches(vertex: Coordinates, piece: Coordinates) -> bool:
    return bool(np.array_equal(piece[0], vertex) or np.array_equal(piece[-1], vertex))
