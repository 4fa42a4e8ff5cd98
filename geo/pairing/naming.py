"""Names of places compared as columns: in what sense two of them agree, and how far."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

from geo.pairing.facility import Facility, facilities
from geo.pairing.house import Floats, Texts

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: Likeness from which two different names are called similar.
SIMILAR = 0.6

#: In what sense names agree, and what that is worth: by spelling; by another name that one of the places bears; but for
#: 旧; but for the part meant; by other founders (県立, 市立); of one site, but of two parts of it.
SCORES = {
    "equal": 1.0, "other_name": 0.95, "former": 0.85, "part": 0.8, "founder": 0.7, "other_part": 0.5, "unknown": 0.5,
}  # fmt: skip

#: Likeness of whole names that are the same but for a letter or two, whatever their last words.
_VERY = 0.9
#: Likeness of names of which one holds the other.
_HELD, _MOST = 0.75, 0.79
_SUCCESSOR, _OTHER_KIND, _OTHER_SIGNS = 0.8, 0.5, 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """The names of a list as columns (see `geo.pairing.facility`).

    `others` holds the keys of further names of each place; `certain` tells which names say enough by themselves.
    """

    stems: Texts
    kinds: Texts
    groups: Texts
    sites: Texts
    keys: Texts
    buildings: Texts
    annexes: Texts
    founders: Texts
    distinct: Texts
    former: Mask
    certain: Mask
    others: list[frozenset[str]]

    @classmethod
    def of(cls, names: pa.Array, others: pa.Array | None, *, city: str) -> "Names":
        """Take names apart, and lists of further names of the same places."""
        read = facilities(names, city=city)
        return cls(
            stems=_texts([name.stem for name in read]),
            kinds=_texts([name.kind for name in read]),
            groups=_texts([name.group for name in read]),
            sites=_texts([name.site for name in read]),
            keys=_texts([name.key for name in read]),
            buildings=_texts([name.building for name in read]),
            annexes=_texts([name.annex for name in read]),
            founders=_texts([name.founder for name in read]),
            distinct=_texts([name.distinct for name in read]),
            former=np.array([name.former for name in read], dtype=bool),
            certain=np.array([name.certain for name in read], dtype=bool),
            others=_other_keys(read, others, city),
        )

    @property
    def wholes(self) -> Texts:
        """Names without their parts."""
        names: Texts = self.stems + self.kinds
        return names


def _texts(values: list[str]) -> Texts:
    return np.array(values, dtype=object)


def _other_keys(names: list[Facility], others: pa.Array | None, city: str) -> list[frozenset[str]]:
    keys = [name.other_names for name in names]
    if others is None:
        return keys
    rows = pc.list_parent_indices(others).to_numpy(zero_copy_only=False)
    for row, name in zip(rows, facilities(others.flatten(), city=city), strict=True):
        keys[row] |= {name.key} | name.other_names
    return keys


def compare_names(one: Names, other: Names, rows: Ints) -> tuple[npt.NDArray[np.str_], Floats]:
    """Return in what sense the names of pairs of rows, shape (n, 2), agree, and how far (0 to 1).

    The sense is a key of `SCORES`, ``similar`` or ``different``; the worth of the last two is their likeness.
    """
    left, right = rows.T
    unknown = (one.keys[left] == "") | (other.keys[right] == "")
    site, whole = one.sites[left] == other.sites[right], one.keys[left] == other.keys[right]
    listed = np.array([_shares(one, other, i, j) for i, j in zip(left, right, strict=True)], dtype=bool)
    former = one.former[left] != other.former[right]
    founder = _differ(one.founders[left], other.founders[right])
    other_part = _differ(one.buildings[left], other.buildings[right])
    other_part |= _differ(one.annexes[left], other.annexes[right])
    kinds = [unknown, whole & ~former & ~founder, listed, site & founder, whole & former, site & other_part, site]
    names = ["unknown", "equal", "other_name", "founder", "former", "other_part", "part"]
    likeness = _likeness(one, other, left, right)
    found = np.select(kinds, names, np.where(likeness >= SIMILAR, "similar", "different"))
    score = np.select(kinds, [SCORES[name] for name in names], likeness)
    return found, score


def _differ(one: Texts, other: Texts) -> Mask:
    """Tell where both say something, and not the same."""
    differ: Mask = ((one != "") & (other != "") & (one != other)).astype(bool)
    return differ


def _shares(one: Names, other: Names, left: int, right: int) -> bool:
    """Tell whether a further name of one place is a name of the other."""
    if not one.others[left] and not other.others[right]:
        return False
    return bool(({one.keys[left]} | one.others[left]) & ({other.keys[right]} | other.others[right]) - {""})


def _likeness(one: Names, other: Names, left: Ints, right: Ints) -> Floats:
    """Return how alike two different names are, below 0.8.

    A name that holds the other whole is as like as names get; words like 小学校 do not count, but others of them make
    names less alike; numbers and 東西南北 that differ tell neighbours apart.
    """
    wholes = one.wholes[left], other.wholes[right]
    inside = np.array([_holds(a, b) or _holds(b, a) for a, b in zip(*wholes, strict=True)], dtype=bool)
    alike, whole = _ratio(one.stems[left], other.stems[right]), _ratio(*wholes)
    follows = (one.groups[left] == other.groups[right]) & (one.groups[left] != "")
    kind = np.where(follows, _SUCCESSOR, _OTHER_KIND)
    alike = np.where(_differ(one.kinds[left], other.kinds[right]), kind * alike, alike)
    alike = np.where(whole >= _VERY, whole, alike)
    alike = np.where(one.distinct[left] == other.distinct[right], alike, _OTHER_SIGNS * alike)
    likeness: Floats = np.minimum(np.where(inside, np.maximum(alike, _HELD), alike), _MOST)
    return likeness


def _holds(name: str, other: str) -> bool:
    return len(other) > 1 and other in name


def _ratio(one: Texts, other: Texts) -> Floats:
    if not len(one):
        return np.zeros(0)
    return np.asarray(cpdist(one, other, scorer=fuzz.ratio, dtype=np.float64)) / 100
