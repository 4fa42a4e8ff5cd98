"""Collect what is wrong in whole columns; a fault object exists only for the rows that are shown."""

from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geo.faults import MAX_KEPT_PER_CODE, Fault, Faults

Mask = npt.NDArray[np.bool_]

#: What stands in a sentence for a value that may not be repeated.
_HIDDEN = "***"


class Findings:
    """The faults of one file while it is checked.

    Parameters
    ----------
    rows
        Number of each row in its file, as a clerk counts.
    """

    def __init__(self, rows: npt.NDArray[np.int64]) -> None:
        self.rows = rows
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
        for index in at[: max(0, MAX_KEPT_PER_CODE - self._counts[code])]:
            own = more(int(index)) if more else {}
            value = None if values is None else values[int(index)].as_py()
            hidden = {"value": _HIDDEN} if value is None else {}
            self._kept.append(Fault(code, int(self.rows[index]), column, value, {**params, **hidden, **own}))
        self._counts[code] += len(at)

    def refuse_all(self, code: str, *, column: str | None = None, **params: object) -> None:
        """Refuse the whole file for one reason that holds for all of it."""
        self.refused[:] = True
        self._kept.append(Fault(code, None, column, None, params))
        self._counts[code] += 1

    def faults(self) -> Faults:
        """Return what was found, by row; what concerns the whole file comes first."""
        kept = sorted(self._kept, key=lambda fault: fault.row or 0)
        return Faults(tuple(kept), dict(self._counts), frozenset(self.rows[self.refused].tolist()))
