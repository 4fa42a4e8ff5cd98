"""The closed vocabulary agrees with the nouns, and holds nothing about mail."""

import pytest

from agreements.request import PERSONAL_MODES, Mode, TriggerKind
from agreements.vocabulary import DATASETS, MODES, TRIGGERS, columns_of, modes_of
from disaster.models import NOUNS, PLACE_COLUMNS, Noun, Shape
from disaster.residents import MATCH_COLUMNS, PERSON_COLUMNS, STATUS_COLUMNS

#: Nouns that no clause may ever open: the protected (支援措置), the lists of the searched, and a mere tool.
NEVER = {"protection", "inquiries", "gazetteer", "forwarding", "postal-towns"}
SHARED = sorted(set(NOUNS) & set(DATASETS))


def _expected(noun: Noun) -> dict[str, str]:
    """Return the columns of a noun with those that placing and printing add."""
    columns = {c.name: c.label for c in noun.columns}
    if noun.shape is Shape.POINT:
        columns |= {"lon": "経度", "lat": "緯度", "mgrs": "MGRS座標"}
    if noun.shape is Shape.POINT and "address" in columns:
        columns |= {c.name: c.label for c in PLACE_COLUMNS}
    if noun.shape in (Shape.LINE, Shape.POLYGON):
        columns["geometry"] = "形状"
    return columns


def test_every_noun_can_be_agreed_on_except_those_that_never_leave() -> None:
    assert set(NOUNS) - set(DATASETS) == NEVER
    assert set(DATASETS) - set(NOUNS) == {"delivery-status"}


@pytest.mark.parametrize("kind", [kind for kind in SHARED if kind != "delivery-points"])
def test_the_columns_of_a_dataset_are_those_of_its_noun(kind: str) -> None:
    assert dict(DATASETS[kind].columns) == _expected(NOUNS[kind])


def test_delivery_points_have_the_columns_of_the_register_and_of_the_answers_made_from_it() -> None:
    expected = _expected(NOUNS["delivery-points"]) | {c.name: c.label for c in (*PERSON_COLUMNS, *MATCH_COLUMNS)}
    assert dict(DATASETS["delivery-points"].columns) == expected
    assert columns_of("delivery-points", Mode.MATCH) == {c.name for c in MATCH_COLUMNS}
    assert {c.name for c in PERSON_COLUMNS} <= columns_of("delivery-points", Mode.PERSON)


def test_delivery_status_counts_by_town_and_knows_no_person() -> None:
    columns = dict(DATASETS["delivery-status"].columns)
    assert columns.pop("municipality") == "市区町村コード"
    assert columns == {c.name: c.label for c in STATUS_COLUMNS}


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


def test_no_column_speaks_of_mail_age_or_sex() -> None:
    words = ("sender", "letter", "mail_piece", "forwarding", "age", "sex", "birth")
    for dataset in DATASETS.values():
        for name in dataset.columns:
            assert not any(word in name.split("_") or name.startswith(f"{word}_") for word in words), name


def test_every_mode_and_trigger_has_words() -> None:
    assert set(MODES) == set(Mode)
    assert set(TRIGGERS) == set(TriggerKind)
