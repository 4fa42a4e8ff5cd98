"""The Address Base Registry of the Digital Agency: 町字, 住居表示 and 地番 with their 位置参照拡張."""

from collections.abc import Mapping
from contextlib import suppress

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.crs import notes, transformer
from geo.errors import CrsError
from geo.gazetteer.rows import (
    ROWS,
    SAME_NUMBER_M,
    SAME_TOWN_M,
    Account,
    Part,
    Sieve,
    column,
    degrees,
    joined,
    key,
    named,
    one_a_key,
    rows_of,
    text,
    whole,
)
from geo.gazetteer.scope import Scope
from geo.read.model import Note

SOURCE = "abr"

_TOWN = ("lg_code", "machiaza_id")
#: Per sort of number: its kind, the columns that name it within its town, the columns of the number itself.
_NUMBERS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "abr_block": ("block", ("blk_id",), ("blk_num",)),
    "abr_dwelling": ("dwelling", ("blk_id", "rsdt_id", "rsdt2_id"), ("blk_num", "rsdt_num", "rsdt_num2")),
    "abr_parcel": ("lot", ("prc_id",), ("prc_num1", "prc_num2", "prc_num3")),
}
#: When the point was surveyed, where the file says so.
_VINTAGES = ("rsdt_addr_data_mnt_date", "pos_data_mnt_year")


def load_abr(tables: Mapping[str, pa.Table], scope: Scope) -> Part:
    """Bring tables of the registry to the common rows.

    Towns come from ``abr_town``, numbers from ``abr_block``, ``abr_dwelling`` and ``abr_parcel``, each with its point
    from the table of the same name and ``_pos``, if that was given; a town or number without one stays, without a
    point. The reference system is taken row by row from ``rep_srid``: one file holds JGD2000 and JGD2011.

    Parameters
    ----------
    tables
        By role (`geo.gazetteer.recognise.ROLES`), all columns text; absent ones are not needed, but numbers without
        the row of their town are dropped.
    scope
        Names, day, and what was asked for.
    """
    towns, machiaza, accounts = _towns(tables, scope)
    parts = [towns]
    for role in _NUMBERS:
        if role in tables:
            rows, told = _numbers(role, tables, machiaza, towns, scope)
            parts.append(rows)
            accounts += told
    accounts += _alone(tables, {account.role for account in accounts})
    return Part(SOURCE, pa.concat_tables(parts).combine_chunks(), tuple(accounts), _notes(tables))


def _towns(tables: Mapping[str, pa.Table], scope: Scope) -> tuple[pa.Table, pa.Table, list[Account]]:
    """Return the towns, the key of every 町字 beside that of its town, and the accounts."""
    if "abr_town" not in tables:
        return ROWS.empty_table(), pa.table({"key": pa.array([], pa.string()), "town": pa.array([], pa.string())}), []
    sieve = Sieve("abr_town", tables["abr_town"])
    _in_force(sieve, scope)
    _with_names(sieve)
    scope.settle(sieve, code="lg_code", pref="pref", city="_city", town="_town")
    sieve.drop(pc.equal(sieve.text("_town"), ""), "no_name")
    keys = _keys(sieve, _TOWN)
    points, told = _points("abr_town_pos", tables, _TOWN, keys, scope)
    postal = sieve.text("post_code")
    pref, city = scope.official(sieve.text("municipality"))
    towns = key(*(sieve.text(name) for name in ("municipality", "_town", "_koaza")))
    rows = rows_of(sieve.table.num_rows, {
        "municipality": sieve.text("municipality"), "pref": pref, "city": city,
        "town": sieve.text("_town"), "koaza": sieve.text("_koaza"), **points,
        "postal_code": pc.if_else(pc.match_substring_regex(postal, "^[0-9]{7}$"), postal, ""),
    })  # fmt: skip
    once = one_a_key(rows, towns, within_m=SAME_TOWN_M)
    machiaza = pa.table({"key": keys, "town": towns})
    return once.rows, machiaza, [sieve.account(once), *told]


def _numbers(
    role: str, tables: Mapping[str, pa.Table], machiaza: pa.Table, towns: pa.Table, scope: Scope
) -> tuple[pa.Table, list[Account]]:
    kind, ids, parts = _NUMBERS[role]
    sieve = Sieve(role, tables[role])
    _only_wanted(sieve, scope)
    _in_force(sieve, scope)
    at = pc.index_in(_keys(sieve, _TOWN), value_set=machiaza.column("key"))
    sieve.drop(at.is_null(), "no_town")
    number = joined(*(pc.utf8_normalize(sieve.text(name), form="NFKC") for name in parts), by="-")
    empty = pc.equal(number, "")
    sieve.drop(empty, "no_number")
    number = number.filter(pc.invert(empty))
    keys = _keys(sieve, (*_TOWN, *ids))
    points, told = _points(f"{role}_pos", tables, (*_TOWN, *ids), keys, scope)
    names = machiaza.column("town").take(at.drop_null().filter(pc.invert(empty))).combine_chunks()
    town = pc.index_in(names, value_set=key(*(column(towns, name) for name in ("municipality", "town", "koaza"))))
    of_town = {name: column(towns, name).take(town) for name in ("municipality", "pref", "city", "town", "koaza")}
    rows = rows_of(len(number), {**of_town, "kind": kind, "number": number, **points})
    once = one_a_key(rows, key(names, number))
    return once.rows, [sieve.account(once), *told]


