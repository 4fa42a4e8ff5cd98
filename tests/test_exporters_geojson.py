"""GeoJSON: RFC 7946, every row, values as they are."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import exporters_town as town
import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from agreements.format import Column, ColumnType
from exporters.geojson import write_geojson
from exporters.model import Layer, Marks

T = ColumnType


def written(tmp_path: Path, layer: Layer, marks: Marks = town.MARKS) -> dict[str, Any]:
    assert write_geojson(tmp_path / "a.geojson", layer, marks) == len(layer)
    text = (tmp_path / "a.geojson").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    return found


@pytest.mark.parametrize("layer", town.town(homes=300), ids=lambda layer: layer.name)
def test_every_row_is_a_feature_with_the_values_of_the_table(tmp_path: Path, layer: Layer) -> None:
    found = written(tmp_path, layer)
    assert found["type"] == "FeatureCollection"
    assert "crs" not in found
    assert len(found["features"]) == len(layer)
    assert {feature["type"] for feature in found["features"]} == {"Feature"}
    assert [feature["properties"] for feature in found["features"]] == [_plain(row) for row in layer.table.to_pylist()]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    def value(one: Any) -> Any:
        if isinstance(one, datetime):
            return f"{one.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return one.isoformat() if hasattr(one, "isoformat") else one

    return {name: value(one) for name, one in row.items()}


@pytest.mark.parametrize("layer", [town.shelters(), town.roads(), town.areas()], ids=lambda layer: layer.name)
def test_a_second_reader_finds_the_same_places(tmp_path: Path, layer: Layer) -> None:
    written(tmp_path, layer)
    frame = gpd.read_file(tmp_path / "a.geojson")
    assert frame.crs == "EPSG:4326"
    assert len(frame) == len(layer)
    assert layer.geometry is not None
    same = shapely.equals_exact(
        shapely.normalize(frame.geometry.to_numpy()), shapely.normalize(layer.geometry), tolerance=2e-7
    )
    assert (same | shapely.is_missing(layer.geometry)).all()
    assert frame.geometry.isna().tolist() == shapely.is_missing(layer.geometry).tolist()


def test_a_row_without_a_place_stays_with_a_null_geometry(tmp_path: Path) -> None:
    empty = np.array([shapely.Point(), None, shapely.Point(138.6, 34.5)], dtype=object)
    layer = town.layer("t", "表", [Column("a", "欄")], {"a": ["1", "2", "3"]}, list(empty))
    features = written(tmp_path, layer)["features"]
    assert [feature["geometry"] for feature in features[:2]] == [None, None]
    assert features[2]["geometry"] == {"type": "Point", "coordinates": [138.6, 34.5]}
    assert all(feature["geometry"] is None for feature in written(tmp_path, town.vehicles())["features"])


def test_coordinates_are_always_json_floats(tmp_path: Path) -> None:
    places = [shapely.Point(138, 34), shapely.Point(138.5, 34)]
    written(tmp_path, town.layer("t", "表", [], {}, places[:0]))
    layer = town.layer("t", "表", [Column("a", "欄")], {"a": ["1", "2"]}, places)
    written(tmp_path, layer)
    text = (tmp_path / "a.geojson").read_text(encoding="utf-8")
    assert '"coordinates":[138.0,34.0]' in text
    lines = town.layer("t", "表", [Column("a", "欄")], {"a": ["1"]}, [shapely.LineString([(138, 34), (139, 35)])])
    written(tmp_path, lines)
    for number in re.findall(
        r"[\d.]+(?=[,\]])", (tmp_path / "a.geojson").read_text(encoding="utf-8").split("coordinates")[1]
    ):
        assert "." in number


def test_outer_rings_turn_left_and_holes_right(tmp_path: Path) -> None:
    hole = [(138.62, 34.52), (138.64, 34.52), (138.64, 34.54), (138.62, 34.54)]
    clockwise = shapely.Polygon([(138.6, 34.5), (138.6, 34.6), (138.7, 34.6), (138.7, 34.5)], [hole])
    both = shapely.MultiPolygon([clockwise, shapely.box(138.8, 34.5, 138.9, 34.6).reverse()])
    layer = town.layer("t", "表", [Column("a", "欄")], {"a": ["1", "2"]}, [clockwise, both])
    for feature in written(tmp_path, layer)["features"]:
        shape = shapely.geometry.shape(feature["geometry"])
        for polygon in shapely.get_parts(shape):
            assert polygon.exterior.is_ccw
            assert not any(ring.is_ccw for ring in polygon.interiors)


def test_heights_are_left_out_because_every_reader_takes_two_numbers(tmp_path: Path) -> None:
    layer = town.layer("t", "表", [Column("a", "欄")], {"a": ["1"]}, [shapely.Point(138.6, 34.5, 12.0)])
    assert written(tmp_path, layer)["features"][0]["geometry"]["coordinates"] == [138.6, 34.5]


def test_the_file_says_what_it_is_without_disturbing_readers(tmp_path: Path) -> None:
    said = written(tmp_path, town.dwellings(9))["tayori"]
    assert (said["format"], said["version"], said["rows"], said["drill"]) == ("tayori-layer", 1, 9, False)
    assert said["as_of"] == "2026-11-21T01:00:00Z"
    assert said["expires_at"] == "2026-12-21T01:00:00Z"
    assert (said["matched"], said["returned"], said["withheld"]) == (12, 9, {"要請の区域外": 3})
    status = next(column for column in said["columns"] if column["name"] == "status")
    assert (status["label"], status["choices"]["unreachable"]) == ("配達状況", "到達不能")


def test_in_a_drill_every_feature_says_so(tmp_path: Path) -> None:
    found = written(tmp_path, town.damage(), town.DRILL)
    assert found["tayori"]["drill"] is True
    assert {feature["properties"]["drill"] for feature in found["features"]} == {True}
    assert "drill" not in written(tmp_path, town.damage())["features"][0]["properties"]


@given(
    st.lists(
        st.tuples(
            st.none() | st.text(max_size=15),
            st.none() | st.lists(st.text(max_size=5), max_size=3),
            st.none() | st.floats(),
            st.none() | st.booleans(),
            st.none() | st.integers(-(2**63), 2**63 - 1),
        ),
        max_size=8,
    )
)
def test_any_value_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]) -> None:
    columns = [
        Column("text", "文"), Column("list", "並び", T.LIST), Column("number", "数", T.NUMBER),
        Column("flag", "印", T.FLAG), Column("integer", "整数", T.INTEGER),
    ]  # fmt: skip
    values = {column.name: [row[i] for row in rows] for i, column in enumerate(columns)}
    features = written(tmp_path_factory.mktemp("json"), town.layer("t", "表", columns, values))["features"]
    for feature, (text, texts, number, flag, integer) in zip(features, rows, strict=True):
        found = feature["properties"]
        assert (found["text"], found["list"], found["flag"], found["integer"]) == (text, texts, flag, integer)
        assert found["number"] == (number if number is not None and np.isfinite(number) else None)


def test_hostile_text_is_kept_and_cannot_leave_its_string(tmp_path: Path) -> None:
    features = written(tmp_path, town.hostile())["features"]
    assert [feature["properties"]["place_text"] for feature in features] == list(town.HOSTILE)
    raw = (tmp_path / "a.geojson").read_bytes()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f]", raw)


def test_rows_beyond_one_piece_are_joined_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporters.geojson._ROWS", 7)
    for count in (0, 1, 7, 8, 21, 22):
        layer = town.dwellings(count)
        found = written(tmp_path, layer)
        assert [f["properties"]["point_id"] for f in found["features"]] == layer.table["point_id"].to_pylist()
    offices = written(tmp_path, replace(town.offices(), name="o"))["features"]
    assert [f["properties"]["services"] for f in offices] == town.offices().table["services"].to_pylist()


def test_fractions_of_a_second_are_kept(tmp_path: Path) -> None:
    at = datetime(2026, 11, 21, 1, 2, 3, 500_000, tzinfo=UTC)
    layer = town.layer("t", "表", [Column("t", "時", T.TIME)], {"t": [at, None]})
    found = [feature["properties"]["t"] for feature in written(tmp_path, layer)["features"]]
    assert found == ["2026-11-21T01:02:03.500000Z", None]
