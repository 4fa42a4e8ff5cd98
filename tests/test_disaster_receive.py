"""The twin of the door: a pack comes in whole, checked and recorded, or not at all."""

import errno
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from door_town import (
    AT,
    TOWN,
    Packs,
    Situation,
    agree,
    batch_of,
    declare,
    files_of,
    forged,
    granted,
    ledger_of,
    manifest_of,
    request,
    texts_of,
    zipped,
)  # fmt: skip
from receive_town import as_it_is, contents, refused

from agreements.request import Mode
from disaster.errors import DisasterError, ReceiveError, StoreError
from disaster.manifest import PERSONAL
from disaster.models import NOUNS
from disaster.packfiles import PackFiles
from disaster.publish import publish
from disaster.receive import receive
from disaster.store import Store
from geo.read import Reader

pytest_plugins = ("door_town", "receive_town")


@pytest.fixture
def city(situation: Situation, packs: Packs, tmp_path: Path) -> Any:
    """The municipality's store under the agreement that the packs' store signed."""
    with situation.city(tmp_path / "city") as store:
        agree(store, key=packs.post.public_key)
        yield store


def test_what_was_provided_comes_in_as_it_was(city: Store, packs: Packs, reader: Reader) -> None:
    got = receive(city, packs.dwelling.folder, at=AT, reader=reader)
    assert got.counts == packs.dwelling.counts
    assert (got.unchanged, got.drill, got.purpose, got.expires_at) == (
        False,
        False,
        "安否確認",
        AT + timedelta(days=30),
    )
    assert city.ledger.verify().ok
    for layer, kind in (("dwellings", "delivery-points"), ("offices", "offices"), ("damage-points", "damage-points")):
        here = city.current(f"received/{layer}", TOWN, at=AT).table
        there = packs.post.current(kind, TOWN).table
        key = NOUNS[kind].key[0]
        sent = {row[key]: row for row in there.to_pylist()}
        names = [name for name in here.column_names if name in there.column_names]
        for row in here.to_pylist():
            origin = sent[row[key]]
            assert {name: row[name] for name in names} == {name: origin[name] for name in names}
            place = None if row["geometry"] is None else shapely.from_wkb(row["geometry"])
            expected = None if origin["lon"] is None else (origin["lon"], origin["lat"])
            assert (place is None) == (expected is None)
            assert place is None or (place.x, place.y) == pytest.approx(expected, abs=1e-6)


def test_lists_in_a_column_stay_lists(city: Store, packs: Packs, reader: Reader) -> None:
    receive(city, packs.dwelling.zip, at=AT, reader=reader)
    here = city.current("received/offices", TOWN, at=AT).table
    there = packs.post.current("offices", TOWN).table
    assert dict(zip(here.column("office_code").to_pylist(), here.column("services").to_pylist(), strict=True)) == dict(
        zip(there.column("office_code").to_pylist(), there.column("services").to_pylist(), strict=True)
    )


@pytest.mark.parametrize("mode", ["dwelling", "match", "person", "part", "vehicles"])
def test_folder_and_zip_say_the_same(city: Store, packs: Packs, reader: Reader, mode: str) -> None:
    made = getattr(packs, mode)
    first = receive(city, made.folder, at=AT, reader=reader)
    held = contents(city), city.ledger.head()
    again = receive(city, made.zip, at=AT, reader=reader)
    assert (first.unchanged, again.unchanged) == (False, True)
    assert first.counts == again.counts == made.counts
    assert (contents(city), city.ledger.head()) == held


