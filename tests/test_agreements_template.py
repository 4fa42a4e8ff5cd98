"""Templates: what they open is complete, closed and honest about where it comes from."""

# ruff: noqa: E501 - a table of cases is read across

import re
import tomllib
from importlib.resources import files

import pytest

from agreements.clauses import DEFAULT_LIST_LIMIT, Annex
from agreements.errors import TemplateError, UnknownTemplateError
from agreements.format import Precision
from agreements.legal import legal_basis
from agreements.request import Mode, TriggerKind
from agreements.template import Template, load_template, parse_template, template_ids, template_versions
from agreements.vocabulary import CLAUSE_KINDS, COST_RULES, DATASETS, PARTIES, PURPOSES, RECIPIENTS, columns_of

TEMPLATES = [load_template(name, version) for name in template_ids() for version in template_versions(name)]
NEWEST = [load_template(name) for name in template_ids()]


def _name(template: Template) -> str:
    return f"{template.template_id}-v{template.template_version}"


SMALL = """
format = "tayori-agreement-template"
version = 2
template_id = "small"
template_version = 1
year = 2026
title = "小さなひな形"
notes = "試験用"

[[formats]]
id = "risk"
version = 1
dataset = "risk-spots"
mode = "layer"
precision = "exact"
columns = ["risk_id", "lon", "lat"]

[[formats]]
id = "homes"
version = 1
dataset = "delivery-points"
mode = "dwelling"
precision = "exact"
columns = ["address"]

[[clauses]]
id = "risk"
article = "第1条"
title = "危険箇所"
kind = "peacetime_data"
direction = "both"
formats = ["risk"]
purposes = ["planning"]
retention_days = 30
text = "危険箇所を知らせ合う。"

[[clauses]]
id = "homes"
article = "第2条第1項第1号"
title = "住居"
kind = "emergency_data"
direction = "post_to_city"
formats = ["homes"]
triggers = ["hq_established"]
purposes = ["rescue"]
requires_document = true
document_due_hours = 6
legal_bases = ["appi-27-1-2"]
retention_days = 30
text = "住居の一覧を提供する。"
"""
ONWARD = """
[[formats]]
id = "fewer"
version = 1
dataset = "delivery-points"
mode = "dwelling"
precision = "exact"
columns = ["address"]

[[clauses]]
id = "onward"
article = "第3条"
title = "再提供"
kind = "onward"
direction = "city_to_third"
formats = ["fewer"]
triggers = ["hq_established"]
purposes = ["rescue"]
recipients = ["police"]
legal_bases = ["appi-69-2-3"]
retention_days = 7
text = "警察に提供できる。"

[[annexes]]
id = "places"
title = "郵便局"
kind = "office_list"

[[annexes]]
id = "care"
title = "管理"
kind = "text"
text = "鍵を掛ける。"
"""
#: With an onward clause that is narrower than what is received, and annexes.
WIDE = SMALL.replace('columns = ["address"]', 'columns = ["address", "building"]') + ONWARD


def _faults(text: str) -> list[tuple[str | None, str]]:
    with pytest.raises(TemplateError) as caught:
        parse_template(text)
    return [(fault.column, fault.code.removeprefix("agreements.")) for fault in caught.value.faults.kept]


def test_the_templates_go_from_the_nineties_to_emergency_information() -> None:
    assert [(t.template_id, t.template_version, t.year) for t in TEMPLATES] == [
        ("common-1998", 1, 1998),
        ("common-2015", 1, 2015),
        ("common-2015", 2, 2015),
        ("model-emergency-2026", 1, 2026),
        ("model-emergency-2026", 2, 2026),
        ("stockpile-lease-2021", 1, 2021),
        ("umbrella-2021", 1, 2021),
        ("watch-over-2014", 1, 2014),
    ]


def test_every_kind_of_clause_of_real_agreements_is_typed_data_somewhere() -> None:
    assert {c.kind for t in TEMPLATES for c in t.clauses} == set(CLAUSE_KINDS)


@pytest.mark.parametrize("template", NEWEST, ids=_name)
def test_a_template_has_annexes_with_offices_and_contacts_and_names_no_other(template: Template) -> None:
    kinds = [annex.kind for annex in template.annexes]
    assert {"office_list", "contacts"} <= set(kinds)
    # The agreements of the nineties had no data format; the umbrella opens no data.
    assert ("data_format" in kinds) == (template.template_id not in ("common-1998", "umbrella-2021"))
    assert all(bool(annex.text) == (annex.kind == "text") for annex in template.annexes)
    said = " ".join([c.text for c in template.clauses] + [p.text for p in template.provisions])
    assert ("別記" in said) == ("text" in kinds)


