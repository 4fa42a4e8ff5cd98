"""A checked file on its way into the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from geo.faults import Faults


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows came from: the file as found and how it was read.

    `notes` are the reader's remarks with parameters; `credit` says who is to be named with the rows (出典), where the
    user or the user's mapping said so.
    """

    file: str
    sha256: str
    encoding: str | None = None
    crs: str | None = None
    layout: str = ""
    notes: tuple[tuple[str, Mapping[str, object]], ...] = ()
    credit: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The accepted rows of one or more files of a kind, and what was wrong with the others.

    `table` holds the noun's columns in order, typed as in ``exporters.model.Layer``, then the place: ``lon``, ``lat``
    (float64, degrees, EPSG:6668, null where unplaced) for point nouns, ``geometry`` (binary WKB, EPSG:6668) for
    lines and polygons; nouns with an address add ``place_level``, ``place_town``, ``place_source``, ``place_reason``
    (text). `read` = `accepted` + `refused`; `set_aside` counts rows of the file that are of another kind, by reason.
    `dataset` names the series within the kind: the newest batch of a dataset is the present. `notes` counts what was
    taken as given or mended without refusing a row (a time without a zone, a repaired polygon), by code.
    """

    kind: str
    municipality: str
    dataset: str
    table: pa.Table = field(repr=False)
    faults: Faults
    read: int
    refused: int
    sources: tuple[Source, ...]
    as_of: datetime
    set_aside: Mapping[str, int] = field(default_factory=dict)
    drill: bool = False
    notes: Mapping[str, int] = field(default_factory=dict)

    @property
    def accepted(self) -> int:
        """Count of rows that may enter."""
        return int(self.table.num_rows)

    def __post_init__(self) -> None:
        if self.read != self.accepted + self.refused:
            raise ValueError(f"{self.kind}: read {self.read} is not accepted {self.accepted} + refused {self.refused}")
