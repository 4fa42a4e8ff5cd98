"""The municipality's own door: what it received goes on to police, fire, SDF and others, narrower and no longer.

A clause of the same agreement must name the recipient, and the law must allow it; the city's own list of protected
people is applied once more. The pack is signed by the city's store and has its own entry in the city's ledger; it ends
no later than what was received.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely

from agreements.clock import japan_date
from agreements.request import Mode
from agreements.vocabulary import MODES, third_party
from agreements.workflow import Act, Actor, Role
from disaster import requests, residents
from disaster.case import Case, Contents, Origin, Recipient
from disaster.channel import PLAIN
from disaster.errors import ProvideError
from disaster.guard import flatten_addressees, hide_protected
from disaster.handover import Handed, free_name, hand_over
from disaster.models import PROTECTION, Side
from disaster.openlayers import ground
from disaster.progress import Step, silent
from disaster.provide import extract, settle
from disaster.register import Selected, asked_polygons, subjects_of
from disaster.ruling import still_granted
from disaster.store import ReceivedPack, Store

#: What was received, by the mode in which it goes on.
_RECEIVED = {Mode.DWELLING: "received/dwellings", Mode.PERSON: "received/persons"}
#: What the name of such a pack ends with: a received pack never has it.
_ENDING = "-onward"


def pass_on(
    store: Store,
    request_id: str,
    *,
    municipality: str | None = None,
    out: Path,
    at: datetime,
    by: Actor,
    step: Step = silent,
) -> Handed:
    """Make a narrower pack from received rows for a third party, if an onward clause and the law open it.

    Parameters
    ----------
    store
        The municipality's store, in which the request was submitted and approved.
    out
        Folder that receives ``<pack id>/``.
    by
        Who lets it out: of the municipal headquarters, and not who approved it.

    Raises
    ------
    WorkflowError
        If the request was not approved or is out already.
    RefusedError
        If no clause or law opens it; recorded in the city's ledger.
    ProvideError
        If the store is not the municipality's, or nothing was received that could go on.
    """
    if store.side is Side.POST:
        raise ProvideError("disaster.onward_wrong_side")
    with store.writing():
        settle(store, at=at)
        case = _decided(store, request_id, municipality, by, at)
        step("受け取った情報から切り出しています")
        got = _received(store, case)
        covered = _covered(case.request.area, got.packs)
        case = replace(case, decision=replace(case.decision, expires_at=got.until, area=covered))
        found = _selected(store, case, got.rows)
        contents, final = _contents(store, case, found, got), free_name(store, case, out, ending=_ENDING)
        return hand_over(store, case, contents, final, step, subjects=found, by=by)


def _decided(store: Store, request_id: str, municipality: str | None, by: Actor, at: datetime) -> Case:
    """Take a request that another person approved, and decide it once more."""
    request, course = requests.releasable(store, request_id, by, at=at, municipality=municipality)
    if by.role is not Role.MUNICIPAL_HQ or course.last(Act.APPROVE) is None:
        raise ProvideError("disaster.onward_not_approved", request=request.request_id)
    if third_party(request.recipient) is None or request.mode not in _RECEIVED:
        raise ProvideError("disaster.onward_nobody", recipient=request.recipient, mode=MODES[request.mode][0])
    case = still_granted(store, request, by, at=at)
    named = case.agreement.municipality.signing_key
    if named and named != store.public_key:
        raise ProvideError("disaster.other_signing_key", agreement=case.agreement.agreement_id)
    return case


@dataclass(frozen=True, slots=True, eq=False)
class _Received:
    """Received rows with their time, until when they may be used at the longest, and the packs that they came in."""

    rows: pa.Table = field(repr=False)
    as_of: datetime
    until: datetime
    packs: tuple[Origin, ...]


def _received(store: Store, case: Case) -> _Received:
    """Return the received rows of the request's event."""
    request, kind = case.request, _RECEIVED[case.request.mode]
    current = store.current(kind, request.municipality, at=case.at, drill=case.drill, event_id=request.event_id or "")
    held = [row for row in store.batches(kind, request.municipality) if row.batch_id in set(current.batch_ids)]
    packs = [store.received.get(row.pack_id) for row in held if row.pack_id]
    ends = [pack.expires_at for pack in packs if pack.expires_at is not None]
    if current.as_of is None or current.drill != case.drill or not ends or request.event_id is None:
        raise ProvideError("disaster.onward_nothing_received", mode=MODES[request.mode][0])
    latest = min([*ends, *([case.decision.expires_at] if case.decision.expires_at else [])])
    origins = {pack.pack_id: _origin(pack) for pack in packs}
    return _Received(current.table, current.as_of, latest, tuple(origins[name] for name in sorted(origins)))


