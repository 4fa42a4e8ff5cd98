"""GeoPackage: one file with every layer that a GIS reads without questions."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import exporters_town as town
import geopandas as gpd
import pyogrio
import pytest
import shapely

from agreements.format import Column
from exporters.errors import ExportError
from exporters.geopackage import write_geopackage
from exporters.model import Layer


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    counts = write_geopackage(tmp_path / "a.gpkg", town.town(homes=120), town.MARKS)
    assert counts["dwellings"] == 120
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as connection:
        yield connection


def test_each_layer_is_a_table_under_its_japanese_title(opened: sqlite3.Connection) -> None:
    rows = opened.execute("SELECT table_name, identifier, data_type, srs_id FROM gpkg_contents").fetchall()
    assert ("shelters", "避難所", "features", 6668) in rows
    assert ("vehicles", "車両", "attributes", 0) in rows
    assert len(rows) == len(town.town())


def test_the_file_declares_itself_and_its_reference_system(opened: sqlite3.Connection) -> None:
    assert opened.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
    assert opened.execute("PRAGMA user_version").fetchone()[0] >= 10300
    assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    organisations = opened.execute(
        "SELECT organization, organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id = 6668"
    )
    assert organisations.fetchone() == ("EPSG", 6668)


def test_every_row_with_a_place_is_in_the_index(opened: sqlite3.Connection) -> None:
    assert opened.execute("SELECT count(*) FROM shelters").fetchone() == (12,)
    assert opened.execute("SELECT count(*) FROM shelters WHERE geom IS NULL").fetchone() == (1,)
    assert opened.execute("SELECT count(*) FROM rtree_shelters_geom").fetchone() == (11,)
    assert opened.execute("SELECT count(*) FROM rtree_dwellings_geom").fetchone() == (120,)


def test_columns_have_japanese_aliases_and_codes_their_labels(opened: sqlite3.Connection) -> None:
    columns = dict(opened.execute("SELECT column_name, name FROM gpkg_data_columns WHERE table_name = 'damage-points'"))
    assert columns["passable"] == "通行できるもの"
    labels = opened.execute(
        "SELECT k.description FROM gpkg_data_columns c JOIN gpkg_data_column_constraints k USING (constraint_name)"
        " WHERE c.table_name = 'damage-points' AND c.column_name = 'passable' AND k.value = 'none'"
    )
    assert labels.fetchall() == [("通行不能",)]


def test_the_file_says_what_it_is(opened: sqlite3.Connection) -> None:
    (description,) = opened.execute("SELECT description FROM gpkg_contents WHERE table_name = 'dwellings'").fetchone()
    assert "提供先: 潮見市災害対策本部" in description
    assert "利用期限: 2026年12月21日 10:00まで" in description


def test_a_reader_of_metadata_finds_the_marks(tmp_path: Path) -> None:
    write_geopackage(tmp_path / "a.gpkg", [town.dwellings(3)], town.MARKS)
    said = json.loads(pyogrio.read_info(tmp_path / "a.gpkg", layer="dwellings")["layer_metadata"]["tayori"])
    assert (said["format"], said["rows"], said["withheld"]) == ("tayori-layer", 3, {"要請の区域外": 3})


@pytest.mark.parametrize("layer", town.town(homes=120), ids=lambda layer: layer.name)
def test_a_second_reader_finds_the_same_rows_and_places(tmp_path: Path, layer: Layer) -> None:
    assert write_geopackage(tmp_path / "a.gpkg", [layer], town.MARKS) == {layer.name: len(layer)}
    frame = gpd.read_file(tmp_path / "a.gpkg", layer=layer.name)
    first = layer.columns[0].name
    assert frame[first].tolist() == layer.table[first].to_pylist()
    if layer.geometry is None:
        assert not isinstance(frame, gpd.GeoDataFrame)
        return
    assert frame.crs == "EPSG:6668"
    assert all(a == b if b is not None else a is None for a, b in zip(frame.geometry, layer.geometry, strict=True))


def test_single_and_multiple_shapes_share_one_type(tmp_path: Path) -> None:
    single = shapely.box(138.6, 34.5, 138.61, 34.51)
    both = [single, None, shapely.MultiPolygon([single, shapely.box(138.7, 34.5, 138.71, 34.51)])]
    layer = town.layer("areas", "区域", [Column("a", "欄")], {"a": ["1", "2", "3"]}, both)
    write_geopackage(tmp_path / "a.gpkg", [layer], town.MARKS)
    assert pyogrio.read_info(tmp_path / "a.gpkg")["geometry_type"] == "MultiPolygon"
    found = gpd.read_file(tmp_path / "a.gpkg").geometry
    assert found[0].equals(single)
    assert found[1] is None


def test_shapes_of_different_kinds_keep_theirs(tmp_path: Path) -> None:
    shapes = [shapely.Point(138.6, 34.5), shapely.LineString([(138.6, 34.5), (138.7, 34.5)])]
    layer = town.layer("t", "表", [Column("a", "欄")], {"a": ["1", "2"]}, shapes)
    write_geopackage(tmp_path / "a.gpkg", [layer], town.MARKS)
    assert gpd.read_file(tmp_path / "a.gpkg").geom_type.tolist() == ["Point", "LineString"]


def test_hostile_text_is_kept_except_for_control_characters(tmp_path: Path) -> None:
    write_geopackage(tmp_path / "a.gpkg", [town.hostile("t")], town.MARKS)
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as connection:
        found = [text for (text,) in connection.execute("SELECT place_text FROM t ORDER BY fid")]
    assert len(found) == len(town.HOSTILE)
    assert "a␀b␁c␛[31m" in found
    assert found[-1] == "長" * 40_000
    assert "</script><script>alert(1)</script>" in found


def test_a_drill_stands_in_titles_and_on_every_row(tmp_path: Path) -> None:
    write_geopackage(tmp_path / "a.gpkg", [town.shelters()], town.DRILL)
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as connection:
        identifier, words = connection.execute("SELECT identifier, description FROM gpkg_contents").fetchone()
        drills = connection.execute("SELECT DISTINCT drill FROM shelters").fetchall()
    assert identifier == "【訓練】避難所"
    assert words.startswith("これは訓練です")
    assert drills == [(1,)]


def test_the_time_of_change_is_the_time_of_the_marks_and_gdal_is_left_as_it_was(tmp_path: Path) -> None:
    write_geopackage(tmp_path / "a.gpkg", [town.shelters()], town.MARKS)
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as connection:
        assert connection.execute("SELECT last_change FROM gpkg_contents").fetchone() == ("2026-11-21T01:00:00.000Z",)
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None
    assert pyogrio.get_gdal_config_option("OGR_SQLITE_SYNCHRONOUS") is None


def test_two_layers_of_one_title_are_told_apart(tmp_path: Path) -> None:
    write_geopackage(tmp_path / "a.gpkg", [town.shelters(), replace(town.shelters(), name="others")], town.MARKS)
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as connection:
        titles = {title for (title,) in connection.execute("SELECT identifier FROM gpkg_contents")}
    assert titles == {"避難所(shelters)", "避難所(others)"}


def test_an_unwritable_folder_is_said_in_japanese(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"ファイル「a.gpkg」を書けません") as error:
        write_geopackage(tmp_path / "absent" / "a.gpkg", [town.shelters()], town.MARKS)
    assert error.value.code == "exporters.cannot_write"
