"""A checked file as a list of places: which columns tell what is where."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from disaster.batch import Batch
from disaster.errors import ReconcileError
from disaster.ingest import check_file
from disaster.models import NOUNS, Noun, Shape, Side, kinds_in_words
from disaster.placing import FROM_FILE
from geo.gazetteer import Gazetteer
from geo.pairing import Places
from geo.read import Reader

Degrees = npt.NDArray[np.float64]

#: Levels of a point that was looked up by address and still stands for the place itself, not for a whole town.
_EXACT = ("number", "block")


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """One of the two lists.

    Attributes
    ----------
    name
        What the register calls the list: kind and dataset, the same next year.
    title
        What people call it: the file.
    places
        Its rows, each place once.
    repeated
        Rows left out because one before them says the same (an opening list names a shelter once a day).
    refused
        Rows that the check refused: nobody knows which places they are.
    """

    name: str
    title: str
    places: Places
    repeated: int
    refused: int


def read_list(
    kind: str,
    path: Path,
    *,
    municipality: str,
    reader: Reader,
    gazetteer: Gazetteer | None,
    at: datetime,
    **reading: Any,
) -> Listed:
    """Read and check a file and return its places; `reading` are options of ``Reader.read``.

    Raises
    ------
    ReconcileError
        ``disaster.reconcile_kind`` if rows of the kind have no name, or can point at a home or a person.
    IngestError, ReadError
        As `disaster.ingest.check_file`.
    """
    noun = _noun(kind)
    batch = check_file(
        kind,
        [path],
        municipality=municipality,
        side=Side.DEMO,
        reader=reader,
        gazetteer=gazetteer,
        at=at,
        **reading,
    )
    places = _places(noun, batch)
    first = _first_of_each(places)
    repeated = len(places) - len(first)
    return Listed(f"{kind}:{batch.dataset}", path.name, _taken(places, first), repeated, batch.refused)


def _noun(kind: str) -> Noun:
    noun = NOUNS.get(kind)
    kinds = [one.kind for one in NOUNS.values() if _is_comparable(one)]
    if noun is None or kind not in kinds:
        raise ReconcileError("disaster.reconcile_kind", kind=kind, kinds=kinds_in_words(kinds))
    return noun


def _is_comparable(noun: Noun) -> bool:
    named = any(field.name == "name" and field.required for field in noun.fields)
    return named and not noun.personal and noun.shape in (Shape.POINT, Shape.NONE)


def _places(noun: Noun, batch: Batch) -> Places:
    table = batch.table
    lon, lat = _own_points(table)
    return Places(
        ids=_text(table, noun.fields[0].name),
        names=_text(table, "name"),
        addresses=_text(table, "address"),
        lon=lon,
        lat=lat,
    )


def _text(table: pa.Table, name: str) -> pa.Array:
    if name not in table.column_names:
        return pa.nulls(table.num_rows, pa.string())
    values = table.column(name).combine_chunks().cast(pa.string())
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def _own_points(table: pa.Table) -> tuple[Degrees, Degrees]:
    """Return the points that the file gives or a number was found at; the middle of a town is left out."""
    if "lon" not in table.column_names:
        nowhere = np.full(table.num_rows, np.nan)
        return nowhere, nowhere
    lon, lat = (table.column(name).to_numpy().astype(np.float64) for name in ("lon", "lat"))
    if "place_source" not in table.column_names:
        return lon, lat
    given = pc.fill_null(pc.equal(table.column("place_source"), FROM_FILE), False)
    exact = pc.fill_null(pc.is_in(table.column("place_level"), pa.array(_EXACT)), False)
    own = pc.or_(given, exact).to_numpy()
    return np.where(own, lon, np.nan), np.where(own, lat, np.nan)


def _first_of_each(places: Places) -> np.ndarray:
    columns = {"id": places.ids, "name": places.names, "address": places.addresses, "lon": places.lon}
    rows = pa.table({**columns, "lat": places.lat, "row": np.arange(len(places))})
    groups = rows.group_by(["id", "name", "address", "lon", "lat"]).aggregate([("row", "min")])
    return np.sort(groups["row_min"].to_numpy())


def _taken(places: Places, rows: np.ndarray) -> Places:
    texts = (column.take(pa.array(rows)) for column in (places.ids, places.names, places.addresses))
    ids, names, addresses = texts
    return Places(ids, names, addresses, places.lon[rows], places.lat[rows])
