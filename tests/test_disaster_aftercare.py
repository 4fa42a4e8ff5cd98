"""After the release: expiry, recall, receipt, the overdue list and the closing checklist."""

import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from handed_town import (
    ASKS,
    AT,
    CONTACTS,
    DAY,
    EVENT,
    GIVES,
    HOUR,
    HQ,
    JUDGES,
    POST,
    TOWN,
    hand,
    request,
    take_in,
)
from hypothesis import given
from hypothesis import strategies as st

from agreements.agreement import Party, new_agreement_text
from agreements.errors import WorkflowError
from agreements.request import Mode
from agreements.workflow import Act, Actor, Role, State, Step
from disaster.aftercare.checklist import checklist
from disaster.aftercare.documents import (
    DeletionReceipt,
    RecallNotice,
    parse_document,
    write_document,
)
from disaster.aftercare.due import due_list
from disaster.aftercare.letter import html, recall_letter, receipt_letter, text, write_letter
from disaster.aftercare.out import after_hours, callers, pack_out
from disaster.aftercare.purge import purge_pack
from disaster.aftercare.recall import Recalled, check_notice, recall, recalled_by
from disaster.aftercare.receipts import Told, read_receipt, record_document, record_receipt
from disaster.errors import AftercareError
from disaster.models import Side
from disaster.signing import signature_of
from disaster.store import Store

pytest_plugins = ("handed_town",)


def called_back(giver: Store, pack: str, out: Path, *, at: datetime = AT + DAY, hours: int = 24) -> Recalled:
    due_by = at + timedelta(hours=hours)
    return recall(giver, pack, reason="区域の指定に誤りがあった", due_by=due_by, by=JUDGES, out=out, at=at)


def told(at: datetime = AT + 2 * DAY, *, complete: bool = True, how: str = "電話で確認") -> Told:
    return Told(at, "消去 四郎", how, complete)


def kinds(of: Store) -> list[str]:
    return [entry.kind for entry in of.ledger.entries()]


def read_rows(taker: Store, at: datetime) -> int:
    return taker.current("received/dwellings", TOWN, at=at).table.num_rows


def test_our_side_stops_at_the_second_of_the_expiry(giver: Store, taker: Store) -> None:
    take_in(taker, giver, hand(giver, days=7))
    assert read_rows(taker, AT + 7 * DAY - timedelta(seconds=1)) == 1
    assert read_rows(taker, AT + 7 * DAY) == 0
    (ours,) = due_list(taker, at=AT + 7 * DAY).ours
    assert not ours.recalled
    assert due_list(taker, at=AT + 7 * DAY - timedelta(seconds=1)).ours == ()


def test_a_pack_is_overdue_from_the_second_of_its_expiry_until_its_receipt(giver: Store) -> None:
    pack = hand(giver, days=7)
    assert due_list(giver, at=AT + 7 * DAY - timedelta(seconds=1)).theirs == ()
    (one,) = due_list(giver, at=AT + 7 * DAY).theirs
    assert (one.pack.pack_id, one.overdue) == (pack, True)
    record_receipt(giver, pack, told(AT + 8 * DAY), by=GIVES, at=AT + 8 * DAY)
    assert due_list(giver, at=AT + 90 * DAY).theirs == ()


def test_the_overdue_list_names_first_who_answers_at_this_hour(giver: Store) -> None:
    hand(giver, days=7)
    by_day = due_list(giver, at=AT + 7 * DAY).theirs[0].calls
    at_night = due_list(giver, at=AT + 7 * DAY + 12 * HOUR).theirs[0].calls
    assert [one.phone for one in by_day] == ["054-000-1001", "054-000-1999"]
    assert [one.phone for one in at_night] == ["054-000-1999", "054-000-1001"]


@pytest.mark.parametrize(
    ("when", "closed"),
    [
        ("2026-11-20T08:29:59", True),
        ("2026-11-20T08:30:00", False),
        ("2026-11-20T17:14:59", False),
        ("2026-11-20T17:15:00", True),
        ("2026-11-21T12:00:00", True),
        ("2026-11-22T12:00:00", True),
    ],
)
def test_offices_are_closed_at_night_and_at_weekends(when: str, *, closed: bool) -> None:
    assert after_hours(datetime.fromisoformat(when).replace(tzinfo=ZoneInfo("Asia/Tokyo"))) is closed


