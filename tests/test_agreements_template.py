"""Templates: what they open is complete, closed and honest about where it comes from."""

# ruff: noqa: E501 - a table of cases is read across

from importlib.resources import files

import pytest

from agreements.errors import TemplateError, UnknownTemplateError
from agreements.format import Precision
from agreements.request import Mode, TriggerKind
from agreements.template import Template, load_template, parse_template, template_ids
from agreements.vocabulary import CLAUSE_KINDS, DATASETS, PURPOSES, columns_of

TEMPLATES = [load_template(name) for name in template_ids()]

SMALL = """
format = "tayori-agreement-template"
version = 1
template_id = "small"
template_version = 1
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
retention_days = 30
text = "住居の一覧を提供する。"
"""


def _faults(text: str) -> list[tuple[str | None, str]]:
    with pytest.raises(TemplateError) as caught:
        parse_template(text)
    return [(fault.column, fault.code.removeprefix("agreements.")) for fault in caught.value.faults.kept]


def test_there_are_an_older_common_template_and_a_model_with_emergency_information() -> None:
    assert template_ids() == ("common-2015", "model-emergency-2026")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.template_id)
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


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.template_id)
def test_no_two_clauses_share_an_id_or_an_article(template: Template) -> None:
    assert len({c.id for c in template.clauses}) == len(template.clauses)
    articles = [c.article for c in template.clauses] + [p.article for p in template.provisions]
    assert len(set(articles)) == len(articles)


def test_the_common_template_opens_no_resident_data() -> None:
    for clause in load_template("common-2015").clauses:
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
    personal = [c for c in load_template("model-emergency-2026").clauses if "delivery-points" in c.datasets]
    assert [c.modes for c in personal] == [(Mode.FORWARD,), (Mode.MATCH,), (Mode.DWELLING,), (Mode.PERSON,)]
    assert all(c.requires_document and c.triggers and c.direction == "post_to_city" for c in personal)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.template_id)
def test_only_layers_without_personal_data_are_open_in_peacetime(template: Template) -> None:
    for clause in template.clauses:
        if not clause.triggers:
            assert set(clause.modes) <= {Mode.LAYER}
            assert not {"delivery-status", "damage-points", "vehicles"} & set(clause.datasets)


def test_mail_delivery_vehicles_are_excluded_wherever_vehicles_are_opened() -> None:
    clauses = [c for t in TEMPLATES for c in t.clauses if "vehicles" in c.datasets]
    assert len(clauses) == 2
    assert all(c.excludes == ("delivery_vehicle",) for c in clauses)


def test_the_model_template_says_that_it_is_not_the_text_of_japan_post() -> None:
    template = load_template("model-emergency-2026")
    assert "公開されておらず" in template.notes
    assert "写しでも要約でもありません" in template.notes
    source = files("agreements").joinpath("templates", "model-emergency-2026.toml").read_text(encoding="utf-8")
    header = source.split('format = "tayori')[0]
    assert "公開されていません" in header
    assert "日本郵便のひな形ではありません" in load_template("common-2015").notes


def test_an_unknown_template_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownTemplateError, match="model-emergency-2026"):
        load_template("../model")


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
        ("version = 1\ntemplate_id", "version = 2\ntemplate_id", "version", "other_version"),
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
