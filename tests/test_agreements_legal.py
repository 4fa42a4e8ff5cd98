"""The two legal gates: dated bases in law and recorded weighings, read strictly, applied to the day."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from agreement_world import NEW, NOON, ONE_SECOND, PERMITTED, codes, event, judged, request

from agreements.assessment import latest, new_assessment_text, parse_assessment
from agreements.clock import JST
from agreements.errors import LegalTextError
from agreements.legal import LegalBasis, legal_bases, legal_basis, parse_bases
from agreements.request import Mode
from agreements.template import load_template, template_ids

BASES = {basis.id: basis for basis in legal_bases()}
HOMES = next(c for c in NEW.clauses if c.id == "dwelling")
TEXT = new_assessment_text(**{name: getattr(PERMITTED, name) for name in PERMITTED.__slots__})


def _faults(text: str, read: Any = parse_assessment) -> list[tuple[str, str | None]]:
    with pytest.raises(LegalTextError) as caught:
        read(text)
    return [(fault.code.removeprefix("agreements."), fault.column) for fault in caught.value.faults.kept]


# --- bases in law ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("basis", BASES.values(), ids=list(BASES))
def test_every_basis_tells_its_article_what_it_allows_since_when_and_from_where(basis: LegalBasis) -> None:
    assert basis.article.startswith("第")
    assert basis.text.endswith("。")
    assert basis.source.endswith("。")
    assert date(2013, 1, 1) < basis.valid_from < date(2026, 11, 21)
    assert all((basis.datasets, basis.modes, basis.directions, basis.purposes, basis.recipients))


def test_what_was_not_seen_in_the_law_itself_is_left_to_a_lawyer() -> None:
    assert {basis.id for basis in BASES.values() if not basis.to_confirm} == {"appi-27-1-2", "appi-27-1-4"}
    unsure = replace(HOMES, legal_bases=("dcba-86-15",), formats=_as(Mode.MATCH))
    decision = judged(replace(NEW, clauses=(unsure,)), request(mode=Mode.MATCH))
    assert decision.basis_article == "災害対策基本法第86条の15"
    told = [c.sentence() for c in decision.conditions if c.code == "agreements.condition_lawyer"]
    assert len(told) == 1
    assert "法務担当の確認が必要です" in told[0]
    assert not [c for c in decision.binding if c.code == "agreements.condition_lawyer"]  # the recipient is not bound
    assert not [c for c in judged(NEW, request()).conditions if c.code == "agreements.condition_lawyer"]


def _as(mode: Mode) -> tuple[Any, ...]:
    return next(c for c in NEW.clauses if c.id == str(mode)).formats


def test_every_clause_of_every_template_that_opens_personal_data_can_be_carried_by_a_basis_it_names() -> None:
    checked = 0
    for clause in (c for name in template_ids() for c in load_template(name).clauses if c.personal):
        to = clause.recipients or ("municipality",)
        for form in clause.formats:
            for kind in to:
                asked = {"dataset": form.dataset, "mode": form.mode, "direction": clause.direction, "recipient": kind}
                carried = {
                    purpose
                    for purpose in clause.purposes
                    if any(BASES[name].allows(purpose=purpose, **asked) for name in clause.legal_bases)
                }
                assert carried == set(clause.purposes), (clause.id, kind)
                checked += 1
    assert checked >= 4


@pytest.mark.parametrize("day", [date(2026, 11, 21)])
def test_a_basis_holds_from_midnight_of_its_first_day_to_midnight_after_its_last(day: date) -> None:
    one_day = replace(BASES["appi-27-1-2"], valid_from=day, valid_to=day)
    clauses = (replace(HOMES, legal_bases=("appi-27-1-2",)),)
    begin, end = datetime(2026, 11, 21, tzinfo=JST), datetime(2026, 11, 22, tzinfo=JST)
    asked = request(made_at=datetime(2026, 11, 20, tzinfo=JST))
    long_ago = replace(event(), opened_at=asked.made_at, triggers=(replace(event().triggers[0], at=asked.made_at),))
    decisions = [
        judged(replace(NEW, clauses=clauses), asked, event=long_ago, at=at, bases=[one_day])
        for at in (begin - ONE_SECOND, begin, end - ONE_SECOND, end)
    ]
    assert [d.granted for d in decisions] == [False, True, True, False]
    assert codes(decisions[0]) == codes(decisions[3]) == ["no_legal_basis"]


@pytest.mark.parametrize(
    "narrowed",
    [
        {"datasets": ()}, {"modes": ("match",)}, {"purposes": ("rescue",)}, {"directions": ("city_to_third",)},
        {"recipients": ("police",)}, {"id": "another"},
    ],
    ids=lambda narrowed: next(iter(narrowed)),
)  # fmt: skip
def test_a_basis_carries_only_its_own_dataset_mode_purpose_direction_and_recipient(narrowed: dict[str, Any]) -> None:
    only = replace(NEW, clauses=(replace(HOMES, legal_bases=("appi-27-1-2",)),))
    whole = BASES["appi-27-1-2"]
    assert judged(only, request(), bases=[whole]).basis_id == "appi-27-1-2"
    decision = judged(only, request(), bases=[replace(whole, **narrowed)])
    assert codes(decision) == ["no_legal_basis"]
    assert "法律上の根拠が" in decision.reasons[0].sentence()


def test_the_first_basis_of_the_clause_that_fits_is_the_one_named() -> None:
    both = ("appi-27-1-4", "appi-27-1-2")
    decision = judged(replace(NEW, clauses=(replace(HOMES, legal_bases=both),)), request())
    assert (decision.basis_id, decision.basis_article) == (
        "appi-27-1-4",
        "個人情報の保護に関する法律第27条第1項第4号",
    )
    assert legal_basis("appi-27-1-4") == BASES["appi-27-1-4"]
    assert legal_basis("no-such-law") is None


def test_a_layer_without_anybody_in_it_needs_neither_gate() -> None:
    status = request(dataset="delivery-status", mode=Mode.LAYER)
    decision = judged(NEW, status, assessments=[], bases=[])
    assert decision.granted
    assert (decision.basis_id, decision.basis_article, decision.assessment_id) == (None, "", None)


def test_bases_with_faults_are_refused_as_a_whole_with_every_place() -> None:
    text = """
