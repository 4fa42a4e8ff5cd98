"""From addresses to points, a whole column at once, with every doubt said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.address import NUMERALS, letters_of_addresses
from geo.errors import PlaceError
from geo.gazetteer import Gazetteer
from geo.letters import Letters
from geo.place.heads import Heads, Said
from geo.place.numbers import Spots
from geo.place.readings import KIND_SETS, REASONS, Found, Outcome, Questions
from geo.place.tails import Tails, read_tails
from geo.place.towns import Book, TownsRead, names_a_town, read_towns, shown_places, with_blanks

if TYPE_CHECKING:  # half a second that a reader of files or a command does without
    import pandas as pd

#: Columns of the answer, one row per address. `lon` and `lat` in degrees (EPSG:6668), null where no one point can be
#: said; `matched` and `rest` are the two parts of the address in NFKC; `number` is the number that was read, canonical
#: (``2-6``), held by the gazetteer only where `level` is ``number``; `building` what follows it as written; `reason`
#: is null where nothing is in doubt.
SCHEMA = pa.schema(
    [
        pa.field("level", pa.string(), nullable=False),
        pa.field("lon", pa.float64()),
        pa.field("lat", pa.float64()),
        pa.field("point_level", pa.string()),
        pa.field("town", pa.string()),
        pa.field("number", pa.string()),
        pa.field("building", pa.string()),
        pa.field("matched", pa.string(), nullable=False),
        pa.field("rest", pa.string(), nullable=False),
        pa.field("n_candidates", pa.int32(), nullable=False),
        pa.field("candidate_kinds", pa.string(), nullable=False),
        pa.field("spread_m", pa.float64()),
        pa.field("source", pa.string()),
        pa.field("reason", pa.string()),
    ]
)

_OWN_REASONS = (
    "geo.place_town_not_found",
    "geo.place_other_municipality",
    "geo.place_empty",
    "geo.place_unread_text",
    "geo.place_town_completed",
    "geo.place_several",
    "geo.place_beside",
)
_NOT_FOUND, _OTHER, _EMPTY, _UNREAD, _COMPLETED, _SEVERAL, _BESIDE = range(len(_OWN_REASONS))
_CODES = (*_OWN_REASONS, *REASONS, None)  # an Arrow array made at import would bring in pandas

_HYPHENS = "-‐‑‒–—―−─━ー"
#: More addresses in one cell: 12番地、13番地, 1番地から3番地.
_MORE = rf"^(から|より|及ビ|及び|オよび|[~〜、,・と])第?[0-9{NUMERALS}]"
#: What may stand between two addresses in one cell.
_BETWEEN = "^([;/、,・と]|及ビ|及び|オよび|から|より)"
#: What follows shows that the number goes on: a numeral in kanji, or one more after a hyphen, that is no floor or room.
_ON_IN_KANJI = rf"^[-ノー]?[{NUMERALS}]"
_ON_IN_DIGITS = "^[-ノー][0-9]"
_FLOOR = rf"^[-ノー]?((?:[0-9]+|[{NUMERALS}]+)(番|号)?[階F室棟館街号]|一部)"
#: Beside the number, not at it: public land before a lot, or a place that reaches over several lots.
_NEAR = rf"^(番地)?(先|付近|ほか|他|外[0-9{NUMERALS}]*筆?($|[( ]))"

#: Rows worked on at once: bounds the memory (about 300 bytes a character of the addresses in hand).
_ROWS_AT_ONCE = 262_144

_Mask = npt.NDArray[np.bool_]
_Ints = npt.NDArray[np.int64]


def place(addresses: pa.Array | pa.ChunkedArray | pd.Series, gazetteer: Gazetteer, *, municipality: str) -> pa.Table:
    """Return for each address of a municipality which town and number it names and where that is.

    Parameters
    ----------
    addresses
        A column of addresses as written; missing ones are answered like empty ones.
    gazetteer
        The towns and numbers of the municipality.
    municipality
        Code of five digits that all the addresses are declared to belong to; an address of another one is not placed.

    Returns
    -------
    pyarrow.Table
        Columns as in `SCHEMA`, rows in the order of the addresses, as many. `level` is what the text names and the
        gazetteer holds (none, pref, city, town, chome, block, number); `point_level` what the point stands for, never
        finer. A number that the gazetteer does not hold never gets the level ``number``. Several candidates carry no
        point unless all lie within `geo.place.meanings.TOLERANCE_M` (towns) or `NUMBER_TOLERANCE_M` (numbers) of one
        another. `reason` is a code of ``geo/messages.toml``.

    Raises
    ------
    PlaceError
        ``geo.gazetteer_of_another`` if the gazetteer is of another municipality.
    """
    if gazetteer.municipality != municipality:
        raise PlaceError("geo.gazetteer_of_another", municipality=municipality, given=gazetteer.municipality)
    column = addresses if isinstance(addresses, pa.Array | pa.ChunkedArray) else pa.array(addresses, from_pandas=True)
    texts = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    shelf = _Shelf.of(gazetteer)
    parts = [
        _placed(texts.slice(start, _ROWS_AT_ONCE).combine_chunks().cast(pa.large_string()), shelf)
        for start in range(0, len(texts), _ROWS_AT_ONCE)
    ]
    return pa.concat_tables(parts) if parts else SCHEMA.empty_table()


@dataclass(frozen=True, slots=True)
class _Shelf:
    """A gazetteer made ready: how addresses begin, its towns by their spellings, its numbers by their keys."""

    heads: Heads
    book: Book
    spots: Spots
    names: pa.Array
    levels: pa.Array
    points: npt.NDArray[np.float64]

    @classmethod
    def of(cls, gazetteer: Gazetteer) -> _Shelf:
        table = gazetteer.table
        names = pc.binary_join_element_wise(table["town"], table["koaza"], "").combine_chunks()
        is_chome = pc.and_(pc.equal(table["koaza"], ""), pc.match_substring_regex(table["town"], ".[^番]丁目?$"))
        levels = pc.if_else(is_chome, "chome", "town").combine_chunks()
        points = np.stack([table[name].to_numpy() for name in ("lon", "lat")], axis=1)
        return cls(Heads.of(gazetteer), Book.of(gazetteer, SCHEMA), Spots.of(gazetteer), names, levels, points)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """What the numbers of a column come to.

    Attributes
    ----------
    tails, found, at
        The numbers as written, the answers to the distinct questions, and the question of each row.
    outcome
        Shape (n,), `Outcome`, after a look at what stands behind the number.
    doubtful
        Shape (n,), whether the doubtful meaning of the town holds.
    lead
        Shape (n,), what stands before the number and is counted to it; 0 for nothing.
    cut
        Shape (n,), how much of what was written is the number: a row of `Tails.used`.
    begin, end
        Shape (n,), characters of the shown text up to the end of the town and of the number.
    own
        Shape (n,), a reason of `_OWN_REASONS` that the text behind gives, -1 for none.
    """

    tails: Tails
    found: Found
    at: _Ints
    outcome: npt.NDArray[np.int8]
    doubtful: _Mask
    lead: _Ints
    cut: _Ints
    begin: _Ints
    end: _Ints
    own: _Ints


def _placed(texts: pa.Array, shelf: _Shelf) -> pa.Table:
    normal, letters, kept = letters_of_addresses(texts)
    towns = read_towns(normal, letters, kept, shelf.heads, shelf.book)
    numbers = _read_numbers(with_blanks(normal), towns, shelf)
    columns = _town_columns(towns, numbers, shelf)
    _lay_numbers_over(columns, numbers, shelf)
    own = _own_reasons(letters, towns, numbers, shelf)
    columns["reason"] = pc.coalesce(columns["reason"], pa.array(_CODES, pa.string()).take(pa.array(own)))
    columns["number"] = _number(towns, numbers)
    columns |= _shown(normal, (letters, kept), towns, numbers, shelf.book.sure)
    return pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _read_numbers(letters: Letters, towns: TownsRead, shelf: _Shelf) -> _Numbers:
    """Ask each distinct question about the numbers once; `letters` has the blanks of the shown text."""
    there, begin = towns.entry >= 0, towns.rest.begin
    tails = read_tails(pc.if_else(pa.array(there), towns.rest.numbers(towns.chome), ""))
    count = len(tails.system)
    reach = np.where(there, shelf.book.reach[towns.entry], 0)
    keys, at = np.unique((reach * count + tails.row) * 2 + towns.told, return_inverse=True)
    asked = Questions(
        shelf.spots, shelf.book.ways, tails, reach=keys // 2 // count, tail=keys // 2 % count, told=keys % 2 == 1
    )
    found = asked.answer()
    outcome = np.where(there, found.outcome[at], Outcome.KEEP).astype(np.int8)
    outcome[towns.unknown & (outcome < Outcome.APART)] = Outcome.KEEP
    held = (outcome == Outcome.HELD) | (outcome == Outcome.APART)
    can_be_room = pc.not_equal(tails.without_room, "").to_numpy(zero_copy_only=False)[tails.row]
    cut = np.where(held, found.cut[at], can_be_room)
    end = begin + tails.used[cut, tails.row]
    after = letters.cut(end)[1]
    last = letters.at(np.arange(len(end)), np.maximum(end - 1, 0))
    unclear = tails.doubtful[tails.row] | found.unclear[at] | _goes_on(after, cut > 0, last)
    own = _behind(after, unclear, outcome, shelf)
    several = own == _SEVERAL
    outcome[several & (outcome == Outcome.APART)] = Outcome.UNKNOWN
    outcome[several & (outcome == Outcome.HELD)] = np.where(np.isfinite(found.lon[at]), Outcome.PART, Outcome.UNKNOWN)[
        several & (outcome == Outcome.HELD)
    ]
    # a town completed by a 町 that does not hold the number is more likely another, misspelt
    wrong = there & shelf.book.completed[towns.entry] & np.isin(outcome, (Outcome.UNKNOWN, Outcome.PART)) & ~several
    towns.entry[wrong], outcome[wrong] = -1, Outcome.KEEP
    kept, apart = outcome == Outcome.KEEP, outcome == Outcome.APART
    doubtful = np.select([kept, apart], [towns.doubtful, found.lead[at]], outcome == Outcome.DOUBT)
    with_lead = doubtful | (held & found.lead[at])
    lead = np.where(with_lead, shelf.book.ways.lead[reach], 0)
    return _Numbers(tails, found, at, outcome, doubtful, lead, cut, begin, end, own)


def _goes_on(after: pa.Array, room: _Mask, last: npt.NDArray[np.uint32]) -> _Mask:
    """Tell where the number is not read to its end; a room that is read as one does not count.

    `last` is the letter that the number ends with: behind 号 or an Arabic digit a kanji begins a name (2-6三田ビル).
    """
    in_kanji, in_digits, floor = (
        pc.match_substring_regex(after, pattern).to_numpy(zero_copy_only=False)
        for pattern in (_ON_IN_KANJI, _ON_IN_DIGITS, _FLOOR)
    )
    closed = np.isin(last, np.array([ord(letter) for letter in "0123456789号"], dtype=np.uint32))
    hyphen = pc.match_substring_regex(after, "^[-ノー]").to_numpy(zero_copy_only=False)
    on: _Mask = ((in_kanji & (hyphen | ~closed)) | (in_digits & ~room)) & ~floor
    return on


def _behind(after: pa.Array, unclear: _Mask, outcome: npt.NDArray[np.int8], shelf: _Shelf) -> _Ints:
    """Return the reason for doubt that the text behind a number gives: more addresses, or 地先 and the like."""
    asked, after = outcome >= Outcome.UNKNOWN, pc.utf8_ltrim_whitespace(after)
    more, near, between = (
        asked & pc.match_substring_regex(after, pattern).to_numpy(zero_copy_only=False)
        for pattern in (_MORE, _NEAR, _BETWEEN)
    )
    if between.any():
        others = pc.replace_substring_regex(after.filter(pa.array(between)), _BETWEEN + "| ", "")
        more[between] |= names_a_town(others, shelf.heads, shelf.book)
    own: _Ints = np.select([more | (asked & unclear), near], [_SEVERAL, _BESIDE], -1)
    return own


def _town_columns(towns: TownsRead, numbers: _Numbers, shelf: _Shelf) -> dict[str, pa.Array]:
    """Return the columns as the towns alone say them."""
    book, there = shelf.book, towns.entry >= 0
    row = np.where(there, np.where(numbers.doubtful, book.doubtful[towns.entry], book.plain[towns.entry]), 0)
    found = book.meanings.take(pa.array(row))
    columns = {name: found[name].combine_chunks() for name in found.column_names}
    level = np.select(
        [towns.foreign, towns.said & Said.CITY > 0, towns.said & Said.PREF > 0], ["none", "city", "pref"], "none"
    )
    columns["level"] = pc.if_else(pa.array(there), columns["level"], pa.array(level, pa.string()))
    for name in ("town", "source"):
        columns[name] = pc.if_else(pa.array(there), columns[name], None)
    return columns


def _lay_numbers_over(columns: dict[str, pa.Array], numbers: _Numbers, shelf: _Shelf) -> None:
    """Put what the numbers say over what the towns say."""
    found, at, outcome = numbers.found, numbers.at, numbers.outcome
    held, part, apart = (outcome == one for one in (Outcome.HELD, Outcome.PART, Outcome.APART))
    town = np.maximum(found.town, 0)[at]
    own_point = np.isfinite(found.lon)[at]
    point = np.where(own_point[:, None], np.stack([found.lon, found.lat], axis=1)[at], shelf.points[town])
    named_block = part | (found.kinds[at] & 1 > 0)
    some = held | part
    _lay(columns, "lon", some | apart, pa.array(np.where(apart, np.nan, point[:, 0]), from_pandas=True))
    _lay(columns, "lat", some | apart, pa.array(np.where(apart, np.nan, point[:, 1]), from_pandas=True))
    of_own = pc.if_else(pa.array(found.block[at] | part), "block", "number")
    coarse = pc.if_else(pa.array(np.isfinite(shelf.points[town, 0])), shelf.levels.take(pa.array(town)), None)
    level = pc.if_else(pa.array(own_point), of_own, coarse)
    _lay(columns, "point_level", some | apart, pc.if_else(pa.array(apart), None, level))
    _lay(columns, "level", some, pc.if_else(pa.array(named_block), "block", "number"))
    _lay(columns, "town", held, shelf.names.take(pa.array(town)))
    _lay(columns, "n_candidates", some | apart, pa.array(found.count[at].astype(np.int32)))
    _lay(columns, "candidate_kinds", some | apart, pa.array(KIND_SETS).take(pa.array(found.kinds[at])))
    _lay(columns, "spread_m", some | apart, pa.array(found.spread_m[at], from_pandas=True))
    source = pa.array(found.source[at], mask=found.source[at] < 0)
    _lay(columns, "source", some, shelf.spots.sources.take(source))
    reason = pa.array(_CODES, pa.string()).take(
        pa.array(np.where(found.reason[at] < 0, len(_CODES) - 1, len(_OWN_REASONS) + found.reason[at]))
    )
    unknown = outcome == Outcome.UNKNOWN
    _lay(columns, "reason", some | apart, reason)
    columns["reason"] = pc.if_else(pa.array(unknown), pc.coalesce(columns["reason"], reason), columns["reason"])


def _lay(columns: dict[str, pa.Array], name: str, where: _Mask, values: pa.Array) -> None:
    columns[name] = pc.if_else(pa.array(where), values.cast(columns[name].type), columns[name])


def _own_reasons(letters: Letters, towns: TownsRead, numbers: _Numbers, shelf: _Shelf) -> _Ints:
    """Return for each row a place in `_CODES`: what the text itself gives as a doubt."""
    there = towns.entry >= 0
    completed = there & shelf.book.completed[towns.entry]
    unread = towns.unread & (numbers.end == numbers.begin)
    own: _Ints = np.select(
        [letters.lengths == 0, towns.foreign, ~there, numbers.own >= 0, unread, completed],
        [_EMPTY, _OTHER, _NOT_FOUND, numbers.own, _UNREAD, _COMPLETED],
        len(_CODES) - 1,
    )
    return own


def _number(towns: TownsRead, numbers: _Numbers) -> pa.Array:
    """Return the numbers read, canonical; null where none is."""
    tails, row = numbers.tails, pa.array(numbers.tails.row)
    without = pc.if_else(pc.equal(tails.without_room, ""), tails.first, tails.without_room)
    text = pc.choose(pa.array(numbers.cut), *(each.take(row) for each in (tails.number, without, tails.first)))
    lead = pc.if_else(pa.array(numbers.lead > 0), pa.array(numbers.lead).cast(pa.string()), "")
    both = pc.binary_join_element_wise(lead, text, "-")
    joined = pc.if_else(pc.equal(lead, ""), text, pc.if_else(pc.equal(text, ""), lead, both))
    nothing = pc.or_(pc.equal(joined, ""), pa.array(towns.entry < 0))
    return pc.if_else(nothing, None, joined)


def _shown(
    normal: Letters, read: tuple[Letters, _Ints], towns: TownsRead, numbers: _Numbers, sure: _Ints
) -> dict[str, pa.Array]:
    """Return the text in its parts: what was read, what was not, and what follows the number."""
    there = towns.entry >= 0
    held = numbers.outcome == Outcome.HELD
    letters_taken = np.where(numbers.doubtful, towns.begin + sure[towns.entry], np.where(there, towns.end, towns.begin))
    taken = np.where(held, numbers.end, shown_places(normal, *read, letters_taken)[0])
    matched, rest = normal.cut(taken)
    building = _trimmed(normal.cut(numbers.end)[1])
    known = pc.and_(pa.array(there & (numbers.end > numbers.begin)), pc.not_equal(building, ""))
    return {
        "matched": pc.utf8_trim_whitespace(matched).cast(pa.string()),
        "rest": _trimmed(rest),
        "building": pc.if_else(known, building, None),
    }


def _trimmed(text: pa.Array) -> pa.Array:
    bare = pc.utf8_trim_whitespace(pc.utf8_ltrim(text, _HYPHENS + " "))
    return pc.replace_substring_regex(bare, "^[」』】)\"'’;。]+$", "").cast(pa.string())
