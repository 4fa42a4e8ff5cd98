"""Claims about the copy of a refused file: it says why, hides nothing of the clerk's, and comes back as it went."""

import json
import os
import stat
import time
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from disaster.batch import Batch
from disaster.errors import IngestError
from disaster.faultfile import FaultCopy, fault_copy, unmended, without_reasons, write_copy
from disaster.faultsheet import MAX_ROWS
from disaster.ingest import check_file
from geo.read import RawTable, Reader
from geo.read.model import RawSource

SHELTERS = "避難所ID,市区町村コード,名称,所在地,区分,想定収容人数,経度,緯度,メモ"
GOOD = "H2,99301,山中,山手2,指定避難所,80,138.61,34.56,'x"
ROWS = (
    "H1,99301,港小,港町1,指定避難所,120,138.6,34.55,=1+1",
    GOOD,
    'H3,99301,,山手3,謎,-5,34.55,138.6,"一\n二"',
    "H1,99301,二重,山手3,指定避難所,5,138.61,34.55,-3",
)
HOMES = "配達先ID,市区町村コード,住所,配達先の種類,受取人,配達状況,集配局コード,経度,緯度"


class Desk:
    """Writes files, checks them and copies them."""

    def __init__(self, folder: Path, reader: Reader, at: datetime) -> None:
        self.folder, self.reader, self.at = folder, reader, at

    def write(self, name: str, *lines: str) -> Path:
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def check(self, kind: str, path: Path, lang: Any = "ja") -> tuple[Batch, FaultCopy | None]:
        seen: list[FaultCopy] = []

        def see(raw: RawTable, findings: Any) -> None:
            if findings.refused.any():
                seen.append(fault_copy(raw, findings, lang=lang))

        batch = check_file(
            kind, [path], municipality="99301", side=None, reader=self.reader, gazetteer=None, at=self.at, seen=see
        )
        return batch, seen[0] if seen else None

    def copied(self, kind: str, path: Path, lang: Any = "ja") -> FaultCopy:
        copy = self.check(kind, path, lang)[1]
        assert copy is not None
        return copy


@pytest.fixture
def desk(tmp_path: Path, reader: Reader, now: datetime) -> Desk:
    return Desk(tmp_path, reader, now)


def test_every_row_stays_in_its_place_and_says_all_that_is_wrong_with_it(desk: Desk) -> None:
    copy = desk.copied("shelters", desk.write("h.csv", SHELTERS, *ROWS))
    assert copy.cells.column_names == SHELTERS.split(",")
    assert copy.cells.column("名称").to_pylist() == ["港小", "山中", "", "二重"]
    reasons, hints = copy.reasons.to_pylist(), copy.hints.to_pylist()
    assert [bool(reason) for reason in reasons] == [False, False, True, True]
    for part in ("「名称」が空です", "謎", "-5", "入れ替わっています"):
        assert part in reasons[2]
    assert "指定避難所、福祉避難所" in hints[2]
    assert "1行目と同じ" in reasons[3]
    assert copy.refused.tolist() == [False, False, True, True]
    assert {name for name, rows in copy.marked.items() if rows[2]} == {"名称", "区分", "想定収容人数", "経度", "緯度"}
    assert not any(rows[1] for rows in copy.marked.values())


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_copy_given_back_untouched_is_found_to_be_the_same_file(desk: Desk, ending: str) -> None:
    first = desk.copied("shelters", desk.write("h.csv", SHELTERS, *ROWS))
    out = desk.folder / f"copy.{ending}"
    assert write_copy(out, first) == 4
    batch, second = desk.check("shelters", out)
    assert second is not None
    assert (batch.read, batch.accepted) == (4, 2)
    assert second.cells.equals(first.cells)
    assert second.refused.tolist() == first.refused.tolist()


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_row_with_a_wrong_number_of_cells_stays_refused_until_its_reason_is_emptied(
    desk: Desk, ending: str, lang: str
) -> None:
    good = [f"G{number},99301,港小{number},港町1,指定避難所,120,138.6,34.55,x" for number in range(40)]
    first = desk.copied("shelters", desk.write("h.csv", SHELTERS, *good, GOOD + ",あまり,2", "H3,99301,山中"), lang)
    assert first.cells.column("メモ").to_pylist()[-2:] == ["'x,あまり,2", ""]
    out = desk.folder / f"copy.{ending}"
    write_copy(out, first)
    batch, second = desk.check("shelters", out, lang)
    assert second is not None
    assert (batch.read, batch.accepted) == (42, 40)
    assert second.table().equals(first.table())
    mended = first.cells.set_column(0, "理由", pa.array([""] * 42)).append_column("避難所ID", first.cells.column(0))
    assert unmended(first.table()) == {41: "disaster.cells_to_mend", 42: "disaster.cells_to_mend"}
    assert unmended(mended.append_column("直し方", first.hints)) == {}


