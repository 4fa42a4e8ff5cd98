"""Reading files that nobody vouches for: the file itself, the worker, its limits."""

import hashlib
import io
import json
import os
import signal
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely

import geo.read
from geo.errors import ReadError
from geo.read import Limits, Reader
from geo.read.environment import ALLOWED_DRIVERS, worker_environment
from geo.read.process import WorkerProcess
from geo.read.scratch import Scratch

VRT = (
    "<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>CSV:/etc/passwd</SrcDataSource></OGRVRTLayer>"
    "</OGRVRTDataSource>"
)
needs_posix = pytest.mark.skipif(os.name != "posix", reason="signals, pipes and links of POSIX")


def refusal(reader: Reader, path: Path, **stated: str) -> ReadError:
    with pytest.raises(ReadError) as caught:
        reader.read(path, **stated)
    assert "？" not in caught.value.sentence()  # every parameter of the sentence was given
    assert caught.value.sentence("en")
    return caught.value


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def deep_geopackage(path: Path, depth: int) -> Path:
    """A GeoPackage whose second row is a point within `depth` collections."""
    geometry = pa.array(shapely.to_wkb(shapely.points([138.6] * 3, [34.55] * 3)).tolist(), pa.binary())
    table = pa.table({"名称": ["一", "二", "三"], "geom": geometry})
    pyogrio.write_arrow(
        table, path, driver="GPKG", layer="地点", geometry_name="geom", geometry_type="Unknown", crs="EPSG:6668",
        SPATIAL_INDEX="NO",
    )  # fmt: skip
    point = b"\x01" + struct.pack("<Idd", 1, 138.6, 34.55)
    blob = b"GP\x00\x01" + struct.pack("<i", 6668) + (b"\x01" + struct.pack("<II", 7, 1)) * depth + point
    database = sqlite3.connect(path)
    database.execute('UPDATE "地点" SET geom = ? WHERE fid = 2', (blob,))
    database.commit()
    database.close()
    return path


def many_objects(path: Path, count: int = 1_500_000) -> Path:
    """Write objects of JSON that take about two microseconds and 700 bytes each to parse."""
    return write(path, "[" + ",".join(['{"a":1}'] * count) + "]")


# --- the public face


def test_public_names_of_reading_are_sorted() -> None:
    assert geo.read.__all__ == sorted(geo.read.__all__)


def test_the_source_names_file_hash_size_and_format_of_the_very_bytes(reader: Reader, tmp_path: Path) -> None:
    path = write(tmp_path / "避難所.csv", "名称,定員\n潮見小学校,120\n")
    source = reader.read(path).source
    assert source.file == "避難所.csv"
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert source.size == path.stat().st_size
    assert (source.format, source.encoding, source.crs, source.part, source.rows) == ("csv", "utf-8", None, None, 1)


