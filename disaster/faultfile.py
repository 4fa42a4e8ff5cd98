"""A copy of a checked file that says in every refused row why, to be corrected and given back as it is."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from pyarrow import csv

from disaster.errors import IngestError
from disaster.faultsheet import MAX_ROWS, write_sheet
from disaster.layouts.model import GEOMETRY, PLACE_HEADINGS, fold_heading
from disaster.schemas import Findings
from disaster.schemas.findings import Mark
from exporters.clean import without_formulas
from geo.faults import Lang, words
from geo.read import RawTable

#: Headings of the two columns in front of a copy; the second pair where the file has such a heading of its own.
REASONS = (("理由", "直し方"), ("理由（Tayori）", "直し方（Tayori）"))
#: Codes of faults that leave no copy: the numbers are not to be handled, and a copy would be one more place for them.
_NEVER_COPIED = frozenset({"disaster.looks_like_individual_number", "disaster.individual_number_column"})
#: Says in a copy that a row had a wrong number of cells, and refuses the row as long as it says so.
_CELLS_TO_MEND = "disaster.cells_to_mend"
_BETWEEN = " / "
#: Decimals of degrees in a copy: a tenth of a millimetre, without the dust of the last binary digit.
_DECIMALS = 9
_BOM = b"\xef\xbb\xbf"
_NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"
_GUARDED = "^'([ \u00a0\u3000\ufeff]*[\t\r\n=+\\-@＝＋－＠])"

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class FaultCopy:
    """A file as text cells, what is said of each row, and which of its cells are meant.

    `reasons` and `hints` have a text a row, empty where nothing is wrong; `marked` says by heading in which rows the
    cell is at fault. `shapes` are the file's own places (WKB, EPSG:6668), None where it has none.
    """

    cells: pa.Table
    reasons: pa.Array
    hints: pa.Array
    marked: Mapping[str, Flags]
    shapes: pa.ChunkedArray | None

    @property
    def refused(self) -> Flags:
        """Which rows were refused."""
        return np.asarray(pc.not_equal(self.reasons, "").to_numpy(zero_copy_only=False), dtype=bool)

    def table(self) -> pa.Table:
        """Return all cells with the two columns in front."""
        names = _free_headings(self.cells)
        return pa.table([self.reasons, self.hints, *self.cells.columns], names=[*names, *self.cells.column_names])


def fault_copy(raw: RawTable, findings: Findings, *, lang: Lang = "ja") -> FaultCopy:
    """Put the faults of a file beside its rows.

    All rows are kept in their order, because ids may be made from it and the first of two equal rows is the one that
    stays. Values that may not be repeated are hidden in the sentences; the cells are the clerk's own.

    Parameters
    ----------
    raw
        The file as read.
    findings
        What was found in it: ``marks`` of every row, not of the first thousand.
    lang
        Language of the sentences.

    Raises
    ------
    IngestError
        ``disaster.copy_of_individual_numbers`` if the file holds what looks like individual numbers.
    """
    if any(mark.code in _NEVER_COPIED for mark in findings.marks):
        raise IngestError("disaster.copy_of_individual_numbers", file=raw.source.file)
    given = without_reasons(raw.table)
    shapes = given.column(GEOMETRY) if raw.has_geometry else None
    cells = given.drop_columns([GEOMETRY]) if raw.has_geometry else given
    if shapes is not None and _all_points(shapes):
        cells = _with_degrees(cells, shapes)
    cells = _stated_once(cells, findings)
    reasons, hints = _told(findings, raw.table.num_rows, lang)
    return FaultCopy(cells, reasons, hints, _marked(findings, cells), shapes)


def without_reasons(table: pa.Table) -> pa.Table:
    """Return a file's table without the two columns of a copy, and its cells as they were before it was written.

    A file that has both headings is a copy that came back; one of them alone is the clerk's own.
    """
    ours = _ours(table)
    return _unguarded(table.drop_columns(ours)) if ours else table


def unmended(table: pa.Table) -> dict[int, str]:
    """Return the rows of a copy that still say that they had a wrong number of cells, with the code that refuses them.

    In a copy every row has as many cells as the header, so nothing else tells that its values may stand in the wrong
    columns. Whoever has put them right empties the reason.
    """
    ours = _ours(table)
    if not ours:
        return {}
    reasons, rows = pc.fill_null(table.column(ours[0]), ""), np.zeros(table.num_rows, dtype=bool)
    for lang in get_args(Lang):
        rows |= pc.match_substring(reasons, words(_CELLS_TO_MEND, {}, lang=lang)).to_numpy()
    return dict.fromkeys((np.flatnonzero(rows) + 1).tolist(), _CELLS_TO_MEND)


def _ours(table: pa.Table) -> list[str]:
    """Return the headings of the two columns of a copy as they are written, reasons first; none in any other file."""
    folded = {fold_heading(name): name for name in table.column_names}
    for pair in REASONS:
        ours = [folded[fold_heading(name)] for name in pair if fold_heading(name) in folded]
        if len(ours) == len(pair):
            return ours
    return []


def write_copy(path: Path, copy: FaultCopy) -> int:
    """Write a copy as .xlsx, .csv or .geojson, readable by its owner alone; return the rows written.

    A workbook shows the refused rows only (its filter hides the others), the cells at fault in colour; every cell is
    text. A CSV file is UTF-8 with BOM. Lines and polygons fit into no cell: their copy is a GeoJSON file
    (EPSG:6668), to be corrected in a GIS.

    Raises
    ------
    IngestError
        If the ending is none of the three, the rows or shapes do not fit into that format, the file exists, or it
        cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in _WRITERS:
        raise IngestError("disaster.copy_ending", file=path.name)
    if ending != ".geojson" and copy.shapes is not None and not _all_points(copy.shapes):
        raise IngestError("disaster.copy_needs_geojson", file=path.name)
    if ending == ".geojson" and copy.shapes is None:
        raise IngestError("disaster.copy_without_shapes", file=path.name)
    if ending == ".xlsx" and copy.cells.num_rows > MAX_ROWS:
        raise IngestError("disaster.copy_too_many_rows", rows=copy.cells.num_rows, limit=MAX_ROWS)
    with _new_file(path) as file:
        _WRITERS[ending](file, copy)
    return int(copy.cells.num_rows)


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that is not there yet, for its owner alone; nothing is left of it if writing fails."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError as error:
        raise IngestError("disaster.file_exists", file=path.name) from error
    except OSError as error:
        raise IngestError("disaster.file_not_written", file=path.name, cause=error.strerror or "") from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
    except OSError as error:
        path.unlink(missing_ok=True)
        raise IngestError("disaster.file_not_written", file=path.name, cause=error.strerror or "") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _free_headings(cells: pa.Table) -> tuple[str, str]:
    taken = {fold_heading(name) for name in cells.column_names}
    return next(pair for pair in REASONS if not taken & {fold_heading(name) for name in pair})