def _points(
    role: str, tables: Mapping[str, pa.Table], ids: tuple[str, ...], keys: pa.Array, scope: Scope
) -> tuple[dict[str, pa.Array], list[Account]]:
    """Return lon, lat, scale and vintage for rows with these keys, and the account of the file of points."""
    if role not in tables:
        return {}, []
    sieve = Sieve(role, tables[role])
    _only_wanted(sieve, scope)
    sieve.drop(pc.invert(pc.is_in(_keys(sieve, ids), value_set=keys)), "no_row")
    lon, lat = degrees(sieve.text("rep_lon"), sieve.text("rep_lat"))
    empty = np.isnan(lon)
    sieve.drop(empty, "bad_point")
    lon, lat = _to_jgd2011(lon[~empty], lat[~empty], sieve.text("rep_srid"))
    strange = np.isnan(lon)
    sieve.drop(strange, "bad_crs")
    vintage = next((sieve.text(name) for name in _VINTAGES if name in sieve.table.column_names), "")
    found = rows_of(sieve.table.num_rows, {
        "lon": lon[~strange], "lat": lat[~strange], "scale": whole(sieve.text("rep_scale")), "vintage": vintage,
        "number": _keys(sieve, ids),
    })  # fmt: skip
    within_m = SAME_TOWN_M if ids == _TOWN else SAME_NUMBER_M
    once = one_a_key(found, column(found, "number"), within_m=within_m)
    at = pc.index_in(keys, value_set=column(once.rows, "number"))
    lon, lat, scale, vintage = (column(once.rows, name).take(at) for name in ("lon", "lat", "scale", "vintage"))
    points = {"lon": lon, "lat": lat, "scale": pc.fill_null(scale, 0), "vintage": pc.fill_null(vintage, "")}
    return points, [sieve.account(once, joins=True)]


def _to_jgd2011(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], srid: pa.Array
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Bring each row to JGD2011 by its own reference system; NaN where that is missing or cannot be used."""
    x, y = np.full(len(lon), np.nan), np.full(len(lat), np.nan)
    coded = srid.dictionary_encode()
    which = coded.indices.to_numpy()
    for number, name in enumerate(coded.dictionary.to_pylist()):
        here = which == number
        try:
            x[here], y[here] = transformer(name).transform(lon[here], lat[here])
        except CrsError:
            continue
    return x, y


def _notes(tables: Mapping[str, pa.Table]) -> tuple[Note, ...]:
    """Return what is to be said of the reference systems in the files."""
    points = [table for role, table in tables.items() if role.endswith("_pos")]
    found = {name for table in points for name in text(table, "rep_srid").unique().to_pylist()}
    told: list[Note] = []
    for name in sorted(found - {""}):
        with suppress(CrsError):  # its rows are counted as unusable
            told += notes(name)
    return tuple(told)


def _only_wanted(sieve: Sieve, scope: Scope) -> None:
    """Drop what was not asked for before anything dear is done."""
    if (codes := scope.filed_under) is not None:
        code5 = pc.utf8_slice_codeunits(sieve.text("lg_code"), 0, 5)
        sieve.drop(pc.invert(pc.is_in(code5, value_set=pa.array(sorted(codes), pa.string()))), "elsewhere")


def _in_force(sieve: Sieve, scope: Scope) -> None:
    """Drop what was abolished by the day of the gazetteer, or is not in force yet."""
    gone, since = sieve.text("ablt_date"), sieve.text("efct_date")
    day = scope.on.isoformat()
    abolished = pc.and_(pc.not_equal(gone, ""), pc.less_equal(gone, day))
    sieve.drop(abolished, "abolished")
    sieve.drop(pc.greater(since.filter(pc.invert(abolished)), day), "not_yet")


def _with_names(sieve: Sieve) -> None:
    """Add the city with county and ward, the town with its 丁目, and the 小字."""
    city = pc.binary_join_element_wise(*(sieve.text(name) for name in ("county", "city", "ward")), "")
    oaza = pc.binary_join_element_wise(sieve.text("oaza_cho"), sieve.text("chome"), "")
    town, koaza = named(oaza, sieve.text("koaza"))
    for name, values in (("_city", city), ("_town", town), ("_koaza", koaza)):
        sieve.add(name, values)


def _keys(sieve: Sieve, names: tuple[str, ...]) -> pa.Array:
    return key(*(sieve.text(name) for name in names))


def _alone(tables: Mapping[str, pa.Table], told: set[str]) -> list[Account]:
    """Account for files of points that came without the file of what they are the points of."""
    return [
        Account(role, tables[role].num_rows, 0, 0, {"no_row": tables[role].num_rows})
        for role in ("abr_town_pos", "abr_block_pos", "abr_dwelling_pos", "abr_parcel_pos")
        if role in tables and role not in told
    ]
