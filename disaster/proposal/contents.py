"""What the cells of a column look like, whatever stands above them."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from disaster.schemas.parse import parse_number
from disaster.schemas.places import LAT_RANGE, LON_RANGE
from disaster.schemas.times import read_times
from geo.codes import PREFECTURES, normalise
from geo.faults import CodedError

#: Rows that are looked at: enough to tell, quick on any file.
SAMPLE_ROWS = 2_000
#: Share of the filled cells that must look alike for a column to be taken for it by its contents alone.
ENOUGH = 0.8


class Looks(StrEnum):
    """What cells can be taken for."""

    LON = "lon"
    LAT = "lat"
    MUNICIPALITY = "municipality"
    POSTAL_CODE = "postal_code"
    PHONE = "phone"
    MGRS = "mgrs"
    TIME = "time"
    FLAG = "flag"
    NUMBER = "number"
    ADDRESS = "address"
    LINK = "link"
    KANA = "kana"
    WORDS = "words"


_PREFECTURE = "|".join(PREFECTURES)
_NUMBERED = r"丁目|番地|番|号|[\d〇一二三四五六七八九十]+-|\d+$"
_PATTERNS: Mapping[Looks, str] = {
    Looks.POSTAL_CODE: r"^〒?\d{3}-?\d{4}$",
    Looks.PHONE: r"^(\+81|\(?0)[\d() -]{8,14}$",
    Looks.MGRS: r"^\d{1,2}[C-X][A-HJ-NP-Z]{2}(\d\d){2,5}$",
    # a prefecture in front, or a town with its number behind the city
    Looks.ADDRESS: rf"^({_PREFECTURE})\S|^\S{{1,12}}?[都道府県郡市区町村]\S*?({_NUMBERED})",
    Looks.LINK: r"^https?://",
    Looks.KANA: r"^[ァ-ヶー・ 　()0-9A-Za-z-]*[ァ-ヶ]{2}[ァ-ヶー・ 　()0-9A-Za-z-]*$",
    Looks.WORDS: r"[\p{Han}\p{Hiragana}\p{Katakana}A-Za-z]",
}
_FLAG_WORDS = "○ 〇 ◯ ◎ ● × ✕ 1 0 1.0 0.0 有 無 有り 無し あり なし 可 不可 true false はい いいえ"
_FLAGS = tuple(_FLAG_WORDS.split())


@dataclass(frozen=True, slots=True)
class Profile:
    """A column: how many of the rows looked at are filled, how many values differ, and what share looks like what."""

    heading: str
    rows: int
    filled: int
    distinct: int
    shares: Mapping[Looks, float]
    texts: pa.Array  # the filled cells, half width

    @property
    def unique(self) -> bool:
        """Whether every row has a value of its own."""
        return self.filled == self.rows == self.distinct

    def looks(self, what: Looks) -> bool:
        """Whether the cells can be taken for this by themselves."""
        return self.filled > 0 and self.shares[what] >= ENOUGH


def profiles(table: pa.Table) -> dict[str, Profile]:
    """Look at every text column of a file, by its heading."""
    head = table.slice(0, SAMPLE_ROWS)
    return {
        name: _profile(name, head.column(name).combine_chunks())
        for name in head.column_names
        if pa.types.is_string(head.schema.field(name).type)
    }


def _profile(heading: str, column: pa.Array) -> Profile:
    trimmed = pc.utf8_trim_whitespace(pc.fill_null(column, ""))
    texts = trimmed.filter(pc.not_equal(trimmed, ""))
    folded = pa.array([unicodedata.normalize("NFKC", text) for text in texts.to_pylist()], pa.string())
    shares = {what: _share(test(folded)) for what, test in _TESTS.items()}
    return Profile(heading, len(column), len(texts), pc.count_distinct(texts).as_py(), shares, folded)


def _share(found: pa.Array) -> float:
    return float(pc.mean(pc.fill_null(found, fill_value=False).cast(pa.float64())).as_py() or 0.0)


def _between(limits: tuple[float, float]) -> Callable[[pa.Array], pa.Array]:
    def test(texts: pa.Array) -> pa.Array:
        # whole numbers in this range are counts and years of age; places have decimals
        values = pc.if_else(pc.match_substring_regex(texts, r"^\d{2,3}\.\d{2,}"), parse_number(texts).values, None)
        return pc.and_(pc.greater_equal(values, limits[0]), pc.less_equal(values, limits[1]))

    return test


def _matching(what: Looks) -> Callable[[pa.Array], pa.Array]:
    return lambda texts: pc.match_substring_regex(texts, _PATTERNS[what])


def _is_code(texts: pa.Array) -> pa.Array:
    coded = texts.dictionary_encode()
    return pa.array([_reads(text) for text in coded.dictionary.to_pylist()], pa.bool_()).take(coded.indices)


def _reads(text: str) -> bool:
    try:
        return len(text) in (5, 6) and bool(normalise(text))
    except CodedError:
        return False


def _is_time(texts: pa.Array) -> pa.Array:
    return read_times(texts).instants.is_valid()


def _is_flag(texts: pa.Array) -> pa.Array:
    return pc.is_in(texts, value_set=pa.array(_FLAGS))


def _is_number(texts: pa.Array) -> pa.Array:
    return parse_number(texts).values.is_valid()


_TESTS: Mapping[Looks, Callable[[pa.Array], pa.Array]] = {
    Looks.LON: _between(LON_RANGE),
    Looks.LAT: _between(LAT_RANGE),
    Looks.MUNICIPALITY: _is_code,
    Looks.TIME: _is_time,
    Looks.FLAG: _is_flag,
    Looks.NUMBER: _is_number,
    **{what: _matching(what) for what in _PATTERNS},
}
