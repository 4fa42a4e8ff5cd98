"""Addresses of real facilities whose place is known: does a placed town lie where the facility stands?

    python benchmarks/address_truth.py [--data FOLDER] [--show 40]

The lists are open data with an address and coordinates each (shelters of thirteen municipalities, the facilities of two
cities and a prefecture, temporary housing). Nobody wrote down the official town of an address there, so two independent
witnesses judge a town that was placed:

1. the letters: the longest town name of the gazetteer with which the address goes on behind the city, read by the
   plain reader of `benchmarks.plain_place`;
2. the ground: how far the facility stands from the town that was placed, and from the town that was read.

A town that both name is right. One that the letters contradict is **wrong**, unless the facility stands nearer to
it than to the town that was read, or both are one place (points within 300 m), or one is a part of the other (a 丁目
or 小字 and its town: coarser, not wrong). A point more than 6 km away is **wrong** if another town of that name is
nearer; if there is none, the list contradicts itself (a mistyped coordinate, a mountain village of 10 km): **list in
doubt**. These rules were made by looking at every row on which placing, letters and ground did not agree. An address
that names another municipality than its list is judged apart: it must get no town.
"""

import argparse
import csv
import gzip
import io
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.address_gazetteers import build_all
from benchmarks.plain_place import PlainTowns, fold, split_county
from geo.gazetteer import Gazetteer
from geo.place import place

DATA = Path(__file__).resolve().parent.parent.parent / "shared/data"
#: A facility farther than this from the point of its town is looked at again: the largest town areas of the lists
#: (mountain villages of 都城 and 能登) reach 6 km from their point.
FAR_M = 6_000.0
SAME_PLACE_M = 300.0
_SHOWN = ("municipality", "address", "level", "town", "read", "town_m", "read_m", "reason")
TOWN_LEVELS = ("town", "chome", "block", "number")
AIM_TOWN_LEVEL, AIM_WRONG_TOWN = 0.995, 0.001
#: Cities with wards: the wards have codes of their own, and addresses are declared by ward.
WARDS = {"11100": range(11101, 11111), "14150": range(14151, 14154), "43100": range(43101, 43106)}


@dataclass(frozen=True)
class _Table:
    """Where the tables of one publisher keep address and place."""

    pattern: str
    address: str
    lat: str = "緯度"
    lon: str = "経度"
    municipality: str = "22212"
    encoding: str = "utf-8-sig"


_TABLES = (
    _Table("yaizu/shelters/222127_*.csv", "住所"),
    _Table("yaizu/emergency_sites/222127_*.csv", "住所"),
    _Table("yaizu/tsunami_buildings/222127_*.csv", "住所"),
    _Table("yaizu/care_facilities/yohairyosya.csv", "所在地", encoding="cp932"),
    _Table("yaizu/cooling_shelters_incl_post_offices/machi*.csv", "所在地"),
    _Table("yaizu/city_offices/222127_*.csv", "住所"),
    _Table("yaizu/community_centers/222127_*.csv", "住所"),
    _Table("yaizu/disaster_warehouses/222127_*.csv", "住所"),
    _Table("yaizu/flood_fighting_warehouses/222127_*.csv", "住所"),
    _Table("yaizu/first_aid_sites/222127_*.csv", "住所"),
    _Table("yaizu/relief_hospitals/222127_*.csv", "住所"),
    _Table("yaizu/heliports/222127_*.csv", "住所"),
    _Table("yaizu/sandbag_stations/222127_*.csv", "住所"),
    _Table("yaizu/water_tanks/222127_*.csv", "住所"),
    _Table("yaizu/pa_speakers/222127_*.csv", "住所"),
    _Table("yaizu/wells/saigai*.csv", "住所"),
    _Table("yaizu/disaster_waste_sites/災害*.csv", "住所（位置情報）"),
    _Table("noto/nanao_open_shelters/reference_data.csv", "所在地_連結表記", municipality="17202"),
    _Table("ishikawa_public_facilities/*_facility.csv", "所在地_連結表記", municipality="", encoding="cp932"),
)

Placer = Callable[[pd.Series, Gazetteer], pd.DataFrame]


# ---------------------------------------------------------------------------------------------------------- the lists


