"""Claims about the invented town: its files as a whole, nothing real in them, the ground it stands on."""

import csv
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
import town_files
from town_files import AT, HOUSEHOLDS, PLANE, file, table, text

import disaster.town
from disaster.models import NOUNS
from disaster.town import Town, write_town
from disaster.town.geography import geography
from disaster.town.names import chome
from geo.address import fold
from geo.codes import normalise

#: Notices of moving are off by default; the others are tables that state and prefectures publish, not a town.
NOT_WRITTEN = {"forwarding", "facilities", "office-areas", "population", "postal-towns"}
PREFECTURES = (
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県",
    "茨城県", "栃木県", "群馬県", "埼玉県", "千葉県", "東京都", "神奈川県",
    "新潟県", "富山県", "石川県", "福井県", "山梨県", "長野県", "岐阜県",
    "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府", "兵庫県",
    "奈良県", "和歌山県", "鳥取県", "島根県", "岡山県", "広島県", "山口県",
    "徳島県", "香川県", "愛媛県", "高知県", "福岡県", "佐賀県", "長崎県",
    "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
)  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return write_town(tmp_path_factory.mktemp("town"), households=HOUSEHOLDS, seed=1, at=AT)


@pytest.fixture(scope="module")
def register(town: Town) -> pd.DataFrame:
    return town_files.register(town)


@pytest.fixture(scope="module")
def quarters(town: Town) -> gpd.GeoDataFrame:
    return gpd.read_file(file(town, "towns.geojson")).set_index("名称")


def texts(town: Town) -> Iterator[tuple[Path, str]]:
    for path in town.folder.rglob("*"):
        if path.suffix in (".csv", ".json", ".geojson", ".txt"):
            yield path, text(path)
        elif path.suffix == ".dbf":
            yield (
                path,
                path.read_bytes().decode("cp932", errors="ignore") + path.read_bytes().decode("utf-8", errors="ignore"),
            )


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_gives_the_same_bytes(town: Town, tmp_path: Path) -> None:
    write_town(tmp_path, households=HOUSEHOLDS, seed=1, at=AT)
    assert content(tmp_path) == content(town.folder)


def test_another_seed_gives_other_people_on_the_same_ground(town: Town, tmp_path: Path) -> None:
    other = content(write_town(tmp_path, households=HOUSEHOLDS, seed=2, at=AT).folder)
    ours = content(town.folder)
    assert other.keys() == ours.keys()
    changed = {name.rpartition("/")[2] for name in ours if other[name] != ours[name]}
    people = {"delivery_points_S001.csv", "delivery_points_S002.csv", "protection.csv", "inquiries.csv"}
    assert changed == people | {"traffic_accident_2025.csv", "急ブレーキ.csv"}


def test_every_noun_has_a_file_and_every_file_exists(town: Town) -> None:
    assert set(town.files) == set(NOUNS) - NOT_WRITTEN
    listed = [path for paths in (*town.files.values(), *town.more.values()) for path in paths]
    assert len(listed) == len(set(listed)) == len(town.expected)
    assert all(path.is_file() and path.is_relative_to(town.folder) for path in listed)
    shapefiles = {path.with_suffix("") for path in listed if path.suffix == ".shp"}
    stray = [
        p for p in town.folder.rglob("*") if p.is_file() and p not in listed and p.with_suffix("") not in shapefiles
    ]
    assert [path.name for path in stray] == ["READ_ME.txt"]


def test_the_counts_add_up(town: Town, register: pd.DataFrame) -> None:
    for kind, paths in town.files.items():
        assert town.counts[kind] == sum(town.expected[path].accepted for path in paths)
    for path, expected in town.expected.items():
        assert expected.read == expected.accepted + expected.refused
        if path.suffix == ".csv":
            assert len(table(path)) == expected.read + expected.set_aside, path
        elif path.suffix == ".shp":
            assert len(gpd.read_file(path)) == expected.read, path
        else:
            data = json.loads(path.read_text(encoding="utf-8"))
            assert (
                len(data.get("features", data) if isinstance(data, dict) else data)
                == expected.read + expected.set_aside
            ), path
    assert town.counts["delivery-points"] == HOUSEHOLDS == sum(town.status_counts.values())
    assert Counter(register["配達状況"]) == Counter(town.status_counts)
    assert register["配達先ID"].is_unique


@pytest.mark.parametrize("households", [1, 40, 300])
def test_a_town_of_few_houses_is_whole_too(households: int, tmp_path: Path) -> None:
    small = write_town(tmp_path, households=households, seed=3, at=AT)
    assert small.counts["delivery-points"] == households
    assert set(small.files) == set(NOUNS) - NOT_WRITTEN
    assert small.counts["protection"] >= 1
    assert {one.answer for one in small.inquiries} >= {"miss"}


def test_the_public_names_are_sorted_and_few() -> None:
    assert disaster.town.__all__ == sorted(disaster.town.__all__)
    assert len(disaster.town.__all__) <= 25
    assert all(hasattr(disaster.town, name) for name in disaster.town.__all__)


def test_no_prefecture_of_japan_is_named_anywhere(town: Town) -> None:
    for path, found in texts(town):
        said = [name for name in PREFECTURES if name in found or f"{name[:-1]}市" in found]
        assert not said, (path.name, said)
        assert not re.search("焼津|七尾", found), path.name