@pytest.mark.parametrize("template", NEWEST, ids=_name)
def test_an_article_that_a_text_names_is_in_the_template(template: Template) -> None:
    articles = {e.article.split("項")[0] for e in (*template.clauses, *template.provisions)}
    known = {article.split("条")[0] + "条" for article in articles}
    for entry in (*template.clauses, *template.provisions):
        for named in re.findall(r"(?<!法)(?<!基本法)(?<!する法律)第[0-9]+条", entry.text):
            assert named in known, (entry.article, named)


@pytest.mark.parametrize("template", NEWEST, ids=_name)
def test_a_template_says_who_pays_and_whom_to_call(template: Template) -> None:
    by_kind = {c.kind: c for c in template.clauses}
    assert by_kind["cost"].cost_rule in COST_RULES
    assert {"contact", "consultation"} <= set(by_kind)


@pytest.mark.parametrize("template", TEMPLATES, ids=_name)
def test_every_clause_of_a_template_is_complete(template: Template) -> None:
    assert template.clauses
    for clause in template.clauses:
        assert clause.article.startswith("第")
        assert clause.title
        assert clause.text.endswith(("。", "）"))
        assert clause.kind in CLAUSE_KINDS
        assert set(clause.triggers) <= set(TriggerKind)
        assert set(clause.purposes) <= set(PURPOSES)
        assert bool(clause.formats) == bool(clause.purposes) == bool(clause.retention_days)
        for terms in clause.formats:
            assert terms.dataset in DATASETS
            assert set(terms.columns) <= columns_of(terms.dataset, terms.mode)
            assert bool(terms.columns) == (terms.mode != Mode.FORWARD)
        assert bool(clause.legal_bases) == clause.personal
        named = Mode.PERSON in clause.modes and template.template_version > 1
        assert (clause.channel, clause.list_limit) == ("aes_zip" if named else "plain", DEFAULT_LIST_LIMIT)


@pytest.mark.parametrize("template", TEMPLATES, ids=_name)
def test_no_two_clauses_share_an_id_or_an_article(template: Template) -> None:
    assert len({c.id for c in template.clauses}) == len(template.clauses)
    articles = [c.article for c in template.clauses] + [p.article for p in template.provisions]
    assert len(set(articles)) == len(articles)
    assert len({a.id for a in template.annexes}) == len(template.annexes)


@pytest.mark.parametrize("template", TEMPLATES, ids=_name)
def test_every_use_of_personal_data_rests_on_a_basis_that_allows_it(template: Template) -> None:
    for clause in (c for c in template.clauses if c.personal):
        bases = [legal_basis(name) for name in clause.legal_bases]
        for recipient in clause.recipients or ("municipality",):
            for terms in clause.formats:
                for purpose in clause.purposes:
                    assert any(
                        basis is not None
                        and basis.allows(
                            dataset=terms.dataset,
                            mode=terms.mode,
                            purpose=purpose,
                            direction=clause.direction,
                            recipient=recipient,
                        )
                        for basis in bases
                    ), (clause.id, recipient, terms.mode, purpose)


def test_a_third_party_gets_fewer_columns_for_fewer_days_than_the_municipality() -> None:
    template = load_template("model-emergency-2026")
    received = {c.formats[0].mode: c for c in template.clauses if c.id in ("dwelling", "person")}
    onward = [c for c in template.clauses if c.kind == "onward"]
    assert {r for c in onward for r in c.recipients} == {"police", "fire", "sdf", "welfare_council"}
    for clause in onward:
        own = received[clause.formats[0].mode]
        assert set(clause.formats[0].columns) < set(own.formats[0].columns)
        assert clause.retention_days <= own.retention_days
        assert set(clause.purposes) <= set(own.purposes)
        assert clause.direction == "city_to_third"
        assert not set(clause.recipients) & set(PARTIES)
    assert not any(c.kind == "onward" for t in TEMPLATES for c in t.clauses if _name(t) != "model-emergency-2026-v2")


