"""Courses of requests, assessments, recalls and receipts in the store."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from store_rows import TOWN, shelters, table_of

from agreements.assessment import new_assessment_text
from agreements.errors import AgreementError, LegalTextError, WorkflowError
from agreements.request import Mode, Request
from agreements.workflow import Act, Actor, Role, State, Step
from disaster.errors import StoreError
from disaster.models import Side
from disaster.store import Recall, Receipt, Store

pytest_plugins = ("prepared_store",)

HOUR = timedelta(hours=1)
CLERK = Actor("情報 花子", Role.MUNICIPAL_HQ)
CHIEF = Actor("窓口 次郎", Role.REPRESENTATIVE_OFFICE)


@pytest.fixture
def store(tmp_path: Path, prepared_url: str | None, now: datetime) -> Iterator[Store]:
    codes = [TOWN, "99302"]
    with Store.create(tmp_path / "post", side=Side.POST, municipalities=codes, at=now, url=prepared_url) as opened:
        asked = Request(
            "R-1", TOWN, "潮見市災害対策本部", "潮見市災害対策本部", "safety_check", "delivery-points", Mode.DWELLING,
            now, "telephone", person="情報 花子",
        )  # fmt: skip
        opened.requests.add(asked, at=now)
        yield opened


def kinds(store: Store) -> list[str]:
    return [entry.kind for entry in store.ledger.entries()][2:]


def taken(store: Store, act: Act, actor: Actor, at: datetime, reason: str = "") -> None:
    store.steps.add(TOWN, "R-1", Step(act, actor, at, reason), at=at)


def test_a_course_comes_back_step_by_step_with_the_human_who_asked(store: Store, now: datetime) -> None:
    assert store.steps.of("R-1").state is State.NEW
    taken(store, Act.REQUEST, CLERK, now)
    course = store.steps.add(TOWN, "R-1", Step(Act.APPROVE, CHIEF, now + HOUR, "電話で確認"), at=now + HOUR)
    assert course == store.steps.of("R-1") == store.steps.of("R-1", TOWN)
    assert (course.state, course.asked_by) == (State.APPROVED, "情報 花子")
    assert course.steps[1] == Step(Act.APPROVE, CHIEF, now + HOUR, "電話で確認")
    assert kinds(store) == ["step_taken"] * 2
    said = list(store.ledger.entries())[-1].payload
    assert (said["act"], said["person"], said["role"], said["n"]) == ("approve", CHIEF.name, str(CHIEF.role), 1)


def test_all_courses_are_read_at_once_as_each_by_itself(store: Store, now: datetime) -> None:
    first = store.requests.get("R-1")
    store.requests.add(replace(first, municipality="99302", person=""), at=now)
    store.requests.add(replace(first, request_id="R-2"), at=now)
    taken(store, Act.REQUEST, CLERK, now)
    taken(store, Act.APPROVE, CHIEF, now + HOUR)
    store.steps.add("99302", "R-1", Step(Act.REQUEST, CHIEF, now), at=now)
    names = [(TOWN, "R-1"), (TOWN, "R-2"), ("99302", "R-1")]
    assert store.steps.all() == {(code, name): store.steps.of(name, code) for code, name in names}
    assert set(store.steps.all("99302")) == {("99302", "R-1")}


def test_a_step_that_may_not_follow_is_refused_and_leaves_nothing(store: Store, now: datetime) -> None:
    taken(store, Act.REQUEST, CLERK, now)
    same = Actor("情報\u3000花子", Role.REPRESENTATIVE_OFFICE)
    for act, actor in ((Act.APPROVE, same), (Act.HAND, CHIEF), (Act.APPROVE, CLERK)):
        with pytest.raises(WorkflowError):
            taken(store, act, actor, now + HOUR)
    assert len(store.steps.of("R-1").steps) == 1
    assert kinds(store) == ["step_taken"]


def test_a_request_that_nobody_made_has_no_course(store: Store, now: datetime) -> None:
    with pytest.raises(StoreError) as refused:
        store.steps.of("R-9")
    assert refused.value.code == "disaster.unknown_request"
    with pytest.raises(StoreError) as refused:
        store.steps.add("99302", "R-1", Step(Act.REQUEST, CLERK, now), at=now)
    assert refused.value.code == "disaster.unknown_request"


def test_of_two_who_judge_at_once_one_is_refused(store: Store, prepared_url: str | None, now: datetime) -> None:
    taken(store, Act.REQUEST, CLERK, now)
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def judge(n: int) -> None:
        with Store.open(store.home, at=now, url=prepared_url) as mine:
            start.wait()
            step = Step(Act.APPROVE, Actor(f"窓口 {n}郎", Role.BRANCH), now + HOUR)
            try:
                mine.steps.add(TOWN, "R-1", step, at=now + HOUR)
            except AgreementError as error:
                outcomes.append(error.code)
            else:
                outcomes.append("approved")

    threads = [threading.Thread(target=judge, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["agreements.not_in_this_state"] * 3 + ["approved"]
    assert [step.act for step in store.steps.of("R-1").steps] == [Act.REQUEST, Act.APPROVE]
    assert store.ledger.verify().ok


def assessment(now: datetime, name: str = "AS-1", code: str = TOWN, grounds: str = "生命の保護") -> str:
    return new_assessment_text(
        assessment_id=name, municipality=code, dataset="delivery-points", modes=("dwelling",),
        purposes=("safety_check",), outcome="permits", guideline="郵便事業分野における個人情報保護に関するガイドライン",
        guideline_version="令和4年", weighed_by="法務 一郎", office="支社", weighed_at=now, grounds=grounds,
    )  # fmt: skip


def test_a_weighing_of_tomorrow_is_not_kept_to_come_true_by_itself(store: Store, now: datetime) -> None:
    with pytest.raises(StoreError) as refused:
        store.assessments.add(assessment(now + HOUR), at=now)
    assert refused.value.code == "disaster.weighed_in_future"
    assert store.assessments.all() == ()
    assert kinds(store) == []
    assert store.assessments.add(assessment(now + HOUR), at=now + HOUR)


def test_a_weighing_is_kept_once_and_never_rewritten(store: Store, now: datetime) -> None:
    text = assessment(now)
    assert store.assessments.add(text, at=now)
    assert not store.assessments.add(text, at=now + HOUR)
    with pytest.raises(StoreError) as refused:
        store.assessments.add(assessment(now, grounds="別の理由"), at=now)
    assert refused.value.code == "disaster.assessment_exists"
    kept = store.assessments.get("AS-1")
    assert (kept.grounds, kept.weighed_at, kept.outcome) == ("生命の保護", now, "permits")
    assert kinds(store) == ["assessment_added"]


def test_weighings_are_listed_by_municipality_and_others_are_refused(store: Store, now: datetime) -> None:
    for name, code in (("AS-2", TOWN), ("AS-1", TOWN), ("AS-1", "99302")):
        store.assessments.add(assessment(now, name, code), at=now)
    assert [kept.assessment_id for kept in store.assessments.all(TOWN)] == ["AS-1", "AS-2"]
    assert [kept.municipality for kept in store.assessments.all()] == [TOWN, TOWN, "99302"]
    with pytest.raises(StoreError) as refused:
        store.assessments.get("AS-1")
    assert refused.value.code == "disaster.name_in_several"
    with pytest.raises(StoreError) as refused:
        store.assessments.get("AS-9")
    assert refused.value.code == "disaster.unknown_assessment"
    with pytest.raises(StoreError) as refused:
        store.assessments.add(assessment(now, code="22212"), at=now)
    assert refused.value.code == "disaster.not_of_store"
    with pytest.raises(LegalTextError):
        store.assessments.add("無い", at=now)


def recall_at(at: datetime, name: str = "P1-recall", pack: str = "P1") -> Recall:
    return Recall(TOWN, name, pack, "協定の終了", "窓口 次郎", at, at + 24 * HOUR, {"data.csv": "ab" * 32})


def receipt_at(at: datetime, name: str = "P1-d1", pack: str = "P1") -> Receipt:
    return Receipt(TOWN, name, pack, at - HOUR, "情報 花子", "シュレッダーと消去ソフト", at, complete=False)


@pytest.fixture
def released(store: Store, tmp_path: Path, now: datetime) -> Store:
    with store.writing():
        store.provisions.create(
            "R-1", decision={}, staging=tmp_path / ".P1", final=tmp_path / "P1", at=now, provision_id="P1"
        )
        store.provisions.release("P1", sha256="a", payload={}, at=now)
    return store


def test_recalls_and_receipts_come_back_as_they_were_noted_the_oldest_first(released: Store, now: datetime) -> None:
    later, first = recall_at(now + HOUR, "P1-again"), recall_at(now)
    assert released.recalls.add(later)
    assert released.recalls.add(first)
    assert not released.recalls.add(first)
    receipt = receipt_at(now + 2 * HOUR)
    assert released.receipts.add(receipt)
    assert released.recalls.all(TOWN) == released.recalls.of("P1") == (first, later)
    assert released.recalls.all("99302") == released.recalls.of("P2") == ()
    assert released.receipts.all() == released.receipts.of("P1", municipality=TOWN) == (receipt,)
    assert kinds(released) == ["released", "recalled", "recalled", "deletion_receipted"]
    last = list(released.ledger.entries())[-1]
    assert (last.at, last.payload["complete"]) == (receipt.recorded_at, False)


def test_a_note_is_never_rewritten_and_never_about_a_pack_that_did_not_leave(released: Store, now: datetime) -> None:
    released.recalls.add(recall_at(now))
    with pytest.raises(StoreError) as refused:
        released.recalls.add(replace(recall_at(now), reason="別の理由"))
    assert refused.value.code == "disaster.note_exists"
    for add in (
        lambda: released.recalls.add(recall_at(now, "x", "P2")),
        lambda: released.receipts.add(receipt_at(now, "x", "P2")),
        lambda: released.receipts.add(replace(receipt_at(now), municipality="99302")),
    ):
        with pytest.raises(StoreError) as refused:
            add()
        assert refused.value.code == "disaster.unknown_release"
    assert kinds(released) == ["released", "recalled"]


def test_the_side_that_received_a_pack_notes_its_recall_and_its_deletion(store: Store, now: datetime) -> None:
    manifest = {"pack_id": "P9", "municipality": TOWN, "provider": "潮見郵便局", "as_of": now.isoformat()}
    store.add_received(manifest, {}, at=now)
    assert store.recalls.add(recall_at(now, "P9-recall", "P9"))
    assert store.receipts.add(receipt_at(now + HOUR, "P9-d1", "P9"))


def test_rows_of_a_recalled_pack_are_not_shown_from_then_on(store: Store, now: datetime) -> None:
    for name, hour in (("P8", 0), ("P9", 1)):
        as_of = now + hour * HOUR
        manifest = {"pack_id": name, "municipality": TOWN, "provider": "潮見郵便局", "as_of": as_of.isoformat()}
        store.add_received(manifest, {"shelters": table_of("shelters", shelters(hour + 2))}, at=as_of)
    store.recalls.add(recall_at(now + 3 * HOUR, "P9-recall", "P9"))

    def shown(hour: int) -> int:
        return store.current("received/shelters", TOWN, at=now + hour * HOUR).table.num_rows

    assert [shown(hour) for hour in (0, 2, 3)] == [2, 3, 2]  # the earlier pack was not recalled
