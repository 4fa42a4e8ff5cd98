"""Checked files into the store: all of a file or nothing, the same file again changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from disaster.batch import Batch
from disaster.errors import IngestError
from disaster.ingest import check_files, within
from disaster.models import BOUNDARIES, FORWARDING, GAZETTEER, NOUNS
from disaster.progress import Step, silent
from disaster.store import Store, Stored
from geo.faults import Lang, words
from geo.gazetteer import Gazetteer
from geo.read import Reader


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """One batch and what became of it; `stored` is None where too many rows were refused."""

    batch: Batch
    stored: Stored | None

    def stored_as(self) -> dict[str, Any]:
        """Return what to add to the report."""
        if self.stored is None:
            return {"stored": False, "unchanged": False, "batch_id": None, "replaced": None, "newer": None}
        return {
            "stored": True,
            "unchanged": self.stored.unchanged,
            "batch_id": self.stored.batch_id,
            "replaced": self.stored.replaced,
            "newer": self.stored.newer,
        }

    def sentence(self, lang: Lang) -> str:
        """Say what became of it in one line."""
        batch = self.batch
        params = {"accepted": batch.accepted, "refused": batch.refused, "dataset": batch.dataset, "read": batch.read}
        if self.stored is None:
            code = "disaster.ingest_refused" if batch.accepted else "disaster.nothing_accepted"
            params["kind"] = NOUNS[batch.kind].title
        elif self.stored.unchanged:
            code = "disaster.ingest_unchanged"
        elif self.stored.newer:
            code = "disaster.ingest_late"
        else:
            code = "disaster.ingest_replaced" if self.stored.replaced else "disaster.ingest_stored"
        return " ".join(
            part for part in (words(code, params, lang=lang), words(code, params, lang=lang, hint=True)) if part
        )


def gazetteer_of(store: Store, municipality: str, *, at: datetime, drill: bool = False) -> Gazetteer | None:
    """Return the town table of the store, None before one was taken in; real rows are never placed by a drill's.

    A gazetteer that was built of several sources goes before lists of towns that were taken in as they are: its rows
    name their source, and it holds the towns of those lists already.
    """
    current = store.current(GAZETTEER.kind, municipality, at=at, drill=drill)
    if current.as_of is None:
        return None
    built = pc.fill_null(pc.not_equal(current.table.column("source"), ""), False)
    rows = current.table.filter(built) if pc.any(built).as_py() else current.table
    return Gazetteer.of(with_source(rows, current.credit), municipality=municipality)


def with_source(towns: pa.Table, credit: str) -> pa.Table:
    """Return rows of a town list, each with the source that it names, else with the list's publisher (`credit`)."""
    at = towns.column_names.index("source")
    named = pc.fill_null(towns.column(at), "")
    return towns.set_column(at, "source", pc.if_else(pc.equal(named, ""), credit, named))


def boundary_of(store: Store, municipality: str, *, at: datetime, drill: bool = False) -> np.ndarray | None:
    """Return the municipality's polygons (shapely, EPSG:6668), None before its boundary was taken in."""
    current = store.current(BOUNDARIES.kind, municipality, at=at, drill=drill)
    if current.as_of is None:
        return None
    return np.asarray(shapely.from_wkb(current.table.column("geometry").to_numpy(zero_copy_only=False)))


def ingest(
    store: Store,
    kind: str,
    paths: Sequence[Path],
    *,
    municipality: str,
    reader: Reader,
    at: datetime,
    dataset: str | None = None,
    drill: bool = False,
    max_refused: str = "0",
    all_or_nothing: bool = False,
    forwarding: bool = False,
    step: Step = silent,
    **options: Any,
) -> list[Intake]:
    """Check files and store those with few enough refused rows.

    Parameters
    ----------
    max_refused
        ``"10"`` rows or ``"2%"`` of the rows read that may be refused; with more, nothing of the batch is stored.
    all_or_nothing
        Store nothing of any batch unless every row of every batch is accepted.
    forwarding
        Whether notices of moving may be taken in: off unless the settings open it.
    options
        As in ``disaster.ingest.check_files``: ``mapping``, ``credit``, ``seen``, and those of the reader.

    Returns
    -------
    list of Intake
        One a batch.

    Raises
    ------
    IngestError
        If nothing can be told of the files, or the kind is switched off.
    """
    if kind == FORWARDING.kind and not forwarding:
        raise IngestError("disaster.forwarding_off")
    gazetteer = gazetteer_of(store, municipality, at=at, drill=drill)
    boundary = boundary_of(store, municipality, at=at, drill=drill)
    step("ファイルを調べています")
    batches = check_files(
        kind, paths, municipality=municipality, side=store.side, reader=reader, gazetteer=gazetteer, at=at,
        dataset=dataset, drill=drill, boundary=boundary, **options,
    )  # fmt: skip
    if all_or_nothing and any(batch.refused for batch in batches):
        return [Intake(batch, None) for batch in batches]
    # However many refused rows are allowed: a file of which nothing is left must not become the present.
    good = [batch for batch in batches if batch.accepted and within(batch, max_refused)]
    step("保存しています")
    stored = dict(zip(map(id, good), store.add_batches(good, at=at), strict=True)) if good else {}
    return [Intake(batch, stored.get(id(batch))) for batch in batches]
