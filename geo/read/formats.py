"""Which parser reads which format."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from geo.errors import ReadError
from geo.read.archive import ARCHIVES, unpack
from geo.read.csvfile import parse_csv
from geo.read.gml import parse_gml
from geo.read.jsonfile import parse_json, parse_json_lines
from geo.read.kml import parse_kml
from geo.read.limits import Limits
from geo.read.markup import load_markup
from geo.read.model import Parsed, Stated
from geo.read.parquet import parse_parquet
from geo.read.spreadsheet import parse_spreadsheet
from geo.read.text import Job, load_text
from geo.read.vector import parse_flatgeobuf, parse_gpkg, parse_shapefile

#: Parsers of files that are not text, by format.
_BINARY: Mapping[str, Callable[[Path, str, Limits, Stated], Parsed]] = {
    "flatgeobuf": parse_flatgeobuf,
    "gpkg": parse_gpkg,
    "parquet": parse_parquet,
    "ods": parse_spreadsheet,
    "shapefile": parse_shapefile,
    "xls": parse_spreadsheet,
    "xlsx": parse_spreadsheet,
}
#: Parsers of text, by format.
_TEXT: Mapping[str, Callable[[Job], Parsed]] = {
    "geojson": parse_json,
    "gml": parse_gml,
    "json": parse_json,
    "kml": parse_kml,
    "ndjson": parse_json_lines,
}


_MARKUP = frozenset({"gml", "kml"})


def parse(kind: str, path: Path, file: str, limits: Limits, stated: Stated) -> Parsed:
    """Read one file of one format.

    Parameters
    ----------
    kind
        As `geo.read.detect.format_of` says.
    path
        The private copy; parsers may write beside it.
    file
        The name to say in a refusal.

    Raises
    ------
    ReadError
        As its parser.
    """
    if kind in ARCHIVES:
        inner = unpack(kind, path, file, limits, stated)
        parsed = parse(inner.format, inner.path, inner.file, limits, replace(stated, part=inner.part))
        if kind == "kmz":
            return parsed
        return replace(
            parsed, format=parsed.format or inner.format, member=inner.member, notes=inner.notes + parsed.notes
        )
    if kind in _BINARY:
        return _BINARY[kind](path, file, limits, stated)
    load = load_markup if kind in _MARKUP else load_text
    text = load(path, file, stated.encoding)
    if kind == "csv":
        return parse_csv(text, file, limits)
    if kind in _TEXT:
        return _TEXT[kind](Job(text, path, file, limits, stated))
    raise ReadError("geo.parser_failed", file=file, kind=kind)
