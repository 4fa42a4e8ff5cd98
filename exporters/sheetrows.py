"""Rows of a worksheet as the XML of the Office Open XML standard (ISO/IEC 29500-1, 18.3), out of whole columns.

Spreadsheet libraries build one object per cell: 419,411 rows of 25 columns take them a minute and a half. Here a
column becomes text in one go, and a row is the concatenation of its cells. Text cells are in-line strings: no
formula, link or number can come out of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agreements.format import ColumnType
from exporters.cells import Cells
from exporters.clean import text_bytes

#: Rows turned into XML at a time, about 10 MB.
_ROWS: Final = 8_192
#: What Excel takes in one cell, counted in UTF-16 units.
LONGEST_TEXT: Final = 32_767
_MICROSECONDS_A_DAY: Final = 86_400_000_000
#: 1970-01-01 as a serial day of Excel.
_EPOCH: Final = 25_569
#: Excel's calendar has a 29 February 1900 that never was; earlier days cannot be written as dates.
_FIRST_DAY: Final = np.datetime64("1900-03-01", "D")
#: Above it Excel rounds whole numbers.
_EXACT: Final = 10**15


@dataclass(frozen=True, slots=True, eq=False)
class SheetColumn:
    """A column ready to be written: text as string, everything else as the number that Excel keeps."""

    label: str
    type: ColumnType
    values: pa.Array

    @property
    def is_text(self) -> bool:
        """Whether the cells are strings."""
        return bool(pa.types.is_string(self.values.type))


def column_letters(index: int) -> str:
    """Return the letters of a column: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def sheet_columns(cells: Sequence[Cells]) -> tuple[list[SheetColumn], int]:
    """Turn cells into what Excel keeps; texts longer than Excel takes are cut, say so, and are counted."""
    columns = []
    cut = 0
    for cell in cells:
        values, shortened = _for_excel(cell)
        cut += shortened
        kind = ColumnType.TEXT if pa.types.is_string(values.type) and cell.type not in _TEXTUAL else cell.type
        columns.append(SheetColumn(cell.label, kind, values))
    return columns, cut


_TEXTUAL: Final = (ColumnType.TEXT, ColumnType.CHOICE, ColumnType.FLAG, ColumnType.LIST)


def _for_excel(cell: Cells) -> tuple[pa.Array, int]:
    match cell.type:
        case ColumnType.NUMBER:
            return cell.values, 0
        case ColumnType.INTEGER:
            largest = pc.max(pc.abs(cell.values)).as_py() or 0
            return (cell.values.cast(pa.string()) if largest > _EXACT else cell.values), 0
        case ColumnType.TIME:
            return _serial(cell.values), 0
        case ColumnType.DATE:
            return _serial(cell.values), 0
        case _:
            return _short_enough(cell.values)


def _serial(times: pa.Array) -> pa.Array:
    """Return Excel's serial days; a column with a day that Excel cannot count becomes text."""
    earliest = pc.min(times).as_py()
    if earliest is not None and np.datetime64(earliest, "D") < _FIRST_DAY:
        plain = times if pa.types.is_date(times.type) else times.cast(pa.timestamp("s"), safe=False)
        return pc.replace_substring(plain.cast(pa.string()), "-", "/")
    if pa.types.is_date(times.type):
        return pc.add(times.cast(pa.int32()), _EPOCH).cast(pa.float64())
    return pc.add(pc.divide(times.cast(pa.int64()).cast(pa.float64()), float(_MICROSECONDS_A_DAY)), float(_EPOCH))


def _short_enough(texts: pa.StringArray) -> tuple[pa.StringArray, int]:
    _, offsets = text_bytes(texts)
    long = np.flatnonzero(np.diff(offsets) > LONGEST_TEXT)  # bytes of UTF-8 are never fewer than units of UTF-16
    kept = {row: text for row in long.tolist() if (text := _cut(texts[row].as_py())) is not None}
    if not kept:
        return texts, 0
    mask = np.zeros(len(texts), bool)
    mask[list(kept)] = True
    return pc.replace_with_mask(texts, pa.array(mask), pa.array(list(kept.values()), pa.string())), len(kept)


def _cut(text: str) -> str | None:
    """Shorten a text that Excel cannot take, saying so at its end; None if it fits."""
    units = text.encode("utf-16-le")
    if len(units) // 2 <= LONGEST_TEXT:
        return None
    end = f"…【長いため以下を省略。全部で{len(text):,}字】"
    return units[: 2 * (LONGEST_TEXT - len(end))].decode("utf-16-le", "ignore") + end


def rows_as_xml(
    columns: Sequence[SheetColumn], styles: Sequence[str], start: int, stop: int, first_row: int
) -> Iterator[memoryview]:
    """Yield rows `start` to `stop` as XML bytes, the first of them standing in row `first_row` (1 = top) of the sheet.

    `styles` holds the style index of each column. An empty value writes no cell.
    """
    for low in range(start, stop, _ROWS):
        count = min(_ROWS, stop - low)
        numbers = pa.array(np.arange(first_row + low - start, first_row + low - start + count)).cast(pa.string())
        pieces: list[pa.Array | str] = ['<row r="', numbers, '">']
        for i, (column, style) in enumerate(zip(columns, styles, strict=True)):
            pieces.append(_cell(column.values.slice(low, count), numbers, column_letters(i), style))
        yield text_bytes(pc.binary_join_element_wise(*pieces, "</row>", ""))[0].data


def _cell(values: pa.Array, numbers: pa.StringArray, letters: str, style: str) -> pa.StringArray:
    where = f'<c r="{letters}'
    if not pa.types.is_string(values.type):
        text = pc.binary_join_element_wise(
            where, numbers, f'" s="{style}"><v>', values.cast(pa.string()), "</v></c>", ""
        )
        return pc.fill_null(text, "")
    if values.null_count == len(values):
        return pa.repeat(pa.scalar(""), len(values))
    opening, written = escaped(values)
    text = pc.binary_join_element_wise(
        where, numbers, f'" s="{style}" t="inlineStr"><is><t{opening}>', written, "</t></is></c>", ""
    )
    return pc.if_else(pc.fill_null(pc.not_equal(values, ""), False), text, "")


def escaped(texts: pa.StringArray) -> tuple[str, pa.StringArray]:
    """Escape text for XML and for Excel, which takes ``_x0041_`` for A; say whether blanks at the ends must stay."""
    data, offsets = text_bytes(texts)
    filled = offsets[1:] > offsets[:-1]
    ends = np.concatenate([offsets[:-1][filled], offsets[1:][filled] - 1])
    opening = ' xml:space="preserve"' if (data[ends] <= 0x20).any() else ""
    present = np.bincount(data, minlength=256) > 0
    for sign, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        if present[ord(sign)]:
            texts = pc.replace_substring(texts, sign, written)
    if present[ord("_")] and present[ord("x")]:
        texts = pc.replace_substring_regex(texts, "(_x[0-9A-Fa-f]{4}_)", r"_x005F\1")
    return opening, texts
