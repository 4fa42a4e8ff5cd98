"""Which format a file is in: by its first bytes, which must agree with its name."""

import re
from collections.abc import Mapping
from pathlib import PurePath

from geo.errors import ReadError

#: Bytes that must be at hand to tell the format.
HEAD_BYTES = 4096

#: Formats that can be read and the endings under which each may come.
FORMATS: dict[str, tuple[str, ...]] = {
    "csv": (".csv", ".tsv", ".tab", ".txt"),
    "json": (".json", ".geojson"),
    "geojson": (".geojson", ".json"),
    "ndjson": (".ndjson", ".jsonl", ".geojsonl"),
    "xlsx": (".xlsx", ".xlsm"),
    "xls": (".xls",),
    "ods": (".ods",),
    "gpkg": (".gpkg",),
    "flatgeobuf": (".fgb",),
    "shapefile": (".shp",),
    "parquet": (".parquet", ".geoparquet"),
    "kml": (".kml",),
    "kmz": (".kmz",),
    "gml": (".gml", ".xml"),
    "zip": (".zip",),
}
SUPPORTED = (
    "CSV, TSV, Excel (.xlsx .xlsm .xls), ODS, JSON, GeoJSON (.geojson .json), JSON Lines (.ndjson .jsonl .geojsonl), "
    "GeoPackage (.gpkg), Shapefile (.shp), FlatGeobuf (.fgb), GeoParquet (.parquet), KML (.kml .kmz), GML (.gml .xml), "
    "ZIP"
)

#: Parts of a shapefile beside its .shp.
SHAPEFILE_PARTS = frozenset({".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix"})

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"
_OLE = b"\xd0\xcf\x11\xe0"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
#: Formats that are ZIP archives inside: which of them it is, only the name tells before it is opened.
_ZIPPED = ("zip", "xlsx", "ods", "kmz")
#: A ZIP entry of a workbook as Excel writes it (ECMA-376): local header, then the name.
_WORKBOOK = re.compile(rb"PK\x03\x04.{26}xl/", re.DOTALL)
#: How the names of the files begin that Excel and LibreOffice keep beside a file while it is open.
_LOCKS = ("~$", ".~lock.")
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"SQLite format 3\x00", "gpkg"),
    (b"fgb\x03", "flatgeobuf"),
    (b"\x00\x00\x27\x0a", "shapefile"),
    (b"PAR1", "parquet"),
    (b"PARE", "parquet"),  # encrypted: its parser says so
)
#: Beginnings of common files that are not tables, and what people call them in Japanese and English.
_OTHER_BINARY: Mapping[bytes, tuple[str, str]] = {
    b"%PDF": ("PDF", "a PDF document"),
    b"\x89PNG": ("画像（PNG）", "a picture (PNG)"),
    b"\xff\xd8\xff": ("画像（JPEG）", "a picture (JPEG)"),
    b"GIF8": ("画像（GIF）", "a picture (GIF)"),
    b"\x1f\x8b": ("圧縮ファイル（gzip）", "an archive (gzip)"),
    b"7z\xbc\xaf": ("圧縮ファイル（7z）", "an archive (7z)"),
    b"Rar!": ("圧縮ファイル（RAR）", "an archive (RAR)"),
    b"\x7fELF": ("プログラム", "a program"),
    b"MZ\x90": ("プログラム", "a program"),
}
_JSON_LIKE = re.compile(rb'\{\s*("|\})|\[\s*(\{|\[|\])')
_MARKUP = re.compile(rb"<[?!A-Za-z]")
_HTML = re.compile(rb"<(?:!doctype\s+html|html|table)\b", re.IGNORECASE)


def format_of(name: str, head: bytes) -> str:
    """Return the format of a file from its name and its first `HEAD_BYTES` bytes.

    Raises
    ------
    ReadError
        If it is empty, of a format that is not read, or if name and content contradict each other.
    """
    suffix = PurePath(name).suffix.lower()
    if PurePath(name).name.startswith(_LOCKS):
        raise ReadError("geo.lock_file", file=name)
    if not head.removeprefix(_BOM).strip():
        raise ReadError("geo.empty_file", file=name)
    _refuse_known_others(name, suffix, head)
    if head.startswith(_OLE):
        return _ole_format(name, suffix)
    found = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
    if found is None and head.startswith(_ZIP):
        found = next((kind for kind in _ZIPPED if suffix in FORMATS[kind]), "zip")
        if suffix not in FORMATS[found] and _WORKBOOK.search(head):
            raise ReadError("geo.workbook_misnamed", file=name, ending=suffix)
    if not any(suffix in endings for endings in FORMATS.values()):
        raise ReadError("geo.format_not_read", file=name, supported=SUPPORTED)
    found = found or _text_format(name, suffix, head)
    if suffix not in FORMATS[found]:
        raise ReadError("geo.name_and_content_differ", file=name, found=found, endings=" ".join(FORMATS[found]))
    return found


def _refuse_known_others(name: str, suffix: str, head: bytes) -> None:
    if suffix in SHAPEFILE_PARTS:
        raise ReadError("geo.shapefile_part_given", file=name)
    if suffix == ".xlsb":
        raise ReadError("geo.spreadsheet_not_read", file=name)
    if head.startswith(_UTF16) and suffix not in FORMATS["csv"]:
        raise ReadError("geo.utf16_not_read", file=name)
    for magic, (ja, en) in _OTHER_BINARY.items():
        if head.startswith(magic):
            raise ReadError("geo.content_is_other", file=name, what_ja=ja, what_en=en, supported=SUPPORTED)


def _ole_format(name: str, suffix: str) -> str:
    """Tell an old workbook from a new one that is locked: Excel wraps the encrypted ZIP in the old container."""
    if suffix in FORMATS["xlsx"]:
        raise ReadError("geo.spreadsheet_encrypted", file=name)
    if suffix not in FORMATS["xls"]:
        raise ReadError("geo.name_and_content_differ", file=name, found="xls", endings=".xls")
    return "xls"


def _text_format(name: str, suffix: str, head: bytes) -> str:
    text = head.removeprefix(_BOM).lstrip()
    if _MARKUP.match(text):
        return _markup_format(name, suffix, text)
    if suffix in FORMATS["ndjson"]:
        if text[:1] not in {b"{", b"[", b"\x1e"}:  # RS sets off the records of RFC 8142
            raise ReadError("geo.content_is_not_that_format", file=name, ending=suffix)
        return "ndjson"
    if _JSON_LIKE.match(text) or (suffix in FORMATS["json"] and text[:1] in (b"[", b"{")):
        return "json" if text.startswith(b"[") else "geojson"
    if suffix in FORMATS["csv"]:
        return "csv"
    raise ReadError("geo.content_is_not_that_format", file=name, ending=suffix)


def _markup_format(name: str, suffix: str, text: bytes) -> str:
    """Tell by the ending; that the root element is right is seen by whoever parses it."""
    if suffix in FORMATS["xls"] and _HTML.search(text):  # old systems write web pages and call them .xls
        raise ReadError("geo.spreadsheet_is_html", file=name)
    for kind in ("kml", "gml"):
        if suffix in FORMATS[kind] and not _HTML.search(text):
            return kind
    if _HTML.search(text):
        raise ReadError("geo.web_page_saved", file=name)
    raise ReadError("geo.format_not_read", file=name, supported=SUPPORTED)