@given(st.datetimes(timezones=st.just(ZoneInfo("UTC")), min_value=datetime(2026, 1, 1), max_value=datetime(2030, 1, 1)))  # noqa: DTZ001
def test_nobody_is_lost_from_the_people_to_call(at: datetime) -> None:
    found = callers(CONTACTS, at)
    assert sorted(one.phone for one in found) == sorted(one.phone for one in CONTACTS)
    assert not after_hours(at) or [one.at_night for one in found] == sorted(
        (one.at_night for one in found), reverse=True
    )


def test_a_recall_hands_over_a_signed_notice_with_every_file_and_hash(giver: Store, tmp_path: Path) -> None:
    pack = hand(giver)
    made = called_back(giver, pack, tmp_path / "out")
    assert sorted(p.name for p in made.folder.iterdir()) == [
        "recall.html",
        "recall.json",
        "recall.pdf",
        "recall.sig",
        "recall.txt",
    ]
    notice = parse_document(RecallNotice, (made.folder / "recall.json").read_bytes(), name="recall.json")
    assert notice == made.notice
    files = {one.path: one.sha256 for one in notice.files}
    assert files.items() >= dict(giver.provisions.get(pack).files).items()
    assert f"{pack}.zip" in files  # what was really handed, not only what the manifest lists
    assert None not in files.values()
    assert notice.recipient == HQ
    assert [one.phone for one in made.calls] == ["054-000-1999", "054-000-1001"]  # a Saturday
    assert giver.steps.of("R20261120-001").state is State.RECALLED
    assert kinds(giver)[-2:] == ["step_taken", "recalled"]


@pytest.mark.skipif(os.name != "posix", reason="rights of files")
def test_a_notice_is_readable_by_its_owner_only(giver: Store, tmp_path: Path) -> None:
    folder = called_back(giver, hand(giver), tmp_path / "out").folder
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_second_recall_writes_the_same_notice_and_records_nothing(giver: Store, tmp_path: Path) -> None:
    pack = hand(giver)
    first = called_back(giver, pack, tmp_path / "a")
    before = kinds(giver)
    again = called_back(giver, pack, tmp_path / "b", at=AT + 3 * DAY)
    assert again.unchanged
    assert again.notice == replace_contacts(first, again)
    assert kinds(giver) == before


def replace_contacts(first: Recalled, again: Recalled) -> object:
    """Return the first notice with the contacts in the order of the other hour."""
    return first.notice.model_copy(update={"contacts": again.notice.contacts})


def test_a_recall_is_refused_with_a_reason_and_leaves_nothing(giver: Store, tmp_path: Path) -> None:
    pack, out = hand(giver), tmp_path / "out"
    asked = {"reason": "誤り", "due_by": AT + 2 * DAY, "by": JUDGES, "out": out, "at": AT + DAY}
    wrong = [
        ({"pack_id": "R20261120-009-1"}, "disaster.pack_not_out"),
        ({"reason": "  "}, "disaster.recall_without_reason"),
        ({"due_by": AT + DAY}, "disaster.recall_due_past"),
    ]
    before = kinds(giver)
    for change, code in wrong:
        with pytest.raises(AftercareError) as caught:
            recall(giver, **{"pack_id": pack, **asked, **change})  # type: ignore[arg-type]
        assert caught.value.code == code
    for by in (GIVES, ASKS, Actor(" ", Role.JP_HQ)):
        with pytest.raises(WorkflowError):
            recall(giver, pack, **{**asked, "by": by})  # type: ignore[arg-type]
    assert not out.exists()
    assert kinds(giver) == before


def test_a_notice_tells_what_to_do_by_when_on_one_printable_page(giver: Store, tmp_path: Path) -> None:
    pack = hand(giver)
    notice = called_back(giver, pack, tmp_path / "out").notice
    page, plain = html(recall_letter(notice)), text(recall_letter(notice))
    for said in (
        "2026年11月22日9時30分(日)まで",
        "区域の指定に誤りがあった",
        f"tayori purge pack {pack}",
        POST,
        "054-000-2999",
    ):
        assert said in page
        assert said in plain
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert re.search(r"@page \{ size: A4", page)


def test_text_from_people_is_never_markup_on_the_page(giver: Store, tmp_path: Path) -> None:
    pack = hand(giver)
    by = Actor("<b>承認</b>", Role.JP_HQ)
    made = recall(giver, pack, reason="<img src=x>", due_by=AT + 2 * DAY, by=by, out=tmp_path / "o", at=AT + DAY)
    page = (made.folder / "recall.html").read_text(encoding="utf-8")
    assert "<img" not in page
    assert "<b>承認" not in page
    assert "&lt;img src=x&gt;" in page