format = "tayori-legal-bases"
version = 1
[[bases]]
id = "one"
law = "法"
article = "第1条"
title = "題"
text = "文。"
datasets = ["delivery-points", "vehicles"]
modes = ["dwelling", "postcard"]
directions = ["post_to_city"]
purposes = []
recipients = ["municipality"]
valid_from = 2026-02-30
valid_to = 2020-01-01
source = "出所。"
extra = 1
[[bases]]
id = "one"
"""
    faults = _faults(text, parse_bases)
    assert ("unknown_value", "bases[0].datasets[1]") in faults  # nobody is in it: it needs no basis
    assert ("unknown_value", "bases[0].modes[1]") in faults
    assert ("empty_list", "bases[0].purposes") in faults
    assert ("impossible_date", "bases[0].valid_from") in faults
    assert ("unknown_key", "bases[0].extra") in faults
    assert ("missing_key", "bases[1].law") in faults
    assert ("twice", "bases") in faults
    assert _faults("format = ", parse_bases) == [("not_toml", None)]


def test_a_basis_cannot_end_before_it_begins() -> None:
    text = "\n".join(
        f"{key} = {value}"
        for key, value in {
            "format": '"tayori-legal-bases"', "version": 1, "[[bases]]\nid": '"one"', "law": '"法"',
            "article": '"第1条"', "title": '"題"', "text": '"文。"', "datasets": '["delivery-points"]',
            "modes": '["match"]', "directions": '["post_to_city"]', "purposes": '["rescue"]',
            "recipients": '["municipality"]', "valid_from": "2026-04-01", "valid_to": "2026-03-31",
            "source": '"出所。"',
        }.items()
    )  # fmt: skip
    assert _faults(text, parse_bases) == [("term_ends_first", "bases[0].valid_to")]
    assert parse_bases(text.replace("2026-03-31", "2026-04-01"))[0].valid_to == date(2026, 4, 1)


# --- the weighing under 郵便法8条 -------------------------------------------------------------------------------------


def test_an_assessment_is_read_back_as_it_was_written() -> None:
    assert parse_assessment(TEXT) == PERMITTED
    odd = replace(PERMITTED, grounds='「"\\\n\t」', outcome="forbids", valid_until=date(2026, 12, 31))
    assert parse_assessment(new_assessment_text(**{name: getattr(odd, name) for name in odd.__slots__})) == odd


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('guideline_version = "架空版1"\n', "", ("missing_key", "guideline_version")),
        ('weighed_by = "個人情報保護の責任者"', 'weighed_by = " "', ("empty_text", "weighed_by")),
        ('outcome = "permits"', 'outcome = "maybe"', ("unknown_value", "outcome")),
        ('"forward", ', '"forward", "layer", ', ("unknown_value", "modes[1]")),
        ('dataset = "delivery-points"', 'dataset = "vehicles"', ("unknown_value", "dataset")),
        ("weighed_at = 2026-04-01T09:00:00+09:00", "weighed_at = 2026-04-01T09:00:00", ("want_moment", "weighed_at")),
        ("weighed_at = 2026-04-01T09:00:00+09:00", "weighed_at = 2026-04-01", ("want_moment", "weighed_at")),
        ("weighed_at = 2026-04-01T", "weighed_at = 2026-04-31T", ("impossible_date", "weighed_at")),
        ("weighed_at = 2026-04-01T", "weighed_at = 0001-01-01T", ("impossible_date", "weighed_at")),
        ("weighed_at = 2026-04-01T", "weighed_at = 9999-12-31T", ("impossible_date", "weighed_at")),
        ('guideline_version = "架空版1"', 'guideline_version = "\u3164"', ("empty_text", "guideline_version")),
        ('guideline_version = "架空版1"', 'guideline_version = "架空\\u200b版1"', ("hidden_sign", "guideline_version")),
        ("grounds =", 'grounds = "x"\nweight = 1' + "0" * 5_000 + "\n#", ("not_toml", None)),
        ("# valid_until = 2027-03-31", "valid_until = 2026-03-31  #", ("term_ends_first", "valid_until")),
        ('municipality = "99301"', 'municipality = "9930"', ("wrong_shape", "municipality")),
        ("version = 1\n", "version = 2\n", ("other_version", "version")),
        ("grounds =", "ground =", ("unknown_key", "ground")),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_an_assessment_with_a_fault_is_refused_with_its_place(old: str, new: str, fault: tuple[str, str]) -> None:
    assert old in TEXT
    assert fault in _faults(TEXT.replace(old, new))


def test_writing_an_assessment_without_grounds_is_refused() -> None:
    with pytest.raises(LegalTextError, match="grounds が空です"):
        new_assessment_text(**{name: getattr(PERMITTED, name) for name in PERMITTED.__slots__} | {"grounds": ""})


@pytest.mark.parametrize(
    "changes",
    [
        {"municipality": "99302"}, {"modes": ("match", "person")}, {"purposes": ("rescue",)},
        {"weighed_at": NOON + ONE_SECOND},
    ],
    ids=lambda changes: next(iter(changes)),
)  # fmt: skip
def test_a_weighing_of_something_else_or_of_later_is_none(changes: dict[str, Any]) -> None:
    decision = judged(NEW, request(), assessments=[replace(PERMITTED, **changes)])
    assert codes(decision) == ["no_assessment"]
    assert "郵便法第8条にもとづく検討の記録がありません" in decision.reasons[0].sentence()


def test_a_later_weighing_replaces_an_earlier_one_for_good() -> None:
    forbidding = replace(PERMITTED, assessment_id="A-2", outcome="forbids", weighed_at=NOON)
    both = [PERMITTED, forbidding]
    before, after = (judged(NEW, request(made_at=NOON - ONE_SECOND), at=at, assessments=both)
                     for at in (NOON - ONE_SECOND, NOON))  # fmt: skip
    assert before.assessment_id == "A-1"
    assert codes(after) == ["assessment_forbids"]
    assert "個人情報保護の責任者" in after.reasons[0].sentence()
    again = replace(PERMITTED, assessment_id="A-3", weighed_at=NOON + ONE_SECOND)
    assert judged(NEW, request(), at=NOON + ONE_SECOND, assessments=[*both, again]).assessment_id == "A-3"
    short = replace(PERMITTED, assessment_id="A-4", weighed_at=NOON, valid_until=date(2026, 11, 21))
    tomorrow = datetime(2026, 11, 22, tzinfo=JST)
    assert codes(judged(NEW, request(), at=tomorrow, assessments=[PERMITTED, short])) == ["assessment_ended"]


def test_of_two_weighings_of_the_same_moment_the_one_that_forbids_counts() -> None:
    forbidding = replace(PERMITTED, assessment_id="A-0", outcome="forbids")
    assert latest([PERMITTED, forbidding], NOON) == forbidding
    assert latest([forbidding, PERMITTED], NOON) == forbidding
    assert latest([], NOON) is None
