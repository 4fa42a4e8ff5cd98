"""The layers of a pack that are about nobody: cut to the clause that opens each, or public geography."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agreements.decide import Decision, decide
from agreements.format import Column
from agreements.request import Mode
from disaster import residents
from disaster.case import PUBLIC_GEOGRAPHY, Case, basis, grounds
from disaster.errors import ProvideError
from disaster.guard import permitted
from disaster.layers import geometry_of, layer, noun_layer, sorted_rows
from disaster.models import BOUNDARIES, GAZETTEER, NOUNS, PLACE_COLUMNS, ROADS
from disaster.register import register
from disaster.store import Store
from exporters.model import Layer

#: Layers that go with a pack wherever a clause of the agreement opens them.
ACCOMPANYING = (
    "delivery-status", "damage-points", "risk-spots", "offices", "shelters", "openings", "emergency-sites",
    "stockpiles", "vehicles", "areas",
)  # fmt: skip
#: Public geography: what makes a map readable, nobody's secret and under no clause.
GROUND = (BOUNDARIES, ROADS)


def accompanying(store: Store, case: Case) -> tuple[tuple[Layer, ...], tuple[Decision, ...], dict[str, str]]:
    """Return the layers that go with what was asked, the decision that opens each, and what does not go, and why."""
    layers, decisions, not_provided = [], [], {}
    for dataset in (name for name in ACCOMPANYING if name != case.request.dataset):
        request = replace(case.request, dataset=dataset, mode=Mode.LAYER, fields=None)
        decision = decide(case.agreements, request, event=case.event, at=case.at)
        made = open_layer(store, decision, case) if decision.granted else None
        if made is not None:
            layers.append(made)
            decisions.append(decision)
        else:
            not_provided[dataset] = "提供元に情報がありません。" if decision.granted else basis(decision)
    return tuple(layers), tuple(decisions), not_provided


def ground(store: Store, case: Case) -> tuple[Layer, ...]:
    """Return the public geography that makes a map readable."""
    made = (_geography(store, noun, case) for noun in GROUND if noun.kind != case.request.dataset)
    return tuple(one for one in made if one is not None)


def _geography(store: Store, noun: Any, case: Case) -> Layer | None:
    current = store.current(noun.kind, case.request.municipality, drill=case.drill)
    if current.as_of is None:
        return None
    made = noun_layer(noun, sorted_rows(current.table, noun.key), as_of=current.as_of, source=current.credit)
    return replace(made, grounds=PUBLIC_GEOGRAPHY)


def open_layer(store: Store, decision: Decision, case: Case) -> Layer | None:
    """Return a non-personal layer cut to the clause's columns, or None where the store holds nothing of it."""
    if decision.dataset == "delivery-status":
        return _delivery_status(store, decision, case)
    noun = NOUNS[decision.dataset]
    current = store.current(noun.kind, case.request.municipality, drill=case.drill)
    if current.as_of is None:
        return None
    rows = sorted_rows(_without_excluded(current.table, decision), noun.key)
    allowed = permitted(decision.columns, decision.precision)
    require_columns([column for column in (*noun.columns, *PLACE_COLUMNS) if column.name in allowed])
    made = noun_layer(noun, rows, as_of=current.as_of, source=current.credit, allowed=allowed)
    return replace(made, grounds=grounds(decision))


def require_columns(columns: Sequence[Column]) -> None:
    """Refuse places of which nobody could tell what stands there."""
    if not columns:
        raise ProvideError("disaster.only_places")


def _other_vehicles(rows: pa.Table) -> pa.Table:
    """Leave the mail delivery vehicles out; not known to be another kind counts as one of them: default deny."""
    if "mail_delivery" not in rows.column_names:
        return rows
    return rows.filter(pc.equal(pc.fill_null(rows.column("mail_delivery"), True), False))


def _nothing_about_mail(rows: pa.Table) -> pa.Table:
    """Keep every row: no column of any kind can hold a fact about a mail piece (``agreements.datasets``)."""
    return rows


#: What a clause excludes whatever is asked, and how it is left out.
EXCLUDED: Mapping[str, Callable[[pa.Table], pa.Table]] = {
    "delivery_vehicle": _other_vehicles,
    "mail_secrecy": _nothing_about_mail,
}


def _without_excluded(rows: pa.Table, decision: Decision) -> pa.Table:
    for word in decision.excludes:
        rows = EXCLUDED[word](rows)
    return rows


def _delivery_status(store: Store, decision: Decision, case: Case) -> Layer | None:
    """Return the counts by town, each at the public point of its town: that is how far its place is told."""
    points = register(store, case, named=False)
    if points is None:
        return None
    counted = residents.delivery_status(points[0])
    counted = counted.select([name for name in counted.column_names if name in decision.columns])
    towns = store.current(GAZETTEER.kind, case.request.municipality, drill=case.drill)
    made = layer("delivery-status", "配達状況(町ごとの件数)", residents.STATUS_COLUMNS, counted, as_of=points[1])
    made = replace(made, grounds=grounds(decision))
    if "place_town" not in counted.column_names:
        return made
    return replace(made, geometry=_town_points(counted.column("place_town"), towns.table))


def _town_points(names: pa.ChunkedArray, towns: pa.Table) -> np.ndarray:
    """Return the gazetteer's point of each town, None where it has none: nothing of a home's place is in it."""
    places = geometry_of(towns)
    found: dict[str, Any] = {}
    if places is not None:
        parts = (towns.column(name).to_pylist() for name in ("town", "koaza"))
        whole = [f"{town}{koaza or ''}" for town, koaza in zip(*parts, strict=True)]
        found = dict(zip(whole, places, strict=True))
    points = np.full(len(names), None, dtype=object)
    points[:] = [found.get(name) for name in names.to_pylist()]
    return points
