"""Agreements: read strictly, written readably, in force on whole days of Japan."""

# ruff: noqa: E501 - a table of cases is read across

import tomllib
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.agreement import (
    Agreement,
    Contact,
    Party,
    Renewal,
    agreement_text,
    in_force,
    last_day,
    new_agreement_text,
    parse_agreement,
)
from agreements.clock import JST
from agreements.errors import AgreementTextError, RequestError
from agreements.template import load_template, template_ids

# The same in every process: the test runner compares the names of the tests.
KEY = b64encode(Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key().public_bytes_raw()).decode()
POST = Party("潮見郵便局", "S001", KEY)
CITY = Party("潮見市", "99301")
CONTACTS = (
    Contact("post", "head", "局長 三崎", "099-000-0001"),
    Contact("municipality", "night", "宿直室", "099-000-0002", phone_24h=True),
)


def _text(template: str = "model-emergency-2026", **changes: object) -> str:
    terms: dict[str, object] = {
        "agreement_id": "99301-2026-01",
        "post": POST,
        "municipality": CITY,
        "offices": ["S001", "S002"],
        "signed": date(2026, 3, 20),
        "effective_from": date(2026, 4, 1),
        "effective_to": date(2027, 3, 31),
        "renewal": Renewal(auto=True, months=12, notice_days=30),
        "contacts": CONTACTS,
    }
    return new_agreement_text(template, **(terms | changes))  # type: ignore[arg-type]


TEXT = _text()
PARSED = parse_agreement(TEXT)


def _faults(text: str) -> list[tuple[str | None, str]]:
    with pytest.raises(AgreementTextError) as caught:
        parse_agreement(text)
    said = caught.value.sentence("ja") + caught.value.sentence("en")
    assert "？" not in said
    return [(fault.column, fault.code.removeprefix("agreements.")) for fault in caught.value.faults.kept]


@pytest.mark.parametrize("template", template_ids())
def test_a_new_agreement_of_every_template_is_read_back_as_given(template: str) -> None:
    agreement = parse_agreement(_text(template))
    assert agreement.post == POST
    assert agreement.municipality == replace(CITY, units=("潮見市災害対策本部",))
    assert agreement.area == ("99301",)
    assert agreement.offices == ("S001", "S002")
    assert agreement.contacts == CONTACTS
    assert (agreement.signed, agreement.effective_from, agreement.effective_to) == (
        date(2026, 3, 20), date(2026, 4, 1), date(2027, 3, 31),
    )  # fmt: skip
    assert agreement.clauses == load_template(template).clauses
    assert agreement_text(agreement) == _text(template)


def test_a_new_agreement_explains_itself_in_japanese_to_those_who_sign() -> None:
    for words in (
        "# 第5条第1項第3号 住居一覧（氏名なし）",
        "締結の日",
        "受け取った側が持っていてよい日数",
        "写しでも要約でもありません",
    ):
        assert words in TEXT
    assert tomllib.loads(TEXT)["clauses"]["dwelling"] == {"on": True, "retention_days": 30, "document_due_hours": 24}


def test_clauses_that_are_not_chosen_are_written_as_off_and_do_not_exist_afterwards() -> None:
    text = _text(clauses=["match", "standing-layers"])
    assert [c.id for c in parse_agreement(text).clauses] == ["match", "standing-layers"]
    assert "[clauses.person]\non = false" in text


def test_a_clause_that_the_file_leaves_out_is_off() -> None:
    start = TEXT.index("[clauses.person]")
    end = TEXT.index("[clauses.delivery-status]")
    clauses = parse_agreement(TEXT[:start] + TEXT[end:]).clauses
    assert "person" not in {c.id for c in clauses}


def test_an_agreement_sets_its_own_retention_and_document_hours() -> None:
    text = TEXT.replace("on = true\nretention_days = 30  ", "on = true\nretention_days = 7  ", 1)
    text = text.replace("document_due_hours = 24", "document_due_hours = 0", 1)
    changed = next(c for c in parse_agreement(text).clauses if c.id == "forward")
    assert (changed.retention_days, changed.document_due_hours) == (7, 0)
    assert changed.purposes == ("notice",)


