"""Claims about a layout of the user's own: judged with all its faults, used as it is, proposed for unknown files."""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from disaster.batch import Batch
from disaster.commands import command, shell_word
from disaster.errors import IngestError, LayoutError
from disaster.ingest import check_file, report
from disaster.layouts import apply
from disaster.layouts.document import line_of
from disaster.layouts.model import Layout
from disaster.mapping import load_mapping, parse_mapping
from disaster.models import NOUNS
from disaster.proposal import Proposal, known_layout, mapping_text, propose
from disaster.proposal.contents import Looks, profiles
from disaster.proposal.headings import SIMILAR, TELLS, known_words, points
from disaster.proposal.wording import meaning
from geo.read import RawTable, Reader
from geo.read.model import RawSource

MAPPING = """\
kind = "shelters"
title = "みなと市の一覧"

[columns]
shelter_id = { template = "minato-{管理}" }
name = "施設"
shelter_kind = { constant = "designated" }
capacity = "人数"
lon = "X"
lat = "Y"
"""
ROWS = ("管理,施設,人数,X,Y", "1,港小,120,138.6,34.55", "2,山中,多い,138.61,34.56")
#: What a town may publish of its loudspeakers: no known layout, and an id, name and place for each row.
SPEAKERS = {
    "NO": ["1", "2", "3"],
    "拡声器の名前": ["港第一", "港第二", "山手"],
    "設置場所の住所": ["架空県潮見市港町1-2", "架空県潮見市港町3", "架空県潮見市山手4番地"],
    "東経": ["138.601234", "138.602345", "138.623456"],
    "北緯": ["34.551234", "34.552345", "34.563456"],
    "担当の電話番号": ["0550-00-0001", "0550-00-0001", "0550-00-0001"],
    "お知らせ": ["", "", ""],
}


def raw_of(columns: dict[str, list[str]], *, name: str = "拡声器.csv", shapes: Any = None) -> RawTable:
    table = pa.table({heading: pa.array(values, pa.string()) for heading, values in columns.items()})
    if shapes is not None:
        table = table.append_column("geometry", pa.array(shapely.to_wkb(shapes), pa.binary()))
    return RawTable(table, RawSource(name, "", 0, "csv", "utf-8", None, None, table.num_rows))


def text_of(proposal: Proposal, lang: Any = "ja") -> str:
    return mapping_text(proposal, file="拡声器.csv", reading={}, next_command="tayori check x", lang=lang)


def read_with(layout: Layout, raw: RawTable) -> dict[str, list[Any]]:
    return apply(layout, raw.table, file="x", municipality="99301").table.to_pydict()


