"""Claims about the traps of real files in the invented town, byte for byte."""

import geopandas as gpd
import pytest
from town_files import AT, HOUSEHOLDS, file, table, text

from disaster.town import Town, write_town
from geo.grid import mgrs


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return write_town(tmp_path_factory.mktemp("town"), households=HOUSEHOLDS, seed=1, at=AT)


def test_tables_come_with_and_without_byte_order_mark_in_two_encodings_with_two_line_ends(town: Town) -> None:
    mark = b"\xef\xbb\xbf"
    for name in ("shelters.csv", "machinaka.csv", "アンダーパス.csv", "traffic_accident_2025.csv", "inquiries.csv"):
        assert file(town, name).read_bytes().startswith(mark), name
    for name in ("emergency_sites.csv", "tsunami_buildings.csv", "warehouses.csv", "急ブレーキ.csv", "offices.csv"):
        data = file(town, name).read_bytes()
        assert not data.startswith(mark), name
        assert data.decode("utf-8"), name
    for name in (
        "care_facilities.csv",
        "damage_reports.csv",
        "vehicles.csv",
        "protection.csv",
        "delivery_points_S001.csv",
    ):
        data = file(town, name).read_bytes()
        assert data.decode("cp932"), name
        with pytest.raises(UnicodeDecodeError):
            data.decode("utf-8")
    assert b"\r\n" not in file(town, "offices.csv").read_bytes()
    assert file(town, "shelters.csv").read_bytes().count(b"\r\n") == town.counts["shelters"] + 1


def test_cells_hold_line_breaks_and_headings_hold_full_width_spaces(town: Town) -> None:
    assert "平日 9:00～18:00\n土曜" in text(file(town, "offices.csv"))
    assert '"共同生活援助\n短期入所"' in text(file(town, "care_facilities.csv"))
    assert "発生日時　　年" in text(file(town, "traffic_accident_2025.csv")).splitlines()[0]
    assert "公共施設　,施設の種類　," in text(file(town, "machinaka.csv")).splitlines()[0]
    assert "災害種別_崖崩れ、土石流及び地滑り" in text(file(town, "emergency_sites.csv")).splitlines()[0]


def test_codes_come_with_five_six_and_three_digits_and_ids_with_zeros(town: Town) -> None:
    assert set(table(file(town, "shelters.csv"))["市区町村コード"]) == {"993018"}
    assert set(table(file(town, "offices.csv"))["市区町村コード"]) == {"99301"}
    assert set(table(file(town, "急ブレーキ.csv"))["市区町村コード"]) == {"301"}
    cooling = table(file(town, "machinaka.csv"))
    assert cooling["ID"].str.fullmatch("0{9}[0-9]{3}").all()
    assert (cooling.filter(like="日曜開放") == "-").any(axis=None)
    assert (cooling["施設管理者名"] == "―").any()
    assert table(town.files["delivery-points"][0])["配達先ID"].str.fullmatch("0[0-9]{9}").all()
    assert table(file(town, "stock_lots.csv"))["ロット"].str.startswith("000").any()


def test_shelters_carry_the_grid_reference_of_their_point_to_ten_metres(town: Town) -> None:
    rows = table(file(town, "shelters.csv"))
    metres = mgrs(rows["経度"].astype(float).to_numpy(), rows["緯度"].astype(float).to_numpy())
    assert rows["UTMポイント"].tolist() == [f"{one[:9]}{one[10:14]}" for one in metres]


def test_times_and_dates_are_written_in_many_ways(town: Town) -> None:
    assert set(table(file(town, "damage_reports.csv"))["発見日時"].str.slice(0, 4)) == {"令和8年"}
    assert table(file(town, "damage_points.csv"))["確認日時"].str.endswith("+09:00").all()
    assert table(file(town, "openings.csv"))["時点"].str.fullmatch(r"2026/11/\d\d \d\d:\d\d").all()
    assert table(town.more["openings"][0])["時点"].str.startswith("令和8年11月21日午前").all()
    ends = table(file(town, "stock_lots.csv"))["期限"]
    assert all(ends.str.contains(sign).any() for sign in ("-", "/", "令和"))


def test_shapefiles_come_in_five_projections_with_and_without_cpg(town: Town) -> None:
    found = {path.name: gpd.read_file(path) for path in town.expected if path.suffix == ".shp"}
    said = {name: frame.crs.to_string() for name, frame in found.items()}
    assert said["自主防災会区域.shp"] == "EPSG:6676"
    assert said["一次緊急輸送路.shp"] == "EPSG:6668"
    assert [said[f"浸水履歴_{year}.shp"] for year in ("平成23年", "令和4年", "令和6年")] == [
        "EPSG:4612",
        "EPSG:4326",
        "EPSG:2450",
    ]
    assert file(town, "自主防災会区域.shp").with_suffix(".cpg").read_bytes() == b"Shift_JIS\n"
    assert not file(town, "浸水履歴_令和6年.shp").with_suffix(".cpg").exists()
    assert found["浸水履歴_平成23年.shp"].geometry.isna().sum() == 1
    assert {"異常気", "水害地", "浸水区"} <= set(found["浸水履歴_令和4年.shp"].columns)
    assert set(found["浸水履歴_令和6年.shp"].columns) == {"SAUID", "SAUPDATE", "geometry"}
    assert {"item1", "item2", "item3", "item4"} <= set(found["三次輸送路.shp"].columns)
    assert "汐鳴自主防災会".encode("cp932") in file(town, "自主防災会区域.shp").with_suffix(".dbf").read_bytes()
    assert '"crs":{"type":"name"' in text(file(town, "inland_flood.geojson"))
