"""Claims about the layouts of national and standard open data, on invented rows of 潮見市."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import disaster.layouts
from disaster.errors import IngestError
from disaster.ingest import check_file, report
from disaster.layouts import all_layouts, apply, delivering_offices, parse_layout, recognise, recognise_any
from disaster.layouts.model import Layout
from disaster.layouts.prepare import join_continued
from disaster.layouts.transforms import TRANSFORMS
from disaster.models import NOUNS
from disaster.schemas import Checked, check, inside, near
from geo.grid import mgrs
from geo.read import Reader

TOWN = "99301"
BOUNDARY = np.array([shapely.box(138.5, 34.5, 138.7, 34.6)])
SQUARE = shapely.to_wkb(shapely.box(138.60, 34.55, 138.61, 34.56))
FAR = shapely.to_wkb(shapely.box(139.60, 35.55, 139.61, 35.56))

GSI_HAZARDS = ("洪水", "崖崩れ、土石流及び地滑り", "高潮", "地震", "津波", "大規模な火事", "内水氾濫", "火山現象")
COMMON_HEAD = (
    "全国地方公共団体コード", "ID", "名称", "名称_カナ", "名称_英字", "所在地_全国地方公共団体コード", "町字ID",
    "所在地_連結表記", "所在地_都道府県", "所在地_市区町村", "所在地_町字", "所在地_番地以下", "建物名等(方書)", "緯度",
    "経度", "標高", "電話番号", "内線番号", "連絡先メールアドレス", "連絡先FormURL", "連絡先備考（その他、SNSなど）",
    "郵便番号", "市区町村コード", "地方公共団体名",
)  # fmt: skip
CURRENT = (
    *COMMON_HEAD, *(f"災害種別_{name}" for name in GSI_HAZARDS), "指定避難所との重複", "想定収容人数",
    "対象となる町会・自治会", "URL", "画像", "画像_ライセンス", "備考",
)  # fmt: skip
OLD_AED = (
    "都道府県コード又は市区町村コード", "NO", "都道府県名", "市区町村名", "名称", "名称_カナ", "住所", "方書", "緯度",
    "経度", "設置位置", "電話番号", "内線番号", "法人番号", "団体名", "利用可能曜日", "開始時間", "終了時間",
    "利用可能日時特記事項", "小児対応設備の有無", "URL", "備考",
)  # fmt: skip


def _table(rows: Sequence[Mapping[str, str | bytes]], headings: Sequence[str] = ()) -> pa.Table:
    names = headings or list(rows[0])
    columns = {}
    for name in names:
        kind = pa.binary() if name == "geometry" else pa.string()
        columns[name] = pa.array([row.get(name, None if name == "geometry" else "") for row in rows], kind)
    return pa.table(columns)


def _read(kind: str, table: pa.Table, *, file: str = "", area: bool = False) -> tuple[Layout, Checked, dict[str, int]]:
    """Recognise, apply and check a table of 潮見市."""
    layout = recognise(kind, table.column_names, file=file)
    canonical = apply(layout, table, file=file, municipality=TOWN)
    around = near(BOUNDARY, TOWN)
    if layout.only_inside:
        canonical = inside(canonical, around if area else None, file=file)
    found = check(NOUNS[kind], canonical.table, municipality=TOWN, headings=canonical.headings)
    return layout, found, dict(canonical.set_aside)


def _rows(checked: Checked) -> list[dict[str, object]]:
    assert checked.refused == 0, [fault.reason() for fault in checked.faults.kept]
    return checked.table.to_pylist()


# 自治体標準オープンデータセット, 推奨データセット


def test_the_current_sheet_of_emergency_sites_gives_sites_and_its_marked_rows_shelters() -> None:
    row = {
        "全国地方公共団体コード": "993018", "ID": "E1", "名称": "潮見小学校", "所在地_連結表記": "潮見市浜一丁目2番3",
        "緯度": "34.55", "経度": "138.60", "災害種別_津波": "1", "指定避難所との重複": "1", "想定収容人数": "480人",
    }  # fmt: skip
    table = _table([row, row | {"ID": "E2", "名称": "浜の高台", "指定避難所との重複": ""}], CURRENT)
    layout, sites, _aside = _read("emergency-sites", table)
    assert layout.id == "standard_emergency_sites"
    assert [(one["safe_tsunami"], one["safe_flood"], one["capacity"]) for one in _rows(sites)] == [
        (True, False, 480), (True, False, 480),
    ]  # fmt: skip
    layout, shelters, aside = _read("shelters", table)
    assert (layout.id, aside) == ("standard_shelters", {"disaster.rows_of_another_kind": 1})
    assert [(one["shelter_id"], one["shelter_kind"]) for one in _rows(shelters)] == [("E1", "designated")]


@given(st.permutations(CURRENT))
def test_the_sheet_is_known_whatever_the_order_of_its_columns(headings: list[str]) -> None:
    assert recognise("emergency-sites", headings).id == "standard_emergency_sites"


def test_the_list_of_a_prefecture_gives_the_rows_that_stand_in_the_municipality() -> None:
    row = {
        "全国地方公共団体コード": "990001",
        "ID": "1",
        "名称": "県民館",
        "POIコード": "1101",
        "緯度": "34.55",
        "経度": "138.6",
    }
    here, elsewhere = (
        row | {"所在地_全国地方公共団体コード": "993018"},
        row | {"所在地_全国地方公共団体コード": "222127"},
    )
    layout, found, aside = _read("facilities", _table([here, elsewhere], (*COMMON_HEAD, "POIコード", "備考")))
    assert (layout.id, aside) == ("standard_facilities", {"disaster.rows_of_other_municipalities": 1})
    assert _rows(found)[0]["facility_kind"] == "public"


def test_the_old_sheet_of_defibrillators_says_where_in_the_building_and_when() -> None:
    row = {
        "都道府県コード又は市区町村コード": "993018", "NO": "7", "名称": "潮見市役所", "住所": "架空県潮見市浜1-2-3",
        "設置位置": "1階受付", "利用可能曜日": "月火水木金", "開始時間": "8:30", "終了時間": "17:15",
        "小児対応設備の有無": "有",
    }  # fmt: skip
    layout, found, _aside = _read("facilities", _table([row], OLD_AED))
    one = _rows(found)[0]
    assert (layout.id, one["facility_kind"], one["detail"]) == ("standard_aed", "aed", "1階受付")
    assert one["hours"] == "月火水木金 8:30～17:15"


@pytest.mark.parametrize(
    ("more", "layout", "kind"),
    [
        (["医療機関の種類", "診療科目", "病床数"], "standard_medical", "medical"),
        (["実施サービス", "定員"], "standard_care", "care"),
    ],
)
def test_hospitals_and_care_offices_share_the_common_head(more: list[str], layout: str, kind: str) -> None:
    found = recognise("facilities", [*COMMON_HEAD, *more, "備考"])
    assert found.id == layout
    assert found.columns["facility_kind"].constant == kind


# 国土地理院


def _gsi(**more: str) -> dict[str, str]:
    return {
        "NO": "1", "共通ID": "E9930100000001", "都道府県名及び市町村名": "架空県潮見市", "施設・場所名": "潮見\n小学校",
        "住所": "浜1-2-3", "緯度": "34.55", "経度": "138.60", "備考": "体育館は\n使えない", **more,
    }  # fmt: skip


@pytest.mark.parametrize("whole", [True, False], ids=["national", "municipal"])
def test_the_national_lists_are_read_with_and_without_the_column_of_names(whole: bool) -> None:
    sites = _gsi(**(dict.fromkeys(GSI_HAZARDS, "") | {"津波": "1"}), 指定避難所との住所同一="1")
    shelters = _gsi(
        指定緊急避難場所との住所同一="1",
        その他市町村長が必要と認める事項="",
        受入対象者="要配慮者",
        共通ID="P9930100000009",
    )
    for kind, row, id_ in (("emergency-sites", sites, "site_id"), ("shelters", shelters, "shelter_id")):
        kept = {name: value for name, value in row.items() if whole or name != "都道府県名及び市町村名"}
        elsewhere = kept | {"共通ID": "E2221200000001"}
        layout, found, aside = _read(kind, _table([kept, elsewhere]))
        assert layout.id in ("gsi_emergency_sites", "gsi_shelters")
        assert aside == {"disaster.rows_of_other_municipalities": 1}
        one = _rows(found)[0]
        assert (one["name"], one[id_]) == ("潮見 小学校", row["共通ID"])


# 国土数値情報


def test_shelters_of_2012_are_never_called_designated_and_unknown_numbers_stay_empty() -> None:
    row = {f"P20_{n:03d}": "" for n in range(1, 13)}
    row |= {
        "P20_001": TOWN,
        "P20_002": "潮見公民館",
        "P20_003": "浜1",
        "P20_004": "指定避難所、公民館",
        "P20_005": "-1",
    }
    layout, found, _aside = _read("shelters", _table([row | {"P20_006": "1,234.5㎡"}]))
    one = _rows(found)[0]
    assert (layout.id, one["shelter_kind"], one["capacity"]) == ("ksj_p20_shelters", "undesignated", None)
    assert one["area_m2"] == 1234.5
    assert "2012年" in str(one["note"])


@pytest.mark.parametrize(
    ("small", "class_", "management", "delivery"),
    [("18002", "18006", "direct", "delivery"), ("18004", "18004", "contract", "no_delivery"),
     ("18001", "18006", "direct", "unknown"), ("18009", "18999", "unknown", "unknown")],
)  # fmt: skip
def test_post_offices_of_2013_say_who_runs_them_and_whether_they_deliver(
    small: str, class_: str, management: str, delivery: str
) -> None:
    row = {
        "P30_001": TOWN,
        "P30_002": "18",
        "P30_003": small,
        "P30_004": class_,
        "P30_005": "潮見郵便局",
        "P30_006": "浜1-2",
    }
    layout, found, _aside = _read("offices", _table([row]))
    one = _rows(found)[0]
    assert (layout.id, one["management"], one["delivery"]) == ("ksj_p30_offices", management, delivery)
    assert one["state"] == "unknown"


def test_boundaries_before_and_after_2024_give_the_same_name() -> None:
    old = {
        "N03_001": "架空県",
        "N03_002": "",
        "N03_003": "港郡",
        "N03_004": "潮見町",
        "N03_007": TOWN,
        "geometry": SQUARE,
    }
    new = {**old, "N03_005": ""}
    ward = {**new, "N03_003": "", "N03_004": "潮見市", "N03_005": "浜区"}
    nobody = {**new, "N03_004": "所属未定地", "N03_007": ""}
    layout, found, _aside = _read("boundaries", _table([old]))
    assert (layout.id, _rows(found)[0]["name"]) == ("n03", "架空県港郡潮見町")
    layout, found, aside = _read("boundaries", _table([new, ward, nobody]))
    assert (layout.id, [row["name"] for row in _rows(found)]) == ("n03_2024", ["架空県港郡潮見町", "架空県潮見市浜区"])
    assert aside == {"disaster.rows_of_other_municipalities": 1}  # land of no municipality is nobody's


@pytest.mark.parametrize(
    ("layer", "rank", "kind", "depth", "note"),
    [
        ("1", "2", "flood_hazard", "0_5_to_3", "ランク 2"),
        ("2", "6", "flood_hazard", "ge_20", "ランク 6"),
        ("2", "23", "flood_hazard", "unknown", "ランク 23"),
        ("3", "4", "flood_duration", None, "3日以上1週間未満"),
        ("4", "2", "house_collapse", None, "河岸侵食"),
    ],
)
def test_the_four_layers_of_flood_maps_are_told_apart(
    layer: str, rank: str, kind: str, depth: str | None, note: str
) -> None:
    row: dict[str, str | bytes] = {
        f"A31a_{layer}0{n}": text for n, text in enumerate(["85", "潮見川", "99", "架空県", rank], 1)
    }
    layout, found, aside = _read("areas", _table([row | {"geometry": SQUARE}, row | {"geometry": FAR}]), area=True)
    one = _rows(found)[0]
    assert layout.id.startswith("ksj_a31a_")
    assert (one["area_kind"], one["depth_class"]) == (kind, depth)
    assert note in str(one["note"])
    assert aside == {"disaster.rows_of_other_municipalities": 1}


@pytest.mark.parametrize(("column", "layout"), [("A31_101", "ksj_a31_planned"), ("A31_201", "ksj_a31_largest")])
def test_the_older_flood_maps_keep_a_code_that_is_not_known(column: str, layout: str) -> None:
    rows = [{column: code, column[:-1] + "4": "200mm", "geometry": SQUARE} for code in ("3", "14")]
    found_layout, found, _aside = _read("areas", _table(rows), file="A31-12", area=True)
    assert found_layout.id == layout
    assert [row["depth_class"] for row in _rows(found)] == ["3_to_5", "unknown"]
    assert "14" in str(_rows(found)[1]["note"])


def test_a_file_of_a_whole_prefecture_without_a_boundary_is_refused_in_words() -> None:
    row = {
        "A33_001": "2",
        "A33_002": "2",
        "A33_003": "99",
        "A33_004": "X1",
        "A33_005": "",
        "A33_006": "",
        "A33_007": "",
    }
    table = _table([row | {"geometry": SQUARE}])
    with pytest.raises(IngestError) as caught:
        _read("areas", table, file="A33-99")
    assert caught.value.code == "disaster.boundary_needed"
    assert "tayori ingest boundaries" in caught.value.sentence()
    _layout, found, _aside = _read("areas", table, area=True)
    one = _rows(found)[0]
    assert (one["phenomenon"], one["zone"], one["name"]) == ("debris_flow", "special", "土砂災害警戒区域 X1")


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("0.01m以上 ～ 0.3m未満", "lt_0_3"), ("0.3ｍ以上～1.0ｍ未満", "0_3_to_1"), ("1.0m以上2.0m未満", "1_to_2"),
        ("2m以上5m未満", "2_to_5"), ("10.0ｍ以上", "ge_10"), ("20m以上", "ge_20"),
    ],
)  # fmt: skip
def test_tsunami_depths_are_read_from_the_text_of_each_prefecture(text: str, depth: str) -> None:
    row = {"A40_001": "架空県", "A40_002": "99", "A40_003": text, "geometry": SQUARE}
    assert _rows(_read("areas", _table([row]), area=True)[1])[0]["depth_class"] == depth


def test_a_tsunami_depth_that_is_no_class_of_ours_keeps_its_words_and_is_said() -> None:
    row = {"A40_001": "架空県", "A40_002": "99", "A40_003": "4.0m以上6.0m未満", "geometry": SQUARE}
    _layout, found, _aside = _read("areas", _table([row]), area=True)
    one = _rows(found)[0]
    assert (one["depth_class"], one["note"]) == (None, "A40_003：4.0m以上6.0m未満")
    assert [(code, said["count"], said["rows"]) for code, said in found.remarks] == [("disaster.kept_as_text", 1, "1")]


# 日本郵便


def _ken_all(rows: Sequence[tuple[str, str, str, str]]) -> pa.Table:
    """Make a postal table of (code, postal code, kana, town)."""
    filled = [
        {f"列{n}": "0" for n in range(10, 16)}
        | {
            "列1": code,
            "列2": "000",
            "列3": zip_,
            "列4": "ｶｸｳｹﾝ",
            "列5": "ｼｵﾐｼ",
            "列6": kana,
            "列7": "架空県",
            "列8": "潮見市",
            "列9": town,
        }
        for code, zip_, kana, town in rows
    ]
    return _table(filled, [f"列{n}" for n in range(1, 16)])


def test_records_over_several_lines_are_joined_and_keep_their_first_row_number() -> None:
    table = _ken_all(
        [
            (TOWN, "9990001", "ﾊﾏ", "浜"),
            (TOWN, "9990002", "ｵｷ(ｱｶ､", "沖（赤、"),
            (TOWN, "9990002", "ｱｵ､", "青、"),
            (TOWN, "9990002", "ｼﾛ)", "白）"),
            (TOWN, "9990003", "ﾐﾅﾄ", "港（一、"),
            (TOWN, "9990003", "ﾐﾅﾄ", "二）"),
            ("22212", "9990004", "ﾖｿ", "よそ"),
        ]
    )
    layout, found, aside = _read("postal-towns", table, file="KEN_ALL")
    rows = _rows(found)
    assert layout.id == "postal_ken_all"
    assert aside == {"disaster.rows_joined": 3, "disaster.rows_of_other_municipalities": 1}
    assert [row["town_text"] for row in rows] == ["浜", "沖（赤、青、白）", "港（一、二）"]
    assert [row["town_kana"] for row in rows] == ["ハマ", "オキ(アカ、アオ、シロ)", "ミナト"]
    assert [row["town"] for row in rows] == ["浜", "沖", "港"]
    assert found.rows.tolist() == [1, 2, 5]


def test_a_bracket_that_never_closes_joins_nothing() -> None:
    table = _ken_all([(TOWN, "9990002", "ｵｷ", "沖（赤、"), (TOWN, "9990003", "ﾊﾏ", "浜")])
    assert join_continued(table).rows.tolist() == [1, 2]


@given(st.lists(st.lists(st.text("赤青白黒", min_size=1, max_size=3), min_size=1, max_size=5), min_size=1, max_size=8))
def test_whatever_a_town_is_cut_into_comes_back_whole(pieces: list[list[str]]) -> None:
    rows, whole = [], []
    for number, parts in enumerate(pieces):
        cut = ["町（" + parts[0], *parts[1:]]
        cut[-1] += "）"
        rows += [(TOWN, f"{number:07d}", "ﾏﾁ", part) for part in cut]
        whole.append("".join(cut))
    joined = join_continued(_ken_all(rows))
    assert joined.table.column("列9").to_pylist() == whole
    assert joined.table.num_rows + joined.set_aside.get("disaster.rows_joined", 0) == len(rows)


@pytest.mark.parametrize(
    ("text", "town"),
    [
        ("以下に掲載がない場合", ""), ("潮見市の次に番地がくる場合", ""), ("潮見市一円", ""), ("一円", "一円"),
        ("浜（その他）", "浜"), ("浜（１～１９丁目）", "浜"), ("種山第１５地割〜第２１地割（鹿、角）", "種山"),
        ("浜町", "浜町"), ("浜（次のビルを除く）", "浜"),
    ],
)  # fmt: skip
def test_remarks_of_the_postal_table_are_taken_off_towns_and_never_expanded(text: str, town: str) -> None:
    assert TRANSFORMS["postal_town"](pa.array([text])).to_pylist() == [town]


def _jigyosyo(rows: Sequence[tuple[str, str, str, str]]) -> pa.Table:
    """Make a table of large recipients of (municipality, office, sort, change)."""
    filled = [
        {f"列{n}": "" for n in range(1, 14)}
        | {"列1": code, "列4": "架空県", "列5": "潮見市", "列10": office, "列11": sort, "列13": change}
        for code, office, sort, change in rows
    ]
    return _table(filled)


def test_offices_are_counted_by_the_municipality_they_deliver_into() -> None:
    table = _jigyosyo(
        [
            (TOWN, "潮見", "0", "0"),
            (TOWN, "潮見", "1", "0"),
            (TOWN, "沖", "0", "1"),
            (TOWN, "昔", "0", "5"),
            ("22212", "潮見", "0", "0"),
        ]
    )
    offices = delivering_offices(table)
    assert offices.select(["municipality", "office", "companies", "boxes", "row"]).to_pylist() == [
        {"municipality": TOWN, "office": "潮見", "companies": "1", "boxes": "1", "row": 1},
        {"municipality": TOWN, "office": "沖", "companies": "1", "boxes": "0", "row": 3},
        {"municipality": "22212", "office": "潮見", "companies": "1", "boxes": "0", "row": 5},
    ]
    layout, found, aside = _read("office-areas", table)
    assert layout.id == "postal_jigyosyo"
    assert [(row["office"], row["companies"]) for row in _rows(found)] == [("潮見", 1), ("沖", 1)]
    assert sum(aside.values()) + found.read == table.num_rows


def test_a_table_without_headings_looks_like_nothing_else() -> None:
    with pytest.raises(IngestError) as caught:
        recognise("shelters", [f"列{n}" for n in range(1, 16)])
    assert caught.value.code == "disaster.unknown_layout"
    assert "見出しのない" not in caught.value.params["nearest"]


# e-Stat


def _mesh(code: str, handling: str, into: str, from_: str, *numbers: str) -> dict[str, str]:
    named = zip(("T001", "T002", "T003"), numbers, strict=True)
    return {"KEY_CODE": code, "HTKSYORI": handling, "HTKSAKI": into, "GASSAN": from_, **dict(named)}


def test_grid_statistics_keep_totals_right_where_numbers_are_hidden() -> None:
    table = _table(
        [
            _mesh("", "", "", "", "　人口（総数）", "　６５歳以上人口　総数", "　世帯総数"),
            _mesh("51386468", "0", "", "", "43", "22", "16"),
            _mesh("51386469", "2", "51386468", "", "3", "*", "2"),
            _mesh("53390005", "0", "", "", "52", "23", "21"),
        ]
    )
    layout, found, aside = _read("population", table, area=True)
    assert layout.id == "estat_mesh"
    assert aside == {"disaster.label_rows": 1, "disaster.rows_of_other_municipalities": 1}
    first, second = _rows(found)
    assert (first["population"], first["over_65"], first["area_unit"], first["figures"]) == (
        43,
        22,
        "mesh_1km",
        "given",
    )
    assert (second["population"], second["over_65"], second["figures"]) == (3, None, "hidden")
    assert (second["merged_into"], first["lon"], first["lat"]) == ("51386468", 138.60625, pytest.approx(34.55416667))
    assert found.rows.tolist() == [2, 3]


def test_small_areas_are_marked_where_they_hold_other_rows_so_that_sums_count_nobody_twice() -> None:
    def row(code: str, level: str, name: str, *numbers: str) -> dict[str, str]:
        named = zip(("T001081001", "T001081004"), numbers, strict=True)
        return {"KEY_CODE": code, "HYOSYO": level, "CITYNAME": "潮見市", "NAME": name, "HTKSYORI": "0",
                "HTKSAKI": "", "GASSAN": "", **dict(named)}  # fmt: skip

    labels = row("", "", "", "人口総数", "世帯総数") | {"CITYNAME": "", "HTKSYORI": ""}
    rows = [
        row(TOWN, "1", "", "30", "12"), row("993010010", "3", "浜", "20", "8"),
        row("99301001001", "4", "浜一丁目", "15", "6"), row("99301001002", "4", "浜二丁目", "5", "2"),
        row("993010020", "2", "沖", "10", "4"),
        row("993010030", "2", "飛地", "-", "-"), row("993010040", "2", "島", "X", "X"), row("22212", "1", "", "9", "9"),
    ]  # fmt: skip
    layout, found, aside = _read("population", _table([labels, *rows]))
    assert layout.id == "estat_small_area"
    assert aside == {"disaster.label_rows": 1, "disaster.rows_of_other_municipalities": 1}
    read = _rows(found)
    assert sum(int(str(one["population"])) for one in read if not one["holds_others"] and one["population"]) == 30
    assert [one["figures"] for one in read[-2:]] == ["none", "hidden"]
    assert [one["area_unit"] for one in read[:2]] == ["municipality", "small_area"]


def test_polygons_of_the_census_give_people_at_a_point_and_areas_under_the_same_code() -> None:
    row = {
        "KEY_CODE": "993010010", "PREF": "99", "CITY": "301", "S_NAME": "浜", "KIGO_E": "", "HCODE": "8101",
        "JINKO": "20", "SETAI": "8", "X_CODE": "138.6", "Y_CODE": "34.55", "geometry": SQUARE,
    }  # fmt: skip
    table = _table([row, row | {"KIGO_E": "E1", "JINKO": "0", "SETAI": "0"}])
    people, areas = _rows(_read("population", table)[1]), _rows(_read("areas", table)[1])
    assert [one["area_id"] for one in people] == [one["area_id"] for one in areas] == ["993010010", "993010010E1"]
    assert (people[0]["population"], people[0]["lon"]) == (20, 138.6)


# 避難所の開設, 交通事故, 位置の書き方


def test_a_head_count_whose_column_carries_the_date_is_read_at_that_time() -> None:
    row = {"ID": "S1", "名称": "潮見小", "人数_令和6年1月9日午後6時時点": "180名", "対象となる町会・自治会": "浜"}
    later = {
        "ID": "S1",
        "名称": "潮見小",
        "人数": "約50人",
        "時点": "2024年1月10日18:00現在",
        "対象となる町会・自治会": "浜",
    }
    for one, count, at in ((row, 180, "2024-01-09T09:00"), (later, 50, "2024-01-10T09:00")):
        layout, found, _aside = _read("openings", _table([one]))
        assert layout.id == "nanao_openings"
        read = _rows(found)[0]
        assert read["head_count"] == count
        assert str(read["observed_at"]).replace(" ", "T").startswith(at)


def test_accidents_of_the_police_are_read_from_the_original_numbers() -> None:
    row = {
        "資料区分": "1", "都道府県コード": "49", "警察署等コード": "101", "本票番号": "0007", "事故内容": "2",
        "死者数": "000", "負傷者数": "001", "市区町村コード": "212", "発生日時　　年": "2019",
        "発生日時　　月": "01",
        "発生日時　　日": "04", "発生日時　　時": "14", "発生日時　　分": "07", "事故類型": "21",
        "地点　緯度（北緯）": "345130250",
        "地点　経度（東経）": "1381905500",
    }  # fmt: skip
    layout = recognise("risk-spots", list(row))
    canonical = apply(layout, _table([row, row | {"市区町村コード": "201"}]), municipality="22212")
    one = check(NOUNS["risk-spots"], canonical.table, municipality="22212").table.to_pylist()
    assert layout.id == "npa_accidents_original"
    assert dict(canonical.set_aside) == {"disaster.rows_of_other_municipalities": 1}
    assert (one[0]["lat"], one[0]["lon"]) == (
        pytest.approx(34 + 51 / 60 + 30.25 / 3600),
        pytest.approx(138.3181944, abs=1e-6),
    )
    assert (one[0]["killed"], one[0]["injured"], one[0]["name"]) == (0, 1, "車両相互")


@pytest.mark.parametrize(
    ("pref", "code"),
    [("10", "01101"), ("14", "01101"), ("30", "13101"), ("97", "47101"), ("東京", "13101"), ("東京都", "13101"),
     ("北海道", "01101"), ("京都", "26101"), ("18", "18 101"), ("架空", "架空 101")],
)  # fmt: skip
def test_the_police_number_prefectures_in_their_own_way(pref: str, code: str) -> None:
    assert TRANSFORMS["police_municipality"](pa.array([f"{pref} 101"])).to_pylist() == [code]


@pytest.mark.parametrize(
    ("text", "degrees"),
    [("35度40分52.5秒", "35.68125000"), ("N35°40'52.5\"", "35.68125000"), ("東経138度36分00秒", "138.60000000"),
     ("34゜51分36秒", "34.86000000"), ("34º51′36″", "34.86000000"), ("34˚51’36”", "34.86000000"),
     ("138.6", "138.6"), ("35度70分0秒", "35度70分0秒"), ("", "")],
)  # fmt: skip
def test_degrees_minutes_and_seconds_are_read_and_other_texts_left(text: str, degrees: str) -> None:
    assert TRANSFORMS["degrees"](pa.array([text])).to_pylist() == [degrees]


def test_a_grid_reference_stands_in_where_there_are_no_coordinates_and_its_precision_is_said() -> None:
    whole = str(mgrs([138.6], [34.55])[0])
    reference = whole[:5] + whole[5:9] + whole[10:14]
    row = {
        "避難所ID": "S1",
        "名称": "潮見小",
        "区分": "指定避難所",
        "経度": "",
        "緯度": "",
        "UTMポイント": reference,
    }
    rows = [
        row,
        row | {"避難所ID": "S2", "経度": "138.6", "緯度": "34.55"},
        row | {"避難所ID": "S3", "UTMポイント": "TD7993"},
    ]
    layout = recognise("shelters", list(row))
    canonical = apply(layout, _table(rows), municipality=TOWN)
    found = check(NOUNS["shelters"], canonical.table, municipality=TOWN)
    assert [fault.code for fault in found.faults.kept] == ["disaster.bad_mgrs"]
    first, second = found.table.to_pylist()
    assert (first["lon"], first["lat"]) == (pytest.approx(138.6, abs=1e-4), pytest.approx(34.55, abs=1e-4))
    assert (second["lon"], second["lat"]) == (138.6, 34.55)
    assert [(code, said["side"], said["rows"]) for code, said in found.remarks] == [
        ("disaster.place_from_grid", 10, "1")
    ]


def test_geo3x3_codes_are_squares_within_squares() -> None:
    lon, lat = (
        TRANSFORMS[f"geo3x3_{axis}"](pa.array(["E913849897578386", "W1", "x"])).to_pylist() for axis in ("lon", "lat")
    )
    whole = [
        float(TRANSFORMS["geo3x3_lon"](pa.array([code])).to_pylist()[0]) for code in ("E9138", "E91384", "E913849")
    ]
    assert abs(whole[1] - whole[0]) < 180 / 3**4
    assert abs(whole[2] - float(lon[0])) < 180 / 3**6
    assert (lon[1:], lat[1:]) == (["W1", "x"], ["W1", "x"])


# Recognising


def test_the_layouts_that_a_file_may_have_come_with_what_they_lack_the_likeliest_first() -> None:
    found = recognise_any(CURRENT)
    assert {one.layout.id for one in found[:2]} == {"standard_emergency_sites", "standard_shelters"}
    assert found[0].missing == ()
    assert all(one.matched > 0 for one in found)
    lacking = [bool(one.missing) for one in found]
    assert lacking == sorted(lacking)
    assert recognise_any(["気分", "天気"]) == ()


def test_a_layout_written_after_the_instructions_works_as_they_say() -> None:
    """The text in CONTRIBUTING is a layout: it parses, and a file with its headings becomes shelters."""
    text = (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    toml = re.search(r"```toml\n(kind = .*?)```", text, re.DOTALL)
    assert toml is not None
    assert len(toml[1].splitlines()) <= 20
    layout = parse_layout(toml[1], layout_id="minato")
    row = {"番号": "1", "施設名": "みなと小", "住所": "浜1", "区分": "福祉避難所", "収容人数": "480人", "地区名": "浜"}
    assert layout.missing(frozenset(row)) == ()
    canonical = apply(layout, _table([row, row | {"番号": "2", "区分": "公園"}]), municipality=TOWN)
    assert dict(canonical.set_aside) == {"disaster.rows_of_another_kind": 1}
    read = check(NOUNS["shelters"], canonical.table, municipality=TOWN).table.to_pylist()[0]
    assert (read["shelter_id"], read["shelter_kind"], read["capacity"]) == ("minato-1", "welfare", 480)


def test_the_example_in_the_docstring_parses() -> None:
    block = str(disaster.layouts.__doc__).split("::\n\n")[1].split("\nMore keys")[0]
    layout = parse_layout("\n".join(line.removeprefix("    ") for line in block.splitlines()), layout_id="minato")
    assert layout.columns["lon"].sources == ("X",)


def test_no_two_layouts_of_a_kind_fit_the_same_headings_equally_well() -> None:
    for layout in all_layouts():
        headings = frozenset(layout.unnamed) or frozenset({*layout.headings, "geometry"})
        same = [
            one for one in all_layouts() if one.kind == layout.kind and one.id != layout.id and not one.file_contains
        ]
        equal = [one.id for one in same if not layout.file_contains and set(one.headings) == set(layout.headings)]
        assert not equal, (layout.id, equal, len(headings))


def test_rows_in_which_nothing_is_written_are_counted_and_no_fault() -> None:
    row = {"避難所ID": "S1", "名称": "潮見小", "区分": "指定避難所"}
    canonical = apply(
        recognise("shelters", list(row)), _table([row, dict.fromkeys(row, " "), row | {"避難所ID": "S2"}])
    )
    assert dict(canonical.set_aside) == {"disaster.rows_empty": 1}
    assert canonical.table.column("row").to_pylist() == [1, 3]


def test_a_national_list_with_line_breaks_in_its_cells_is_read_from_a_file_and_a_lost_zero_is_said(
    tmp_path: Path,
) -> None:
    """From the file to the batch: quoted line breaks (GSI), and codes whose zero a spreadsheet took."""
    hazards = ",".join(GSI_HAZARDS)
    head = f"NO,共通ID,都道府県名及び市町村名,施設・場所名,住所,{hazards},指定避難所との住所同一,緯度,経度,備考"
    rows = [
        '1,E0120100000001,北の町,"浜の\n学校",浜1,1,,,,1,,,,1,43.06,141.35,"夜は\r\n使えない"',
        "2,E0120100000002,北の町,沖の丘,沖2,,,,,,,,,,,,",
    ]
    sites = tmp_path / "mergeFromCity_2.csv"
    sites.write_bytes("\n".join([head, *rows, ""]).encode("utf-8-sig"))
    shelters = tmp_path / "hinanjo.csv"
    shelters.write_bytes(
        "避難所ID,市区町村コード,名称,区分\nS1,1201,浜小,指定避難所\nS2,12017,沖小,指定避難所\n".encode("cp932")
    )
    at = datetime.fromisoformat("2026-11-20T09:30:00+09:00")
    with Reader() as reader:
        batch, coded = (
            check_file(kind, [path], municipality="01201", side=None, reader=reader, gazetteer=None, at=at)
            for kind, path in (("emergency-sites", sites), ("shelters", shelters))
        )
    assert (batch.read, batch.refused, batch.sources[0].layout) == (2, 0, "gsi_emergency_sites")
    assert batch.table.column("name").to_pylist() == ["浜の 学校", "沖の丘"]
    assert batch.table.column("note").to_pylist() == ["夜は 使えない", None]
    assert (coded.read, coded.refused, coded.notes["disaster.code_zero_restored"]) == (2, 0, 2)
    assert any("先頭の0" in note["reason"] for note in report(coded)["notes"])
