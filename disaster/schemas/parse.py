"""From text to typed columns, a whole column at a time; what cannot be read is marked, never guessed."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agreements.format import Column, ColumnType
from disaster.bareword import bare_word
from disaster.schemas.amounts import class_of, read_amounts
from disaster.schemas.findings import Mask
from disaster.schemas.times import TIMESTAMP, read_times

_TRUE_WORDS = "1 1.0 ○ 〇 ◯ ◎ ● ✓ レ true t yes y はい 有 有り あり 可 該当 済 済み"
_FALSE_WORDS = "0 0.0 × ✕ ✗ x false f no n いいえ 無 無し なし 不可 非該当 未"
_TRUE, _FALSE = frozenset(_TRUE_WORDS.split()), frozenset(_FALSE_WORDS.split())
_INTEGER = r"^-?(\d{1,15}|\d{1,3}(,\d{3})+)(\.0+)?$"
_NUMBER = r"^-?(\d+\.?\d*|\.\d+|\d{1,3}(,\d{3})+(\.\d+)?)([eE][+-]?\d{1,3})?$"
#: Yes or no under a condition: 「△」, 「○（3階以上）」.
_PARTLY = re.compile(r"[△▲](?:\(.+\))?|(?:○|〇|◯|◎|●|×|有|可|あり|なし|不可)\(.+\)")
#: Lists that are split at once: on the way to its parts a text is in memory several times.
_AT_ONCE = 100_000
#: A month without its day (2027/3, 令和9年3月): when a ration expires is told no closer, and a day is not guessed.
_MONTH = (
    r"^((明治|大正|昭和|平成|令和|[MTSHRmtshr])\s*(元|\d{1,2})|\d{4})\s*[年./-]\s*(0?[1-9]|1[0-2])\s*月?\s*(末|末日)?$"
)
_LIST_SIGNS = r"(\s*[、,，;；|｜\n]\s*)+"


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """A typed column; `bad` marks values that could not be read, `notes` those read with a grain of salt.

    `prose` marks texts that speak of an amount without being one number or class, and `about` numbers with 約 or 程度:
    both are worth keeping as they were written.
    """

    values: pa.Array
    bad: Mask
    code: str = ""
    notes: Mapping[str, Mask] = field(default_factory=dict)
    prose: Mask | None = None
    about: Mask | None = None


def parse(column: Column, text: pa.Array, *, units: Sequence[str] = ()) -> Parsed:
    """Turn a column of text into the type that the noun asks for.

    Parameters
    ----------
    column
        Its type decides, for coded values also its choices.
    text
        Strings, null where empty.
    units
        Words that may follow a number (``Field.units``).

    Returns
    -------
    Parsed
        As long as `text`; null where there was nothing or nothing readable.
    """
    if column.type is ColumnType.TEXT:
        return Parsed(text, np.zeros(len(text), dtype=bool))
    if column.type is ColumnType.LIST:  # of names: hardly two alike
        lists = [_list(text.slice(start, _AT_ONCE)) for start in range(0, max(len(text), 1), _AT_ONCE)]
        return Parsed(pa.concat_arrays(lists), np.zeros(len(text), dtype=bool))
    coded = text.dictionary_encode()
    distinct = _distinct(column, coded.dictionary, units)
    if text.null_count == 0 and len(coded.dictionary) == len(text):
        return distinct
    at = pc.fill_null(coded.indices, len(coded.dictionary)).to_numpy(zero_copy_only=False)
    return Parsed(
        distinct.values.take(coded.indices),
        np.append(distinct.bad, False)[at],
        distinct.code,
        {code: np.append(mask, False)[at] for code, mask in distinct.notes.items()},
        None if distinct.prose is None else np.append(distinct.prose, False)[at],
        None if distinct.about is None else np.append(distinct.about, False)[at],
    )


def _distinct(column: Column, text: pa.Array, units: Sequence[str]) -> Parsed:
    """Parse different texts; what cannot be read as it stands is tried as an amount with words around it."""
    parsed = _PARSERS[column.type](column, text)
    if not units or not parsed.bad.any():
        return parsed
    amounts = read_amounts(text, units)
    again = _PARSERS[column.type](column, amounts.plain)
    read = parsed.bad & ~again.bad
    values = pc.if_else(pa.array(read), again.values, parsed.values)
    return Parsed(
        values,
        again.bad & parsed.bad,
        parsed.code,
        parsed.notes,
        amounts.prose & parsed.bad & again.bad,
        amounts.about & read,
    )


def fold_plain(text: pa.Array) -> pa.Array:
    """Return texts in half width where they hold any other sign (full-width digits, ○ stay themselves)."""
    plain = pc.string_is_ascii(text)
    if pc.all(plain).as_py() in (True, None):
        return text
    folded = [unicodedata.normalize("NFKC", one).strip() for one in text.filter(pc.invert(plain)).to_pylist()]
    return pc.replace_with_mask(text, pc.invert(plain), pa.array(folded, pa.string()))


def parse_number(text: pa.Array) -> Parsed:
    """Read decimal numbers, however many digits they carry; NaN and infinity are not numbers."""
    return _number(Column("", "", ColumnType.NUMBER), text)


def _integer(_column: Column, text: pa.Array) -> Parsed:
    plain = pc.ascii_ltrim(fold_plain(text), "+")
    good = pc.match_substring_regex(plain, _INTEGER)
    digits = pc.replace_substring_regex(pc.replace_substring(plain, ",", ""), r"\.0+$", "")
    return Parsed(_cast(digits, good, pa.int64()), _not(good), "disaster.not_integer")


def _number(_column: Column, text: pa.Array) -> Parsed:
    plain = pc.ascii_ltrim(fold_plain(text), "+")
    good = pc.match_substring_regex(plain, _NUMBER)
    values = _cast(pc.replace_substring(plain, ",", ""), good, pa.float64())
    finite = pc.is_finite(values)
    good = pc.and_(good, pc.fill_null(finite, fill_value=False))
    return Parsed(pc.if_else(good, values, pa.scalar(None, pa.float64())), _not(good), "disaster.not_number")


def _time(_column: Column, text: pa.Array) -> Parsed:
    read = read_times(text)
    notes = {
        "disaster.time_zone_assumed": read.without_zone,
        "disaster.time_without_hour": read.without_hour,
        "disaster.time_about": read.about,
    }
    return Parsed(read.instants, read.bad, "disaster.not_time", notes)


def _date(_column: Column, text: pa.Array) -> Parsed:
    read = read_times(text)
    month = _not_null(pc.match_substring_regex(fold_plain(text), _MONTH)) & read.bad
    return Parsed(read.days, read.bad, "disaster.not_date", prose=month, about=np.zeros(len(text), dtype=bool))


def _flag(_column: Column, text: pa.Array) -> Parsed:
    words = [unicodedata.normalize("NFKC", one).strip().casefold() for one in text.to_pylist()]
    values = [True if word in _TRUE else False if word in _FALSE else None for word in words]
    bad = np.array([v is None for v in values], dtype=bool)
    partly = bad & np.array([bool(_PARTLY.fullmatch(word)) for word in words], dtype=bool)
    about = np.zeros(len(text), dtype=bool)
    return Parsed(pa.array(values, pa.bool_()), bad, "disaster.not_flag", prose=partly, about=about)


def _choice(column: Column, text: pa.Array) -> Parsed:
    known = {bare_word(label): code for code, label in column.choices.items()}
    known |= {bare_word(code): code for code in column.choices}
    values = [known.get(bare_word(one)) or class_of(one, column.choices) for one in text.to_pylist()]
    bad = np.array([v is None for v in values], dtype=bool)
    return Parsed(pa.array(values, pa.string()), bad, "disaster.unknown_code")


def _list(text: pa.Array) -> pa.Array:
    one_sign = pc.replace_substring_regex(text, _LIST_SIGNS, "、")
    lists = pc.split_pattern(pc.utf8_trim(one_sign, "、 \u3000"), "、")
    return lists.cast(pa.list_(pa.string()))


def _cast(text: pa.Array, good: pa.Array, kind: pa.DataType) -> pa.Array:
    return pc.cast(pc.if_else(good, text, pa.scalar(None, pa.string())), kind)


def _not_null(good: pa.Array) -> Mask:
    return np.asarray(pc.fill_null(good, fill_value=False).to_numpy(zero_copy_only=False), dtype=bool)


def _not(good: pa.Array) -> Mask:
    """Tell which texts are not good; where there is no text nothing is wrong."""
    return ~np.asarray(pc.fill_null(good, fill_value=True).to_numpy(zero_copy_only=False), dtype=bool)


_PARSERS: Mapping[ColumnType, Callable[[Column, pa.Array], Parsed]] = {
    ColumnType.INTEGER: _integer,
    ColumnType.NUMBER: _number,
    ColumnType.TIME: _time,
    ColumnType.DATE: _date,
    ColumnType.FLAG: _flag,
    ColumnType.CHOICE: _choice,
}

#: What each type is in a typed table; the same as in ``exporters.model.Layer``.
ARROW_TYPES: Mapping[ColumnType, pa.DataType] = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.NUMBER: pa.float64(),
    ColumnType.TIME: TIMESTAMP,
    ColumnType.DATE: pa.date32(),
    ColumnType.FLAG: pa.bool_(),
    ColumnType.CHOICE: pa.string(),
    ColumnType.LIST: pa.list_(pa.string()),
}
