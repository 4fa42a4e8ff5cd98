"""Reading ZIP archives and folders: the one thing that is meant, and nothing that is not."""

import hashlib
import json
import random
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ReadError
from geo.faults import words
from geo.read import Limits, RawTable, Reader

CSV = "名称,定員\n潮見小学校,120\n"
MADE = (2026, 11, 21, 9, 0, 0)


def refusal(reader: Reader, path: Path, **stated: str) -> ReadError:
    with pytest.raises(ReadError) as caught:
        reader.read(path, **stated)
    assert "？" not in caught.value.sentence()  # every parameter of the sentence was given
    assert caught.value.sentence("en")
    return caught.value


def notes(table: RawTable) -> dict[str, Mapping[str, object]]:
    for code, params in table.source.notes:
        assert "？" not in words(code, params) + words(code, params, hint=True)
    return dict(table.source.notes)


class Named(zipfile.ZipInfo):
    """A member whose name is written in bytes of our choice, as archives of Japanese Windows do."""

    raw = b""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - the library's own name
        return self.raw, self.flag_bits & ~0x800


def member(name: str, *, encoding: str = "utf-8", mode: int = 0, system: int = 3) -> zipfile.ZipInfo:
    info = Named(name, MADE)
    info.raw, info.external_attr, info.create_system = name.encode(encoding), mode << 16, system
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def pack(path: Path, content: Mapping[str, str | bytes], *, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name, MADE), data, method)
    return path


def patched(path: Path, old: bytes, new: bytes, *, count: int = -1) -> Path:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, count))
    return path


def entry(path: Path) -> int:
    """Offset of the first entry of the directory."""
    return path.read_bytes().index(b"PK\x01\x02")


def overwrite(path: Path, offset: int, data: bytes) -> Path:
    content = bytearray(path.read_bytes())
    content[offset : offset + len(data)] = data
    path.write_bytes(content)
    return path


def shapefile(folder: Path, stem: str) -> dict[str, bytes]:
    table = pa.table(
        {"名称": ["潮見小", "本町"], "geom": pa.array(shapely.to_wkb(shapely.points([[138.6, 34.55]] * 2)))}
    )
    path = folder / f"{stem}.shp"
    pyogrio.write_arrow(
        table, path, driver="ESRI Shapefile", geometry_name="geom", geometry_type="Point", crs="EPSG:6668",
        ENCODING="CP932",
    )  # fmt: skip
    return {part.name: part.read_bytes() for part in folder.glob(f"{stem}.*")}


def geojson() -> str:
    feature = {
        "type": "Feature", "properties": {"名称": "本町"}, "geometry": {"type": "Point", "coordinates": [138.6, 34.55]},
    }  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": [feature]})


# --- what is read


def test_a_zip_with_one_table_is_read_as_that_table(reader: Reader, tmp_path: Path) -> None:
    path = pack(tmp_path / "配布.zip", {"一覧/避難所.csv": CSV})
    table = reader.read(path)
    assert table.table.to_pylist() == [{"名称": "潮見小学校", "定員": "120"}]
    source = table.source
    assert (source.file, source.member, source.name) == ("配布.zip", "一覧/避難所.csv", "避難所.csv")
    assert (source.format, source.encoding, source.size) == ("csv", "utf-8", path.stat().st_size)
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert notes(table)["geo.note_member_read"] == {"member": "一覧/避難所.csv"}


@pytest.mark.parametrize("cut", [".cpg", ".prj"])
def test_a_zip_with_a_shapefile_and_its_parts_is_read(reader: Reader, tmp_path: Path, cut: str) -> None:
    parts = shapefile(tmp_path, "避難所")
    whole = reader.read(pack(tmp_path / "a.zip", {f"data/{name}": data for name, data in parts.items()}))
    assert whole.table.column("名称").to_pylist() == ["潮見小", "本町"]
    assert whole.has_geometry
    assert (whole.source.format, whole.source.crs) == ("shapefile", "EPSG:6668")
    without = pack(tmp_path / "b.zip", {name: data for name, data in parts.items() if not name.endswith(cut)})
    if cut == ".prj":
        assert refusal(reader, without).code == "geo.file_crs_missing"
    assert reader.read(without, crs="EPSG:6668").table.column("名称").to_pylist() == ["潮見小", "本町"]


