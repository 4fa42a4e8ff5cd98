"""Taking a local file in: opened once, copied and hashed in one go, so that what was hashed is what is parsed."""

import errno
import hashlib
import os
import re
import stat
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from geo.errors import ReadError
from geo.read.contents import choose
from geo.read.detect import HEAD_BYTES, format_of
from geo.read.limits import MIB, Limits, size_text
from geo.read.model import Note

#: Parts of a shapefile that are parsed; the others (indexes, metadata) are not looked at.
_PARTS = (".shx", ".dbf", ".prj", ".cpg")
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/|[\\/]vsi[a-z0-9_]+[\\/]")
_REASONS = {
    errno.ENOENT: "geo.no_such_file",
    errno.ENOTDIR: "geo.no_such_file",
    errno.EACCES: "geo.file_not_readable",
    errno.EPERM: "geo.file_not_readable",
    errno.ELOOP: "geo.link_loop",
}


@dataclass(frozen=True, slots=True)
class Copied:
    """A file's bytes in a private folder, under a name of our own: `main` is ``in<ending>``.

    `part` is what is meant within it, `notes` what stood beside it in the folder that was named.
    """

    file: str
    format: str
    main: Path
    sha256: str
    size: int
    part: str | None = None
    notes: tuple[Note, ...] = ()


def copy_in(path: Path, folder: Path, limits: Limits, *, part: str | None = None) -> Copied:
    """Copy a file (of a shapefile, its parts) into a private folder while hashing it.

    Parameters
    ----------
    path
        The file, or a folder with one that can be read.
    part
        Which file of a folder is meant, or what within the file.

    Raises
    ------
    ReadError
        If the path is not that of a plain local file, cannot be opened, is too large, changes while it is copied, or
        is of no format that is read.
    """
    typed, path = path, _plain(path)
    notes: tuple[Note, ...] = ()
    if path.is_dir():
        path, part, notes = _only_file(path, part, limits)
    main = folder / "in.part"
    try:
        digest, size = _copy(path, main, path.name, limits.file_bytes)
    except ReadError as error:
        if error.code != "geo.no_such_file":
            raise
        raise ReadError(error.code, file=str(typed)) from error  # its folder may be what was typed wrongly
    with main.open("rb") as opened:
        kind = format_of(path.name, opened.read(HEAD_BYTES))
    ending = ".csv" if kind == "csv" else path.suffix.lower()
    main = main.rename(folder / f"in{ending}")
    if kind == "gpkg":
        _refuse_open_database(path)
    if kind == "shapefile":
        digest, size = _copy_parts(path, folder, digest, size, limits)
    return Copied(path.name, kind, main, digest, size, part, notes)


def _only_file(folder: Path, part: str | None, limits: Limits) -> tuple[Path, str | None, tuple[Note, ...]]:
    """Return the one readable file of a folder, what is meant in it, and what lies beside.

    Folders within are not looked into, and links are left alone: a folder from elsewhere could name any file of ours.
    """
    try:
        plain = (entry.name for entry in folder.iterdir() if entry.is_file() and not entry.is_symlink())
        names = sorted(islice(plain, limits.members + 1))
    except OSError as error:
        raise ReadError(_REASONS.get(error.errno or 0, "geo.file_not_readable"), file=folder.name) from error
    if len(names) > limits.members:
        raise ReadError("geo.members_limit", file=folder.name, members=len(names), limit=limits.members)
    chosen = choose(names, part, folder.name, nested=True)
    return folder / chosen.name, chosen.part, chosen.notes


def _plain(path: Path) -> Path:
    text = str(path)
    if "\x00" in text or _REMOTE.match(text):
        raise ReadError("geo.path_not_local", file=path.name.replace("\x00", ""))
    return path.absolute()


def _open(path: Path, file: str) -> BinaryIO:
    # O_NONBLOCK: a named pipe would otherwise hold us until somebody writes into it
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        opened = os.fdopen(os.open(path, flags), "rb")
    except OSError as error:
        raise ReadError(_REASONS.get(error.errno or 0, "geo.file_not_readable"), file=file) from error
    if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
        opened.close()
        raise ReadError("geo.not_a_plain_file", file=file)
    return opened


def _copy(path: Path, target: Path, file: str, allowed: int) -> tuple[str, int]:
    digest = hashlib.sha256()
    size = 0
    with _open(path, file) as source, target.open("wb") as copy:
        before = os.fstat(source.fileno())
        if before.st_size > allowed:
            raise ReadError("geo.file_bytes_limit", file=file, size=size_text(before.st_size), limit=size_text(allowed))
        try:
            while size <= before.st_size and (piece := source.read(MIB)):
                size += len(piece)
                digest.update(piece)
                copy.write(piece)
        except OSError as error:
            code = "geo.disk_full" if error.errno == errno.ENOSPC else "geo.file_not_readable"
            raise ReadError(code, file=file) from error
        after = os.fstat(source.fileno())
    if size != before.st_size or (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise ReadError("geo.file_changed", file=file)
    return digest.hexdigest(), size


def _refuse_open_database(path: Path) -> None:
    """Refuse a GeoPackage that is open in QGIS: its newest rows lie beside it, the file alone would be the past."""
    for ending in ("-wal", "-journal"):
        beside = path.with_name(path.name + ending)
        try:
            waiting = beside.stat().st_size > 0
        except OSError:
            continue
        if waiting:
            raise ReadError("geo.gpkg_in_use", file=path.name, beside=beside.name)


def _copy_parts(path: Path, folder: Path, digest: str, size: int, limits: Limits) -> tuple[str, int]:
    digests = {".shp": digest}
    for ending in _PARTS:
        part = next((p for p in (path.with_suffix(ending), path.with_suffix(ending.upper())) if p.exists()), None)
        if part is None:
            continue
        digests[ending], more = _copy(part, folder / f"in{ending}", part.name, limits.file_bytes - size)
        size += more
    if ".shx" not in digests:
        raise ReadError("geo.shapefile_part_missing", file=path.name, part=path.with_suffix(".shx").name)
    lines = "".join(f"{value}  {ending}\n" for ending, value in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest(), size