def test_a_folder_under_another_name_is_the_same_pack(
    city: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    shutil.copytree(packs.vehicles.folder, tmp_path / "郵便局から")
    assert receive(city, tmp_path / "郵便局から", at=AT, reader=reader).pack_id == packs.vehicles.pack_id


def test_a_drill_comes_in_as_a_drill(city: Store, packs: Packs, reader: Reader, tmp_path: Path) -> None:
    agree_key = packs.drills.public_key
    assert agree_key == packs.post.public_key  # copies of one store
    got = receive(city, packs.drill.zip, at=AT, reader=reader, out=tmp_path / "hq")
    assert got.drill
    assert city.current("received/persons", TOWN, at=AT).table.num_rows == 0
    assert city.current("received/persons", TOWN, at=AT, drill=True).table.num_rows == got.counts["persons"] > 0
    assert "訓練" in (tmp_path / "hq/map.html").read_text(encoding="utf-8")


def test_a_real_view_never_shows_rows_of_a_drill(city: Store, packs: Packs, reader: Reader, tmp_path: Path) -> None:
    shelters = city.current("shelters", TOWN).table.slice(0, 2)
    ids = ["KUNREN-1", "KUNREN-2"]
    index = shelters.column_names.index("shelter_id")
    invented = shelters.set_column(index, "shelter_id", [ids])
    city.add_batch(batch_of("shelters", invented, dataset="drill", drill=True), at=AT)
    receive(city, packs.drill.zip, at=AT, reader=reader)
    got = receive(city, packs.dwelling.zip, at=AT, reader=reader, out=tmp_path / "hq")
    assert got.view is not None
    for path, text in texts_of(got.view.folder):
        assert "KUNREN-1" not in text, path
        assert path == "map.html" or "訓練" not in text, path


def test_the_headquarters_view_holds_no_home(city: Store, packs: Packs, reader: Reader, tmp_path: Path) -> None:
    got = receive(city, packs.dwelling.zip, at=AT, reader=reader, out=tmp_path / "hq")
    assert got.view is not None
    assert not PERSONAL & set(got.view.counts)
    assert {"shelters", "damage-points", "offices"} <= set(got.view.counts)
    points = packs.post.current("delivery-points", TOWN).table.column("point_id").to_pylist()
    for path, text in texts_of(got.view.folder):
        assert not [point for point in points if point in text], path
    assert len(ledger_of(city, "viewed")) == 1
    assert not ledger_of(city, "published")


def test_a_view_that_is_there_already_is_said_before_anything_is_stored(
    city: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    (tmp_path / "hq").mkdir()
    before = contents(city)
    with pytest.raises(ReceiveError) as caught:
        receive(city, packs.dwelling.zip, at=AT, reader=reader, out=tmp_path / "hq")
    assert caught.value.code == "disaster.out_exists"
    assert contents(city) == before


def test_the_post_s_store_takes_no_pack(post: Store, packs: Packs, reader: Reader) -> None:
    head = post.ledger.head()
    with pytest.raises(ReceiveError) as caught:
        receive(post, packs.dwelling.zip, at=AT, reader=reader)
    assert caught.value.code == "disaster.wrong_side_for_receive"
    assert post.ledger.head() == head


def test_a_pack_that_is_not_there_is_said(city: Store, reader: Reader, tmp_path: Path) -> None:
    with pytest.raises(ReceiveError) as caught:
        receive(city, tmp_path / "なし.zip", at=AT, reader=reader)
    assert "なし.zip" in caught.value.sentence("ja")


def test_an_expired_pack_is_refused(city: Store, packs: Packs, reader: Reader) -> None:
    expiry = packs.dwelling.decision.expires_at
    assert expiry is not None
    assert refused(city, packs.dwelling.folder, reader, at=expiry) == "pack_expired"
    assert not receive(city, packs.dwelling.folder, at=expiry - timedelta(seconds=1), reader=reader).unchanged


def test_a_pack_for_another_municipality_is_refused(gate: Store, packs: Packs, reader: Reader, tmp_path: Path) -> None:
    def elsewhere(document: dict[str, Any]) -> None:
        document["recipient"] = {"name": "沖浜市災害対策本部", "code": "99302"}

    pack = forged(packs.vehicles.folder, tmp_path / "pack", packs.post, elsewhere)
    assert refused(gate, pack, reader) == "pack_for_another"


def test_a_pack_about_another_municipality_has_no_agreement_here(
    gate: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    pack = forged(packs.vehicles.folder, tmp_path / "pack", packs.post, lambda d: d.update(municipality="99302"))
    assert refused(gate, pack, reader) == "unknown_agreement"


def test_an_agreement_that_is_not_registered_here_is_named(
    situation: Situation, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    with situation.city(tmp_path / "city") as city:
        assert refused(city, packs.vehicles.folder, reader) == "unknown_agreement"


def test_an_agreement_that_was_not_in_force_opens_no_pack(
    situation: Situation, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    with situation.city(tmp_path / "city") as city:
        agree(city, key=packs.post.public_key, since=(AT + timedelta(days=1)).date())
        assert refused(city, packs.vehicles.folder, reader) == "agreement_not_in_force"


def test_another_signer_is_refused(
    situation: Situation, gate: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    with Store.create(tmp_path / "thief", side=packs.post.side, municipalities=[TOWN], at=AT) as thief:
        pack = forged(packs.vehicles.folder, tmp_path / "pack", thief, as_it_is)
    assert refused(gate, pack, reader) == "bad_signature"


@pytest.mark.parametrize("signature", [b"", b"AAAA", b"\xff\xfe", b"A" * 88])
def test_a_signature_that_is_none_is_refused(
    gate: Store, packs: Packs, reader: Reader, tmp_path: Path, signature: bytes
) -> None:
    pack = forged(packs.vehicles.folder, tmp_path / "pack", packs.post, as_it_is)
    (pack / "manifest.sig").write_bytes(signature)
    assert refused(gate, pack, reader) == "bad_signature"


def test_an_agreement_without_a_key_opens_no_pack(
    situation: Situation, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    with situation.city(tmp_path / "city") as city:
        agree(city, key="")
        assert refused(city, packs.vehicles.folder, reader) == "bad_signature"


def test_an_older_pack_than_the_newest_of_its_request_is_refused(
    city: Store, post: Store, reader: Reader, tmp_path: Path
) -> None:
    one, two = (request(Mode.LAYER, number, dataset="damage-points") for number in (7, 8))
    old = granted(post, one, out=tmp_path / "out", at=AT)
    made = granted(post, two, out=tmp_path / "out", at=AT + timedelta(hours=2))
    new = forged(made.folder, tmp_path / "new", post, lambda document: document.update(request_id=one.request_id))
    later = AT + timedelta(hours=3)
    assert not receive(city, new, at=later, reader=reader).unchanged
    assert refused(city, old.folder, reader, at=later) == "pack_older"
    assert receive(city, zipped(new, tmp_path / "new.zip"), at=later, reader=reader).unchanged


def test_received_rows_are_not_what_the_city_publishes(
    city: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    receive(city, packs.dwelling.folder, at=AT, reader=reader)
    made = publish(city, TOWN, out=tmp_path / "public", at=AT)
    assert not {"dwellings", "delivery-status", "damage-points", "offices", "stockpiles"} & set(made.counts)
    assert {"shelters", "openings", "emergency-sites"} <= set(made.counts)


def test_received_rows_are_encrypted_where_they_lie(city: Store, packs: Packs, reader: Reader) -> None:
    receive(city, packs.person.folder, at=AT, reader=reader)
    names = [
        name
        for row in packs.post.current("delivery-points", TOWN).table.to_pylist()
        for name in row["addressees"] or []
    ]
    assert len(names) > 100
    for path, content in files_of(city.home).items():
        assert not [name for name in names if name.encode() in content], path


def test_the_citys_store_cannot_provide_with_the_posts_agreement(city: Store, tmp_path: Path) -> None:
    declare(city)
    with pytest.raises(DisasterError) as caught:
        granted(city, request(), out=tmp_path / "out", at=AT)
    assert caught.value.code == "disaster.other_signing_key"
    assert not isinstance(caught.value, StoreError)


def test_a_pack_for_a_part_of_the_town_stands_beside_that_for_the_whole(
    packs: Packs, city: Store, reader: Reader
) -> None:
    for made in (packs.dwelling, packs.part):
        receive(city, made.zip, at=AT, reader=reader)
    kept = city.current("received/dwellings", city.municipalities[0], at=AT)
    assert kept.table.num_rows == packs.dwelling.returned + packs.part.returned
    assert manifest_of(packs.part.folder)["area"]
    assert manifest_of(packs.dwelling.folder)["area"] is None


def _as_version_1(document: dict[str, Any]) -> None:
    """Take out what version 1 did not say."""
    document["version"] = 1
    document["provider"].pop("signing_key")
    for name in ("agreement_title", "law", "assessment_id", "channel", "document_due"):
        document.pop(name)
    for one in document["layers"]:
        one.pop("place")
        for column in one["columns"]:
            for name in ("clause", "article", "basis", "law"):
                column.pop(name)


def test_a_pack_of_version_1_is_received_as_before(city: Store, packs: Packs, reader: Reader, tmp_path: Path) -> None:
    pack = forged(packs.vehicles.folder, tmp_path / "pack", packs.post, _as_version_1)
    assert receive(city, pack, at=AT, reader=reader).counts == packs.vehicles.counts


def test_a_full_disk_is_said_and_is_no_fault_of_the_pack(
    city: Store, packs: Packs, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(PackFiles, "copy", full)
        with pytest.raises(StoreError) as caught:
            receive(city, packs.vehicles.zip, at=AT, reader=reader)
    assert caught.value.code == "disaster.cannot_write"
    assert ledger_of(city, "pack_refused") == []
    assert list(city.staging.iterdir()) == []
    assert not receive(city, packs.vehicles.zip, at=AT, reader=reader).unchanged
