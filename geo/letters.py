"""A column of texts as one array of code points, so that a million texts are changed in a few array operations."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

#: Size of a table that maps every code point of Unicode; 0 in it deletes.
CODE_POINTS = 0x110000


@dataclass(frozen=True, slots=True)
class Letters:
    """Texts laid end to end.

    Attributes
    ----------
    codes
        Shape (m,), the code points of all texts.
    starts
        Shape (n + 1,): text i is ``codes[starts[i]:starts[i + 1]]``.
    """

    codes: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, texts: pa.Array) -> "Letters":
        """Take a column of texts apart; a missing text counts as empty."""
        column = pc.fill_null(texts, "").cast(pa.large_string())
        _, offsets, data = column.buffers()
        places = np.frombuffer(offsets, dtype=np.int64)[column.offset : column.offset + len(column) + 1]
        joined = b"" if data is None else memoryview(data)[places[0] : places[-1]]
        codes = np.frombuffer(str(joined, "utf-8").encode("utf-32-le"), dtype=np.uint32)
        lengths = pc.utf8_length(column).to_numpy(zero_copy_only=False)
        return cls(codes, np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]))

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Characters of each text, shape (n,)."""
        return np.diff(self.starts)

    def kept(self, keep: npt.NDArray[np.bool_]) -> "Letters":
        """Return the texts without the characters that the mask (m,) leaves out."""
        counts = np.concatenate([[0], np.cumsum(keep, dtype=np.int64)])
        return Letters(self.codes[keep], counts[self.starts])

    def mapped(self, table: npt.NDArray[np.uint32]) -> "Letters":
        """Return the texts with each character replaced by its entry in a table of `CODE_POINTS`; 0 deletes."""
        codes = table[self.codes]
        return Letters(codes, self.starts).kept(codes != 0)

    def at(self, rows: npt.NDArray[np.int64], places: npt.NDArray[np.int64]) -> npt.NDArray[np.uint32]:
        """Return the character at a place of each of the given texts; 0 beyond their end."""
        positions = self.starts[rows] + places
        inside = positions < self.starts[rows + 1]
        found = np.zeros(len(rows), dtype=np.uint32)
        found[inside] = self.codes[positions[inside]]
        return found

    def texts(self) -> pa.Array:
        """Return the column of texts."""
        return self._pieces(self.starts)

    def cut(self, places: npt.NDArray[np.int64]) -> tuple[pa.Array, pa.Array]:
        """Return the part of each text before a place and the part from it on.

        Parameters
        ----------
        places
            Shape (n,), characters into each text, between 0 and its length.
        """
        bounds = np.empty(2 * len(self) + 1, dtype=np.int64)
        bounds[0::2] = self.starts
        bounds[1::2] = self.starts[:-1] + places
        pieces = self._pieces(bounds)
        return pieces.take(pa.array(np.arange(0, len(pieces), 2))), pieces.take(pa.array(np.arange(1, len(pieces), 2)))

    def _pieces(self, bounds: npt.NDArray[np.int64]) -> pa.Array:
        data = self.codes.tobytes().decode("utf-32-le").encode("utf-8")
        widths = np.ones(len(self.codes), dtype=np.uint8)
        for limit in (0x80, 0x800, 0x10000):  # bytes of a character in UTF-8
            widths += self.codes >= limit
        offsets = np.concatenate([[0], np.cumsum(widths, dtype=np.int64)])[bounds]
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        return pa.LargeStringArray.from_buffers(len(bounds) - 1, buffers[1], buffers[2])
