"""Attributes of a shapefile (dBASE III table): text exactly as stored, in an encoding that is proved, not assumed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geo.errors import ReadError
from geo.read.assemble import unique_names
from geo.read.limits import Limits
from geo.read.model import Note, rows_text
from geo.read.text import NOT_CP932

_TEXT_TYPES = frozenset("CNFDL")
_ORDER = ("utf-8", "cp932", "euc_jp")
_JAPANESE_WINDOWS = 0x13  # the mark of CP932 in the head of a dBASE table; most programs leave it empty
_NAME_BYTES = 10
_CODE_PAGES = {
    "utf-8": "utf-8", "utf8": "utf-8", "65001": "utf-8",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "cp932": "cp932", "932": "cp932", "ms932": "cp932",
    "windows-31j": "cp932", "ansi 932": "cp932", "euc-jp": "euc_jp", "euc_jp": "euc_jp", "eucjp": "euc_jp",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Attributes:
    """The table beside the shapes: columns by name and which of its records are marked as deleted."""

    table: pa.Table
    kept: npt.NDArray[np.bool_]
    encoding: str
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class _Field:
    name: bytes
    type: str
    start: int
    width: int


@dataclass(frozen=True, slots=True, eq=False)
class _Raw:
    """A column before decoding: its distinct values as bytes, and which record holds which."""

    field: _Field
    values: pa.DictionaryArray


def read_attributes(path: Path, file: str, limits: Limits, *, stated: str | None, code_page: str | None) -> Attributes:
    """Read a DBF file.

    The encoding is the one stated by the user; else that of the ``.cpg`` file if the bytes are valid in it; else the
    first of UTF-8, CP932 and EUC-JP in which all names and values are valid, and refused if both of the latter are. A
    character cut at the end of a field (fields have a fixed width) is dropped and noted.

    Raises
    ------
    ReadError
        If the table is broken or cut short, has too many rows or columns, or no encoding fits.
    """
    content = path.read_bytes()
    fields, records = _layout(content, file, limits)
    notes = [("geo.note_column_not_read", {"column": _shown(f.name)}) for f in fields if f.type not in _TEXT_TYPES]
    columns = [_distinct(records, field) for field in fields if field.type in _TEXT_TYPES]
    marked = content[29] == _JAPANESE_WINDOWS
    encoding, cut, more = _encoding(columns, file, stated, code_page, marked=marked)
    decoded = [(_name(c.field, encoding), _text(c, encoding, cut=cut)) for c in columns]
    if cut:
        rows = np.unique(np.concatenate([rows for _, (_, rows) in decoded]))
        more.append(("geo.note_text_cut", {"count": rows.size, "rows": rows_text((rows + 1).tolist())}))
    names = unique_names(name for name, _ in decoded)  # equal since they were cut to ten bytes
    table = pa.table([array for _, (array, _) in decoded], names=names)
    kept = records[:, 0] != ord("*")
    return Attributes(table, kept, encoding, (*notes, *more))


def _layout(content: bytes, file: str, limits: Limits) -> tuple[list[_Field], npt.NDArray[np.uint8]]:
    broken = ReadError("geo.attributes_broken", file=file)
    if len(content) < 33:
        raise broken
    count = int.from_bytes(content[4:8], "little")
    header, width = int.from_bytes(content[8:10], "little"), int.from_bytes(content[10:12], "little")
    if count > limits.rows:
        raise ReadError("geo.rows_limit", file=file, rows=count, limit=limits.rows)
    fields, start = [], 1
    for place in range(32, min(header, len(content)) - 31, 32):
        if content[place] == 0x0D:
            break
        kind = chr(content[place + 11])
        size = content[place + 16] + (256 * content[place + 17] if kind == "C" else 0)
        fields.append(_Field(content[place : place + 11].split(b"\x00")[0].strip(), kind, start, size))
        start += size
    if width < start or header + count * width > len(content):
        raise broken
    if len(fields) > limits.columns:
        raise ReadError("geo.columns_limit", file=file, columns=len(fields), limit=limits.columns)
    records = np.frombuffer(content, dtype=np.uint8, count=count * width, offset=header)
    return fields, records.reshape(count, width)


def _distinct(records: npt.NDArray[np.uint8], field: _Field) -> _Raw:
    if field.width == 0 or not len(records):
        return _Raw(field, pa.array([b""] * len(records), pa.binary()).dictionary_encode())
    cells = np.ascontiguousarray(records[:, field.start : field.start + field.width]).view(f"S{field.width}").ravel()
    values = np.char.strip(cells) if field.type in "NF" else np.char.rstrip(cells, b" ")
    return _Raw(field, pa.array(values.tolist(), pa.binary()).dictionary_encode())


def _encoding(
    columns: Sequence[_Raw], file: str, stated: str | None, code_page: str | None, *, marked: bool
) -> tuple[str, bool, list[Note]]:
    """Return the encoding, whether characters are cut at the end of fields, and remarks."""
    named = _CODE_PAGES.get((code_page or "").strip().lower())
    if stated not in (None, "utf-8") and _fits(columns, "utf-8", cut=False) and not _fits(columns, "ascii", cut=False):
        raise ReadError("geo.encoding_is_utf8", file=file, encoding=stated)  # as mojibake it would often fit
    for encoding in [stated] if stated else list(dict.fromkeys([*filter(None, [named]), *_ORDER])):
        for cut in (False, True):
            if _fits(columns, encoding, cut=cut):
                told = stated or encoding == named or marked
                if encoding == "cp932" and not told and _fits(columns, "euc_jp", cut=cut):
                    raise ReadError("geo.encoding_ambiguous", file=file, candidates="cp932, euc_jp")
                wrong = named is not None and not stated and encoding != named
                note: Note = ("geo.note_code_page_wrong", {"stated": named, "encoding": encoding})
                return encoding, cut, [note] if wrong else []
    if stated:
        raise ReadError("geo.attributes_not_in_encoding", file=file, encoding=stated)
    raise ReadError("geo.attributes_encoding_unknown", file=file)


def _fits(columns: Sequence[_Raw], encoding: str, *, cut: bool) -> bool:
    try:
        for column in columns:
            _name(column.field, encoding)
            for value in column.values.dictionary.to_pylist():
                _decode(value, encoding, column.field.width if cut else 0)
    except UnicodeDecodeError:
        return False
    return True


def _name(field: _Field, encoding: str) -> str:
    return _decode(field.name, encoding, _NAME_BYTES)[0]


def _decode(value: bytes, encoding: str, width: int) -> tuple[str, bool]:
    """Return the text, and whether its last character was dropped: one that ran over the `width` of its column."""
    try:
        return _strictly(value, encoding), False
    except UnicodeDecodeError as error:
        if len(value) != width or error.end < len(value):
            raise
        return _strictly(value[: error.start], encoding), True


def _strictly(value: bytes, encoding: str) -> str:
    text = value.decode(encoding)
    if encoding == "cp932" and any(character in text for character in NOT_CP932):
        raise UnicodeDecodeError(encoding, value, 0, len(value), "a byte that no Japanese file has")
    return text


def _text(column: _Raw, encoding: str, *, cut: bool) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """Return the column as text and the positions of rows in which a character was cut."""
    width = column.field.width if cut else 0
    decoded = [_decode(value, encoding, width) for value in column.values.dictionary.to_pylist()]
    words = [_clean(text, column.field.type) for text, _ in decoded]
    indices = column.values.indices
    short = [number for number, (_, dropped) in enumerate(decoded) if dropped]
    rows = np.flatnonzero(np.isin(indices.to_numpy(), short)) if short else np.empty(0, dtype=np.int64)
    return pa.array(words, pa.string()).take(indices), rows


def _clean(text: str, kind: str) -> str:
    text = text.rstrip("\x00 ")
    if kind == "D" and len(text) == 8 and text.isdigit():
        return "" if text == "00000000" else f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return "" if kind == "L" and text == "?" else text


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "replace")