def facilities(data: Path) -> pd.DataFrame:
    """Return every facility with an address: columns source, municipality (five digits), address, lon, lat."""
    rows = [*_gsi(data), *_csv_tables(data), *_housing(data)]
    table = pd.DataFrame(rows, columns=["source", "municipality", "address", "lon", "lat"])
    table["address"] = table["address"].fillna("")
    table = table[(table["address"].str.strip() != "") & table["lon"].between(122, 154) & table["lat"].between(20, 46)]
    return table.drop_duplicates().reset_index(drop=True)


def _gsi(data: Path) -> Iterator[tuple[str, str, str, float, float]]:
    for path in sorted((data / "gsi_shelters").glob("e*/*.json")):
        for feature in json.loads(path.read_text(encoding="utf-8")).get("features", ()):
            lon, lat = feature["geometry"]["coordinates"]
            yield f"gsi/{path.parent.name}/{path.stem}", path.stem[:5], feature["properties"]["住所"], lon, lat


def _csv_tables(data: Path) -> Iterator[tuple[str, str, str, float, float]]:
    for table in _TABLES:
        for path in sorted(data.glob(table.pattern)):
            if path.name == "attributes.csv":
                continue
            for row in csv.DictReader(io.StringIO(path.read_text(encoding=table.encoding))):
                code = table.municipality or _by_name(row)
                where = _degrees(row.get(table.lon)), _degrees(row.get(table.lat))
                yield str(path.parent.relative_to(data)), code, row[table.address], *where


def _housing(data: Path) -> Iterator[tuple[str, str, str, float, float]]:
    to_degrees = pyproj.Transformer.from_crs(3857, 6668, always_xy=True)
    for path in sorted((data / "noto/temporary_housing").glob("*.geojson")):
        for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
            lon, lat = to_degrees.transform(*feature["geometry"]["coordinates"][:2])
            held = feature["properties"]
            yield "noto/temporary_housing", f"石川県{held['自治体名']}", held["住所"], lon, lat


def _by_name(row: dict[str, str]) -> str:
    return row["所在地_都道府県"] + row["所在地_市区町村"]


