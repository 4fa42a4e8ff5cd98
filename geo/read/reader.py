"""Reading a file that nobody vouches for: the parent's side."""

import re
import shutil
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.errors import ReadError
from geo.faults import words
from geo.read.limits import Limits
from geo.read.local import Copied, copy_in
from geo.read.model import GEOMETRY, Merged, Note, RawSource, RawTable
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

    def read(
        self, path: Path, *, encoding: str | None = None, crs: str | None = None, part: str | None = None,
        accept_inaccurate: bool = False,
    ) -> RawTable:  # fmt: skip
        """Read one file.

        Parameters
        ----------
        path
            A local file, or a folder with one file (or shapefile) that can be read.
        encoding
            ``utf-8``, ``cp932`` or ``euc_jp`` where the file's own could not be told; checked strictly all the same.
        crs
            EPSG code of the coordinates (``EPSG:2450``) where the file does not state it. Of a table (CSV, workbook) it
            is that of its columns of coordinates, which then become places.
        part
            Which one is meant where there are several: the sheet of a workbook, the layer of a GeoPackage, the file of
            a ZIP or folder; ``a.xlsx/Sheet1`` for a sheet of a workbook in a ZIP.
        accept_inaccurate
            Whether coordinates may be brought to JGD2011 by an operation whose accuracy is unknown or worse than 2 m
            (the Tokyo Datum without its grid: 10 m). What it was then stands in ``RawSource.place_remark``.

        Raises
        ------
        ReadError
            If the file cannot be read whole and without doubt; its sentence says what is wrong and what to do.
        """
        stated = {
            "encoding": _stated_encoding(encoding), "crs": _stated_crs(crs), "accept_inaccurate": accept_inaccurate,
        }  # fmt: skip
        self._scratch = self._scratch or Scratch()
        worker = self._running_worker(self._scratch)  # starts while the file is copied
        folder = self._scratch.fresh()
        try:
            copied = copy_in(path, folder, self._limits, part=part)
            task = {
                "path": str(copied.main),
                "format": copied.format,
                "file": copied.file,
                "out": str(folder),
                "part": copied.part,
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
        notes = copied.notes + tuple(_note(note) for note in _list(answer.get("notes")))
        remark = _note(answer["place_remark"]) if answer.get("place_remark") else None
        lines = _lines(folder / "lines.arrow", table.num_rows) if answer.get("lines") else None
        merged = _merged(folder / "merged.arrow", table) if answer.get("merged") else {}
        _check(table, bad_geometry)
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise ReadError("geo.worker_answer_broken", file=copied.file) from error
    notes += tuple((_MISSING_LIMIT_NOTES[name], {}) for name in missing if name in _MISSING_LIMIT_NOTES)
    source = RawSource(
        file=copied.file, sha256=copied.sha256, size=copied.size, format=_text(answer.get("format")) or copied.format,
        encoding=_text(answer.get("encoding")), crs=_text(answer.get("crs")), part=_text(answer.get("part")),
        rows=table.num_rows, notes=notes, member=_text(answer.get("member")), place_remark=remark,
    )  # fmt: skip
    return RawTable(table, source, bad_geometry, lines, merged)


def _merged(path: Path, table: pa.Table) -> Merged:
    cells = _load(path)
    names, rows = cells.column("column"), cells.column("row").cast(pa.int64())
    if not set(names.unique().to_pylist()) <= set(table.column_names):
        raise ValueError("column")
    if not pc.all(pc.and_(pc.greater_equal(rows, 1), pc.less_equal(rows, table.num_rows))).as_py():
        raise ValueError("row")
    return {name: rows.filter(pc.equal(names, name)).to_numpy() for name in names.unique().to_pylist()}


def _lines(path: Path, rows: int) -> npt.NDArray[np.int64]:
    lines: npt.NDArray[np.int64] = _load(path).column("line").cast(pa.int64()).to_numpy()
    if len(lines) != rows or np.any(np.diff(lines) <= 0):
        raise ValueError("lines")
    return lines


def _load(path: Path) -> pa.Table:
    """Read a table column by column, each checked and put into one piece: the file is never in memory as a whole."""
    with pa.memory_map(str(path)) as opened, pa.ipc.open_file(opened) as reader:
        names = reader.schema.names
    return pa.table([_column(path, number) for number in range(len(names))], names=names)


def _column(path: Path, number: int) -> pa.Array:
    """Read one column; the file is mapped anew for each, so that no more of it than that column is held."""
    with pa.memory_map(str(path)) as opened, pa.ipc.open_file(opened) as reader:
        column = reader.read_all().column(number)
        column.validate(full=True)
        return column.combine_chunks()


def _check(table: pa.Table, bad_geometry: dict[int, str]) -> None:
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
