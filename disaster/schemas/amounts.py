"""Read quantities as offices write them: 480人, 約500名, 1,234.5㎡, 0.3m以上0.5m未満; prose is never made a number."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from disaster.schemas.findings import Mask
from geo.address import NUMERALS

_DIGITS = r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_ABOUT_BEFORE = r"約|およそ|おおよそ|おおむね|概ね|ほぼ"
_ABOUT_AFTER = r"程度|ほど|前後|くらい|ぐらい|強|弱"
#: Blanks and line breaks, but for those that stand between two numbers.
_BLANK = re.compile(r"(?<![\d,.])\s+|\s+(?![\d,.\s])")
_PARTED = re.compile(r"[\d,.]\s+[\d,.]")
#: Two numbers and how people put them beside one another: 480(屋外350), 1/2, 1.0~2.0.
_SEVERAL = re.compile(rf"{_DIGITS}(?:[/~〜・、+×]{_DIGITS}|\([^()]*\d[^()]*\))")
#: Words for a number that nobody knows yet.
_UNKNOWN = frozenset({"不明", "未定", "調査中", "確認中", "要確認", "未確認", "未把握", "集計中"})

_METRES = r"(?P<{0}>\d+(?:\.\d+)?)(?P<{0}_unit>cm|m|メートル|センチ)?"
_FROM_TO = re.compile(
    rf"{_METRES.format('low')}(?:(?:以上|超)[~〜から、,・-]*|[~〜から-]+){_METRES.format('high')}(?:未満|以下)?"
)
_BELOW = re.compile(rf"(?:0m?以上)?[~〜]?{_METRES.format('high')}(?:未満|以下)")
_ABOVE = re.compile(rf"{_METRES.format('low')}(?:以上|超|~|〜)")
#: What published depth classes call nothing: 0.01m is where flooding begins on tsunami maps.
_NOTHING_M = 0.01

Bounds = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Amounts:
    """A column of texts as plain numbers; `about` marks 約 and 程度, `prose` texts that say more than one number."""

    plain: pa.Array
    about: Mask
    prose: Mask


def read_amounts(text: pa.Array, units: Sequence[str]) -> Amounts:
    """Take the units off numbers, and tell which texts speak of an amount without being one number.

    ``480人`` is 480 and ``約500名`` is 500, marked. ``屋内480人／屋外3,350人`` holds two numbers, of which none is the
    capacity for certain: such texts, and 不明 or 調査中, are prose. Anything else is left as it stands.

    Parameters
    ----------
    text
        Different strings, in half width, none null.
    units
        Words that may follow the number; empty where the column has no unit, and then only 約 and the like are taken.
    """
    whole, within = _patterns(tuple(units))
    plain, about, prose = [], [], []
    for one in text.to_pylist():
        tight = _tight(one)
        found = whole.fullmatch(tight)
        plain.append(found["number"] if found else one)
        about.append(bool(found and (found["before"] or found["after"])))
        prose.append(not found and (tight in _UNKNOWN or _says_several(tight) or bool(within.search(tight))))
    return Amounts(pa.array(plain, pa.string()), np.array(about, dtype=bool), np.array(prose, dtype=bool))


@cache
def _patterns(units: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    names = "|".join(re.escape(unicodedata.normalize("NFKC", unit)) for unit in units)
    unit = f"(?:{names})?" if units else ""
    whole = re.compile(rf"(?P<before>{_ABOUT_BEFORE})?(?P<number>{_DIGITS}){unit}(?P<after>{_ABOUT_AFTER})?")
    within = re.compile(rf"(?:{_DIGITS}|[{NUMERALS}]+)(?:{names})" if units else r"(?!)")
    return whole, within


def _says_several(tight: str) -> bool:
    return bool(_PARTED.search(tight) or _SEVERAL.fullmatch(tight))


def _tight(text: str) -> str:
    """Fold to half width without blanks, but for those between digits: ``480<new line>350`` is two numbers."""
    return _BLANK.sub("", unicodedata.normalize("NFKC", text))


def bounds(text: str) -> Bounds | None:
    """Return the limits in metres of a class of depth, whatever way it is written; None if the text is none.

    ``0.5～1.0m未満の区域`` and ``50cm以上1m未満`` are (0.5, 1.0), ``20m以上`` is (20, inf), ``0.3m未満`` is (0, 0.3).
    """
    tight = re.sub(r"(の区域|の範囲|区域)$", "", _tight(text).replace("−", "-").replace("ー", "-"))
    if found := _FROM_TO.fullmatch(tight):
        unit = found["high_unit"]
        if unit is None:
            return None
        low, high = _metres(found["low"], found["low_unit"] or unit), _metres(found["high"], unit)
        return (0.0 if low <= _NOTHING_M else low, high) if low < high else None
    if (found := _BELOW.fullmatch(tight)) and found["high_unit"]:
        return 0.0, _metres(found["high"], found["high_unit"])
    if (found := _ABOVE.fullmatch(tight)) and found["low_unit"]:
        return _metres(found["low"], found["low_unit"]), float("inf")
    return None


def class_of(text: str, choices: Mapping[str, str]) -> str | None:
    """Return the code of the choice whose label has the same limits in metres as a text; None if none has."""
    limits = bounds(text)
    if limits is None:
        return None
    return next((code for code, label in choices.items() if bounds(label) == limits), None)


def _metres(number: str, unit: str) -> float:
    return round(float(number) / 100, 4) if unit in ("cm", "センチ") else float(number)