def test_a_genuine_notice_stops_the_recipient_from_reading_the_pack(giver: Store, taker: Store, tmp_path: Path) -> None:
    pack = hand(giver)
    take_in(taker, giver, pack)
    folder = called_back(giver, pack, tmp_path / "out").folder
    assert read_rows(taker, AT + DAY) == 1
    checked = check_notice(taker, folder / "recall.json", at=AT + DAY)
    assert (checked.received, checked.here) == (True, True)
    assert read_rows(taker, AT + DAY) == 0
    assert read_rows(taker, AT + DAY - timedelta(seconds=1)) == 1  # as it stood then
    assert due_list(taker, at=AT + DAY).ours[0].recalled
    again = check_notice(taker, folder / "recall.json", at=AT + 2 * DAY)
    assert again.notice == checked.notice


@pytest.mark.parametrize("harm", ["altered", "other_key", "no_signature", "not_json", "unknown_agreement"])
def test_a_false_notice_changes_nothing(harm: str, giver: Store, taker: Store, tmp_path: Path) -> None:
    pack = hand(giver)
    take_in(taker, giver, pack)
    file = called_back(giver, pack, tmp_path / "out").folder / "recall.json"
    signer, document = taker if harm == "other_key" else giver, json.loads(file.read_text(encoding="utf-8"))
    if harm == "altered":
        file.write_bytes(file.read_bytes().replace(b"2026-11-22", b"2026-11-21"))
    elif harm == "no_signature":
        file.with_suffix(".sig").unlink()
    else:
        document["agreement_id"] = "99301-2026-77" if harm == "unknown_agreement" else document["agreement_id"]
        content = b"{" if harm == "not_json" else json.dumps(document, ensure_ascii=False).encode()
        file.write_bytes(content)
        file.with_suffix(".sig").write_bytes(signature_of(content, signer.signing_key))
    with pytest.raises(AftercareError) as caught:
        check_notice(taker, file, at=AT + DAY)
    assert "消さずに" in caught.value.sentence() or harm in ("no_signature", "not_json")
    assert read_rows(taker, AT + DAY) == 1
    assert taker.recalls.all() == ()


def notice_of(pack: str, signer: Store, agreement_id: str, folder: Path) -> Path:
    """Write a notice about any pack, signed with the key of `signer`."""
    folder.mkdir(parents=True)
    said = RecallNotice(
        recall_id=f"{pack}-recall", pack_id=pack, request_id="R20261120-001", municipality=TOWN,
        agreement_id=agreement_id, provider="汐見郵便局", recipient=HQ, drill=False, provided_at=AT, expires_at=None,
        reason="誤り", issued_at=AT, issued_by="誰か", due_by=AT + DAY, manifest_sha256="0" * 64, files=(),
    )  # fmt: skip
    content = write_document(said)
    (folder / "recall.json").write_bytes(content)
    (folder / "recall.sig").write_bytes(signature_of(content, signer.signing_key))
    return folder / "recall.json"


@pytest.fixture
def other_post(taker: Store, tmp_path: Path) -> Iterator[Store]:
    """Another post office of the town, under an agreement of its own with the same municipality."""
    with Store.create(tmp_path / "other", side=Side.POST, municipalities=[TOWN], at=AT) as made:
        day = date(2026, 10, 1)
        text_ = new_agreement_text(
            "common-2015", agreement_id=f"{TOWN}-2026-02", post=Party("汐見郵便局", "S002", made.public_key),
            municipality=Party("潮見市", TOWN, units=(HQ,)), signed=day, effective_from=day,
        )  # fmt: skip
        taker.agreements.add(f"{TOWN}-2026-02", TOWN, text_, at=AT)
        yield made


def test_who_gave_one_pack_cannot_recall_the_pack_of_another(
    giver: Store, taker: Store, other_post: Store, tmp_path: Path
) -> None:
    pack = hand(giver)
    take_in(taker, giver, pack)
    before = kinds(taker)
    file = notice_of(pack, other_post, f"{TOWN}-2026-02", tmp_path / "n")
    with pytest.raises(AftercareError) as caught:
        check_notice(taker, file, at=AT + DAY)
    assert caught.value.code == "disaster.recall_other_agreement"
    assert (kinds(taker), read_rows(taker, AT + DAY)) == (before, 1)


