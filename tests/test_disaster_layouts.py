"""Claims about layouts: files are recognised by their headings and become the noun's columns."""

import tomllib
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import disaster.layouts
from disaster.errors import IngestError
from disaster.layouts import Layout, all_layouts, apply, parse_layout, recognise
from disaster.layouts.model import fold_heading
from disaster.layouts.transforms import TRANSFORMS
from disaster.mapping import not_read
from disaster.models import NOUNS, Noun, Shape

TOWN = "99301"
ACCIDENT_HEADINGS = (
    "事故内容区分", "事故類型区分", "天候区分", "死者数", "発生日時　　年", "発生日時（年月日）", "発生日時（時間）",
    "負傷者数", "路線", "道路形状区分", "件数", "経度", "緯度",
)  # fmt: skip


def _table(**columns: list[str]) -> pa.Table:
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _layout(text: str) -> Layout:
    return parse_layout(text, layout_id="minato")


def _rows(layout: Layout, table: pa.Table, **names: str) -> list[dict[str, object]]:
    canonical = apply(layout, table, municipality=TOWN, **names).table
    shown = [name for name in canonical.column_names if canonical.column(name).null_count < canonical.num_rows]
    return canonical.select(shown).to_pylist()


def _own_headings(noun: Noun, *, labels: bool) -> list[str]:
    place = {Shape.POINT: ["経度", "緯度"], Shape.NONE: []}.get(noun.shape, ["geometry"])
    return [f.column.label if labels else f.name for f in noun.fields] + place


@pytest.mark.parametrize("labels", [True, False], ids=["labels", "names"])
@pytest.mark.parametrize("kind", list(NOUNS))
def test_a_file_with_our_own_headings_is_recognised_for_every_kind(kind: str, labels: bool) -> None:
    layout = recognise(kind, _own_headings(NOUNS[kind], labels=labels))
    assert layout.id == f"tayori-{kind}"


@pytest.mark.parametrize("layout", all_layouts(), ids=lambda layout: layout.id)
def test_every_layout_fits_a_file_that_has_all_its_headings(layout: Layout) -> None:
    headings = [*layout.headings, "geometry"]
    assert recognise(layout.kind, headings, file=layout.file_contains).kind == layout.kind
    assert {value.transform for value in layout.columns.values()} <= {None, *TRANSFORMS}
    assert layout.title


@given(st.permutations(ACCIDENT_HEADINGS))
def test_the_order_of_columns_does_not_matter(headings: list[str]) -> None:
    assert recognise("risk-spots", headings).id == "yaizu_accidents"


@given(
    st.sampled_from(["避難所ＩＤ", "避難所 id", "　避難所ID "]),
    st.sampled_from(["shelter_kind", "区　分", "SHELTER_KIND"]),
)
def test_width_spaces_and_capitals_of_headings_do_not_matter(key: str, kind: str) -> None:
    assert recognise("shelters", [key, kind, "名称"]).id == "tayori-shelters"


def test_of_two_layouts_the_one_that_explains_more_headings_wins() -> None:
    both = ["SAUID", "SAUPDATE", "SAFIELD000", "geometry"]
    assert recognise("areas", both).id == "yaizu_jichikai"
    assert recognise("areas", [*both, "SAFIELD001"]).id == "yaizu_jishubo"


def test_a_file_name_decides_only_where_the_headings_say_nothing() -> None:
    bare = ["SAUID", "SAUPDATE", "geometry"]
    assert recognise("areas", bare, file="浸水履歴_令和6年").id == "yaizu_flood_history_bare"
    with pytest.raises(IngestError) as caught:
        recognise("areas", bare, file="市道")
    assert caught.value.code == "disaster.unknown_layout"
    assert recognise("risk-spots", ACCIDENT_HEADINGS, file="浸水履歴").id == "yaizu_accidents"


def test_a_file_of_another_kind_is_named_as_what_it_looks_like() -> None:
    headings = _own_headings(NOUNS["shelters"], labels=True)
    with pytest.raises(IngestError) as caught:
        recognise("offices", headings)
    assert caught.value.code == "disaster.other_kind"
    assert "郵便局（offices）と指定" in caught.value.sentence()
    assert "避難所（shelters）の様式" in caught.value.sentence()


