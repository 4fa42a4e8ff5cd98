"""Words that are no number but too good to lose: they stay in the row's 備考, and the report says where."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from disaster.schemas.findings import Mask

#: Rows named in a remark; the others are counted.
_SHOWN = 10

Remark = tuple[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What is said of one column in some rows; `where` says in which, `code` what.

    `text` is kept as it was written, in the row's note; `side` is that of a grid square in metres.
    """

    code: str
    column: str
    where: Mask
    text: pa.Array | None = field(default=None, repr=False)
    side: int = 0

    def into(self, notes: pa.Array) -> pa.Array:
        """Return the column of notes with these texts behind what stands there: ``想定収容人数：屋内480人／…``."""
        if self.text is None:
            return notes
        said = pc.binary_join_element_wise(f"{self.column}：", self.text, "")
        behind = pc.binary_join_element_wise(pc.fill_null(notes, ""), "（", said, "）", "")
        return pc.if_else(pa.array(self.where), pc.if_else(notes.is_valid(), behind, said), notes)

    def remark(self, numbers: npt.NDArray[np.int64], entered: Mask) -> Remark | None:
        """Say which of the rows that entered it concerns, by the numbers that a person sees; None if none."""
        at = numbers[self.where & entered].tolist()
        if not at:
            return None
        named = "、".join(str(row) for row in at[:_SHOWN]) + ("…" if len(at) > _SHOWN else "")
        return self.code, {"column": self.column, "count": len(at), "rows": named, "side": self.side}