def test_a_draft_without_a_day_of_signing_is_read_but_never_in_force() -> None:
    draft = parse_agreement(_text(signed=None))
    assert draft.signed is None
    assert not in_force(draft, datetime(2026, 11, 21, tzinfo=JST))


_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)
_DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@settings(max_examples=150, deadline=None)
@given(
    words=st.lists(_WORDS, min_size=4, max_size=4, unique=True),
    begin=_DAYS,
    length=st.none() | st.integers(0, 4000),
    chosen=st.sets(st.sampled_from([c.id for c in load_template("common-2015").clauses])),
    phone_24h=st.booleans(),
)
def test_whatever_is_written_is_read_back_the_same(
    words: list[str], begin: date, length: int | None, chosen: set[str], phone_24h: bool
) -> None:
    title, post, city, unit = words
    text = new_agreement_text(
        "common-2015",
        agreement_id="A-1",
        title=title,
        post=Party(post, "P01"),
        municipality=Party(city, "99301", units=(unit,)),
        effective_from=begin,
        effective_to=None if length is None else begin + timedelta(days=length),
        signed=begin,
        contacts=[Contact("post", "data", title, "099 000 0000", phone_24h=phone_24h)],
        clauses=sorted(chosen),
    )
    agreement = parse_agreement(text)
    assert (agreement.title, agreement.post.name, agreement.municipality.name) == (title, post, city)
    assert agreement.municipality.units == (unit,)
    assert {c.id for c in agreement.clauses} == chosen
    assert agreement_text(agreement) == text


