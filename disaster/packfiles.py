"""The files of a pack as it was handed over, a folder or a ZIP: listed under limits, read one by one, no link followed.

A hostile ZIP must end in one sentence. Nothing is unpacked to be looked at: what a password protects would lie open on
the disk if the command were killed.
"""

import hashlib
import os
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any

import pyzipper

from disaster.errors import ReceiveError, StoreError
from disaster.manifest import MANIFEST
from geo.read import Limits

#: What a broken or hostile ZIP file makes the library say.
_ZIP_FAULTS = (
    zipfile.BadZipFile, pyzipper.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError, EOFError,
    OSError, ValueError, OverflowError, LookupError,
)  # fmt: skip
#: Bytes of a member's name: more than any file of a pack has, and less than file systems refuse.
_LONGEST = 250
#: How packs are compressed. The library unpacks what other methods hold without a bound, whatever size is declared.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: Flag of a member that a password protects.
_LOCKED = 0x1


@dataclass(frozen=True, slots=True)
class PackFiles:
    """The files of a pack: `name` is that of the pack for people, `ways` is how each is opened by its path inside it.

    `fault` is the code of the refusal where one of them cannot be read or grows beyond the limit.
    """

    name: str
    ways: Mapping[str, Callable[[], AbstractContextManager[IO[bytes]]]] = field(repr=False)
    fault: str = "disaster.unreadable_pack"

    @property
    def paths(self) -> frozenset[str]:
        """Their paths, with forward slashes."""
        return frozenset(self.ways)

    def read(self, path: str, most: int) -> bytes:
        """Return the first bytes of a file, `most` at most."""
        with _in_one_sentence(self.fault, self.name), self.ways[path]() as source:
            return source.read(most)

    def sha256(self, path: str) -> str:
        """Return the SHA-256 of a file in hex."""
        digest = hashlib.sha256()
        for block in self._blocks(path):
            digest.update(block)
        return digest.hexdigest()

    def copy(self, path: str, target: Path) -> None:
        """Copy a file to where none is yet; that it cannot be written there is no fault of the pack."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as sink:
            for block in self._blocks(path):
                sink.write(block)

    def _blocks(self, path: str) -> Iterator[bytes]:
        found, limits = 0, Limits()
        with _in_one_sentence(self.fault, self.name), self.ways[path]() as source:
            while block := source.read(1 << 20):
                found += len(block)
                _require_small(self.name, limits, unpacked_bytes=found)
                yield block


def files_in(folder: Path, *, only: Iterable[str] | None = None) -> PackFiles:
    """Return the files of a folder, or `only` those of some paths that are there; the others are not looked at.

    Raises
    ------
    ReceiveError
        If it holds links or devices, or cannot be listed.
    """
    if only is not None:
        there = [folder / name for name in only]
        return _in_folder(folder, [path for path in there if path.is_symlink() or path.exists()])
    with _in_one_sentence("disaster.unreadable_pack", _name(folder)):
        found = [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
    return _in_folder(folder, found)


@contextmanager
def handed_files(pack: Path, *, password: str | None = None) -> Iterator[PackFiles]:
    """Give the files of a pack as it was handed over; the ZIP that stands beside the files of a folder is none of them.

    Parameters
    ----------
    pack
        A folder or a ZIP file, or a folder that holds a protected ZIP.
    password
        Of a ZIP that AES-256 protects.

    Raises
    ------
    ReceiveError
        If it cannot be read, is larger than a limit, its names leave the folder, or the password does not open it.
    """
    pack, limits = _meant(pack), Limits()
    if pack.is_dir():
        yield _of_folder(pack, limits)
        return
    name = _name(pack)
    with ExitStack() as held:
        with _in_one_sentence("disaster.bad_zip", name):
            archive = held.enter_context(_archive(pack, password))
            members = _members(archive, name, limits)
            _require_password(archive, pack)
        yield PackFiles(name, {p: partial(archive.open, one) for p, one in members.items()}, "disaster.bad_zip")


@contextmanager
def laid_out(pack: Path, *, beside: Path, password: str | None = None) -> Iterator[Path]:
    """Give the pack as a private folder of its own that nobody changes while it is checked and read.

    Parameters
    ----------
    beside
        Where it lies meanwhile: a store's folder for unfinished things, which clears away what a killed command leaves.
    password
        Of a ZIP that AES-256 protects.

    Raises
    ------
    ReceiveError
        As `handed_files`.
    StoreError
        If the disk is full or the folder may not be written to.
    """
    with (
        handed_files(pack, password=password) as files,
        tempfile.TemporaryDirectory(prefix="receive-", dir=beside) as folder,
    ):
        inner = Path(folder) / files.name  # what is wrong is told by the name that people know
        _lay_out(files, inner)
        yield inner


def _lay_out(files: PackFiles, inner: Path) -> None:
    try:
        inner.mkdir()
        for path in sorted(files.paths):
            files.copy(path, inner / path)
    except OSError as error:
        raise StoreError("disaster.cannot_write", file=inner.name, reason=error.strerror or str(error)) from error


@contextmanager
def _in_one_sentence(code: str, name: str) -> Iterator[None]:
    try:
        yield
    except _ZIP_FAULTS as error:
        raise ReceiveError(code, file=name) from error


def _name(pack: Path) -> str:
    return pack.resolve().name or "pack"


def _meant(pack: Path) -> Path:
    """Return the ZIP of a folder that holds nothing but it and a page to read first: so a protected pack is handed."""
    if not pack.is_dir() or (pack / MANIFEST).exists():
        return pack
    archives = sorted(pack.glob("*.zip"))
    return archives[0] if len(archives) == 1 else pack


def _of_folder(pack: Path, limits: Limits) -> PackFiles:
    with _in_one_sentence("disaster.unreadable_pack", _name(pack)):
        found = [path for path in pack.rglob("*") if path.is_symlink() or not path.is_dir()]
        own = [path for path in found if not (path.parent == pack and path.suffix.lower() == ".zip")]
        files = _in_folder(pack, own)
        size = sum(path.stat().st_size for path in own)
    _require_small(files.name, limits, members=len(own), unpacked_bytes=size)
    return files


def _in_folder(folder: Path, paths: list[Path]) -> PackFiles:
    named = {path.relative_to(folder).as_posix(): path for path in paths}
    for name, path in named.items():
        if path.is_symlink() or not path.is_file():
            raise ReceiveError("disaster.pack_extra_file", file=name)
    return PackFiles(_name(folder), {name: partial(_plain, path) for name, path in named.items()})


def _plain(file: Path) -> IO[bytes]:
    """Open a file that was listed; a link or a device that took its place since is neither followed nor waited for."""
    flags = (getattr(os, name, 0) for name in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK"))  # Windows has the first alone
    source = os.fdopen(os.open(file, os.O_RDONLY | sum(flags)), "rb")
    if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
        source.close()
        raise OSError("no regular file")
    return source


def _archive(pack: Path, password: str | None) -> Any:
    """Open a ZIP, one with locked members for its password."""
    with zipfile.ZipFile(pack) as plain:
        locked = [info for info in plain.infolist() if info.flag_bits & _LOCKED]
    if not locked:
        return zipfile.ZipFile(pack)
    if not password:
        raise ReceiveError("disaster.pack_needs_password", file=pack.name)
    archive = pyzipper.AESZipFile(pack)
    archive.setpassword(password.encode())
    return archive


def _require_password(archive: Any, pack: Path) -> None:
    """Let the first locked member tell whether the password is right."""
    locked = next((info for info in archive.infolist() if info.flag_bits & _LOCKED), None)
    if locked is None:
        return
    try:
        archive.open(locked).close()
    except NotImplementedError:
        raise
    except RuntimeError as error:
        raise ReceiveError("disaster.wrong_password", file=pack.name) from error


def _members(archive: Any, pack: str, limits: Limits) -> dict[str, Any]:
    """Return the members by their paths inside the pack's folder; names that leave it are refused."""
    _require_small(pack, limits, members=len(archive.infolist()))
    infos = [info for info in archive.infolist() if not info.is_dir()]
    names = [PurePosixPath(info.filename) for info in infos]
    texts = {str(name).lower() for name in names}
    unsafe = any(
        len(name.parts) < 2 or name.is_absolute() or ".." in name.parts or "\\" in str(name) or ":" in str(name)
        or len(str(name).encode()) > _LONGEST or any(str(above).lower() in texts for above in name.parents)
        for name in names
    )  # fmt: skip
    unsafe |= any(info.compress_type not in _METHODS for info in archive.infolist())
    if unsafe or len({name.parts[0] for name in names}) != 1 or len(texts) != len(names):
        raise ReceiveError("disaster.bad_zip", file=pack)
    ratio = max((info.file_size / max(info.compress_size, 1) for info in infos if info.file_size > 1 << 20), default=0)
    size = sum(info.file_size for info in infos)
    _require_small(pack, limits, unpacked_bytes=size, ratio=int(ratio))
    return {"/".join(name.parts[1:]): info for name, info in zip(names, infos, strict=True)}


def _require_small(pack: str, limits: Limits, **found: int) -> None:
    """Refuse what is larger than a limit, each by the limit's name."""
    for what, value in found.items():
        limit = getattr(limits, what)
        if value > limit:
            raise ReceiveError("disaster.zip_limit", file=pack, what=what, value=value, limit=limit)
