"""Reading files with geometry: GeoJSON, GeoPackage, FlatGeobuf, shapefiles; and what becomes of their places."""

import hashlib
import json
import shutil
import sqlite3
import struct
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyogrio
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ReadError
from geo.faults import words
from geo.read import RawTable, Reader
from geo.read.wkb import depth, first_too_deep, sizes_and_kinds

POINT = shapely.Point(138.6, 34.55)
LINE = shapely.LineString([(138.6, 34.55), (138.61, 34.56)])
SQUARE = shapely.box(138.6, 34.55, 138.61, 34.56)


def refusal(reader: Reader, path: Path, **stated: str) -> ReadError:
    with pytest.raises(ReadError) as caught:
        reader.read(path, **stated)
    assert "？" not in caught.value.sentence()
    assert caught.value.sentence("en")
    return caught.value


def shapes(table: RawTable) -> list[shapely.Geometry | None]:
    return list(shapely.from_wkb(table.table.column("geometry").to_pylist()))


def codes(table: RawTable) -> dict[str, Mapping[str, object]]:
    for code, params in table.source.notes:
        assert "？" not in words(code, params) + words(code, params, hint=True)
    return dict(table.source.notes)


def point_feature(lon: object, lat: object, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": [lon, lat]}}


def geojson(path: Path, *features: Mapping[str, object], encoding: str = "utf-8", **members: object) -> Path:
    root = {"type": "FeatureCollection", **members, "features": features}
    path.write_bytes(json.dumps(root, ensure_ascii=False).encode(encoding))
    return path


def named_crs(name: str) -> dict[str, object]:
    return {"type": "name", "properties": {"name": name}}


def write(
    path: Path, geometry: Sequence[shapely.Geometry | None], columns: Mapping[str, list[object]], *, driver: str,
    crs: str | None = "EPSG:6668", **options: object,
) -> Path:  # fmt: skip
    """Write a file by GDAL."""
    table = pa.table({**columns, "geom": pa.array([None if g is None else shapely.to_wkb(g) for g in geometry])})
    kinds = {g.geom_type for g in geometry if g is not None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that there is no CRS
        pyogrio.write_arrow(
            table, path, driver=driver, layer=str(options.pop("layer", "潮見")), geometry_name="geom", crs=crs,
            geometry_type=kinds.pop() if len(kinds) == 1 else "Unknown", **options,
        )  # fmt: skip
    return path


def shapefile(folder: Path, columns: Mapping[str, list[object]], **options: object) -> Path:
    size = len(next(iter(columns.values())))
    return write(folder / "避難所.shp", [POINT] * size, columns, driver="ESRI Shapefile", **options)


# --- formats


@pytest.mark.parametrize(
    ("driver", "name", "format_"),
    [("GeoJSON", "a.geojson", "geojson"), ("GPKG", "a.gpkg", "gpkg"), ("FlatGeobuf", "a.fgb", "flatgeobuf")],
)
def test_each_format_gives_the_same_rows(reader: Reader, tmp_path: Path, driver: str, name: str, format_: str) -> None:
    columns: dict[str, list[object]] = {"名称": ["本町", None, "NA"], "数": [1, 2, None], "割合": [0.5, 34.1, None]}
    options = {"SPATIAL_INDEX": "NO"} if driver != "GeoJSON" else {}
    table = reader.read(write(tmp_path / name, [POINT, LINE, SQUARE], columns, driver=driver, **options))
    assert table.table.column_names == ["名称", "数", "割合", "geometry"]
    assert table.table.schema.types == [pa.string()] * 3 + [pa.binary()]
    assert table.table.drop_columns(["geometry"]).to_pylist() == [
        {"名称": "本町", "数": "1", "割合": "0.5"},
        {"名称": None, "数": "2", "割合": "34.1"},
        {"名称": "NA", "数": None, "割合": None},
    ]
    assert shapes(table) == [POINT, LINE, SQUARE]
    assert (table.source.format, table.source.crs, table.source.rows) == (format_, "EPSG:6668", 3)
    assert table.source.part == ("潮見" if driver == "GPKG" else None)
    assert not table.bad_geometry


def test_values_of_geojson_stay_as_they_are(reader: Reader, tmp_path: Path) -> None:
    values: dict[str, object] = {"コード": "01100", "日": "2026/01/02", "時刻": "2026-01-02T03:04:05+09:00", "有": True}
    values |= {"空": "", "無": None, "表": [1, "二"], "物": {"k": "v"}}
    table = reader.read(geojson(tmp_path / "a.json", point_feature(138.6, 34.55, **values)))
    row = table.table.drop_columns(["geometry"]).to_pylist()[0]
    nested = {name: json.loads(row.pop(name)) for name in ("表", "物")}
    assert nested == {"表": [1, "二"], "物": {"k": "v"}}
    assert row == {name: value for name, value in values.items() if name not in nested} | {"有": "true"}


def test_a_single_feature_and_a_bare_geometry_are_one_row(reader: Reader, tmp_path: Path) -> None:
    for content in (point_feature(138.6, 34.55), point_feature(138.6, 34.55)["geometry"]):
        path = tmp_path / "a.geojson"
        path.write_text(json.dumps(content), encoding="utf-8")
        assert shapes(reader.read(path)) == [POINT]


def test_geojson_in_cp932_is_read_and_told(reader: Reader, tmp_path: Path) -> None:
    table = reader.read(geojson(tmp_path / "a.geojson", point_feature(138.6, 34.55, 名称="髙﨑"), encoding="cp932"))
    assert table.source.encoding == "cp932"
    assert table.table.column("名称").to_pylist() == ["髙﨑"]


def test_an_attribute_called_geometry_gives_way_to_the_places(reader: Reader, tmp_path: Path) -> None:
    table = reader.read(geojson(tmp_path / "a.geojson", point_feature(138.6, 34.55, geometry="x", geometry_1="y")))
    assert table.has_geometry
    assert table.table.column("geometry_2").to_pylist() == ["x"]
    assert table.table.column("geometry_1").to_pylist() == ["y"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('{"type":"FeatureCollection","features":[%s,', "geo.json_broken"),
        ('%s {"type":"Feature","properties":{},"geometry":null}', "geo.json_line_broken"),
        ('%s\n{"type":"FeatureCollection","features":[]}', "geo.json_line_other"),
        ('{"type":"FeatureCollection","features":[%s],"features":[]}', "geo.json_broken"),
        ('{"type":"FeatureCollection","features":[]}', "geo.no_rows"),
        ('{"type":"FeatureCollection","features":[%s,{"type":"Nonsense"}]}', "geo.rows_not_as_counted"),
        ('{"type":"FeatureCollection","features":[%s,[1]]}', "geo.rows_not_as_counted"),
        ('{"type":"FeatureCollection","features":[%s],"x":' + "[" * 100 + "]" * 100 + "}", "geo.json_broken"),
    ],
)
def test_broken_or_misspelt_geojson_is_refused_whole(reader: Reader, tmp_path: Path, content: str, code: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(content.replace("%s", json.dumps(point_feature(138.6, 34.55))), encoding="utf-8")
    assert refusal(reader, path).code == code


def test_files_cut_off_are_refused(reader: Reader, tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {"名称": [f"地点{number}" for number in range(500)]}
    for driver, name in (("FlatGeobuf", "a.fgb"), ("GPKG", "a.gpkg"), ("GeoJSON", "a.geojson")):
        path = write(tmp_path / name, [POINT] * 500, columns, driver=driver)
        whole = path.read_bytes()
        for share in (0.1, 0.5, 0.9):
            path.write_bytes(whole[: int(len(whole) * share)])
            assert refusal(reader, path).code in {
                "geo.geometry_file_broken", "geo.rows_not_as_counted", "geo.gpkg_broken", "geo.json_broken",
            }  # fmt: skip


def test_text_of_a_flatgeobuf_that_is_no_utf8_is_refused(reader: Reader, tmp_path: Path) -> None:
    path = write(tmp_path / "a.fgb", [POINT], {"名称": ["abcdef"]}, driver="FlatGeobuf")
    path.write_bytes(path.read_bytes().replace(b"abcdef", "潮見町".encode("cp932")))
    assert refusal(reader, path).code == "geo.geometry_file_broken"


def test_rows_without_geometry_are_kept_in_every_format(reader: Reader, tmp_path: Path) -> None:
    for driver, name in (
        ("FlatGeobuf", "a.fgb"),
        ("GPKG", "a.gpkg"),
        ("GeoJSON", "a.json"),
        ("ESRI Shapefile", "a.shp"),
    ):
        options = {"SPATIAL_INDEX": "NO"} if driver in {"FlatGeobuf", "GPKG"} else {}
        path = write(tmp_path / name, [POINT, None, POINT], {"a": ["x", "y", "z"]}, driver=driver, **options)
        table = reader.read(path)
        assert table.table.column("a").to_pylist() == ["x", "y", "z"]
        assert shapes(table) == [POINT, None, POINT]
        assert codes(table) == {"geo.note_null_geometry": {"count": 1, "rows": "2"}}
        assert not table.bad_geometry


@pytest.mark.parametrize(("driver", "name"), [("FlatGeobuf", "a.fgb"), ("GPKG", "a.gpkg"), ("GeoJSON", "a.geojson")])
def test_damaged_bytes_give_rows_or_a_refusal_and_nothing_else(
    reader: Reader, tmp_path: Path, driver: str, name: str
) -> None:
    columns: dict[str, list[object]] = {"名称": ["本町", "港", "浜"], "数": [1, 2, 3]}
    options = {"SPATIAL_INDEX": "NO"} if driver != "GeoJSON" else {}
    path = write(tmp_path / name, [POINT, LINE, SQUARE], columns, driver=driver, **options)
    whole, random, told = path.read_bytes(), np.random.default_rng(1), set()
    for _ in range(60):
        damaged = bytearray(whole)
        for place in random.integers(0, len(whole), size=random.integers(1, 6)):
            damaged[place] = random.integers(0, 256)
        path.write_bytes(damaged)
        try:
            assert reader.read(path).source.rows > 0
            told.add("read")
        except ReadError as error:
            told.add(error.code)
            assert name in error.sentence()  # noqa: PT017
    assert len(told) > 1


# --- GeoPackage


def test_a_geopackage_with_several_layers_is_refused_by_their_names(reader: Reader, tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [POINT], {"a": ["x"]}, driver="GPKG", layer="避難所")
    write(path, [POINT], {"a": ["x"]}, driver="GPKG", layer="道路", append=True)
    error = refusal(reader, path)
    assert error.code == "geo.gpkg_not_one_layer"
    assert "「道路」、「避難所」" in error.sentence()


def test_a_view_in_a_geopackage_is_not_computed(reader: Reader, tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [POINT], {"a": ["x"]}, driver="GPKG", layer="l")
    database = sqlite3.connect(path)
    database.execute("ALTER TABLE l RENAME TO base")
    database.execute("CREATE VIEW l AS SELECT * FROM base")
    database.commit()
    database.close()
    assert refusal(reader, path).code == "geo.gpkg_layer_computed"


def test_a_geopackage_open_in_qgis_is_refused(reader: Reader, tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [POINT], {"a": ["x"]}, driver="GPKG")
    (tmp_path / "a.gpkg-wal").write_bytes(b"newest rows")
    error = refusal(reader, path)
    assert error.code == "geo.gpkg_in_use"
    assert "QGIS" in error.sentence()
    (tmp_path / "a.gpkg-wal").write_bytes(b"")
    assert reader.read(path).source.rows == 1


def test_a_layer_name_that_is_sql_is_only_a_name(reader: Reader, tmp_path: Path) -> None:
    name = 'x"; DROP TABLE gpkg_contents; --'
    path = write(tmp_path / "a.gpkg", [POINT], {"a": ["x"]}, driver="GPKG", layer=name)
    assert reader.read(path).source.part == name


def test_broken_geometry_and_arcs_are_faults_of_their_rows(reader: Reader, tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gpkg", [POINT, LINE, POINT], {"a": [1, 2, 3]}, driver="GPKG", layer="l", SPATIAL_INDEX="NO"
    )
    head = b"GP\x00\x01" + struct.pack("<i", 6668)
    arc = b"\x01" + struct.pack("<II6d", 8, 3, 138.5, 34.5, 138.6, 34.6, 138.7, 34.5)
    database = sqlite3.connect(path)
    for fid, blob in ((1, shapely.to_wkb(LINE)[:-3]), (3, arc)):
        database.execute("UPDATE l SET geom = ? WHERE fid = ?", (head + blob, fid))
    database.commit()
    database.close()
    table = reader.read(path)
    assert table.bad_geometry == {1: "geo.geometry_broken", 3: "geo.geometry_has_curves"}
    assert shapes(table) == [None, LINE, None]


# --- shapefiles


def test_attributes_that_fit_two_encodings_ask_which_one_unless_the_file_marks_it(
    reader: Reader, tmp_path: Path
) -> None:
    path = shapefile(tmp_path, {"name": ["abcd"]})
    path.with_suffix(".cpg").unlink()
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"abcd", "港町".encode("euc_jp")))  # ｹﾁﾄｮ or the like in CP932
    content = bytearray(table.read_bytes())
    content[29] = 0
    table.write_bytes(content)
    assert refusal(reader, path).code == "geo.encoding_ambiguous"
    assert reader.read(path, encoding="euc_jp").table.column("name").to_pylist() == ["港町"]
    content[29] = 0x13
    table.write_bytes(content)
    assert reader.read(path).source.encoding == "cp932"


def test_attributes_in_euc_jp_alone_are_read_and_told(reader: Reader, tmp_path: Path) -> None:
    path = shapefile(tmp_path, {"name": ["abcdef"]})
    path.with_suffix(".cpg").unlink()
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"abcdef", b"\xb0\xfe" * 3))
    read = reader.read(path)
    assert read.source.encoding == "euc_jp"
    assert read.table.column("name").to_pylist() == [b"\xb0\xfe".decode("euc_jp") * 3]


