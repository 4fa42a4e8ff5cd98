"""Which municipality a row is of: by its code or by its name, old or new, and whether it was asked for."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geo.address import fold
from geo.changes import Change, changes
from geo.codes import normalise
from geo.errors import PlaceError
from geo.gazetteer.rows import Sieve, key

#: A town or village with the county before it; not 郡上市 or 大和郡山市, whose names have the sign in them.
_COUNTY = re.compile(r"^.{1,4}?郡(?=.+[町村]$)")
_CHOME = r"[0-9]+丁目$"


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """What all loaders must know.

    Attributes
    ----------
    names
        Code of five digits to (prefecture, city with county and ward): the official names.
    on
        The day for which the gazetteer is made.
    wanted
        Codes that were asked for; None for all.
    """

    names: Mapping[str, tuple[str, str]]
    on: date
    wanted: frozenset[str] | None = None
    _by_name: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", _by_name(self.names))

    @property
    def filed_under(self) -> frozenset[str] | None:
        """The codes, today's and old, under which rows of what was asked for may be found; None for all."""
        if self.wanted is None:
            return None
        return self.wanted | {one.old for one in self._changes() if one.new in self.wanted}

    def settle(self, sieve: Sieve, *, code: str, pref: str, city: str, town: str) -> None:
        """Bring the rows of a sieve to the municipalities of today and drop those that were not asked for.

        Its table gets the columns ``municipality`` (five digits) and ``former`` (the old name of the municipality that
        a row was filed under, empty for today's).

        Parameters
        ----------
        sieve
            The rows.
        code, pref, city, town
            Names of its columns; an empty code is looked up by prefecture and city, also by a former name. The town
            tells where a row of a municipality that was split belongs.
        """
        known = key(*(sieve.text(name) for name in (code, pref, city))).dictionary_encode()
        found = [self._old_or_new(*text.split("\x1f")) for text in known.dictionary.to_pylist()]
        codes = pa.array([one or "" for one in found], pa.string()).take(known.indices)
        new, former = self._moved(codes, sieve.text(town))
        sieve.add("municipality", new)
        sieve.add("former", former)
        sieve.drop(pc.equal(new, ""), "unknown_municipality")
        if self.wanted is not None:
            wanted = pa.array(sorted(self.wanted), pa.string())
            sieve.drop(pc.invert(pc.is_in(sieve.text("municipality"), value_set=wanted)), "elsewhere")
        named = pa.array(sorted(self.names), pa.string())
        sieve.drop(pc.invert(pc.is_in(sieve.text("municipality"), value_set=named)), "unknown_municipality")

    def official(self, codes: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Return prefecture and city of each code of a column."""
        coded = codes.dictionary_encode()
        names = [self.names[code] for code in coded.dictionary.to_pylist()]
        prefs, cities = (pa.array([name[at] for name in names], pa.string()) for at in (0, 1))
        return prefs.take(coded.indices), cities.take(coded.indices)

    def _old_or_new(self, code: str, pref: str, city: str) -> str | None:
        """Return the code as given or by name, which may still be an old one."""
        if code:
            try:
                return normalise(code)
            except PlaceError:
                return None
        folded = _folded([pref + city])[0]
        if folded in self._by_name:
            return self._by_name[folded]
        olds = {one.old for one in self._changes() if _folded([one.pref + one.old_city])[0] == folded}
        return olds.pop() if len(olds) == 1 else None

    def _changes(self) -> list[Change]:
        return [one for one in changes() if one.on <= self.on]

    def _moved(self, codes: pa.Array, towns: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Return the code of today for each row, and the former name of its municipality where that was another."""
        new, former = codes, pa.array(np.full(len(codes), "", dtype=object), pa.string())
        present = set(pc.unique(codes).to_pylist())
        for one in self._changes():
            if one.old in present:
                here = pc.equal(new, one.old)  # those that no change before has moved
                if one.towns:
                    here = pc.and_(here, pc.is_in(_stems(towns), value_set=_folded_array(one.towns)))
                new = pc.if_else(here, one.new, new)
                former = pc.if_else(here, one.old_city if one.old_city != one.new_city else "", former)
        return new, former


def official_names(lists: Iterable[tuple[pa.Array, pa.Array, pa.Array]]) -> dict[str, tuple[str, str]]:
    """Return code of five digits to (prefecture, city) from columns (code, prefecture, city), the best list first."""
    names: dict[str, tuple[str, str]] = {}
    for code, pref, city in lists:
        once = key(code, pref, city).unique().to_pylist()
        for text in sorted(once):
            given, its_pref, its_city = text.split("\x1f")
            try:
                names.setdefault(normalise(given), (its_pref, its_city))
            except PlaceError:
                continue  # a row without a usable code names nobody; its loader counts it
    return names


def _by_name(names: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return folded names, with the county and, where no two share it, without, to codes."""
    codes = sorted(names)
    full = _folded([names[code][0] + names[code][1] for code in codes])
    short = _folded([names[code][0] + _COUNTY.sub("", names[code][1]) for code in codes])
    found: dict[str, str] = {}
    for folded, code in zip(short, codes, strict=True):
        found[folded] = "" if folded in found else code
    return {folded: code for folded, code in found.items() if code} | dict(zip(full, codes, strict=True))


def _stems(towns: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(fold(towns), _CHOME, "")


def _folded(texts: list[str]) -> list[str]:
    folded: list[str] = fold(pa.array(texts, pa.string())).to_pylist()
    return folded


def _folded_array(texts: Iterable[str]) -> pa.Array:
    return fold(pa.array(list(texts), pa.string()))
