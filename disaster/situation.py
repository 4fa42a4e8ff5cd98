"""The headquarters' picture: what came in beside what the city has, and shelters with their latest opening. Pure."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from agreements.format import Column
from disaster.models import OPENINGS, Noun
from exporters.model import Layer
from geo.address import fold

#: What of an opening is shown with its shelter.
OPENING_COLUMNS: tuple[Column, ...] = tuple(
    column for column in OPENINGS.columns if column.name in ("opening_status", "head_count", "observed_at")
)


def beside(noun: Noun, own: Layer, received: Layer) -> Layer:
    """Return the rows of both; of two rows with one key the own one stands, since it is the city's to correct.

    Parameters
    ----------
    noun
        What both layers hold; its key tells rows apart.
    own, received
        Layers of that noun; the received one may lack columns that its clause does not name.
    """
    key = [name for name in noun.key if name in own.table.column_names and name in received.table.column_names]
    new = ~_keys(received.table, key).isin(_keys(own.table, key)).to_numpy()
    more = received.table.filter(pa.array(new))
    columns = _union(own.columns, received.columns)
    table = pa.concat_tables([own.table, more], promote_options="default").select([column.name for column in columns])
    return replace(
        own,
        columns=columns,
        table=table.combine_chunks(),
        geometry=_both_places(own, received, new),
        as_of=min(own.as_of, received.as_of),
        source="、".join(dict.fromkeys(name for name in (own.source, received.source) if name)),
    )


def _keys(table: pa.Table, key: Sequence[str]) -> pd.Series:
    """Join a row's key to one text; without a common key no two rows are the same."""
    if not key:
        return pd.Series([f"{id(table)} {row}" for row in range(table.num_rows)], dtype="str")
    parts = [pd.Series(pc.fill_null(table.column(name).cast(pa.string()), "").to_pandas(), dtype="str") for name in key]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined.str.cat(part, sep="\x1f")
    return joined


def _union(own: Sequence[Column], received: Sequence[Column]) -> tuple[Column, ...]:
    names = {column.name for column in own}
    return (*own, *(column for column in received if column.name not in names))


def _both_places(own: Layer, received: Layer, new: np.ndarray) -> np.ndarray | None:
    if own.geometry is None and received.geometry is None:
        return None
    parts = [np.full(len(one), None, dtype=object) if one.geometry is None else one.geometry for one in (own, received)]
    return np.concatenate([parts[0], parts[1][new]])


def with_openings(shelters: Layer, openings: Layer) -> Layer:
    """Return the shelters with the latest opening known of each: status, head count, and when it was observed.

    An opening belongs to the shelter of its id, or of its folded name where it gives no id. A shelter of which nothing
    is known keeps empty cells: not known is not closed.
    """
    latest = _latest(openings.table)
    ids = shelters.table.column("shelter_id").to_pandas()
    names = pd.Series(fold(shelters.table.column("name").combine_chunks()).to_pandas(), dtype="str")
    at = ids.map(latest.dropna(subset="id").drop_duplicates("id", keep="last").set_index("id")["row"])
    by_name = names.map(latest[latest["id"].isna()].drop_duplicates("name", keep="last").set_index("name")["row"])
    rows = pa.array(at.fillna(by_name).astype("Int64"), pa.int64())
    table, columns = shelters.table, list(shelters.columns)
    for column in OPENING_COLUMNS:
        if column.name in openings.table.column_names:
            table = table.append_column(column.name, openings.table.column(column.name).take(rows))
            columns.append(column)
    return replace(shelters, table=table.combine_chunks(), columns=tuple(columns))


def _latest(openings: pa.Table) -> pd.DataFrame:
    """Return the openings in the order of their observation, with id and folded name."""
    frame = pd.DataFrame(
        {
            "id": openings.column("shelter_id").to_pandas(),
            "name": fold(openings.column("name").combine_chunks()).to_pandas(),
            "at": openings.column("observed_at").to_pandas(),
            "row": np.arange(openings.num_rows),
        }
    )
    return frame.sort_values("at", kind="stable")
