"""What the door takes out of the delivery register for a request: never without the guard, never a name too many."""

from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from agreements.clock import japan_date
from agreements.request import Mode
from disaster import residents
from disaster.batch import Batch
from disaster.case import Case
from disaster.errors import ProvideError
from disaster.guard import hide_protected
from disaster.layers import sorted_rows
from disaster.matchlist import require_honest_list, require_readable
from disaster.models import AREAS, DELIVERY_POINTS, PROTECTION
from disaster.store import Store
from geo.gazetteer import Gazetteer


def register(store: Store, case: Case, *, named: bool) -> tuple[pa.Table, datetime] | None:
    """Return the delivery register without the names of protected people, None if there is none.

    Where no name can leave, none is read (`named` false): what was never loaded cannot slip out. A drill reads
    invented people alone: where none were taken in, the real register is no substitute.
    """
    code = case.request.municipality
    columns = None if named else [*(column.name for column in residents.DWELLING_COLUMNS), "lon", "lat"]
    current = store.current(DELIVERY_POINTS.kind, code, columns=columns, drill=case.drill)
    if current.as_of is None or current.drill != case.drill:
        return None
    protection = store.current(PROTECTION.kind, code, drill=case.drill)
    hidden = hide_protected(current.table, protection.table if protection.as_of else None, on=japan_date(case.at))
    return hidden, current.as_of


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """The rows that answer a request, and whom they are about, for the index that answers "who got my data"."""

    selection: residents.Selection = field(repr=False)
    subjects: pa.Table = field(repr=False)


def selected(
    store: Store, case: Case, points: pa.Table, inquiries: Batch | None, gazetteer: Gazetteer | None = None
) -> Selected:
    """Return the rows of the register (`register`) that answer the request.

    A list is matched by the municipality's name and towns (`gazetteer`, None if the store has none).

    `subjects` holds ``name``, ``address`` and ``point_id`` of the people and homes in them, null where the rows do not
    tell: of a match the asked people that were found.

    Raises
    ------
    ProvideError
        If a list is missing, has refused rows or asks more than a list may, or the area is not known.
    """
    if case.request.mode is Mode.MATCH:
        asked = _list(case, inquiries).table
        rows = sorted_rows(points, DELIVERY_POINTS.key)
        answers = residents.match(rows, asked, city=case.agreement.municipality.name, gazetteer=gazetteer)
        hits = asked.filter(pc.equal(answers.table.column("result"), "hit"))
        return Selected(answers, subjects_of(hits, name="inquired_name", address="inquired_address"))
    found = _in_order(_of_area(points, case.request.mode, asked_polygons(store, case)))
    return Selected(found, subjects_of(found.table))


def _of_area(points: pa.Table, mode: Mode, polygons: np.ndarray | None) -> residents.Selection:
    inside, unplaced = residents.in_area(points, polygons)
    if mode is Mode.PERSON:
        unplaced_names = residents.count_names(points.filter(pc.is_null(points.column("lon")))) if unplaced else 0
        return residents.persons(points, inside, unplaced_names=unplaced_names)
    chosen = residents.deliverable if mode is Mode.FORWARD else residents.dwellings
    return chosen(points, inside, unplaced=unplaced)


def _in_order(found: residents.Selection) -> residents.Selection:
    """Order the rows after the cut, not before: few of the register are asked for."""
    return replace(found, table=sorted_rows(found.table, DELIVERY_POINTS.key))


def subjects_of(rows: pa.Table, *, name: str = residents.ADDRESSEE.name, address: str = "address") -> pa.Table:
    """Return whom rows are about (`Selected.subjects`), from the columns of these names; null where there is none."""

    def column(of: str) -> pa.Array | pa.ChunkedArray:
        return rows.column(of) if of in rows.column_names else pa.nulls(rows.num_rows, pa.string())

    return pa.table({"name": column(name), "address": column(address), "point_id": column("point_id")})


def _list(case: Case, inquiries: Batch | None) -> Batch:
    if inquiries is None:
        raise ProvideError("disaster.match_without_list")
    require_readable(inquiries)
    require_honest_list(inquiries.table, limit=case.decision.list_limit, city=case.agreement.municipality.name)
    return inquiries


def asked_polygons(store: Store, case: Case) -> np.ndarray | None:
    """Return the polygons of the asked area, None for the whole municipality."""
    if case.request.area is None:
        return None
    areas = store.current(AREAS.kind, case.request.municipality, drill=case.drill).table
    chosen = areas.filter(pc.equal(areas.column("area_id"), case.request.area)) if areas.num_rows else areas
    if chosen.num_rows == 0:
        raise ProvideError("disaster.area_elsewhere", area=case.request.area)
    return np.asarray(shapely.from_wkb(chosen.column("geometry").to_numpy(zero_copy_only=False)))
