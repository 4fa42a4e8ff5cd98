"""The towns and numbers of one municipality with a point each: what addresses are placed by."""

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

#: Columns of the numbers of a gazetteer: 街区, 住居番号 and 地番. `town` is a row of the towns; `kind` is ``block``
#: (街区), ``dwelling`` (住居番号) or ``lot`` (地番); `number` the numbers in Arabic digits joined by hyphens (``2-6``
#: is 2番6号 or 2番地6); `lon` and `lat` in degrees (EPSG:6668), null where the number is known and its place is not;
#: `scale` the denominator of the map that the point was read from (2500), 0 where it is not known.
NUMBERS = pa.schema(
    [
        pa.field("town", pa.int32(), nullable=False),
        pa.field("kind", pa.dictionary(pa.int8(), pa.string()), nullable=False),
        pa.field("number", pa.string(), nullable=False),
        pa.field("lon", pa.float64()),
        pa.field("lat", pa.float64()),
        pa.field("source", pa.dictionary(pa.int16(), pa.string()), nullable=False),
        pa.field("vintage", pa.dictionary(pa.int16(), pa.string()), nullable=False),
        pa.field("scale", pa.int32(), nullable=False),
    ]
)

#: What a row of a table of places can be, in the column ``kind``; empty for a town.
NUMBER_KINDS = ("block", "dwelling", "lot")

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
    numbers
        The numbers in them, columns as in `NUMBERS`, sorted by town, kind and number; none where they are not known.
    former
        Names that the municipality or its parts bore before a merger (``浜松市中区``): addresses still carry them.
    """

    municipality: str
    pref: str
    city: str
    table: pa.Table
    numbers: pa.Table
    former: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: pa.Table, *, municipality: str) -> "Gazetteer":
        """Make the gazetteer of a municipality from a table that may hold others too.

        Parameters
        ----------
        table
            Columns ``municipality`` (5 or 6 digits), ``pref``, ``city``, ``town``, ``lon``, ``lat`` and, if known,
            ``koaza``, ``postal_code``, ``source``, ``vintage``, ``former`` (joined by 、); numbers may be text. A row
            whose ``kind`` is one of `NUMBER_KINDS` is a number of its town, with the columns ``number`` and ``scale``.
            Other columns are left out.
        municipality
            Code of five digits.

        Raises
        ------
        PlaceError
            ``geo.gazetteer_column_missing``, ``geo.gazetteer_empty`` (no town of that municipality),
            ``geo.gazetteer_number`` (a coordinate that is no number), ``geo.gazetteer_outside`` (a point outside
            Japan), ``geo.gazetteer_two_cities`` (one code with two names), ``geo.gazetteer_kind`` (a row that is
            neither a town nor a known kind of number) or ``geo.gazetteer_number_astray`` (its town is not there).
        """
        missing = [name for name in SCHEMA.names if name not in _OPTIONAL and name not in table.column_names]
        if missing:
            raise PlaceError("geo.gazetteer_column_missing", column="、".join(missing))
        rows = _rows_of(table, municipality)
        is_number = _is_number(rows)
        towns = rows.filter(pc.invert(is_number))
        if not towns.num_rows:
            raise PlaceError("geo.gazetteer_empty", municipality=municipality)
        typed = pa.table([_typed(towns, field, municipality) for field in SCHEMA], schema=SCHEMA)
        pref, city = _names(typed, municipality)
        ordered = typed.sort_by(_ascending("town", "koaza", "lon", "lat")).combine_chunks()
        numbers = _numbers(rows.filter(is_number), ordered)
        return cls(municipality, pref, city, ordered, numbers, _former(towns))


def _rows_of(table: pa.Table, municipality: str) -> pa.Table:
    codes = table["municipality"].cast(pa.string())
    ours = [code for code in pc.unique(codes).to_pylist() if _denotes(code, municipality)]
    return table.filter(pc.is_in(codes, pa.array(ours, pa.string())))


def _denotes(code: str | None, municipality: str) -> bool:
    try:
        return bool(code) and municipality in readings(str(code))
    except PlaceError:
        return False


def _is_number(rows: pa.Table) -> pa.Array:
    """Tell which rows are numbers of a town, not towns themselves."""
    if "kind" not in rows.column_names:
        return pa.array(np.zeros(rows.num_rows, dtype=bool))
    kinds = pc.fill_null(rows["kind"].cast(pa.string()), "")
    strange = set(pc.unique(kinds).to_pylist()) - {"", *NUMBER_KINDS}
    if strange:
        raise PlaceError("geo.gazetteer_kind", kind=min(strange), kinds=", ".join(NUMBER_KINDS))
    return pc.not_equal(kinds, "").combine_chunks()


def _names(towns: pa.Table, municipality: str) -> tuple[str, str]:
    names = towns.select(["pref", "city"]).group_by(["pref", "city"]).aggregate([])
    if names.num_rows > 1:
        shown = "、".join(sorted(pref + city for pref, city in zip(*names.to_pydict().values(), strict=True)))
        raise PlaceError("geo.gazetteer_two_cities", municipality=municipality, names=shown)
    return names["pref"][0].as_py(), names["city"][0].as_py()


def _former(towns: pa.Table) -> tuple[str, ...]:
    if "former" not in towns.column_names:
        return ()
    lists = pc.unique(pc.fill_null(towns["former"].cast(pa.string()), "")).to_pylist()
    return tuple(sorted({name for text in lists for name in text.split("、") if name}))


def _numbers(rows: pa.Table, towns: pa.Table) -> pa.Table:
    """Return the numbers, each with the row of its town."""
    if not rows.num_rows:
        return NUMBERS.empty_table()
    at = pc.index_in(_town_keys(rows), value_set=_town_keys(towns))
    if at.null_count:
        lost = rows.filter(at.is_null())
        town = f"{lost['town'][0]}{lost['koaza'][0] if 'koaza' in lost.column_names else ''}"
        raise PlaceError("geo.gazetteer_number_astray", town=town, count=lost.num_rows)
    kind, number = _text(rows, "kind"), _text(rows, "number")
    keys = pa.table({"town": at, "kind": kind, "number": number})
    order = pc.sort_indices(keys, _ascending(*keys.column_names))
    columns = {"town": at, "kind": kind, "number": number, "scale": _scale(rows)}
    for name in ("lon", "lat"):
        columns[name] = _degrees(rows[name].combine_chunks(), name)
    for name in ("source", "vintage"):
        columns[name] = _text(rows, name)
    return pa.table([columns[one.name].take(order).cast(one.type) for one in NUMBERS], schema=NUMBERS)


def _ascending(*names: str) -> list[tuple[str, str]]:
    return [(name, "ascending") for name in names]


def _town_keys(rows: pa.Table) -> pa.Array:
    return pc.binary_join_element_wise(_text(rows, "town"), _text(rows, "koaza"), "\x1f")


def _text(rows: pa.Table, name: str) -> pa.Array:
    if name not in rows.column_names:
        return pa.array([""] * rows.num_rows, pa.string())
    return pc.fill_null(rows[name].combine_chunks().cast(pa.string()), "")


def _scale(rows: pa.Table) -> pa.Array:
    text = _text(rows, "scale")
    known = pc.match_substring_regex(text, r"^[0-9]{1,9}$")
    return pc.if_else(known, text, "0").cast(pa.int32())


def _typed(towns: pa.Table, field: pa.Field, municipality: str) -> pa.Array:
    if field.name == "municipality":
        return pa.array([municipality] * towns.num_rows, pa.string())
    if field.name not in _BOUNDS:
        return _text(towns, field.name)
    return _degrees(towns[field.name].combine_chunks(), field.name)


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
