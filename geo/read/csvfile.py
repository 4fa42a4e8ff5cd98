"""CSV and TSV: every cell as the text it is."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from geo.errors import ReadError
from geo.read.assemble import check_names
from geo.read.csvhead import Head, cells_of, find_head
from geo.read.csvscan import Offsets, Scan, scan
from geo.read.limits import MIB, Limits
from geo.read.model import Note, Parsed, rows_text
from geo.read.text import Bytes, Text, control_note, let_go

#: Bytes that are parsed at once: with larger blocks, or several at a time, memory is left in pieces.
_BLOCK = MIB
_SHOWN = 64 * 1024
#: Of so many rows one may have a wrong number of cells; with more of them the file is not what it seems.
_ROWS_PER_RAGGED = 20
_QUOTED = re.compile(rb'"[^"]*"?')
_LINES = re.compile(rb"[\r\n]+")


class _Raw(NamedTuple):
    """A text table before its values are taken out."""

    data: Bytes
    delimiter: str
    found: Scan
    head: Head

    def cells(self, place: int) -> list[str]:
        """Return the cells of one record."""
        return cells_of(self.data, self.found, place, self.delimiter)


def parse_csv(text: Text, file: str, limits: Limits) -> Parsed:
    """Read a table of text: no type is guessed, ``NA`` stays ``NA`` and an empty cell is ``""``.

    Lines above the table are left out and told. A table without headings gets ``列1`` ... ``列N``. A row with more or
    fewer cells than the table is kept as a bad row where such rows are rare; else the file is refused.

    Raises
    ------
    ReadError
        As `geo.read.csvscan.scan`; if a heading is doubled or missing, there are too many columns or no rows, too many
        rows have a wrong number of cells, or the parser returned another number of rows than were counted.
    """
    delimiter = _delimiter(text.data)
    found = scan(text.data, delimiter, limits, file)
    head = find_head(text.data, found, delimiter)
    remarks = (*_head_notes(found, head), *control_note(text))
    raw = _Raw(text.data, delimiter, found, head)
    names = _names(raw, file)
    if len(names) > limits.columns:
        raise ReadError("geo.columns_limit", file=file, columns=len(names), limit=limits.columns)
    count = len(found.starts) - head.first
    if count == 0:
        raise ReadError("geo.no_rows", file=file)
    ragged = _ragged(found, head, len(names), file)
    let_go(text.data)  # read once, and beside its table it would be in memory twice
    table = _parse(_body(raw, ragged, len(names)), raw, len(names))
    if table.num_rows != count:
        raise ReadError("geo.rows_not_as_counted", file=file, read=table.num_rows, counted=count)
    table, dropped = _without_empty(table, names, file)
    check_names(table.column_names, file)
    return Parsed(
        table, encoding=text.encoding, bad_geometry=dict.fromkeys((ragged + 1).tolist(), "geo.row_cells"),
        notes=(*remarks, *dropped, *_ragged_note(ragged)),
        format="tsv" if delimiter == "\t" else "csv",
    )  # fmt: skip


def _delimiter(data: Bytes) -> str:
    """Return what separates cells: a tab or a semicolon only where it certainly does.

    That is a tab where the first line has tabs and no comma, and either where nine lines of ten have the same number
    of it and fewer have the same number of commas.
    """
    lines = [line for line in _LINES.split(_QUOTED.sub(b"", data[:_SHOWN].tobytes())) if line.strip()]
    if not lines or (b"\t" in lines[0] and b"," not in lines[0]):
        return "\t" if lines else ","
    with_commas = _alike(lines, b",")
    for sign in (b"\t", b";"):
        alike = _alike(lines, sign)
        if alike > with_commas and 10 * alike >= 9 * len(lines):
            return sign.decode()
    return ","


def _alike(lines: list[bytes], sign: bytes) -> int:
    """Count the lines with the most frequent number of a sign."""
    counts = Counter(number for line in lines if (number := line.count(sign)))
    return max(counts.values(), default=0)


def _names(raw: _Raw, file: str) -> list[str]:
    """Return the headings; where all rows agree on another number of cells, without or with empty ones at the end."""
    head = raw.head
    if head.header is None:
        return [f"列{number}" for number in range(1, head.width + 1)]
    names = raw.cells(head.header)
    if len(names) != head.width:
        raise ReadError("geo.header_broken", file=file)
    widths = np.unique(raw.found.cells[head.first :])
    if widths.size != 1:
        return names
    width = int(widths[0])
    if not any(cell.strip() for cell in raw.cells(head.first)[len(names) :]):  # `_without_empty` looks at all rows
        names += [""] * (width - len(names))
    return names[:width] if not any(name.strip() for name in names[width:]) else names


def _ragged(found: Scan, head: Head, width: int, file: str) -> Offsets:
    """Return the positions of rows with a wrong number of cells."""
    cells = found.cells[head.first :]
    ragged = np.flatnonzero(cells != width)
    if ragged.size * _ROWS_PER_RAGGED > cells.size:
        raise ReadError(
            "geo.ragged_rows", file=file, count=ragged.size, rows=rows_text((ragged + 1).tolist()), expected=width,
            found=int(cells[ragged[0]]),
        )  # fmt: skip
    return ragged


class _Body(io.RawIOBase):
    """The rows as a stream, which lets go of what was read of a mapped file."""

    def __init__(self, pieces: Iterator[Bytes], mapped: Bytes) -> None:
        super().__init__()
        self._pieces, self._mapped = pieces, mapped
        self._piece = mapped[:0]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._piece.size:
            following = next(self._pieces, None)
            if following is None:
                return 0
            self._piece = following
        count = min(len(buffer), self._piece.size)
        buffer[:count] = self._piece[:count].data
        self._piece = self._piece[count:]
        let_go(self._mapped)
        return count


def _body(raw: _Raw, ragged: Offsets, width: int) -> Iterator[Bytes]:
    """Give the rows in pieces; where cells are missing they are empty, and a surplus stands in the last one."""
    data, found, first = raw.data, raw.found, raw.head.first
    start = int(found.starts[first])
    for place in (ragged + first).tolist():
        cells = raw.cells(place)
        cells += [""] * (width - len(cells))
        cells = [*cells[: width - 1], raw.delimiter.join(cells[width - 1 :])]
        line = io.StringIO()
        csv.writer(line, delimiter=raw.delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(cells)
        yield data[start : int(found.starts[place])]
        yield np.frombuffer(line.getvalue().encode(), dtype=np.uint8)
        start = int(found.ends[place])
    yield data[start:]


def _parse(body: Iterator[Bytes], raw: _Raw, width: int) -> pa.Table:
    numbered = [str(number) for number in range(width)]
    block = max(_BLOCK, 3 * int((raw.found.ends - raw.found.starts).max()))  # `_body` may double quotes
    return pa_csv.read_csv(
        io.BufferedReader(_Body(body, raw.data), block),
        read_options=pa_csv.ReadOptions(column_names=numbered, block_size=block, use_threads=False),
        parse_options=pa_csv.ParseOptions(delimiter=raw.delimiter, newlines_in_values=raw.found.quoted_breaks),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(numbered, pa.string()), strings_can_be_null=False, null_values=[]
        ),
    )


def _without_empty(table: pa.Table, names: list[str], file: str) -> tuple[pa.Table, tuple[Note, ...]]:
    """Drop columns that are empty all the way down and have no heading, or one that another column has as well.

    Spreadsheets leave the former at the right; which of two headings counts is certain where one column is empty.
    """
    twice = {name for name, count in Counter(names).items() if count > 1 and name.strip()}
    empty = [number for number in range(table.num_columns) if _is_empty(table, number, names[number], twice)]
    unnamed = [number for number, name in enumerate(names) if not name.strip() and number not in empty]
    if unnamed:
        raise ReadError("geo.column_without_name", file=file, number=unnamed[-1] + 1)
    for name in twice:  # one of them stays, filled or not
        alike = [number for number, other in enumerate(names) if other == name]
        if all(number in empty for number in alike):
            empty.remove(alike[0])
    kept = [number for number in range(table.num_columns) if number not in empty]
    doubled = [names[number] for number in empty if names[number] in twice]
    remarks = tuple[Note, ...](("geo.note_empty_double", {"column": name}) for name in dict.fromkeys(doubled))
    return table.select(kept).rename_columns([names[number] for number in kept]), remarks


def _is_empty(table: pa.Table, number: int, name: str, twice: set[str]) -> bool:
    looked_at = not name.strip() or name in twice
    return looked_at and all(value == "" for value in table.column(number).unique().to_pylist())


def _head_notes(found: Scan, head: Head) -> tuple[Note, ...]:
    notes: list[Note] = []
    start = head.first if head.header is None else head.header
    if start:
        lines = found.lines[:start].tolist()
        notes.append(("geo.note_lines_above", {"count": len(lines), "lines": rows_text(lines)}))
    if head.header is None:
        notes.append(("geo.note_no_header", {"columns": head.width}))
    if int(found.lines[-1]) > len(found.lines):
        blank = np.setdiff1d(np.arange(1, int(found.lines[-1]) + 1), found.lines, assume_unique=True).tolist()
        notes.append(("geo.note_blank_lines", {"count": len(blank), "lines": rows_text(blank)}))
    return tuple(notes)


def _ragged_note(ragged: Offsets) -> tuple[Note, ...]:
    if not ragged.size:
        return ()
    return (("geo.note_row_cells", {"count": ragged.size, "rows": rows_text((ragged + 1).tolist())}),)