def test_a_notice_that_comes_before_its_pack_is_kept_for_that_provider_s_pack_alone(
    giver: Store, taker: Store, other_post: Store, tmp_path: Path
) -> None:
    pack = hand(giver)
    file = called_back(giver, pack, tmp_path / "out").folder / "recall.json"
    assert not check_notice(taker, file, at=AT + DAY).received
    assert kinds(taker)[-1] == "recall_awaited"
    assert not check_notice(taker, file, at=AT + 2 * DAY).received
    assert kinds(taker).count("recall_awaited") == 1
    assert recalled_by(taker, TOWN, pack, f"{TOWN}-2026-01") == f"{pack}-recall"
    check_notice(taker, notice_of("R20261120-002-1", other_post, f"{TOWN}-2026-02", tmp_path / "n"), at=AT + DAY)
    assert recalled_by(taker, TOWN, "R20261120-002-1", f"{TOWN}-2026-01") is None
    assert taker.ledger.verify().ok


def test_a_notice_about_another_municipality_is_none_of_ours(taker: Store, giver: Store, tmp_path: Path) -> None:
    file = notice_of("R20261120-001-1", giver, f"{TOWN}-2026-01", tmp_path / "n")
    content = file.read_bytes().replace(TOWN.encode(), b"99302", 1)
    file.write_bytes(content)
    file.with_suffix(".sig").write_bytes(signature_of(content, giver.signing_key))
    with pytest.raises(AftercareError) as caught:
        check_notice(taker, file, at=AT)
    assert caught.value.code == "disaster.recall_other_agreement"


def test_purging_a_received_pack_makes_the_report_that_the_provider_records(
    giver: Store, taker: Store, tmp_path: Path
) -> None:
    pack = hand(giver)
    take_in(taker, giver, pack)
    (row,) = [one for one in taker.batches() if one.pack_id == pack]
    check_notice(taker, called_back(giver, pack, tmp_path / "out").folder / "recall.json", at=AT + DAY)
    report = purge_pack(taker, pack, by="消去 四郎", copies_deleted=True, at=AT + 2 * DAY)
    assert not (taker.home / row.file).exists()
    (gone,) = [one for one in taker.batches() if one.pack_id == pack]
    assert (gone.state, gone.wrapped_key) == ("purged", None)
    assert kinds(taker)[-2:] == ["purged", "deletion_reported"]
    assert (report.destroyed, report.complete, report.recall_id) == (1, True, f"{pack}-recall")
    head = taker.ledger.head()
    assert (report.ledger_seq, report.ledger_hash) == (head.seq, head.hash.hex())
    write_letter(tmp_path / "back", "receipt", write_document(report), receipt_letter(report), at=AT)
    made = record_document(giver, read_receipt(tmp_path / "back/receipt.json"), by=GIVES, at=AT + 2 * DAY)
    assert made.complete
    assert pack_out(giver, pack).back
    assert giver.steps.of("R20261120-001").state is State.DELETED
    assert kinds(giver)[-2:] == ["deletion_receipted", "step_taken"]
    assert due_list(giver, at=AT + 90 * DAY).theirs == due_list(taker, at=AT + 90 * DAY).ours == ()


def test_the_same_report_twice_is_recorded_once(giver: Store, taker: Store) -> None:
    pack = hand(giver)
    take_in(taker, giver, pack)
    report = purge_pack(taker, pack, by="消去 四郎", copies_deleted=True, at=AT + 2 * DAY)
    first = record_document(giver, report, by=GIVES, at=AT + 2 * DAY)
    before = kinds(giver)
    again = record_document(giver, report, by=GIVES, at=AT + 3 * DAY)
    assert (first.unchanged, again.unchanged, again.receipt_id) == (False, True, first.receipt_id)
    assert kinds(giver) == before


def test_copies_that_are_left_keep_a_pack_on_the_overdue_list(giver: Store, taker: Store) -> None:
    pack = hand(giver)
    take_in(taker, giver, pack)
    report = purge_pack(taker, pack, by="消去 四郎", copies_deleted=False, at=AT + 2 * DAY)
    assert "一部を削除" in text(receipt_letter(report))
    record_document(giver, report, by=GIVES, at=AT + 2 * DAY)
    (one,) = due_list(giver, at=AT + 7 * DAY).theirs
    assert one.pack.receipt is not None
    assert not one.pack.back
    assert giver.steps.of("R20261120-001").state is State.HANDED
    later = purge_pack(taker, pack, by="消去 四郎", copies_deleted=True, at=AT + 8 * DAY)
    assert later.destroyed == 0  # it was destroyed before, and the report says so
    record_document(giver, later, by=GIVES, at=AT + 8 * DAY)
    assert due_list(giver, at=AT + 9 * DAY).theirs == ()


