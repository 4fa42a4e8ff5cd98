"""The cells of a sheet as text, column by column, as a clerk sees them."""

import datetime as dt
import itertools
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from python_calamine import CalamineSheet

from geo.read.spreadsheet_marks import SheetMarks, shown_as

#: Rows at the top among which the heading is looked for.
HEAD_ROWS = 60

_ROWS_AT_ONCE = 20_000
_Row = list[Any]


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range, first and last row and column, counted from 0 within the grid."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """All cells of a sheet from its first row and column with a value on.

    Attributes
    ----------
    columns
        Text of each column; an empty cell is ``""``.
    top, left
        Number of the first row and column in the sheet, counted from 0.
    worded
        For the first `HEAD_ROWS` rows: whether each cell is text or empty (and not a number, date or truth value).
    merges
        Merged ranges.
    """

    columns: list[pa.Array] = field(repr=False)
    top: int
    left: int
    worded: list[list[bool]]
    merges: list[Merge]

    @property
    def rows(self) -> int:
        """Count of rows."""
        return len(self.columns[0]) if self.columns else 0


def read_grid(sheet: CalamineSheet, marks: SheetMarks) -> Grid:
    """Read every cell of a sheet."""
    start = sheet.start
    if start is None:
        return Grid([], 0, 0, [], [])
    first, left = start
    chunks: list[list[pa.Array]] = []
    worded: list[list[bool]] = []
    for rows in _chunks(sheet, marks, first, left):
        if not worded:
            worded = [[isinstance(value, str) for value in row] for row in rows[:HEAD_ROWS]]
        chunks.append([_column(values) for values in zip(*rows, strict=True)])
    columns = [pa.concat_arrays(parts) for parts in zip(*chunks, strict=True)]
    found = [Merge(a - first, b - left, c - first, d - left) for (a, b), (c, d) in sheet.merged_cell_ranges or []]
    fitting = [
        one for one in found if one.top >= 0 and one.left >= 0 and one.right < len(columns) and one.top <= one.bottom
    ]
    merges = sorted(fitting, key=lambda one: (one.top, one.left))
    return Grid(columns, first, left, worded, merges)


def filled_down(grid: Grid, first: int) -> tuple[list[pa.Array], list[Merge]]:
    """Return the columns with each range merged downwards from row `first` on filled by its value, and those ranges."""
    down = [one for one in grid.merges if one.bottom > one.top >= first and one.top < grid.rows]
    columns = list(grid.columns)
    for number in {one.left for one in down}:
        source = np.arange(grid.rows)
        for one in down:
            if one.left == number:
                source[one.top : one.bottom + 1] = one.top
        columns[number] = columns[number].take(pa.array(source))
    return columns, down


def continued(down: Sequence[Merge], column: int, rows: int) -> npt.NDArray[np.bool_]:
    """Tell which rows of a column hold the value of a cell merged downwards that begins above them."""
    flags = np.zeros(rows, dtype=bool)
    for one in down:
        if one.left == column:
            flags[one.top + 1 : one.bottom + 1] = True
    return flags


def blank(columns: Sequence[pa.Array]) -> pa.Array:
    """Tell of each row whether all its cells are empty or white space."""
    every = [pc.equal(pc.utf8_trim_whitespace(column), "") for column in columns]
    result = every[0]
    for one in every[1:]:
        result = pc.and_(result, one)
    return result


def _chunks(sheet: CalamineSheet, marks: SheetMarks, done: int, left: int) -> Iterator[list[_Row]]:
    """Yield rows some at a time, numbers that show more than their value (leading zeros) as they are shown."""
    rows, columns, formats = marks.shown
    every = itertools.islice(
        sheet.iter_rows(), done, None
    )  # it begins with the sheet's first row, whatever stands there
    while chunk := list(itertools.islice(every, _ROWS_AT_ONCE)):
        for place in range(bisect_left(rows, done), bisect_left(rows, done + len(chunk))):
            row, column = chunk[rows[place] - done], columns[place] - left
            value = row[column] if 0 <= column < len(row) else ""
            if isinstance(value, int | float) and not isinstance(value, bool):
                row[column] = shown_as(value, marks.formats[formats[place]])
        done += len(chunk)
        yield chunk


def _column(values: tuple[Any, ...]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([_TEXT[type(value)](value) for value in values], pa.string())


def _number(value: float) -> str:
    """Return the 15 digits that the program keeps: 0.1 + 0.2 is 0.3 there."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.15g}"
    return f"{Decimal(text):f}" if "e" in text else text


def _whole_second(moment: dt.datetime) -> dt.datetime:
    """Round: moments are kept as fractions of a day, and 13:30 comes out as 13:29:59.999999."""
    return (moment + dt.timedelta(microseconds=500_000)).replace(microsecond=0)


def _time(value: dt.time) -> str:
    moment = _whole_second(dt.datetime(2000, 1, 1, value.hour, value.minute, value.second, value.microsecond))  # noqa: DTZ001
    return moment.strftime("%H:%M:%S" if moment.second else "%H:%M")


def _duration(value: dt.timedelta) -> str:
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")


#: How each sort of value that calamine gives is written.
_TEXT: Mapping[type, Callable[[Any], str]] = {
    str: str,
    bool: lambda value: "TRUE" if value else "FALSE",
    int: str,
    float: _number,
    dt.date: dt.date.isoformat,
    dt.datetime: lambda value: _whole_second(value).isoformat(),
    dt.time: _time,
    dt.timedelta: _duration,
}
