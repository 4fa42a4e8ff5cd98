"""What a workbook (.xlsx) says of its cells beside their values: formats, errors, what is hidden, how far it reaches.

The values come from a library that knows none of this and that sets aside room for every cell up to the last: a sheet
is looked through here first, as a stream, under the limits on archives.
"""

from __future__ import annotations

import posixpath
import re
import sys
import zipfile
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from geo.errors import ReadError
from geo.read.archive import members, opened, read_through
from geo.read.limits import Limits

#: The last row and column that a workbook of this format can have (counted from 1).
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_STYLES = "xl/styles.xml"
_STRINGS = "xl/sharedStrings.xml"
_UNIQUE = re.compile(rb"""<[^>]*\bsst\b[^>]*\buniqueCount\s*=\s*["']\s*([0-9]{1,20})""")
_HEAD = 4096
_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_KEPT = 1_000  # cells of a sort that are kept by their place; all are counted
_PERCENT = 9, 10  # numbers of the formats 0% and 0.00%
_LITERAL = re.compile(r'\\(.)|"([^"]*)"|_.|\*.|\[[^\]]*\]')
_PADDED = re.compile(r"0{2,}|0+(?:-0+)+")

_Attributes = Mapping[str, str]
_Started = Callable[[str, _Attributes], None]


class _Locals(dict[str, str]):
    """Names of elements without their prefix, each cut off once."""

    def __missing__(self, name: str) -> str:
        return self.setdefault(name, sys.intern(name.rpartition(":")[2]))


@dataclass(slots=True)
class SheetMarks:
    """What stands beside the values of one sheet; rows and columns are counted from 0.

    Attributes
    ----------
    rows, columns
        How far values reach: one more than the last.
    errors, unsaved
        Count of cells that show an error (``#N/A``), and of formulas saved without their result; `error_cells` and
        `unsaved_cells` name the first of them (``C5``).
    hidden_rows, hidden_columns
        Which are hidden.
    shown
        Cells that show more than their value, such as leading zeros: row, column, number of the format in `formats`.
    formats
        ``"00000"`` or ``"000-0000"`` for digits that are always shown, ``"%"`` for per cent.
    """

    rows: int = 0
    columns: int = 0
    errors: int = 0
    unsaved: int = 0
    error_cells: list[str] = field(default_factory=list)
    unsaved_cells: list[str] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: set[int] = field(default_factory=set)
    shown: tuple[array[int], array[int], array[int]] = field(
        default_factory=lambda: (array("l"), array("l"), array("l"))
    )
    formats: tuple[str, ...] = ()


def look(path: Path, file: str, limits: Limits) -> dict[str, SheetMarks]:
    """Look through every sheet of a workbook; return marks by the name of the sheet.

    Every member that holds markup is unpacked to its end here, so that whoever opens the workbook next meets no member
    that is larger than the archive says.

    Raises
    ------
    ReadError
        As `geo.read.archive.members`; if the workbook is broken or a sheet reaches too far.
    """
    with opened(path, file, limits) as archive:
        found = {member.name: member.info for member in members(archive, file, limits)}
        if _WORKBOOK not in found:
            raise ReadError("geo.spreadsheet_broken", file=file)

        def read(name: str, started: _Started, parser: expat.XMLParserType | None = None) -> None:
            if name in found:
                _parse(read_through(archive, found[name], file), parser or expat.ParserCreate(), started, file)

        sheets = _sheets(read)
        formats = _formats(read)
        marks = {}
        for title, name in sheets.items():
            looker = _Looker(formats, limits, f"{file}/{title}")
            read(name, looker.started, looker.parser)
            marks[title] = looker.finished()
        _check_strings(archive, found.get(_STRINGS), file)
        _drain(archive, found, {_WORKBOOK, _RELATIONS, _STYLES, *sheets.values()}, file)
    return marks


def cell_name(row: int, column: int) -> str:
    """Say a cell as the program does, ``C5``; both are counted from 0."""
    return f"{column_name(column)}{row + 1}"


def column_name(column: int) -> str:
    """Say a column as the program does, ``C``; counted from 0."""
    name = ""
    while column >= 0:
        column, letter = divmod(column, 26)
        name = chr(ord("A") + letter) + name
        column -= 1
    return name


