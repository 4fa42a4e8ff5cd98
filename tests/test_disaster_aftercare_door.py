"""What follows a release, with a real pack of the door: recall, receive, question, purge, receipt."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from door_town import AT, NOTICE, TOWN, granted, request

from agreements.request import Mode
from agreements.workflow import Actor, Role
from disaster.aftercare.due import due_list
from disaster.aftercare.person import Met, Subject, given_to
from disaster.aftercare.purge import purge_pack
from disaster.aftercare.recall import check_notice, recall
from disaster.aftercare.receipts import record_document
from disaster.errors import AftercareError, ReceiveError
from disaster.receive import receive
from disaster.store import Store
from geo.read import Reader

pytest_plugins = ("door_town",)

DAY = timedelta(days=1)
JUDGE, OFFICER = Actor("承認 三郎", Role.REPRESENTATIVE_OFFICE), Actor("保護 五子", Role.PROTECTION_OFFICER)


def test_a_real_pack_is_called_back_found_purged_and_receipted(
    post: Store, city: Store, reader: Reader, tmp_path: Path
) -> None:
    made = granted(post, request(Mode.PERSON), out=tmp_path / "out")
    receive(city, made.folder, at=AT, reader=reader)
    held = city.current("received/persons", TOWN, at=AT).table
    assert held.num_rows == made.returned > 0

    # the notice names every file that lies in the handed folder, as it lies there
    notice = recall(
        post, made.pack_id, reason="区域の誤り", due_by=AT + DAY, by=JUDGE, out=tmp_path / "n", at=AT + DAY / 2
    )
    on_disk = {
        path.relative_to(made.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in made.folder.rglob("*")
        if path.is_file()
    }
    assert {one.path: one.sha256 for one in notice.notice.files} == on_disk

    # everybody in the pack is found by name and address, whoever is asked for is the only one told of
    first = held.slice(0, 1).to_pylist()[0]
    subject = Subject(first["addressee"], first["address"])
    answer = given_to(post, subject, by=OFFICER, checked="運転免許証", at=AT + DAY, municipality=TOWN)
    assert [(one.pack.pack_id, one.met) for one in answer.given] == [(made.pack_id, Met.PERSON)]
    others = set(held.column("addressee").to_pylist()) - {first["addressee"]}
    said = str([one.to_dict(AT) for one in answer.given])
    assert not [name for name in others if name in said]

    # the recipient's side stops, destroys and reports; the provider records it
    assert check_notice(city, notice.folder / "recall.json", at=AT + DAY).here
    assert city.current("received/persons", TOWN, at=AT + DAY).table.num_rows == 0
    report = purge_pack(city, made.pack_id, by="消去 四郎", copies_deleted=True, at=AT + DAY)
    assert report.destroyed == len(made.counts)
    assert record_document(post, report, by=JUDGE, at=AT + DAY).complete
    assert due_list(post, at=AT + 90 * DAY).theirs == ()
    assert post.ledger.verify().ok
    assert city.ledger.verify().ok


def test_a_report_about_another_pack_of_the_same_request_is_not_taken(
    post: Store, city: Store, reader: Reader, tmp_path: Path
) -> None:
    made = granted(post, request(), out=tmp_path / "out")
    other = granted(post, request(Mode.DWELLING, 2), out=tmp_path / "out")
    receive(city, made.folder, at=AT, reader=reader)
    report = purge_pack(city, made.pack_id, by="消去 四郎", copies_deleted=True, at=AT)
    with pytest.raises(AftercareError) as caught:
        record_document(post, report.model_copy(update={"pack_id": other.pack_id}), by=JUDGE, at=AT)
    assert caught.value.code == "disaster.receipt_other_files"


def test_what_was_recalled_or_destroyed_is_not_taken_in_again_and_said_so(
    post: Store, city: Store, reader: Reader, tmp_path: Path
) -> None:
    asked = request(Mode.LAYER, 5, dataset="vehicles", purpose="rescue")
    made = granted(post, asked, out=tmp_path / "out")

    def code() -> str:
        with pytest.raises(ReceiveError) as caught:
            receive(city, made.folder, at=AT + DAY, reader=reader)
        assert made.pack_id in caught.value.sentence()
        return caught.value.code

    receive(city, made.folder, at=AT, reader=reader)
    purge_pack(city, made.pack_id, by="消去 四郎", copies_deleted=False, at=AT)
    assert code() == "disaster.pack_purged"
    notice = recall(post, made.pack_id, reason="誤り", due_by=AT + DAY, by=JUDGE, out=tmp_path / "n", at=AT)
    check_notice(city, notice.folder / "recall.json", at=AT)
    assert code() == "disaster.pack_recalled"
    assert all(row.state == "purged" for row in city.batches() if row.pack_id == made.pack_id)
    refusals = [entry.payload["reason"] for entry in city.ledger.entries() if entry.kind == "pack_refused"]
    assert refusals == ["disaster.pack_purged", "disaster.pack_recalled"]


def test_a_recall_that_comes_first_keeps_its_pack_out(post: Store, city: Store, reader: Reader, tmp_path: Path) -> None:
    made = granted(post, request(Mode.LAYER, 5, dataset="vehicles", purpose="rescue"), out=tmp_path / "out")
    notice = recall(post, made.pack_id, reason="誤り", due_by=AT + DAY, by=JUDGE, out=tmp_path / "n", at=AT)
    check_notice(city, notice.folder / "recall.json", at=AT)
    with pytest.raises(ReceiveError) as caught:
        receive(city, made.folder, at=AT + DAY / 24, reader=reader)
    assert caught.value.code == "disaster.pack_recalled"
    assert city.received.all() == ()


def test_a_home_that_got_a_notice_by_the_post_is_found_and_the_counts_name_nobody(post: Store, tmp_path: Path) -> None:
    made = granted(post, request(Mode.FORWARD, 7, purpose="notice"), out=tmp_path / "out", notice=NOTICE)
    assert made.mailing is not None
    keys = {path.name: path.stat().st_size for path in (post.home / "subjects" / TOWN).iterdir()}
    assert keys[f"{made.pack_id}.keys"] == 0 < keys[f"{made.pack_id}-post.keys"]
    assert post.subjects.unindexed(TOWN) == ()
    register = post.current("delivery-points", TOWN).table.to_pylist()
    served = next(row for row in register if row["status"] == "served" and row["address"] and row["lon"])
    away = next(row for row in register if row["status"] == "suspended")
    found = [
        given_to(post, Subject("何野 何某", one["address"]), by=OFFICER, checked="運転免許証", at=AT, municipality=TOWN)
        for one in (served, away)
    ]
    assert [[(one.pack.pack_id, one.met) for one in answer.given] for answer in found] == [
        [(f"{made.pack_id}-post", Met.HOME)],
        [],
    ]


def test_who_lives_in_a_building_that_the_register_writes_into_the_address_is_found_without_it(
    post: Store, tmp_path: Path
) -> None:
    made = granted(post, request(Mode.PERSON), out=tmp_path / "out")
    rows = (row for row in post.current("delivery-points", TOWN).table.to_pylist() if row["addressees"])
    one = next(row for row in rows if "-" in row["address"] and "\u3000" in row["address"])
    for address in (one["address"], one["address"].split("\u3000")[0]):
        subject = Subject(one["addressees"][0], address)
        answer = given_to(post, subject, by=OFFICER, checked="運転免許証", at=AT, municipality=TOWN)
        assert [(found.pack.pack_id, found.met) for found in answer.given] == [(made.pack_id, Met.PERSON)], address
