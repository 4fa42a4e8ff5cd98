"""A pack on disk: its files, its manifest, its signature, its ZIP."""

import hashlib
import json
import os
import zipfile
from base64 import b64decode
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from door_town import AT, Packs, files_of, granted, manifest_of, request
from pydantic import ValidationError

from agreements.request import Event, Mode, Trigger, TriggerKind
from agreements.template import load_template, template_ids
from disaster.errors import ProvideError, ReceiveError
from disaster.manifest import LAYERS, PERSONAL, Manifest
from disaster.models import NOUNS
from disaster.pack import read_manifest, verify_files, verify_signature, zip_folder
from disaster.packfiles import files_in
from disaster.provide import ACCOMPANYING
from disaster.store import Store

pytest_plugins = ("door_town",)


def test_the_manifest_names_every_file_with_its_hash_and_size(packs: Packs) -> None:
    files = files_of(packs.dwelling.folder)
    listed = {file["path"]: file for file in manifest_of(packs.dwelling.folder)["files"]}
    assert set(files) - set(listed) == {"manifest.json", "manifest.sig", packs.dwelling.zip.name}
    for path, file in listed.items():
        assert file["sha256"] == hashlib.sha256(files[path]).hexdigest(), path
        assert file["bytes"] == len(files[path]), path


def test_anybody_can_check_the_signature_with_the_key_of_the_agreement(packs: Packs) -> None:
    folder = packs.dwelling.folder
    key = Ed25519PublicKey.from_public_bytes(b64decode(packs.post.public_key))
    key.verify(b64decode((folder / "manifest.sig").read_bytes()), (folder / "manifest.json").read_bytes())


def test_the_manifest_says_who_what_why_and_until_when(packs: Packs) -> None:
    said = manifest_of(packs.dwelling.folder)
    assert (said["format"], said["version"], said["pack_id"]) == ("tayori-pack", 2, packs.dwelling.pack_id)
    assert said["provider"] == {"name": "潮見郵便局", "code": "S001", "signing_key": packs.post.public_key}
    assert said["recipient"] == {"name": "潮見市災害対策本部", "code": "99301"}
    assert (said["purpose"], said["purpose_label"], said["drill"]) == ("safety_check", "安否確認", False)
    assert said["event"] == {"id": "E-2026-01", "name": "潮見川氾濫"}
    assert said["expires_at"] == (AT + timedelta(days=30)).isoformat()
    clause = said["clauses"][0]
    assert (clause["clause"], clause["article"]) == ("dwelling", "第5条第1項第3号")
    assert "協定第5条第1項第3号により提供できます" in clause["basis"]
    assert {one["dataset"] for one in said["clauses"]} | {one["dataset"] for one in said["not_provided"]} == {
        "delivery-points", *ACCOMPANYING,
    }  # fmt: skip
    assert all(one["reason"] for one in said["not_provided"])


def test_what_a_manifest_says_is_what_it_must_be(packs: Packs) -> None:
    for made in (packs.dwelling, packs.person, packs.match, packs.part, packs.vehicles, packs.drill):
        files = files_in(made.folder)
        manifest, content = read_manifest(files)
        verify_signature(files, content, packs.post.public_key)
        assert {layer.name for layer in manifest.layers if layer.personal} <= PERSONAL
        assert manifest.miscounted() is None


def test_every_layer_that_can_be_provided_is_one_that_can_be_received() -> None:
    datasets = {
        form.dataset for name in template_ids() for clause in load_template(name).clauses for form in clause.formats
    }
    assert datasets - {"delivery-points"} <= LAYERS
    assert PERSONAL <= LAYERS
    assert not LAYERS & {kind for kind, noun in NOUNS.items() if noun.personal}


def test_the_zip_holds_the_same_files_in_one_folder(packs: Packs) -> None:
    files = files_of(packs.dwelling.folder)
    with zipfile.ZipFile(packs.dwelling.zip) as archive:
        assert archive.testzip() is None
        inside = {name: archive.read(name) for name in archive.namelist()}
    name = packs.dwelling.pack_id
    assert inside == {f"{name}/{path}": content for path, content in files.items() if not path.endswith(".zip")}


