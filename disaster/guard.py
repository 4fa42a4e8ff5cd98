"""Who must not be seen, and which columns may: pure functions between the store and the door.

Protection hides the person, never the dwelling: names are taken off the register's rows before anything is
selected, matched or counted, so no later step can tell a protected person from one who was never there.
"""

import re
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agreements.format import Precision
from agreements.vocabulary import FINER_THAN_TOWN
from geo.address import fold, fold_name

#: Between people who are written in one cell, after folding.
_JOINT = re.compile(r"[・/&+]")
#: Shorter names are only looked for whole: two signs stand within too many other names.
_LONG = 3
#: Free words on a home.
_REMARKS = ("building", "status_reason")
#: Names that are looked for in one pass.
_AT_ONCE = 500


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

    A name is taken off where it is or bears a protected name (folded) and the entry names that delivery point or,
    folded, that address. An entry that meets nobody so cannot say which home it means (no address, an old one, another
    spelling): then every bearer of the name in the municipality is hidden, because a name shown by mistake may cost a
    life and a name missing costs a question. A remark in which a protected name stands (…方, 転居) is left out too; the
    address stays, whatever stands in it.

    Parameters
    ----------
    points
        Delivery points with ``point_id``, ``address`` and, unless they were read without names, ``addressees``.
    protection
        Rows of the noun ``protection``; None or no rows means nobody.
    on
        Day in Japan; an entry counts up to and including its ``until``.
    """
    if protection is None or protection.num_rows == 0:
        return points
    entries = _valid(protection, on)
    if "addressees" in points.column_names:
        rows, names = flatten_addressees(points)
        points = _without(points, rows, names, _hidden(points, rows, names, entries))
    return _without_mention(points, entries)


def run_out(protection: pa.Table, *, on: date) -> int:
    """Count the entries that protect nobody any more: their `until` lies before the day in Japan."""
    return int(pc.sum(pc.less(protection.column("until"), pa.scalar(on, pa.date32()))).as_py() or 0)


def _valid(protection: pa.Table, on: date) -> pa.Table:
    """Return the entries in force, folded, as name, address and delivery point (empty where not given)."""
    until = protection.column("until")
    kept = protection.filter(pc.or_kleene(pc.is_null(until), pc.greater_equal(until, pa.scalar(on, pa.date32()))))
    return pa.table(
        {
            "name": fold_name(kept.column("protected_name").combine_chunks()),
            "address": fold(pc.fill_null(kept.column("protected_address"), "").combine_chunks()),
            "point_id": pc.fill_null(kept.column("point_id"), ""),
        }
    )


def _hidden(points: pa.Table, rows: np.ndarray, names: pa.Array, entries: pa.Table) -> np.ndarray:
    """Tell which of the flattened names may not be seen.

    Names repeat, and few are protected: distinct names are folded once, addresses only of those who share a name.
    """
    hidden = np.zeros(len(rows), dtype=bool)
    coded = names.dictionary_encode()
    protected = frozenset(entries.column("name").to_pylist()) - {None, ""}
    at, borne = _borne(coded.indices.to_numpy(zero_copy_only=False), fold_name(coded.dictionary), protected)
    if len(at) == 0:
        return hidden
    homes = points.select(["point_id", "address"]).take(pa.array(rows[at]))
    seen = pa.table(
        {
            "name": borne,
            "point_id": homes.column("point_id"),
            "address": fold(homes.column("address").combine_chunks()),
        }
    )
    hidden[at[_meant(seen, entries)]] = True
    return hidden


def _borne(codes: np.ndarray, texts: pa.Array, protected: frozenset[str]) -> tuple[np.ndarray, pa.Array]:
    """Return which written name bears which protected one: positions in `codes` and names, one for one.

    Parameters
    ----------
    codes, texts
        Distinct names, folded, and which of them each position holds.
    """
    borne = _bearers(texts, protected)
    counts = np.zeros(len(texts), dtype=np.int64)
    counts[list(borne)] = [len(names) for names in borne.values()]
    at = np.flatnonzero(counts[codes])
    found = [name for code in codes[at].tolist() for name in borne[code]]
    return np.repeat(at, counts[codes[at]]), pa.array(found, pa.string())


def _bearers(texts: pa.Array, protected: frozenset[str]) -> dict[int, list[str]]:
    """Return the positions of the folded texts that bear protected names, and which.

    A register also writes a name within a longer text (高橋ミナ様) or several people in one cell (高橋空・ミナ). The
    whole cell bears the name then: a name shown by mistake may cost a life.
    """
    suspect = pc.is_in(texts, value_set=pa.array(sorted(protected), pa.string()))
    suspect = pc.or_(suspect, pc.match_substring_regex(texts, _JOINT.pattern))
    within = sorted(name for name in protected if len(name) >= _LONG)
    for start in range(0, len(within), _AT_ONCE):
        pattern = "|".join(re.escape(name) for name in within[start : start + _AT_ONCE])
        suspect = pc.or_(suspect, pc.match_substring_regex(texts, pattern))
    at = np.flatnonzero(suspect.to_numpy(zero_copy_only=False))
    written = texts.take(pa.array(at)).to_pylist()
    found = {code: sorted(_names_in(text, protected)) for code, text in zip(at.tolist(), written, strict=True)}
    return {code: names for code, names in found.items() if names}


def _names_in(text: str, protected: frozenset[str]) -> frozenset[str]:
    """Return the protected names that a written one bears."""
    parts = [part for part in _JOINT.split(text) if part]
    made = {text} | {text[i:j] for i in range(len(text)) for j in range(i + _LONG, len(text) + 1)}
    if len(parts) > 1:  # the family name that is said once belongs to each given name
        made |= {parts[0][:length] + part for part in parts for length in range(len(parts[0]) + 1)}
    return protected & made


def _meant(seen: pa.Table, entries: pa.Table) -> np.ndarray:
    """Tell which bearers of a protected name an entry means: those it names, or all if it meets nobody."""
    exact, met = pa.scalar(value=False), pa.scalar(value=False)
    for key in ("point_id", "address"):
        there, named = _pairs(seen, key), _pairs(entries, key)
        exact = pc.or_(exact, pc.is_in(there, value_set=named))
        met = pc.or_(met, pc.is_in(named, value_set=there))
    vague = pc.is_in(seen.column("name"), value_set=entries.filter(pc.invert(met)).column("name").combine_chunks())
    meant: np.ndarray = pc.or_(exact, vague).to_numpy()
    return meant


def _pairs(table: pa.Table, column: str) -> pa.Array:
    """Join name and key with a sign that neither can hold; an empty key pairs with nothing that is not empty."""
    return pc.binary_join_element_wise(table.column("name"), table.column(column), "\x1f").combine_chunks()


def _without(points: pa.Table, rows: np.ndarray, names: pa.Array, hidden: np.ndarray) -> pa.Table:
    kept = ~hidden
    lengths = np.bincount(rows[kept], minlength=points.num_rows)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets), names.filter(pa.array(kept)))
    return points.set_column(points.column_names.index("addressees"), "addressees", lists.cast(pa.list_(pa.string())))


def _without_mention(points: pa.Table, entries: pa.Table) -> pa.Table:
    """Empty the remarks on homes in which a protected name stands."""
    protected = frozenset(name for name in entries.column("name").to_pylist() if name and len(name) >= _LONG)
    for column in (name for name in _REMARKS if name in points.column_names):
        written = points.column(column)
        if written.null_count == len(written):
            continue
        coded = written.combine_chunks().dictionary_encode()
        told = list(_bearers(fold_name(coded.dictionary), protected))
        if told:
            named = pc.is_in(coded.indices, value_set=pa.array(told, coded.indices.type))
            kept = pc.if_else(named, pa.scalar(None, pa.string()), written)
            points = points.set_column(points.column_names.index(column), column, kept)
    return points


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