def test_a_layer_of_a_geopackage_can_be_asked_for(reader: Reader, tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [POINT], {"a": ["x"]}, driver="GPKG", layer="避難所")
    write(path, [POINT], {"b": ["y"]}, driver="GPKG", layer="道路", append=True)
    table = reader.read(path, part="道路")
    assert (table.source.part, table.table.column_names) == ("道路", ["b", "geometry"])
    error = refusal(reader, path, part="橋")
    assert error.code == "geo.part_not_found"
    assert "避難所" in error.sentence()
    assert "--part" in refusal(reader, path).sentence()


def test_attributes_in_cp932_without_a_code_page_are_read_and_told(reader: Reader, tmp_path: Path) -> None:
    path = shapefile(tmp_path, {"名称": ["潮見小", "髙﨑"], "数": [1, 20]}, encoding="CP932")
    path.with_suffix(".cpg").unlink()
    table = reader.read(path)
    assert table.table.drop_columns(["geometry"]).to_pylist() == [
        {"名称": "潮見小", "数": "1"},
        {"名称": "髙﨑", "数": "20"},
    ]
    assert (table.source.format, table.source.encoding, table.source.crs) == ("shapefile", "cp932", "EPSG:6668")
    assert not table.source.notes


def test_a_code_page_that_lies_is_told(reader: Reader, tmp_path: Path) -> None:
    path = shapefile(tmp_path, {"名称": ["潮見小"]}, encoding="CP932")
    path.with_suffix(".cpg").write_text("UTF-8", encoding="ascii")
    table = reader.read(path)
    assert table.table.column("名称").to_pylist() == ["潮見小"]
    assert codes(table)["geo.note_code_page_wrong"] == {"stated": "utf-8", "encoding": "cp932"}