def _unguarded(table: pa.Table) -> pa.Table:
    """Take back the apostrophes that keep a spreadsheet from running a cell of a CSV copy."""
    for number, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            plain = pc.replace_substring_regex(table.column(number), _GUARDED, r"\1")
            table = table.set_column(number, field, plain)
    return table


def _all_points(shapes: pa.ChunkedArray) -> bool:
    kinds = shapely.get_type_id(_geometries(shapes))
    return bool(np.isin(kinds, (-1, shapely.GeometryType.POINT)).all())


def _geometries(shapes: pa.ChunkedArray) -> npt.NDArray[np.object_]:
    return np.asarray(shapely.from_wkb(shapes.to_numpy(), on_invalid="ignore"), dtype=object)


def _with_degrees(cells: pa.Table, shapes: pa.ChunkedArray) -> pa.Table:
    """Add 経度 and 緯度 for a file whose points are geometry; a file that says them itself keeps its own."""
    taken = {fold_heading(name) for name in cells.column_names}
    if any(fold_heading(name) in taken for names in PLACE_HEADINGS.values() for name in names):
        return cells
    points = _geometries(shapes)
    for (heading, *_), axis in zip(PLACE_HEADINGS.values(), (shapely.get_x, shapely.get_y), strict=True):
        degrees = pa.array(np.round(axis(points), _DECIMALS), from_pandas=True).cast(pa.string())
        cells = cells.append_column(heading, pc.fill_null(degrees, ""))
    return cells


def _told(findings: Findings, count: int, lang: Lang) -> tuple[pa.Array, pa.Array]:
    """Return what is wrong and what to do, a text a row of the file."""
    said = np.full((2, count), "", dtype=object)
    for found in findings.marks:
        mark = replace(found, code=_CELLS_TO_MEND) if found.code == "geo.row_cells" else found
        rows = findings.rows[mark.at] - 1
        for told, new in zip(said, _sentences(mark, findings, lang), strict=True):
            before = told[rows]
            fresh = np.array([one not in old.split(_BETWEEN) for one, old in zip(new, before, strict=True)], dtype=bool)
            added = np.where(before == "", new, before + _BETWEEN + new)
            told[rows] = np.where(fresh, added, before)
    return pa.array(said[0], pa.string()), pa.array(said[1], pa.string())


