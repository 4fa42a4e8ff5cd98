"""The last entry of the ledger as each writing process saw it, kept in files beside the database."""

import json
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path
from threading import Lock

from filelock import FileLock, Timeout

from disaster.audit import Head

FOLDER = "heads"
FORMAT = "tayori-ledger-head"
VERSION = 1
#: Processes that may write at once; a place is taken by the first entry that a process writes.
_PLACES = 256


def _text(head: Head) -> bytes:
    """Return the file's content: always the same length, so that one write replaces the whole of it."""
    document = {"format": FORMAT, "version": VERSION, "seq": f"{head.seq:020d}", "hash": head.hash.hex()}
    return json.dumps(document).encode("ascii") + b"\n"


def _read(path: Path) -> Head:
    document = json.loads(path.read_text(encoding="ascii"))
    return Head(int(document["seq"]), bytes.fromhex(document["hash"]))


class Heads:
    """Keeps the greatest head of this process; one file per process that writes at the same time.

    A head that the database no longer agrees with is never overwritten: it is moved aside and stays evidence.
    """

    def __init__(self, home: Path, known: Callable[[Head], bool]) -> None:
        self._folder = home / FOLDER
        self._known = known
        self._guard = Lock()
        self._place: FileLock | None = None
        self._file: FileIO | None = None
        self._last = 0

    def note(self, head: Head) -> None:
        """Keep the head of a committed entry; threads may come out of order.

        A full disk is no failure here: the entry stands, and a head that is kept later bears witness to it as well.
        """
        with self._guard, suppress(OSError):
            if self._file is None:
                self._take_place()
            if head.seq <= self._last or self._file is None:
                return
            self._file.seek(0)
            self._file.write(_text(head))
            self._last = head.seq

    def all(self) -> list[Head]:
        """Return every head that was kept.

        Raises
        ------
        ValueError
            If a file is no head: somebody wrote into it.
        """
        return [_read(path) for path in sorted(self._folder.glob("*.json"))] if self._folder.is_dir() else []

    def close(self) -> None:
        """Give the place back; the head stays."""
        with self._guard:
            if self._file is not None:
                self._file.close()
            if self._place is not None:
                self._place.release()
            self._file = self._place = None

    def _take_place(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for number in range(_PLACES):
            lock = FileLock(self._folder / f"{number}.lock", thread_local=False)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            self._place = lock
            path = self._folder / f"{number}.json"
            self._keep_evidence(path)
            self._file = FileIO(path, "r+" if path.exists() else "x")
            return

    def _keep_evidence(self, path: Path) -> None:
        """Go on from what this place kept, unless the database was changed behind it."""
        self._last = 0
        if not path.exists():
            return
        kept = _read(path)
        if self._known(kept):
            self._last = kept.seq
        else:
            path.replace(self._folder / f"evidence-{kept.seq}-{kept.hash.hex()[:16]}.json")
