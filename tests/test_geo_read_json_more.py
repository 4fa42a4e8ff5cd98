"""JSON in its other shapes: one object a line, arrays of arrays, places as pairs of numbers, lists within objects."""

import json
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from read_files import Files, mutated, notes, rows, shapes

from geo.read import Reader

POINT = shapely.Point(138.6, 34.55)
FEATURE = '{"type":"Feature","properties":{"名称":"潮見"},"geometry":{"type":"Point","coordinates":[138.6,34.55]}}'
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


# --- one a line


@pytest.mark.parametrize("ending", [".ndjson", ".jsonl", ".geojsonl", ".json"])
def test_one_object_a_line_is_a_table(files: Files, ending: str) -> None:
    table = files.read("表" + ending, '{"名称":"潮見","定員":1.50}\r\n\n{"名称":"港","可":true}\n')
    assert rows(table) == [
        {"名称": "潮見", "定員": "1.50", "可": None}, {"名称": "港", "定員": None, "可": "true"}
    ]  # fmt: skip
    assert table.source.format == "ndjson"


@pytest.mark.parametrize("ending", [".ndjson", ".geojsonl", ".geojson"])
def test_one_feature_a_line_has_its_place(files: Files, ending: str) -> None:
    table = files.read("表" + ending, f"{FEATURE}\n{FEATURE}\n")
    assert shapes(table) == [POINT, POINT]
    assert rows(table) == [{"名称": "潮見"}] * 2
    assert table.source.crs == "EPSG:4326"


def test_text_sequences_may_break_their_lines(files: Files) -> None:
    table = files.read("表.geojsonl", "\x1e" + json.dumps(json.loads(FEATURE), indent=1) + "\n\x1e" + FEATURE + "\n")
    assert shapes(table) == [POINT, POINT]


def test_features_a_line_in_metres_need_their_system_stated(files: Files) -> None:
    table = files.read("表.geojsonl", FEATURE.replace("138.6,34.55", "9164.7,-160986.2"), crs="EPSG:6676")
    assert table.source.crs == "EPSG:6676"
    assert shapely.distance(shapes(table)[0], POINT) < 0.01


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        ('{"a":1}\n{"a":2,}\n', "geo.json_line_broken", "2 行目"),
        ('{"a":1}\n\n{"a":2\n', "geo.json_line_broken", "3 行目"),
        ('{"a":1} {"a":2}\n', "geo.json_line_broken", "1 行目"),
        ('{"a":1}\n[1]\n', "geo.json_line_other", "2 行目"),
        (f'{FEATURE}\n{{"a":1}}\n', "geo.json_line_other", "2 行目"),
        ('{"a":1}\n2\n', "geo.json_line_other", "2 行目"),
        ('{"a":1}\n{"a":1,"a":2}\n', "geo.columns_doubled", "「a」"),
    ],
    ids=range(7),
)
def test_one_broken_line_is_named_by_its_number(files: Files, content: str, code: str, line: str) -> None:
    error = files.refusal("表.ndjson", content)
    assert error.code == code
    assert line in error.sentence()


# --- arrays of arrays, pairs of numbers


def test_arrays_with_names_first_are_a_table(files: Files) -> None:
    table = files.read("表.json", '[["名称","緯度"],["潮見",34.550],["港",null]]')
    assert rows(table) == [{"名称": "潮見", "緯度": "34.550"}, {"名称": "港", "緯度": None}]


def test_arrays_without_names_are_numbered_and_told(files: Files) -> None:
    table = files.read("表.json", '[["潮見",3,34.5,"x"],["港",4,34.6,"y"]]')
    assert table.table.column_names == ["列1", "列2", "列3", "列4"]
    assert table.source.rows == 2
    assert "geo.note_no_header" in notes(table)


def test_pairs_are_latitude_and_longitude_by_their_range(files: Files) -> None:
    expected = [{"lat": "34.550", "lon": "138.6"}, {"lat": "34.56", "lon": "138.61"}]
    table = files.read("表.json", "[[34.550,138.6],[34.56,138.61]]")
    assert rows(table) == expected
    assert notes(table) == {"geo.note_lat_first": {"column": "coordinates"}}
    table = files.read("表.json", "[[138.6,34.550,12],[138.61,34.56,0]]")
    assert rows(table) == expected
    assert notes(table) == {"geo.note_lon_first": {"column": "coordinates"}}


@pytest.mark.parametrize(
    "member",
    ['"latlng":[34.55,138.6]', '"coordinates":[138.6,34.55]', '"location":{"lat":34.55,"lng":138.6}',
     '"位置":{"経度":138.6,"緯度":34.55}', '"LatLng":[34.55,138.6]', '"loc":{"latitude":34.55,"longitude":138.6}'],
    ids=range(6),
)  # fmt: skip
def test_a_place_within_an_object_becomes_two_columns(files: Files, member: str) -> None:
    name = json.loads("{" + member + "}").popitem()[0]
    table = files.read("表.json", f'[{{"名称":"潮見",{member},"n":1}},{{"名称":"港","{name}":null,"n":2}}]')
    assert rows(table) == [
        {"名称": "潮見", "lat": "34.55", "lon": "138.6", "n": "1"},
        {"名称": "港", "lat": None, "lon": None, "n": "2"},
    ]


