"""Folding Japanese addresses and names: keys by which texts are compared, never what is shown."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.letters import CODE_POINTS, Letters

if TYPE_CHECKING:  # half a second that a reader of files or a command does without
    import pandas as pd

_Column = TypeVar("_Column", "pd.Series", pa.Array, pa.ChunkedArray)

KANJI_DIGITS = "〇零一二三四五六七八九"
_UNITS = {"十": 10, "百": 100, "千": 1000}
_FORMAL = {"壱": "一", "弐": "二", "参": "三", "拾": "十"}

#: Characters that kanji numerals are written with, for use inside a character class.
NUMERALS = KANJI_DIGITS + "".join(_UNITS) + "".join(_FORMAL)

_KANJI_NUMBER = re.compile(rf"[0-9{NUMERALS}]+(?=丁目|丁|番|号|条|線|地割)")
_STEPS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(rf"(?<=[0-9{NUMERALS}])(?:大字|小字|字)(?=[0-9{NUMERALS}])"), "-"),  # 2字57 is not 257
    (re.compile(r"大字|小字|字"), ""),
    (_KANJI_NUMBER, lambda found: _in_arabic(found[0])),
    (re.compile(r"(?<=[0-9])[ーノ](?=[0-9])"), "-"),
    (re.compile(r"(?<=[0-9])丁目?-?"), "丁目"),
    (re.compile(r"(?<=[0-9])(?:番地|番(?![丁町])|号室?)[-ーノ]?"), "-"),
    (re.compile(r"-{2,}"), "-"),
    (re.compile(r"-(?![0-9])"), ""),
)


def fold(texts: _Column) -> _Column:
    """Return the matching key of each address: equal keys are ways of writing the same address.

    Folded: width and compatibility forms (NFKC), blanks, hyphens, ヶケが, ノの之, old and variant kanji, 大字 and 字
    (between two numerals they become a hyphen), kanji numerals before 丁目, 番, 号, 条, 線 and 地割, and ``番地の``,
    ``番``, ``号`` between numbers. Kept apart: ``2丁目6`` and ``2-6``, which can be kilometres from one another (see
    `geo.place`, which knows the towns).

    Parameters
    ----------
    texts
        A column of texts as pandas or Arrow hold it; missing values stay missing. It is not changed.

    Returns
    -------
    A column of the same kind and length. Folding twice changes nothing. Keys are for comparing only.
    """
    keys: _Column = _by_column(texts, _address_keys)
    return keys


def fold_name(texts: _Column) -> _Column:
    """Return the matching key of each person's name: NFKC, no blanks, variant kanji, Latin letters small.

    Two people whose keys are equal may still be two people; a name that is shown is never a key.
    """
    keys: _Column = _by_column(texts, lambda column: _settled(column, name_table()))
    return keys


def letters_of_addresses(texts: pa.Array) -> tuple[Letters, Letters, npt.NDArray[np.int64]]:
    """Return a column of addresses in NFKC, the same as letters to match by, and where each of those stands.

    Blanks and marks are left out of the letters, but for one blank between two digits: ``9-1 101`` is no ``9-1101``.
    The third array holds, for each letter, its place in ``codes`` of the first: that is how the unread rest of an
    address is shown as it was written.
    """
    normal = Letters.of(pc.utf8_normalize(pc.fill_null(texts, ""), form="NFKC"))
    codes = address_table()[normal.codes]
    kept = np.flatnonzero(codes)
    digit = (codes >= ord("0")) & (codes <= ord("9"))
    gaps = np.flatnonzero((np.diff(kept) > 1) & digit[kept[:-1]] & digit[kept[1:]])
    text_of = np.searchsorted(normal.starts, np.stack([kept[gaps], kept[gaps + 1]]), side="right")
    blanks = kept[gaps[text_of[0] == text_of[1]]] + 1
    codes[blanks] = ord(" ")
    return normal, Letters(codes, normal.starts).kept(codes != 0), np.flatnonzero(codes)


@cache
def address_table() -> npt.NDArray[np.uint32]:
    """Return what each code point is folded to in addresses; 0 for those that are dropped."""
    return _table("kanji", "address")


@cache
def name_table() -> npt.NDArray[np.uint32]:
    """Return what each code point is folded to in names of people; 0 for those that are dropped."""
    table = _table("kanji")
    table[ord("A") : ord("Z") + 1] += ord("a") - ord("A")
    return table


@lru_cache(maxsize=4096)
def arabic(numeral: str) -> int | None:
    """Return the value of a kanji numeral, with units (二十四) or by place (二四); None if it is none."""
    text = "".join(_FORMAL.get(letter, letter) for letter in numeral)
    if not text or text.strip(KANJI_DIGITS + "".join(_UNITS)):
        return None
    if not any(letter in _UNITS for letter in text):
        return int("".join(_digit(letter) for letter in text))
    one = f"[{KANJI_DIGITS}]?"
    found = re.fullmatch(f"(?:({one})千)?(?:({one})百)?(?:({one})十)?({one})", text)
    if not found:
        return None
    thousands, hundreds, tens, ones = found.groups()
    total = int(_digit(ones)) if ones else 0
    for unit, digit in ((1000, thousands), (100, hundreds), (10, tens)):
        if digit is not None:  # a unit without a digit before it counts once: 十 is 10
            total += unit * (int(_digit(digit)) if digit else 1)
    return total


def kanji(number: int) -> str:
    """Return a number from 1 to 9999 in kanji with units: 24 is 二十四."""
    parts = []
    for unit, value in (("千", 1000), ("百", 100), ("十", 10), ("", 1)):
        digit, number = divmod(number, value)
        if digit:
            parts.append((KANJI_DIGITS[digit + 1] if digit > 1 or not unit else "") + unit)
    return "".join(parts)


def _digit(letter: str) -> str:
    return str(max(KANJI_DIGITS.index(letter) - 1, 0))


def _in_arabic(numeral: str) -> str:
    value = arabic(numeral)
    return numeral if value is None else str(value)


def _address_keys(column: pa.Array) -> pa.Array:
    texts = _settled(column, address_table())
    folded = _stepped(texts)
    while (moving := pc.not_equal(folded, texts)).true_count:  # one step can make room for another
        texts, again = folded, _stepped(folded.filter(moving))
        folded = pc.replace_with_mask(folded, moving, again)
    return folded


def _stepped(texts: pa.Array) -> pa.Array:
    if not len(texts):
        return texts
    lines = "\n".join(texts.to_pylist())  # no line break is left in any of them: the table dropped them
    for pattern, replacement in _STEPS:
        lines = pattern.sub(replacement, lines)
    return pa.array(lines.split("\n"), pa.large_string())


def _settled(column: pa.Array, table: npt.NDArray[np.uint32]) -> pa.Array:
    """Fold by a table until nothing changes.

    What is dropped may have stood between two letters that NFKC joins once they meet. So blanks and marks go first,
    and it is done again only while NFKC itself brings some up (it makes a blank and a mark of a lone ゛).
    """
    bare = Letters.of(column)
    texts = bare.kept(table[bare.codes] != 0).texts()
    while True:
        normal = Letters.of(pc.utf8_normalize(texts, form="NFKC"))
        folded = normal.mapped(table)
        texts = folded.texts()
        if len(folded.codes) == len(normal.codes):
            return texts


@cache
def _dropped() -> list[int]:
    """Return blanks, controls, marks that ride on a letter and variation selectors: 辻󠄀 and 辻 are compared as one."""
    planes_in_use = (*range(0x30000), *range(0xE0000, 0xE0200))
    kinds = {"Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp"}
    return [code for code in planes_in_use if unicodedata.category(chr(code)) in kinds]


def _by_column(texts: Any, keys: Callable[[pa.Array], pa.Array]) -> Any:
    if isinstance(texts, pa.ChunkedArray):
        return pa.chunked_array([_by_column(chunk, keys) for chunk in texts.chunks], type=texts.type)
    if isinstance(texts, pa.Array):
        return _with_nulls(keys(texts), texts).cast(texts.type)
    column = pa.array(texts, type=pa.large_string(), from_pandas=True)
    if isinstance(column, pa.ChunkedArray):  # strings of pandas come so
        column = column.combine_chunks()
    folded = _with_nulls(keys(column), column).to_pandas()
    return type(texts)(folded.array, index=texts.index, name=texts.name, dtype="str")


def _with_nulls(folded: pa.Array, texts: pa.Array) -> pa.Array:
    return pc.if_else(texts.is_valid(), folded, None) if texts.null_count else folded


def _table(*sections: str) -> npt.NDArray[np.uint32]:
    table = np.arange(CODE_POINTS, dtype=np.uint32)
    table[_dropped()] = 0
    groups = tomllib.loads(files("geo").joinpath("variants.toml").read_text(encoding="utf-8"))
    for section in sections:
        for form, variants in groups[section].items():
            table[[ord(variant) for variant in variants]] = ord(form)
    return table
