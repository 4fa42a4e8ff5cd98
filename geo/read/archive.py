"""ZIP archives: judged by their directory, the one file that is meant unpacked under a name of our own.

Only the worker opens them. No name found inside ever becomes a path.
"""

import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from geo.errors import ReadError
from geo.read.contents import choose
from geo.read.detect import HEAD_BYTES, format_of
from geo.read.limits import KIB, MIB, Limits, size_text
from geo.read.model import Note, Stated, quoted_names

#: Formats that are opened here.
ARCHIVES = ("zip", "kmz")

_PARTS = (".shx", ".dbf", ".prj", ".cpg")
_ENTRY_BYTES = 2 * KIB  # of the directory, more than any honest name and its dates take
_RATIO_FROM = MIB  # below, a high ratio (a table of blanks) harms nobody
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED, _UTF8 = 0x41, 0x800
_AES = 99

_END, _END64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")
_LOCATOR_BYTES = 20
_COMMENT_BYTES = 0xFFFF
_LOCAL_BYTES = 30

_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(?:\..*)?", re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069:]")
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError, RuntimeError, KeyError,
    IndexError, OverflowError,
)  # fmt: skip


class Member(NamedTuple):
    """One file in an archive: its name as people read it, ``/`` between folders, and what the directory says of it."""

    name: str
    info: zipfile.ZipInfo


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The file that was meant, unpacked.

    Attributes
    ----------
    path, format
        Where it lies now and what it is.
    file
        The name to say in a refusal: ``town.zip/shelters.csv``.
    member
        Its path in the archive.
    part
        What is meant within it, if that was said.
    notes
        What else the archive holds.
    """

    path: Path
    format: str
    file: str
    member: str
    part: str | None
    notes: tuple[Note, ...]


def unpack(kind: str, path: Path, file: str, limits: Limits, stated: Stated) -> Unpacked:
    """Unpack the one readable file of a ZIP (of a KMZ its KML) into a folder beside the archive.

    Raises
    ------
    ReadError
        As `members`; if the archive holds no readable file, several, or another archive; if a member does not unpack to
        what the directory says.
    """
    with opened(path, file, limits) as archive:
        found = {member.name: member.info for member in members(archive, file, limits)}
        if not found:
            raise ReadError("geo.empty_file", file=file)
        names = _only_kml(list(found), file) if kind == "kmz" else list(found)
        chosen = choose(names, stated.part, file)
        folder = path.parent / "unpacked"
        folder.mkdir()
        shown = f"{file}/{chosen.name}"
        main = folder / "in.part"
        _extract(archive, found[chosen.name], main, shown)
        with main.open("rb") as head:
            format_ = format_of(shown, head.read(HEAD_BYTES))
        ending = ".csv" if format_ == "csv" else PurePosixPath(chosen.name).suffix.lower()
        main = main.rename(folder / f"in{ending}")
        if format_ == "shapefile":
            _extract_parts(archive, {ending: found[name] for ending, name in chosen.parts.items()}, folder, shown)
    read: Note = ("geo.note_member_read", {"member": chosen.name})
    return Unpacked(main, format_, shown, chosen.name, chosen.part, (read, *chosen.notes) if kind == "zip" else ())


@contextmanager
def opened(path: Path, file: str, limits: Limits) -> Iterator[zipfile.ZipFile]:
    """Open an archive; whatever breaks in it while it is open is said in one sentence.

    Raises
    ------
    ReadError
        ``geo.zip_broken``; if it is one of several volumes or lists too many members.
    """
    _check_end(path, file, limits)
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except _BROKEN as error:
        raise ReadError("geo.zip_broken", file=file) from error


def _check_end(path: Path, file: str, limits: Limits) -> None:
    """Judge the last record of an archive, before its directory is read into memory."""
    with path.open("rb") as raw:
        size = raw.seek(0, 2)
        raw.seek(max(0, size - _END.size - _COMMENT_BYTES - _LOCATOR_BYTES - _END64.size))
        tail = raw.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < _END.size:
        raise ReadError("geo.zip_spanned" if tail.startswith(b"PK\x07\x08") else "geo.zip_broken", file=file)
    _, disk, first_disk, here, count, directory, _, _ = _END.unpack_from(tail, place)
    place64 = tail.rfind(b"PK\x06\x06", 0, place)
    if place64 >= 0 and len(tail) - place64 >= _END64.size:  # large numbers stand there
        _, _, _, _, disk, first_disk, here, count, directory, _ = _END64.unpack_from(tail, place64)
    if disk or first_disk or here != count:
        raise ReadError("geo.zip_spanned", file=file)
    if count > limits.members:
        raise ReadError("geo.members_limit", file=file, members=count, limit=limits.members)
    if directory > limits.members * _ENTRY_BYTES:
        raise ReadError("geo.zip_broken", file=file)


def members(archive: zipfile.ZipFile, file: str, limits: Limits) -> list[Member]:
    """Return the files in an archive after judging all that its directory says.

    Raises
    ------
    ReadError
        If it has too many members or they unpack to too much; if members overlap, have the same name, a name that could
        mean something outside the archive, are links or encrypted; if something stands before the first.
    """
    infos = archive.infolist()
    if len(infos) > limits.members:
        raise ReadError("geo.members_limit", file=file, members=len(infos), limit=limits.members)
    found = [Member(_name(info), info) for info in infos]
    _check_names(found, file)
    _check_kinds(found, file)
    _check_sizes(found, file, limits)
    _check_places(infos, archive.start_dir, file)
    return [member for member in found if not member.name.endswith("/")]


def read_through(archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: str) -> Iterator[bytes]:
    """Unpack a member piece by piece, never more than the directory says of it.

    Raises
    ------
    ReadError
        ``geo.zip_broken`` if it is less, or its checksum is wrong.
    """
    count = 0
    with archive.open(info) as packed:  # stops at the size that the directory states, whatever is packed
        while piece := packed.read(MIB):
            count += len(piece)
            yield piece
    if count != info.file_size:
        raise ReadError("geo.zip_broken", file=file)


def _name(info: zipfile.ZipInfo) -> str:
    """Return the name as people read it: archives of Japanese Windows write it in CP932 without saying so."""
    name = info.orig_filename
    if not info.flag_bits & _UTF8:
        raw = name.encode("cp437")
        name = next((text for encoding in ("utf-8", "cp932") if (text := _decoded(raw, encoding)) is not None), name)
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _check_names(found: Sequence[Member], file: str) -> None:
    seen: set[str] = set()
    for name, _ in found:
        steps = name.split("/")
        if (
            name.startswith("/") or ".." in steps or _UNSAFE.search(name)
            or any(_DEVICE.fullmatch(step.rstrip(" .")) for step in steps)
        ):  # fmt: skip
            raise ReadError("geo.zip_unsafe_name", file=file, name=_UNSAFE.sub("�", name)[:80])
        if name.casefold() in seen:
            raise ReadError("geo.zip_names_doubled", file=file, name=name[:80])
        seen.add(name.casefold())


def _check_kinds(found: Sequence[Member], file: str) -> None:
    for name, info in found:
        if info.flag_bits & _ENCRYPTED or info.compress_type == _AES:
            raise ReadError("geo.zip_encrypted", file=file)
        if info.compress_type not in _METHODS:
            raise ReadError("geo.zip_method", file=file, name=name[:80])
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ReadError("geo.zip_link", file=file, name=name[:80])


def _check_sizes(found: Sequence[Member], file: str, limits: Limits) -> None:
    for name, info in found:
        ratio = -(-info.file_size // max(info.compress_size, 1))
        if ratio > limits.ratio and info.file_size > _RATIO_FROM:
            raise ReadError("geo.ratio_limit", file=f"{file}/{name[:80]}", ratio=ratio, limit=limits.ratio)
    if sum(info.file_size for _, info in found) > limits.unpacked_bytes:
        raise ReadError("geo.unpacked_bytes_limit", file=file, limit=size_text(limits.unpacked_bytes))


def _check_places(infos: Sequence[zipfile.ZipInfo], directory: int, file: str) -> None:
    """Refuse an archive whose members share bytes (a bomb that looks small), or with something before the first."""
    placed = sorted(infos, key=lambda info: info.header_offset)
    if placed and placed[0].header_offset != 0:
        raise ReadError("geo.zip_prefixed", file=file)
    ends = [info.header_offset for info in placed[1:]] + [directory]
    for info, end in zip(placed, ends, strict=False):  # without members the directory's own place is left over
        if info.header_offset + _LOCAL_BYTES + info.compress_size > end:
            raise ReadError("geo.zip_overlapping", file=file)


def _only_kml(found: Sequence[str], file: str) -> list[str]:
    """Return the KML of a KMZ: ``doc.kml`` where there are several."""
    every = [name for name in found if name.lower().endswith(".kml")]
    main = [name for name in every if name.lower() == "doc.kml"]
    if not every:
        raise ReadError("geo.nothing_readable", file=file, names=quoted_names(found) or "-")
    return main or every


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, file: str) -> None:
    with target.open("wb") as out:
        for piece in read_through(archive, info, file):
            out.write(piece)


def _extract_parts(archive: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo], folder: Path, file: str) -> None:
    for ending in _PARTS:
        if ending in parts:
            _extract(archive, parts[ending], folder / f"in{ending}", file)
    if ".shx" not in parts:
        missing = str(PurePosixPath(file).with_suffix(".shx").name)
        raise ReadError("geo.shapefile_part_missing", file=file, part=missing)