@pytest.mark.parametrize("pairs", ["[[0,0],[0,0]]", "[[34.5,138.6],[138.6,34.5]]", "[[1,2],[3,4]]", "[[9164,-160986]]"])
def test_pairs_that_could_be_anything_are_refused(files: Files, pairs: str) -> None:
    assert files.refusal("表.json", pairs).code == "geo.json_pair_doubtful"


def test_a_pair_outside_japan_among_others_stays_for_the_checks_of_its_row(files: Files) -> None:
    assert rows(files.read("表.json", "[[34.5,138.6],[0,0]]"))[1] == {"lat": "0", "lon": "0"}


def test_pairs_under_any_other_name_are_no_places(files: Files) -> None:
    table = files.read("表.json", '[{"範囲":[34.50,138.6],"担当":{"課":"防災"}}]')
    assert rows(table) == [{"範囲": "[34.50, 138.6]", "担当": '{"課": "防災"}'}]
    assert notes(table) == {"geo.note_json_nested": {"count": 2, "columns": "「範囲」、「担当」"}}


def test_arrays_of_different_length_are_refused_with_their_numbers(files: Files) -> None:
    error = files.refusal("表.json", '[["a","b"],["1"],["1","2"],[]]')
    assert error.code == "geo.json_rows_uneven"
    assert "2, 4" in error.sentence()


# --- lists within an object


def test_the_one_list_of_an_object_is_taken_and_told(files: Files) -> None:
    for wrapped, member in (('{"total":1,"data":[%s]}', "data"), ('{"result":{"records":[%s]}}', "result.records")):
        table = files.read("表.json", wrapped.replace("%s", '{"名称":"潮見"}'))
        assert rows(table) == [{"名称": "潮見"}]
        assert notes(table) == {"geo.note_json_member": {"member": member}}


def test_features_without_a_collection_have_their_places(files: Files) -> None:
    for content in ('{"features":[%s]}', '{"data":[%s]}', "[%s]"):
        table = files.read("表.json", content.replace("%s", FEATURE))
        assert shapes(table) == [POINT]
        assert rows(table) == [{"名称": "潮見"}]


def test_of_several_lists_one_must_be_named(files: Files) -> None:
    content = '{"fields":[{"id":"a"}],"records":[{"a":1}]}'
    error = files.refusal("表.json", content)
    assert error.code == "geo.json_several_lists"
    assert all(word in error.sentence() for word in ("fields", "records", "--part"))
    assert rows(files.read("表.json", content, part="records")) == [{"a": "1"}]
    assert files.refusal("表.json", content, part="none").code == "geo.part_not_found"


def test_a_notice_without_data_is_told_in_its_own_words(files: Files) -> None:
    notice = {"type": "unavailable", "code": "99301", "message": "この自治体のデータは\n公開されていません。"}
    error = files.refusal("993018.json", json.dumps(notice, ensure_ascii=False))
    assert error.code == "geo.json_notice"
    assert "この自治体のデータは 公開されていません。" in error.sentence()


@pytest.mark.parametrize(
    "content",
    [
        '{"架空県":["潮見市"]}',
        '{"99":{"name":"架空県"}}',
        '{"type":"Topology","arcs":[[[1,2]]],"objects":{}}',
        '{"data":[]}',
    ],
    ids=range(4),
)
def test_an_object_without_a_list_of_objects_is_no_table(files: Files, content: str) -> None:
    assert files.refusal("表.json", content).code == "geo.json_not_a_table"


# --- garbage


@pytest.mark.parametrize("depth", [100, 700, 5000])
def test_json_that_nests_deeper_than_any_table_is_read_as_text_or_refused(files: Files, depth: int) -> None:
    for content in ('[{"a":%s}]', '[{"type":"Feature","geometry":null,"properties":{"a":%s}}]', '{"a":%s}\n{"a":1}'):
        files.survives("表.json", content.replace("%s", "[" * depth + "]" * depth).encode())


@given(JSON, st.sampled_from([".json", ".ndjson", ".geojson"]))
def test_any_json_is_read_or_refused_in_words(files: Files, value: object, ending: str) -> None:
    files.survives("表" + ending, json.dumps(value, ensure_ascii=True).encode())


@given(st.lists(st.tuples(st.integers(0, 10**4), st.integers(0, 255)), max_size=6), st.integers(0, 60))
def test_a_garbled_text_never_ends_the_parser(files: Files, changed: list[tuple[int, int]], cut: int) -> None:
    content = f'[{{"latlng":[34.5,138.6],"n":{{"a":[1]}}}}]\n{FEATURE}\n[["a","b"],[1,2]]\n'.encode()
    files.survives("表.ndjson", mutated(content, changed, cut))


# --- real files


@pytest.mark.real_data
def test_reports_of_residents_and_towns_are_read_as_they_are(real_data: Path, reader: Reader) -> None:
    spots = reader.read(real_data / "echizen/danger_spots_yabamichi.json")
    assert (spots.source.rows, spots.table.column_names) == (53, ["geo", "txt"])
    towns = reader.read(real_data / "addresses/geolonia_town/千葉県_浦安市.json")
    assert towns.table.column_names == ["town", "koaza", "lat", "lng"]


def test_objects_without_a_single_member_are_no_rows(files: Files) -> None:
    assert files.refusal("a.ndjson", "{}\n").code == "geo.no_rows"
