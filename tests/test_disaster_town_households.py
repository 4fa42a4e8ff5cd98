"""Claims about invented households: how they settle, how they are written, and on the town table of somebody else."""

import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from hypothesis import given
from hypothesis import strategies as st
from town_files import AT, table

from disaster.town import write_households
from disaster.town.geography import geography, to_degrees
from disaster.town.households import Sites, settle
from disaster.town.names import BLOCK_STYLES, PARCEL_STYLES, chome, spellings, words
from geo.address import fold, fold_name


@given(st.integers(1, 99), st.sampled_from(["磯里", "帆立町", "汐ケ崎", "大字鷺坂"]))
def test_spellings_that_say_chome_fold_to_one_key(number: int, base: str) -> None:
    tens, ones = divmod(number, 10)
    digits = " 一二三四五六七八九"
    kanji = ("" if not tens else "十" if tens == 1 else digits[tens] + "十") + digits[ones].strip()
    assert chome(f"{base}{kanji}丁目") == (base, number)
    keys = fold(pa.array(spellings(f"{base}{kanji}丁目")[:3])).to_pylist()
    assert len(set(keys)) == 1


def test_every_style_of_numbers_is_used_with_a_spelling_that_exists() -> None:
    assert all(0 <= style.town < len(spellings("磯里一丁目")) for style in (*BLOCK_STYLES, *PARCEL_STYLES))
    assert len(set(spellings("汐ケ崎"))) == 3


def test_names_that_may_be_written_two_ways_fold_to_one() -> None:
    for forms in words().families:
        assert len(set(fold_name(pd.Series(forms)))) == 1, forms


@given(st.integers(1, 300), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_any_number_of_households_settles_each_in_a_home_of_its_own(households: int, seed: int, flats: float) -> None:
    lots = np.arange(24)
    sites = Sites(
        quarter=lots // 12,
        block=lots % 12 // 4 + 1,
        number=lots % 4 + 1,
        lon=lots / 1000,
        lat=lots / 1000,
        weight=1.0 + lots,
        flats=np.full(24, flats),
        towns=("磯里", "磯里一丁目"),
        before=("架空県", "潮見市"),
        postal_codes=("0009001", "0009002"),
    )
    register = settle(sites, households, np.random.default_rng(seed))
    assert len(register) == households
    assert len(set(zip(register.site.tolist(), register.room.tolist(), strict=True))) == households
    assert (np.diff(register.quarter) >= 0).all()


def real_like() -> tuple[pa.Table, shapely.Geometry]:
    """A town table and a boundary in longitude and latitude; one town lies outside, one has no point."""
    ground = geography()
    points = [to_degrees(shapely.Point(quarter.at)) for quarter in ground.quarters]
    names = [quarter.name for quarter in ground.quarters]
    towns = pa.table(
        {
            "town": [*names, "沖の果て", "点なし"],
            "koaza": [""] * (len(names) + 2),
            "lon": [*(point.x for point in points), 139.5, None],
            "lat": [*(point.y for point in points), 34.0, None],
        }
    )
    return towns, to_degrees(ground.parts[0])


OFFICES = (("A-01", 138.63, 34.57), ("A-02", 138.60, 34.53))


def households(folder: Path, count: int, seed: int) -> tuple[Path, ...]:
    towns, boundary = real_like()
    return write_households(
        folder,
        gazetteer=towns,
        boundary=boundary,
        municipality="99301",
        prefecture_city="架空県潮見市",
        offices=OFFICES,
        households=count,
        seed=seed,
        at=AT,
    )


def test_invented_households_stand_inside_the_boundary_near_their_office(tmp_path: Path) -> None:
    paths = households(tmp_path, 3000, 5)
    rows = pd.concat([table(path) for path in paths])
    assert [path.name for path in paths] == ["delivery_points_A-01.csv", "delivery_points_A-02.csv"]
    assert len(rows) == 3000
    assert rows["配達先ID"].is_unique
    assert set(rows["市区町村コード"]) == {"99301"}
    placed = rows[rows["緯度"] != ""]
    _, boundary = real_like()
    assert shapely.contains_xy(boundary, placed["経度"].astype(float), placed["緯度"].astype(float)).all()
    assert not rows["住所"].str.contains("沖の果て|点なし").any()
    south = placed[placed["集配局コード"] == "A-02"]["緯度"].astype(float).mean()
    assert south < placed[placed["集配局コード"] == "A-01"]["緯度"].astype(float).mean()
    assert len({re.sub(r"^(架空県)?\s?(潮見市)?", "", one)[:3] for one in rows["住所"]}) > 25


def test_invented_households_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    first, again, other = (households(tmp_path / name, 500, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    assert [path.read_bytes() for path in first] != [path.read_bytes() for path in other]


def test_invented_households_of_a_large_city_take_seconds(tmp_path: Path) -> None:
    begun = time.process_time()
    paths = households(tmp_path, 200_000, 1)
    assert time.process_time() - begun < 10  # seconds; a million well under a minute
    assert sum(path.read_bytes().count(b"\r\n") - 1 for path in paths) == 200_000
