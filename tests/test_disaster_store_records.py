"""Agreements, events, requests and provisions in the store."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from store_rows import TOWN

from agreements.agreement import new_agreement_text
from agreements.errors import AgreementTextError, RequestError
from agreements.request import Event, EventArea, Mode, Request, Trigger, TriggerKind
from agreements.terms import Party
from disaster.errors import StoreError
from disaster.models import Side
from disaster.store import Provision, Store

pytest_plugins = ("prepared_store",)

HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path, prepared_url: str | None, now: datetime) -> Iterator[Store]:
    codes = [TOWN, "99302"]
    with Store.create(tmp_path / "post", side=Side.POST, municipalities=codes, at=now, url=prepared_url) as opened:
        yield opened


def kinds(store: Store) -> list[str]:
    return [entry.kind for entry in store.ledger.entries()][1:]


def request_at(at: datetime, name: str = "R-1", municipality: str = TOWN) -> Request:
    return Request(
        name, municipality, "潮見市災害対策本部 情報班", "潮見市災害対策本部", "safety_check", "delivery-points",
        Mode.DWELLING, at, "telephone", confirmed_by="局長", event_id="E1",
        fields=("address", "status"), area="town:浜町",
    )  # fmt: skip


def agreement(name: str = "A1", code: str = TOWN, *, year: int = 2026, title: str = "協定") -> str:
    return new_agreement_text(
        "model-emergency-2026", agreement_id=name, post=Party("潮見郵便局", "S001"), title=title,
        municipality=Party("潮見市", code), signed=date(year, 4, 1), effective_from=date(year, 4, 1),
    )  # fmt: skip


def event_at(at: datetime, name: str = "E1", municipality: str = TOWN) -> Event:
    declared = Trigger(TriggerKind.HQ_ESTABLISHED, at, "潮見市長", "東海道沖の地震")
    return Event(name, "令和8年架空県沖地震", municipality, False, at, (declared,))


def test_an_agreement_is_kept_letter_by_letter_with_every_text_that_was_in_force(store: Store, now: datetime) -> None:
    first, second = agreement().replace("\n", "\r\n"), agreement(title="協定 改定")
    assert store.agreements.add("A1", TOWN, first, at=now)
    assert not store.agreements.add("A1", TOWN, first, at=now + HOUR)
    assert store.agreements.get("A1").text == first
    assert store.agreements.add("A1", TOWN, second, at=now + HOUR)
    kept = store.agreements.get("A1")
    assert (kept.text, kept.number, kept.added_at) == (second, 2, now + HOUR)
    assert store.agreements.add("A1", TOWN, first, at=now + 2 * HOUR)  # back to the old text is news again
    assert kinds(store) == ["agreement_added"] * 3


def test_agreements_are_listed_once_each_by_municipality(store: Store, now: datetime) -> None:
    b, a, c = agreement("A2", year=2025), agreement("A1"), agreement("A1", title="改定")
    d = agreement("A1", "99302")
    for name, code, text in (("A2", TOWN, b), ("A1", TOWN, a), ("A1", TOWN, c), ("A1", "99302", d)):
        store.agreements.add(name, code, text, at=now)
    assert [kept.text for kept in store.agreements.all(TOWN)] == [c, b]
    assert [kept.text for kept in store.agreements.all()] == [c, b, d]
    assert store.agreements.get("A1", municipality="99302").text == d


def test_the_same_agreement_under_another_name_is_refused_and_changes_nothing(store: Store, now: datetime) -> None:
    store.agreements.add("A1", TOWN, agreement(), at=now)
    with pytest.raises(StoreError) as refused:
        store.agreements.add("A2", TOWN, agreement("A2", title="写し"), at=now)
    assert refused.value.code == "disaster.agreement_duplicate"
    assert "A1" in refused.value.sentence("ja")
    assert store.agreements.add("A2", TOWN, agreement("A2", year=2025), at=now)  # of another period
    assert [kept.agreement_id for kept in store.agreements.all()] == ["A1", "A2"]
    assert kinds(store) == ["agreement_added"] * 2


def test_what_is_no_agreement_is_not_kept(store: Store, now: datetime) -> None:
    with pytest.raises(AgreementTextError):
        store.agreements.add("A1", TOWN, 'title = "協定"', at=now)
    assert kinds(store) == []


@pytest.mark.parametrize("what", ["agreements", "events", "requests", "provisions"])
def test_a_name_that_nobody_has_is_refused_in_words(store: Store, what: str) -> None:
    with pytest.raises(StoreError) as refused:
        getattr(store, what).get("無い")
    assert "無い" in refused.value.sentence("ja")


def test_a_name_that_two_municipalities_have_asks_which(store: Store, now: datetime) -> None:
    for code in (TOWN, "99302"):
        store.agreements.add("A1", code, agreement(code=code), at=now)
        store.events.add(event_at(now, municipality=code), at=now)
        store.requests.add(request_at(now, municipality=code), at=now)
    for records, name in ((store.agreements, "A1"), (store.events, "E1"), (store.requests, "R-1")):
        with pytest.raises(StoreError) as refused:
            records.get(name)  # type: ignore[attr-defined]
        assert refused.value.code == "disaster.name_in_several"
        assert records.get(name, municipality="99302").municipality == "99302"  # type: ignore[attr-defined]


def test_records_of_another_municipality_are_refused(store: Store, now: datetime) -> None:
    for add in (
        lambda: store.agreements.add("A1", "22212", agreement(), at=now),
        lambda: store.events.add(event_at(now, municipality="22212"), at=now),
        lambda: store.requests.add(request_at(now, municipality="22212"), at=now),
    ):
        with pytest.raises(StoreError) as refused:
            add()
        assert refused.value.code == "disaster.not_of_store"
    assert kinds(store) == []


def test_an_event_comes_back_with_its_triggers_in_order_of_time(store: Store, now: datetime) -> None:
    store.events.add(event_at(now), at=now)
    call = Trigger(TriggerKind.TELEPHONE, now + 2 * HOUR, "情報班", confirmed_by="窓口局長")
    store.events.add_trigger("E1", call, at=now + 2 * HOUR)
    store.events.add_trigger("E1", Trigger(TriggerKind.RELIEF_ACT, now + HOUR, "架空県知事"), at=now + HOUR)
    event = store.events.get("E1")
    assert event.triggers[2] == call
    assert [trigger.kind for trigger in event.triggers] == ["hq_established", "relief_act", "telephone"]
    assert event.triggers[0] == event_at(now).triggers[0]
    assert kinds(store) == ["event_opened", "trigger_recorded", "trigger_recorded"]


@pytest.mark.parametrize(("name", "code"), [("A2", TOWN), ("A1", "99302")])
def test_an_agreement_is_not_filed_under_another_name_or_place(
    store: Store, now: datetime, name: str, code: str
) -> None:
    with pytest.raises(StoreError) as refused:
        store.agreements.add(name, code, agreement(), at=now)
    assert refused.value.code == "disaster.agreement_misfiled"
    assert store.agreements.all() == ()


def test_a_trigger_told_later_keeps_both_times_and_opens_nothing_before_it_was_written_down(
    store: Store, now: datetime
) -> None:
    store.events.add(event_at(now), at=now)
    told = Trigger(TriggerKind.RELIEF_ACT, now + HOUR, "架空県知事", "県からの通知が遅れた")
    store.events.add_trigger("E1", told, at=now + 3 * HOUR)
    kept = store.events.get("E1").triggers[1]
    assert kept == replace(told, recorded_at=now + 3 * HOUR)
    assert kept.backdated
    assert not kept.active(now + 2 * HOUR)
    assert kept.active(now + 3 * HOUR)
    said = list(store.ledger.entries())[-1].payload
    assert datetime.fromisoformat(said["at"]) == now + HOUR
    assert datetime.fromisoformat(said["recorded_at"]) == now + 3 * HOUR


def test_a_trigger_is_not_back_dated_without_a_reason_or_by_a_time_that_was_made_up(
    store: Store, now: datetime
) -> None:
    store.events.add(event_at(now), at=now)
    bare = Trigger(TriggerKind.RELIEF_ACT, now + HOUR, "架空県知事")
    for given in (bare, replace(bare, recorded_at=now + HOUR)):  # the store's own time counts
        with pytest.raises(RequestError) as refused:
            store.events.add_trigger("E1", given, at=now + 3 * HOUR)
        assert refused.value.code == "agreements.backdated_without_reason"
    assert kinds(store) == ["event_opened"]


def test_areas_are_added_to_an_event_once_each_and_not_before_they_were_written_down(
    store: Store, now: datetime
) -> None:
    first = EventArea("town:浜町", now, "情報班")
    store.events.add(replace(event_at(now), areas=(first,)), at=now)
    assert store.events.add_area("E1", EventArea("town:港町", now, "情報班"), at=now + HOUR)
    assert not store.events.add_area("E1", EventArea("town:港町", now + HOUR, "別の人"), at=now + 2 * HOUR)
    event = store.events.get("E1")
    assert event.areas == (first, EventArea("town:港町", now + HOUR, "情報班"))
    assert event.areas_at(now) == ("town:浜町",)
    assert kinds(store) == ["event_opened", "area_added"]


def test_a_trigger_that_was_lifted_and_an_event_that_was_closed_say_so(store: Store, now: datetime) -> None:
    store.events.add(event_at(now), at=now)
    kind = TriggerKind.HQ_ESTABLISHED
    store.events.end_trigger("E1", kind, ended_at=now + HOUR, by="情報班", at=now + HOUR)
    with pytest.raises(StoreError) as refused:
        store.events.end_trigger("E1", kind, ended_at=now + HOUR, by="情報班", at=now + HOUR)
    assert refused.value.code == "disaster.no_such_trigger"
    store.events.close("E1", closed_at=now + 2 * HOUR, by="情報班", at=now + 2 * HOUR)
    event = store.events.get("E1")
    assert (event.triggers[0].ended_at, event.closed_at) == (now + HOUR, now + 2 * HOUR)
    assert kinds(store) == ["event_opened", "trigger_ended", "event_closed"]


def test_what_would_end_before_it_began_is_refused_and_the_event_stays_readable(store: Store, now: datetime) -> None:
    store.events.add(event_at(now), at=now)
    for change in (
        lambda: store.events.end_trigger(
            "E1", TriggerKind.HQ_ESTABLISHED, ended_at=now - HOUR, by="情報班", at=now + HOUR
        ),
        lambda: store.events.close("E1", closed_at=now - HOUR, by="情報班", at=now + HOUR),
    ):
        with pytest.raises(RequestError) as refused:
            change()
        assert refused.value.code == "agreements.ends_before_it_begins"
    assert store.events.get("E1") == event_at(now)
    assert kinds(store) == ["event_opened"]


def test_a_closed_event_is_not_opened_again_by_closing_it_later(store: Store, now: datetime) -> None:
    store.events.add(event_at(now), at=now)
    store.events.close("E1", closed_at=now + 9 * HOUR, by="情報班", at=now)
    store.events.close("E1", closed_at=now + HOUR, by="情報班", at=now + HOUR)  # what lies ahead may be moved
    with pytest.raises(StoreError) as refused:
        store.events.close("E1", closed_at=now + 9 * HOUR, by="情報班", at=now + HOUR)
    assert refused.value.code == "disaster.event_over"
    assert not store.events.get("E1").open(now + HOUR)


@pytest.mark.parametrize("change", [{"name": " "}, {"event_id": ""}, {"name": "\u3164"}], ids=ascii)
def test_an_event_has_a_number_and_a_name(store: Store, now: datetime, change: dict[str, str]) -> None:
    with pytest.raises(StoreError) as refused:
        store.events.add(replace(event_at(now), **change), at=now)
    assert refused.value.code == "disaster.event_without_name"
    assert kinds(store) == []


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
    told = replace(request_at(now), reason="照会では間に合わない", person="情報 花子", role="municipal_hq")
    for request in (told, bare):
        assert store.requests.add(request, at=now)
        assert not store.requests.add(request, at=now)
        assert store.requests.get(request.request_id) == request
    assert store.requests.all(TOWN) == (told, bare)
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


def test_a_provision_tells_who_got_what_until_when_from_the_manifest_that_left(
    asked: Store, tmp_path: Path, now: datetime
) -> None:
    request = {"recipient": "潮見市災害対策本部", "purpose": "safety_check", "event_id": "E1"}
    decision = {"request": request, "expires_at": (now + 24 * HOUR).isoformat(), "drill": True}
    manifest = {
        "recipient": {"name": "潮見郵便局", "code": "S001"}, "expires_at": None,
        "files": [{"path": "work.csv", "sha256": "cd" * 32, "bytes": 1}],
    }  # fmt: skip
    with asked.writing():
        for name in ("P1", "P2"):
            asked.provisions.create(
                "R-1", decision=decision, staging=tmp_path / f".{name}", final=tmp_path / name, at=now,
                provision_id=name,
            )  # fmt: skip
        asked.provisions.release("P1", sha256="a", payload={}, at=now, manifest=manifest)
        asked.provisions.release("P2", sha256="b", payload={}, at=now)
    told, bare = asked.provisions.get("P1"), asked.provisions.get("P2")
    assert (told.recipient, told.expires_at, told.files) == ("潮見郵便局", None, {"work.csv": "cd" * 32})
    assert (bare.recipient, bare.expires_at, bare.files) == ("潮見市災害対策本部", now + 24 * HOUR, {})
    assert [(each.purpose, each.event_id, each.drill) for each in (told, bare)] == [("safety_check", "E1", True)] * 2
    assert (told.manifest, bare.manifest) == (manifest, None)


def test_two_municipalities_of_a_store_may_give_a_pack_the_same_name(
    store: Store, tmp_path: Path, now: datetime
) -> None:
    with store.writing():
        for code in (TOWN, "99302"):
            store.requests.add(request_at(now, municipality=code), at=now)
            store.provisions.create(
                "R-1", decision={}, staging=tmp_path / f".{code}", final=tmp_path / code, at=now, provision_id="P1",
                municipality=code,
            )  # fmt: skip
        store.provisions.release("P1", sha256="a", payload={}, at=now, municipality="99302")
        with pytest.raises(StoreError) as refused:
            store.provisions.hand("P1", at=now)
        assert refused.value.code == "disaster.name_in_several"
        store.provisions.settle(at=now)
    assert {each.municipality: each.reason for each in store.provisions.all()} == {
        TOWN: "interrupted_before_release",
        "99302": "files_lost_after_release",
    }


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
    asked: Store, tmp_path: Path, prepared_url: str | None, now: datetime
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
    with Store.open(asked.home, at=now + HOUR, url=prepared_url) as again:
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
    with Store.open(asked.home, at=now + HOUR, url=prepared_url) as once_more:
        assert once_more.settled == type(once_more.settled)()


def test_a_provision_in_the_making_is_not_taken_for_a_leftover(
    asked: Store, tmp_path: Path, prepared_url: str | None, now: datetime
) -> None:
    with asked.writing():
        made = staged(asked, now, "P1", tmp_path)
        with Store.open(asked.home, at=now, url=prepared_url) as other:
            assert other.swept.skipped
        assert made.staging.exists()
        assert asked.provisions.get("P1").state == "staging"
