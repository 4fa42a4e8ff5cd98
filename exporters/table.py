"""Tables for spreadsheets: CSV here, XLSX from ``exporters.sheets``."""

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from agreements.format import ColumnType
from exporters.cells import DRILL, Cells, as_people_read
from exporters.clean import without_formulas
from exporters.model import Layer, Marks
from exporters.sheets import write_xlsx
from exporters.whole import written_whole

__all__ = ["write_csv", "write_xlsx"]

#: Without it Excel takes the file for CP932.
_BOM: Final = b"\xef\xbb\xbf"
_OPTIONS: Final = csv.WriteOptions(include_header=True, eol="\r\n", batch_size=65_536)


def write_csv(path: Path, layer: Layer, marks: Marks) -> int:
    """Write a layer as CSV for spreadsheets: UTF-8 with BOM, CRLF, Japanese headings.

    Times are Japan time (``2026/11/21 10:05:00``), choices their labels, flags ○ or empty, lists joined by 、. A
    point layer ends with 経度, 緯度 and UTM座標(MGRS). Text that a spreadsheet would run as a formula gets an
    apostrophe in front; control characters become visible signs; numbers stay as they are. A CSV file has no room for
    a heading of its own, so in a drill its first column says 訓練 on every row.

    Returns
    -------
    int
        Rows written below the heading, always the rows of the layer.

    Raises
    ------
    ExportError
        ``exporters.bad_place`` or ``exporters.cannot_write``.
    """
    cells, _ = as_people_read(layer)
    arrays = [_text(cell) for cell in cells]
    names = [cell.label for cell in cells]
    if marks.drill:
        arrays.insert(0, pa.repeat(pa.scalar(DRILL), len(layer)))
        names.insert(0, DRILL)
    heading = without_formulas(pa.array(names, pa.string())).to_pylist()
    table = pa.Table.from_arrays(arrays, names=heading)
    with written_whole(path) as partial, partial.open("wb") as file:
        file.write(_BOM)
        csv.write_csv(table, file, _OPTIONS)
    return len(layer)


def _text(cell: Cells) -> pa.Array:
    match cell.type:
        case ColumnType.TIME:
            return _slashed(cell.values.cast(pa.timestamp("s"), safe=False))
        case ColumnType.DATE:
            return _slashed(cell.values)
        case ColumnType.INTEGER | ColumnType.NUMBER:
            return cell.values
        case _:
            return without_formulas(cell.values)


def _slashed(days: pa.Array) -> pa.StringArray:
    return pc.replace_substring(days.cast(pa.string()), "-", "/")
