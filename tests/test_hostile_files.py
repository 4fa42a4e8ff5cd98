"""No file makes a reader open another file, ask the network, or take more time and memory than it may."""

import contextlib
import io
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import corpus_answers
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile_files import (
    CONTENTS,
    ENDLESS,
    GEOMETRY,
    GML,
    KML,
    POINT,
    ROWS,
    SRS,
    geopackage,
    lures,
    valid,
    workbook,
    zipped,
)
from read_files import BROKE_THE_PARSER, Files, notes, rows

from geo.errors import ReadError
from geo.read import Limits, Reader
from geo.read.detect import SHAPEFILE_PARTS
from geo.read.limits import GIB, MIB

COUNTED = (
    "CREATE TABLE gpkg_ogr_contents (table_name TEXT, feature_count INTEGER); "
    "INSERT INTO gpkg_ogr_contents VALUES ('t', {});"
)
CANARY = "KANARIENVOGEL"
SECONDS = 10.0


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(Limits(wall_seconds=20, cpu_seconds=15)) as made:
        yield made


@pytest.fixture
def files(reader: Reader, tmp_path: Path) -> Files:
    return Files(reader, tmp_path)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.setblocking(False)
        yield made


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def was_called(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def _hang_up(proxy: socket.socket, calls: list[bytes]) -> None:
    """Take calls and end them, until the socket is closed."""
    with contextlib.suppress(OSError):
        while True:
            with proxy.accept()[0] as call:
                calls.append(call.recv(1024))


def written(folder: Path, files: dict[str, bytes]) -> Iterator[Path]:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    yield from (folder / name for name in files if Path(name).suffix not in SHAPEFILE_PARTS)


def bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


# --- no other file, no network


def test_no_file_brings_in_another_one_or_asks_an_address(
    tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = tmp_path / "secret" / "list.csv"
    canary.parent.mkdir()
    canary.write_text(f"ID,{CANARY}\n1,{CANARY}\n", encoding="utf-8")
    monkeypatch.setattr("geo.read.environment._NOWHERE", address(listener))  # whoever asks a proxy is heard as well
    said, codes, read = [], set(), 0
    with Reader(Limits(wall_seconds=20, cpu_seconds=15)) as reader:
        for path in written(tmp_path / "lures", lures(canary, address(listener))):
            for crs in (None, "EPSG:6668"):
                try:
                    table = reader.read(path, crs=crs)
                    said.append(f"{table.table.to_pylist()} {table.source}")
                    read += 1
                except ReadError as error:
                    said.append(error.sentence() + error.sentence("en"))
                    codes.add(error.code)
        assert reader._scratch is not None
        assert CANARY.encode() not in bytes_in(reader._scratch.folder)
    assert CANARY not in "".join(said)
    assert not was_called(listener)
    assert not codes & BROKE_THE_PARSER
    assert len(said) > 200
    assert read > 20  # what only mentions another file is read as what it is


def test_a_link_that_is_hidden_from_us_ends_at_a_proxy_that_nobody_serves(
    tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = {"type": "link", "properties": {"href": address(listener), "type": "esriwkt"}}
    feature = {"type": "Feature", "properties": {"a": 1}, "geometry": {**POINT, "crs": link}}
    hidden = json.dumps({"type": "FeatureCollection", "features": [feature]}).replace('"crs"', r'"\u0063rs"')
    calls: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as proxy, Reader() as reader:
        monkeypatch.setattr("geo.read.environment._NOWHERE", address(proxy))
        threading.Thread(target=_hang_up, args=(proxy, calls), daemon=True).start()
        assert rows(Files(reader, tmp_path).read("a.geojson", hidden)) == [{"a": "1"}]
    assert calls  # the proof that the other test would hear a call
    assert not was_called(listener)


def test_a_reference_system_within_features_is_refused_not_passed_over(files: Files) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4301"}}
    feature = {"type": "Feature", "properties": {}, "geometry": POINT, "crs": crs}
    for name, content in {
        "a.geojson": json.dumps({"type": "FeatureCollection", "features": [feature]}),
        "b.ndjson": json.dumps(feature),
    }.items():
        assert files.refusal(name, content).code == "geo.json_inner_crs"


def test_a_linked_reference_system_is_left_alone_where_another_is_stated(files: Files) -> None:
    crs = {"type": "link", "properties": {"href": "http://127.0.0.1:9/", "type": "esriwkt"}}
    feature = {"type": "Feature", "properties": {"a": "潮見"}, "geometry": POINT}
    content = json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature, feature]})
    assert files.refusal("a.geojson", content).code == "geo.file_crs_missing"
    assert rows(files.read("a.geojson", content, crs="EPSG:6668")) == [{"a": "潮見"}] * 2


