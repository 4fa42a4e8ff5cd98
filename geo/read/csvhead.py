"""Where the table in a text file begins: title lines above it, its headings, or no headings at all."""

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from geo.read.csvscan import Scan
from geo.read.limits import MIB
from geo.read.text import Bytes

#: Records that are looked at, and how many of them may be lines above the table.
_LOOKED_AT = 1_000
_LOOKED_AT_BYTES = 4 * MIB
_MOST_TITLES = 20
_NEIGHBOURS = 50
#: Share of the cells of a column that must be of one kind for the column to be of that kind.
_NEARLY_ALL = 0.9

_KINDS = (
    ("number", re.compile(r"[+-]?\d[\d,]*(?:\.\d+)?")),
    ("date", re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?")),
    ("postal", re.compile(r"〒?\d{3}-\d{4}")),
    ("telephone", re.compile(r"0\d{1,4}-\d{1,4}-\d{3,4}")),
)
_COORDINATE = re.compile(r"[+-]?\d+\.\d{3,}")
_CODE = re.compile(r"0\d{2,}")


@dataclass(frozen=True, slots=True)
class Head:
    """How a text table begins.

    Attributes
    ----------
    header
        Position of the record of headings among those written; None if the first record is data already.
    first
        Position of the first record of data.
    width
        Cells that a record of the table should have.
    """

    header: int | None
    first: int
    width: int


def find_head(data: Bytes, found: Scan, delimiter: str) -> Head:
    """Tell lines above a table, its headings and its rows apart.

    A line above the table has at most half as many cells as the table, or is filled in one or two cells where the
    table is filled in twice as many; if it has more than one, what follows must be words.

    A first record is data, not headings, if it holds a value of the same kind as those below it in every column of
    numbers, dates, postal codes or telephone numbers, and one such value that no heading could be (a coordinate, a
    date, a telephone number, a code such as 01101) or two that come again below; numbers that count up by one
    (months, years, ages) are headings.
    """
    records = _first_records(data, found, delimiter)
    titles = _titles(records, found.cells[: len(records)].tolist())
    if is_data(records[titles], records[titles + 1 :]):
        return Head(None, titles, int(found.cells[titles]))
    return Head(titles, titles + 1, int(found.cells[titles]))


def cells_of(data: Bytes, found: Scan, place: int, delimiter: str) -> list[str]:
    """Return the cells of one record; none if its quotes make no sense."""
    record = data[int(found.starts[place]) : int(found.ends[place])].tobytes().decode("utf-8").rstrip("\r\n")
    try:
        return next(csv.reader([record], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def is_data(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Tell whether a first record is a row like those below it."""
    proofs = repeated = typed = 0
    numbers: list[str] = []
    for column, cell in enumerate(map(_plain, first)):
        values = [value for row in below if column < len(row) and (value := _plain(row[column]))]
        kind = _kind_of_column(values)
        if kind is None or not cell:
            continue
        if _kind(cell) != kind:
            return False
        typed += 1
        numbers.append(cell)
        proofs += _is_no_heading(cell, kind, values)
        repeated += cell in values
    return typed > 0 and not _counts_up(numbers) and (proofs > 0 or repeated > 1)


def _first_records(data: Bytes, found: Scan, delimiter: str) -> list[list[str]]:
    records: list[list[str]] = []
    start = int(found.starts[0])
    for place in range(min(len(found.starts), _LOOKED_AT)):
        if place and int(found.ends[place]) - start > _LOOKED_AT_BYTES:
            break
        records.append(cells_of(data, found, place, delimiter))
    return records


def _titles(records: Sequence[Sequence[str]], cells: Sequence[int]) -> int:
    """Return how many lines stand above the table."""
    width = Counter(map(_used, records)).most_common(1)[0][0]
    filled = [sum(1 for cell in record if _plain(cell)) for record in records]
    for place in range(min(len(records) - 1, _MOST_TITLES)):
        most = max(filled[place + 1 : place + 1 + _NEIGHBOURS])
        short = 2 * cells[place] <= width
        sparse = filled[place] <= 2 and 2 * filled[place] <= most
        certain = filled[place] <= 1 and max(width, most) > 2  # two cells could be headings: words must follow
        if not (short or sparse) or not (certain or not _has_value(records[place + 1])):
            return place
    return 0


def _used(record: Sequence[str]) -> int:
    """Count the cells up to the last one that is filled."""
    return max((place for place, cell in enumerate(record, 1) if _plain(cell)), default=0)


def _has_value(record: Sequence[str]) -> bool:
    """Tell whether a record holds something that is not a word, as headings seldom do."""
    return any(_kind(_plain(cell)) is not None for cell in record)


def _plain(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell).strip()


def _kind(value: str) -> str | None:
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(value)), None)


def _kind_of_column(values: Sequence[str]) -> str | None:
    if not values:
        return None
    kind, count = Counter(map(_kind, values)).most_common(1)[0]
    return kind if count >= _NEARLY_ALL * len(values) else None


def _is_no_heading(cell: str, kind: str, values: Sequence[str]) -> bool:
    if kind != "number":
        return True
    if _CODE.fullmatch(cell):  # a code among codes of its length; columns may be headed by codes of municipalities
        alike = sum(len(value) == len(cell) and value.isdigit() for value in values)
        return alike >= _NEARLY_ALL * len(values)
    return bool(_COORDINATE.fullmatch(cell))


def _counts_up(numbers: Sequence[str]) -> bool:
    if len(numbers) < 2 or not all(number.isdecimal() for number in numbers):
        return False
    values = [int(number) for number in numbers]
    return all(after - before == 1 for before, after in pairwise(values))
