"""Reading Parquet and GeoParquet."""

import datetime as dt
import decimal
import json
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pyproj
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st
from read_files import Files, mutated, notes, rows, shapes

from geo.errors import ReadError
from geo.read import Limits
from geo.read.model import Stated
from geo.read.parquet import parse_parquet

JST = dt.timezone(dt.timedelta(hours=9))
POINTS = [shapely.Point(138.6, 34.55), shapely.Point(138.61, 34.56)]


def parquet(table: pa.Table, geo: object = None, **options: object) -> bytes:
    if geo is not None:
        table = table.replace_schema_metadata({"geo": geo if isinstance(geo, str) else json.dumps(geo)})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return bytes(sink.getvalue())


def described(encoding: str = "WKB", **column: object) -> dict[str, object]:
    column = {"encoding": encoding, "geometry_types": [], **column}
    return {"version": "1.1.0", "primary_column": "geom", "columns": {"geom": column}}


def places(*, geo: object, shapes: list[shapely.Point] | None = None, **columns: list[object]) -> bytes:
    wkb = pa.array(shapely.to_wkb(shapes or POINTS).tolist(), pa.binary())
    return parquet(pa.table({**columns, "geom": wkb}), geo)


# --- values


def test_every_type_becomes_exactly_the_text_it_stands_for(files: Files) -> None:
    instant = dt.datetime(2026, 11, 21, 9, 30, 0, 120000, tzinfo=JST)
    table = pa.table(
        {
            "整数": pa.array([9007199254740993, None], pa.int64()),
            "小数": pa.array([138.6, 1e-7], pa.float64()),
            "短い小数": pa.array([0.1, None], pa.float32()),
            "十進": pa.array([decimal.Decimal("120.50"), None], pa.decimal128(9, 2)),
            "真偽": [True, False],
            "日": [dt.date(2026, 11, 21), None],
            "時刻": pa.array([dt.time(9, 30), None], pa.time32("s")),
            "日時": pa.array([dt.datetime.fromisoformat("2026-11-21T09:30"), None], pa.timestamp("ms")),
            "瞬間": pa.array([instant, None], pa.timestamp("us", "Asia/Tokyo")),
            "協定時": pa.array([instant, None], pa.timestamp("us", "UTC")),
            "語": pa.array(["港", None]).dictionary_encode(),
            "長い語": pa.array(["NA", ""], pa.large_string()),
            "並び": [["一", None], []],
            "組": [{"階": 3, "日": dt.date(2026, 1, 2)}, None],
        }
    )
    first, second = rows(files.read("a.parquet", parquet(table)))
    assert first == {
        "整数": "9007199254740993", "小数": "138.6", "短い小数": "0.1", "十進": "120.50", "真偽": "true",
        "日": "2026-11-21", "時刻": "09:30:00", "日時": "2026-11-21T09:30:00",
        "瞬間": "2026-11-21T09:30:00.12+09:00", "協定時": "2026-11-21T00:30:00.12+00:00", "語": "港", "長い語": "NA",
        "並び": '["一", null]', "組": '{"階": 3, "日": "2026-01-02"}',
    }  # fmt: skip
    empty = {"長い語": "", "小数": "1e-7", "真偽": "false", "並び": "[]"}
    assert second == dict.fromkeys(first) | empty