def test_headings_that_any_list_has_do_not_make_it_a_file_of_another_kind() -> None:
    places = ["ID", "名称", "緯度", "経度"]
    for headings in (places, [*places, "住所", "開設日", "注意事項", "電話番号"]):
        with pytest.raises(IngestError) as caught:
            recognise("facilities", headings, path=Path("ごみ 置場.csv"))
        assert caught.value.code == "disaster.unknown_layout"


def test_a_file_of_another_kind_is_refused_with_the_command_that_reads_it_as_said() -> None:
    with pytest.raises(IngestError) as caught:
        recognise("offices", _own_headings(NOUNS["shelters"], labels=True), path=Path("一 覧.csv"))
    assert 'tayori map "一 覧.csv" --kind offices' in caught.value.hint()


def test_a_list_of_names_is_never_taken_for_people_under_protection_unless_the_user_says_so() -> None:
    for headings in (["氏名", "役職"], ["管理No", "氏名", "現住所", "TEL", "同居", "緯度", "経度"], ["氏名", "住所"]):
        for kind in ("facilities", "delivery-points", "shelters"):
            with pytest.raises(IngestError) as caught:
                recognise(kind, headings)
            assert caught.value.code == "disaster.unknown_layout"
    assert recognise("protection", ["氏名", "住所"]).kind == "protection"


def test_headings_with_their_unit_in_brackets_are_read_but_not_those_with_another_unit() -> None:
    table = _table(**{
        "避難所ID": ["H1"], "名称": ["港小"], "区分": ["指定避難所"], "想定収容人数（人）": ["120"],
        "緯度（北緯）": ["34.55"], "経度（東経）": ["138.6"], "面積（ha）": ["2"],
    })  # fmt: skip
    canonical = apply(recognise("shelters", table.column_names), table, municipality=TOWN)
    row = canonical.table.to_pylist()[0]
    assert (row["capacity"], row["lat"], row["lon"], row["area_m2"]) == ("120", "34.55", "138.6", None)
    assert row["note"] == "面積（ha）：2"


def test_columns_of_one_meaning_that_disagree_are_said_with_their_rows() -> None:
    table = _table(
        避難所ID=["H1", "H2", "H3"], 名称=["a", "b", "c"], 区分=["指定避難所"] * 3,
        想定収容人数=["", "3", "8"], 収容人数=["5", "3", ""], 定員=["9", "３", "８.0"],
    )  # fmt: skip
    canonical = apply(recognise("shelters", table.column_names), table, municipality=TOWN)
    told = [(one.code, one.column, one.rows.tolist()) for one in canonical.said]
    assert told == [("disaster.columns_disagree", "想定収容人数・収容人数・定員", [1])]
    assert canonical.table.column("capacity").to_pylist() == ["5", "3", "8"]


def test_parts_of_an_amount_are_kept_as_words_and_other_columns_are_said_not_to_be_read() -> None:
    table = _table(**{
        "避難所ID": ["H1", "H2"], "名称": ["a", "b"], "区分": ["指定避難所"] * 2, "備考": ["x", ""],
        "収容人数（屋内）": ["10", "20"], "収容人数 屋外": ["", "30"], "N緯度": ["34.5", "34.6"],
        "E経度": ["138.6", ""], "ペット可": ["○", ""], "空": ["", " "],
    })  # fmt: skip
    canonical = apply(recognise("shelters", table.column_names), table, municipality=TOWN)
    notes = canonical.table.column("note").to_pylist()
    assert notes == ["x、収容人数（屋内）：10", "収容人数（屋内）：20、収容人数 屋外：30"]
    assert canonical.table.column("capacity").to_pylist() == [None, None]
    assert [(one.column, one.rows.tolist()) for one in canonical.said] == [
        ("収容人数（屋内）", [1, 2]), ("収容人数 屋外", [2])
    ]  # fmt: skip
    assert canonical.unread == ("N緯度", "E経度", "ペット可")
    assert canonical.positions == ("N緯度", "E経度")
    codes = [code for code, _params in not_read(canonical, None)]
    assert codes == ["disaster.kept_as_text"] * 2 + ["disaster.positions_not_read", "disaster.columns_not_read"]


