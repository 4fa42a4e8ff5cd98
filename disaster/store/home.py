"""The folder of a store: what lies where, who may write, and what is left over from a command that was killed."""

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from disaster.errors import StoreError
from disaster.models import Side
from disaster.store import snapshots
from disaster.store.catalogue import BatchRow

FORMAT = "tayori-store"
VERSION = 1
NAME_FILE = "store.json"
LOCK_FILE = "writer.lock"
STAGING = "staging"


@dataclass(frozen=True, slots=True)
class Swept:
    """What opening the store cleared away.

    `deleted` files that no active batch names; `missing` batches whose file is not there; `skipped` if another process
    was writing, so that nothing was looked at.
    """

    deleted: int = 0
    missing: tuple[str, ...] = ()
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """What the folder says of itself."""

    store_id: str
    side: Side


class Home:
    """A store's folder."""

    def __init__(self, path: Path, *, wait_seconds: float) -> None:
        self.path = path
        self._lock = FileLock(path / LOCK_FILE, timeout=wait_seconds)

    def make(self, side: Side) -> Identity:
        """Make the folders; keep the name that an interrupted attempt gave."""
        for folder in (self.path, self.path / snapshots.FOLDER, self.path / STAGING):
            folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        identity = Identity(secrets.token_hex(16), side)
        said = {"format": FORMAT, "version": VERSION, "store_id": identity.store_id, "side": str(side)}
        temporary = self.path / f"{NAME_FILE}.tmp"
        temporary.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
        temporary.replace(self.path / NAME_FILE)
        return identity

    def identity(self) -> Identity | None:
        """Return what the folder says of itself, None if it is no store.

        Raises
        ------
        StoreError
            If the file cannot be read, or a newer version of Tayori wrote it.
        """
        file = self.path / NAME_FILE
        if not file.is_file():
            return None
        try:
            said: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            version, store_id, side = int(said["version"]), str(said["store_id"]), Side(said["side"])
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError("disaster.store_unreadable", folder=str(self.path)) from error
        if version > VERSION:
            raise StoreError("disaster.store_newer", version=version, known=VERSION)
        return Identity(store_id, side)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the right to write files; the same thread may take it again.

        Raises
        ------
        StoreError
            If another process or thread does not let go in time.
        """
        try:
            with self._lock:
                yield
        except Timeout as error:
            raise StoreError("disaster.store_busy", folder=str(self.path)) from error

    @property
    def is_writing(self) -> bool:
        """Whether this thread holds the right to write files."""
        return bool(self._lock.is_locked)

    def try_writing(self) -> bool:
        """Take the right to write if it is free at once; give it back with `stop_writing`."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def stop_writing(self) -> None:
        """Give back what `try_writing` took."""
        self._lock.release()

    def sweep(self, named: Mapping[str, BatchRow]) -> Swept:
        """Delete snapshot files that no active batch names, and list the batches that lack theirs."""
        root = self.path / snapshots.FOLDER
        present = {path.relative_to(self.path).as_posix(): path for path in root.rglob("*") if path.is_file()}
        orphans = [path for name, path in present.items() if name not in named]
        for path in orphans:
            path.unlink()
        missing = sorted(row.batch_id for name, row in named.items() if name not in present)
        return Swept(len(orphans), tuple(missing))

    def sweep_staging(self, named: set[Path]) -> int:
        """Delete what lies in the staging folder and belongs to no provision; return how many entries."""
        left = [path for path in (self.path / STAGING).iterdir() if path not in named]
        for path in left:
            remove(path)
        return len(left)


def remove(path: Path) -> None:
    """Delete a file or a whole folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.exists() or path.is_symlink():
        path.unlink()


def move(staging: Path, final: Path) -> None:
    """Put a finished file or folder in its place in one step, and make that durable."""
    final.parent.mkdir(parents=True, exist_ok=True)
    os.replace(staging, final)
    snapshots.sync_folder(final.parent)
