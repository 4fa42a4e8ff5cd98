"""Reading workbooks: cells as a clerk sees them, the heading wherever it stands, hostile ones in a sentence."""

import datetime as dt
import random
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from old_workbook import write_xls
from openpyxl.worksheet.worksheet import Worksheet

from geo.errors import ReadError
from geo.faults import words
from geo.read import Limits, RawTable, Reader
from geo.read.spreadsheet_marks import column_name, shown_as

SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</worksheet>'
MANIFEST = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:body><office:spreadsheet><table:table table:name="避難所">
<table:table-row><table:table-cell office:value-type="string"><text:p>名称</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>定員</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell office:value-type="string"><text:p>潮見小</text:p></table:table-cell>
<table:table-cell office:value-type="float" office:value="120"><text:p>120</text:p></table:table-cell></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""


def refusal(reader: Reader, path: Path, **stated: str) -> ReadError:
    with pytest.raises(ReadError) as caught:
        reader.read(path, **stated)
    assert "？" not in caught.value.sentence()
    assert caught.value.sentence("en")
    return caught.value


def notes(table: RawTable) -> dict[str, Mapping[str, object]]:
    for code, params in table.source.notes:
        assert "？" not in words(code, params) + words(code, params, hint=True)
        assert words(code, params, lang="en")
    return dict(table.source.notes)


def book(
    path: Path,
    rows: Sequence[Sequence[object]],
    merges: Sequence[str] = (),
    *,
    change: Callable[[Worksheet], object] | None = None,
) -> Path:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "避難所"
    for row in rows:
        sheet.append(row)
    for merge in merges:
        sheet.merge_cells(merge)
    if change:
        change(sheet)
    workbook.save(path)
    workbook.close()
    return path


