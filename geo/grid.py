"""The grid by which rescue services name a place: MGRS, on Japanese maps UTMポイント."""

import re
import unicodedata

import mgrs as mgrs_library
import numpy as np
import numpy.typing as npt

#: Characters of a reference with a precision of 1 m: zone and band (3), square (2), easting and northing (5 each).
_WIDTH = 15
_REFERENCE = re.compile(r"(\d{1,2}[C-HJ-NP-X][A-HJ-NP-Z]{2})((?:\d\d){2,5})")


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


def mgrs_points(
    references: list[str],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return longitude, latitude and precision of MGRS references such as ``"54STD55136095"``.

    Parameters
    ----------
    references
        With zone, band and square, of any width and spacing, and 4 to 10 digits (squares of 1 km to 1 m).

    Returns
    -------
    tuple
        Three arrays of shape (n,): the middle of the square in degrees (EPSG:6668), and its side in metres. A text that
        is no such reference, also one without its zone (``STD55136095``), has NaN and 0.
    """
    lon, lat = np.full(len(references), np.nan), np.full(len(references), np.nan)
    size = np.zeros(len(references), dtype=np.int64)
    reader = mgrs_library.MGRS()
    for at, text in enumerate(references):
        found = _REFERENCE.fullmatch("".join(unicodedata.normalize("NFKC", text).split()).upper())
        if found is None:
            continue
        half = len(found[2]) // 2
        middle = "50000"[: 5 - half]
        try:
            whole = found[1] + found[2][:half] + middle + found[2][half:] + middle
            lat[at], lon[at] = reader.toLatLon(whole)
        except mgrs_library.core.MGRSError:
            continue
        size[at] = 10 ** (5 - half)
    return lon, lat, size
