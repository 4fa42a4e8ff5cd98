"""Claims about checking rows: all faults at once, whole columns, nothing personal repeated."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from disaster.layouts import apply, recognise
from disaster.models import NOUNS, Field
from disaster.schemas import Checked, Findings, check, find_individual_numbers, frame_schema, near
from disaster.schemas.individual import passes
from disaster.schemas.times import read_times
from geo.faults import MAX_KEPT_PER_CODE, words

TOWN = "99301"
BOUNDARY = np.array([shapely.box(138.55, 34.50, 138.65, 34.60)])
NEAR = near(BOUNDARY, TOWN)
SHELTER = {
    "避難所ID": "H-1", "市区町村コード": "993018", "名称": "港小学校", "所在地": "潮見市港町1-1", "区分": "指定避難所",
    "想定収容人数": "120", "面積(m2)": "300.5", "経度": "138.6", "緯度": "34.55",
}  # fmt: skip
HOME = {
    "配達先ID": "P-001", "市区町村コード": "99301", "郵便番号": "999-0001", "住所": "潮見市港町1-1",
    "配達先の種類": "住居",
    "受取人": "潮見 太郎、潮見 花子", "配達状況": "配達中", "確認日時": "2026-11-20 08:00", "集配局コード": "S001",
    "経度": "138.6", "緯度": "34.55",
}  # fmt: skip


def _check(kind: str, *rows: Mapping[str, str], area: shapely.Geometry | None = None) -> Checked:
    """Check rows given as dictionaries of one file's cells."""
    table = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in rows[0]})
    layout = recognise(kind, table.column_names)
    canonical = apply(layout, table, municipality=TOWN)
    findings = Findings(canonical.table.column("row").to_numpy())
    find_individual_numbers(table, findings)
    return check(
        NOUNS[kind],
        canonical.table,
        municipality=TOWN,
        headings=canonical.headings,
        area=area,
        findings=findings,
    )


def _shelters(*changes: Mapping[str, str], area: shapely.Geometry | None = None) -> Checked:
    rows = [SHELTER | {"避難所ID": f"H-{number}"} | change for number, change in enumerate(changes, start=1)]
    return _check("shelters", *rows, area=area)


def _homes(*changes: Mapping[str, str]) -> Checked:
    return _check("delivery-points", *(HOME | {"配達先ID": f"P-{n:03d}"} | c for n, c in enumerate(changes, start=1)))


def _codes(checked: Checked) -> list[tuple[int | None, str]]:
    return [(fault.row, fault.code.removeprefix("disaster.")) for fault in checked.faults.kept]


def test_a_row_without_faults_enters_with_the_types_of_its_noun() -> None:
    row = _shelters({}).table.to_pylist()[0]
    assert row["capacity"] == 120
    assert row["area_m2"] == 300.5
    assert row["shelter_kind"] == "designated"
    assert row["municipality"] == TOWN
    assert (row["lon"], row["lat"]) == (138.6, 34.55)


def test_every_fault_of_a_file_is_reported_at_once_with_row_and_heading() -> None:
    checked = _shelters(
        {"名称": "", "想定収容人数": "百二十", "面積(m2)": "広い", "区分": "学校"},
        {},
        {"想定収容人数": "-1", "経度": "", "市区町村コード": "222127"},
    )
    assert set(_codes(checked)) == {
        (1, "required"), (1, "not_integer"), (1, "not_number"), (1, "unknown_code"),
        (3, "out_of_range"), (3, "half_a_place"), (3, "other_municipality"),
    }  # fmt: skip
    assert (checked.read, checked.refused, checked.table.num_rows) == (3, 2, 1)
    assert checked.faults.refused_rows == {1, 3}
    by_code = {fault.code: fault for fault in checked.faults.kept}
    assert by_code["disaster.not_integer"].value == "百二十"
    assert "「想定収容人数」の値「百二十」" in by_code["disaster.not_integer"].reason()
    assert "福祉避難所" in by_code["disaster.unknown_code"].hint()
    assert by_code["disaster.half_a_place"].column == "経度"


