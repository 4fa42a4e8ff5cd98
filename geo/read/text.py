"""Text files: which encoding, strictly, and the text in UTF-8 as bytes to scan."""

import codecs
import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geo.errors import ReadError
from geo.read.limits import MIB, Limits
from geo.read.model import Note, Stated, rows_text

Bytes = npt.NDArray[np.uint8]

BOM = codecs.BOM_UTF8
#: Encodings of Japanese files besides UTF-8, in the order in which they are tried.
LEGACY = ("cp932", "euc_jp")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PIECE = MIB
#: What Python makes of single bytes that no Japanese file has: 0x80, 0xA0, 0xFD to 0xFF.
NOT_CP932 = "\x80\uf8f0\uf8f1\uf8f2\uf8f3"
_JIS_ESCAPES = (b"\x1b$B", b"\x1b$@", b"\x1b(J")
_CONTROLS = bytes([*range(1, 9), 11, 12, *range(14, 32), 127])


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A text file as UTF-8 without its mark, and the encoding in which it was found."""

    data: Bytes
    encoding: str


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A text file to parse: its text, the private copy, the name to say in a refusal, what it may cost."""

    text: Text
    path: Path
    file: str
    limits: Limits
    stated: Stated


def load_text(path: Path, file: str, stated: str | None) -> Text:
    """Decide the encoding of a file strictly and return its text in UTF-8.

    UTF-16 is taken where its mark stands first, UTF-8 where the bytes are valid in it. Otherwise CP932 and EUC-JP are
    both tried over the whole file; when both fit, nothing is guessed. What is not UTF-8 is written again beside the
    file in UTF-8.

    Parameters
    ----------
    path
        The private copy.
    file
        The name to say in a refusal.
    stated
        Encoding named by the user; the bytes must be valid in it.

    Raises
    ------
    ReadError
        If no encoding fits, two fit, the stated one does not, or the text holds NUL.
    """
    raw = map_file(path)
    converted = path.with_name("in.utf8")
    if raw[:2] in _UTF16:
        return _utf16(raw, file, converted)
    if raw.find(b"\x00") >= 0:
        raise ReadError("geo.nul_character", file=file, line=_line_at(raw, raw.find(b"\x00")))
    if any(raw.find(escape) >= 0 for escape in _JIS_ESCAPES):
        raise ReadError("geo.jis_not_read", file=file)
    encoding = _stated(raw, file, stated, converted) if stated else _found(raw, file, converted)
    if encoding in LEGACY:
        return Text(np.frombuffer(map_file(converted), dtype=np.uint8), encoding)
    data = np.frombuffer(raw, dtype=np.uint8)
    if raw[: len(BOM)] == BOM:
        return Text(data[len(BOM) :], "utf-8-sig")
    return Text(data, "utf-8")


def _utf16(raw: mmap.mmap, file: str, converted: Path) -> Text:
    """Return text whose first two bytes say that it is UTF-16, as Excel saves "Unicode text"."""
    bad = _convert(raw, "utf-16", converted)
    if bad is not None:
        raise ReadError("geo.encoding_does_not_fit", file=file, encoding="utf-16", line=_line_at(raw, bad))
    if converted.stat().st_size == 0:
        raise ReadError("geo.empty_file", file=file)
    text = map_file(converted)
    if text.find(b"\x00") >= 0:
        raise ReadError("geo.nul_character", file=file, line=_line_at(text, text.find(b"\x00")))
    return Text(np.frombuffer(text, dtype=np.uint8), "utf-16")


def map_file(path: Path) -> mmap.mmap:
    """Map a file into memory, read only. It must not be empty."""
    with path.open("rb") as opened:
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)


def let_go(data: Bytes) -> None:
    """Let the system take back the memory of a mapped file; what is looked at again is read again."""
    mapped: object = data
    while isinstance(mapped, np.ndarray | memoryview):
        mapped = mapped.base if isinstance(mapped, np.ndarray) else mapped.obj
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


