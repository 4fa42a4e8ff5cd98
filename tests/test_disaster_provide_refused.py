"""What is asked of the one door and does not leave: refused, not carried out or not approved, with its trace."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from door_town import (
    ASKS,
    AT,
    DRILL,
    EVENT,
    GIVES,
    OLDER,
    TOWN,
    Packs,
    Situation,
    agree,
    agreement,
    approved,
    asked_people,
    declare,
    files_of,
    granted,
    ledger_of,
    request,
)  # fmt: skip

from agreements.errors import WorkflowError
from agreements.request import Mode
from agreements.workflow import Actor, Role
from disaster import requests
from disaster.errors import ProvideError, StoreError
from disaster.models import Side
from disaster.provide import RefusedError, provide
from disaster.store import Store
from geo.faults import CodedError
from geo.read import Reader

pytest_plugins = ("door_town",)


@pytest.fixture
def bare(situation: Situation, tmp_path: Path) -> Iterator[Store]:
    """The post's store without any agreement or event."""
    with situation.post(tmp_path / "bare") as store:
        yield store


def refused(store: Store, out: Path, **given: Any) -> tuple[list[str], str]:
    """Ask, be refused, and return the codes of the reasons in the ledger and the sentence."""
    with pytest.raises(RefusedError) as caught:
        granted(store, request(**given), out=out, at=AT)
    (entry,) = (said["decision"] for said in ledger_of(store, "refused"))
    assert not entry["granted"]
    assert entry["reasons"][0]["ja"] in caught.value.sentence("ja")
    assert not out.exists()
    assert store.provisions.all() == ()
    assert store.ledger.verify().ok
    return [reason["code"] for reason in entry["reasons"]], caught.value.sentence("ja")


def test_without_an_event_nobody_s_home_is_provided(post: Store, tmp_path: Path) -> None:
    codes, said = refused(post, tmp_path / "out", event_id=None)
    assert codes == ["agreements.no_trigger"]
    assert "第5条第1項第3号" in said


def test_a_purpose_that_the_clause_does_not_name_is_refused(post: Store, tmp_path: Path) -> None:
    codes, said = refused(post, tmp_path / "out", purpose="road_clearing")
    assert codes[0] == "agreements.other_purpose"
    assert "道路啓開" in said


def test_somebody_who_is_no_party_gets_nothing(post: Store, tmp_path: Path) -> None:
    codes, said = refused(post, tmp_path / "out", recipient="潮見市消防団第三分団")
    assert "agreements.recipient_no_party" in codes
    assert "潮見市消防団第三分団" in said


@pytest.mark.parametrize("mode", [Mode.FORWARD, Mode.MATCH, Mode.DWELLING, Mode.PERSON])
def test_the_older_template_gives_no_data_of_residents(bare: Store, tmp_path: Path, mode: Mode) -> None:
    agree(bare, OLDER)
    declare(bare)
    codes, said = refused(bare, tmp_path / "out", mode=mode)
    assert codes == ["agreements.no_clause"]
    assert "配達先" in said


def test_without_any_agreement_the_refusal_says_so(bare: Store, tmp_path: Path) -> None:
    assert refused(bare, tmp_path / "out", event_id=None)[0] == ["agreements.no_agreement"]


def test_an_event_that_nobody_declared_is_a_refusal_in_the_ledger(post: Store, tmp_path: Path) -> None:
    codes, said = refused(post, tmp_path / "out", event_id="E-9999")
    assert codes == ["agreements.other_event"]
    assert "E-9999" in said


def test_a_clause_that_is_switched_off_opens_nothing(bare: Store, tmp_path: Path) -> None:
    agree(bare, clauses=("match", "dwelling"))
    declare(bare)
    assert refused(bare, tmp_path / "out", mode=Mode.PERSON)[0] == ["agreements.no_clause_for_mode"]


def not_carried_out(store: Store, out: Path, inquiries: Any = None, **given: Any) -> str:
    """Ask for what is granted and cannot be done; return the code, which the ledger has too."""
    with pytest.raises(ProvideError) as caught:
        granted(store, request(**given), out=out, at=AT, inquiries=inquiries)
    (entry,) = ledger_of(store, "not_provided")
    assert entry["reason"] == caught.value.code
    assert ledger_of(store, "released", "handed") == []
    assert not out.exists() or not any(out.iterdir())
    return caught.value.code.removeprefix("disaster.")


def test_an_area_that_nobody_took_in_is_refused(post: Store, tmp_path: Path) -> None:
    assert refused(post, tmp_path / "out", area="T-NOWHERE")[0] == ["disaster.area_elsewhere"]


def test_a_list_with_refused_rows_is_not_answered_in_part(
    post: Store, situation: Situation, reader: Reader, tmp_path: Path
) -> None:
    asked = asked_people(situation, reader)
    short = replace(asked, table=asked.table.slice(1), refused=1)
    assert not_carried_out(post, tmp_path / "out", inquiries=short, mode=Mode.MATCH) == "bad_inquiries"


