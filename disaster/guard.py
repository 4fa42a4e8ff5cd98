"""Who must not be seen, and which columns may: pure functions between the store and the door.

Protection hides the person, never the dwelling (DESIGN, principle 5): names are taken off the register's rows before
anything is selected, matched or counted, so no later step can tell a protected person from one who was never there.
"""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from agreements.format import Precision
from agreements.vocabulary import FINER_THAN_TOWN
from geo.address import fold, fold_name


def flatten_addressees(points: pa.Table) -> tuple[np.ndarray, pa.Array]:
    """Return, for each name on the register, the row it stands in and the name as written.

    Parameters
    ----------
    points
        Delivery points with a column ``addressees`` (list of text; null means none).
    """
    lists = points.column("addressees").combine_chunks()
    rows = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    return rows, pc.list_flatten(lists)


def hide_protected(points: pa.Table, protection: pa.Table | None, *, on: date) -> pa.Table:
    """Take the protected people off the register's rows; every row stays.

    A name is taken off where it equals a protected name (folded) and the entry names that delivery point or, folded,
    that address. An entry that meets nobody so cannot say which home it means (no address, an old one, another
    spelling): then every bearer of the name in the municipality is hidden, because a name shown by mistake may cost a
    life and a name missing costs a question.

    Parameters
    ----------
    points
        Delivery points with ``point_id``, ``address`` and ``addressees``.
    protection
        Rows of the noun ``protection``; None or no rows means nobody.
    on
        Day in Japan; an entry counts up to and including its ``until``.
    """
    rows, names = flatten_addressees(points)
    if protection is None or protection.num_rows == 0 or len(rows) == 0:
        return points
    hidden = _hidden(points, rows, names, _valid(protection, on))
    return _without(points, rows, names, hidden)


def _valid(protection: pa.Table, on: date) -> pd.DataFrame:
    """Return the entries in force, folded, as name, address and delivery point (empty where not given)."""
    until = protection.column("until")
    kept = protection.filter(pc.or_kleene(pc.is_null(until), pc.greater_equal(until, pa.scalar(on, pa.date32()))))
    return pd.DataFrame(
        {
            "name": _texts(fold_name(kept.column("protected_name").combine_chunks())),
            "address": _texts(fold(pc.fill_null(kept.column("protected_address"), "").combine_chunks())),
            "point_id": _texts(pc.fill_null(kept.column("point_id"), "")),
        }
    )


def _texts(values: pa.Array | pa.ChunkedArray) -> pd.Series:
    return pd.Series(values.to_pandas(), dtype="str")


def _hidden(points: pa.Table, rows: np.ndarray, names: pa.Array, entries: pd.DataFrame) -> np.ndarray:
    """Tell which of the flattened names may not be seen.

    Names repeat, and few are protected: distinct names are folded once, addresses only of those who share a name.
    """
    coded = names.dictionary_encode()
    folded = _texts(fold_name(coded.dictionary))
    at_name = coded.indices.to_numpy(zero_copy_only=False)
    suspects = np.flatnonzero(folded.isin(entries["name"]).to_numpy()[at_name])
    hidden = np.zeros(len(rows), dtype=bool)
    if len(suspects) == 0:
        return hidden
    homes = points.select(["point_id", "address"]).take(pa.array(rows[suspects]))
    seen = pd.DataFrame(
        {
            "name": folded.to_numpy()[at_name[suspects]],
            "point_id": _texts(homes.column("point_id")),
            "address": _texts(fold(homes.column("address").combine_chunks())),
        }
    )
    hidden[suspects[_meant(seen, entries)]] = True
    return hidden


def _meant(seen: pd.DataFrame, entries: pd.DataFrame) -> np.ndarray:
    """Tell which bearers of a protected name an entry means: those it names, or all if it meets nobody."""
    by_point, by_address = _pairs(seen, "point_id"), _pairs(seen, "address")
    entry_points, entry_addresses = _pairs(entries, "point_id"), _pairs(entries, "address")
    exact = by_point.isin(entry_points) | by_address.isin(entry_addresses)
    met = entry_points.isin(by_point) | entry_addresses.isin(by_address)
    vague = seen["name"].isin(entries.loc[~met, "name"])
    meant: np.ndarray = (exact | vague).to_numpy()
    return meant


def _pairs(frame: pd.DataFrame, column: str) -> pd.Series:
    """Join name and key with a sign that neither can hold; an empty key pairs with nothing that is not empty."""
    return frame["name"].str.cat(frame[column].astype("str"), sep="\x1f")


def _without(points: pa.Table, rows: np.ndarray, names: pa.Array, hidden: np.ndarray) -> pa.Table:
    kept = ~hidden
    lengths = np.bincount(rows[kept], minlength=points.num_rows)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets), names.filter(pa.array(kept)))
    return points.set_column(points.column_names.index("addressees"), "addressees", lists.cast(pa.list_(pa.string())))


def permitted(columns: tuple[str, ...], precision: Precision | None) -> tuple[str, ...]:
    """Return the columns that may leave at a precision: none that tells more than the town where only that is agreed.

    A template that holds such a column is refused when it is read; the door does not rely on that.
    """
    if precision is Precision.EXACT:
        return columns
    return tuple(name for name in columns if name not in FINER_THAN_TOWN)


def minimise(table: pa.Table, allowed: tuple[str, ...]) -> pa.Table:
    """Keep only the columns that the clause names, in the order of the table.

    Parameters
    ----------
    table
        Rows about to leave.
    allowed
        Column names of the granted decision.
    """
    return table.select([name for name in table.column_names if name in set(allowed)])
