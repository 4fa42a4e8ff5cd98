"""CSV and TSV: every cell as the text it is."""

import csv
from collections import Counter

import pyarrow as pa
import pyarrow.csv as pa_csv

from geo.errors import ReadError
from geo.read.csvscan import Scan, scan
from geo.read.limits import MIB, Limits
from geo.read.model import Note, Parsed, rows_text
from geo.read.text import Bytes, Text, control_note

_BLOCK = 8 * MIB
_HEADER_SHOWN = 64 * 1024


def parse_csv(text: Text, file: str, limits: Limits) -> Parsed:
    """Read a table of text: no type is guessed, ``NA`` stays ``NA`` and an empty cell is ``""``.

    Raises
    ------
    ReadError
        As `geo.read.csvscan.scan`; if a heading is doubled or missing, there are too many columns or no rows, or the
        parser returned another number of rows than were counted.
    """
    delimiter = _delimiter(text.data)
    found = scan(text.data, delimiter, limits, file)
    if found.cells > limits.columns:
        raise ReadError("geo.columns_limit", file=file, columns=found.cells, limit=limits.columns)
    names = _names(text.data, found, delimiter, file)
    if found.rows == 0:
        raise ReadError("geo.no_rows", file=file)
    table = _parse(text.data, found, delimiter, limits)
    if table.num_rows != found.rows:
        raise ReadError("geo.rows_not_as_counted", file=file, read=table.num_rows, counted=found.rows)
    table = _without_unnamed(table.rename_columns(names), file)
    check_names(table.column_names, file)
    return Parsed(
        table, encoding=text.encoding, notes=(*_blank_note(found), *control_note(text)),
        format="tsv" if delimiter == "\t" else "csv",
    )  # fmt: skip


def check_names(names: list[str], file: str) -> None:
    """Refuse a table with two columns of one name."""
    doubled = [name for name, count in Counter(names).items() if count > 1]
    if doubled:
        raise ReadError("geo.columns_doubled", file=file, columns="、".join(f"「{name}」" for name in doubled[:10]))


def _delimiter(data: Bytes) -> str:
    """Return a tab where the first line has tabs and no comma."""
    line = data[:_HEADER_SHOWN].tobytes().lstrip(b"\r\n").split(b"\n", 1)[0]
    return "\t" if b"\t" in line and b"," not in line else ","


def _names(data: Bytes, found: Scan, delimiter: str, file: str) -> list[str]:
    start, end = found.header
    record = data[start:end].tobytes().decode("utf-8").rstrip("\r\n")
    try:
        names = next(csv.reader([record], delimiter=delimiter, strict=True))
    except csv.Error:
        names = []
    if len(names) != found.cells:
        raise ReadError("geo.header_broken", file=file)
    return names


def _parse(data: Bytes, found: Scan, delimiter: str, limits: Limits) -> pa.Table:
    numbered = [str(number) for number in range(found.cells)]
    return pa_csv.read_csv(
        pa.BufferReader(pa.py_buffer(data[found.header[1] :])),
        read_options=pa_csv.ReadOptions(column_names=numbered, block_size=max(_BLOCK, 2 * limits.line_bytes)),
        parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=found.quoted_breaks),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(numbered, pa.string()), strings_can_be_null=False, null_values=[]
        ),
    )


def _without_unnamed(table: pa.Table, file: str) -> pa.Table:
    """Drop columns without heading that are empty all the way down, as spreadsheets leave them at the right."""
    for number in reversed(range(table.num_columns)):
        if table.column_names[number].strip():
            continue
        if any(value != "" for value in table.column(number).unique().to_pylist()):
            raise ReadError("geo.column_without_name", file=file, number=number + 1)
        table = table.remove_column(number)
    return table


def _blank_note(found: Scan) -> tuple[Note, ...]:
    if not found.blank_lines:
        return ()
    return (("geo.note_blank_lines", {"count": len(found.blank_lines), "lines": rows_text(found.blank_lines)}),)