@pytest.mark.parametrize(
    ("text", "value"), [("１２０", 120), ("1,200", 1200), ("+7", 7), ("007", 7), ("12.0", 12), ("", None)]
)
def test_whole_numbers_are_read_as_people_write_them(text: str, value: int | None) -> None:
    assert _shelters({"想定収容人数": text}).table.column("capacity").to_pylist() == [value]


@pytest.mark.parametrize("text", ["1,20", "12.5", "1e3", "百", "0x10", "９９９９９９９９９９９９９９９９９"])
def test_what_is_no_whole_number_is_never_guessed(text: str) -> None:
    assert _codes(_shelters({"想定収容人数": text})) == [(1, "not_integer")]


@pytest.mark.parametrize("text", ["NaN", "inf", "1e999", "十", "1_000"])
def test_not_a_number_and_infinity_are_not_numbers(text: str) -> None:
    assert _codes(_shelters({"面積(m2)": text})) == [(1, "not_number")]


def test_a_number_of_36_digits_is_read() -> None:
    row = _shelters({"緯度": "34.5500000000000000000000000000000001"}).table.to_pylist()[0]
    assert row["lat"] == pytest.approx(34.55)


JST = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20 08:05", datetime(2026, 11, 20, 8, 5, tzinfo=JST)),
        ("2026/11/20 8:05:30", datetime(2026, 11, 20, 8, 5, 30, tzinfo=JST)),
        ("2026-11-20T08:05:30.25+09:00", datetime(2026, 11, 20, 8, 5, 30, 250_000, tzinfo=JST)),
        ("2026-11-19T23:05Z", datetime(2026, 11, 20, 8, 5, tzinfo=JST)),
        ("令和8年11月20日午後1時30分", datetime(2026, 11, 20, 13, 30, tzinfo=JST)),
        ("令和元年5月1日正午", datetime(2019, 5, 1, 12, tzinfo=JST)),
        ("R8.11.20 8:05", datetime(2026, 11, 20, 8, 5, tzinfo=JST)),
        ("２０２６年１１月２０日（金）８時", datetime(2026, 11, 20, 8, tzinfo=JST)),
        ("2026-11-20 24:00", datetime(2026, 11, 21, tzinfo=JST)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=JST)),
    ],
)
def test_times_are_read_as_offices_write_them(text: str, expected: datetime) -> None:
    assert read_times(pa.array([text])).instants.to_pylist() == [expected.astimezone(UTC)]


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "2026-13-01",
        "昨日",
        "2026-11-20 25:00",
        "午後3時",
        "令和8年11月20日午後12時",
        "20261120",
        "0001-01-01",
    ],
)
def test_what_is_no_time_is_marked_and_never_guessed(text: str) -> None:
    read = read_times(pa.array([text]))
    assert read.bad.tolist() == [True]
    assert read.instants.to_pylist() == [None]


