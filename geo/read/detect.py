"""Which format a file is in: by its first bytes, which must agree with its name."""

import re
from pathlib import PurePath

from geo.errors import ReadError

#: Bytes that must be at hand to tell the format.
HEAD_BYTES = 4096

#: Formats that can be read and the endings under which each may come.
FORMATS: dict[str, tuple[str, ...]] = {
    "csv": (".csv", ".tsv", ".tab", ".txt"),
    "json": (".json", ".geojson"),
    "geojson": (".geojson", ".json"),
    "gpkg": (".gpkg",),
    "flatgeobuf": (".fgb",),
    "shapefile": (".shp",),
}
SUPPORTED = "CSV, TSV, JSON, GeoJSON (.geojson .json), GeoPackage (.gpkg), Shapefile (.shp), FlatGeobuf (.fgb)"

_SHAPEFILE_PARTS = frozenset({".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix"})
_SPREADSHEETS = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"SQLite format 3\x00", "gpkg"),
    (b"fgb\x03", "flatgeobuf"),
    (b"\x00\x00\x27\x0a", "shapefile"),
)
#: Beginnings of common files that are not tables: PDF, images, gzip, 7z, RAR, Parquet, ELF, Windows programs.
_OTHER_BINARY = (
    b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"PAR1", b"\x7fELF", b"MZ\x90",
)  # fmt: skip
_JSON_LIKE = re.compile(rb'\{\s*("|\})|\[\s*(\{|\[|\])')
_MARKUP = re.compile(rb"<[?!A-Za-z]")


def format_of(name: str, head: bytes) -> str:
    """Return the format of a file from its name and its first `HEAD_BYTES` bytes.

    Raises
    ------
    ReadError
        If it is empty, of a format that is not read, or if name and content contradict each other.
    """
    suffix = PurePath(name).suffix.lower()
    if not head.removeprefix(_BOM).strip():
        raise ReadError("geo.empty_file", file=name)
    _refuse_known_others(name, suffix, head)
    if not any(suffix in endings for endings in FORMATS.values()):
        raise ReadError("geo.format_not_read", file=name, supported=SUPPORTED)
    found = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None) or _text_format(name, suffix, head)
    if suffix not in FORMATS[found]:
        raise ReadError("geo.name_and_content_differ", file=name, found=found, endings=" ".join(FORMATS[found]))
    return found


def _refuse_known_others(name: str, suffix: str, head: bytes) -> None:
    if suffix in _SHAPEFILE_PARTS:
        raise ReadError("geo.shapefile_part_given", file=name)
    if suffix in _SPREADSHEETS or head.startswith(b"\xd0\xcf\x11\xe0"):
        raise ReadError("geo.spreadsheet_not_read", file=name)
    if head.startswith(b"PK\x03\x04") or suffix == ".zip":
        raise ReadError("geo.archive_not_read", file=name)
    if head.startswith(_UTF16):
        raise ReadError("geo.utf16_not_read", file=name)
    if head.startswith(_OTHER_BINARY):
        raise ReadError("geo.format_not_read", file=name, supported=SUPPORTED)


def _text_format(name: str, suffix: str, head: bytes) -> str:
    text = head.removeprefix(_BOM).lstrip()
    if _MARKUP.match(text):
        raise ReadError("geo.format_not_read", file=name, supported=SUPPORTED)
    if _JSON_LIKE.match(text) or (suffix in FORMATS["json"] and text[:1] in (b"[", b"{")):
        return "json" if text.startswith(b"[") else "geojson"
    if suffix in FORMATS["csv"]:
        return "csv"
    raise ReadError("geo.content_is_not_that_format", file=name, ending=suffix)
