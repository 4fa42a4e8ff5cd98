"""What stands before the town of an address: postal code, prefecture, county, city and ward, each of them optional."""

import re
from dataclasses import dataclass
from enum import IntFlag

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.address import letters_of_addresses
from geo.gazetteer import Gazetteer
from geo.letters import Letters
from geo.prefixes import Prefixes

_Mask = npt.NDArray[np.bool_]
_Ints = npt.NDArray[np.int64]

#: A label and a postal code at the start: no address begins with seven digits.
_OPENING = (
    r"^(?P<opening>(?:現?住所|所在地|所在)?[:「『(\[\x22\x27’]*〒?(?:[0-9]{3}[-ー ]?[0-9]{4}[)\]、,]* ?)?)"
    r"(?:$|[^-0-9ー])"
)
#: What stands between the names before the town and says nothing.
_BETWEEN = "、,/・:;.「『\"'"
#: How often the names before the town are read: 架空県潮見市架空県潮見市本町 says them twice.
_TIMES = 3

_PREFECTURES = [
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県", "群馬県",
    "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県", "山梨県", "長野県",
    "岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県",
    "鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県", "香川県", "愛媛県", "高知県", "福岡県",
    "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
]  # fmt: skip


class Said(IntFlag):
    """What an address names before its town."""

    PREF = 1
    CITY = 2  # any part of the municipality's name
    WHOLE = 4  # enough of it that no other municipality can be meant


@dataclass(frozen=True, slots=True)
class Heads:
    """The ways the addresses of a municipality begin."""

    first: npt.NDArray[np.uint32]
    ours: Prefixes
    said: npt.NDArray[np.int8]
    others: Prefixes

    @classmethod
    def of(cls, gazetteer: Gazetteer) -> "Heads":
        """Take the names from the gazetteer, with those the municipality bore before."""
        pref, *names = as_letters([gazetteer.pref, gazetteer.city, *gazetteer.former])
        whole, part = set(names), set()
        for name in names:
            if county := re.fullmatch("(.+?郡)(.+[町村])", name):
                whole.add(county[2])
            if ward := re.fullmatch("(.+?市)(.+区)", name):
                whole.add(ward[2])
                part.add(ward[1])
        said = dict.fromkeys(sorted(whole), Said.CITY | Said.WHOLE) | dict.fromkeys(sorted(part - whole), Said.CITY)
        said |= {pref + name: flags | Said.PREF for name, flags in said.items()} | {pref: Said.PREF}
        others = sorted({*as_letters(_PREFECTURES)} - {pref})
        first = np.array(sorted({ord(name[0]) for name in (*said, *others)}), dtype=np.uint32)
        return cls(first, Prefixes.of(list(said)), np.array(list(said.values()), dtype=np.int8), Prefixes.of(others))

    def read(self, letters: Letters) -> tuple[npt.NDArray[np.int8], _Ints, _Mask]:
        """Return what is said before the town, how many letters that takes, and whether another prefecture is named."""
        said, head = np.zeros(len(letters), dtype=np.int8), _opening(letters)
        foreign, every = np.zeros(len(letters), dtype=bool), np.arange(len(letters))
        for _ in range(_TIMES):
            pending = np.isin(letters.at(every, head), self.first)
            if not pending.any():
                break
            before = head.copy()
            for length, rows, numbers in self.ours.hits(letters, before, pending):
                said[rows] |= self.said[numbers]
                head[rows], pending[rows] = before[rows] + length, False
            for _, rows, _ in self.others.hits(letters, before, pending):
                foreign[rows] = True
            _skip(letters, head, np.flatnonzero(head > before))
        return said, head, foreign


def as_letters(texts: list[str]) -> list[str]:
    """Return texts as letters to match by."""
    found: list[str] = letters_of_addresses(pa.array(texts, pa.large_string()))[1].texts().to_pylist()
    return found


def _opening(letters: Letters) -> _Ints:
    """Return how many letters a label, a bracket and the postal code at the start of each text take."""
    length, every = np.zeros(len(letters), dtype=np.int64), np.arange(len(letters))
    first = np.array([ord(letter) for letter in "〒:「『([\"'’現住所0123456789"], dtype=np.uint32)
    rows = np.flatnonzero(np.isin(letters.at(every, length), first))
    if len(rows):
        found = pc.struct_field(pc.extract_regex(letters.texts().take(pa.array(rows)), _OPENING), "opening")
        length[rows] = pc.fill_null(pc.utf8_length(found), 0).to_numpy(zero_copy_only=False)
    return length


def _skip(letters: Letters, head: _Ints, rows: _Ints) -> None:
    """Step over the signs between names; `head` changes."""
    signs = np.array([ord(letter) for letter in _BETWEEN], dtype=np.uint32)
    while len(rows):
        rows = rows[np.isin(letters.at(rows, head[rows]), signs)]
        head[rows] += 1
