"""Invented households on what a store holds of a real municipality: for trials of the whole job.

Towns, boundary and post offices are the store's own; only the households are invented.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import shapely

from disaster.errors import DisasterError
from disaster.intake import boundary_of, gazetteer_of
from disaster.models import BOUNDARIES, GAZETTEER, OFFICES
from disaster.store import Store
from disaster.town import write_households
from geo.gazetteer import Gazetteer


def invent_households(
    store: Store, municipality: str, *, out: Path, households: int, seed: int, at: datetime, offices: Sequence[str] = ()
) -> tuple[Path, ...]:
    """Write delivery-point files with invented households on the store's town table, one a delivery office.

    They are to be taken in as drill data: the places are real, nobody lives in them by these names.

    Parameters
    ----------
    store
        Holds the town table, the boundary and the post offices of the municipality.
    municipality
        Code of five digits.
    out
        Folder that does not exist yet.
    households
        Rows over all files.
    seed
        The same seed gives the same bytes.
    at
        The present, aware.
    offices
        Codes of the offices that deliver; by default those that the store knows to deliver, else all it holds.

    Raises
    ------
    DisasterError
        If the store lacks what the households would stand on, an office is not known, or `out` exists.
    """
    if out.exists():
        raise DisasterError("disaster.out_exists", folder=out.name)
    gazetteer, boundary = gazetteer_of(store, municipality, at=at), boundary_of(store, municipality, at=at)
    if gazetteer is None or boundary is None:
        raise _lacking(GAZETTEER.title if gazetteer is None else BOUNDARIES.title)
    return write_households(
        out, gazetteer=gazetteer, boundary=shapely.union_all(boundary), municipality=municipality,
        prefecture_city=_before_the_town(gazetteer), offices=_delivering(store, municipality, offices, at),
        households=households, seed=seed, at=at,
    )  # fmt: skip


def _lacking(title: str) -> DisasterError:
    return DisasterError("disaster.nothing_stored", dataset=title)


def _before_the_town(gazetteer: Gazetteer) -> str:
    """Return what stands before the town in an address, such as 架空県潮見市."""
    first = gazetteer.table.slice(0, 1)
    return "".join(str(first.column(name)[0].as_py()) for name in ("pref", "city"))


def _delivering(
    store: Store, municipality: str, codes: Sequence[str], at: datetime
) -> tuple[tuple[str, float, float], ...]:
    """Return code, longitude and latitude of the offices that are to deliver."""
    held = store.current(OFFICES.kind, municipality, at=at, drill=True)
    rows = held.table.filter(held.table.column("lon").is_valid()) if held.as_of else held.table
    if rows.num_rows == 0:
        raise _lacking(OFFICES.title)
    known = rows.column("office_code").to_pylist()
    for code in codes:
        if code not in known:
            raise DisasterError("disaster.unknown_office", office=code, known="、".join(known))
    marked = pc.equal(rows.column("delivery"), "delivery")
    wanted = pc.is_in(rows.column("office_code"), value_set=pa.array(codes or known))
    if not codes and pc.any(marked).as_py():
        wanted = pc.fill_null(marked, False)
    chosen = rows.filter(wanted)
    return tuple(zip(*(chosen.column(name).to_pylist() for name in ("office_code", "lon", "lat")), strict=True))