@pytest.mark.parametrize(
    ("old", "new", "place", "code"),
    [
        ('format = "tayori-agreement"', 'format = "tayori-pack"', "format", "other_format"),
        ("version = 1\nagreement_id", "version = 9\nagreement_id", "version", "other_version"),
        ('agreement_id = "99301-2026-01"', 'agreement_id = "協定 1"', "agreement_id", "wrong_shape"),
        ('template = "model-emergency-2026"', 'template = "model"', "template", "unknown_value"),
        ("template_version = 1", "template_version = 7", "template_version", "other_template_version"),
        ('area = ["99301"]', 'area = ["9301"]', "area[0]", "wrong_shape"),
        ('area = ["99301"]', 'area = ["９９３０１"]', "area[0]", "wrong_shape"),
        ('area = ["99301"]', "area = [99301]", "area[0]", "want_text"),
        ('area = ["99301"]', "area = []", "area", "empty_list"),
        ('area = ["99301"]', 'area = "99301"', "area", "want_list"),
        ('offices = ["S001", "S002"]', 'offices = ["S001", "S001"]', "offices[1]", "twice"),
        ("signed = 2026-03-20", "signed = 2026-02-30", "signed", "impossible_date"),
        ("signed = 2026-03-20", "signed = 0202-03-20", "signed", "impossible_date"),
        ("signed = 2026-03-20", 'signed = "2026-03-20"', "signed", "impossible_date"),
        ("signed = 2026-03-20", "signed = 2026-03-20T00:00:00", "signed", "want_date"),
        ("signed = 2026-03-20", "signed = 20260320", "signed", "want_date"),
        ("signed = 2026-03-20", "signed = 2026-04-02", "signed", "signed_after_effect"),
        ("effective_from = 2026-04-01\n", "", "term.effective_from", "missing_key"),
        ("effective_to = 2027-03-31", "effective_to = 2026-03-31", "term.effective_to", "term_ends_first"),
        ("effective_to = 2027-03-31\n", "", "term.renewal.auto", "renewal_without_end"),
        ("notice_days = 30", "notice_days = -1", "term.renewal.notice_days", "out_of_range"),
        ("months = 12", "months = 0", "term.renewal.months", "out_of_range"),
        ("auto = true", 'auto = "はい"', "term.renewal.auto", "want_flag"),
        ("auto = true", "auto = true\nnotice_given_on = 2026-01-01", "term.renewal.notice_given_on", "notice_before_term"),
        (f'signing_key = "{KEY}"', 'signing_key = "abc"', "post.signing_key", "not_a_key"),
        (f'signing_key = "{KEY}"', 'signing_key = "AAAA"', "post.signing_key", "not_a_key"),
        ('code = "S001"', 'code = "S 001"', "post.code", "wrong_shape"),
        ('code = "99301"', 'code = "993018"', "municipality.code", "wrong_shape"),
        ('units = ["潮見市災害対策本部"]', 'units = ["潮見郵便局"]', "municipality", "same_party"),
        ('offices = ["S001", "S002"]', 'offices = ["99301"]', "municipality", "same_party"),
        ('role = "head"', 'role = "boss"', "contacts[0].role", "unknown_value"),
        ('phone = "099-000-0001"', 'phone = "夜間は宿直へ"', "contacts[0].phone", "wrong_shape"),
        ("phone_24h = true", 'phone_24h = "24時間"', "contacts[1].phone_24h", "want_flag"),
        ("[clauses.dwelling]", "[clauses.dweling]", "clauses.dweling", "no_such_clause"),
        ("[clauses.dwelling]\non = true", "[clauses.dwelling]\nno = true", "clauses.dwelling.on", "missing_key"),
        ("[clauses.dwelling]\non = true", "[clauses.dwelling]\non = true\ncolumns = []", "clauses.dwelling.columns", "unknown_key"),
        ("[clauses.dwelling]\non = true", "[clauses.dwelling]\non = true\ntriggers = []", "clauses.dwelling.triggers", "unknown_key"),
        ("retention_days = 1095", "retention_days = 9999", "clauses.standing-layers.retention_days", "out_of_range"),
        ("[clauses.drills]\non = true", "[clauses.drills]\non = true\nretention_days = 3", "clauses.drills.retention_days", "terms_without_data"),
        ("[clauses.damage]\non = true", "[clauses.damage]\non = true\ndocument_due_hours = 3", "clauses.damage.document_due_hours", "document_hours_without_document"),
        ("[post]", "[poste]", "post", "missing_key"),
        ("[post]", "[poste]", "poste", "unknown_key"),
    ],
)  # fmt: skip
def test_a_faulty_agreement_is_refused_with_the_place_in_the_file(old: str, new: str, place: str, code: str) -> None:
    assert TEXT.count(old) == 1, old
    assert (place, code) in _faults(TEXT.replace(old, new))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "missing_key"),
        ("協定", "not_toml"),
        ('format = "tayori-agreement"\nformat = "x"', "not_toml"),
        ("post = 1", "want_table"),
        ("contacts = 1", "want_tables"),
        ("contacts = [1]", "want_table"),
        ("clauses = [1]", "want_table"),
        ("a = " + "[" * 200_000, "not_toml"),
        ("#" * 1_000_001, "text_too_long"),
    ],
)
def test_what_is_no_agreement_at_all_is_refused_in_words(text: str, code: str) -> None:
    assert code in [found for _, found in _faults(text)]


def test_a_file_saved_with_a_byte_order_mark_is_read() -> None:
    assert parse_agreement("\ufeff" + TEXT) == PARSED


def test_every_fault_is_reported_at_once_even_beside_an_impossible_date() -> None:
    text = TEXT.replace("effective_to = 2027-03-31", "effective_to = 2027-02-29  # 年度末").replace('role = "head"', "")
    text = text.replace("[clauses.match]\non = true", '[clauses.match]\non = "yes"\nretention = 3')
    assert _faults(text) == [
        ("term.effective_to", "impossible_date"),
        ("clauses.match.on", "want_flag"),
        ("clauses.match.retention", "unknown_key"),
        ("contacts[0].role", "missing_key"),
    ]


def test_an_unknown_key_is_answered_with_the_near_one() -> None:
    with pytest.raises(
        AgreementTextError, match=r"retention_day という項目はありません。 ここに書けるもの：retention_days。"
    ):
        parse_agreement(TEXT.replace("retention_days = 1095", "retention_day = 1095"))


def test_a_new_agreement_with_a_clause_that_does_not_exist_is_not_written() -> None:
    with pytest.raises(AgreementTextError, match=r"clauses\.residents") as caught:
        _text(clauses=["residents"])
    assert "？" not in str(caught.value)


