"""Every way the towns of a gazetteer are written, and what is known when one of them is met."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import product
from typing import TypeVar

import numpy as np

from geo.address import NUMERALS, arabic, kanji, letters_of_addresses
from geo.gazetteer import Gazetteer
from geo.place.meanings import Meaning, Town, either, meaning, rows_of
from geo.place.tails import MARKS

_NUMERAL = f"([0-9]+|[{NUMERALS}]+)"
_NUMBERED = re.compile(rf"{_NUMERAL}(?=丁目|丁|番|号|条|線|地割)")
_CHOME = re.compile(rf"(.*?){_NUMERAL}(丁目|丁)")
_JIWARI = re.compile(rf"第?{_NUMERAL}地割")
_INSIDE = re.compile("(.+)(大字)(.+)|(.+?[町村])(..+)")
_PREFIXES = ("大字", "字")
_FORMAL = {1: "壱", 2: "弐", 3: "参"}

_T = TypeVar("_T")
_K = TypeVar("_K", bound=Hashable)


class Kind(IntEnum):
    """How a spelling is written, which decides what may follow it in an address; the lower wins a shared text."""

    TOWN = 0  # 本町
    CHOME = 1  # 本町二丁目
    KOAZA = 2  # 本町 and its 小字
    SHORT = 3  # 本町2 for 本町二丁目
    SHORT_KANJI = 4  # 本町二 for 本町二丁目


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the numbers after a spelling are looked for: rows of the gazetteer.

    Attributes
    ----------
    exact
        What the text names.
    other, lead
        What it names if its last number, the `lead`, is no 丁目 but the first part of the number: 浜 for 浜2.
    wider
        Parts of the town that may have gone unsaid: its 小字 (a number that is unique in the 大字 needs none).
    parent
        The town of a 小字; it is used where the gazetteer numbers the 大字 through and its 小字 hold no numbers.
    """

    exact: tuple[int, ...] = ()
    other: tuple[int, ...] = ()
    lead: int = 0
    wider: tuple[int, ...] = ()
    parent: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way of writing a town: what it means, and what it means if the rest of the address leaves a doubt.

    `sure` counts the letters of the text that hold even then: in 本町2 the 2 may be a 番地. `completed` tells that a
    町 was left out, which is read only where one town fits.
    """

    text: str
    sure: int
    kind: Kind
    plain: Meaning
    doubtful: Meaning
    reach: Reach
    completed: bool = False


@dataclass(frozen=True, slots=True)
class _Base:
    """The towns that share a base: the town itself, its 丁目 by number, its 小字 by name."""

    itself: tuple[Town, ...]
    chome: dict[int, list[Town]]
    koaza: dict[tuple[int, str], list[Town]]

    @classmethod
    def of(cls, towns: Iterable[Town]) -> "_Base":
        rows = list(towns)
        return cls(
            tuple(town for town in rows if not town.chome and not town.koaza),
            _grouped((town for town in rows if town.chome and not town.koaza), lambda town: town.chome),
            _grouped((town for town in rows if town.koaza), lambda town: (town.chome, town.koaza)),
        )

    @property
    def children(self) -> list[Town]:
        return [town for towns in self.chome.values() for town in towns]

    def koaza_of(self, chome: int) -> tuple[int, ...]:
        return tuple(town.row for (number, _), towns in self.koaza.items() if number == chome for town in towns)


def spellings(gazetteer: Gazetteer) -> list[Spelling]:
    """Return every spelling of every town, each text once.

    Written out are 大字 and 字 (there or not, before and inside, and where the gazetteer has them they decide), 丁目
    and 丁, numerals in kanji and Arabic (also 02), the bare number that people write for 丁目, and names without 町.
    """
    best: dict[str, Spelling] = {}
    groups = _grouped(_towns(gazetteer), lambda town: town.base)
    for group in groups.values():
        whole = list(_of_base(_Base.of(group)))
        for prefix in ("", *_PREFIXES):
            named = [town for town in group if town.prefix == prefix] if prefix else []
            for spelling in _of_base(_Base.of(named)) if named else whole:
                text = prefix + spelling.text
                known = best.get(text)
                longer = replace(spelling, text=text, sure=len(prefix) + spelling.sure)
                best[text] = longer if known is None else _shared(known, longer)
    for text, spelling in _without_machi(groups).items():
        best.setdefault(text, spelling)
    return [best[text] for text in sorted(best)]


def _without_machi(groups: dict[str, list[Town]]) -> dict[str, Spelling]:
    """Return the spellings of towns whose 町 is left out, where no town bears the name that is left."""
    found: defaultdict[str, list[Spelling]] = defaultdict(list)
    for base, group in groups.items():
        left = base.removesuffix("町")
        if left not in ("", base) and left not in groups:
            for spelling in _of_base(_Base.of([replace(town, base=left) for town in group])):
                if spelling.kind != Kind.KOAZA:
                    found[spelling.text].append(replace(spelling, completed=True))
    return {text: same[0] for text, same in found.items() if len(same) == 1}


def _shared(one: Spelling, other: Spelling) -> Spelling:
    """Return what a text means that two towns are written by: 中島 is a town, or the 小字 島 of 中.

    A bare number never takes a text from a whole name. Two whole names apart from one another have no one point.
    """
    first, second = sorted((one, other), key=lambda spelling: spelling.kind)
    if second.kind in (Kind.SHORT, Kind.SHORT_KANJI):
        return first
    reach = _both_reaches(first.reach, second.reach)
    both = either(first.plain, second.plain)
    if both is None:
        return replace(first, reach=reach)
    return replace(first, plain=both, doubtful=both, reach=reach)


def _both_reaches(one: Reach, other: Reach) -> Reach:
    pairs = ((one.exact, other.exact), (one.wider, other.wider), (one.parent, other.parent))
    exact, wider, parent = (tuple(dict.fromkeys(a + b)) for a, b in pairs)
    return Reach(exact, wider=wider, parent=parent)


def _towns(gazetteer: Gazetteer) -> Iterator[Town]:
    table = gazetteer.table
    keys, koaza_keys = (
        letters_of_addresses(table[name].combine_chunks())[1].texts().to_pylist() for name in ("town", "koaza")
    )
    split = [_without_chome(re.sub("^(大字|字)(?=.)", "", key)) for key in keys]
    short = Counter(base for base, number, word in split if word == "丁")
    for row, (key, koaza, item) in enumerate(zip(keys, koaza_keys, table.to_pylist(), strict=True)):
        if not key and not koaza:
            continue  # 地番 that follow the municipality directly have no town to be found by
        name, part = (key, koaza) if key else (koaza, "")
        prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix) and name != prefix), "")
        base, number, word = _without_chome(name.removeprefix(prefix))
        if word == "丁" and short[base] < 2:  # 丁 counts like 丁目 in 堺; a lone 八丁 is a name
            base, number = name.removeprefix(prefix), 0
        official = item["town"] if number and len(item["town"]) == len(key) else ""
        yield Town(
            row=row,
            prefix=prefix,
            base=base,
            chome=number,
            koaza=re.sub("^(小字|字)(?=.)", "", part),
            official=item["town"] + item["koaza"],
            official_base=official[: len(prefix + base)] or item["town"] or item["koaza"],
            lon=np.nan if item["lon"] is None else item["lon"],
            lat=np.nan if item["lat"] is None else item["lat"],
            source=" ".join(part for part in (item["source"], item["vintage"]) if part),
        )


def _without_chome(town: str) -> tuple[str, int, str]:
    """Return a town without its 丁目 (or 丁), the number of that (0 if it has none), and how it is called.

    Official names write numerals with units, so 与一六丁目 is 与一 and 六, not 与 and 一六.
    """
    found = _CHOME.fullmatch(town)
    if not found:
        return town, 0, ""
    for start in range(found.start(2), found.end(2)):
        numeral = town[start : found.end(2)]
        value = _value(numeral)
        if start and value and (numeral.isdecimal() or kanji(value) == numeral or numeral in _FORMAL.values()):
            return town[:start], value, found[3]
    return town, 0, ""


def _value(numeral: str) -> int | None:
    return int(numeral) if numeral.isdecimal() else arabic(numeral)


def _of_base(base: _Base) -> Iterator[Spelling]:
    first = next(iter((*base.itself, *base.children, *(towns[0] for towns in base.koaza.values()))))
    heads = _heads(first.base)
    plain, unknown = _meaning_of_town(base), _meaning_of_unknown_chome(base)
    own = rows_of(base.itself)
    for head in heads:
        yield Spelling(head, len(head), Kind.TOWN, plain, unknown, Reach(own, wider=base.koaza_of(0)))
    for number, towns in base.chome.items():
        exact = meaning(towns, level="chome", kinds="chome")
        doubt = _meaning_of_either(towns, base.itself) if base.itself else exact
        reach = Reach(rows_of(towns), wider=base.koaza_of(number))
        padded = list(dict.fromkeys(str(number).zfill(width) for width in (1, 2, 3)))
        forms = [*padded, kanji(number), *([_FORMAL[number]] if number in _FORMAL else [])]
        for head in heads:
            for form, suffix in product(forms, ("丁目", "丁", "町目")):
                text = head + form + suffix
                yield Spelling(text, len(text), Kind.CHOME, exact, exact, reach)
            both = replace(reach, other=own, lead=number)
            for form, kind in (*((form, Kind.SHORT) for form in padded), (kanji(number), Kind.SHORT_KANJI)):
                text = head + form
                yield Spelling(text, len(head if own else text), kind, exact, doubt, both)
    yield from _of_koaza(heads, base)


def _of_koaza(heads: list[str], base: _Base) -> Iterator[Spelling]:
    own = rows_of(base.itself)
    for (number, koaza), towns in base.koaza.items():
        exact = meaning(towns, level="town", kinds="koaza")
        parent = rows_of(base.chome.get(number, [])) if number else own
        reach = Reach(rows_of(towns), parent=parent)
        middles = [""] if not number else [f"{number}丁目", f"{kanji(number)}丁目"]
        for head, middle, mark, text in product(heads, middles, ("", "字", "小字"), _koaza_forms(koaza)):
            whole = head + middle + mark + text
            yield Spelling(whole, len(whole), Kind.KOAZA, exact, exact, reach)
        if not number and (jiwari := _JIWARI.fullmatch(koaza)) and (value := _value(jiwari[1])):
            doubt = _meaning_of_either(towns, base.itself) if own else exact
            both = replace(reach, other=own, lead=value)
            for head in heads:  # 8-87 for 第8地割87
                whole = f"{head}{value}"
                yield Spelling(whole, len(head if own else whole), Kind.SHORT, exact, doubt, both)


def _koaza_forms(koaza: str) -> list[str]:
    if jiwari := _JIWARI.fullmatch(koaza):
        return [f"{first}{numeral}地割" for first in ("", "第") for numeral in _both_forms(jiwari[1])]
    if len(koaza) == 1 and koaza in MARKS + "丁":
        return [join + koaza + end for join in ("", "ノ", "-") for end in ("", "部", "ノ", "-")]
    return _numeral_forms(koaza)


def _heads(base: str) -> list[str]:
    """Return the ways of writing a town without 丁目: its numerals, 大字 inside it, 北24西 for 北24条西, カ for ケ.

    カ is not folded into ケ like the others: in Hokuriku カ and ケ are two 小字 of one town.
    """
    found = _INSIDE.fullmatch(base)
    halves = (found[1] or found[4], found[3] or found[5]) if found else ()
    inside = [mark.join(halves) for mark in ("", *_PREFIXES)] if halves else []
    forms = [form for text in dict.fromkeys((base, *inside)) for form in _numeral_forms(text)]
    forms += [re.sub("(?<=[0-9])条(?=[東西南北])", "", form) for form in forms]
    forms += [re.sub("(?<=.)ケ(?=.)", "カ", form) for form in forms]
    return list(dict.fromkeys(forms))


def _meaning_of_town(base: _Base) -> Meaning:
    if base.itself:
        return meaning(base.itself, level="town", kinds="town")
    if base.chome:
        return meaning(base.children, level="town", kinds="chome", reason="geo.place_chome_missing")
    rows = [town for towns in base.koaza.values() for town in towns]
    return meaning(rows, level="town", kinds="koaza", reason="geo.place_koaza_missing")


def _meaning_of_unknown_chome(base: _Base) -> Meaning:
    rows = [*base.itself, *base.children]
    if not rows:
        return _meaning_of_town(base)
    kinds = ",".join(kind for kind, there in (("town", base.itself), ("chome", base.chome)) if there)
    return meaning(rows, level="town", kinds=kinds, reason="geo.place_chome_unknown")


def _meaning_of_either(chome: list[Town], itself: tuple[Town, ...]) -> Meaning:
    return meaning([*chome, *itself], level="town", kinds="chome,lot", reason="geo.place_chome_or_lot")


def _numeral_forms(text: str) -> list[str]:
    """Return a text with each of its numerals (those before 丁目, 番, 条 ...) in Arabic and in kanji digits."""
    parts = _NUMBERED.split(text)
    choices = [[part] if place % 2 == 0 else _both_forms(part) for place, part in enumerate(parts)]
    return ["".join(chosen) for chosen in product(*choices)]


def _both_forms(numeral: str) -> list[str]:
    value = _value(numeral)
    return [numeral] if not value or value > 9999 else sorted({str(value), kanji(value), numeral})


def _grouped(items: Iterable[_T], key: Callable[[_T], _K]) -> dict[_K, list[_T]]:
    groups: defaultdict[_K, list[_T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return dict(groups)
