"""What the loader of the postal tables promises."""

import pyarrow as pa
import pytest
from gazetteer_files import CODE, DAY, adds_up, postal_row, table

from geo.gazetteer.postal import load_postal
from geo.gazetteer.rows import Part
from geo.gazetteer.scope import Scope

SCOPE = Scope({CODE: ("架空県", "潮見市")}, DAY)


def loaded(*towns: tuple[str, str]) -> Part:
    part = load_postal({"postal": table("postal", *(postal_row(code, town) for code, town in towns))}, SCOPE)
    assert adds_up(part.accounts)
    return part


def codes(part: Part) -> dict[str, str]:
    return {row["town"]: row["postal_code"] for row in part.rows.to_pylist()}


@pytest.mark.parametrize(
    ("text", "town"),
    [
        ("本町", "本町"),
        ("本町（１〜１９丁目）", "本町"),
        ("本町（その他）", "本町"),
        ("本町（１丁目、３番地「浜を除く」）", "本町"),
        ("浜（次のビルを除く）", "浜"),
        ("第１８地割", "第１８地割"),
        ("沢中７３地割、沢中７４地割", "沢中"),
        ("沢中第７地割〜沢中第１４地割", "沢中"),
        ("一円", "一円"),
        ("北２４条", "北２４条"),
    ],
)
def test_a_town_text_is_cleaned_and_never_expanded(text: str, town: str) -> None:
    assert list(codes(loaded(("9930001", text)))) == [town]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("以下に掲載がない場合", "rest_of_city"),
        ("潮見市の次に番地がくる場合", "rest_of_city"),
        ("潮見市の次に１〜４２６番地がくる場合（川東）", "rest_of_city"),
        ("潮見村一円", "rest_of_city"),
        ("（その他）", "rest_of_city"),
        ("潮見タワー（３階）", "building"),
        ("潮見タワー（高層棟）（１１階）", "building"),
        ("潮見タワー（地階・階層不明）", "building"),
        ("井道、奥井道、内井道", "several_towns"),
    ],
)
def test_what_is_no_town_is_dropped_with_its_reason(text: str, reason: str) -> None:
    part = loaded(("9930001", text))
    assert part.rows.num_rows == 0
    assert part.accounts[0].dropped == {reason: 1}


def test_rows_that_continue_are_put_together_before_they_are_read() -> None:
    part = loaded(("9930001", "本町（１丁目、"), ("9930001", "２丁目、"), ("9930001", "３丁目）"), ("9930002", "浜"))
    assert codes(part) == {"本町": "", "浜": "9930002"}
    assert part.accounts[0].dropped == {"continued": 2}


def test_a_bracket_that_is_never_closed_swallows_no_other_town() -> None:
    assert codes(loaded(("9930001", "本町（１丁目"), ("9930002", "浜"), ("9930003", "沖"))) == {
        "本町": "", "浜": "9930002", "沖": "9930003",
    }  # fmt: skip


def test_a_town_with_several_codes_keeps_none() -> None:
    assert codes(loaded(("9930001", "本町（１丁目）"), ("9930002", "本町（その他）"), ("9930003", "浜"))) == {
        "本町": "", "浜": "9930003",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("本町", "9930001"),
        ("本町（次のビルを除く）", "9930001"),
        ("本町（丁目）", "9930001"),
        ("本町（１〜３丁目）", ""),
        ("本町（その他）", ""),
    ],
)
def test_a_code_that_is_for_a_part_of_a_town_is_not_given_to_all_of_it(text: str, code: str) -> None:
    assert codes(loaded(("9930001", text))) == {"本町": code}


def test_towns_of_the_postal_table_have_no_point() -> None:
    assert loaded(("9930001", "本町")).rows["lon"].null_count == 1


def test_both_postal_tables_give_their_towns_once() -> None:
    unnamed = table("postal", postal_row("9930001", "本町"))
    named = pa.table({
        "postal_code": ["9930001", "9930002"], "jisx0402": [CODE, CODE], "prefecture": ["架空県"] * 2,
        "city": ["潮見市"] * 2, "neighborhood": ["本町", "浜"],
    })  # fmt: skip
    part = load_postal({"postal": unnamed, "postal_named": named}, SCOPE)
    assert codes(part) == {"本町": "9930001", "浜": "9930002"}
    assert [(one.role, one.taken, one.joined) for one in part.accounts] == [("postal", 1, 0), ("postal_named", 1, 1)]


def test_a_code_that_is_none_is_dropped() -> None:
    assert loaded(("993-0001", "本町")).accounts[0].dropped == {"bad_postal_code": 1}
