"""The addresses of any list, placed: each row with what was found and how sure, and a count of every doubt.

The list is the user's own file and stays beside it: nothing here reads or writes a store.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz, process

from disaster.errors import IngestError
from disaster.layouts import recognise_any
from disaster.layouts.model import GEOMETRY, fold_heading
from disaster.layouts.recognise import PEOPLE
from disaster.models import NOUNS, PLACE_COLUMNS
from disaster.placelist.second import SecondOpinion, second_opinion
from geo.address import fold
from geo.faults import words
from geo.gazetteer import Gazetteer
from geo.place import place, with_postal_doubt

#: Headings under which lists give an address, the likeliest first.
ADDRESS_HEADINGS = ("住所", "所在地", "所在地_連結表記", "現住所", "住所1", "施設住所", "address")
_POSTAL_HEADINGS = frozenset({"郵便番号", "〒", "postal_code"})

#: Levels from the coarsest to the finest.
LEVELS = tuple(PLACE_COLUMNS[0].choices)

#: Texts without a town for which suggestions are looked up; the rest is counted.
MAX_SUGGESTED = 200
_LIKE_ENOUGH = 50.0  # of two letters one is right
_SUGGESTIONS = 3

#: Headings of what is added to the rows, by the column of the answer.
ADDED: Mapping[str, str] = {
    "level": "位置の精度", "lon": "経度", "lat": "緯度", "point_level": "点の精度", "town": "町丁・字(照合結果)",
    "number": "番号(照合結果)", "building": "建物名等(読み分け)", "matched": "読めた部分", "rest": "読めなかった部分",
    "n_candidates": "候補の数", "candidate_kinds": "候補の種類", "spread_m": "候補の広がり(m)", "source": "位置の出典",
    "reason": "位置についての注意",
}  # fmt: skip
#: What is added where the rows are about homes or people: nothing that could be told without the list beside it.
_SPARING = ("level", "point_level", "town", "n_candidates", "candidate_kinds", "spread_m", "source", "reason")
#: Headings over people in lists of addresses, besides those of any list of people.
_MORE_PEOPLE = re.compile("^お?名前$|本人|連絡者")
#: Headings of the second opinion, by its columns.
SECOND: Mapping[str, str] = {
    "level": "第二の意見(jageocoder)", "name": "第二の意見の住所", "lon": "第二の意見の経度", "lat": "第二の意見の緯度",
}  # fmt: skip
_KINDS = {
    "town": "町丁・字", "chome": "丁目", "koaza": "小字", "lot": "地番", "block": "街区", "dwelling": "住居番号",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A text in which no town was found: how often it stands in the list, and towns that it may mean."""

    text: str
    count: int
    rows: tuple[int, ...]
    towns: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PlacedList:
    """A list and what was found for each of its rows.

    Attributes
    ----------
    table
        The list as it came, all text.
    addresses
        Its addresses.
    found
        The answer of ``geo.place.place``, row for row.
    gazetteer
        What it was placed by.
    column
        Heading of the addresses.
    personal
        Whether the rows are about homes or people. Of such a list only row numbers, levels and doubts are written:
        rows about homes and people leave through ``disaster.provide`` alone.
    """

    table: pa.Table = field(repr=False)
    addresses: pa.ChunkedArray = field(repr=False)
    found: pa.Table = field(repr=False)
    gazetteer: Gazetteer = field(repr=False)
    column: str
    personal: bool
    second: SecondOpinion | None = None

    @property
    def asked(self) -> str:
        """The level below which a row is in doubt: a number where the gazetteer holds numbers, else a town."""
        return "number" if self.gazetteer.numbers.num_rows else "town"

    @property
    def doubtful(self) -> pa.Array:
        """Tell for each row whether somebody should look at it: too coarse, no single point, or a reason given."""
        level = pc.index_in(self.found["level"], value_set=pa.array(LEVELS)).combine_chunks()
        coarse = pc.less(level, LEVELS.index(self.asked))
        return pc.or_(coarse, pc.or_(self.found["lon"].is_null(), self.found["reason"].is_valid()).combine_chunks())

    @property
    def n_doubtful(self) -> int:
        """Count the rows in doubt."""
        return int(pc.sum(self.doubtful).as_py() or 0)

    @property
    def n_exact(self) -> int:
        """Count the rows without doubt whose point is that of their number; the others stand for a town or 丁目."""
        exact = pc.equal(self.found["point_level"], "number").combine_chunks()
        return int(pc.sum(pc.and_(pc.fill_null(exact, fill_value=False), pc.invert(self.doubtful))).as_py() or 0)

    @property
    def ambiguous(self) -> int:
        """Count rows with several candidates too far apart for one point."""
        several = pc.and_(pc.greater(self.found["n_candidates"], 1), self.found["lon"].is_null())
        return int(pc.sum(several).as_py() or 0)

    def by_level(self) -> dict[str, int]:
        """Count rows by the level that their text names, every level and all rows."""
        counted = {one["values"]: one["counts"] for one in self.found["level"].value_counts().to_pylist()}
        return {level: counted.get(level, 0) for level in LEVELS}

    def by_reason(self) -> dict[str, int]:
        """Count rows by what is in doubt, most frequent first."""
        counted = [one for one in self.found["reason"].value_counts().to_pylist() if one["values"]]
        return {one["values"]: one["counts"] for one in sorted(counted, key=lambda one: -one["counts"])}

    def rows(self) -> pa.Table:
        """Return the list with what was found beside each row, in words for people.

        Of a list about homes or people the number of the row (1 is the first below the heading) stands for its cells.
        """
        numbers = pa.table({"行": pa.array(np.arange(1, self.table.num_rows + 1, dtype=np.int32))})
        table = numbers if self.personal else self.table
        table = table.append_column(_free("要確認", table.column_names), self.doubtful)
        for name, heading in ADDED.items():
            if not self.personal or name in _SPARING:
                table = table.append_column(_free(heading, table.column_names), _shown(self.found, name))
        return table if self.second is None else self._with_second(table, self.second.table)

    def asked_elsewhere(self, dictionary: Path) -> PlacedList:
        """Return the list with a second opinion on the rows that were not read down to their number.

        Raises
        ------
        IngestError
            As `disaster.placelist.second.second_opinion`.
        """
        addresses, levels = self.addresses, self.found["level"]
        code = self.gazetteer.municipality
        return replace(self, second=second_opinion(addresses, levels, municipality=code, dictionary=dictionary))

    def _with_second(self, table: pa.Table, opinion: pa.Table) -> pa.Table:
        for name, heading in SECOND.items():
            if name == "level" or not self.personal:
                table = table.append_column(_free(heading, table.column_names), _shown(opinion, name))
        return table

    def unplaced(self) -> tuple[list[Unplaced], int]:
        """Return the texts in which no town was found with towns they may mean, most frequent first, and their count.

        Similarity only suggests (rapidfuzz); it never places.
        """
        lost = pc.equal(self.found["reason"], "geo.place_town_not_found")
        rows = np.flatnonzero(pc.fill_null(lost, fill_value=False).to_numpy())
        texts = self.found["rest"].take(pa.array(rows)).to_pylist()
        groups: dict[str, list[int]] = {}
        for row, text in zip(rows.tolist(), texts, strict=True):
            groups.setdefault(_before_number(text), []).append(row + 1)
        often = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
        towns = _Towns.of(self.gazetteer)
        shown = [Unplaced(text, len(at), tuple(at[:10]), towns.like(text)) for text, at in often[:MAX_SUGGESTED]]
        return shown, len(groups)