def test_the_model_s_second_version_only_adds() -> None:
    first, second = (load_template("model-emergency-2026", version) for version in (1, 2))
    for old in first.clauses:
        new = second.clause(old.id)
        assert new is not None
        assert (new.article, new.title, new.kind, new.formats) == (old.article, old.title, old.kind, old.formats)
        assert (new.purposes, new.retention_days, new.document_due_hours) == (
            old.purposes, old.retention_days, old.document_due_hours,
        )  # fmt: skip
        assert set(old.triggers) <= set(new.triggers) <= set(old.triggers) | {TriggerKind.EVACUATION_ORDER}
        assert new.legal_bases == old.legal_bases
    person = second.clause("person")
    assert person is not None
    assert TriggerKind.EVACUATION_ORDER not in person.triggers


@pytest.mark.parametrize("template", [t for t in TEMPLATES if "model" not in t.template_id], ids=_name)
def test_only_the_model_opens_resident_data(template: Template) -> None:
    for clause in template.clauses:
        assert not any(DATASETS[kind].personal for kind in clause.datasets)
        assert set(clause.modes) <= {Mode.LAYER}
        assert "delivery-status" not in clause.datasets


def test_the_common_template_covers_what_older_agreements_agree_on() -> None:
    kinds = {c.kind for c in load_template("common-2015").clauses}
    assert {
        "vehicle",
        "road_report",
        "shelter_status",
        "evacuee_list",
        "pr",
        "relief_mail",
        "temp_postbox",
        "facility",
    } <= kinds
    consent = [c.id for c in load_template("common-2015").clauses if c.requires_consent]
    assert consent == ["evacuee-list"]


def test_the_model_template_goes_from_the_mildest_mode_to_the_widest() -> None:
    clauses = load_template("model-emergency-2026").clauses
    personal = [c for c in clauses if c.personal and c.kind != "onward"]
    assert [c.modes for c in personal] == [(Mode.FORWARD,), (Mode.MATCH,), (Mode.DWELLING,), (Mode.PERSON,)]
    assert all(c.requires_document and c.triggers and c.direction == "post_to_city" for c in personal)


@pytest.mark.parametrize("template", TEMPLATES, ids=_name)
def test_only_layers_without_personal_data_are_open_in_peacetime(template: Template) -> None:
    for clause in template.clauses:
        if not clause.triggers:
            assert set(clause.modes) <= {Mode.LAYER}
            assert not {"delivery-status", "vehicles"} & set(clause.datasets)
            # What is wrong with a road on any day is the subject of the agreement on watching over.
            assert "damage-points" not in clause.datasets or template.template_id == "watch-over-2014"


def test_mail_delivery_vehicles_are_excluded_wherever_vehicles_are_opened() -> None:
    clauses = [c for t in TEMPLATES for c in t.clauses if "vehicles" in c.datasets]
    assert len(clauses) == 4
    assert all(c.excludes == ("delivery_vehicle",) for c in clauses)


def test_the_model_template_says_that_it_is_not_the_text_of_japan_post() -> None:
    template = load_template("model-emergency-2026")
    assert "公開されておらず" in template.notes
    assert "写しでも要約でもありません" in template.notes
    source = files("agreements").joinpath("templates", "model-emergency-2026.2.toml").read_text(encoding="utf-8")
    header = source.split('format = "tayori')[0]
    assert "公開されていません" in header
    assert all("日本郵便の" in t.notes and "ありません" in t.notes for t in TEMPLATES)


def test_an_unknown_template_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownTemplateError, match="model-emergency-2026"):
        load_template("../model")


@pytest.mark.parametrize("version", [0, 3])
def test_an_unknown_version_of_a_template_is_refused_with_the_known_ones(version: int) -> None:
    with pytest.raises(UnknownTemplateError, match=f"第{version}版はありません。 あるのは第1、2版です。"):
        load_template("common-2015", version)


def test_without_a_version_the_newest_template_is_loaded() -> None:
    assert load_template("common-2015") is load_template("common-2015", 2)
    assert template_versions("common-2015") == (1, 2)
    assert template_versions("common") == ()


# --- version 1 of the document ---------------------------------------------------------------------------------------

FIRST = (
    SMALL.replace("version = 2\n", "version = 1\n")
    .replace("year = 2026\n", "")
    .replace('legal_bases = ["appi-27-1-2"]\n', "")
)


