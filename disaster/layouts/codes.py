"""Municipality codes of a column as five digits, with the zeros that spreadsheets take restored where that is sure."""

import unicodedata

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.codes import readings, six
from geo.faults import CodedError


def municipality_codes(text: pa.Array, expected: str) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Return the codes as five digits, and which of them had lost their leading zero.

    Parameters
    ----------
    text
        Codes of five or six digits, of any width; what is no code stays as it is and fails the pattern later.
    expected
        Five digits of the municipality whose rows are looked for.

    Notes
    -----
    ``12106`` is 千葉市稲毛区, or 岩見沢市 (``012106``) without its zero. A column in which any code begins with a zero
    has lost none, so there it is 稲毛区 (KEN_ALL); so it is beside ``12101``, whose last digit checks no code of four:
    that column is of five digits. In a file given for 岩見沢市 whose column has neither it is 岩見沢市.
    """
    coded = text.dictionary_encode()
    plain = [unicodedata.normalize("NFKC", one).strip() for one in coded.dictionary.to_pylist()]
    whole = any(_five_digits_for_sure(one) for one in plain)
    codes = [_code(one, raw, expected, whole) for one, raw in zip(plain, coded.dictionary.to_pylist(), strict=True)]
    restored = [code[0] == "0" and not one.startswith("0") for code, one in zip(codes, plain, strict=True)]
    lost = pc.fill_null(pa.array(restored, pa.bool_()).take(coded.indices), fill_value=False)
    return pa.array(codes, pa.string()).take(coded.indices), np.asarray(lost.to_numpy(zero_copy_only=False))


def _five_digits_for_sure(plain: str) -> bool:
    """Whether a code shows that its column has lost no zero of six digits."""
    if plain.startswith("0"):
        return len(plain) in (5, 6)
    try:
        return len(plain) == 5 and readings(plain) == (plain,)
    except CodedError:
        return False


def _code(plain: str, raw: str, expected: str, whole: bool) -> str:
    if plain in (expected, six(expected)):
        return expected
    try:
        found = readings(plain)
    except CodedError:
        return raw
    if whole:
        return plain[:5] if plain[:5] in found else found[0]
    return expected if expected in found else found[0]
