"""From addresses to towns and points, a whole column at once, with every doubt said.

The town is the longest spelling (`geo.spellings`) with which the address goes on after prefecture, county and city;
only the towns of the declared municipality are looked at. Numbers are not placed yet: they never raise the level.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from enum import IntFlag
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.address import NUMERALS, is_dropped, letters_of_addresses
from geo.errors import PlaceError
from geo.gazetteer import Gazetteer
from geo.letters import Letters
from geo.prefixes import Prefixes
from geo.spellings import Kind, Meaning, spellings

if TYPE_CHECKING:  # half a second that a reader of files or a command does without
    import pandas as pd

#: Columns of the answer, one row per address. `lon` and `lat` in degrees (EPSG:6668), null where no one point can be
#: said; `matched` and `rest` are the two parts of the address in NFKC; `reason` is null where nothing is in doubt.
SCHEMA = pa.schema(
    [
        pa.field("level", pa.string(), nullable=False),
        pa.field("lon", pa.float64()),
        pa.field("lat", pa.float64()),
        pa.field("point_level", pa.string()),
        pa.field("town", pa.string()),
        pa.field("matched", pa.string(), nullable=False),
        pa.field("rest", pa.string(), nullable=False),
        pa.field("n_candidates", pa.int32(), nullable=False),
        pa.field("candidate_kinds", pa.string(), nullable=False),
        pa.field("spread_m", pa.float64()),
        pa.field("source", pa.string()),
        pa.field("reason", pa.string()),
    ]
)

_REASONS = ("geo.place_town_not_found", "geo.place_other_municipality", "geo.place_empty", "geo.place_unread_text")

_HYPHENS = "-‐‑‒–—―−─━ー"

_NUMBER = f"([0-9]+|[{NUMERALS}]+)"

#: What may follow a town without raising a doubt: its end, a number, 無番地, 地先, an unknown 小字 that says it is one,
#: a 地番 of 甲乙 or イロハ, a 地割, a bracket.
_KNOWN_REST = (
    rf"^($|[-0-9(]|[{NUMERALS}]+(丁目|番([^町丁]|$)|号|地割|[-ノー0-9]|$)|(官有)?無番地|官有|番外|地[先内]|小?字|大字"
    rf"|[甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥イロハニホヘトチリヌルヲ]第?[-ノ0-9]|第{_NUMBER}地割)"
)

#: Rows worked on at once: bounds the memory (about 300 bytes a character of the addresses in hand).
_ROWS_AT_ONCE = 262_144

_PREFECTURES = [
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県", "群馬県",
    "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県", "山梨県", "長野県",
    "岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県",
    "鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県", "香川県", "愛媛県", "高知県", "福岡県",
    "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
]  # fmt: skip

_Mask = npt.NDArray[np.bool_]

_NONE = Meaning("none", "", None, None, None, 0, "", None, "", None)


class _Said(IntFlag):
    """What an address names before its town."""

    PREF = 1
    CITY = 2  # any part of the municipality's name
    WHOLE = 4  # enough of it that no other municipality can be meant


def place(addresses: pa.Array | pa.ChunkedArray | pd.Series, gazetteer: Gazetteer, *, municipality: str) -> pa.Table:
    """Return for each address of a municipality which town it names and where that is.

    Parameters
    ----------
    addresses
        A column of addresses as written; missing ones are answered like empty ones.
    gazetteer
        The towns of the municipality.
    municipality
        Code of five digits that all the addresses are declared to belong to; an address of another one is not placed.

    Returns
    -------
    pyarrow.Table
        Columns as in `SCHEMA`, rows in the order of the addresses, as many. `level` is what the text names (none, pref,
        city, town, chome); `point_level` what the point stands for. Several candidates carry no point unless all lie
        within `geo.spellings.TOLERANCE_M` of one another. `reason` is a code of ``geo/messages.toml``.

    Raises
    ------
    PlaceError
        ``geo.gazetteer_of_another`` if the gazetteer is of another municipality.
    """
    if gazetteer.municipality != municipality:
        raise PlaceError("geo.gazetteer_of_another", municipality=municipality, given=gazetteer.municipality)
    column = addresses if isinstance(addresses, pa.Array | pa.ChunkedArray) else pa.array(addresses, from_pandas=True)
    texts = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    heads, book = _Heads.of(gazetteer), _Book.of(gazetteer)
    parts = [
        _placed(texts.slice(start, _ROWS_AT_ONCE).combine_chunks().cast(pa.large_string()), heads, book)
        for start in range(0, len(texts), _ROWS_AT_ONCE)
    ]
    return pa.concat_tables(parts) if parts else SCHEMA.empty_table()


@dataclass(frozen=True, slots=True)
class _Heads:
    """The ways an address begins: prefecture, county, city and ward, each of them optional."""

    ours: Prefixes
    said: npt.NDArray[np.int8]
    others: Prefixes

    @classmethod
    def of(cls, gazetteer: Gazetteer) -> _Heads:
        pref, city = _letters([gazetteer.pref, gazetteer.city])
        whole, part = {city}, set()
        if county := re.fullmatch("(.+?郡)(.+[町村])", city):
            whole.add(county[2])
        if ward := re.fullmatch("(.+?市)(.+区)", city):
            whole.add(ward[2])
            part.add(ward[1])
        said = dict.fromkeys(sorted(whole), _Said.CITY | _Said.WHOLE) | dict.fromkeys(part, _Said.CITY)
        said |= {pref + name: flags | _Said.PREF for name, flags in said.items()} | {pref: _Said.PREF}
        others = sorted({*_letters(_PREFECTURES)} - {pref})
        return cls(Prefixes.of(list(said)), np.array(list(said.values()), dtype=np.int8), Prefixes.of(others))


@dataclass(frozen=True, slots=True)
class _Book:
    """The spellings of a gazetteer as arrays, and their meanings as a table whose row 0 means nothing."""

    texts: Prefixes
    sure: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int8]
    plain: npt.NDArray[np.int32]
    doubtful: npt.NDArray[np.int32]
    meanings: pa.Table

    @classmethod
    def of(cls, gazetteer: Gazetteer) -> _Book:
        entries = spellings(gazetteer)
        numbers: dict[Meaning, int] = {_NONE: 0}
        plain = [numbers.setdefault(entry.plain, len(numbers)) for entry in entries]
        doubtful = [numbers.setdefault(entry.doubtful, len(numbers)) for entry in entries]
        columns = {field.name: [getattr(meaning, field.name) for meaning in numbers] for field in fields(Meaning)}
        schema = pa.schema([field for field in SCHEMA if field.name in columns])
        return cls(
            texts=Prefixes.of([entry.text for entry in entries]),
            sure=np.array([entry.sure for entry in entries], dtype=np.int64),
            kind=np.array([entry.kind for entry in entries], dtype=np.int8),
            plain=np.array(plain, dtype=np.int32),
            doubtful=np.array(doubtful, dtype=np.int32),
            meanings=pa.table({name: columns[name] for name in schema.names}, schema=schema),
        )


def _letters(texts: list[str]) -> list[str]:
    found: list[str] = letters_of_addresses(pa.array(texts, pa.large_string()))[1].texts().to_pylist()
    return found


@dataclass(frozen=True, slots=True)
class _Rest:
    """What follows the town: as letters to judge by, and whether a blank stood before it."""

    text: pa.Array
    after_blank: _Mask

    def matches(self, rows: _Mask, pattern: str) -> _Mask:
        """Tell which of the given rows fit a pattern; false for the others."""
        fits: _Mask = np.zeros(len(rows), dtype=bool)
        fits[rows] = pc.match_substring_regex(self.text.filter(pa.array(rows)), pattern).to_numpy(zero_copy_only=False)
        return fits


def _placed(texts: pa.Array, heads: _Heads, book: _Book) -> pa.Table:
    normal, letters = letters_of_addresses(texts)
    said, head, foreign = _read_heads(letters, heads)
    entry, town = _match(letters, head, book)
    blank_before = _shown_places(normal, letters, head + town)[1]
    rest = _Rest(letters.cut(head + town)[1], blank_before)
    kind = np.where(entry >= 0, book.kind[entry], -1)
    doubtful = _is_doubtful(kind, rest)
    number = np.where(entry >= 0, np.where(doubtful, book.doubtful[entry], book.plain[entry]), 0)
    town[doubtful] = book.sure[entry[doubtful]]
    foreign |= _is_foreign(kind, said, rest)
    number[foreign | _is_longer_town(kind, rest)] = 0
    reason = np.select([letters.lengths == 0, foreign, number == 0, _is_unread(kind, rest)], [2, 1, 0, 3], -1)
    level = np.select([foreign, said & _Said.CITY > 0, said & _Said.PREF > 0], ["none", "city", "pref"], "none")
    shown = normal.cut(_shown_places(normal, letters, head + np.where(number > 0, town, 0))[0])
    return _answer(book.meanings.take(pa.array(number)), number > 0, level, reason, shown)


def _read_heads(letters: Letters, heads: _Heads) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int64], _Mask]:
    """Return what is said before the town, how many letters that takes, and whether another prefecture is named."""
    said, head = np.zeros(len(letters), dtype=np.int8), np.zeros(len(letters), dtype=np.int64)
    start, pending = np.zeros(len(letters), dtype=np.int64), np.ones(len(letters), dtype=bool)
    for length, rows, numbers in heads.ours.hits(letters, start, pending):
        said[rows], head[rows], pending[rows] = heads.said[numbers], length, False
    foreign = np.zeros(len(letters), dtype=bool)
    for _, rows, _ in heads.others.hits(letters, start, pending):
        foreign[rows] = True
    return said, head, foreign


def _match(
    letters: Letters, head: npt.NDArray[np.int64], book: _Book
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the longest spelling of each address (-1 for none) and its letters."""
    entry, town = np.full(len(letters), -1, dtype=np.int64), np.zeros(len(letters), dtype=np.int64)
    pending = np.ones(len(letters), dtype=bool)
    for length, rows, numbers in book.texts.hits(letters, head, pending):
        fits = _may_follow(book.kind[numbers], letters.at(rows, head[rows] + length))
        taken = rows[fits]
        entry[taken], town[taken], pending[taken] = numbers[fits], length, False
    return entry, town