def _origin(pack: ReceivedPack) -> Origin:
    area = pack.manifest["area"]
    return Origin(pack.pack_id, None if area is None else str(area), str(pack.manifest["purpose"]))


def _covered(asked: str | None, packs: Sequence[Origin]) -> str | None:
    """Return the area that the rows cover, None for the whole municipality: never more than what was received."""
    areas = sorted({one.area for one in packs if one.area is not None})
    if any(one.area is None for one in packs) or asked in areas:
        return asked
    held = "、".join(areas)
    return held if asked is None else f"{asked}のうち、受け取った区域({held})"


def _selected(store: Store, case: Case, rows: pa.Table) -> Selected:
    """Cut to the area, without whom the city itself protects, each home or person once."""
    rows = _once(_placed(rows))
    rows = _without_protected(store, case, rows)
    inside, unplaced = residents.in_area(rows, asked_polygons(store, case))
    rows = rows.filter(pa.array(inside))
    withheld = {"no_place": unplaced} if unplaced else {}
    known = residents.PERSON_COLUMNS if case.request.mode is Mode.PERSON else residents.DWELLING_COLUMNS
    columns = tuple(column for column in known if column.name in rows.column_names)
    selection = residents.Selection(rows, columns, rows.num_rows + unplaced, withheld)
    return Selected(selection, subjects_of(rows))


def _placed(rows: pa.Table) -> pa.Table:
    """Give received rows their longitude and latitude back; a pack carries them as points."""
    if "geometry" not in rows.column_names:
        nothing = pa.nulls(rows.num_rows, pa.float64())
        return rows.append_column("lon", nothing).append_column("lat", nothing)
    points = shapely.from_wkb(rows.column("geometry").to_numpy(zero_copy_only=False))
    lon, lat = (pa.array(axis, from_pandas=True) for axis in (shapely.get_x(points), shapely.get_y(points)))
    return rows.drop_columns(["geometry"]).append_column("lon", lon).append_column("lat", lat)


def _once(rows: pa.Table) -> pa.Table:
    """Keep each home or person once where packs of several areas overlap."""
    names = [name for name in ("point_id", "address", "building", "addressee") if name in rows.column_names]
    frame = rows.select(names).to_pandas()
    return rows.filter(pa.array(~frame.duplicated().to_numpy()))


def _without_protected(store: Store, case: Case, rows: pa.Table) -> pa.Table:
    """Leave out whom the city's own list protects, and remarks on homes in which such a name stands.

    Its list and the post's differ, and neither crosses.
    """
    held = store.current(PROTECTION.kind, case.request.municipality, drill=case.drill)
    protection = held.table if held.as_of else None
    if "addressee" not in rows.column_names:
        return hide_protected(rows, protection, on=japan_date(case.at))
    single = pa.ListArray.from_arrays(
        pa.array(np.arange(rows.num_rows + 1), pa.int32()), rows.column("addressee").combine_chunks()
    )
    register = rows.append_column("addressees", single)
    lacking = [name for name in ("point_id", "address") if name not in rows.column_names]
    for name in lacking:  # an entry that cannot say which home it means hides every bearer of the name
        register = register.append_column(name, pa.repeat(pa.scalar(""), rows.num_rows))
    hidden = hide_protected(register, protection, on=japan_date(case.at))
    shown, _ = flatten_addressees(hidden)
    return hidden.drop_columns(["addressees", *lacking]).take(pa.array(shown))


def _contents(store: Store, case: Case, found: Selected, got: _Received) -> Contents:
    city, to = case.agreement.municipality, case.request.recipient
    made = extract(case, found.selection, got.as_of)
    return Contents(
        (made, *ground(store, case)),
        Recipient(to, third_party(to) or ""),
        (case.decision,),
        {},
        case.decision.channel or PLAIN,
        provider=Recipient(city.name, city.code),
        sources=got.packs,
    )
