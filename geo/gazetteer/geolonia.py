"""Geolonia 住所データ: towns and 小字 of the whole country with a point each."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from geo.gazetteer.rows import SAME_TOWN_M, Part, Sieve, degrees, key, named, one_a_key, rows_of
from geo.gazetteer.scope import Scope

SOURCE = "geolonia"
_ROLES = ("geolonia", "geolonia_city")


def load_geolonia(tables: Mapping[str, pa.Table], scope: Scope) -> Part:
    """Bring the nationwide table and the lists of single municipalities to the common rows.

    Parameters
    ----------
    tables
        By role: ``geolonia`` (lg_code, pref, city, town, koaza, lat, lng; lg_code may be empty), ``geolonia_city``
        (the same; a list of one municipality has no columns lg_code, pref and city of its own: `with_file_name` adds
        them). WGS84 degrees, which are taken as JGD2011 as everywhere (`geo.crs`).
    scope
        Names, day, and what was asked for.
    """
    parts, accounts = [], []
    for role in _ROLES:
        if role not in tables:
            continue
        sieve = Sieve(role, tables[role])
        for name, values in zip(("_town", "_koaza"), named(sieve.text("town"), sieve.text("koaza")), strict=True):
            sieve.add(name, values)
        scope.settle(sieve, code="lg_code", pref="pref", city="city", town="_town")
        sieve.drop(pc.equal(sieve.text("_town"), ""), "no_name")
        lon, lat = degrees(sieve.text("lng"), sieve.text("lat"))
        names = {name.lstrip("_"): sieve.text(name) for name in ("municipality", "_town", "_koaza", "former")}
        pref, city = scope.official(names["municipality"])
        rows = rows_of(sieve.table.num_rows, {**names, "pref": pref, "city": city, "lon": lon, "lat": lat})
        keys = key(names["municipality"], names["town"], names["koaza"])
        once = one_a_key(rows, keys, within_m=SAME_TOWN_M)
        parts.append(once.rows)
        accounts.append(sieve.account(once))
    return Part(SOURCE, pa.concat_tables(parts).combine_chunks(), tuple(accounts))


def with_file_name(table: pa.Table, stem: str) -> pa.Table:
    """Return the list of one municipality with the columns lg_code (empty), pref and city.

    Parameters
    ----------
    table
        Columns town, koaza, lat, lng.
    stem
        Name of its file without the ending: prefecture and city joined by ``_`` (``架空県_潮見市``).
    """
    pref, _, city = stem.partition("_")
    for name, value in (("lg_code", ""), ("pref", pref), ("city", city)):
        table = table.append_column(name, pa.array([value] * table.num_rows, pa.string()))
    return table
