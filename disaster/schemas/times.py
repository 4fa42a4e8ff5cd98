"""Read dates and times as Japanese offices write them, a whole column at a time."""

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from disaster.schemas.findings import Mask

TIMESTAMP = pa.timestamp("us", "UTC")
#: Japan Standard Time, in minutes ahead of UTC: what a time without a zone is taken to be in.
_JST_MINUTES = 9 * 60
_YEARS = (1868, 2200)

_ERAS = {
    "明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018,
    "m": 1867, "t": 1911, "s": 1925, "h": 1988, "r": 2018,
}  # fmt: skip
#: Last days of the eras that are over (orders on era names, 改元の政令): a date beyond was typed from habit or in
#: error, and which is not guessed.
_LAST_DAYS = {"明治": (1912, 7, 29), "大正": (1926, 12, 24), "昭和": (1989, 1, 7), "平成": (2019, 4, 30)}
_LETTERS = {"m": "明治", "t": "大正", "s": "昭和", "h": "平成", "r": "令和"}
_WRITTEN = re.compile(
    r"(?:(?P<era>明治|大正|昭和|平成|令和|[mtshr])\s*(?P<n>元|\d{1,2})|(?P<year>\d{4}))\s*[年./-]\s*"
    r"(?P<month>\d{1,2})\s*[月./-]\s*(?P<day>\d{1,2})\s*日?\s*(?:\([月火水木金土日](?:曜日?)?\))?\s*"
    r"(?:(?P<half>午前|午後)?\s*(?P<hour>\d{1,2})\s*[時:]\s*"
    r"(?:(?P<minute>半|\d{1,2})\s*分?\s*(?::?(?P<second>\d{1,2})\s*秒?)?)?)?"
    r"\s*(?:頃|ごろ|ころ)?\s*(?:現在|時点)?"
)
_ISO = (
    r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
    r"(?:[Tt ]\s*(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?P<fraction>\.\d{1,9})?)?"
    r"\s*(?P<zone>[Zz]|[+-]\d{2}:?\d{2})?)?$"
)
_ABOUT = r"頃|ごろ|ころ"
_KANJI_DIGITS = "〇一二三四五六七八九"
_KANJI = re.compile(r"[一二三四五六七八九十]+(?=[年月日時分])")
_Int = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """What a column of texts says: instants (UTC), days in Japan, and how well that was said (頃 is `about`)."""

    instants: pa.Array
    days: pa.Array
    bad: Mask
    without_zone: Mask
    without_hour: Mask
    about: Mask


def read_times(text: pa.Array) -> Times:
    """Read times in ISO 8601, with slashes, or as written in Japanese (令和6年8月31日午後1時30分, R6.8.31).

    現在 and 時点 behind it do not matter, 頃 is marked. A year of two digits without its era is no year.

    A time without a zone is taken as Japan time and marked; a date alone as the start of that day, and marked, so that
    it is never newer than it was. 24:00 is the end of the day.

    Parameters
    ----------
    text
        Strings, null where empty.
    """
    parts = pc.extract_regex(_as_iso(text), pattern=_ISO)
    year, month, day = (_integers(parts, name) for name in ("year", "month", "day"))
    hour, minute, second = (_integers(parts, name) for name in ("hour", "minute", "second"))
    first = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = first.astype("datetime64[D]") + (day - 1)
    said = parts.is_valid().to_numpy(zero_copy_only=False)
    clock = (hour < 24) & (minute < 60) & (second < 60) | (hour == 24) & (minute == 0) & (second == 0)
    good = said & (month >= 1) & (month <= 12) & (day >= 1) & (days.astype("datetime64[M]") == first) & clock
    good &= (year >= _YEARS[0]) & (year <= _YEARS[1])
    zone, has_zone = _zone_minutes(parts)
    good &= np.abs(zone) <= 14 * 60
    seconds = days.astype("datetime64[s]").astype(np.int64) + hour * 3600 + (minute - zone) * 60 + second
    empty = text.is_null().to_numpy(zero_copy_only=False)
    instants = pa.array(seconds * 1_000_000 + _microseconds(parts), pa.int64(), mask=~good).cast(TIMESTAMP)
    has_hour = pc.not_equal(pc.fill_null(pc.struct_field(parts, "hour"), ""), "").to_numpy(zero_copy_only=False)
    return Times(
        instants,
        pa.array(days.astype(np.int64).astype(np.int32), pa.int32(), mask=~good).cast(pa.date32()),
        ~good & ~empty,
        good & has_hour & ~has_zone,
        good & ~has_hour,
        good & pc.fill_null(pc.match_substring_regex(text, _ABOUT), fill_value=False).to_numpy(zero_copy_only=False),
    )