@dataclass(frozen=True, slots=True)
class _Towns:
    keys: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, gazetteer: Gazetteer) -> _Towns:
        names = pc.unique(gazetteer.table["town"])
        return cls(tuple(fold(names).to_pylist()), tuple(names.to_pylist()))

    def like(self, text: str) -> tuple[str, ...]:
        """Return the towns most like a text, the likest first."""
        key = fold(pa.array([text], pa.string()))[0].as_py()
        found = process.extract(key, self.keys, scorer=fuzz.ratio, limit=_SUGGESTIONS, score_cutoff=_LIKE_ENOUGH)
        return tuple(self.names[number] for _, _, number in found)


def place_list(table: pa.Table, gazetteer: Gazetteer, *, column: str | None = None) -> PlacedList:
    """Place the addresses of a list.

    Parameters
    ----------
    table
        Of ``geo.read.RawTable``: every column text. Postal codes beside the addresses are compared with them.
    gazetteer
        Of the municipality to which all addresses are declared to belong.
    column
        Heading of the addresses; by default the likeliest of `ADDRESS_HEADINGS`.

    Raises
    ------
    IngestError
        ``disaster.place_no_column`` if the heading is not there or none looks like an address.
    """
    heading = address_column(table.column_names, column)
    plain = table.drop_columns([name for name in (GEOMETRY,) if pa.types.is_binary(_type(table, name))])
    found = place(table[heading], gazetteer, municipality=gazetteer.municipality)
    postal = next((name for name in table.column_names if fold_heading(name) in _POSTAL_HEADINGS), None)
    if postal is not None:
        found = with_postal_doubt(found, table[postal], gazetteer)
    return PlacedList(plain, table[heading], found, gazetteer, heading, is_personal(table.column_names))