def test_a_corrected_workbook_is_taken_whole(desk: Desk) -> None:
    out = desk.folder / "copy.xlsx"
    write_copy(out, desk.copied("shelters", desk.write("h.csv", SHELTERS, *ROWS)))
    book = openpyxl.load_workbook(out)
    sheet = book.active
    heads = {cell.value: cell.column for cell in sheet[1]}
    for row, column, value in (
        (4, "名称", "山手小"), (4, "区分", "福祉避難所"), (4, "想定収容人数", "５０"), (4, "経度", "138.6"),
        (4, "緯度", "34.55"), (5, "避難所ID", "H4"),
    ):  # fmt: skip
        sheet.cell(row, heads[column]).value = value
    book.save(out)
    batch, copy = desk.check("shelters", out)
    assert copy is None
    assert (batch.read, batch.accepted) == (4, 4)
    assert batch.table.column("name").to_pylist() == ["港小", "山中", "山手小", "二重"]


def test_a_workbook_shows_the_refused_rows_and_colours_their_cells_and_runs_nothing(desk: Desk) -> None:
    out = desk.folder / "copy.xlsx"
    write_copy(out, desk.copied("shelters", desk.write("h.csv", SHELTERS, *ROWS)))
    sheet = openpyxl.load_workbook(out).active
    assert [cell.value for cell in sheet[1]][:3] == ["理由", "直し方", "避難所ID"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:K5"
    assert [bool(sheet.row_dimensions[row].hidden) for row in range(2, 6)] == [True, True, False, False]
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}
    assert {cell.number_format for cell in cells} == {"@"}
    name = next(cell for cell in sheet[4] if sheet.cell(1, cell.column).value == "名称")
    assert name.value is None
    assert name.fill.fgColor.rgb == "FFFFC7CE"
    assert sheet.cell(4, 3).fill.fgColor.rgb != "FFFFC7CE"
    members = zipfile.ZipFile(out).namelist()
    assert not [member for member in members if "vba" in member or "external" in member]


def test_a_cell_that_a_spreadsheet_would_run_is_guarded_in_csv_and_comes_back_bare(desk: Desk) -> None:
    out = desk.folder / "copy.csv"
    write_copy(out, desk.copied("shelters", desk.write("h.csv", SHELTERS, *ROWS)))
    text = out.read_text(encoding="utf-8-sig")
    assert '"\'=1+1"' in text
    assert '"-3"' in text  # a number runs nothing
    read = without_reasons(desk.reader.read(out).table)
    assert read.column("メモ").to_pylist() == ["=1+1", "'x", "一\n二", "-3"]


def test_a_second_copy_does_not_pile_up_reasons(desk: Desk) -> None:
    first = desk.copied("shelters", desk.write("h.csv", SHELTERS, *ROWS))
    write_copy(desk.folder / "one.csv", first)
    write_copy(desk.folder / "two.csv", desk.copied("shelters", desk.folder / "one.csv"))
    assert (desk.folder / "one.csv").read_bytes() == (desk.folder / "two.csv").read_bytes()


def test_a_file_with_a_column_called_reason_keeps_it(desk: Desk) -> None:
    path = desk.write("h.csv", f"{SHELTERS},理由", *(f"{row},私の理由" for row in ROWS))
    copy = desk.copied("shelters", path)
    names = copy.table().column_names
    assert names[:2] == ["理由（Tayori）", "直し方（Tayori）"]
    assert names[-1] == "理由"
    write_copy(desk.folder / "copy.xlsx", copy)
    again = desk.copied("shelters", desk.folder / "copy.xlsx")
    assert again.cells.column("理由").to_pylist() == ["私の理由"] * 4


def test_sentences_say_no_home_and_no_name_but_the_clerks_cells_stay(desk: Desk) -> None:
    row = "P 1,99301,港町1,住居,潮見 太郎,配達中,S001,999,34.55"
    copy = desk.copied("delivery-points", desk.write("p.csv", HOMES, row))
    said = copy.reasons[0].as_py() + copy.hints[0].as_py()
    assert said
    assert not [secret for secret in ("P 1", "港町1", "太郎", "999") if secret in said]
    assert copy.cells.column("受取人").to_pylist() == ["潮見 太郎"]


def test_a_file_with_individual_numbers_is_not_copied(desk: Desk) -> None:
    numbers = ["123456789018", "520192847161", "520266247498"]
    rows = [f"P-{n},99301,港町{n},住居,,配達中,S001,,,{number}" for n, number in enumerate(numbers)]
    with pytest.raises(IngestError) as caught:
        desk.check("delivery-points", desk.write("p.csv", f"{HOMES},番号", *rows))
    assert caught.value.code == "disaster.copy_of_individual_numbers"
    assert not any(number in str(caught.value) for number in numbers)


