"""The towns of one municipality with a point each: what addresses are placed by."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geo.codes import readings
from geo.errors import PlaceError

#: Columns of a gazetteer. `lon` and `lat` in degrees (EPSG:6668) stand for the town, null where no point is known;
#: `town` is the official text with its 丁目, `koaza` the 小字 or empty; `source` and `vintage` say where a row is from.
SCHEMA = pa.schema(
    [
        pa.field("municipality", pa.string(), nullable=False),
        pa.field("pref", pa.string(), nullable=False),
        pa.field("city", pa.string(), nullable=False),
        pa.field("town", pa.string(), nullable=False),
        pa.field("koaza", pa.string(), nullable=False),
        pa.field("lon", pa.float64()),
        pa.field("lat", pa.float64()),
        pa.field("postal_code", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("vintage", pa.string(), nullable=False),
    ]
)

_OPTIONAL = frozenset({"koaza", "postal_code", "source", "vintage"})
_BOUNDS = {"lon": (122.0, 154.0), "lat": (20.0, 46.0)}


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The towns of one municipality.

    Attributes
    ----------
    municipality
        Code of five digits.
    pref, city
        Official names; `city` with its county and ward as the table writes it (``三戸郡五戸町``, ``札幌市中央区``).
    table
        The towns, columns as in `SCHEMA`, sorted by town and koaza.
    """

    municipality: str
    pref: str
    city: str
    table: pa.Table

    @classmethod
    def of(cls, table: pa.Table, *, municipality: str) -> "Gazetteer":
        """Make the gazetteer of a municipality from a table that may hold others too.

        Parameters
        ----------
        table
            Columns ``municipality`` (5 or 6 digits), ``pref``, ``city``, ``town``, ``lon``, ``lat`` and, if known,
            ``koaza``, ``postal_code``, ``source``, ``vintage``; numbers may be text. Other columns are left out.
        municipality
            Code of five digits.

        Raises
        ------
        PlaceError
            ``geo.gazetteer_column_missing``, ``geo.gazetteer_empty`` (no town of that municipality),
            ``geo.gazetteer_number`` (a coordinate that is no number), ``geo.gazetteer_outside`` (a point outside Japan)
            or ``geo.gazetteer_two_cities`` (one code with two names).
        """
        missing = [name for name in SCHEMA.names if name not in _OPTIONAL and name not in table.column_names]
        if missing:
            raise PlaceError("geo.gazetteer_column_missing", column="、".join(missing))
        towns = _towns_of(table, municipality)
        if not towns.num_rows:
            raise PlaceError("geo.gazetteer_empty", municipality=municipality)
        typed = pa.table([_typed(towns, field, municipality) for field in SCHEMA], schema=SCHEMA)
        names = typed.select(["pref", "city"]).group_by(["pref", "city"]).aggregate([])
        if names.num_rows > 1:
            shown = "、".join(sorted(pref + city for pref, city in zip(*names.to_pydict().values(), strict=True)))
            raise PlaceError("geo.gazetteer_two_cities", municipality=municipality, names=shown)
        ordered = typed.sort_by([(name, "ascending") for name in ("town", "koaza", "lon", "lat")])
        return cls(municipality, names["pref"][0].as_py(), names["city"][0].as_py(), ordered.combine_chunks())


def _towns_of(table: pa.Table, municipality: str) -> pa.Table:
    codes = table["municipality"].cast(pa.string())
    ours = [code for code in pc.unique(codes).to_pylist() if _denotes(code, municipality)]
    return table.filter(pc.is_in(codes, pa.array(ours, pa.string())))


def _denotes(code: str | None, municipality: str) -> bool:
    try:
        return bool(code) and municipality in readings(str(code))
    except PlaceError:
        return False


def _typed(towns: pa.Table, field: pa.Field, municipality: str) -> pa.Array:
    if field.name == "municipality":
        return pa.array([municipality] * towns.num_rows, pa.string())
    if field.name not in towns.column_names:
        return pa.array([""] * towns.num_rows, pa.string())
    column = towns[field.name].combine_chunks()
    if field.name not in _BOUNDS:
        return pc.fill_null(column.cast(pa.string()), "")
    return _degrees(column, field.name)


def _degrees(column: pa.Array, name: str) -> pa.Array:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.if_else(pc.equal(pc.utf8_trim_whitespace(column), ""), None, column)
    try:
        degrees = column.cast(pa.float64())
    except pa.ArrowInvalid as error:
        raise PlaceError("geo.gazetteer_number", column=name, value=_culprit(column)) from error
    values = degrees.to_numpy(zero_copy_only=False).astype(np.float64)
    low, high = _BOUNDS[name]
    outside = ~np.isnan(values) & ~((values >= low) & (values <= high))
    if outside.any():
        raise PlaceError("geo.gazetteer_outside", column=name, value=float(values[outside][0]), low=low, high=high)
    return pa.array(values, from_pandas=True)


def _culprit(column: pa.Array) -> str:
    """Return the first text that is no number."""
    for value in column.to_pylist():
        try:
            float(value or 0)
        except ValueError:
            return str(value)
    return ""