def _sentences(mark: Mark, findings: Findings, lang: Lang) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Return reason and hint for each row of a mark; rows of one value share theirs, and there are few values."""
    if mark.more is None and len(mark.at):
        if mark.values is None:
            which, first = np.zeros(len(mark.at), dtype=np.int64), mark.at[:1]
        else:
            coded = mark.values.take(pa.array(mark.at)).dictionary_encode(null_encoding="encode")
            which = coded.indices.to_numpy()
            first = mark.at[np.unique(which, return_index=True)[1]]
    else:
        which, first = np.arange(len(mark.at)), mark.at
    faults = [findings.fault(mark, int(index)) for index in first]
    reasons = np.array([fault.reason(lang) for fault in faults], dtype=object)
    hints = np.array([fault.hint(lang) for fault in faults], dtype=object)
    return reasons[which], hints[which]


def _marked(findings: Findings, cells: pa.Table) -> dict[str, Flags]:
    """Tell by heading which cells are at fault; a fault of several headings marks them all."""
    known = {fold_heading(name): name for name in cells.column_names}
    marked: dict[str, Flags] = {}
    for mark in findings.marks:
        for heading in _headings(mark.column or "", known):
            flags = marked.setdefault(heading, np.zeros(cells.num_rows, dtype=bool))
            flags[findings.rows[mark.at] - 1] = True
    return marked


def _stated_once(cells: pa.Table, findings: Findings) -> pa.Table:
    """Leave an amount in the first row of its merged cell: a copy has no merged cells, and would state it of each."""
    known = {fold_heading(name): name for name in cells.column_names}
    for column, where in findings.emptied.items():
        rows = np.zeros(cells.num_rows, dtype=bool)
        rows[findings.rows[where] - 1] = True
        for heading in _headings(column, known):
            at = cells.column_names.index(heading)
            cells = cells.set_column(at, heading, pc.if_else(pa.array(rows), "", cells.column(at)))
    return cells


def _headings(column: str, known: Mapping[str, str]) -> list[str]:
    if column == GEOMETRY:
        names = [heading for heading, *_ in PLACE_HEADINGS.values()]
    else:
        names = [column] if fold_heading(column) in known else column.split("・")
    return [known[fold_heading(name)] for name in names if fold_heading(name) in known]


def _write_xlsx(file: IO[bytes], copy: FaultCopy) -> None:
    write_sheet(file, copy.table(), marked=copy.marked, shown=copy.refused)


def _write_csv(file: IO[bytes], copy: FaultCopy) -> None:
    table = copy.table()
    guarded = [_guarded(table.column(name).combine_chunks()) for name in table.column_names]
    headings = without_formulas(pa.array(table.column_names, pa.string())).to_pylist()
    file.write(_BOM)
    csv.write_csv(
        pa.table(guarded, names=headings), file, csv.WriteOptions(include_header=True, eol="\r\n", batch_size=65_536)
    )


def _guarded(column: pa.Array) -> pa.Array:
    """Keep a spreadsheet from running a cell; a plain number runs nothing and stays one."""
    texts = pc.fill_null(column, "")
    return pc.if_else(pc.match_substring_regex(texts, _NUMBER), texts, without_formulas(texts))


def _write_geojson(file: IO[bytes], copy: FaultCopy) -> None:
    """Write one feature a line; the ``crs`` member says the frame, since it is not that of RFC 7946."""
    shapes = [] if copy.shapes is None else shapely.to_geojson(_geometries(copy.shapes)).tolist()
    file.write(b'{"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": ')
    file.write(b'"urn:ogc:def:crs:EPSG::6668"}}, "features": [\n')
    for number, (row, shape) in enumerate(zip(copy.table().to_pylist(), shapes, strict=True)):
        properties = json.dumps(row, ensure_ascii=False)
        line = f'{{"type": "Feature", "properties": {properties}, "geometry": {shape or "null"}}}'
        file.write((",\n" if number else "").encode() + line.encode("utf-8", "replace"))
    file.write(b"\n]}\n")


_WRITERS: Mapping[str, Callable[[IO[bytes], FaultCopy], None]] = {
    ".xlsx": _write_xlsx,
    ".csv": _write_csv,
    ".geojson": _write_geojson,
}