def _may_follow(kind: npt.NDArray[np.int8], letter: npt.NDArray[np.uint32]) -> _Mask:
    """Tell whether a spelling may be followed by a letter (0 for the end).

    本町2 is no 丁目 in 本町25 or 本町2番地; 本町二 is one only before a hyphen; 小字 must be followed by a number, or
    the 中 of 下江留中央公園 would be the 小字 中.
    """
    goes_on = np.isin(letter, _codes("0123456789番号地条線割丁"))
    hyphen = np.isin(letter, _codes("-ノー"))
    number = (letter == 0) | np.isin(letter, _codes("0123456789-第番無甲乙丙丁イロハ(" + NUMERALS))
    kinds = [kind == Kind.SHORT, kind == Kind.SHORT_KANJI, kind == Kind.KOAZA]
    fits: _Mask = np.select(kinds, [~goes_on, hyphen, number], True)
    return fits


def _codes(letters: str) -> npt.NDArray[np.uint32]:
    return np.array([ord(letter) for letter in letters], dtype=np.uint32)


def _is_doubtful(kind: npt.NDArray[np.int8], rest: _Rest) -> _Mask:
    """Tell where the doubtful meaning of a spelling holds.

    A bare number after the town is its 丁目 for sure if two more numbers follow or 番 comes after the next: of
    451,787 real 地番 two had three parts. A third number of 100 or more may be a room. A town followed by a 丁目 that
    the gazetteer lacks, or by three numbers, has a 丁目 that is not known.
    """
    short = (kind == Kind.SHORT) | (kind == Kind.SHORT_KANJI)
    two_more = rest.matches(short, rf"^[-ノー]{_NUMBER}([-ノー][0-9]{{1,2}}([^0-9]|$)|番)")
    named = rest.matches(
        kind == Kind.TOWN, rf"^([0-9]+丁|[{NUMERALS}]+丁目|[0-9]+[-ノー][0-9]+[-ノー][0-9]{{1,2}}([^0-9]|$))"
    )
    doubtful: _Mask = (short & ~two_more) | named
    return doubtful


