"""Whether a pack is as it was signed, and what each column stands under: told without a store."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from door_town import AT, TOWN, Packs, agreement, forged, manifest_of, zipped
from typer.testing import CliRunner

from agreements.agreement import parse_agreement
from agreements.format import SENSITIVITIES, Sensitivity
from agreements.schedules import format_grid
from agreements.template import load_template
from disaster.cli.app import make_program
from disaster.errors import ReceiveError
from disaster.packfiles import handed_files
from disaster.verify import explain, verify

pytest_plugins = ("door_town",)


@pytest.fixture
def pack(packs: Packs, tmp_path: Path) -> Path:
    """A copy of a pack of dwellings, as it would lie on another machine."""
    target = tmp_path / packs.dwelling.pack_id
    shutil.copytree(packs.dwelling.folder, target, ignore=shutil.ignore_patterns("*.zip"))
    return target


def refused(path: Path, **given: Any) -> str:
    with pytest.raises(ReceiveError) as caught:
        verify(path, at=AT, **given)
    return caught.value.code.removeprefix("disaster.")


def test_a_whole_pack_is_told_whole_as_folder_and_as_zip(packs: Packs, pack: Path, tmp_path: Path) -> None:
    for path in (pack, zipped(pack, tmp_path / "sent.zip")):
        found = verify(path, at=AT)
        assert (found.manifest.pack_id, found.by_agreement, found.expired) == (packs.dwelling.pack_id, False, False)
    key = packs.post.public_key
    assert verify(pack, at=AT, agreement=parse_agreement(agreement(key=key))).by_agreement


def test_one_letter_changed_anywhere_is_found(pack: Path) -> None:
    for path in sorted(path for path in pack.rglob("*") if path.is_file()):
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        if path.name not in ("manifest.sig",):  # its last sign is a line break
            assert refused(pack) in ("pack_altered_file", "bad_signature", "bad_manifest"), path
        path.write_bytes(content)
    assert verify(pack, at=AT).file == ""


def test_what_stands_behind_the_signature_is_looked_at(pack: Path) -> None:
    signature = pack / "manifest.sig"
    signed = signature.read_bytes()
    signature.write_bytes(signed + b" " * (1_000 - len(signed)) + b"<script>")
    assert refused(pack) == "bad_signature"
    signature.write_bytes(signed + b"\n")
    assert verify(pack, at=AT).file == ""


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_what_lies_beside_one_file_is_not_looked_at(pack: Path, tmp_path: Path) -> None:
    (pack / "latest").symlink_to(tmp_path)
    assert verify(pack / "map.html", at=AT).file == "map.html"
    assert refused(pack) == "pack_extra_file"
    (pack / "map.html").unlink()
    (pack / "map.html").symlink_to(pack / "situation.xlsx")
    assert refused(pack / "map.html") == "pack_extra_file"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_link_or_pipe_that_takes_a_file_s_place_is_neither_followed_nor_waited_for(pack: Path) -> None:
    file = pack / "map.html"
    with handed_files(pack) as files:
        file.unlink()
        file.symlink_to(pack / "situation.xlsx")
        with pytest.raises(ReceiveError):
            files.read("map.html", 10)
        file.unlink()
        os.mkfifo(file)
        with pytest.raises(ReceiveError):
            files.sha256("map.html")


def test_a_pack_that_somebody_else_signed_is_not_the_agreement_s(packs: Packs, pack: Path) -> None:
    other = parse_agreement(agreement(key="A" * 43 + "="))
    assert refused(pack, agreement=other) == "bad_signature"
    assert (
        refused(pack, agreement=parse_agreement(agreement(number=2, key=packs.post.public_key))) == "unknown_agreement"
    )


def test_one_file_in_its_pack_is_checked_alone(pack: Path, tmp_path: Path) -> None:
    file = pack / "csv" / "dwellings.csv"
    assert verify(file, at=AT).file == "csv/dwellings.csv"
    (pack / "csv" / "offices.csv").write_bytes(b"changed")
    assert verify(file, at=AT).file == "csv/dwellings.csv"
    file.write_bytes(file.read_bytes() + b"x")
    assert refused(file) == "pack_altered_file"
    shutil.copy(file, tmp_path / "alone.csv")
    assert refused(tmp_path / "alone.csv") == "file_without_pack"
    assert refused(tmp_path / "nothing.zip") == "no_pack"


def test_no_column_about_homes_is_called_public_by_pack_file_or_annex(packs: Packs, tmp_path: Path) -> None:
    alone = tmp_path / "mailed.xlsx"
    shutil.copy(packs.dwelling.folder / "situation.xlsx", alone)
    closed = {Sensitivity.DWELLING, Sensitivity.PERSON}
    for told in (explain(packs.dwelling.folder), explain(alone)):
        homes = {line.label: line.sensitivity for line in told.columns if line.layer_title.startswith("住居一覧")}
        assert "位置の精度" in homes
        assert set(homes.values()) <= closed
    signed = manifest_of(packs.dwelling.folder)["layers"][0]["columns"]
    clause = load_template("model-emergency-2026").clause("dwelling")
    assert clause is not None
    form = clause.formats[0]
    annex = {row[2]: row[5] for row in format_grid(form).rows}
    for column in signed:
        assert annex[column["name"]] == SENSITIVITIES[Sensitivity(column["sensitivity"])][0], column["name"]


def test_every_column_of_a_pack_names_its_clause(pack: Path) -> None:
    lines = explain(pack).columns
    assert len(lines) > 50
    for line in lines:
        assert line.basis, line
        assert bool(line.clause) == (line.layer not in ("boundaries", "roads")), line
    homes = {line.column: line for line in lines if line.layer == "dwellings"}
    assert {line.clause for line in homes.values()} == {"dwelling"}
    assert {line.article for line in homes.values()} == {"第5条第1項第3号"}
    assert homes["address"].sensitivity is Sensitivity.DWELLING
    assert "個人情報の保護に関する法律" in homes["address"].law


@pytest.mark.parametrize("name", ["situation.xlsx", "situation.gpkg", "map.html", "geojson/dwellings.geojson"])
def test_a_file_that_was_mailed_alone_says_itself_what_it_stands_under(pack: Path, tmp_path: Path, name: str) -> None:
    alone = tmp_path / Path(name).name
    shutil.copy(pack / name, alone)
    told, beside = explain(alone, column="住所"), explain(pack / name, column="住所")
    assert (told.signed, beside.signed) == (False, True)
    one, other = (next(line for line in found.columns if line.clause == "dwelling") for found in (told, beside))
    assert (one.article, one.agreement, one.law) == (other.article, f"{TOWN}-2026-01", other.law)
    assert one.sensitivity is other.sensitivity is Sensitivity.DWELLING


def test_what_says_nothing_of_itself_is_told_so(pack: Path, tmp_path: Path) -> None:
    shutil.copy(pack / "csv/dwellings.csv", tmp_path / "alone.csv")
    for name, content in (("a.xlsx", b"PK\x03\x04"), ("a.gpkg", b"SQLite"), ("a.html", b"<p>"), ("a.geojson", b"{}")):
        (tmp_path / name).write_bytes(content)
    for path in sorted(path for path in tmp_path.iterdir() if path.is_file()):
        with pytest.raises(ReceiveError) as caught:
            explain(path)
        assert caught.value.code == "disaster.nothing_to_explain", path


def test_a_column_that_is_not_there_is_named_with_those_that_are(pack: Path) -> None:
    with pytest.raises(ReceiveError) as caught:
        explain(pack / "csv/dwellings.csv", column="電話番号")
    assert caught.value.code == "disaster.no_such_column"
    assert "住所" in caught.value.sentence("ja")


def test_a_manifest_whose_column_no_clause_opens_is_none(packs: Packs, tmp_path: Path) -> None:
    def widened(document: dict[str, Any]) -> None:
        document["clauses"][0]["columns"].remove("address")

    assert refused(forged(packs.dwelling.folder, tmp_path / "wide", packs.post, widened)) == "bad_manifest"


def test_the_verbs_need_no_store(pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (["verify", str(pack)], ["explain", str(pack), "--column", "住所"]):
        for more in ([], ["--json"], ["--lang", "en"]):
            result = CliRunner().invoke(make_program(), [*words, *more])
            assert result.exit_code == 0, result.output
            assert result.output