def test_a_pack_that_was_passed_on_is_not_gone_before_its_onward_packs_are(giver: Store, taker: Store) -> None:
    pack = hand(giver)
    take_in(taker, giver, pack)
    onward = hand(taker, 7, sources=[pack], recipient="潮見警察署")
    first = purge_pack(taker, pack, by="消去 四郎", copies_deleted=True, at=AT + 2 * DAY)
    assert [(one.pack_id, one.recipient, one.receipted) for one in first.onward] == [(onward, "潮見警察署", False)]
    assert not first.complete
    record_receipt(taker, onward, told(), by=Actor("受付 六子", Role.MUNICIPAL_HQ), at=AT + 2 * DAY)
    assert purge_pack(taker, pack, by="消去 四郎", copies_deleted=True, at=AT + 3 * DAY).complete


def test_an_onward_pack_that_names_no_source_counts_if_it_went_out_later(giver: Store, taker: Store) -> None:
    pack = hand(giver)
    earlier = hand(taker, 6, sources=None, recipient="潮見消防署")
    take_in(taker, giver, pack)
    later = hand(taker, 7, sources=None, recipient="潮見警察署", at=AT + 2 * HOUR)
    report = purge_pack(taker, pack, by="消去 四郎", copies_deleted=True, at=AT + 2 * DAY)
    assert [one.pack_id for one in report.onward] == [later] != [earlier]


def test_a_report_about_other_files_or_an_impossible_time_is_refused(giver: Store, taker: Store) -> None:
    pack = hand(giver)
    take_in(taker, giver, pack)
    report = purge_pack(taker, pack, by="消去 四郎", copies_deleted=True, at=AT + 2 * DAY)
    other = report.files[0].model_copy(update={"sha256": "0" * 64})
    wrong = [
        ({"files": (other, *report.files[1:])}, "disaster.receipt_other_files"),
        ({"files": ()}, "disaster.receipt_other_files"),
        ({"files": report.files[1:]}, "disaster.receipt_other_files"),
        ({"request_id": "R20261120-002"}, "disaster.receipt_other_files"),
        ({"deleted_at": AT - HOUR}, "disaster.receipt_too_early"),
        ({"deleted_at": AT + 3 * DAY}, "disaster.receipt_in_future"),
        ({"pack_id": "R20261120-009-1"}, "disaster.pack_not_out"),
    ]
    before = kinds(giver)
    for change, code in wrong:
        with pytest.raises(AftercareError) as caught:
            record_document(giver, report.model_copy(update=change), by=GIVES, at=AT + 2 * DAY)
        assert caught.value.code == code
    assert kinds(giver) == before


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b"{" * 2_000, b'{"format": "tayori-pack"}'])
def test_what_is_no_report_is_refused_in_one_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "receipt.json").write_bytes(content)
    with pytest.raises(AftercareError) as caught:
        read_receipt(tmp_path / "receipt.json")
    assert "receipt.json" in caught.value.sentence()


def test_documents_come_back_as_they_were_written(giver: Store, taker: Store, tmp_path: Path) -> None:
    pack = hand(giver)
    take_in(taker, giver, pack)
    report = purge_pack(taker, pack, by="消去 四郎", copies_deleted=True, at=AT + 2 * DAY)
    assert parse_document(DeletionReceipt, write_document(report), name="x") == report
    assert isinstance(report, DeletionReceipt)


def test_a_letter_never_overwrites_and_leaves_no_half_folder(giver: Store, tmp_path: Path) -> None:
    pack, out = hand(giver), tmp_path / "out"
    called_back(giver, pack, out)
    with pytest.raises(AftercareError) as caught:
        called_back(giver, pack, out)
    assert caught.value.code == "disaster.out_exists"
    assert [path.name for path in out.iterdir()] == [f"{pack}-recall"]


