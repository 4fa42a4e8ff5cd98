"""Claims about reading values as offices write them: amounts, depths, times, codes; nothing is guessed."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disaster.layouts.codes import municipality_codes
from disaster.models import DEPTH_CLASSES, NOUNS
from disaster.schemas import Checked, check, find_individual_numbers
from disaster.schemas.amounts import bounds, class_of, read_amounts
from disaster.schemas.findings import Findings
from disaster.schemas.times import read_times
from geo.codes import six

TOWN = "99301"
JST = timezone(timedelta(hours=9))


def _shelters(*capacities: str, note: str | None = None) -> Checked:
    noun, count = NOUNS["shelters"], len(capacities)
    same = {"municipality": TOWN, "name": "潮見小", "shelter_kind": "designated", "note": note}
    columns = {item.name: pa.array([same.get(item.name)] * count, pa.string()) for item in noun.fields}
    columns |= {"shelter_id": pa.array([f"S{n}" for n in range(count)]), "capacity": pa.array(capacities, pa.string())}
    columns |= {"lon": pa.nulls(count, pa.string()), "lat": pa.nulls(count, pa.string())}
    columns["row"] = pa.array(range(1, count + 1), pa.int64())
    return check(noun, pa.table(columns), municipality=TOWN, headings={"capacity": "収容人数"})


@pytest.mark.parametrize(
    ("text", "value"),
    [("480人", 480), ("４８０　名", 480), ("1,234人", 1234), ("480", 480), ("480.0", 480), ("+480人", 480)],
)
def test_a_number_with_its_unit_is_that_number(text: str, value: int) -> None:
    found = _shelters(text)
    assert found.table.column("capacity").to_pylist() == [value]
    assert found.remarks == ()


@pytest.mark.parametrize("text", ["約500人", "５００人程度", "およそ500名", "500人前後", "約500"])
def test_an_approximate_number_is_read_and_its_words_stay_with_the_row(text: str) -> None:
    found = _shelters("20", text)
    assert found.table.column("capacity").to_pylist() == [20, 500]
    assert found.table.column("note").to_pylist() == [None, f"収容人数：{text}"]
    assert [(code, said["count"], said["rows"]) for code, said in found.remarks] == [("disaster.about", 1, "2")]


@pytest.mark.parametrize(
    "text", ["屋内480人／屋外3,350人(面積の1/2)", "50～60人", "480人以上", "不明", "調査中", "大人100人、子供50人"]
)
def test_prose_about_a_number_keeps_the_row_and_its_words_and_is_said(text: str) -> None:
    found = _shelters(text, "20", note="体育館")
    assert found.refused == 0
    assert found.table.column("capacity").to_pylist() == [None, 20]
    assert found.table.column("note").to_pylist() == [f"体育館（収容人数：{text}）", "体育館"]
    (code, said), *more = found.remarks
    assert (code, said["column"], said["count"], said["rows"], more) == (
        "disaster.kept_as_text",
        "収容人数",
        1,
        "1",
        [],
    )


@pytest.mark.parametrize("text", ["480\n350", "480 350", "4 80人", "480,\n350", "480　350名", "約480人 350人"])
def test_two_numbers_in_one_cell_are_never_joined_into_one(text: str) -> None:
    found = _shelters(text, "20")
    assert found.table.column("capacity").to_pylist() == [None, 20]
    assert found.table.column("note").to_pylist() == [f"収容人数：{text}", None]
    assert [code for code, _said in found.remarks] == ["disaster.kept_as_text"]


@pytest.mark.parametrize("text", ["480(屋外350)", "480（うち車いす10）", "1/2", "100～200", "100・200"])
def test_two_numbers_without_a_unit_keep_the_row_and_their_words(text: str) -> None:
    found = _shelters(text, "20")
    assert (found.refused, found.table.column("capacity").to_pylist()) == (0, [None, 20])
    assert found.table.column("note").to_pylist() == [f"収容人数：{text}", None]


@pytest.mark.parametrize("text", ["054-621-0001", "2027/3/1", "480.5.1", "1-2-3"])
def test_telephones_and_dates_in_a_column_of_numbers_are_still_refused(text: str) -> None:
    assert [fault.code for fault in _shelters(text).faults.kept] == ["disaster.not_integer"]


@pytest.mark.parametrize("text", ["○（3階以上）", "△", "〇(屋上のみ)", "×（改修中）"])
def test_a_site_that_is_safe_under_a_condition_stays_with_its_words_and_is_not_called_safe_or_unsafe(
    text: str,
) -> None:
    noun = NOUNS["emergency-sites"]
    said = {"municipality": TOWN, "name": "潮見小", "site_kind": "emergency_site"}
    columns = {item.name: pa.array([said.get(item.name)] * 3, pa.string()) for item in noun.fields}
    columns |= {"site_id": pa.array(["1", "2", "3"]), "safe_tsunami": pa.array([text, "○", None], pa.string())}
    columns |= {"lon": pa.nulls(3, pa.string()), "lat": pa.nulls(3, pa.string()), "row": pa.array([1, 2, 3])}
    found = check(noun, pa.table(columns), municipality=TOWN, headings={"safe_tsunami": "津波"})
    assert found.refused == 0
    assert found.table.column("safe_tsunami").to_pylist() == [None, True, False]
    assert found.table.column("note").to_pylist() == [f"津波：{text}", None, None]


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.text(" \n\t　", min_size=1, max_size=3))
def test_blanks_around_a_number_are_nothing_and_between_two_they_part_them(one: int, two: int, gap: str) -> None:
    amounts = read_amounts(pa.array([f"{gap}{one}{gap}人{gap}", f"{one}{gap}{two}人"]), ("人",))
    assert amounts.plain.to_pylist() == [str(one), f"{one}{gap}{two}人"]
    assert amounts.prose.tolist() == [False, True]
    assert bounds(f"{one}{gap}{two}m以上") is None


@pytest.mark.parametrize("text", ["2027/3", "2027年3月", "令和9年3月", "R9.3", "２０２７年３月末"])
def test_a_month_without_its_day_is_kept_in_words_and_no_day_is_guessed(text: str) -> None:
    noun = NOUNS["stockpiles"]
    said = {"municipality": TOWN, "site_id": "1", "name": "倉庫", "expires_on": text}
    columns = {item.name: pa.array([said.get(item.name)], pa.string()) for item in noun.fields}
    columns |= {"lon": pa.nulls(1, pa.string()), "lat": pa.nulls(1, pa.string()), "row": pa.array([1])}
    found = check(noun, pa.table(columns), municipality=TOWN)
    assert found.table.column("expires_on").to_pylist() == [None]
    assert found.table.column("note").to_pylist() == [f"期限：{text}"]


@pytest.mark.parametrize(("number", "kept"), [("１２", "12"), ("Ａ－１", "A-1"), ("第１", "第１"), ("①", "1")])
def test_an_id_of_plain_letters_is_the_same_in_full_and_half_width(number: str, kept: str) -> None:
    noun = NOUNS["shelters"]
    said = {"municipality": TOWN, "shelter_id": number, "name": "潮見小", "shelter_kind": "designated"}
    columns = {item.name: pa.array([said.get(item.name)], pa.string()) for item in noun.fields}
    columns |= {"lon": pa.nulls(1, pa.string()), "lat": pa.nulls(1, pa.string()), "row": pa.array([1])}
    assert check(noun, pa.table(columns), municipality=TOWN).table.column("shelter_id").to_pylist() == [kept]


@pytest.mark.parametrize("text", ["多数", "4８0a", "1,20", "四百八十", "480㎡", "人", "480人人"])
def test_what_speaks_of_no_number_of_people_is_refused_as_before(text: str) -> None:
    found = _shelters(text)
    assert [fault.code for fault in found.faults.kept] == (["disaster.not_integer"] if "人人" not in text else [])
    assert found.read == found.refused + found.table.num_rows


def test_many_rows_of_prose_are_named_up_to_ten_and_all_counted() -> None:
    ((_code, said),) = _shelters(*["屋内1人／屋外2人"] * 25).remarks
    assert said["count"] == 25
    assert str(said["rows"]).endswith("10…")


@given(
    st.integers(0, 10**9), st.sampled_from(["人", "名", ""]), st.sampled_from(["", "約"]), st.sampled_from(["", "程度"])
)
def test_whatever_stands_around_a_number_it_is_read_exactly(number: int, unit: str, before: str, after: str) -> None:
    amounts = read_amounts(pa.array([f"{before}{number:,}{unit}{after}"]), ("人", "名"))
    assert amounts.plain.to_pylist() == [f"{number:,}"]
    assert amounts.about.tolist() == [bool(before or after)]
    assert not amounts.prose.any()


@given(st.text(max_size=20))
def test_any_text_is_left_or_read_and_never_fails(text: str) -> None:
    amounts = read_amounts(pa.array([text], pa.string()), ("人",))
    assert len(amounts.plain) == 1
    assert not (amounts.about & amounts.prose).any()
    bounds(text)


@pytest.mark.parametrize("code", list(DEPTH_CLASSES))
def test_each_class_of_depth_is_found_by_its_own_label(code: str) -> None:
    if code != "unknown":
        assert class_of(DEPTH_CLASSES[code], DEPTH_CLASSES) == code


def test_no_two_classes_of_depth_have_the_same_limits() -> None:
    limits = [bounds(label) for code, label in DEPTH_CLASSES.items() if code != "unknown"]
    assert None not in limits
    assert len(set(limits)) == len(limits)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("0.5～1.0m未満の区域", (0.5, 1.0)), ("５０ｃｍ以上１ｍ未満", (0.5, 1.0)), ("30cm未満", (0.0, 0.3)),
        ("20ｍ以上", (20.0, float("inf"))), ("～0.3m未満", (0.0, 0.3)), ("0m以上0.5m未満", (0.0, 0.5)),
        ("1m〜2m", (1.0, 2.0)), ("0.01m以上0.3m未満", (0.0, 0.3)),
        ("5", None), ("1～2", None), ("2m以上1m未満", None), ("深い", None), ("", None),
    ],
)  # fmt: skip
def test_depths_are_read_with_their_unit_or_not_at_all(text: str, limits: tuple[float, float] | None) -> None:
    assert bounds(text) == limits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024年1月9日18:00現在", datetime(2024, 1, 9, 18, tzinfo=JST)),
        ("令和6年1月9日午後6時時点", datetime(2024, 1, 9, 18, tzinfo=JST)),
        ("令和元年五月一日午前十時三十分", datetime(2019, 5, 1, 10, 30, tzinfo=JST)),
        ("平成三十一年四月三十日", datetime(2019, 4, 30, tzinfo=JST)),
        ("令和６年８月３１日午後１時半", datetime(2024, 8, 31, 13, 30, tzinfo=JST)),
        ("R6.8.31 13:30 時点", datetime(2024, 8, 31, 13, 30, tzinfo=JST)),
    ],
)
def test_times_are_read_as_reports_write_them(text: str, expected: datetime) -> None:
    assert read_times(pa.array([text])).instants.to_pylist() == [expected.astimezone(UTC)]


def test_a_time_with_about_is_read_and_marked() -> None:
    read = read_times(pa.array(["令和6年8月31日午後1時頃", "2024-08-31 13:00"]))
    assert read.about.tolist() == [True, False]
    assert read.instants.to_pylist()[0] == read.instants.to_pylist()[1]


@pytest.mark.parametrize(
    ("last", "beyond"),
    [
        ("明治45年7月29日", "明治45年7月30日"),
        ("大正15年12月24日", "T15.12.25"),
        ("昭和64年1月7日", "S64.1.8"),
        ("平成31年4月30日 23:59", "平成31年5月1日 0:00"),
        ("H31.4.30", "平成四十年一月一日"),
    ],
)
def test_an_era_reaches_to_its_last_day_and_not_beyond(last: str, beyond: str) -> None:
    assert read_times(pa.array([last, beyond])).bad.tolist() == [False, True]


@pytest.mark.parametrize("text", ["24/1/9", "6年8月31日", "6.8.31", "24-01-09 10:00", "45300", "令和6年8月", "8月31日"])
def test_a_year_of_two_digits_or_none_is_no_year(text: str) -> None:
    assert read_times(pa.array([text])).bad.tolist() == [True]


@pytest.mark.parametrize(
    ("texts", "expected", "codes", "restored"),
    [
        (["92011", "9201", "09201", "092011"], "09201", ["09201"] * 4, [True, True, False, False]),
        (["12106"], "01210", ["01210"], [True]),
        (["12106", "01210"], "01210", ["12106", "01210"], [False, False]),
        (["12106"], "12106", ["12106"], [False]),
        (["12101", "12106"], "01210", ["12101", "12106"], [False, False]),  # 12101 has lost no zero: nor has 12106
        (["131016", "12106"], "01210", ["13101", "01210"], [False, True]),
        (["２２２１２７", "22212"], "22212", ["22212", "22212"], [False, False]),
        (["222128", "市"], "22212", ["222128", "市"], [False, False]),
    ],
)
def test_a_zero_that_a_spreadsheet_took_is_restored_only_where_that_is_sure(
    texts: list[str], expected: str, codes: list[str], restored: list[bool]
) -> None:
    found, lost = municipality_codes(pa.array(texts), expected)
    assert found.to_pylist() == codes
    assert lost.tolist() == restored


@given(st.integers(1, 47), st.integers(100, 999))
def test_a_code_is_found_whichever_way_it_is_written(prefecture: int, city: int) -> None:
    code = f"{prefecture:02d}{city}"
    for written in (code, six(code), six(code).lstrip("0"), code.lstrip("0")):
        assert municipality_codes(pa.array([written]), code)[0].to_pylist() == [code]


def test_a_corporate_number_without_its_first_digit_is_no_persons_but_a_column_of_persons_is_found() -> None:
    person = "123456789018"
    lone = ["7000020993018", person, "7000020993019", "", "7000020993020"]
    found = Findings(np.arange(1, 6))
    assert not find_individual_numbers(pa.table({"法人番号": lone}), found)
    assert not found.refused.any()
    found = Findings(np.arange(1, 6))
    assert not find_individual_numbers(pa.table({"個人番号又は番号": lone}), found)
    assert found.refused.tolist() == [False, True, False, False, False]
    assert find_individual_numbers(pa.table({"法人番号": [person] * 5}), Findings(np.arange(1, 6)))


def test_codes_of_census_blocks_are_no_individual_numbers_but_a_real_one_among_words_is() -> None:
    blocks = [f"993010{n:06d}" for n in range(500)]
    findings = Findings(np.arange(1, 502))
    assert not find_individual_numbers(pa.table({"KEY_CODE": [*blocks, "993010010"], "備考": [""] * 501}), findings)
    assert not findings.refused.any()
    findings = Findings(np.arange(1, 502))
    find_individual_numbers(
        pa.table({"KEY_CODE": [*blocks, ""], "備考": ["123456789018", *["浜の近く"] * 500]}), findings
    )
    assert findings.refused.tolist() == [True] + [False] * 500