def test_unknown_headings_are_answered_with_those_found_the_nearest_layout_and_what_is_missing() -> None:
    with pytest.raises(IngestError) as caught:
        recognise("shelters", ["避難所ID", "名称", "気分"])
    sentence = caught.value.sentence()
    assert caught.value.code == "disaster.unknown_layout"
    assert "避難所ID、名称、気分" in sentence
    assert caught.value.params["missing"] == "区分"
    assert "Tayori 避難所" in sentence


def test_where_no_heading_is_known_our_own_layout_is_named_as_the_nearest() -> None:
    with pytest.raises(IngestError) as caught:
        recognise("areas", ["_fillColor", "_weight", "geometry"])
    assert caught.value.params["nearest"] == "Tayori 区域"


def test_an_unknown_kind_is_answered_with_the_kinds_there_are() -> None:
    with pytest.raises(IngestError) as caught:
        recognise("letters", ["名称"])
    assert caught.value.code == "disaster.unknown_kind"
    assert "delivery-points" in caught.value.sentence()


def test_two_headings_that_mean_the_same_column_are_refused() -> None:
    table = pa.table([["a"], ["b"], ["c"], ["指定避難所"]], names=["避難所ID", "名称", "名 称", "区分"])
    with pytest.raises(IngestError) as caught:
        apply(recognise("shelters", table.column_names), table, municipality=TOWN)
    assert caught.value.code == "disaster.column_twice"
    assert caught.value.params == {"first": "名称", "second": "名 称"}


def test_every_row_keeps_its_number_in_the_file_and_the_others_are_counted() -> None:
    layout = _layout(
        """
        kind = "offices"
        title = "みなと市の施設"
        [where]
        column = "施設"
        contains = ["郵便局"]
        [columns]
        office_code = { template = "M-{row}" }
        name = "施設"
        """
    )
    canonical = apply(layout, _table(施設=["市役所", "みなと郵便局", "公民館", "港郵便局"]), municipality=TOWN)
    assert canonical.table.column("row").to_pylist() == [2, 4]
    assert canonical.table.column("office_code").to_pylist() == ["M-00002", "M-00004"]
    assert dict(canonical.set_aside) == {"disaster.rows_of_another_kind": 2}
    assert canonical.headings["name"] == "施設"


def test_values_are_mapped_marked_filled_and_built_as_the_layout_says() -> None:
    layout = _layout(
        """
        kind = "shelters"
        title = "みなと市の避難所"
        [columns]
        shelter_id = { template = "{municipality}-{番号}" }
        name = ["通称", "名称"]
        capacity = "人数"
        [columns.shelter_kind]
        from = "種"
        map = { "１" = "designated" }
        contains = { "福祉" = "welfare" }
        blank = "temporary"
        [columns.note.marked]
        "車椅子" = "車椅子可"
        "ペット" = "ペット可"
        """
    )
    table = _table(
        番号=["1", "2", "3", ""],
        名称=["い", "ろ", "は", "に"],
        通称=["", "ロ", "－", ""],
        種=["1", "福祉避難所", "", "謎"],
        人数=["-", "20", " ３０　", ""],
        車椅子=["○", "", "1", ""],
        ペット=["○", "○", "", "×"],
    )
    rows = _rows(layout, table)
    assert [row["shelter_id"] for row in rows] == ["99301-1", "99301-2", "99301-3", None]
    assert [row["name"] for row in rows] == ["い", "ロ", "は", "に"]
    assert [row["shelter_kind"] for row in rows] == ["designated", "welfare", "temporary", "謎"]
    assert [row["capacity"] for row in rows] == [None, "20", "３０", None]
    assert [row["note"] for row in rows] == ["車椅子可、ペット可", "ペット可", "車椅子可", None]


