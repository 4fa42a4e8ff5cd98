"""The map knows what the platform's nouns may say."""

from dataclasses import replace

import exporters_town as town
import pyarrow as pa
import pytest

from agreements.format import Column, ColumnType
from disaster.models import NOUNS, Shape
from disaster.residents import STATUS_COLUMNS
from exporters.maplayers import _STATUSES, Detail, overlays, prepare
from exporters.mapstyle import STYLES, Draw

#: Columns that decide how a row looks.
DECIDING = {
    (layer, column.name): column
    for layer, style in STYLES.items()
    if layer in NOUNS
    for column in NOUNS[layer].columns
    if column.name in style.by
}


@pytest.mark.parametrize(("layer", "name"), DECIDING)
def test_every_code_that_decides_a_look_has_one(layer: str, name: str) -> None:
    known = set(STYLES[layer].looks)
    missing = set(DECIDING[layer, name].choices) - known
    # Floods look by their depth, the rest takes the look of the layer.
    floods = {"flood_hazard", "flood_history", "tsunami_hazard", "storm_surge_hazard"}
    default = {"depth_class": {"unknown"}, "risk_kind": {"other"}, "area_kind": floods}
    assert missing <= default.get(name, set())


def test_every_kind_with_a_place_has_a_style_of_its_own() -> None:
    placed = {kind for kind, noun in NOUNS.items() if noun.shape is not Shape.NONE and kind != "gazetteer"}
    assert placed <= set(STYLES)


def test_a_disaster_area_keeps_its_outline_whatever_its_depth() -> None:
    base = town.areas()
    kinds = ["disaster"] * 3 + ["flood_hazard"] * 3 + ["neighbourhood"]
    table = base.table.set_column(base.table.column_names.index("area_kind"), "area_kind", pa.array(kinds))
    prepared = prepare(replace(base, table=table))
    assert prepared is not None
    found = {overlay.title: [look.label for look, _ in overlay.looks] for overlay in overlays(prepared, Detail())}
    assert found["被災区域"] == ["被災区域"]
    assert found["浸水想定区域"] == ["浸水(深さの記載なし)"]
    depths = prepare(base)
    assert depths is not None
    flood = next(overlay for overlay in overlays(depths, Detail()) if overlay.title == "浸水想定区域")
    assert [look.label for look, _ in flood.looks] == ["0.5m未満", "0.5〜3m未満", "3〜5m未満"]


def test_split_and_hidden_codes_are_codes_of_the_nouns() -> None:
    for layer, style in STYLES.items():
        if style.split and layer in NOUNS:
            column = next(column for column in NOUNS[layer].columns if column.name == style.split)
            assert style.hidden <= set(column.choices)


def test_the_counts_of_a_town_are_the_columns_of_the_delivery_status() -> None:
    assert {*_STATUSES, "total", "place_town"} <= {column.name for column in STATUS_COLUMNS}


def test_a_town_is_marked_only_where_delivery_is_suspended_or_doors_cannot_be_reached() -> None:
    base = town.delivery_status()
    counts = {
        "served": [300, 300, 0, 0, 0], "suspended": [0, 5, 9, 0, 0], "unreachable": [0, 0, 1, 0, 0],
        "counter_pickup": [4, 0, 0, 2, 0], "seems_vacant": [9, 1, 2, 0, 0],
    }  # fmt: skip
    columns = tuple(Column(name, name, ColumnType.INTEGER) for name in counts)
    made = replace(base, columns=columns, table=pa.table(counts), geometry=base.geometry[:5])
    prepared = prepare(made)
    assert prepared is not None
    labels = [prepared.looks[code].label for code in prepared.codes]
    free, some, every = "休止・到達不能なし", "一部が休止・到達不能", "すべて休止・到達不能"
    assert labels == [free, some, every, free, "配達状況の記載なし"]


def test_signs_carry_the_meaning_without_colour() -> None:
    for layer, style in STYLES.items():
        if style.draw is Draw.MARKER and layer == "damage-points":
            assert len({look.sign for look in style.looks.values()}) == len(style.looks)
        if style.draw is Draw.MARKER:
            assert all(look.sign for look in (style.default, *style.looks.values()))
