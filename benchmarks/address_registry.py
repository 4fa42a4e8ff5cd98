"""The numbers of a municipality as the Address Base Registry holds them: the truth behind `benchmarks.address_habits`.

Read from the published tables (towns, 住居表示, 地番 and points) without a look at the loaders of `geo.gazetteer`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

#: Prefecture, county and city of the municipalities whose registry is at hand.
NAMES = {
    "30201": ("和歌山県", "", "和歌山市"),
    "13105": ("東京都", "", "文京区"),
    "46505": ("鹿児島県", "熊毛郡", "屋久島町"),
}
_FILES = {
    "30201": ("mt_town_302015", "pref30", "city302015"),
    "13105": ("mt_town_131059", "pref13", ""),
    "46505": ("mt_town_465054", "", "city465054"),
}


class Place(NamedTuple):
    """One place of the registry: `chome` 0 where there is none, `number` its numbers, point NaN where not known."""

    municipality: str
    oaza: str
    chome: int
    koaza: str
    kind: str
    number: tuple[str, ...]
    lon: float
    lat: float
    postal: str

    @property
    def town(self) -> str:
        """The official name with an Arabic 丁目."""
        return f"{self.oaza}{f'{self.chome}丁目' if self.chome else ''}{self.koaza}"


@dataclass
class Registry:
    """All places of one municipality and a look-up of every number in it."""

    municipality: str
    places: list[Place]
    chomes: dict[str, set[int]] = field(default_factory=dict)
    oazas: set[str] = field(default_factory=set)
    _spots: dict[tuple[str, int, str, str], list[tuple[float, float]]] = field(default_factory=dict)
    by_kind: dict[str, list[Place]] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Path, municipality: str) -> "Registry":
        """Read the registry of one municipality from the folder ``addresses/abr``."""
        folder = data / "addresses/abr"
        towns, prefecture, city = _FILES[municipality]
        names = _town_names(_read(folder / f"{towns}.csv.zip"))
        tables = []
        if prefecture:
            keys = ["lg_code", "machiaza_id", "blk_id", "rsdt_id", "rsdt2_id"]
            rows = _with_points(folder, "mt_rsdtdsp_rsdt", prefecture, keys)
            tables.append(rows.assign(kind="dwelling", number=rows["blk_num"] + "-" + rows["rsdt_num"]))
        if city:
            rows = _with_points(folder, "mt_parcel", city, ["lg_code", "machiaza_id", "prc_id"])
            number = rows["prc_num1"] + ("-" + rows["prc_num2"]).where(rows["prc_num2"] != "", "")
            tables.append(
                rows.assign(kind="lot", number=number + ("-" + rows["prc_num3"]).where(rows["prc_num3"] != "", ""))
            )
        columns = ["machiaza_id", "kind", "number", "lon", "lat"]
        rows = pd.concat([table[columns] for table in tables]).merge(names, on="machiaza_id")
        rows = rows[rows["number"].str.fullmatch(r"\d+(?:-\d+)*")]
        held = cls(municipality, [Place(municipality, *values) for values in _values(rows)])
        held._index(names)
        return held

    def _index(self, names: pd.DataFrame) -> None:
        for oaza, chome in zip(names["oaza"].tolist(), names["chome"].tolist(), strict=True):
            self.oazas.add(oaza)
            if chome:
                self.chomes.setdefault(oaza, set()).add(chome)
        for place in self.places:
            number, at = "-".join(place.number), (place.lon, place.lat)
            self._spots.setdefault((place.oaza, place.chome, place.kind, number), []).append(at)
            if place.kind == "dwelling":
                self._spots.setdefault((place.oaza, place.chome, "block", place.number[0]), []).append(at)
            known = place.kind if place.lon == place.lon else "unpointed"
            self.by_kind.setdefault(known, []).append(place)

    def spots(self, oaza: str, chome: int, kind: str, number: str) -> list[tuple[float, float]]:
        """Return the points that a number of a town can mean; NaN where its place is not known."""
        return self._spots.get((oaza, chome, kind, number), [])

    def readings(self, oaza: str, chome: int, digits: tuple[str, ...], form: str) -> list[tuple[float, float]]:
        """Return every place that the digits behind a town can mean; `chome` 0 where 丁目 is not written out."""
        for used in range(len(digits), 0, -1):
            found = [
                spot
                for at, number in self._splits(oaza, chome, digits[:used])
                for spot in self._all(oaza, at, number, form)
            ]
            if found:
                return found
        return []

    def holds(self, oaza: str, chome: int, digits: tuple[str, ...]) -> bool:
        """Tell whether all the digits together are a number of the town, of whatever kind."""
        return any(self._all(oaza, at, number, "bare") for at, number in self._splits(oaza, chome, digits))

    def _splits(self, oaza: str, chome: int, digits: tuple[str, ...]) -> Iterator[tuple[int, str]]:
        yield chome, "-".join(digits)
        if not chome and len(digits) > 1 and int(digits[0]) in self.chomes.get(oaza, ()):
            yield int(digits[0]), "-".join(digits[1:])

    def _all(self, oaza: str, chome: int, number: str, form: str) -> list[tuple[float, float]]:
        kinds = {"dwelling": ("dwelling", "block"), "lot": ("lot",)}.get(form, ("dwelling", "lot", "block"))
        return [spot for kind in kinds for spot in self.spots(oaza, chome, kind, number)]


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _town_names(towns: pd.DataFrame) -> pd.DataFrame:
    """Return machiaza_id, oaza, chome, koaza, postal; a 小字 without an oaza is the town itself."""
    alone = towns["oaza_cho"] == ""
    return pd.DataFrame(
        {
            "machiaza_id": towns["machiaza_id"],
            "oaza": towns["oaza_cho"].where(~alone, towns["koaza"]),
            "chome": pd.to_numeric(towns["chome_number"].replace("", "0")).astype(int),
            "koaza": towns["koaza"].where(~alone, ""),
            "postal": towns["post_code"].str[:7],
        }
    )


def _with_points(folder: Path, name: str, part: str, keys: list[str]) -> pd.DataFrame:
    """Return the rows with their points; degrees of JGD2000 and JGD2011 are the same where the ground did not move."""
    points = _read(folder / f"{name}_pos_{part}.csv.zip")[[*keys, "rep_lon", "rep_lat"]].drop_duplicates(keys)
    rows = _read(folder / f"{name}_{part}.csv.zip").merge(points, on=keys, how="left")
    return rows.assign(lon=pd.to_numeric(rows["rep_lon"]), lat=pd.to_numeric(rows["rep_lat"]))


def _values(rows: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    numbers = [tuple(text.split("-")) for text in rows["number"].tolist()]
    before = (rows[name].tolist() for name in ("oaza", "chome", "koaza", "kind"))
    behind = (rows[name].tolist() for name in ("lon", "lat", "postal"))
    return zip(*before, numbers, *behind, strict=True)


def metres_off(rows: pd.DataFrame, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return how far points lie from the truth, NaN where either is missing; good to 0.5 % below 20 km."""
    north = (lat - rows["lat"].to_numpy()) * 111_195.0
    east = (lon - rows["lon"].to_numpy()) * 111_195.0 * np.cos(np.radians(rows["lat"].to_numpy()))
    return np.asarray(np.hypot(north, east))