EARLIEST, LATEST = datetime(1900, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone


@given(st.lists(st.none() | st.datetimes(EARLIEST, LATEST, timezones=st.just(JST))))
def test_a_time_written_in_iso_comes_back_as_it_was(times: list[datetime | None]) -> None:
    texts = pa.array([None if one is None else one.isoformat() for one in times], pa.string())
    read = read_times(texts)
    assert read.instants.to_pylist() == times
    assert not read.bad.any()
    assert not read.without_zone.any()


def test_a_time_without_a_zone_is_taken_as_japan_time_and_said_so() -> None:
    checked = _homes({}, {"確認日時": "2026-11-19T23:00:00Z"}, {"確認日時": "2026-11-20"})
    assert dict(checked.notes) == {"disaster.time_zone_assumed": 1, "disaster.time_without_hour": 1}
    assert checked.table.column("confirmed_at").to_pylist()[:2] == [datetime(2026, 11, 19, 23, tzinfo=UTC)] * 2
    assert "日本時間" in words("disaster.time_zone_assumed", {"count": 1})


def test_dates_flags_and_lists_are_read() -> None:
    office = {
        "局所コード": "S001", "市区町村コード": "99301", "名称": "潮見郵便局", "取扱業務": "郵便、貯金 ，保険、",
        "指定緊急避難場所": "○", "津波避難ビル": "無", "配達を受け持つ市区町村": "993018；993026",
    }  # fmt: skip
    row = _check("offices", office).table.to_pylist()[0]
    assert row["services"] == ["郵便", "貯金", "保険"]
    assert row["served_municipalities"] == ["99301", "99302"]
    assert (row["is_emergency_site"], row["is_tsunami_building"]) == (True, False)
    assert _codes(_check("offices", office | {"津波避難ビル": "たぶん"})) == [(1, "not_flag")]
    lot = {"備蓄場所ID": "B1", "名称": "倉庫", "ロット": "L1", "期限": "令和9年3月31日"}
    assert _check("stockpiles", lot).table.to_pylist()[0]["expires_on"] == date(2027, 3, 31)


def test_blank_means_no_where_only_yes_is_marked_and_unknown_elsewhere() -> None:
    def verified(*words: str) -> list[bool | None]:
        damage = {
            "被害ID": "D1", "対象": "道路", "被害・障害": "冠水", "通行できるもの": "通行不能", "情報源": "郵便局",
            "確認日時": "2026-11-20 08:00", "経度": "138.6", "緯度": "34.55",
        }  # fmt: skip
        rows = [damage | {"被害ID": f"D{n}", "現地確認済み": word} for n, word in enumerate(words)]
        found: list[bool | None] = _check("damage-points", *rows).table.column("verified").to_pylist()
        return found

    assert verified("○", "", "○", "") == [True, False, True, False]
    assert verified("○", "", "×") == [True, None, False]
    assert verified("", "") == [None, None]


def test_an_office_of_another_municipality_that_delivers_here_enters() -> None:
    there = {
        "局所コード": "S009",
        "市区町村コード": "99302",
        "名称": "隣郵便局",
        "配達を受け持つ市区町村": "99302、99301",
    }
    here = {"局所コード": "S001", "市区町村コード": "99301", "名称": "潮見郵便局", "配達を受け持つ市区町村": ""}
    stranger = there | {"局所コード": "S010", "配達を受け持つ市区町村": "99302"}
    assert _codes(_check("offices", there, here, stranger)) == [(3, "other_municipality")]


def test_a_file_of_another_municipality_is_one_sentence_not_one_a_row() -> None:
    checked = _shelters(*[{"市区町村コード": "222127"}] * 40)
    assert _codes(checked) == [(None, "all_other_municipality")]
    assert (checked.read, checked.refused, checked.table.num_rows) == (40, 40, 0)
    assert "コード 22212" in checked.faults.kept[0].reason()
    assert "993018" in checked.faults.kept[0].reason()


def test_a_wrong_check_digit_is_said_as_such() -> None:
    assert _codes(_shelters({"市区町村コード": "993014"}, {})) == [(1, "not_a_municipality")]


def test_a_key_that_stands_twice_names_the_first_row_which_stays() -> None:
    checked = _shelters({"避難所ID": "A"}, {"避難所ID": "B"}, {"避難所ID": "A"}, {"避難所ID": "A"})
    assert _codes(checked) == [(3, "duplicate_key"), (4, "duplicate_key")]
    assert "1行目と同じ" in checked.faults.kept[0].reason()
    assert checked.table.column("shelter_id").to_pylist() == ["A", "B"]


def test_a_row_refused_for_something_else_never_stands_for_its_key() -> None:
    bad = {"避難所ID": "A", "緯度": "10"}
    checked = _shelters(bad, {"避難所ID": "A"}, {"避難所ID": "A"}, bad)
    assert checked.table.num_rows == 1
    assert checked.rows.tolist() == [2]
    doubles = [fault for fault in checked.faults.kept if fault.code == "disaster.duplicate_key"]
    assert [fault.row for fault in doubles] == [3, 4]
    assert all("2行目と同じ" in fault.reason() for fault in doubles)


def test_a_key_of_two_parts_repeats_only_when_both_do() -> None:
    lots = [
        {"備蓄場所ID": site, "名称": "倉庫", "ロット": lot}
        for site, lot in [("B1", ""), ("B1", "1"), ("B2", "1"), ("B1", "")]
    ]
    assert _codes(_check("stockpiles", *lots)) == [(4, "duplicate_key")]


def test_values_of_homes_and_persons_are_never_repeated() -> None:
    checked = _homes(
        {"配達先ID": "秘密の番号", "配達先の種類": "秘密の家", "経度": "秘密の経度"},
        {"郵便番号": "秘密の郵便", "確認日時": "秘密の日", "経度": "10", "緯度": "10"},
        {"配達先ID": "P-009", "集配局コード": ""},
        {"配達先ID": "P-009"},
        {"配達先ID": "P-009"},
    )
    assert {code for _row, code in _codes(checked)} == {
        "bad_pattern", "unknown_code", "not_number", "not_time", "outside_japan", "required", "duplicate_key",
    }  # fmt: skip
    for fault in checked.faults.kept:
        assert fault.value is None
        said = fault.reason() + fault.hint() + fault.reason("en") + repr(fault)
        assert "秘密" not in said
        assert "P-009" not in said


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        ("34.55", "138.6", "swapped_coordinates"), ("0", "0", "outside_japan"),
        ("15365000", "4100000", "outside_japan"),
        ("138.6", "", "half_a_place"), ("東経138", "34.55", "not_number"), ("138.72", "34.55", "outside_boundary"),
    ],
)  # fmt: skip
def test_a_place_that_cannot_be_right_is_refused(lon: str, lat: str, code: str) -> None:
    assert _codes(_shelters({"経度": lon, "緯度": lat}, area=NEAR)) == [(1, code)]