def test_everything_is_read_and_refused_alike_without_a_network_within_time_and_memory(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    shutil.copytree(corpus_answers.CORPUS, folder, ignore=shutil.ignore_patterns("sentences.json"))
    (tmp_path / "made").mkdir()
    good = valid(tmp_path / "made")
    for name, content in {**good, **bombs()}.items():
        (folder / f"made-{name}").write_bytes(content)
    command = [sys.executable, "-P", str(Path(__file__).with_name("hostile_batch.py")), str(folder), str(GIB)]
    alone = ["unshare", "-rn", *command]
    places = [str(Path(corpus_answers.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))}
    able = shutil.which("unshare") and not subprocess.run(["unshare", "-rn", "true"], check=False).returncode
    done = subprocess.run(alone if able else command, env=environment, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    slow = {name: seconds for name, seconds in said["seconds"].items() if seconds > SECONDS}
    assert slow == {}
    assert said["memory"]["parent"] < GIB
    assert said["memory"]["worker"] < GIB
    assert not BROKE_THE_PARSER & set(said["told"].values())
    made = [name for name in good if Path(name).suffix not in SHAPEFILE_PARTS]
    assert all(said["told"][f"made-{name}"].isdigit() for name in made)
    assert not [name for name in bombs() if said["told"][f"made-{name}"].isdigit()]


# --- small files that would become large


def wide_then_many(rows: int = 100_000) -> bytes:
    return ("[{" + ",".join(f'"k{number}":1' for number in range(500)) + "}" + ",{}" * rows + "]").encode()


def wide_kml(rows: int = 100_000) -> bytes:
    data = "".join(f'<Data name="k{number}"><value>1</value></Data>' for number in range(490))
    body = f"<Placemark><ExtendedData>{data}</ExtendedData></Placemark>" + "<Placemark/>" * rows
    return KML.format(body=body).encode()


def wide_gml(rows: int = 100_000) -> bytes:
    wide = GML.format(name="1", srs=SRS).replace("<name>", "".join(f"<k{n}>1</k{n}>" for n in range(490)) + "<name>")
    return wide.replace(
        "</g:featureMember>", "</g:featureMember>" + "<g:featureMember><S/></g:featureMember>" * rows
    ).encode()


def one_text_for_all(rows: int = 300_000, size: int = 5_000) -> bytes:
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["x" * size]))
    return parquet(pa.table({"名称": column}))


def nothing_but_nulls(rows: int = 100_000, columns: int = 120) -> bytes:
    column = pa.array(np.zeros(rows, np.int8), mask=np.ones(rows, dtype=bool))
    return parquet(pa.table([column] * columns, names=[f"c{number}" for number in range(columns)]))


def parquet(table: pa.Table) -> bytes:
    made = io.BytesIO()
    pq.write_table(table, made)
    return made.getvalue()


def bombs() -> dict[str, bytes]:
    """Return files of few bytes and many values."""
    return {
        "wide.json": wide_then_many(),
        "wide.ndjson": wide_then_many().replace(b"},{", b"}\n{")[1:-1],
        "wide.kml": wide_kml(),
        "wide.kmz": zipped({"doc.kml": wide_kml()}),
        "wide.gml": wide_gml(),
        "one-text.parquet": one_text_for_all(100_000),
        "line.csv": b"a,b\n" + b"1" * (MIB + 1) + b",2\n",
        "line.ndjson": b'{"a": "' + b"x" * 1000 + b'"\n',
        "names-twice.json": ("[{" + ",".join(f'"k{n}":1' for n in range(60_000)) + ',"k59999":2}]').encode(),
        "brackets.ndjson": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    }