def _features(*shapes: dict[str, Any] | None, **columns: list[Any]) -> str:
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    features = [
        {"type": "Feature", "properties": row, "geometry": shape} for row, shape in zip(rows, shapes, strict=True)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def test_points_of_a_geometry_file_become_two_columns_that_are_read_back(desk: Desk) -> None:
    points = [{"type": "Point", "coordinates": [138.6 + n / 100, 34.55]} for n in range(2)]
    text = _features(*points, 避難所ID=["H1", "H2"], 名称=["港小", "港中"], 区分=["謎", "指定避難所"])
    copy = desk.copied("shelters", desk.write("h.geojson", text))
    assert copy.cells.column("経度").to_pylist() == ["138.6", "138.61"]
    out = desk.folder / "copy.xlsx"
    write_copy(out, copy)
    batch, _again = desk.check("shelters", out)
    assert batch.table.column("lon").to_pylist() == pytest.approx([138.61])


def test_lines_and_polygons_are_copied_as_geojson_and_nothing_else(desk: Desk) -> None:
    square = json.loads(shapely.to_geojson(shapely.box(138.6, 34.55, 138.61, 34.56)))
    text = _features(square, square, 区域ID=["A1", "A2"], 名称=["港", "山"], 区分=["謎", "町丁・字"])
    copy = desk.copied("areas", desk.write("a.geojson", text))
    for ending in ("csv", "xlsx"):
        with pytest.raises(IngestError) as caught:
            write_copy(desk.folder / f"copy.{ending}", copy)
        assert caught.value.code == "disaster.copy_needs_geojson"
        assert not (desk.folder / f"copy.{ending}").exists()
    out = desk.folder / "copy.geojson"
    assert write_copy(out, copy) == 2
    batch, again = desk.check("areas", out)
    assert again is not None
    assert batch.accepted == 1
    assert again.cells.equals(copy.cells)
    shapes = (shapely.from_wkb(one.shapes.to_numpy()) for one in (again, copy) if one.shapes is not None)
    assert shapely.equals_exact(*shapes, tolerance=0).all()


def test_a_copy_is_its_owners_alone_and_never_written_over_anything(desk: Desk) -> None:
    copy = desk.copied("shelters", desk.write("h.csv", SHELTERS, *ROWS))
    for ending in ("csv", "xlsx"):
        out = desk.folder / f"copy.{ending}"
        write_copy(out, copy)
        if os.name == "posix":
            assert stat.S_IMODE(out.stat().st_mode) == 0o600
        before = out.read_bytes()
        with pytest.raises(IngestError) as caught:
            write_copy(out, copy)
        assert caught.value.code == "disaster.file_exists"
        assert out.read_bytes() == before
    for name, code in (
        ("copy.txt", "disaster.copy_ending"), ("copy.geojson", "disaster.copy_without_shapes"),
        ("none/copy.csv", "disaster.file_not_written"),
    ):  # fmt: skip
        with pytest.raises(IngestError) as caught:
            write_copy(desk.folder / name, copy)
        assert caught.value.code == code
        assert caught.value.sentence()


def _bulk(rows: int, cell: str = "港町") -> FaultCopy:
    same = pa.array([cell]).take(pa.array(np.zeros(rows, dtype=np.int64)))
    cells = pa.table({f"列{n}": same for n in range(4)})
    wrong = np.arange(rows) % 3 == 0
    reasons = pa.array(np.where(wrong, "「列1」が空です。", ""), pa.string())
    return FaultCopy(cells, reasons, reasons, {"列1": wrong}, None)


def test_what_does_not_fit_into_excel_is_refused_and_leaves_no_half_file(tmp_path: Path) -> None:
    for copy, code in (
        (_bulk(MAX_ROWS + 1), "disaster.copy_too_many_rows"), (_bulk(1, "長" * 32_768), "disaster.copy_cell_too_long"),
    ):  # fmt: skip
        with pytest.raises(IngestError) as caught:
            write_copy(tmp_path / "x.xlsx", copy)
        assert caught.value.code == code
        assert list(tmp_path.iterdir()) == []


def test_a_large_copy_is_a_matter_of_seconds(tmp_path: Path) -> None:
    copy = _bulk(200_000)
    began = time.process_time()
    write_copy(tmp_path / "x.xlsx", copy)
    write_copy(tmp_path / "x.csv", copy)
    assert time.process_time() - began < 15


@given(st.lists(st.text(alphabet="=+-@'＝ \"<&>_x0041あ港1.,;\n\t", max_size=12), min_size=1, max_size=8))
def test_any_text_comes_back_from_a_workbook_and_a_csv_as_it_was(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    # an apostrophe before a sign that a spreadsheet runs is what the copy itself puts there
    texts = [text for text in texts if not text.startswith("'")] or ["港"]
    folder = tmp_path_factory.mktemp("any")
    raw = RawTable(pa.table({"名称": texts}), RawSource("x.csv", "", 0, "csv", "utf-8", None, None, len(texts)))
    reasons = pa.array(["「名称」が空です。"] * len(texts))
    copy = FaultCopy(raw.table, reasons, reasons, {"名称": np.ones(len(texts), dtype=bool)}, None)
    for ending in ("xlsx", "csv"):
        write_copy(folder / f"x.{ending}", copy)
        back = without_reasons(desk.reader.read(folder / f"x.{ending}").table).column("名称").to_pylist()
        assert [text.strip() for text in back] == [text.strip() for text in texts], ending