def test_no_telephone_and_no_postal_code_reaches_anybody(town: Town) -> None:
    tables = [table(path) for path in town.expected if path.suffix == ".csv"]
    phones = pd.concat([rows["電話番号"] for rows in tables if "電話番号" in rows])
    assert (phones != "").sum() > 50
    assert phones.str.fullmatch(r"|\(000\)000-\d{4}|000-0000-\d{4}").all()
    codes = pd.concat([rows["郵便番号"] for rows in tables if "郵便番号" in rows])
    assert codes.str.fullmatch(r"000-?\d{4}").all()


def test_the_code_is_well_formed_and_belongs_to_no_prefecture(town: Town) -> None:
    assert town.municipality == "99301"
    assert normalise("993018") == "99301"
    assert int(town.municipality[:2]) > 47


@pytest.mark.real_data
def test_no_town_of_japan_has_a_name_of_ours(town: Town, real_data: Path) -> None:
    with gzip.open(real_data / "addresses/towns_geolonia.csv.gz", "rt", encoding="utf-8") as source:
        rows = list(csv.DictReader(source))
    theirs = {chome(row["town"])[0].removeprefix("大字") for row in rows}
    ours = {chome(quarter.name)[0].removeprefix("大字") for quarter in geography().quarters}
    assert len(theirs) > 50_000
    assert not ours & theirs
    cities = {row["city"] for row in rows}
    assert town.name not in cities
    written = "\n".join(sorted({found for _, found in texts(town)}))
    assert [city for city in cities if len(city) > 2 and city in written] == []


def test_the_town_table_holds_each_town_once_and_every_trap_of_names(town: Town) -> None:
    rows = json.loads(town.files["gazetteer"][0].read_text(encoding="utf-8"))
    assert set(rows[0]) == {"town", "koaza", "lat", "lng"}
    assert len({(row["town"], row["koaza"]) for row in rows}) == len(rows)
    names = [row["town"] for row in rows if not row["koaza"]]
    keys = fold(pa.array(names)).to_pylist()
    assert len(set(keys)) == len(names) >= 40
    assert any(row["koaza"] for row in rows)
    assert "汐ケ崎" in names
    assert "柿ノ平" in names
    assert "大字栗生谷" in names
    assert {"磯里", "磯里一丁目", "磯里二丁目", "磯里三丁目", "磯里新田"} <= set(names)
    assert {"葭洲", "葭洲新田"} <= set(names)


def test_the_boundary_has_a_mainland_an_inhabited_island_and_rocks(town: Town) -> None:
    frame = gpd.read_file(town.files["boundaries"][0])
    ours = frame[frame["N03_007"] == town.municipality].to_crs(PLANE)
    assert set(ours["N03_001"] + ours["N03_004"]) == {"架空県潮見市"}
    areas = ours.area.sort_values(ascending=False).to_numpy() / 1e6
    assert 60 < areas[0] < 90
    assert 0.3 < areas[1] < 1
    assert areas[2:].max() < 0.1
    assert ours.geometry.is_valid.all()
    assert len(frame) == len(ours) + 1
    west, south, east, north = ours.total_bounds
    assert 9_000 < east - west < 13_500
    assert 7_000 < north - south < 10_000


def test_the_towns_fill_the_land_and_do_not_overlap(town: Town, quarters: gpd.GeoDataFrame) -> None:
    frame = gpd.read_file(town.files["boundaries"][0])
    land = shapely.union_all(frame[frame["N03_007"] == town.municipality].to_crs(PLANE).geometry.to_numpy())
    metres = quarters.to_crs(PLANE)
    whole = shapely.union_all(metres.geometry.to_numpy())
    assert metres.area.sum() == pytest.approx(whole.area, rel=1e-4)
    assert shapely.area(shapely.difference(whole, land)) < 1e-4 * land.area
    assert whole.area > 0.95 * land.area  # the rest is river and rocks


def test_bridges_span_the_river(town: Town) -> None:
    ground = geography()
    for road in ("国道901号", "潮見縦貫道路", "県道993号潮見南北線", "市道浜通線", "市道鷺渡線"):
        spans = shapely.get_parts(shapely.intersection(ground.road(road), ground.river))
        assert 1 <= len(spans) <= 2, road
        assert all(30 < span.length < 350 for span in spans), road


def test_houses_stand_in_their_town_along_its_streets(
    town: Town, register: pd.DataFrame, quarters: gpd.GeoDataFrame
) -> None:
    placed = register[register["緯度"] != ""]
    points = gpd.GeoSeries(
        gpd.points_from_xy(placed["経度"].astype(float), placed["緯度"].astype(float)), crs="EPSG:6668"
    )
    postal = {quarter.postal_code: quarter.name for quarter in geography().quarters}
    own = quarters.geometry.loc[placed["郵便番号"].map(postal)]
    assert shapely.contains(own.to_numpy(), points.to_numpy()).all()
    streets = pd.concat([gpd.read_file(path).to_crs(PLANE).geometry for path in town.files["roads"]])
    metres = points.to_crs(PLANE).to_numpy()
    _, away = shapely.STRtree(streets.to_numpy()).query_nearest(metres, return_distance=True, all_matches=False)
    assert np.quantile(away, 0.95) < 20
    assert away.max() < 80
    near = shapely.STRtree(metres).query(metres, predicate="dwithin", distance=150)
    assert np.median(np.bincount(near[0])) > 5  # neighbours within 150 m: far more than the 0.2 of even spread
