"""What is known about the place that a town's name says: its point, how many places it can be, how far apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

#: Metres within which several candidates are one place: their mean is given as the point, with the spread beside it.
#: A point that stands for a town is off by about half the town's width anyway, a few hundred metres.
TOLERANCE_M = 200.0

#: The same where the point stands for a number. An error of more than 50 m that nothing warns of is what placing is
#: judged by, and the mean of two candidates is off by at most half their distance.
NUMBER_TOLERANCE_M = 50.0

METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Town:
    """A row of the gazetteer; `base` is its letters to match by, without 大字 (`prefix`) and without 丁目 (`chome`)."""

    row: int
    prefix: str
    base: str
    chome: int
    koaza: str
    official: str
    official_base: str
    lon: float
    lat: float
    source: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an address says about its place, as far as the towns of the gazetteer tell.

    `level` is what the text names, `point_level` what the point stands for; no point where the candidates lie further
    apart than `TOLERANCE_M` or one has none. `spread_m` is the largest distance between candidates in metres.
    """

    level: str
    town: str
    lon: float | None
    lat: float | None
    point_level: str | None
    n_candidates: int
    candidate_kinds: str
    spread_m: float | None
    source: str
    reason: str | None


NOTHING = Meaning("none", "", None, None, None, 0, "", None, "", None)


def meaning(towns: Iterable[Town], *, level: str, kinds: str, reason: str | None = None) -> Meaning:
    """Return what a name means that all these towns bear."""
    rows = list({(town.official, town.lon, town.lat): town for town in towns}.values())
    points = np.array([(town.lon, town.lat) for town in rows])
    known = bool(np.isfinite(points).all())
    spread = spread_m(points) if known else None
    near = spread is not None and spread <= TOLERANCE_M
    lon, lat = points.mean(axis=0).tolist() if near else (None, None)
    names = {town.official_base if reason else town.official for town in rows}
    return Meaning(
        level=level,
        town=min(names, key=lambda name: (len(name), name)),
        lon=lon,
        lat=lat,
        point_level=level if near else None,
        n_candidates=len(rows),
        candidate_kinds=kinds,
        spread_m=spread,
        source=rows[0].source,
        reason=reason or ("geo.place_same_name" if len(rows) > 1 else None if known else "geo.place_no_point"),
    )


def either(first: Meaning, second: Meaning) -> Meaning | None:
    """Return what a text means that two names are written by; None where they lie together or one is nowhere."""
    if first.lon is None or second.lon is None:
        return None
    spread = spread_m(np.array([(first.lon, first.lat), (second.lon, second.lat)]))
    if spread <= TOLERANCE_M:
        return None
    return Meaning(
        level=first.level,
        town=first.town,
        lon=None,
        lat=None,
        point_level=None,
        n_candidates=first.n_candidates + second.n_candidates,
        candidate_kinds=f"{first.candidate_kinds},{second.candidate_kinds}",
        spread_m=spread,
        source=first.source,
        reason="geo.place_same_name",
    )


def spread_m(points: npt.NDArray[np.float64]) -> float:
    """Return the largest distance in metres between points of one municipality, shape (n, 2), degrees.

    On a sphere flattened at their mean latitude: right to about one part in 200 within a municipality.
    """
    scale = METRES_PER_DEGREE * np.array([np.cos(np.radians(points[:, 1].mean())), 1.0])
    metres = (points - points[0]) * scale
    return float(max(np.hypot(*(metres - point).T).max() for point in metres))


def rows_of(towns: Sequence[Town]) -> tuple[int, ...]:
    """Return the rows of the gazetteer that towns stand in."""
    return tuple(town.row for town in towns)