def test_the_file_itself_is_left_untouched(reader: Reader, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a\n1\n")
    before = path.stat()
    reader.read(path)
    assert sorted(tmp_path.iterdir()) == [path]
    assert path.stat().st_mtime_ns == before.st_mtime_ns


# --- what is no file of ours


@pytest.mark.parametrize(
    "address",
    ["/vsicurl/http://127.0.0.1/a.geojson", "/vsizip/a.zip/a.shp", "http://127.0.0.1/a.csv", "ftp://x/a.csv",
     "file:///etc/passwd", "s3://bucket/a.csv", "\\vsimem\\a.csv"],
)  # fmt: skip
def test_addresses_and_virtual_paths_are_not_opened(reader: Reader, address: str) -> None:
    assert refusal(reader, Path(address)).code == "geo.path_not_local"


def test_a_database_connection_as_a_path_is_only_a_missing_file(reader: Reader) -> None:
    assert refusal(reader, Path("PG:dbname=tayori")).code == "geo.no_such_file"


def test_a_missing_file_a_folder_and_an_empty_file_are_each_told_apart(reader: Reader, tmp_path: Path) -> None:
    assert refusal(reader, tmp_path / "none.csv").code == "geo.no_such_file"
    assert refusal(reader, tmp_path).code == "geo.nothing_readable"
    assert refusal(reader, write(tmp_path / "empty.csv", b"")).code == "geo.empty_file"
    assert refusal(reader, write(tmp_path / "blank.csv", b"\xef\xbb\xbf\r\n \r\n")).code == "geo.empty_file"


@needs_posix
def test_links_in_a_circle_and_pipes_are_refused_without_waiting(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "a.csv").symlink_to(tmp_path / "b.csv")
    (tmp_path / "b.csv").symlink_to(tmp_path / "a.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    assert refusal(reader, tmp_path / "a.csv").code == "geo.link_loop"
    assert refusal(reader, tmp_path / "pipe.csv").code == "geo.not_a_plain_file"


@needs_posix
def test_a_link_to_a_file_is_followed(reader: Reader, tmp_path: Path) -> None:
    write(tmp_path / "real.csv", "a\n1\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    assert reader.read(tmp_path / "link.csv").source.rows == 1


def test_a_file_that_may_not_be_read_is_refused(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "locked.csv", "a\n1\n")

    def denied(*_arguments: object) -> int:
        raise PermissionError(13, "denied")

    monkeypatch.setattr(os, "open", denied)  # the super-user of a test machine may read everything
    assert refusal(reader, path).code == "geo.file_not_readable"


def test_a_file_that_grows_while_it_is_copied_is_refused(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "growing.csv", "a\n1\n")

    class Growing(io.FileIO):
        def read(self, size: int | None = -1) -> bytes:
            with path.open("ab") as more:
                more.write(b"2\n")
            return super().read(size) or b""

    monkeypatch.setattr("geo.read.local._open", lambda path, _file: Growing(path))
    assert refusal(reader, path).code == "geo.file_changed"
    monkeypatch.undo()
    assert reader.read(path).source.rows == 2


# --- which format


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("vrt.geojson", VRT, "geo.format_not_read"),
        ("error.csv", "<!DOCTYPE html><html><body>404</body></html>", "geo.web_page_saved"),
        ("map.kml", "<?xml version='1.0'?><kml></kml>", "geo.kml_empty"),
        ("pipeline.gdalg.json", '{"type":"gdal_streamed_alg","command_line":"gdal vector pipeline ! read /etc/passwd"}',
         "geo.json_not_a_table"),
        ("a.pdf", b"%PDF-1.7", "geo.content_is_other"),
        ("a.dat", "a,b\n1,2\n", "geo.format_not_read"),
        ("book.xlsx", b"PK\x03\x04rest", "geo.spreadsheet_broken"),
        ("book.xlsb", b"PK\x03\x04rest", "geo.spreadsheet_not_read"),
        ("book.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "geo.name_and_content_differ"),
        ("cut.zip", b"PK\x03\x04rest", "geo.zip_broken"),
        ("book.txt", b"PK\x03\x04" + b"\x00" * 26 + b"xl/workbook.xml", "geo.workbook_misnamed"),
        ("~$book.xlsx", b"\x05name", "geo.lock_file"),
        (".~lock.book.ods#", b",name,", "geo.lock_file"),
        ("zip.shp", b"PK\x03\x04rest", "geo.name_and_content_differ"),
        ("unicode.json", "[1]\n".encode("utf-16"), "geo.utf16_not_read"),
        ("part.dbf", b"\x03", "geo.shapefile_part_given"),
        ("layer.csv", b"SQLite format 3\x00rest", "geo.name_and_content_differ"),
        ("list.csv", '[{"a":1}]', "geo.name_and_content_differ"),
        ("table.geojson", "a,b\n1,2\n", "geo.content_is_not_that_format"),
        ("table.gpkg", "a,b\n1,2\n", "geo.content_is_not_that_format"),
        ("not.gpkg", b"SQLite format 3\x00" + b"\x00" * 4000, "geo.gpkg_broken"),
        ("not.fgb", b"fgb\x03fgb\x00" + b"\xff" * 200, "geo.geometry_file_broken"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_refused_in_words(
    reader: Reader, tmp_path: Path, name: str, content: str | bytes, code: str
) -> None:
    error = refusal(reader, write(tmp_path / name, content))
    assert error.code == code
    assert name in error.sentence()


def test_a_refusal_of_format_names_what_can_be_read(reader: Reader, tmp_path: Path) -> None:
    sentence = refusal(reader, write(tmp_path / "a.pdf", b"%PDF-1.7")).sentence()
    assert all(name in sentence for name in ("CSV", "GeoJSON", "GeoPackage", "Shapefile", "FlatGeobuf"))


# --- the worker


def test_the_worker_has_the_allowed_drivers_and_no_other(tmp_path: Path) -> None:
    listed = subprocess.run(
        [sys.executable, "-c", "import json, pyogrio; print(json.dumps(sorted(pyogrio.list_drivers())))"],
        env=worker_environment(tmp_path), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(listed.stdout) == sorted(ALLOWED_DRIVERS)
    skipped = worker_environment(tmp_path)["OGR_SKIP"].split(",")
    assert {"OGR_VRT", "GDALG", "CSV", "WFS"} <= set(skipped)


def test_a_worker_with_any_other_driver_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = worker_environment(tmp_path)
    skipped = environment["OGR_SKIP"].replace("OGR_VRT,", "")
    monkeypatch.setattr("geo.read.process.worker_environment", lambda _folder: environment | {"OGR_SKIP": skipped})
    worker = WorkerProcess(Limits(), tmp_path)
    with pytest.raises(ReadError) as caught:
        worker.ask({}, "a.csv")
    assert caught.value.code == "geo.worker_not_started"
    assert "OGR_VRT" in caught.value.sentence()
    assert not worker.usable


def test_the_worker_does_without_geopandas_and_pandas(tmp_path: Path) -> None:
    code = (
        "import geo.read.worker, sys; print(sorted({'geopandas', 'pandas', 'geo.crs', 'pyogrio'} & set(sys.modules)))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], env=worker_environment(tmp_path), capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "['geo.crs', 'pyogrio']"


def test_the_worker_knows_no_secrets_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAYORI_DATABASE_URL", "postgresql://user:secret@host/db")
    monkeypatch.setenv("GDAL_HTTP_PROXY", "")
    environment = worker_environment(tmp_path)
    assert "secret" not in json.dumps(environment)
    assert environment["GDAL_HTTP_PROXY"] == "http://127.0.0.1:9"
    assert environment["PROJ_NETWORK"] == "OFF"


def test_one_worker_reads_one_file_after_the_other_and_is_gone_afterwards(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a\n1\n")
    with Reader() as reader:
        reader.read(path)
        worker, scratch = reader._worker, reader._scratch
        assert worker is not None
        assert scratch is not None
        reader.read(path)
        refusal(reader, write(tmp_path / "b.csv", "a,a\n1,2\n"))
        reader.read(path)
        assert reader._worker is worker
        assert [entry.name for entry in scratch.folder.iterdir() if entry.is_dir()] == ["1"]  # the worker's own
    assert not worker.usable
    assert not scratch.folder.exists()


@needs_posix
def test_copies_lie_in_a_folder_that_only_its_owner_opens_and_a_dead_owners_is_swept() -> None:
    scratch, old, young = Scratch(), Scratch(), Scratch()
    assert scratch.folder.stat().st_mode & 0o077 == 0
    for dead in (old, young):
        dead._lock.release()  # as when the process ends
    os.utime(old.folder, (1_000_000_000, 1_000_000_000))
    new = Scratch()
    assert not old.folder.exists()
    assert young.folder.exists()
    assert scratch.folder.exists()
    for rest in (scratch, young, new):
        rest.remove()
        assert not rest.folder.exists()


@needs_posix
def test_a_file_that_kills_the_worker_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    deep = deep_geopackage(tmp_path / "deep.gpkg", 20_000)
    good = write(tmp_path / "good.csv", "a\n1\n")
    with Reader(Limits(wkb_depth=10**6)) as reader:  # without the depth check GEOS overruns its stack
        assert refusal(reader, deep).code == "geo.worker_died"
        assert reader.read(good).source.rows == 1


@needs_posix
def test_a_worker_that_hangs_is_killed_at_the_time_limit(tmp_path: Path) -> None:
    good = write(tmp_path / "good.csv", "a\n1\n")
    with Reader(Limits(wall_seconds=1)) as reader:
        reader.read(good)
        assert reader._worker is not None
        os.kill(reader._worker.pid, signal.SIGSTOP)
        error = refusal(reader, good)
        assert error.code == "geo.wall_seconds_limit"
        assert "1 秒" in error.sentence()
        assert reader.read(good).source.rows == 1


@needs_posix
def test_processor_time_is_limited_for_each_file_anew(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    heavy = many_objects(tmp_path / "heavy.json", 6_000_000)  # far more than the two seconds after which it is ended
    light = write(tmp_path / "light.json", '[{"a":1}]')
    with Reader(Limits(cpu_seconds=1, rows=10**8)) as reader:
        assert refusal(reader, heavy).code == "geo.cpu_seconds_limit"
        assert reader.read(light).source.rows == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_memory_is_limited_and_the_next_file_is_read(tmp_path: Path) -> None:
    heavy = many_objects(tmp_path / "heavy.json")
    light = write(tmp_path / "light.json", '[{"a":1}]')
    with Reader(Limits(memory_bytes=640 * 1024**2)) as reader:
        error = refusal(reader, heavy)
        assert error.code == "geo.memory_bytes_limit"
        assert "640 MB" in error.sentence()
        assert reader.read(light).source.rows == 1


def test_where_a_limit_cannot_be_set_the_file_says_so(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.csv", "a\n1\n")
    reader.read(path)
    monkeypatch.setattr(reader._worker, "missing_limits", ("memory_bytes", "cpu_seconds"))
    codes = {code for code, _params in reader.read(path).source.notes}
    assert codes == {"geo.note_no_memory_limit", "geo.note_no_cpu_limit"}


# --- limits, each named with its value


@pytest.fixture(scope="module")
def strict() -> Iterator[Reader]:
    with Reader(Limits(file_bytes=4096, rows=3, columns=2, line_bytes=1024, unpacked_bytes=2048)) as reader:
        yield reader


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "a\n" + "x" * 5000, ("geo.file_bytes_limit", "4 KB")),
        ("a.csv", "a\n1\n2\n3\n4\n", ("geo.rows_limit", "3 行")),
        ("a.csv", "a\n1\n2\n3\n4", ("geo.rows_limit", "3 行")),
        ("a.json", '[{"a":1},{"a":2},{"a":3},{"a":4}]', ("geo.rows_limit", "3 行")),
        ("a.csv", "a,b,c\n1,2,3\n", ("geo.columns_limit", "2 列")),
        ("a.json", '[{"a":1,"b":2},{"c":2}]', ("geo.columns_limit", "2 列")),
        ("a.csv", "a,b\n1,2\n3," + "x" * 2000 + "\n", ("geo.line_bytes_limit", "1 KB")),
        ("a.csv", "a,b\n" + f"{'1' * 400},{'2' * 400}\n" * 3, ("geo.unpacked_bytes_limit", "2 KB")),
    ],
)
def test_each_limit_is_named_with_its_value(
    strict: Reader, tmp_path: Path, name: str, content: str, said: tuple[str, str]
) -> None:
    error = refusal(strict, write(tmp_path / name, content))
    assert error.code == said[0]
    assert said[1] in error.sentence()


def test_a_file_exactly_at_the_limits_is_read(strict: Reader, tmp_path: Path) -> None:
    assert strict.read(write(tmp_path / "a.csv", "a,b\n1,2\n3,4\n5,6\n")).source.rows == 3


def test_a_geometry_with_too_many_vertices_or_levels_is_refused_with_its_row(tmp_path: Path) -> None:
    line = shapely.LineString(np.column_stack([np.linspace(138.5, 138.6, 101), np.full(101, 34.5)]))
    features = [{"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(g))}
                for g in (shapely.Point(138.5, 34.5), line)]  # fmt: skip
    path = write(tmp_path / "a.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
    with Reader(Limits(vertices=100)) as reader:
        error = refusal(reader, path)
        assert error.code == "geo.vertices_limit"
        assert "2 行目" in error.sentence()
        assert "100 点" in error.sentence()
        error = refusal(reader, deep_geopackage(tmp_path / "deep.gpkg", 33))
        assert error.code == "geo.wkb_depth_limit"
        assert "2 行目" in error.sentence()
        assert reader.read(deep_geopackage(tmp_path / "32.gpkg", 32)).source.rows == 3


def test_a_line_of_forty_megabytes_is_refused_by_its_length(reader: Reader, tmp_path: Path) -> None:
    error = refusal(reader, write(tmp_path / "line.csv", b"a,b\n1," + b"x" * (40 * 1024**2)))
    assert error.code == "geo.line_bytes_limit"
    assert "1 MB" in error.sentence()


def test_an_unknown_encoding_or_reference_system_is_refused_before_anything_is_read(
    reader: Reader, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.csv", "a\n1\n")
    assert refusal(reader, path, encoding="latin-1").code == "geo.encoding_not_known"
    assert refusal(reader, path, crs="+proj=longlat +nadgrids=/etc/passwd").code == "geo.crs_unknown"