def _is_foreign(kind: npt.NDArray[np.int8], said: npt.NDArray[np.int8], rest: _Rest) -> _Mask:
    """Tell where another municipality is named: none of our names, but 市, 郡 or 区 (after a prefecture 町, 村 too)."""
    open_ = said & _Said.WHOLE == 0
    after_town = rest.matches(open_ & (kind == Kind.TOWN), "^[^0-9]{0,5}[市郡区]")
    without = open_ & (kind < 0)
    pref_only = without & (said & _Said.PREF > 0)
    return after_town | rest.matches(without, "^[^0-9]{1,7}?[市郡区]") | rest.matches(pref_only, "^[^0-9]{1,7}?[町村]")


def _is_longer_town(kind: npt.NDArray[np.int8], rest: _Rest) -> _Mask:
    """Tell where the town is only the beginning of another that the gazetteer lacks: 下小田 in 下小田上町25."""
    rows = (kind == Kind.TOWN) & ~rest.after_blank
    return rest.matches(rows & ~rest.matches(rows, _KNOWN_REST), rf"^[^-0-9(]{{0,10}}?(町|村|丁)({_NUMBER}|$)")


def _is_unread(kind: npt.NDArray[np.int8], rest: _Rest) -> _Mask:
    """Tell where letters that say nothing known stand between town and number: a 小字, a building, a longer name."""
    rows = (kind == Kind.TOWN) & ~rest.after_blank
    unread: _Mask = rows & ~rest.matches(rows, _KNOWN_REST)
    return unread