def shown_as(value: float, format_: str) -> str:
    """Return a number as a format of `SheetMarks.formats` shows it."""
    if format_ == "%":
        return f"{value * 100:.15g}%"
    if value < 0 or not float(value).is_integer():
        return f"{value:.15g}"
    digits = f"{int(value):0{format_.count('0')}d}"
    groups: list[str] = []
    for group in reversed(format_.split("-")[1:]):
        groups.insert(0, digits[-len(group) :])
        digits = digits[: -len(group)]
    return "-".join([digits, *groups])


def _check_strings(archive: zipfile.ZipFile, info: zipfile.ZipInfo | None, file: str) -> None:
    """Refuse texts said to be more than the bytes they stand in: room would be set aside for all of them at once."""
    if info is None:
        return
    told = _UNIQUE.search(next(read_through(archive, info, file), b"")[:_HEAD])
    if told and int(told[1]) > info.file_size:
        raise ReadError("geo.spreadsheet_broken", file=file)


def _parse(pieces: Iterable[bytes], parser: expat.XMLParserType, started: _Started, file: str) -> None:
    """Parse markup as a stream; a workbook has no document type, and so none that could define entities."""
    known = _Locals()

    def element(name: str, attributes: _Attributes) -> None:
        started(known[name], attributes)

    def refuse(*_: object) -> None:
        raise ReadError("geo.spreadsheet_broken", file=file)

    parser.StartElementHandler = element
    parser.StartDoctypeDeclHandler = refuse
    try:
        for piece in pieces:
            parser.Parse(piece)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # an encoding that nobody knows is a LookupError
        raise ReadError("geo.spreadsheet_broken", file=file) from error


def _sheets(read: Callable[[str, _Started], None]) -> dict[str, str]:
    """Return the members that hold the sheets, by name of the sheet."""
    ids: dict[str, str] = {}
    targets: dict[str, str] = {}

    def sheet(name: str, attributes: _Attributes) -> None:
        if name == "sheet":
            relation = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
            ids[attributes.get("name", "")] = relation

    def relation(name: str, attributes: _Attributes) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            targets[attributes.get("Id", "")] = posixpath.join("/xl", attributes.get("Target", ""))

    read(_WORKBOOK, sheet)
    read(_RELATIONS, relation)
    return {title: posixpath.normpath(targets[key]).lstrip("/") for title, key in ids.items() if key in targets}


def _formats(read: Callable[[str, _Started], None]) -> dict[str, str]:
    """Return what numbers show beside their value, by number of the style; most show nothing more."""
    codes: dict[str, str] = {str(number): "%" for number in _PERCENT}
    styles: list[str] = []
    inside = ""

    def element(name: str, attributes: _Attributes) -> None:
        nonlocal inside
        if name in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
            inside = name
        elif name == "numFmt" and not inside:
            codes[attributes.get("numFmtId", "")] = _always_shown(attributes.get("formatCode", ""))
        elif name == "xf" and inside == "cellXfs":
            styles.append(attributes.get("numFmtId", ""))

    read(_STYLES, element)
    return {str(number): codes[key] for number, key in enumerate(styles) if codes.get(key)}


def _always_shown(code: str) -> str:
    """Return what a number format always shows: ``00000``, ``000-0000`` (a postal code), ``%``, or nothing."""
    section = code.split(";")[-1 if "[<=" in code else 0]  # the last is that of the longest numbers
    first = _LITERAL.sub(lambda found: found[1] or found[2] or "", section).strip()
    if _PADDED.fullmatch(first):
        return first
    return "%" if re.fullmatch(r"[0#,]+(?:\.[0#]+)?%", first) else ""


def _drain(archive: zipfile.ZipFile, found: Mapping[str, zipfile.ZipInfo], done: set[str], file: str) -> None:
    for name, info in found.items():
        if name not in done and name.lower().endswith((".xml", ".rels")):
            for _ in read_through(archive, info, file):
                pass