def test_a_document_of_version_1_is_lifted_to_the_same_shape() -> None:
    lifted, current = parse_template(FIRST), parse_template(SMALL)
    assert lifted.clauses[0] == current.clauses[0]
    assert lifted.clauses[1].legal_bases == ("appi-27-1-2", "appi-27-1-4")
    assert (lifted.year, lifted.annexes) == (0, ())
    assert parse_template(FIRST.replace('"small"', '"small-2019"')).year == 2019


def test_what_version_1_forwarded_rests_on_use_within_the_company() -> None:
    forward = load_template("model-emergency-2026", 1).clause("forward")
    assert forward is not None
    assert forward.legal_bases == ("appi-18-3-2", "appi-18-3-4")


def test_the_files_of_the_first_versions_are_still_documents_of_version_1() -> None:
    for name in ("common-2015.1.toml", "model-emergency-2026.1.toml"):
        text = files("agreements").joinpath("templates", name).read_text(encoding="utf-8")
        assert tomllib.loads(text)["version"] == 1
        assert "legal_bases" not in text


@pytest.mark.parametrize(
    "text",
    [
        FIRST.replace('formats = ["homes"]', "formats = 7"),
        FIRST.replace('formats = ["homes"]', 'formats = [["homes"]]'),
        FIRST.replace("[[formats]]", "[[shapes]]"),
        'format = "tayori-agreement-template"\nversion = 1\nclauses = 3\nformats = [1]\n',
        'format = "tayori-agreement-template"\nversion = 1\nclauses = [3]\n',
    ],
)
def test_a_wrong_document_of_version_1_is_refused_and_not_lifted_over(text: str) -> None:
    assert _faults(text)


# --- what is refused -------------------------------------------------------------------------------------------------


def test_the_small_template_of_these_tests_is_read_as_written() -> None:
    template = parse_template(SMALL)
    risk, homes = template.clauses
    assert risk.columns == {"risk-spots": ("risk_id", "lon", "lat")}
    assert (risk.triggers, risk.document_due_hours, risk.requires_document) == ((), 0, False)
    assert homes.data_format("delivery-points", "dwelling") == homes.formats[0]
    assert homes.data_format("delivery-points", "person") is None
    assert homes.formats[0].precision is Precision.EXACT
    assert homes.triggers == (TriggerKind.HQ_ESTABLISHED,)


@pytest.mark.parametrize(
    "word", ["sender", "recipient_of_mail", "letter", "letter_exists", "forwarding_address", "age", "sex"]
)
@pytest.mark.parametrize("column", ['columns = ["address"]', 'columns = ["risk_id", "lon", "lat"]'])
def test_a_template_cannot_name_a_fact_about_mail_or_a_person_that_has_no_word(word: str, column: str) -> None:
    text = SMALL.replace(column, f'columns = ["{word}"]')
    index = 1 if "address" in column else 0
    assert _faults(text) == [(f"formats[{index}].columns[0]", "unknown_value")]


@pytest.mark.parametrize("dataset", ["letters", "mail-pieces", "protection", "inquiries", "forwardings", "gazetteer"])
def test_a_template_cannot_open_a_dataset_outside_the_closed_list(dataset: str) -> None:
    assert _faults(SMALL.replace('dataset = "risk-spots"', f'dataset = "{dataset}"')) == [
        ("formats[0].dataset", "unknown_value")
    ]


def test_a_list_without_names_cannot_name_addressees() -> None:
    text = SMALL.replace('columns = ["address"]', 'columns = ["address", "addressees"]')
    assert _faults(text) == [("formats[1].columns[1]", "unknown_value")]
    parse_template(text.replace('mode = "dwelling"', 'mode = "person"'))