def test_attributes_of_no_encoding_are_refused(reader: Reader, tmp_path: Path) -> None:
    path = shapefile(tmp_path, {"name": ["abcdef", "ghijkl"]})
    content = path.with_suffix(".dbf").read_bytes()
    path.with_suffix(".dbf").write_bytes(content.replace(b"abcdef", b"\x81\xff\x81\xffxx"))
    assert refusal(reader, path).code == "geo.attributes_encoding_unknown"
    assert refusal(reader, path, encoding="cp932").code == "geo.attributes_not_in_encoding"
    path.with_suffix(".dbf").write_bytes(content.replace(b"abcdef", "潮見".encode()))
    assert refusal(reader, path, encoding="cp932").code == "geo.encoding_is_utf8"


def test_a_character_cut_by_the_width_of_its_column_is_dropped_and_told(reader: Reader, tmp_path: Path) -> None:
    path = shapefile(tmp_path, {"name": ["abcdefgh", "ghijkl"]})
    content = path.with_suffix(".dbf").read_bytes()
    width = content[32 + 16]  # of the first field
    cut = (b"a" * ((width + 1) % 3) + "潮".encode() * width)[:width]  # ends with two of three bytes
    path.with_suffix(".dbf").write_bytes(content.replace(b"abcdefgh".ljust(width), cut))
    table = reader.read(path)
    assert table.table.column("name").to_pylist() == [cut[:-2].decode(), "ghijkl"]
    assert codes(table) == {"geo.note_text_cut": {"count": 1, "rows": "1"}}


