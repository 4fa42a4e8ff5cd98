"""街区レベル位置参照情報 of the Ministry of Land: a point for each 街区 or 地番, by names, without codes."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.crs import transformer
from geo.gazetteer.rows import Part, Sieve, degrees, key, named, numbers, one_a_key, rows_of, whole
from geo.gazetteer.scope import Scope

SOURCE = "mlit"
_ZONES = range(1, 20)
_FIRST_ZONE = 6668  # EPSG:6669 is zone I
_SCALE = "2500"  # 街区レベル位置参照情報 is read off maps of 1:2,500


def load_mlit(tables: Mapping[str, pa.Table], scope: Scope) -> Part:
    """Bring 街区レベル位置参照情報 to the common rows.

    ``住居表示フラグ`` 1 makes a 街区 (``block``), 0 a 地番 (``lot``). Of several points of one number the one with
    ``代表フラグ`` 1 counts; ``更新後履歴フラグ`` 3 is a number that was abolished. Where latitude and longitude are
    empty they follow from the plane coordinates, of which ``Ｘ座標`` is the northing (metres, zone ``座標系番号``).

    Parameters
    ----------
    tables
        ``mlit_block`` by role.
    scope
        Names, day, and what was asked for: rows are told by prefecture and city.
    """
    sieve = Sieve("mlit_block", tables["mlit_block"])
    town, koaza = named(sieve.text("大字・丁目名"), sieve.text("小字・通称名"))
    for name, values in (("_code", sieve.text("_code")), ("_town", town), ("_koaza", koaza)):
        sieve.add(name, values)  # there is no code: all are looked up by name
    scope.settle(sieve, code="_code", pref="都道府県名", city="市区町村名", town="_town")
    sieve.drop(pc.equal(sieve.text("更新後履歴フラグ"), "3"), "abolished")
    sieve.drop(pc.equal(sieve.text("代表フラグ"), "0"), "not_representative")
    sieve.drop(pc.equal(sieve.text("_town"), ""), "no_name")
    sieve.add("number", pc.utf8_normalize(sieve.text("街区符号・地番"), form="NFKC"))
    sieve.drop(pc.equal(sieve.text("number"), ""), "no_number")
    lon, lat = _points(sieve)
    names = {
        "municipality": sieve.text("municipality"), "town": sieve.text("_town"),
        "koaza": sieve.text("_koaza"), "former": sieve.text("former"),
    }  # fmt: skip
    names["pref"], names["city"] = scope.official(names["municipality"])
    place = key(names["municipality"], names["town"], names["koaza"])
    kind = pc.if_else(pc.equal(sieve.text("住居表示フラグ"), "1"), "block", "lot")
    count = sieve.table.num_rows
    found = rows_of(count, {
        **names, "kind": kind, "number": sieve.text("number"), "lon": lon, "lat": lat,
        "scale": whole(pa.array([_SCALE] * count, pa.string())),
    })  # fmt: skip
    once = one_a_key(found, key(place, kind, sieve.text("number")))
    towns = one_a_key(rows_of(count, names), place).rows
    return Part(SOURCE, pa.concat_tables([towns, once.rows]).combine_chunks(), (sieve.account(once),))


def _points(sieve: Sieve) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    lon, lat = degrees(sieve.text("経度"), sieve.text("緯度"))
    north, east, zone = (numbers(sieve.text(name)) for name in ("Ｘ座標", "Ｙ座標", "座標系番号"))
    for number in _ZONES:
        here = np.isnan(lon) & (zone == number) & ~np.isnan(north) & ~np.isnan(east)
        if here.any():
            lon[here], lat[here] = transformer(f"EPSG:{_FIRST_ZONE + number}").transform(east[here], north[here])
    return lon, lat