@given(st.lists(st.floats(allow_nan=False), min_size=1), st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_numbers_survive_being_text(files: Files, floats: list[float], integers: list[int]) -> None:
    count = min(len(floats), len(integers))
    table = files.read("a.parquet", parquet(pa.table({"f": floats[:count], "i": integers[:count]})))
    assert [float(value) for value in table.table.column("f").to_pylist()] == floats[:count]
    assert [int(value) for value in table.table.column("i").to_pylist()] == integers[:count]


def test_a_plain_table_with_lon_and_lat_has_no_geometry(files: Files) -> None:
    table = files.read("99301.parquet", parquet(pa.table({"town": ["本町"], "lon": [138.6], "lat": [34.55]})))
    assert not table.has_geometry
    assert rows(table) == [{"town": "本町", "lon": "138.6", "lat": "34.55"}]
    assert (table.source.format, table.source.crs, table.source.encoding) == ("parquet", None, None)


def test_bytes_without_metadata_are_left_out_and_told(files: Files) -> None:
    table = files.read("a.parquet", parquet(pa.table({"a": ["x"], "b": pa.array([b"\x00\x01"])})))
    assert table.table.column_names == ["a"]
    assert notes(table) == {"geo.note_column_not_read": {"column": "b"}}


def test_a_built_gazetteer_of_400_000_rows_reads_within_two_seconds(files: Files) -> None:
    count = 400_000
    rng = np.random.default_rng(7)
    table = pa.table(
        {
            **{name: pa.array([value] * count).dictionary_encode()
               for name, value in {"municipality": "99301", "pref": "架空県", "city": "潮見市", "koaza": "",
                                   "kind": "lot", "postal_code": "", "source": "abr", "vintage": "2026-01",
                                   "former": ""}.items()},
            "town": pa.array([f"本町{number % 300}丁目" for number in range(count)]).dictionary_encode(),
            "number": [f"{number}-{number % 7}" for number in range(count)],
            "lon": 138.6 + rng.random(count) / 10, "lat": 34.5 + rng.random(count) / 10,
            "scale": pa.array([2500] * count, pa.int32()),
        }
    )  # fmt: skip
    path = files.folder / "99301.parquet"
    pq.write_table(table, path)
    files.read("warm.csv", "a\n1\n")
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        read = files.reader.read(path)
        seconds.append(time.perf_counter() - start)
    assert read.source.rows == count
    assert read.table.column("number")[399_999].as_py() == "399999-5"
    assert min(seconds) < 2.0


# --- places


def test_what_geopandas_writes_is_read_in_every_encoding(files: Files) -> None:
    holed = shapely.Polygon(
        [(138.6, 34.5), (138.7, 34.5), (138.7, 34.6)], [[(138.65, 34.52), (138.68, 34.52), (138.68, 34.54)]]
    )
    line = shapely.LineString([(138.6, 34.5), (138.7, 34.6)])
    kinds: tuple[shapely.Geometry, ...] = (
        POINTS[0], line, holed, shapely.MultiPoint(POINTS), shapely.MultiLineString([line]),
        shapely.MultiPolygon([holed, shapely.box(138.8, 34.5, 138.9, 34.6)]),
    )  # fmt: skip
    for shape in kinds:
        frame = gpd.GeoDataFrame({"名称": ["甲", "乙", "丙"]}, geometry=np.array([shape, None, shape]), crs="EPSG:6668")
        for encoding in ("WKB", "geoarrow"):
            path = files.folder / "a.parquet"
            frame.to_parquet(path, geometry_encoding=encoding, schema_version="1.1.0", write_covering_bbox=True)
            table = files.read("a.parquet", path.read_bytes())
            assert table.source.crs == "EPSG:6668"
            assert shapes(table)[1] is None
            assert all(shapely.equals(found, shape) for found in shapes(table)[::2])
            assert rows(table) == [{"名称": "甲"}, {"名称": "乙"}, {"名称": "丙"}]
            assert notes(table)["geo.note_column_not_read"] == {"column": "bbox"}


def test_metres_of_a_plane_zone_come_into_jgd2011(files: Files) -> None:
    crs = pyproj.CRS("EPSG:6676")
    x, y = pyproj.Transformer.from_crs("EPSG:6668", crs, always_xy=True).transform(138.6, 34.55)
    table = files.read("a.parquet", places(geo=described(crs=crs.to_json_dict()), shapes=[shapely.Point(x, y)]))
    assert table.source.crs == "EPSG:6676"
    assert shapely.distance(shapes(table)[0], POINTS[0]) < 1e-9


def test_a_crs_is_wgs84_where_absent_and_must_be_stated_where_null(files: Files) -> None:
    assert files.read("a.parquet", places(geo=described())).source.crs == "EPSG:4326"
    crs84 = described(crs=pyproj.CRS("OGC:CRS84").to_json_dict())
    assert files.read("a.parquet", places(geo=crs84)).source.crs == "EPSG:4326"
    unknown = places(geo=described(crs=None))
    assert files.refusal("a.parquet", unknown).code == "geo.file_crs_missing"
    assert files.read("a.parquet", unknown, crs="EPSG:6668").source.crs == "EPSG:6668"
    contradicting = places(geo=described(crs=pyproj.CRS("EPSG:6668").to_json_dict()))
    assert files.refusal("a.parquet", contradicting, crs="EPSG:4612").code == "geo.file_crs_contradicts"


def test_a_second_column_of_places_is_left_out_and_told(files: Files) -> None:
    geo = described()
    geo["columns"]["前"] = {"encoding": "WKB", "geometry_types": []}  # type: ignore[index]
    wkb = shapely.to_wkb(POINTS).tolist()
    table = files.read("a.parquet", parquet(pa.table({"前": wkb, "geom": wkb, "n": ["a", "b"]}), geo))
    assert rows(table) == [{"n": "a"}, {"n": "b"}]
    assert notes(table)["geo.note_column_not_read"] == {"column": "前"}


def test_bad_places_are_faults_of_their_rows(files: Files) -> None:
    wkb = pa.array([*shapely.to_wkb([shapely.Point(34.55, 138.6), POINTS[0]]), b"\x01\x02", None], pa.binary())
    table = files.read("a.parquet", parquet(pa.table({"geom": wkb}), described()))
    assert dict(table.bad_geometry) == {1: "geo.coordinate_swapped", 3: "geo.geometry_broken"}


@pytest.mark.parametrize(
    ("geo", "code"),
    [
        ("{", "geo.geoparquet_broken"),
        ("[]", "geo.geoparquet_broken"),
        ("[" * 100_000, "geo.geoparquet_broken"),
        ({"primary_column": "none", "columns": {"none": {"encoding": "WKB"}}}, "geo.geoparquet_broken"),
        ({"primary_column": "geom", "columns": {}}, "geo.geoparquet_broken"),
        (described(encoding="WKT"), "geo.geoparquet_encoding"),
        (described(encoding="polygon"), "geo.geoparquet_broken"),
        (described(crs={"type": "nonsense"}), "geo.file_crs_missing"),
    ],
    ids=range(8),
)
def test_metadata_that_make_no_sense_are_refused_in_words(files: Files, geo: object, code: str) -> None:
    assert files.refusal("a.parquet", places(geo=geo)).code == code


# --- files that are broken, locked or too large


def test_a_file_that_is_cut_off_or_no_parquet_at_all_is_refused(files: Files) -> None:
    whole = parquet(pa.table({"a": ["x"] * 1000}))
    for content in (whole[: len(whole) // 2], b"PAR1", b"PAR1" + b"\xff" * 100 + b"PAR1"):
        assert files.refusal("a.parquet", content).code == "geo.parquet_broken"


@pytest.mark.parametrize("plaintext_footer", [False, True])
def test_encrypted_files_are_refused_whether_their_footer_is_or_not(files: Files, plaintext_footer: bool) -> None:
    locked = pe.create_encryption_properties(b"0123456789abcdef", plaintext_footer=plaintext_footer)
    content = parquet(pa.table({"a": ["x"]}), encryption_properties=locked)
    assert files.refusal("a.parquet", content).code == "geo.parquet_encrypted"


def test_limits_hold_by_the_footer_before_anything_is_unpacked(tmp_path: Path) -> None:
    def refused(content: bytes, limits: Limits) -> ReadError:
        (tmp_path / "a.parquet").write_bytes(content)
        with pytest.raises(ReadError) as caught:
            parse_parquet(tmp_path / "a.parquet", "a.parquet", limits, Stated())
        assert "？" not in caught.value.sentence() + caught.value.sentence("en")
        return caught.value

    table = pa.table({"a": ["x", "y", "z"], "b": [1, 2, 3]})
    assert refused(parquet(table), Limits(rows=2)).code == "geo.rows_limit"
    assert refused(parquet(table), Limits(columns=1)).code == "geo.columns_limit"
    zeros = pa.table({"a": ["0" * 1000] * 20_000})
    bomb = parquet(zeros, use_dictionary=False, compression="zstd")
    assert len(bomb) < 100_000
    assert refused(bomb, Limits()).code == "geo.ratio_limit"
    assert refused(bomb, Limits(ratio=10**9, unpacked_bytes=1_000_000)).code == "geo.unpacked_bytes_limit"


def test_no_rows_and_doubled_names_are_told(files: Files) -> None:
    assert files.refusal("a.parquet", parquet(pa.table({"a": pa.array([], pa.string())}))).code == "geo.no_rows"
    doubled = pa.table([["x"], ["y"]], names=["a", "a"])
    assert files.refusal("a.parquet", parquet(doubled)).code == "geo.columns_doubled"


@example(changed=[(371, 0)], cut=0)  # a histogram of levels that is no longer as long as it should be
@given(changed=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6), cut=st.integers(0, 40))
def test_a_garbled_file_never_ends_the_parser(files: Files, changed: list[tuple[int, int]], cut: int) -> None:
    content = places(geo=described(), 名称=["甲", "乙"], n=[[1], [2, 3]])
    files.survives("a.parquet", mutated(content, changed, cut))