def _shown_places(
    normal: Letters, letters: Letters, taken: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], _Mask]:
    """Return where in the shown text the letters taken end, and whether a blank stands there."""
    kept = np.flatnonzero(~is_dropped(normal))
    following = letters.starts[:-1] + taken
    inside = following < letters.starts[1:]
    place = normal.lengths.copy()
    place[inside] = kept[following[inside]] - normal.starts[:-1][inside]
    before = np.maximum(following - 1, 0)
    gap = inside & (taken > 0)
    blank = np.zeros(len(letters), dtype=bool)
    blank[gap] = kept[following[gap]] - kept[before[gap]] > 1
    return place, blank


def _answer(
    found: pa.Table,
    is_placed: _Mask,
    level: npt.NDArray[np.str_],
    reason: npt.NDArray[np.int64],
    shown: tuple[pa.Array, pa.Array],
) -> pa.Table:
    placed = pa.array(is_placed)
    own = pa.array([*_REASONS, None], pa.string()).take(pa.array(reason % (len(_REASONS) + 1)))
    columns = {name: found[name].combine_chunks() for name in found.column_names}
    columns["level"] = pc.if_else(placed, columns["level"], pa.array(level, pa.string()))
    columns["reason"] = pc.coalesce(columns["reason"], own)
    for name in ("town", "source"):
        columns[name] = pc.if_else(placed, columns[name], None)
    columns["matched"] = pc.utf8_trim_whitespace(shown[0]).cast(pa.string())
    columns["rest"] = pc.utf8_trim_whitespace(pc.utf8_ltrim(shown[1], _HYPHENS)).cast(pa.string())
    return pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)
