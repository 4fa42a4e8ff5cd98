"""The copy of a refused file as a workbook: cells of text, the refused rows in sight, the cells at fault in colour."""

import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import IO, Any, Final
from unicodedata import east_asian_width
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter import Workbook

from disaster.errors import IngestError
from exporters.clean import text_bytes, visible, without_controls
from exporters.sheetrows import LONGEST_TEXT, column_letters, escaped

#: Rows of a worksheet below its heading.
MAX_ROWS: Final = 1_048_575
_ROWS: Final = 8_192
_SAMPLE_ROWS: Final = 300
_WIDTHS: Final = (8, 30)
_SAID_WIDTH: Final = 46
_COMPRESSION: Final = 3
_MEMBER: Final = "xl/worksheets/sheet1.xml"

Flags = npt.NDArray[np.bool_]


def write_sheet(file: IO[bytes], table: pa.Table, *, marked: Mapping[str, Flags], shown: Flags) -> None:
    """Write a table of texts as a workbook of one sheet; its first two columns say what is wrong.

    The rows stand in their order. A filter on the first column hides those of which nothing is said; all of them are
    there and are read again. Text that Excel cannot hold is refused, never cut.

    Parameters
    ----------
    file
        Open for writing.
    table
        Columns of strings.
    marked
        By heading the rows whose cell is at fault.
    shown
        The rows of which something is said.

    Raises
    ------
    IngestError
        ``disaster.copy_cell_too_long`` if a cell is longer than Excel takes.
    """
    columns = [_fitting(table, name) for name in table.column_names]
    shell = _shell(table.column_names, columns, table.num_rows)
    with ZipFile(shell) as source, ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_COMPRESSION) as target:
        for name in source.namelist():
            xml = source.read(name)
            with target.open(name, "w", force_zip64=name == _MEMBER) as member:
                pieces = _with_rows(xml, table, columns, marked, shown) if name == _MEMBER else [xml]
                for piece in pieces:
                    member.write(piece)


def _fitting(table: pa.Table, name: str) -> pa.StringArray:
    """Return a column as Excel keeps it: line breaks as LF, control characters as signs that can be seen."""
    texts = without_controls(pc.fill_null(table.column(name).combine_chunks(), ""))[0]
    long = np.flatnonzero(np.diff(text_bytes(texts)[1]) > LONGEST_TEXT)
    for row in long.tolist():
        if len(texts[row].as_py().encode("utf-16-le")) // 2 > LONGEST_TEXT:
            raise IngestError("disaster.copy_cell_too_long", row=row + 1, column=name, limit=LONGEST_TEXT)
    return texts


def _shell(names: list[str], columns: list[pa.StringArray], rows: int) -> BytesIO:
    """Build the workbook with one row of blanks, whose styles the rows take over: plain, said, at fault."""
    shell = BytesIO()
    book = Workbook(shell, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    base: dict[str, Any] = {"num_format": "@", "valign": "top"}
    plain = book.add_format(base)
    said = book.add_format(base | {"text_wrap": True, "font_color": "#9C0006"})
    wrong = book.add_format(base | {"bg_color": "#FFC7CE", "border": 1, "border_color": "#9C0006"})
    heading = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True, "num_format": "@"})
    sheet = book.add_worksheet("直すところ")
    for number, (name, column) in enumerate(zip(names, columns, strict=True)):
        # the style of the column, so that a cell that is typed anew stays text too
        sheet.set_column(number, number, _SAID_WIDTH if number < 2 else _width(name, column), plain)
        sheet.write_string(0, number, visible(name), heading)
    for number, style in enumerate((plain, said, wrong)):
        sheet.write_blank(1, number, None, style)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(rows, 1), len(names) - 1)
    sheet.filter_column(0, "x == NonBlanks")
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    book.close()
    return shell


def _width(name: str, column: pa.StringArray) -> float:
    texts = [name, *column.slice(0, _SAMPLE_ROWS).to_pylist()]
    longest = max(max((_display_width(line) for line in text.splitlines()), default=0) for text in texts)
    return float(min(max(longest + 2, _WIDTHS[0]), _WIDTHS[1]))


def _display_width(text: str) -> int:
    return sum(2 if east_asian_width(sign) in "WFA" else 1 for sign in text[: _WIDTHS[1]])


def _with_rows(
    xml: bytes, table: pa.Table, columns: list[pa.StringArray], marked: Mapping[str, Flags], shown: Flags
) -> Iterator[bytes | memoryview]:
    """Yield the sheet with its rows in the place of the row of blanks."""
    found = re.search(rb'<row r="2".*?</row>', xml, re.DOTALL)
    if found is None:
        raise ValueError("the shell of the workbook has no row of blanks")  # a change in xlsxwriter
    styles = [style.decode() for style in re.findall(rb' s="(\d+)"', found.group())]
    extent = b'<dimension ref="A1:%s%d"/>' % (column_letters(len(columns) - 1).encode(), table.num_rows + 1)
    yield re.sub(rb'<dimension ref="[^"]*"/>', extent, xml[: found.start()], count=1)
    wrong = [marked.get(name) for name in table.column_names]
    for low in range(0, table.num_rows, _ROWS):
        here = slice(low, min(low + _ROWS, table.num_rows))
        yield _rows(columns, wrong, styles[-3:], shown, here)
    yield xml[found.end() :]


def _rows(
    columns: list[pa.StringArray], wrong: list[Flags | None], styles: list[str], shown: Flags, here: slice
) -> memoryview:
    """Return some rows as XML; those that nothing is said of are hidden."""
    numbers = pa.array(np.arange(here.start + 2, here.stop + 2)).cast(pa.string())
    hidden = pc.if_else(pa.array(shown[here]), "", ' hidden="1"')
    pieces: list[pa.Array | str] = ['<row r="', numbers, '"', hidden, ">"]
    for number, (column, flags) in enumerate(zip(columns, wrong, strict=True)):
        style: pa.Array | str = styles[1] if number < 2 else styles[0]
        marked = None if flags is None or not flags[here].any() else pa.array(flags[here])
        style = style if marked is None else pc.if_else(marked, styles[2], style)
        texts = column.slice(here.start, here.stop - here.start)
        pieces.append(_cells(texts, numbers, column_letters(number), style, marked))
    whole: memoryview = text_bytes(pc.binary_join_element_wise(*pieces, "</row>", ""))[0].data
    return whole


def _cells(
    texts: pa.StringArray, numbers: pa.StringArray, letters: str, style: pa.Array | str, wrong: pa.Array | None
) -> pa.StringArray:
    """Return the cells of a column as XML; an empty one is written only where it is at fault, for its colour."""
    opening, written = escaped(texts)
    where = f'<c r="{letters}'
    filled = pc.binary_join_element_wise(
        where, numbers, '" s="', style, f'" t="inlineStr"><is><t{opening}>', written, "</t></is></c>", ""
    )
    empty = pc.equal(texts, "")
    if wrong is None:
        return pc.if_else(empty, "", filled)
    coloured = pc.binary_join_element_wise(where, numbers, '" s="', style, '"/>', "")
    return pc.if_else(empty, pc.if_else(wrong, coloured, ""), filled)
