"""The closed vocabulary: one place says what a column is, and nothing in it is about mail."""

from collections.abc import Iterator

import pytest

from agreements.clauses import Annex, Clause, Provision, Template
from agreements.format import Column, ColumnType, Sensitivity
from agreements.request import PERSONAL_MODES, Mode, TriggerKind
from agreements.vocabulary import (
    CHANNELS,
    CLAUSE_KINDS,
    COST_RULES,
    DATASETS,
    EXCLUSIONS,
    FINER_THAN_TOWN,
    MODES,
    PARTIES,
    PURPOSES,
    RECIPIENTS,
    TRIGGERS,
    columns_of,
    modes_of,
)
from disaster.models import NOUNS, PLACE_COLUMNS, Noun, Shape
from disaster.openlayers import EXCLUDED
from disaster.residents import ADDRESSEE, DWELLING_COLUMNS, MATCH_COLUMNS, PERSON_COLUMNS, STATUS_COLUMNS
from disaster.schemas.parse import ARROW_TYPES
from disaster.store.snapshots import schema_of
from exporters.model import Layer

#: Nouns that no clause may ever open: the protected (支援措置), the lists of the searched, and a mere tool.
NEVER = {"protection", "inquiries", "gazetteer", "forwarding", "postal-towns"}
SHARED = sorted(set(NOUNS) & set(DATASETS))
#: What nobody may be able to write down of a letter, in the words in which a programmer would name it (郵便法8条).
MAIL = {
    "sender", "letter", "letters", "mailpiece", "mail_piece", "parcel", "postmark", "tracking", "correspondence",
    "sent_to", "sent_from", "sent_at", "delivered_at", "last_mail", "received_mail", "mail_count", "content",
}  # fmt: skip
MAIL_IN_JAPANESE = ("差出人", "信書", "郵便物", "宛先", "追跡", "引受", "転送")
PERSON = {"age", "sex", "gender", "birth", "birthday", "nationality", "forwarding"}


def _expected(noun: Noun) -> list[str]:
    """Return the columns of a noun with those that placing and printing add."""
    names = [c.name for c in noun.columns]
    if noun.shape is Shape.POINT and "address" in names:
        names += [c.name for c in PLACE_COLUMNS]
    if noun.shape is Shape.POINT:
        names += ["lon", "lat", "mgrs"]
    if noun.shape in (Shape.LINE, Shape.POLYGON):
        names.append("geometry")
    return names


def test_every_noun_can_be_agreed_on_except_those_that_never_leave() -> None:
    assert set(NOUNS) - set(DATASETS) == NEVER
    assert set(DATASETS) - set(NOUNS) == {"delivery-status"}


@pytest.mark.parametrize("kind", [kind for kind in SHARED if kind != "delivery-points"])
def test_the_columns_of_a_dataset_are_those_of_its_noun(kind: str) -> None:
    columns = DATASETS[kind].columns
    assert list(columns) == _expected(NOUNS[kind])
    assert [columns[c.name] for c in NOUNS[kind].columns] == list(NOUNS[kind].columns)


def test_delivery_points_have_the_columns_of_the_register_and_of_the_answers_made_from_it() -> None:
    columns = DATASETS["delivery-points"].columns
    answers = {c.name for c in MATCH_COLUMNS}
    assert set(columns) == set(_expected(NOUNS["delivery-points"])) | {ADDRESSEE.name} | answers
    assert columns_of("delivery-points", Mode.MATCH) == answers
    assert {c.name for c in PERSON_COLUMNS} <= columns_of("delivery-points", Mode.PERSON)
    assert {c.name for c in DWELLING_COLUMNS} <= columns_of("delivery-points", Mode.DWELLING)


def test_delivery_status_counts_by_town_and_knows_no_person() -> None:
    columns = DATASETS["delivery-status"].columns
    assert list(columns.values()) == [columns["municipality"], *STATUS_COLUMNS]
    assert all(c.type is ColumnType.INTEGER for c in STATUS_COLUMNS[1:-1])
    assert {c.sensitivity for c in columns.values()} == {Sensitivity.PUBLIC, Sensitivity.INTERNAL}


@pytest.mark.parametrize("kind", sorted(DATASETS))
def test_a_column_tells_its_heading_its_type_and_the_words_of_its_codes(kind: str) -> None:
    for name, column in DATASETS[kind].columns.items():
        assert column.name == name
        assert column.label.strip() == column.label != ""
        assert (column.type is ColumnType.CHOICE) == bool(column.choices)
        assert all(column.choices.values())


