"""The common table that every source is brought to, and the count of what became of each row that was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.read.model import Note

#: A row of a source: a town (`kind` empty) or a number in a town (`geo.gazetteer.model.NUMBER_KINDS`). `lon` and `lat`
#: in degrees (EPSG:6668), null where no point is known; `scale` 0 where it is not stated; `former` joined by 、.
ROWS = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in (
            "municipality", "pref", "city", "town", "koaza", "kind", "number",
        )),
        pa.field("lon", pa.float64()),
        pa.field("lat", pa.float64()),
        *(pa.field(name, pa.string(), nullable=False) for name in ("postal_code", "source", "vintage")),
        pa.field("scale", pa.int32(), nullable=False),
        pa.field("former", pa.string(), nullable=False),
    ]
)  # fmt: skip

#: Metres within which two points that one source gives for one number are the same place: half a city block.
SAME_NUMBER_M = 50.0
#: Metres within which two points can stand for one town.
SAME_TOWN_M = 1_000.0

_METRES_A_DEGREE = 111_195.0  # on the mean sphere of 6,371 km: good to 0.5 %
_LON, _LAT = (122.0, 154.0), (20.0, 46.0)
_NO_OAZA = "（大字なし）"  # what 位置参照情報, and Geolonia after it, writes for an empty 大字
_NUMBER = r"^[+-]?[0-9]+(\.[0-9]*)?$"


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the rows of one sort of file: ``read == taken + joined + sum(dropped.values())``.

    Attributes
    ----------
    role
        Sort of file, as `geo.gazetteer.recognise.ROLES` names it.
    read
        Rows in the files.
    taken
        Rows that became a town or a number.
    joined
        Rows that gave a point, a code or a name to a row of another file or of the same.
    dropped
        Reason (a key of `REASONS`) to count of the rows that gave nothing.
    pointless
        Of those taken: the file has points for them so far apart that none can be used.
    """

    role: str
    read: int
    taken: int
    joined: int
    dropped: Mapping[str, int]
    pointless: int = 0


