"""Agreements: read strictly, written readably, in force on whole days of Japan."""

# ruff: noqa: E501 - a table of cases is read across

import re
import tomllib
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from agreements.agreement import (
    Agreement,
    Contact,
    Parameters,
    Party,
    Renewal,
    agreement_text,
    duplicates,
    in_force,
    last_day,
    new_agreement_text,
    parse_agreement,
)
from agreements.clock import JST
from agreements.documents import Table
from agreements.errors import AgreementTextError, RequestError, UnknownTemplateError
from agreements.names import hidden_signs, is_blank, name_key
from agreements.template import load_template, template_ids
from agreements.vocabulary import CHANNELS, COST_RULES, third_party
from geo.faults import MAX_KEPT_PER_CODE, Fault

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
        "# 法律上の根拠: 個人情報の保護に関する法律第27条第1項第2号、個人情報の保護に関する法律第27条第1項第4号",
        "# 提供先: 警察、消防",
        "aes_zip=AES-256で暗号化したZIP",
    ):
        assert words in TEXT
    assert tomllib.loads(TEXT)["clauses"]["dwelling"] == {
        "on": True, "retention_days": 30, "channel": "plain", "document_due_hours": 24, "cost_rule": "requester_pays",
    }  # fmt: skip


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
    text = TEXT.replace("on = true\nretention_days = 30\n", "on = true\nretention_days = 7\n", 1)
    text = text.replace("document_due_hours = 24", "document_due_hours = 0", 1)
    changed = next(c for c in parse_agreement(text).clauses if c.id == "forward")
    assert (changed.retention_days, changed.document_due_hours) == (7, 0)
    assert changed.purposes == ("notice",)


def test_a_municipality_may_name_the_key_with_which_it_signs_what_it_passes_on() -> None:
    text = _text(municipality=replace(PARSED.municipality, signing_key=KEY))
    assert parse_agreement(text).municipality.signing_key == KEY
    assert PARSED.municipality.signing_key == ""
    party = text.index("[municipality]")
    assert _faults(text[:party] + text[party:].replace(KEY, "abc")) == [("municipality.signing_key", "not_a_key")]


def test_an_agreement_sets_its_own_channel_list_limit_and_cost_rule_and_they_are_written_down() -> None:
    given = {
        "match": Parameters(list_limit=120, channel="aes_zip", retention_days=7),
        "person": Parameters(channel="excel_password", document_due_hours=2),
        "damage": Parameters(cost_rule="each_bears"),
    }
    text = _text(parameters=given)
    agreement = parse_agreement(text)
    clauses = {c.id: c for c in agreement.clauses}
    assert (clauses["match"].list_limit, clauses["match"].channel, clauses["match"].retention_days) == (
        120,
        "aes_zip",
        7,
    )
    assert (clauses["person"].channel, clauses["person"].document_due_hours) == ("excel_password", 2)
    assert clauses["damage"].cost_rule == "each_bears"
    assert clauses["dwelling"] == load_template("model-emergency-2026").clause("dwelling")
    assert agreement_text(agreement) == text
    assert "AES-256で暗号化したZIP" in text


@given(
    channel=st.none() | st.sampled_from(sorted(CHANNELS)),
    cost=st.none() | st.sampled_from(sorted(COST_RULES)),
    days=st.none() | st.integers(1, 3_660),
    hours=st.none() | st.integers(0, 168),
    limit=st.none() | st.integers(1, 50_000),
)
def test_whatever_an_agreement_sets_for_a_clause_is_read_back_and_nothing_else_changes(
    channel: str | None, cost: str | None, days: int | None, hours: int | None, limit: int | None
) -> None:
    given_ = Parameters(days, hours, limit, channel, cost)
    agreement = parse_agreement(_text(parameters={"match": given_}))
    template = load_template("model-emergency-2026")
    for clause in agreement.clauses:
        base = template.clause(clause.id)
        assert base is not None
        assert clause == (given_.applied(base) if clause.id == "match" else base)


@pytest.mark.parametrize(
    ("parameters", "place"),
    [
        ({"drills": Parameters(retention_days=3)}, "clauses.drills.retention_days"),
        ({"match": Parameters(channel="fax")}, "clauses.match.channel"),
        ({"match": Parameters(list_limit=0)}, "clauses.match.list_limit"),
        ({"residents": Parameters(list_limit=1)}, "clauses.residents"),
        ({"damage": Parameters(document_due_hours=6)}, "clauses.damage.document_due_hours"),
        ({"dwelling": Parameters(list_limit=6)}, "clauses.dwelling.list_limit"),
    ],
)
def test_a_parameter_that_the_clause_has_no_use_for_is_refused_and_not_dropped(
    parameters: dict[str, Parameters], place: str
) -> None:
    with pytest.raises(AgreementTextError, match=re.escape(place)):
        _text(parameters=parameters)


