"""What geo.gazetteer promises."""

from typing import Any

import pyarrow as pa
import pytest

from geo.codes import six
from geo.errors import PlaceError
from geo.gazetteer import SCHEMA, Gazetteer

ROWS: list[dict[str, Any]] = [
    {"municipality": "99301", "pref": "架空県", "city": "潮見市", "town": "本町二丁目", "lon": 138.601, "lat": 34.551},
    {
        "municipality": six("99301"),
        "pref": "架空県",
        "city": "潮見市",
        "town": "本町一丁目",
        "lon": 138.600,
        "lat": 34.550,
    },
    {"municipality": "99302", "pref": "架空県", "city": "隣町", "town": "本町一丁目", "lon": 138.700, "lat": 34.550},
]


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows or ROWS))


def test_only_the_towns_of_the_municipality_are_taken_whatever_way_its_code_is_written() -> None:
    gazetteer = Gazetteer.of(table(), municipality="99301")
    assert gazetteer.table["town"].to_pylist() == ["本町一丁目", "本町二丁目"]
    assert gazetteer.table["municipality"].to_pylist() == ["99301", "99301"]
    assert (gazetteer.pref, gazetteer.city) == ("架空県", "潮見市")
    assert gazetteer.table.schema == SCHEMA


def test_columns_that_are_not_there_are_empty_and_others_are_left_out() -> None:
    gazetteer = Gazetteer.of(table({**ROWS[0], "memo": "x"}), municipality="99301")
    row = gazetteer.table.to_pylist()[0]
    assert (row["koaza"], row["postal_code"], row["source"], row["vintage"]) == ("", "", "", "")
    assert "memo" not in row


def test_coordinates_may_be_text_and_may_be_missing() -> None:
    rows = [{**ROWS[0], "lon": "138.6", "lat": "34.55"}, {**ROWS[0], "town": "浜町", "lon": " ", "lat": None}]
    found = Gazetteer.of(table(*rows), municipality="99301").table
    assert found["lon"].to_pylist() == [138.6, None]
    assert found["lat"].to_pylist() == [34.55, None]


def test_the_same_towns_in_another_order_make_the_same_gazetteer() -> None:
    assert Gazetteer.of(table(*ROWS), municipality="99301") == Gazetteer.of(table(*ROWS[::-1]), municipality="99301")


@pytest.mark.parametrize(
    ("change", "code", "named"),
    [
        ({"municipality": "99399"}, "geo.gazetteer_empty", "99301"),
        ({"lon": "東経"}, "geo.gazetteer_number", "東経"),
        ({"lon": 34.55, "lat": 138.6}, "geo.gazetteer_outside", "34.55"),
        ({"lat": float("inf")}, "geo.gazetteer_outside", "inf"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_words(change: dict[str, Any], code: str, named: str) -> None:
    with pytest.raises(PlaceError) as refusal:
        Gazetteer.of(table({**ROWS[0], **change}), municipality="99301")
    assert refusal.value.code == code
    assert named in refusal.value.sentence()


def test_one_code_with_two_names_is_refused() -> None:
    with pytest.raises(PlaceError) as refusal:
        Gazetteer.of(table(ROWS[0], {**ROWS[1], "city": "潮見町"}), municipality="99301")
    assert refusal.value.code == "geo.gazetteer_two_cities"
    assert "潮見町" in refusal.value.sentence()


def test_every_missing_column_is_named_at_once() -> None:
    with pytest.raises(PlaceError) as refusal:
        Gazetteer.of(table().drop_columns(["town", "lat"]), municipality="99301")
    assert refusal.value.code == "geo.gazetteer_column_missing"
    assert "town、lat" in refusal.value.sentence()