#: Why a row gave nothing, in Japanese and English.
REASONS: Mapping[str, tuple[str, str]] = {
    "elsewhere": ("指定した市区町村でない", "of a municipality that was not asked for"),
    "unknown_municipality": ("市区町村コードが分からない", "municipality not known by code or name"),
    "abolished": ("廃止された", "abolished"),
    "not_yet": ("まだ効力がない", "not yet in force"),
    "duplicate": ("同じ行が既にある", "the same row is there already"),
    "not_needed": ("位置の表には要らない", "not needed for a gazetteer"),
    "two_points": ("同じものの点が離れて2つある", "two points apart for one thing"),
    "no_name": ("町名がない", "no name of a town"),
    "no_number": ("番号がない", "no number"),
    "no_town": ("町の行がない", "its town is not in the files"),
    "no_row": ("対応する行がない", "no row that it belongs to"),
    "bad_point": ("座標が空か日本の外", "coordinates empty or outside Japan"),
    "bad_crs": ("座標系が使えない", "reference system missing or not usable"),
    "not_representative": ("代表点でない", "not the representative point"),
    "continued": ("前の行の続き", "continues the row before"),
    "bad_postal_code": ("郵便番号が7桁でない", "postal code without seven digits"),
    "rest_of_city": ("町名でない（以下に掲載がない場合など）", "no town (the rest of the city)"),
    "building": ("ビルの階", "a floor of a building"),
    "several_towns": ("複数の町の列挙で一つの町でない", "a list of towns, not one"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one source gives.

    Attributes
    ----------
    source
        Key of `geo.gazetteer.merge.SOURCES`.
    rows
        Columns as in `ROWS`; towns are unique by (municipality, town, koaza), numbers by these, kind and number.
    accounts
        One for each sort of file that was given.
    notes
        What to tell people about it, as in `geo.read.model.RawSource`.
    """

    source: str
    rows: pa.Table = field(repr=False)
    accounts: tuple[Account, ...]
    notes: tuple[Note, ...] = ()


class Sieve:
    """The rows of one sort of file on their way into the table; what falls out is counted by its reason."""

    def __init__(self, role: str, table: pa.Table) -> None:
        self.role = role
        self.table = table.combine_chunks()
        self._read = table.num_rows
        self._dropped: dict[str, int] = {}

    def drop(self, where: pa.Array | npt.NDArray[np.bool_], reason: str) -> None:
        """Take out the rows where the mask is true."""
        mask = np.asarray(where, dtype=bool)
        if count := int(mask.sum()):
            self._dropped[reason] = self._dropped.get(reason, 0) + count
            self.table = self.table.filter(pa.array(~mask)).combine_chunks()

    def add(self, name: str, values: pa.Array) -> None:
        """Add a column."""
        self.table = self.table.append_column(name, values)

    def account(self, once: "Once", *, joins: bool = False) -> Account:
        """Close the account: the rows still here were made one a key, and were taken, or joined to others' rows."""
        dropped = self._dropped | ({"duplicate": once.duplicates} if once.duplicates else {})
        kept = once.rows.num_rows
        if joins and once.pointless:
            kept -= once.pointless
            dropped["two_points"] = once.pointless
        rest = self.table.num_rows - once.rows.num_rows - once.duplicates
        if joins:
            return Account(self.role, self._read, 0, kept + rest, dropped)
        return Account(self.role, self._read, kept, rest, dropped, once.pointless)

    def text(self, name: str) -> pa.Array:
        """Return a column without blanks around its values, missing ones empty; all empty if it is not there."""
        return text(self.table, name)


def column(table: pa.Table, name: str) -> pa.Array:
    """Return a column in one piece."""
    return table.column(name).combine_chunks()


def text(table: pa.Table, name: str) -> pa.Array:
    """Return a column of text without blanks around its values; missing values, or a missing column, as empty."""
    if name not in table.column_names:
        return pa.array(np.full(table.num_rows, "", dtype=object), pa.string())
    return pc.utf8_trim_whitespace(pc.fill_null(column(table, name).cast(pa.string()), ""))


def degrees(lon: pa.Array, lat: pa.Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return two columns of text as degrees, NaN in both where either is no number or outside Japan."""
    x, y = numbers(lon), numbers(lat)
    good = (x >= _LON[0]) & (x <= _LON[1]) & (y >= _LAT[0]) & (y <= _LAT[1])
    return np.where(good, x, np.nan), np.where(good, y, np.nan)


def numbers(values: pa.Array) -> npt.NDArray[np.float64]:
    """Return a column of text as numbers, NaN where it is none."""
    known = pc.match_substring_regex(values, _NUMBER)
    found: npt.NDArray[np.float64] = pc.if_else(known, values, None).cast(pa.float64()).to_numpy(zero_copy_only=False)
    return found


def whole(values: pa.Array) -> pa.Array:
    """Return a column of text as 32-bit whole numbers, 0 where it is none."""
    return pc.if_else(pc.match_substring_regex(values, "^[0-9]{1,9}$"), values, "0").cast(pa.int32())


def joined(*columns: pa.Array, by: str) -> pa.Array:
    """Join columns of text value by value, leaving out empty ones."""
    parts = [pc.if_else(pc.equal(one, ""), "", pc.binary_join_element_wise(by, one, "")) for one in columns]
    return pc.utf8_slice_codeunits(pc.binary_join_element_wise(*parts, ""), len(by))


def named(town: pa.Array, koaza: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return towns and 小字; a 小字 without a 大字 is the town itself (屋久島町安房, 本庄市台町)."""
    bare = pc.is_in(town, value_set=pa.array(["", _NO_OAZA]))
    return pc.if_else(bare, koaza, town), pc.if_else(bare, "", koaza)


def key(*columns: pa.Array) -> pa.Array:
    """Return one text a row that is equal only where all columns are."""
    return pc.binary_join_element_wise(*columns, "\x1f")


def metres(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64],
    other_lon: npt.NDArray[np.float64], other_lat: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:  # fmt: skip
    """Return the distances in metres between points in degrees, good to 1 % within Japan."""
    east = (lon - other_lon) * np.cos(np.radians((lat + other_lat) / 2))
    distances: npt.NDArray[np.float64] = np.hypot(east, lat - other_lat) * _METRES_A_DEGREE
    return distances


def rows_of(count: int, columns: Mapping[str, object]) -> pa.Table:
    """Return a table as in `ROWS`; columns that are not given are empty, points NaN or not given are null."""
    made = []
    for one in ROWS:
        given = columns.get(one.name)
        if one.name in ("lon", "lat"):
            values = np.full(count, np.nan) if given is None else given
            made.append(pa.array(values, pa.float64(), from_pandas=True))
        elif given is None or isinstance(given, str):
            made.append(pa.array(np.full(count, 0 if one.name == "scale" else given or "", dtype=object), one.type))
        else:
            made.append(given)
    return pa.table(made, schema=ROWS)


@dataclass(frozen=True, slots=True, eq=False)
class Once:
    """Rows made one a key, how many were left out for that, and how many of those kept lost their point."""

    rows: pa.Table = field(repr=False)
    duplicates: int
    pointless: int


def one_a_key(rows: pa.Table, keys: pa.Array, *, within_m: float = SAME_NUMBER_M) -> Once:
    """Keep one row a key, whatever order they came in.

    Where one thing has points farther apart than `within_m` metres, which one is right cannot be told: it keeps none.
    """
    count = rows.num_rows
    ordered = rows.append_column("_key", keys).sort_by(
        [("_key", "ascending"), *((name, "ascending") for name in (
            "lon", "lat", "town", "koaza", "postal_code", "vintage", "scale", "former",
        ))]
    ).combine_chunks()  # fmt: skip
    codes = column(ordered, "_key")
    starts = np.flatnonzero(np.r_[True, np.asarray(pc.not_equal(codes[1:], codes[:-1]))]) if count else np.empty(0, int)
    ordered = ordered.drop_columns(["_key"])
    if len(starts) == count:
        return Once(ordered, 0, 0)
    lon, lat = (ordered.column(name).to_numpy() for name in ("lon", "lat"))
    group = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, count]))
    apart = np.zeros(len(starts))
    np.fmax.at(apart, group, metres(lon, lat, lon[starts][group], lat[starts][group]))
    lost = apart > within_m
    kept = ordered.take(pa.array(starts)).combine_chunks()
    for name in ("lon", "lat"):
        at = kept.schema.get_field_index(name)
        kept = kept.set_column(at, ROWS.field(name), pc.if_else(pa.array(lost), None, column(kept, name)))
    return Once(kept, count - len(starts), int(lost.sum()))
