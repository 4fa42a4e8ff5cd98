"""Gazetteers for the measurements of placing, built from the open data as a user would build them, and kept."""

import gzip
import shutil
from collections.abc import Collection
from datetime import date
from pathlib import Path

from geo.gazetteer import Gazetteer, build, load, write
from geo.read import Reader

#: Tables of the Address Base Registry for the municipalities whose numbers are at hand.
REGISTRY = {
    "30201": ("mt_town_302015", "mt_town_pos_pref30", "mt_rsdtdsp_rsdt_pref30", "mt_rsdtdsp_rsdt_pos_pref30",
              "mt_parcel_city302015", "mt_parcel_pos_city302015"),
    "13105": ("mt_town_131059", "mt_rsdtdsp_rsdt_pref13", "mt_rsdtdsp_rsdt_pos_pref13"),
    "46505": ("mt_town_465054", "mt_parcel_city465054", "mt_parcel_pos_city465054"),
}  # fmt: skip
DAY = date(2026, 11, 21)


def build_all(data: Path, codes: Collection[str], folder: Path) -> dict[str, Gazetteer]:
    """Return the gazetteers of municipalities, built into a folder where it does not hold them yet."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = sorted(code for code in codes if not (folder / f"{code}.parquet").exists())
    if missing:
        files = [path for code in missing for path in _registry(data, code)] + _nationwide(data, folder)
        with Reader() as reader:
            tables = [reader.read(path) for path in dict.fromkeys(files)]
        built = build(tables, missing, on=DAY)
        for code in built.tables:
            write(built, code, folder)
    return {code: load(folder / f"{code}.parquet") for code in sorted(codes) if (folder / f"{code}.parquet").exists()}


def _registry(data: Path, code: str) -> list[Path]:
    return [data / "addresses/abr" / f"{name}.csv.zip" for name in REGISTRY.get(code, ())]


def _nationwide(data: Path, folder: Path) -> list[Path]:
    """Return the towns of Japan (unpacked) and the postal table."""
    towns = folder / "towns_geolonia.csv"
    with gzip.open(data / "addresses/towns_geolonia.csv.gz") as packed, towns.open("wb") as file:
        shutil.copyfileobj(packed, file)
    return [towns, data / "postal/utf_ken_all.zip"]