def test_a_match_needs_a_list(post: Store, tmp_path: Path) -> None:
    assert not_carried_out(post, tmp_path / "out", mode=Mode.MATCH) == "match_without_list"


def test_forwarding_on_behalf_needs_the_notice(post: Store, tmp_path: Path) -> None:
    found = not_carried_out(post, tmp_path / "out", mode=Mode.FORWARD, purpose="notice")
    assert found == "forward_without_notice"


def test_an_agreement_that_names_another_key_is_not_served(bare: Store, tmp_path: Path) -> None:
    agree(bare, key="A" * 43 + "=")
    declare(bare)
    assert not_carried_out(bare, tmp_path / "out") == "other_signing_key"


def test_a_folder_that_is_there_is_never_written_over(post: Store, tmp_path: Path) -> None:
    taken = tmp_path / "out" / "R20261120-001-1"
    taken.mkdir(parents=True)
    (taken / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ProvideError) as caught:
        granted(post, request(), out=tmp_path / "out", at=AT)
    assert caught.value.code == "disaster.out_exists"
    assert files_of(tmp_path / "out") == {"R20261120-001-1/mine.txt": b"mine"}
    assert ledger_of(post, "not_provided")[0]["reason"] == "disaster.out_exists"


def test_a_store_without_a_register_says_what_is_missing(situation: Situation, post: Store, tmp_path: Path) -> None:
    with Store.create(tmp_path / "new", side=Side.POST, municipalities=[TOWN], at=AT) as store:
        agree(store)
        declare(store)
        assert not_carried_out(store, tmp_path / "out") == "nothing_stored"


@pytest.mark.parametrize("name", ["../R1", "R/1", "..", "", "R1 ", "R1\n", "C:R1", "-R1", "R" * 61, "要請1", "R1\x00"])
def test_the_name_of_a_request_cannot_lead_out_of_the_folder(post: Store, tmp_path: Path, name: str) -> None:
    before = post.ledger.head()
    with pytest.raises(ProvideError) as caught:
        provide(post, name, out=tmp_path / "out", at=AT, by=GIVES)
    assert caught.value.code == "disaster.bad_request_id"
    assert post.ledger.head() == before
    assert not (tmp_path / "out").exists()


def test_another_request_under_the_same_name_is_refused(post: Store, tmp_path: Path) -> None:
    post.requests.add(request(), at=AT)
    with pytest.raises(StoreError):
        granted(post, request(Mode.PERSON), out=tmp_path / "out", at=AT)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("given", [{}, {"mode": Mode.LAYER, "dataset": "damage-points"}])
def test_places_of_nothing_are_not_provided(post: Store, tmp_path: Path, given: dict[str, Any]) -> None:
    assert not_carried_out(post, tmp_path / "out", fields=("lon", "lat"), **given) == "only_places"


def test_a_drill_never_reads_the_real_register(packs: Packs, post: Store, tmp_path: Path) -> None:
    code = not_carried_out(post, tmp_path / "out", mode=Mode.PERSON, event_id=DRILL)
    assert code == "nothing_stored"


def test_nothing_leaves_that_nobody_approved(post: Store, tmp_path: Path) -> None:
    requests.submit(post, request(), ASKS, at=AT)
    with pytest.raises(WorkflowError) as caught:
        provide(post, request().request_id, out=tmp_path / "out", at=AT, by=GIVES)
    assert caught.value.code == "agreements.not_in_this_state"
    assert ledger_of(post, "released") == []
    assert not (tmp_path / "out").exists()


def test_who_may_not_let_out_lets_nothing_out(post: Store, tmp_path: Path) -> None:
    approved(post, request())
    for role in (Role.MUNICIPAL_HQ, Role.PREFECTURE, Role.PROTECTION_OFFICER):
        with pytest.raises(CodedError) as caught:
            provide(post, request().request_id, out=tmp_path / "out", at=AT, by=Actor("だれか", role))
        assert caught.value.code in ("agreements.no_right", "disaster.released_by_asking_side")
    assert not (tmp_path / "out").exists()


def test_what_was_approved_and_is_open_no_more_is_refused_at_the_release(post: Store, tmp_path: Path) -> None:
    approved(post, request())
    post.events.close(EVENT, closed_at=AT + timedelta(hours=1), by="潮見市長", at=AT + timedelta(hours=1))
    with pytest.raises(RefusedError) as caught:
        provide(post, request().request_id, out=tmp_path / "out", at=AT + timedelta(hours=2), by=GIVES)
    assert caught.value.decision.reasons[0].code == "agreements.event_closed"
    assert [said["decision"]["granted"] for said in ledger_of(post, "refused")] == [False]
    assert not (tmp_path / "out").exists()


def test_without_a_recorded_weighing_nobody_s_home_leaves(bare: Store, tmp_path: Path) -> None:
    text = agreement(key=bare.public_key)
    bare.agreements.add(f"{TOWN}-2026-01", TOWN, text, at=AT)
    declare(bare)
    assert refused(bare, tmp_path / "out")[0] == ["agreements.no_assessment"]
