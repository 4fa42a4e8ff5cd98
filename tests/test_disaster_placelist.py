"""What disaster.placelist promises about any list of addresses."""

import errno
import os
import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pyarrow as pa
import pytest

from disaster.errors import IngestError
from disaster.placelist import PlacedList, place_list, write_list
from disaster.placelist.page import page
from disaster.placelist.rows import address_column, is_personal
from geo.gazetteer import Gazetteer

AT = datetime(2026, 11, 21, 9, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
TOWNS = {"本町一丁目": 138.60, "本町二丁目": 138.601, "浜通町": 138.61, "葭鳴": 138.63, "小川新田": 138.58}
ADDRESSES = [
    "潮見市浜通町3-4",
    "本町2丁目1番",
    "葭鳴12",
    "葭嶋15-2",
    "葭嶋 7",
    "",
    "本町",
    "<b>小河新田</b>1",
    "隣市中央1-1",
]


def gazetteer() -> Gazetteer:
    same = {
        "municipality": "99301",
        "pref": "架空県",
        "city": "潮見市",
        "lat": 34.55,
        "source": "架空",
        "vintage": "2026",
    }
    rows = [{**same, "town": town, "lon": lon} for town, lon in TOWNS.items()]
    return Gazetteer.of(pa.Table.from_pylist(rows), municipality="99301")


def placed(addresses: list[str] = ADDRESSES, heading: str = "施設名") -> PlacedList:
    names = pa.array([f"架空 {number}" for number in range(len(addresses))])
    return place_list(pa.table({heading: names, "住所": pa.array(addresses)}), gazetteer())


def test_every_row_is_counted_once_by_level_and_is_either_sure_or_in_doubt() -> None:
    found = placed()
    assert sum(found.by_level().values()) == len(ADDRESSES)
    sure = [address for address, doubt in zip(ADDRESSES, found.doubtful.to_pylist(), strict=True) if not doubt]
    assert sure == ["潮見市浜通町3-4", "本町2丁目1番", "葭鳴12"]
    assert found.n_doubtful == len(ADDRESSES) - 3


def test_texts_without_a_town_are_grouped_and_get_suggestions_that_place_nothing() -> None:
    found = placed()
    shown, texts = found.unplaced()
    often = shown[0]
    assert (often.text, often.count, often.rows, often.towns[0]) == ("葭嶋", 2, (4, 5), "葭鳴")
    assert texts == len(shown)
    assert found.found["lon"][3].as_py() is None


def test_the_rows_come_back_in_their_order_with_what_was_found_beside_them() -> None:
    rows = placed().rows()
    assert rows["住所"].to_pylist() == ADDRESSES
    assert rows["位置の精度"].to_pylist()[:3] == ["町丁・字", "丁目", "町丁・字"]
    assert rows["要確認"].to_pylist()[:4] == [False, False, False, True]


def test_a_list_that_has_a_column_of_the_same_name_loses_nothing() -> None:
    table = pa.table({"住所": pa.array(["浜通町1"]), "経度": pa.array(["不明"])})
    rows = place_list(table, gazetteer()).rows()
    assert rows["経度"].to_pylist() == ["不明"]
    assert rows["経度2"].to_pylist() == [138.61]


@pytest.mark.parametrize(
    ("headings", "column", "found"),
    [
        (["氏名", "住 所"], None, "住 所"),
        (["施設の所在地"], None, "施設の所在地"),
        (["住所", "送付先"], "送付先", "送付先"),
    ],
)
def test_the_column_of_addresses_is_found_or_named(headings: list[str], column: str | None, found: str) -> None:
    assert address_column(headings, column) == found


@pytest.mark.parametrize(
    ("headings", "column"), [(["氏名"], None), (["旧の住所", "新の住所"], None), (["住所"], "所在地")]
)
def test_a_column_that_cannot_be_told_is_asked_for_in_words(headings: list[str], column: str | None) -> None:
    with pytest.raises(IngestError) as refusal:
        address_column(headings, column)
    assert refusal.value.code == "disaster.place_no_column"
    assert "--column" in refusal.value.sentence()
    assert all(heading in refusal.value.sentence() for heading in headings)


def test_the_page_shows_no_markup_of_the_list_and_no_address_of_a_placed_row() -> None:
    found = placed()
    text = page(found, found.unplaced(), file="<script>.csv", at=AT)
    assert "<b>小河" not in text
    assert "<script" not in text
    assert "3-4" not in text
    assert "架空 0" not in text


def test_the_rows_open_in_excel_with_numbers_left_as_written(tmp_path: Path) -> None:
    rows, about = write_list(placed(), tmp_path / "out", file="名簿.csv", at=AT)
    sheets = openpyxl.load_workbook(rows)
    cells = {str(cell.value) for line in sheets.worksheets[0].iter_rows() for cell in line}
    assert {"潮見市浜通町3-4", "要確認", "位置についての注意"} <= cells
    assert "葭嶋" in {str(cell.value) for line in sheets.worksheets[1].iter_rows() for cell in line}
    assert about.read_text(encoding="utf-8").count("葭嶋") == 1


def test_of_a_list_of_people_only_row_numbers_levels_and_doubts_are_written(tmp_path: Path) -> None:
    rows, about = write_list(placed(heading="氏 名"), tmp_path / "out", file="名簿.csv", at=AT)
    sheets = openpyxl.load_workbook(rows).worksheets
    cells = [str(cell.value) for sheet in sheets for line in sheet.iter_rows() for cell in line]
    text = about.read_text(encoding="utf-8")
    for secret in ("3-4", "架空 0", "葭嶋", "小河", "138.6"):
        assert not any(secret in cell for cell in cells)
        assert secret not in text
    assert {"行", "要確認", "位置の精度", "位置についての注意"} <= set(cells)


def test_a_register_of_homes_is_known_by_its_headings() -> None:
    register = ("配達先ID", "市区町村コード", "住所", "配達先の種類", "配達状況", "集配局コード")
    assert is_personal(register)
    assert not is_personal(("避難所ID", "市区町村コード", "名称", "所在地", "区分"))


@pytest.mark.parametrize("heading", ["お名前", "名 前", "ﾌﾘｶﾞﾅ（氏名）", "緊急連絡者", "本人確認", "続柄", "年齢"])
def test_a_list_with_a_column_about_people_is_one_of_people_however_it_is_typed(heading: str) -> None:
    assert is_personal(("住所", heading))
    assert not is_personal(("住所", "施設の名前", "設置年齢層"))


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such modes")
def test_only_the_owner_can_open_what_is_written(tmp_path: Path) -> None:
    written = write_list(placed(), tmp_path / "out", file="名簿.csv", at=AT)
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "out", *written)} == {0}