def test_accidents_without_ids_get_one_from_year_and_row() -> None:
    values = [
        "負傷",
        "車両相互",
        "晴",
        "0",
        "2019",
        "2019-01-04",
        "14:37",
        "1",
        "市道",
        "交差点",
        "1",
        "138.6",
        "34.55",
    ]
    table = pa.table({name: [value, value] for name, value in zip(ACCIDENT_HEADINGS, values, strict=True)})
    rows = _rows(recognise("risk-spots", table.column_names), table)
    assert [row["risk_id"] for row in rows] == ["2019-00001", "2019-00002"]
    assert rows[0]["happened_at"] == "2019-01-04 14:37"
    assert rows[0]["municipality"] == TOWN


def test_a_table_of_a_whole_prefecture_gives_one_municipality_and_counts_the_others() -> None:
    layout = recognise("boundaries", ["N03_001", "N03_003", "N03_004", "N03_007", "geometry"])
    table = _table(
        N03_001=["架空県"] * 3,
        N03_003=[""] * 3,
        N03_004=["潮見市", "隣市", "潮見市"],
        N03_007=["993018", "99302", "99301"],
    )
    table = table.append_column("geometry", pa.nulls(3, pa.binary()))
    canonical = apply(layout, table, municipality=TOWN)
    assert canonical.table.column("name").to_pylist() == ["架空県潮見市", "架空県潮見市"]
    assert dict(canonical.set_aside) == {"disaster.rows_of_other_municipalities": 1}


def test_the_common_id_of_the_survey_authority_tells_the_municipality() -> None:
    headings = ["共通ID", "施設・場所名", "住所", "受入対象者"]
    table = pa.table([["E9930100001201"], ["港小学校"], [""], [""]], names=headings)
    row = _rows(recognise("shelters", headings), table)[0]
    assert row["municipality"] == "99301"


def test_a_text_column_called_geometry_is_no_geometry() -> None:
    table = _table(
        避難所ID=["a"], 名称=["い"], 区分=["指定避難所"], geometry=["POINT (1 2)"], 経度=["138.6"], 緯度=["34.55"]
    )
    canonical = apply(recognise("shelters", table.column_names), table, municipality=TOWN)
    assert canonical.table.column("lon").to_pylist() == ["138.6"]


def test_everything_wrong_in_a_layout_is_said_at_once() -> None:
    text = 'kind = "shelters"\ntitle = "x"\ncolour = 1\nseries = "year"\n'
    text += '[columns]\nmood = "気分"\nname = { form = "名称" }'
    with pytest.raises(IngestError) as caught:
        _layout(text)
    for part in ("unknown key colour", "series 'year'", "shelters has no column mood", "unknown key columns.name.form"):
        assert part in caught.value.sentence("en")
    with pytest.raises(IngestError):
        _layout("kind = ")


def test_the_layout_that_the_documentation_shows_works_as_written() -> None:
    text = disaster.layouts.__doc__
    assert text is not None
    shown = text.split("::\n", 1)[1].split("More keys", 1)[0]
    assert tomllib.loads(shown)["kind"] == "shelters"
    layout = _layout(shown)
    values = ["7", "港小", "港町1", "福祉避難所", "90", "港", "○", "", "138.6", "34.5"]
    names = ["番号", "施設名", "住所", "区分", "収容人数", "地区名", "車椅子", "ペット", "X", "緯度"]
    table = pa.table([[value] for value in values], names=names)
    row = _rows(layout, table)[0]
    assert row["shelter_id"] == "minato-7"
    assert row["shelter_kind"] == "welfare"
    assert row["note"] == "車椅子可"
    assert (row["lon"], row["lat"]) == ("138.6", "34.5")
    assert len(shown.strip().splitlines()) < 25


@given(st.text(alphabet="名称区分避難所ＩＤid 　（）()㎡№\n"))
def test_folding_a_heading_twice_changes_nothing_more(text: str) -> None:
    assert fold_heading(fold_heading(text)) == fold_heading(text)
