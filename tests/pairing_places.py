"""Invented places for tests of comparing lists."""

import numpy as np
import pyarrow as pa

from geo.pairing import Places

LON, LAT = 138.60, 34.55
METRE = 1 / 110_900  # degrees of latitude at 34.55 north

Row = tuple[str | None, str | None, str | None, float]


def listed(*rows: Row) -> Places:
    """Return places as (id, name, address, metres north of the middle of the town; NaN for no position)."""
    north = np.array([row[3] for row in rows], dtype=np.float64)
    ids, names, addresses = (pa.array([row[place] for row in rows], pa.string()) for place in range(3))
    return Places(ids, names, addresses, np.where(np.isnan(north), np.nan, LON), LAT + north * METRE)