@pytest.mark.parametrize(
    ("name", "make", "code"),
    [
        ("wide.json", wide_then_many, "geo.table_cells_limit"),
        ("wide.kml", wide_kml, "geo.table_cells_limit"),
        ("wide.gml", wide_gml, "geo.table_cells_limit"),
        ("text.parquet", one_text_for_all, "geo.ratio_limit"),
    ],
)
def test_a_small_file_that_becomes_a_large_table_is_refused(
    files: Files, name: str, make: Callable[[], bytes], code: str
) -> None:
    content = make()
    assert len(content) < 25 * MIB
    assert files.refusal(name, content).code == code


def test_a_table_of_nulls_is_refused_by_its_footer(tmp_path: Path) -> None:
    with Reader(Limits(unpacked_bytes=32 * MIB)) as reader:
        refusal = Files(reader, tmp_path).refusal("nulls.parquet", nothing_but_nulls())
    assert refusal.code == "geo.unpacked_bytes_limit"


def test_lists_and_numbers_of_any_size_in_a_cell_are_text_or_refused(files: Files) -> None:
    assert rows(files.read("n.json", '[{"a": ' + "9" * 5_000 + ', "b": 1e999999, "c": -0}]')) == [
        {"a": "9" * 5_000, "b": "1e999999", "c": "-0"}
    ]
    nested = pa.array([[[[[1, 2]]]]])
    assert rows(files.read("n.parquet", parquet(pa.table({"a": nested})))) == [{"a": "[[[[1, 2]]]]"}]
    deep = pa.array([1])
    for _ in range(60):
        deep = pa.ListArray.from_arrays(pa.array([0, len(deep)], pa.int32()), deep)
    assert files.refusal("deep.parquet", parquet(pa.table({"a": deep}))).code == "geo.parquet_broken"


def test_a_footer_that_lies_about_its_rows_is_found_out(files: Files) -> None:
    good = parquet(pa.table({"a": ["x"] * 1000}))
    size = struct.unpack("<I", good[-8:-4])[0]
    footer = good[-8 - size : -8]
    assert footer.count(b"\xd0\x0f") > 0  # 1000 as thrift writes it, doubled and in groups of seven bits
    for rows_told in (b"\xe0\x0f", b"\xd2\x0f", b"\xfe\x7f"):
        lying = good[: -8 - size] + footer.replace(b"\xd0\x0f", rows_told) + good[-8:]
        assert files.refusal("a.parquet", lying).code in ("geo.parquet_broken", "geo.rows_not_as_counted")


def test_text_broken_up_by_a_million_elements_takes_seconds(files: Files) -> None:
    body = "<Placemark><name>潮見</name><description>" + "x<b/>" * 1_000_000 + "</description></Placemark>"
    description = rows(files.read("a.kml", KML.format(body=body)))[0]["description"] or ""
    assert description.startswith("x" * 1000)


# --- databases


