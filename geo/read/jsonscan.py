"""An independent look at a GeoJSON file: how many features it has and how deep it nests, without parsing it.

GDAL skips members of ``features`` that it does not understand without a word, and reads the first of several values
in a file as if it were the only one; its rows are only believed if they are as many as counted here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.read.limits import MIB
from geo.read.text import Bytes

_PIECE = 8 * MIB
#: What each byte does to the level of nesting.
_STEPS = np.zeros(256, dtype=np.int8)
_STEPS[list(b"{[")], _STEPS[list(b"}]")] = 1, -1
_FEATURES_KEY = re.compile(rb'"features"\s*:\s*$')
_KEY_BYTES = 200


@dataclass(frozen=True, slots=True)
class Structure:
    """Shape of a JSON text.

    Attributes
    ----------
    values
        Objects or arrays at the outermost level: 1 in a JSON file.
    features
        Objects and arrays in the root's ``features``; None without such an array.
    spans
        Where each array ``features`` of the root stands, its brackets included: start, end.
    depth
        Deepest nesting.
    closed
        Whether everything opened is closed and no string is left open.
    """

    values: int
    features: int | None
    spans: tuple[tuple[int, int], ...]
    depth: int
    closed: bool


def structure(data: Bytes) -> Structure:
    """Look at the brackets of a JSON text outside its strings."""
    scanner = _Scanner(data)
    for start, piece in _pieces(data):
        scanner.take(start, piece)
    return scanner.result()


def _pieces(data: Bytes) -> Iterator[tuple[int, bytes]]:
    """Cut the text, never between a backslash and what it escapes."""
    start = 0
    while start < data.size:
        end = min(start + _PIECE, data.size)
        while end < data.size and data[end - 1] == ord("\\"):
            end += 1
        yield start, data[start:end].tobytes()
        start = end


class _Scanner:
    """Goes through the text piece by piece and carries over what is open at the end of each."""

    def __init__(self, data: Bytes) -> None:
        self._data = data
        self._in_string = 0
        self._level = self._deepest = self._values = 0
        self._features: int | None = None
        self._counting = False
        self._opened: list[int] = []
        self._closed: list[int] = []
        self._fine = True

    def result(self) -> Structure:
        """Say what was found."""
        closed = self._fine and self._level == 0 and not self._in_string
        spans = tuple(zip(self._opened, self._closed, strict=False))
        return Structure(self._values, self._features, spans, self._deepest, closed)

    def take(self, start: int, piece: bytes) -> None:
        """Follow the levels of brackets through one piece."""
        if b"\\" in piece:
            piece = piece.replace(b"\\\\", b"__").replace(b'\\"', b"__")  # left to right: what is escaped is no quote
        text = np.frombuffer(piece, dtype=np.uint8)
        outside = ((np.cumsum(text == ord('"'), dtype=np.uint8) + self._in_string) & 1) == 0
        self._in_string = int(not outside[-1])
        places = np.flatnonzero((_STEPS[text] != 0) & outside)
        if not places.size:
            return
        steps = _STEPS[text[places]]
        levels = self._level + np.cumsum(steps, dtype=np.int64)
        self._deepest = max(self._deepest, int(levels.max()))
        self._fine &= int(levels.min()) >= 0
        self._values += int(((levels == 1) & (steps == 1)).sum())
        self._level = int(levels[-1])
        self._count(start + places, steps, levels)

    def _count(self, places: npt.NDArray[np.int64], steps: npt.NDArray[np.int8], levels: npt.NDArray[np.int64]) -> None:
        """Count what opens at the third level while the array ``features`` of the root is the one that is open."""
        members = np.flatnonzero((levels == 3) & (steps == 1))
        edges = np.flatnonzero(((levels == 2) & (steps == 1)) | ((levels == 1) & (steps == -1)))
        arrays = edges[(steps[edges] == 1) & (self._data[places[edges]] == ord("["))]
        begins = [edge for edge in arrays.tolist() if self._opens_features(int(places[edge]))]
        for begin in [-1, *begins] if self._counting else begins:  # -1: opened in an earlier piece
            if begin >= 0:
                self._opened.append(int(places[begin]))
            end = next(iter(edges[np.searchsorted(edges, begin, side="right") :][:1].tolist()), None)
            until = members.size if end is None else int(np.searchsorted(members, end))
            self._features = (self._features or 0) + until - int(np.searchsorted(members, begin, side="right"))
            self._counting = end is None
            if end is not None:
                self._closed.append(int(places[end]) + 1)

    def _opens_features(self, place: int) -> bool:
        before = self._data[max(place - _KEY_BYTES, 0) : place].tobytes()
        return bool(_FEATURES_KEY.search(before))