def test_dates_flags_and_blanks_of_a_dbf_are_plain_text(reader: Reader, tmp_path: Path) -> None:
    path = shapefile(tmp_path, {"a": ["x", "y"]})
    fields = [(b"D", b"D", 8), (b"L", b"L", 1), (b"N", b"N", 6), (b"C", b"C", 3), (b"M", b"M", 10)]
    rows = [b" 20260102T  1.50 NA" + b" " * 10, b" 00000000?" + b"*" * 6 + b"   " + b" " * 10]
    header = struct.pack("<BBBBIHH20x", 3, 126, 1, 1, 2, 32 + 32 * len(fields) + 1, 29)
    descriptors = b"".join(name.ljust(11, b"\x00") + kind + bytes(4) + bytes([width]) + bytes(15)
                           for name, kind, width in fields)  # fmt: skip
    path.with_suffix(".dbf").write_bytes(header + descriptors + b"\r" + b"".join(rows) + b"\x1a")
    table = reader.read(path)
    assert table.table.drop_columns(["geometry"]).to_pylist() == [
        {"D": "2026-01-02", "L": "T", "N": "1.50", "C": " NA"},
        {"D": "", "L": "", "N": "******", "C": ""},
    ]
    assert codes(table) == {"geo.note_column_not_read": {"column": "M"}}


