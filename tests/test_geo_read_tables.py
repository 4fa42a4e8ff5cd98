"""Reading tables of text: CSV, TSV and JSON lists, in the encodings that Japanese files come in."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ReadError
from geo.read import RawTable, Reader
from geo.read.csvscan import scan
from geo.read.jsonscan import structure
from geo.read.limits import Limits

#: Text of which CP932 and UTF-8 both have every character.
CELLS = st.text(st.sampled_from("潮見市本町一丁目高﨑髙①～－ｶﾅ 　,\"'\n\r\t;=+-@01AZa<&"), max_size=12)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(1, 3))
    return draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=8))


def as_csv(table: list[list[str]], *, newline: str, quote_all: bool) -> str:
    """Write a table as spreadsheets do: quotes where needed, also for a row that would else be a blank line."""

    def cell(value: str, alone: bool) -> str:
        needed = quote_all or (alone and not value) or any(sign in value for sign in ',"\r\n')
        return '"' + value.replace('"', '""') + '"' if needed else value

    return "".join(",".join(cell(value, len(row) == 1) for value in row) + newline for row in table)


@pytest.fixture
def read(reader: Reader, tmp_path: Path) -> "Read":
    return Read(reader, tmp_path)


class Read:
    """Writes bytes to a file and reads it."""

    def __init__(self, reader: Reader, folder: Path) -> None:
        self.reader, self.folder = reader, folder

    def __call__(self, content: str | bytes, name: str = "表.csv", **stated: str) -> RawTable:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self.reader.read(path, **stated)

    def refusal(self, content: str | bytes, name: str = "表.csv", **stated: str) -> ReadError:
        with pytest.raises(ReadError) as caught:
            self(content, name, **stated)
        assert "？" not in caught.value.sentence()
        assert caught.value.sentence("en")
        return caught.value


def rows(table: RawTable) -> list[list[str | None]]:
    return [list(row.values()) for row in table.table.to_pylist()]


# --- cells


def test_every_cell_stays_the_text_it_is(read: Read) -> None:
    table = read("コード,氏名,数,日付,空\n01100,NA,1.50,2026-01-02,\n,null,1e3,FALSE,-\n")
    assert table.table.schema.types == [pa.string()] * 5
    assert rows(table) == [["01100", "NA", "1.50", "2026-01-02", ""], ["", "null", "1e3", "FALSE", "-"]]
    assert not table.has_geometry


@given(tables(), st.sampled_from(["utf-8", "utf-8-sig", "cp932"]), st.sampled_from(["\r\n", "\n", "\r"]), st.booleans())
def test_what_a_spreadsheet_writes_is_read_cell_for_cell(
    read: Read, table: list[list[str]], encoding: str, newline: str, quote_all: bool
) -> None:
    header = [f"列{number}" for number in range(len(table[0]))]
    content = as_csv([header, *table], newline=newline, quote_all=quote_all).encode(encoding)
    assert rows(read(content, encoding=encoding)) == table


def test_quoted_line_breaks_commas_and_quotes_belong_to_the_cell(read: Read) -> None:
    table = read('名称,備考\r\n"潮見,小","一行目\r\n二行目"\r\n"""仮""設",\r\n')
    assert rows(table) == [["潮見,小", "一行目\r\n二行目"], ['"仮"設', ""]]
    assert table.source.rows == 2


def test_line_ends_of_every_system_are_understood_and_the_last_may_lack(read: Read) -> None:
    for end in ("\n", "\r\n", "\r"):
        assert rows(read(f"a,b{end}1,2{end}3,4")) == [["1", "2"], ["3", "4"]]


def test_blank_lines_are_no_rows_and_are_told(read: Read) -> None:
    table = read("a,b\n1,2\n\n\n3,4\n\n\n")
    assert rows(table) == [["1", "2"], ["3", "4"]]
    assert table.source.notes == (("geo.note_blank_lines", {"count": 2, "lines": "3, 4"}),)


def test_tabs_separate_cells_where_the_header_has_tabs_and_no_comma(read: Read) -> None:
    table = read("名称\t定員\n潮見,小\t120\n", "表.txt")
    assert rows(table) == [["潮見,小", "120"]]
    assert table.source.format == "tsv"


def test_headings_stay_exactly_as_found(read: Read) -> None:
    table = read('　発生日時　,"緯 度",geometry\n1,2,POINT(0 0)\n')
    assert table.table.column_names == ["　発生日時　", "緯 度", "geometry"]
    assert not table.has_geometry
    assert rows(table) == [["1", "2", "POINT(0 0)"]]


