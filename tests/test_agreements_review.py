"""Contradictions and gaps of an agreement, each with its place and what to do."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from paper_town import AT, MODEL, NIGHT, OFFICES, agreement, clause, with_clause

from agreements.agreement import Agreement, Contact, Party, Renewal
from agreements.errors import RequestError
from agreements.request import TriggerKind
from agreements.review import Level, review
from agreements.schedules import OfficeLine
from agreements.template import template_ids

WHOLE = agreement(MODEL)


def japan(*when: int) -> datetime:
    """Return a time of Japan's clock."""
    year, month, day, *clock = when
    return datetime(year, month, day, *clock, tzinfo=ZoneInfo("Asia/Tokyo"))


def codes(of: Agreement, level: Level | None = None, **given: Any) -> dict[str, str]:
    """Return what is found, by the name of the finding, with its place."""
    found = review(of, **({"at": AT} | given))
    return {f.reason.code.removeprefix("agreements.review_"): f.place for f in found if level in (None, f.level)}


@pytest.mark.parametrize("name", template_ids())
def test_the_templates_contradict_themselves_nowhere(name: str) -> None:
    assert codes(agreement(name), Level.ERROR, offices=OFFICES) == {}


@pytest.mark.parametrize(
    ("clause_id", "changes", "name", "key"),
    [
        ("dwelling", {"triggers": ()}, "personal_without_trigger", "triggers"),
        ("dwelling", {"purposes": ()}, "no_purpose", "purposes"),
        ("dwelling", {"legal_bases": ()}, "no_basis", "legal_bases"),
        ("dwelling", {"legal_bases": ("no-such-law",)}, "basis_unknown", "legal_bases"),
        ("dwelling", {"recipients": ("police",)}, "third_party", "recipients"),
        ("onward-names", {"recipients": ()}, "onward_without_recipient", "recipients"),
        ("onward-names", {"retention_days": 400}, "onward_longer", "retention_days"),
        ("dwelling", {"triggers": (TriggerKind.TELEPHONE,), "document_due_hours": 0}, "telephone_never_opens",
         "document_due_hours"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_contradiction_is_an_error_at_its_place(clause_id: str, changes: dict[str, Any], name: str, key: str) -> None:
    found = codes(with_clause(WHOLE, clause_id, **changes), Level.ERROR)
    assert found[name] == f"clauses.{clause_id}.{key}"


@pytest.mark.parametrize(
    ("clause_id", "changes", "name", "level"),
    [
        ("delivery-status", {"triggers": ()}, "no_trigger", Level.WARNING),
        ("person", {"channel": "plain"}, "plain_channel", Level.WARNING),
        ("dwelling", {"requires_document": False}, "no_document", Level.WARNING),
        ("drills", {"recipients": ("post",)}, "recipients_without_data", Level.WARNING),
        ("stockpiles", {"excludes": ("delivery_vehicle",)}, "excludes_nothing", Level.WARNING),
        ("person", {"retention_days": 99}, "stronger_keeps_longer", Level.NOTE),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_gap_of_a_clause_is_found(clause_id: str, changes: dict[str, Any], name: str, level: Level) -> None:
    kept = tuple(replace(c, channel="aes_zip") for c in WHOLE.clauses if c.id in (clause_id, "match"))
    alone = replace(WHOLE, clauses=kept)
    before, after = (codes(one, level) for one in (alone, with_clause(alone, clause_id, **changes)))
    assert name not in before
    assert after[name].startswith(f"clauses.{clause_id}")


def test_a_basis_that_ran_out_carries_nothing() -> None:
    early = replace(WHOLE, signed=date(1996, 1, 1), effective_from=date(1996, 1, 1))
    assert "basis_not_in_force" in codes(early, Level.ERROR, at=japan(1996, 6, 1))


def test_what_is_passed_on_must_be_received_first() -> None:
    alone = replace(WHOLE, clauses=tuple(c for c in WHOLE.clauses if c.id not in ("dwelling", "person")))
    found = [(f.reason.code, f.place) for f in review(alone, at=AT) if f.level is Level.ERROR]
    onward = [f"clauses.{c.id}.formats" for c in WHOLE.clauses if c.onward]
    assert found == [("agreements.review_onward_wider", place) for place in onward]
    none = replace(WHOLE, clauses=tuple(c for c in WHOLE.clauses if c.direction == "city_to_third"))
    assert "onward_not_received" in codes(none, Level.ERROR)


def test_a_stronger_form_without_a_milder_one_is_noted() -> None:
    strong = replace(WHOLE, clauses=(clause(WHOLE, "person"),))
    assert codes(strong, Level.NOTE)["no_milder"] == "clauses.person"


@pytest.mark.parametrize(
    ("changes", "at", "name", "level"),
    [
        ({"renewal": Renewal()}, japan(2027, 3, 31, 23, 59, 59), "ends_soon", Level.WARNING),
        ({"renewal": Renewal()}, japan(2027, 4, 1), "expired", Level.ERROR),
        ({}, japan(2026, 3, 31, 23, 59, 59), "not_begun", Level.NOTE),
        ({"signed": None}, japan(2026, 11, 22), "not_signed", Level.WARNING),
        ({"effective_to": date(2026, 3, 31)}, japan(2026, 11, 22), "term_ends_first", Level.ERROR),
    ],
    ids=["last second", "midnight", "before", "draft", "backwards"],
)
def test_the_term_is_held_against_the_clock_of_japan(
    changes: dict[str, Any], at: datetime, name: str, level: Level
) -> None:
    found = codes(replace(WHOLE, **changes), level, at=at)
    assert name in found


def test_a_term_that_renews_itself_does_not_end_soon() -> None:
    assert not {"ends_soon", "expired"} & set(codes(WHOLE, at=AT + timedelta(days=3_000)))


@pytest.mark.parametrize("name", template_ids())
def test_an_untouched_agreement_of_a_template_has_nothing_to_be_told(name: str) -> None:
    assert codes(agreement(name), offices=OFFICES) == {}


@pytest.mark.parametrize(
    ("changes", "name", "key"),
    [
        ({"retention_days": 7}, "onward_keeps_longer", "retention_days"),
        ({"channel": "aes_zip"}, "onward_weaker_channel", "channel"),
        ({"channel": "excel_password"}, "onward_weaker_channel", "channel"),
    ],
    ids=["longer", "open", "weaker"],
)
def test_an_onward_clause_weaker_than_what_it_passes_on_is_a_warning(
    changes: dict[str, Any], name: str, key: str
) -> None:
    found = review(with_clause(WHOLE, "dwelling", **changes), at=AT)
    weak = {f.place for f in found if f.reason.code == f"agreements.review_{name}" and f.level is Level.WARNING}
    assert weak == {
        f"clauses.onward-{whom}.{key}" for whom in ("police", "fire", "sdf", "welfare-council")
    }  # fmt: skip
    assert not any(f.level is Level.ERROR for f in found)


def test_a_night_contact_that_does_not_answer_at_night_is_a_warning() -> None:
    asleep = replace(NIGHT[0], phone_24h=False)
    assert codes(replace(WHOLE, contacts=(asleep, NIGHT[1])), Level.WARNING) == {"night_not_24h": "contacts"}
    told = [f.sentence() for f in review(replace(WHOLE, contacts=()), at=AT)]
    assert sum("夜間の要請を受ける人も決まっていません" in said for said in told) == 2


def test_each_side_needs_somebody_at_night() -> None:
    day = Contact("post", "head", "潮見郵便局長", "099-000-0009")
    found = [f.sentence() for f in review(replace(WHOLE, contacts=(day, NIGHT[1])), at=AT)]
    assert sum("夜間・休日の連絡先がありません" in said for said in found) == 1
    assert any(said.startswith("郵便局の夜間・休日の連絡先がありません。") for said in found)
    assert "no_contact" in codes(replace(WHOLE, contacts=()), Level.WARNING)
    same = replace(NIGHT[1], phone=NIGHT[0].phone)
    assert "same_phone" in codes(replace(WHOLE, contacts=(NIGHT[0], same)))


def test_an_office_that_serves_the_area_but_is_missing_is_a_warning_and_one_outside_a_note() -> None:
    known = OFFICES | {
        "S003": OfficeLine("北潮見郵便局", "", "delivery", "99302", ("99301", "99302")),
        "S004": OfficeLine("遠見郵便局", "", "no_delivery", "99302"),
    }
    listed = replace(WHOLE, offices=("S001", "S002", "S004", "S009"))
    found = review(listed, at=AT, offices=known)
    said = {f.reason.code: (f.level, f.sentence()) for f in found if f.place == "offices"}
    assert said["agreements.review_office_missing"][0] is Level.WARNING
    assert said["agreements.review_office_missing"][1].startswith("北潮見郵便局（S003）は99301への配達を受け持ちますが")
    assert said["agreements.review_office_outside"][0] is Level.NOTE
    assert "遠見郵便局（S004）" in said["agreements.review_office_outside"][1]
    assert "S009" in said["agreements.review_office_unknown"][1]


def test_delivery_offices_known_by_name_alone_are_missed_once() -> None:
    found = review(WHOLE, at=AT, offices=OFFICES, served_by={"99301": ("潮見", "東潮見"), "99302": ("遠見",)})
    missing = [f.sentence() for f in found if f.reason.code == "agreements.review_office_missing"]
    assert len(missing) == 1
    assert missing[0].startswith("東潮見は99301への配達を受け持ちますが、別表にありません。")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"clauses": ()}, "no_clause"),
        ({"area": ("99302",)}, "area_without_own"),
        ({"post": Party("潮見郵便局", "S001")}, "no_signing_key"),
        ({"municipality": Party("潮見市", "99301")}, "no_headquarters"),
        ({"offices": ()}, "no_offices"),
        ({"template_version": 1}, "newer_template"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_gap_of_the_whole_agreement_is_found(changes: dict[str, Any], name: str) -> None:
    assert name not in codes(WHOLE, offices=OFFICES)
    assert name in codes(replace(WHOLE, **changes), offices=OFFICES)


def test_findings_come_gravest_first_with_words_in_both_languages() -> None:
    found = review(with_clause(replace(WHOLE, contacts=()), "dwelling", purposes=()), at=AT)
    levels = [list(Level).index(f.level) for f in found]
    assert levels == sorted(levels)
    for one in found:
        kept = one.to_dict()
        assert kept["place"]
        assert kept["ja"] != kept["en"]
        assert "？" not in kept["ja"] + kept["en"]


def test_a_finding_keeps_codes_and_puts_them_into_the_words_of_its_reader() -> None:
    odd = with_clause(replace(WHOLE, contacts=()), "dwelling", recipients=("police",), purposes=())
    said = {f.reason.code.removeprefix("agreements.review_"): f for f in review(odd, at=AT)}
    third, contact, purpose = said["third_party"], said["no_contact"], said["no_purpose"]
    assert third.reason.params["recipients"] == ("police",)
    assert "提供先「警察」は当事者ではありません" in third.sentence()
    assert "names the police, who is no party" in third.sentence("en")
    assert contact.sentence().startswith("郵便局の連絡先がありません。")
    assert contact.sentence("en").startswith("There is no contact of the post office")
    assert "「配達先」（項目：配達先ID、" in purpose.sentence()
    assert "“delivery points” (columns: point_id, " in purpose.sentence("en")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(RequestError):
        review(WHOLE, at=AT.replace(tzinfo=None))