def test_records_marked_as_deleted_are_left_out_with_their_shapes(reader: Reader, tmp_path: Path) -> None:
    points = [shapely.Point(138.6, 34.5), shapely.Point(138.7, 34.5), shapely.Point(138.8, 34.5)]
    path = write(tmp_path / "a.shp", points, {"a": ["x", "y", "z"]}, driver="ESRI Shapefile")
    content = bytearray(path.with_suffix(".dbf").read_bytes())
    start, width = int.from_bytes(content[8:10], "little"), int.from_bytes(content[10:12], "little")
    content[start + width] = ord("*")
    path.with_suffix(".dbf").write_bytes(content)
    table = reader.read(path)
    assert table.table.column("a").to_pylist() == ["x", "z"]
    assert shapes(table) == [points[0], points[2]]


def test_parts_of_a_shapefile_that_lack_or_differ_are_named(reader: Reader, tmp_path: Path) -> None:
    path = shapefile(tmp_path, {"name": ["a", "b"]})
    parts = {ending: path.with_suffix(ending).read_bytes() for ending in (".shx", ".dbf", ".prj")}
    path.with_suffix(".prj").unlink()
    assert refusal(reader, path).code == "geo.file_crs_missing"
    assert reader.read(path, crs="EPSG:6668").source.crs == "EPSG:6668"
    path.with_suffix(".dbf").write_bytes(parts[".dbf"][:-6])
    assert refusal(reader, path, crs="6668").code == "geo.attributes_broken"
    (tmp_path / "one").mkdir()
    other = shapefile(tmp_path / "one", {"name": ["a"]})
    shutil.copy(other.with_suffix(".dbf"), path.with_suffix(".dbf"))
    error = refusal(reader, path, crs="EPSG:6668")
    assert error.code == "geo.shapefile_parts_differ"
    assert "2 件" in error.sentence()
    path.with_suffix(".dbf").unlink()
    table = reader.read(path, crs="EPSG:6668")
    assert table.table.column_names == ["geometry"]
    assert codes(table) == {"geo.note_no_attributes": {}}
    path.with_suffix(".shx").unlink()
    assert "避難所.shx" in refusal(reader, path, crs="EPSG:6668").sentence()


def test_endings_in_capitals_belong_to_the_shapefile(reader: Reader, tmp_path: Path) -> None:
    path = shapefile(tmp_path, {"name": ["a"]})
    for ending in (".shp", ".shx", ".dbf", ".prj"):
        path.with_suffix(ending).rename(path.with_suffix(ending.upper()))
    assert reader.read(path.with_suffix(".SHP")).table.column("name").to_pylist() == ["a"]