def test_where_a_home_lies_is_as_sensitive_as_its_address() -> None:
    columns = DATASETS["delivery-points"].columns
    place = (
        "place_level",
        "place_town",
        "place_source",
        "place_reason",
        "lon",
        "lat",
        "mgrs",
        "building",
        "postal_code",
    )
    assert {columns[name].sensitivity for name in place} == {columns["address"].sensitivity} == {Sensitivity.DWELLING}
    names = {c.name for c in columns.values() if c.sensitivity is Sensitivity.PERSON}
    assert names == {"addressees", "addressee", "reference", "result"}


def test_only_personal_datasets_have_sensitive_columns() -> None:
    for dataset in DATASETS.values():
        found = {c.sensitivity for c in dataset.columns.values()}
        assert dataset.personal == bool(found & {Sensitivity.DWELLING, Sensitivity.PERSON})


def test_the_titles_are_those_of_the_nouns() -> None:
    assert {kind: DATASETS[kind].label for kind in SHARED} == {kind: NOUNS[kind].title for kind in SHARED}


def test_exactly_the_personal_nouns_are_personal_datasets() -> None:
    assert {kind for kind in SHARED if DATASETS[kind].personal} == {kind for kind in SHARED if NOUNS[kind].personal}


def test_a_personal_dataset_has_no_layer_and_a_layer_no_personal_mode() -> None:
    for kind, dataset in DATASETS.items():
        assert modes_of(kind) == (PERSONAL_MODES if dataset.personal else (Mode.LAYER,))


def test_a_milder_mode_never_opens_a_name() -> None:
    names = {"addressees", "addressee"}
    assert columns_of("delivery-points", Mode.FORWARD) == frozenset()
    assert not columns_of("delivery-points", Mode.MATCH) & (names | {"address", "lon", "lat", "point_id"})
    assert not columns_of("delivery-points", Mode.DWELLING) & names
    assert columns_of("delivery-points", Mode.PERSON) - columns_of("delivery-points", Mode.DWELLING) == names


def test_an_unknown_dataset_or_mode_opens_nothing() -> None:
    assert columns_of("letters", "layer") == columns_of("offices", "person") == frozenset()


# --- nothing about mail ---------------------------------------------------------------------------------------------


def _every_column() -> Iterator[tuple[str, Column]]:
    for kind, dataset in DATASETS.items():
        yield from ((kind, column) for column in dataset.columns.values())
    for kind, noun in NOUNS.items():
        # A notice of moving is a dataset of its own that no clause can name.
        if kind != "forwarding":
            yield from ((kind, column) for column in (*noun.columns, *PLACE_COLUMNS))


def _every_word() -> Iterator[str]:
    for words in (PURPOSES, CLAUSE_KINDS, RECIPIENTS, COST_RULES, CHANNELS, MODES, TRIGGERS, DATASETS, FINER_THAN_TOWN):
        yield from words
    for shape in (Clause, Provision, Annex, Template, Layer):
        yield from shape.__dataclass_fields__


def _speaks_of(name: str, words: set[str]) -> bool:
    return name in words or bool(words & set(name.replace("-", "_").split("_")))


def test_no_column_of_any_kind_speaks_of_mail_or_describes_a_person() -> None:
    assert {kind for kind, _ in _every_column()} == set(DATASETS) | set(NOUNS) - {"forwarding"}
    for kind, column in _every_column():
        for name in (column.name, *column.choices):
            assert not _speaks_of(name, MAIL | PERSON), (kind, name)
        for label in (column.label, *column.choices.values()):
            assert not any(word in label for word in MAIL_IN_JAPANESE), (kind, label)


def test_no_schema_of_a_stored_file_has_a_column_that_no_noun_has() -> None:
    for kind, noun in NOUNS.items():
        names = set(schema_of(noun).names)
        assert not any(_speaks_of(name, MAIL) for name in names), kind
        assert {c.name for c in noun.columns} <= names
    assert set(ARROW_TYPES) == set(ColumnType)


def test_no_word_of_a_template_speaks_of_mail() -> None:
    for word in _every_word():
        assert not _speaks_of(word, MAIL), word
    assert "mail_secrecy" in EXCLUSIONS


def test_the_words_of_this_test_would_be_found() -> None:
    for name in ("sender", "letter_exists", "last_mail", "sender_name"):
        assert _speaks_of(name, MAIL)
    assert not _speaks_of("mail_delivery", MAIL)


# --- every word is said ----------------------------------------------------------------------------------------------


def test_every_mode_and_trigger_has_words() -> None:
    assert set(MODES) == set(Mode)
    assert set(TRIGGERS) == set(TriggerKind)


def test_the_two_parties_are_recipients_and_every_other_one_is_a_third_party() -> None:
    assert set(PARTIES) < set(RECIPIENTS)
    assert {"police", "fire", "sdf", "welfare_council", "prefecture"} <= set(RECIPIENTS) - set(PARTIES)


def test_what_a_clause_excludes_is_left_out_by_a_rule_of_its_own() -> None:
    assert set(EXCLUDED) == set(EXCLUSIONS)