def test_a_list_with_geometry_keeps_its_other_columns() -> None:
    table = pa.table({"名称": ["潮見小学校"], "住所": ["浜通町1"], "geometry": pa.array([b"\x01"], pa.binary())})
    assert place_list(table, gazetteer()).rows().column_names[:2] == ["名称", "住所"]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    write_list(placed(), tmp_path / "out", file="名簿.csv", at=AT)
    with pytest.raises(IngestError) as refusal:
        write_list(placed(), tmp_path / "out", file="名簿.csv", at=AT)
    assert refusal.value.code == "disaster.out_exists"


def test_a_list_that_cannot_be_written_whole_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _layers: object, _marks: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("disaster.placelist.write.write_xlsx", full)
    with pytest.raises(IngestError) as refusal:
        write_list(placed(), tmp_path / "out", file="名簿.csv", at=AT)
    assert refusal.value.code == "disaster.cannot_write_out"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.chromium
def test_the_page_prints_on_one_sheet_of_paper(chromium: Path, tmp_path: Path) -> None:
    many = [f"潮見市{town}{number}" for town in (*TOWNS, "葭嶋", "小河新田", "葦鳴", "本待") for number in range(40)]
    _, about = write_list(placed(many), tmp_path / "out", file="名簿.csv", at=AT)
    printed = tmp_path / "page.pdf"
    subprocess.run(
        [
            str(chromium), "--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--no-first-run", f"--user-data-dir={tmp_path / 'profile'}",
            "--no-pdf-header-footer", f"--print-to-pdf={printed}", about.as_uri(),
        ],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    assert printed.read_bytes().count(b"/Type /Page\n") + printed.read_bytes().count(b"/Type /Page ") == 1
