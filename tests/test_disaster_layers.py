"""From stored rows to what an exporter prints."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from agreements.format import Precision, Sensitivity
from agreements.vocabulary import DATASETS, FINER_THAN_TOWN
from disaster.guard import permitted
from disaster.layers import geometry_of, layer, noun_layer, opens_place, sorted_rows
from disaster.models import DELIVERY_POINTS, NOUNS, OFFICES, PLACE_COLUMNS, PROTECTION, SHELTERS, VEHICLES
from disaster.store.snapshots import schema_of

AT = datetime(2026, 11, 20, tzinfo=UTC)


def shelters(*places: tuple[float | None, float | None]) -> pa.Table:
    schema = schema_of(SHELTERS)
    rows = [
        dict.fromkeys(schema.names) | {"shelter_id": f"H{n}", "name": f"第{n}小学校", "lon": lon, "lat": lat}
        for n, (lon, lat) in enumerate(places)
    ]
    return pa.Table.from_pylist(rows, schema=schema)


def test_a_row_without_a_place_has_none() -> None:
    found = geometry_of(shelters((138.6, 34.55), (None, None)))
    assert found is not None
    assert (found[0].x, found[0].y, found[1]) == (138.6, 34.55, None)
    assert geometry_of(pa.table({"name": ["a"]})) is None


def test_shapes_are_read_from_wkb_and_missing_ones_stay_missing() -> None:
    line = shapely.LineString([(138.6, 34.5), (138.7, 34.6)])
    found = geometry_of(pa.table({"geometry": pa.array([shapely.to_wkb(line), None], pa.binary())}))
    assert found is not None
    assert found[0].equals(line)
    assert found[1] is None


@pytest.mark.parametrize("noun", [DELIVERY_POINTS, PROTECTION, NOUNS["inquiries"]], ids=lambda noun: noun.kind)
def test_personal_rows_are_no_layer(noun: object) -> None:
    assert noun in NOUNS.values()
    with pytest.raises(ValueError, match="personal"):
        noun_layer(noun, schema_of(noun).empty_table(), as_of=AT)  # type: ignore[arg-type]


def test_a_layer_without_a_word_about_columns_has_the_public_ones() -> None:
    made = noun_layer(SHELTERS, shelters((138.6, 34.55)), as_of=AT)
    assert [column.name for column in made.columns] == [c.name for c in (*SHELTERS.columns, *PLACE_COLUMNS)]
    assert made.geometry is not None


def test_what_is_between_the_two_parties_is_not_public() -> None:
    fields = tuple(
        replace(each, column=replace(each.column, sensitivity=Sensitivity.INTERNAL)) if each.name == "phone" else each
        for each in SHELTERS.fields
    )
    noun = replace(SHELTERS, fields=fields)
    rows = shelters((138.6, 34.55))
    assert "phone" not in {column.name for column in noun_layer(noun, rows, as_of=AT).columns}
    agreed = noun_layer(noun, rows, as_of=AT, allowed=("name", "phone"))
    assert [column.name for column in agreed.columns] == ["name", "phone"]


def test_columns_that_are_not_allowed_are_not_in_the_table_and_neither_is_the_place() -> None:
    made = noun_layer(SHELTERS, shelters((138.6, 34.55)), as_of=AT, allowed=("shelter_id", "capacity", "phone_of_head"))
    assert made.table.column_names == ["shelter_id", "capacity"]
    assert made.geometry is None
    assert noun_layer(VEHICLES, schema_of(VEHICLES).empty_table(), as_of=AT, allowed=("lon", "lat")).geometry is None


@pytest.mark.parametrize(
    ("columns", "opens"),
    [
        (("lon", "lat"), True),
        (("geometry",), True),
        (("mgrs",), True),
        (("lon",), False),
        (("lat",), False),
        ((), False),
    ],
)
def test_half_a_place_opens_none(columns: tuple[str, ...], opens: bool) -> None:
    assert opens_place(columns) is opens
    made = noun_layer(SHELTERS, shelters((138.6, 34.55)), as_of=AT, allowed=("name", *columns))
    assert (made.geometry is not None) is opens


@given(st.lists(st.sampled_from(sorted(FINER_THAN_TOWN | set(DATASETS["shelters"].columns))), unique=True))
def test_where_the_town_is_agreed_nothing_finer_is_permitted(columns: list[str]) -> None:
    asked = tuple(columns)
    assert permitted(asked, Precision.EXACT) == asked
    for precision in (Precision.TOWN, None):
        kept = permitted(asked, precision)
        assert not FINER_THAN_TOWN & set(kept)
        assert not opens_place(kept)
        assert set(asked) - set(kept) <= FINER_THAN_TOWN


@given(st.permutations(list(range(6))))
def test_rows_in_any_order_give_one_order(order: list[int]) -> None:
    rows = shelters(*((138.6 + n / 100, 34.55) for n in range(6)))
    assert sorted_rows(rows.take(order), SHELTERS.key).equals(sorted_rows(rows, SHELTERS.key))


def test_rows_without_their_key_stay_as_they_are() -> None:
    rows = pa.table({"name": ["b", "a"]})
    assert sorted_rows(rows, OFFICES.key) is rows


def test_a_column_that_the_rows_lack_is_left_out() -> None:
    made = layer("x", "x", SHELTERS.columns, pa.table({"name": ["a"]}), as_of=AT)
    assert made.table.column_names == ["name"]
    assert made.geometry is None
    assert isinstance(made.to_frame().geometry.to_numpy(), np.ndarray | object)