@pytest.mark.parametrize(
    ("old", "new", "place", "code"),
    [
        ("version = 2\ntemplate_id", "version = 3\ntemplate_id", "version", "other_version"),
        ("version = 2\ntemplate_id", 'version = "2"\ntemplate_id', "version", "want_integer"),
        ("year = 2026\n", "", "year", "missing_key"),
        ("year = 2026\n", "year = 202\n", "year", "out_of_range"),
        ("tayori-agreement-template", "tayori-agreement", "format", "other_format"),
        ('title = "小さなひな形"\n', "", "title", "missing_key"),
        ('title = "小さなひな形"', 'title = " "', "title", "empty_text"),
        ('title = "小さなひな形"', "title = 7", "title", "want_text"),
        ('template_id = "small"', 'template_id = "Small One"', "template_id", "wrong_shape"),
        ('formats = ["risk"]', 'formats = ["rsik"]', "clauses[0].formats[0]", "unknown_value"),
        ('formats = ["risk"]', 'formats = "risk"', "clauses[0].formats", "want_list"),
        ('triggers = ["hq_established"]', 'triggers = ["earthquake"]', "clauses[1].triggers[0]", "unknown_value"),
        ('triggers = ["hq_established"]', "triggers = [1]", "clauses[1].triggers[0]", "want_text"),
        ('triggers = ["hq_established"]', "", "clauses[1].triggers", "personal_without_trigger"),
        ('direction = "post_to_city"', 'direction = "both"', "clauses[1].direction", "personal_direction"),
        ('purposes = ["planning"]', 'purposes = ["fun"]', "clauses[0].purposes[0]", "unknown_value"),
        ('purposes = ["planning"]', "purposes = []", "clauses[0].purposes", "empty_list"),
        ('purposes = ["planning"]', 'purposes = ["planning", "planning"]', "clauses[0].purposes[1]", "twice"),
        ("retention_days = 30\ntext = \"危険", "text = \"危険", "clauses[0].retention_days", "missing_key"),
        ("retention_days = 30\ntext = \"危険", "retention_days = 0\ntext = \"危険", "clauses[0].retention_days", "out_of_range"),
        ("retention_days = 30\ntext = \"危険", "retention_days = 3.5\ntext = \"危険", "clauses[0].retention_days", "want_integer"),
        ("retention_days = 30\ntext = \"危険", "retention_days = true\ntext = \"危険", "clauses[0].retention_days", "want_integer"),
        ("requires_document = true", 'requires_document = "yes"', "clauses[1].requires_document", "want_flag"),
        ("document_due_hours = 6\n", "", "clauses[1].document_due_hours", "missing_key"),
        ("requires_document = true", "requires_document = false", "clauses[1].document_due_hours", "document_hours_without_document"),
        ('kind = "peacetime_data"', 'kind = "peacetime_data"\nfee = 3', "clauses[0].fee", "unknown_key"),
        ('id = "homes"\narticle', 'id = "risk"\narticle', "clauses[1].id", "twice"),
        ("第2条第1項第1号", "第1条", "clauses[1].article", "twice"),
        ("第2条第1項第1号", "2-1-1", "clauses[1].article", "wrong_shape"),
        ('precision = "exact"\ncolumns = ["address"]', 'precision = "town"\ncolumns = ["address"]', "formats[1].columns", "finer_than_town"),
        ('mode = "layer"', 'mode = "person"', "formats[0].mode", "unknown_value"),
        ('id = "homes"\nversion', 'id = "risk"\nversion', "formats[1].id", "twice"),
    ],
)  # fmt: skip
def test_a_faulty_template_is_refused_with_the_place_in_the_file(old: str, new: str, place: str, code: str) -> None:
    assert SMALL.count(old) == 1
    assert (place, code) in _faults(SMALL.replace(old, new))


PERSONAL = 'legal_bases = ["appi-27-1-2"]'
THIRD = 'legal_bases = ["appi-69-2-3"]'


