"""The numbers of a gazetteer as sorted keys, so that a column of numbers is looked up in a few array operations."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.address import letters_of_addresses
from geo.gazetteer import Gazetteer
from geo.place.meanings import METRES_PER_DEGREE
from geo.place.tails import canonical

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


class Kind(IntEnum):
    """What a number can be; the first three are those of the gazetteer."""

    BLOCK = 0  # 街区, given or from the 住居番号 in it
    DWELLING = 1  # 住居番号
    LOT = 2  # 地番
    FAMILY = 3  # the lots that a lot was divided into, by their first number


#: Names of the kinds in the answer, by `Kind`.
KIND_NAMES = ("block", "dwelling", "lot", "lot")


@dataclass(frozen=True, slots=True)
class Hits:
    """Numbers found: `query` asked for `spot`, both shape (k,)."""

    query: _Ints
    spot: _Ints


@dataclass(frozen=True, slots=True)
class Spots:
    """Distinct numbers, one entry for each town, kind and number of the gazetteer.

    Attributes
    ----------
    texts
        The distinct numbers as canonical texts; a number is called by its place here.
    key
        Shape (n,), sorted: town, kind and number in one integer.
    lon, lat
        Shape (n,), degrees (EPSG:6668): the mean of the places that bear the number; NaN where one is not known
        (of a block or a family: where none is).
    spread_m
        Shape (n,), diagonal of the box around those places: an upper bound of their distances.
    count
        Shape (n,), how many rows of the gazetteer bear the number.
    source
        Shape (n,), number of the text in `sources`.
    holds
        Shape (towns, 2), whether the town has 住居番号 or blocks, and whether it has lots.
    """

    texts: pa.Array
    key: _Ints
    lon: _Floats
    lat: _Floats
    spread_m: _Floats
    count: _Ints
    source: _Ints
    sources: pa.Array
    holds: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, gazetteer: Gazetteer) -> "Spots":
        """Index the numbers of a gazetteer; blocks and families are made from the numbers in them."""
        rows = gazetteer.numbers
        number = canonical(letters_of_addresses(rows["number"].combine_chunks().cast(pa.string()))[1].texts())
        first = pc.replace_substring_regex(number, "-.*", "")
        texts = pc.unique(pa.concat_arrays([number, first]))
        town = rows["town"].to_numpy().astype(np.int64)
        kinds = pc.index_in(rows["kind"].cast(pa.string()), pa.array(KIND_NAMES[:3])).to_numpy().astype(np.int64)
        points = np.stack([rows[name].to_numpy(zero_copy_only=False) for name in ("lon", "lat")], axis=1)
        origin = pc.binary_join_element_wise(*(rows[name].cast(pa.string()) for name in ("source", "vintage")), " ")
        encoded = pc.utf8_trim_whitespace(origin).combine_chunks().dictionary_encode()
        source = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        holds = np.zeros((gazetteer.table.num_rows, 2), dtype=bool)
        holds[town, (kinds == Kind.LOT).astype(int)] = True
        width = max(len(texts), 1)
        whole, part = (pc.index_in(text, texts).to_numpy().astype(np.int64) for text in (number, first))
        single = _merged((town * 4 + kinds) * width + whole, points, source)
        parent = np.where(kinds == Kind.LOT, Kind.FAMILY, Kind.BLOCK)
        grouped = _merged((town * 4 + parent) * width + part, points, source, where_known=True)
        fresh = ~np.isin(grouped[0], single[0])  # a block that the gazetteer gives itself is not made again
        columns = [np.concatenate([one, other[fresh]]) for one, other in zip(single, grouped, strict=True)]
        order = np.argsort(columns[0], kind="stable")
        key, lon, lat, spread, count, source = (column[order] for column in columns)
        return cls(texts, key, lon, lat, spread, count, source, encoded.dictionary, holds)

    def numbers(self, texts: pa.Array) -> _Ints:
        """Return the numbers of texts, -1 for those that the gazetteer holds nowhere."""
        found = pc.fill_null(pc.index_in(texts, self.texts.cast(texts.type)), -1)
        numbers: _Ints = found.to_numpy(zero_copy_only=False).astype(np.int64)
        return numbers

    def look(self, query: _Ints, town: _Ints, number: _Ints, kind: _Ints) -> Hits:
        """Return what is found under each town, kind and number, all shape (m,); number -1 finds nothing."""
        wanted = (town * 4 + kind) * max(len(self.texts), 1) + number
        if not len(self.key):
            return Hits(query[:0], query[:0])
        at = np.minimum(np.searchsorted(self.key, wanted), len(self.key) - 1)
        there = (self.key[at] == wanted) & (number >= 0)
        return Hits(query[there], at[there])

    def kind_of(self, spot: _Ints) -> _Ints:
        """Return the kinds of spots."""
        kinds: _Ints = self.key[spot] // max(len(self.texts), 1) % 4
        return kinds

    def town_of(self, spot: _Ints) -> _Ints:
        """Return the towns of spots, rows of the gazetteer."""
        towns: _Ints = self.key[spot] // max(len(self.texts), 1) // 4
        return towns


def _merged(
    key: _Ints, points: _Floats, source: _Ints, *, where_known: bool = False
) -> tuple[_Ints, _Floats, _Floats, _Floats, _Ints, _Ints]:
    """Return each key once, with the mean of its points, the size of their box, how many they are, and a source.

    A point that is not known makes all of them unknown, or is left out (`where_known`).
    """
    order = np.argsort(key, kind="stable")
    key, points, source = key[order], points[order], source[order]
    if not len(key):
        return key, points[:, 0], points[:, 1], points[:, 0], np.zeros(0, dtype=np.int64), source
    first = np.flatnonzero(np.diff(key, prepend=-1))
    count = np.diff(first, append=len(key))
    known = np.isfinite(points) if where_known else np.ones(points.shape, dtype=bool)
    with np.errstate(invalid="ignore"):
        mean = np.add.reduceat(np.where(known, points, 0), first, axis=0) / np.add.reduceat(known, first, axis=0)
        low = np.minimum.reduceat(np.where(known, points, np.inf), first, axis=0)
        high = np.maximum.reduceat(np.where(known, points, -np.inf), first, axis=0)
        spread = box_m(low, high)
    return key[first], mean[:, 0], mean[:, 1], spread, count, source[first]


def box_m(low: _Floats, high: _Floats) -> _Floats:
    """Return the diagonals in metres of boxes given by their corners in degrees, shape (n, 2): lon, lat."""
    size = (high - low) * METRES_PER_DEGREE
    diagonal: _Floats = np.hypot(size[:, 0] * np.cos(np.radians((low[:, 1] + high[:, 1]) / 2)), size[:, 1])
    return diagonal