def test_empty_columns_without_heading_at_the_right_are_left_out_but_filled_ones_refused(read: Read) -> None:
    assert read("a,b,,\n1,2,,\n").table.column_names == ["a", "b"]
    error = read.refusal("a,b,,\n1,2,,\n3,4,,x\n")
    assert error.code == "geo.column_without_name"
    assert "4 列目" in error.sentence()


def test_control_characters_are_kept_and_told(read: Read) -> None:
    table = read("a,b\n1,x\x0by\n2,\x1fz\x7f\n")
    assert rows(table) == [["1", "x\x0by"], ["2", "\x1fz\x7f"]]
    assert table.source.notes == (("geo.note_control_characters", {"count": 3, "lines": "2, 3"}),)


# --- encodings


def test_the_encoding_is_found_and_told(read: Read) -> None:
    text = "氏名,住所\n髙﨑①,潮見市～－\n"
    for encoding in ("utf-8", "utf-8-sig", "cp932"):
        table = read(text.encode(encoding))
        assert table.source.encoding == encoding
        assert rows(table) == [["髙﨑①", "潮見市～－"]]


def test_euc_jp_is_found_where_cp932_does_not_fit(read: Read) -> None:
    table = read("氏名,住所\n山田,潮見市本町\n".encode("euc_jp") + "騰落\n".encode("euc_jp").replace(b"\n", b",x\n"))
    assert table.source.encoding == "euc_jp"
    assert rows(table)[0] == ["山田", "潮見市本町"]


def test_where_two_encodings_fit_nothing_is_guessed(read: Read) -> None:
    content = "ﾒｲｼｮ\nｼｵﾐﾁ\n".encode("cp932")
    error = read.refusal(content)
    assert error.code == "geo.encoding_ambiguous"
    assert all(word in error.sentence() for word in ("cp932", "euc_jp", "--encoding"))
    assert rows(read(content, encoding="Shift_JIS")) == [["ｼｵﾐﾁ"]]
    assert rows(read(content, encoding="euc-jp")) == [[content.split(b"\n")[1].decode("euc_jp")]]


def test_a_stated_encoding_is_checked_strictly(read: Read) -> None:
    error = read.refusal("名称\nあ\n潮見\n".encode("cp932"), encoding="utf-8")
    assert error.code == "geo.encoding_does_not_fit"
    assert read.refusal("名称\n潮見\n", encoding="cp932").code == "geo.encoding_is_utf8"  # it would fit, as mojibake
    assert read.refusal(b"a\n\x80\n", encoding="cp932").code == "geo.encoding_does_not_fit"
    assert read("a\n1\n", encoding="cp932").source.encoding == "cp932"


def test_bytes_of_no_encoding_are_refused_with_the_line(read: Read) -> None:
    error = read.refusal("名称\n潮見\n".encode("cp932") * 3 + b"\x81\n")
    assert error.code == "geo.encoding_unknown"
    assert "7 行目" in error.sentence()
    assert read.refusal(b"\xef\xbb\xbf" + "潮見\n".encode("cp932")).code == "geo.encoding_does_not_fit"


def test_jis_and_nul_are_refused_in_words(read: Read) -> None:
    assert read.refusal("名称\n潮見\n".encode("iso2022_jp")).code == "geo.jis_not_read"
    error = read.refusal("a,b\n1,2\n3,\x004\n")
    assert error.code == "geo.nul_character"
    assert "3 行目" in error.sentence()


def test_a_character_cut_by_a_piece_of_the_file_is_read_whole(read: Read) -> None:
    for shift in range(3):  # pieces are of 1 MiB; the character stands across the border for one of the shifts
        text = "名称\n" + "a" * shift + "潮見\n" * 300_000
        table = read(text.encode("cp932"))
        assert table.source.encoding == "cp932"
        assert table.source.rows == 300_000
        assert set(table.table.column(0).unique().to_pylist()) == {"潮見", "a" * shift + "潮見"}


