"""Attributes and places put together into the table of a file."""

from collections import Counter
from collections.abc import Iterable

import pyarrow as pa

from geo.errors import ReadError
from geo.read.columns import as_text, is_binary
from geo.read.geometry import to_places
from geo.read.limits import Limits
from geo.read.model import GEOMETRY, Note, Parsed


def check_names(names: list[str], file: str) -> None:
    """Refuse a table with two columns of one name."""
    doubled = [name for name, count in Counter(names).items() if count > 1]
    if doubled:
        raise ReadError("geo.columns_doubled", file=file, columns="、".join(f"「{name}」" for name in doubled[:10]))


def check_cells(rows: int, columns: int, limits: Limits, file: str) -> None:
    """Refuse a table that has far more cells than its file has values: one row may name columns for all others."""
    if rows * columns > limits.cells:
        raise ReadError("geo.table_cells_limit", file=file, rows=rows, columns=columns, limit=f"{limits.cells:,}")


def unique_names(names: Iterable[str]) -> list[str]:
    """Tell apart by a number names that are equal."""
    taken: set[str] = set()
    result = []
    for name in names:
        number, unique = 1, name
        while unique in taken:
            number += 1
            unique = f"{name}_{number}"
        taken.add(unique)
        result.append(unique)
    return result


def with_places(
    attributes: pa.Table, wkb: pa.Array, crs: str, limits: Limits, file: str, *, encoding: str | None = None,
    part: str | None = None, notes: tuple[Note, ...] = (), accept_inaccurate: bool = False,
) -> Parsed:  # fmt: skip
    """Return attributes as text beside their places in JGD2011.

    Raises
    ------
    ReadError
        If there are no rows, two columns have one name, or as `geo.read.geometry.to_places`.
    """
    if len(wkb) == 0:
        raise ReadError("geo.no_rows", file=file)
    places = to_places(wkb, crs, limits, file, accept_inaccurate=accept_inaccurate)
    texts, left_out = text_columns(attributes, file)
    columns = {_beside_geometry(name, texts.column_names): texts.column(name) for name in texts.column_names}
    table = pa.table({**columns, GEOMETRY: places.wkb})
    remarks = notes + left_out + places.notes
    return Parsed(table, encoding, crs, part, places.bad, remarks, place_remark=places.remark)


def text_columns(table: pa.Table, file: str) -> tuple[pa.Table, tuple[Note, ...]]:
    """Return the columns as text, and remarks on those that are bytes and therefore left out.

    Raises
    ------
    ReadError
        If two columns have one name.
    """
    check_names(table.column_names, file)
    binary = [field.name for field in table.schema if is_binary(field.type)]
    names = [name for name in table.column_names if name not in binary]
    remarks = tuple[Note, ...](("geo.note_column_not_read", {"column": name}) for name in binary)
    return pa.table({name: as_text(table.column(name)) for name in names}), remarks


def _beside_geometry(name: str, taken: list[str]) -> str:
    """Return another name for an attribute that is itself called ``geometry``."""
    if name != GEOMETRY:
        return name
    return next(free for number in range(1, len(taken) + 2) if (free := f"{GEOMETRY}_{number}") not in taken)
