"""What a GeoPackage holds, asked of SQLite before GDAL opens it: which layers, how many rows, nothing that computes."""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from geo.errors import ReadError

_LAYERS = """\
SELECT c.table_name, g.column_name FROM gpkg_contents AS c
JOIN gpkg_geometry_columns AS g ON g.table_name = c.table_name WHERE c.data_type = 'features' ORDER BY c.table_name
"""
_KIND = "SELECT type, sql FROM sqlite_master WHERE name = ?"


@dataclass(frozen=True, slots=True)
class Layer:
    """The one layer of a GeoPackage and how many rows SQLite counts in it."""

    name: str
    rows: int


def only_layer(path: Path, file: str) -> Layer:
    """Return the one layer with geometry of a GeoPackage.

    Raises
    ------
    ReadError
        If the database is broken, or has no such layer or several, or the layer is a view or a virtual table, which
        compute rows by functions named in the file.
    """
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            names = [name for name, _ in database.execute(_LAYERS)]
            if len(names) != 1 or not isinstance(names[0], str):
                shown = "、".join(f"「{name}」" for name in names[:10])
                raise ReadError("geo.gpkg_not_one_layer", file=file, count=len(names), layers=shown)
            found = database.execute(_KIND, (names[0],)).fetchone()
            if found is None or found[0] != "table" or str(found[1]).upper().startswith("CREATE VIRTUAL"):
                raise ReadError("geo.gpkg_layer_computed", file=file, layer=names[0])
            quoted = names[0].replace('"', '""')
            (rows,) = database.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()  # noqa: S608 - a table's own name
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise ReadError("geo.gpkg_broken", file=file) from error
    return Layer(names[0], int(rows))
