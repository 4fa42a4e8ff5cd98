"""The grid by which rescue services name a place: MGRS, on Japanese maps UTMポイント."""

import mgrs as mgrs_library
import numpy as np
import numpy.typing as npt

#: Characters of a reference with a precision of 1 m: zone and band (3), square (2), easting and northing (5 each).
_WIDTH = 15


def mgrs(lon: npt.ArrayLike, lat: npt.ArrayLike) -> npt.NDArray[np.str_]:
    """Return the MGRS reference of each point, such as ``"54STD5513860951"``.

    Parameters
    ----------
    lon, lat
        Shape (n,), degrees, JGD2011 (which equals WGS84 within the metre that the reference resolves).

    Returns
    -------
    numpy.ndarray
        Shape (n,), text without spaces, the south-west corner of a square of 1 m; empty where a coordinate is missing.
        The reference of a larger square keeps the first digits of both halves: 10 m is ``54STD55136095``.
    """
    points = np.column_stack([np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64)])
    known = np.isfinite(points).all(axis=1)
    references = np.zeros(len(points), dtype=f"<U{_WIDTH}")
    if known.any():
        records = mgrs_library.MGRS().toMGRSArray(np.ascontiguousarray(points[known]), MGRSPrecision=5)
        references[known] = np.frombuffer(records, dtype=f"S{_WIDTH}").astype(f"<U{_WIDTH}")
    return references