def write(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def checked(reader: Reader, path: Path, at: datetime, mapping: Layout | None, kind: str = "shelters") -> Batch:
    return check_file(
        kind, [path], municipality="99301", side=None, reader=reader, gazetteer=None, at=at, mapping=mapping
    )


def test_a_mapping_reads_a_file_that_no_layout_knows(reader: Reader, tmp_path: Path, now: datetime) -> None:
    path, mapping = write(tmp_path, "list.csv", *ROWS), write(tmp_path, "m.toml", MAPPING)
    with pytest.raises(IngestError):
        checked(reader, path, now, None)
    batch = checked(reader, path, now, load_mapping(mapping).layout)
    assert batch.dataset == "mapping-みなと市の一覧"
    assert batch.table.column("shelter_id")[0].as_py() == "minato-1"
    assert (batch.table.column("lon")[0].as_py(), batch.table.column("lat")[0].as_py()) == (138.6, 34.55)
    assert batch.read == 2


def test_a_mapping_of_another_kind_or_of_other_headings_is_refused_in_one_sentence(
    reader: Reader, tmp_path: Path, now: datetime
) -> None:
    layout = parse_mapping(MAPPING, name="m.toml").layout
    with pytest.raises(IngestError) as caught:
        checked(reader, write(tmp_path, "list.csv", *ROWS), now, layout, kind="offices")
    assert caught.value.code == "disaster.mapping_of_other_kind"
    with pytest.raises(IngestError) as caught:
        checked(reader, write(tmp_path, "other.csv", "番,施設", "1,港小"), now, layout)
    assert caught.value.code == "disaster.mapping_does_not_fit"
    for part in ("管理", "番、施設", "みなと市の一覧"):
        assert part in caught.value.sentence()


def test_a_heading_of_the_mapping_that_the_file_lacks_is_said_though_the_row_can_do_without(
    reader: Reader, tmp_path: Path, now: datetime
) -> None:
    layout = parse_mapping(MAPPING.replace('"人数"', '"収容人員"'), name="m.toml").layout
    told = report(checked(reader, write(tmp_path, "list.csv", *ROWS), now, layout))
    said = [note["reason"] for note in told["notes"] if note["code"] == "disaster.mapping_headings_absent"]
    assert ["収容人員" in reason for reason in said] == [True]


WRONG = """\
kind = "shelters"
title = 7
colour = "red"
series = "year"
requires = "名称"

[where]
column = "区分"

[read]
encoding = 932
speed = "fast"

[columns]
mood = "気分"
name = { form = "名称" }
address = 3
capacity = { from = "人数", transform = "guess" }
phone = { from = [1], map = "x" }

[columns.shelter_kind]
from = "種"
map = { "1" = "designated", "2" = "小学校" }
"""


def test_everything_wrong_in_a_mapping_is_said_at_once_with_its_line_in_both_languages() -> None:
    with pytest.raises(LayoutError) as caught:
        parse_mapping(WRONG, name="m.toml")
    error = caught.value
    lines = {fault.params["line"] for fault in error.faults.kept if "line" in fault.params}
    assert lines == {2, 3, 4, 5, 7, 11, 12, 15, 16, 17, 18, 19, 23}
    assert error.params["count"] == error.faults.total == len(error.sentence().splitlines()) - 1
    for part in ("2行目", "「colour」", "「mood」", "shelter_id（避難所ID）", "'小学校'", "guess", "encoding、crs"):
        assert part in error.sentence("ja"), part
    for part in ("Line 3: unknown key colour", "Line 23", "no transform 'guess'"):
        assert part in error.sentence("en"), part


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("kind = ", "disaster.layout_not_toml"),
        ('kind = "shelters"\nkind = "roads"', "disaster.layout_not_toml"),
        ("", "disaster.layout_missing_key"),
        ('kind = ["shelters"]\ntitle = "x"\n[columns]', "disaster.layout_unknown_kind"),
        ('kind = "homes"\ntitle = "x"\n[columns]', "disaster.layout_unknown_kind"),
        ('kind = "shelters"\ntitle = "x"\ncolumns = 1', "disaster.layout_want_table"),
        ('kind = "shelters"\ntitle = "x"\nwhere = "x"\n[columns]', "disaster.layout_want_table"),
        ('kind = "shelters"\ntitle = "x"\nread = "cp932"\n[columns]', "disaster.layout_want_table"),
        ('kind = "shelters"\ntitle = "x"\n[columns]\nname = { map = { a = "b" } }', "disaster.layout_empty_column"),
        ('kind = "shelters"\ntitle = "x"\n[columns]\nname = []', "disaster.layout_want_headings"),
        ('kind = "shelters"\ntitle = "x"\n[read]\naccept_inaccurate = "yes"\n[columns]', "disaster.layout_want_flag"),
        ("x" * 1_000_001, "disaster.layout_too_long"),
    ],
)  # fmt: skip
def test_no_text_breaks_the_reading_of_a_mapping(text: str, code: str) -> None:
    with pytest.raises(LayoutError) as caught:
        parse_mapping(text, name="m.toml")
    assert code in {fault.code for fault in caught.value.faults.kept}
    for lang in ("ja", "en"):
        assert "？" not in caught.value.sentence(lang)  # type: ignore[arg-type]


@given(
    st.dictionaries(
        st.sampled_from(["kind", "title", "where", "columns", "series", "requires", "read", "x"]),
        st.recursive(
            st.sampled_from(["shelters", "名称", 1, True, None, []]),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(st.sampled_from(["name", "from", "map", "column", "contains", "shelter_kind"]), inner)
            ),
            max_leaves=5,
        ),
    )
)
@example({"kind": "shelters", "title": "x", "columns": {"shelter_kind": {"from": "a", "map": {"name": 1}}}})
def test_whatever_stands_where_in_a_mapping_it_is_refused_in_words(data: dict[str, Any]) -> None:
    text = "\n".join(f"{key} = {_toml(value)}" for key, value in data.items())
    tomllib.loads(text)
    try:
        said = parse_mapping(text, name="m.toml").layout.title
    except LayoutError as error:
        said = min(error.sentence("ja"), error.sentence("en"), key=len)
    assert said


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value or 0)


