"""Addresses compared as evidence that two rows are one place: same town, same number, in whatever spelling."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.address import fold

#: How far addresses agree, and what that is worth; what is not known counts half.
SCORES = {
    "number": 1.0, "partly": 0.8, "number_only": 0.6, "unknown": 0.5, "town": 0.5, "other_number": 0.3,
    "different": 0.0,
}  # fmt: skip

#: Letters that lists confuse because they look alike: 田鶴浜町ニ and 田鶴浜町二 are one 字.
_ALIKE = str.maketrans("二八口工力夕卜一へべぺ", "ニハロエカタトーヘベペ")
_NUMBERED = re.compile(r"([^0-9]*)([0-9]+(?:[^0-9]{0,3}[0-9]+)*)?")
_DIGITS = re.compile("[0-9]+")
#: Where the name of a town may begin within an address.
_EDGE = "都道府県市区町村郡"

Texts = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Houses:
    """A column of addresses as far as they are compared.

    Attributes
    ----------
    towns
        Texts up to the first number, empty if unknown.
    numbers
        The numbers joined by hyphens (``5-9-1``), empty if unknown.
    """

    towns: Texts
    numbers: Texts

    @classmethod
    def of(cls, addresses: pa.Array) -> "Houses":
        """Take a column of addresses apart; a missing one has neither town nor numbers."""
        normal = pc.utf8_normalize(pc.fill_null(addresses, ""), form="NFKC")
        folded = pc.replace_substring(fold(normal), "丁目", "-")
        known = {text: _parts(text.translate(_ALIKE)) for text in set(folded.to_pylist())}
        columns = np.array([known[text] for text in folded.to_pylist()], dtype=object).reshape(-1, 2)
        return cls(columns[:, 0], columns[:, 1])

    @property
    def blocks(self) -> list[str]:
        """Texts that two writings of one address share; empty where the address has no number or no town."""
        return [
            f"{town[-2:]}{number}" if town and number else ""
            for town, number in zip(self.towns, self.numbers, strict=True)
        ]


def compare(left: Houses, right: Houses, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.str_], Floats]:
    """Return how far the addresses of pairs of rows, shape (n, 2), agree: a key of `SCORES`, and its value.

    ``number``: one town and one number. ``partly``: one number goes on where the other ends. ``town``: one of them has
    no number. ``other_number``: one town, other numbers. ``number_only``: two or more numbers agree, the town is
    written in another way. Prefecture and city may be there or not.
    """
    town, other_town = left.towns[rows[:, 0]], right.towns[rows[:, 1]]
    number, other_number = left.numbers[rows[:, 0]], right.numbers[rows[:, 1]]
    silent = ((town == "") & (number == "")) | ((other_town == "") & (other_number == ""))
    here, one_number = _each(_is_same_town, town, other_town), (number == other_number) & (number != "")
    verdicts = {
        "unknown": silent,
        "number": here & one_number,
        "town": here & ((number == "") | (other_number == "")),
        "partly": here & _each(_goes_on, number, other_number),
        "other_number": here,
        "number_only": one_number & _each(lambda text, _: "-" in text, number, other_number),
    }
    found = np.select(list(verdicts.values()), list(verdicts), "different")
    return found, np.select([found == name for name in SCORES], list(SCORES.values()))


def _each(test: Callable[[str, str], bool], left: Texts, right: Texts) -> npt.NDArray[np.bool_]:
    return np.array([test(one, other) for one, other in zip(left, right, strict=True)], dtype=bool)


def _parts(text: str) -> tuple[str, str]:
    found = _NUMBERED.match(text)
    town, numbers = (found[1], found[2] or "") if found else ("", "")
    return town.rstrip("-町部"), "-".join(str(int(number)) for number in _DIGITS.findall(numbers))


def _is_same_town(one: str, other: str) -> bool:
    short, long = (one, other) if len(one) < len(other) else (other, one)
    if not short or not long.endswith(short):
        return False
    return len(short) == len(long) or long[-len(short) - 1] in _EDGE


def _goes_on(one: str, other: str) -> bool:
    return f"{one}-".startswith(f"{other}-") or f"{other}-".startswith(f"{one}-")
