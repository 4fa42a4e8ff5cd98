"""Characters that do harm in a cell: found by one pass over a column's bytes, then made visible.

A control character hides text, turns its direction round or stops Excel from opening the file. None is dropped
silently: each becomes a sign that can be seen, and is counted.
"""

import re
from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: Controls (but not TAB, LF, CR), marks that turn the direction of writing, and code points that XML forbids.
_HARMFUL: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ufffe\uffff]"
)
#: A cell that a spreadsheet would run: one of the signs at its front, also in full width or behind blanks.
_FORMULA: Final = re.compile("^(?:[\t\r\n]|[ \u00a0\u3000\ufeff]*[=+\\-@＝＋－＠].)", re.DOTALL)


def text_bytes(values: pa.StringArray) -> tuple[np.ndarray, np.ndarray]:
    """Return the UTF-8 bytes of a text column and the offsets of its values, without copying."""
    offsets_buffer, data_buffer = values.buffers()[1:]
    if offsets_buffer is None or not len(values):
        return np.empty(0, np.uint8), np.zeros(len(values) + 1, np.int32)
    offsets = np.frombuffer(offsets_buffer, np.int32)[values.offset : values.offset + len(values) + 1]
    whole = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None else np.empty(0, np.uint8)
    return whole[offsets[0] : offsets[-1]], offsets - offsets[0]


def _table(*codes: int) -> np.ndarray:
    flags = np.zeros(256, bool)
    flags[list(codes)] = True
    return flags


_SUSPECTS: Final = _table(*(code for code in range(32) if code not in (9, 10, 13)), 127, 0xC2, 0xD8, 0xE2, 0xEF)
_FRONT_BYTES: Final = _table(*b"\t\r\n =+-@", 0xC2, 0xE3, 0xEF)


def _may_harm(data: np.ndarray) -> bool:
    """Whether a column holds a byte that can begin a harmful character; false for almost every real column."""
    at = np.flatnonzero(_SUSPECTS[data])
    lead = data[at]
    second = data[np.minimum(at + 1, data.size - 1)]
    harmful = (
        (lead < 0x80)
        | ((lead == 0xC2) & (second < 0xA0))
        | ((lead == 0xD8) & (second == 0x9C))
        | ((lead == 0xE2) & ((second == 0x80) | (second == 0x81)))
        | ((lead == 0xEF) & (second == 0xBF))
    )
    return bool(harmful.any())


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


def _changed(values: pa.StringArray, rows: np.ndarray, change: Callable[[str], str]) -> pa.StringArray:
    """Return the column with `change` applied to the values at `rows`."""
    if not rows.size:
        return values
    mask = np.zeros(len(values), bool)
    mask[rows] = True
    new = [None if text is None else change(text) for text in values.take(pa.array(rows)).to_pylist()]
    return pc.replace_with_mask(values, pa.array(mask), pa.array(new, values.type))


def without_controls(values: pa.StringArray) -> tuple[pa.StringArray, int]:
    """Make control characters visible (``␀``, or ``�`` where no sign exists).

    Returns
    -------
    values
        The same column; TAB stays as it is, line breaks become LF, as spreadsheets keep them.
    count
        How many characters were replaced.
    """
    data = text_bytes(values)[0]
    if (data == ord("\r")).any():
        values = pc.replace_substring_regex(values, "\r\n?", "\n")
    if not _may_harm(data):
        return values, 0
    rows = np.array(
        [i for i, text in enumerate(values.to_pylist()) if text is not None and _HARMFUL.search(text)], np.int64
    )
    count = sum(len(_HARMFUL.findall(text)) for text in values.take(pa.array(rows)).to_pylist())
    return _changed(values, rows, lambda text: _HARMFUL.sub(_visible, text)), count


def visible(text: str) -> str:
    """Make the control characters of one text visible."""
    return _HARMFUL.sub(_visible, text)


def without_formulas(values: pa.StringArray) -> pa.StringArray:
    """Put an apostrophe before text that a spreadsheet would run as a formula when it opens a CSV file.

    A lone sign ("-" for "nothing") runs nothing and stays. Columns of numbers never come here, so that negative
    numbers stay numbers.
    """
    data, offsets = text_bytes(values)
    starts = offsets[:-1]
    filled = np.flatnonzero(offsets[1:] > starts)
    suspects = filled[_FRONT_BYTES[data[starts[filled]]]]
    texts = values.take(pa.array(suspects)).to_pylist()
    rows = np.array([row for row, text in zip(suspects, texts, strict=True) if _FORMULA.match(text or "")], np.int64)
    return _changed(values, rows, lambda text: f"'{text}")
