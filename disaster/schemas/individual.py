"""Find what looks like an individual number (個人番号, マイナンバー): Tayori takes none in, in any column.

Twelve digits of which the last is a check digit (平成26年総務省令第85号 5条): weights 6 5 4 3 2 7 6 5 4 3 2 on the
first eleven, check = 11 - (sum mod 11), or 0 where the remainder is 0 or 1. One in eleven random numbers passes, so
serial numbers need care: a column full of twelve digits is judged as a whole, and a lone value by itself.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from disaster.layouts.model import fold_heading
from disaster.schemas.findings import Findings, Mask

_WEIGHTS = np.array([6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2], dtype=np.int64)
_HEADINGS = frozenset({"個人番号", "マイナンバー", "mynumber", "my_number", "individualnumber", "individual_number"})
#: Numbers of corporations (法人番号) have a thirteenth digit in front, which some lists leave out: one that passes by
#: chance is no person's, while a whole column that passes is judged like any other.
_CORPORATE = ("法人番号", "法人等番号")
#: Twelve digits on their own: not part of a longer number, nor the decimals of one.
_DIGITS = (
    r"(?:^|[^0-9０-９.．])(?P<digits>[0-9０-９]{4}[-－‐ 　]?[0-9０-９]{4}[-－‐ 　]?[0-9０-９]{4})(?:$|[^0-9０-９.．])"
)
#: A number padded to twelve places is a serial number; so few people begin with six zeros that none will be here.
_PADDED = "000000"
#: Twelve digits that read as year, month, day, hour and minute are a time.
_CLOCK = r"^(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])[0-5]\d$"
#: So many numbers of a column that begin with the same five digits are codes of areas of one municipality.
_ALIKE = 10
#: Share of a column's values that must be twelve digits for it to be judged as a whole.
_FULL = 0.8
#: Share of those that must pass for the column to be refused; fewer are refused where chance (1 in 11) does not explain
#: them: more than four standard deviations above.
_PASSING, _CHANCE = 0.5, 1 / 11


def passes(digits: npt.NDArray[np.int64]) -> Mask:
    """Tell which numbers have the check digit of an individual number.

    Parameters
    ----------
    digits
        Shape (n, 12), values 0 to 9.
    """
    remainder = (digits[:, :11] * _WEIGHTS).sum(axis=1) % 11
    return np.asarray(np.where(remainder <= 1, 0, 11 - remainder) == digits[:, 11], dtype=bool)


def find_individual_numbers(table: pa.Table, findings: Findings) -> bool:
    """Mark rows, or the whole file, that hold what looks like an individual number; the number is never repeated.

    Parameters
    ----------
    table
        A file as read, also the columns that no layout uses: a file that holds such numbers is not to be handled.
    findings
        Takes the faults ``disaster.looks_like_individual_number`` and ``disaster.individual_number_column``.

    Returns
    -------
    bool
        Whether the whole file was refused.
    """
    for name in table.column_names:
        column = table.column(name)
        if not pa.types.is_string(column.type):
            continue
        heading = name.strip()
        text = pc.fill_null(column.chunk(0) if column.num_chunks == 1 else column.combine_chunks(), "")
        filled = int(pc.sum(pc.not_equal(text, "")).as_py() or 0)
        if filled and fold_heading(name) in _HEADINGS:
            findings.refuse_all("disaster.individual_number_column", column=heading)
            return True
        rows, found = _candidates(text)
        if len(rows) == 0:
            continue
        if len(rows) >= _FULL * filled:
            if _too_many(found):
                findings.refuse_all("disaster.individual_number_column", column=heading)
                return True
            continue
        if fold_heading(name).endswith(_CORPORATE):
            continue
        mask = np.zeros(len(text), dtype=bool)
        mask[rows[found]] = True
        findings.add("disaster.looks_like_individual_number", mask, column=heading)
    return False


def _too_many(found: Mask) -> bool:
    count = len(found)
    by_chance = _CHANCE * count + 4 * (count * _CHANCE * (1 - _CHANCE)) ** 0.5
    return bool(found.sum() >= min(_PASSING * count, by_chance))


def _candidates(text: pa.Array) -> tuple[npt.NDArray[np.int64], Mask]:
    """Return the rows that hold twelve digits on their own, and whether they pass."""
    likely = pc.match_substring_regex(text, _DIGITS)
    rows = np.flatnonzero(likely.to_numpy(zero_copy_only=False))
    if len(rows) == 0:
        return rows, np.zeros(0, dtype=bool)
    written = pc.struct_field(pc.extract_regex(text.filter(likely), pattern=_DIGITS), "digits")
    plain = pc.replace_substring_regex(pc.utf8_normalize(written, form="NFKC"), r"[^0-9]", "")
    serial = pc.or_(pc.starts_with(plain, _PADDED), pc.match_substring_regex(plain, _CLOCK))
    digits = np.frombuffer("".join(plain.to_pylist()).encode("ascii"), dtype=np.uint8).reshape(-1, 12) - ord("0")
    if len(rows) >= _ALIKE and (digits[:, :5] == digits[0, :5]).all():
        return rows, np.zeros(len(rows), dtype=bool)
    return rows, passes(digits.astype(np.int64)) & ~serial.to_numpy(zero_copy_only=False)
