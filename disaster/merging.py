"""Put the files of one dataset together, so that their rows and their faults count as one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from disaster.batch import Source
from disaster.layouts import Layout
from disaster.models import Noun
from disaster.schemas import Checked, Findings
from disaster.schemas.rules import check_keys
from geo.faults import MAX_KEPT_PER_CODE, Fault, Faults, words
from geo.read.model import Note


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One checked file, or one file of an archive, whose `name` is then its own.

    `rows` counts all its rows, also those set aside; `place_remark` as in ``RawSource``.
    """

    layout: Layout
    name: str
    source: Source
    checked: Checked
    rows: int
    set_aside: Mapping[str, int] = field(default_factory=dict)
    place_remark: Note | None = None


def place_remarks(parts: Sequence[Part], rows: npt.NDArray[np.int64]) -> pa.Array | None:
    """Return what must stand beside each row's place, None where no file says anything; `rows` as `merge` numbers."""
    if not any(part.place_remark for part in parts):
        return None
    ends = np.cumsum([part.rows for part in parts])
    said = [words(*part.place_remark) if part.place_remark else None for part in parts]
    return pa.array(said, pa.string()).take(pa.array(np.searchsorted(ends, rows, side="left")))


def total(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add up counts by their names."""
    added: Counter[str] = Counter()
    for one in counts:
        added.update(one)
    return dict(added)


def merge(noun: Noun, parts: Sequence[Part]) -> Checked:
    """Join the rows of several files; a key that stands in two of them is refused in the later one.

    Each fault says its file. `Faults.refused_rows` and `Checked.rows` number the rows through all files, one after the
    other, because a number in one file alone does not tell a row.
    """
    if len(parts) == 1:
        return parts[0].checked
    starts = np.cumsum([0, *(part.rows for part in parts)])
    rows = np.concatenate([part.checked.rows + start for part, start in zip(parts, starts[:-1], strict=True)])
    table = pa.concat_tables([part.checked.table for part in parts]).combine_chunks()
    across = _across(noun, parts, table, rows, starts)
    keep = ~across.refused
    read = sum(part.checked.read for part in parts)
    return Checked(
        table.filter(pa.array(keep)).combine_chunks(),
        rows[keep],
        _join(parts, starts, across.faults()),
        read,
        read - int(keep.sum()),
        total(part.checked.notes for part in parts),
    )


def _across(
    noun: Noun, parts: Sequence[Part], table: pa.Table, rows: npt.NDArray[np.int64], starts: npt.NDArray[np.int64]
) -> Findings:
    """Find keys that stand in several files."""
    found = Findings(rows)

    def tell(position: int) -> str:
        name, row, line = _in_file(parts, starts, int(rows[position]))
        return f"{name} の{line or row}行目"

    columns = {name: table.column(name).combine_chunks() for name in table.column_names}
    headings = {item.name: item.column.label for item in noun.fields}
    check_keys(noun, columns, found, headings=headings, tell=tell)
    return found


def _in_file(parts: Sequence[Part], starts: npt.NDArray[np.int64], row: int) -> tuple[str, int, int | None]:
    """Return the file, the row in it and the row of its sheet (None of a text) of a row numbered through all files."""
    at = int(np.searchsorted(starts, row, side="left")) - 1
    own, checked = row - int(starts[at]), parts[at].checked
    line = None if checked.numbers is None else int(checked.numbers[checked.rows == own][0])
    return parts[at].source.file, own, line


def _join(parts: Sequence[Part], starts: npt.NDArray[np.int64], across: Faults) -> Faults:
    """Join the faults of the files with those between them."""
    kept: list[Fault] = []
    refused = set(across.refused_rows)
    for part, start in zip(parts, starts[:-1].tolist(), strict=True):
        refused |= {start + row for row in part.checked.faults.refused_rows}
        kept += [_named(fault, part.source.file, fault.row) for fault in part.checked.faults.kept]
    kept += [_named(fault, *_in_file(parts, starts, fault.row)) for fault in across.kept if fault.row is not None]
    counts = total([*(part.checked.faults.counts for part in parts), across.counts])
    return Faults(tuple(_capped(kept)), counts, frozenset(refused))


def _named(fault: Fault, file: str, row: int | None, line: int | None = None) -> Fault:
    of_sheet = {} if line is None else {"line": line}
    return Fault(fault.code, row, fault.column, fault.value, {**fault.params, **of_sheet, "file": file})


def _capped(faults: Iterable[Fault]) -> Iterable[Fault]:
    seen: Counter[str] = Counter()
    for fault in faults:
        seen[fault.code] += 1
        if seen[fault.code] <= MAX_KEPT_PER_CODE:
            yield fault
