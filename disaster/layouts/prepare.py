"""What must be done to a whole table before its rows can be read: records over several lines, label rows, counting."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from disaster.layouts.model import fold_heading

Ints = npt.NDArray[np.int64]

#: Columns of KEN_ALL: municipality, postal code, town in kana and as written.
_KEN_ALL_KEY, _KANA, _TOWN = ("列1", "列3"), "列6", "列9"


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A table whose rows are records; `rows` are their numbers in the file, `set_aside` counts what is none."""

    table: pa.Table = field(repr=False)
    rows: Ints
    set_aside: Mapping[str, int] = field(default_factory=dict)


def prepared(table: pa.Table, name: str) -> Prepared:
    """Return the records of a table; without a name every row is one."""
    return PREPARE[name](table) if name else Prepared(table, np.arange(1, table.num_rows + 1))


def join_continued(table: pa.Table) -> Prepared:
    """Join the lines of KEN_ALL that are one record: a town is cut after 38 characters, in the middle of its brackets.

    Lines belong together while the municipality and the code stay the same and a （ is open. The kana is joined only
    while its own bracket is open: some lines repeat it unchanged.
    """
    town, kana = (table.column(name).combine_chunks() for name in (_TOWN, _KANA))
    open_town = _open(town, "（", "）")
    starts = np.flatnonzero(open_town > 0)
    if not len(starts):
        return Prepared(table, np.arange(1, table.num_rows + 1))
    open_kana = _open(kana, "(", ")")
    keys = pc.binary_join_element_wise(*(table.column(name).combine_chunks() for name in _KEN_ALL_KEY), "|").to_pylist()
    towns, kanas = town.to_pylist(), kana.to_pylist()
    joined = np.zeros(table.num_rows, dtype=bool)
    for start in starts.tolist():
        end, depth = start, int(open_town[start])
        while depth > 0 and end + 1 < len(keys) and keys[end + 1] == keys[start]:
            end += 1
            depth += int(open_town[end])
        if depth:
            continue  # never closed: left as it stands, for the reader to see
        joined[start + 1 : end + 1] = True
        towns[start] = "".join(towns[start : end + 1])
        kanas[start] = _joined_kana(kanas[start : end + 1], open_kana[start : end + 1])
    table = table.set_column(table.column_names.index(_TOWN), _TOWN, pa.array(towns, pa.string()))
    table = table.set_column(table.column_names.index(_KANA), _KANA, pa.array(kanas, pa.string()))
    return _only(table, ~joined, {"disaster.rows_joined": int(joined.sum())})


def _open(text: pa.Array, left: str, right: str) -> Ints:
    """Return how many more brackets open than close in each text."""
    counted = pc.subtract(pc.count_substring(text, left), pc.count_substring(text, right))
    return np.asarray(pc.fill_null(counted, 0).to_numpy(zero_copy_only=False), dtype=np.int64)


def _joined_kana(parts: list[str], open_: Ints) -> str:
    depth, text = int(open_[0]), parts[0]
    for part, more in zip(parts[1:], open_[1:].tolist(), strict=True):
        if depth <= 0:
            break
        text, depth = text + part, depth + more
    return text


def drop_labels(table: pa.Table) -> Prepared:
    """Name the columns of a census table by its second heading row, which explains the codes of the first.

    That row has an empty ``KEY_CODE``; files without it stay as they are.
    """
    keys = next(name for name in table.column_names if fold_heading(name) == "key_code")
    labels = pc.equal(pc.fill_null(pc.utf8_trim_whitespace(table.column(keys)), ""), "").to_numpy()
    if not labels[:1].any():
        return Prepared(table, np.arange(1, table.num_rows + 1))
    first = {name: table.column(name)[0].as_py() or "" for name in table.column_names}
    renamed = table.rename_columns([first[name].strip() or name for name in table.column_names])
    keep = np.ones(table.num_rows, dtype=bool)
    keep[0] = False
    return _only(renamed, keep, {"disaster.label_rows": 1})


def count_offices(table: pa.Table) -> Prepared:
    """Count the codes of large recipients (JIGYOSYO) by office and municipality; see `delivering_offices`."""
    found = delivering_offices(table)
    counted = int(table.num_rows - found.num_rows)
    return Prepared(
        found.drop_columns(["row"]), found.column("row").to_numpy(), {"disaster.rows_counted_together": counted}
    )


def delivering_offices(table: pa.Table) -> pa.Table:
    """Build the list of post offices by the municipality that they deliver into.

    Parameters
    ----------
    table
        JIGYOSYO.CSV of Japan Post as read without header: texts in columns ``列1`` to ``列13``. Column 10 names the
        office that delivers, column 11 tells companies (0) from boxes (1), 5 in column 13 a code that is gone.

    Returns
    -------
    pyarrow.Table
        One row for each office and municipality: ``municipality`` (five digits), ``pref``, ``city``, ``office``,
        ``companies`` and ``boxes`` (how many codes, as text), ``row`` (the first row that says so, from 1). An office
        without large recipients is not in the list.
    """
    frame = table.select(["列1", "列4", "列5", "列10", "列11", "列13"]).to_pandas()
    frame.columns = pd.Index(["municipality", "pref", "city", "office", "sort", "change"])
    frame = frame.apply(lambda column: column.str.strip())
    frame["row"] = np.arange(1, len(frame) + 1)
    frame["companies"], frame["boxes"] = frame["sort"].eq("0").astype(int), frame["sort"].eq("1").astype(int)
    valid = frame[frame["change"].ne("5") & frame["office"].ne("")]
    grouped = valid.groupby(["municipality", "office"], sort=False, as_index=False).agg(
        pref=("pref", "first"), city=("city", "first"), row=("row", "first"), companies=("companies", "sum"),
        boxes=("boxes", "sum"),
    )  # fmt: skip
    texts = {name: pa.array(grouped[name].astype(str), pa.string()) for name in ("companies", "boxes")}
    names = {name: pa.array(grouped[name], pa.string()) for name in ("municipality", "pref", "city", "office")}
    return pa.table({**names, **texts, "row": pa.array(grouped["row"], pa.int64())})


def _only(table: pa.Table, keep: npt.NDArray[np.bool_], set_aside: Mapping[str, int]) -> Prepared:
    return Prepared(table.filter(pa.array(keep)).combine_chunks(), np.flatnonzero(keep) + 1, set_aside)


#: Functions by the name that layouts use.
PREPARE: Mapping[str, Callable[[pa.Table], Prepared]] = {
    "count_offices": count_offices,
    "drop_labels": drop_labels,
    "join_continued": join_continued,
}
