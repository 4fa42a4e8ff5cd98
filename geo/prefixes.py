"""Which of many known texts a column of texts begins with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.letters import Letters


@dataclass(frozen=True, slots=True)
class Prefixes:
    """Known texts, kept by length; each is called by its number, its place in the list it came from."""

    by_length: tuple[tuple[int, pa.Array, npt.NDArray[np.int64]], ...]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Prefixes":
        """Keep distinct texts, none of them empty."""
        lengths = np.array([len(text) for text in texts], dtype=np.int64)
        column = pa.array(texts, pa.large_string())
        groups = ((length, np.flatnonzero(lengths == length)) for length in np.unique(lengths)[::-1].tolist())
        return cls(tuple((length, column.take(pa.array(which)), which) for length, which in groups))

    def hits(
        self, letters: Letters, starts: npt.NDArray[np.int64], pending: npt.NDArray[np.bool_]
    ) -> Iterator[tuple[int, npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """Yield, from the longest length down, the rows that go on with a known text, and its number.

        Parameters
        ----------
        letters
            The texts.
        starts
            Shape (n,), characters into each text where the known text is looked for.
        pending
            Shape (n,), rows still asked for. The caller clears a row once it takes a hit; a hit it does not take
            leaves the row to the shorter texts.
        """
        if not self.by_length:
            return
        texts = pc.utf8_slice_codeunits(letters.cut(starts)[1], 0, self.by_length[0][0])
        lengths = letters.lengths - starts
        for length, known, numbers in self.by_length:
            rows = np.flatnonzero(pending & (lengths >= length))
            cut = pc.utf8_slice_codeunits(texts.take(pa.array(rows)), 0, length)
            found = pc.fill_null(pc.index_in(cut, known), -1).to_numpy(zero_copy_only=False)
            there = found >= 0
            yield length, rows[there], numbers[found[there]]
