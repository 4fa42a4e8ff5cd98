"""The course of a request in the store: decided, recorded, opened by two persons, or by one with a review."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import shapely
from door_town import (
    APPROVES,
    AREA,
    ASKS,
    AT,
    GIVES,
    TOWN,
    agree,
    agreement,
    approved,
    assess,
    declare,
    granted,
    ledger_of,
    request,
    rows_of,
)

from agreements.errors import WorkflowError
from agreements.request import EventArea, Mode, Request
from agreements.workflow import Act, Actor, Role, State
from disaster import requests
from disaster.errors import ProvideError, StoreError
from disaster.models import Side
from disaster.provide import provide
from disaster.ruling import RefusedError, area_names, mildest
from disaster.store import Store

pytest_plugins = ("door_town",)

CLERK = Actor("潮見 受付", Role.OFFICE)
LATER = AT + timedelta(hours=1)


def called(number: int = 1, mode: Mode = Mode.DWELLING, **given: object) -> Request:
    """Return a request by telephone that a clerk wrote down."""
    told = {"channel": "telephone", "confirmed_by": CLERK.name, "document_no": ""}
    return request(mode, number, **{**told, **given})


def test_a_request_is_decided_and_written_down_before_anybody_approves(post: Store) -> None:
    made = requests.submit(post, called(), CLERK, at=AT)
    assert made.decision is not None
    assert made.decision.granted
    assert made.course.state is State.REQUESTED
    assert [step.actor for step in made.course.steps] == [CLERK]
    entries = [entry.kind for entry in post.ledger.entries()][-3:]
    assert entries == ["requested", "step_taken", "decided"]
    (said,) = ledger_of(post, "decided")
    assert (said["by"], said["role"]) == (CLERK.name, "office")


def test_an_id_that_areas_of_two_kinds_have_is_named_as_all_of_them(post: Store) -> None:
    shape = shapely.to_wkb(shapely.box(138.0, 34.0, 139.0, 35.0))
    rows = [
        {"area_id": "1", "name": name, "area_kind": kind, "geometry": shape}
        for name, kind in (("東浸水区域", "flood_hazard"), ("西被災区域", "disaster"))
    ]
    post.add_batch(rows_of("areas", rows, dataset="both"), at=AT)
    assert area_names(post, TOWN, drill=False)["1"] in ("東浸水区域、西被災区域", "西被災区域、東浸水区域")


def test_every_step_stands_in_the_ledger_with_person_and_role(post: Store) -> None:
    requests.submit(post, called(), CLERK, at=AT)
    requests.approve(post, "R20261120-001", APPROVES, at=LATER, reason="妥当")
    requests.document(post, "R20261120-001", CLERK, at=LATER, number="潮災第1号")
    told = [(one["act"], one["person"], one["role"], one["number"]) for one in ledger_of(post, "step_taken")]
    assert told == [
        ("request", CLERK.name, "office", ""),
        ("approve", APPROVES.name, "representative_office", ""),
        ("document", CLERK.name, "office", "潮災第1号"),
    ]
    assert post.ledger.verify().ok


@pytest.mark.parametrize("name", [CLERK.name, ASKS.name, "潮見　受付", "危機管理課係員"])
def test_who_asks_and_who_wrote_it_down_do_not_approve(post: Store, name: str) -> None:
    requests.submit(post, called(), CLERK, at=AT)
    with pytest.raises(WorkflowError) as caught:
        requests.approve(post, "R20261120-001", Actor(name, Role.BRANCH), at=LATER)
    assert caught.value.code == "agreements.approver_is_requester"
    assert requests.filed(post, "R20261120-001").course.state is State.REQUESTED
    assert len(ledger_of(post, "decided")) == 1  # who may not approve makes nobody decide


def test_a_place_that_the_agreement_covers_and_the_store_does_not_hold_is_refused_on_record(post: Store) -> None:
    text = agreement("watch-over-2014", number=2).replace('area = ["99301"]', 'area = ["99301", "99302"]')
    post.agreements.add("99301-2026-02", TOWN, text, at=AT)
    asked = called(municipality="99302", dataset="damage-points", mode=Mode.LAYER, purpose="planning", event_id=None)
    made = requests.submit(post, asked, CLERK, at=AT)
    assert made.decision is not None
    assert [reason.code for reason in made.decision.reasons] == ["disaster.place_not_held"]
    assert (made.decision.granted, made.course.state) == (False, State.REFUSED)
    (said,) = ledger_of(post, "refused")
    assert "いまお渡しできません" in said["telephone"]


def test_the_post_passes_nothing_on_that_only_the_city_may(post: Store) -> None:
    made = requests.submit(post, called(recipient="警察 潮見署", purpose="rescue"), CLERK, at=AT)
    assert made.decision is not None
    assert [reason.code for reason in made.decision.reasons] == ["disaster.not_ours_to_give"]
    assert made.course.state is State.REFUSED


def test_a_role_that_may_not_ask_leaves_nothing_behind(post: Store) -> None:
    before = post.ledger.head().seq
    with pytest.raises(WorkflowError):
        requests.submit(post, called(), Actor("保護 管理者", Role.PROTECTION_OFFICER), at=AT)
    assert post.requests.all() == ()
    assert post.ledger.head().seq == before


def test_a_refused_request_is_on_record_with_the_sentence_for_the_telephone(post: Store) -> None:
    made = requests.submit(post, called(purpose="planning"), CLERK, at=AT)
    assert made.decision is not None
    assert made.course.state is State.REFUSED
    (said,) = ledger_of(post, "refused")
    assert said["telephone"] == made.decision.telephone("ja")
    assert said["decision"]["reasons"][0]["code"] == "agreements.other_purpose"
    assert post.requests.get("R20261120-001").purpose == "planning"
    assert "目的" in made.course.steps[-1].reason


@pytest.mark.parametrize(("given", "code"), [
    ({"purpose": "宣伝"}, "agreements.other_purpose"),
    ({"dataset": "letters"}, "agreements.no_clause"),
    ({"recipient": "架空新聞"}, "agreements.recipient_no_party"),
    ({"event_id": None}, "agreements.no_trigger"),
    ({"reason": ""}, "agreements.stronger_without_reason"),
    ({"confirmed_by": ""}, "agreements.telephone_unconfirmed"),
    ({"area": "OTHER-TOWN"}, "disaster.area_elsewhere"),
])  # fmt: skip
def test_what_no_clause_opens_is_refused_on_record(post: Store, given: dict[str, object], code: str) -> None:
    made = requests.submit(post, called(**given), CLERK, at=AT)
    assert made.decision is not None
    assert not made.decision.granted
    assert code in {reason.code for reason in made.decision.reasons}
    assert made.decision.columns == ()
    assert made.decision.telephone("ja")
    assert len(ledger_of(post, "refused")) == 1
    with pytest.raises(RefusedError):
        requests.approve(post, "R20261120-001", APPROVES, at=LATER)
    assert not requests.filed(post, "R20261120-001").course.releasable


def test_a_request_for_another_citys_area_is_refused_and_recorded_but_not_kept(post: Store) -> None:
    number = requests.new_request_id(post, "99302", at=AT)
    assert number == "R20261120-X093000"
    asked = replace(called(), request_id=number, municipality="99302", event_id=None)
    made = requests.submit(post, asked, CLERK, at=AT)
    assert made.decision is not None
    assert not made.decision.granted
    assert made.course.state is State.REFUSED
    assert post.requests.all() == ()
    (said,) = ledger_of(post, "refused")
    assert said["decision"]["request"]["municipality"] == "99302"
    assert "99302" in said["telephone"]


def test_without_a_weighing_nothing_personal_is_approved_until_it_is_there(post: Store, tmp_path: Path) -> None:
    with Store.create(tmp_path / "bare", side=post.side, municipalities=[TOWN], at=AT) as bare:
        bare.agreements.add(f"{TOWN}-2026-01", TOWN, agreement(key=bare.public_key), at=AT)
        declare(bare)
        made = requests.submit(bare, called(), CLERK, at=AT)
        assert made.decision is not None
        assert [reason.code for reason in made.decision.reasons] == ["agreements.no_assessment"]
        with pytest.raises(RefusedError):
            requests.approve(bare, "R20261120-001", APPROVES, at=LATER)
        with pytest.raises(RefusedError):
            requests.break_glass(bare, "R20261120-001", GIVES, at=LATER, reason="命に関わる")
        assess(bare)
        assert requests.approve(bare, "R20261120-001", APPROVES, at=LATER).course.state is State.APPROVED


def test_alone_with_a_reason_it_may_go_out_and_the_review_stays_open(post: Store, tmp_path: Path) -> None:
    requests.submit(post, called(), GIVES, at=AT)
    with pytest.raises(WorkflowError):
        requests.break_glass(post, "R20261120-001", GIVES, at=AT, reason="")
    requests.break_glass(post, "R20261120-001", GIVES, at=AT, reason="屋根の上に人がいる")
    asked, course = requests.releasable(post, "R20261120-001", GIVES, at=AT)
    assert (asked.request_id, course.state) == ("R20261120-001", State.BREAK_GLASS)
    (one,) = requests.open_reviews(post, at=AT + timedelta(hours=72))
    assert (one.due, one.overdue, one.step.reason) == (AT + timedelta(hours=72), False, "屋根の上に人がいる")
    assert requests.open_reviews(post, at=AT + timedelta(hours=72, seconds=1))[0].overdue
    for by in (replace(GIVES, role=Role.BRANCH), replace(ASKS, role=Role.JP_HQ)):
        with pytest.raises(WorkflowError):
            requests.close_review(post, "R20261120-001", by, at=LATER, reason="確認")
    requests.close_review(post, "R20261120-001", APPROVES, at=LATER, reason="妥当")
    assert requests.open_reviews(post, at=LATER) == ()


def test_only_what_is_approved_and_by_a_role_that_gives_is_releasable(post: Store) -> None:
    requests.submit(post, called(), CLERK, at=AT)
    with pytest.raises(WorkflowError) as caught:
        requests.releasable(post, "R20261120-001", GIVES, at=LATER)
    assert caught.value.code == "agreements.not_in_this_state"
    requests.approve(post, "R20261120-001", APPROVES, at=LATER)
    with pytest.raises(ProvideError) as asking:
        requests.releasable(post, "R20261120-001", ASKS, at=LATER)
    assert asking.value.code == "disaster.released_by_asking_side"
    with pytest.raises(WorkflowError) as caught:
        requests.releasable(post, "R20261120-001", replace(ASKS, role=Role.PREFECTURE), at=LATER)
    assert caught.value.code == "agreements.no_right"
    requests.releasable(post, "R20261120-001", GIVES, at=LATER)
    requests.reject(post, "R20261120-001", APPROVES, at=LATER, reason="要請者から訂正の連絡")
    with pytest.raises(WorkflowError):
        requests.releasable(post, "R20261120-001", GIVES, at=LATER)


def test_a_document_that_does_not_come_flags_what_was_released_on_the_call(post: Store, tmp_path: Path) -> None:
    granted(post, called(), out=tmp_path / "out", at=AT)
    due = AT + timedelta(hours=24)
    assert requests.overdue_documents(post, at=due) == ()
    (awaited,) = requests.awaited_documents(post, at=due)
    assert (awaited.due, awaited.overdue, awaited.released) == (due, False, True)
    (late,) = requests.overdue_documents(post, at=due + timedelta(seconds=1))
    assert late.overdue
    requests.document(post, "R20261120-001", CLERK, at=due + timedelta(hours=1), number="潮災第9号")
    assert requests.awaited_documents(post, at=due + timedelta(hours=2)) == ()
    assert requests.filed(post, "R20261120-001").request.document_no == "潮災第9号"


def test_after_the_due_time_nothing_is_approved_until_the_document_is_there(post: Store) -> None:
    requests.submit(post, called(), CLERK, at=AT)
    late = AT + timedelta(hours=24, seconds=1)
    assert [one.overdue for one in requests.awaited_documents(post, at=late)] == [True]
    with pytest.raises(RefusedError) as caught:
        requests.approve(post, "R20261120-001", APPROVES, at=late)
    assert [reason.code for reason in caught.value.decision.reasons] == ["agreements.document_overdue"]
    requests.document(post, "R20261120-001", CLERK, at=late, number="潮災第9号")
    assert requests.approve(post, "R20261120-001", APPROVES, at=late).course.state is State.APPROVED


def test_a_withdrawn_request_awaits_nothing(post: Store) -> None:
    requests.submit(post, called(), CLERK, at=AT)
    requests.withdraw(post, "R20261120-001", CLERK, at=LATER, reason="避難を確認した")
    assert requests.awaited_documents(post, at=LATER) == ()
    assert requests.filed(post, "R20261120-001").course.state not in requests.WAITING


def test_the_mildest_mode_is_the_one_granted_else_the_one_that_a_clause_opens(post: Store) -> None:
    assert mildest(post, called(), at=AT) is Mode.MATCH
    assert mildest(post, called(purpose="notice"), at=AT) is Mode.FORWARD
    assert mildest(post, called(purpose="relief_delivery"), at=AT) is Mode.DWELLING
    assert mildest(post, called(event_id=None), at=AT) is Mode.MATCH  # not granted, but opened by a clause
    assert mildest(post, called(dataset="vehicles"), at=AT) is Mode.LAYER
    assert mildest(post, called(purpose="宣伝"), at=AT) is Mode.DWELLING


def test_an_area_of_the_store_is_fine_and_outside_the_events_areas_it_is_not(post: Store) -> None:
    first = requests.submit(post, called(area=AREA), CLERK, at=AT)
    assert first.course.state is State.REQUESTED
    post.events.add_area("E-2026-01", EventArea("T-OTHER", AT, "潮見市長"), at=AT)
    second = requests.submit(post, called(2, area=AREA), CLERK, at=LATER)
    assert second.decision is not None
    assert [reason.code for reason in second.decision.reasons] == ["agreements.outside_areas"]
    with pytest.raises(RefusedError):
        requests.approve(post, "R20261120-001", APPROVES, at=LATER)


def test_a_crash_between_ledger_and_course_is_made_up_for_once(
    post: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_args: object, **_given: object) -> None:
        raise KeyboardInterrupt

    name = approved(post, called())
    with monkeypatch.context() as patch:
        patch.setattr(post.steps, "add", killed)
        with pytest.raises(KeyboardInterrupt):
            provide(post, name, out=tmp_path / "out", at=AT, by=GIVES)
    post.provisions.settle(at=LATER)
    requests.settle(post, at=LATER)
    course = requests.filed(post, name).course
    assert course.state is State.HANDED
    requests.settle(post, at=LATER)
    assert requests.filed(post, name).course == course


def test_two_requests_of_one_number_are_not_two(post: Store) -> None:
    requests.submit(post, called(), CLERK, at=AT)
    again = requests.submit(post, called(), CLERK, at=LATER)
    assert [step.act for step in again.course.steps] == [Act.REQUEST]
    assert again.decision is None
    requests.approve(post, "R20261120-001", APPROVES, at=LATER)
    assert requests.submit(post, called(), CLERK, at=LATER).course.state is State.APPROVED
    with pytest.raises(StoreError):
        requests.submit(post, called(purpose="rescue"), CLERK, at=LATER)
    assert len(requests.all_filed(post)) == 1


def test_a_second_agreement_does_not_widen_the_first(post: Store) -> None:
    agree(post, "common-2015", number=2)
    made = requests.submit(post, called(), CLERK, at=AT)
    assert made.decision is not None
    assert made.decision.agreement_id == f"{TOWN}-2026-01"


def test_in_a_store_of_invented_data_every_role_may_try_its_steps(tmp_path: Path) -> None:
    with Store.create(tmp_path / "demo", side=Side.DEMO, municipalities=[TOWN], at=AT) as store:
        agree(store)
        assess(store)
        declare(store)
        assert requests.submit(store, called(), ASKS, at=AT).course.state is State.REQUESTED
        assert requests.approve(store, "R20261120-001", APPROVES, at=LATER).course.state is State.APPROVED
        with pytest.raises(WorkflowError) as caught:
            requests.reject(store, "R20261120-001", CLERK, at=LATER, reason="不要")
        assert caught.value.code == "agreements.no_right"
