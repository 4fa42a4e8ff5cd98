"""Triggers, events and the clock: every boundary of a decision to the second, with the time as a parameter."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from agreement_world import (
    CITY,
    HQ,
    NEW,
    NOON,
    OLD,
    ONE_HOUR,
    ONE_SECOND,
    PEACE,
    PERMITTED,
    TOWN,
    codes,
    event,
    judged,
    request,
    trigger,
)

from agreements.agreement import Renewal
from agreements.clock import JST
from agreements.decide import decide
from agreements.errors import RequestError
from agreements.request import Event, EventArea, Mode, Trigger, TriggerKind

EARLY = request(made_at=NOON - timedelta(days=2))
KINDS = [TriggerKind.HQ_ESTABLISHED, TriggerKind.EVACUATION_ORDER, TriggerKind.RELIEF_ACT, TriggerKind.LIKELY]


def _event(*triggers: Trigger, **changes: object) -> Event:
    base = Event("E1", "大雨", TOWN, False, NOON - timedelta(days=1), triggers)
    return replace(base, **changes)  # type: ignore[arg-type]


def _granted_at(
    moments: list[datetime], happened: Event | None, asked: object = EARLY, world: object = NEW
) -> list[bool]:
    return [judged(world, asked, event=happened, at=at).granted for at in moments]  # type: ignore[arg-type]


def _around(at: datetime) -> list[datetime]:
    return [at - ONE_SECOND, at, at + ONE_SECOND]


# --- what opens a clause, and from when to when ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_trigger_opens_exactly_the_clauses_that_name_it_from_its_very_second(kind: TriggerKind) -> None:
    homes = next(c for c in NEW.clauses if c.id == "dwelling")
    naming = replace(NEW, clauses=(replace(homes, triggers=(kind,)),))
    others = replace(NEW, clauses=(replace(homes, triggers=tuple(k for k in KINDS if k != kind)),))
    happened = _event(trigger(kind, NOON))
    assert _granted_at(_around(NOON), happened, world=naming) == [False, True, True]
    assert _granted_at(_around(NOON), happened, world=others) == [False, False, False]


def test_a_trigger_counts_until_the_second_it_is_lifted() -> None:
    lifted = NOON + 2 * ONE_HOUR
    happened = _event(trigger("hq_established", NOON, ended_at=lifted))
    assert _granted_at(_around(lifted), happened) == [True, False, False]
    assert codes(judged(NEW, EARLY, event=happened, at=lifted)) == ["trigger_ended"]


def test_another_trigger_that_still_holds_outlives_one_that_was_lifted() -> None:
    lifted = trigger("hq_established", NOON - 2 * ONE_HOUR, ended_at=NOON)
    assert judged(NEW, request(), event=_event(lifted, trigger("relief_act"))).granted


def test_an_event_opens_nothing_before_its_first_second_and_nothing_from_the_second_it_is_closed() -> None:
    closed = NOON + ONE_HOUR
    happened = _event(trigger("hq_established", NOON - ONE_HOUR), opened_at=NOON, closed_at=closed)
    assert _granted_at([*_around(NOON), *_around(closed)], happened) == [False, True, True, True, False, False]
    assert codes(judged(NEW, EARLY, event=happened, at=closed)) == ["event_closed"]


def test_of_two_overlapping_events_only_the_one_named_opens_the_clause() -> None:
    rain = _event(trigger("hq_established"))
    quake = _event(event_id="E2", name="地震")
    assert judged(NEW, request(event_id="E1"), event=rain).granted
    assert codes(judged(NEW, request(event_id="E2"), event=quake)) == ["no_trigger"]
    assert codes(judged(NEW, request(event_id="E2"), event=rain)) == ["other_event"]


@pytest.mark.parametrize(("named", "given"), [(None, "E1"), ("E1", None), ("E2", "E1")])
def test_a_request_is_decided_with_the_event_it_names_and_no_other(named: str | None, given: str | None) -> None:
    decision = decide([NEW], request(event_id=named), event=event() if given else None, at=NOON)
    assert codes(decision) == ["other_event"]


def test_a_drill_passes_the_same_gates_and_marks_its_decision_granted_or_refused() -> None:
    drill = event("hq_established/drill")
    assert judged(NEW, request(), event=drill).granted
    assert judged(NEW, request(), event=drill).drill
    assert judged(OLD, request(), event=drill).drill
    assert codes(judged(NEW, request(), event=drill, assessments=[])) == ["no_assessment"]
    assert not judged(NEW, request()).drill


# --- telephone calls and back-dating -------------------------------------------------------------------------------


def test_a_call_counts_as_a_trigger_only_if_somebody_called_back() -> None:
    with pytest.raises(RequestError) as caught:
        Trigger(TriggerKind.TELEPHONE, NOON, "危機管理課 三島", confirmed_by=" ")
    assert caught.value.code == "agreements.call_confirmed_by_nobody"
    assert "2026年" in caught.value.sentence("ja")
    assert "JST" in caught.value.sentence("en")


def test_a_caller_does_not_confirm_the_own_call() -> None:
    with pytest.raises(RequestError) as caught:
        Trigger(TriggerKind.TELEPHONE, NOON, "危機管理課 三島", confirmed_by="危機管理課　三島")
    assert caught.value.code == "agreements.call_confirmed_by_nobody"
    asked = replace(CALL, person="佐久間　ﾄﾓ", confirmed_by="佐久間 トモ")
    assert codes(judged(NEW, asked)) == ["telephone_unconfirmed"]
    assert judged(NEW, replace(asked, person="三島")).granted
    status = request(dataset="delivery-status", mode=Mode.LAYER)
    happened = _event(trigger("telephone", NOON))
    moments = [judged(NEW, replace(status, made_at=NOON - ONE_HOUR), event=happened, at=at) for at in _around(NOON)]
    assert [decision.granted for decision in moments] == [False, True, True]


def test_a_call_is_no_trigger_for_personal_data() -> None:
    assert codes(judged(NEW, request(), event=_event(trigger("telephone")))) == ["no_trigger"]


def test_a_back_dated_trigger_needs_a_reason_from_the_second_after_a_quarter_of_an_hour() -> None:
    quarter = timedelta(minutes=15)
    assert not trigger("hq_established", NOON, recorded_at=NOON + quarter).backdated
    with pytest.raises(RequestError) as caught:
        trigger("hq_established", NOON, recorded_at=NOON + quarter + ONE_SECOND)
    assert caught.value.code == "agreements.backdated_without_reason"
    assert "理由が書かれていません" in str(caught.value)
    late = trigger("hq_established", NOON, recorded_at=NOON + quarter + ONE_SECOND, note="停電で記録が遅れた")
    assert late.backdated
    assert (late.at, late.recorded_at) == (NOON, NOON + quarter + ONE_SECOND)


def test_back_dating_never_makes_an_earlier_release_lawful() -> None:
    recorded = NOON + 3 * ONE_HOUR
    happened = _event(trigger("hq_established", NOON, recorded_at=recorded, note="停電で記録が遅れた"))
    assert _granted_at([NOON, *_around(recorded)], happened) == [False, False, True, True]


def test_a_trigger_written_down_beforehand_counts_only_once_it_happens() -> None:
    happened = _event(trigger("relief_act", NOON, recorded_at=NOON - ONE_HOUR))
    assert _granted_at(_around(NOON), happened) == [False, True, True]


def test_a_time_without_a_zone_is_refused_wherever_it_stands() -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(RequestError, match="時差"):
        trigger("hq_established", NOON, recorded_at=naive)
    with pytest.raises(RequestError, match="時差"):
        EventArea("T-07", naive, "情報班")
    with pytest.raises(RequestError, match="時差"):
        decide([NEW], PEACE, event=None, at=naive)


# --- areas ---------------------------------------------------------------------------------------------------------


def _areas(*names: tuple[str, datetime]) -> Event:
    return _event(trigger("hq_established"), areas=tuple(EventArea(name, at, "情報班") for name, at in names))


def test_personal_data_stay_within_the_areas_of_the_event() -> None:
    happened = _areas(("T-07", NOON - ONE_HOUR))
    assert judged(NEW, request(area="T-07"), event=happened).granted
    assert codes(judged(NEW, request(area="T-08"), event=happened)) == ["outside_areas"]
    assert codes(judged(NEW, request(area=None), event=happened)) == ["area_needed"]


def test_an_event_without_areas_reaches_the_whole_municipality() -> None:
    assert judged(NEW, request(area=None), event=_areas()).granted
    assert judged(NEW, request(area="T-08"), event=_areas()).granted


def test_an_area_counts_from_the_second_it_was_added() -> None:
    happened = _areas(("T-07", NOON - ONE_HOUR), ("T-08", NOON))
    assert _granted_at(_around(NOON), happened, replace(EARLY, area="T-08")) == [False, True, True]
    assert _granted_at(_around(NOON), happened, replace(EARLY, area="T-07")) == [True, True, True]


def test_the_areas_of_an_event_do_not_narrow_what_is_nobodys() -> None:
    status = request(dataset="delivery-status", mode=Mode.LAYER)
    assert judged(NEW, status, event=_areas(("T-07", NOON - ONE_HOUR))).granted


def test_a_milder_mode_keeps_to_the_areas_too() -> None:
    assert judged(NEW, request(area="T-08"), event=_areas(("T-07", NOON - ONE_HOUR))).milder is None


@pytest.mark.parametrize(("area", "by"), [(" ", "情報班"), ("T-07", "")])
def test_an_area_needs_its_id_and_who_added_it(area: str, by: str) -> None:
    with pytest.raises(RequestError) as caught:
        EventArea(area, NOON, by)
    assert caught.value.code == "agreements.area_without_name"


# --- the term of the agreement --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "granted"),
    [
        (datetime(2026, 3, 31, 23, 59, 59, tzinfo=JST), False),
        (datetime(2026, 4, 1, 0, 0, 0, tzinfo=JST), True),
        (datetime(2026, 3, 31, 14, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 31, 15, 0, 0, tzinfo=UTC), True),
        (datetime(2027, 3, 31, 23, 59, 59, 999999, tzinfo=JST), True),
        (datetime(2027, 4, 1, 0, 0, 0, tzinfo=JST), False),
        (datetime(2027, 3, 31, 14, 59, 59, tzinfo=UTC), True),
        (datetime(2027, 3, 31, 15, 0, 0, tzinfo=UTC), False),
    ],
)
def test_the_term_begins_and_ends_at_midnight_in_japan(at: datetime, granted: bool) -> None:
    decision = judged(NEW, PEACE, event=None, at=at)
    assert decision.granted == granted
    if not granted:
        assert codes(decision)[0] == ("not_yet_in_force" if at.year == 2026 else "expired")


def test_an_agreement_signed_after_the_event_began_opens_its_clauses_from_the_day_of_signing() -> None:
    signed = replace(NEW, signed=date(2026, 11, 22), effective_from=date(2026, 11, 22))
    happened = _event(trigger("hq_established"), closed_at=NOON + timedelta(days=9))
    midnight = datetime(2026, 11, 22, tzinfo=JST)
    assert _granted_at(_around(midnight), happened, world=signed) == [False, True, True]
    assert codes(judged(signed, EARLY, event=happened, at=midnight - ONE_SECOND)) == ["not_yet_in_force"]


def test_a_term_that_is_written_to_begin_before_the_signing_begins_with_the_signing() -> None:
    backwards = replace(NEW, signed=date(2026, 11, 22), effective_from=date(2026, 4, 1))
    midnight, happened = datetime(2026, 11, 22, tzinfo=JST), _event(trigger("hq_established"))
    assert _granted_at(_around(midnight), happened, world=backwards) == [False, True, True]


def test_a_late_renewal_leaves_a_gap_that_nothing_fills() -> None:
    ended = replace(NEW, effective_to=date(2026, 11, 19))
    renewed = replace(NEW, agreement_id="99301-renewed", signed=date(2026, 11, 21), effective_from=date(2026, 11, 21))
    both = [ended, renewed]
    begin, end = datetime(2026, 11, 20, tzinfo=JST), datetime(2026, 11, 21, tzinfo=JST)
    happened = _event(trigger("hq_established", begin - timedelta(days=1)), opened_at=begin - timedelta(days=2))
    asked = request(made_at=begin - timedelta(days=1))
    assert _granted_at([*_around(begin), *_around(end)], happened, asked, both) == [
        True, False, False, False, True, True,
    ]  # fmt: skip
    assert judged(both, asked, event=happened, at=end).agreement_id == "99301-renewed"


@pytest.mark.parametrize(("notice", "granted"), [(date(2026, 10, 21), False), (date(2026, 10, 22), True)])
def test_a_notice_that_comes_a_day_late_lets_the_agreement_renew_itself(notice: date, granted: bool) -> None:
    renewal = Renewal(auto=True, months=12, notice_days=30, notice_given_on=notice)
    own = replace(NEW, effective_to=date(2026, 11, 20), renewal=renewal)
    assert judged(own, request()).granted == granted


# --- the document that follows a call -------------------------------------------------------------------------------

CALL = request(channel="telephone", document_no="", confirmed_by="佐久間")


def test_a_request_by_telephone_holds_to_the_second_of_its_hours() -> None:
    due = NOON + timedelta(hours=24)
    assert _granted_at([NOON, *_around(due)], event(), CALL) == [True, True, True, False]
    assert codes(judged(NEW, CALL, at=due + ONE_SECOND)) == ["document_overdue"]


def test_a_grant_by_telephone_tells_until_when_its_document_is_due() -> None:
    due = NOON + timedelta(hours=24)
    decision = judged(NEW, CALL)
    assert decision.document_due == due
    assert decision.conditions[0].params["due"] == due
    assert "2026年11月22日12時00分までに" in decision.conditions[0].sentence()
    later = judged(NEW, CALL, at=due)
    assert later.document_due == due, "it is due by when the call was made, not by when it is decided"


def test_nothing_is_awaited_once_the_document_has_its_number_or_where_no_clause_asks_for_one() -> None:
    answered = judged(NEW, replace(CALL, document_no="12"), at=NOON + timedelta(hours=24) + ONE_SECOND)
    assert answered.granted
    assert answered.document_due is None
    assert "agreements.condition_document" not in {c.code for c in answered.conditions}
    status = replace(CALL, dataset="delivery-status", mode=Mode.LAYER)
    assert judged(NEW, status).document_due is None
    assert judged(NEW, replace(CALL, purpose="planning")).document_due is None, "a refusal awaits nothing"


def test_a_request_dated_after_the_decision_is_refused() -> None:
    late = replace(PEACE, made_at=NOON + ONE_SECOND)
    assert codes(judged(NEW, late, event=None)) == ["request_in_future"]
    assert judged(NEW, late, event=None, at=NOON + ONE_SECOND).granted


def test_an_assessment_counts_from_its_second_to_the_end_of_its_last_day_in_japan() -> None:
    weighed = replace(PERMITTED, weighed_at=NOON, valid_until=NOON.date())
    midnight = datetime(2026, 11, 22, tzinfo=JST)
    moments = [*_around(NOON), *_around(midnight)]
    decisions = [judged(NEW, EARLY, at=at, assessments=[weighed]) for at in moments]
    assert [d.granted for d in decisions] == [False, True, True, True, False, False]
    assert codes(decisions[0]) == ["no_assessment"]
    assert codes(decisions[-1]) == ["assessment_ended"]


def test_the_requests_area_event_and_agreement_must_all_be_the_towns_own() -> None:
    elsewhere = event("hq_established/elsewhere")
    assert codes(judged(NEW, request(), event=elsewhere)) == ["event_elsewhere"]
    neighbour = replace(
        NEW, agreement_id="99302", area=("99302",), municipality=replace(CITY, name="隣市", code="99302", units=())
    )
    over = request(municipality="99302")
    assert codes(judged([NEW, neighbour], over, event=elsewhere)) == ["other_municipality"]
    assert codes(judged([neighbour], over, event=elsewhere))[:2] == ["recipient_no_party", "requester_no_party"]
    assert HQ in judged([neighbour], over, event=elsewhere).reasons[0].sentence()
