"""Tables: every row, as people read it, and nothing in a cell does anything."""

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import exporters_town as town
import numpy as np
import openpyxl
import pyarrow as pa
import pytest
import python_calamine
import shapely
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet

from agreements.format import Column, ColumnType
from exporters import sheets
from exporters.cells import as_people_read
from exporters.errors import ExportError
from exporters.model import Layer, Marks
from exporters.table import write_csv, write_xlsx

T = ColumnType
ABOUT = "この表について"


def read_csv(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def as_csv(tmp_path: Path, layer: Layer, marks: Marks = town.MARKS) -> list[dict[str, str]]:
    assert write_csv(tmp_path / "a.csv", layer, marks) == len(layer)
    head, *rows = read_csv(tmp_path / "a.csv")
    return [dict(zip(head, row, strict=True)) for row in rows]


def as_book(tmp_path: Path, layers: list[Layer], marks: Marks = town.MARKS) -> openpyxl.Workbook:
    write_xlsx(tmp_path / "a.xlsx", layers, marks)
    return openpyxl.load_workbook(tmp_path / "a.xlsx")


def body(sheet: Worksheet) -> list[dict[str, Any]]:
    """Return the rows below the headings; the headings stand just above the frozen line."""
    first = int(re.sub(r"\D", "", sheet.freeze_panes))
    head = [cell.value for cell in sheet[first - 1]]
    return [dict(zip(head, row, strict=True)) for row in sheet.iter_rows(min_row=first, values_only=True)]


def about(book: openpyxl.Workbook) -> str:
    return "\n".join(" ".join(str(v) for v in row if v is not None) for row in book[ABOUT].iter_rows(values_only=True))


def one_text(text: str | None) -> Layer:
    return town.layer("t", "表", [Column("a", "欄")], {"a": [text]})


def test_a_csv_file_opens_in_excel_as_utf8_with_windows_line_ends(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", town.shelters(), town.MARKS)
    data = (tmp_path / "a.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == data.count(b"\n") == 13


def test_csv_headings_are_japanese_and_codes_show_their_labels(tmp_path: Path) -> None:
    first = as_csv(tmp_path, town.shelters())[0]
    assert first["名称"] == "潮見町小学校"
    assert first["区分"] == "指定避難所"
    assert first["開設状況"] == "開設"


def test_csv_times_are_japan_time_flags_circles_and_lists_joined(tmp_path: Path) -> None:
    rows = as_csv(tmp_path, town.offices())
    assert [row["営業状況の時点"] for row in rows][:2] == ["2026/11/21 10:00:00", "2026/11/21 09:00:00"]
    assert [row["指定緊急避難場所"] for row in rows] == ["○", "", "", "", "○", ""]
    assert [row["取扱業務"] for row in rows][:4] == ["郵便、貯金", "郵便", "", ""]


def test_a_point_layer_ends_with_longitude_latitude_and_utm_reference(tmp_path: Path) -> None:
    layer = replace(town.offices(), geometry=np.array([shapely.Point(138.6, 34.55), *[None] * 5], dtype=object))
    rows = as_csv(tmp_path, layer)
    assert list(rows[0])[-3:] == ["経度", "緯度", "UTM座標(MGRS)"]
    assert [rows[0][name] for name in list(rows[0])[-3:]] == ["138.6", "34.55", "54STD7978025758"]
    assert [rows[1][name] for name in list(rows[1])[-3:]] == ["", "", ""]
    assert "経度" not in as_csv(tmp_path, town.roads())[0]
    assert "経度" not in as_csv(tmp_path, town.vehicles())[0]


def test_in_a_drill_every_csv_row_says_so(tmp_path: Path) -> None:
    rows = as_csv(tmp_path, town.damage(), town.DRILL)
    assert next(iter(rows[0])) == "訓練"
    assert {row["訓練"] for row in rows} == {"訓練"}
    assert "訓練" not in as_csv(tmp_path, town.damage())[0]


def test_hostile_text_in_csv_starts_no_formula_and_loses_nothing(tmp_path: Path) -> None:
    rows = as_csv(tmp_path, town.hostile())
    for row, text in zip(rows, town.HOSTILE, strict=True):
        bare = row["場所"].lstrip(" 　")
        assert len(bare) < 2 or bare[0] not in "=+-@＝\t\r"
        expected = re.sub("\r\n?", "\n", text).translate({0: "␀", 1: "␁", 27: "␛", 0x202E: "\ufffd", 0x202C: "\ufffd"})
        expected = expected.replace("\ufffe\uffff", "\ufffd\ufffd")
        assert row["場所"].removeprefix("'") == expected.removeprefix("'")


def test_numbers_in_csv_stay_numbers(tmp_path: Path) -> None:
    rows = as_csv(tmp_path, town.hostile())
    assert [row["増減"] for row in rows[:3]] == ["0", "-1", "-2"]
    assert [row["割合"] for row in rows[:4]] == ["-0.5", "", "", ""]


@given(st.lists(st.none() | st.text(max_size=20), min_size=1, max_size=10))
def test_any_text_comes_back_from_csv_as_it_was_cleaned(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str | None]
) -> None:
    layer = town.layer("t", "表", [Column("a", "欄"), Column("b", "番号")], {"a": texts, "b": ["01"] * len(texts)})
    rows = as_csv(tmp_path_factory.mktemp("csv"), layer)
    cleaned = as_people_read(layer)[0][0].values.to_pylist()
    assert len(rows) == len(texts)
    for row, text in zip(rows, cleaned, strict=True):
        assert row["欄"] in {text or "", f"'{text}"}


def test_two_columns_of_one_label_are_told_apart(tmp_path: Path) -> None:
    layer = town.layer("t", "表", [Column("a", "欄"), Column("b", "欄")], {"a": ["1"], "b": ["2"]})
    assert as_csv(tmp_path, layer) == [{"欄(a)": "1", "欄(b)": "2"}]


def test_a_sheet_begins_with_its_marks_and_ends_with_the_last_row(tmp_path: Path) -> None:
    sheet = as_book(tmp_path, [town.dwellings(40)])["配達先(住居)"]
    top = "\n".join(str(sheet.cell(row, 1).value) for row in range(1, 5))
    for words in (
        "配達先(住居)", "潮見市 状況パック", "2026年11月21日 10:00(日本時間)", "40件", "潮見市災害対策本部", "安否確認",
        "協定第3条第1項第4号により提供できます", "2026年12月21日 10:00まで",
    ):  # fmt: skip
        assert words in top
    assert "訓練" not in top
    rows = body(sheet)
    assert len(rows) == 40
    assert rows[0]["住所"] == "架空県潮見市潮見町1-1"
    assert sheet.max_row == sheet.min_row + 4 + 40
    assert sheet.dimensions == f"A1:J{sheet.max_row}"


def test_a_drill_stands_on_every_sheet_and_every_printed_page(tmp_path: Path) -> None:
    book = as_book(tmp_path, [town.damage(), town.vehicles()], town.DRILL)
    for sheet in book:
        assert str(sheet["A1"].value).startswith("【訓練】")
        assert str(sheet["A2"].value).startswith("訓練")
        assert sheet["A2"].fill.fgColor.rgb == "FFC00000"
        assert "訓練" in str(sheet.oddHeader.center.text)


def test_a_sheet_is_set_up_for_reading_and_printing(tmp_path: Path) -> None:
    sheet = as_book(tmp_path, [town.shelters()])["避難所"]
    assert sheet.freeze_panes == "A6"
    assert sheet.auto_filter.ref == "A5:J17"
    assert sheet.print_title_rows == "$5:$5"
    assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", "9")
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToHeight == 0
    assert "&P" in str(sheet.oddFooter.center.text)
    assert "潮見市災害対策本部" in str(sheet.oddFooter.left.text)
    widths = {cell.value: sheet.column_dimensions[cell.column_letter].width for cell in sheet[5]}
    assert widths["住所"] > widths["避難所ID"] >= 6
    assert max(widths.values()) <= 45


def test_marks_cannot_give_commands_to_the_page_header(tmp_path: Path) -> None:
    marks = replace(town.MARKS, recipient='A&B&"Evil"&R' + "長" * 300)
    write_xlsx(tmp_path / "a.xlsx", [town.damage()], marks)
    with ZipFile(tmp_path / "a.xlsx") as book:
        footer = re.search(r"<oddFooter>(.*?)</oddFooter>", book.read("xl/worksheets/sheet1.xml").decode())
    assert footer is not None
    assert "A&amp;&amp;B&amp;&amp;" in footer.group(1)
    assert len(footer.group(1).replace("&amp;", "&")) <= 255


def test_times_and_dates_are_real_ones_in_japan_time(tmp_path: Path) -> None:
    book = as_book(tmp_path, [town.damage(), town.areas()])
    first = body(book["被害地点"])[0]
    assert first["確認日時"] == datetime(2026, 11, 21, 10, 0)  # noqa: DTZ001
    sheet = book["区域"]
    column = [cell.value for cell in sheet[5]].index("発生日") + 1
    cell = sheet.cell(12, column)
    assert cell.value == datetime(2026, 11, 20)  # noqa: DTZ001
    assert cell.number_format == "yyyy/mm/dd"


def test_days_that_excel_cannot_count_are_written_as_text(tmp_path: Path) -> None:
    columns = [Column("d", "日", T.DATE), Column("t", "時", T.TIME)]
    rows = {"d": [date(1868, 10, 23), None], "t": [datetime(1890, 1, 1, tzinfo=UTC), town.AT]}
    found = body(as_book(tmp_path, [town.layer("t", "表", columns, rows)])["表"])
    assert [row["日"] for row in found] == ["1868/10/23", None]
    assert [row["時"] for row in found] == ["1890/01/01 09:00:00", "2026/11/21 10:00:00"]


def test_codes_stay_text_with_their_zeros_and_raise_no_warning(tmp_path: Path) -> None:
    sheet = as_book(tmp_path, [town.dwellings(5)])["配達先(住居)"]
    cell = sheet.cell(7, 2)
    assert (cell.value, cell.data_type, cell.number_format) == ("0000001", "s", "@")
    with ZipFile(tmp_path / "a.xlsx") as book:
        assert b'<ignoredError sqref="A1:XFD1048576" numberStoredAsText="1"/>' in book.read("xl/worksheets/sheet1.xml")


def test_numbers_that_excel_would_round_are_written_as_text(tmp_path: Path) -> None:
    layer = town.layer("t", "表", [Column("n", "数", T.INTEGER)], {"n": [12_345_678_901_234_567, 5]})
    assert [row["数"] for row in body(as_book(tmp_path, [layer])["表"])] == ["12345678901234567", "5"]


def test_hostile_text_in_a_cell_is_text_and_nothing_else(tmp_path: Path) -> None:
    sheet = as_book(tmp_path, [town.hostile()])["被害地点"]
    assert all(cell.data_type in ("s", "n") for row in sheet.iter_rows() for cell in row)
    assert all(cell.hyperlink is None for row in sheet.iter_rows() for cell in row)
    with ZipFile(tmp_path / "a.xlsx") as book:
        xml = book.read("xl/worksheets/sheet1.xml").decode()
        names = book.namelist()
    assert "<f" not in re.sub(r"<is>.*?</is>", "", xml, flags=re.DOTALL)
    assert not [name for name in names if "externalLink" in name or "_rels/sheet" in name]
    for row, text in zip(body(sheet), town.HOSTILE[:-1], strict=False):
        expected = re.sub("\r\n?", "\n", text).translate({0: "␀", 1: "␁", 27: "␛", 0x202E: "\ufffd", 0x202C: "\ufffd"})
        assert unescape(row["場所"]) == expected.replace("\ufffe\uffff", "\ufffd\ufffd")
    assert body(sheet)[-1]["通行できるもの"] == "<b>未知</b>"


def test_a_second_reader_finds_the_same_cells(tmp_path: Path) -> None:
    layers = [town.hostile(), town.offices(), town.areas()]
    book = as_book(tmp_path, list(layers), town.DRILL)
    other = python_calamine.CalamineWorkbook.from_path(tmp_path / "a.xlsx")
    assert other.sheet_names == book.sheetnames
    for name in book.sheetnames:
        mine = [[unescape(_plain(v)) for v in row] for row in book[name].iter_rows(values_only=True)]
        theirs = [[_plain(v) for v in row] for row in other.get_sheet_by_name(name).to_python(skip_empty_area=False)]
        assert mine == theirs


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime) and not (value.hour or value.minute):
        value = value.date()
    return f"{value:g}" if isinstance(value, int | float) else str(value)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_text_in_a_cell_is_written_as_xlsxwriter_would_write_it(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("xlsx")
    cleaned = as_people_read(one_text(text))[0][0].values[0].as_py()
    write_xlsx(folder / "a.xlsx", [one_text(text)], town.MARKS)
    peer = xlsxwriter.Workbook(folder / "b.xlsx", {"constant_memory": True})
    peer.add_worksheet().write_string(0, 0, cleaned)
    peer.close()
    mine, theirs = (_last_text(folder / name) for name in ("a.xlsx", "b.xlsx"))
    assert mine == theirs


def _last_text(path: Path) -> str:
    with ZipFile(path) as book:
        xml = book.read("xl/worksheets/sheet1.xml").decode()
    return re.findall(r"<is><t[^>]*>(.*?)</t></is>", xml, re.DOTALL)[-1]


@pytest.mark.parametrize("text", ["_x0041_", "<r><t>x</t></r>", " a", "a\n", "&amp;", "]]>", "a_x00e9_b_x005F_"])
def test_text_that_looks_like_excel_markup_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    assert unescape(body(as_book(tmp_path, [one_text(text)])["表"])[0]["欄"]) == text


@pytest.mark.parametrize("text", ["長" * 40_000, "🚒" * 20_000, "a" * 32_768])
def test_a_text_too_long_for_a_cell_is_cut_says_so_and_is_counted(tmp_path: Path, text: str) -> None:
    book = as_book(tmp_path, [one_text(text)])
    found = body(book["表"])[0]["欄"]
    assert len(found.encode("utf-16-le")) // 2 <= 32_767
    assert found.endswith(f"全部で{len(text):,}字】")
    assert found.startswith(text[:16_000])
    assert "1か所の長い文を途中で切りました" in about(book)


def test_a_text_that_just_fits_is_not_cut(tmp_path: Path) -> None:
    assert body(as_book(tmp_path, [one_text("a" * 32_767)])["表"])[0]["欄"] == "a" * 32_767


def test_the_last_sheet_counts_what_was_read_withheld_and_changed(tmp_path: Path) -> None:
    said = about(as_book(tmp_path, [town.dwellings(30), town.shelters(), town.hostile()]))
    for words in (
        "提供先 潮見市災害対策本部", "要請に当たる件数 33件", "提供した件数 30件",
        "提供しなかった件数 3件(要請の区域外)",
        "位置のない行 1件", "出典 潮見郵便局 配達原簿(架空)", "制御文字21字", "シート 避難所",
    ):  # fmt: skip
        assert words in said


def test_layers_beyond_the_rows_of_a_sheet_continue_on_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "_SHEET_ROWS", 25)
    book = as_book(tmp_path, [town.dwellings(45)])
    names = [name for name in book.sheetnames if name != ABOUT]
    assert names == ["配達先(住居)(1-3)", "配達先(住居)(2-3)", "配達先(住居)(3-3)"]
    assert max(book[name].max_row for name in names) == 25
    found = [row["配達先ID"] for name in names for row in body(book[name])]
    assert found == [f"P{i:06d}" for i in range(45)]


@pytest.mark.long
def test_more_rows_than_a_sheet_of_excel_holds_are_all_written(tmp_path: Path) -> None:
    count = 1_048_600
    layer = Layer("t", "表", (Column("a", "欄"),), pa.table({"a": [str(i) for i in range(count)]}), None, town.AT)
    write_xlsx(tmp_path / "a.xlsx", [layer], town.MARKS)
    book = python_calamine.CalamineWorkbook.from_path(tmp_path / "a.xlsx")
    heights = [book.get_sheet_by_name(name).height for name in book.sheet_names[:2]]
    assert heights == [1_048_576, count - (1_048_576 - 5) + 5]


@pytest.mark.parametrize(
    "title", ["a/b:c*[d]?", "'引用'", "", "長い名前" * 20, "History", "この表について", "🚒" * 20, "改\n行", "\x00"]
)
def test_any_title_gives_a_sheet_name_that_excel_takes(tmp_path: Path, title: str) -> None:
    layers = [replace(town.vehicles(), name=name, title=title) for name in ("a", "b", "c")]
    names = as_book(tmp_path, list(layers)).sheetnames
    assert len({name.lower() for name in names}) == 4
    for name in names:
        assert 1 <= len(name.encode("utf-16-le")) // 2 <= 31
        assert not re.search(r"[\[\]:*?/\\\x00-\x1f]|^'|'$", name)
        assert name.lower() != "history"


@pytest.mark.parametrize("layer", [town.dwellings(0), town.layer("t", "表", [], {}), one_text(None), one_text("")])
def test_a_layer_without_content_is_still_a_readable_table(tmp_path: Path, layer: Layer) -> None:
    book = as_book(tmp_path, [layer])
    assert write_csv(tmp_path / "a.csv", layer, town.MARKS) == len(layer)
    assert "件数: " in str(book.worksheets[0]["A2"].value)
    assert len([r for r in read_csv(tmp_path / "a.csv")[1:] if r]) <= len(layer)


def test_tables_of_pandas_with_other_text_types_are_printed_alike(tmp_path: Path) -> None:
    layer = town.shelters()
    large = pa.schema(
        [(f.name, pa.large_string() if pa.types.is_string(f.type) else f.type) for f in layer.table.schema]
    )
    write_csv(tmp_path / "a.csv", layer, town.MARKS)
    write_csv(tmp_path / "b.csv", replace(layer, table=layer.table.cast(large)), town.MARKS)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_a_place_that_is_no_number_is_refused_with_its_row(tmp_path: Path) -> None:
    places = np.array([shapely.Point(138.6, 34.5), shapely.Point(float("inf"), 34.5)], dtype=object)
    layer = Layer("t", "表", (Column("a", "欄"),), pa.table({"a": ["1", "2"]}), places, town.AT)
    with pytest.raises(ExportError, match="2行目") as error:
        write_csv(tmp_path / "a.csv", layer, town.MARKS)
    assert error.value.code == "exporters.bad_place"
    assert list(tmp_path.iterdir()) == []


def test_the_time_of_a_sheet_is_its_own_when_it_differs(tmp_path: Path) -> None:
    layer = replace(town.vehicles(), as_of=town.AT - timedelta(days=1))
    book = as_book(tmp_path, [layer, town.shelters()])
    assert "この表の時点: 2026年11月20日 10:00" in str(book["車両"]["A2"].value)
    assert "この表の時点" not in str(book["避難所"]["A2"].value)