def test_a_file_that_is_no_text_or_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    for name in ("binary.toml", "absent.toml", "."):
        with pytest.raises(IngestError) as caught:
            load_mapping(tmp_path / name)
        assert caught.value.code == "disaster.mapping_unreadable"


def test_a_line_is_found_in_tables_dotted_keys_and_inline() -> None:
    text = 'a = 1\n[columns]\n"名" = 1\nx.y = 2\n  [columns.note.marked]\n"印" = "語"\n'
    found = [line_of(text, path) for path in (
        ("a",), ("columns", "名"), ("columns", "x", "y"), ("columns", "note", "marked", "印"), ("columns", "z"), ("b",),
    )]  # fmt: skip
    assert found == [1, 3, 4, 6, 2, 1]


def test_what_has_to_be_said_to_read_a_file_can_stand_in_the_mapping() -> None:
    found = parse_mapping(MAPPING + '[read]\nencoding = "cp932"\naccept_inaccurate = true\n', name="m.toml")
    assert dict(found.reading) == {"encoding": "cp932", "accept_inaccurate": True}


def test_an_unknown_file_is_answered_with_a_command_that_can_be_copied(
    reader: Reader, tmp_path: Path, now: datetime
) -> None:
    path = write(tmp_path, "避難 所's.csv", *ROWS)
    with pytest.raises(IngestError) as caught:
        checked(reader, path, now, None)
    assert caught.value.sentence().endswith(f'tayori map "{path}" --kind shelters')
    assert "管理、施設、人数、X、Y" in caught.value.sentence()


@pytest.mark.parametrize(
    ("word", "sh", "cmd"),
    [
        ("避難所.csv", "避難所.csv", "避難所.csv"),
        ("a b&(c).csv", '"a b&(c).csv"', '"a b&(c).csv"'),
        ("a　b.csv", '"a　b.csv"', '"a　b.csv"'),
        ("$HOME.csv", "'$HOME.csv'", '"$HOME.csv"'),
        ("it's.csv", '"it\'s.csv"', '"it\'s.csv"'),
        ("C:\\町\\a.csv", "'C:\\町\\a.csv'", "C:\\町\\a.csv"),
        ("C:\\町 村\\a.csv", "'C:\\町 村\\a.csv'", '"C:\\町 村\\a.csv"'),
        ("", '""', '""'),
    ],
)  # fmt: skip
def test_names_are_quoted_for_both_shells(word: str, sh: str, cmd: str) -> None:
    assert shell_word(word, windows=False) == sh
    assert shell_word(word, windows=True) == cmd


def test_a_name_that_looks_like_an_option_gets_its_folder() -> None:
    words = command("check", Path("-rf.csv"), "--mapping", Path("m.toml")).split()
    assert words == ["tayori", "check", shell_word("-rf.csv"), "--mapping", "m.toml"]
    assert shell_word("-rf.csv", windows=False) == "./-rf.csv"


def test_a_proposal_finds_columns_by_headings_and_by_contents_and_runs_as_it_is() -> None:
    raw = raw_of(SPEAKERS)
    assert known_layout(raw) is None
    proposal = propose(raw)
    assert proposal.noun.kind == "facilities"
    assert not proposal.missing
    rows = read_with(parse_mapping(text_of(proposal), name="m.toml").layout, raw)
    assert rows["facility_id"] == ["拡声器-1", "拡声器-2", "拡声器-3"]
    assert rows["name"] == SPEAKERS["拡声器の名前"]
    assert rows["address"] == SPEAKERS["設置場所の住所"]
    assert rows["phone"] == SPEAKERS["担当の電話番号"]
    assert (rows["lon"], rows["lat"]) == (SPEAKERS["東経"], SPEAKERS["北緯"])
    assert rows["facility_kind"] == ["other"] * 3
    assert proposal.unused == ("お知らせ",)


