"""Where the heading of a sheet is and what each column is called."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from geo.read.spreadsheet_cells import HEAD_ROWS, Grid, Merge
from geo.read.spreadsheet_marks import column_name

_DEPTH = 5  # rows that a heading may have
_LOOK_AHEAD = 5  # rows below a line that may be a heading in which a better one is looked for
_BREAK = re.compile(r"\s*[\r\n]+\s*")
_WIDE = "　"


@dataclass(frozen=True, slots=True)
class Header:
    """The heading of a sheet; rows are counted from 0 in the grid.

    Attributes
    ----------
    first, last
        Its first and last row.
    names
        Of every column, ``""`` where there is none.
    """

    first: int
    last: int
    names: tuple[str, ...]


class _Top:
    """The rows at the top of a sheet, a cell for each of its columns, merged ranges filled."""

    def __init__(self, grid: Grid) -> None:
        rows = min(grid.rows, HEAD_ROWS)
        self.merges = [one for one in grid.merges if one.top < rows]
        self.cells = [list(row) for row in zip(*(c.slice(0, rows).to_pylist() for c in grid.columns), strict=True)]
        self.cells = [[text.strip(f" \t\r\n{_WIDE}") for text in row] for row in self.cells]
        self.alone = [list(row) for row in self.cells]  # without what merging fills
        self.worded = grid.worded
        for one in self.merges:
            text = self.cells[one.top][one.left]
            for row in self.cells[one.top : one.bottom + 1]:
                row[one.left : one.right + 1] = [text] * (one.right - one.left + 1)

    def filled(self, row: int) -> int:
        return sum(text != "" for text in self.cells[row])

    def in_words(self, row: int) -> bool:
        return all(self.worded[row])

    def is_title(self, row: int) -> bool:
        """Tell whether a row holds one text for all columns, or is merged into one."""
        return len({text for text in self.alone[row] if text}) <= 1


def find_header(grid: Grid) -> Header:
    """Guess the heading: the first row that fills at least half of the columns, with the rows that belong to it.

    Titles and remarks above fill fewer. Rows belong to it where cells are merged over several rows, where a cell is
    merged over several columns (then the next row tells those apart), or where the next row names columns that it left
    open and nothing else; a row above that groups columns by merged cells belongs to it too.
    """
    top = _Top(grid)
    row = _main_row(top)
    first = _upwards(top, row)
    last = _downwards(top, row)
    return Header(first, last, tuple(_name(top, first, last, column) for column in range(len(grid.columns))))


def _main_row(top: _Top) -> int:
    used = sum(any(row[column] for row in top.cells) for column in range(len(top.cells[0])))
    need = min(2, used) if used < 4 else (used + 1) // 2
    full = [row for row in range(len(top.cells)) if top.filled(row) >= need and not (used > 1 and top.is_title(row))]
    if not full:
        return next((row for row in range(len(top.cells)) if top.filled(row)), 0)
    if top.in_words(full[0]):
        return full[0]
    near = range(full[0] + 1, min(full[0] + 1 + _LOOK_AHEAD, len(top.cells)))
    better = [row for row in near if top.in_words(row) and top.filled(row) > top.filled(full[0])]
    return better[0] if better else full[0]


def _downwards(top: _Top, row: int) -> int:
    last = row
    while last + 1 < len(top.cells) and last - row < _DEPTH:
        reach = max((one.bottom for one in top.merges if row <= one.top <= last), default=last)
        if reach > last:
            last = min(reach, len(top.cells) - 1, row + _DEPTH)
        elif _divided(top, last) or _continued(top, last):
            last += 1
        else:
            break
    return last


def _divided(top: _Top, row: int) -> bool:
    """Tell whether a cell of the row is merged over several columns that the next row tells apart."""
    return top.in_words(row + 1) and any(
        one.top <= row == one.bottom and one.right > one.left
        and len({*top.alone[row + 1][one.left : one.right + 1]} - {""}) > 1
        for one in top.merges
    )  # fmt: skip


def _continued(top: _Top, row: int) -> bool:
    """Tell whether the next row names just the columns that this one leaves open, and those their groups begin in."""
    this, below = top.cells[row], top.cells[row + 1]
    if not top.in_words(row + 1) or not top.in_words(row):
        return False
    open_ = {column for column, text in enumerate(this) if not text and below[column]}
    named = {column for column, text in enumerate(below) if text}
    begun = {column - 1 for column in open_ if column - 1 not in open_ and column > 0}
    return bool(open_) and named <= open_ | begun and 2 * len(named) <= len(this) and not below[0]


def _upwards(top: _Top, row: int) -> int:
    """Return the first of the rows right above that group columns of the heading; a title begins at the left edge."""
    first = row
    while first > 0 and row - first < _DEPTH:
        above = first - 1
        groups = [one for one in top.merges if one.top <= above <= one.bottom and one.right > one.left]
        if not groups or top.alone[above][0] or not top.in_words(above) or not _over_names(top, groups, row):
            break
        first = above
    return first


def _over_names(top: _Top, groups: Sequence[Merge], row: int) -> bool:
    return all(all(top.cells[row][one.left : one.right + 1]) for one in groups)


def _name(top: _Top, first: int, last: int, column: int) -> str:
    steps: list[str] = []
    for row in range(first, last + 1):
        text = top.cells[row][column] or _group(top, row, last, column)
        clean = _one_line(text)
        if clean and (not steps or steps[-1] != clean):
            steps.append(clean)
    return " ".join(steps)


def _group(top: _Top, row: int, last: int, column: int) -> str:
    """Return the heading that an open cell stands under: the nearest to the left, if a row below names the column."""
    if row == last or not any(top.cells[below][column] for below in range(row + 1, last + 1)):
        return ""
    left = next((place for place in range(column - 1, -1, -1) if top.cells[row][place]), None)
    if left is None or any(one.top <= row <= one.bottom and one.left <= left <= one.right for one in top.merges):
        return ""  # what is merged reaches as far as it is merged
    return top.cells[row][left] if all(top.cells[row + 1][left : column + 1]) else ""


def _one_line(text: str) -> str:
    """Return a heading without the line breaks that only make it fit its cell."""

    def joined(found: re.Match[str]) -> str:
        around: str = text[found.start() - 1 : found.start()] + text[found.end() : found.end() + 1]
        return " " if len(around) == 2 and around.isascii() and around.isalnum() else ""

    return _BREAK.sub(joined, text)


def names_or_letters(names: Sequence[str], places: Sequence[int]) -> tuple[list[str], list[str]]:
    """Name columns without heading by their letter (``列H``); return all names, and those letters."""
    letters = [column_name(place) for name, place in zip(names, places, strict=True) if not name]
    return [name or f"列{column_name(place)}" for name, place in zip(names, places, strict=True)], letters
