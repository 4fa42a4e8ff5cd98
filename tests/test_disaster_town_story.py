"""Claims about the invented town once its files are checked: one flood in all of them, people and addresses."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
import town_files
from town_files import AT, HOUSEHOLDS, PLANE, checked, file, table

from disaster.batch import Batch
from disaster.guard import hide_protected
from disaster.placing import FROM_FILE
from disaster.residents import match
from disaster.town import Town, write_town
from disaster.town.geography import geography
from geo.address import fold, fold_name


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return write_town(tmp_path_factory.mktemp("town"), households=HOUSEHOLDS, seed=1, at=AT)


@pytest.fixture(scope="module")
def batches(town: Town) -> dict[str, Batch]:
    return checked(town)


@pytest.fixture(scope="module")
def register(town: Town) -> pd.DataFrame:
    return town_files.register(town)


def test_checking_finds_in_every_file_exactly_what_was_promised(town: Town, batches: dict[str, Batch]) -> None:
    for path, expected in town.expected.items():
        batch = batches[path.name]
        found = (batch.accepted, batch.refused, sum(batch.set_aside.values()))
        assert found == (expected.accepted, expected.refused, expected.set_aside), (path.name, batch.faults.counts)
    refusals = {name: dict(batch.faults.counts) for name, batch in batches.items() if batch.refused}
    assert refusals == {"浸水履歴_平成23年.shp": {"disaster.null_geometry": 1}}


def test_roads_come_in_three_emergency_classes_and_streets(batches: dict[str, Batch]) -> None:
    found = [
        batches[name].table.column("road_class").to_pylist()
        for name in ("一次緊急輸送路.shp", "二次緊急輸送路.shp", "三次輸送路.shp")
    ]
    assert [set(classes) for classes in found] == [{"emergency_1"}, {"emergency_2"}, {"emergency_3"}]
    assert set(batches["roads.geojson"].table.column("road_class").to_pylist()) == {"other"}
    lines = shapely.from_wkb(batches["一次緊急輸送路.shp"].table.column("geometry").to_numpy(zero_copy_only=False))
    assert set(shapely.get_type_id(lines)) == {shapely.GeometryType.LINESTRING}


def test_mail_stands_still_exactly_in_the_flooded_towns(town: Town, register: pd.DataFrame) -> None:
    postal = {quarter.postal_code: quarter.name for quarter in geography().quarters}
    name = register["郵便番号"].map(postal)
    assert set(name[register["配達状況"] == "区域休止"]) == set(town.story.suspended)
    assert set(name[register["配達状況"] == "到達不能"]) == set(town.story.unreachable)
    stopped = register["配達状況"].isin(["区域休止", "到達不能"])
    assert (name.isin([*town.story.suspended, *town.story.unreachable]) == stopped).all()
    assert (register.loc[stopped, "配達状況の理由"] != "").all()
    assert (register.loc[register["配達状況"] == "配達中", "配達状況の理由"] == "").all()
    assert 50 < stopped.sum() < HOUSEHOLDS / 4


def test_every_house_in_the_water_is_without_mail(town: Town, register: pd.DataFrame) -> None:
    water = shapely.union_all(gpd.read_file(file(town, "flooded_area.geojson")).geometry.to_numpy())
    placed = register[register["緯度"] != ""]
    wet = shapely.contains_xy(water, placed["経度"].astype(float), placed["緯度"].astype(float))
    assert wet.sum() > 40
    assert set(placed.loc[wet, "配達状況"]) == {"区域休止", "到達不能"}


def test_damage_lies_on_the_roads_and_the_lost_bridge_over_the_river(town: Town, batches: dict[str, Batch]) -> None:
    roads = pd.concat([gpd.read_file(path).to_crs(PLANE).geometry for path in town.files["roads"]])
    dry = shapely.union_all(gpd.read_file(file(town, "towns.geojson")).to_crs(PLANE).geometry.to_numpy())
    rows = [row for path in town.files["damage-points"] for row in batches[path.name].table.to_pylist()]
    points = gpd.GeoSeries([shapely.Point(row["lon"], row["lat"]) for row in rows], crs="EPSG:6668").to_crs(PLANE)
    for row, point in zip(rows, points, strict=True):
        off = 15 if row["damage_id"] == "C-101" else 3  # the city's report of the same bridge is a little off
        assert roads.distance(point).min() < off, row
        assert shapely.contains(dry, point) == (row["object"] not in ("bridge", "river")), row
        assert town.story.overflow_at <= row["observed_at"] <= town.story.at
    lost = [row for row in rows if town.story.bridge in row["place_text"]]
    assert {row["reporter"] for row in lost} == {"post", "municipality"}
    assert all((row["passable"], row["verified"]) == ("none", True) for row in lost)
    assert {row["passable"] for row in rows} >= {
        "none",
        "foot",
        "bicycle",
        "motorbike",
        "light_van",
        "truck_2t",
        "all",
        "unknown",
    }


def test_the_underpass_under_water_is_a_known_underpass(batches: dict[str, Batch]) -> None:
    rows = batches["damage_points.csv"].table.to_pylist()
    (flooded,) = (row for row in rows if row["object"] == "underpass")
    known = batches["アンダーパス.csv"].table.to_pandas()
    assert np.hypot((known["lon"] - flooded["lon"]) * 91_000, (known["lat"] - flooded["lat"]) * 111_000).min() < 1


def test_no_shelter_in_a_flooded_town_is_open_now_but_one_that_nobody_designated(
    town: Town, batches: dict[str, Batch]
) -> None:
    wet = {*town.story.suspended, *town.story.unreachable}
    where = {row["name"]: row["place_town"] for row in batches["shelters.csv"].table.to_pylist()}
    rows = batches["openings.csv"].table.to_pylist()
    now = [row for row in rows if row["observed_at"] == town.story.at]
    assert len(now) == len(where)
    assert {row["name"] for row in now} == set(where)
    assert not [row for row in now if row["opening_status"] == "open" and where[row["name"]] in wet]
    closed = [row for row in rows if row["opening_status"] == "closed"]
    assert closed
    assert all(row["closed_at"] == town.story.overflow_at and row["head_count"] == 0 for row in closed)
    known = set(batches["shelters.csv"].table.column("shelter_id").to_pylist())
    assert {row["shelter_id"] for row in rows} == known
    seen = {row["shelter_id"] for path in town.more["openings"] for row in batches[path.name].table.to_pylist()}
    assert seen - known == {"NEW001"}


def test_head_counts_rise_with_the_water_and_are_the_same_in_both_layouts(
    town: Town, batches: dict[str, Batch]
) -> None:
    rows = batches["openings.csv"].table.to_pandas()
    sums = rows.groupby("observed_at")["head_count"].sum()
    assert len(sums) == 5
    assert sums.iloc[:4].is_monotonic_increasing
    assert 0 < sums.iloc[4] < sums.iloc[3]
    for path in town.more["openings"]:
        other = batches[path.name].table.to_pandas()
        ours = rows[(rows["observed_at"] == other["observed_at"][0]) & (rows["opening_status"] == "open")]
        both = other.merge(ours, on="name", how="left")
        assert both["head_count_y"].isna().sum() == 1  # the one that nobody designated
        assert (both["head_count_x"] == both["head_count_y"])[both["head_count_y"].notna()].all()


def test_nothing_is_later_than_the_present(town: Town, batches: dict[str, Batch]) -> None:
    for batch in batches.values():
        for name in ("observed_at", "confirmed_at", "state_at", "happened_at"):
            if name in batch.table.column_names:
                latest = pa.compute.max(batch.table.column(name)).as_py()
                assert latest is None or latest <= town.story.at
    confirmed = [batches[path.name].table.column("confirmed_at") for path in town.files["delivery-points"]]
    assert all(pa.compute.max(column).as_py() < town.story.overflow_at for column in confirmed)


def test_offices_are_of_every_sort_and_one_delivers_next_door(
    batches: dict[str, Batch], register: pd.DataFrame
) -> None:
    offices = batches["offices.csv"].table.to_pandas().set_index("office_code")
    assert set(offices["management"]) == {"direct", "contract", "branch", "mobile"}
    assert set(offices["state"]) == {"open", "partial", "closed", "unknown"}
    delivering = set(offices.index[offices["delivery"] == "delivery"])
    assert delivering == set(register["集配局コード"]) == {"S001", "S002"}
    assert list(offices.loc["S002", "served_municipalities"]) == ["99301", "99302"]
    assert offices["storage_m2"].max() > 100
    assert offices["is_tsunami_building"].any()
    listed = set(batches["machinaka.csv"].table.column("name").to_pylist())
    assert listed <= set(offices["name"])


def test_stock_has_lots_some_over_some_near_their_end(town: Town, batches: dict[str, Batch]) -> None:
    lots = batches["stock_lots.csv"].table.to_pandas()
    days = (pd.to_datetime(lots["expires_on"]) - pd.Timestamp(AT.date())).dt.days
    assert (days < 0).any()
    assert days.between(0, 30).any()
    assert (days > 365).any()
    assert days.isna().any()
    assert (lots["quantity"] > 0).all()
    assert not lots.duplicated(["site_id", "lot_id"]).any()
    sites = set(batches["warehouses.csv"].table.column("site_id").to_pylist())
    assert sites < set(lots["site_id"])
    vehicles = batches["vehicles.csv"].table.to_pandas()
    assert vehicles["mail_delivery"].any()
    assert set(vehicles["vehicle_kind"]) == {
        "van",
        "motorbike",
        "bicycle",
        "truck_2t",
    }


def test_every_address_is_found_in_its_own_town_and_an_ambiguous_one_gets_no_point(batches: dict[str, Batch]) -> None:
    postal = {quarter.postal_code: quarter.name for quarter in geography().quarters}
    rows = pd.concat([batches[f"delivery_points_{code}.csv"].table.to_pandas() for code in ("S001", "S002")])
    assert (rows["place_town"] == rows["postal_code"].map(postal)).all()
    unsure = rows[rows["lon"].isna()]
    assert 3 <= len(unsure) <= 60
    assert set(unsure["place_town"]) == {"磯里"}
    assert unsure["place_reason"].notna().all()
    by_address = rows[(rows["place_source"] != FROM_FILE) & rows["lon"].notna()]
    assert 0.005 * HOUSEHOLDS < len(by_address) < 0.05 * HOUSEHOLDS


def test_the_register_is_written_in_many_ways(register: pd.DataFrame) -> None:
    address = register["住所"]
    patterns = [
        "^架空県潮見市", "^潮見市", "^(?!架空県|潮見市)", "^架空県 潮見市", "　", "[一二三四]丁目", "[1-4]丁目",
        "[１-４]丁目", "[０-９]－[０-９]", "[0-9]-[0-9]", "[0-9０-９]ー[0-9０-９]", "‐", "番地", "番地の", "号$",
        "大字", "ヶ|が崎", "の平|ノ平", "号室$",
    ]  # fmt: skip
    missing = [pattern for pattern in patterns if not address.str.contains(pattern).any()]
    assert not missing
    names = register["受取人"]
    assert all(names.str.contains(word).any() for word in ("髙", "﨑", "渡邉", "渡辺", "㈱", "、"))
    assert set(register["配達先の種類"]) == {"住居", "事業所", "施設", "住居兼事業所"}
    assert set(register["配達状況"]) == {"配達中", "区域休止", "到達不能", "窓口交付", "空き家とみられる", "受取人不明"}
    assert register["建物名等(方書)"].str.contains("[０-９]").any()
    assert register["建物名等(方書)"].str.contains("[0-9]号室").any()


def test_no_two_homes_share_address_and_room(register: pd.DataFrame, batches: dict[str, Batch]) -> None:
    key = fold(
        register["住所"].str.replace("^(架空県)? ?(潮見市)?", "", regex=True) + "　" + register["建物名等(方書)"]
    )
    assert not key.duplicated().any()


def test_care_homes_are_delivery_points_at_the_same_place(batches: dict[str, Batch]) -> None:
    rows = pd.concat([batches[f"delivery_points_{code}.csv"].table.to_pandas() for code in ("S001", "S002")])
    names = rows["addressees"].map(lambda names: names[0])
    for home in batches["care_facilities.csv"].table.to_pylist():
        found = rows[names == home["name"].replace("　", "").strip()]
        assert found["point_kind"].to_list() == ["facility"], home["name"]
        if found["place_source"].iloc[0] == FROM_FILE:
            assert found[["lon", "lat"]].iloc[0].tolist() == pytest.approx([home["lon"], home["lat"]], abs=1e-7)


def test_the_inquiries_get_the_answers_that_were_promised(town: Town, batches: dict[str, Batch]) -> None:
    points = pa.concat_tables([batches[path.name].table for path in town.files["delivery-points"]]).combine_chunks()
    asked = batches["inquiries.csv"].table
    hidden = hide_protected(points, batches["protection.csv"].table, on=AT.date())
    answers = dict(zip(*match(hidden, asked).table.select(["reference", "result"]).to_pydict().values(), strict=True))
    bare = dict(zip(*match(points, asked).table.select(["reference", "result"]).to_pydict().values(), strict=True))
    wanted = {"hit": {"hit"}, "miss": {"miss"}, "protected": {"miss"}, "either": {"hit", "miss"}}
    assert {one.answer for one in town.inquiries} == set(wanted)
    for one in town.inquiries:
        assert answers[one.reference] in wanted[one.answer], one
    assert "hit" in {bare[one.reference] for one in town.inquiries if one.answer == "protected"}


def test_the_protection_list_has_an_odd_spelling_a_missing_address_and_one_that_is_over(
    town: Town, register: pd.DataFrame
) -> None:
    rows = table(town.files["protection"][0])
    known = set(register["住所"])
    names = set(fold_name(register["受取人"].str.split("、").explode(ignore_index=True)))
    assert len(rows) == 4
    assert set(fold_name(rows["氏名"])) <= names
    assert rows["住所"][0] in known
    assert rows["配達先ID"][0] in set(register["配達先ID"])
    assert rows["住所"][1]
    assert rows["住所"][1] not in known
    assert rows["住所"][2] == ""
    assert rows["期限"][3] < AT.date().isoformat() < rows["期限"][0]