def _degrees(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")


# ------------------------------------------------------------------------------------------------- the municipalities


def towns_of_japan(data: Path) -> pd.DataFrame:
    """Return the nationwide towns with the columns of `Gazetteer.of`."""
    with gzip.open(data / "addresses/towns_geolonia.csv.gz", "rt", encoding="utf-8") as file:
        towns = pd.read_csv(file, dtype={"lg_code": str}, keep_default_na=False, na_values={"lat": [""], "lng": [""]})
    towns = towns.rename(columns={"lng": "lon", "lg_code": "municipality"})
    return towns.assign(municipality=towns["municipality"].str[:5])


def declare(table: pd.DataFrame, towns: pd.DataFrame) -> pd.DataFrame:
    """Give every facility the code its address would be declared under: named municipalities, wards by the text."""
    known = towns[["municipality", "pref", "city"]].drop_duplicates("municipality")
    names = known.set_index(known["pref"] + known["city"])["municipality"].to_dict()
    names |= {pref + split_county(city)[1]: code for code, pref, city in known.itertuples(index=False)}
    told = {text: _code_of(text, names) for text in table["municipality"].unique()}
    codes = table["municipality"].map(told)
    for city, wards in WARDS.items():
        ours = codes.index[codes == city]
        codes.loc[ours] = _wards(table.loc[ours], towns[towns["municipality"].isin([str(ward) for ward in wards])])
    return table.assign(municipality=codes)


def _code_of(text: str, names: dict[str, str]) -> str:
    """Return a code as it is, else that of the municipality with which the text begins (lists go on with a town)."""
    if text.isdigit():
        return text
    return names[max((name for name in names if text.startswith(name)), key=len)]


def _wards(rows: pd.DataFrame, towns: pd.DataFrame) -> list[str]:
    """Return for each facility the ward that its address names, else the one with the nearest town."""
    names = towns[["municipality", "city"]].drop_duplicates()
    wards = {city.partition("市")[2]: code for code, city in names.itertuples(index=False)}
    held = towns.dropna(subset=["lon"])
    codes, lon, lat = (held[name].to_numpy() for name in ("municipality", "lon", "lat"))
    named = [next((code for ward, code in wards.items() if ward in text), "") for text in rows["address"]]
    return [
        code or str(codes[int(metres(lon, lat, *at).argmin())]) for code, at in zip(named, _places(rows), strict=True)
    ]


def metres(lon: object, lat: object, to_lon: object, to_lat: object) -> np.ndarray:
    """Return distances in metres between points in degrees, good to 0.5 % below 20 km."""
    north = np.asarray(to_lat, float) - np.asarray(lat, float)
    east = (np.asarray(to_lon, float) - np.asarray(lon, float)) * np.cos(np.radians(np.asarray(to_lat, float)))
    return np.asarray(np.hypot(north, east) * 111_195.0)


# ----------------------------------------------------------------------------------------------------------- the judge


def judge(table: pd.DataFrame, gazetteers: dict[str, Gazetteer], placer: Placer) -> pd.DataFrame:
    """Return the facilities with what was placed and a verdict each (see the top of this module)."""
    parts = [
        _judge_one(group.reset_index(drop=True), gazetteers[code], placer)
        for code, group in table.groupby("municipality")
        if code in gazetteers
    ]
    return pd.concat(parts, ignore_index=True)


def _judge_one(rows: pd.DataFrame, gazetteer: Gazetteer, placer: Placer) -> pd.DataFrame:
    towns = gazetteer.table.to_pandas()
    plain = PlainTowns.of(towns, gazetteer.numbers.slice(0, 0).to_pandas(), pref=gazetteer.pref, city=gazetteer.city)
    placed = placer(rows["address"], gazetteer)
    rows = rows.join(placed[["level", "town", "reason", "n_candidates"]])
    rows["point_m"] = metres(placed["lon"], placed["lat"], rows["lon"], rows["lat"])
    rows["read"] = plain.read_towns(rows["address"])["name"]
    points = _Points.of(towns)
    keys = {name: fold(rows[name].fillna("")) for name in ("town", "read")}
    for name, column in keys.items():
        rows[f"{name}_m"] = [points.from_town(key, at) for key, at in zip(column, _places(rows), strict=True)]
    rows["elsewhere"] = _names_elsewhere(rows["address"], gazetteer)
    rows["verdict"] = [
        _verdict(row, placed, named, points)
        for row, placed, named in zip(rows.itertuples(), keys["town"], keys["read"], strict=True)
    ]
    return rows


def _places(rows: pd.DataFrame) -> Iterator[tuple[float, float]]:
    return zip(rows["lon"], rows["lat"], strict=True)


class _Points:
    """The points of the towns of a municipality by folded name."""

    def __init__(self, keys: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> None:
        self._keys, self._lon, self._lat = keys, lon, lat
        self._rows: dict[str, np.ndarray] = {}

    @classmethod
    def of(cls, towns: pd.DataFrame) -> "_Points":
        held = towns.dropna(subset=["lon"])
        keys = fold(held["town"] + held["koaza"]).to_numpy(dtype=object).astype(str)
        return cls(keys, held["lon"].to_numpy(float), held["lat"].to_numpy(float))

    def rows(self, key: str) -> np.ndarray:
        """Return the towns that bear the name, their 丁目 and 小字 included."""
        if key not in self._rows:
            self._rows[key] = np.flatnonzero(np.char.startswith(self._keys, key)) if key else np.array([], int)
        return self._rows[key]

    def from_town(self, key: str, at: tuple[float, float]) -> float:
        """Return the metres from a place to the nearest point of a town, NaN where there is none."""
        rows = self.rows(key)
        return float(metres(self._lon[rows], self._lat[rows], *at).min()) if len(rows) else float("nan")

    def between(self, one: str, other: str) -> float:
        """Return the metres between the nearest points of two towns."""
        rows = self.rows(other)
        return min((self.from_town(one, (self._lon[row], self._lat[row])) for row in rows), default=float("nan"))


def _names_elsewhere(addresses: pd.Series, gazetteer: Gazetteer) -> pd.Series:
    """Tell which addresses begin with a prefecture or city other than the declared one."""
    folded = fold(addresses)
    pref, city = fold(pd.Series([gazetteer.pref, split_county(gazetteer.city)[1]]))
    whole, named_pref = city.partition("市")[0] + "市" if "区" in city else city, folded.str.match("^.{2,3}[都道府県]")
    other_pref = named_pref & ~folded.str.startswith(pref)
    behind = folded.str.replace(f"^{pref}", "", regex=True).str.replace("^[^市区]{1,4}郡", "", regex=True)
    other_city = folded.str.startswith(pref) & behind.str.match("^[^0-9]{1,6}?[市町村]") & ~behind.str.startswith(whole)
    own_town = behind.str.startswith(tuple(fold(pd.Series(gazetteer.table["town"].unique().to_pylist()))))
    return other_pref | (other_city & ~own_town)


def _verdict(row: object, placed: str, named: str, points: _Points) -> str:  # noqa: PLR0911 one rule a line
    if row.elsewhere:  # type: ignore[attr-defined]
        return "elsewhere, town given" if placed else "elsewhere, refused"
    if row.level not in TOWN_LEVELS:  # type: ignore[attr-defined]
        return "no town"
    if not placed:
        return "several towns"
    placed_m, named_m, point_m = row.town_m, row.read_m, row.point_m  # type: ignore[attr-defined]
    if point_m > FAR_M >= placed_m:
        return "wrong town"
    if not named:
        return "no witness" if np.isnan(placed_m) else "wrong town" if placed_m > FAR_M else "right"
    if placed.startswith(named) or named.startswith(placed):
        return "list in doubt" if placed_m > FAR_M else "right"
    if points.between(placed, named) <= SAME_PLACE_M or placed_m < named_m:
        return "right"
    return "wrong town"


@dataclass(frozen=True)
class Shares:
    """What a judgement comes to."""

    rows: int
    town_level: float
    wrong_town: float
    verdicts: dict[str, int]

    @classmethod
    def of(cls, judged: pd.DataFrame) -> "Shares":
        """Count; addresses of another municipality are no part of the shares."""
        own = judged[~judged["elsewhere"]]
        verdicts = judged["verdict"].value_counts().to_dict()
        at_town = own["level"].isin(TOWN_LEVELS).mean()
        wrong = (own["verdict"] == "wrong town").mean()
        return cls(len(own), round(float(at_town), 5), round(float(wrong), 5), verdicts)


def by_place(addresses: pd.Series, gazetteer: Gazetteer) -> pd.DataFrame:
    """Place with Tayori."""
    return place(addresses, gazetteer, municipality=gazetteer.municipality).to_pandas()


def by_prefix(addresses: pd.Series, gazetteer: Gazetteer) -> pd.DataFrame:
    """Place with the plain longest prefix."""
    towns, numbers = gazetteer.table.to_pandas(), gazetteer.numbers.to_pandas()
    plain = PlainTowns.of(towns, numbers, pref=gazetteer.pref, city=gazetteer.city)
    return plain.place(addresses).assign(reason=None, n_candidates=1)


def main() -> int:
    """Judge all facilities and print the shares; return 1 if an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--gazetteers", type=Path, help="folder that keeps the built gazetteers")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print N rows of each verdict but right")
    given = parser.parse_args()
    table = declare(facilities(given.data), towns_of_japan(given.data))
    with tempfile.TemporaryDirectory() as temporary:
        gazetteers = build_all(given.data, set(table["municipality"]), given.gazetteers or Path(temporary))
    judged = {name: judge(table, gazetteers, placer) for name, placer in (("tayori", by_place), ("plain", by_prefix))}
    shares = {name: Shares.of(rows) for name, rows in judged.items()}
    for name, share in shares.items():
        print(f"{name:8}{share.rows:6} rows  town level {share.town_level:.3%}  wrong town {share.wrong_town:.3%}")
        print(f"        {share.verdicts}")
    for verdict, rows in judged["tayori"].groupby("verdict"):
        if given.show and verdict != "right":
            print(f"\n{verdict}\n{rows.head(given.show)[list(_SHOWN)].to_string()}")
    ours = shares["tayori"]
    return 0 if ours.town_level >= AIM_TOWN_LEVEL and ours.wrong_town <= AIM_WRONG_TOWN else 1


if __name__ == "__main__":
    sys.exit(main())
