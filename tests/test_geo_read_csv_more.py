"""Text tables as offices really have them: titles above, no headings, other separators, rows that do not fit."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from read_files import Files, mutated, notes, rows

from geo.faults import words
from geo.read import Reader
from geo.read.csvhead import is_data

#: The layout of the postal tables, of invented towns.
POSTAL = "".join(
    f'99301,"425  ","42500{number:02d}","ｶｸｳｹﾝ","ｼｵﾐｼ","ﾁｮｳ","架空県","潮見市","町{number}",0,0,{number % 2},0,0,0\r\n'
    for number in range(30)
)


# --- no headings


def test_a_table_without_headings_is_read_from_its_first_line(files: Files) -> None:
    table = files.read("KEN_ALL.CSV", POSTAL.encode("cp932"))
    assert table.table.column_names == [f"列{number}" for number in range(1, 16)]
    assert table.source.rows == 30
    assert rows(table)[0]["列9"] == "町0"
    assert notes(table) == {"geo.note_no_header": {"columns": 15}}


@pytest.mark.parametrize(
    ("first", "below", "data"),
    [
        ("潮見小,138.601,34.551", ["港小,138.602,34.552"], True),  # no heading is a coordinate
        ("潮見小,054-123-4567", ["港小,054-123-4568"], True),
        ("潮見小,425-0001", ["港小,425-0002"], True),
        ("2026-01-02,潮見小", ["2026-01-03,港小"], True),
        ("01101,本町", ["01102,港町", "01103,浜町"], True),  # a zero in front: a code
        ("本町,120,0,0", ["港町,130,0,0", "浜町,120,0,1"], True),  # values that come again
        ("名称,経度,緯度", ["潮見小,138.601,34.551"], False),
        ("町名,2024,2025,2026", ["本町,120,130,125", "港町,2024,2025,2025"], False),  # years
        ("町名,1,2,3", ["本町,1,2,3", "港町,1,1,3"], False),  # months
        ("町名,2024-01-01,2024-02-01", ["本町,12,13", "港町,11,9"], False),  # days over counts
        ("町名,99301,99302", ["本町,12,13", "港町,11,9"], False),
        ("町名,01101,01102", ["本町,12,13", "港町,11,9"], False),  # codes over counts
        ("a,b", ["c,d", "e,f"], False),
        ("1,2", ["3,4", "5,6"], False),  # doubtful: headings, as the first line usually is
        ("名称,,", ["潮見小,1,2"], False),
        ("氏名,番号", [], False),
    ],
    ids=range(16),
)
def test_headings_are_told_from_data(first: str, below: list[str], data: bool) -> None:
    assert is_data(first.split(","), [row.split(",") for row in below]) is data


@given(st.lists(st.tuples(st.integers(0, 99), st.floats(34, 35)), min_size=1, max_size=20))
def test_a_line_of_words_above_numbers_is_always_the_headings(values: list[tuple[int, float]]) -> None:
    assert not is_data(["名称", "緯度"], [[str(number), f"{lat:.5f}"] for number, lat in values])


# --- lines above the table


@pytest.mark.parametrize(
    "above",
    [
        "避難所一覧\r\n",
        "避難所一覧,,,\r\n",
        '"避難所一覧（令和8年, 潮見市）"\r\n\r\n作成 防災課\r\n',
        "避難所一覧,,,\r\n,,,\r\n,,,潮見市\r\n",
        "sep=,\r\n",
    ],
    ids=range(5),
)
def test_title_lines_above_a_table_are_left_out_and_told(files: Files, above: str) -> None:
    table = files.read("表.csv", above + "番号,名称,経度,緯度\r\n1,潮見小,138.60,34.55\r\n2,港小,138.61,34.56\r\n")
    assert table.table.column_names == ["番号", "名称", "経度", "緯度"]
    assert [row["名称"] for row in rows(table)] == ["潮見小", "港小"]
    told = notes(table)["geo.note_lines_above"]
    titles = [line for line in above.split("\r\n") if line]
    assert told["count"] == len(titles)
    assert "1" in words("geo.note_lines_above", told)


def test_a_title_above_two_columns_needs_headings_of_words(files: Files) -> None:
    table = files.read("表.csv", "避難所一覧\n名称,定員\n潮見,1\n")
    assert table.table.column_names == ["名称", "定員"]
    assert files.refusal("表.csv", "名称\n潮見,1\n港,2\n").code == "geo.ragged_rows"


def test_headings_one_cell_short_are_no_title(files: Files) -> None:
    error = files.refusal("表.csv", "名称,経度,緯度\n潮見小,138.6,34.5,x\n港小,138.6,34.5,y\n")
    assert error.code == "geo.ragged_rows"
    assert files.refusal("表.csv", "名称,定員\n潮見小,1,x,y\n港小,2,z,w\n").code == "geo.ragged_rows"


def test_labels_in_a_second_line_stay_a_row(files: Files) -> None:
    table = files.read("tbl.txt", "KEY_CODE,HTKSYORI,T001\r\n,,　人口（総数）\r\n99301001,0,43\r\n99301002,0,*\r\n")
    assert rows(table)[0] == {"KEY_CODE": "", "HTKSYORI": "", "T001": "　人口（総数）"}
    assert table.source.rows == 3


# --- separators, encodings, ends of lines


def test_semicolons_separate_cells_where_every_line_has_them(files: Files) -> None:
    table = files.read("表.csv", "名称;経度;備考\n潮見小;138.6;a,b\n港小;138.7;\n")
    assert rows(table)[0] == {"名称": "潮見小", "経度": "138.6", "備考": "a,b"}
    assert files.read("表.csv", "名称,種別\n潮見小,洪水;津波\n港小,洪水;地震\n").table.column_names == ["名称", "種別"]
    assert files.read("表.csv", '種別\n"洪水;津波"\n地震;火災\n').table.column_names == ["種別"]


def test_unicode_text_of_excel_is_read_by_its_mark(files: Files) -> None:
    for encoding, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
        table = files.read("表.txt", mark + "名称\t住所\r\n髙﨑\t潮見市, 本町\r\n".encode(encoding))
        assert rows(table) == [{"名称": "髙﨑", "住所": "潮見市, 本町"}]
        assert (table.source.encoding, table.source.format) == ("utf-16", "tsv")
    assert files.refusal("表.csv", "名称,住所\n潮見,本町\n".encode("utf-16-le")).code == "geo.nul_character"
    assert files.refusal("表.csv", b"\xff\xfea\x00\x00\xd8").code == "geo.encoding_does_not_fit"
    assert files.refusal("表.csv", b"\xff\xfe").code == "geo.empty_file"


def test_lines_may_end_in_carriage_returns_alone(files: Files) -> None:
    assert len(rows(files.read("表.csv", POSTAL.replace("\r\n", "\r").encode("cp932")))) == 30


def test_headings_with_line_breaks_and_wide_spaces_stay_as_found(files: Files) -> None:
    table = files.read("表.csv", '\ufeff"指定\r\n避難所",　名　称　\r\n1,"一行目\n二行目"\r\n')
    assert table.table.column_names == ["指定\r\n避難所", "　名　称　"]
    assert rows(table)[0]["　名　称　"] == "一行目\n二行目"


# --- cells too many or too few


def test_commas_at_the_end_of_every_row_are_no_columns(files: Files) -> None:
    for header in ("名称,定員", "名称,定員,,"):
        assert rows(files.read("表.csv", f"{header}\n潮見,1,,\n港,2,,\n")) == [
            {"名称": "潮見", "定員": "1"}, {"名称": "港", "定員": "2"}
        ]  # fmt: skip
    assert files.refusal("表.csv", "名称,定員\n潮見,1,,\n港,2,,x\n").code == "geo.column_without_name"
    assert rows(files.read("表.csv", "名称,定員,,\n潮見,1\n港,2\n")) == [
        {"名称": "潮見", "定員": "1"}, {"名称": "港", "定員": "2"}
    ]  # fmt: skip


def test_a_rare_row_that_does_not_fit_is_a_fault_of_that_row_alone(files: Files) -> None:
    good = "".join(f"避難所{number},{number}\n" for number in range(1, 40))
    table = files.read("表.csv", f"名称,定員\n{good}潮見,港,3\n{good}合計\n")
    assert table.bad_geometry == {40: "geo.row_cells", 80: "geo.row_cells"}
    assert table.source.rows == 80
    assert rows(table)[39] == {"名称": "潮見", "定員": "港,3"}  # what is too many is not lost
    assert rows(table)[40] == {"名称": "避難所1", "定員": "1"}
    assert rows(table)[79] == {"名称": "合計", "定員": ""}
    assert notes(table)["geo.note_row_cells"] == {"count": 2, "rows": "40, 80"}


def test_where_many_rows_do_not_fit_the_file_is_refused_whole(files: Files) -> None:
    good = "".join(f"避難所{number},{number}\n" for number in range(1, 40))
    error = files.refusal("表.csv", f"名称,定員\n{good}" + "潮見,港,3\n" * 3)
    assert error.code == "geo.ragged_rows"
    assert "40, 41, 42" in error.sentence()


def test_of_columns_with_one_name_those_that_are_empty_are_left_out(files: Files) -> None:
    table = files.read("表.csv", "名称,備考,備考,備考\n潮見,,a,\n港,,,\n")
    assert rows(table) == [{"名称": "潮見", "備考": "a"}, {"名称": "港", "備考": ""}]
    assert notes(table) == {"geo.note_empty_double": {"column": "備考"}}
    assert files.read("表.csv", "名称,備考,備考\n潮見,,\n").table.column_names == ["名称", "備考"]
    error = files.refusal("表.csv", "名称,備考,備考\n潮見,a,\n港,,b\n")
    assert error.code == "geo.columns_doubled"
    assert "消すか" in error.sentence()


@given(st.lists(st.tuples(st.integers(0, 10**4), st.integers(0, 255)), max_size=8), st.integers(0, 60))
def test_a_garbled_table_never_ends_the_parser(files: Files, changed: list[tuple[int, int]], cut: int) -> None:
    files.survives("表.csv", mutated(("題名\r\n" + POSTAL).encode("cp932"), changed, cut))


@given(st.lists(st.lists(st.text(st.sampled_from('a1,;\t"\r\n潮 01-.'), max_size=6), max_size=4), max_size=30))
def test_whatever_is_typed_is_read_or_refused_in_words(files: Files, table: list[list[str]]) -> None:
    files.survives("表.csv", "\n".join(",".join(row) for row in table).encode() or b" ")


# --- real files


@pytest.mark.real_data
def test_the_accidents_of_a_prefecture_are_read_with_their_wide_headings(real_data: Path, reader: Reader) -> None:
    table = reader.read(real_data / "accidents_npa/fukui_2019-2020.csv")
    assert (table.source.rows, table.table.num_columns) == (2948, 68)
    assert not table.source.notes