@pytest.mark.parametrize(
    "parts",
    [
        (f"CREATE VIEW gpkg_contents AS {ENDLESS} SELECT 't' || x AS table_name, 'features' AS data_type FROM c;",
         GEOMETRY, ROWS),
        (CONTENTS, GEOMETRY, ROWS, "ALTER TABLE gpkg_spatial_ref_sys RENAME TO s;",
         f"CREATE VIEW gpkg_spatial_ref_sys AS {ENDLESS} SELECT s.* FROM s, c WHERE x < 0;"),
        (CONTENTS, GEOMETRY, ROWS,
         f"CREATE VIEW gpkg_extensions AS {ENDLESS} SELECT 't' AS table_name FROM c WHERE x < 0;"),
        (CONTENTS, GEOMETRY, ROWS, f"CREATE VIEW rtree_t_geom AS {ENDLESS} SELECT x AS id FROM c WHERE x < 0;"),
        (CONTENTS, GEOMETRY, ROWS, "ALTER TABLE t ADD COLUMN g TEXT GENERATED ALWAYS AS (hex(zeroblob(300000000)));"),
        (CONTENTS, GEOMETRY, ROWS, "ALTER TABLE gpkg_contents ADD COLUMN g GENERATED ALWAYS AS (zeroblob(900000000));"),
        (CONTENTS, GEOMETRY, f"CREATE VIEW t AS {ENDLESS} SELECT x AS fid, x'00' AS geom, 'n' AS n FROM c;"),
        (CONTENTS.replace("'t'", "'t\" UNION SELECT load_extension(''x'') --'"),
         GEOMETRY.replace("'t'", "'t\" UNION SELECT load_extension(''x'') --'"), ROWS),
    ],
    ids=["contents", "systems", "extensions", "index", "column", "column-of-contents", "layer", "name"],
)  # fmt: skip
def test_a_database_that_computes_what_it_holds_is_refused(files: Files, parts: tuple[str, ...]) -> None:
    assert files.refusal("a.gpkg", geopackage(files.folder, *parts)).code == "geo.gpkg_layer_computed"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((CONTENTS, GEOMETRY.replace("'geom'", "'nowhere'"), ROWS), "geo.geometry_file_broken"),
        ((CONTENTS, GEOMETRY.replace("'t'", "'nowhere'"), ROWS), "geo.gpkg_not_one_layer"),
        ((CONTENTS, GEOMETRY.replace("6668", "99"), ROWS), "geo.file_crs_missing"),
        ((CONTENTS, GEOMETRY, ROWS.replace("INSERT", "-- INSERT")), "geo.no_rows"),
        ((CONTENTS, ROWS), "geo.gpkg_broken"),
        ((CONTENTS, GEOMETRY, ROWS, COUNTED.format(7)), "geo.rows_not_as_counted"),
        ((CONTENTS, GEOMETRY, ROWS, COUNTED.format(99999999)), "geo.rows_limit"),
    ],
    ids=["column", "table", "system", "empty", "absent", "count", "large-count"],
)  # fmt: skip
def test_a_database_whose_own_tables_lie_is_refused(files: Files, parts: tuple[str, ...], code: str) -> None:
    assert files.refusal("a.gpkg", geopackage(files.folder, *parts)).code == code


def test_a_trigger_in_a_database_does_nothing(files: Files) -> None:
    trigger = "CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM t; END;"
    assert rows(files.read("a.gpkg", geopackage(files.folder, CONTENTS, GEOMETRY, ROWS, trigger))) == [
        {"n": "潮見小学校"}
    ]


def test_a_column_that_is_not_the_places_is_said_to_be_none(files: Files) -> None:
    table = files.read("a.gpkg", geopackage(files.folder, CONTENTS, GEOMETRY.replace("'geom'", "'n'"), ROWS))
    assert {"geo.note_null_geometry", "geo.note_column_not_read"} <= set(notes(table))


# --- binary formats that lie about their sizes


#: Places in the parts of a shapefile, and what is written there: counts, widths, lengths, offsets, kinds of shape.
LIES: dict[str, list[tuple[int, bytes]]] = {
    "a.dbf": [
        (4, b"\xff\xff\xff\x7f"), (4, b"\xff\xff\x00\x00"), (8, b"\xff\xff"), (10, b"\xff\xff"),
        (10, b"\x00\x00"), (48, b"\xff"),
    ],
    "a.shx": [
        (100, b"\x7f\xff\xff\xff"), (100, b"\xff\xff\xff\xff"), (104, b"\x7f\xff\xff\xff"), (24, b"\x7f\xff\xff\xff"),
    ],
    "a.shp": [
        (24, b"\x7f\xff\xff\xff"), (32, b"\x1f\x00\x00\x00"), (104, b"\x7f\xff\xff\xff"), (108, b"\x05\x00\x00\x00"),
    ],
}  # fmt: skip