def test_a_shapefile_that_lacks_a_part_is_refused_by_the_name_of_the_part(reader: Reader, tmp_path: Path) -> None:
    parts = shapefile(tmp_path, "避難所")
    del parts["避難所.shx"]
    error = refusal(reader, pack(tmp_path / "a.zip", parts))
    assert error.code == "geo.shapefile_part_missing"
    assert "避難所.shx" in error.sentence()


@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
def test_names_in_an_archive_are_read_in_the_encodings_of_windows_and_mac(
    reader: Reader, tmp_path: Path, encoding: str
) -> None:
    name = "表示/能登の避難所.csv"  # 表 and 能 hold a backslash in CP932
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member(name, encoding=encoding), CSV)
    assert reader.read(tmp_path / "a.zip").source.member == name


def test_folders_written_with_backslashes_are_folders(reader: Reader, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member("data\\list.csv", system=0), CSV)
    assert reader.read(tmp_path / "a.zip").source.member == "data/list.csv"


def test_what_systems_leave_behind_is_passed_over_and_descriptions_are_noted(reader: Reader, tmp_path: Path) -> None:
    content = {
        "避難所.csv": CSV, "__MACOSX/._避難所.csv": b"\x00\x05\x16\x07", ".DS_Store": b"\x00", "Thumbs.db": b"\x00",
        "README.txt": "説明", "KS-META.xml": "<MD/>", "利用規約.html": "<html></html>", "地図.pdf": b"%PDF-1.7",
    }  # fmt: skip
    table = reader.read(pack(tmp_path / "a.zip", content))
    assert table.source.member == "避難所.csv"
    assert notes(table)["geo.note_beside_not_read"]["count"] == 4
    assert "README.txt" in str(notes(table)["geo.note_beside_not_read"]["names"])


def test_a_text_file_alone_is_data_even_beside_its_readme(reader: Reader, tmp_path: Path) -> None:
    table = reader.read(pack(tmp_path / "a.zip", {"tblT001.txt": CSV, "readme.txt": "説明"}))
    assert table.source.member == "tblT001.txt"


def test_one_map_in_several_formats_is_read_once_and_the_others_are_named(reader: Reader, tmp_path: Path) -> None:
    content: dict[str, str | bytes] = {"N03.geojson": geojson(), "N03.xml": "<gml/>", "KS-META-N03.xml": "<MD/>"}
    content |= shapefile(tmp_path, "N03")
    table = reader.read(pack(tmp_path / "a.zip", content))
    assert table.source.member == "N03.geojson"
    assert "N03.shp" in str(notes(table)["geo.note_beside_not_read"]["names"])
    assert reader.read(tmp_path / "a.zip", part="N03.shp").source.format == "shapefile"


def test_several_readable_files_are_named_and_one_can_be_asked_for(reader: Reader, tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"x/避難所.csv": CSV, "x/道路.csv": "路線\n国道\n"})
    error = refusal(reader, path)
    assert error.code == "geo.several_members"
    assert all(text in error.sentence() for text in ("x/避難所.csv", "x/道路.csv", "--part"))
    assert reader.read(path, part="道路.csv").table.column_names == ["路線"]
    assert reader.read(path, part="x/道路.csv").source.member == "x/道路.csv"
    wrong = refusal(reader, path, part="橋.csv")
    assert wrong.code == "geo.part_not_found"
    assert "避難所.csv" in wrong.sentence()


def test_an_archive_with_zip64_records_is_read(reader: Reader, tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "a.zip", "w") as archive,
        archive.open(zipfile.ZipInfo("a.csv", MADE), "w", force_zip64=True) as out,
    ):
        out.write(CSV.encode())
    content = (tmp_path / "a.zip").read_bytes()
    place = content.index(b"PK\x05\x06")
    directory = content.index(b"PK\x01\x02")
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, place - directory, directory)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, place, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    (tmp_path / "a.zip").write_bytes(content[:place] + end64 + locator + end)
    assert reader.read(tmp_path / "a.zip").source.rows == 1


KML = (
    '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark>'
    "<name>潮見小</name><Point><coordinates>138.6,34.55</coordinates></Point></Placemark></Document></kml>"
)


@pytest.mark.parametrize("names", [["doc.kml"], ["地図.kml"], ["other.kml", "doc.kml"]], ids=["doc", "one", "two"])
def test_a_kmz_is_read_as_its_map(reader: Reader, tmp_path: Path, names: list[str]) -> None:
    table = reader.read(pack(tmp_path / "地図.kmz", {**dict.fromkeys(names, KML), "files/icon.png": b"\x89PNG"}))
    assert table.table.column("name").to_pylist() == ["潮見小"]
    assert (table.source.format, table.source.name) == ("kmz", "地図.kmz")


