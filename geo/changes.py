"""Codes of municipalities that changed: which municipality a table filed under an old code or name means today."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from geo.codes import normalise


@dataclass(frozen=True, slots=True)
class Change:
    """One old municipality, or the part of it that `towns` names, became part of a new one.

    Attributes
    ----------
    on
        First day of the new code.
    pref
        Prefecture.
    old, new
        Codes of five digits.
    old_city, new_city
        Names, of a ward with its city.
    towns
        The towns that went to `new`; empty for a whole municipality, or for what other changes of it leave.
    """

    on: date
    pref: str
    old: str
    old_city: str
    new: str
    new_city: str
    towns: tuple[str, ...] = ()


@cache
def changes() -> tuple[Change, ...]:
    """Return the changes that are known, those that name towns before those that take the rest."""
    entries = tomllib.loads(files("geo").joinpath("changes.toml").read_text(encoding="utf-8"))["change"]
    made = (Change(**{**entry, "towns": tuple(entry.get("towns", ()))}) for entry in entries)
    return tuple(sorted(made, key=lambda one: (one.on, one.old, not one.towns, one.new)))


def current(code: str | int, *, on: date) -> tuple[str, ...]:
    """Return the codes that stand on a day for what a code once stood for.

    Several where a municipality was split; the code itself where no change is known. Known are the changes listed in
    ``geo/changes.toml`` and no others.

    Parameters
    ----------
    code
        As `geo.codes.normalise` reads it.
    on
        The day.

    Raises
    ------
    PlaceError
        As `geo.codes.normalise`.
    """
    code5 = normalise(code)
    new = tuple(dict.fromkeys(one.new for one in changes() if one.old == code5 and one.on <= on))
    return new or (code5,)


def former_names(code5: str, *, on: date) -> tuple[str, ...]:
    """Return the names that parts of a municipality bore before, other than its own name today."""
    names = {one.old_city for one in changes() if one.new == code5 and one.on <= on and one.old_city != one.new_city}
    return tuple(sorted(names))
