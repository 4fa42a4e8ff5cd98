"""Which rows of two lists are worth comparing: a few for each row, however long the lists are."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
from rapidfuzz import fuzz
from rapidfuzz.process import cdist
from scipy.spatial import KDTree

from geo.cells import ranges
from geo.crs import JGD2011, plane_zone
from geo.pairing.house import Floats, Houses, Texts
from geo.pairing.naming import Ints, Names

#: Metres beyond which closeness says nothing more: the largest grounds are some 300 m across, and lists put the point
#: at the gate, the hall or the middle (七尾市: up to 107 m between the city's list and the national one).
RADIUS_M = 500.0

_NEIGHBOURS = 20
#: Pairs that one name or number may make: beyond that it is one of many (集会所) and says nothing.
_LARGEST_GROUP = 400
_ALIKE = 75.0
_COMPARISONS_AT_ONCE = 20_000_000
_NONE: Ints = np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """A list of places of one municipality, as columns of the same length.

    Attributes
    ----------
    ids
        What the list calls each place; null where it has no number.
    names, addresses
        As written; null where unknown.
    lon, lat
        Degrees (EPSG:6668), NaN where unknown. Only points of the place itself: the middle of a town is no evidence.
    other_names
        Lists of further names that each place is or was known by; None if there are none.
    """

    ids: pa.Array
    names: pa.Array
    addresses: pa.Array
    lon: Floats
    lat: Floats
    other_names: pa.Array | None = None

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """A list made ready to be compared; `ids` empty and `x`, `y` (metres) NaN where unknown."""

    ids: Texts
    names: Names
    houses: Houses
    x: Floats
    y: Floats

    @classmethod
    def of(cls, places: Places, municipality: str, city: str) -> "Features":
        """Make a list ready."""
        ids = np.array(pc.fill_null(places.ids.cast(pa.string()), "").to_pylist(), dtype=object)
        names = Names.of(places.names.cast(pa.string()), places.other_names, city=city)
        return cls(ids, names, Houses.of(places.addresses.cast(pa.string())), *_metres(places, municipality))


def _metres(places: Places, municipality: str) -> tuple[Floats, Floats]:
    lon, lat = places.lon, places.lat
    known = np.isfinite(lon) & np.isfinite(lat)
    x, y = np.full(len(lon), np.nan), np.full(len(lon), np.nan)
    if known.any():
        zone = plane_zone(municipality, float(np.median(lon[known])))
        x[known], y[known] = _to_plane(zone).transform(lon[known], lat[known])
    return x, y


@cache
def _to_plane(zone: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(JGD2011, zone, always_xy=True, allow_ballpark=False)


def candidates(one: Features, other: Features) -> Ints:
    """Return the pairs worth comparing: neighbours, and those of one name, one number or one id however far apart."""
    found = [_neighbours(one, other), _neighbours(other, one)[:, ::-1], _alike(one, other), _alike(other, one)[:, ::-1]]
    for left, right in zip(_blocks(one), _blocks(other), strict=True):
        found.append(_joined(left, right))
    return distinct(np.concatenate(found))


def distinct(rows: Ints) -> Ints:
    """Return pairs of rows, shape (n, 2), each once, by row."""
    wide = int(rows[:, 1].max(initial=0)) + 1
    return np.column_stack(np.divmod(np.unique(rows @ (wide, 1)), wide))


def _neighbours(one: Features, other: Features) -> Ints:
    """Return for each row of the one the nearest of the other within the radius, a bounded number of them.

    A k-d tree stops at that number; an index that answers with all in the radius grows with how close the places lie.
    """
    here, there = np.flatnonzero(np.isfinite(one.x)), np.flatnonzero(np.isfinite(other.x))
    if not len(here) or not len(there):
        return _NONE
    tree = KDTree(np.column_stack([other.x[there], other.y[there]]))
    points = np.column_stack([one.x[here], one.y[here]])
    _, places = tree.query(points, k=np.arange(1, min(_NEIGHBOURS, len(there)) + 1), distance_upper_bound=RADIUS_M)
    row, turn = np.nonzero(places < len(there))
    return np.column_stack([here[row], there[places[row, turn]]])


def _alike(one: Features, other: Features) -> Ints:
    """Return the pairs of similar names for rows of the one that say nothing of where they are."""
    nowhere = np.isnan(one.x) & (one.houses.towns == "") & (one.names.keys != "")
    rows, names = np.flatnonzero(nowhere), other.names.wholes
    found = [_NONE]
    for some in np.array_split(rows, len(rows) * len(names) // _COMPARISONS_AT_ONCE + 1):
        scores = cdist(one.names.wholes[some], names, scorer=fuzz.ratio, score_cutoff=_ALIKE, dtype=np.uint8)
        row, place = np.nonzero(scores)
        found.append(np.column_stack([some[row], place]))
    return np.concatenate(found)


def _blocks(one: Features) -> Iterator[tuple[Ints, list[str]]]:
    """Yield, for each way in which rows far apart can meet, rows and the text by which they do."""
    yield _keyed([{site, *_sites(others)} for site, others in zip(one.names.sites, one.names.others, strict=True)])
    yield _keyed([{block} for block in one.houses.blocks])
    yield _keyed([{number} for number in one.ids])


def _sites(keys: frozenset[str]) -> list[str]:
    return [key.rpartition("|")[0] for key in keys]


def _keyed(texts: list[set[str]]) -> tuple[Ints, list[str]]:
    pairs = [(row, text) for row, several in enumerate(texts) for text in several if text]
    return np.array([row for row, _ in pairs], dtype=np.int64), [text for _, text in pairs]


def _joined(left: tuple[Ints, list[str]], right: tuple[Ints, list[str]]) -> Ints:
    """Return the rows that share a text; one that many share (集会所) says nothing and is left out."""
    coded = pa.array([*left[1], *right[1]], pa.string()).dictionary_encode()
    codes = coded.indices.to_numpy().astype(np.int64)
    one, other = codes[: len(left[1])], codes[len(left[1]) :]
    counts = [np.bincount(part, minlength=len(coded.dictionary)) for part in (one, other)]
    few = counts[0] * counts[1] <= _LARGEST_GROUP
    mine = np.flatnonzero(few[one])
    order, starts = np.argsort(other, kind="stable"), np.cumsum(counts[1]) - counts[1]
    begin = starts[one[mine]]
    end = begin + counts[1][one[mine]]
    return np.column_stack([np.repeat(left[0][mine], end - begin), right[0][order[ranges(begin, end)]]])