def is_personal(headings: Sequence[str]) -> bool:
    """Tell by its headings whether a list is about homes or people: a known register, or a column of names."""
    folded = [fold_heading(heading) for heading in headings]
    if any(PEOPLE.search(heading) or _MORE_PEOPLE.search(heading) for heading in folded):
        return True
    likely = recognise_any(headings, file="")
    return bool(likely) and NOUNS[likely[0].layout.kind].personal and not likely[0].missing


def _type(table: pa.Table, name: str) -> pa.DataType:
    return table.schema.field(name).type if name in table.column_names else pa.string()


def address_column(headings: Sequence[str], column: str | None = None) -> str:
    """Return the heading of the addresses: the given one, the likeliest known one, or the only one that says 住所."""
    wanted = (column,) if column is not None else ADDRESS_HEADINGS
    for name in wanted:
        for heading in headings:
            if fold_heading(heading) == fold_heading(name):
                return heading
    like = [heading for heading in headings if column is None and re.search("住所|所在地", heading)]
    if len(like) == 1:
        return like[0]
    raise IngestError("disaster.place_no_column", column=column or "住所", found="、".join(like or headings))


def _free(heading: str, taken: Sequence[str]) -> str:
    """Return the heading, numbered if the list has one of that name already."""
    number, free = 1, heading
    while free in taken:
        number += 1
        free = f"{heading}{number}"
    return free


def _shown(found: pa.Table, name: str) -> pa.Array:
    column = found[name].combine_chunks()
    match name:
        case "level" | "point_level":
            return _worded(column, PLACE_COLUMNS[0].choices)
        case "reason":
            codes = pc.unique(column.drop_null()).to_pylist()
            return _worded(column, {code: words(code) for code in codes})
        case "candidate_kinds":
            lists = pc.unique(column).to_pylist()
            named = {text: "・".join(_KINDS.get(kind, kind) for kind in text.split(",") if kind) for text in lists}
            return _worded(column, named)
        case "spread_m":
            return pc.round(column, 0)
        case _:
            return column


def _worded(column: pa.Array, labels: Mapping[str, str]) -> pa.Array:
    coded = column.cast(pa.string()).dictionary_encode()
    shown = [labels.get(code, code) for code in coded.dictionary.to_pylist()]
    return pa.array(shown, pa.string()).take(coded.indices)


def _before_number(text: str) -> str:
    """Return what stands before the first number, where the name of the town must be: 潮実町3-4 gives 潮実町."""
    return re.split(r"[0-9０-９]", text.strip(), maxsplit=1)[0].strip() or text.strip()
