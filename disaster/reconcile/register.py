"""The register of lasting ids: what each place is called for good, what lists called it, and what people decided.

One JSON document a municipality (``tayori-place-ids``). An id is the municipality's code and a serial number; it is
never given twice. A place that no list names any more is closed, not deleted; of two ids found to be one place the
later one says which it was replaced by.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from disaster.errors import ReconcileError
from disaster.smalltext import read_small
from geo.pairing import Places

FORMAT, VERSION = "tayori-place-ids", 1

#: What a decision calls the register where it stands in the place of a list.
REGISTER = "place-ids"


@dataclass(frozen=True, slots=True)
class Named:
    """A row as people see it, by which it is found again: the list, the list's own id (or empty) and the name."""

    list: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a clerk said of two rows; `places` are their lasting ids once they have them, by which it holds for good."""

    left: Named
    right: Named
    same: bool
    decided_on: str
    places: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Known:
    """One place: every name it bore, the latest first, and where and as what it was last listed.

    `lon` and `lat` in degrees (EPSG:6668), None if no list knew; `sources` maps a list to its id of the place and the
    day; days as ``2026-11-21``.
    """

    id: str
    names: tuple[str, ...]
    address: str
    lon: float | None
    lat: float | None
    since: str
    sources: Mapping[str, Mapping[str, str]]
    closed_on: str = ""
    replaced_by: str = ""


@dataclass(frozen=True, slots=True)
class Register:
    """All lasting ids of one municipality (code of five digits)."""

    municipality: str
    places: tuple[Known, ...] = ()
    decisions: tuple[Decision, ...] = field(default=())

    @classmethod
    def read(cls, path: Path, *, municipality: str) -> "Register":
        """Read a register.

        Raises
        ------
        ReconcileError
            ``disaster.reconcile_register`` if it is none, ``disaster.reconcile_register_newer`` if this version cannot
            read it, ``disaster.reconcile_register_other`` if it is of another municipality.
        """
        try:
            document = json.loads(read_small(path))
            version, of = document["version"], document["municipality"]
            if document["format"] != FORMAT:
                raise ReconcileError("disaster.reconcile_register", file=path.name)
            if version != VERSION:
                raise ReconcileError("disaster.reconcile_register_newer", file=path.name, version=version)
            if of != municipality:
                raise ReconcileError("disaster.reconcile_register_other", file=path.name, of=of, expected=municipality)
            places = tuple(map(_known, document["places"]))
            _require_an_end(places)
            return cls(of, places, tuple(map(_decision, document["decisions"])))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise ReconcileError("disaster.reconcile_register", file=path.name) from error

    def to_json(self) -> str:
        """Return the document."""
        document = {"format": FORMAT, "version": VERSION, **asdict(self)}
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"

    @property
    def standing(self) -> tuple[Known, ...]:
        """The places whose ids stand for themselves, closed ones among them: one that opens again is found again."""
        return tuple(place for place in self.places if not place.replaced_by)

    def as_places(self, list_name: str) -> Places:
        """Return `standing` as a list to compare rows of a list with, under the ids that list gave them."""
        places = self.standing
        ids = [place.sources.get(list_name, {}).get("id") or None for place in places]
        return Places(
            ids=pa.array(ids, pa.string()),
            names=pa.array([place.names[0] for place in places], pa.string()),
            addresses=pa.array([place.address or None for place in places], pa.string()),
            lon=np.array([place.lon for place in places], dtype=np.float64),
            lat=np.array([place.lat for place in places], dtype=np.float64),
            other_names=pa.array([place.names[1:] for place in places], pa.list_(pa.string())),
        )

    def current(self, place_id: str) -> str:
        """Return the id that stands for a place now."""
        successors = {place.id: place.replaced_by for place in self.places if place.replaced_by}
        while place_id in successors:
            place_id = successors[place_id]
        return place_id

    def next_serial(self) -> int:
        """Return the first serial number that was never given."""
        return 1 + max((int(place.id.rpartition("-")[2]) for place in self.places), default=0)


def new_id(municipality: str, serial: int) -> str:
    """Return a lasting id: ``22212-00001``."""
    return f"{municipality}-{serial:05d}"


def merged(decisions: Sequence[Decision], later: Sequence[Decision]) -> tuple[Decision, ...]:
    """Return decisions with later ones in the place of earlier ones about the same two rows."""
    return tuple({(one.left, one.right): one for one in (*decisions, *later)}.values())


def replaced(places: Sequence[Known], old: str, by: str) -> list[Known]:
    """Return the places with one id given up for another, which takes over its names and sources."""
    known = {place.id: place for place in places}
    gone, kept = known[old], known[by]
    known[by] = replace(
        kept,
        names=tuple(dict.fromkeys((*kept.names, *gone.names))),
        sources={**gone.sources, **kept.sources},
        since=min(kept.since, gone.since),
    )
    known[old] = replace(gone, replaced_by=by)
    return list(known.values())


def _known(entry: Mapping[str, Any]) -> Known:
    place = Known(**{**entry, "names": tuple(map(str, entry["names"]))})
    _require_texts(place.id, place.address, place.since, place.closed_on, place.replaced_by)
    if not place.names or not re.fullmatch(r"\d{5}-\d{5,12}", place.id):
        raise ValueError(place.id)
    if any(not isinstance(degrees, float | int | None) for degrees in (place.lon, place.lat)):
        raise TypeError(place.id)
    for source in place.sources.values():
        _require_texts(*source.values())
    return place


def _require_texts(*values: object) -> None:
    if not all(isinstance(value, str) for value in values):
        raise TypeError(values)


def _require_an_end(places: Sequence[Known]) -> None:
    """Refuse ids that replace one another in a circle: nobody could say which of them stands."""
    left = {place.id: place.replaced_by for place in places if place.replaced_by}
    while ends := {old for old, by in left.items() if by not in left}:
        left = {old: by for old, by in left.items() if old not in ends}
    if left:
        raise ValueError(min(left))


def _decision(entry: Mapping[str, Any]) -> Decision:
    first, second = entry["places"]
    sides = Named(**entry["left"]), Named(**entry["right"])
    _require_texts(*(getattr(side, name) for side in sides for name in ("list", "id", "name")))
    return Decision(
        *sides, bool(entry["same"]), str(entry["decided_on"]),
        (str(first), str(second)),
    )  # fmt: skip