def test_a_course_ends_when_every_pack_of_the_request_is_gone(giver: Store) -> None:
    pack = hand(giver)
    record_receipt(giver, pack, told(), by=GIVES, at=AT + 2 * DAY)
    assert giver.steps.of("R20261120-001").state is State.DELETED
    with pytest.raises(AftercareError) as caught:
        recall(giver, pack, reason="誤り", due_by=AT + 4 * DAY, by=JUDGES, out=giver.home / "o", at=AT + 3 * DAY)
    assert caught.value.code == "disaster.already_deleted"


def test_a_clock_that_was_set_back_does_not_keep_a_pack_from_being_called_back(giver: Store, tmp_path: Path) -> None:
    pack = hand(giver)
    made = called_back(giver, pack, tmp_path / "out", at=AT - HOUR)
    last = giver.steps.of("R20261120-001").steps[-2:]
    assert [step.act for step in last] == [Act.HAND, Act.RECALL]
    assert last[0].at == last[1].at
    assert made.notice.issued_at == AT - HOUR
    assert [entry.at for entry in giver.ledger.entries()][-2:] == [AT - HOUR] * 2


def test_a_recall_whose_step_is_refused_is_not_recorded(
    giver: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_args: object, **_given: object) -> None:
        raise WorkflowError("agreements.not_in_this_state")

    pack, before = hand(giver), kinds(giver)
    with monkeypatch.context() as patched:
        patched.setattr(giver.steps, "add", refused)
        with pytest.raises(WorkflowError):
            called_back(giver, pack, tmp_path / "out")
    assert giver.recalls.all() == ()
    assert kinds(giver) == before
    assert not (tmp_path / "out").exists()
    called_back(giver, pack, tmp_path / "out")
    assert giver.steps.of("R20261120-001").state is State.RECALLED


def lines(of: Store, at: datetime) -> dict[str, bool]:
    return {line.key: line.done for line in checklist(of, EVENT, at=at)}


def test_the_checklist_says_of_each_line_whether_it_is_done_and_what_to_type(giver: Store, tmp_path: Path) -> None:
    pack = hand(giver)
    waiting = request(2)
    giver.requests.add(waiting, at=AT)
    giver.steps.add(TOWN, waiting.request_id, Step(Act.REQUEST, ASKS, AT), at=AT)
    found = {line.key: line for line in checklist(giver, EVENT, at=AT + DAY)}
    left = {key for key, line in found.items() if not line.done}
    assert left == {"requests", "packs", "triggers", "event"}
    assert all(line.command.startswith("tayori ") for key, line in found.items() if key in left)
    assert all(line.command == "" for key, line in found.items() if key not in left)
    assert waiting.request_id in found["requests"].command
    assert pack in found["packs"].command
    called_back(giver, pack, tmp_path / "out")
    assert "回収中" in next(one for one in checklist(giver, EVENT, at=AT + DAY) if one.key == "packs").shown()


def test_an_event_with_everything_done_has_nothing_left(giver: Store) -> None:
    record_receipt(giver, hand(giver), told(), by=GIVES, at=AT + 2 * DAY)
    giver.events.end_trigger(
        EVENT, giver.events.get(EVENT).triggers[0].kind, ended_at=AT + DAY, by="潮見市長", at=AT + DAY
    )
    giver.events.close(EVENT, closed_at=AT + 2 * DAY, by="潮見市長", at=AT + 2 * DAY)
    assert set(lines(giver, AT + 2 * DAY).values()) == {True}


def test_the_city_is_told_of_packs_that_it_still_holds(giver: Store, taker: Store) -> None:
    pack = hand(giver)
    take_in(taker, giver, pack)
    assert lines(taker, AT + DAY)["received"] is False
    purge_pack(taker, pack, by="消去 四郎", copies_deleted=True, at=AT + 2 * DAY)
    assert lines(taker, AT + 2 * DAY)["received"] is True
    assert "received" not in lines(giver, AT + DAY)


def test_a_break_glass_without_its_review_and_a_missing_document_stay_open(giver: Store) -> None:
    asked = replace(request(3, Mode.MATCH), channel="telephone", confirmed_by="確認 七子", document_no="")
    giver.requests.add(asked, at=AT)
    giver.steps.add(TOWN, asked.request_id, Step(Act.REQUEST, ASKS, AT), at=AT)
    glass = Step(Act.BREAK_GLASS, GIVES, AT, "人命にかかわる")
    giver.steps.add(TOWN, asked.request_id, glass, at=AT)
    found = lines(giver, AT + 80 * HOUR)
    assert found["reviews"] is False
    assert found["requests"] is False