class _Looker:
    """Takes the elements of one sheet as they come: two for each cell, so it does little for each."""

    def __init__(self, formats: Mapping[str, str], limits: Limits, file: str) -> None:
        self._limits, self._file = limits, file
        self._marks = SheetMarks(formats=tuple(dict.fromkeys(formats.values())))
        self._format = {style: self._marks.formats.index(code) for style, code in formats.items()}
        self._columns: dict[str, int] = {}  # those with a value, by their letters
        self._row, self._row_text = -1, "0"
        self._cell: _Attributes = {}
        self._next_column = 0  # of a cell that does not say where it is
        self._formula = False
        self.parser = expat.ParserCreate()

    def started(self, name: str, attributes: _Attributes) -> None:
        """Take the beginning of an element."""
        if name == "c":
            if self._formula:
                self._close_formula()
            self._cell = attributes
            if "r" not in attributes:
                self._cell = {**attributes, "r": cell_name(self._row, self._next_column)}
                self._next_column += 1
        elif name == "v":
            self._value()
        elif name in ("row", "f", "is", "col"):
            self._other(name, attributes)

    def finished(self) -> SheetMarks:
        """Return what was seen.

        Raises
        ------
        ReadError
            If values reach so far that the room for all cells up to there would pass the limit.
        """
        self._close_formula()
        marks = self._marks
        marks.columns = max(self._columns.values(), default=-1) + 1
        if marks.rows * marks.columns > self._limits.cells:
            last = cell_name(marks.rows - 1, marks.columns - 1)
            raise ReadError("geo.cells_limit", file=self._file, cell=last, limit=f"{self._limits.cells:,}")
        return marks

    def _other(self, name: str, attributes: _Attributes) -> None:
        hidden = attributes.get("hidden") in ("1", "true")
        if name == "is":
            self._value()
        elif name == "f":
            self._formula = self._cell.get("t") in (None, "n")  # one that gives a text may well give an empty one
        elif name == "row":
            self._close_formula()
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._row_text, self._next_column = str(self._row + 1), 0
            if hidden:
                self._marks.hidden_rows.append(self._row)
        elif hidden:
            first, last = (int(attributes.get(key, "0")) for key in ("min", "max"))
            self._marks.hidden_columns.update(range(first - 1, min(last, LAST_COLUMN)))

    def _value(self) -> None:
        cell = self._cell
        letters = cell["r"].removesuffix(self._row_text)
        if letters not in self._columns:
            letters = self._first_in_column(cell["r"])
        if self._row >= self._marks.rows:
            self._marks.rows = self._row + 1
        if self._formula:
            self.parser.CharacterDataHandler = self._saved
        kind = cell.get("t")
        if kind == "e" or (self._format and kind in (None, "n")):
            self._mark(self._columns[letters], error=kind == "e")

    def _first_in_column(self, reference: str) -> str:
        """Return the letters of a column that had no value so far, or of a cell astray in another row."""
        found = _CELL.fullmatch(reference)
        column = 0
        for letter in found[1] if found else "":
            column = column * 26 + ord(letter) - ord("A") + 1
        row = int(found[2]) - 1 if found else LAST_ROW
        if found is None or row >= LAST_ROW or column > LAST_COLUMN:
            raise ReadError("geo.spreadsheet_broken", file=self._file)
        self._row, self._row_text = row, found[2]
        self._columns[found[1]] = column - 1
        return found[1]

    def _mark(self, column: int, *, error: bool) -> None:
        marks = self._marks
        if error:
            marks.errors += 1
            _keep(marks.error_cells, cell_name(self._row, column))
        format_ = None if error else self._format.get(self._cell.get("s", ""))
        if format_ is not None:
            for part, value in zip(marks.shown, (self._row, column, format_), strict=True):
                part.append(value)

    def _saved(self, _text: str) -> None:
        self._formula = False
        self.parser.CharacterDataHandler = None

    def _close_formula(self) -> None:
        if self._formula:
            self._saved("")
            found = _CELL.fullmatch(self._cell.get("r", ""))
            self._marks.unsaved += 1
            _keep(self._marks.unsaved_cells, found[0] if found else "?")


def _keep(cells: list[str], name: str) -> None:
    if len(cells) < _KEPT:
        cells.append(name)
