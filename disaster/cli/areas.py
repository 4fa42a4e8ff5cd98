"""Areas of municipalities as people type and read them: by name where only one has it, and shown with their id."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cache, partial

from agreements.decide import Decision
from agreements.request import Event, Request
from disaster.bareword import bare_word
from disaster.errors import StoreError
from disaster.ruling import area_names
from disaster.store import Store

#: Areas that an error lists.
_LISTED = 10


class Areas:
    """What a store knows of areas; each municipality's are read once."""

    def __init__(self, store: Store) -> None:
        self._names = cache(partial(area_names, store))
        self._drills = {(one.municipality, one.event_id) for one in store.events.all() if one.drill}

    def asked(self, request: Request) -> str | None:
        """Name the area of a request with its id; None where it asks for all."""
        return None if request.area is None else _shown(self._of(request), request.area)

    def said(self, decision: Decision) -> Decision:
        """Return a decision whose reasons name areas, to be read out; what is recorded has their ids alone."""
        names = self._of(decision.request)
        reasons = (
            replace(one, params={key: _in_words(names, key, value) for key, value in one.params.items()})
            for one in decision.reasons
        )
        return replace(decision, reasons=tuple(reasons))

    def reached(self, event: Event) -> list[str]:
        """Name the areas of an event with their ids; none means the whole municipality."""
        return [_shown(self._names(event.municipality, drill=event.drill), one.area_id) for one in event.areas]

    def _of(self, request: Request) -> Mapping[str, str]:
        return self._names(request.municipality, drill=(request.municipality, request.event_id) in self._drills)


def area_typed(names: Mapping[str, str], typed: str) -> str | None:
    """Return the id of an area of which the id or the name was typed; None where there is no such area.

    Parameters
    ----------
    names
        Names of the municipality's areas by their ids.

    Raises
    ------
    StoreError
        ``disaster.which_area`` if several are meant: by name, or one by its id and another by its name.
    """
    word = bare_word(typed)
    ids = [typed] if typed in names else [area for area in names if bare_word(area) == word]
    found = list(dict.fromkeys([*ids, *(area for area, name in names.items() if bare_word(name) == word)]))
    if len(found) > 1:
        raise StoreError("disaster.which_area", area=typed, known=_listed(names, found))
    return found[0] if found else None


def areas_typed(names: Mapping[str, str], typed: Iterable[str]) -> list[str]:
    """Return the ids of areas of which ids or names were typed.

    Raises
    ------
    StoreError
        ``disaster.no_areas`` if there are none, ``disaster.unknown_area`` naming some, most like it first,
        ``disaster.which_area`` if several have that name.
    """
    found = []
    for one in typed:
        area = area_typed(names, one)
        if area is None:
            raise _unknown(names, one)
        found.append(area)
    return found


def _unknown(names: Mapping[str, str], typed: str) -> StoreError:
    if not names:
        return StoreError("disaster.no_areas", area=typed)
    near = dict.fromkeys(get_close_matches(typed, names.values(), n=len(names), cutoff=0))
    known = _listed(names, (area for like in near for area, name in names.items() if name == like))
    return StoreError("disaster.unknown_area", area=typed, known=known)


def _listed(names: Mapping[str, str], areas: Iterable[str]) -> str:
    shown = [_shown(names, one) for one in areas]
    return "、".join(shown[:_LISTED]) + ("、…" if len(shown) > _LISTED else "") or "-"


def _shown(names: Mapping[str, str], area: str) -> str:
    """Name an area with its id; a name that the store does not have is not made up."""
    return f"{names[area]}({area})" if area in names else area


def _in_words(names: Mapping[str, str], key: str, value: object) -> object:
    """Put names into the parameters of a reason that are ids of areas."""
    if key == "area":
        return _shown(names, str(value))
    return tuple(_shown(names, one) for one in value) if key == "areas" and isinstance(value, tuple) else value
