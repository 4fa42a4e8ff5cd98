"""Reading the numbers that follow a town: ``2番6号 みなとハイツ101`` is the number 2-6, and the building stays."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.address import NUMERALS, arabic

#: Letters that lots are numbered with: 甲乙丙, the twelve signs, イロハ.
MARKS = "甲乙丙戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥イロハニホヘトチリヌルヲワカヨタレソツネナラム"

_RUN = f"[-0-9{NUMERALS}{MARKS}丁番地号ノー第 ]"
_VALUE = f"(?:[0-9]+|[{NUMERALS}]+)"
_PART = f"(?:[丁{MARKS}][-ノ]?{_VALUE}|{_VALUE}|[{MARKS}])"
_LATER_PART = f"(?:[{MARKS}][-ノ]?{_VALUE}|{_VALUE}|[{MARKS}])"
_JOIN = " *(?:番 *地 *[-ノー]?|番 *[-ノー]?|号 *[-ノー]|[-ノー]) *"
#: How many numbers joined to one another are read.
_MOST_PARTS = 4
_GROUP = (
    f"^(?P<lead> *[-ー、,・(]? *第?)(?P<n1>{_PART})"
    + "".join(
        f"(?:(?P<s{i}>{_JOIN})(?P<n{i}>{_LATER_PART})|(?P<k{i}>[{MARKS}]{_VALUE}|[{MARKS}]))?"
        for i in range(2, _MOST_PARTS + 1)
    )
    + "(?P<end> *(?:番 *地|番|号))?(?P<next>.{0,4})"
)
_RUN_OF = rf"^(?P<run> *[-ノー、,・(]?{_RUN}*.{{0,4}})"

#: What makes the number before it a part of a building's or a street's name: 3階, 101号室, 2番館, 5番町, 9丁目.
_NAMES_A_BUILDING = "^[階F室棟館町丁街通筋線条組軒区]"
#: What makes a number no number of a place: 3月5日, 03/05, 9丁目, 12番外地.
_NO_NUMBER = r"^([月日年時分]|[/.][0-9]|[丁町]目|丁)"
#: A second number after a blank that is no room.
_GOES_ON = "^ +[0-9]{1,2}([^0-9号室階棟F]|$)"
_HUNDRED = "^[1-9][0-9]{2,}$"


class System(IntEnum):
    """What the writing says a number is: 番 … 号 a 住居番号, 番地 a 地番, a bare hyphen neither."""

    EITHER = 0
    DWELLING = 1
    LOT = 2


@dataclass(frozen=True, slots=True)
class Tails:
    """What numbers follow the towns of a column, kept once for each way of writing.

    Attributes
    ----------
    row
        Shape (n,), for each address its entry in the others.
    number
        The number, canonical: Arabic digits joined by hyphens (``2-6``, ``甲38-4``); empty where none is read.
    without_room
        The number without its last part where that can be a room (``2-6`` of ``2-6-101``), else empty.
    first
        The first part: the 街区, or the lot before it was divided.
    system
        Shape (m,), `System`.
    used
        Shape (3, m), characters that the number, the number without the room, and the first part take.
    early
        Shape (m,), whether the number may end with its first part, because a blank follows 番地 and what comes then
        can be a building and a room: 437番地 3-405.
    doubtful
        Shape (m,), whether the number may go on: another bare number follows after a blank, or a kanji numeral that
        is also the beginning of a word.
    """

    row: npt.NDArray[np.int64]
    number: pa.Array
    without_room: pa.Array
    first: pa.Array
    system: npt.NDArray[np.int8]
    used: npt.NDArray[np.int64]
    early: npt.NDArray[np.bool_]
    doubtful: npt.NDArray[np.bool_]


@dataclass(slots=True)
class _Groups:
    """The parts of each way of writing, being worked on.

    `written[i][j]` is part i of writing j and `parts[i][j]` the same in Arabic digits; `count` how many of them are
    the number; ``ends[c]`` the letters that the first c of them take.
    """

    fields: dict[str, pa.Array]
    written: list[pa.Array]
    parts: list[pa.Array]
    ends: npt.NDArray[np.int64]
    count: npt.NDArray[np.int64]


def read_tails(texts: pa.Array) -> Tails:
    """Read the number at the start of each text: what follows a town, as letters to match by, each blank as one.

    Read are numbers in Arabic and kanji digits, with units or by place, joined by hyphens, ノ, 番, 番地 and 号, with
    the letters that lots bear. What follows them is left alone, and a number that a floor, a room or a name claims
    (``2-6-3F``, ``2-6 101号室``, ``2-6三田ビル``) is left to it.
    """
    runs = pc.struct_field(pc.extract_regex(texts, _RUN_OF), "run").dictionary_encode()
    groups = _groups(runs.dictionary.cast(pa.string()))
    unclear = _leave_to_buildings(groups)
    room = _may_be_room(groups)
    number, without = _joined(groups, groups.count), _joined(groups, np.where(room, groups.count - 1, 0))
    rows = np.arange(len(groups.count))
    whole = groups.ends[groups.count, rows]
    without_room = groups.ends[np.maximum(groups.count - 1, 0), rows] + _length(_words_of(_join_before(groups)))
    alone = groups.ends[np.minimum(groups.count, 1), rows] + _length(_words_of(groups.fields["s2"]))
    return Tails(
        row=runs.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        number=number,
        without_room=without,
        first=_joined(groups, np.minimum(groups.count, 1)),
        system=_system(groups),
        used=np.stack([whole, without_room, alone]),
        early=_may_end_early(groups),
        doubtful=(groups.count > 0) & (unclear | (_mask(groups.fields["next"], _GOES_ON) & (groups.count == 1))),
    )


def canonical(numbers: pa.Array) -> pa.Array:
    """Return numbers as a gazetteer writes them (``636-乙-6``, ``甲-38-4``, ``002-06``) in the form that is compared.

    Parameters
    ----------
    numbers
        Texts already folded to letters to match by.
    """
    joined = pc.replace_substring_regex(numbers, f"([丁{MARKS}])-([0-9])", r"\1\2")
    split = pc.replace_substring_regex(joined, f"([0-9])([{MARKS}])", r"\1-\2")
    return pc.replace_substring_regex(split, r"(^|[^0-9])0+([0-9])", r"\1\2")


def _groups(runs: pa.Array) -> _Groups:
    found = pc.extract_regex(runs, _GROUP)
    names = [field.name for field in found.type]
    fields = {name: pc.fill_null(pc.struct_field(found, name), "") for name in names}
    later = range(2, _MOST_PARTS + 1)
    written = [
        fields["n1"],
        *(pc.binary_join_element_wise(fields[f"n{i}"], fields[f"k{i}"], "") for i in later),
    ]
    lengths = [_length(text) for text in written]
    joins = [_length(fields["lead"]), *(_length(fields[f"s{i}"]) for i in later)]
    ends = np.concatenate([np.zeros((1, len(runs)), np.int64), np.cumsum(np.add(lengths, joins), axis=0)])
    there = np.array([length > 0 for length in lengths])
    # A join may be skipped in the middle (its part optional): what comes after the first gap is not read.
    count = np.cumprod(there, axis=0).sum(axis=0)
    groups = _Groups(fields, written, [_plain(text) for text in written], ends, count)
    ends[count, np.arange(len(runs))] += np.where(count > 0, _length(fields["end"]), 0)
    return groups


def _length(texts: pa.Array) -> npt.NDArray[np.int64]:
    lengths: npt.NDArray[np.int64] = pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)
    return lengths


def _mask(texts: pa.Array, pattern: str) -> npt.NDArray[np.bool_]:
    mask: npt.NDArray[np.bool_] = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
    return mask


def _plain(written: pa.Array) -> pa.Array:
    """Return parts as written with their digits in Arabic, without zeros before and without a join after a letter."""
    bare = pc.replace_substring_regex(written, "[-ノ]", "").dictionary_encode()
    return pa.array([_arabic(text) for text in bare.dictionary.to_pylist()], pa.string()).take(bare.indices)


def _arabic(part: str) -> str:
    mark, digits = (part[0], part[1:]) if part and part[0] in MARKS + "丁" else ("", part)
    if not digits:
        return mark
    value = int(digits) if digits.isdecimal() else arabic(digits)
    return f"{mark}{value}" if value is not None else "?"


def _leave_to_buildings(groups: _Groups) -> npt.NDArray[np.bool_]:
    """Take back the last parts where what follows shows that they belong to a name, and all where it is no number.

    A kanji numeral or a letter that is followed by another letter is the beginning of a word: 三田ビル, イオン, 一部.
    Whether 12番地三田ビル is 12 or 12-3 is not told by that: true for those, unless a blank tells it.
    """
    fields, rows = groups.fields, np.arange(len(groups.count))
    bare = _mask(fields["end"], "^$")
    named = _mask(fields["next"], _NAMES_A_BUILDING) & _mask(fields["end"], "^( *番| *号|)$")
    no_value = pc.equal(_last(groups.parts, groups.count), "?").to_numpy(zero_copy_only=False)
    followed = bare & _mask(fields["next"], r"^[^- 0-9(、,・ノー/~〜」』】)\x22'’;:。]")
    after_blank = _mask(_join_before(groups), " $")
    strange = bare & _mask(fields["next"], _NO_NUMBER)
    outside = (_mask(fields["next"], "^外") & _mask(fields["end"], "番$")) | (strange & ~after_blank)
    outside |= bare & _mask(fields["lead"], "第")  # 第2寮; 第12号 is a number
    bracket = _mask(fields["lead"], "[(]") & ~_mask(fields["next"], "^ *[)]")
    groups.count[outside | bracket | _mask(groups.written[0], f"^[{MARKS}]$")] = 0
    back, unclear = (groups.count > 0) & (named | no_value | strange), np.zeros(len(rows), dtype=bool)
    while True:
        last, join = _last(groups.written, groups.count), _join_before(groups)
        word = (groups.count > 0) & followed & _mask(last, "[^0-9]$")
        own_word = (_mask(join, " $") & _mask(last, "^.$")) | (_mask(fields["next"], "^部") & _mask(last, "^一$"))
        unclear |= word & ~own_word & (groups.count > 1) & (_length(join) > 0) & _mask(last, f"^[{NUMERALS}]+$")
        back |= word
        if not back.any():
            return unclear
        fields["end"] = pc.if_else(pa.array(back), _words_of(join), fields["end"])
        groups.count -= back
        groups.ends[groups.count, rows] += np.where(back & (groups.count > 0), _length(fields["end"]), 0)
        followed, back = back & (_length(join) == 0), np.zeros(len(rows), dtype=bool)


def _last(parts: list[pa.Array], count: npt.NDArray[np.int64]) -> pa.Array:
    return pc.choose(pa.array(count), pa.array([""] * len(count)), *parts)


def _join_before(groups: _Groups) -> pa.Array:
    """Return what joins the last part to the one before it."""
    empty = pa.array([""] * len(groups.count))
    return _last([empty, *(groups.fields[f"s{i}"] for i in range(2, _MOST_PARTS + 1))], groups.count)


def _words_of(join: pa.Array) -> pa.Array:
    """Return the 番地 or 番 of a join: they stay with the number before it."""
    return pc.replace_substring_regex(join, "[-ノー ]+$", "")


def _may_be_room(groups: _Groups) -> npt.NDArray[np.bool_]:
    """Tell where the last number can be a room: a third (of 451,787 real lots two had three parts) or after a blank."""
    apart = (groups.count >= 2) & _mask(_join_before(groups), "番 *地 +$")
    return ((groups.count >= 3) | apart) & _mask(_last(groups.parts, groups.count), _HUNDRED)


def _may_end_early(groups: _Groups) -> npt.NDArray[np.bool_]:
    """Tell where a blank behind 番地 can end the number: before a building and a room (3-405, 3-405号室)."""
    room = _mask(groups.parts[2], _HUNDRED) & (groups.count == 3)
    left_to_building = (groups.count == 2) & (_length(groups.written[2]) > 0)
    early: npt.NDArray[np.bool_] = (room | left_to_building) & _mask(groups.fields["s2"], "番 *地 +$")
    return early


def _joined(groups: _Groups, count: npt.NDArray[np.int64]) -> pa.Array:
    text = pc.if_else(pa.array(count > 0), groups.parts[0], "")
    for i in range(1, _MOST_PARTS):
        text = pc.if_else(pa.array(count > i), pc.binary_join_element_wise(text, groups.parts[i], "-"), text)
    return text


def _system(groups: _Groups) -> npt.NDArray[np.int8]:
    """Tell what the writing says: 番地 anywhere a lot, 号 after a second number a dwelling.

    番 alone says neither: registers write a lot as 6番1.
    """
    said = [pc.if_else(pa.array(groups.count >= i), groups.fields[f"s{i}"], "") for i in range(2, _MOST_PARTS + 1)]
    words, end = pc.binary_join_element_wise(*said, "|"), groups.fields["end"]
    lot = _mask(words, "番 *地") | _mask(end, "番 *地")
    dwelling = _mask(words, "号") | (_mask(end, "号") & ~_may_be_room(groups))
    return np.select([lot, dwelling & (groups.count >= 2)], [System.LOT, System.DWELLING], System.EITHER).astype(
        np.int8
    )