def test_a_kmz_without_a_map_or_with_several_is_refused(reader: Reader, tmp_path: Path) -> None:
    assert refusal(reader, pack(tmp_path / "a.kmz", {"a.csv": CSV})).code == "geo.nothing_readable"
    assert refusal(reader, pack(tmp_path / "b.kmz", {"a.kml": KML, "b.kml": KML})).code == "geo.several_members"


# --- what is refused


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({}, "geo.empty_file"),
        ({"a.pdf": b"%PDF", "b.docx": b"x"}, "geo.nothing_readable"),
        ({"inner.zip": b"PK"}, "geo.zip_nested"),
        ({"a.csv": CSV, "inner.7z": b"7z"}, "geo.zip_nested"),
        ({"map.kmz": b"PK"}, "geo.zip_nested"),
        ({"a.csv": CSV, "A.CSV": CSV}, "geo.zip_names_doubled"),
        ({"a.csv": b"PK\x03\x04rest"}, "geo.name_and_content_differ"),
        ({"a.csv": b""}, "geo.empty_file"),
        ({"a.gpkg": b"no database"}, "geo.content_is_not_that_format"),
    ],
)
def test_an_archive_without_one_plain_table_is_refused(
    reader: Reader, tmp_path: Path, content: dict[str, str | bytes], code: str
) -> None:
    assert refusal(reader, pack(tmp_path / "a.zip", content)).code == code


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd.csv", "../../escape.csv", "a/../../escape.csv", "..\\escape.csv", "C:\\x.csv", "\\\\host\\x.csv",
        "CON.csv", "data/nul.csv", "LPT1", "COM9.txt", "aux .csv", "a.csv:stream", "a\u202evsc.csv", "a\x07.csv",
    ],
)  # fmt: skip
def test_names_that_point_elsewhere_are_refused_and_nothing_is_written(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member(name, system=0), CSV)
    assert refusal(reader, tmp_path / "a.zip").code == "geo.zip_unsafe_name"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.zip", "work"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_in_an_archive_are_refused(reader: Reader, tmp_path: Path, kind: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member("a.csv", mode=kind | 0o777), "/etc/passwd")
    assert refusal(reader, tmp_path / "a.zip").code == "geo.zip_link"


def test_a_locked_archive_asks_for_one_without_password(reader: Reader, tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"a.csv": CSV})
    overwrite(path, entry(path) + 8, b"\x01\x00")
    error = refusal(reader, path)
    assert error.code == "geo.zip_encrypted"
    assert "パスワードのないファイル" in error.sentence()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_packing_is_refused(reader: Reader, tmp_path: Path, method: int) -> None:
    path = pack(tmp_path / "a.zip", {"a.csv": CSV}, method=method)
    assert refusal(reader, path).code == "geo.zip_method"


def test_a_volume_of_a_split_archive_is_told(reader: Reader, tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"a.csv": CSV})
    end = path.read_bytes().rindex(b"PK\x05\x06")
    last = overwrite(path, end + 4, struct.pack("<HH", 1, 1))
    assert refusal(reader, last).code == "geo.zip_spanned"
    first = tmp_path / "b.zip"
    first.write_bytes(b"PK\x07\x08" + path.read_bytes()[:40])
    assert refusal(reader, first).code == "geo.zip_spanned"


def test_something_before_the_first_member_is_refused(reader: Reader, tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"a.csv": CSV})
    path.write_bytes(b"PK\x03\x04 a program that unpacks itself" + path.read_bytes())
    assert refusal(reader, path).code == "geo.zip_prefixed"


def test_members_that_share_their_bytes_are_refused(reader: Reader, tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"a.csv": CSV, "b.txt": CSV})
    second = path.read_bytes().index(b"PK\x01\x02", entry(path) + 4)
    overwrite(path, second + 42, struct.pack("<L", 0))
    assert refusal(reader, path).code == "geo.zip_overlapping"


def test_a_cut_archive_and_a_wrong_checksum_are_told(reader: Reader, tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"a.csv": CSV})
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert refusal(reader, path).code == "geo.zip_broken"
    path.write_bytes(whole)
    overwrite(path, entry(path) + 16, b"\x00\x00\x00\x00")
    assert refusal(reader, path).code == "geo.zip_broken"


# --- bombs


