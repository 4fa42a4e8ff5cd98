"""A pack as it was handed over, a folder or a ZIP, turned into a folder of our own: under limits, no link followed.

What is checked must not change while it is checked, and a hostile ZIP must end in one sentence.
"""

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import pyzipper

from disaster.errors import ReceiveError
from disaster.manifest import MANIFEST
from geo.read import Limits

#: What a broken or hostile ZIP file makes the library say.
_ZIP_FAULTS = (
    zipfile.BadZipFile, pyzipper.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError,
    ValueError, OverflowError,
)  # fmt: skip
#: Flag of a member that a password protects.
_LOCKED = 0x1


@contextmanager
def opened(pack: Path, *, beside: Path | None = None, password: str | None = None) -> Iterator[Path]:
    """Give the pack as a folder of its own that nobody changes while it is checked.

    Parameters
    ----------
    beside
        Where it lies meanwhile; a store clears away there what a killed command leaves. None takes the system's folder
        for temporary files.
    password
        Of a ZIP that AES-256 protects.

    Raises
    ------
    ReceiveError
        If it cannot be read, is larger than a limit, its names leave the folder, or the password does not open it.
    """
    with tempfile.TemporaryDirectory(prefix="receive-", dir=beside) as name:
        pack = _meant(pack)
        inner = Path(name) / (pack.resolve().name or "pack")  # what is wrong is told by the name that people know
        inner.mkdir()
        if pack.is_dir():
            _copy(pack, inner, Limits())
        else:
            _unzip(pack, inner, Limits(), password)
        yield inner


def _meant(pack: Path) -> Path:
    """Return the ZIP of a folder that holds nothing but it and a page to read first: so a protected pack is handed."""
    if not pack.is_dir() or (pack / MANIFEST).exists():
        return pack
    archives = sorted(pack.glob("*.zip"))
    return archives[0] if len(archives) == 1 else pack


def _copy(pack: Path, inner: Path, limits: Limits) -> None:
    """Copy the folder's files, without the ZIP file that stands beside them and without following links."""
    try:
        found = [path for path in pack.rglob("*") if path.is_symlink() or not path.is_dir()]
        files = [path for path in found if not (path.parent == pack and path.suffix.lower() == ".zip")]
        for path in files:
            if path.is_symlink() or not path.is_file():
                raise ReceiveError("disaster.pack_extra_file", file=path.relative_to(pack).as_posix())
        _require_small(pack, limits, members=len(files), unpacked_bytes=sum(path.stat().st_size for path in files))
        for path in files:
            target = inner / path.relative_to(pack)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target, follow_symlinks=False)
    except OSError as error:
        raise ReceiveError("disaster.unreadable_pack", file=pack.name) from error


def _unzip(pack: Path, inner: Path, limits: Limits, password: str | None) -> None:
    """Unpack under the limits; names that leave the folder are refused before a byte is written."""
    try:
        with _archive(pack, password) as archive:
            for info in _members(archive, pack, limits):
                target = inner.joinpath(*PurePosixPath(info.filename).parts[1:])
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source, target.open("xb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
    except _ZIP_FAULTS as error:
        raise ReceiveError("disaster.bad_zip", file=pack.name) from error


def _archive(pack: Path, password: str | None) -> Any:
    """Open a ZIP, one with locked members by its password, which the first member tells right or wrong."""
    with zipfile.ZipFile(pack) as plain:
        locked = [info for info in plain.infolist() if info.flag_bits & _LOCKED]
    if not locked:
        return zipfile.ZipFile(pack)
    if not password:
        raise ReceiveError("disaster.pack_needs_password", file=pack.name)
    archive = pyzipper.AESZipFile(pack)
    archive.setpassword(password.encode())
    try:
        archive.open(locked[0].filename).close()
    except RuntimeError as error:
        archive.close()
        raise ReceiveError("disaster.wrong_password", file=pack.name) from error
    return archive


def _members(archive: Any, pack: Path, limits: Limits) -> list[Any]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    names = [PurePosixPath(info.filename) for info in infos]
    unsafe = any(
        len(name.parts) < 2 or name.is_absolute() or ".." in name.parts or "\\" in str(name) or ":" in str(name)
        for name in names
    )
    if unsafe or len({name.parts[0] for name in names}) != 1 or len({str(n).lower() for n in names}) != len(names):
        raise ReceiveError("disaster.bad_zip", file=pack.name)
    ratio = max((info.file_size / max(info.compress_size, 1) for info in infos if info.file_size > 1 << 20), default=0)
    size = sum(info.file_size for info in infos)
    _require_small(pack, limits, members=len(infos), unpacked_bytes=size, ratio=int(ratio))
    return infos


def _require_small(pack: Path, limits: Limits, **found: int) -> None:
    """Refuse what is larger than a limit, each by the limit's name."""
    for what, value in found.items():
        limit = getattr(limits, what)
        if value > limit:
            raise ReceiveError("disaster.zip_limit", file=pack.name, what=what, value=value, limit=limit)