@pytest.mark.parametrize(
    ("old", "new", "faults"),
    [
        (PERSONAL, "", [("clauses[1].legal_bases", "personal_without_basis")]),
        (PERSONAL, "legal_bases = []", [("clauses[1].legal_bases", "personal_without_basis")]),
        (PERSONAL, 'legal_bases = ["appi-27-9-9"]', [("clauses[1].legal_bases[0]", "unknown_value")]),
        (PERSONAL, "legal_bases = [27]", [("clauses[1].legal_bases[0]", "want_text")]),
        (PERSONAL, f'{PERSONAL}\nlist_limit = 100', [("clauses[1].list_limit", "list_limit_without_match")]),
        (PERSONAL, f"{PERSONAL}\nbusiness_limit = 1", [("clauses[1].business_limit", "want_flag")]),
        (PERSONAL, f'{PERSONAL}\nchannel = "fax"', [("clauses[1].channel", "unknown_value")]),
        (PERSONAL, f'{PERSONAL}\ncost_rule = "taxpayer"', [("clauses[1].cost_rule", "unknown_value")]),
        (PERSONAL, f'{PERSONAL}\nrecipients = ["police"]', [("clauses[1].recipients[0]", "unknown_value")]),
        (PERSONAL, f'{PERSONAL}\nexcludes = ["mail"]', [("clauses[1].excludes[0]", "unknown_value")]),
        (PERSONAL, f'{PERSONAL}\nlegal_basis = "x"', [("clauses[1].legal_basis", "unknown_key")]),
        ('"fewer"]', '"fewest"]', [("clauses[2].formats[0]", "unknown_value")]),
        ('recipients = ["police"]', "", [("clauses[2].recipients", "onward_without_recipient")]),
        ('recipients = ["police"]', "recipients = []", [("clauses[2].recipients", "onward_without_recipient")]),
        ('recipients = ["police"]', 'recipients = ["municipality"]', [("clauses[2].recipients[0]", "unknown_value")]),
        ('recipients = ["police"]', 'recipients = ["army"]', [("clauses[2].recipients[0]", "unknown_value")]),
        ('kind = "onward"', 'kind = "emergency_data"', [("clauses[2].direction", "onward_direction")]),
        ("city_to_third", "city_to_post", [("clauses[2].recipients[0]", "unknown_value"), ("clauses[2].direction", "personal_direction"), ("clauses[2].direction", "onward_direction")]),
        (THIRD, "", [("clauses[2].legal_bases", "personal_without_basis")]),
        ('columns = ["address"]', 'columns = ["address", "building"]', [("clauses[2].formats[0]", "onward_not_narrower")]),
        ('columns = ["address"]', 'columns = ["point_kind"]', [("clauses[2].formats[0]", "onward_not_narrower")]),
        ('kind = "office_list"', 'kind = "offices"', [("annexes[0].kind", "unknown_value")]),
        ('kind = "office_list"', "", [("annexes[0].kind", "missing_key")]),
        ('kind = "office_list"', 'kind = "office_list"\nfile = "a"', [("annexes[0].file", "unknown_key")]),
        ('text = "鍵を掛ける。"', "", [("annexes[1].text", "missing_key")]),
        ('id = "care"', 'id = "places"', [("annexes[1].id", "twice")]),
        ('id = "care"', 'id = "別記"', [("annexes[1].id", "wrong_shape")]),
    ],
)  # fmt: skip
def test_every_key_of_version_2_is_checked_at_its_place(old: str, new: str, faults: list[tuple[str, str]]) -> None:
    assert WIDE.count(old) == 1, old
    assert _faults(WIDE.replace(old, new)) == faults


def test_the_wide_template_of_these_tests_is_read_as_written() -> None:
    template = parse_template(WIDE)
    onward = template.clauses[2]
    assert (onward.recipients, onward.legal_bases, onward.personal) == (("police",), ("appi-69-2-3",), True)
    assert template.annexes == (Annex("places", "郵便局", "office_list"), Annex("care", "管理", "text", "鍵を掛ける。"))


def test_the_clause_s_own_channel_cost_and_limits_are_read() -> None:
    text = WIDE.replace(PERSONAL, f'{PERSONAL}\nchannel = "aes_zip"\ncost_rule = "free"\nbusiness_limit = true')
    homes = parse_template(text).clauses[1]
    assert (homes.channel, homes.cost_rule, homes.business_limit) == ("aes_zip", "free", True)
    match = text.replace('mode = "dwelling"', 'mode = "match"', 1).replace('["address", "building"]', '["result"]')
    match = match.replace(PERSONAL, f"{PERSONAL}\nlist_limit = 70").split("[[annexes]]")[0]
    match = match.replace(ONWARD.split("[[annexes]]", maxsplit=1)[0], "")
    assert parse_template(match).clauses[1].list_limit == 70


@pytest.mark.parametrize("key", ["legal_bases = []", 'channel = "plain"', "list_limit = 5", "retention_days = 3"])
def test_terms_for_data_on_a_clause_about_work_are_refused(key: str) -> None:
    text = f'{SMALL}\n[[clauses]]\nid = "work"\narticle = "第9条"\ntitle = "x"\nkind = "drill"\ndirection = "both"\ntext = "y"\n'
    assert _faults(text + key) == [(f"clauses[2].{key.split(' ', maxsplit=1)[0]}", "terms_without_data")]
    parse_template(text)


def test_every_recipient_can_be_said() -> None:
    for code, (japanese, english) in RECIPIENTS.items():
        assert japanese
        assert english
        assert code.islower()


def test_a_clause_about_work_may_not_carry_terms_for_data() -> None:
    assert ("clauses[0].purposes", "terms_without_data") in _faults(SMALL.replace('formats = ["risk"]\n', ""))


