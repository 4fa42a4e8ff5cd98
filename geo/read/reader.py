"""Reading a file that nobody vouches for: the parent's side."""

import re
import shutil
from pathlib import Path
from types import TracebackType

import pyarrow as pa

from geo.errors import ReadError
from geo.faults import words
from geo.read.limits import Limits
from geo.read.local import Copied, copy_in
from geo.read.model import GEOMETRY, Note, RawSource, RawTable
from geo.read.process import WorkerProcess
from geo.read.scratch import Scratch

_ENCODINGS = {
    "utf-8": "utf-8", "utf8": "utf-8", "utf-8-sig": "utf-8",
    "cp932": "cp932", "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "ms932": "cp932",
    "windows-31j": "cp932", "euc_jp": "euc_jp", "euc-jp": "euc_jp", "eucjp": "euc_jp",
}  # fmt: skip
_CRS = re.compile(r"(?:epsg:)?(\d{4,6})", re.IGNORECASE)
_MISSING_LIMIT_NOTES = {"memory_bytes": "geo.note_no_memory_limit", "cpu_seconds": "geo.note_no_cpu_limit"}


class Reader:
    """Reads files in one parser worker, a separate process with limits, started at the first file.

    A file that breaks the worker is refused in one sentence and the next file gets a new worker. Use it as a context
    manager, one for a whole command: starting a worker costs about half a second. Not for use by several threads.

    Parameters
    ----------
    limits
        What one file may cost.

    Examples
    --------
    >>> with Reader() as reader:  # doctest: +SKIP
    ...     shelters = reader.read(Path("shelters.csv"))
    ...     zones = reader.read(Path("flood.shp"), crs="EPSG:2450")
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._scratch: Scratch | None = None
        self._worker: WorkerProcess | None = None

    def __enter__(self) -> "Reader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the worker and remove the private folder. The reader can still be used: it starts anew."""
        if self._worker is not None:
            self._worker.stop()
        if self._scratch is not None:
            self._scratch.remove()
        self._worker = self._scratch = None

    def read(self, path: Path, *, encoding: str | None = None, crs: str | None = None) -> RawTable:
        """Read one file.

        Parameters
        ----------
        path
            A local file.
        encoding
            ``utf-8``, ``cp932`` or ``euc_jp`` where the file's own could not be told; checked strictly all the same.
        crs
            EPSG code of the coordinates (``EPSG:2450``) where the file does not state it.

        Raises
        ------
        ReadError
            If the file cannot be read whole and without doubt; its sentence says what is wrong and what to do.
        """
        stated = {"encoding": _stated_encoding(encoding), "crs": _stated_crs(crs)}
        self._scratch = self._scratch or Scratch()
        worker = self._running_worker(self._scratch)  # starts while the file is copied
        folder = self._scratch.fresh()
        try:
            copied = copy_in(path, folder, self._limits)
            task = {
                "path": str(copied.main),
                "format": copied.format,
                "file": copied.file,
                "out": str(folder),
                **stated,
            }
            answer = worker.ask(task, copied.file)
            return _table(folder, copied, answer, worker.missing_limits)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _running_worker(self, scratch: Scratch) -> WorkerProcess:
        if self._worker is not None and not self._worker.usable:
            self._worker.stop()
            self._worker = None
        if self._worker is None:
            self._worker = WorkerProcess(self._limits, scratch.fresh())
        return self._worker


def _stated_encoding(encoding: str | None) -> str | None:
    if encoding is None:
        return None
    try:
        return _ENCODINGS[encoding.strip().lower()]
    except KeyError:
        raise ReadError("geo.encoding_not_known", encoding=encoding) from None


def _stated_crs(crs: str | None) -> str | None:
    if crs is None:
        return None
    match = _CRS.fullmatch(crs.strip())
    if match is None:
        raise ReadError("geo.crs_unknown", crs=crs)
    return f"EPSG:{match[1]}"


def _table(folder: Path, copied: Copied, answer: dict[str, object], missing: tuple[str, ...]) -> RawTable:
    """Take over what the worker wrote, trusting none of it: a broken parser may have written anything."""
    try:
        table = _load(folder / "out.arrow")
        bad = _load(folder / "bad.arrow").to_pydict() if answer.get("bad") else {"row": [], "code": []}
        bad_geometry = dict(zip(bad["row"], bad["code"], strict=True))
        notes = tuple(_note(note) for note in _list(answer.get("notes")))
        _check(table, bad_geometry)
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise ReadError("geo.worker_answer_broken", file=copied.file) from error
    notes += tuple((_MISSING_LIMIT_NOTES[name], {}) for name in missing if name in _MISSING_LIMIT_NOTES)
    source = RawSource(
        file=copied.file, sha256=copied.sha256, size=copied.size, format=_text(answer.get("format")) or copied.format,
        encoding=_text(answer.get("encoding")), crs=_text(answer.get("crs")), layer=_text(answer.get("layer")),
        rows=table.num_rows, notes=notes,
    )  # fmt: skip
    return RawTable(table, source, bad_geometry)


def _load(path: Path) -> pa.Table:
    with pa.OSFile(str(path), "rb") as opened, pa.ipc.open_file(opened) as reader:
        return reader.read_all()


def _check(table: pa.Table, bad_geometry: dict[int, str]) -> None:
    table.validate(full=True)
    for field in table.schema:
        if not (pa.types.is_string(field.type) or (field.name == GEOMETRY and pa.types.is_binary(field.type))):
            raise TypeError(field.name)
    for code in set(bad_geometry.values()):
        words(code)
    if any(not 1 <= row <= table.num_rows for row in bad_geometry):
        raise ValueError("row")


def _note(value: object) -> Note:
    code, params = _list(value)
    if not isinstance(code, str) or not isinstance(params, dict):
        raise TypeError("note")
    words(code, params)
    return code, params


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
