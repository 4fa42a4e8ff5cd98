"""Collect what is wrong in whole columns; a fault object exists only for the rows that are shown."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geo.faults import MAX_KEPT_PER_CODE, Fault, Faults

Mask = npt.NDArray[np.bool_]

#: What stands in a sentence for a value that may not be repeated.
_HIDDEN = "***"


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """One reason and all rows that it refuses; `at` are positions, `values` and `more` as in `Findings.add`."""

    code: str
    at: npt.NDArray[np.int64]
    column: str | None = None
    values: pa.Array | None = field(default=None, repr=False)
    more: Callable[[int], Mapping[str, object]] | None = None
    params: Mapping[str, object] = field(default_factory=dict)


class Findings:
    """The faults of one file while it is checked.

    Parameters
    ----------
    rows
        Number of each row in its file, as a clerk counts.
    lines
        Number of each row in the program that shows the file, where that is another (a workbook with a title above
        its table).

    Attributes
    ----------
    marks
        Every reason with all its rows: what a corrected copy of the file is written from.
    emptied
        Heading of the file to the rows whose cell was left empty, because it only repeats a merged cell above: so that
        a copy does not state it of each row.
    """

    def __init__(self, rows: npt.NDArray[np.int64], *, lines: npt.NDArray[np.int64] | None = None) -> None:
        self.rows = rows
        self._lines = lines
        self.marks: list[Mark] = []
        self.emptied: dict[str, Mask] = {}
        self.refused: Mask = np.zeros(len(rows), dtype=bool)
        self._kept: list[Fault] = []
        self._counts: Counter[str] = Counter()

    def add(
        self,
        code: str,
        where: Mask,
        *,
        column: str | None = None,
        values: pa.Array | None = None,
        more: Callable[[int], Mapping[str, object]] | None = None,
        **params: object,
    ) -> None:
        """Refuse the rows of a mask for a reason.

        Parameters
        ----------
        code
            The reason, such as ``"disaster.not_integer"``.
        where
            One flag a row.
        column
            Heading as the clerk sees it.
        values
            What stands in the column; None where it may not be repeated (homes, persons).
        more
            Parameters that differ from row to row: position in the table to parameters.
        params
            Parameters of every row.
        """
        at = np.flatnonzero(where)
        if len(at) == 0:
            return
        self.refused |= where
        mark = Mark(code, at, column, values, more, params)
        for index in at[: max(0, MAX_KEPT_PER_CODE - self._counts[code])].tolist():
            self._kept.append(self.fault(mark, index))
        self._counts[code] += len(at)
        self.marks.append(mark)

    def refuse_all(self, code: str, *, column: str | None = None, **params: object) -> None:
        """Refuse the whole file for one reason that holds for all of it."""
        self.refused[:] = True
        self._kept.append(Fault(code, None, column, None, params))
        self._counts[code] += 1
        self.marks.append(Mark(code, np.arange(len(self.rows)), column, params=params))

    def fault(self, mark: Mark, index: int) -> Fault:
        """Return the fault of a mark in the row at a position."""
        own = mark.more(index) if mark.more else {}
        line = {} if self._lines is None else {"line": int(self._lines[index])}
        value = None if mark.values is None else mark.values[index].as_py()
        hidden = {"value": _HIDDEN} if value is None else {}
        return Fault(mark.code, int(self.rows[index]), mark.column, value, {**mark.params, **line, **hidden, **own})

    def number(self, index: int) -> int:
        """Return the number by which a person finds the row at a position."""
        return int(self.numbers[index])

    @property
    def numbers(self) -> npt.NDArray[np.int64]:
        """The numbers by which a person finds the rows."""
        return self.rows if self._lines is None else self._lines

    def faults(self) -> Faults:
        """Return what was found, by row; what concerns the whole file comes first."""
        kept = sorted(self._kept, key=lambda fault: fault.row or 0)
        return Faults(tuple(kept), dict(self._counts), frozenset(self.rows[self.refused].tolist()))
