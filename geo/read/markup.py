"""XML piece by piece: no document type, no entities, nothing outside the file, bounded depth."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol
from xml.parsers import expat

import pyarrow as pa

from geo.errors import ReadError
from geo.read.assemble import check_cells, unique_names
from geo.read.limits import MIB, Limits
from geo.read.text import Job, Text, load_text

#: Elements within elements.
DEPTH = 100

_PIECE = MIB
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_LEGACY = {"shift_jis": "cp932", "windows-31j": "cp932", "cp932": "cp932", "x-sjis": "cp932", "euc-jp": "euc_jp"}


class Visitor(Protocol):
    """Is told of the elements of a document in their order."""

    def start(self, space: str, name: str, attributes: Mapping[str, str]) -> None:
        """Take note that an element begins; attribute names are local."""

    def end(self, space: str, name: str, text: str) -> None:
        """Take note that an element ends; `text` is what stood directly in it, trimmed."""


def load_markup(path: Path, file: str, stated: str | None) -> Text:
    """Return the text of an XML file; where two encodings fit, the one that it declares.

    Raises
    ------
    ReadError
        As `geo.read.text.load_text`.
    """
    try:
        return load_text(path, file, stated)
    except ReadError as error:
        with path.open("rb") as opened:
            declared = _DECLARED.search(opened.read(512))
        encoding = _LEGACY.get(declared[1].decode("ascii").lower()) if declared else None
        if error.code != "geo.encoding_ambiguous" or encoding is None:
            raise
    return load_text(path, file, encoding)


def visit(job: Job, visitor: Visitor) -> None:
    """Go through a document.

    Raises
    ------
    ReadError
        If it is no well-formed XML, has a document type (whose entities could multiply or name other files), or nests
        too deep.
    """
    walk = _Walk(visitor, job.file)
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.buffer_size = _PIECE  # long lists of coordinates come in few pieces
    parser.StartDoctypeDeclHandler = walk.refuse_doctype
    parser.StartElementHandler = walk.start
    parser.EndElementHandler = walk.end
    parser.CharacterDataHandler = walk.text
    data = job.text.data
    try:
        for start in range(0, data.size, _PIECE):
            parser.Parse(data[start : start + _PIECE].tobytes(), False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise ReadError("geo.xml_broken", file=job.file, line=error.lineno) from error


class _Walk:
    """Splits names, keeps the text of each open element and counts the depth."""

    def __init__(self, visitor: Visitor, file: str) -> None:
        self._visitor, self._file = visitor, file
        self._texts: list[list[str]] = []
        self._split = _Names()

    def refuse_doctype(self, *_: object) -> None:
        raise ReadError("geo.xml_doctype", file=self._file)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._texts) >= DEPTH:
            raise ReadError("geo.xml_depth_limit", file=self._file, limit=DEPTH)
        self._texts.append([])
        space, local = self._split[name]
        if attributes:
            attributes = {self._split[key][1]: value for key, value in attributes.items()}
        self._visitor.start(space, local, attributes)

    def end(self, name: str) -> None:
        space, local = self._split[name]
        self._visitor.end(space, local, "".join(self._texts.pop()).strip())

    def text(self, text: str) -> None:
        if self._texts:
            self._texts[-1].append(text)


class _Names(dict[str, tuple[str, str]]):
    """Names as expat gives them, split into name space and local name once."""

    def __missing__(self, name: str) -> tuple[str, str]:
        space, _, local = name.rpartition(" ")
        self[name] = space, local
        return self[name]


class Rows:
    """Columns that fill up row by row, in the order in which they were first seen."""

    def __init__(self, limits: Limits, file: str) -> None:
        self._limits, self._file = limits, file
        self._columns: dict[tuple[str, ...], list[str | None]] = {}
        self._words: dict[str, str] = {}
        self.count = 0

    def begin(self) -> None:
        """Begin a row.

        Raises
        ------
        ReadError
            If there are too many.
        """
        self.count += 1
        if self.count > self._limits.rows:
            raise ReadError("geo.rows_limit", file=self._file, rows=self.count, limit=self._limits.rows)

    def put(self, key: tuple[str, ...], value: str, row: int | None = None) -> None:
        """Set a value of the row that is open, or of an earlier one (from 0), unless it is set.

        A column is known by `key`, whose last part is its name.

        Raises
        ------
        ReadError
            If there are too many columns.
        """
        column = self._columns.get(key)
        if column is None:
            column = self._columns[key] = []
            if len(self._columns) > self._limits.columns:
                count = len(self._columns)
                raise ReadError("geo.columns_limit", file=self._file, columns=count, limit=self._limits.columns)
        place = self.count - 1 if row is None else row
        if len(column) <= place:
            column.extend([None] * (place + 1 - len(column)))
        if column[place] is None:
            column[place] = self._words.setdefault(value, value)

    def replace(self, key: tuple[str, ...], value: str) -> None:
        """Set anew a value of the row that is open."""
        self._columns[key][self.count - 1] = value

    @property
    def keys(self) -> list[tuple[str, ...]]:
        """Keys of the columns in the order in which they were first seen."""
        return list(self._columns)

    def table(self, names: Sequence[str]) -> pa.Table:
        """Return the columns under these names, told apart by a number where they are equal.

        Raises
        ------
        ReadError
            If few of very many cells have a value.
        """
        check_cells(self.count, len(self._columns), self._limits, self._file)
        for column in self._columns.values():
            column.extend([None] * (self.count - len(column)))
        arrays = [pa.array(column, pa.string()) for column in self._columns.values()]
        return pa.table(arrays, names=unique_names(names))
