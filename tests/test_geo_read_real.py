"""Every real open file of the towns is read with the rows that its folder promises, or refused for a good reason."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from geo.errors import ReadError
from geo.faults import words
from geo.read import RawTable, Reader
from geo.read.geometry import LAT, LON

pytestmark = pytest.mark.real_data

FOLDERS = (
    "yaizu", "noto", "gsi_shelters", "addresses/geolonia_town", "boundaries", "urayasu_topo", "echizen", "population",
    "ishikawa_public_facilities", "accidents_npa", "roads_osm",
)  # fmt: skip
#: Parts of shapefiles, and the publishers' own lists of column names.
ASIDE = {".shx", ".dbf", ".prj", ".cpg", ".md", ".sbn", ".sbx"}
#: A line of the table of files: name, bytes, encoding, CRS, rows.
LISTED = re.compile(r"\| ([^|]+?) \| \d+ \| ([^|]*) \| ([^|]*) \| (\d+) \|")
REFUSED = {
    "accidents_npa/codebook.csv": "geo.ragged_rows",
    "boundaries/n03_2021_simplified/N03-21_210101_designated_city.topojson": "geo.format_not_read",
    "gsi_shelters/code-to-city.json": "geo.json_not_a_table",
    "gsi_shelters/emergency/111015.json": "geo.json_notice",
    "gsi_shelters/evacuation/111015.json": "geo.json_notice",
}
REFUSED_ENDINGS = {".xml": "geo.markup_not_that", ".osm": "geo.format_not_read"}


@pytest.fixture(scope="module")
def listed(real_data: Path) -> dict[str, tuple[str, str, int]]:
    text = (real_data / "README.md").read_text(encoding="utf-8")
    return {name: (encoding, crs, int(rows)) for name, encoding, crs, rows in LISTED.findall(text)}


def files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in ASIDE and path.name != "attributes.csv":
            yield path


def read(reader: Reader, path: Path) -> RawTable:
    return reader.read(path, crs="EPSG:6677" if "urayasu_topo" in path.parts else None)  # it has no .prj


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_has_the_rows_promised_or_a_reason(
    real_data: Path, reader: Reader, listed: dict[str, tuple[str, str, int]], folder: str
) -> None:
    seen = 0
    for path in files(real_data / folder):
        name = path.relative_to(real_data).as_posix()
        expected = REFUSED.get(name) or REFUSED_ENDINGS.get(path.suffix)
        seen += 1
        if expected is not None:
            with pytest.raises(ReadError) as caught:
                reader.read(path)
            assert caught.value.code == expected, name
            continue
        table = read(reader, path)
        assert table.table.num_rows == table.source.rows
        for code, params in table.source.notes:
            assert "？" not in words(code, params)
        if name in listed:
            encoding, crs, rows = listed[name]
            assert table.source.rows == rows, name
            _check_encoding(encoding, table, name)
            if crs.startswith("EPSG"):
                assert table.source.crs == crs.split()[0], name
        _check_places(table, name)
    assert seen > 0


def _check_encoding(promised: str, table: RawTable, name: str) -> None:
    found = table.source.encoding
    if "BOM" in promised:
        assert found == "utf-8-sig", name
    elif promised.startswith("CP932") or promised == "DBF CP932":
        assert found == "cp932", name
    elif promised.startswith("UTF-8"):
        assert found == "utf-8", name


def _check_places(table: RawTable, name: str) -> None:
    assert not table.bad_geometry, name
    if not table.has_geometry:
        return
    shapes = shapely.from_wkb(table.table.column("geometry").to_pylist())
    west, south, east, north = shapely.total_bounds(shapes)
    assert LON[0] < west <= east < LON[1], name
    assert LAT[0] < south <= north < LAT[1], name
    assert not shapely.has_z(shapes).any(), name


@pytest.mark.long
def test_snapshots_of_open_shelters_add_up(real_data: Path, reader: Reader) -> None:
    snapshots = sorted((real_data / "noto/nanao_open_shelters/history").glob("*.csv"))
    tables = [reader.read(path) for path in snapshots]
    assert len(tables) == 117
    assert sum(table.source.rows for table in tables) == 1466
    headings = Counter(tuple(table.table.column_names) for table in tables)
    assert headings.most_common(1)[0][1] == 115
    assert not any(table.has_geometry for table in tables)  # one has a column of that name, of text


def test_the_one_flood_without_a_place_is_named(real_data: Path, reader: Reader) -> None:
    table = reader.read(real_data / "yaizu/flood_history/浸水履歴_平成11年/浸水履歴_平成11年.shp")
    assert dict(table.source.notes)["geo.note_null_geometry"]["count"] == 1
    assert table.table.column("geometry").null_count == 1


def test_floods_in_four_reference_systems_lie_in_one_town(real_data: Path, reader: Reader) -> None:
    boundary = reader.read(real_data / "boundaries/n03_full/22212.geojson")
    town = shapely.union_all(shapely.from_wkb(boundary.table.column("geometry").to_pylist())).buffer(0.01)
    systems = set()
    for path in sorted((real_data / "yaizu/flood_history").rglob("*.shp")):
        table = reader.read(path)
        systems.add(table.source.crs)
        shapes = shapely.from_wkb(table.table.column("geometry").drop_null().to_pylist())
        assert shapely.within(shapes, town).all(), path.name
    assert {"EPSG:2450", "EPSG:4612", "EPSG:4326"} <= systems


def test_towns_of_the_gazetteer_are_read_as_written(real_data: Path, reader: Reader) -> None:
    table = reader.read(real_data / "addresses/geolonia_town/静岡県_焼津市.json")
    assert table.source.format == "json"
    assert table.table.column_names == ["town", "koaza", "lat", "lng"]
    assert table.table.slice(0, 1).to_pylist() == [
        {"town": "相川", "koaza": "", "lat": "34.804532", "lng": "138.259178"}
    ]