def test_the_hash_of_a_shapefile_covers_every_part(reader: Reader, tmp_path: Path) -> None:
    path = shapefile(tmp_path, {"name": ["abc"]})
    first = reader.read(path).source
    parts = [".cpg", ".dbf", ".prj", ".shp", ".shx"]
    lines = "".join(f"{hashlib.sha256(path.with_suffix(p).read_bytes()).hexdigest()}  {p}\n" for p in parts)
    assert first.sha256 == hashlib.sha256(lines.encode()).hexdigest()
    assert first.size == sum(path.with_suffix(p).stat().st_size for p in parts)
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"abc", b"abd"))
    assert reader.read(path).source.sha256 != first.sha256


# --- reference systems


@pytest.mark.parametrize("crs", ["EPSG:6676", "EPSG:4326", "EPSG:3857", "EPSG:6668"])
def test_places_come_into_jgd2011_from_a_legacy_crs_member(reader: Reader, tmp_path: Path, crs: str) -> None:
    x, y = pyproj.Transformer.from_crs("EPSG:6668", crs, always_xy=True).transform(POINT.x, POINT.y)
    number = crs.removeprefix("EPSG:")
    path = geojson(tmp_path / "a.geojson", point_feature(x, y), crs=named_crs(f"urn:ogc:def:crs:EPSG::{number}"))
    table = reader.read(path)
    assert table.source.crs == crs
    (place,) = shapes(table)
    assert place is not None
    assert place.equals_exact(POINT, 1e-9)


def test_geojson_without_crs_is_wgs84_unless_stated(reader: Reader, tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", point_feature(-36_000.0, -160_000.0))
    assert reader.read(path).bad_geometry == {1: "geo.coordinate_outside_japan"}
    table = reader.read(path, crs="EPSG:6676")
    assert table.source.crs == "EPSG:6676"
    assert not table.bad_geometry
    assert reader.read(geojson(path, point_feature(138.6, 34.55), crs=named_crs("OGC:CRS84"))).source.crs == "EPSG:4326"


def test_a_crs_that_is_null_or_unknown_is_never_taken_for_wgs84(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    for crs in (None, "x", named_crs("local grid"), {"type": "link", "properties": {"href": "http://127.0.0.1/"}}):
        geojson(path, point_feature(138.6, 34.55), crs=crs)
        assert refusal(reader, path).code == "geo.file_crs_missing"
        assert reader.read(path, crs="EPSG:6668").source.crs == "EPSG:6668"
    geojson(path, point_feature(138.6, 34.55), crs=named_crs("EPSG:99999"))
    assert refusal(reader, path).code == "geo.file_crs_refused"


def test_a_stated_crs_may_not_contradict_the_file(reader: Reader, tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [POINT], {"a": ["x"]}, driver="GPKG")
    error = refusal(reader, path, crs="EPSG:6676")
    assert error.code == "geo.file_crs_contradicts"
    assert "EPSG:6668" in error.sentence()
    assert "EPSG:6676" in error.sentence()
    assert reader.read(path, crs="epsg:6668").source.rows == 1


def test_the_tokyo_datum_is_refused_with_its_reason_and_the_file(reader: Reader, tmp_path: Path) -> None:
    path = geojson(tmp_path / "旧.geojson", point_feature(138.6, 34.55), crs=named_crs("EPSG:4301"))
    error = refusal(reader, path)
    assert error.code == "geo.file_crs_refused"
    assert "旧.geojson" in error.sentence()
    assert "日本測地系" in error.sentence()
    assert "Tokyo Datum" in error.sentence("en")


def test_a_file_without_crs_is_refused_with_what_to_do(reader: Reader, tmp_path: Path) -> None:
    path = write(tmp_path / "a.fgb", [POINT], {"a": ["x"]}, driver="FlatGeobuf", crs=None)
    error = refusal(reader, path)
    assert error.code == "geo.file_crs_missing"
    assert "--crs" in error.sentence()


# --- places


def test_wrong_coordinates_are_faults_of_their_rows_and_the_others_stay(reader: Reader, tmp_path: Path) -> None:
    path = geojson(
        tmp_path / "a.geojson", point_feature(138.6, 34.55), point_feature(34.55, 138.6), point_feature(0, 0),
        point_feature("NaN", 34.55), point_feature("Infinity", 34.55), point_feature(139.7, 51.5),
        point_feature(15_429_000, 4_103_000),
    )  # fmt: skip
    path.write_text(path.read_text(encoding="utf-8").replace('"NaN"', "NaN").replace('"Infinity"', "Infinity"), "utf-8")
    table = reader.read(path)
    assert table.bad_geometry == {
        2: "geo.coordinate_swapped", 3: "geo.coordinate_zero", 4: "geo.coordinate_not_a_number",
        5: "geo.coordinate_not_a_number", 6: "geo.coordinate_outside_japan", 7: "geo.coordinate_outside_japan",
    }  # fmt: skip
    assert shapes(table) == [POINT, *[None] * 6]
    assert table.source.rows == 7
    assert codes(table) == {"geo.note_bad_geometry": {"count": 6, "rows": "2, 3, 4, 5, 6, 7"}}
    assert all(words(code, lang="en") for code in table.bad_geometry.values())


def test_one_vertex_outside_japan_makes_the_whole_geometry_wrong(reader: Reader, tmp_path: Path) -> None:
    lines = [shapely.LineString([(138.6, 34.5), (0, 0)]), LINE, shapely.LineString([(138.6, 34.5), (np.inf, 34.5)])]
    path = write(tmp_path / "a.fgb", lines, {"a": [1, 2, 3]}, driver="FlatGeobuf", SPATIAL_INDEX="NO")
    table = reader.read(path)
    assert table.bad_geometry == {1: "geo.coordinate_outside_japan", 3: "geo.coordinate_not_a_number"}
    assert shapes(table) == [None, LINE, None]


def test_heights_are_dropped_and_told(reader: Reader, tmp_path: Path) -> None:
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [138.6, 34.55, 12.5]}}
    table = reader.read(geojson(tmp_path / "a.geojson", feature))
    assert shapes(table) == [POINT]
    assert not shapely.has_z(shapes(table)[0])
    assert table.source.crs == "EPSG:4326"
    assert codes(table) == {"geo.note_height_dropped": {"count": 1}}