def test_parameters_of_a_clause_that_stays_off_are_refused_and_not_dropped() -> None:
    with pytest.raises(AgreementTextError, match=r"clauses\.match の条件が指定されていますが"):
        _text(clauses=["dwelling"], parameters={"match": Parameters(list_limit=5)})


# --- older texts and templates ----------------------------------------------------------------------------------------

FIRST = """
format = "tayori-agreement"
version = 1
agreement_id = "99301-2026-01"
title = "前の版で結んだ協定"
template = "model-emergency-2026"
template_version = 1
area = ["99301"]
offices = ["S001"]
signed = 2026-03-20

[term]
effective_from = 2026-04-01

[post]
name = "潮見郵便局"
code = "S001"

[municipality]
name = "潮見市"
code = "99301"

[clauses.dwelling]
on = true
retention_days = 10
document_due_hours = 12
"""


def test_a_text_of_version_1_is_read_with_its_own_version_of_the_template() -> None:
    agreement = parse_agreement(FIRST)
    assert (agreement.template_version, [c.id for c in agreement.clauses]) == (1, ["dwelling"])
    dwelling = agreement.clauses[0]
    assert (dwelling.retention_days, dwelling.document_due_hours, dwelling.channel) == (10, 12, "plain")
    assert dwelling.legal_bases == ("appi-27-1-2", "appi-27-1-4")
    rewritten = agreement_text(agreement)
    assert "version = 2\n" in rewritten
    assert parse_agreement(rewritten) == agreement


def test_an_agreement_of_the_first_version_of_a_template_gets_nothing_of_the_second() -> None:
    old = parse_agreement(_text(template_version=1))
    assert old.template_version == 1
    assert old.clauses == load_template("model-emergency-2026", 1).clauses
    assert not [c for c in old.clauses if c.kind == "onward"]
    text = _text(template_version=1) + "\n[clauses.onward-police]\non = true\n"
    assert _faults(text) == [("clauses.onward-police", "no_such_clause")]


def test_a_template_in_a_version_that_does_not_exist_writes_no_agreement() -> None:
    with pytest.raises(UnknownTemplateError, match="第9版はありません"):
        _text(template_version=9)


# --- two copies of one agreement --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"agreement_id": "99301-2026-02", "title": "写し", "contacts": (), "clauses": ()}, True),
        ({"template_version": 1}, True),
        ({"signed": None}, True),
        ({"template_id": "watch-over-2014"}, False),
        ({"post": Party("磯部郵便局", "S002")}, False),
        ({"municipality": Party("架空町", "99302")}, False),
        ({"effective_from": date(2027, 4, 1), "effective_to": date(2028, 3, 31)}, False),
        ({"effective_to": None}, False),
    ],
)
def test_only_the_same_template_parties_and_period_make_a_duplicate(changes: dict[str, object], same: bool) -> None:
    other = replace(PARSED, **changes)  # type: ignore[arg-type]
    assert duplicates(PARSED, other) is same
    assert duplicates(other, PARSED) is same


def test_a_draft_without_a_day_of_signing_is_read_but_never_in_force() -> None:
    draft = parse_agreement(_text(signed=None))
    assert draft.signed is None
    assert not in_force(draft, datetime(2026, 11, 21, tzinfo=JST))