def test_a_place_within_two_kilometres_of_the_boundary_is_not_refused() -> None:
    assert _codes(_shelters({"経度": "138.668"}, area=NEAR)) == []  # 1.65 km east of the boundary
    assert _codes(_shelters({"経度": "138.675"}, area=NEAR)) == [(1, "outside_boundary")]  # 2.3 km


def test_a_row_without_a_place_is_no_fault() -> None:
    checked = _shelters({"経度": "", "緯度": ""}, area=NEAR)
    assert _codes(checked) == []
    assert checked.table.column("lon").to_pylist() == [None]


def _areas(*shapes: shapely.Geometry | None, area: shapely.Geometry | None = None) -> Checked:
    count = len(shapes)
    table = pa.table(
        {
            "区域ID": pa.array([f"A{n}" for n in range(count)]),
            "名称": pa.array(["浸水"] * count),
            "区分": pa.array(["被災区域"] * count),
            "geometry": pa.array(shapely.to_wkb(np.array(shapes, dtype=object)), pa.binary()),
        }
    )
    canonical = apply(recognise("areas", table.column_names), table, municipality=TOWN)
    return check(NOUNS["areas"], canonical.table, municipality=TOWN, area=area)


SQUARE = shapely.box(138.59, 34.54, 138.60, 34.55)


def test_rows_without_a_shape_or_with_the_wrong_kind_of_shape_are_refused() -> None:
    line = shapely.LineString([(138.59, 34.54), (138.60, 34.55)])
    checked = _areas(SQUARE, None, line, shapely.Polygon(), shapely.box(138.8, 34.5, 138.81, 34.51), area=NEAR)
    assert _codes(checked) == [
        (2, "null_geometry"),
        (3, "wrong_geometry"),
        (4, "null_geometry"),
        (5, "outside_boundary"),
    ]
    assert checked.table.num_rows == 1