def test_a_proposal_says_its_doubts_in_both_languages_and_holds_no_row() -> None:
    proposal = propose(raw_of(SPEAKERS))
    japanese, english = text_of(proposal), text_of(proposal, "en")
    assert "中身から選びました" in japanese
    assert "決め手がありません" in japanese
    assert "is a guess" in english
    assert parse_mapping(japanese, name="m").layout == parse_mapping(english, name="m").layout
    for values in SPEAKERS.values():
        assert not [value for value in values if len(value) > 1 and value in japanese]


def test_the_kind_follows_the_words_of_the_headings_and_the_shape() -> None:
    wells = raw_of(
        {"登録番号": ["1", "2"], "住所": ["潮見市港町1", "潮見市港町2"], "井戸の形態": ["手押", "電動"]}, name="w.csv"
    )
    rows = read_with(parse_mapping(text_of(propose(wells)), name="m").layout, wells)
    assert rows["facility_kind"] == ["water", "water"]
    assert rows["name"] == ["潮見市港町1", "潮見市港町2"]  # nothing else to call them by
    lines = raw_of({"路線": ["a", "b"]}, shapes=shapely.linestrings([[[138.6, 34.5], [138.7, 34.6]]] * 2))
    assert propose(lines).noun.kind == "roads"
    squares = raw_of({"地区": ["a"]}, shapes=[shapely.box(138.6, 34.5, 138.7, 34.6)])
    assert propose(squares).noun.shape.value == "polygon"


def test_homes_and_people_are_proposed_only_where_the_headings_name_them() -> None:
    names = raw_of({"氏名": ["潮見 花子", "潮見 太郎"], "住所": ["潮見市港町1", "潮見市港町2"]})
    with pytest.raises(IngestError) as caught:
        propose(names)
    assert caught.value.code == "disaster.map_people"
    register = {
        "配達先ID": ["P-1", "P-2"], "住所": ["潮見市港町1", "潮見市港町2"], "配達先の種類": ["住居", "住居"],
        "受取人": ["潮見 花子", "潮見 太郎"], "配達状況": ["配達中", "配達中"], "担当局": ["S001", "S001"],
    }  # fmt: skip
    proposal = propose(raw_of(register), "delivery-points")
    assert [item.name for item in proposal.missing] == ["office_code"]
    text = text_of(proposal)
    assert not [value for values in register.values() for value in values if value in text and value != "住居"]


def test_a_mapping_never_reads_names_of_people_into_a_kind_that_is_published(
    reader: Reader, tmp_path: Path, now: datetime
) -> None:
    residents = raw_of({"番号": ["1"], "世帯主": ["潮見 花子"], "住所": ["潮見市港町1"]})
    with pytest.raises(IngestError) as caught:
        propose(residents)
    assert caught.value.code == "disaster.map_people"
    path = write(tmp_path, "list.csv", "管理,世帯主,人数,X,Y", "1,潮見 花子,2,138.6,34.55")
    with pytest.raises(IngestError) as caught:
        checked(reader, path, now, parse_mapping(MAPPING.replace("施設", "世帯主"), name="m.toml").layout)
    assert caught.value.code == "disaster.mapping_of_people"
    assert "世帯主" in caught.value.sentence()


def test_a_list_of_names_is_not_known_as_a_list_of_people_under_protection() -> None:
    names = raw_of({"氏名": ["潮見 花子"], "住所": ["潮見市港町1"]})
    assert known_layout(names) is None
    known = known_layout(names, "protection")
    assert known is not None
    assert known.kind == "protection"


def test_values_that_cannot_be_read_make_a_heading_doubtful_and_their_words_are_asked_for() -> None:
    raw = raw_of({
        "避難所ID": ["H1", "H2"], "避難所名": ["港小", "山中"], "区分": ["小学校", "中学校"],
        "電話番号": ["なし", "要確認"], "面積": ["広い", "狭い"],
    })  # fmt: skip
    proposal = propose(raw, "shelters")
    assert [item.name for item in proposal.missing] == ["shelter_kind"]
    text = text_of(proposal)
    assert '#shelter_kind = { from = "区分", map = { "小学校" = "?", "中学校" = "?" } }' in text
    assert '#phone = "電話番号"' in text
    assert '#area_m2 = "面積"' in text
    assert "100% が" in text
    assert parse_mapping(text, name="m").layout.missing(frozenset({"避難所id", "避難所名"})) == ("区分",)
    taken = text.replace("#shelter_kind", "shelter_kind").replace('"?"', '"designated"')
    assert read_with(parse_mapping(taken, name="m").layout, raw)["shelter_kind"] == ["designated"] * 2


