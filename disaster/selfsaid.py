"""What a released file says of itself where nothing lies beside it: read without a store, and signed by nobody.

Only the description is read, never a row: a few lines of GeoJSON, a table of a GeoPackage, a block of the map, the last
sheet of a workbook. A CSV file has no room for one.
"""

import html
import json
import re
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

from msoffcrypto.exceptions import FileFormatError, InvalidKeyError
from msoffcrypto.format.ooxml import OOXMLFile
from python_calamine import CalamineError, CalamineWorkbook

from agreements.format import SENSITIVITIES
from disaster.errors import ReceiveError
from geo.read import Limits

Documents = list[Mapping[str, Any]]
#: Where the description of a GeoJSON file ends at the latest.
_MOST_HEAD = 1_000_000
_MAP_BLOCK = re.compile(r'<template id="tayori-about">(.*?)</template>', re.DOTALL)
_GDAL_ITEM = re.compile(r'<MDI key="tayori">(.*?)</MDI>', re.DOTALL)
_ABOUT_SHEET = "この表について"
_CLAUSE = re.compile(r"協定 (?P<agreement>\S+) (?P<article>\S+)\((?P<clause>[^()]+)\)")
_COLUMN = re.compile(
    rf"(?P<label>.+?)\((?P<whom>{'|'.join(re.escape(words) for words, _ in SENSITIVITIES.values())})\)(?:、|$)"
)
_LAW = "法令の根拠: "
#: A locked workbook is no ZIP but a compound file (MS-CFB).
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def descriptions(file: Path, *, password: str | None = None) -> Documents:
    """Return what a file says of its layers.

    Raises
    ------
    ReceiveError
        ``disaster.nothing_to_explain`` if it says nothing, ``disaster.pack_needs_password`` or
        ``disaster.wrong_password`` for a workbook that is locked.
    """
    reader = _READERS.get(file.suffix.lower())
    try:
        found = reader(file, password) if reader else []
    except (ValueError, OSError, sqlite3.Error, CalamineError, zipfile.BadZipFile, RecursionError) as error:
        raise ReceiveError("disaster.nothing_to_explain", file=file.name) from error
    if not found:
        raise ReceiveError("disaster.nothing_to_explain", file=file.name)
    return found


def _geojson(file: Path, _password: str | None) -> Documents:
    with file.open("rb") as stream:
        head = stream.read(_MOST_HEAD).decode("utf-8", errors="ignore")
    at = head.find('"tayori":')
    return [] if at < 0 else [json.JSONDecoder().raw_decode(head, at + len('"tayori":'))[0]]


def _geopackage(file: Path, _password: str | None) -> Documents:
    address = f"file:{quote(str(file.absolute()))}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as database:
        rows = database.execute("SELECT metadata FROM gpkg_metadata ORDER BY id LIMIT 1000").fetchall()
    found = (_GDAL_ITEM.search(str(row[0])) for row in rows)
    return [json.loads(html.unescape(one[1])) for one in found if one]


def _map(file: Path, _password: str | None) -> Documents:
    found = _MAP_BLOCK.search(file.read_text(encoding="utf-8"))
    return json.loads(html.unescape(found[1])) if found else []


def _workbook(file: Path, password: str | None) -> Documents:
    content = unlocked(file, password)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        if sum(info.file_size for info in archive.infolist()) > Limits().unpacked_bytes:
            raise ValueError("too large")
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    if _ABOUT_SHEET not in book.sheet_names:
        return []
    return list(_of_rows(book.get_sheet_by_name(_ABOUT_SHEET).to_python()))


def unlocked(file: Path, password: str | None) -> bytes:
    """Return the bytes of a workbook, unlocked where a password protects it.

    Raises
    ------
    ReceiveError
        If it needs a password, or another one.
    """
    content = file.read_bytes()
    if not content.startswith(_COMPOUND):
        return content
    if not password:
        raise ReceiveError("disaster.pack_needs_password", file=file.name)
    plain = BytesIO()
    try:
        book = OOXMLFile(BytesIO(content))
        book.load_key(password=password, verify_password=True)
        book.decrypt(plain)
    except InvalidKeyError as error:
        raise ReceiveError("disaster.wrong_password", file=file.name) from error
    except FileFormatError as error:
        raise ReceiveError("disaster.nothing_to_explain", file=file.name) from error
    return plain.getvalue()


def _of_rows(rows: Sequence[Sequence[Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield a description for each part of the last sheet that names columns."""
    title, said = "", dict[str, str]()
    for row in [*rows, ("■", "")]:
        name, words = str(row[0]), str(row[1]) if len(row) > 1 else ""
        if not name.startswith("■"):
            said[name] = words
            continue
        if "項目" in said:
            yield _of_sheet(title, said)
        title, said = name.removeprefix("■").strip(), {}


def _of_sheet(title: str, said: Mapping[str, str]) -> Mapping[str, Any]:
    codes = {words: code for code, (words, _) in SENSITIVITIES.items()}
    columns = [
        {"name": found["label"], "label": found["label"], "sensitivity": codes[found["whom"]]}
        for found in _COLUMN.finditer(said["項目"])
    ]
    clause = _CLAUSE.search(said.get("条項", ""))
    sentence, _, law = said.get("根拠", "").partition(_LAW)
    grounds = {"sentence": sentence.strip(), "law": law, **(clause.groupdict() if clause else {})}
    return {"layer": title, "title": title, "columns": columns, "grounds": grounds}


_READERS: Mapping[str, Callable[[Path, str | None], Documents]] = {
    ".geojson": _geojson, ".gpkg": _geopackage, ".html": _map, ".xlsx": _workbook,
}  # fmt: skip
