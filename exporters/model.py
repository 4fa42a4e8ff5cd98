"""What an exporter prints: a `Layer` of public or internal rows, or an `Extract` of dwellings or persons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import geopandas as gpd
import numpy as np
import pyarrow as pa

from agreements.format import Column
from geo.crs import JGD2011


@dataclass(frozen=True, slots=True)
class Marks:
    """What every sheet, map and page must say about itself."""

    title: str
    municipality: str
    as_of: datetime
    drill: bool = False
    event: str = ""
    provider: str = ""
    recipient: str = ""
    purpose: str = ""
    basis: str = ""  # 「協定第n条により提供できます」
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Grounds:
    """What lets the cells of a layer leave: one clause of one agreement, for all its columns and its places.

    `sentence` says it in Japanese (「協定第n条により提供できます」); `law` names the article of the law where the cells
    are personal data, else it is empty.
    """

    agreement: str
    clause: str
    article: str
    sentence: str
    law: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Rows without personal data, ready to print.

    `table` holds exactly `columns` in their order: text, choice as string; integer as int64; number as float64;
    flag as bool; time as timestamp(us, UTC); date as date32; list as list<string>. `geometry` is an array of shapely
    geometries in JGD2011 longitude and latitude (EPSG:6668), as long as the table, None where a row has no place.
    `grounds` is the clause that opens it; None for what is published and for public geography.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    table: pa.Table = field(repr=False)
    geometry: np.ndarray | None = field(repr=False)
    as_of: datetime
    source: str = ""
    note: str = ""
    grounds: Grounds | None = None

    def __post_init__(self) -> None:
        names = tuple(column.name for column in self.columns)
        if tuple(self.table.column_names) != names:
            raise ValueError(f"layer {self.name}: columns {names} and table {self.table.column_names} differ")
        if self.geometry is not None and len(self.geometry) != self.table.num_rows:
            raise ValueError(f"layer {self.name}: {len(self.geometry)} places for {self.table.num_rows} rows")

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def to_frame(self) -> gpd.GeoDataFrame:
        """Return the rows as a GeoDataFrame in EPSG:6668 for planners."""
        frame = self.table.to_pandas()
        geometry = self.geometry if self.geometry is not None else np.full(len(frame), None, dtype=object)
        return gpd.GeoDataFrame(frame, geometry=geometry, crs=JGD2011)


@dataclass(frozen=True, slots=True, eq=False)
class Extract(Layer):
    """Rows about dwellings or persons, cut to what a granted decision allows.

    Only ``disaster.provide`` constructs one (a test scans for it). `matched` = rows that meet the request after
    protection; `matched` = `returned` + the sum of `withheld`, whose keys name the rule.
    """

    mode: str = ""
    matched: int = 0
    returned: int = 0
    withheld: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        Layer.__post_init__(self)
        if self.matched != self.returned + sum(self.withheld.values()) or self.returned != len(self):
            raise ValueError(f"extract {self.name}: matched, returned and withheld do not add up")
