"""Every way the towns of a gazetteer are written, and what is known when one of them is met."""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import product
from typing import TypeVar

import numpy as np

from geo.address import NUMERALS, arabic, kanji, letters_of_addresses
from geo.gazetteer import Gazetteer

#: Metres within which several candidates are one place: their mean is given as the point, with the spread beside it.
#: A point that stands for a town is off by about half the town's width anyway, a few hundred metres.
TOLERANCE_M = 200.0

_METRES_PER_DEGREE = 111_320.0
_NUMBERED = re.compile(rf"([0-9]+|[{NUMERALS}]+)(?=丁目|丁|番|号|条|線|地割)")
_CHOME = re.compile(rf"(.*?)([0-9]+|[{NUMERALS}]+)丁目")
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
class Meaning:
    """What an address says about its place, as far as the gazetteer knows.

    `level` is what the text names, `point_level` what the point stands for; no point where the candidates lie further
    apart than `TOLERANCE_M` or one has none. `spread_m` is the largest distance between candidates in metres.
    """

    level: str
    town: str
    lon: float | None
    lat: float | None
    point_level: str | None
    n_candidates: int
    candidate_kinds: str
    spread_m: float | None
    source: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way of writing a town: what it means, and what it means if the rest of the address leaves a doubt.

    `sure` counts the letters of the text that hold even then: in 本町2 the 2 may be a 番地.
    """

    text: str
    sure: int
    kind: Kind
    plain: Meaning
    doubtful: Meaning


@dataclass(frozen=True, slots=True)
class _Town:
    """A row of the gazetteer; `base` is its letters to match by, without 大字 (`prefix`) and without 丁目 (`chome`)."""

    prefix: str
    base: str
    chome: int
    koaza: str
    official: str
    official_base: str
    lon: float
    lat: float
    source: str


@dataclass(frozen=True, slots=True)
class _Base:
    """The towns that share a base: the town itself, its 丁目 by number, its 小字 by name."""

    itself: tuple[_Town, ...]
    chome: dict[int, list[_Town]]
    koaza: dict[tuple[int, str], list[_Town]]

    @classmethod
    def of(cls, towns: Iterable[_Town]) -> "_Base":
        rows = list(towns)
        return cls(
            tuple(town for town in rows if not town.chome and not town.koaza),
            _grouped((town for town in rows if town.chome and not town.koaza), lambda town: town.chome),
            _grouped((town for town in rows if town.koaza), lambda town: (town.chome, town.koaza)),
        )

    @property
    def children(self) -> list[_Town]:
        return [town for towns in self.chome.values() for town in towns]


def spellings(gazetteer: Gazetteer) -> list[Spelling]:
    """Return every spelling of every town, each text once.

    Written out are 大字 and 字 (there or not, and where the gazetteer has them they decide), 丁目 and 丁, numerals in
    kanji and Arabic, and the bare number that people write for 丁目.
    """
    best: dict[str, Spelling] = {}
    for group in _grouped(_towns(gazetteer), lambda town: town.base).values():
        whole = list(_of_base(_Base.of(group)))
        for prefix in ("", *_PREFIXES):
            named = [town for town in group if town.prefix == prefix] if prefix else []
            for spelling in _of_base(_Base.of(named)) if named else whole:
                text = prefix + spelling.text
                known = best.get(text)
                longer = replace(spelling, text=text, sure=len(prefix) + spelling.sure)
                best[text] = longer if known is None else _shared(known, longer)
    return [best[text] for text in sorted(best)]


def _shared(one: Spelling, other: Spelling) -> Spelling:
    """Return what a text means that two towns are written by: 中島 is a town, or the 小字 島 of 中.

    A bare number never takes a text from a whole name. Two whole names apart from one another have no one point.
    """
    first, second = sorted((one, other), key=lambda spelling: spelling.kind)
    if second.kind in (Kind.SHORT, Kind.SHORT_KANJI) or first.plain.lon is None or second.plain.lon is None:
        return first
    spread = spread_m(np.array([(first.plain.lon, first.plain.lat), (second.plain.lon, second.plain.lat)]))
    if spread <= TOLERANCE_M:
        return first
    both = replace(
        first.plain,
        lon=None,
        lat=None,
        point_level=None,
        n_candidates=first.plain.n_candidates + second.plain.n_candidates,
        candidate_kinds=f"{first.plain.candidate_kinds},{second.plain.candidate_kinds}",
        spread_m=spread,
        reason="geo.place_same_name",
    )
    return replace(first, plain=both, doubtful=both)


def _towns(gazetteer: Gazetteer) -> Iterator[_Town]:
    table = gazetteer.table
    _, keys = letters_of_addresses(table["town"].combine_chunks())
    _, koaza_keys = letters_of_addresses(table["koaza"].combine_chunks())
    rows = zip(keys.texts().to_pylist(), koaza_keys.texts().to_pylist(), table.to_pylist(), strict=True)
    for key, koaza, row in rows:
        if not key:
            continue  # 地番 that follow the municipality directly have no town to be found by
        prefix = next((prefix for prefix in _PREFIXES if key.startswith(prefix) and key != prefix), "")
        base, number = _without_chome(key.removeprefix(prefix))
        yield _Town(
            prefix=prefix,
            base=base,
            chome=number,
            koaza=re.sub("^(小字|字)(?=.)", "", koaza),
            official=row["town"] + row["koaza"],
            official_base=row["town"][: len(prefix + base)] if number and len(row["town"]) == len(key) else row["town"],
            lon=np.nan if row["lon"] is None else row["lon"],
            lat=np.nan if row["lat"] is None else row["lat"],
            source=" ".join(part for part in (row["source"], row["vintage"]) if part),
        )


def _without_chome(town: str) -> tuple[str, int]:
    """Return a town without its 丁目, and the number of that (0 if it has none).

    Official names write numerals with units, so 与一六丁目 is 与一 and 六, not 与 and 一六.
    """
    found = _CHOME.fullmatch(town)
    if not found:
        return town, 0
    for start in range(found.start(2), found.end(2)):
        numeral = town[start : found.end(2)]
        value = arabic_value(numeral)
        if start and value and (numeral.isdecimal() or kanji(value) == numeral or numeral in _FORMAL.values()):
            return town[:start], value
    return town, 0


def arabic_value(numeral: str) -> int | None:
    """Return the value of a numeral in Arabic or kanji digits."""
    return int(numeral) if numeral.isdecimal() else arabic(numeral)


def _of_base(base: _Base) -> Iterator[Spelling]:
    first = next(iter((*base.itself, *base.children, *(towns[0] for towns in base.koaza.values()))))
    heads = _numeral_forms(first.base)
    plain, unknown = _meaning_of_town(base), _meaning_of_unknown_chome(base)
    for head in heads:
        yield Spelling(head, len(head), Kind.TOWN, plain, unknown)
    for number, towns in base.chome.items():
        exact = _meaning(towns, level="chome", kinds="chome")
        doubt = _meaning_of_either(towns, base.itself) if base.itself else exact
        forms = [str(number), kanji(number), *([_FORMAL[number]] if number in _FORMAL else [])]
        for head in heads:
            for form, suffix in product(forms, ("丁目", "丁")):
                text = head + form + suffix
                yield Spelling(text, len(text), Kind.CHOME, exact, exact)
            for form, kind in ((forms[0], Kind.SHORT), (forms[1], Kind.SHORT_KANJI)):
                text = head + form
                yield Spelling(text, len(head if base.itself else text), kind, exact, doubt)
    yield from _of_koaza(heads, base)


def _of_koaza(heads: list[str], base: _Base) -> Iterator[Spelling]:
    for (number, koaza), towns in base.koaza.items():
        meaning = _meaning(towns, level="town", kinds="koaza")
        middles = [""] if not number else [f"{number}丁目", f"{kanji(number)}丁目"]
        for head, middle, mark, text in product(heads, middles, ("", "字", "小字"), _numeral_forms(koaza)):
            whole = head + middle + mark + text
            yield Spelling(whole, len(whole), Kind.KOAZA, meaning, meaning)


def _meaning_of_town(base: _Base) -> Meaning:
    if base.itself:
        return _meaning(base.itself, level="town", kinds="town")
    if base.chome:
        return _meaning(base.children, level="town", kinds="chome", reason="geo.place_chome_missing")
    rows = [town for towns in base.koaza.values() for town in towns]
    return _meaning(rows, level="town", kinds="koaza", reason="geo.place_koaza_missing")


def _meaning_of_unknown_chome(base: _Base) -> Meaning:
    rows = [*base.itself, *base.children]
    if not rows:
        return _meaning_of_town(base)
    kinds = ",".join(kind for kind, there in (("town", base.itself), ("chome", base.chome)) if there)
    return _meaning(rows, level="town", kinds=kinds, reason="geo.place_chome_unknown")


def _meaning_of_either(chome: list[_Town], itself: tuple[_Town, ...]) -> Meaning:
    return _meaning([*chome, *itself], level="town", kinds="chome,lot", reason="geo.place_chome_or_lot")


def _meaning(towns: Iterable[_Town], *, level: str, kinds: str, reason: str | None = None) -> Meaning:
    rows = list({(town.official, town.lon, town.lat): town for town in towns}.values())
    points = np.array([(town.lon, town.lat) for town in rows])
    known = bool(np.isfinite(points).all())
    spread = spread_m(points) if known else None
    near = spread is not None and spread <= TOLERANCE_M
    lon, lat = points.mean(axis=0).tolist() if near else (None, None)
    names = {town.official_base if reason else town.official for town in rows}
    return Meaning(
        level=level,
        town=min(names, key=len),
        lon=lon,
        lat=lat,
        point_level=level if near else None,
        n_candidates=len(rows),
        candidate_kinds=kinds,
        spread_m=spread,
        source=rows[0].source,
        reason=reason or ("geo.place_same_name" if len(rows) > 1 else None if known else "geo.place_no_point"),
    )


def spread_m(points: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Return the largest distance in metres between points of one municipality, shape (n, 2), degrees.

    On a sphere flattened at their mean latitude: right to about one part in 200 within a municipality.
    """
    scale = _METRES_PER_DEGREE * np.array([np.cos(np.radians(points[:, 1].mean())), 1.0])
    metres = (points - points[0]) * scale
    return float(max(np.hypot(*(metres - point).T).max() for point in metres))


def _numeral_forms(text: str) -> list[str]:
    """Return a text with each of its numerals (those before 丁目, 番, 条 ...) in Arabic and in kanji digits."""
    parts = _NUMBERED.split(text)
    choices = [[part] if place % 2 == 0 else _both_forms(part) for place, part in enumerate(parts)]
    return ["".join(chosen) for chosen in product(*choices)]


def _both_forms(numeral: str) -> list[str]:
    value = arabic_value(numeral)
    return [numeral] if not value or value > 9999 else sorted({str(value), kanji(value), numeral})


def _grouped(items: Iterable[_T], key: Callable[[_T], _K]) -> dict[_K, list[_T]]:
    groups: defaultdict[_K, list[_T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return dict(groups)