def test_a_slightly_crossed_polygon_is_mended_and_counted_and_a_hopeless_one_is_refused() -> None:
    west, south, east, north = SQUARE.bounds
    spike = shapely.Polygon(
        [(west, south), (east, south), (east, north), (west, north), (west, south - 1e-7), (west + 1e-7, south)]
    )
    bow = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    assert not shapely.is_valid(spike)
    checked = _areas(spike, bow)
    assert _codes(checked) == [(2, "invalid_geometry")]
    assert dict(checked.notes) == {"disaster.repaired_geometry": 1}
    kept = shapely.from_wkb(checked.table.column("geometry").to_numpy())[0]
    assert shapely.is_valid(kept)
    assert kept.area == pytest.approx(spike.area, rel=0.01)


def _number(first: str) -> str:
    """Return twelve digits with the check digit of an individual number, computed in the words of the ordinance."""
    total = sum(int(first[11 - n]) * (n + 1 if n <= 6 else n - 5) for n in range(1, 12))
    rest = total % 11
    return first + str(0 if rest <= 1 else 11 - rest)


@given(st.text("0123456789", min_size=11, max_size=11), st.integers(1, 9))
def test_the_check_digit_of_an_individual_number_is_known_and_any_other_fails(first: str, step: int) -> None:
    good = _number(first)
    bad = good[:11] + str((int(good[11]) + step) % 10)
    digits = np.array([[int(sign) for sign in text] for text in (good, bad)])
    assert passes(digits).tolist() == [True, False]


NUMBERS = [_number(f"{52_019_284_716 + 7_340_033 * n}") for n in range(30)]


def test_a_column_of_individual_numbers_refuses_the_whole_file_in_one_sentence() -> None:
    table = pa.table({"名前": ["あ"] * 30, "番号": NUMBERS})
    findings = Findings(np.arange(1, 31))
    assert find_individual_numbers(table, findings)
    faults = findings.faults()
    assert [(fault.row, fault.column) for fault in faults.kept] == [(None, "番号")]
    assert "個人番号" in faults.kept[0].reason()
    assert len(faults.refused_rows) == 30
    assert not any(number in repr(faults) for number in NUMBERS)


def test_a_column_with_some_individual_numbers_among_others_is_refused_too() -> None:
    mixed = [number if n < 12 else number[:11] + str((int(number[11]) + 1) % 10) for n, number in enumerate(NUMBERS)]
    assert find_individual_numbers(pa.table({"番号": mixed}), Findings(np.arange(1, 31)))


def test_a_column_headed_individual_number_is_refused_whatever_it_holds() -> None:
    assert find_individual_numbers(pa.table({"マイナンバー": ["1"]}), Findings(np.array([1])))
    assert not find_individual_numbers(pa.table({"マイナンバー": [""]}), Findings(np.array([1])))


@pytest.mark.parametrize("shape", ["{0}", "番号は{0}です", "{1}-{2}-{3}", "{1} {2} {3}"])
def test_a_lone_individual_number_refuses_its_row_and_is_not_repeated(shape: str) -> None:
    number = NUMBERS[0]
    text = shape.format(number, number[:4], number[4:8], number[8:])
    table = pa.table({"備考": ["なし", text, "特になし", "３２"]})
    findings = Findings(np.arange(1, 5))
    assert not find_individual_numbers(table, findings)
    faults = findings.faults()
    assert [(fault.row, fault.code) for fault in faults.kept] == [(2, "disaster.looks_like_individual_number")]
    said = faults.kept[0].reason() + repr(faults.kept[0])
    assert number not in said
    assert text not in said