def rewritten(path: Path, name: str, content: str | bytes) -> Path:
    """Replace one member of a workbook."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    members[name] = content.encode() if isinstance(content, str) else content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    return path


def sheet_of(path: Path, body: str) -> Path:
    return rewritten(book(path, [["x"]]), "xl/worksheets/sheet1.xml", SHEET.format(body))


def rows(table: RawTable) -> list[tuple[str, ...]]:
    return list(zip(*(column.to_pylist() for column in table.table.columns), strict=True))


# --- cells


def test_every_cell_comes_as_the_text_that_a_clerk_sees(reader: Reader, tmp_path: Path) -> None:
    seen: list[tuple[object, str | None, str]] = [
        (120, None, "120"), (80.5, None, "80.5"), (138.123456789, "0.00", "138.123456789"), (0.1 + 0.2, None, "0.3"),
        ("00123", None, "00123"), (123, "00000", "00123"), (4250001, "000-0000", "425-0001"), (0.125, "0.0%", "12.5%"),
        (4250001, r"[<=999]000;[<=9999]000\-00;000\-0000", "425-0001"), (1200, '#,##0"人"', "1200"),
        (True, None, "TRUE"),
        (dt.date(2024, 8, 31), '[$-411]ggge"年"m"月"d"日"', "2024-08-31"), (45000, "[$-411]ge.m.d;@", "2023-03-15"),
        (dt.datetime.fromisoformat("2024-08-31T13:30"), None, "2024-08-31T13:30:00"), (dt.time(13, 30), None, "13:30"),
        (dt.timedelta(hours=30, minutes=15), None, "30:15"), (0.00001234, None, "0.00001234"), (-5, "00000", "-5"),
        (123456789012345, None, "123456789012345"), (None, None, ""), ("NA", None, "NA"), (" 空白 ", None, " 空白 "),
    ]  # fmt: skip

    def formatted(sheet: Worksheet) -> None:
        for column, (_, format_, _) in enumerate(seen, start=1):
            if format_:
                sheet.cell(2, column).number_format = format_

    path = book(tmp_path / "a.xlsx", [[f"列{n}" for n in range(len(seen))], [v for v, _, _ in seen]], change=formatted)
    assert rows(reader.read(path)) == [tuple(text for _, _, text in seen)]


@pytest.mark.parametrize(
    ("value", "format_", "text"),
    [(7, "00", "07"), (12345, "000", "12345"), (1234567, "000-0000", "123-4567"),
     (12345678901, "000-0000-0000", "123-4567-8901"),
     (7, "000-0000", "000-0007"), (1.5, "000", "1.5"), (0.1 + 0.2, "%", "30%")],
    ids=str,
)  # fmt: skip
def test_digits_that_a_format_always_shows_are_kept(value: float, format_: str, text: str) -> None:
    assert shown_as(value, format_) == text


@given(st.integers(0, 16_383))
def test_columns_are_called_as_the_program_calls_them(number: int) -> None:
    assert column_name(number) == openpyxl.utils.get_column_letter(number + 1)


def shared(path: Path) -> Path:
    """Write a workbook that keeps its texts in a table of their own, as Excel does."""
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("避難所")
        for number, row in enumerate([["町名", "数"], ["潮見町", 1], ["本町", 2]]):
            sheet.write_row(number, 0, row)
        sheet.merge_range("A5:A6", "港町")
        sheet.write(5, 1, 3)
    return path


def test_readings_of_kanji_do_not_leak_into_text(reader: Reader, tmp_path: Path) -> None:
    path = shared(tmp_path / "a.xlsx")
    with zipfile.ZipFile(path) as archive:
        strings = archive.read("xl/sharedStrings.xml").decode()
    reading = '<r><t>潮見</t></r><r><t>町</t></r><rPh sb="0" eb="2"><t>シオミ</t></rPh><phoneticPr fontId="1"/>'
    assert "<t>潮見町</t>" in strings
    rewritten(path, "xl/sharedStrings.xml", strings.replace("<t>潮見町</t>", reading))
    assert reader.read(path).table.column("町名").to_pylist() == ["潮見町", "本町", "港町", "港町"]


def test_cells_with_errors_and_formulas_without_result_are_empty_and_named(reader: Reader, tmp_path: Path) -> None:
    cells = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>名称</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>数</t></is></c></row>'
        '<row r="2"><c r="A2" t="inlineStr"><is><t>一</t></is></c><c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
        '<row r="3"><c r="A3" t="inlineStr"><is><t>二</t></is></c><c r="B3"><f>1+1</f><v></v></c></row>'
        '<row r="4"><c r="A4" t="inlineStr"><is><t>三</t></is></c><c r="B4"><f>1+1</f><v>2</v></c></row>'
        '<row r="5"><c r="A5" t="inlineStr"><is><t>四</t></is></c><c r="B5" t="str"><f>""</f><v></v></c></row>'
    )
    table = reader.read(sheet_of(tmp_path / "a.xlsx", f"<sheetData>{cells}</sheetData>"))
    assert rows(table) == [("一", ""), ("二", ""), ("三", "2"), ("四", "")]
    assert notes(table)["geo.note_error_cells"] == {"count": 1, "cells": "B2"}
    assert notes(table)["geo.note_unsaved_formulas"] == {"count": 1, "cells": "B3"}


def test_markup_with_prefixes_and_cells_without_place_are_understood(reader: Reader, tmp_path: Path) -> None:
    prefixed = re.sub(r"<(/?)", r"<\1x:", SHEET.format("<sheetData><row><c t='n'><v>1</v></c><c><v>2</v></c></row>"
                      "<row><c><v>3</v></c><c><v>4</v></c></row></sheetData>"))  # fmt: skip
    path = rewritten(
        book(tmp_path / "a.xlsx", [["x"]]), "xl/worksheets/sheet1.xml", prefixed.replace("xmlns=", "xmlns:x=")
    )
    table = reader.read(path)
    assert (table.table.column_names, rows(table)) == (["1", "2"], [("3", "4")])


# --- the heading


TABLES: dict[str, tuple[list[list[object]], list[str], list[str], list[int]]] = {
    "first row": ([["名称", "定員"], ["a", 1], ["b", 2]], [], ["名称", "定員"], [2, 3]),
    "title, date and blank row above": (
        [["令和6年度避難所一覧"], [None, None, "4月1日現在"], [], ["番号", "名称", "定員"], [1, "a", 2]],
        ["A1:C1"], ["番号", "名称", "定員"], [5],
    ),
    "two rows, merged": (
        [["番号", "名称", "想定収容人数", None, "備考"], [None, None, "屋内", "屋外", None], [1, "a", 120, 300, "x"]],
        ["A1:A2", "B1:B2", "C1:D1", "E1:E2"], ["番号", "名称", "想定収容人数 屋内", "想定収容人数 屋外", "備考"], [3],
    ),
    "two rows, not merged": (
        [["名称", "想定収容人数", None, "備考"], [None, "屋内", "屋外", None], ["a", 1, 2, "x"]],
        [], ["名称", "想定収容人数 屋内", "想定収容人数 屋外", "備考"], [3],
    ),
    "three rows": (
        [["名称", "収容", None, None], [None, "屋内", None, "屋外"], [None, "1階", "2階", None], ["a", 1, 2, 3]],
        ["A1:A3", "B1:D1", "B2:C2", "D2:D3"], ["名称", "収容 屋内 1階", "収容 屋内 2階", "収容 屋外"], [4],
    ),
    "group above the names": (
        [[None, None, "収容", None, None], ["番号", "名称", "屋内", "屋外", "備考"], [1, "a", 1, 2, "x"]],
        ["C1:D1"], ["番号", "名称", "収容 屋内", "収容 屋外", "備考"], [3],
    ),
    "names broken into lines": ([["想定収容\n人数", "TEL\nNO"], [1, 2]], [], ["想定収容人数", "TEL NO"], [2]),
    "years as names": ([["地区", 2020, 2021], ["本町", 120, 130]], [], ["地区", "2020", "2021"], [2]),
    "a line of remarks that is half full": (
        [["台帳"], ["作成日", dt.date(2024, 4, 1), "作成者", "防災課"],
         ["番号", "名称", "住所", "定員", "電話", "備考"],
         [1, "a", "b", 3, "0", "x"]],
        [], ["番号", "名称", "住所", "定員", "電話", "備考"], [4],
    ),
    "far down": ([[]] * 99 + [[None, "番号", "名称"], [None, 1, "a"]], [], ["番号", "名称"], [101]),
    "one column": ([["名称"], ["a"], ["b"]], [], ["名称"], [2, 3]),
    "table not at the edge": ([[], [], [None, None, "名称", "定員"], [None, None, "a", 1]], [], ["名称", "定員"], [4]),
    "texts alone": ([["名称", "住所"], ["小学校", "本町"], ["公民館", "港町"]], [], ["名称", "住所"], [2, 3]),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_the_heading_is_found_and_rows_keep_the_number_that_the_program_shows(
    reader: Reader, tmp_path: Path, name: str
) -> None:
    content, merges, names, lines = TABLES[name]
    table = reader.read(book(tmp_path / "a.xlsx", content, merges))
    assert table.table.column_names == names
    assert table.lines is not None
    assert table.lines.tolist() == lines
    said = notes(table).get("geo.note_header_row")
    assert (said is None) == (lines[0] == 2)
    assert said is None or said["first"] == lines[0]


@given(
    above=st.lists(st.sampled_from([[], ["避難所一覧"], [None, "令和6年4月1日現在"]]), max_size=4),
    names=st.lists(st.text("名称住所電話番号備考", min_size=1, max_size=5), min_size=2, max_size=7, unique=True),
    count=st.integers(1, 5),
)
def test_whatever_stands_above_the_rows_below_the_heading_are_all_read(
    reader: Reader, tmp_path: Path, above: list[list[object]], names: list[str], count: int
) -> None:
    above = [row if len(names) > 2 or not row else ["避難所一覧"] for row in above]
    body = [[f"値{row}"] + [row] * (len(names) - 1) for row in range(count)]
    table = reader.read(book(tmp_path / "a.xlsx", [*above, names, *body]))
    assert table.table.column_names == names
    assert table.source.rows == count
    assert table.lines is not None
    assert table.lines.tolist() == [len(above) + 2 + row for row in range(count)]


def test_a_column_without_heading_is_named_by_its_letter(reader: Reader, tmp_path: Path) -> None:
    table = reader.read(book(tmp_path / "a.xlsx", [["名称", None, "定員", None], ["a", "x", 1, None]]))
    assert table.table.column_names == ["名称", "列B", "定員"]
    assert notes(table)["geo.note_column_unnamed"] == {"count": 1, "columns": "B"}


def test_two_columns_of_one_name_are_refused(reader: Reader, tmp_path: Path) -> None:
    assert (
        refusal(reader, book(tmp_path / "a.xlsx", [["名称", "備考", "備考"], ["a", "b", "c"]])).code
        == "geo.columns_doubled"
    )


# --- the rows


def test_a_merged_cell_counts_for_each_of_its_rows(reader: Reader, tmp_path: Path) -> None:
    content = [["地区", "名称", "定員"], ["東", "a", 1], [None, "b", 2], ["西", "c", 3], [None, "d", 4]]
    table = reader.read(book(tmp_path / "a.xlsx", content, ["A2:A3", "A4:A5"]))
    assert table.table.column("地区").to_pylist() == ["東", "東", "西", "西"]
    assert notes(table)["geo.note_merged_down"] == {"count": 2, "cells": "A2, A4"}


def test_the_rows_that_only_continue_a_merged_cell_are_told_below_titles_and_empty_rows(
    reader: Reader, tmp_path: Path
) -> None:
    content = [
        ["避難所一覧"], ["地区", "名称", "定員"], ["東", "a", 1], [], [None, "b", None], ["西", "c", 3], [None, "d", 4],
    ]  # fmt: skip
    table = reader.read(book(tmp_path / "a.xlsx", content, ["A3:A5", "C3:C5", "A6:A7"]))
    assert {name: rows.tolist() for name, rows in table.merged.items()} == {"地区": [2, 4], "定員": [2]}
    assert table.table.column("定員").to_pylist() == ["1", "1", "3", "4"]


def test_empty_rows_and_remarks_are_left_out_and_totals_pointed_out(reader: Reader, tmp_path: Path) -> None:
    content = [
        ["名称", "定員", "備考"], ["a", 1, None], [], ["※b", 2, "※体育館"], ["合　計", 3, None], [],
        ["※定員は目安です。"],
        ["　ただし変わることがあります。"],
    ]  # fmt: skip
    table = reader.read(book(tmp_path / "a.xlsx", content))
    assert table.table.column("名称").to_pylist() == ["a", "※b", "合　計"]
    assert table.lines is not None
    assert table.lines.tolist() == [2, 4, 5]
    said = notes(table)
    assert said["geo.note_empty_rows"] == {"count": 1, "rows": "3"}
    assert said["geo.note_remarks_below"] == {"count": 2, "rows": "7, 8"}
    assert said["geo.note_total_rows"] == {"count": 1, "rows": "5"}


def test_hidden_rows_and_columns_are_read_and_pointed_out(reader: Reader, tmp_path: Path) -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions["B"].hidden = True

    table = reader.read(book(tmp_path / "a.xlsx", [["名称", "電話"], ["a", 1], ["b", 2]], change=hide))
    assert table.source.rows == 2
    assert notes(table)["geo.note_hidden_rows"] == {"count": 1, "rows": "3"}
    assert notes(table)["geo.note_hidden_columns"] == {"count": 1, "columns": "B"}


def test_a_sheet_with_a_heading_alone_has_no_rows(reader: Reader, tmp_path: Path) -> None:
    assert refusal(reader, book(tmp_path / "a.xlsx", [["名称", "定員"]])).code == "geo.no_rows"
    assert refusal(reader, book(tmp_path / "b.xlsx", [])).code == "geo.no_rows"


def test_the_limits_on_rows_and_columns_hold_for_workbooks(tmp_path: Path) -> None:
    with Reader(Limits(rows=2, columns=3)) as strict:
        tall = book(tmp_path / "tall.xlsx", [["名称"], ["a"], ["b"], ["c"]])
        wide = book(tmp_path / "wide.xlsx", [["a", "b", "c", "d"], [1, 2, 3, 4]])
        assert refusal(strict, tall).code == "geo.rows_limit"
        assert refusal(strict, wide).code == "geo.columns_limit"


# --- sheets


def several(path: Path, **states: str) -> Path:
    workbook = openpyxl.Workbook()
    for name, state in states.items():
        sheet = workbook.create_sheet(name)
        sheet.append([f"{name}名", "数"])
        sheet.append(["a", 1])
        sheet.sheet_state = state
    workbook.create_sheet("説明")["A1"] = "この表の使い方"
    del workbook["Sheet"]
    workbook.save(path)
    return path


def test_of_several_sheets_with_a_table_one_must_be_asked_for(reader: Reader, tmp_path: Path) -> None:
    path = several(tmp_path / "a.xlsx", 避難所="visible", 道路="visible")
    error = refusal(reader, path)
    assert error.code == "geo.several_sheets"
    assert all(text in error.sentence() for text in ("避難所", "道路", "--part"))
    assert "説明" not in error.sentence()
    table = reader.read(path, part="道路")
    assert table.source.part == "道路"
    assert table.table.column_names == ["道路名", "数"]
    assert refusal(reader, path, part="橋").code == "geo.part_not_found"


def test_a_hidden_sheet_is_not_read_unless_it_is_asked_for(reader: Reader, tmp_path: Path) -> None:
    path = several(tmp_path / "a.xlsx", 避難所="visible", 旧="hidden", 古="veryHidden")
    table = reader.read(path)
    assert table.source.part == "避難所"
    assert "「旧」" in str(notes(table)["geo.note_sheets_not_read"]["names"])
    assert notes(reader.read(path, part="旧"))["geo.note_sheet_hidden"] == {"sheet": "旧"}


def test_a_sheet_of_a_workbook_in_an_archive_can_be_asked_for(reader: Reader, tmp_path: Path) -> None:
    inner = several(tmp_path / "a.xlsx", 避難所="visible", 道路="visible")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(inner, "data/一覧.xlsx")
    inner.unlink()
    assert refusal(reader, tmp_path / "a.zip").code == "geo.several_sheets"
    for part in ("data/一覧.xlsx/道路", "一覧.xlsx/道路", "道路"):
        source = reader.read(tmp_path / "a.zip", part=part).source
        assert (source.member, source.part, source.format) == ("data/一覧.xlsx", "道路", "xlsx")


# --- other programs


def test_a_workbook_of_old_excel_is_read(reader: Reader, tmp_path: Path) -> None:
    path = write_xls(
        tmp_path / "a.xls", {"避難所": [["名称", "定員", "番号"], ["潮見小", 120, "007"], ["本町", 80.5, None]]}
    )
    table = reader.read(path)
    assert rows(table) == [("潮見小", "120", "007"), ("本町", "80.5", "")]
    assert (table.source.format, table.source.part) == ("xls", "避難所")
    assert "geo.note_formats_not_read" in notes(table)


def test_a_workbook_of_libreoffice_is_read(reader: Reader, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.ods", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("content.xml", ODS.replace("\n", ""))
    table = reader.read(tmp_path / "a.ods")
    assert (rows(table), table.source.format) == ([("潮見小", "120")], "ods")


# --- what cannot be read


def test_a_locked_workbook_asks_for_one_without_password(reader: Reader, tmp_path: Path) -> None:
    wrapped = tmp_path / "a.xlsx"
    wrapped.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 5000)
    assert refusal(reader, wrapped).code == "geo.spreadsheet_encrypted"
    old = write_xls(tmp_path / "b.xls", {"a": [["名称", "数"], ["a", 1]]}, locked=True)
    error = refusal(reader, old)
    assert error.code == "geo.spreadsheet_encrypted"
    assert "パスワードを外し" in error.sentence()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xlsb", b"PK\x03\x04rest", "geo.spreadsheet_not_read"),
        ("a.xls", b"<html><table><tr><td>1</td></tr></table></html>", "geo.spreadsheet_is_html"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "geo.spreadsheet_broken"),
        ("a.xls", b"PK\x03\x04rest", "geo.name_and_content_differ"),
        ("a.ods", b"PK\x03\x04rest", "geo.spreadsheet_broken"),
        ("a.xlsx", b"a,b\n1,2\n", "geo.content_is_not_that_format"),
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_refused_in_words(
    reader: Reader, tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert refusal(reader, tmp_path / name).code == code


def test_a_workbook_that_lacks_its_heart_is_broken(reader: Reader, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert refusal(reader, tmp_path / "a.xlsx").code == "geo.spreadsheet_broken"


# --- hostile ones


def test_a_value_in_the_last_cell_of_a_sheet_takes_no_memory(reader: Reader, tmp_path: Path) -> None:
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    error = refusal(reader, sheet_of(tmp_path / "a.xlsx", f"<sheetData>{far}</sheetData>"))
    assert error.code == "geo.cells_limit"
    assert "XFD1048576" in error.sentence()


def test_a_sheet_that_claims_or_formats_more_than_it_holds_is_read(reader: Reader, tmp_path: Path) -> None:
    body = (
        '<dimension ref="A1:XFD1048576"/><cols><col min="1" max="16384" hidden="0" style="1"/></cols><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>名称</t></is></c><c r="XFD1" s="0"/></row>'
        '<row r="2"><c r="A2" t="inlineStr"><is><t>a</t></is></c></row>'
        '<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    )
    assert rows(reader.read(sheet_of(tmp_path / "a.xlsx", body))) == [("a",)]


@pytest.mark.parametrize("reference", ["XFE1", "A1048577", "A99999999999", "ZZZZ9", "１", "A0"])
def test_cells_beyond_any_sheet_are_refused(reader: Reader, tmp_path: Path, reference: str) -> None:
    body = f'<sheetData><row r="1"><c r="A1"><v>1</v></c><c r="{reference}"><v>1</v></c></row></sheetData>'
    assert refusal(reader, sheet_of(tmp_path / "a.xlsx", body)).code == "geo.spreadsheet_broken"


@pytest.mark.parametrize("name", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"])
@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
    ],
    ids=["entities", "outside"],
)
def test_a_workbook_with_a_document_type_is_refused(reader: Reader, tmp_path: Path, name: str, head: str) -> None:
    path = book(tmp_path / "a.xlsx", [["名称", "数"], ["a", 1]])
    with zipfile.ZipFile(path) as archive:
        content = archive.read(name).decode().removeprefix('<?xml version="1.0"?>')
    assert refusal(reader, rewritten(path, name, head + content)).code == "geo.spreadsheet_broken"


def test_a_small_workbook_of_a_million_rows_is_refused_before_it_is_unpacked(reader: Reader, tmp_path: Path) -> None:
    body = "<sheetData>" + "<row><c><v>1</v></c><c><v>1</v></c></row>" * 200_000 + "</sheetData>"
    path = sheet_of(tmp_path / "a.xlsx", body)
    assert path.stat().st_size < 100_000
    error = refusal(reader, path)
    assert error.code == "geo.ratio_limit"
    assert "100 倍" in error.sentence()


def test_links_to_other_workbooks_are_not_followed(reader: Reader, tmp_path: Path) -> None:
    secret = book(tmp_path / "secret.xlsx", [["秘密", "数"], ["x", 1]])
    path = book(tmp_path / "a.xlsx", [["名称", "数"], ["a", 1]])
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
        f'Target="{secret.as_uri()}" '
        'TargetMode="External"/></Relationships>'
    )
    error = refusal(reader, rewritten(path, "xl/_rels/workbook.xml.rels", relations))
    assert error.code in ("geo.no_rows", "geo.spreadsheet_broken")


@pytest.mark.parametrize("suffix", [".xlsx", ".xls"])
@given(seed=st.integers(0, 10**6))
def test_no_damage_to_a_workbook_ends_in_anything_but_a_sentence_or_a_table(
    reader: Reader, tmp_path: Path, suffix: str, seed: int
) -> None:
    path = tmp_path / f"a{suffix}"
    chance = random.Random(seed)
    if suffix == ".xls":
        content = bytearray(write_xls(path, {"a": [["名称", "数"], ["a", 1]]}).read_bytes())
        for _ in range(chance.randint(1, 6)):
            content[chance.choice((chance.randrange(600), chance.randrange(1024, 1500)))] = chance.randrange(256)
        path.write_bytes(content)
    else:
        whole = shared(path)
        with zipfile.ZipFile(whole) as archive:
            name = chance.choice(
                ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/sharedStrings.xml"]
            )
            text = bytearray(archive.read(name))
        for _ in range(chance.randint(1, 4)):
            text[chance.randrange(len(text))] = chance.choice(b'<>/"=0129A& \x00')
        rewritten(path, name, bytes(text))
    assert outcome(reader, path) in ("read", "refused")


def outcome(reader: Reader, path: Path) -> str:
    try:
        reader.read(path)
    except ReadError as error:
        return error.code if error.code in ("geo.worker_died", "geo.parser_failed") else "refused"
    return "read"