def test_a_clause_cannot_open_the_same_dataset_in_two_modes() -> None:
    text = SMALL.replace('id = "risk"\nversion', 'id = "names"\nversion', 1)
    text = text.replace('dataset = "risk-spots"\nmode = "layer"', 'dataset = "delivery-points"\nmode = "match"')
    text = text.replace('columns = ["risk_id", "lon", "lat"]', 'columns = ["result"]')
    text = text.replace('formats = ["homes"]', 'formats = ["homes", "names"]').replace(
        'formats = ["risk"]', 'formats = ["names"]'
    )
    assert ("clauses[1].formats", "dataset_twice") in _faults(text)


def test_every_fault_is_named_at_once_in_japanese() -> None:
    text = SMALL.replace('purposes = ["rescue"]', 'purposes = ["fun"]').replace('kind = "peacetime_data"', "kind = 1")
    text = text.replace('triggers = ["hq_established"]', 'trigger = ["hq_established"]')
    with pytest.raises(TemplateError) as caught:
        parse_template(text)
    said = str(caught.value)
    assert "誤りが4件" in said
    for place in ("clauses[0].kind", "clauses[1].purposes[0]", "clauses[1].trigger ", "clauses[1].triggers"):
        assert place in said
    assert "？" not in said + caught.value.sentence("en")


def test_what_is_no_toml_is_said_with_its_line() -> None:
    with pytest.raises(TemplateError, match="2行目が、TOMLの形式として読めません。"):
        parse_template('format = "x"\nversion = = 1\n')


# --- every line of a file, wrong in each way --------------------------------------------------------------------------


def _lines(text: str) -> list[tuple[str, str, int]]:
    """Return each key line of a TOML text with its place in the file, as a fault names it, and its number."""
    found, table, seen = [], "", dict.fromkeys(("formats", "clauses", "annexes"), -1)
    for number, line in enumerate(text.splitlines()):
        if line.startswith("[["):
            name = line.strip("[]")
            seen[name] += 1
            table = f"{name}[{seen[name]}]."
        elif " = " in line:
            found.append((table + line.split(" = ", maxsplit=1)[0], line, number))
    return found


LINES = _lines(WIDE)


def _with_line(number: int, line: str) -> str:
    lines = WIDE.splitlines()
    lines[number] = line
    return "\n".join(lines)


def test_a_value_of_another_type_is_refused_at_its_place_whatever_the_key() -> None:
    assert len(LINES) > 55
    for place, line, number in LINES:
        key, value = line.split(" = ", maxsplit=1)
        wrong = {"[": '"x"', '"': "1", "t": '"x"'}.get(value[0], '"x"')
        codes = {code for at, code in _faults(_with_line(number, f"{key} = {wrong}")) if at == place}
        assert codes & {"want_text", "want_list", "want_integer", "want_flag"}, place


def test_a_misspelled_key_is_refused_at_its_place_whatever_the_key() -> None:
    for place, line, number in LINES:
        assert (f"{place}x", "unknown_key") in _faults(_with_line(number, line.replace(" = ", "x = ", 1)))


def test_a_reference_or_code_that_leads_nowhere_is_refused_at_its_place() -> None:
    coded = {"dataset", "mode", "precision", "columns", "kind", "direction", "formats", "triggers", "purposes", "recipients",
             "legal_bases"}  # fmt: skip
    tried = set()
    for place, line, number in LINES:
        key, value = line.split(" = ", maxsplit=1)
        if key in coded:
            wrong, at = ('["nowhere"]', f"{place}[0]") if value.startswith("[") else ('"nowhere"', place)
            faults = _faults(_with_line(number, f"{key} = {wrong}"))
            assert (at, "unknown_value") in faults
            tried.add(key)
    assert tried == coded


def test_a_file_with_a_fault_in_every_line_names_them_all() -> None:
    text = WIDE
    for _, line, _ in LINES[2:]:
        key, value = line.split(" = ", maxsplit=1)
        text = text.replace(line + "\n", f"{key} = {'7' if value[0] in '[t' else '[7]'}\n")
    named = {place.split("[0]")[0] if place.endswith("[0]") else place for place, _ in _faults(text) if place}
    wanted = {place for place, _, _ in LINES[2:] if not place.endswith(".columns")}
    assert wanted - named == set()