def test_polygons_that_cross_themselves_are_kept_and_told(reader: Reader, tmp_path: Path) -> None:
    bow = shapely.Polygon([(138.6, 34.5), (138.7, 34.6), (138.7, 34.5), (138.6, 34.6)])
    table = reader.read(write(tmp_path / "a.gpkg", [SQUARE, bow], {"a": [1, 2]}, driver="GPKG"))
    assert shapes(table) == [SQUARE, bow]
    assert codes(table) == {"geo.note_invalid_polygons": {"count": 1, "rows": "2"}}


# --- well-known binary


def nested(levels: int, kind: int = 7, order: str = "<") -> bytes:
    mark = b"\x01" if order == "<" else b"\x00"
    return (mark + struct.pack(f"{order}II", kind, 1)) * levels + mark + struct.pack(f"{order}Idd", 1, 138.6, 34.5)


@given(st.integers(0, 60), st.sampled_from([4, 5, 6, 7, 1007, 0x80000007]), st.sampled_from(["<", ">"]))
def test_the_depth_of_nesting_is_counted(levels: int, kind: int, order: str) -> None:
    assert depth(nested(levels, kind, order), 1000) == levels


def test_depth_is_found_behind_other_parts_and_not_followed_without_end() -> None:
    flat = [POINT, LINE, SQUARE, shapely.MultiPoint([POINT, POINT]), shapely.MultiPolygon([SQUARE])]
    collection = shapely.GeometryCollection([*flat, shapely.GeometryCollection([POINT])])
    assert [depth(shapely.to_wkb(g), 1000) for g in flat] == [0, 0, 0, 1, 1]
    assert depth(shapely.to_wkb(collection), 1000) == 2
    assert depth(nested(100_000), 33) == 33


@given(st.binary(max_size=200))
def test_any_bytes_have_some_depth(data: bytes) -> None:
    assert 0 <= depth(data, 50) <= 50


def test_only_geometries_large_enough_to_nest_are_walked_through() -> None:
    wkb = pa.array([nested(5), None, shapely.to_wkb(POINT), nested(40), b"\x01"], pa.binary())
    sizes, kinds = sizes_and_kinds(wkb)
    assert sizes.tolist() == [66, 0, 21, 381, 1]
    assert kinds.tolist() == [7, 0, 1, 7, 0]
    assert first_too_deep(wkb, sizes, kinds, 32) == 3
    assert first_too_deep(wkb, sizes, kinds, 40) is None
    part = wkb.slice(1)
    assert sizes_and_kinds(part)[1].tolist() == [0, 1, 7, 0]
