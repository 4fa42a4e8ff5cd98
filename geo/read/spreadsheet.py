"""Workbooks (.xlsx .xlsm .xls .ods): the one sheet that is meant, its heading, its rows; the rest said in remarks."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)  # fmt: skip

from geo.errors import ReadError
from geo.read.archive import members, opened, read_through
from geo.read.assemble import check_names
from geo.read.limits import Limits
from geo.read.model import Note, Parsed, Stated, quoted_names, rows_text
from geo.read.spreadsheet_cells import Grid, Merge, blank, continued, filled_down, read_grid
from geo.read.spreadsheet_header import Header, find_header, names_or_letters
from geo.read.spreadsheet_marks import SheetMarks, cell_name, column_name, look

_TOTAL = r"^[（(]?[\s　]*(?:総[\s　]*合[\s　]*計|[総合小累]?[\s　]*計)[\s　]*[)）]?$"
_REMARK = re.compile(r"[※＊*]|注[\s0-9０-９:：)）]|[（(]注|（?備考[:：]|出典|資料[:：]|凡例")
_TAIL_ROWS = 50
_TOTAL_COLUMNS = 3
_SHOWN = 10

Lines = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def parse_spreadsheet(path: Path, file: str, limits: Limits, stated: Stated) -> Parsed:
    """Read the table of a workbook: cells as text, the heading found, rows numbered as in the program.

    Integers come without ``.0``, dates and times in ISO 8601, numbers with the leading zeros and per cent signs that
    their format shows, cells with an error empty. Titles above the heading and remarks below the table are left out,
    empty rows and columns dropped, merged cells filled downwards; all of that is said in notes.

    Raises
    ------
    ReadError
        If the workbook is broken or locked, several sheets hold a table and none was asked for, the sheet has no rows,
        or a limit is passed.
    """
    marks = _looked(path, file, limits)
    with _workbook(path, file) as workbook:
        sheet, beside = _sheet(workbook, marks, file, stated.part)
        mark = marks.get(sheet.name, SheetMarks())
        grid = read_grid(sheet, mark)
    if grid.rows == 0:
        raise ReadError("geo.no_rows", file=file)
    parsed = _table(grid, mark, file, limits)
    unknown: tuple[Note, ...] = () if marks else (("geo.note_formats_not_read", {}),)
    return replace(parsed, part=sheet.name, notes=(*beside, *parsed.notes, *unknown))


def _looked(path: Path, file: str, limits: Limits) -> dict[str, SheetMarks]:
    """Return the marks of an .xlsx; of the others there are none. What is a ZIP inside was unpacked once afterwards."""
    try:
        if path.suffix in (".xlsx", ".xlsm"):
            return look(path, file, limits)
        if path.suffix == ".ods":
            _unpack_all(path, file, limits)
    except ReadError as error:
        if error.code.partition(".")[2].startswith("zip_"):  # nobody thinks of a workbook as an archive
            raise ReadError("geo.spreadsheet_broken", file=file) from error
        raise
    return {}


def _unpack_all(path: Path, file: str, limits: Limits) -> None:
    """Unpack every member to its end: they are then known to be no larger than the archive says."""
    with opened(path, file, limits) as archive:
        for member in members(archive, file, limits):
            for _ in read_through(archive, member.info, file):
                pass


@contextmanager
def _workbook(path: Path, file: str) -> Iterator[CalamineWorkbook]:
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            yield workbook
    except PasswordError as error:
        raise ReadError("geo.spreadsheet_encrypted", file=file) from error
    except (CalamineError, OSError, ValueError) as error:
        raise ReadError("geo.spreadsheet_broken", file=file) from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # of Rust; no Exception, as it must not be passed over unseen
            raise ReadError("geo.spreadsheet_broken", file=file) from error
        raise


def _sheet(
    workbook: CalamineWorkbook, marks: Mapping[str, SheetMarks], file: str, part: str | None
) -> tuple[CalamineSheet, tuple[Note, ...]]:
    """Return the sheet that was asked for or is the only one with a table, and remarks on the others."""
    visible: dict[str, bool] = {
        meta.name: meta.visible is SheetVisibleEnum.Visible
        for meta in workbook.sheets_metadata
        if meta.typ is SheetTypeEnum.WorkSheet and (not marks or meta.name in marks)
    }
    if part is not None:
        if part not in visible:
            raise ReadError("geo.part_not_found", file=file, part=part, parts=quoted_names(visible))
        return workbook.get_sheet_by_name(part), _sheet_notes([part], visible, part)
    written = [name for name in visible if _reach(workbook, marks, name) >= (1, 1)]
    tables = [name for name in written if min(_reach(workbook, marks, name)) > 1] or written
    shown = [name for name in tables if visible[name]] or tables
    if not shown:
        raise ReadError("geo.no_rows", file=file)
    if len(shown) > 1:
        raise ReadError("geo.several_sheets", file=file, names=quoted_names(shown), example=shown[0])
    return workbook.get_sheet_by_name(shown[0]), _sheet_notes(written, visible, shown[0])


def _reach(workbook: CalamineWorkbook, marks: Mapping[str, SheetMarks], name: str) -> tuple[int, int]:
    if name in marks:
        return marks[name].rows, marks[name].columns
    end = workbook.get_sheet_by_name(name).end
    return (end[0] + 1, end[1] + 1) if end else (0, 0)


def _sheet_notes(written: Sequence[str], visible: Mapping[str, bool], chosen: str) -> tuple[Note, ...]:
    others = [name for name in written if name != chosen]
    notes: list[Note] = []
    if others:
        notes.append(("geo.note_sheets_not_read", {"sheet": chosen, "names": quoted_names(others)}))
    if not visible[chosen]:
        notes.append(("geo.note_sheet_hidden", {"sheet": chosen}))
    return tuple(notes)


def _table(grid: Grid, mark: SheetMarks, file: str, limits: Limits) -> Parsed:
    header = find_header(grid)
    first = header.last + 1
    columns, merged = filled_down(grid, first)
    used = [n for n, column in enumerate(columns) if header.names[n] or not _all_blank(column.slice(first))]
    places = [grid.left + number for number in used]
    names, letters = names_or_letters([header.names[number] for number in used], places)
    if len(names) > limits.columns:
        raise ReadError("geo.columns_limit", file=file, columns=len(names), limit=limits.columns)
    check_names(names, file)
    table = pa.table([columns[number].slice(first) for number in used], names=names)
    lines = np.arange(grid.top + first + 1, grid.top + grid.rows + 1)
    empty = blank([grid.columns[number].slice(first) for number in used]).to_numpy(zero_copy_only=False)
    keep = ~empty
    keep[len(keep) - _remarks_below(table) :] = False
    if not keep.any():
        raise ReadError("geo.no_rows", file=file)
    if keep.sum() > limits.rows:
        raise ReadError("geo.rows_limit", file=file, rows=int(keep.sum()), limit=limits.rows)
    filled = {name: continued(merged, n, grid.rows)[first:][keep] for name, n in zip(names, used, strict=True)}
    continuing = {name: np.flatnonzero(flags) + 1 for name, flags in filled.items() if flags.any()}
    kept = Parsed(table.filter(pa.array(keep)), lines=lines[keep], merged=continuing)
    notes = [
        *_header_notes(header, grid.top, letters),
        *_left_out_notes(lines, empty=empty, keep=keep),
        *_merge_notes(merged, grid, header.last),
        *_mark_notes(mark, lines[keep], places),
        *_total_note(kept.table, lines[keep]),
    ]
    return replace(kept, notes=tuple(notes))


def _all_blank(column: pa.Array) -> bool:
    return bool(pc.all(blank([column]), min_count=0).as_py())


def _remarks_below(table: pa.Table) -> int:
    """Return how many of the last rows are remarks on the table: one cell each, from one that begins like a remark."""
    count = 0
    if table.num_columns < 2:
        return 0
    tail = table.slice(max(0, table.num_rows - _TAIL_ROWS)).to_pylist()
    for number, row in enumerate(reversed(tail), start=1):
        texts = [text.strip() for text in row.values() if text.strip()]
        if len(texts) > 1:
            break
        if texts and _REMARK.match(texts[0]):
            count = number
    return count


def _header_notes(header: Header, top: int, letters: Sequence[str]) -> list[Note]:
    notes: list[Note] = []
    if top + header.last > 0:
        rows = rows_text(range(top + header.first + 1, top + header.last + 2))
        notes.append(("geo.note_header_row", {"rows": rows, "first": top + header.last + 2}))
    if header.first > 0:
        notes.append(("geo.note_rows_above", {"count": header.first}))
    if letters:
        notes.append(("geo.note_column_unnamed", {"count": len(letters), "columns": "、".join(letters[:_SHOWN])}))
    return notes


def _left_out_notes(lines: Lines, *, empty: Flags, keep: Flags) -> list[Note]:
    notes: list[Note] = []
    between = lines[empty & (lines < lines[keep][-1])]
    remarks = lines[~empty & ~keep]
    if between.size:
        notes.append(("geo.note_empty_rows", {"count": between.size, "rows": rows_text(between.tolist())}))
    if remarks.size:
        notes.append(("geo.note_remarks_below", {"count": remarks.size, "rows": rows_text(remarks.tolist())}))
    return notes


def _merge_notes(down: Sequence[Merge], grid: Grid, last: int) -> list[Note]:
    notes: list[Note] = []
    across = [one for one in grid.merges if one.top > last and one.right > one.left]
    for code, found in (("geo.note_merged_down", down), ("geo.note_merged_across", across)):
        if found:
            cells = ", ".join(cell_name(grid.top + one.top, grid.left + one.left) for one in found[:_SHOWN])
            more = ", …" if len(found) > _SHOWN else ""
            notes.append((code, {"count": len(found), "cells": cells + more}))
    return notes


def _mark_notes(mark: SheetMarks, lines: Lines, columns: Sequence[int]) -> list[Note]:
    notes: list[Note] = []
    for code, count, cells in (
        ("geo.note_error_cells", mark.errors, mark.error_cells),
        ("geo.note_unsaved_formulas", mark.unsaved, mark.unsaved_cells),
    ):
        if count:
            shown = ", ".join(cells[:_SHOWN]) + (", …" if count > _SHOWN else "")
            notes.append((code, {"count": count, "cells": shown}))
    hidden = lines[np.isin(lines, np.array(mark.hidden_rows, dtype=np.int64) + 1)]
    if hidden.size:
        notes.append(("geo.note_hidden_rows", {"count": hidden.size, "rows": rows_text(hidden.tolist())}))
    letters = [column_name(number) for number in columns if number in mark.hidden_columns]
    if letters:
        notes.append(("geo.note_hidden_columns", {"count": len(letters), "columns": "、".join(letters[:_SHOWN])}))
    return notes


def _total_note(table: pa.Table, lines: Lines) -> list[Note]:
    """Point out rows that add up others: they are kept, for nobody but a person knows that they are no entries."""
    total = np.zeros(table.num_rows, dtype=bool)
    for column in table.columns[:_TOTAL_COLUMNS]:
        total |= pc.match_substring_regex(column, _TOTAL).to_numpy()
    if not total.any():
        return []
    return [("geo.note_total_rows", {"count": int(total.sum()), "rows": rows_text(lines[total].tolist())})]