# --- faults of a table


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ("名称,定員\n", "geo.no_rows", "見出しだけ"),
        ("名称,定員", "geo.no_rows", "見出しだけ"),
        ("名称,定員,名称\n1,2,3\n", "geo.columns_doubled", "「名称」"),
        ("a,b\n1,2\n3\n4,5,6\n7,8\n", "geo.ragged_rows", "2, 3"),
        ('a,b\n1,2\n3,"4\n5,6\n', "geo.quote_left_open", "2 行目"),
        ('a,b\n1,5" 管\n', "geo.stray_quote", "1 行目"),
        ('a,b\n1,2\n3,"x"y\n', "geo.stray_quote", "2 行目"),
        ('a,b\n1,5" 管\n2,6" 管\n', "geo.stray_quote", "1 行目"),
        ('"a,b\n1,2\n', "geo.quote_left_open", "0 行目"),
    ],
)
def test_a_fault_of_the_table_is_told_with_its_rows(read: Read, content: str, code: str, said: str) -> None:
    error = read.refusal(content)
    assert error.code == code
    assert said in error.sentence()


def test_many_ragged_rows_are_counted_and_the_first_ten_named(read: Read) -> None:
    error = read.refusal("a,b\n" + "1\n" * 25)
    assert "25 行" in error.sentence()
    assert "10, …" in error.sentence()


@given(tables(), st.integers(1, 40), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_records_are_counted_the_same_however_the_text_is_cut_into_pieces(
    table: list[list[str]], piece: int, newline: str, quote_all: bool
) -> None:
    text = as_csv(table, newline=newline, quote_all=quote_all)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geo.read.csvscan._PIECE", piece)
        found = scan(np.frombuffer(text.encode(), dtype=np.uint8), ",", Limits(), "表.csv")
    assert found.cells.tolist() == [len(table[0])] * len(table)


# --- JSON


def test_a_list_of_flat_objects_is_a_table_with_numbers_as_written(read: Read) -> None:
    table = read('[{"town":"本町","lat":34.550,"n":null},{"town":"港","id":12345678901234567890,"ok":true}]', "町.json")
    assert table.table.to_pylist() == [
        {"town": "本町", "lat": "34.550", "n": None, "id": None, "ok": None},
        {"town": "港", "lat": None, "n": None, "id": "12345678901234567890", "ok": "true"},
    ]
    assert (table.source.format, table.source.rows) == ("json", 2)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('[{"a":1},', "geo.json_broken"),
        ('[{"a":1}] x', "geo.json_broken"),
        ("[" * 100_000 + "]" * 100_000, "geo.json_broken"),
        ("[]", "geo.no_rows"),
        ("[1,2]", "geo.json_row_not_flat"),
        ('[{"a":1},[2]]', "geo.json_row_not_flat"),
        ('[{"a":1,"a":2}]', "geo.columns_doubled"),
        ('{"東海県":["潮見市"]}', "geo.json_not_a_table"),
        ('{"type":"unavailable","message":"公開されていません"}', "geo.json_notice"),
        ('{"type":"Topology","objects":{}}', "geo.json_not_a_table"),
    ],
)
def test_json_that_is_no_table_is_refused_in_words(read: Read, content: str, code: str) -> None:
    assert read.refusal(content, "表.json").code == code


@given(
    st.lists(st.dictionaries(st.text(max_size=6), st.text(st.sampled_from('"\\{}[],:features潮'), max_size=8))),
    st.dictionaries(st.text(max_size=4), st.lists(st.integers(), max_size=3)), st.integers(1, 60),
)  # fmt: skip
def test_features_are_counted_whatever_stands_in_texts_and_however_the_file_is_cut(
    features: list[dict[str, str]], others: dict[str, list[int]], piece: int
) -> None:
    root = {**others, "features": features, "zz": [{"features": [{}]}]}
    data = np.frombuffer(json.dumps(root, ensure_ascii=False).encode(), dtype=np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geo.read.jsonscan._PIECE", piece)
        found = structure(data)
    assert found.closed
    assert (found.values, found.features) == (1, len(features))
    start, end = found.spans[0]
    assert json.loads(data[start:end].tobytes()) == features


def test_a_text_cut_off_or_of_several_values_is_seen() -> None:
    def look(text: str) -> tuple[bool, int, int]:
        found = structure(np.frombuffer(text.encode(), dtype=np.uint8))
        return found.closed, found.values, found.depth

    assert look('{"a":[1,{"b":2}]}') == (True, 1, 3)
    assert look('{"a":[1,{"b":2}]')[0] is False
    assert look('{"a":"x')[0] is False
    assert look("{}\n{}") == (True, 2, 1)
    assert look("}{")[0] is False
