"""Geometry that a parser of ours puts together itself, as well-known binary."""

import struct
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Coordinates = npt.NDArray[np.float64]

#: Stand for what no shape could be made of; `geo.read.geometry` makes them faults of their rows.
BROKEN = b"\x00"
CURVED = b"\x01" + struct.pack("<I", 8)

_POINT, _LINE, _POLYGON, _COLLECTION = 1, 2, 3, 7
_WITH_HEIGHT = 1000
_KIND_BYTES = slice(1, 5)
_FEWEST_IN_RING = 3


def point(coordinates: Coordinates) -> bytes:
    """Return a point; broken if there is not exactly one vertex."""
    return _head(_POINT, coordinates) + _vertices(coordinates) if len(coordinates) == 1 else BROKEN


def line(coordinates: Coordinates) -> bytes:
    """Return a line; broken without two vertices."""
    if len(coordinates) < 2:
        return BROKEN
    return _head(_LINE, coordinates) + struct.pack("<I", len(coordinates)) + _vertices(coordinates)


def polygon(rings: Sequence[Coordinates]) -> bytes:
    """Return a polygon of an outer ring and holes; broken without an outer ring or with one of two vertices."""
    if not rings or any(len(ring) < _FEWEST_IN_RING for ring in rings):
        return BROKEN
    width = min(ring.shape[1] for ring in rings)
    closed = [close(ring[:, :width]) for ring in rings]
    parts = b"".join(struct.pack("<I", len(ring)) + _vertices(ring) for ring in closed)
    return _head(_POLYGON, closed[0]) + struct.pack("<I", len(closed)) + parts


def several(parts: Sequence[bytes]) -> bytes | None:
    """Return many shapes as one, of the plainest type that holds them; None if there are none."""
    if not parts:
        return None
    if BROKEN in parts or CURVED in parts:
        return BROKEN if BROKEN in parts else CURVED
    kinds = {struct.unpack("<I", part[_KIND_BYTES])[0] % _WITH_HEIGHT for part in parts}
    kind = kinds.pop() + 3 if len(kinds) == 1 and kinds <= {_POINT, _LINE, _POLYGON} else _COLLECTION
    return b"\x01" + struct.pack("<II", kind, len(parts)) + b"".join(parts)


def close(ring: Coordinates) -> Coordinates:
    """Return a ring whose last vertex is its first."""
    return ring if np.array_equal(ring[0], ring[-1]) else np.concatenate([ring, ring[:1]])


def _head(kind: int, coordinates: Coordinates) -> bytes:
    return b"\x01" + struct.pack("<I", kind + (_WITH_HEIGHT if coordinates.shape[1] > 2 else 0))


def _vertices(coordinates: Coordinates) -> bytes:
    return np.ascontiguousarray(coordinates, dtype="<f8").tobytes()
