"""Amounts in cells merged downwards: 300 people over three buildings are 300 for all of them, not 900."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from agreements.format import ColumnType
from disaster.layouts import Layout
from disaster.layouts.model import NOTE, find_heading, fold_heading
from disaster.models import Noun
from disaster.schemas.findings import Findings, Mask
from disaster.schemas.kept import Kept
from geo.read.model import Merged

_AMOUNTS = (ColumnType.INTEGER, ColumnType.NUMBER)
#: What stands behind an amount in the note of a row that only continues a merged cell.
_CONTINUED = "（Excelで上の行と結合）"


def continued_amounts(noun: Noun, layout: Layout, merged: Merged, rows: npt.NDArray[np.int64]) -> dict[str, Mask]:
    """Tell for each amount of a noun in which rows it repeats a merged cell that begins above.

    Parameters
    ----------
    noun
        Says which columns are amounts.
    layout
        Says from which headings they are read.
    merged
        ``geo.read.RawTable.merged``.
    rows
        Number of each row in the file.
    """
    found: dict[str, Mask] = {}
    index = {fold_heading(name): name for name in merged}
    for item in noun.fields:
        value = layout.columns.get(item.name)
        if item.column.type in _AMOUNTS and value is not None:
            heads = [index[head] for name in value.headings if (head := find_heading(name, index))]
            if heads:
                found[item.name] = np.isin(rows, np.concatenate([merged[head] for head in heads]))
    return found


def stated_once(
    noun: Noun, table: pa.Table, continued: Mapping[str, Mask], found: Findings, *, headings: Mapping[str, str]
) -> tuple[pa.Table, list[Kept]]:
    """Leave amounts in the first row of their merged cell; the others say in their note that they share it.

    Parameters
    ----------
    noun
        What the rows are.
    table
        Text columns of the noun.
    continued
        Of `continued_amounts`.
    found
        Remembers which cells were left empty.
    headings
        Heading of the file for each column.
    """
    kept: list[Kept] = []
    noted = any(item.name == NOTE for item in noun.fields)
    for name, mask in continued.items():
        text = table.column(name).combine_chunks()
        where = mask & text.is_valid().to_numpy(zero_copy_only=False)
        if not where.any():
            continue
        found.emptied[headings[name]] = where
        kept.append(Kept("disaster.merged_amount", headings[name], where))
        if noted:
            said = Kept("", headings[name], where, pc.binary_join_element_wise(text, _CONTINUED, ""))
            notes = said.into(table.column(NOTE).combine_chunks())
            table = table.set_column(table.column_names.index(NOTE), NOTE, notes)
        once = pc.if_else(pa.array(where), pa.scalar(None, pa.string()), text)
        table = table.set_column(table.column_names.index(name), name, once)
    return table, kept