_UNSEEN: Any = ["Cc", "Cf", "Cs", "Zl", "Zp"]
_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=_UNSEEN), min_size=1, max_size=20).filter(
    lambda text: not is_blank(text) and not hidden_signs(text) and third_party(text) is None
)
_DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(
    words=st.lists(_WORDS, min_size=4, max_size=4, unique_by=lambda word: name_key(word) or word),
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
        ("version = 2\nagreement_id", "version = 9\nagreement_id", "version", "other_version"),
        ('agreement_id = "99301-2026-01"', 'agreement_id = "協定 1"', "agreement_id", "wrong_shape"),
        ('template = "model-emergency-2026"', 'template = "model"', "template", "unknown_value"),
        ("template_version = 2", "template_version = 7", "template_version", "other_template_version"),
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
        ('units = ["潮見市災害対策本部"]', 'units = [" 潮見 郵便局"]', "municipality", "same_party"),
        ('units = ["潮見市災害対策本部"]', 'units = ["消防 潮見署"]', "municipality", "name_of_third_party"),
        ('units = ["潮見市災害対策本部"]', 'units = ["潮見市\\u200b災害対策本部"]', "municipality.units[0]", "hidden_sign"),
        ('units = ["潮見市災害対策本部"]', 'units = ["\u3164"]', "municipality.units[0]", "want_text"),
        ('offices = ["S001", "S002"]', 'offices = ["99301"]', "municipality", "same_party"),
        ('role = "head"', 'role = "boss"', "contacts（1人目）.role", "unknown_value"),
        ('phone = "099-000-0001"', 'phone = "夜間は宿直へ"', "contacts（1人目）.phone", "wrong_shape"),
        ("phone_24h = true", 'phone_24h = "24時間"', "contacts（2人目）.phone_24h", "want_flag"),
        ("[clauses.dwelling]", "[clauses.dweling]", "clauses.dweling", "no_such_clause"),
        ("[clauses.dwelling]\non = true", "[clauses.dwelling]\nno = true", "clauses.dwelling.on", "missing_key"),
        ("[clauses.dwelling]\non = true", "[clauses.dwelling]\non = true\ncolumns = []", "clauses.dwelling.columns", "unknown_key"),
        ("[clauses.dwelling]\non = true", "[clauses.dwelling]\non = true\ntriggers = []", "clauses.dwelling.triggers", "unknown_key"),
        ("retention_days = 1095", "retention_days = 9999", "clauses.standing-layers.retention_days", "out_of_range"),
        ("[clauses.drills]\non = true", "[clauses.drills]\non = true\nretention_days = 3", "clauses.drills.retention_days", "terms_without_data"),
        ("[clauses.damage]\non = true", "[clauses.damage]\non = true\ndocument_due_hours = 3", "clauses.damage.document_due_hours", "document_hours_without_document"),
        ("list_limit = 5000", "list_limit = 0", "clauses.match.list_limit", "out_of_range"),
        ("list_limit = 5000", 'list_limit = "全部"', "clauses.match.list_limit", "want_integer"),
        ("[clauses.dwelling]\non = true", "[clauses.dwelling]\non = true\nlist_limit = 10", "clauses.dwelling.list_limit", "list_limit_without_match"),
        ("[clauses.drills]\non = true", '[clauses.drills]\non = true\nchannel = "plain"', "clauses.drills.channel", "terms_without_data"),
        ("[clauses.drills]\non = true", "[clauses.drills]\non = true\nlist_limit = 10", "clauses.drills.list_limit", "terms_without_data"),
        ('[clauses.damage]\non = true\nretention_days = 365\nchannel = "plain"', '[clauses.damage]\non = true\nchannel = "ftp"', "clauses.damage.channel", "unknown_value"),
        ("[clauses.damage]\non = true", '[clauses.damage]\non = true\ncost_rule = "lottery"', "clauses.damage.cost_rule", "unknown_value"),
        ("[clauses.damage]\non = true", "[clauses.damage]\non = true\ncost_rule = 0", "clauses.damage.cost_rule", "want_text"),
        ("[clauses.damage]\non = true", '[clauses.damage]\non = true\nlegal_bases = ["appi-27-1-2"]', "clauses.damage.legal_bases", "unknown_key"),
        ("[clauses.damage]\non = true", '[clauses.damage]\non = true\nrecipients = ["police"]', "clauses.damage.recipients", "unknown_key"),
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
        (".".join("a" * 200_000) + " = 1", "key_too_deep"),
        ("version = 1" + "0" * 5_000, "not_toml"),
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
        ("contacts（1人目）.role", "missing_key"),
    ]


def test_what_was_meant_is_guessed_for_the_faults_that_are_told_and_no_further() -> None:
    faults: list[Fault] = []
    table = Table({f"titl{n}": 1 for n in range(MAX_KEPT_PER_CODE + 9)}, "", faults)
    for key in ("title", "offices"):
        table.text(key, required=False)
    table.close()
    assert len(faults) == MAX_KEPT_PER_CODE + 9
    assert {fault.params["allowed"] for fault in faults[:MAX_KEPT_PER_CODE]} == {"title"}
    assert faults[-1].params["allowed"] == "offices、title"


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