#: What a shift may write of its shelters: none of it may ever be stored as its opposite.
NIGHT = {
    "施設": ["港小", "山中", "浜集会所", "丘公民館", "里会館"],
    "状況": ["開設", "開設中", "○", "閉鎖", "開設予定"],
    "時点": ["2026-11-21 20:00"] * 5,
}


def test_a_state_is_proposed_only_for_words_that_mean_it_for_certain() -> None:
    text = text_of(propose(raw_of(NIGHT, name="夜間避難所.xlsx"), "openings"))
    pairs = '"開設" = "open", "開設中" = "open", "○" = "?", "閉鎖" = "closed", "開設予定" = "?"'
    assert f'#opening_status = {{ from = "状況", map = {{ {pairs} }} }}' in text
    answered = text.replace("#opening_status", "opening_status").replace('"?"', '"unknown"')
    rows = read_with(parse_mapping(answered, name="m").layout, raw_of(NIGHT))
    assert rows["opening_status"] == ["open", "open", "unknown", "closed", "unknown"]


def test_no_state_is_taken_from_the_name_of_a_file() -> None:
    columns = {"施設": ["港小", "山中"], "時点": ["2026-11-21 20:00"] * 2}
    proposal = propose(raw_of(columns, name="避難所の開設.csv"), "openings")
    line = next(line for line in proposal.lines if line.item.name == "opening_status")
    assert line.spec == {"constant": "unknown"}


def test_a_mapping_with_a_word_still_to_be_said_is_refused_with_its_column_and_value(tmp_path: Path) -> None:
    text = text_of(propose(raw_of(NIGHT), "openings")).replace("#opening_status", "opening_status")
    path = write(tmp_path, "m.toml", text)
    with pytest.raises(LayoutError) as caught:
        load_mapping(path)
    assert [fault.code for fault in caught.value.faults.kept] == ["disaster.layout_unsaid_words"]
    for lang in ("ja", "en"):
        sentence = caught.value.sentence(lang)  # type: ignore[arg-type]
        assert "opening_status" in sentence
        assert "「○」「開設予定」" in sentence
    with pytest.raises(LayoutError):
        parse_mapping(MAPPING.replace('"designated"', '"?"'), name="m")


@pytest.mark.parametrize(
    ("kind", "column", "word", "code"),
    [
        ("openings", "opening_status", "未開設", "not_open"),
        ("openings", "opening_status", "未 開 設", "not_open"),
        ("openings", "opening_status", "OPEN", "open"),
        ("openings", "opening_status", "開所", "open"),
        ("openings", "opening_status", "閉所", "closed"),
        ("openings", "opening_status", "開設せず", "?"),
        ("openings", "opening_status", "未開設予定", "?"),
        ("openings", "opening_status", "満員", "?"),
        ("damage-points", "passable", "徒歩のみ通行可", "?"),
        ("damage-points", "object", "市道路", "road"),
        ("damage-points", "object", "道路橋", "?"),
        ("shelters", "shelter_kind", "市指定避難所(小学校)", "designated"),
        ("shelters", "shelter_kind", "指定避難所以外", "?"),
        ("shelters", "shelter_kind", "指定避難所・福祉避難所", "?"),
        ("areas", "depth_class", "50cm以上1m未満", "0_5_to_1"),
        ("areas", "depth_class", "深さ10.5m未満", "?"),
        ("areas", "zone", "土砂災害特別警戒区域", "?"),
    ],
)  # fmt: skip
def test_a_word_means_a_choice_for_certain_or_is_left_to_a_person(kind: str, column: str, word: str, code: str) -> None:
    item = next(one for one in NOUNS[kind].fields if one.name == column)
    assert meaning(item, word) == code


