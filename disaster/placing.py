"""Give rows a place and a town from their addresses; a place that the file gives itself is never moved."""

import pyarrow as pa
import pyarrow.compute as pc

from disaster.layouts.model import PLACE_NAMES
from disaster.models import PLACE_COLUMNS
from geo.faults import words
from geo.gazetteer import Gazetteer
from geo.place import place, with_postal_doubt

#: `place_source` of rows whose coordinates the file gave: people read it in sheets.
FROM_FILE = "元のファイル"
_ADDRESS, _NOTE, _POSTAL = "address", "note", "postal_code"
#: Rows that are placed at once: what they keep is a small part of what placing says of them.
_AT_ONCE = 100_000
_TEXT = pa.scalar(None, pa.string())


def placed(
    table: pa.Table, gazetteer: Gazetteer | None, *, municipality: str, remarks: pa.Array | None = None
) -> pa.Table:
    """Return the rows with ``place_level``, ``place_town``, ``place_source`` and ``place_reason``.

    Rows without coordinates get the point that the gazetteer has for their address (of its number where it holds
    numbers, else of its town); rows with coordinates keep them and get the address's level and town only. A row that
    cannot be placed stays without a point and says why. Rows of nouns without an address stay as they are.

    Parameters
    ----------
    table
        Checked rows.
    gazetteer
        Of the municipality; None places nothing.
    municipality
        Five digits.
    remarks
        What must stand beside the place that the file gives, a text a row or null (coordinates that could only be
        brought here roughly). It goes to ``place_reason``; in a noun without an address to the row's own ``note``.
    """
    if _ADDRESS not in table.column_names:
        return _noted(table, remarks)
    told = pa.concat_tables(
        _told(
            table.slice(start, _AT_ONCE), gazetteer, municipality,
            None if remarks is None else remarks.slice(start, _AT_ONCE),
        )
        for start in range(0, max(table.num_rows, 1), _AT_ONCE)
    )  # fmt: skip
    for name in told.column_names:
        if name in table.column_names:
            table = table.set_column(table.column_names.index(name), name, told.column(name))
        else:
            table = table.append_column(name, told.column(name))
    return table


def _told(table: pa.Table, gazetteer: Gazetteer | None, municipality: str, remarks: pa.Array | None) -> pa.Table:
    """Return what `placed` says of some rows: their place columns, and ``lon`` and ``lat`` if the rows have them."""
    addresses = pc.fill_null(_column(table, _ADDRESS), "")
    codes = _column(table, _POSTAL) if _POSTAL in table.column_names else None
    found = _look_up(addresses, gazetteer, municipality, codes)
    points: dict[str, pa.Array] = {}
    source, level, reason = _column(found, "source"), _column(found, "level"), _said(found)
    if PLACE_NAMES[0] in table.column_names:
        given = _column(table, PLACE_NAMES[0]).is_valid()
        points = {name: pc.if_else(given, _column(table, name), _column(found, name)) for name in PLACE_NAMES}
        source = pc.if_else(given, FROM_FILE, source)
        settled = pc.and_(given, pc.equal(addresses, ""))  # a point and no address: nothing is missing
        level, reason = (pc.if_else(settled, _TEXT, column) for column in (level, reason))
        if remarks is not None:
            reason = _both(pc.if_else(given, remarks, _TEXT), reason)
    said = (level, _empty_to_null(_column(found, "town")), _empty_to_null(source), reason)
    return pa.table(points | dict(zip((column.name for column in PLACE_COLUMNS), said, strict=True)))


def _noted(table: pa.Table, remarks: pa.Array | None) -> pa.Table:
    if remarks is None or _NOTE not in table.column_names:
        return table
    notes = _both(remarks, table.column(_NOTE).combine_chunks())
    return table.set_column(table.column_names.index(_NOTE), _NOTE, notes)


def _both(first: pa.Array, second: pa.Array) -> pa.Array:
    """Join two columns of sentences; null where neither says anything."""
    return _empty_to_null(pc.binary_join_element_wise(first, second, "", null_handling="skip"))


def postal_doubts(table: pa.Table) -> int:
    """Count placed rows whose postal code does not belong to their address."""
    if PLACE_COLUMNS[-1].name not in table.column_names:
        return 0
    said = pc.match_substring(table.column(PLACE_COLUMNS[-1].name), words("geo.place_postal_disagrees"))
    return int(pc.sum(said).as_py() or 0)


def _look_up(addresses: pa.Array, gazetteer: Gazetteer | None, municipality: str, codes: pa.Array | None) -> pa.Table:
    if gazetteer is not None:
        found = place(addresses, gazetteer, municipality=municipality)
        return found if codes is None else with_postal_doubt(found, codes, gazetteer)
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
