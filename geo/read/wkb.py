"""Looking at well-known binary before a geometry library does: how deep collections nest, how large a geometry is.

A collection within a collection within a collection, 180 KB of it, overruns the stack of GEOS and ends the process.
"""

import struct

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_POINT, _LINES, _POLYGONS = 1, frozenset({2, 8}), frozenset({3, 17})  # 8 arc string, 17 triangle
_HEADER_BYTES = 9  # byte order, type, count: what each level of nesting costs at least
_FIRST_NESTING_KIND = 4
_Z_FLAG, _M_FLAG, _SRID_FLAG = 0x80000000, 0x40000000, 0x20000000


def sizes_and_kinds(wkb: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the bytes of each geometry and its type (1 point ... 7 collection, above 7 curves); 0 for null."""
    if len(wkb) == wkb.null_count:
        return np.zeros(len(wkb), dtype=np.int64), np.zeros(len(wkb), dtype=np.int64)
    _, offset_buffer, data_buffer = wkb.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int32)[wkb.offset : wkb.offset + len(wkb) + 1].astype(np.int64)
    data = np.frombuffer(data_buffer, dtype=np.uint8)
    sizes = np.where(wkb.is_null().to_numpy(zero_copy_only=False), 0, np.diff(offsets))
    kinds = np.zeros(len(wkb), dtype=np.int64)
    known = np.flatnonzero(sizes >= 5)
    heads = data[offsets[known][:, None] + np.arange(5)].astype(np.int64)
    little = heads[:, 1] | heads[:, 2] << 8 | heads[:, 3] << 16 | heads[:, 4] << 24
    big = heads[:, 4] | heads[:, 3] << 8 | heads[:, 2] << 16 | heads[:, 1] << 24
    kinds[known] = (np.where(heads[:, 0] == 1, little, big) & 0x0FFFFFFF) % 1000
    return sizes, kinds


def first_too_deep(wkb: pa.Array, sizes: npt.NDArray[np.int64], kinds: npt.NDArray[np.int64], limit: int) -> int | None:
    """Return the position of the first geometry that nests deeper than `limit`, None if there is none.

    Only what is large enough to nest so deep is walked through.
    """
    suspects = np.flatnonzero((kinds >= _FIRST_NESTING_KIND) & (sizes > _HEADER_BYTES * limit))
    return next((int(place) for place in suspects if depth(wkb[int(place)].as_py(), limit + 1) > limit), None)


def depth(wkb: bytes, enough: int) -> int:
    """Return how deep geometries nest: 0 for a point, line or polygon, 1 for one of several parts.

    Stops at `enough`, and at the first byte that makes no sense: what is broken is left for the parser to refuse.
    """
    waiting = [1]  # geometries still to come at each open level
    deepest, place = 0, 0
    while waiting and deepest < enough:
        if waiting[-1] == 0:
            waiting.pop()
            continue
        waiting[-1] -= 1
        try:
            parts, place = _step(wkb, place)
        except (struct.error, IndexError):
            break
        if parts is not None:
            waiting.append(parts)
            deepest = max(deepest, len(waiting) - 1)
    return deepest


def _step(wkb: bytes, place: int) -> tuple[int | None, int]:
    """Read one header; return how many parts follow within it (None: it has none) and where the next begins."""
    order = "<" if wkb[place] == 1 else ">"
    (code,) = struct.unpack_from(order + "I", wkb, place + 1)
    place += 9 if code & _SRID_FLAG else 5
    iso, kind = divmod(code & 0x0FFFFFFF, 1000)
    has_z = bool(code & _Z_FLAG) or iso in {1, 3}
    has_m = bool(code & _M_FLAG) or iso in {2, 3}
    vertex = 8 * (2 + has_z + has_m)
    if kind == _POINT:
        return None, place + vertex
    (count,) = struct.unpack_from(order + "I", wkb, place)
    place += 4
    if kind in _LINES:
        return None, place + count * vertex
    if kind in _POLYGONS:
        for _ in range(count):
            (vertices,) = struct.unpack_from(order + "I", wkb, place)
            place += 4 + vertices * vertex
        return None, place
    return count, place
