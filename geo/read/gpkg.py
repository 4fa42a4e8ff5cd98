"""What a GeoPackage holds, asked of SQLite before GDAL opens it: which layers, how many rows, nothing that computes."""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from geo.errors import ReadError
from geo.read.model import quoted_names

_LAYERS = """\
SELECT c.table_name, g.column_name FROM gpkg_contents AS c
JOIN gpkg_geometry_columns AS g ON g.table_name = c.table_name WHERE c.data_type = 'features' ORDER BY c.table_name
"""
_KIND = "SELECT type, sql FROM sqlite_master WHERE name = ?"
#: What would be computed while the file is opened: views in place of the format's own tables, columns with a formula.
_COMPUTED_TABLES = "SELECT name FROM sqlite_master WHERE type = 'view' AND (name LIKE 'gpkg%' OR name LIKE 'rtree%')"
_COMPUTED_COLUMNS = """\
SELECT m.name FROM sqlite_master AS m, pragma_table_xinfo(m.name) AS c
WHERE m.type = 'table' AND (m.name LIKE 'gpkg%' OR m.name = ?) AND c.hidden > 1
"""


@dataclass(frozen=True, slots=True)
class Layer:
    """The one layer of a GeoPackage and how many rows SQLite counts in it."""

    name: str
    rows: int


def only_layer(path: Path, file: str, part: str | None = None) -> Layer:
    """Return the one layer with geometry of a GeoPackage, or the one that was asked for.

    Raises
    ------
    ReadError
        If the database is broken, or has no such layer or several, or the layer or a table of the format itself is a
        view, a virtual table or has a computed column: a file could have any number of rows and bytes computed so.
    """
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            _refuse_computed(database.execute(_COMPUTED_TABLES).fetchone(), file)
            _refuse_computed(database.execute(_COMPUTED_COLUMNS, ("",)).fetchone(), file)
            names = [name for name, _ in database.execute(_LAYERS)]
            name = _wanted(names, file, part)
            found = database.execute(_KIND, (name,)).fetchone()
            if found is None or found[0] != "table" or str(found[1]).upper().startswith("CREATE VIRTUAL"):
                raise ReadError("geo.gpkg_layer_computed", file=file, layer=name)
            _refuse_computed(database.execute(_COMPUTED_COLUMNS, (name,)).fetchone(), file)
            quoted = name.replace('"', '""')
            (rows,) = database.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()  # noqa: S608 - a table's own name
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise ReadError("geo.gpkg_broken", file=file) from error
    return Layer(name, int(rows))


def _refuse_computed(found: tuple[str] | None, file: str) -> None:
    if found is not None:
        raise ReadError("geo.gpkg_layer_computed", file=file, layer=found[0])


def _wanted(names: list[object], file: str, part: str | None) -> str:
    wanted = [name for name in names if isinstance(name, str) and part in (None, name)]
    if part is not None and not wanted:
        raise ReadError("geo.part_not_found", file=file, part=part, parts=quoted_names(names))
    if len(wanted) != 1 or (part is None and len(names) != 1):
        raise ReadError("geo.gpkg_not_one_layer", file=file, count=len(names), layers=quoted_names(names))
    return wanted[0]