def _as_iso(text: pa.Array) -> pa.Array:
    """Rewrite the texts that are not ISO already; there are few different ones."""
    plain = pc.match_substring_regex(text, _ISO)
    others = pc.fill_null(pc.invert(plain), fill_value=False)
    if not pc.any(others).as_py():
        return text
    written = [_rewrite(one) for one in text.filter(others).to_pylist()]
    return pc.replace_with_mask(text, others, pa.array(written, pa.string()))


def _rewrite(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _WRITTEN.fullmatch(_KANJI.sub(_arabic, plain.casefold().replace("正午", "12時")))
    if found is None:
        return plain.upper()
    if _beyond_its_era(found):
        return ""
    year = _year(found)
    day = f"{year:04d}-{found['month']}-{found['day']}"
    if found["hour"] is None:
        return day
    hour = int(found["hour"])
    if found["half"] and hour > 11:
        return ""  # 午後12時 is midnight by decree and noon to most people: never guessed
    hour += 12 if found["half"] == "午後" else 0
    return f"{day} {hour:02d}:{(found['minute'] or '00').replace('半', '30')}:{found['second'] or '00'}"


def _year(found: re.Match[str]) -> int:
    if found["year"]:
        return int(found["year"])
    return _ERAS[found["era"]] + (1 if found["n"] == "元" else int(found["n"]))


def _beyond_its_era(found: re.Match[str]) -> bool:
    """Tell whether a day is named by an era that was over by then (平成40年, 昭和64年2月)."""
    last = _LAST_DAYS.get(_LETTERS.get(found["era"], found["era"]))
    return last is not None and (_year(found), int(found["month"]), int(found["day"])) > last


def _arabic(found: re.Match[str]) -> str:
    """Write 三十一 as 31; there are no hundreds in dates."""
    tens, ten, ones = found[0].rpartition("十")
    if not ten:
        return "".join(str(_KANJI_DIGITS.index(sign)) for sign in ones)
    return str((_KANJI_DIGITS.index(tens) if tens else 1) * 10 + (_KANJI_DIGITS.index(ones) if ones else 0))


def _integers(parts: pa.Array, name: str) -> _Int:
    digits = pc.fill_null(pc.struct_field(parts, name), "")
    return _numbers(pc.if_else(pc.equal(digits, ""), "0", digits))


def _numbers(digits: pa.Array) -> _Int:
    return np.asarray(pc.cast(digits, pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def _microseconds(parts: pa.Array) -> _Int:
    digits = pc.fill_null(pc.struct_field(parts, "fraction"), "")
    if not pc.any(pc.not_equal(digits, "")).as_py():
        return np.zeros(len(parts), dtype=np.int64)
    return _numbers(pc.utf8_slice_codeunits(pc.utf8_rpad(pc.utf8_ltrim(digits, "."), 6, "0"), 0, 6))


def _zone_minutes(parts: pa.Array) -> tuple[_Int, Mask]:
    """Return minutes ahead of UTC, and whether the text said so itself."""
    zone = pc.fill_null(pc.struct_field(parts, "zone"), "").dictionary_encode()
    words = zone.dictionary.to_pylist()
    minutes = np.array([_minutes(word) for word in words], dtype=np.int64)
    said = np.array([word != "" for word in words], dtype=bool)
    at = zone.indices.to_numpy(zero_copy_only=False)
    return minutes[at], said[at]


def _minutes(zone: str) -> int:
    if zone == "":
        return _JST_MINUTES
    if zone in "Zz":
        return 0
    size = int(zone[1:3]) * 60 + int(zone[-2:])
    return -size if zone[0] == "-" else size
