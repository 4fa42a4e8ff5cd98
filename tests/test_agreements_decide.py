"""The decision table: what is granted, what is refused, and what a refusal says first."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from agreement_world import HQ, NEW, NOON, OLD, PEACE, PERMITTED, codes, event, judged, request

from agreements.agreement import Renewal
from agreements.decide import Decision
from agreements.request import Mode

WITHOUT_PERSON = replace(NEW, clauses=tuple(c for c in NEW.clauses if c.id != "person"))
WORLDS = {
    "old": [OLD],
    "new": [NEW],
    "both": [OLD, NEW],
    "none": [],
    "noperson": [WITHOUT_PERSON],
    "draft": [replace(NEW, signed=None)],
    "ended": [replace(NEW, effective_to=date(2026, 11, 20))],
    "next": [replace(NEW, effective_from=date(2026, 11, 22))],
    "renewed": [replace(NEW, effective_to=date(2026, 3, 31), renewal=Renewal(auto=True))],
    "old+ended": [OLD, replace(NEW, effective_to=date(2026, 11, 20))],
    "elsewhere": [replace(NEW, area=("99302",))],
}


#: dataset, mode, purpose and recipient of a request; `doc` = by document, `tel` = confirmed telephone call.
TABLE = """
world     | dataset         | mode     | purpose           | to   | asked           | trigger                  | expected
--------- | --------------- | -------- | ----------------- | ---- | --------------- | ------------------------ | ------------------------------
new       | delivery-points | dwelling | safety_check      | HQ   | doc             | hq_established           | 第5条第1項第3号 milder=match
new       | delivery-points | dwelling | safety_check      | HQ   | doc             | relief_act               | 第5条第1項第3号 milder=match
new       | delivery-points | dwelling | safety_check      | HQ   | doc             | likely                   | 第5条第1項第3号 milder=match
new       | delivery-points | dwelling | relief_delivery   | HQ   | doc             | hq_established           | 第5条第1項第3号
new       | delivery-points | match    | safety_check      | HQ   | doc             | hq_established           | 第5条第1項第2号
new       | delivery-points | person   | rescue            | HQ   | doc             | hq_established           | 第5条第1項第4号 milder=match
new       | delivery-points | person   | rescue            | HQ   | doc             | likely                   | no_trigger milder=match
new       | delivery-points | forward  | notice            | HQ   | doc             | hq_established           | 第5条第1項第1号
new       | delivery-points | match    | notice            | HQ   | doc             | hq_established           | other_purpose milder=forward
new       | delivery-points | layer    | safety_check      | HQ   | doc             | hq_established           | no_clause_for_mode
noperson  | delivery-points | person   | rescue            | HQ   | doc             | hq_established           | no_clause_for_mode milder=match
old       | delivery-points | dwelling | safety_check      | HQ   | doc             | hq_established           | no_clause
old       | delivery-points | match    | rescue            | HQ   | doc             | relief_act               | no_clause
old       | delivery-status | layer    | safety_check      | HQ   | doc             | hq_established           | no_clause
both      | delivery-points | dwelling | safety_check      | HQ   | doc             | hq_established           | 第5条第1項第3号 milder=match
both      | damage-points   | layer    | road_clearing     | HQ   | doc             | hq_established           | 第3条第1項第6号
new       | damage-points   | layer    | road_clearing     | HQ   | doc             | hq_established           | 第6条第1項第2号
new       | delivery-points | dwelling | planning          | HQ   | doc             | hq_established           | other_purpose
new       | delivery-points | dwelling | shelter_operation | HQ   | doc             | hq_established           | other_purpose
new       | delivery-points | dwelling | curiosity         | HQ   | doc             | hq_established           | other_purpose
new       | delivery-points | dwelling | safety_check      | HQ   | doc             | -                        | no_trigger
new       | delivery-points | dwelling | safety_check      | HQ   | doc             | nothing                  | no_trigger
new       | delivery-points | dwelling | safety_check      | HQ   | doc             | telephone                | no_trigger
new       | delivery-points | dwelling | safety_check      | HQ   | doc             | hq_established/later     | no_trigger
new       | delivery-points | dwelling | safety_check      | HQ   | doc             | hq_established/future    | no_trigger
new       | delivery-points | dwelling | safety_check      | HQ   | doc             | hq_established/ended     | trigger_ended
new       | delivery-points | dwelling | safety_check      | HQ   | doc             | hq_established/closed    | event_closed
new       | delivery-points | dwelling | safety_check      | HQ   | doc             | hq_established/elsewhere | event_elsewhere
new       | delivery-points | dwelling | safety_check      | HQ   | doc             | hq_established/drill     | 第5条第1項第3号 milder=match
new       | risk-spots      | layer    | planning          | HQ   | doc             | -                        | 第6条第2項
new       | offices         | layer    | planning          | HQ   | doc             | -                        | 第6条第2項
new       | shelters        | layer    | planning          | 潮見郵便局 | doc      | -                        | 第6条第2項
new       | risk-spots      | layer    | planning          | HQ   | doc             | hq_established/closed    | 第6条第2項
new       | delivery-status | layer    | safety_check      | HQ   | doc             | -                        | no_trigger
new       | delivery-status | layer    | safety_check      | HQ   | doc             | telephone                | 第6条第1項第1号
new       | stockpiles      | layer    | relief_delivery   | HQ   | doc             | document                 | 第6条第1項第3号
old       | risk-spots      | layer    | planning          | HQ   | doc             | -                        | no_clause
old       | stockpiles      | layer    | relief_delivery   | HQ   | doc             | hq_established           | no_clause
old       | vehicles        | layer    | relief_delivery   | HQ   | doc             | hq_established           | 第3条第1項第1号
old       | vehicles        | layer    | relief_delivery   | S002 | doc             | hq_established           | other_direction
old       | openings        | layer    | mail_service      | S002 | doc             | hq_established           | 第3条第1項第2号
old       | protection      | layer    | rescue            | HQ   | doc             | hq_established           | no_clause
new       | delivery-points | dwelling | safety_check      | S001 | doc             | hq_established           | other_direction
new       | delivery-points | dwelling | safety_check      | 潮見警察署 | doc      | hq_established           | recipient_no_party
new       | delivery-points | dwelling | safety_check      | 99301 | doc            | hq_established           | 第5条第1項第3号 milder=match
new       | delivery-points | dwelling | safety_check      | HQ   | doc by 潮見警察署 | hq_established          | requester_no_party
new       | delivery-points | dwelling | safety_check      | HQ   | doc by 潮見市 危機管理課 | hq_established     | 第5条第1項第3号 milder=match
new       | delivery-points | dwelling | safety_check      | HQ   | doc without no  | hq_established           | document_without_number
new       | delivery-points | dwelling | safety_check      | HQ   | tel             | hq_established           | 第5条第1項第3号 milder=match if document
new       | delivery-points | dwelling | safety_check      | HQ   | tel 24h ago     | hq_established           | 第5条第1項第3号 milder=match if document
new       | delivery-points | dwelling | safety_check      | HQ   | tel 25h ago     | hq_established           | document_overdue
new       | delivery-points | person   | rescue            | HQ   | tel 7h ago      | hq_established           | document_overdue milder=match
new       | delivery-points | dwelling | safety_check      | HQ   | tel then no     | hq_established           | 第5条第1項第3号 milder=match
new       | delivery-points | dwelling | safety_check      | HQ   | tel unconfirmed | hq_established           | telephone_unconfirmed
new       | risk-spots      | layer    | planning          | HQ   | tel unconfirmed | -                        | telephone_unconfirmed
old       | vehicles        | layer    | relief_delivery   | HQ   | tel             | telephone                | 第3条第1項第1号
none      | risk-spots      | layer    | planning          | HQ   | doc             | -                        | no_agreement
elsewhere | risk-spots      | layer    | planning          | HQ   | doc             | -                        | other_municipality
draft     | risk-spots      | layer    | planning          | HQ   | doc             | -                        | not_signed
ended     | delivery-points | dwelling | safety_check      | HQ   | doc             | hq_established           | expired
next      | delivery-points | dwelling | safety_check      | HQ   | doc             | hq_established           | not_yet_in_force
renewed   | delivery-points | dwelling | safety_check      | HQ   | doc             | hq_established           | 第5条第1項第3号 milder=match
old+ended | delivery-points | dwelling | safety_check      | HQ   | doc             | hq_established           | expired
elsewhere | risk-spots      | layer    | planning          | HQ   | doc by 潮見郵便局 | -                       | no_agreement
elsewhere | delivery-points | dwelling | safety_check      | HQ   | doc             | hq_established           | other_municipality
new       | delivery-points | dwelling | safety_check      | HQ   | doc             | evacuation_order         | 第5条第1項第3号 milder=match
new       | delivery-points | dwelling | safety_check      | HQ   | doc no reason   | hq_established           | stronger_without_reason milder=match
new       | delivery-points | person   | rescue            | HQ   | doc no reason   | hq_established           | stronger_without_reason milder=match
new       | delivery-points | match    | safety_check      | HQ   | doc no reason   | hq_established           | 第5条第1項第2号
new       | delivery-points | dwelling | relief_delivery   | HQ   | doc no reason   | hq_established           | 第5条第1項第3号
"""  # noqa: E501 - a table is read across


def _rows() -> list[list[str]]:
    lines = TABLE.strip().splitlines()[2:]
    return [[cell.strip() for cell in line.split("|")] for line in lines]


def _asked(word: str) -> dict[str, object]:
    """Return how the request was made."""
    how, _, rest = word.partition(" ")
    if how == "doc":
        requester = rest.removeprefix("by ") if rest.startswith("by ") else HQ
        made = {"channel": "document", "document_no": "" if rest == "without no" else "12", "requester": requester}
        return made | ({"reason": ""} if rest == "no reason" else {})
    told: dict[str, object] = {"channel": "telephone", "document_no": "", "confirmed_by": "夜間窓口 佐久間"}
    if rest == "unconfirmed":
        told["confirmed_by"] = ""
    if rest == "then no":
        told |= {"document_no": "12", "made_at": NOON - timedelta(days=3)}
    if rest.endswith("h ago"):
        told["made_at"] = NOON - timedelta(hours=int(rest.removesuffix("h ago")))
    return told


def _decide_row(row: list[str]) -> Decision:
    world, dataset, mode, purpose, to, asked, trigger, _ = row
    made = request(
        dataset=dataset, mode=Mode(mode), purpose=purpose, recipient=HQ if to == "HQ" else to, **_asked(asked)
    )
    return judged(WORLDS[world], made, event=None if trigger == "-" else event(trigger))


@pytest.mark.parametrize("row", _rows(), ids=lambda row: " ".join(row[:-1]))
def test_every_row_of_the_decision_table_holds(row: list[str]) -> None:
    decision = _decide_row(row)
    expected, _, condition = row[-1].partition(" if ")
    outcome, _, milder = expected.partition(" milder=")
    assert decision.granted == outcome.startswith("第")
    if decision.granted:
        assert decision.article == outcome
        assert [r.code for r in decision.reasons] == ["agreements.granted"]
    else:
        assert decision.reasons[0].code == f"agreements.{outcome}"
        assert (decision.agreement_id, decision.clause_id, decision.columns, decision.expires_at) == (
            None,
            None,
            (),
            None,
        )
    assert decision.milder == (Mode(milder) if milder else None)
    assert any(c.code == "agreements.condition_document" for c in decision.conditions) == (condition == "document")


def test_the_table_has_at_least_forty_rows_and_no_row_twice() -> None:
    rows = [tuple(row[:-1]) for row in _rows()]
    assert len(rows) >= 40
    assert len(set(rows)) == len(rows)


def test_a_grant_and_the_refusals_speak_japanese_with_the_article() -> None:
    assert judged(NEW, request()).reasons[0].sentence() == "協定第5条第1項第3号により提供できます。"
    no_clause = judged(OLD, request()).reasons[0].sentence()
    assert no_clause.startswith("提供できません。「配達先」を提供する根拠となる条項が協定にありません。")
    no_trigger = judged(NEW, request(), event=None).reasons[0].sentence()
    assert "災害の発動（災害対策本部設置など）が記録されていません。" in no_trigger
    assert "災害対策本部設置、避難指示、災害救助法適用、災害発生のおそれ" in no_trigger


def test_no_sentence_of_any_row_has_a_hole_or_a_machine_word() -> None:
    for row in _rows():
        decision = _decide_row(row)
        why = (decision.milder_why,) if decision.milder_why else ()
        for reason in (*decision.reasons, *decision.conditions, *why):
            assert "？" not in reason.sentence("ja") + reason.sentence("en"), (row, reason)
            for word in ("datetime", "[", "hq_established", "delivery-points", "safety_check"):
                assert word not in reason.sentence("ja"), (row, reason)


def test_a_refusal_lists_everything_that_the_nearest_clause_lacks() -> None:
    asked = request(purpose="planning", channel="telephone", document_no="", fields=("addressees", "address"))
    lacking = codes(judged(NEW, asked, event=None, assessments=[]))
    assert lacking == [
        "other_purpose", "other_columns", "no_trigger", "no_legal_basis", "no_assessment", "telephone_unconfirmed",
    ]  # fmt: skip


def test_a_request_for_another_matter_is_not_told_what_an_unrelated_clause_lacks() -> None:
    asked = request(purpose="planning", channel="telephone", document_no="")
    assert codes(judged(OLD, asked, event=None)) == ["no_clause"]


def test_fewer_columns_may_be_asked_for_and_come_in_the_order_of_the_clause() -> None:
    assert judged(NEW, request(fields=("lat", "lon", "address"))).columns == ("address", "lon", "lat")


@pytest.mark.parametrize("fields", [("addressees",), ("address", "sender"), ("address", "reference")])
def test_a_column_beyond_the_clause_refuses_the_whole_request(fields: tuple[str, ...]) -> None:
    assert codes(judged(NEW, request(fields=fields)))[0] == "other_columns"


def test_asking_for_no_column_at_all_is_refused() -> None:
    assert codes(judged(NEW, request(fields=())))[0] == "no_fields"


def test_dwellings_never_carry_names_and_a_match_carries_no_address() -> None:
    dwelling, match, person = (judged(NEW, request(mode=mode)) for mode in (Mode.DWELLING, Mode.MATCH, Mode.PERSON))
    forward = judged(NEW, request(mode=Mode.FORWARD, purpose="notice"))
    assert set(person.columns) - set(dwelling.columns) == {"addressees", "addressee"}
    assert match.columns == ("reference", "result", "status", "confirmed_at")
    assert forward.granted
    assert forward.columns == ()


def test_the_extract_expires_after_the_days_of_the_clause_and_keeps_the_area_asked_for() -> None:
    decision = judged(NEW, request(area="T-07"), event=event("relief_act"))
    assert decision.expires_at == NOON + timedelta(days=30)
    assert decision.area == "T-07"


def test_an_agreement_may_set_its_own_days_hours_channel_and_list_limit() -> None:
    changed = {"retention_days": 3, "document_due_hours": 0, "channel": "aes_zip", "list_limit": 40}
    own = replace(NEW, clauses=tuple(replace(c, **changed) if c.id == "dwelling" else c for c in NEW.clauses))
    decision = judged(own, request())
    assert decision.expires_at == NOON + timedelta(days=3)
    assert (decision.channel, decision.list_limit) == ("aes_zip", 40)
    call = request(channel="telephone", document_no="", confirmed_by="佐久間")
    assert codes(judged(own, call))[0] == "document_first"


def test_mail_delivery_vehicles_are_excluded_by_the_decision() -> None:
    decision = judged(OLD, request(dataset="vehicles", mode=Mode.LAYER, purpose="rescue"))
    assert decision.excludes == ("delivery_vehicle",)
    assert [c.sentence() for c in decision.conditions] == ["郵便配達用の車両は除きます。"]


def test_consent_is_a_condition_of_the_grant() -> None:
    own = replace(OLD, clauses=tuple(replace(c, requires_consent=True, excludes=()) for c in OLD.clauses))
    decision = judged(own, request(dataset="openings", mode=Mode.LAYER, purpose="mail_service"))
    assert [c.code for c in decision.conditions] == ["agreements.condition_consent"]


@pytest.mark.parametrize(
    ("direction", "to_city", "to_post"),
    [("post_to_city", True, False), ("city_to_post", False, True), ("both", True, True), ("", False, False)],
)
def test_a_clause_sends_only_in_its_own_direction(direction: str, to_city: bool, to_post: bool) -> None:
    clauses = tuple(replace(c, direction=direction) for c in NEW.clauses if c.id == "standing-layers")
    own = replace(NEW, clauses=clauses)
    for recipients, granted in (((HQ, "潮見市", "99301"), to_city), (("潮見郵便局", "S001", "S002"), to_post)):
        for recipient in recipients:
            assert judged(own, replace(PEACE, recipient=recipient), event=None).granted == granted


@pytest.mark.parametrize(("recipient", "granted"), [(HQ, False), ("S001", True)])
def test_a_clause_that_names_its_recipients_reaches_nobody_else(recipient: str, granted: bool) -> None:
    clauses = tuple(replace(c, recipients=("post",)) for c in NEW.clauses if c.id == "standing-layers")
    decision = judged(replace(NEW, clauses=clauses), replace(PEACE, recipient=recipient), event=None)
    assert decision.granted == granted
    assert granted or codes(decision) == ["other_recipient"]


@pytest.mark.parametrize(
    ("requester", "recipient", "expected"),
    [
        (HQ, "police 潮見警察署", "granted"),
        (HQ, "警察\u3000潮見警察署", "granted"),
        ("警察", "警察", "granted"),
        (HQ, "警察署", "recipient_no_party"),
        (HQ, "消防", "other_recipient"),
        ("消防", "警察", "requester_no_party"),
        (HQ, HQ, "other_direction"),
        (HQ, "S001", "other_direction"),
    ],
)
def test_passing_on_reaches_the_third_parties_that_the_clause_names(
    requester: str, recipient: str, expected: str
) -> None:
    onward = next(c for c in NEW.clauses if c.id == "dwelling")
    onward = replace(onward, direction="city_to_third", recipients=("police",), legal_bases=("appi-69-2-3",))
    decision = judged(replace(NEW, clauses=(onward,)), request(requester=requester, recipient=recipient))
    assert codes(decision)[0] == expected
    assert decision.basis_id == ("appi-69-2-3" if expected == "granted" else None)


# --- the mildest way that serves ----------------------------------------------------------------------------------


def test_a_stronger_mode_is_refused_until_somebody_says_why_the_milder_one_does_not_serve() -> None:
    unexplained = judged(NEW, request(reason=" "))
    assert codes(unexplained) == ["stronger_without_reason"]
    assert (unexplained.granted, unexplained.columns, unexplained.milder) == (False, (), Mode.MATCH)
    assert "より穏やかな「照会回答」の形でも提供できますが" in unexplained.reasons[0].sentence()
    assert judged(NEW, request(reason="名簿に無い人を探すため")).granted


def test_the_mildest_mode_needs_no_reason() -> None:
    assert judged(NEW, request(mode=Mode.MATCH, reason="")).granted
    only_homes = replace(NEW, clauses=tuple(c for c in NEW.clauses if c.id == "dwelling"))
    assert judged(only_homes, request(reason="")).granted


def test_a_reason_opens_nothing_that_no_clause_of_its_own_opens() -> None:
    decision = judged(WITHOUT_PERSON, request(mode=Mode.PERSON, reason="急ぐため"))
    assert codes(decision) == ["no_clause_for_mode"]
    assert decision.milder == Mode.MATCH


def test_a_decision_says_why_it_proposes_the_milder_mode() -> None:
    decision = judged(NEW, request())
    assert decision.milder_why is not None
    assert decision.milder_why.sentence() == (
        "目的「安否確認」は、協定第5条第1項第2号の照会回答でも果たせます。名簿に載っていない人のことは何も渡しません。"
    )
    assert judged(NEW, request(mode=Mode.MATCH)).milder_why is None


def test_a_milder_mode_that_was_never_weighed_is_not_proposed() -> None:
    weighed = [replace(PERMITTED, modes=("dwelling",))]
    decision = judged(NEW, request(reason=""), assessments=weighed)
    assert decision.granted
    assert decision.milder is None


def test_a_milder_mode_is_proposed_although_it_lacks_the_columns_asked_for() -> None:
    asked = request(mode=Mode.PERSON, purpose="rescue", fields=("addressees", "address"))
    assert judged(NEW, asked).milder == Mode.MATCH