def test_parts_of_a_shapefile_that_lie_end_in_a_sentence_or_all_rows(files: Files, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    every = valid(tmp_path / "made")
    parts = {name: every[name] for name in ("a.shp", "a.shx", "a.dbf", "a.prj", "a.cpg")}
    for name, changes in LIES.items():
        for place, value in changes:
            lying = {**parts, name: parts[name][:place] + value + parts[name][place + len(value) :]}
            for part, content in lying.items():
                (tmp_path / part).write_bytes(content)
            files.survives("a.shp", lying["a.shp"])


@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
def test_a_projection_with_a_name_that_nobody_knows_is_asked_about(files: Files, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "made").mkdir()
    every = valid(tmp_path / "made")
    for part in ("a.shx", "a.dbf"):
        (tmp_path / part).write_bytes(every[part])
    (tmp_path / "a.prj").write_bytes(
        every["a.prj"].decode().replace('"GCS_JGD_2011"', '"測地成果２０１１ソ"').encode(encoding)
    )
    assert files.refusal("a.shp", every["a.shp"]).code == "geo.file_crs_missing"
    assert files.read("a.shp", every["a.shp"], crs="EPSG:6668").source.rows == 3


def test_a_flatgeobuf_that_lies_about_its_sizes_ends_in_a_sentence_or_its_rows(files: Files, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    good = valid(tmp_path / "made")["a.fgb"]
    for place in range(8, len(good) - 4, 48):
        for value in (0, 0x7FFFFFFF):
            files.survives("a.fgb", good[:place] + struct.pack("<I", value) + good[place + 4 :])


def test_a_workbook_with_parts_that_are_none_is_refused(files: Files) -> None:
    away = b'<Relationships><Relationship Id="rId1" Type="x" Target="../../../../etc/passwd"/></Relationships>'
    for name, part, content in (
        ("not-xml", "xl/worksheets/sheet1.xml", b"\x00" * 5000),
        ("no-sheet", "xl/_rels/workbook.xml.rels", b"<Relationships/>"),
        ("climbing", "xl/_rels/workbook.xml.rels", away),
    ):
        assert files.refusal(f"{name}.xlsx", workbook(**{part: content})).code == "geo.spreadsheet_broken"


@pytest.mark.parametrize(
    "counts", ['uniqueCount="4000000000"', 'count="4000000000"', 'count="9" uniqueCount="99999999999"']
)
def test_a_workbook_that_lies_about_its_texts_does_not_end_the_parser(files: Files, counts: str) -> None:
    texts = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" {counts}/>'.encode()
    files.survives("a.xlsx", workbook(**{"xl/sharedStrings.xml": texts}))


# --- what a path may be


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="dev_zero: this system has none")
def test_a_device_is_refused_at_once(reader: Reader, tmp_path: Path) -> None:
    for path in (Path("/dev/zero"), Path("/dev/tty"), Path("/proc/self/environ")):
        with pytest.raises(ReadError) as caught:
            reader.read(path)
        assert caught.value.code in (
            "geo.not_a_plain_file",
            "geo.file_not_readable",
            "geo.file_changed",
            "geo.no_such_file",
        )
    link = tmp_path / "zero.csv"
    link.symlink_to("/dev/zero")
    with pytest.raises(ReadError) as caught:
        reader.read(link)
    assert caught.value.code == "geo.not_a_plain_file"


@pytest.mark.skipif(os.name == "nt", reason="links: need rights on this system")
def test_links_in_a_folder_lead_nowhere(reader: Reader, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text(f"ID,{CANARY}\n1,2\n", encoding="utf-8")
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "list.csv").symlink_to(outside)
    with pytest.raises(ReadError) as caught:
        reader.read(folder)
    assert caught.value.code == "geo.nothing_readable"
    assert CANARY not in caught.value.sentence()


@pytest.mark.skipif(os.name == "nt", reason="names: this system has no such")
@pytest.mark.parametrize(
    "name", ["改\n行.csv", "\x1b[31m赤.csv", "右\u202eから.csv", "一:二.csv", "𠮷野家🏫.csv", "-rf.csv", "$(id).csv"]
)
def test_a_file_of_any_name_is_read_and_named_as_it_is(files: Files, name: str) -> None:
    table = files.read(name, "ID,名称\n1,潮見\n")
    assert (rows(table), table.source.file) == ([{"ID": "1", "名称": "潮見"}], name)
    assert files.refusal(name, "").code == "geo.empty_file"
