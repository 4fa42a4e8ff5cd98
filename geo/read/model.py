"""What reading a file gives, and what the reader and its parser worker say to each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt
import pyarrow as pa

#: A remark to show with a file: a code of the catalogue and its parameters. Nothing in it refuses a row.
Note = tuple[str, Mapping[str, object]]

#: Column to row numbers; 1 is the first row below the header.
Merged = Mapping[str, npt.NDArray[np.int64]]

#: Name of the column that holds places; in a file without geometry a column of that name is ordinary text.
GEOMETRY = "geometry"

_ROWS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class RawSource:
    """Where a table came from and how it was read.

    Attributes
    ----------
    file
        Name of the file without its folder.
    sha256
        Of the very bytes that were parsed. A shapefile has several parts: it is the SHA-256 of the lines
        ``<sha256 of the part>  <.extension>`` in the order of the extensions.
    size
        Bytes, of a shapefile all parts.
    format
        A key of `geo.read.detect.FORMATS` or ``tsv``; of an archive that of the member that was read.
    encoding
        Of the text: ``utf-8``, ``utf-8-sig``, ``cp932``, ``euc_jp`` or ``utf-16``.
    crs
        Reference system as found or as stated, ``EPSG:<number>``; None for a file without geometry.
    part
        Layer of a GeoPackage or sheet of a workbook; None where a file has but one table.
    rows
        Count of rows.
    notes
        Remarks for people: encodings that had to be guessed, heights dropped, null geometry and the like.
    member
        Path of the member that was read, if the file is an archive.
    place_remark
        What must stand beside the place of every row, because its coordinates could only be brought to JGD2011 by an
        operation of poor or unknown accuracy and the caller accepted that; it is among the notes too.
    """

    file: str
    sha256: str
    size: int
    format: str
    encoding: str | None
    crs: str | None
    part: str | None
    rows: int
    notes: tuple[Note, ...] = ()
    member: str | None = None
    place_remark: Note | None = None

    @property
    def name(self) -> str:
        """Name of the file that holds the rows: of an archive, that of the member."""
        return PurePosixPath(self.member).name if self.member else self.file


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """The rows of a file as they are, nothing judged but their geometry.

    Attributes
    ----------
    table
        Every attribute column as string under the name found in the file (an empty cell is ``""``, a JSON null is
        null); if the file has geometry, a last column ``geometry`` of type binary: WKB, two dimensions, EPSG:6668
        degrees, longitude first, null where the row has none or a bad one.
    source
        The file.
    bad_geometry
        Row (1 is the first below the header) to the code of what is wrong with its place, or with the number of its
        cells (``geo.row_cells``). A row with a bad place has a null geometry; whoever takes rows in turns this into a
        fault of the row.
    lines
        For each row the number at which a person finds it in the program that shows the file, where that differs from
        counting below the header: the row of the sheet of a workbook, which may have a title above the table and empty
        rows within. None elsewhere.
    merged
        Column to the rows whose cell is part of a cell merged downwards that begins above: they hold its value, of
        which nobody but a person knows whether it is meant for each of them or for all together.
    """

    table: pa.Table = field(repr=False)
    source: RawSource
    bad_geometry: Mapping[int, str] = field(default_factory=dict)
    lines: npt.NDArray[np.int64] | None = field(default=None, repr=False)
    merged: Merged = field(default_factory=dict, repr=False)

    @property
    def has_geometry(self) -> bool:
        """Whether the table has a column of places."""
        return GEOMETRY in self.table.column_names and pa.types.is_binary(self.table.schema.field(GEOMETRY).type)


@dataclass(frozen=True, slots=True)
class Stated:
    """What the reader of a file knows beside the file itself.

    Attributes
    ----------
    crs
        ``EPSG:<number>`` of the coordinates.
    encoding
        ``utf-8``, ``cp932`` or ``euc_jp``.
    part
        Layer, sheet, member: which one is meant where a file has several.
    accept_inaccurate
        Whether coordinates may be brought to JGD2011 by an operation of poor or unknown accuracy.
    """

    crs: str | None = None
    encoding: str | None = None
    part: str | None = None
    accept_inaccurate: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """What the worker made of a file, before it is written for the reader."""

    table: pa.Table = field(repr=False)
    encoding: str | None = None
    crs: str | None = None
    part: str | None = None
    bad_geometry: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    format: str | None = None  # where the content says more than the name: tsv, json, the format of a member
    place_remark: Note | None = None
    lines: npt.NDArray[np.int64] | None = field(default=None, repr=False)
    merged: Merged = field(default_factory=dict, repr=False)
    member: str | None = None


def rows_text(rows: Iterable[int]) -> str:
    """Say row numbers: all up to ten, the first ten and an ellipsis beyond."""
    numbers = list(rows)
    text = ", ".join(str(number) for number in numbers[:_ROWS_SHOWN])
    return f"{text}, …" if len(numbers) > _ROWS_SHOWN else text


def quoted_names(names: Iterable[object]) -> str:
    """Say names as 「a」、「b」: all up to ten, the first ten and an ellipsis beyond."""
    every = [f"「{name}」" for name in names]
    return "、".join(every[:_ROWS_SHOWN]) + ("、…" if len(every) > _ROWS_SHOWN else "")
