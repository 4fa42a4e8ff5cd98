"""A gazetteer as a file: Parquet with what it was built from."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from geo.errors import PlaceError
from geo.gazetteer.build import Built
from geo.gazetteer.model import Gazetteer

FORMAT, VERSION = "tayori-gazetteer", 1
_KEY = b"tayori"


def write(built: Built, municipality: str, folder: Path) -> Path:
    """Write ``<code>.parquet`` for one municipality of what was built.

    Columns as in `geo.gazetteer.rows.ROWS`. The key ``tayori`` of the file's metadata holds JSON: format, version,
    municipality, names, day, vintage, and file name, SHA-256, sort and rows of everything it was built from. The same
    input gives the same bytes with the same version of Arrow.

    Parameters
    ----------
    built
        What `build` returned.
    municipality
        Code of five digits, a key of ``built.tables``.
    folder
        Made if it is not there. A file of that name is replaced, whole or not at all.

    Returns
    -------
    Path
        The file.
    """
    pref, city = built.names[municipality]
    told = {
        "format": FORMAT, "version": VERSION, "municipality": municipality, "pref": pref, "city": city,
        "on": built.on.isoformat(), "vintage": built.vintage,
        "built_from": [{"file": o.file, "sha256": o.sha256, "role": o.role, "rows": o.rows} for o in built.origins],
    }  # fmt: skip
    metadata = {_KEY: json.dumps(told, ensure_ascii=False, sort_keys=True).encode()}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{municipality}.parquet"
    beside = path.with_name(f"{path.name}.part")
    pq.write_table(built.tables[municipality].replace_schema_metadata(metadata), beside, compression="zstd")
    beside.replace(path)
    return path


def load(path: Path) -> Gazetteer:
    """Read a gazetteer that `write` has written. A file that a stranger sent goes through `geo.read.Reader` instead.

    Raises
    ------
    PlaceError
        ``geo.gazetteer_not_ours`` if the file is none or of a version that is not known; else as `Gazetteer.of`.
    """
    try:
        with pq.ParquetFile(path) as opened:
            told = json.loads((opened.schema_arrow.metadata or {}).get(_KEY, b"null"))
            if (told["format"], told["version"]) != (FORMAT, VERSION):
                raise PlaceError("geo.gazetteer_not_ours", file=path.name)
            municipality, table = str(told["municipality"]), opened.read()
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise PlaceError("geo.gazetteer_not_ours", file=path.name) from error
    return Gazetteer.of(table, municipality=municipality)
