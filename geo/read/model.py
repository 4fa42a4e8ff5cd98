"""What reading a file gives, and what the reader and its parser worker say to each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

#: A remark to show with a file: a code of the catalogue and its parameters. Nothing in it refuses a row.
Note = tuple[str, Mapping[str, object]]

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
        ``csv``, ``tsv``, ``json`` (array of flat objects), ``geojson``, ``gpkg``, ``flatgeobuf`` or ``shapefile``.
    encoding
        Of the text: ``utf-8``, ``utf-8-sig``, ``cp932`` or ``euc_jp``.
    crs
        Reference system as found or as stated, ``EPSG:<number>``; None for a file without geometry.
    layer
        Name of the layer in a GeoPackage.
    rows
        Count of rows.
    notes
        Remarks for people: encodings that had to be guessed, heights dropped, null geometry and the like.
    """

    file: str
    sha256: str
    size: int
    format: str
    encoding: str | None
    crs: str | None
    layer: str | None
    rows: int
    notes: tuple[Note, ...] = ()


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
        Row (1 is the first below the header) to the code of what is wrong with its place. Such a row has a null
        geometry; whoever takes rows in turns this into a fault of the row.
    """

    table: pa.Table = field(repr=False)
    source: RawSource
    bad_geometry: Mapping[int, str] = field(default_factory=dict)

    @property
    def has_geometry(self) -> bool:
        """Whether the table has a column of places."""
        return GEOMETRY in self.table.column_names and pa.types.is_binary(self.table.schema.field(GEOMETRY).type)


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """What the worker made of a file, before it is written for the reader."""

    table: pa.Table = field(repr=False)
    encoding: str | None = None
    crs: str | None = None
    layer: str | None = None
    bad_geometry: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    format: str | None = None  # where the content says more than the name: tsv, json


def rows_text(rows: Iterable[int]) -> str:
    """Say row numbers: all up to ten, the first ten and an ellipsis beyond."""
    numbers = list(rows)
    text = ", ".join(str(number) for number in numbers[:_ROWS_SHOWN])
    return f"{text}, …" if len(numbers) > _ROWS_SHOWN else text