def test_a_new_agreement_with_a_wrong_code_is_not_written() -> None:
    with pytest.raises(AgreementTextError, match=r"municipality\.code"):
        _text(municipality=Party("潮見市", "9301"), area=["99301"])


# --- in force ------------------------------------------------------------------------------------------------------

TERM = replace(PARSED, renewal=Renewal())


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        (datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=JST), False),
        (datetime(2026, 4, 1, tzinfo=JST), True),
        (datetime(2026, 3, 31, 15, tzinfo=UTC), True),
        (datetime(2027, 3, 31, 23, 59, 59, 999999, tzinfo=JST), True),
        (datetime(2027, 3, 31, 14, 59, 59, tzinfo=UTC), True),
        (datetime(2027, 3, 31, 15, tzinfo=UTC), False),
        (datetime(2027, 4, 1, tzinfo=JST), False),
    ],
)
def test_a_term_holds_from_midnight_to_midnight_in_japan(at: datetime, holds: bool) -> None:
    assert in_force(TERM, at) == holds


def test_a_term_without_an_end_goes_on() -> None:
    assert in_force(replace(TERM, effective_to=None), datetime(2060, 1, 1, tzinfo=JST))


def test_an_agreement_does_not_hold_before_it_is_signed() -> None:
    late = replace(TERM, signed=date(2026, 5, 1))
    assert not in_force(late, datetime(2026, 4, 30, 23, 59, 59, tzinfo=JST))
    assert in_force(late, datetime(2026, 5, 1, tzinfo=JST))


@pytest.mark.parametrize(
    ("notice", "last"),
    [
        (None, None),
        (date(2027, 3, 1), date(2027, 3, 31)),
        (date(2027, 3, 2), date(2028, 3, 31)),
        (date(2029, 3, 1), date(2029, 3, 31)),
        (date(2029, 3, 2), date(2030, 3, 31)),
    ],
)
def test_notice_in_time_ends_the_term_and_late_notice_ends_the_next(notice: date | None, last: date | None) -> None:
    agreement = replace(TERM, renewal=Renewal(auto=True, months=12, notice_days=30, notice_given_on=notice))
    assert last_day(agreement) == last
    if last is not None:
        assert in_force(agreement, datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=JST))
        assert not in_force(agreement, datetime(last.year, 4, 1, tzinfo=JST))


def test_a_term_to_the_end_of_february_is_renewed_to_the_end_of_february() -> None:
    renewal = Renewal(auto=True, months=12, notice_days=0, notice_given_on=date(2027, 3, 1))
    assert last_day(replace(TERM, effective_to=date(2027, 2, 28), renewal=renewal)) == date(2028, 2, 29)


@settings(max_examples=200, deadline=None)
@given(
    end=_DAYS,
    months=st.integers(1, 120),
    notice_days=st.integers(0, 366),
    given_after=st.integers(-300, 6000),
)
def test_a_term_always_ends_after_the_notice_and_within_one_more_period(
    end: date, months: int, notice_days: int, given_after: int
) -> None:
    notice = end + timedelta(days=given_after)
    renewal = Renewal(auto=True, months=months, notice_days=notice_days, notice_given_on=notice)
    last = last_day(replace(TERM, effective_to=end, renewal=renewal))
    assert last is not None
    assert last >= notice + timedelta(days=notice_days)
    assert last == end or last <= notice + timedelta(days=notice_days + 31 * months + 1)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(RequestError):
        in_force(TERM, datetime(2026, 5, 1))  # noqa: DTZ001 - the refusal is what is tested


def test_a_party_goes_by_its_written_names_only() -> None:
    city = PARSED.municipality
    assert [city.goes_by(n) for n in ("潮見市", "99301", "潮見市災害対策本部", "潮見市災害対策本部 情報班", "潮見")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert city.asks_as("潮見市災害対策本部 情報班")
    assert city.asks_as("潮見市\u3000危機管理課")
    assert not city.asks_as("潮見市民の会")


def test_an_agreement_is_the_same_object_twice() -> None:
    assert isinstance(PARSED, Agreement)
    assert parse_agreement(TEXT) == PARSED
