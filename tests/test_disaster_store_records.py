"""Agreements, events, requests and provisions in the store."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from store_rows import TOWN

from agreements.request import Event, Mode, Request, Trigger, TriggerKind
from disaster.errors import StoreError
from disaster.models import Side
from disaster.store import Provision, Store

HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path, store_url: str | None, now: datetime) -> Iterator[Store]:
    codes = [TOWN, "99302"]
    with Store.create(tmp_path / "post", side=Side.POST, municipalities=codes, at=now, url=store_url) as opened:
        yield opened


def kinds(store: Store) -> list[str]:
    return [entry.kind for entry in store.ledger.entries()][1:]


def request_at(at: datetime, name: str = "R-1", municipality: str = TOWN) -> Request:
    return Request(
        name, municipality, "潮見市災害対策本部 情報班", "潮見市災害対策本部", "safety_check", "delivery-points",
        Mode.DWELLING, at, "telephone", confirmed_by="局長", event_id="E1",
        fields=("address", "status"), area="town:浜町",
    )  # fmt: skip


def event_at(at: datetime, name: str = "E1", municipality: str = TOWN) -> Event:
    declared = Trigger(TriggerKind.HQ_ESTABLISHED, at, "潮見市長", "東海道沖の地震")
    return Event(name, "令和8年架空県沖地震", municipality, False, at, (declared,))


def test_an_agreement_is_kept_letter_by_letter_with_every_text_that_was_in_force(store: Store, now: datetime) -> None:
    first, second = 'title = "協定"\r\n', 'title = "協定 改定"\n'
    assert store.agreements.add("A1", TOWN, first, at=now)
    assert not store.agreements.add("A1", TOWN, first, at=now + HOUR)
    assert store.agreements.get("A1").text == first
    assert store.agreements.add("A1", TOWN, second, at=now + HOUR)
    kept = store.agreements.get("A1")
    assert (kept.text, kept.number, kept.added_at) == (second, 2, now + HOUR)
    assert store.agreements.add("A1", TOWN, first, at=now + 2 * HOUR)  # back to the old text is news again
    assert kinds(store) == ["agreement_added"] * 3


def test_agreements_are_listed_once_each_by_municipality(store: Store, now: datetime) -> None:
    for name, code, text in (("A2", TOWN, "b"), ("A1", TOWN, "a"), ("A1", TOWN, "c"), ("A1", "99302", "d")):
        store.agreements.add(name, code, text, at=now)
    assert [kept.text for kept in store.agreements.all(TOWN)] == ["c", "b"]
    assert [kept.text for kept in store.agreements.all()] == ["c", "b", "d"]
    assert store.agreements.get("A1", municipality="99302").text == "d"


@pytest.mark.parametrize("what", ["agreements", "events", "requests", "provisions"])
def test_a_name_that_nobody_has_is_refused_in_words(store: Store, what: str) -> None:
    with pytest.raises(StoreError) as refused:
        getattr(store, what).get("無い")
    assert "無い" in refused.value.sentence("ja")


def test_a_name_that_two_municipalities_have_asks_which(store: Store, now: datetime) -> None:
    for code in (TOWN, "99302"):
        store.agreements.add("A1", code, code, at=now)
        store.events.add(event_at(now, municipality=code), at=now)
        store.requests.add(request_at(now, municipality=code), at=now)
    for records, name in ((store.agreements, "A1"), (store.events, "E1"), (store.requests, "R-1")):
        with pytest.raises(StoreError) as refused:
            records.get(name)  # type: ignore[attr-defined]
        assert refused.value.code == "disaster.name_in_several"
        assert records.get(name, municipality="99302").municipality == "99302"  # type: ignore[attr-defined]


def test_records_of_another_municipality_are_refused(store: Store, now: datetime) -> None:
    for add in (
        lambda: store.agreements.add("A1", "22212", "x", at=now),
        lambda: store.events.add(event_at(now, municipality="22212"), at=now),
        lambda: store.requests.add(request_at(now, municipality="22212"), at=now),
    ):
        with pytest.raises(StoreError) as refused:
            add()
        assert refused.value.code == "disaster.not_of_store"
    assert kinds(store) == []


def test_an_event_comes_back_with_its_triggers_in_order_of_time(store: Store, now: datetime) -> None:
    store.events.add(event_at(now), at=now)
    store.events.add_trigger("E1", Trigger(TriggerKind.TELEPHONE, now + 2 * HOUR, "情報班"), at=now)
    store.events.add_trigger("E1", Trigger(TriggerKind.RELIEF_ACT, now + HOUR, "架空県知事"), at=now)
    event = store.events.get("E1")
    assert [trigger.kind for trigger in event.triggers] == ["hq_established", "relief_act", "telephone"]
    assert event.triggers[0] == event_at(now).triggers[0]
    assert kinds(store) == ["event_opened", "trigger_recorded", "trigger_recorded"]


def test_a_trigger_that_was_lifted_and_an_event_that_was_closed_say_so(store: Store, now: datetime) -> None:
    store.events.add(event_at(now), at=now)
    kind = TriggerKind.HQ_ESTABLISHED
    store.events.end_trigger("E1", kind, ended_at=now + HOUR, at=now + HOUR)
    with pytest.raises(StoreError) as refused:
        store.events.end_trigger("E1", kind, ended_at=now + HOUR, at=now + HOUR)
    assert refused.value.code == "disaster.no_such_trigger"
    store.events.close("E1", closed_at=now + 2 * HOUR, at=now + 2 * HOUR)
    event = store.events.get("E1")
    assert (event.triggers[0].ended_at, event.closed_at) == (now + HOUR, now + 2 * HOUR)
    assert kinds(store) == ["event_opened", "trigger_ended", "event_closed"]


def test_an_event_is_opened_once(store: Store, now: datetime) -> None:
    store.events.add(event_at(now), at=now)
    with pytest.raises(StoreError) as refused:
        store.events.add(event_at(now), at=now)
    assert refused.value.code == "disaster.event_exists"
    assert kinds(store) == ["event_opened"]


def test_a_request_comes_back_as_it_was_made(store: Store, now: datetime) -> None:
    bare = Request(
        "R-2", TOWN, "a", "b", "planning", "shelters", Mode.LAYER, now - HOUR, "document", document_no="12号"
    )
    for request in (request_at(now), bare):
        assert store.requests.add(request, at=now)
        assert not store.requests.add(request, at=now)
        assert store.requests.get(request.request_id) == request
    assert store.requests.all(TOWN) == (request_at(now), bare)
    with pytest.raises(StoreError) as refused:
        store.requests.add(replace(bare, purpose="rescue"), at=now)
    assert refused.value.code == "disaster.request_exists"
    assert kinds(store) == ["requested", "requested"]


@pytest.fixture
def asked(store: Store, now: datetime) -> Store:
    store.requests.add(request_at(now), at=now)
    return store


def staged(store: Store, now: datetime, name: str, out: Path) -> Provision:
    made = store.provisions.create(
        "R-1", decision={"granted": True}, staging=out / f".staging-{name}", final=out / name, at=now, provision_id=name
    )
    made.staging.mkdir(parents=True)
    (made.staging / "manifest.json").write_text("{}", encoding="utf-8")
    return made


def test_a_provision_goes_through_its_states_and_the_ledger_tells_each_step(
    asked: Store, tmp_path: Path, now: datetime
) -> None:
    with asked.writing():
        made = staged(asked, now, "P1", tmp_path / "out")
        assert (made.state, made.request_id, made.decision, made.municipality) == (
            "staging",
            "R-1",
            {"granted": True},
            TOWN,
        )
        asked.provisions.release("P1", sha256="ab" * 32, payload={"counts": {"dwellings": 3}}, at=now + HOUR)
        assert [each.state for each in asked.provisions.pending()] == ["released"]
        made.staging.rename(made.final)
        asked.provisions.hand("P1", at=now + HOUR)
    handed = asked.provisions.get("P1")
    assert (handed.state, handed.sha256, handed.ended_at) == ("handed", "ab" * 32, now + HOUR)
    assert asked.provisions.pending() == ()
    released, done = list(asked.ledger.entries())[-2:]
    assert (released.kind, released.payload["counts"], done.kind) == ("released", {"dwellings": 3}, "handed")
    assert released.payload["sha256"] == done.payload["sha256"] == "ab" * 32


def test_no_step_is_skipped_or_taken_twice(asked: Store, tmp_path: Path, now: datetime) -> None:
    with asked.writing():
        staged(asked, now, "P1", tmp_path)
        steps = {
            "hand": lambda: asked.provisions.hand("P1", at=now),
            "release": lambda: asked.provisions.release("P1", sha256="a", payload={}, at=now),
            "fail": lambda: asked.provisions.fail("P1", reason="x", at=now),
        }
        for forbidden, then in ((["hand"], "release"), (["release"], "hand"), (["hand", "release", "fail"], None)):
            for step in forbidden:
                with pytest.raises(StoreError) as refused:
                    steps[step]()
                assert refused.value.code == "disaster.provision_state"
            if then:
                steps[then]()
    assert kinds(asked) == ["requested", "released", "handed"]


def test_a_provision_is_made_only_while_holding_the_right_to_write(asked: Store, tmp_path: Path, now: datetime) -> None:
    with pytest.raises(RuntimeError, match="writing"):
        staged(asked, now, "P1", tmp_path)
    with pytest.raises(StoreError) as refused, asked.writing():
        asked.provisions.create("R-9", decision={}, staging=tmp_path / "s", final=tmp_path / "f", at=now)
    assert refused.value.code == "disaster.unknown_request"


def test_what_killed_commands_left_is_deleted_finished_or_failed_when_the_store_is_opened(
    asked: Store, tmp_path: Path, store_url: str | None, now: datetime
) -> None:
    out = tmp_path / "out"
    with asked.writing():
        made = {name: staged(asked, now, name, out) for name in ("staged", "released", "renamed", "lost", "taken")}
        for name in ("released", "renamed", "lost", "taken"):
            asked.provisions.release(name, sha256=name, payload={}, at=now)
    made["renamed"].staging.rename(made["renamed"].final)
    (made["lost"].staging / "manifest.json").unlink()
    made["lost"].staging.rmdir()
    made["taken"].final.mkdir()
    (asked.home / "staging/left").mkdir()
    with Store.open(asked.home, at=now + HOUR, url=store_url) as again:
        assert set(again.settled.deleted) == {"staged"}
        assert set(again.settled.finished) == {"released", "renamed"}
        assert set(again.settled.failed) == {"lost", "taken"}
        states = {each.provision_id: each.state for each in again.provisions.all(TOWN)}
        assert again.ledger.verify().ok
    assert states == {
        "staged": "failed",
        "released": "handed",
        "renamed": "handed",
        "lost": "failed",
        "taken": "failed",
    }
    assert sorted(path.name for path in out.iterdir()) == [".staging-taken", "released", "renamed", "taken"]
    assert (out / "released/manifest.json").exists()
    assert list((asked.home / "staging").iterdir()) == []
    with Store.open(asked.home, at=now + HOUR, url=store_url) as once_more:
        assert once_more.settled == type(once_more.settled)()


def test_a_provision_in_the_making_is_not_taken_for_a_leftover(
    asked: Store, tmp_path: Path, store_url: str | None, now: datetime
) -> None:
    with asked.writing():
        made = staged(asked, now, "P1", tmp_path)
        with Store.open(asked.home, at=now, url=store_url) as other:
            assert other.swept.skipped
        assert made.staging.exists()
        assert asked.provisions.get("P1").state == "staging"
