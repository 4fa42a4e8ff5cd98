"""What a file says and nothing reads: columns that no layout knows, and one of two columns that disagree."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from disaster.layouts.model import MGRS_HEADINGS, PLACE_NAMES, Layout, find_heading, fold_heading
from disaster.models import NOUNS, Noun, Shape

#: Headings of columns that hold positions, however they are called.
_POSITION = re.compile("緯度|経度|座標|^(東経|北緯|lat|lon|lng)")
#: What the reader writes behind a column that it has turned into places already.
_CONVERTED = "（変換前）"
#: What stands between the name of an amount and the part of it that a column holds: 収容人数（屋内）, 収容人数 屋内.
_PART = re.compile(r"[\s(（\[［_・/／:：]")

Text = Callable[[str], pa.Array | None]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """A remark on a column of the file, with the numbers of its rows: 1 is the first below the header."""

    code: str
    column: str
    rows: npt.NDArray[np.int64] = field(repr=False)


def unread_headings(layout: Layout, table: pa.Table) -> tuple[str, ...]:
    """Return the headings of columns that hold something and that the layout does not know, as the file has them."""
    found = {fold_heading(name): name for name in table.column_names}
    known = {find_heading(name, found) for name in layout.headings}
    loose = (name for folded, name in found.items() if folded not in known and not name.endswith(_CONVERTED))
    return tuple(name.strip() for name in loose if _filled(table.column(name)))


def _filled(column: pa.ChunkedArray) -> bool:
    if not pa.types.is_string(column.type):
        return False
    return bool(pc.any(pc.not_equal(pc.utf8_trim_whitespace(column), "")).as_py())


def positions(layout: Layout, table: pa.Table, unread: tuple[str, ...]) -> tuple[str, ...]:
    """Return which unread columns look like positions, where the rows get none from any other column."""
    if NOUNS[layout.kind].shape is not Shape.POINT or any(pa.types.is_binary(one.type) for one in table.schema):
        return ()
    found = frozenset(fold_heading(name) for name in table.column_names)
    read = [name for place in PLACE_NAMES if place in layout.columns for name in layout.columns[place].headings]
    if any(find_heading(name, found) for name in (*read, *MGRS_HEADINGS)):
        return ()
    return tuple(name for name in unread if _POSITION.search(fold_heading(name)))


def disagreeing(layout: Layout, text: Text, rows: npt.NDArray[np.int64], keep: Flags) -> tuple[Said, ...]:
    """Return where columns of one meaning are filled and differ, of which only the first that is filled is read.

    Parameters
    ----------
    layout
        One whose several headings of a column are synonyms, not a first and a second choice.
    text
        Gives the trimmed column under a heading.
    rows, keep
        Numbers of the rows, and which of them are of the kind.
    """
    said = []
    for value in layout.columns.values():
        columns = [(name, column) for name in value.sources if (column := text(name)) is not None]
        differ, read = np.zeros(len(rows), dtype=bool), columns[0][1] if columns else None
        for _name, column in columns[1:]:
            differ[_differing(read, column)] = True
            read = pc.if_else(pc.equal(read, ""), column, read)
        if (differ & keep).any():
            headings = "・".join(name for name, _column in columns)
            said.append(Said("disaster.columns_disagree", headings, rows[differ & keep]))
    return tuple(said)


def _differing(read: pa.Array, other: pa.Array) -> npt.NDArray[np.int64]:
    """Return the positions at which both are filled and mean different things."""
    filled = pc.and_(pc.not_equal(read, ""), pc.not_equal(other, ""))
    at = np.flatnonzero(pc.and_(filled, pc.not_equal(read, other)).to_numpy(zero_copy_only=False))
    pairs = zip(read.take(pa.array(at)).to_pylist(), other.take(pa.array(at)).to_pylist(), strict=True)
    meant = np.array([_meant(one) != _meant(two) for one, two in pairs], dtype=bool)
    return np.asarray(at[meant], dtype=np.int64)


def _meant(text: str) -> str | float:
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    try:
        return float(plain.replace(",", ""))
    except ValueError:
        return plain


def parts_of_amounts(
    noun: Noun, layout: Layout, columns: Mapping[str, pa.Array], text: Text, unread: tuple[str, ...]
) -> Mapping[str, pa.Array]:
    """Return unread columns that are parts of an amount the file does not give whole: 収容人数（屋内）, …（屋外）.

    They are not added up: whether parts overlap is not known.
    """
    wanted = {
        fold_heading(name)
        for item in noun.fields
        if item.units and item.name in layout.columns and columns[item.name].null_count == len(columns[item.name])
        for name in layout.columns[item.name].sources
    }
    parts = [name for name in unread if len(_PART.split(name)) > 1 and fold_heading(_PART.split(name)[0]) in wanted]
    return {name: column for name in parts if (column := text(name)) is not None}


def into_notes(notes: pa.Array, parts: Mapping[str, pa.Array]) -> pa.Array:
    """Return the column of notes with what stands in these columns behind what stands there."""
    for name, column in parts.items():
        said = pc.binary_join_element_wise(f"{name}：", column, "")
        behind = pc.if_else(notes.is_valid(), pc.binary_join_element_wise(pc.fill_null(notes, ""), said, "、"), said)
        notes = pc.if_else(pc.not_equal(column, ""), behind, notes)
    return notes
