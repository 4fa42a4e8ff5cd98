"""Grid squares of JIS X 0410: where a code lies, in whole numbers so that borders are exact."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.errors import PlaceError

#: The smallest square counted here, an eighth of a third-order one: 3.75 seconds high and 5.625 wide.
_LAT_PER_DEGREE, _LON_PER_DEGREE = 960, 640
#: Digits of a code to the side of its square in those units; the order of the square follows from them.
_SIDES = {4: 640, 6: 80, 8: 8, 9: 4, 10: 2, 11: 1}

Floats = npt.NDArray[np.float64]


def mesh_bounds(codes: npt.ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    """Return west, south, east and north of each square.

    Parameters
    ----------
    codes
        Shape (n,), texts of 4 (about 80 km), 6, 8 (1 km), 9, 10 or 11 digits (125 m); halves are counted 1 south-west,
        2 south-east, 3 north-west, 4 north-east.

    Returns
    -------
    tuple
        Four arrays of shape (n,), degrees (JGD2000 and JGD2011 alike).

    Raises
    ------
    PlaceError
        ``geo.mesh_unreadable`` with the first code that is none.

    Notes
    -----
    JIS X 0410: the first square is 40 minutes by 1 degree, cut by 8, then by 10, then three times by 2.
    """
    texts = np.asarray(codes, dtype=np.str_)
    south, west = np.zeros(len(texts), dtype=np.int64), np.zeros(len(texts), dtype=np.int64)
    side = np.zeros(len(texts), dtype=np.int64)
    lengths = np.char.str_len(texts)
    good = np.isin(lengths, list(_SIDES)) & np.char.isdigit(texts)
    _refuse(texts, good)
    for length, step in _SIDES.items():
        at = np.flatnonzero(lengths == length)
        if not len(at):
            continue
        corner = _corner(texts[at])
        south[at], west[at], side[at] = corner.south, corner.west, step
        good[at] = corner.fits
    _refuse(texts, good)
    return (
        west / _LON_PER_DEGREE,
        south / _LAT_PER_DEGREE,
        (west + side) / _LON_PER_DEGREE,
        (south + side) / _LAT_PER_DEGREE,
    )


def mesh_centres(codes: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return longitude and latitude of the middle of each square, in degrees; codes and errors as in `mesh_bounds`."""
    west, south, east, north = mesh_bounds(codes)
    return (west + east) / 2, (south + north) / 2


class _Corner(NamedTuple):
    """South-west corners in units, and which codes have digits that can be."""

    south: npt.NDArray[np.int64]
    west: npt.NDArray[np.int64]
    fits: npt.NDArray[np.bool_]


def _corner(texts: npt.NDArray[np.str_]) -> _Corner:
    """Return the corners of codes of one length."""
    digits = np.array([list(text) for text in texts.tolist()], dtype=np.int64).reshape(len(texts), -1)
    south = (digits[:, 0] * 10 + digits[:, 1]) * _SIDES[4]
    west = (digits[:, 2] * 10 + digits[:, 3] + 100) * _SIDES[4]
    fits = np.ones(len(texts), dtype=bool)
    for first, step, most in ((4, _SIDES[6], 7), (6, _SIDES[8], 9)):
        if digits.shape[1] > first:
            south, west = south + digits[:, first] * step, west + digits[:, first + 1] * step
            fits &= (digits[:, first] <= most) & (digits[:, first + 1] <= most)
    for place in range(8, digits.shape[1]):
        step, quarter = _SIDES[place + 1], digits[:, place] - 1
        south, west = south + quarter // 2 * step, west + quarter % 2 * step
        fits &= (quarter >= 0) & (quarter <= 3)
    return _Corner(south, west, fits)


def _refuse(texts: npt.NDArray[np.str_], good: npt.NDArray[np.bool_]) -> None:
    if not good.all():
        raise PlaceError("geo.mesh_unreadable", value=str(texts[np.flatnonzero(~good)[0]]))