def test_who_is_named_for_the_night_answers_at_night_unless_the_file_says_otherwise() -> None:
    silent = TEXT.replace("phone_24h = true\n", "")
    assert silent.count("phone_24h =") == 1
    assert parse_agreement(silent).contacts == CONTACTS
    assert not parse_agreement(TEXT.replace("phone_24h = true", "phone_24h = false")).contacts[1].phone_24h


def test_an_agreement_without_contacts_shows_how_to_write_them() -> None:
    text = _text(contacts=())
    assert parse_agreement(text).contacts == ()
    lines = text.splitlines()
    first = lines.index("# [[contacts]]")
    shown = [line.removeprefix("# ") for line in lines[first : first + 12]]
    written = parse_agreement("\n".join([*lines[:first], *shown, *lines[first + 12 :]])).contacts
    assert [(one.side, one.role, one.phone_24h) for one in written] == [
        ("post", "night", True), ("municipality", "night", True),
    ]  # fmt: skip
    assert "# [[contacts]]" not in TEXT


@pytest.mark.parametrize(
    ("wrong", "near"), [("dweling", "dwelling"), ("onward-polise", "onward-police"), ("Match", "match")]
)
def test_a_misspelled_clause_is_answered_with_the_nearest_one_first(wrong: str, near: str) -> None:
    with pytest.raises(AgreementTextError, match=f"ある条項：{near}、"):
        parse_agreement(TEXT.replace(f"[clauses.{near}]", f"[clauses.{wrong}]"))
    with pytest.raises(AgreementTextError, match=f"ある条項：{near}、"):
        _text(clauses=[wrong])


@pytest.mark.parametrize(
    ("line", "sign"),
    [('offices = ["S001"、"S002"]', "、"), ('offices ＝ ["S、001"]', "＝"), ("offices = [「S001」]", "「"),
     ('offices = ["S001"]　# 局、二つ', "\u3000")],
    ids=["comma", "equals", "quotes", "blank"],
)  # fmt: skip
def test_a_full_width_sign_that_stops_the_reader_is_named(line: str, sign: str) -> None:
    with pytest.raises(AgreementTextError) as caught:
        parse_agreement(TEXT.replace('offices = ["S001", "S002"]', line))
    assert f"全角の「{sign}」があるため" in caught.value.sentence("ja")
    assert "登録しません" not in caught.value.sentence("ja")


@pytest.mark.parametrize("template", template_ids())
def test_an_agreement_is_not_called_by_the_name_of_its_template(template: str) -> None:
    title = parse_agreement(_text(template)).title
    assert "（" not in title
    assert load_template(template).title.startswith(title)
    assert parse_agreement(_text(template, title="協定（甲乙）")).title == "協定（甲乙）"


def test_what_an_onward_clause_leaves_open_is_as_strict_as_what_it_passes_on() -> None:
    text = TEXT.replace(
        '[clauses.dwelling]\non = true\nretention_days = 30\nchannel = "plain"',
        '[clauses.dwelling]\non = true\nretention_days = 7\nchannel = "aes_zip"',
    )
    assert text != TEXT
    found = {c.id: (c.retention_days, c.channel) for c in parse_agreement(text).clauses}
    assert {found[name] for name in ("onward-police", "onward-fire", "onward-sdf", "onward-welfare-council")} == {
        (7, "aes_zip")
    }
    strict = {"dwelling": Parameters(retention_days=7, channel="aes_zip")}
    assert _text(parameters=strict) == agreement_text(parse_agreement(text))
    own = text.replace("[clauses.onward-fire]\non = true", "[clauses.onward-fire]\non = true\nretention_days = 10")
    kept = {c.id: (c.retention_days, c.channel) for c in parse_agreement(own).clauses}
    assert kept["onward-fire"] == (10, "aes_zip")
    assert parse_agreement(agreement_text(parse_agreement(own))) == parse_agreement(own)


def test_an_onward_clause_takes_over_nothing_from_a_milder_or_weaker_clause() -> None:
    found = {c.id: (c.retention_days, c.channel) for c in PARSED.clauses}
    assert found["onward-police"] == (14, "plain")
    assert found["onward-names"] == (7, "aes_zip")
    short = {"match": Parameters(retention_days=1), "forward": Parameters(retention_days=1)}
    assert {c.id: c.retention_days for c in parse_agreement(_text(parameters=short)).clauses}["onward-police"] == 14