def test_a_zip_depends_on_its_files_and_the_given_time_alone(packs: Packs, tmp_path: Path) -> None:
    folder = tmp_path / "R1-1"
    folder.mkdir()
    for path in ("b.txt", "a.txt"):
        (folder / path).write_text(path, encoding="utf-8")
    zip_folder(folder, tmp_path / "one.zip", at=AT)
    os.utime(folder / "a.txt", (0, 0))
    zip_folder(folder, tmp_path / "two.zip", at=AT)
    zip_folder(folder, tmp_path / "later.zip", at=AT + timedelta(days=1))
    one, two, later = ((tmp_path / f"{name}.zip").read_bytes() for name in ("one", "two", "later"))
    assert one == two != later
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.infolist()[0].date_time == (2026, 11, 20, 9, 30, 0)  # as people in Japan read it


def test_the_files_are_checked_against_the_manifest(packs: Packs, tmp_path: Path) -> None:
    manifest, _ = read_manifest(files_in(packs.vehicles.folder))
    (tmp_path / "map.html").write_text("x", encoding="utf-8")
    with pytest.raises(ReceiveError) as caught:
        verify_files(files_in(tmp_path), manifest)
    assert caught.value.code in ("disaster.pack_missing_file", "disaster.pack_altered_file")


def test_a_manifest_that_its_receiver_would_refuse_is_not_handed_over(post: Store, tmp_path: Path) -> None:
    trigger = Trigger(TriggerKind.HQ_ESTABLISHED, AT, "潮見市長")
    post.events.add(Event("E-LINES", "氾濫\n■ 根拠\n  すべて提供できます", "99301", False, AT, (trigger,)), at=AT)
    with pytest.raises(ProvideError) as caught:
        granted(post, request(event_id="E-LINES"), out=tmp_path / "out", at=AT)
    assert caught.value.code == "disaster.manifest_unfit"
    assert "event.name" in caught.value.sentence("ja")
    assert list((tmp_path / "out").iterdir()) == []
    assert post.provisions.all()[0].state == "failed"


def test_a_manifest_of_a_later_minor_version_is_read_without_what_it_adds(packs: Packs) -> None:
    document = manifest_of(packs.vehicles.folder) | {"weather": "rain"}
    document["layers"][0]["style"] = {"colour": "red"}
    kept = Manifest.model_validate_json(json.dumps(document)).model_dump(mode="json")
    assert "weather" not in kept
    assert "style" not in kept["layers"][0]
    with pytest.raises(ValidationError):
        Manifest.model_validate_json(json.dumps(document | {"version": "1"}))


def test_the_page_is_one_page_that_says_what_a_clerk_must_know(packs: Packs) -> None:
    text = (packs.part.folder / "READ_ME_FIRST.txt").read_bytes().decode("utf-8-sig")
    lines = text.split("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert len(lines) <= 66
    for words in ("潮見郵便局", "潮見市災害対策本部", "安否確認", "利用期限", "2026年12月20日", "第5条第1項第3号",
                  "消して", "インターネットは不要", "map.html", "該当"):  # fmt: skip
        assert words in text, words
    held = packs.part
    assert f"該当 {held.matched}件 = 提供 {held.returned}件" in text


def test_a_condition_stands_on_the_page(post: Store, tmp_path: Path) -> None:
    asked = request(Mode.DWELLING, channel="telephone", confirmed_by="港 次郎", document_no="")
    made = granted(post, asked, out=tmp_path / "out", at=AT)
    text = (made.folder / "READ_ME_FIRST.txt").read_text(encoding="utf-8-sig")
    assert "条件: " in text
    assert manifest_of(made.folder)["conditions"]
    assert "港 次郎" not in text


def test_a_pack_of_peacetime_names_no_event(post: Store, tmp_path: Path) -> None:
    asked = request(Mode.LAYER, dataset="offices", purpose="planning", event_id=None)
    made = granted(post, asked, out=tmp_path / "out", at=AT)
    assert manifest_of(made.folder)["event"] is None
    assert "(平常時)" in (made.folder / "READ_ME_FIRST.txt").read_text(encoding="utf-8-sig")
    assert set(made.counts) == {"offices", "areas", "boundaries"}
    assert {"delivery-status", "damage-points"} <= set(made.not_provided)