def test_each_limit_on_archives_is_named_with_its_value(tmp_path: Path) -> None:
    many = pack(tmp_path / "many.zip", {f"{number}.pdf": b"x" for number in range(11)})
    large = pack(tmp_path / "large.zip", {"a.csv": random.Random(1).randbytes(3_000), "b.pdf": b"x" * 3_000})
    blank = pack(tmp_path / "blank.zip", {"a.csv": b" " * 2_000_000})
    with Reader(Limits(members=10, unpacked_bytes=5_000_000)) as strict:
        error = refusal(strict, many)
        assert (error.code, error.params["limit"], error.params["members"]) == ("geo.members_limit", 10, 11)
        error = refusal(strict, blank)
        assert error.code == "geo.ratio_limit"
        assert "100 倍" in error.sentence()
        assert "a.csv" in error.sentence()
    with Reader(Limits(unpacked_bytes=4_000)) as strict:
        error = refusal(strict, large)
        assert error.code == "geo.unpacked_bytes_limit"
        assert "3.9 KB" in error.sentence()


@pytest.mark.parametrize("stated", [10, 1_000_000])
def test_a_directory_that_lies_about_a_size_is_found_out(reader: Reader, tmp_path: Path, stated: int) -> None:
    path = pack(tmp_path / "a.zip", {"a.csv": "a\n" + "1\n" * 50_000})
    overwrite(path, entry(path) + 24, struct.pack("<L", stated))
    assert refusal(reader, path).code == "geo.zip_broken"


def test_a_directory_that_lists_more_than_it_says_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {f"{number}.csv": CSV for number in range(20)})
    end = path.read_bytes().rindex(b"PK\x05\x06")
    overwrite(path, end + 8, struct.pack("<HH", 1, 1))
    with Reader(Limits(members=10)) as strict:
        assert refusal(strict, path).code == "geo.members_limit"


@given(places=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6))
def test_no_damage_to_an_archive_ends_in_anything_but_a_sentence_or_its_table(
    reader: Reader, tmp_path: Path, places: list[tuple[int, int]]
) -> None:
    path = pack(tmp_path / "a.zip", {"a.csv": CSV, "README.txt": "x" * 50})
    content = bytearray(path.read_bytes())
    for place, value in places:
        content[place % len(content)] = value
    path.write_bytes(content)
    assert outcome(reader, path) in ("read", "refused")


def outcome(reader: Reader, path: Path) -> str:
    try:
        reader.read(path)
    except ReadError as error:
        return error.code if error.code in ("geo.worker_died", "geo.parser_failed") else "refused"
    return "read"


# --- folders


def test_a_folder_with_one_shapefile_or_one_table_is_read(reader: Reader, tmp_path: Path) -> None:
    folder = tmp_path / "受領"
    folder.mkdir()
    shapefile(folder, "避難所")
    (folder / "メモ.pdf").write_bytes(b"%PDF-1.7")
    table = reader.read(folder)
    assert (table.source.file, table.source.format, table.source.rows) == ("避難所.shp", "shapefile", 2)
    assert "メモ.pdf" in str(notes(table)["geo.note_beside_not_read"]["names"])


def test_a_folder_with_an_archive_is_read_through_it(reader: Reader, tmp_path: Path) -> None:
    pack(tmp_path / "a.zip", {"x.csv": CSV, "y.csv": CSV})
    assert refusal(reader, tmp_path).code == "geo.several_members"
    assert reader.read(tmp_path, part="a.zip/y.csv").source.member == "y.csv"
    assert reader.read(tmp_path, part="y.csv").source.file == "a.zip"


def test_a_folder_with_several_files_is_refused_by_their_names(reader: Reader, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(CSV, encoding="utf-8")
    error = refusal(reader, tmp_path)
    assert error.code == "geo.several_members"
    assert "「a.csv」、「b.csv」" in error.sentence()
    assert reader.read(tmp_path, part="b.csv").source.file == "b.csv"


def test_a_folder_with_too_many_files_is_not_gone_through(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.csv").write_text(CSV, encoding="utf-8")
    with Reader(Limits(members=3)) as strict:
        assert refusal(strict, tmp_path).code == "geo.members_limit"


# --- real archives


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("population/mesh/SDDSWS5240.zip", 1200),
        ("postal/jigyosyo.zip", 22_416),
        ("addresses/abr/mt_town_131059.csv.zip", 68),
    ],
    ids=["shapefile", "cp932", "abr"],
)
def test_archives_as_publishers_make_them_are_read_as_they_are(
    reader: Reader, real_data: Path, name: str, rows: int
) -> None:
    assert reader.read(real_data / name).source.rows == rows
