"""An independent look at a text table, byte by byte in whole arrays: where records end and how many cells each has.

The parser proper (pyarrow) tells neither row numbers of ragged rows nor about quotes left open; and rows it returns
are only believed if they are as many as counted here.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.errors import ReadError
from geo.read.limits import MIB, Limits, size_text
from geo.read.text import Bytes, let_go

_PIECE = 16 * MIB
_LF, _CR, _QUOTE = 10, 13, 34
Offsets = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """Records of a text table, blank lines left out.

    Attributes
    ----------
    starts, ends
        Byte offset of each record, and where the next one starts.
    cells
        Cells of each record.
    lines
        Number of each record, counted from 1 at the top of the file, blank lines counted.
    quoted_breaks
        Whether a cell holds a line break.
    """

    starts: Offsets
    ends: Offsets
    cells: Offsets
    lines: Offsets
    quoted_breaks: bool


def scan(data: Bytes, delimiter: str, limits: Limits, file: str) -> Scan:
    """Count the records and cells of a text table.

    Raises
    ------
    ReadError
        If a limit on rows or record length is passed, or quotes are left open or stand within a cell; the sentence
        names rows (1 is the first below the header).
    """
    scanner = _Scanner(data, delimiter, limits, file)
    for start in range(0, data.size, _PIECE):
        scanner.take(start)
        let_go(data)
    ends, cells = scanner.finish()
    return _written(data, ends, cells, quoted_breaks=scanner.quoted_breaks, file=file)


class _Marks(NamedTuple):
    """Where the bytes that matter stand in a piece."""

    breaks: Flags
    returns: Flags
    cells: Flags
    quotes: Flags


class _Scanner:
    """Goes through the text piece by piece and carries over what is open at the end of each."""

    def __init__(self, data: Bytes, delimiter: str, limits: Limits, file: str) -> None:
        self._data, self._delimiter, self._limits, self._file = data, ord(delimiter), limits, file
        self._inside = False  # within quotes
        self._start = 0  # of the record that is open
        self._open_cells = 0  # delimiters seen in it
        self._records = 0
        self._quote_opened = 0  # record in which the last quote opened
        self._edges = (self._delimiter, _LF, _CR, _QUOTE)  # bytes that may stand beside a quote, on its outer side
        self._ends: list[Offsets] = []
        self._cells: list[Offsets] = []
        self.quoted_breaks = False

    def take(self, start: int) -> None:
        """Find where records end (offset of the next one) in one piece, and the cells of each."""
        piece = self._data[start : start + _PIECE]
        marks = _Marks(
            breaks=piece == _LF, returns=piece == _CR, cells=piece == self._delimiter, quotes=piece == _QUOTE
        )
        breaks, delimiters = self._breaks(start, marks), marks.cells
        if self._inside or marks.quotes.any():
            inside = np.logical_xor.accumulate(marks.quotes)  # an opening quote counts as inside, a closing one not
            if self._inside:
                inside = ~inside
            outside = ~inside
            self._check_quotes(start, marks, inside, breaks & outside)
            self.quoted_breaks |= bool((breaks & inside).any())
            breaks, delimiters = breaks & outside, delimiters & outside
            self._inside = bool(inside[-1])
        ends = np.flatnonzero(breaks) + 1
        places = np.flatnonzero(delimiters)
        before_end = np.searchsorted(places, ends)
        cells = np.diff(before_end, prepend=0) + 1
        if ends.size:
            cells[0] += self._open_cells
            self._open_cells = -int(before_end[-1])
        self._open_cells += places.size
        self._keep(ends + start, cells, start + piece.size)

    def finish(self) -> tuple[Offsets, Offsets]:
        """Close the last record and return the ends of all and their cells."""
        if self._inside:
            raise ReadError("geo.quote_left_open", file=self._file, row=self._quote_opened)
        if self._start < self._data.size:
            self._count_records(1)
            self._ends.append(np.array([self._data.size]))
            self._cells.append(np.array([self._open_cells + 1]))
        return np.concatenate(self._ends), np.concatenate(self._cells)

    def _breaks(self, start: int, marks: _Marks) -> Flags:
        if not marks.returns.any():
            return marks.breaks
        end = start + marks.breaks.size  # a lone carriage return ends a record as well
        feed_follows = np.append(marks.breaks[1:], end < self._data.size and self._data[end] == _LF)
        breaks: Flags = marks.breaks | (marks.returns & ~feed_follows)
        return breaks

    def _keep(self, ends: Offsets, cells: Offsets, until: int) -> None:
        lengths = np.diff(np.append(ends, until), prepend=self._start)  # the last is that of the record still open
        if int(lengths.max()) > self._limits.line_bytes:
            row = self._records + int(np.argmax(lengths > self._limits.line_bytes))
            limit = size_text(self._limits.line_bytes)
            raise ReadError("geo.line_bytes_limit", file=self._file, row=row, limit=limit)
        self._count_records(ends.size)
        self._start = int(ends[-1]) if ends.size else self._start
        self._ends.append(ends)
        self._cells.append(cells)

    def _count_records(self, more: int) -> None:
        self._records += more
        if self._records > self._limits.rows + 1:
            raise ReadError("geo.rows_limit", file=self._file, rows=self._records - 1, limit=self._limits.rows)

    def _check_quotes(self, start: int, marks: _Marks, inside: Flags, breaks: Flags) -> None:
        """Refuse a quote that neither opens at the start of a cell, nor closes at its end, nor is doubled."""
        data, end = self._data, start + inside.size
        beside = marks.cells | marks.breaks | marks.returns | marks.quotes
        first = start == 0 or data[start - 1] in self._edges
        last = end == data.size or data[end] in self._edges
        fine = (inside & np.append(first, beside[:-1])) | (~inside & np.append(beside[1:], last))
        stray = marks.quotes & ~fine
        if stray.any():
            row = self._records + int(np.count_nonzero(breaks[: np.argmax(stray)]))
            raise ReadError("geo.stray_quote", file=self._file, row=row)
        if inside[-1] and marks.quotes.any():
            opened = inside.size - int(np.argmax(marks.quotes[::-1]))
            self._quote_opened = self._records + int(np.count_nonzero(breaks[:opened]))


def _written(data: Bytes, ends: Offsets, cells: Offsets, *, quoted_breaks: bool, file: str) -> Scan:
    starts = np.concatenate(([0], ends[:-1]))
    length = ends - starts
    short = np.flatnonzero(length <= 2)  # only these are looked at again
    first, last = data[starts[short]], data[ends[short] - 1]
    blank = (length[short] == 1) & ((first == _LF) | (first == _CR)) | (first == _CR) & (last == _LF)
    written = np.delete(np.arange(length.size), short[blank])
    if not written.size:
        raise ReadError("geo.empty_file", file=file)
    return Scan(starts[written], ends[written], cells[written], written + 1, quoted_breaks)
