"""What is no pack of the provider does not come in: altered, forged, broken or malign."""

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pyzipper
from door_town import (
    AT,
    TOWN,
    Packs,
    forged,
    manifest_of,
    rehash,
    resign,
    zipped,
)  # fmt: skip
from hypothesis import given
from hypothesis import strategies as st
from receive_town import as_it_is, contents, refused, set_in

from disaster.errors import ReceiveError
from disaster.manifest import LAYERS
from disaster.pack import read_manifest
from disaster.packfiles import files_in
from disaster.receive import receive
from disaster.store import Store
from geo.faults import CodedError
from geo.read import Reader

pytest_plugins = ("door_town", "receive_town")


# --- altered on the way ----------------------------------------------------------------------------------------------


def copy(packs: Packs, target: Path) -> Path:
    shutil.copytree(packs.vehicles.folder, target, ignore=shutil.ignore_patterns("*.zip"))
    return target


def altered(pack: Path) -> None:
    file = pack / "csv/vehicles.csv"
    file.write_bytes(file.read_bytes().replace(b"V", b"W", 1) + b" ")


def reworded(pack: Path) -> None:
    file = pack / "manifest.json"
    file.write_bytes(file.read_bytes().replace("救助".encode(), "救援".encode(), 1))


def lengthened(pack: Path) -> None:
    file = pack / "manifest.json"
    file.write_bytes(file.read_bytes() + b"\n")


CHANGES: list[tuple[Callable[[Path], Any], str]] = [
    (altered, "pack_altered_file"),
    (reworded, "bad_signature"),
    (lengthened, "bad_signature"),
    (lambda pack: (pack / "extra.txt").write_text("x", encoding="utf-8"), "pack_extra_file"),
    (lambda pack: (pack / "csv/deep").mkdir() or (pack / "csv/deep/x.zip").write_bytes(b"x"), "pack_extra_file"),
    (lambda pack: (pack / "map.html").unlink(), "pack_missing_file"),
    (lambda pack: (pack / "geojson/vehicles.geojson").unlink(), "pack_missing_file"),
    (lambda pack: shutil.rmtree(pack / "csv"), "pack_missing_file"),
    (lambda pack: (pack / "manifest.json").unlink(), "no_manifest"),
    (lambda pack: (pack / "manifest.sig").unlink(), "no_manifest"),
    (lambda pack: (pack / "map.html").unlink() or (pack / "map.html").mkdir(), "pack_missing_file"),
]


