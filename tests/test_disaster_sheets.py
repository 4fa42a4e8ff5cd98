"""Claims about workbooks that are taken in: a merged amount is counted once, and rows are named as the sheet does."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from disaster.batch import Batch
from disaster.faultfile import fault_copy, write_copy
from disaster.ingest import check_file, report
from geo.read import RawTable, Reader

HEAD = ("避難所ID", "名称", "所在地", "区分", "想定収容人数", "経度", "緯度", "備考")
TITLE = (["潮見市 避難所一覧"], ["令和8年11月1日現在"], [])


def _row(number: int, capacity: object = 10, note: str | None = None) -> list[object]:
    return [f"H{number}", f"港{number}", "港町", "指定避難所", capacity, 138.6 + number / 1000, 34.55, note]


def _book(path: Path, rows: Sequence[Sequence[object]], merged: Sequence[str] = ()) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in (*TITLE, HEAD, *rows):
        sheet.append(list(row))
    for cells in merged:
        sheet.merge_cells(cells)
    book.save(path)
    return path


def _check(reader: Reader, now: datetime, *paths: Path, **options: Any) -> Batch:
    return check_file(
        "shelters", paths, municipality="99301", side=None, reader=reader, gazetteer=None, at=now, **options
    )


def _notes(batch: Batch, code: str) -> list[str]:
    return [note["reason"] for note in report(batch)["notes"] if note["code"] == code]


def test_a_capacity_merged_over_three_buildings_is_counted_once_and_said(
    reader: Reader, tmp_path: Path, now: datetime
) -> None:
    rows = [_row(1), _row(2, 300), _row(3, None), _row(4, None, "鍵は管理人"), _row(5, "約40人")]
    batch = _check(reader, now, _book(tmp_path / "a.xlsx", rows, ["E6:E8"]))
    assert batch.accepted == 5
    assert batch.table.column("capacity").to_pylist() == [10, 300, None, None, 40]
    assert batch.table.column("note").to_pylist()[2:4] == [
        "想定収容人数：300（Excelで上の行と結合）",
        "鍵は管理人（想定収容人数：300（Excelで上の行と結合））",
    ]
    (said,) = _notes(batch, "disaster.merged_amount")
    assert "「想定収容人数」の 2 行" in said
    assert "7、8 行目" in said


def test_words_merged_over_several_rows_are_those_of_each(reader: Reader, tmp_path: Path, now: datetime) -> None:
    rows = [_row(1), _row(2), _row(3)]
    rows[1][2] = rows[2][2] = None
    batch = _check(reader, now, _book(tmp_path / "a.xlsx", rows, ["C5:C7"]))
    assert batch.table.column("address").to_pylist() == ["港町"] * 3
    assert _notes(batch, "disaster.merged_amount") == []


def test_a_merged_amount_is_counted_once_after_a_corrected_copy_too(
    reader: Reader, tmp_path: Path, now: datetime
) -> None:
    copies = []

    def see(raw: RawTable, findings: Any) -> None:
        copies.append(fault_copy(raw, findings))

    rows = [_row(1, 300), _row(2, None), _row(3, "多数")]
    _check(reader, now, _book(tmp_path / "a.xlsx", rows, ["E5:E6"]), seen=see)
    write_copy(tmp_path / "copy.csv", copies[0])
    again = _check(reader, now, tmp_path / "copy.csv")
    assert again.table.column("capacity").to_pylist() == [300, None]


def test_a_row_with_too_many_cells_blames_no_column(reader: Reader, tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "a.csv"
    rows = [f"H{number},港{number},港町,指定避難所,5,138.6,34.55" for number in range(40)]
    rows[3] += ",あまり"
    path.write_text("\n".join(["避難所ID,名称,所在地,区分,想定収容人数,経度,緯度", *rows]) + "\n", encoding="utf-8")
    told = [fault for fault in report(_check(reader, now, path))["faults"] if fault["code"] == "geo.row_cells"]
    assert [(fault["row"], fault["column"]) for fault in told] == [(4, None)]


def test_remarks_name_the_rows_of_the_sheet(reader: Reader, tmp_path: Path, now: datetime) -> None:
    batch = _check(reader, now, _book(tmp_path / "a.xlsx", [_row(1), _row(2, "約20人"), _row(3, "不明")]))
    assert "6 行目" in _notes(batch, "disaster.about")[0]
    assert "7 行目" in _notes(batch, "disaster.kept_as_text")[0]


@pytest.mark.parametrize("sheet_first", [True, False])
def test_a_row_that_repeats_one_of_another_file_is_told_with_the_row_of_the_sheet(
    reader: Reader, tmp_path: Path, now: datetime, sheet_first: bool
) -> None:
    sheet = _book(tmp_path / "a.xlsx", [_row(1), _row(2)])
    text = tmp_path / "b.csv"
    text.write_text(
        "避難所ID,名称,所在地,区分,想定収容人数,経度,緯度\nH2,港2,港町,指定避難所,5,138.6,34.55\n", encoding="utf-8"
    )
    (fault,) = report(_check(reader, now, *((sheet, text) if sheet_first else (text, sheet))))["faults"]
    assert fault["code"] == "disaster.duplicate_key"
    if sheet_first:
        assert (fault["file"], fault["row"], fault.get("line")) == ("b.csv", 1, None)
        assert "a.xlsx の6行目" in fault["reason"]
    else:
        assert (fault["file"], fault["row"], fault.get("line")) == ("a.xlsx", 2, 6)
        assert "b.csv の1行目" in fault["reason"]