def control_note(text: Text) -> tuple[Note, ...]:
    """Return a remark if the text holds control characters, with the numbers of the lines that do."""
    count = 0
    for piece in _pieces(text.data):
        count += len(piece) - len(piece.translate(None, _CONTROLS))
        let_go(text.data)
    if count == 0:
        return ()
    controls = np.zeros(256, dtype=bool)
    controls[list(_CONTROLS)] = True
    places = np.flatnonzero(controls[text.data])[:1000]
    breaks = np.flatnonzero(text.data[: int(places[-1])] == ord("\n"))
    lines = np.unique(np.searchsorted(breaks, places) + 1)
    return (("geo.note_control_characters", {"count": count, "lines": rows_text(lines.tolist())}),)


def _pieces(data: Bytes | bytes | mmap.mmap) -> Iterator[bytes]:
    for start in range(0, len(data), _PIECE):
        yield bytes(data[start : start + _PIECE])


def _stated(raw: mmap.mmap, file: str, stated: str, converted: Path) -> str:
    if stated in LEGACY and _is_utf8(raw) and not _is_ascii(raw):  # as mojibake it would fit
        raise ReadError("geo.encoding_is_utf8", file=file, encoding=stated)
    bad = _bad_byte(raw, stated) if stated == "utf-8" else _convert(raw, stated, converted)
    if bad is not None:
        raise ReadError("geo.encoding_does_not_fit", file=file, encoding=stated, line=_line_at(raw, bad))
    return stated


def _found(raw: mmap.mmap, file: str, converted: Path) -> str:
    if _is_utf8(raw):
        return "utf-8"
    bad = {"utf-8": _bad_byte(raw, "utf-8")}
    if raw[: len(BOM)] == BOM:
        line = _line_at(raw, bad["utf-8"] or 0)
        raise ReadError("geo.encoding_does_not_fit", file=file, encoding="utf-8", line=line)
    bad["cp932"] = _convert(raw, "cp932", converted)
    bad["euc_jp"] = _bad_byte(raw, "euc_jp")
    fitting = [name for name in LEGACY if bad[name] is None]
    if len(fitting) > 1:
        raise ReadError("geo.encoding_ambiguous", file=file, candidates=", ".join(fitting))
    if not fitting:
        furthest = max(bad, key=lambda name: bad[name] or 0)
        raise ReadError("geo.encoding_unknown", file=file, nearest=furthest, line=_line_at(raw, bad[furthest] or 0))
    if fitting == ["euc_jp"]:
        _convert(raw, "euc_jp", converted)
    return fitting[0]


def _is_utf8(raw: mmap.mmap) -> bool:
    """Validate all at once, five times faster than decoding."""
    offsets = pa.py_buffer(np.array([0, len(raw)], dtype=np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(raw)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _is_ascii(raw: mmap.mmap) -> bool:
    return all(piece.isascii() for piece in _pieces(raw))


def _convert(raw: mmap.mmap, encoding: str, converted: Path) -> int | None:
    with converted.open("wb") as out:
        return _bad_byte(raw, encoding, out)


def _bad_byte(raw: mmap.mmap, encoding: str, out: BinaryIO | None = None) -> int | None:
    """Decode strictly, writing UTF-8 into `out`; return about where the first invalid byte is, if there is one."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    for start in range(0, len(raw), _PIECE):
        try:
            text = decoder.decode(raw[start : start + _PIECE], final=start + _PIECE >= len(raw))
        except UnicodeDecodeError as error:
            return start + error.start
        if encoding == "cp932" and any(character in text for character in NOT_CP932):
            return start
        if out is not None:
            out.write(text.encode())
    return None


def _line_at(raw: mmap.mmap, place: int) -> int:
    return 1 + sum(piece.count(b"\n") for piece in _pieces(raw[:place]))
