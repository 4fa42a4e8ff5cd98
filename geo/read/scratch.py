"""A private folder for one reader, gone afterwards; what a killed process left is swept by the next."""

import os
import shutil
import stat
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout

_PREFIX = "tayori-read-"
_LOCK = "lock"
_SECONDS_TO_LOCK = 60.0


class Scratch:
    """A folder that only this user can open (0700), held by a lock for as long as its owner lives.

    Copies of files and the tables made of them lie here while they are read. A process killed in between leaves its
    folder behind; the lock dies with the process, so the next reader of the same user sees that and removes it.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = FileLock(self.folder / _LOCK)
        self._lock.acquire(timeout=0)
        self._count = 0
        _sweep(self.folder)

    def fresh(self) -> Path:
        """Return a new empty folder for one file."""
        self._count += 1
        folder = self.folder / str(self._count)
        folder.mkdir(mode=0o700)
        return folder

    def remove(self) -> None:
        """Remove the folder and all that is in it."""
        self._lock.release()
        shutil.rmtree(self.folder, ignore_errors=True)


def _sweep(mine: Path) -> None:
    made = mine.stat().st_mtime
    for folder in mine.parent.glob(f"{_PREFIX}*"):
        if folder == mine or not _abandoned(folder, made):
            continue
        lock = FileLock(folder / _LOCK)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            continue
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _abandoned(folder: Path, now: float) -> bool:
    """Tell whether it is ours (others could plant one beside it) and old enough to have been locked by its owner."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    ours = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return ours and stat.S_ISDIR(status.st_mode) and now - status.st_mtime > _SECONDS_TO_LOCK
