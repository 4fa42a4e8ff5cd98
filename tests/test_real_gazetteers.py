"""Gazetteers of real municipalities, built from the open data itself."""

import gzip
import shutil
from datetime import date
from pathlib import Path

import pytest
from gazetteer_files import adds_up

from geo.gazetteer import Built, build, load, write
from geo.read import Limits, RawTable, Reader

pytestmark = [pytest.mark.real_data, pytest.mark.long]
DAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def everywhere(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[RawTable]:
    """The tables of the whole country: municipalities, towns of Geolonia, postal codes."""
    towns = tmp_path_factory.mktemp("towns") / "towns_geolonia.csv"
    with gzip.open(real_data / "addresses/towns_geolonia.csv.gz") as packed, towns.open("wb") as out:
        shutil.copyfileobj(packed, out)
    with Reader(Limits()) as reader:
        return [
            reader.read(path)
            for path in (
                real_data / "addresses/abr/mt_city_all.csv.zip", towns, real_data / "postal/utf_ken_all.zip",
            )
        ]  # fmt: skip


def registry(real_data: Path, *names: str) -> list[RawTable]:
    with Reader() as reader:
        return [reader.read(real_data / f"addresses/abr/{name}.csv.zip") for name in names]


def built(files: list[RawTable], *codes: str) -> Built:
    made = build(files, codes, on=DAY)
    assert adds_up(made.accounts)
    return made


def test_wakayama_holds_every_parcel_and_dwelling_of_the_registry(real_data: Path, everywhere: list[RawTable]) -> None:
    files = registry(
        real_data, "mt_town_pref30", "mt_town_pos_pref30", "mt_rsdtdsp_rsdt_pref30", "mt_rsdtdsp_rsdt_pos_pref30",
        "mt_parcel_city302015", "mt_parcel_pos_city302015",
    )  # fmt: skip
    made = built([*everywhere, *files], "30201")
    count = made.count("30201")
    assert (count.rows["dwelling"], count.with_point["dwelling"]) == (34_015, 34_015)
    assert (count.rows["lot"], count.with_point["lot"]) == (367_519, 117_836)
    assert made.shares[0].towns_given == made.shares[0].towns_kept == 737
    assert count.rows[""] - 737 == sum(share.towns_kept for share in made.shares[1:]) < 10
    assert {code for code, _ in made.notes} == {"geo.jgd2000_without_grid"}


def test_bunkyo_takes_its_points_from_geolonia_and_its_dwellings_from_the_registry(
    real_data: Path, everywhere: list[RawTable]
) -> None:
    names = ("mt_town_131059", "mt_rsdtdsp_rsdt_pref13", "mt_rsdtdsp_rsdt_pos_pref13")
    made = built([*everywhere, *registry(real_data, *names)], "13105")
    count = made.count("13105")
    assert (count.rows[""], count.with_point[""]) == (68, 68)
    assert (count.rows["dwelling"], count.with_point["dwelling"]) == (30_156, 30_156)
    codes = made.gazetteer("13105").table["postal_code"]
    assert sum(code == "" for code in codes.to_pylist()) == 1  # the table has two codes for parts of that town


def test_yakushima_holds_its_lots_under_towns_and_koaza(
    real_data: Path, everywhere: list[RawTable], tmp_path: Path
) -> None:
    names = ("mt_town_465054", "mt_parcel_city465054", "mt_parcel_pos_city465054")
    made = built([*everywhere, *registry(real_data, *names)], "46505")
    count = made.count("46505")
    assert count.rows[""] == 1_283
    assert (count.rows["lot"], count.with_point["lot"]) == (84_418, 83_514)
    assert load(write(made, "46505", tmp_path)) == made.gazetteer("46505")


def test_yaizu_is_the_same_from_the_nationwide_table_and_from_its_own_list(
    real_data: Path, everywhere: list[RawTable]
) -> None:
    with Reader() as reader:
        own = reader.read(real_data / "addresses/geolonia_town/静岡県_焼津市.json")
    city, _towns, postal = everywhere
    nationwide, single = built(everywhere, "22212"), built([city, own, postal], "22212")
    assert nationwide.count("22212").with_point[""] == 141
    assert single.tables["22212"].equals(nationwide.tables["22212"])


def test_all_rows_of_hamamatsu_that_geolonia_files_under_old_wards_are_in_the_new_ones(
    everywhere: list[RawTable],
) -> None:
    made = built(everywhere, "22138", "22139", "22140")
    geolonia = next(share for share in made.shares if share.source == "geolonia")
    account = next(one for one in made.accounts if one.role == "geolonia")
    assert geolonia.towns_given + account.dropped["duplicate"] == 193 + 65 + 59 + 63 + 46 + 48 + 77
    assert "浜松市北区" in made.gazetteer("22138").former
    assert "浜松市北区" in made.gazetteer("22139").former


def test_every_municipality_of_the_country_is_found_by_its_code_or_its_name(everywhere: list[RawTable]) -> None:
    made = build(everywhere, None, on=DAY)
    assert adds_up(made.accounts)
    assert not any("unknown_municipality" in account.dropped for account in made.accounts)
    assert len(made.tables) > 1_890
    for code, city in (("08208", "龍ケ崎市"), ("12224", "鎌ケ谷市"), ("12229", "袖ケ浦市")):
        assert made.names[code][1] == city
        assert made.count(code).with_point[""] > 50
