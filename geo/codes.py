"""Codes of prefectures and municipalities: JIS X 0401 (2 digits) and JIS X 0402 (3 digits) with the check digit."""

import re
import unicodedata

from geo.errors import PlaceError

_WEIGHTS = (6, 5, 4, 3, 2)

#: Prefectures in the order of JIS X 0401: 01 北海道 to 47 沖縄県.
PREFECTURES = (
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県", "群馬県",
    "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県", "山梨県", "長野県",
    "岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県",
    "鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県", "香川県", "愛媛県", "高知県", "福岡県",
    "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
)  # fmt: skip


def check_digit(code5: str) -> str:
    """Return the sixth digit of a municipality code.

    Parameters
    ----------
    code5
        Five ASCII digits, such as ``"22212"``.

    Raises
    ------
    PlaceError
        ``geo.code_unreadable`` if that is not what was given.

    Notes
    -----
    JIS X 0402: the last digit of 11 - ((6a + 5b + 4c + 3d + 2e) mod 11).
    """
    if not re.fullmatch(r"[0-9]{5}", code5):
        raise PlaceError("geo.code_unreadable", value=code5)
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, code5, strict=True))
    return str((11 - total % 11) % 10)


def six(code5: str) -> str:
    """Return the code with its check digit: ``"22212"`` becomes ``"222127"``."""
    return code5 + check_digit(code5)


def normalise(code: str | int) -> str:
    """Return a municipality code as five digits, whatever way it was written.

    Parameters
    ----------
    code
        ``"222127"``, ``"22212"``, ``"092011"``, ``"92011"`` (a spreadsheet took the zero), ``"9201"``, full-width
        digits, or a number.

    Raises
    ------
    PlaceError
        ``geo.code_unreadable`` if it is not the code of any municipality or prefecture; ``geo.code_check_digit`` if
        it has six digits and the last one is wrong.

    Notes
    -----
    The prefecture number is not compared with 01 to 47: the invented town of drills uses one that does not exist.
    Five digits can now and then be read two ways; this returns the likelier one, `readings` returns both.
    """
    return readings(code)[0]


def readings(code: str | int) -> tuple[str, ...]:
    """Return every five-digit code that may be meant, the likeliest first.

    ``12106`` is 千葉市稲毛区 or, when a spreadsheet took the zero from ``012106``, 岩見沢市: one in nine of today's
    five-digit codes (214 of 1,965) passes the check digit of the other reading by chance. A file that belongs to a
    declared municipality is checked with ``municipality in readings(code)``.

    Raises
    ------
    PlaceError
        As `normalise`.
    """
    text = unicodedata.normalize("NFKC", str(code)).strip()
    match len(text) if re.fullmatch(r"[0-9]+", text) else 0:
        case 6:
            found: tuple[str, ...] = (_checked(text),)
        case 5:
            found = _five_digits(text)
        case 4:
            found = ("0" + text,)
        case _:
            found = ()
    usable = tuple(reading for reading in found if _has_form(reading))
    if not usable:
        raise PlaceError("geo.code_unreadable", value=str(code))
    return usable


def _checked(six_digits: str) -> str:
    if check_digit(six_digits[:5]) != six_digits[5]:
        raise PlaceError("geo.code_check_digit", value=six_digits, expected=six(six_digits[:5]))
    return six_digits[:5]


def _five_digits(text: str) -> tuple[str, ...]:
    with_zero = "0" + text[:4]
    if check_digit(with_zero) != text[4]:
        return (text,)
    known_prefecture = 1 <= int(text[:2]) <= 47
    return (text, with_zero) if known_prefecture else (with_zero, text)


def _has_form(code5: str) -> bool:
    """Tell whether the parts can be a code: a prefecture from 01, a municipality 000 (the prefecture) or from 100."""
    return code5[:2] != "00" and (code5[2:] == "000" or code5[2] != "0")
