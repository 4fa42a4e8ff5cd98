"""Rows about homes and people: what matches, what is returned, what is withheld and why."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from disaster.guard import hide_protected
from disaster.models import DELIVERY_POINTS, DELIVERY_STATUS, PROTECTION
from disaster.residents import (
    DWELLING_COLUMNS,
    MATCH_COLUMNS,
    PERSON_COLUMNS,
    STATUS_COLUMNS,
    UNKNOWN_TOWN,
    Selection,
    answers,
    count_names,
    deliverable,
    delivery_status,
    dwellings,
    in_area,
    match,
    persons,
)  # fmt: skip
from disaster.store.snapshots import schema_of
from geo.gazetteer import Gazetteer

SEEN = datetime(2026, 11, 20, tzinfo=UTC)
SCHEMA = schema_of(DELIVERY_POINTS)


def register(*rows: dict[str, Any]) -> pa.Table:
    """Return a register with something in every column that must have it."""
    usual: dict[str, Any] = dict.fromkeys(SCHEMA.names) | {
        "municipality": "99301", "point_kind": "dwelling", "status": "served", "office_code": "S001",
        "confirmed_at": SEEN, "lon": 138.6, "lat": 34.55, "place_town": "浜町",
    }  # fmt: skip
    whole = [usual | {"point_id": f"P{n:03d}", "address": f"潮見市浜町{n}番地"} | row for n, row in enumerate(rows)]
    return pa.Table.from_pylist(whole, schema=SCHEMA)


def asked(*people: tuple[str, str]) -> pa.Table:
    names, addresses = zip(*people, strict=True) if people else ((), ())
    return pa.table(
        {
            "reference": pa.array([str(n) for n in range(len(people))], pa.string()),
            "inquired_name": pa.array(names, pa.string()),
            "inquired_address": pa.array(addresses, pa.string()),
        }
    )


homes = st.lists(
    st.fixed_dictionaries(
        {
            "point_kind": st.sampled_from(["dwelling", "business", "facility", "mixed"]),
            "addressees": st.none() | st.lists(st.sampled_from(["佐野一", "佐野二", "潮三"]), max_size=3),
            "status": st.sampled_from(list(DELIVERY_STATUS)),
            "place_town": st.sampled_from(["浜町", "港町一丁目", None, ""]),
            "at": st.none() | st.tuples(st.sampled_from([138.5, 138.6, 138.7]), st.sampled_from([34.5, 34.6])),
        }
    ),
    max_size=12,
)


def built(rows: list[dict[str, Any]]) -> pa.Table:
    placed = [{**row, "lon": (row["at"] or (None, None))[0], "lat": (row["at"] or (None, None))[1]} for row in rows]
    return register(*({key: value for key, value in row.items() if key != "at"} for row in placed))


def adds_up(selection: Selection) -> bool:
    return selection.matched == selection.table.num_rows + sum(selection.withheld.values())


@given(homes)
def test_every_point_of_the_register_is_returned_or_withheld_by_a_rule(rows: list[dict[str, Any]]) -> None:
    points = built(rows)
    found = dwellings(points)
    assert adds_up(found)
    assert found.matched == points.num_rows
    assert found.table.num_rows == sum(row["point_kind"] != "business" for row in rows)
    assert all(found.withheld.values())


@given(homes)
def test_every_name_of_the_register_is_returned_or_withheld_by_a_rule(rows: list[dict[str, Any]]) -> None:
    points = built(rows)
    found = persons(points)
    assert adds_up(found)
    assert found.matched == sum(len(row["addressees"] or []) for row in rows) == count_names(points)
    expected = [name for row in rows if row["point_kind"] != "business" for name in row["addressees"] or []]
    assert found.table.column("addressee").to_pylist() == expected


@given(homes)
def test_a_point_is_inside_an_area_outside_or_without_a_place(rows: list[dict[str, Any]]) -> None:
    points = built(rows)
    west, east = shapely.box(138.4, 34.4, 138.65, 34.7), shapely.box(138.65, 34.4, 138.8, 34.7)
    inside, unplaced = in_area(points, np.array([west]))
    outside, again = in_area(points, np.array([east]))
    assert unplaced == again == sum(row["at"] is None for row in rows)
    assert inside.sum() + outside.sum() + unplaced == points.num_rows
    assert all(lon < 138.65 for lon in points.filter(pa.array(inside)).column("lon").to_pylist())
    both, _ = in_area(points, np.array([west, east, west]))  # overlapping polygons count a home once
    assert both.sum() == points.num_rows - unplaced


def test_the_whole_municipality_keeps_points_without_a_place() -> None:
    points = register({"lon": None, "lat": None}, {})
    inside, unplaced = in_area(points, None)
    assert inside.tolist() == [True, True]
    assert unplaced == 0


@given(homes, st.data())
def test_an_area_is_cut_as_if_the_register_held_nothing_else(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    points = built(rows)
    inside = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))), dtype=bool)
    alone = points.filter(pa.array(inside))
    for chosen in (dwellings, deliverable, persons):
        found, expected = chosen(points, inside), chosen(alone)
        assert found.table.equals(expected.table)
        assert (found.matched, found.withheld) == (expected.matched, expected.withheld)


def test_points_without_a_place_are_withheld_from_an_area_by_their_rule() -> None:
    found = dwellings(register({}, {"point_kind": "business"}), unplaced=3)
    assert found.withheld == {"not_a_home": 1, "no_place": 3}
    assert found.matched == 5
    assert persons(register({"addressees": ["佐野一"]}), unplaced_names=2).withheld == {"no_place": 2}


def test_nothing_about_names_is_in_the_rows_of_dwellings() -> None:
    found = dwellings(register({"addressees": ["佐野一"]}))
    assert "佐野一" not in str(found.table.to_pylist())
    assert {column.name for column in found.columns} == set(found.table.column_names) - {"lon", "lat"}
    assert not {"addressees", "addressee"} & {column.name for column in DWELLING_COLUMNS}
    assert {column.name for column in PERSON_COLUMNS} - {column.name for column in DWELLING_COLUMNS} == {"addressee"}


@given(homes)
def test_delivery_status_counts_every_point_once(rows: list[dict[str, Any]]) -> None:
    table = delivery_status(built(rows))
    assert table.column_names == [column.name for column in STATUS_COLUMNS]
    counts = table.to_pylist()
    assert sum(row["total"] for row in counts) == len(rows)
    for status, number in Counter(row["status"] for row in rows).items():
        assert sum(row[status] for row in counts) == number
    assert len({row["place_town"] for row in counts}) == len(counts)
    unknown = [row["place_town"] == UNKNOWN_TOWN for row in counts]
    assert not any(unknown[:-1])  # towns that are not known come last
    assert sum(row["total"] for row, last in zip(counts, unknown, strict=True) if last) == sum(
        not row["place_town"] for row in rows
    )


def test_delivery_status_says_when_a_town_was_last_confirmed() -> None:
    later = SEEN + timedelta(days=1)
    points = register({}, {"confirmed_at": later}, {"confirmed_at": None}, {"confirmed_at": None, "place_town": "港町"})
    times = {row["place_town"]: row["confirmed_at"] for row in delivery_status(points).to_pylist()}
    assert times == {"浜町": later, "港町": None}


@given(homes, st.lists(st.tuples(st.sampled_from(["佐野一", "佐野　一", "無名"]), st.integers(0, 12)), max_size=6))
def test_each_asked_person_gets_one_answer_and_nobody_else_any(
    rows: list[dict[str, Any]], people: list[tuple[str, int]]
) -> None:
    points = built(rows)
    found = match(points, asked(*((name, f"潮見市浜町{n}番地") for name, n in people)))
    assert found.table.column("reference").to_pylist() == [str(n) for n in range(len(people))]
    assert adds_up(found)
    assert found.table.column_names == [column.name for column in MATCH_COLUMNS]
    for answer, (name, n) in zip(found.table.to_pylist(), people, strict=True):
        there = n < len(rows) and name.replace("\u3000", "") in (rows[n]["addressees"] or [])
        assert answer["result"] == ("hit" if there else "miss")
        assert answer["status"] == (rows[n]["status"] if there else None)


def test_name_and_address_must_both_be_the_same() -> None:
    points = register({"addressees": ["佐野一"]}, {"addressees": ["佐野二"]})
    people = (("佐野一", "潮見市浜町1番地"), ("佐野二", "潮見市浜町0番地"), ("佐野一", "潮見市浜町０番地"))
    assert match(points, asked(*people)).table.column("result").to_pylist() == ["miss", "miss", "hit"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_rows_of_one_person_give_the_one_confirmed_last(order: tuple[int, int]) -> None:
    rows = [
        {"address": "潮見市浜町1番地", "addressees": ["佐野一"], "status": "unreachable", "confirmed_at": None},
        {"address": "潮見市浜町1番地", "addressees": ["佐野一"], "status": "counter_pickup", "confirmed_at": SEEN},
    ]
    points = register(*(rows[n] for n in order))
    (answer,) = match(points, asked(("佐野一", "潮見市浜町1番地"))).table.to_pylist()
    assert (answer["status"], answer["confirmed_at"]) == ("counter_pickup", SEEN)


def test_an_empty_register_misses_everybody() -> None:
    empty = SCHEMA.empty_table()
    assert match(empty, asked(("佐野一", "潮見市浜町1番地"))).table.column("result").to_pylist() == ["miss"]
    assert dwellings(empty).matched == persons(empty).matched == delivery_status(empty).num_rows == 0


def towns(*names: str) -> Gazetteer:
    """Return a gazetteer of towns without numbers, as the public lists of 町丁目 are."""
    row = {"municipality": "99301", "pref": "架空県", "city": "潮見市", "lon": 138.6, "lat": 34.5}
    schema = pa.schema(
        [(name, pa.string()) for name in (
            "municipality", "pref", "city", "town", "koaza", "kind", "number", "postal_code", "source", "vintage",
            "scale", "former")] + [("lon", pa.float64()), ("lat", pa.float64())]
    )  # fmt: skip
    return Gazetteer.of(pa.Table.from_pylist([row | {"town": name} for name in names], schema), municipality="99301")


TOWNS = towns("帆立町一丁目", "帆立町二丁目", "磯里", "磯里一丁目", "浜町")
CITY = {"city": "潮見市"}
WITH_TOWNS = CITY | {"gazetteer": TOWNS}
READ = pytest.mark.parametrize("read", [CITY, WITH_TOWNS], ids=["name-only", "with-towns"])


def found(home: str, written: str, read: dict[str, Any], *, name: str = "荒井　明日香") -> bool:
    points = register({"address": home, "addressees": ["荒井 明日香"]}, {"address": "潮見市浜町7番地"})
    (answer,) = match(points, asked((name, written)), **read).table.to_pylist()
    return bool(answer["result"] == "hit")


@READ
@pytest.mark.parametrize(
    "written",
    [
        "帆立町1丁目9番10号",
        "潮見市帆立町1丁目9番10号",
        "架空県潮見市帆立町1丁目9-10",
        "架空県 潮見市 帆立町１丁目９－１０",
        "潮見市帆立町一丁目9-10",
        "潮見市大字帆立町一丁目九番十号",
        "架空県東浜郡潮見市帆立町1丁目9番地10",
        "帆立町1-9-10",
        "潮見市帆立町１ー９ー１０",
        "潮見市帆立町1丁目9-10 コーポ101",
        "潮見市帆立町1丁目9番10号 101",
        "帆立町1-9-10-101",
    ],
)
def test_a_list_in_the_city_s_own_spelling_finds_who_is_registered(written: str, read: dict[str, Any]) -> None:
    assert found("帆立町1丁目9-10", written, read)
    assert found(written, "帆立町1丁目9-10", read)  # and the other way round
    assert found("架空県潮見市帆立町1丁目9番10号", written, read)
    assert not found("帆立町1丁目9-10", written, read, name="荒井 明日奈")


@READ
@pytest.mark.parametrize(
    "written",
    [
        "潮見市帆立町1丁目9-1",
        "潮見市帆立町1丁目9-100",
        "潮見市帆立町1丁目9-10101",
        "潮見市帆立町1丁目9番",
        "潮見市帆立町2丁目9-10",
        "潮見市帆立町1丁目10-9",
        "潮見市磯里1丁目9-10",
        "潮見市帆立町9-10",
        "潮見市帆立町",
        "潮見市",
    ],
)
def test_another_number_or_town_is_another_home(written: str, read: dict[str, Any]) -> None:
    assert not found("帆立町1丁目9-10", written, read)
    assert not found("潮見市帆立町1丁目9-10 コーポ101", written, read)


@READ
@pytest.mark.parametrize(
    ("home", "written", "same"),
    [
        ("帆立町1丁目9-10 コーポ101", "潮見市帆立町1丁目9番10号", True),
        ("帆立町1丁目9-10 コーポ101", "潮見市帆立町1丁目9番10号 コーポ", True),
        ("帆立町1丁目9-10 コーポ101", "潮見市帆立町1丁目9番10号 101号室", True),
        ("帆立町1丁目9-10 コーポ101", "潮見市帆立町1-9-10-101", True),
        ("帆立町1丁目9-10 コーポ101", "潮見市帆立町1丁目9番10号 コーポしおみ0101", True),
        ("帆立町1丁目9-10 コーポ101", "潮見市帆立町1丁目9番10号 2階", True),
        ("帆立町1丁目9-10 コーポ101", "潮見市帆立町1丁目9番10号 コーポ102", False),
        ("帆立町1丁目9-10 コーポ101", "潮見市帆立町1丁目9番10号 102", False),
        ("帆立町1丁目9-10 コーポ101", "帆立町1-9-10-201", False),
    ],
)
def test_two_rooms_are_two_homes_and_a_room_on_one_side_is_none(
    home: str, written: str, same: bool, read: dict[str, Any]
) -> None:
    assert found(home, written, read) == same
    assert found(written, home, read) == same


@pytest.mark.parametrize(
    ("home", "written", "same"),
    [
        ("磯里1丁目9-10", "潮見市磯里1-9-10", True),  # a doubt: the town has lots of its own beside the 丁目
        ("磯里2丁目6", "磯里2-6", False),  # it has no second 丁目
        ("浜町1丁目9-10", "潮見市浜町1-9-10", False),  # nor has this one any
        ("浜町24番地", "潮見市浜町24 サンライズ101", True),
        ("浜町24番地 101", "潮見市浜町24 サンライズ102", False),
        ("浜町24番地", "潮見市浜町25 サンライズ101", False),
    ],
)
def test_the_towns_of_the_municipality_say_what_a_hyphen_may_stand_for(home: str, written: str, same: bool) -> None:
    assert found(home, written, WITH_TOWNS) == same


@st.composite
def spellings_of(draw: st.DrawFn, chome: int, block: int, house: int) -> str:
    """Write an address as somebody may."""
    number = draw(
        st.sampled_from(["{0}丁目{1}番{2}号", "{0}丁目{1}-{2}", "{0}丁目{1}番地の{2}", "{0}-{1}-{2}"])
    ).format("一二"[chome - 1] if draw(st.booleans()) else chome, block, house)
    if number[0] in "一二" and "丁目" not in number:
        number = f"{chome}{number[1:]}"
    if draw(st.booleans()):
        number = number.translate(str.maketrans("0123456789-", "０１２３４５６７８９－"))
    head = draw(st.sampled_from(["", "潮見市", "架空県潮見市", "架空県　潮見市 "]))
    return f"{head}帆立町{number}{draw(st.sampled_from(['', ' コーポ', ' コーポ101', '　101号室']))}"


NUMBERS = st.tuples(st.integers(1, 2), st.integers(1, 30), st.integers(1, 30))


@READ
@given(data=st.data(), mine=NUMBERS, other=NUMBERS)
def test_however_two_addresses_are_written_they_meet_if_and_only_if_their_numbers_do(
    read: dict[str, Any], data: st.DataObject, mine: tuple[int, int, int], other: tuple[int, int, int]
) -> None:
    home, again, written = (data.draw(spellings_of(*numbers)) for numbers in (mine, mine, other))
    points = register({"address": home, "addressees": ["荒井 明日香"]})
    people = asked(("荒井明日香", again), ("荒井明日香", written), ("荒井明日奈", again))
    told = match(points, people, **read).table.column("result").to_pylist()
    assert told == ["hit", "hit" if mine == other else "miss", "miss"]


@READ
@pytest.mark.parametrize("written", ["潮見市帆立町1丁目9番10号", "帆立町1-9-10", "帆立町1丁目9-10 コーポ101"])
def test_somebody_protected_is_answered_like_a_stranger_however_the_address_is_written(
    written: str, read: dict[str, Any]
) -> None:
    points = register({"address": "帆立町1丁目9-10", "addressees": ["荒井 明日香", "荒井 空"]})
    entry = {"municipality": "99301", "protected_name": "荒井明日香"}
    listed = pa.Table.from_pylist([dict.fromkeys(schema_of(PROTECTION).names) | entry], schema=schema_of(PROTECTION))
    hidden = hide_protected(points, listed, on=date(2026, 11, 20))
    people = asked(("荒井 明日香", written), ("無名 太郎", written), ("荒井 空", written))
    told = [{**row, "reference": ""} for row in match(hidden, people, **read).table.to_pylist()]
    assert told[0] == told[1] == {"reference": "", "result": "miss", "status": None, "confirmed_at": None}
    assert told[2]["result"] == "hit"


def test_hits_and_misses_are_counted_and_add_up() -> None:
    points = register({"addressees": ["佐野一"]})
    table = match(points, asked(("佐野一", "浜町0番地"), ("佐野二", "浜町0番地"), ("無名", "")), city="潮見市").table
    assert answers(table) == {"hit": 1, "miss": 2}
    assert answers(dwellings(points).table) == {}