def test_every_choice_is_known_by_its_label_and_its_code() -> None:
    for item in (one for noun in NOUNS.values() for one in noun.fields):
        for code, label in item.column.choices.items():
            assert (meaning(item, label), meaning(item, code)) == (code, code)


def test_amounts_are_judged_as_a_check_reads_them() -> None:
    raw = raw_of({
        "受付番号": ["R-1", "R-2", "R-3"], "ひなん先の名称": ["潮見小", "浜の集会所", "山中"],
        "ひなん先の種別": ["指定避難所", "臨時避難所", "指定避難所"],
        "受入れ人数": ["480人", "約30人", "屋内480人／屋外350人"],
    })  # fmt: skip
    line = next(line for line in propose(raw, "shelters").lines if line.item.name == "capacity")
    assert (line.spec, line.active) == ("受入れ人数", True)


def test_a_kind_that_was_given_is_not_called_a_guess() -> None:
    assert "種類の決め手" in text_of(propose(raw_of(SPEAKERS)))
    assert "種類の決め手" not in text_of(propose(raw_of(SPEAKERS), "facilities"))


def test_similar_headings_are_suggestions_and_nothing_more() -> None:
    words = known_words("shelters")["capacity"]
    assert points("想定収容人数", words) > TELLS
    assert points("想定収容人数（人）", words) >= TELLS
    assert points("想定収容数", words) == SIMILAR
    assert points("天気", words) == 0
    raw = raw_of(
        {"避難所ID": ["H1", "H2"], "避難所名": ["港小", "山中"], "想定収容数": ["5", "6"], "区分": ["指定避難所"] * 2}
    )
    line = next(line for line in propose(raw, "shelters").lines if line.item.name == "capacity")
    assert (line.spec, line.active) == ("想定収容数", False)


def test_a_file_of_several_municipalities_is_never_quietly_taken_for_one() -> None:
    columns = {"自治体名": ["潮見市", "隣町", "潮見市"], "団地名": ["港団地", "山団地", "浜団地"]}
    raw = raw_of(columns, shapes=shapely.points([[138.6, 34.5]] * 3))
    proposal = propose(raw)
    assert proposal.cities == ("自治体名", ("潮見市", "隣町"))
    text = text_of(proposal)
    assert "2 の市区町村" in text
    chosen = text.replace("#[where]", "[where]").replace("#column =", "column =").replace("#contains", "contains")
    layout = parse_mapping(chosen, name="m").layout
    assert apply(layout, raw.table, municipality="99301").table.num_rows == 2


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        (["138.6012", "１３８．５５１", "122.00"], Looks.LON),
        (["34.551", "35.12"], Looks.LAT),
        (["993018", "99301"], Looks.MUNICIPALITY),
        (["〒410-0001", "4100002"], Looks.POSTAL_CODE),
        (["0550-12-3456", "(0550)12-3456", "03 1234 5678"], Looks.PHONE),
        (["54STD55136095", "54S TD".replace(" ", "") + "5513"], Looks.MGRS),
        (["令和6年8月31日午後1時30分", "2026-11-21", "R6.8.31"], Looks.TIME),
        (["○", "×", "1"], Looks.FLAG),
        (["静岡県焼津市石脇82", "潮見市港町一丁目", "隣町大字山手4番地", "潮見市浜１２－３"], Looks.ADDRESS),
        (["https://example.jp/a"], Looks.LINK),
        (["ミナトショウガッコウ", "ヤマ　チュウ"], Looks.KANA),
    ],
)  # fmt: skip
def test_contents_are_told_by_what_they_are(texts: list[str], what: Looks) -> None:
    table = pa.table({"x": texts, "y": ["港第一公園"] * len(texts)})
    found = profiles(table)
    assert found["x"].looks(what)
    assert not found["y"].looks(what)


