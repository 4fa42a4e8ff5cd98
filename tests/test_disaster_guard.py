"""Protection hides the person, never the dwelling."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disaster.guard import flatten_addressees, hide_protected, minimise
from disaster.residents import dwellings, match, persons

DAY = date(2026, 1, 10)
SEEN = datetime(2026, 1, 9, tzinfo=UTC)


def register(rows: list[tuple[str, str, list[str]]]) -> pa.Table:
    size = len(rows)
    return pa.table(
        {
            "point_id": pa.array([row[0] for row in rows], pa.string()),
            "municipality": ["99301"] * size,
            "postal_code": ["9990001"] * size,
            "address": pa.array([row[1] for row in rows], pa.string()),
            "building": pa.nulls(size, pa.string()),
            "point_kind": ["dwelling"] * size,
            "addressees": pa.array([row[2] for row in rows], pa.list_(pa.string())),
            "status": ["served"] * size,
            "status_reason": pa.nulls(size, pa.string()),
            "confirmed_at": pa.array([SEEN] * size, pa.timestamp("us", "UTC")),
            "office_code": ["S001"] * size,
            "lon": [138.6] * size,
            "lat": [34.55] * size,
            "place_level": ["town"] * size,
            "place_town": ["浜町"] * size,
            "place_source": ["file"] * size,
            "place_reason": pa.nulls(size, pa.string()),
        }
    )


def listed(*entries: tuple[str, str | None, str | None, date | None]) -> pa.Table:
    return pa.table(
        {
            "protected_name": pa.array([e[0] for e in entries], pa.string()),
            "protected_address": pa.array([e[1] for e in entries], pa.string()),
            "point_id": pa.array([e[2] for e in entries], pa.string()),
            "until": pa.array([e[3] for e in entries], pa.date32()),
        }
    )


TOWN = register(
    [
        ("P1", "潮見市浜町1-2", ["髙橋 ミナ", "髙橋 空"]),
        ("P2", "潮見市浜町3-4", ["高橋ミナ"]),
        ("P3", "潮見市浜町5-6", []),
    ]
)


def names(points: pa.Table) -> list[tuple[str, str]]:
    rows, found = flatten_addressees(points)
    return [
        (points.column("point_id")[int(row)].as_py(), name) for row, name in zip(rows, found.to_pylist(), strict=True)
    ]


def test_a_protected_person_is_hidden_at_the_listed_address_whatever_the_spelling() -> None:
    hidden = hide_protected(TOWN, listed(("高橋　ミナ", "潮見市浜町１－２", None, None)), on=DAY)
    assert names(hidden) == [("P1", "髙橋 空"), ("P2", "高橋ミナ")]


def test_an_entry_with_a_delivery_point_hides_the_person_there() -> None:
    hidden = hide_protected(TOWN, listed(("高橋ミナ", None, "P2", None)), on=DAY)
    assert names(hidden) == [("P1", "髙橋 ミナ"), ("P1", "髙橋 空")]


def test_an_entry_that_meets_nobody_hides_every_bearer_of_the_name() -> None:
    for entry in (
        ("高橋ミナ", None, None, None),
        ("高橋ミナ", "潮見市浜町99", None, None),
        ("高橋ミナ", "潮見市浜町5-6", None, None),
    ):
        assert names(hide_protected(TOWN, listed(entry), on=DAY)) == [("P1", "髙橋 空")]


def test_an_entry_counts_up_to_its_last_day() -> None:
    entry = ("高橋ミナ", None, None, DAY)
    assert len(names(hide_protected(TOWN, listed(entry), on=DAY))) == 1
    assert len(names(hide_protected(TOWN, listed(entry), on=date(2026, 1, 11)))) == 3


def test_every_home_stays_in_the_dwelling_list() -> None:
    hidden = hide_protected(TOWN, listed(("高橋ミナ", None, None, None)), on=DAY)
    assert dwellings(hidden).table.equals(dwellings(TOWN).table)
    assert dwellings(hidden).matched == 3


def test_a_protected_person_and_an_unknown_one_give_the_same_miss() -> None:
    asked = pa.table(
        {
            "reference": ["1", "2"],
            "inquired_name": ["高橋ミナ", "無名太郎"],
            "inquired_address": ["潮見市浜町1-2", "潮見市浜町1-2"],
        }
    )
    protected = match(hide_protected(TOWN, listed(("高橋ミナ", None, None, None)), on=DAY), asked).table.to_pylist()
    assert [row["result"] for row in protected] == ["miss", "miss"]
    assert {key: value for key, value in protected[0].items() if key != "reference"} == {
        key: value for key, value in protected[1].items() if key != "reference"
    }


people = st.lists(st.sampled_from(["佐野一", "佐野二", "髙橋ミナ", "高橋ミナ", "渡邉三"]), max_size=3, unique=True)


@given(st.lists(people, min_size=1, max_size=6), st.sampled_from(["佐野一", "高橋ミナ", "渡辺三"]))
def test_rows_about_persons_are_the_same_as_if_the_protected_had_never_been_there(
    homes: list[list[str]], name: str
) -> None:
    with_them = register([(f"P{n}", f"潮見市浜町{n}", home) for n, home in enumerate(homes)])
    hidden = hide_protected(with_them, listed((name, None, None, None)), on=DAY)
    kept = flatten_addressees(hidden)[1].to_pylist()
    folded = {"佐野一": {"佐野一"}, "高橋ミナ": {"髙橋ミナ", "高橋ミナ"}, "渡辺三": {"渡邉三"}}[name]
    without = register(
        [(f"P{n}", f"潮見市浜町{n}", [p for p in home if p not in folded]) for n, home in enumerate(homes)]
    )
    assert kept == flatten_addressees(without)[1].to_pylist()
    assert persons(hidden).table.equals(persons(without).table)
    assert persons(hidden).matched == persons(without).matched


@pytest.mark.parametrize(
    "written",
    ["髙橋 ミナ様", "高橋ミナ(旧姓 佐野)", "髙橋　空・ミナ", "髙橋ミナ・髙橋空", "高橋 空／ミナ", "佐野一＆髙橋ミナ",
     "高橋ミナ 他1名"],
)  # fmt: skip
@pytest.mark.parametrize("place", [("潮見市浜町1-2", None), (None, "P1"), (None, None)])
def test_a_name_within_a_longer_text_or_among_others_is_hidden_with_all_of_it(
    written: str, place: tuple[str | None, str | None]
) -> None:
    town = register(
        [("P1", "潮見市浜町1-2", [written, "佐野二"]), ("P2", "潮見市浜町3-4", ["ミナ・ハーカー", "高橋空"])]
    )
    hidden = hide_protected(town, listed(("高橋　ミナ", *place, None)), on=DAY)
    assert names(hidden) == [("P1", "佐野二"), ("P2", "ミナ・ハーカー"), ("P2", "高橋空")]


def test_a_remark_that_names_a_protected_person_is_left_out_and_the_home_stays() -> None:
    town = register([("P1", "潮見市浜町1-2 高橋ミナ方", []), ("P2", "潮見市浜町3-4", []), ("P3", "潮見市浜町5-6", [])])
    for column, texts in (
        ("building", ["髙橋ミナ様方", "浜荘101", None]),
        ("status_reason", [None, "高橋　ミナ転居", "冠水"]),
    ):
        town = town.set_column(town.column_names.index(column), column, pa.array(texts, pa.string()))
    hidden = hide_protected(town, listed(("高橋ミナ", None, None, None)), on=DAY)
    assert hidden.column("building").to_pylist() == [None, "浜荘101", None]
    assert hidden.column("status_reason").to_pylist() == [None, None, "冠水"]
    assert hidden.column("address").equals(town.column("address"))
    assert dwellings(hidden).matched == 3
    assert hide_protected(town, listed(("高橋ミナ", None, None, date(2020, 1, 1))), on=DAY).equals(town)


def test_a_short_name_is_not_looked_for_within_others() -> None:
    town = register([("P1", "潮見市浜町1-2", ["林 学", "小林 学", "学"])])
    hidden = hide_protected(town, listed(("林", None, None, None), ("学", None, None, None)), on=DAY)
    assert names(hidden) == [("P1", "林 学"), ("P1", "小林 学")]


def test_signs_of_patterns_in_a_name_mean_themselves() -> None:
    town = register([("P1", "潮見市浜町1-2", ["佐野(一)", "佐野一", "A.B.C", "AxBxC"])])
    hidden = hide_protected(town, listed(("佐野(一)", None, None, None), ("A.B.C", None, None, None)), on=DAY)
    assert names(hidden) == [("P1", "佐野一"), ("P1", "AxBxC")]


def test_only_the_named_columns_leave() -> None:
    assert minimise(TOWN, ("address", "status")).column_names == ["address", "status"]
