"""Columns of coordinates with a stated reference system, and systems that are only roughly known."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import openpyxl
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ReadError
from geo.faults import words
from geo.read import RawTable, Reader

ZONE = "EPSG:6676"  # 平面直角座標系第VIII系
#: (138.60, 34.55) in that zone: north and east in metres, by PROJ.
NORTH, EAST = -160_850.2, 9_177.4


def table_of(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def points(table: RawTable) -> list[tuple[float, float] | None]:
    shapes = shapely.from_wkb(table.table.column("geometry").to_pylist())
    return [None if shape is None else (round(shape.x, 4), round(shape.y, 4)) for shape in shapes]


def notes(table: RawTable) -> dict[str, Mapping[str, object]]:
    for code, params in table.source.notes:
        assert "？" not in words(code, params) + words(code, params, hint=True)
        assert words(code, params, lang="en")
    return dict(table.source.notes)


@pytest.mark.parametrize(
    ("north", "east"),
    [("X座標", "Y座標"), ("Ｘ", "Ｙ"), ("X（m）", "Y（m）"), ("北", "東"), ("Northing", "Easting"), ("座標X", "座標Y")],
    ids=["label", "wide", "unit", "words", "english", "turned"],
)  # fmt: skip
def test_in_a_plane_zone_x_is_north_and_y_is_east(reader: Reader, tmp_path: Path, north: str, east: str) -> None:
    path = table_of(tmp_path / "a.csv", f"名称,{north},{east}", f"潮見小,{NORTH},{EAST}")
    table = reader.read(path, crs=ZONE)
    assert points(table) == [(138.6, 34.55)]
    assert table.source.crs == ZONE
    assert table.table.column_names == ["名称", f"{north}（変換前）", f"{east}（変換前）", "geometry"]
    assert notes(table)["geo.note_places_from_columns"] == {"north": north, "east": east, "crs": ZONE}


def test_x_and_y_the_other_way_round_are_found_out_and_said(reader: Reader, tmp_path: Path) -> None:
    path = table_of(tmp_path / "a.csv", "名称,X,Y", f"潮見小,{EAST},{NORTH}", f"本町,{EAST + 50},{NORTH - 80}")
    table = reader.read(path, crs=ZONE)
    assert points(table)[0] == (138.6, 34.55)
    assert notes(table)["geo.note_xy_swapped"] == {"x": "X", "y": "Y"}


def test_where_either_way_fits_the_rule_holds_and_the_doubt_is_said(reader: Reader, tmp_path: Path) -> None:
    table = reader.read(table_of(tmp_path / "a.csv", "名称,X,Y", "峠,20000,30000"), crs=ZONE)
    north = pyproj.Transformer.from_crs(ZONE, "EPSG:6668", always_xy=True).transform(30_000, 20_000)
    assert points(table) == [(round(north[0], 4), round(north[1], 4))]
    assert "geo.note_xy_both_fit" in notes(table)


def test_columns_named_by_direction_are_never_turned_round(reader: Reader, tmp_path: Path) -> None:
    table = reader.read(table_of(tmp_path / "a.csv", "名称,北,東", f"潮見小,{EAST},{NORTH}"), crs=ZONE)
    assert table.bad_geometry == {1: "geo.coordinate_outside_zone"}
    assert points(table) == [None]


def test_each_wrong_coordinate_is_a_fault_of_its_row_and_an_empty_one_is_none(reader: Reader, tmp_path: Path) -> None:
    rows = ['"-160,850.2",9177.4', ",", "abc,1", "0,0", "100000,600000", f"{NORTH},", "－１６０８５０．２,９１７７．４"]
    path = table_of(tmp_path / "a.csv", "名称,X座標,Y座標", *(f"n,{row}" for row in rows))
    table = reader.read(path, crs=ZONE)
    assert points(table) == [(138.6, 34.55), None, None, None, None, None, (138.6, 34.55)]
    assert dict(table.bad_geometry) == {
        3: "geo.coordinate_not_a_number", 4: "geo.coordinate_zero", 5: "geo.coordinate_outside_zone",
        6: "geo.coordinate_not_a_number",
    }  # fmt: skip
    assert notes(table)["geo.note_bad_geometry"] == {"count": 4, "rows": "3, 4, 5, 6"}
    assert notes(table)["geo.note_null_geometry"] == {"count": 1, "rows": "2"}


@given(zone=st.integers(1, 13), shift=st.tuples(st.integers(-20, 20), st.integers(-20, 20)))
def test_plane_coordinates_come_back_to_where_they_were_taken(
    reader: Reader, tmp_path: Path, zone: int, shift: tuple[int, int]
) -> None:
    crs = f"EPSG:{6668 + zone}"
    area = pyproj.CRS(crs).area_of_use
    assert area is not None
    lon, lat = (area.west + area.east) / 2 + shift[0] / 100, (area.south + area.north) / 2 + shift[1] / 100
    east, north = pyproj.Transformer.from_crs("EPSG:6668", crs, always_xy=True).transform(lon, lat)
    table = reader.read(table_of(tmp_path / "a.csv", "名称,北,東", f"a,{north:.3f},{east:.3f}"), crs=crs)
    assert np.allclose(points(table), [(lon, lat)], atol=2e-4)


def test_a_workbook_with_plane_coordinates_is_placed_too(reader: Reader, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in (["名称", "X座標", "Y座標"], ["潮見小", NORTH, EAST]):
        sheet.append(row)
    workbook.save(tmp_path / "a.xlsx")
    assert points(reader.read(tmp_path / "a.xlsx", crs=ZONE)) == [(138.6, 34.55)]


def test_degrees_as_kept_stay_in_their_columns_and_others_are_brought_over(reader: Reader, tmp_path: Path) -> None:
    path = table_of(tmp_path / "a.csv", "名称,経度,緯度", "潮見小,138.6,34.55")
    for crs in ("EPSG:6668", "EPSG:4326"):
        table = reader.read(path, crs=crs)
        assert table.table.column_names == ["名称", "経度", "緯度"]
        assert table.source.crs == crs
    table = reader.read(path, crs="EPSG:4612")
    assert points(table) == [(138.6, 34.55)]


@pytest.mark.parametrize(
    ("header", "row"), [("名称,住所", "潮見小,本町"), ("名称,経度,緯度", "潮見小,138.6,34.55"), ("X,X座標,Y", "1,2,3")]
)
def test_a_stated_system_that_no_columns_are_in_is_said_to_be_unused(
    reader: Reader, tmp_path: Path, header: str, row: str
) -> None:
    table = reader.read(table_of(tmp_path / "a.csv", header, row), crs=ZONE)
    assert not table.has_geometry
    assert notes(table)["geo.note_crs_not_used"] == {"crs": ZONE}


def test_a_system_that_does_not_exist_is_refused(reader: Reader, tmp_path: Path) -> None:
    path = table_of(tmp_path / "a.csv", "名称,X,Y", "a,1,2")
    with pytest.raises(ReadError) as caught:
        reader.read(path, crs="EPSG:99999")
    assert caught.value.code == "geo.crs_unknown"


# --- systems that are only roughly known


def test_the_tokyo_datum_is_refused_until_its_error_is_accepted_and_then_stands_beside_every_place(
    reader: Reader, tmp_path: Path
) -> None:
    path = table_of(tmp_path / "a.csv", "名称,経度,緯度", "潮見小,138.6,34.55")
    with pytest.raises(ReadError) as caught:
        reader.read(path, crs="EPSG:4301")
    assert caught.value.code == "geo.file_crs_refused"
    assert "--accept-inaccurate-crs" in caught.value.sentence()
    table = reader.read(path, crs="EPSG:4301", accept_inaccurate=True)
    assert points(table) == [(138.5969, 34.5533)]  # about 470 m from where the old degrees would put it
    assert table.source.place_remark is not None
    code, params = table.source.place_remark
    assert (code, params["metres"]) == ("geo.place_inaccurate", "10")
    assert "Tokyo to JGD2000 (1)" in words(code, params)
    assert table.source.place_remark in table.source.notes


def test_a_file_with_geometry_in_the_tokyo_datum_carries_the_remark_too(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text('{"type":"Point","coordinates":[138.6,34.55]}', encoding="utf-8")
    table = reader.read(tmp_path / "a.geojson", crs="EPSG:4301", accept_inaccurate=True)
    assert points(table) == [(138.5969, 34.5533)]
    assert table.source.place_remark is not None
    assert reader.read(tmp_path / "a.geojson", accept_inaccurate=True).source.place_remark is None


def test_an_operation_of_unknown_accuracy_says_that_it_is_unknown(reader: Reader, tmp_path: Path) -> None:
    path = table_of(tmp_path / "a.csv", "名称,経度,緯度", "潮見小,138.6,34.55")
    table = reader.read(path, crs="EPSG:4019", accept_inaccurate=True)
    assert table.source.place_remark is not None
    assert table.source.place_remark[0] == "geo.place_accuracy_unknown"