def test_full_width_digits_do_not_hide_an_individual_number() -> None:
    wide = NUMBERS[0].translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    findings = Findings(np.arange(1, 4))
    find_individual_numbers(pa.table({"備考": ["い", wide, "ろ"]}), findings)
    assert findings.faults().refused_rows == {2}


def test_serial_numbers_times_decimals_and_longer_numbers_are_no_individual_numbers() -> None:
    count = 400
    serial = [f"{n:012d}" for n in range(1, count + 1)]
    counted = [str(202_600_000_000 + n) for n in range(count)]
    clock = [
        f"2026{1 + n % 12:02d}{1 + n % 28:02d}{n % 24:02d}{n % 60:02d}" if n % 3 == 0 else "" for n in range(count)
    ]
    decimal = [f"138.{NUMBERS[n % 30]}" if n % 5 else "" for n in range(count)]
    longer = [f"{NUMBERS[n % 30]}7" if n % 5 else "" for n in range(count)]
    table = pa.table({"ID": serial, "伝票": counted, "時刻": clock, "経度": decimal, "長い番号": longer})
    findings = Findings(np.arange(1, count + 1))
    assert not find_individual_numbers(table, findings)
    assert findings.faults().total == 0


def test_faults_are_capped_in_detail_and_counted_in_full() -> None:
    count = MAX_KEPT_PER_CODE + 500
    checked = _shelters(*[{"想定収容人数": "多い", "名称": "" if n % 2 else "名"} for n in range(count)])
    assert dict(checked.faults.counts) == {"disaster.not_integer": count, "disaster.required": count // 2}
    assert len(checked.faults.kept) == MAX_KEPT_PER_CODE + count // 2
    assert len(checked.faults.refused_rows) == count == checked.refused


_CELL = st.sampled_from(
    [
        "",
        "1",
        "-",
        "１２",
        "○",
        "指定避難所",
        "138.6",
        "34.55",
        "0",
        "99301",
        "222127",
        "H-1",
        "\u3000",
        "NaN",
        "2026-11-20",
    ]
)
_CELLS = st.fixed_dictionaries(dict.fromkeys(SHELTER, _CELL | st.text(max_size=8)))


@given(st.lists(_CELLS, min_size=1, max_size=12))
def test_whatever_the_cells_hold_accepted_and_refused_rows_add_up(rows: list[dict[str, str]]) -> None:
    checked = _check("shelters", *rows, area=NEAR)
    cells = pa.array(["".join(row.values()) for row in rows])
    written = pc.sum(pc.not_equal(pc.utf8_trim_whitespace(cells), "")).as_py()  # rows of nothing are set aside
    assert checked.read == written == checked.table.num_rows + checked.refused
    assert len(checked.faults.refused_rows) == checked.refused
    assert set(checked.rows.tolist()).isdisjoint(checked.faults.refused_rows)
    for fault in checked.faults.kept:
        assert fault.reason()
        assert "{" not in fault.reason() or "{" in str(rows)
    good = checked.table.to_pylist()
    assert all(row["municipality"] == TOWN and row["name"] and row["shelter_id"] for row in good)
    assert all(row["lon"] is None or 138.5 < row["lon"] < 138.7 for row in good)


def _limited(item: Field) -> bool:
    return item.minimum is not None or item.maximum is not None or item.pattern is not None


@pytest.mark.parametrize("kind", list(NOUNS))
def test_every_range_and_pattern_of_a_noun_is_in_its_schema(kind: str) -> None:
    assert set(frame_schema(kind).columns) == {item.name for item in NOUNS[kind].fields if _limited(item)}


def test_no_library_makes_the_clock_of_japan_that_of_greenwich() -> None:
    morning = datetime(2026, 11, 21, 9, 30, tzinfo=timezone(timedelta(hours=9)))
    assert pa.array([morning], pa.timestamp("us", "UTC")).to_pylist() == [datetime(2026, 11, 21, 0, 30, tzinfo=UTC)]
