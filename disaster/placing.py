"""Give rows a place and a town from their addresses; a place that the file gives itself is never moved."""

import pyarrow as pa
import pyarrow.compute as pc

from disaster.layouts.model import PLACE_NAMES
from disaster.models import PLACE_COLUMNS
from geo.faults import words
from geo.gazetteer import Gazetteer
from geo.place import place

#: `place_source` of rows whose coordinates the file gave: people read it in sheets.
FROM_FILE = "元のファイル"
_ADDRESS = "address"
_TEXT = pa.scalar(None, pa.string())


def placed(table: pa.Table, gazetteer: Gazetteer | None, *, municipality: str) -> pa.Table:
    """Return the rows with ``place_level``, ``place_town``, ``place_source`` and ``place_reason``.

    Rows without coordinates get the point that the gazetteer has for their address (the town's, at town level); rows
    with coordinates keep them and get the address's level and town only. A row that cannot be placed stays without a
    point and says why. Rows of nouns without an address stay as they are.

    Parameters
    ----------
    table
        Checked rows.
    gazetteer
        Of the municipality; None places nothing.
    municipality
        Five digits.
    """
    if _ADDRESS not in table.column_names:
        return table
    addresses = pc.fill_null(table.column(_ADDRESS).combine_chunks(), "")
    found = _look_up(addresses, gazetteer, municipality)
    source, level, reason = _column(found, "source"), _column(found, "level"), _said(found)
    if PLACE_NAMES[0] in table.column_names:
        given = table.column(PLACE_NAMES[0]).combine_chunks().is_valid()
        for name in PLACE_NAMES:
            both = pc.if_else(given, table.column(name).combine_chunks(), _column(found, name))
            table = table.set_column(table.column_names.index(name), name, both)
        source = pc.if_else(given, FROM_FILE, source)
        settled = pc.and_(given, pc.equal(addresses, ""))  # a point and no address: nothing is missing
        level, reason = (pc.if_else(settled, _TEXT, column) for column in (level, reason))
    told = (level, _empty_to_null(_column(found, "town")), _empty_to_null(source), reason)
    for column, values in zip(PLACE_COLUMNS, told, strict=True):
        table = table.append_column(column.name, values)
    return table


def _look_up(addresses: pa.Array, gazetteer: Gazetteer | None, municipality: str) -> pa.Table:
    if gazetteer is not None:
        return place(addresses, gazetteer, municipality=municipality)
    nothing, count = pa.nulls(len(addresses), pa.string()), len(addresses)
    return pa.table(
        {
            "level": pa.array(["none"] * count, pa.string()),
            "lon": pa.nulls(count, pa.float64()),
            "lat": pa.nulls(count, pa.float64()),
            "town": nothing,
            "source": nothing,
            "reason": pa.array(["disaster.no_gazetteer"] * count, pa.string()),
        }
    )


def _column(table: pa.Table, name: str) -> pa.Array:
    return table.column(name).combine_chunks()


def _empty_to_null(text: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(text, ""), _TEXT, text)


def _said(found: pa.Table) -> pa.Array:
    """Return the reasons in words, for people; null where there is nothing to say."""
    coded = _column(found, "reason").cast(pa.string()).dictionary_encode()
    sentences = [words(code) if code else None for code in coded.dictionary.to_pylist()]
    return pa.array(sentences, pa.string()).take(coded.indices)
