"""Finding the town of an address: the longest spelling with which it goes on after prefecture, county and city."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.address import NUMERALS, address_table
from geo.gazetteer import Gazetteer
from geo.letters import Letters
from geo.place.heads import Heads, Said
from geo.place.meanings import NOTHING, Meaning
from geo.place.readings import Ways
from geo.place.spellings import Kind, Reach, spellings
from geo.prefixes import Prefixes

_Mask = npt.NDArray[np.bool_]
_Ints = npt.NDArray[np.int64]

_NUMBER = f"([0-9]+|[{NUMERALS}]+)"

#: What may follow a town without raising a doubt: its end, a number, 無番地, 地先, an unknown 小字 that says it is one,
#: a 地番 of 甲乙 or イロハ, a 地割, a bracket.
_SIGNS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥イロハニホヘトチリヌルヲ"
_KNOWN_REST = (
    rf"^($|[-0-9( ]|[、,・]?[0-9]|[{NUMERALS}]+([丁町]目|番([^町丁]|$)|号|地割|[-ノー0-9]|$)|第{_NUMBER}地割"
    rf"|(官有)?無番地|官有|番外|地[先内]|小?字|大字|[外他]|ほか|付近|周辺|一円|[{_SIGNS}]第?[-ノ0-9])"
)
#: The street part that addresses of 京都 carry before the town: 烏丸通今出川上る, 大宮通五条下る二丁目.
_STREET = (
    rf"^(?P<street>[^0-9]{{2,24}}(?:[上下](?:る|ル|ケる|リ)|[東西]入(?:る|ル|リ)?)"
    rf"(?:(?:[0-9]+|[{NUMERALS}]+)(?:丁目|筋目))?)"
)


@dataclass(frozen=True, slots=True)
class Book:
    """The spellings of a gazetteer as arrays, and their meanings as a table whose row 0 means nothing."""

    texts: Prefixes
    size: _Ints
    sure: _Ints
    kind: npt.NDArray[np.int8]
    plain: npt.NDArray[np.int32]
    doubtful: npt.NDArray[np.int32]
    completed: _Mask
    reach: _Ints
    ways: Ways
    meanings: pa.Table

    @classmethod
    def of(cls, gazetteer: Gazetteer, schema: pa.Schema) -> "Book":
        """Spell the towns of a gazetteer out; `schema` types the columns of the meanings."""
        entries = spellings(gazetteer)
        numbers: dict[Meaning, int] = {NOTHING: 0}
        plain = [numbers.setdefault(entry.plain, len(numbers)) for entry in entries]
        doubtful = [numbers.setdefault(entry.doubtful, len(numbers)) for entry in entries]
        reaches: dict[Reach, int] = {}
        reach = [reaches.setdefault(entry.reach, len(reaches)) for entry in entries]
        columns = {field.name: [getattr(meaning, field.name) for meaning in numbers] for field in fields(Meaning)}
        own = pa.schema([field for field in schema if field.name in columns])
        return cls(
            texts=Prefixes.of([entry.text for entry in entries]),
            size=np.array([len(entry.text) for entry in entries], dtype=np.int64),
            sure=np.array([entry.sure for entry in entries], dtype=np.int64),
            kind=np.array([entry.kind for entry in entries], dtype=np.int8),
            plain=np.array(plain, dtype=np.int32),
            doubtful=np.array(doubtful, dtype=np.int32),
            completed=np.array([entry.completed for entry in entries], dtype=bool),
            reach=np.array(reach, dtype=np.int64),
            ways=Ways.of(list(reaches)),
            meanings=pa.table({name: columns[name] for name in own.names}, schema=own),
        )


@dataclass(frozen=True, slots=True)
class Rest:
    """What follows the town.

    Attributes
    ----------
    text
        As letters to judge by.
    begin
        Shape (n,), where it begins in the shown text.
    tail
        The same as `text` with each blank where it stands, so that it is as long as the shown text.
    after_blank
        Shape (n,), whether a blank stands before it.
    """

    text: pa.Array
    begin: _Ints
    tail: pa.Array
    after_blank: _Mask

    @classmethod
    def of(cls, normal: Letters, letters: Letters, kept: _Ints, end: _Ints) -> "Rest":
        """Cut the column where the towns end."""
        begin, after_blank = shown_places(normal, letters, kept, end)
        return cls(letters.cut(end)[1], begin, with_blanks(normal).cut(begin)[1], after_blank)

    def numbers(self, chome: _Mask) -> pa.Array:
        """Return `tail` to read numbers from: behind a 丁目 a ノ joins (港町2ノ13), behind a name it is a 小字."""
        joined = pc.replace_substring_regex(self.tail, "^( *)ノ", r"\1-")
        return pc.if_else(pa.array(chome), joined, self.tail)

    @property
    def is_known(self) -> _Mask:
        """Where it begins with what may follow a town."""
        every = np.ones(len(self.begin), dtype=bool)
        numeral = pc.match_substring_regex(self.tail, f"^[{NUMERALS}]+ ").to_numpy(zero_copy_only=False)
        known: _Mask = self.after_blank | numeral | self.matches(every, _KNOWN_REST)
        return known

    def matches(self, rows: _Mask, pattern: str) -> _Mask:
        """Tell which of the given rows fit a pattern; false for the others."""
        fits: _Mask = np.zeros(len(rows), dtype=bool)
        if rows.any():
            fits[rows] = pc.match_substring_regex(self.text.filter(pa.array(rows)), pattern).to_numpy(
                zero_copy_only=False
            )
        return fits


@dataclass(frozen=True, slots=True)
class TownsRead:
    """What an address says up to its town.

    Attributes
    ----------
    said
        Shape (n,), flags of `Said`.
    entry
        Shape (n,), the spelling met, -1 for none or for one that is only the beginning of another name.
    begin, end
        Shape (n,), letters before and with the town.
    told, unknown
        Shape (n,), whether the writing settles that the first number is a 丁目, one that is known or one that is not.
    doubtful, foreign
        Shape (n,), whether the doubtful meaning holds, and whether another municipality is named.
    chome
        Shape (n,), whether the town ends with a 丁目 or a number that may be one.
    unread
        Shape (n,), whether letters that say nothing known follow: a 小字, a building, a longer name.
    """

    said: npt.NDArray[np.int8]
    entry: _Ints
    begin: _Ints
    end: _Ints
    told: _Mask
    unknown: _Mask
    doubtful: _Mask
    foreign: _Mask
    chome: _Mask
    unread: _Mask
    rest: Rest


def read_towns(normal: Letters, letters: Letters, kept: _Ints, heads: Heads, book: Book) -> TownsRead:
    """Find the town of each address.

    Parameters
    ----------
    normal, letters, kept
        The column as `geo.address.letters_of_addresses` gives it.
    """
    said, head, foreign = heads.read(letters)
    entry, town = _match(letters, head, np.ones(len(letters), dtype=bool), book)
    head = _after_streets(letters, head, entry, town, book)
    end = _after_repeats(letters, heads, head + town, entry, book)
    rest = Rest.of(normal, letters, kept, end)
    kind = np.where(entry >= 0, book.kind[entry], -1)
    short, told, unknown = _chome_in_doubt(kind, rest)
    foreign |= _is_foreign(kind, said, rest)
    size = np.where(entry >= 0, book.size[entry], 0)
    unread = (kind == Kind.TOWN) & ~rest.is_known
    entry[foreign | _is_longer_town(unread, size, rest)] = -1
    doubtful = ((short & ~told) | unknown) & (entry >= 0)
    chome = short | (kind == Kind.CHOME)
    unread |= rest.matches(entry >= 0, "^[大小]?字")
    return TownsRead(said, entry, end - size, end, told, unknown, doubtful, foreign, chome, unread, rest)


def _match(letters: Letters, head: _Ints, pending: _Mask, book: Book) -> tuple[_Ints, _Ints]:
    """Return the longest spelling of each address asked for (-1 for none) and its letters."""
    entry, town = np.full(len(letters), -1, dtype=np.int64), np.zeros(len(letters), dtype=np.int64)
    pending = pending.copy()
    for length, rows, numbers in book.texts.hits(letters, head, pending):
        following = letters.at(rows, head[rows] + length)
        fits = _may_follow(book.kind[numbers], book.completed[numbers], following)
        taken = rows[fits]
        entry[taken], town[taken], pending[taken] = numbers[fits], length, False
    return entry, town


def _may_follow(kind: npt.NDArray[np.int8], completed: _Mask, letter: npt.NDArray[np.uint32]) -> _Mask:
    """Tell whether a spelling may be followed by a letter (0 for the end).

    本町2 is no 丁目 in 本町25 or 本町2番地; 本町二 is one only before a hyphen; 小字 must be followed by a number, or
    the 中 of 下江留中央公園 would be the 小字 中; so must a name whose 町 is left out.
    """
    goes_on = np.isin(letter, _codes("0123456789番号地条線割丁月日年/."))
    hyphen = np.isin(letter, _codes("-ノー"))
    number = np.isin(letter, _codes("0123456789-第番無甲乙丙丁イロハ(" + NUMERALS))
    kinds = [kind == Kind.SHORT, kind == Kind.SHORT_KANJI, kind == Kind.KOAZA, completed & (kind == Kind.TOWN)]
    fits: _Mask = np.select(kinds, [~goes_on, hyphen, number | (letter == 0), number], True)
    return fits


def _codes(letters: str) -> npt.NDArray[np.uint32]:
    return np.array([ord(letter) for letter in letters], dtype=np.uint32)


def _after_streets(letters: Letters, head: _Ints, entry: _Ints, town: _Ints, book: Book) -> _Ints:
    """Skip the street part where a town follows it, and return where the towns begin; `entry` and `town` change.

    A town that is met before the street part ends is the beginning of a street's name (室町 of 室町通一条下る).
    """
    found = pc.extract_regex(letters.cut(head)[1], _STREET)
    streets = pc.fill_null(pc.utf8_length(pc.struct_field(found, "street")), 0).to_numpy(zero_copy_only=False)
    rows = (streets > 0) & ((entry < 0) | (town < streets))
    if not rows.any():
        return head
    after = np.where(rows, head + streets, head)
    there, length = _match(letters, after, rows, book)
    taken = there >= 0
    entry[taken], town[taken] = there[taken], length[taken]
    return np.where(taken, after, head)


def _after_repeats(letters: Letters, heads: Heads, end: _Ints, entry: _Ints, book: Book) -> _Ints:
    """Step over a town that is said twice (大島大島7), and return where the towns end; `entry` changes."""
    rows = np.flatnonzero((entry >= 0) & (end < letters.lengths))
    rest = letters.cut(end)[1].take(pa.array(rows))
    words = pc.match_substring_regex(rest, rf"^[^-0-9( {NUMERALS}]").to_numpy(zero_copy_only=False)
    rows = rows[words]
    if not len(rows):
        return end
    own = Letters.of(letters.cut(end)[1].take(pa.array(rows)))
    start = heads.read(own)[1]
    again, length = _match(own, start, np.ones(len(rows), dtype=bool), book)
    towns = book.meanings["town"].take(pa.array(book.plain[entry[rows]])).to_pylist()
    repeated = book.meanings["town"].take(pa.array(book.plain[again])).to_pylist()
    same = (again >= 0) & np.array(
        [bool(b) and b.startswith(a) for a, b in zip(towns, repeated, strict=True)], dtype=bool
    )
    end = end.copy()
    end[rows[same]] += (start + length)[same]
    entry[rows[same]] = again[same]
    return end


def names_a_town(texts: pa.Array, heads: Heads, book: Book) -> _Mask:
    """Tell which texts, as letters, begin with a town of the municipality."""
    letters = Letters.of(texts)
    every = np.ones(len(letters), dtype=bool)
    found: _Mask = _match(letters, heads.read(letters)[1], every, book)[0] >= 0
    return found


def _chome_in_doubt(kind: npt.NDArray[np.int8], rest: Rest) -> tuple[_Mask, _Mask, _Mask]:
    """Tell where a bare number can be the 丁目, where it is for sure, and where there is one that is not known.

    It is for sure if two more numbers follow or 番 comes after the next: of 451,787 real 地番 two had three parts. A
    third number of 100 or more may be a room. A town followed by a 丁目 that the gazetteer lacks, or by three
    numbers, has a 丁目 that is not known.
    """
    short = (kind == Kind.SHORT) | (kind == Kind.SHORT_KANJI)
    two_more = rest.matches(short, rf"^[-ノー]{_NUMBER}([-ノー][0-9]{{1,2}}([^0-9]|$)|番([^地]|$))")
    unknown = rest.matches(
        kind == Kind.TOWN,
        rf"^([0-9]+丁|([0-9]+|[{NUMERALS}]+)[丁町]目|[0-9]+[-ノー][0-9]+[-ノー][0-9]{{1,2}}([^0-9]|$))",
    )
    return short, two_more, unknown


def _is_foreign(kind: npt.NDArray[np.int8], said: npt.NDArray[np.int8], rest: Rest) -> _Mask:
    """Tell where another municipality is named: none of our names, but 市, 郡 or 区 (after a prefecture 町, 村 too)."""
    open_ = said & Said.WHOLE == 0
    after_town = rest.matches(open_ & (kind == Kind.TOWN), "^[^0-9]{0,5}[市郡区]")
    without = open_ & (kind < 0)
    pref_only = without & (said & Said.PREF > 0)
    return after_town | rest.matches(without, "^[^0-9]{1,7}?[市郡区]") | rest.matches(pref_only, "^[^0-9]{1,7}?[町村]")


def _is_longer_town(unread: _Mask, size: _Ints, rest: Rest) -> _Mask:
    """Tell where the town is only the beginning of another that the gazetteer lacks.

    下小田 in 下小田上町25, 港 in 港ノ島337 (but ノ is a 小字 in 港町ノ170); a town of one letter before any word is
    hardly ever meant.
    """
    part = rest.matches(unread, "^[上中下東西南北ノ]字?[0-9]")
    longer = rest.matches(unread, rf"^([^-0-9(]{{0,10}}?[町丁]({_NUMBER}|$)|々|ノ[^0-9字])")
    found: _Mask = longer | (unread & (size == 1) & ~part)
    return found


def with_blanks(normal: Letters) -> Letters:
    """Return the shown text as letters to match by, one for one: what matching leaves out is a blank."""
    codes = address_table()[normal.codes]
    codes[codes == 0] = ord(" ")
    return Letters(codes, normal.starts)


def shown_places(normal: Letters, letters: Letters, kept: _Ints, taken: _Ints) -> tuple[_Ints, _Mask]:
    """Return where in the shown text the letters taken end, and whether a blank stands there."""
    following = letters.starts[:-1] + taken
    inside = following < letters.starts[1:]
    place = normal.lengths.copy()
    place[inside] = kept[following[inside]] - normal.starts[:-1][inside]
    before = np.maximum(following - 1, 0)
    gap = inside & (taken > 0)
    blank = np.zeros(len(letters), dtype=bool)
    blank[gap] = (kept[following[gap]] - kept[before[gap]] > 1) | (letters.codes[following[gap]] == ord(" "))
    return place, blank