@pytest.mark.parametrize(("change", "code"), CHANGES)
def test_a_pack_that_was_changed_on_the_way_is_refused(
    *, gate: Store, packs: Packs, reader: Reader, tmp_path: Path, change: Callable[[Path], Any], code: str
) -> None:
    pack = copy(packs, tmp_path / "pack")
    change(pack)
    assert refused(gate, pack, reader) == code
    if (pack / "manifest.json").is_file():
        assert refused(gate, zipped(pack, tmp_path / "pack.zip"), reader) == code


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
@pytest.mark.parametrize("name", ["map.html", "csv", "manifest.json", "more.txt", "geojson/more"])
def test_a_link_in_a_pack_is_refused_and_not_followed(
    gate: Store, packs: Packs, reader: Reader, tmp_path: Path, name: str
) -> None:
    pack = copy(packs, tmp_path / "pack")
    real = pack / name
    other = tmp_path / "elsewhere"
    if real.exists():
        shutil.move(real, other)
    else:
        other.write_text("secret", encoding="utf-8")
    real.symlink_to(other)
    assert refused(gate, pack, reader) in ("pack_extra_file", "no_manifest")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_in_a_pack_does_not_stop_the_work(
    gate: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    pack = copy(packs, tmp_path / "pack")
    os.mkfifo(pack / "pipe")
    assert refused(gate, pack, reader) == "pack_extra_file"


def test_a_folder_or_file_that_is_no_pack_is_refused(gate: Store, reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no zip", encoding="utf-8")
    (tmp_path / "nothing.zip").write_bytes(b"")
    zipfile.ZipFile(tmp_path / "none.zip", "w").close()
    assert refused(gate, tmp_path / "empty", reader) == "no_manifest"
    assert [refused(gate, tmp_path / f"{name}.zip", reader) for name in ("text", "nothing", "none")] == ["bad_zip"] * 3


def test_a_folder_of_endless_files_is_refused_before_it_is_copied(
    gate: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    pack = copy(packs, tmp_path / "pack")
    for number in range(1_001):
        (pack / f"{number}.txt").touch()
    assert refused(gate, pack, reader) == "zip_limit"
    with (tmp_path / "pack/huge.bin").open("wb") as stream:
        stream.truncate(3 << 30)  # takes no room on the disk
    for number in range(1_001):
        (pack / f"{number}.txt").unlink()
    assert refused(gate, pack, reader) == "zip_limit"


# --- ZIP files of bad will -------------------------------------------------------------------------------------------


def with_member(packs: Packs, target: Path, name: str, content: bytes = b"x") -> Path:
    shutil.copyfile(packs.vehicles.zip, target)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return target


@pytest.mark.parametrize(
    "name", ["../evil.txt", "{pack}/../../evil.txt", "/etc/evil.txt", "C:/evil.txt", "{pack}\\..\\evil.txt", "evil.txt",
             "other/evil.txt", "{pack}/a:b.txt", "{pack}/manifest.json/evil.txt", "{pack}/" + "e" * 300,
             "{pack}/" + "潮" * 100 + ".txt"],
)  # fmt: skip
def test_names_that_lead_out_of_the_zip_are_refused(
    gate: Store, packs: Packs, reader: Reader, tmp_path: Path, name: str
) -> None:
    pack = with_member(packs, tmp_path / "pack.zip", name.format(pack=packs.vehicles.pack_id))
    before = sorted(path.name for path in tmp_path.iterdir())
    assert refused(gate, pack, reader) in ("bad_zip", "pack_extra_file")
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert not Path("/etc/evil.txt").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["manifest.json", "MANIFEST.json", "csv/vehicles.csv"])
def test_two_files_of_one_name_in_a_zip_are_refused(
    gate: Store, packs: Packs, reader: Reader, tmp_path: Path, name: str
) -> None:
    pack = with_member(packs, tmp_path / "pack.zip", f"{packs.vehicles.pack_id}/{name}")
    assert refused(gate, pack, reader) == "bad_zip"


def test_a_zip_bomb_is_refused_by_its_name_of_limit(gate: Store, packs: Packs, reader: Reader, tmp_path: Path) -> None:
    bomb = with_member(packs, tmp_path / "bomb.zip", f"{packs.vehicles.pack_id}/zero.bin", bytes(30 << 20))
    assert bomb.stat().st_size < 1 << 20
    assert refused(gate, bomb, reader) == "zip_limit"
    shutil.copyfile(packs.vehicles.zip, tmp_path / "many.zip")
    with zipfile.ZipFile(tmp_path / "many.zip", "a") as archive:
        for number in range(1_001):
            archive.writestr(f"{packs.vehicles.pack_id}/{number}", b"")
    assert refused(gate, tmp_path / "many.zip", reader) == "zip_limit"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_that_the_library_unpacks_without_a_bound_is_not_opened(
    gate: Store, packs: Packs, reader: Reader, tmp_path: Path, method: int
) -> None:
    with zipfile.ZipFile(tmp_path / "small.zip", "w", method) as archive:
        archive.writestr("R1/manifest.json", bytes(1 << 20))
        archive.writestr("R1/manifest.sig", b"x")
    assert refused(gate, tmp_path / "small.zip", reader) == "bad_zip"
    with pyzipper.AESZipFile(tmp_path / "locked.zip", "w", compression=method, encryption=pyzipper.WZ_AES) as locked:
        locked.setpassword(b"secret")
        locked.writestr("R1/manifest.json", bytes(1 << 20))
    assert refused(gate, tmp_path / "locked.zip", reader, password="secret") == "bad_zip"


@pytest.mark.parametrize("strength", [0, 9])
def test_a_locked_member_of_a_strength_that_is_none_is_refused(
    gate: Store, reader: Reader, tmp_path: Path, strength: int
) -> None:
    target = tmp_path / "locked.zip"
    with pyzipper.AESZipFile(target, "w", encryption=pyzipper.WZ_AES) as locked:
        locked.setpassword(b"secret")
        locked.writestr("R1/manifest.json", b"{}")
    content = target.read_bytes()
    assert content.count(b"AE\x03") == 2  # in the member's own head and in the directory
    target.write_bytes(content.replace(b"AE\x03", b"AE" + bytes([strength])))
    assert refused(gate, target, reader, password="secret") == "bad_zip"


def test_a_zip_that_lies_about_its_sizes_is_refused(gate: Store, packs: Packs, reader: Reader, tmp_path: Path) -> None:
    liar = with_member(packs, tmp_path / "liar.zip", f"{packs.vehicles.pack_id}/zero.bin", bytes(30 << 20))
    content = bytearray(liar.read_bytes())
    size = (30 << 20).to_bytes(4, "little")
    assert content.count(size) == 2  # in the member's own head and in the directory
    liar.write_bytes(bytes(content).replace(size, (10).to_bytes(4, "little")))
    assert refused(gate, liar, reader) == "bad_zip"


def test_a_zip_that_breaks_off_or_is_damaged_anywhere_is_refused(
    gate: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    whole = packs.vehicles.zip.read_bytes()
    for number, cut in enumerate((10, len(whole) // 2, len(whole) - 5)):
        broken = tmp_path / f"cut-{number}.zip"
        broken.write_bytes(whole[:cut])
        assert refused(gate, broken, reader) == "bad_zip"
    codes = set()
    for number in range(1, 24):
        at = number * len(whole) // 24
        broken = tmp_path / f"flip-{number}.zip"
        broken.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        codes.add(refused(gate, broken, reader))
    assert "bad_zip" in codes


WRONG: list[tuple[str, Any]] = [
    ("pack_id", "../../evil"), ("pack_id", ""), ("pack_id", ["R1"]), ("pack_id", "R1\x00"), ("pack_id", "R" * 200),
    ("request_id", None), ("municipality", 99301), ("municipality", "９９３０１"), ("municipality", []),
    ("provider", "潮見郵便局"), ("provider", {"name": "潮見郵便局"}), ("provider", {"name": "a\x00b", "code": "S001"}),
    ("recipient", None), ("recipient", [TOWN]), ("agreement_id", {"$ne": ""}), ("agreement_id", 1),
    ("event", "E"), ("event", {"id": 1, "name": 2}), ("drill", "no"), ("drill", 0), ("drill", None),
    ("as_of", "yesterday"), ("as_of", 0), ("as_of", "2026-11-20T09:30:00"), ("as_of", None),
    ("as_of", "0001-01-01T00:00:00Z"),
    ("provided_at", "2026-13-41T00:00:00+09:00"), ("provided_at", 1e400), ("provided_at", "9999-12-31T23:59:59-14:00"),
    ("provided_at", "0001-01-01T00:00:00+14:00"), ("expires_at", 10**30), ("expires_at", "9999-12-31T23:59:59Z"),
    ("expires_at", "0001-01-01T00:00:00+23:59"), ("purpose", ["rescue"]), ("purpose_label", "a\nb"),
    ("clauses", {}), ("clauses", [1]), ("conditions", "none"), ("not_provided", [[]]),
    ("layers", {}), ("layers", []), ("layers", None), ("layers.0", []), ("layers.0.name", "../../../etc/passwd"),
    ("layers.0.name", "received/../x"), ("layers.0.name", ["vehicles"]), ("layers.0.rows", -1), ("layers.0.rows", 1e9),
    ("layers.0.rows", "7"), ("layers.0.rows", 10**40), ("layers.0.rows", True), ("layers.0.as_of", "now"),
    ("layers.0.crs", "EPSG:9999"), ("layers.0.columns", {}), ("layers.0.columns.0", "vehicle_id"),
    ("layers.0.columns.0.type", "pickle"), ("layers.0.columns.0.name", "__class__"), ("layers.0.columns.0.name", 3),
    ("layers.0.columns.0.choices", ["a"]), ("layers.0.columns.0.sensitivity", "secret"), ("layers.0.personal", True),
    ("layers.0.personal", "no"), ("files", []), ("files", {}), ("files.0", None), ("files.0.path", "../../evil.txt"),
    ("files.0.path", "/etc/passwd"), ("files.0.path", "csv\\..\\x.csv"), ("files.0.path", "csv/../x.csv"),
    ("files.0.path", "csv/a/b.csv"), ("files.0.path", "C:x.csv"), ("files.0.path", 5), ("files.0.path", "csv/\x00.csv"),
    ("files.0.path", "manifest.json"), ("files.0.sha256", "00"), ("files.0.sha256", None), ("files.0.bytes", -5),
    ("files.0.bytes", "many"), ("files.0.counts", []), ("files.0.counts", {"vehicles": "x"}),
    ("format", "tayori-layer"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), WRONG, ids=[f"{path}={str(value)[:30]!r}" for path, value in WRONG])
def test_a_manifest_of_wrong_types_ends_in_one_sentence(
    *, gate: Store, packs: Packs, reader: Reader, tmp_path: Path, path: str, value: Any
) -> None:
    pack = forged(packs.vehicles.folder, tmp_path / "pack", packs.post, set_in(path, value))
    assert refused(gate, pack, reader) == "bad_manifest"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"text"', b"[" * 100_000, b'{"format":"tayori-pack","version":1}',
     b'{"format":"tayori-pack","version":1,"layers":' + b"[" * 50_000, b"1" * 10_000, b"NaN"],
    ids=range(11),
)  # fmt: skip
def test_what_is_no_manifest_ends_in_one_sentence(
    gate: Store, packs: Packs, reader: Reader, tmp_path: Path, content: bytes
) -> None:
    pack = copy(packs, tmp_path / "pack")
    resign(pack, packs.post, content)
    assert refused(gate, pack, reader) == "bad_manifest"


def test_a_pack_of_a_later_version_says_so(gate: Store, packs: Packs, reader: Reader, tmp_path: Path) -> None:
    pack = forged(packs.vehicles.folder, tmp_path / "pack", packs.post, set_in("version", 3))
    assert refused(gate, pack, reader) == "pack_version"


def test_a_manifest_too_large_to_be_one_is_not_read(gate: Store, packs: Packs, reader: Reader, tmp_path: Path) -> None:
    pack = copy(packs, tmp_path / "pack")
    resign(pack, packs.post, b" " * 4_000_001)
    assert refused(gate, pack, reader) == "bad_manifest"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
PLACES = sorted({path for path, _ in WRONG} - {"format"})


@given(path=st.sampled_from(PLACES), value=json_values)
def test_whatever_stands_in_a_manifest_it_is_read_or_refused(
    packs: Packs, tmp_path: Path, path: str, value: Any
) -> None:
    document = manifest_of(packs.vehicles.folder)
    set_in(path, value)(document)
    folder = tmp_path / "manifest-only"
    folder.mkdir(exist_ok=True)
    resign(folder, packs.post, document)
    codes = []
    try:
        assert read_manifest(files_in(folder))[0].layers
    except ReceiveError as error:
        codes.append(error.code)
    assert set(codes) <= {"disaster.bad_manifest"}


def test_counts_that_are_not_those_of_the_rows_are_refused(
    gate: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    def one_less(document: dict[str, Any]) -> None:
        name = document["layers"][0]["name"]
        document["layers"][0]["rows"] -= 1
        for file in document["files"]:
            if name in file["counts"]:
                file["counts"][name] -= 1

    pack = forged(packs.vehicles.folder, tmp_path / "rows", packs.post, one_less)
    assert refused(gate, pack, reader) == "pack_counts"
    counts = set_in("files.0.counts", {"vehicles": 1, "boundaries": 2})
    assert refused(gate, forged(packs.vehicles.folder, tmp_path / "file", packs.post, counts), reader) == "pack_counts"


def test_matched_returned_and_withheld_must_add_up(gate: Store, packs: Packs, reader: Reader, tmp_path: Path) -> None:
    pack = forged(packs.dwelling.folder, tmp_path / "pack", packs.post, set_in("layers.0.matched", 1_000))
    assert refused(gate, pack, reader) == "bad_manifest"


def test_a_list_of_homes_cannot_pass_for_something_else(
    gate: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    def hidden(document: dict[str, Any]) -> None:
        layer = document["layers"][0]
        assert layer.pop("personal")
        layer |= {"personal": False, "mode": None, "matched": None, "returned": None, "withheld": {}}

    def renamed(document: dict[str, Any]) -> None:
        hidden(document)
        document["layers"][0]["name"] = "risk-spots"
        for file in document["files"]:
            if "dwellings" in file["counts"]:
                file["counts"]["risk-spots"] = file["counts"].pop("dwellings")
            file["path"] = file["path"].replace("dwellings", "risk-spots")

    assert refused(gate, forged(packs.dwelling.folder, tmp_path / "one", packs.post, hidden), reader) == "bad_manifest"
    pack = forged(packs.dwelling.folder, tmp_path / "two", packs.post, renamed)
    for path in ("csv/{}.csv", "geojson/{}.geojson"):
        (pack / path.format("dwellings")).rename(pack / path.format("risk-spots"))
    assert refused(gate, pack, reader) == "pack_unknown_layer"


@pytest.mark.parametrize("name", ["letters", "forwarding", "protection", "delivery-points", "inquiries"])
def test_a_layer_that_no_pack_may_hold_is_refused(
    gate: Store, packs: Packs, reader: Reader, tmp_path: Path, name: str
) -> None:
    def other(document: dict[str, Any]) -> None:
        for file in document["files"]:
            file["counts"].pop("vehicles", None)
            file["path"] = file["path"].replace("vehicles", name)
        document["layers"][0] |= {"name": name, "rows": 0}

    pack = forged(packs.vehicles.folder, tmp_path / "pack", packs.post, other)
    for path in ("csv/{}.csv", "geojson/{}.geojson"):
        (pack / path.format("vehicles")).rename(pack / path.format(name))
    assert refused(gate, pack, reader) == "pack_unknown_layer"
    assert name not in LAYERS


def with_rows(packs: Packs, target: Path, change: Callable[[bytes], bytes]) -> Path:
    """Copy a pack, change the rows of its first layer, and hash and sign it anew."""
    pack = forged(packs.vehicles.folder, target, packs.post, as_it_is)
    file = pack / "geojson/vehicles.geojson"
    file.write_bytes(change(file.read_bytes()))
    document = manifest_of(pack)
    rehash(pack, document)
    resign(pack, packs.post, document)
    return pack


def test_values_that_are_not_of_their_type_are_refused(
    gate: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    pack = with_rows(
        packs, tmp_path / "pack", lambda rows: rows.replace(b'"vehicle_kind":"van"', b'"vehicle_kind":"tank"')
    )
    assert refused(gate, pack, reader) == "pack_value"


def test_rows_that_are_no_geojson_end_in_one_sentence(
    city: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    for number, content in enumerate((b"", b"{", b'{"type":"FeatureCollection","features":[]}', b"\x00" * 100)):
        pack = with_rows(packs, tmp_path / str(number), lambda _rows, content=content: content)
        before = contents(city)
        with pytest.raises(CodedError) as caught:
            receive(city, pack, at=AT, reader=reader)
        assert "\n" not in caught.value.sentence("ja")
        assert contents(city) == before
        assert list(city.staging.iterdir()) == []


def test_another_pack_under_a_name_that_was_received_is_refused(
    city: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    receive(city, packs.vehicles.folder, at=AT, reader=reader)
    pack = forged(packs.vehicles.folder, tmp_path / "pack", packs.post, set_in("purpose_label", "別の目的"))
    assert refused(city, pack, reader) == "pack_name_taken"