@given(
    st.dictionaries(
        st.text(alphabet='名称住所NO区分"\\{}#=[]\n\t\x7fあ\x00😀', min_size=1, max_size=6).filter(
            lambda text: text.strip()
        ),
        st.lists(st.text(alphabet="港1.-○{}\"'\n", max_size=5), min_size=3, max_size=3),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([None, *NOUNS]),
)
def test_whatever_a_file_holds_its_proposal_is_a_mapping_that_can_be_parsed(
    columns: dict[str, list[str]], kind: str | None
) -> None:
    proposal = propose(raw_of(columns, name='a"b{c}#.csv'), kind)
    layout = parse_mapping(text_of(proposal), name="m").layout
    assert layout.kind == proposal.noun.kind
    headings = frozenset(heading for line in proposal.lines if line.active and isinstance(line.spec, str)
                         for heading in [line.spec])  # fmt: skip
    assert headings <= set(columns)


def test_a_file_of_a_known_layout_needs_no_mapping_unless_no_row_is_of_its_kind() -> None:
    known = {"避難所ID": ["H1"], "名称": ["港小"], "区分": ["指定避難所"]}
    found = known_layout(raw_of(known))
    assert found is not None
    assert found.id == "tayori-shelters"
    assert known_layout(raw_of(known), "offices") is None
    park = raw_of({"ID": ["1"], "経度": ["138.6"], "緯度": ["34.5"], "名称": ["公園"]})
    assert known_layout(park) is None  # the underpasses' headings, but no underpass


#: Open data without a layout of their own, by their place in the folder of real data, and whose they are.
REAL = {
    "yaizu/pa_speakers/222127_douhoumusenkokyoku.csv": "22212",
    "yaizu/sandbag_stations/222127_dono_station.csv": "22212",
    "yaizu/water_tanks/222127_innryousuiyouchosuisou-64305.csv": "22212",
    "yaizu/wells/saigai_support_ido.csv": "22212",
    "yaizu/heliports/222127_bousaiheliport.csv": "22212",
    "yaizu/relief_hospitals/222127_kyuugobyouinn.csv": "22212",
    "yaizu/first_aid_sites/222127_kyuugosho.csv": "22212",
    "yaizu/community_centers/222127_community_center.csv": "22212",
    "yaizu/city_offices/222127_facilities_smartmap.csv": "22212",
    "yaizu/disaster_waste_sites/災害ごみ受入場所.csv": "22212",
    "yaizu/flood_fighting_warehouses/222127_suibousouko.csv": "22212",
    "yaizu/cameras/CameraInfo.geojson": "22212",
    "yaizu/bus/焼津市自主運行バス路線図_停留所/バス停留所(しずてつ除外).shp": "22212",
    "yaizu/bus/焼津市自主運行バス路線図_路線/bus-route.geojson": "22212",
    "yaizu/planned_roads/都市計画道路.shp": "22212",
    "noto/temporary_housing/令和6年能登半島地震_建設型応急仮設住宅.geojson": "17204",
    "noto/other/noto_doctor_heli_rendezvous.fgb": "17204",
    "noto/other/opendata-r6-noto-earthquake-connectmap20240111.fgb": "17204",
}


@pytest.mark.long
@pytest.mark.real_data
def test_every_row_of_open_data_that_nobody_described_can_be_read_as_it_is_proposed(
    real_data: Path, reader: Reader, now: datetime
) -> None:
    for name, municipality in REAL.items():
        raw = reader.read(real_data / name)
        proposal = propose(raw)
        assert not proposal.missing, name
        batch = check_file(
            proposal.noun.kind, [real_data / name], municipality=municipality, side=None, reader=reader,
            gazetteer=None, at=now, mapping=parse_mapping(text_of(proposal), name="m").layout,
        )  # fmt: skip
        assert batch.accepted == batch.read == raw.table.num_rows, name


def test_a_layout_that_reads_the_whole_file_comes_before_one_that_picks_some_rows(
    tmp_path: Path,
) -> None:
    heads = "NO,名称,住所,緯度,経度,災害種別_洪水,災害種別_津波,指定避難所との重複,想定収容人数,市区町村コード"
    rows = ["1,潮見小学校,潮見市汐鳴1,34.55,138.6,1,1,1,480,993018", "2,浜公園,潮見市汐鳴2,34.55,138.6,1,,,90,993018"]
    path = tmp_path / "sites.csv"
    path.write_text("\n".join([heads, *rows]) + "\n", encoding="utf-8")
    with Reader() as reader:
        layout = known_layout(reader.read(path))
    assert layout is not None
    assert (layout.kind, layout.where) == ("emergency-sites", None)
